import Foundation
import ObjectStorage
import Synchronization
import TestSupport
import Testing

/// What a bucket knows of its objects beside their bytes.
@Suite struct BucketTests {
  private let full = ObjectAttributes(
    headers: ["content-type": "text/csv", "cache-control": "no-store"],
    userMetadata: ["owner": "김", "empty": "", "odd=name": "100%\nof=it%0a"],
    storageClass: .standardInfrequentAccess,
    entityTag: "d41d8cd98f00b204e9800998ecf8427e",
    checksum: ObjectChecksum(.crc32, value: "AAAAAA=="), partSizes: [5, 3])

  @Test func `a bucket that only keeps objects makes nothing beside them`() throws {
    let fixture = try BucketFixture()
    let bucket = fixture.bucket
    try bucket.put("raw/a", [1, 2])
    let record = try bucket.write("raw/b", [1])
    #expect(record.versionID == nil && record.isLatest && !record.isDeleteMarker)
    #expect(record.attributes == ObjectAttributes())
    #expect(record.modifiedMilliseconds == TestClock.start)
    try bucket.delete("raw/a")
    _ = try bucket.list(prefix: "")
    _ = try bucket.listVersions(prefix: "")
    #expect(try bucket.record("raw/b") == record)
    #expect(try bucket.versioning() == .unversioned)
    #expect(fixture.scratch.names("") == ["lake"])
  }

  @Test func `gives back what its writer said of an object, also after a reopening`() throws {
    let fixture = try BucketFixture()
    let written = try fixture.bucket.write("raw/a.csv", Array("12345678".utf8), full)
    #expect(written.entityTag == "d41d8cd98f00b204e9800998ecf8427e")
    for _ in 0..<2 {
      let record = try #require(try fixture.bucket.record("raw/a.csv"))
      #expect(record == written)
      #expect(record.attributes == full)
      #expect(try fixture.bucket.list(prefix: "raw/", delimiter: nil).objects == [written])
      let (opened, reader) = try fixture.bucket.open("raw/a.csv", version: nil)
      #expect(opened == written)
      #expect(try reader.read(0..<8) == Array("12345678".utf8))
      try fixture.reopen()
    }
  }

  @Test func `a tag that is derived is no MD5, and another one for each object`() throws {
    let fixture = try BucketFixture()
    var tags: Set<String> = []
    for round in 0..<50 {
      // The clock stands still, and the file system gives its numbers again.
      let record = try fixture.bucket.write("k", [UInt8(round)])
      #expect(record.entityTag.hasSuffix("-1"))
      #expect(record.entityTag.utf8.count == 34)
      #expect(try fixture.bucket.record("k")?.entityTag == record.entityTag)
      tags.insert(record.entityTag)
      if round % 7 == 0 { try fixture.bucket.remove("k") }
    }
    #expect(tags.count == 50)
  }

  @Test func `what was said of an object does not count for the file of another program`() throws {
    let fixture = try BucketFixture()
    try fixture.bucket.write("t/a", [1, 2, 3], full)
    try fixture.scratch.write([9, 9, 9], to: "lake/t/a")
    let record = try #require(try fixture.bucket.record("t/a"))
    #expect(record.attributes == ObjectAttributes())
    #expect(record.entityTag != full.entityTag)
    #expect(try fixture.bucket.list(prefix: "", delimiter: nil).objects == [record])
    #expect(try fixture.bucket.read("t/a") == [9, 9, 9])
    try fixture.reopen()
    #expect(try fixture.bucket.record("t/a") == record)
    // A removal by hand is one, too.
    try FileManager.default.removeItem(atPath: fixture.scratch.path + "/lake/t/a")
    #expect(try fixture.bucket.record("t/a") == nil)
    #expect(kind { _ = try fixture.bucket.open("t/a", version: nil) } == .notFound)
    // And what is put there next begins anew.
    #expect(try fixture.bucket.write("t/a", [4, 5, 6]).attributes == ObjectAttributes())
  }

  @Test func `an object that is replaced loses what was said of the one before`() throws {
    let fixture = try BucketFixture()
    try fixture.bucket.write("k", [1], full)
    try fixture.bucket.put("k", [2])
    #expect(try fixture.bucket.record("k")?.attributes == ObjectAttributes())
    try fixture.bucket.write("k", [3], full)
    try fixture.bucket.write("k", [4], ObjectAttributes(headers: ["expires": "never"]))
    #expect(try fixture.bucket.record("k")?.attributes.headers == ["expires": "never"])
    try fixture.bucket.remove("k")
    try fixture.bucket.put("k", [5])
    #expect(try fixture.bucket.record("k")?.attributes == ObjectAttributes())
    try fixture.reopen()
    #expect(try fixture.bucket.record("k")?.attributes == ObjectAttributes())
  }

  @Test func `a put holds to its condition`() throws {
    let fixture = try BucketFixture()
    let bucket = fixture.bucket
    #expect(kind { try bucket.write("k", [1], condition: .ifMatch("x")) } == .notFound)
    let first = try bucket.write("k", [1], full, condition: .ifAbsent)
    #expect(kind { try bucket.write("k", [2], full, condition: .ifAbsent) } == .preconditionFailed)
    #expect(kind { try bucket.write("k", [2], condition: .ifMatch("nope")) } == .preconditionFailed)
    #expect(try bucket.record("k") == first)
    let quoted = "\"\(first.entityTag)\""
    let second = try bucket.write("k", [2, 2], condition: .ifMatch(quoted))
    #expect(try bucket.read("k") == [2, 2])
    #expect(second.entityTag != first.entityTag)
    #expect(kind { try bucket.write("k", [3], condition: .ifMatch(quoted)) } == .preconditionFailed)
    #expect(kind { try bucket.remove("k", ifMatch: "nope") } == .preconditionFailed)
    #expect(kind { try bucket.remove("missing", ifMatch: "*") } == .notFound)
    try bucket.remove("k", ifMatch: second.entityTag)
    #expect(try bucket.record("k") == nil)
    try bucket.write("k", [4])
    try bucket.remove("k", ifMatch: "*")
    #expect(try bucket.record("k") == nil)
  }

  @Test func `a writer that lost may be used for another key`() throws {
    let fixture = try BucketFixture()
    try fixture.bucket.write("a", [1], full)
    let writer = try fixture.bucket.makeWriter()
    try [UInt8]([7, 7]).withUnsafeBytes { try writer.write($0) }
    let losing = StagedObject(key: "a", writer: writer)
    #expect(
      kind { _ = try fixture.bucket.put(losing, attributes: full, condition: .ifAbsent) }
        == .preconditionFailed)
    fixture.clock.now += 1_000
    let record = try fixture.bucket.put(StagedObject(key: "b", writer: writer), attributes: full)
    #expect(record.modifiedMilliseconds == fixture.clock.now)
    #expect(try fixture.bucket.record("b") == record)
    #expect(try fixture.bucket.read("b") == [7, 7])
  }

  @Test(arguments: [BucketVersioning.unversioned, .enabled])
  func `of many threads with one condition exactly one wins`(_ versioning: BucketVersioning) throws {
    let fixture = try BucketFixture(versioning: versioning)
    let bucket = fixture.bucket
    let full = full
    for round in 0..<10 {
      let wins = Mutex(0)
      DispatchQueue.concurrentPerform(iterations: 4) { thread in
        if (try? bucket.write("a/\(round)", [UInt8(thread)], full, condition: .ifAbsent)) != nil {
          wins.withLock { $0 += 1 }
        }
      }
      #expect(wins.withLock { $0 } == 1)
      let tag = try #require(try bucket.record("a/\(round)")).entityTag
      DispatchQueue.concurrentPerform(iterations: 4) { thread in
        let other = ObjectAttributes(entityTag: "tag-\(thread)")
        if (try? bucket.write("a/\(round)", [1, 2], other, condition: .ifMatch(tag))) != nil {
          wins.withLock { $0 += 1 }
        }
      }
      #expect(wins.withLock { $0 } == 2)
    }
  }

  @Test func `readers never see one object with what was said of another`() throws {
    let fixture = try BucketFixture()
    let bucket = fixture.bucket
    @Sendable func attributes(_ size: Int) -> ObjectAttributes { ObjectAttributes(entityTag: "tag-\(size)") }
    try bucket.write("k", [0], attributes(1))
    let isDone = Atomic<Bool>(false)
    let mistakes = Mutex<[String]>([])
    DispatchQueue.concurrentPerform(iterations: 3) { thread in
      if thread == 0 {
        for round in 2..<120 {
          _ = try? bucket.write(
            "k", [UInt8](repeating: 0, count: round), attributes(round))
        }
        isDone.store(true, ordering: .releasing)
      }
      while thread > 0, !isDone.load(ordering: .acquiring) {
        guard let (record, reader) = try? bucket.open("k", version: nil) else {
          mistakes.withLock { $0.append("nothing there") }
          continue
        }
        if record.entityTag != "tag-\(reader.byteCount)" || record.size != reader.byteCount {
          mistakes.withLock { $0.append("\(record.entityTag) for \(reader.byteCount) bytes") }
        }
      }
    }
    #expect(mistakes.withLock { $0 }.isEmpty)
  }

  @Test func `a copy has the bytes, what was said of them, and a time of its own`() throws {
    let fixture = try BucketFixture()
    let bucket = fixture.bucket
    let source = try bucket.write("a", Array("hello".utf8), full)
    fixture.clock.now += 60_000
    let copy = try bucket.copy("a", to: "dir/b")
    #expect(try bucket.read("dir/b") == Array("hello".utf8))
    #expect(copy.entityTag == source.entityTag)
    #expect(copy.modifiedMilliseconds == fixture.clock.now)
    #expect(copy.attributes.headers == full.headers)
    #expect(copy.attributes.userMetadata == full.userMetadata)
    #expect(copy.attributes.storageClass == .standard)
    #expect(copy.attributes.partSizes == [])
    #expect(try bucket.record("a") == source)
    // Onto itself, to change what is said of it.
    let changed = try bucket.copy("a", to: "a", attributes: ObjectAttributes(headers: ["x": "y"]))
    #expect(changed.attributes.headers == ["x": "y"])
    #expect(changed.attributes.entityTag == full.entityTag)
    #expect(try bucket.read("a") == Array("hello".utf8))
    // Into another bucket.
    let other = try BucketFixture(versioning: .enabled)
    let abroad = try other.bucket.copy("a", from: bucket, to: "c", storageClass: .glacier)
    #expect(abroad.versionID != nil)
    #expect(abroad.attributes.storageClass == .glacier)
    #expect(try other.bucket.read("c") == Array("hello".utf8))
    #expect(kind { _ = try bucket.copy("nothing", to: "x") } == .notFound)
    #expect(kind { _ = try bucket.copy("a", to: "a", condition: .ifAbsent) } == .preconditionFailed)
  }

  @Test func `bytes of one object are written into another, whatever holds them`() throws {
    let fixture = try BucketFixture()
    let memory = MemoryObjectStore()
    let large = (0..<300_000).map { UInt8(truncatingIfNeeded: $0) }
    try memory.put("m", large)
    try fixture.bucket.put("l", large)
    for reader in [try memory.open("m"), try fixture.bucket.open("l", version: nil).reader] {
      let writer = try fixture.bucket.makeWriter()
      try [UInt8]([1, 2, 3]).withUnsafeBytes { try writer.write($0) }
      try writer.append(reader, range: 10..<250_000)
      try [UInt8]([4]).withUnsafeBytes { try writer.write($0) }
      #expect(writer.byteCount == 249_994)
      _ = try fixture.bucket.put(StagedObject(key: "out", writer: writer))
      #expect(try fixture.bucket.read("out") == [1, 2, 3] + large[10..<250_000] + [4])
      let broken = try fixture.bucket.makeWriter()
      #expect(kind { try broken.append(reader, range: 0..<300_001) } == .rangeOutside)
    }
  }

  @Test func `counts what each call would be on S3`() throws {
    let fixture = try BucketFixture()
    let bucket = fixture.bucket
    try bucket.putMany((0..<1_001).map { ("k/\($0)", [1, 2]) })
    #expect(try bucket.putIfAbsent("k/0", [1]) == false)
    _ = try bucket.get("k/0")
    _ = try bucket.get("k/0", range: 0..<1)
    let reader = try bucket.open("k/1")
    _ = try reader.read(0..<2)
    _ = try reader.read(1..<2)
    _ = try bucket.head("none")
    _ = try? bucket.get("none")
    _ = try bucket.list(prefix: "k/")
    _ = try bucket.list(prefix: "none")
    _ = try bucket.directories(below: "")
    try bucket.delete("k/0")
    let counted = bucket.ledger.snapshot()
    #expect(counted.requests[.putObject] == 1_002)
    #expect(counted.requests[.getObject] == 5)
    #expect(counted.requests[.headObject] == 2)
    #expect(counted.requests[.listObjects] == 4)
    #expect(counted.requests[.deleteObject] == 1)
    #expect(counted.requests(.first) == 1_006)
    #expect(counted.requests(.second) == 7)
    #expect(counted.requests(.free) == 1)
    #expect(counted.bytesIn == 2_003)
    #expect(counted.bytesOut == 6)
    let text = try JSONEncoder().encode(counted)
    let again = RequestLedger(try JSONDecoder().decode(RequestLedger.Snapshot.self, from: text))
    again.count(.getObject, bytesOut: 4)
    #expect(again.snapshot().requests[.getObject] == 6)
    #expect(again.snapshot().bytesOut == 10)
  }

  @Test func `an index that is damaged is named, and the bytes stay readable`() throws {
    let fixture = try BucketFixture()
    try fixture.bucket.write("k", [1], full)
    try fixture.bucket.close()
    try fixture.scratch.write("side/index.sqlite", String(repeating: "no database", count: 500))
    try fixture.reopen()
    let error = #expect(throws: ObjectStorageError.self) { try fixture.bucket.record("k") }
    #expect(error?.kind == .damagedIndex)
    #expect(error?.advice?.isEmpty == false)
    #expect(try fixture.bucket.get("k") == [1])
  }
}
