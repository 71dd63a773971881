// `consumer_offsets` as a history: what it remembers, what a torn end costs, what an opening drops.

import EventLog
import Foundation
import KafkaProtocol
import Testing

private let place0 = TopicPartition("app-events", 0)

struct OffsetHistoryTests {
  private func opened(_ scratch: ScratchDirectory) throws -> EventLog {
    let log = try EventLog.open(directory: scratch.path)
    try log.createTopic("app-events", partitionCount: 2)
    return log
  }

  @Test func `commits are remembered in their order, with what the log held`() throws {
    let scratch = ScratchDirectory()
    let log = try opened(scratch)
    for turn in 1...3 {
      _ = try log.append(
        [Record(key: nil, value: [1]), Record(key: nil, value: [2])], to: place0, appendTime: 1)
      try log.commitOffset(group: "g", place0, Offset(Int64(turn)), at: Int64(turn) * 1_000)
    }
    let expected = [
      OffsetPoint(time: 1_000, offset: 1, logStartOffset: 0, logEndOffset: 2),
      OffsetPoint(time: 2_000, offset: 2, logStartOffset: 0, logEndOffset: 4),
      OffsetPoint(time: 3_000, offset: 3, logStartOffset: 0, logEndOffset: 6),
    ]
    #expect(log.offsetHistory(group: "g")[place0] == expected)
    #expect(expected.map(\.lag) == [1, 2, 3])
    let reopened = try EventLog.open(directory: scratch.path)
    #expect(reopened.offsetHistory(group: "g")[place0] == expected)
    #expect(try reopened.committedOffset(group: "g", place0) == Offset(3))
  }

  @Test func `a commit is one append and one fsync`() throws {
    let scratch = ScratchDirectory(onDisk: true)
    let log = try opened(scratch)
    try log.commitOffset(group: "g", place0, Offset(1), at: 1)
    let before = try scratch.bytes("consumer_offsets")
    let syncs = log.fsyncCount
    try log.commitOffset(group: "g", place0, Offset(2), at: 2)
    #expect(log.fsyncCount == syncs + 1)
    let after = try scratch.bytes("consumer_offsets")
    #expect(after.starts(with: before) && after.count > before.count)
  }

  @Test func `cut anywhere, the file gives the commits that were whole`() throws {
    let scratch = ScratchDirectory()
    let log = try opened(scratch)
    for turn in 1...4 { try log.commitOffset(group: "g", place0, Offset(Int64(turn)), at: 1) }
    let whole = try scratch.bytes("consumer_offsets")
    let lines = whole.split(separator: 0x0A, omittingEmptySubsequences: false)
    for length in 2...whole.count {
      try scratch.write(Array(whole.prefix(length)), "consumer_offsets")
      let opened = try EventLog.open(directory: scratch.path)
      let count = whole.prefix(length).count { $0 == 0x0A } - 1
      let known = try opened.committedOffset(group: "g", place0)?.rawValue ?? 0
      #expect(known == Int64(count), "\(length) of \(whole.count) bytes, \(lines.count) lines")
      // And it goes on from there.
      try opened.commitOffset(group: "g", place0, Offset(9), at: 2)
      #expect(
        try EventLog.open(directory: scratch.path).committedOffset(group: "g", place0) == Offset(9))
    }
  }

  @Test func `the first version of the file is still read`() throws {
    let scratch = ScratchDirectory()
    _ = try opened(scratch)
    try scratch.write(
      Array("1\nlake app-events 0 5\nout app-events 1 7 3 1000 note\n".utf8), "consumer_offsets")
    let log = try EventLog.open(directory: scratch.path)
    #expect(try log.committedOffset(group: "lake", place0) == Offset(5))
    #expect(log.groupNames() == ["lake", "out"])
    try log.commitOffset(group: "lake", place0, Offset(6), at: 5)
    let again = try EventLog.open(directory: scratch.path)
    #expect(try again.committedOffset(group: "lake", place0) == Offset(6))
    #expect(try again.committedOffset(group: "out", TopicPartition("app-events", 1)) == Offset(7))
  }

  @Test func `a group with members keeps its offsets`() throws {
    let scratch = ScratchDirectory()
    let log = try opened(scratch)
    try log.commitOffset(group: "g", place0, Offset(1), at: 1)
    log.setResidentGroup(
      "g",
      ConsumerGroup(
        resident: "g", generation: 4, topics: ["app-events"],
        members: [
          ConsumerGroup.Resident(
            id: "g-1", clientID: "g-1", host: "/127.0.0.1", assignment: [place0],
            sessionTimeout: 45_000,
            rebalanceTimeout: 300_000)
        ]))
    let error = #expect(throws: EventLogError.self) {
      try log.resetOffsets(group: "g", [place0: Offset(0)], at: 2)
    }
    #expect(error?.kind == .groupActive)
    #expect(try log.committedOffset(group: "g", place0) == Offset(1))
    let groups = GroupCoordinator(log: log)
    #expect(try groups.delete("g") == .nonEmptyGroup)
    #expect(groups.group("g")?.generation == 4)
    log.setResidentGroup("g", nil)
    try log.resetOffsets(group: "g", [place0: Offset(0)], at: 2)
    #expect(try log.committedOffset(group: "g", place0) == Offset(0))
  }
}
