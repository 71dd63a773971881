import Foundation
import ObjectStorage
import TestSupport
import Testing

/// A bucket beside a model of S3 that keeps all versions of a key in one list, through drawn stories.
@Suite struct BucketModelTests {
  /// What S3 says that a bucket is.
  private struct Model {
    struct Version: Equatable {
      var id: String?
      /// Nil for a delete marker.
      var bytes: [UInt8]?
    }

    var versioning = BucketVersioning.unversioned
    /// Newest first, by key; Swift takes two spellings of a letter for one text.
    var versions: [[UInt8]: [Version]] = [:]

    func current(_ key: [UInt8]) -> [UInt8]? { versions[key]?.first?.bytes }

    mutating func put(_ key: [UInt8], _ bytes: [UInt8], id: String?) {
      if versioning != .enabled { versions[key]?.removeAll { $0.id == nil } }
      if versioning == .unversioned { versions[key] = [] }
      versions[key, default: []].insert(Version(id: id, bytes: bytes), at: 0)
    }

    mutating func remove(_ key: [UInt8], id: String?) {
      if versioning == .unversioned {
        versions[key] = []
        return
      }
      if versioning == .suspended { versions[key]?.removeAll { $0.id == nil } }
      versions[key, default: []].insert(Version(id: id, bytes: nil), at: 0)
    }
  }

  static let keys = ["a", "a/b", "a/b/c", "a//b", "b/", "é", "e\u{301}", "z#1"]

  @Test(arguments: [1, 2, 3, 4, 5, 6])
  func `a drawn story leaves the bucket as the model has it`(_ seed: UInt64) throws {
    let fixture = try BucketFixture()
    var model = Model()
    var draws = ListingTests.Draws(state: seed)
    for step in 0..<250 {
      let label = Comment(rawValue: "seed \(seed), step \(step)")
      let key = Self.keys[draws.next(Self.keys.count)]
      let name = Array(key.utf8)
      let bytes = [UInt8](repeating: UInt8(truncatingIfNeeded: step), count: draws.next(3))
      switch draws.next(12) {
      case 0...3:
        let attributes = ObjectAttributes(entityTag: draws.next(2) == 0 ? nil : "\(step)")
        let record = try fixture.bucket.write(key, bytes, attributes)
        model.put(name, bytes, id: record.versionID)
        #expect((record.versionID != nil) == (model.versioning == .enabled), label)
      case 4:
        let isFree = model.current(name) == nil
        #expect(try fixture.bucket.putIfAbsent(key, bytes) == isFree, label)
        if isFree {
          model.put(name, bytes, id: try fixture.bucket.record(key)?.versionID)
        }
      case 5, 6:
        let removed = try fixture.bucket.remove(key)
        #expect(removed.isDeleteMarker == (model.versioning != .unversioned), label)
        model.remove(name, id: removed.versionID)
      case 7, 8:
        let own = model.versions[name] ?? []
        guard !own.isEmpty else { continue }
        let place = draws.next(own.count)
        let removed = try fixture.bucket.remove(key, version: own[place].id ?? "null")
        #expect(removed.isDeleteMarker == (own[place].bytes == nil), label)
        model.versions[name]?.remove(at: place)
      case 9:
        if draws.next(3) > 0 { continue }
        model.versioning = [.enabled, .suspended][draws.next(2)]
        try fixture.bucket.setVersioning(model.versioning)
      case 10: fixture.clock.now += Int64(draws.next(3))
      default: try fixture.reopen()
      }
      for key in Self.keys {
        let name = Array(key.utf8)
        let expected = model.versions[name] ?? []
        let found = try fixture.bucket.listVersions(prefix: key).versions
          .filter { Array($0.key.utf8) == Array(key.utf8) }
        let contents = try found.map { record in
          Model.Version(
            id: record.versionID,
            bytes: record.isDeleteMarker
              ? nil : try fixture.bucket.read(key, version: record.versionID ?? "null"))
        }
        try #require(contents == expected, label)
        try #require((try? fixture.bucket.get(key)) == model.current(name), label)
      }
    }
    // Nothing lies about that belongs to no version.
    let live = try fixture.bucket.listVersions(prefix: "").versions
    let earlier = live.filter { !$0.isLatest && !$0.isDeleteMarker }
    try fixture.reopen()
    _ = try fixture.bucket.record("a")
    #expect(fixture.files("versions").count == earlier.count)
    for record in live {
      try fixture.bucket.remove(record.key, version: record.versionID ?? "null")
    }
    #expect(try fixture.bucket.isEmpty())
    #expect(fixture.files("versions").isEmpty)
  }
}
