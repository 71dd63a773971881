import Foundation
import ObjectStorage
import Synchronization
import TestSupport
import Testing

/// What every store promises, whatever it keeps its objects in.
@Suite(.serialized) struct ObjectStoreConformanceTests {
  @Test(arguments: StoreKind.allCases)
  func `gives back the bytes that were put, whole and in ranges`(_ which: StoreKind) throws {
    let (store, scratch) = try which.make()
    defer { withExtendedLifetime(scratch) {} }
    try store.put("raw/a.bin", [1, 2, 3, 4, 5])
    #expect(try store.get("raw/a.bin") == [1, 2, 3, 4, 5])
    #expect(try store.get("raw/a.bin", range: 1..<3) == [2, 3])
    #expect(try store.get("raw/a.bin", range: 5..<5) == [])
    #expect(try store.open("raw/a.bin").byteCount == 5)
    #expect(try store.head("raw/a.bin")?.size == 5)
    #expect(kind { _ = try store.get("raw/a.bin", range: 3..<6) } == .rangeOutside)
    for missing in ["raw/b.bin", "raw/a.bin/c", "raw", "raw/"] {
      #expect(kind { _ = try store.get(missing) } == .notFound, "\(missing)")
      #expect(kind { _ = try store.open(missing) } == .notFound, "\(missing)")
      #expect(try store.head(missing) == nil, "\(missing)")
    }
  }

  @Test(arguments: StoreKind.allCases)
  func `an opened object keeps its bytes while its key is replaced and deleted`(
    _ which: StoreKind
  ) throws {
    let (store, scratch) = try which.make()
    defer { withExtendedLifetime(scratch) {} }
    try store.put("k", [1, 1, 1])
    let reader = try store.open("k")
    try store.put("k", [2, 2])
    #expect(try reader.read(0..<3) == [1, 1, 1])
    #expect(try store.get("k") == [2, 2])
    try store.delete("k")
    try store.delete("k")
    #expect(try reader.read(2..<3) == [1])
    #expect(try store.head("k") == nil)
  }

  @Test(arguments: StoreKind.allCases)
  func `a key that is taken keeps its object and leaves the writer for another key`(
    _ which: StoreKind
  ) throws {
    let (store, scratch) = try which.make()
    defer { withExtendedLifetime(scratch) {} }
    #expect(try store.putIfAbsent("a", [9]))
    #expect(try !store.putIfAbsent("a", [8]))
    #expect(try store.get("a") == [9])
    let writer = try store.makeWriter()
    try [UInt8]([1, 2]).withUnsafeBytes { try writer.write($0) }
    #expect(writer.byteCount == 2)
    #expect(try store.publish([StagedObject(key: "a", writer: writer)], ifAbsent: true) == [false])
    #expect(try store.publish([StagedObject(key: "b", writer: writer)], ifAbsent: true) == [true])
    #expect(try store.get("b") == [1, 2])
    #expect(
      kind { _ = try store.publish([StagedObject(key: "c", writer: writer)], ifAbsent: true) }
        == .discarded
    )
    let dropped = try store.makeWriter()
    dropped.discard()
    #expect(
      kind { _ = try store.publish([StagedObject(key: "c", writer: dropped)], ifAbsent: false) }
        == .discarded
    )
    #expect(try store.keys() == bytes(["a", "b"]))
  }

  @Test(arguments: StoreKind.allCases)
  func `of many threads that put one key if absent exactly one wins`(_ which: StoreKind) throws {
    let (store, scratch) = try which.make()
    defer { withExtendedLifetime(scratch) {} }
    let wins = Mutex<[Int]>([])
    for round in 0..<20 {
      // A plain key, one that lies escaped, and one whose place another key has taken.
      if round % 3 == 2 { try store.put("race/\(round)", [0]) }
      let key = ["race/\(round)", "race//\(round)", "race/\(round)/x"][round % 3]
      DispatchQueue.concurrentPerform(iterations: 4) { thread in
        if (try? store.putIfAbsent(key, [UInt8(thread)])) == true {
          wins.withLock { $0.append(round) }
        }
      }
    }
    #expect(wins.withLock { $0.sorted() } == Array(0..<20))
  }

  @Test(arguments: StoreKind.allCases)
  func `lists by the bytes of keys, from any prefix and behind any key`(_ which: StoreKind) throws {
    let (store, scratch) = try which.make()
    defer { withExtendedLifetime(scratch) {} }
    let keys = ["b-1", "b/10", "b/2", "b/z", "b/é", "b/한글", "b0", "c"]
    for key in keys.shuffled() { try store.put(key, [1]) }
    #expect(try store.keys("b") == bytes(Array(keys[..<7])))
    #expect(try store.keys("b/") == bytes(["b/10", "b/2", "b/z", "b/é", "b/한글"]))
    #expect(try store.keys("b/1") == bytes(["b/10"]))
    #expect(try store.keys("nothing/here").isEmpty)
    for limit in [1, 2, 7, 8, 100] {
      var found: [String] = []
      while true {
        let page = try store.list(prefix: "", startAfter: found.last, limit: limit).map(\.key)
        #expect(page.count <= limit)
        found += page
        if page.isEmpty { break }
      }
      #expect(bytes(found) == bytes(keys))
    }
    #expect(try store.list(prefix: "b/", startAfter: "b/z").count == 2)
    #expect(try store.list(prefix: "b/", startAfter: "a").count == 5)
    #expect(try store.list(prefix: "b/", startAfter: "b0").isEmpty)
  }

  @Test(arguments: StoreKind.allCases)
  func `names the directories that hold something, and no others`(_ which: StoreKind) throws {
    let (store, scratch) = try which.make()
    defer { withExtendedLifetime(scratch) {} }
    for key in ["top", "a/1", "a/b/1", "a/c/d/1", "z/", "a//x", "gone/1"] {
      try store.put(key, [1])
    }
    try store.delete("gone/1")
    #expect(try store.directories(below: "") == ["a", "z"])
    #expect(try store.directories(below: "a/") == ["b", "c"])
    #expect(try store.directories(below: "a/b/").isEmpty)
    #expect(try store.directories(below: "nowhere/").isEmpty)
  }

  @Test(arguments: StoreKind.allCases)
  func `refuses only what S3 refuses as a key`(_ which: StoreKind) throws {
    let (store, scratch) = try which.make()
    defer { withExtendedLifetime(scratch) {} }
    let longest = String(repeating: "x", count: ObjectKey.bytesMax)
    for key in ["", "a\0b", longest + "x"] {
      #expect(kind { try store.put(key, []) } == .invalidKey, "\(key)")
      #expect(kind { _ = try store.get(key) } == .invalidKey, "\(key)")
      #expect(kind { _ = try store.head(key) } == .invalidKey, "\(key)")
      #expect(kind { try store.delete(key) } == .invalidKey, "\(key)")
    }
    try store.put(longest, [1])
    #expect(try store.keys() == bytes([longest]))
  }
}
