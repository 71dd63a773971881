// The consumer group of Bronze: what its members archive, what a repetition does, and what a bad
// record does, each with a log and a lake of its own.

import EventLog
import Foundation
import KafkaProtocol
import Lake
import LakeIngest
import Simulation
import Synchronization
import TestSupport
import Testing

private let start = StoryTime(milliseconds: 1_705_276_800_000)

/// A log with three partitions, a lake, and settings that a test may change.
private final class Bench {
  let scratch: ScratchDirectory
  let log: EventLog
  let lake: Lake
  let settings: Settings
  let ingest: BronzeIngest

  final class Settings: Sendable {
    let value = Mutex(IngestSettings())
  }

  init(_ change: (inout IngestSettings) -> Void = { _ in }) throws {
    scratch = try ScratchDirectory("ingest")
    log = try EventLog.open(directory: scratch.path + "/kafka")
    try log.createTopic("app-events", partitionCount: 3)
    try log.createTopic("app-events-dlq", partitionCount: 1)
    lake = try Lake.open(root: scratch.path + "/lake", now: { start.milliseconds })
    let settings = Settings()
    settings.value.withLock { change(&$0) }
    self.settings = settings
    ingest = BronzeIngest(log: log, lake: lake) { settings.value.withLock { $0 } }
  }

  /// One record in a partition, seconds after the start.
  func add(_ value: String, _ partition: Int32 = 0, at seconds: Int) throws {
    _ = try log.append(
      [Record(key: nil, value: Array(value.utf8))], to: TopicPartition("app-events", partition),
      appendTime: start.adding(seconds: seconds).milliseconds)
  }

  func run(at seconds: Int) throws -> BronzeIngest.Summary {
    let summary = try ingest.run(at: start.adding(seconds: seconds))
    try ingest.commitOffsets()
    return summary
  }

  /// Every line in Bronze, by object.
  func lines() throws -> [String] {
    try lake.archive().flatMap { object in
      String(decoding: try lake.unpackedLines(object.key), as: UTF8.self)
        .split(separator: "\n").map(String.init)
    }
  }

  func committed(_ partition: Int32 = 0) throws -> Int64? {
    try log.committedOffset(group: "lake-sink", TopicPartition("app-events", partition))?.rawValue
  }
}

struct BronzeIngestTests {
  @Test func `one member archives all partitions, and its group is seen`() throws {
    let bench = try Bench()
    for partition in 0..<Int32(3) { try bench.add("{\"p\":\(partition)}", partition, at: 5) }
    #expect(try bench.run(at: 60).records == 3)
    #expect(try bench.lines().sorted() == ["{\"p\":0}", "{\"p\":1}", "{\"p\":2}"])
    let group = try #require(bench.log.residentGroup("lake-sink"))
    #expect(group.state == .stable && group.generation == 1 && group.members.count == 1)
    let assignment = try #require(ConsumerGroup.partitions(group.members[0].assignment))
    #expect(assignment.map(\.partition) == [0, 1, 2])
    #expect(try bench.committed(2) == 1)
  }

  @Test func `three members divide the partitions, and a killed one is missed after its session`()
    throws
  {
    let bench = try Bench { $0.consumers = 3 }
    _ = try bench.run(at: 60)
    #expect(bench.ingest.group.members.map(\.assignment) == [[0], [1], [2]])
    #expect(try bench.ingest.set(member: 1, .stopped, at: start.adding(seconds: 100)))
    // Read by the killed one until then, and by nobody afterwards.
    try bench.add("before", 0, at: 90)
    try bench.add("after", 0, at: 120)
    #expect(try bench.run(at: 130).records == 1)
    #expect(try bench.lines() == ["before"])
    #expect(bench.ingest.group.generation == 3)
    // 45 seconds of silence: the others take over.
    #expect(try bench.run(at: 200).records == 1)
    #expect(bench.ingest.group.members.map(\.assignment) == [[], [0, 1], [2]])
    #expect(bench.ingest.group.rebalances.last?.reason == .sessionExpired)
    #expect(bench.ingest.group.rebalances.last?.time == start.adding(seconds: 145).milliseconds)
    #expect(try bench.ingest.set(member: 1, .running, at: start.adding(seconds: 210)))
    #expect(bench.ingest.group.members.map(\.assignment) == [[0], [1], [2]])
    #expect(bench.ingest.group.generation == 5)
  }

  @Test func `without members the lag grows`() throws {
    let bench = try Bench()
    _ = try bench.run(at: 10)
    #expect(try bench.ingest.set(member: 1, .hanging, at: start.adding(seconds: 20)))
    for second in 30..<40 { try bench.add("{}", at: second) }
    #expect(try bench.run(at: 3_600).records == 0)
    #expect(bench.ingest.group.rebalances.last?.reason == .pollExpired)
    #expect(bench.log.residentGroup("lake-sink")?.state == .empty)
    #expect(try bench.ingest.set(member: 1, .running, at: start.adding(seconds: 3_700)))
    #expect(try bench.run(at: 7_200).records == 10)
  }

  @Test func `a repetition doubles with at-least-once and not with exactly-once`() throws {
    for delivery in IngestSettings.Delivery.allCases {
      let bench = try Bench { $0.delivery = delivery }
      for second in 0..<5 { try bench.add("{\"n\":\(second)}", at: second) }
      #expect(try bench.run(at: 60).records == 5)
      // As if the process had died between the objects and the commit.
      let place = TopicPartition("app-events", 0)
      try bench.log.commitOffsets(group: "lake-sink", [place: Offset(2)])
      let again = BronzeIngest(log: bench.log, lake: bench.lake) {
        var settings = IngestSettings()
        settings.delivery = delivery
        return settings
      }
      _ = try again.run(at: start.adding(seconds: 120))
      #expect(try bench.lines().count == (delivery == .exactlyOnce ? 5 : 8))
      try bench.log.commitOffsets(group: "lake-sink", [place: Offset(0)])
      _ = try again.run(at: start.adding(seconds: 180))
      // The very same records once more get a key of their own.
      #expect(try bench.lines().count == (delivery == .exactlyOnce ? 5 : 13))
    }
  }

  @Test func `a bad record is stored, stops, is skipped, or goes to the dead letters`() throws {
    for poison in IngestSettings.Poison.allCases {
      let bench = try Bench { $0.poison = poison }
      try bench.add("{\"n\":1}", at: 1)
      try bench.add("\u{1}bad", at: 2)
      try bench.add("{\"n\":2}", at: 3)
      let summary = try bench.run(at: 60)
      let dead = try bench.log.read(
        TopicPartition("app-events-dlq", 0), from: Offset(0), bytesMax: 1_000)
      switch poison {
      case .store: #expect(summary.records == 3 && dead.isEmpty)
      case .stop:
        #expect(summary.records == 1 && bench.ingest.group.members[0].restarts == 1)
        #expect(try bench.committed() == 1)
        #expect(try bench.run(at: 120).records == 0)
        #expect(bench.ingest.group.members[0].restarts == 2)
        #expect(bench.ingest.group.generation == 3)
      case .skip:
        #expect(summary.records == 2 && summary.skipped == 1 && dead.isEmpty)
        #expect(try bench.committed() == 3)
      case .dlq:
        #expect(summary.records == 2 && dead.count == 1)
        #expect(dead.first?.headers.contains(RecordHeader("offset", "1")) == true)
        #expect(try bench.run(at: 120).records == 0)
        #expect(try bench.log.endOffset(TopicPartition("app-events-dlq", 0)) == Offset(1))
      }
    }
  }

  @Test func `a position that retention has passed follows the reset policy`() throws {
    for reset in IngestSettings.Reset.allCases {
      let bench = try Bench { $0.reset = reset }
      try bench.add("{}", at: 1)
      _ = try bench.run(at: 60)
      for second in 61..<71 { try bench.add("{}", at: second) }
      _ = try bench.log.deleteRecords(TopicPartition("app-events", 0), before: Offset(5))
      switch reset {
      case .earliest:
        let summary = try bench.run(at: 120)
        #expect(summary.records == 6)
        #expect(summary.gaps.map { [$0.expected, $0.resumedAt] } == [[1, 5]])
      case .latest:
        let summary = try bench.run(at: 120)
        #expect(summary.records == 0)
        #expect(summary.gaps.map { [$0.expected, $0.resumedAt] } == [[1, 11]])
        #expect(try bench.committed() == 11)
        // What comes now is read, though the lake still ends before the gap.
        try bench.add("{}", at: 130)
        let next = try bench.run(at: 180)
        #expect(next.records == 1 && next.gaps.isEmpty)
      case .none: #expect(throws: LakeIngestError.self) { try bench.run(at: 120) }
      }
    }
  }
}
