// A directory for one test, and small tools to make logs in it.

import EventLog
import Foundation
import KafkaProtocol

/// A new directory that is removed with this object.
final class ScratchDirectory {
  let path: String

  /// In memory where the system has such a place, because recovery tests fsync thousands of times;
  /// `onDisk` for tests about fsync itself, wherever else the tests' files lie.
  init(onDisk: Bool = false) {
    let memory = "/dev/shm"
    let root =
      !onDisk && FileManager.default.isWritableFile(atPath: memory)
      ? memory
      : onDisk && FileManager.default.isWritableFile(atPath: "/var/tmp")
        ? "/var/tmp" : NSTemporaryDirectory()
    path = root + "/tapline-log-" + UUID().uuidString
    try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit {
    try? FileManager.default.removeItem(atPath: path)
  }

  func file(_ name: String) -> String { path + "/" + name }

  func bytes(_ name: String) throws -> [UInt8] {
    Array(try Data(contentsOf: URL(fileURLWithPath: file(name))))
  }

  func write(_ bytes: [UInt8], _ name: String) throws {
    try Data(bytes).write(to: URL(fileURLWithPath: file(name)))
  }

  func names(_ directory: String = "") throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: file(directory)).sorted()
  }

  /// A copy of all files, in the order of `shuffle`, as they are at that moment.
  func copy(order: ([String]) -> [String] = { $0 }) throws -> ScratchDirectory {
    let target = ScratchDirectory()
    let names = FileManager.default.enumerator(atPath: path)?.allObjects as? [String] ?? []
    for name in order(names) {
      var isDirectory: ObjCBool = false
      guard FileManager.default.fileExists(atPath: file(name), isDirectory: &isDirectory) else {
        continue
      }
      if isDirectory.boolValue {
        try FileManager.default.createDirectory(
          atPath: target.file(name),
          withIntermediateDirectories: true
        )
      } else {
        let parent = (target.file(name) as NSString).deletingLastPathComponent
        try FileManager.default.createDirectory(
          atPath: parent,
          withIntermediateDirectories: true
        )
        guard let data = FileManager.default.contents(atPath: file(name)) else { continue }
        try data.write(to: URL(fileURLWithPath: target.file(name)))
      }
    }
    return target
  }
}

let t0 = TopicPartition("app-events", 0)
let firstLog = "app-events-0/00000000000000000000.log"

func record(_ number: Int, size: Int = 40) -> Record {
  var value = Array("{\"event_id\":\"e\(number)\",\"event_name\":\"tap\",\"pad\":\"".utf8)
  while value.count < size { value.append(120) }
  value += Array("\"}".utf8)
  return Record(key: Array("device-\(number % 7)".utf8), value: value)
}

/// Every record of a partition, read in pieces.
func readAll(
  _ log: EventLog,
  _ partition: TopicPartition = t0,
  bytesMax: Int = 1 << 16
) throws -> [Record] {
  var records: [Record] = []
  var offset = try log.startOffset(partition)
  while true {
    let piece = try log.read(partition, from: offset, bytesMax: bytesMax)
    guard let last = piece.last else { return records }
    records += piece
    offset = last.offset.advanced(by: 1)
  }
}

/// Runs `body` on `count` threads of its own and waits for all.
func onThreads(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) {
  let group = DispatchGroup()
  for index in 0..<count {
    group.enter()
    let thread = Thread {
      body(index)
      group.leave()
    }
    thread.start()
  }
  group.wait()
}

struct Xorshift {
  var state: UInt64
  mutating func next(below bound: Int) -> Int {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return Int(state % UInt64(bound))
  }
}
