import Foundation
import ObjectStorage
import TestSupport
import Testing

/// Listings against a model that sorts everything.
@Suite struct ListingTests {
  /// A generator that gives the same keys each time; a failure names its seed.
  struct Draws {
    var state: UInt64

    mutating func next(_ bound: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int((state >> 33) % UInt64(bound))
    }
  }

  static let segments = [
    "a", "b", "a-b", "a0", "a.", "A", "é", "e\u{301}", "한", "", ".", "..", "x#1", "long-long-long-name",
    "part-00000", "part-00001", "dt=2024-01-15", "dt=2024-01-16", "~", "!",
  ]

  static func keys(_ count: Int, seed: UInt64) -> [String] {
    var draws = Draws(state: seed)
    var keys: [String] = []
    var known: Set<[UInt8]> = []
    while keys.count < count {
      var key = ""
      for depth in 0...draws.next(5) {
        if depth > 0 { key += "/" }
        key += segments[draws.next(segments.count)]
        if draws.next(3) == 0 { key += String(draws.next(200)) }
      }
      if !key.isEmpty, known.insert(Array(key.utf8)).inserted { keys.append(key) }
    }
    return keys
  }

  static func sorted(_ keys: [String]) -> [[UInt8]] {
    bytes(keys).sorted { $0.lexicographicallyPrecedes($1) }
  }

  @Test func `ten thousand drawn keys are listed as the sorted model has them`() throws {
    let seed: UInt64 = 20_240_116
    let scratch = try ScratchDirectory(inMemory: true)
    let store = try LocalObjectStore(root: scratch.path)
    let memory = MemoryObjectStore()
    let keys = Self.keys(10_000, seed: seed)
    for chunk in stride(from: 0, to: keys.count, by: 500) {
      let group = keys[chunk..<chunk + 500].map { (key: $0, bytes: [UInt8(1)]) }
      try store.putMany(group)
      try memory.putMany(group)
    }
    let model = Self.sorted(keys)
    #expect(try store.keys() == model)
    #expect(try memory.keys() == model)
    var draws = Draws(state: seed)
    for _ in 0..<150 {
      let near = model[draws.next(model.count)]
      let prefix = Array(near[..<draws.next(near.count + 1)])
      guard let prefixText = String(validating: prefix, as: UTF8.self) else { continue }
      let behind = model[draws.next(model.count)]
      let limit = [1, 3, 10, 100, 1_000][draws.next(5)]
      let after = draws.next(3) == 0 ? nil : behind
      let expected = model.filter { key in
        key.starts(with: prefix) && after.map { $0.lexicographicallyPrecedes(key) } ?? true
      }.prefix(limit)
      let startAfter = after.map { String(decoding: $0, as: UTF8.self) }
      let label = "seed \(seed), prefix \(prefixText), after \(startAfter ?? "-"), limit \(limit)"
      let found = try store.list(prefix: prefixText, startAfter: startAfter, limit: limit)
      #expect(bytes(found.map(\.key)) == Array(expected), "\(label)")
      let inMemory = try memory.list(prefix: prefixText, startAfter: startAfter, limit: limit)
      #expect(bytes(inMemory.map(\.key)) == Array(expected), "\(label)")
    }
  }

  @Test func `a tree that is deeper than the open files of a process is listed`() throws {
    let scratch = try ScratchDirectory(inMemory: true)
    let store = try LocalObjectStore(root: scratch.path)
    let deep = Array(repeating: "d", count: 500)
    for depth in [1, 20, 30, 100, 499, 500] {
      try store.put(deep[..<depth].joined(separator: "/") + "/f", [1])
      try store.put(deep[..<depth].joined(separator: "/") + "/z", [1])
    }
    let listed = try store.keys()
    #expect(listed.count == 12)
    #expect(listed == listed.sorted { $0.lexicographicallyPrecedes($1) })
  }

  @Test func `keys that other programs wrote with more than S3 allows are not listed`() throws {
    let scratch = try ScratchDirectory(inMemory: true)
    let store = try LocalObjectStore(root: scratch.path)
    let long = Array(repeating: String(repeating: "x", count: 200), count: 6).joined(separator: "/")
    try scratch.write(long, "too long")
    try store.put("k", [1])
    #expect(try store.keys() == bytes(["k"]))
  }
}
