import Foundation
import GRDB
import ObjectStorage
import TestSupport
import Testing

/// What is there after a process was killed, at each step at which it can be.
///
/// Files and rows are left as that step leaves them, and the bucket is opened as the next process opens
/// it.
@Suite struct BucketCrashTests {
  private func run(_ fixture: BucketFixture, _ sql: String) throws {
    try fixture.bucket.close()
    let database = try DatabaseQueue(path: fixture.scratch.path + "/side/index.sqlite")
    try database.write { try $0.execute(sql: sql) }
    try database.close()
    try fixture.reopen()
  }

  private func move(_ fixture: BucketFixture, _ from: String, _ to: String) throws {
    let root = fixture.scratch.path + "/"
    try FileManager.default.moveItem(atPath: root + from, toPath: root + to)
  }

  private func link(_ fixture: BucketFixture, _ from: String, _ to: String) throws {
    let root = fixture.scratch.path + "/"
    try FileManager.default.linkItem(atPath: root + from, toPath: root + to)
  }

  private let attributes = ObjectAttributes(
    headers: ["content-type": "text/plain"], entityTag: "5d41402abc4b2a76b9719d911017c592")

  @Test func `cut off between the row and the name, the object before is as it was`() throws {
    let fixture = try BucketFixture()
    let before = try fixture.bucket.write("k", [1, 2, 3], attributes)
    // The row of an object of the same size, whose file never got its name.
    try run(
      fixture,
      """
      INSERT INTO versions (key, is_marker, size, modified, entity_tag)
      VALUES ('k', 0, 3, 1705363800000000123, 'never')
      """)
    try fixture.scratch.write("lake/.tapline-staging/999999999-1a-1", "new")
    try fixture.reopen()
    #expect(try fixture.bucket.record("k") == before)
    #expect(fixture.scratch.names("lake/.tapline-staging").isEmpty)
    #expect(try fixture.bucket.list(prefix: "", delimiter: nil).objects == [before])
    let after = try fixture.bucket.write("k", [4, 5, 6])
    #expect(try fixture.bucket.record("k") == after)
  }

  @Test func `cut off before a version is overwritten, it is the current one and the only one`()
    throws
  {
    let fixture = try BucketFixture(versioning: .enabled)
    let first = try fixture.bucket.write("k", [1], attributes)
    let id = try #require(first.versionID)
    // The old file has its second name and both rows are written; the new file is not named.
    try FileManager.default.createDirectory(
      atPath: fixture.scratch.path + "/side/versions", withIntermediateDirectories: true)
    try link(fixture, "lake/k", "side/versions/second-name")
    try run(
      fixture,
      """
      UPDATE versions SET file = 'second-name', noncurrent_since = 5;
      INSERT INTO versions (key, version, is_marker, size, modified)
      VALUES ('k', 'never', 0, 1, 1705363800000000999)
      """)
    #expect(try fixture.versions("k") == [id])
    #expect(try fixture.bucket.record("k") == first)
    // From here on everything goes its way.
    let second = try #require(try fixture.bucket.write("k", [2]).versionID)
    #expect(try fixture.versions("k") == [second, id])
    #expect(try fixture.bucket.read("k", version: id) == [1])
    try fixture.bucket.remove("k", version: second)
    #expect(try fixture.bucket.record("k") == first)
  }

  @Test func `the leftover second name of a version goes with it`() throws {
    let fixture = try BucketFixture(versioning: .enabled)
    let id = try #require(try fixture.bucket.write("k", [1]).versionID)
    try FileManager.default.createDirectory(
      atPath: fixture.scratch.path + "/side/versions", withIntermediateDirectories: true)
    try link(fixture, "lake/k", "side/versions/second-name")
    try run(fixture, "UPDATE versions SET file = 'second-name'")
    try fixture.bucket.remove("k", version: id)
    #expect(try fixture.bucket.isEmpty())
    #expect(fixture.files("versions").isEmpty)
  }

  @Test func `cut off between a delete marker and the removal, the object is still there`() throws {
    let fixture = try BucketFixture(versioning: .enabled)
    let first = try fixture.bucket.write("k", [1], attributes)
    try run(
      fixture,
      """
      INSERT INTO versions (key, version, is_marker, size, modified)
      VALUES ('k', 'marker', 1, 0, 1705363800000000999)
      """)
    #expect(try fixture.bucket.record("k") == first)
    #expect(try fixture.versions("k").count == 1)
    #expect(try fixture.bucket.remove("k").isDeleteMarker)
    #expect(try fixture.versions("k").count == 2)
    #expect(try fixture.bucket.head("k") == nil)
  }

  @Test func `cut off after a version was uncovered, the one above it is gone`() throws {
    let fixture = try BucketFixture(versioning: .enabled)
    let first = try fixture.bucket.write("k", [1], attributes)
    try fixture.bucket.write("k", [2, 2])
    let file = try #require(fixture.files("versions").first)
    try FileManager.default.removeItem(atPath: fixture.scratch.path + "/lake/k")
    try move(fixture, "side/versions/" + file, "lake/k")
    try fixture.reopen()
    #expect(try fixture.bucket.record("k") == first)
    #expect(try fixture.versions("k").count == 1)
    try fixture.bucket.write("k", [3])
    #expect(try fixture.versions("k").count == 2)
    #expect(try fixture.bucket.read("k", version: first.versionID) == [1])
  }

  @Test func `files that no row knows are removed at the start, and only then`() throws {
    let fixture = try BucketFixture(versioning: .enabled)
    try fixture.bucket.write("k", [1])
    try fixture.bucket.write("k", [2])
    let upload = try fixture.bucket.createUpload("u").id
    let writer = try fixture.bucket.makeWriter()
    _ = try fixture.bucket.putPart(
      upload, number: 1, writer: writer, entityTag: BucketUploadTests.tag(1))
    let kept = fixture.files("versions")
    try fixture.scratch.write("side/versions/stray", "x")
    try fixture.scratch.write("side/uploads/\(upload)/00001.7", "x")
    try fixture.scratch.write("side/uploads/gone/00001.0", "x")
    // Another opener meanwhile must not take what the first is about to write down.
    let store = try LocalObjectStore(root: fixture.scratch.path + "/lake")
    let other = Bucket(name: "lake", store: store, side: fixture.scratch.path + "/side")
    #expect(try other.versioning() == .enabled)
    #expect(fixture.files("versions").count == kept.count + 1)
    try other.close()
    try fixture.reopen()
    #expect(try fixture.versions("k").count == 2)
    #expect(fixture.files("versions") == kept)
    #expect(fixture.files("uploads") == [upload])
    #expect(fixture.files("uploads/\(upload)") == ["00001.0"])
    #expect(try fixture.bucket.parts(upload).parts.count == 1)
  }

  @Test(arguments: [BucketVersioning.unversioned, .enabled])
  func `cut off at the end of a completion, a retry answers with the object`(
    _ versioning: BucketVersioning
  ) throws {
    let fixture = try BucketFixture(versioning: versioning)
    let id = try fixture.bucket.createUpload("k").id
    let writer = try fixture.bucket.makeWriter()
    try [UInt8]([1, 2]).withUnsafeBytes { try writer.write($0) }
    let tag = BucketUploadTests.tag(1)
    _ = try fixture.bucket.putPart(id, number: 1, writer: writer, entityTag: tag)
    let parts = [CompletedPart(number: 1, entityTag: tag)]
    let record = try fixture.bucket.completeUpload(id, parts: parts)
    // As it was before the last step: the object has its name, the upload is not closed.
    try run(
      fixture,
      """
      UPDATE uploads SET result = NULL;
      INSERT INTO parts VALUES (1, 1, 2, 5, '\(tag)', NULL, '00001.0')
      """)
    try fixture.scratch.write([1, 2], to: "side/uploads/\(id)/00001.0")
    #expect(try fixture.bucket.uploads().uploads.count == 1)
    fixture.clock.now += 1_000
    #expect(try fixture.bucket.completeUpload(id, parts: parts) == record)
    #expect(try fixture.versions("k").count == 1)
    #expect(fixture.files("uploads").isEmpty)
    #expect(try fixture.bucket.uploads().uploads.isEmpty)
  }

  @Test func `a part whose file is gone is named, and the upload can go on`() throws {
    let fixture = try BucketFixture()
    let id = try fixture.bucket.createUpload("k").id
    let large = [UInt8](repeating: 1, count: Bucket.partBytesMin)
    for number in 1...2 {
      let writer = try fixture.bucket.makeWriter()
      try large.withUnsafeBytes { try writer.write($0) }
      _ = try fixture.bucket.putPart(
        id, number: number, writer: writer, entityTag: BucketUploadTests.tag(number))
    }
    try FileManager.default.removeItem(
      atPath: fixture.scratch.path + "/side/uploads/\(id)/00002.0")
    let parts = (1...2).map { CompletedPart(number: $0, entityTag: BucketUploadTests.tag($0)) }
    #expect(kind { _ = try fixture.bucket.completeUpload(id, parts: parts) } == .invalidPart)
    let writer = try fixture.bucket.makeWriter()
    _ = try fixture.bucket.putPart(
      id, number: 2, writer: writer, entityTag: BucketUploadTests.tag(2))
    #expect(try fixture.bucket.completeUpload(id, parts: parts).size == large.count)
  }

  @Test func `a copy of the world by links has the same objects, versions and tags`() throws {
    let fixture = try BucketFixture(versioning: .enabled)
    try fixture.bucket.write("k", [1], attributes)
    try fixture.bucket.write("k", [2])
    let before = try fixture.bucket.listVersions(prefix: "").versions
    try fixture.bucket.close()
    let copy = try ScratchDirectory(inMemory: true)
    let files = FileManager.default
    try files.createDirectory(
      atPath: copy.path + "/side/versions", withIntermediateDirectories: true)
    try files.createDirectory(atPath: copy.path + "/lake", withIntermediateDirectories: true)
    try files.linkItem(atPath: fixture.scratch.path + "/lake/k", toPath: copy.path + "/lake/k")
    for name in fixture.files("versions") {
      try files.linkItem(
        atPath: fixture.scratch.path + "/side/versions/" + name,
        toPath: copy.path + "/side/versions/" + name)
    }
    try files.copyItem(
      atPath: fixture.scratch.path + "/side/index.sqlite",
      toPath: copy.path + "/side/index.sqlite")
    let store = try LocalObjectStore(root: copy.path + "/lake")
    let other = Bucket(name: "lake", store: store, side: copy.path + "/side", seed: 7)
    #expect(try other.listVersions(prefix: "").versions == before)
    // What one does then is nothing to the other.
    let third = try other.write("k", [3])
    let first = try #require(before.last?.versionID)
    try other.remove("k", version: first)
    #expect(try fixture.bucket.listVersions(prefix: "").versions == before)
    #expect(try fixture.bucket.read("k", version: first) == [1])
    #expect(try other.record("k") == third)
  }
}
