// `journal.jsonl`: every command that changed the world, in order, so that it can be done again elsewhere.
//
// ```
// {"seq":7,"at":"2024-01-16T00:10:00.000Z","line":"app flush","mark":"9f…"}       before: the intent
// {"seq":7,"ended":"2024-01-16T00:10:00.000Z","outcome":"done","exit":0}          after: the outcome
// ```
// A crash between the two leaves an intent alone. The mark is a digest of what commands change; where
// it is another one at the next start, the command took effect, in whole or in part. The start writes
// down which, and tells the learner: nothing is lost or done twice in silence.

internal import EventLog
internal import EventModel
internal import Foundation
internal import KafkaProtocol
internal import Lake
internal import ObjectStorage
package import Simulation
internal import Warehouse

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Darwin)
internal import Darwin
#endif

/// The journal of one world; used under the lock of `Commands`, like the world itself.
package struct CommandJournal: Sendable {
  /// How a command ended.
  package enum Outcome: String, Sendable {
    case done, failed
    /// A crash came in between, and the world is another one than before the command.
    case interrupted
    /// A crash came before anything was changed.
    case undone
  }

  package struct Entry: Sendable, Equatable {
    /// From 1 on, without gaps.
    package var seq: Int
    package var line: String
    /// The story's time when the command began.
    package var at: StoryTime
    /// What the world's mark was before.
    package var mark: String
    /// Nil while it runs, and after a crash until the next start.
    package var outcome: Outcome?
    /// The story's time when it ended.
    package var ended: StoryTime?
    /// The command's exit status; 3 for one that a crash cut short.
    package var exit: Int32?
  }

  package let path: String

  package init(directory: String) {
    path = directory + "/journal.jsonl"
  }

  /// All entries, the oldest first; lines that are damaged are passed over.
  package func entries() -> [Entry] {
    guard let data = FileManager.default.contents(atPath: path) else { return [] }
    var entries: [Entry] = []
    for line in data.split(separator: 0x0A) {
      guard let value = try? line.withUnsafeBytes({ try JSONValue(parsing: $0) }),
        let seq = value["seq"]?.integer
      else { continue }
      if let text = value["line"]?.string, let at = Self.time(value["at"]) {
        entries.append(
          Entry(seq: Int(seq), line: text, at: at, mark: value["mark"]?.string ?? ""))
      } else if let index = entries.lastIndex(where: { $0.seq == Int(seq) }),
        let outcome = value["outcome"]?.string.flatMap(Outcome.init)
      {
        entries[index].outcome = outcome
        entries[index].ended = Self.time(value["ended"])
        entries[index].exit = value["exit"]?.integer.flatMap { Int32(exactly: $0) }
      }
    }
    return entries
  }

  private static func time(_ value: JSONValue?) -> StoryTime? {
    value?.string.flatMap { EventTimestamp.parse($0) }.map(StoryTime.init(milliseconds:))
  }

  /// Writes down that a command begins; it is on the disk when this returns.
  ///
  /// - Returns: the entry's `seq`.
  package func begin(_ line: String, at moment: StoryTime, mark: String) throws -> Int {
    let seq = (entries().last?.seq ?? 0) + 1
    try append([
      JSONMember("seq", .integer(Int64(seq))), JSONMember("at", .string(moment.iso8601)),
      JSONMember("line", .string(line)), JSONMember("mark", .string(mark)),
    ])
    return seq
  }

  /// Writes down how the command ended.
  package func end(
    _ seq: Int, _ outcome: Outcome, exit: Int32, at moment: StoryTime
  ) throws {
    try append([
      JSONMember("seq", .integer(Int64(seq))), JSONMember("ended", .string(moment.iso8601)),
      JSONMember("outcome", .string(outcome.rawValue)), JSONMember("exit", .integer(Int64(exit))),
    ])
  }

  private func append(_ members: [JSONMember]) throws {
    var bytes: [UInt8] = []
    let file = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
    guard file >= 0 else { throw Home.unusable(path, errno) }
    defer { close(file) }
    let end = lseek(file, 0, SEEK_END)
    // A line that a crash cut short spoils none that follows.
    var last: UInt8 = 0x0A
    if end > 0, pread(file, &last, 1, end - 1) == 1, last != 0x0A { bytes.append(0x0A) }
    JSONValue.object(members).append(to: &bytes)
    bytes.append(0x0A)
    let count = bytes.withUnsafeBytes { write(file, $0.baseAddress, $0.count) }
    guard count == bytes.count, fsync(file) == 0 else {
      let code = count >= 0 && count < bytes.count ? ENOSPC : errno
      _ = ftruncate(file, end)
      throw Home.unusable(path, code)
    }
  }
}

extension Platform {
  /// Runs a command that changes the world, with its intent before it and its outcome after it.
  ///
  /// `exit` is the command's exit status, 0 to 3.
  package func journaling<Success>(
    _ line: String,
    exit: (Result<Success, any Error>) -> Int32,
    _ body: () throws -> Success
  ) throws -> Success {
    let seq = try commands.begin(line, at: now, mark: try mark())
    let result = Result { try body() }
    let status = exit(result)
    // What failed halfway is still in the world: a clock that a full disk stopped has moved.
    try commands.end(seq, status == 0 ? .done : .failed, exit: status, at: now)
    return try result.get()
  }

  /// A digest of all that commands change and the disk keeps: the phone, the log, runs and tables.
  func mark() throws -> String {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    func mix(_ text: String) {
      for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
    }
    mix("\(phone.events().count) \(try phone.queueCount()) \(phone.isOnline)")
    // A cluster holds topics that are no business of this world.
    let topics = kafka == nil ? log.topicNames() : try pipeline.topics().map(\.name)
    for topic in topics {
      for number in 0..<Int32((try? events.partitionCount(of: topic)) ?? 0) {
        let end = try? events.endOffset(TopicPartition(topic, number)).rawValue
        mix(" \(topic) \(number) \(end ?? -1)")
      }
    }
    mix(" \((try? FileManager.default.attributesOfItem(atPath: runs)[.size]) ?? 0)")
    for (name, store) in [("lake", lake.store.root), ("warehouse", warehouse.store.root)] {
      let layers = ["processed", "aggregated", "mart"]
      for layer in layers {
        let root = store + "/" + layer
        for table in ((try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []).sorted() {
          let log = root + "/" + table + "/_delta_log"
          let last = (try? FileManager.default.contentsOfDirectory(atPath: log))?.filter {
            $0.first?.isNumber == true
          }.max()
          mix(" \(name) \(table) \(last ?? "-")")
        }
      }
    }
    return String(hash, radix: 16)
  }

  private var runs: String { directory + "/runs/task_instances.ndjson" }

  /// Ends the journal's last entry where a crash left it open.
  func closeJournal() throws -> [Recovery] {
    guard let open = commands.entries().last, open.outcome == nil else { return [] }
    let hasChanged = try mark() != open.mark
    try commands.end(open.seq, hasChanged ? .interrupted : .undone, exit: 3, at: now)
    return [
      Recovery(
        code: hasChanged ? "journal.interrupted" : "journal.undone",
        fields: ["line": open.line],
        message: "`\(open.line)` was cut short" + (hasChanged ? "" : " before it began")
      )
    ]
  }
}
