import Foundation
import ObjectStorage
import Synchronization
import TestSupport
import Testing

/// Versions, null versions and delete markers, as S3 has them.
@Suite struct BucketVersionTests {
  @Test func `keeps what was overwritten and deleted, and gives each version`() throws {
    let fixture = try BucketFixture(versioning: .enabled)
    let first = try #require(try fixture.bucket.write("k", [1]).versionID)
    let second = try #require(
      try fixture.bucket.write("k", [2], ObjectAttributes(headers: ["content-type": "a/b"]))
        .versionID)
    let marker = try fixture.bucket.remove("k")
    let markerID = try #require(marker.versionID)
    #expect(marker.isDeleteMarker)
    for _ in 0..<2 {
      let bucket = fixture.bucket
      #expect(try fixture.versions("k") == [markerID + "!", second, first])
      #expect(try bucket.read("k", version: first) == [1])
      #expect(try bucket.read("k", version: second) == [2])
      #expect(try bucket.record("k", version: second)?.attributes.headers == ["content-type": "a/b"])
      #expect(try bucket.record("k")?.isDeleteMarker == true)
      #expect(try bucket.record("k", version: first)?.isLatest == false)
      #expect(try bucket.head("k") == nil)
      #expect(kind { _ = try bucket.get("k") } == .notFound)
      #expect(kind { _ = try bucket.open("k", version: nil) } == .deleteMarker)
      #expect(kind { _ = try bucket.open("k", version: markerID) } == .deleteMarker)
      #expect(kind { _ = try bucket.open("k", version: "nope") } == .noSuchVersion)
      #expect(try bucket.list(prefix: "", delimiter: nil).objects.isEmpty)
      try fixture.reopen()
    }
    // Without the marker the second is there again, as it was.
    let removed = try fixture.bucket.remove("k", version: markerID)
    #expect(removed == RemovedObject(versionID: markerID, isDeleteMarker: true))
    #expect(try fixture.versions("k") == [second, first])
    #expect(try fixture.bucket.get("k") == [2])
    #expect(try fixture.bucket.record("k")?.attributes.headers == ["content-type": "a/b"])
    #expect(try fixture.bucket.record("k")?.isLatest == true)
    #expect(fixture.files("versions").count == 1)
  }

  @Test func `removing the current version uncovers the one before, with its time and tag`() throws {
    let fixture = try BucketFixture(versioning: .enabled)
    let first = try fixture.bucket.write("a//odd", [1])
    fixture.clock.now += 5_000
    let second = try fixture.bucket.write("a//odd", [2])
    let id = try #require(second.versionID)
    #expect(
      try fixture.bucket.remove("a//odd", version: id)
        == RemovedObject(versionID: id, isDeleteMarker: false))
    #expect(try fixture.bucket.record("a//odd") == first)
    #expect(try fixture.bucket.get("a//odd") == [1])
    #expect(try fixture.bucket.list(prefix: "", delimiter: nil).objects == [first])
    #expect(try fixture.bucket.remove("a//odd", version: id).versionID == id)
    try fixture.bucket.remove("a//odd", version: first.versionID ?? "null")
    #expect(try fixture.bucket.isEmpty())
    #expect(fixture.files("versions").isEmpty)
  }

  @Test func `removing an earlier version leaves the others alone`() throws {
    let fixture = try BucketFixture(versioning: .enabled)
    let ids = try (1...4).map { try #require(try fixture.bucket.write("k", [$0]).versionID) }
    try fixture.bucket.remove("k", version: ids[1])
    #expect(try fixture.versions("k") == [ids[3], ids[2], ids[0]])
    #expect(try fixture.bucket.get("k") == [4])
    #expect(try fixture.bucket.read("k", version: ids[0]) == [1])
    #expect(kind { _ = try fixture.bucket.open("k", version: ids[1]) } == .noSuchVersion)
    #expect(fixture.files("versions").count == 2)
  }

  @Test func `objects from before are null versions, and stay them`() throws {
    let fixture = try BucketFixture()
    try fixture.bucket.put("k", [0])
    let before = try #require(try fixture.bucket.record("k"))
    try fixture.bucket.setVersioning(.enabled)
    #expect(try fixture.versions("k") == ["null"])
    let id = try #require(try fixture.bucket.write("k", [1]).versionID)
    #expect(try fixture.versions("k") == [id, "null"])
    #expect(try fixture.bucket.read("k", version: "null") == [0])
    let kept = try #require(try fixture.bucket.record("k", version: "null"))
    #expect(kept.entityTag == before.entityTag)
    #expect(kept.modifiedMilliseconds == before.modifiedMilliseconds)
    #expect(kept.versionID == nil && !kept.isLatest)
    try fixture.bucket.remove("k", version: "null")
    #expect(try fixture.versions("k") == [id])
    #expect(fixture.files("versions").isEmpty)
  }

  @Test func `while it is suspended there is one null version, and the others stay`() throws {
    let fixture = try BucketFixture(versioning: .enabled)
    let id = try #require(try fixture.bucket.write("k", [1]).versionID)
    try fixture.bucket.setVersioning(.suspended)
    let null = try fixture.bucket.write("k", [2])
    #expect(null.versionID == nil)
    #expect(try fixture.versions("k") == ["null", id])
    try fixture.bucket.put("k", [3])
    #expect(try fixture.versions("k") == ["null", id])
    #expect(try fixture.bucket.read("k", version: "null") == [3])
    #expect(fixture.files("versions").count == 1)
    // On again: the null version is kept behind a new one, and ends with the next null version.
    try fixture.bucket.setVersioning(.enabled)
    let later = try #require(try fixture.bucket.write("k", [4]).versionID)
    #expect(try fixture.versions("k") == [later, "null", id])
    try fixture.bucket.setVersioning(.suspended)
    try fixture.bucket.put("k", [5])
    #expect(try fixture.versions("k") == ["null", later, id])
    #expect(fixture.files("versions").count == 2)
    // A removal leaves a null marker in the place of the null version.
    #expect(
      try fixture.bucket.remove("k") == RemovedObject(versionID: nil, isDeleteMarker: true))
    #expect(try fixture.versions("k") == ["null!", later, id])
    #expect(try fixture.bucket.remove("k").isDeleteMarker)
    #expect(try fixture.versions("k") == ["null!", later, id])
    try fixture.reopen()
    #expect(try fixture.versions("k") == ["null!", later, id])
    try fixture.bucket.remove("k", version: "null")
    #expect(try fixture.bucket.get("k") == [4])
    #expect(try fixture.versions("k") == [later, id])
  }

  @Test func `deleting what is not there makes a marker all the same`() throws {
    let fixture = try BucketFixture(versioning: .enabled)
    let first = try fixture.bucket.remove("never")
    let second = try fixture.bucket.remove("never")
    #expect(first.isDeleteMarker && second.isDeleteMarker)
    #expect(first.versionID != second.versionID)
    #expect(try fixture.versions("never").count == 2)
    let plain = try BucketFixture()
    #expect(
      try plain.bucket.remove("never") == RemovedObject(versionID: nil, isDeleteMarker: false))
    #expect(plain.scratch.names("") == ["lake"])
  }

  @Test func `the same story gives the same ids, in the order of time`() throws {
    func story() throws -> [String] {
      let fixture = try BucketFixture(versioning: .enabled)
      var ids: [String?] = []
      for key in ["a", "b", "a"] { ids.append(try fixture.bucket.write(key, [1]).versionID) }
      ids.append(try fixture.bucket.remove("b").versionID)
      try fixture.reopen()
      ids.append(try fixture.bucket.write("c", [1]).versionID)
      return ids.compactMap { $0 }
    }
    let ids = try story()
    #expect(try story() == ids)
    #expect(ids.count == 5 && Set(ids).count == 5)
    #expect(ids == ids.sorted())
    #expect(ids.allSatisfy { $0.utf8.count == 32 })
  }

  @Test func `many objects are hidden with one transaction`() throws {
    let fixture = try BucketFixture(versioning: .enabled)
    for index in 0..<20 { try fixture.bucket.write("k/\(index)", [1]) }
    let removed = try fixture.bucket.remove((0..<25).map { "k/\($0)" } + ["k/3"])
    #expect(removed.count == 26)
    #expect(removed.allSatisfy { $0.isDeleteMarker })
    #expect(try fixture.bucket.list(prefix: "", delimiter: nil).objects.isEmpty)
    #expect(try fixture.bucket.listVersions(prefix: "").versions.count == 46)
  }

  @Test func `a key with hundreds of versions is what one with two is`() throws {
    let fixture = try BucketFixture()
    try fixture.bucket.put("k", [0])
    try fixture.bucket.setVersioning(.enabled)
    var ids: [String] = []
    for round in 1...150 {
      ids.append(try #require(try fixture.bucket.write("k", [UInt8(round)]).versionID))
    }
    #expect(try fixture.bucket.read("k", version: "null") == [0])
    #expect(try fixture.bucket.read("k", version: ids[3]) == [4])
    #expect(try fixture.bucket.record("k", version: ids[3])?.isLatest == false)
    #expect(try fixture.versions("k") == ids.reversed() + ["null"])
    // Markers alone are between the current version and the one that is uncovered.
    for _ in 0..<70 { ids.append(try #require(try fixture.bucket.remove("k").versionID)) }
    for id in ids.suffix(70).reversed() { try fixture.bucket.remove("k", version: id) }
    #expect(try fixture.bucket.get("k") == [150])
    // The null version is ended by the next one, however far back it lies.
    try fixture.bucket.setVersioning(.suspended)
    try fixture.bucket.put("k", [9])
    #expect(try fixture.versions("k") == ["null"] + ids.prefix(150).reversed())
    for id in ids.prefix(150) { try fixture.bucket.remove("k", version: id) }
    #expect(try fixture.versions("k") == ["null"])
    #expect(fixture.files("versions").isEmpty)
  }

  @Test func `a version is read at any moment while it is hidden and uncovered`() throws {
    let fixture = try BucketFixture(versioning: .enabled)
    let bucket = fixture.bucket
    let id = try #require(try bucket.write("k", [1]).versionID)
    let isDone = Atomic<Bool>(false)
    let failures = Mutex<[String]>([])
    DispatchQueue.concurrentPerform(iterations: 2) { thread in
      if thread == 0 {
        for _ in 0..<150 {
          guard let marker = try? bucket.remove("k").versionID else { continue }
          _ = try? bucket.remove("k", version: marker)
        }
        isDone.store(true, ordering: .releasing)
      }
      while thread == 1, !isDone.load(ordering: .acquiring) {
        do {
          if try bucket.read("k", version: id) != [1] { failures.withLock { $0.append("bytes") } }
        } catch { failures.withLock { $0.append("\(error)") } }
      }
    }
    #expect(failures.withLock { $0 }.isEmpty)
    #expect(try fixture.versions("k") == [id])
  }

  @Test func `another program's file is the newest null version`() throws {
    let fixture = try BucketFixture(versioning: .enabled)
    try fixture.bucket.write("k", [1])
    let second = try #require(try fixture.bucket.write("k", [2]).versionID)
    try fixture.scratch.write([3, 3], to: "lake/k")
    // The second had no other place, so it is gone with its file.
    #expect(try fixture.versions("k").first == "null")
    #expect(try fixture.versions("k").count == 2)
    #expect(try fixture.bucket.record("k", version: second) == nil)
    let third = try #require(try fixture.bucket.write("k", [4]).versionID)
    #expect(try fixture.versions("k").prefix(2) == [third, "null"])
    #expect(try fixture.bucket.read("k", version: "null") == [3, 3])
    // A marker is older than a file that appears after it.
    try fixture.bucket.remove("k")
    try fixture.scratch.write([5], to: "lake/k")
    #expect(try fixture.bucket.record("k")?.isDeleteMarker == false)
    #expect(try fixture.bucket.get("k") == [5])
    #expect(try fixture.versions("k").count == 4)
  }

  @Test func `versioning cannot be undone`() throws {
    let fixture = try BucketFixture()
    try fixture.bucket.setVersioning(.unversioned)
    #expect(fixture.scratch.names("") == ["lake"])
    try fixture.bucket.setVersioning(.enabled)
    #expect(kind { try fixture.bucket.setVersioning(.unversioned) } == .invalidVersioning)
    try fixture.bucket.setVersioning(.suspended)
    try fixture.reopen()
    #expect(try fixture.bucket.versioning() == .suspended)
  }

  @Test func `a conditional put looks at the current object only`() throws {
    let fixture = try BucketFixture(versioning: .enabled)
    try fixture.bucket.write("k", [1], condition: .ifAbsent)
    #expect(kind { try fixture.bucket.write("k", [2], condition: .ifAbsent) } == .preconditionFailed)
    try fixture.bucket.remove("k")
    #expect(kind { try fixture.bucket.write("k", [2], condition: .ifMatch("x")) } == .notFound)
    try fixture.bucket.write("k", [2], condition: .ifAbsent)
    #expect(try fixture.versions("k").count == 3)
    #expect(try fixture.bucket.putIfAbsent("k", [3]) == false)
    #expect(try fixture.versions("k").count == 3)
  }
}
