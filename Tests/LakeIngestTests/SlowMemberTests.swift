// Members that take their time: throughput, the poll interval, and what a redone poll leaves behind.

import EventLog
import Foundation
import KafkaProtocol
import Lake
import LakeIngest
import Simulation
import TestSupport
import Testing

private let start = StoryTime(milliseconds: 1_705_276_800_000)
private let place = TopicPartition("app-events", 0)

/// A log of one partition with `count` records, all there from the beginning.
private func withRecords(
  _ count: Int, _ settings: IngestSettings, _ body: (EventLog, Lake, BronzeIngest) throws -> Void
) throws {
  let scratch = try ScratchDirectory("slow")
  let log = try EventLog.open(directory: scratch.path + "/kafka")
  try log.createTopic("app-events", partitionCount: 1)
  _ = try log.append(
    (0..<count).map { Record(key: nil, value: Array("{\"n\":\($0)}".utf8)) }, to: place,
    appendTime: start.milliseconds)
  let lake = try Lake.open(root: scratch.path + "/lake", now: { start.milliseconds })
  let ingest = BronzeIngest(log: log, lake: lake) { settings }
  // The member joins at the beginning.
  _ = try ingest.run(at: start)
  try body(log, lake, ingest)
}

private func lines(_ lake: Lake) throws -> [String] {
  try lake.archive().flatMap {
    String(decoding: try lake.unpackedLines($0.key), as: UTF8.self).split(separator: "\n")
      .map(String.init)
  }
}

struct SlowMemberTests {
  @Test func `a member does what its time allows`() throws {
    var settings = IngestSettings()
    settings.recordMilliseconds = 100
    settings.pollRecordsMax = 50
    try withRecords(2_000, settings) { log, lake, ingest in
      // 60 s at 100 ms a record: 600 records, in polls of 50.
      #expect(try ingest.run(at: start.adding(seconds: 60)).records == 600)
      #expect(try ingest.run(at: start.adding(seconds: 122)).records == 600)
      #expect(try ingest.run(at: start.adding(seconds: 3_600)).records == 800)
      #expect(try lines(lake) == (0..<2_000).map { "{\"n\":\($0)}" })
      #expect(ingest.group.generation == 1)
      let history = try #require(log.offsetHistory(group: "lake-sink")[place])
      #expect(history.map(\.offset).suffix(40) == (1...40).map { Int64($0) * 50 }[...])
      #expect(history.last?.time == start.adding(seconds: 200).milliseconds)
    }
  }

  /// 500 records at 0.8 s are 400 s, and the interval is 300 s.
  @Test func `a poll beyond the interval is expelled, redone, and doubled at-least-once`() throws {
    var settings = IngestSettings()
    settings.recordMilliseconds = 800
    settings.delivery = .atLeastOnce
    try withRecords(2_000, settings) { log, lake, ingest in
      _ = try ingest.run(at: start.adding(seconds: 3_600))
      // Nothing was ever committed, and the same 500 were written again and again.
      #expect(try log.committedOffset(group: "lake-sink", place) ?? Offset(0) == Offset(0))
      let all = try lines(lake)
      #expect(all.count == 9 * 500 && Set(all).count == 500)
      let reasons = ingest.group.rebalances.map(\.reason)
      #expect(reasons.prefix(3) == [.joined, .pollExpired, .rejoined])
      #expect(ingest.group.generation >= 18)
      #expect(ingest.group.members[0].restarts == 9)
    }
  }

  @Test func `the same with exactly-once goes on, without doubles`() throws {
    var settings = IngestSettings()
    settings.recordMilliseconds = 800
    try withRecords(2_000, settings) { _, lake, ingest in
      _ = try ingest.run(at: start.adding(seconds: 3_600))
      #expect(try lines(lake) == (0..<2_000).map { "{\"n\":\($0)}" })
      #expect(ingest.group.generation > 4)
    }
  }

  @Test func `fewer records a poll cure it`() throws {
    var settings = IngestSettings()
    settings.recordMilliseconds = 800
    settings.delivery = .atLeastOnce
    settings.pollRecordsMax = 100
    try withRecords(2_000, settings) { log, lake, ingest in
      _ = try ingest.run(at: start.adding(seconds: 3_600))
      #expect(ingest.group.generation == 1)
      #expect(try log.committedOffset(group: "lake-sink", place) == Offset(2_000))
      #expect(try lines(lake).count == 2_000)
    }
  }

  @Test func `records take long only while the service is slow`() throws {
    var settings = IngestSettings()
    settings.delivery = .atLeastOnce
    settings.slowCalls = [
      .init(
        time: start.adding(seconds: 600).milliseconds..<start.adding(seconds: 4_000).milliseconds,
        milliseconds: 800)
    ]
    try withRecords(2_000, settings) { log, lake, ingest in
      // All of them are read before it, and what comes meanwhile is never committed.
      _ = try ingest.run(at: start.adding(seconds: 300))
      #expect(try lines(lake).count == 2_000)
      let late = start.adding(seconds: 700).milliseconds
      _ = try log.append(
        (2_000..<2_600).map { Record(key: nil, value: Array("{\"n\":\($0)}".utf8)) }, to: place,
        appendTime: late)
      _ = try ingest.run(at: start.adding(seconds: 3_600))
      #expect(try log.committedOffset(group: "lake-sink", place) == Offset(2_000))
      #expect(ingest.group.rebalances.contains { $0.reason == .pollExpired })
      // It is quick again: the first poll that begins then is committed.
      _ = try ingest.run(at: start.adding(seconds: 7_200))
      #expect(try log.committedOffset(group: "lake-sink", place) == Offset(2_600))
    }
  }

  @Test func `who is started between two runs has read nothing before`() throws {
    var settings = IngestSettings()
    settings.recordMilliseconds = 10
    try withRecords(1_000, settings) { log, _, ingest in
      #expect(try ingest.set(member: 1, .stopped, at: start))
      _ = try ingest.run(at: start.adding(seconds: 3_600))
      let back = start.adding(seconds: 3_600 + 420)
      #expect(try ingest.set(member: 1, .running, at: back))
      _ = try ingest.run(at: start.adding(seconds: 7_200))
      let history = try #require(log.offsetHistory(group: "lake-sink")[place])
      let moved = history.filter { $0.offset > 0 }
      #expect(moved.count == 2)
      #expect(moved.allSatisfy { ($0.time ?? 0) >= back.milliseconds })
      let times = ingest.group.rebalances.map(\.time)
      #expect(times == times.sorted())
    }
  }

  @Test func `what a member works on survives being written down`() throws {
    var settings = IngestSettings()
    settings.recordMilliseconds = 100
    try withRecords(1_000, settings) { [settings] log, lake, ingest in
      // In the middle of the first poll of 500.
      #expect(try ingest.run(at: start.adding(seconds: 20)).records == 0)
      let written = try JSONEncoder().encode(ingest.group)
      let group = try JSONDecoder().decode(SinkGroup.self, from: written)
      #expect(group == ingest.group)
      let again = BronzeIngest(log: log, lake: lake, group: group) { settings }
      #expect(try again.run(at: start.adding(seconds: 50)).records == 500)
    }
  }
}
