import Foundation
import ObjectStorage
import TestSupport
import Testing

/// Pages of a bucket against a model that knows all keys.
@Suite struct BucketListingTests {
  /// What S3 answers, made of all keys.
  private struct Model {
    var keys: [[UInt8]]

    func page(
      prefix: [UInt8], delimiter: [UInt8], after: [UInt8]?, limit: Int
    ) -> (objects: [[UInt8]], prefixes: [[UInt8]], isTruncated: Bool) {
      var entries: [(text: [UInt8], isPrefix: Bool)] = []
      for key in keys where key.starts(with: prefix) {
        var entry = (text: key, isPrefix: false)
        if !delimiter.isEmpty, key.count >= delimiter.count {
          for start in prefix.count...max(prefix.count, key.count - delimiter.count)
          where start + delimiter.count <= key.count {
            guard Array(key[start..<start + delimiter.count]) == delimiter else { continue }
            entry = (Array(key[..<(start + delimiter.count)]), true)
            break
          }
        }
        if let after, !after.lexicographicallyPrecedes(entry.text) { continue }
        if let last = entries.last, last.isPrefix, entry.isPrefix, last.text == entry.text { continue }
        entries.append(entry)
      }
      let page = entries.prefix(limit)
      return (
        page.filter { !$0.isPrefix }.map(\.text), page.filter(\.isPrefix).map(\.text),
        limit > 0 && entries.count > limit
      )
    }
  }

  @Test func `pages by prefix, delimiter and start are those of the model`() throws {
    let seed: UInt64 = 3_516
    let fixture = try BucketFixture()
    let keys = ListingTests.keys(4_000, seed: seed)
    for chunk in stride(from: 0, to: keys.count, by: 500) {
      try fixture.bucket.putMany(keys[chunk..<chunk + 500].map { ($0, [1]) })
    }
    // Directories without objects are no common prefixes.
    try fixture.bucket.put("0empty/deep/er/x", [1])
    try fixture.bucket.delete("0empty/deep/er/x")
    let model = Model(keys: ListingTests.sorted(keys))
    var draws = ListingTests.Draws(state: seed)
    for _ in 0..<250 {
      let near = model.keys[draws.next(model.keys.count)]
      let prefix = draws.next(3) == 0 ? [] : Array(near[..<draws.next(near.count + 1)])
      let delimiter = ["", "/", "/", "-", "0", "00", "é", "nowhere", "/a"][draws.next(9)]
      let limit = [0, 1, 2, 7, 50, 1_000][draws.next(6)]
      var after: [UInt8]?
      if draws.next(2) == 0 {
        let key = model.keys[draws.next(model.keys.count)]
        after = draws.next(2) == 0 ? key : Array(key[..<draws.next(key.count + 1)])
      }
      // A key is not cut in the middle of a letter.
      let afterText = after.flatMap { String(validating: $0, as: UTF8.self) }
      guard let prefixText = String(validating: prefix, as: UTF8.self),
        (after == nil) == (afterText == nil)
      else { continue }
      let expected = model.page(
        prefix: prefix, delimiter: Array(delimiter.utf8), after: after, limit: limit)
      let page = try fixture.bucket.list(
        prefix: prefixText, delimiter: delimiter.isEmpty ? nil : delimiter, startAfter: afterText,
        limit: limit)
      let label = "seed \(seed): \(prefixText) \(delimiter) \(afterText ?? "-") \(limit)"
      #expect(bytes(page.objects.map(\.key)) == expected.objects, "\(label)")
      #expect(bytes(page.commonPrefixes) == expected.prefixes, "\(label)")
      #expect(page.isTruncated == expected.isTruncated, "\(label)")
      #expect((page.nextAfter != nil) == expected.isTruncated, "\(label)")
    }
  }

  @Test(arguments: [1, 3, 10])
  func `pages follow each other without a gap or a double`(_ limit: Int) throws {
    let fixture = try BucketFixture()
    for key in ["a/1", "a/2", "b", "b/", "b/x", "b//y", "c-1", "c/1", "c0", "d/e/f", "é/1", "z"] {
      try fixture.bucket.put(key, [1])
    }
    for delimiter in ["/", "-", nil] {
      let whole = try fixture.bucket.list(prefix: "", delimiter: delimiter)
      var objects: [String] = []
      var prefixes: [String] = []
      var after: String?
      repeat {
        let page = try fixture.bucket.list(
          prefix: "", delimiter: delimiter, startAfter: after, limit: limit)
        #expect(page.objects.count + page.commonPrefixes.count <= limit)
        objects += page.objects.map(\.key)
        prefixes += page.commonPrefixes
        after = page.nextAfter
        #expect(page.isTruncated == (after != nil))
      } while after != nil
      #expect(bytes(objects) == bytes(whole.objects.map(\.key)))
      #expect(bytes(prefixes) == bytes(whole.commonPrefixes))
    }
    let top = try fixture.bucket.list(prefix: "", delimiter: "/")
    #expect(top.objects.map(\.key) == ["b", "c-1", "c0", "z"])
    #expect(top.commonPrefixes == ["a/", "b/", "c/", "d/", "é/"])
    // A start inside of a common prefix is behind it.
    let inside = try fixture.bucket.list(prefix: "", delimiter: "/", startAfter: "b/a")
    #expect(inside.commonPrefixes == ["c/", "d/", "é/"])
  }

  @Test(arguments: [1, 2, 5, 100])
  func `versions are listed by key and the newest first, in pages of any size`(
    _ limit: Int
  ) throws {
    let fixture = try BucketFixture()
    try fixture.bucket.put("b/old", [0])
    try fixture.bucket.setVersioning(.enabled)
    for round in 0..<3 {
      for key in ["a", "b/1", "b/2", "b//odd", "c"] { try fixture.bucket.write(key, [UInt8(round)]) }
    }
    try fixture.bucket.remove("c")
    try fixture.bucket.remove("only a marker")
    try fixture.bucket.write("b/old", [1])
    for delimiter in [nil, "/"] {
      var found: [ObjectRecord] = []
      var prefixes: [String] = []
      var (key, version): (String?, String?) = (nil, nil)
      repeat {
        let page = try fixture.bucket.listVersions(
          prefix: "", delimiter: delimiter, keyMarker: key, versionMarker: version, limit: limit)
        found += page.versions
        prefixes += page.commonPrefixes
        (key, version) = (page.nextKeyMarker, page.nextVersionMarker)
        #expect(page.isTruncated == (key != nil))
        #expect(page.versions.count + page.commonPrefixes.count <= limit)
      } while key != nil
      let keys = found.map(\.key)
      if delimiter == nil {
        #expect(keys.count == 19)
        #expect(prefixes.isEmpty)
      } else {
        #expect(keys == ["a", "a", "a", "c", "c", "c", "c", "only a marker"])
        #expect(prefixes == ["b/"])
      }
      #expect(bytes(keys) == bytes(keys).sorted { $0.lexicographicallyPrecedes($1) })
      for key in Set(keys) {
        let own = found.filter { $0.key == key }
        #expect(own.map(\.isLatest) == [true] + own.dropFirst().map { _ in false })
        let ids = own.compactMap(\.versionID)
        #expect(ids == ids.sorted(by: >))
      }
    }
  }

  @Test func `a client may delete what it has listed and go on behind it`() throws {
    let fixture = try BucketFixture(versioning: .enabled)
    for round in 0..<4 { for key in ["a", "b", "c"] { try fixture.bucket.write(key, [UInt8(round)]) } }
    for key in ["a", "c"] { try fixture.bucket.remove(key) }
    var (key, version): (String?, String?) = (nil, nil)
    var rounds = 0
    repeat {
      let page = try fixture.bucket.listVersions(
        prefix: "", keyMarker: key, versionMarker: version, limit: 3)
      for record in page.versions {
        try fixture.bucket.remove(record.key, version: record.versionID ?? "null")
      }
      (key, version) = (page.nextKeyMarker, page.nextVersionMarker)
      rounds += 1
    } while key != nil && rounds < 20
    #expect(rounds == 5)
    #expect(try fixture.bucket.isEmpty())
    #expect(fixture.files("versions").isEmpty)
  }
}
