import Foundation
import ObjectStorage
import Synchronization
import TestSupport
import Testing

@Suite struct LocalObjectStoreTests {
  let scratch: ScratchDirectory
  let store: LocalObjectStore

  init() throws {
    scratch = try ScratchDirectory()
    store = try LocalObjectStore(root: scratch.path)
  }

  private func kind(_ body: () throws -> Void) -> ObjectStorageError.Kind? {
    do {
      try body()
      return nil
    } catch {
      return (error as? ObjectStorageError)?.kind
    }
  }

  @Test func `gives back the bytes that were put, whole and in ranges`() throws {
    try store.put("raw/a.bin", [1, 2, 3, 4, 5])
    #expect(try store.get("raw/a.bin") == [1, 2, 3, 4, 5])
    #expect(try store.get("raw/a.bin", range: 1..<3) == [2, 3])
    #expect(try store.get("raw/a.bin", range: 5..<5) == [])
    #expect(kind { _ = try store.get("raw/a.bin", range: 3..<6) } == .rangeOutside)
    #expect(kind { _ = try store.get("raw/b.bin") } == .notFound)
    #expect(kind { _ = try store.get("raw/a.bin/c") } == .notFound)
    #expect(try store.head("raw/a.bin")?.size == 5)
    #expect(try store.head("raw") == nil)
    #expect(try store.head("raw/a.bin/c") == nil)
  }

  @Test func `an opened object keeps its bytes while its key is replaced and deleted`() throws {
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

  @Test func `putIfAbsent keeps the first and leaves no staging file`() throws {
    #expect(try store.putIfAbsent("a/b", [1]))
    #expect(try !store.putIfAbsent("a/b", [2]))
    #expect(try store.get("a/b") == [1])
    #expect(scratch.names(".tapline-staging") == [])
  }

  @Test func `of many threads that put one key if absent exactly one wins`() throws {
    let wins = Mutex<[Int]>([])
    let store = store
    for round in 0..<20 {
      DispatchQueue.concurrentPerform(iterations: 4) { thread in
        if (try? store.putIfAbsent("race/\(round)", [UInt8(thread)])) == true {
          wins.withLock { $0.append(round) }
        }
      }
    }
    #expect(wins.withLock { $0.sorted() } == Array(0..<20))
  }

  @Test func `syncs each file once and each directory once in a group`() throws {
    try store.put("d/warm", [0])
    let before = store.fsyncCount
    try store.putMany([("d/1", [1]), ("d/2", [2]), ("d/3", [3])])
    #expect(store.fsyncCount - before == 4)
    try store.putMany([("new/x/1", [1])])
    // The file, its directory, and the two directories that got a new name.
    #expect(store.fsyncCount - before == 8)
  }

  @Test func `lists by the bytes of keys and hides what is unfinished`() throws {
    for key in ["b/2", "b/10", "b.txt", "b/é", "b/z", "b/한글", "c"] { try store.put(key, [1]) }
    try scratch.write("b/00.json#1", "delta-rs on its way")
    let writer = try store.makeWriter()
    _ = [UInt8(1)].withUnsafeBytes { try? writer.write($0) }
    #expect(
      try store.list(prefix: "b").map(\.key) == ["b.txt", "b/10", "b/2", "b/z", "b/é", "b/한글"]
    )
    #expect(try store.list(prefix: "b/").map(\.key) == ["b/10", "b/2", "b/z", "b/é", "b/한글"])
    #expect(try store.list(prefix: "b/1").map(\.key) == ["b/10"])
    #expect(try store.list(prefix: "", startAfter: "b/z").map(\.key) == ["b/é", "b/한글", "c"])
    #expect(try store.list(prefix: "nothing/here").isEmpty)
    #expect(try store.directories(below: "") == ["b"])
  }

  @Test func `refuses symbolic links that lead out and follows those inside`() throws {
    let outside = try ScratchDirectory()
    try outside.write("secret", "s")
    let files = FileManager.default
    try files.createSymbolicLink(
      atPath: scratch.path + "/out",
      withDestinationPath: outside.path
    )
    try store.put("in/a", [7])
    try files.createSymbolicLink(
      atPath: scratch.path + "/alias",
      withDestinationPath: scratch.path + "/in"
    )
    #expect(kind { _ = try store.get("out/secret") } == .outsideRoot)
    #expect(kind { try store.put("out/new/x", [1]) } == .outsideRoot)
    #expect(kind { try store.delete("out/secret") } == .outsideRoot)
    #expect(outside.names("") == ["secret"])
    #expect(try store.get("alias/a") == [7])
    #expect(try store.list(prefix: "").map(\.key) == ["in/a"])
  }

  @Test func `removes what a killed process left and leaves the living alone`() throws {
    try scratch.write(".tapline-staging/999999999-1a-1", "torn")
    try scratch.write(".tapline-staging/\(getpid())-1-1", "an earlier life of this number")
    let writer = try store.makeWriter()
    let reopened = try LocalObjectStore(root: scratch.path)
    #expect(reopened.leftoversRemoved == 2)
    #expect(scratch.names(".tapline-staging").count == 1)
    #expect(try store.publish([StagedObject(key: "k", writer: writer)], ifAbsent: true) == [true])
    #expect(try store.get("k") == [])
  }

  @Test func `a key that is taken leaves the writer for another key`() throws {
    try store.put("a", [9])
    let writer = try store.makeWriter()
    try [UInt8]([1, 2]).withUnsafeBytes { try writer.write($0) }
    #expect(try store.publish([StagedObject(key: "a", writer: writer)], ifAbsent: true) == [false])
    #expect(try store.publish([StagedObject(key: "b", writer: writer)], ifAbsent: true) == [true])
    #expect(try store.get("b") == [1, 2])
    #expect(
      kind { _ = try store.publish([StagedObject(key: "c", writer: writer)], ifAbsent: true) }
        == .discarded
    )
  }

  @Test func `stamps objects with the story's time`() throws {
    let store = try LocalObjectStore(root: scratch.path + "/lake", now: { 1_705_363_800_123 })
    try store.put("x", [1])
    #expect(try store.head("x")?.modifiedMilliseconds == 1_705_363_800_123)
    #expect(try store.list(prefix: "").first?.modifiedMilliseconds == 1_705_363_800_123)
  }

  @Test func `lists in pages without reading what lies behind them`() throws {
    for index in 100..<160 { try store.put("p/\(index)", [1]) }
    try store.put("q/1", [1])
    let page = try store.list(prefix: "p/", startAfter: "p/119", limit: 3)
    #expect(page.map(\.key) == ["p/120", "p/121", "p/122"])
    #expect(try store.list(prefix: "p/", startAfter: "p/158", limit: 3).map(\.key) == ["p/159"])
    #expect(try store.list(prefix: "", startAfter: nil, limit: 0).isEmpty)
    #expect(try store.list(prefix: "", startAfter: "p/158", limit: 9).map(\.key) == ["p/159", "q/1"])
  }

  @Test(.enabled(if: getuid() != 0, "root may write anywhere"))
  func `says that the directory cannot be written and what to do`() throws {
    try FileManager.default.setAttributes(
      [.posixPermissions: 0o555],
      ofItemAtPath: scratch.path
    )
    let error = #expect(throws: ObjectStorageError.self) { try store.put("a", [1]) }
    #expect(error?.kind == .noPermission)
    #expect(error?.advice?.isEmpty == false)
  }
}
