import Foundation
import ObjectStorage
import Synchronization
import TestSupport
import Testing

/// What a store elsewhere does besides what every store promises (`ObjectStoreConformanceTests`), over
/// an S3 API in memory.
@Suite struct RemoteObjectStoreTests {
  @Test func `gives back the bytes that were put, whole and in ranges`() throws {
    let store = try FakeS3().store()
    try store.put("raw/a.bin", [1, 2, 3, 4, 5])
    #expect(try store.get("raw/a.bin") == [1, 2, 3, 4, 5])
    #expect(try store.get("raw/a.bin", range: 1..<3) == [2, 3])
    #expect(try store.get("raw/a.bin", range: 5..<5) == [])
    #expect(try store.open("raw/a.bin").read(4..<5) == [5])
    let head = try store.head("raw/a.bin")
    #expect(head?.size == 5)
    #expect(head?.modifiedMilliseconds == 1_705_363_800_000)
    for range in [3..<6, 5..<6, 7..<9, 6..<6] {
      let attempt = { _ = try store.get("raw/a.bin", range: range) }
      #expect(kind(attempt) == .rangeOutside, "\(range)")
      #expect(message(attempt)?.contains("it has 5.") == true, "\(range)")
    }
    for missing in ["raw/b.bin", "raw", "raw/"] {
      #expect(kind { _ = try store.get(missing) } == .notFound)
      #expect(kind { _ = try store.get(missing, range: 0..<1) } == .notFound)
      #expect(kind { _ = try store.get(missing, range: 0..<0) } == .notFound)
      #expect(kind { _ = try store.open(missing) } == .notFound)
      #expect(try store.head(missing) == nil)
    }
    try store.put("empty", [])
    #expect(try store.get("empty") == [])
    try store.delete("empty")
    try store.delete("empty")
    #expect(try store.head("empty") == nil)
  }

  @Test(arguments: SigningRoundTripTests.oddKeys.filter { !["", "a/./b/../c"].contains($0) })
  func `an odd key is written, read, listed and deleted`(key: String) throws {
    let fake = FakeS3()
    let store = try fake.store()
    try store.put(key, [1, 2])
    #expect(fake.object(key) == [1, 2])
    #expect(try store.get(key, range: 1..<2) == [2])
    #expect(try store.keys() == bytes([key]))
    #expect(try store.list(prefix: "", startAfter: key).isEmpty)
    try store.delete(key)
    #expect(fake.object(key) == nil)
  }

  @Test func `a key prefix is put before every key, and is not seen from within`() throws {
    let fake = FakeS3()
    let store = try fake.store { $0.keyPrefix = "lake/" }
    try fake.store().put("elsewhere", [1])
    try fake.store().put("lake/", [])
    try store.put("a/1", [1])
    try store.put("a/2", [2])
    #expect(fake.object("lake/a/1") == [1])
    #expect(try store.keys() == bytes(["a/1", "a/2"]))
    #expect(try store.list(prefix: "a/", startAfter: "a/1").map(\.key) == ["a/2"])
    #expect(try store.directories(below: "") == ["a"])
    #expect(kind { _ = try store.get("elsewhere") } == .notFound)
    let room = ObjectKey.bytesMax - "lake/".utf8.count
    try store.put(String(repeating: "x", count: room), [1])
    #expect(kind { try store.put(String(repeating: "x", count: room + 1), [1]) } == .invalidKey)
  }

  @Test func `refuses keys that HTTP clients change on their way, before anything is sent`() throws
  {
    let fake = FakeS3()
    let store = try fake.store()
    for key in ["", "a\0b", ".", "..", "a/../b", "./a", "a/.", "a//../b"] {
      #expect(kind { try store.put(key, [1]) } == .invalidKey, "\(key)")
      #expect(kind { _ = try store.get(key) } == .invalidKey, "\(key)")
      #expect(kind { _ = try store.head(key) } == .invalidKey, "\(key)")
      #expect(kind { try store.delete(key) } == .invalidKey, "\(key)")
    }
    #expect(fake.log.isEmpty)
    try store.put("a/..b/...", [1])
    #expect(fake.object("a/..b/...") == [1])
  }

  @Test func `a group is answered key by key, and of the same key twice the first wins`() throws {
    // The first of the two takes longest.
    let store = try FakeS3(before: { _, request in
      if request.body.withBytes({ $0.first }) == 1 { Thread.sleep(forTimeInterval: 0.1) }
    }).store()
    try store.put("taken", [0])
    func staged(_ key: String, _ byte: UInt8) throws -> StagedObject {
      let writer = try store.makeWriter()
      try [byte].withUnsafeBytes { try writer.write($0) }
      return StagedObject(key: key, writer: writer)
    }
    let group = try [staged("a", 1), staged("taken", 2), staged("b", 3), staged("a", 4)]
    #expect(try store.publish(group, ifAbsent: true) == [true, false, true, false])
    #expect(try store.get("a") == [1])
    #expect(try store.get("taken") == [0])
    let again = try (0..<20).map { try staged("many/\($0)", UInt8($0)) }
    #expect(try store.publish(again, ifAbsent: false) == Array(repeating: true, count: 20))
    for index in 0..<20 { #expect(try store.get("many/\(index)") == [UInt8(index)]) }
    #expect(try store.publish([], ifAbsent: true) == [])
  }

  // MARK: An object that was opened

  @Test func `an opened object that is replaced or deleted is noticed, and not mixed`() throws {
    let store = try FakeS3().store()
    try store.put("k", [1, 1, 1])
    let reader = try store.open("k")
    #expect(try reader.read(0..<2) == [1, 1])
    try store.put("k", [2, 2, 2])
    let replaced = message { _ = try reader.read(0..<3) }
    #expect(replaced == "\"k\" was replaced or deleted while it was being read.")
    #expect(try store.open("k").read(0..<3) == [2, 2, 2])
    try store.delete("k")
    #expect(message { _ = try reader.read(0..<1) } == replaced)
    #expect(kind { _ = try reader.read(2..<4) } == .rangeOutside)
    #expect(try reader.read(3..<3) == [])
  }

  @Test func `a long read is several ranges, in the right order`() throws {
    let fake = FakeS3()
    let store = try fake.store()
    let whole = Self.pattern(12 << 20)
    try store.put("big", whole)
    let reader = try store.open("big")
    #expect(try reader.read(3..<whole.count) == Array(whole[3...]))
    let ranges = fake.with { $0.requests.compactMap { $0.header("range") } }.sorted()
    #expect(
      ranges == ["bytes=10485763-12582911", "bytes=3-5242882", "bytes=5242883-10485762"]
    )
    #expect(fake.with { $0.runningMax } <= 2)
    let broken = FakeS3 { request, _ in
      request.header("range") == "bytes=5242880-10485759"
        ? .answer(FakeS3.error(403, "AccessDenied")) : nil
    }
    let other = try broken.store()
    try other.put("big", whole)
    let second = try other.open("big")
    #expect(kind { _ = try second.read(0..<whole.count) } == .noPermission)
  }

  static func pattern(_ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 13) }
  }

  // MARK: Bytes that are not what was stored

  @Test func `an answer whose checksum is another is asked for again, and not believed`() throws {
    let rotten = RemoteAnswer(
      status: 200,
      headers: ["x-amz-checksum-crc32c": "AAAAAA==", "content-length": "2"],
      body: [1, 2]
    )
    let fake = FakeS3 { request, number in
      request.method == "GET" && number <= 2 ? .answer(rotten) : nil
    }
    let store = try fake.store()
    try store.put("k", [1, 2, 3])
    #expect(try store.get("k") == [1, 2, 3])
    #expect(fake.log == ["PUT k", "GET k", "GET k", "GET k"])
    let hopeless = try FakeS3 { _, _ in .answer(rotten) }.store()
    #expect(
      message { _ = try hopeless.get("k") }
        == "\"k\" arrived with other bytes than its checksum is of, 5 times."
    )
  }

  @Test func `a checksum of parts' checksums and an unknown one stop nobody`() throws {
    let store = try FakeS3 { _, _ in
      .answer(
        RemoteAnswer(
          status: 200,
          headers: ["x-amz-checksum-crc32": "AAAAAA==-2", "x-amz-checksum-xxhash": "AAAA"],
          body: [1, 2]
        )
      )
    }.store()
    #expect(try store.get("k") == [1, 2])
  }

  @Test(arguments: [
    (200, "bytes 0-1/9", 2), (206, "bytes 1-2/9", 2), (206, "bytes 0-1/9", 1), (206, "", 2),
    (206, "bytes 0-5/9", 2),
  ])
  func `an answer that is not the range that was asked for is refused`(
    status: Int,
    contentRange: String,
    count: Int
  ) throws {
    let answer = RemoteAnswer(
      status: status,
      headers: contentRange.isEmpty ? [:] : ["content-range": contentRange],
      body: Array(repeating: 7, count: count)
    )
    let store = try FakeS3 { _, _ in .answer(answer) }.store()
    #expect(kind { _ = try store.get("k", range: 0..<2) } == .failed)
  }

  @Test func `an object that is stored compressed is read as it is stored`() throws {
    final class Packing: RemoteTransport {
      let targets = Mutex<[String]>([])

      func send(_ request: RemoteRequest) throws(RemoteTransportError) -> RemoteAnswer {
        targets.withLock { $0.append(request.url) }
        guard request.url.hasSuffix("?response-content-encoding=identity") else {
          throw .encoded("gzip")
        }
        return RemoteAnswer(status: 200, body: [31, 139])
      }
    }
    let packing = Packing()
    let configuration = RemoteStoreConfiguration(
      endpoint: "http://localhost:9000",
      bucket: "bkt",
      credentials: FakeS3.credentials
    )
    let store = try RemoteObjectStore(configuration, transport: packing)
    #expect(try store.get("k.gz") == [31, 139])
    #expect(packing.targets.withLock { $0.count } == 2)
    #expect(message { _ = try store.head("k.gz") }?.contains("stored as \"gzip\"") == true)
  }

  @Test func `a server that says 200 and does not say what it has kept is not believed`() throws {
    let polite = try FakeS3 { _, _ in .answer(RemoteAnswer(status: 200)) }.store()
    #expect(message { try polite.put("k", [1]) }?.contains("has no entity tag") == true)
    let parts = RemoteMultipartTests.whole
    let vague = FakeS3 { request, _ in
      RemoteMultipartTests.isCompletion(request) ? .answer(RemoteAnswer(status: 200)) : nil
    }
    #expect(kind { try vague.store().put("big", parts) } == .failed)
    #expect(vague.with { $0.uploads.isEmpty })
  }

  // MARK: Whether an endpoint is fit

  @Test func `an endpoint that overlooks If-None-Match is found out`() throws {
    let fake = FakeS3()
    try fake.store().checkReachable()
    try fake.store().checkConditionalWrites()
    #expect(fake.with { $0.objects.isEmpty })
    let careless = FakeS3 { request, _ in
      request.method == "PUT" ? .answer(RemoteAnswer(status: 200, headers: ["etag": "x"])) : nil
    }
    let refused = message { try careless.store().checkConditionalWrites() }
    #expect(refused?.contains("lets a second writer replace an object") == true)
  }
}

/// The message of what an attempt failed with; nil where it did not.
func message(_ body: () throws -> Void) -> String? {
  do {
    try body()
    return nil
  } catch {
    return (error as? ObjectStorageError)?.message ?? "\(error)"
  }
}
