import Foundation
import ObjectStorage
import Synchronization
import TestSupport
import Testing

/// Objects in parts.
@Suite struct BucketUploadTests {
  /// The MD5 of one byte, repeated: what a part of ours is tagged with. Any MD5 does.
  static func tag(_ number: Int) -> String {
    let digits = String(number, radix: 16)
    return String(repeating: "0", count: 32 - digits.utf8.count) + digits
  }

  static let large = Bucket.partBytesMin

  @discardableResult
  private func put(
    _ bucket: Bucket, _ id: String, _ number: Int, _ bytes: [UInt8], tag: Int? = nil,
    checksum: ObjectChecksum? = nil
  ) throws -> PartRecord {
    let writer = try bucket.makeWriter()
    try bytes.withUnsafeBytes { try writer.write($0) }
    return try bucket.putPart(
      id, number: number, writer: writer, entityTag: Self.tag(tag ?? number), checksum: checksum)
  }

  private func part(_ number: Int, tag: Int? = nil) -> CompletedPart {
    CompletedPart(number: number, entityTag: Self.tag(tag ?? number))
  }

  private func bytes(_ value: UInt8, _ count: Int = large) -> [UInt8] {
    [UInt8](repeating: value, count: count)
  }

  @Test func `parts in any order become one object in the order of their numbers`() throws {
    let fixture = try BucketFixture()
    let attributes = ObjectAttributes(
      headers: ["content-type": "application/x-parquet"], userMetadata: ["a": "b"])
    let upload = try fixture.bucket.createUpload(
      "big/x.parquet", attributes: attributes, checksumAlgorithm: .crc32, isComposite: true)
    let sum = try #require(ObjectChecksum(.crc32, value: "AAAAAA=="))
    try put(fixture.bucket, upload.id, 7, [9, 9], checksum: sum)
    try put(fixture.bucket, upload.id, 2, bytes(2))
    try put(fixture.bucket, upload.id, 1, bytes(1, 10))
    try put(fixture.bucket, upload.id, 5, bytes(5))
    // Put again: the later one counts.
    try put(fixture.bucket, upload.id, 1, bytes(11), tag: 111)
    try fixture.reopen()
    let bucket = fixture.bucket
    #expect(try bucket.upload(upload.id) == upload)
    #expect(try bucket.record("big/x.parquet") == nil)
    #expect(try bucket.list(prefix: "").isEmpty)
    let known = try bucket.parts(upload.id).parts
    #expect(known.map(\.number) == [1, 2, 5, 7])
    #expect(known.map(\.size) == [Self.large, Self.large, Self.large, 2])
    #expect(known[0].entityTag == Self.tag(111))
    #expect(known[3].checksum == sum)
    #expect(fixture.files("uploads/\(upload.id)").count == 4)
    fixture.clock.now += 60_000
    let composite = try #require(ObjectChecksum(.crc32, value: "AAAAAA==-3"))
    let parts = [
      part(1, tag: 111), part(2), CompletedPart(number: 7, entityTag: Self.tag(7), checksum: sum),
    ]
    let record = try bucket.completeUpload(upload.id, parts: parts, checksum: composite)
    #expect(try bucket.get("big/x.parquet") == bytes(11) + bytes(2) + [9, 9])
    #expect(record.size == 2 * Self.large + 2)
    #expect(record.modifiedMilliseconds == fixture.clock.now)
    #expect(record.attributes.headers == attributes.headers)
    #expect(record.attributes.userMetadata == attributes.userMetadata)
    #expect(record.attributes.partSizes == [Self.large, Self.large, 2])
    #expect(record.attributes.checksum == composite)
    #expect(record.entityTag.hasSuffix("-3"))
    #expect(try bucket.record("big/x.parquet") == record)
    #expect(fixture.files("uploads").isEmpty)
    // Asked again, also by the next process, it answers the same; everything else has ended.
    #expect(try bucket.completeUpload(upload.id, parts: parts) == record)
    try fixture.reopen()
    #expect(try fixture.bucket.completeUpload(upload.id, parts: parts) == record)
    #expect(kind { try put(fixture.bucket, upload.id, 1, [1]) } == .noSuchUpload)
    #expect(kind { try fixture.bucket.abortUpload(upload.id) } == .noSuchUpload)
    #expect(kind { _ = try fixture.bucket.parts(upload.id) } == .noSuchUpload)
    #expect(try fixture.bucket.uploads().uploads.isEmpty)
  }

  @Test func `the entity tag is the one that S3 computes`() throws {
    let fixture = try BucketFixture()
    let upload = try fixture.bucket.createUpload("k")
    let writer = try fixture.bucket.makeWriter()
    try Array("hello".utf8).withUnsafeBytes { try writer.write($0) }
    // md5("hello"), and the MD5 of those sixteen bytes.
    let tag = "5d41402abc4b2a76b9719d911017c592"
    _ = try fixture.bucket.putPart(upload.id, number: 1, writer: writer, entityTag: "\"\(tag)\"")
    let record = try fixture.bucket.completeUpload(
      upload.id, parts: [CompletedPart(number: 1, entityTag: tag.uppercased())])
    #expect(record.entityTag == "62109206880d38a4010a98e11243924a-1")
    #expect(try fixture.bucket.get("k") == Array("hello".utf8))
  }

  @Test func `says what is wrong with the parts that a client names`() throws {
    let fixture = try BucketFixture()
    let bucket = fixture.bucket
    let id = try bucket.createUpload("k").id
    try put(bucket, id, 1, bytes(1, 100))
    try put(bucket, id, 2, bytes(2, 100), checksum: ObjectChecksum(.crc32, value: "AAAAAA=="))
    func attempt(_ parts: [CompletedPart]) -> ObjectStorageError.Kind? {
      kind { _ = try bucket.completeUpload(id, parts: parts) }
    }
    #expect(attempt([]) == .invalidPart)
    #expect(attempt([part(3)]) == .invalidPart)
    #expect(attempt([part(1, tag: 2)]) == .invalidPart)
    #expect(attempt([part(2), part(1)]) == .invalidPartOrder)
    #expect(attempt([part(1), part(1)]) == .invalidPartOrder)
    #expect(attempt([part(1), part(2)]) == .partTooSmall)
    var wrong = part(2)
    wrong.checksum = ObjectChecksum(.crc32, value: "AAAAAQ==")
    #expect(attempt([wrong]) == .invalidPart)
    #expect(
      kind { _ = try bucket.completeUpload("nope", parts: [part(1)]) } == .noSuchUpload)
    for number in [0, -1, 10_001] {
      #expect(kind { try put(bucket, id, number, [1], tag: 1) } == .invalidPart, "\(number)")
    }
    let writer = try bucket.makeWriter()
    #expect(
      kind { _ = try bucket.putPart(id, number: 1, writer: writer, entityTag: "no md5") }
        == .invalidPart)
    // Nothing of it has touched the upload.
    #expect(try bucket.parts(id).parts.count == 2)
    #expect(try bucket.completeUpload(id, parts: [part(2)]).size == 100)
    #expect(try bucket.get("k") == bytes(2, 100))
  }

  @Test func `a condition decides before anything is seen, and the upload stays open`() throws {
    let fixture = try BucketFixture()
    let bucket = fixture.bucket
    try bucket.put("k", [0])
    let id = try bucket.createUpload("k").id
    try put(bucket, id, 1, [1, 1])
    #expect(
      kind { _ = try bucket.completeUpload(id, parts: [part(1)], condition: .ifAbsent) }
        == .preconditionFailed)
    #expect(
      kind { _ = try bucket.completeUpload(id, parts: [part(1)], condition: .ifMatch("x")) }
        == .preconditionFailed)
    #expect(try bucket.get("k") == [0])
    let tag = try #require(try bucket.record("k")).entityTag
    let record = try bucket.completeUpload(id, parts: [part(1)], condition: .ifMatch(tag))
    #expect(try bucket.get("k") == [1, 1])
    #expect(record.attributes.partSizes == [2])
    #expect(fixture.scratch.names("lake/.tapline-staging").isEmpty)
  }

  @Test func `an upload that is aborted leaves nothing`() throws {
    let fixture = try BucketFixture()
    let id = try fixture.bucket.createUpload("k").id
    try put(fixture.bucket, id, 1, [1])
    try fixture.bucket.abortUpload(id)
    #expect(kind { try fixture.bucket.abortUpload(id) } == .noSuchUpload)
    #expect(kind { _ = try fixture.bucket.completeUpload(id, parts: [part(1)]) } == .noSuchUpload)
    #expect(kind { try put(fixture.bucket, id, 2, [1]) } == .noSuchUpload)
    #expect(fixture.files("uploads").isEmpty)
    #expect(try fixture.bucket.record("k") == nil)
    #expect(fixture.scratch.names("lake/.tapline-staging").isEmpty)
  }

  @Test(arguments: [1, 2, 3, 100])
  func `open uploads are listed by key and time, in pages of any size`(_ limit: Int) throws {
    let fixture = try BucketFixture()
    var ids: [String] = []
    for key in ["b/2", "a", "b/1", "a", "c", "b//x", "a"] {
      ids.append(try fixture.bucket.createUpload(key).id)
    }
    #expect(ids == ids.sorted() && Set(ids).count == 7)
    func pages(_ prefix: String, _ delimiter: String?) throws -> ([String], [String]) {
      var (found, prefixes): ([String], [String]) = ([], [])
      var (key, upload): (String?, String?) = (nil, nil)
      repeat {
        let page = try fixture.bucket.uploads(
          prefix: prefix, delimiter: delimiter, keyMarker: key, uploadMarker: upload, limit: limit)
        #expect(page.uploads.count + page.commonPrefixes.count <= limit)
        found += page.uploads.map(\.id)
        prefixes += page.commonPrefixes
        (key, upload) = (page.nextKeyMarker, page.nextUploadMarker)
        #expect(page.isTruncated == (key != nil))
      } while key != nil
      return (found, prefixes)
    }
    #expect(try pages("", nil).0 == [1, 3, 6, 5, 2, 0, 4].map { ids[$0] })
    #expect(try pages("b/", nil).0 == [5, 2, 0].map { ids[$0] })
    #expect(try pages("", "/").0 == [1, 3, 6, 4].map { ids[$0] })
    #expect(try pages("", "/").1 == ["b/"])
    #expect(try pages("b/", "/").1 == ["b//"])
    let behind = try fixture.bucket.uploads(keyMarker: "a", limit: limit)
    #expect(behind.uploads.first?.id == ids[5])
    // A marker that was aborted meanwhile still tells where to go on.
    try fixture.bucket.abortUpload(ids[3])
    let next = try fixture.bucket.uploads(keyMarker: "a", uploadMarker: ids[3], limit: limit)
    #expect(next.uploads.first?.id == ids[6])
  }

  @Test func `parts are listed in pages`() throws {
    let fixture = try BucketFixture()
    let id = try fixture.bucket.createUpload("k").id
    for number in [10, 1, 3, 2] { try put(fixture.bucket, id, number, [1]) }
    let first = try fixture.bucket.parts(id, limit: 3)
    #expect(first.parts.map(\.number) == [1, 2, 3])
    #expect(first.isTruncated && first.nextAfter == 3)
    let second = try fixture.bucket.parts(id, after: 3, limit: 3)
    #expect(second.parts.map(\.number) == [10])
    #expect(!second.isTruncated && second.nextAfter == nil)
    #expect(try fixture.bucket.parts(id, limit: 0).parts.isEmpty)
  }

  @Test func `parts are put by many threads at once`() throws {
    let fixture = try BucketFixture()
    let bucket = fixture.bucket
    let id = try bucket.createUpload("k").id
    let failures = Mutex(0)
    let large = bytes(7)
    DispatchQueue.concurrentPerform(iterations: 8) { index in
      let number = index / 2 + 1
      do {
        let writer = try bucket.makeWriter()
        try large.withUnsafeBytes { try writer.write($0) }
        _ = try bucket.putPart(
          id, number: number, writer: writer, entityTag: Self.tag(number))
      } catch { failures.withLock { $0 += 1 } }
    }
    #expect(failures.withLock { $0 } == 0)
    #expect(fixture.files("uploads/\(id)").count == 4)
    let record = try bucket.completeUpload(id, parts: (1...4).map { part($0) })
    #expect(record.size == 4 * Self.large)
  }

  @Test func `of many threads that complete one upload all get one object`() throws {
    let fixture = try BucketFixture(versioning: .enabled)
    let bucket = fixture.bucket
    let id = try bucket.createUpload("k").id
    try put(bucket, id, 1, [1])
    let answers = Mutex<[ObjectRecord]>([])
    let parts = [part(1)]
    DispatchQueue.concurrentPerform(iterations: 4) { _ in
      if let record = try? bucket.completeUpload(id, parts: parts) {
        answers.withLock { $0.append(record) }
      }
    }
    #expect(answers.withLock { $0.count } == 4)
    #expect(answers.withLock { Set($0.map(\.versionID)).count } == 1)
    #expect(try fixture.versions("k").count == 1)
  }
}
