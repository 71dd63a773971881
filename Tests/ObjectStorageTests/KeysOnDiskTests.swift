import Foundation
import ObjectStorage
import TestSupport
import Testing

/// Keys that no disk takes as paths, and what becomes of them on a disk.
@Suite(.serialized) struct KeysOnDiskTests {
  static let odd: [String] = [
    "..", ".", "../a", "a/../b", "a/./b", "a/..", "/", "//", "/etc/passwd", "/a", "a/", "a//b",
    "dir/", "dir/sub/", "a#12", "x/y#7/z", ".tapline-staging", ".tapline-staging/1",
    ".tapline-keys/61", "b/.tapline-keys/x", String(repeating: "s", count: 256),
    "p/" + String(repeating: "s", count: 300) + "/q", String(repeating: "/", count: 1_024),
    String(repeating: "a/", count: 512), String(repeating: "é", count: 512),
    String(repeating: "x", count: 64) + "/", String(repeating: "x", count: 63) + "/",
    String(repeating: "x", count: 128) + "/", "line\nfeed", "q?*\"<>|\\", " ", "e\u{301}", "é", "/\u{301}",
    "\u{600}/a", "emoji/😀/", "A", "a#b", "#1", "-rf", "~", "CON", ".hidden", "...", "a\u{7F}b",
  ]

  @Test(arguments: StoreKind.here)
  func `every key of S3 is put, got, listed and deleted, and nothing leaves the root`(
    _ which: StoreKind
  ) throws {
    let outer = try ScratchDirectory(inMemory: true)
    try outer.write("beside", "untouched")
    let store = try which.make(root: outer.path + "/root/inner")
    var model: [[UInt8]: [UInt8]] = [:]
    for (number, key) in Self.odd.enumerated() {
      let content = [UInt8(number), 7]
      #expect(try store.head(key) == nil, "\(key)")
      #expect(try store.putIfAbsent(key, content), "\(key)")
      #expect(try !store.putIfAbsent(key, [0]), "\(key)")
      #expect(try store.get(key) == content, "\(key)")
      #expect(try store.get(key, range: 1..<2) == [7], "\(key)")
      #expect(try store.head(key)?.size == 2, "\(key)")
      #expect(try store.keys(key).contains(Array(key.utf8)), "\(key)")
      model[Array(key.utf8)] = content
    }
    #expect(model.count == Self.odd.count)
    let reopened = which == .memory ? store : try which.make(root: outer.path + "/root/inner")
    #expect(try reopened.keys() == model.keys.sorted { $0.lexicographicallyPrecedes($1) })
    for key in Self.odd { #expect(try reopened.get(key) == model[Array(key.utf8)], "\(key)") }
    #expect(outer.names("").filter { $0 != "root" } == ["beside"])
    #expect(outer.names("root").filter { $0 != "inner" && $0 != "inner.side" }.isEmpty)
    #expect(!FileManager.default.fileExists(atPath: "/a"))
    for key in Self.odd {
      try reopened.delete(key)
      #expect(try store.head(key) == nil, "\(key)")
      model[Array(key.utf8)] = nil
      #expect(try store.keys().count == model.count, "\(key)")
    }
  }

  @Test func `a plain key stays a plain file, and a store without odd keys has no place for them`()
    throws
  {
    let scratch = try ScratchDirectory()
    let store = try LocalObjectStore(root: scratch.path)
    for key in ["raw/a.json", "A", "-x", ".hidden", "a b/c", "a#b", "한글/é"] {
      try store.put(key, Array(key.utf8))
      let bytes = FileManager.default.contents(atPath: scratch.path + "/" + key)
      #expect(bytes == Data(key.utf8), "\(key)")
    }
    #expect(!scratch.names("").contains(".tapline-keys"))
    try store.put("dir/", [])
    #expect(scratch.names(".tapline-keys") == ["6469722f"])
  }

  @Test func `a key may also be the beginning of other keys, whichever comes first`() throws {
    let scratch = try ScratchDirectory()
    let store = try LocalObjectStore(root: scratch.path)
    try store.put("a", [1])
    try store.put("a/b", [2])
    try store.put("a/b/c", [3])
    try store.put("d/e", [4])
    try store.put("d", [5])
    #expect(try !store.putIfAbsent("d", [9]))
    #expect(try !store.putIfAbsent("a/b", [9]))
    #expect(try store.keys() == bytes(["a", "a/b", "a/b/c", "d", "d/e"]))
    #expect(try ["a", "a/b", "a/b/c", "d/e", "d"].map { try store.get($0) } == [[1], [2], [3], [4], [5]])
    #expect(try store.directories(below: "") == ["a", "d"])
    // What stood in the way is gone: the key is overwritten where it lies, not doubled.
    try store.delete("a")
    try store.put("a/b", [6])
    #expect(!FileManager.default.fileExists(atPath: scratch.path + "/a"))
    #expect(try store.get("a/b") == [6])
    try store.delete("d/e")
    #expect(try store.get("d") == [5])
    #expect(try store.keys() == bytes(["a/b", "a/b/c", "d"]))
    try store.delete("d")
    try store.delete("a/b")
    #expect(try store.keys() == bytes(["a/b/c"]))
  }

  @Test func `the file of another program goes before the escaped one of its key`() throws {
    let scratch = try ScratchDirectory()
    let store = try LocalObjectStore(root: scratch.path)
    try store.put("a", [1])
    try store.put("a/b", [2])
    try store.delete("a")
    try scratch.write([3, 3], to: "a/b")
    #expect(try store.get("a/b") == [3, 3])
    #expect(try store.list(prefix: "").map(\.size) == [2])
    try store.put("a/b", [4])
    #expect(FileManager.default.contents(atPath: scratch.path + "/a/b") == Data([4]))
    try store.delete("a/b")
    #expect(try store.head("a/b") == nil)
    #expect(try store.keys().isEmpty)
  }

  @Test func `two stores of one directory see each other's odd keys at once`() throws {
    let scratch = try ScratchDirectory()
    let first = try LocalObjectStore(root: scratch.path)
    let second = try LocalObjectStore(root: scratch.path + "/.")
    try first.put("a//b", [1])
    #expect(try second.get("a//b") == [1])
    #expect(try !second.putIfAbsent("a//b", [2]))
    #expect(try second.keys() == bytes(["a//b"]))
  }

  @Test func `names that are no keys of ours are passed over`() throws {
    let scratch = try ScratchDirectory()
    let inner = String(repeating: "61", count: 64)
    let names = ["6", "6G", "zz", "00", "41-", "6A", "ff", "61+/61", inner + "/61", inner + "+/"]
    for name in names + [inner + "61"] {
      if name.hasSuffix("/") {
        try FileManager.default.createDirectory(
          atPath: scratch.path + "/.tapline-keys/" + name, withIntermediateDirectories: true)
      } else {
        try? scratch.write(".tapline-keys/" + name, "junk")
      }
    }
    try scratch.write(".tapline-keys/61", "a key")
    let store = try LocalObjectStore(root: scratch.path)
    #expect(try store.keys() == bytes(["a"]))
    #expect(try store.get("a") == Array("a key".utf8))
  }

  @Test func `a link in the place of escaped keys is not followed`() throws {
    let scratch = try ScratchDirectory()
    let outside = try ScratchDirectory()
    try outside.write("2f78", "secret")
    let files = FileManager.default
    try files.createSymbolicLink(
      atPath: scratch.path + "/.tapline-keys", withDestinationPath: outside.path)
    let store = try LocalObjectStore(root: scratch.path)
    #expect((try? store.get("/x")) == nil)
    #expect(kind { try store.put("/y", [1]) } != nil)
    #expect(outside.names("") == ["2f78"])
    #expect((try? store.list(prefix: ""))?.isEmpty != false)
  }

  @Test func `names of tables and directories can be told from odd ones`() {
    for name in ["events", "a b", "한글", "_x", ".a"] { #expect(ObjectKey.isPlain(name), "\(name)") }
    for name in ["", ".", "..", "a/", "a//b", "x#1", ".tapline-keys", "a\0"] {
      #expect(!ObjectKey.isPlain(name), "\(name)")
      #expect(kind { try ObjectKey.checkPlain(name) } == .invalidKey, "\(name)")
    }
  }
}
