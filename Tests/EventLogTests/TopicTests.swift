// Topics with ids and settings, and offsets with what clients say beside them.

import EventLog
import Foundation
import KafkaProtocol
import Testing

@Suite struct TopicTests {
  let scratch = ScratchDirectory()

  private func open() throws -> EventLog { try EventLog.open(directory: scratch.path) }

  @Test func `a topic keeps its id and settings, and a new one of the name gets another id`() throws
  {
    var log = try open()
    let made = try log.makeTopic(
      "orders", partitionCount: 2,
      configuration: try TopicConfiguration(["retention.ms": "1000", "segment.bytes": "2048"]))
    log = try open()
    #expect(log.topic("orders") == made)
    #expect(log.topic(made.id)?.name == "orders")
    #expect(made.configuration.retentionMilliseconds == 1_000)
    try log.deleteTopic("orders")
    #expect(log.topic("orders") == nil && log.topic(made.id) == nil)
    let again = try log.makeTopic(
      "orders", partitionCount: 1, configuration: TopicConfiguration())
    #expect(again.id != made.id)
    #expect(throws: EventLogError.self) {
      try log.makeTopic("orders", partitionCount: 1, configuration: TopicConfiguration())
    }
  }

  @Test func `the same topics made in the same order have the same ids`() throws {
    let other = ScratchDirectory()
    let logs = [try open(), try EventLog.open(directory: other.path)]
    for log in logs {
      try log.createTopic("a", partitionCount: 1)
      try log.createTopic("b", partitionCount: 1)
    }
    #expect(logs[0].topic("b") == logs[1].topic("b"))
    #expect(logs[0].topic("a")?.id != logs[0].topic("b")?.id)
  }

  @Test func `the first version of the file is read`() throws {
    var log = try open()
    try log.createTopic("app-events", partitionCount: 2)
    _ = try log.append([record(1)], to: t0, appendTime: 1)
    try log.close()
    try scratch.write(Array("1\napp-events 2\n".utf8), "topics")
    log = try open()
    #expect(try log.partitionCount(of: "app-events") == 2)
    #expect(try readAll(log).count == 1)
    #expect(log.topic("app-events")?.id != .zero)
  }

  @Test func `a deleted topic leaves no file, no record and no offset behind`() throws {
    var log = try open()
    try log.createTopic("app-events", partitionCount: 1)
    _ = try log.append([record(1)], to: t0, appendTime: 1)
    try log.commitOffset(group: "g", t0, Offset(1))
    try log.deleteTopic("app-events")
    #expect(throws: EventLogError.self) { try log.endOffset(t0) }
    try log.sync()
    #expect(try !scratch.names().contains("app-events-0"))
    #expect(log.groupNames() == [])
    log = try open()
    try log.createTopic("app-events", partitionCount: 1)
    #expect(try log.endOffset(t0) == Offset(0))
  }

  @Test func `partitions are added and never taken away`() throws {
    let log = try open()
    try log.createTopic("app-events", partitionCount: 1)
    try log.growTopic("app-events", partitionCount: 3)
    _ = try log.append([record(1)], to: TopicPartition("app-events", 2), appendTime: 1)
    #expect(throws: EventLogError.self) { try log.growTopic("app-events", partitionCount: 2) }
    #expect(try open().partitionCount(of: "app-events") == 3)
  }

  @Test(arguments: [
    ("retention.ms", "-2"), ("retention.ms", "soon"), ("cleanup.policy", "compact"),
    ("segment.bytes", "0"), ("nonsense", "1"), ("message.timestamp.type", "Now"),
  ])
  func `a setting that cannot be is refused by name`(_ name: String, _ value: String) throws {
    let log = try open()
    try log.createTopic("app-events", partitionCount: 1)
    let error = #expect(throws: EventLogError.self) {
      try log.configure("app-events") { try $0.set(name, value) }
    }
    #expect(error?.kind == (name == "nonsense" ? .unknownSetting : .invalidSetting))
    #expect(error?.message.contains(name) == true)
  }

  @Test func `a client's note comes back with its offset, whatever it holds`() throws {
    let log = try open()
    try log.createTopic("app-events", partitionCount: 1)
    let groups = GroupCoordinator(log: log)
    let request = OffsetCommitRequest { $0.groupID = "그룹 %1" }
    let offset = CommittedOffset(
      offset: 5, leaderEpoch: 0, metadata: "line\nbreak 한국 %", commitTime: 1_000)
    #expect(try groups.commit(request, [t0: offset], now: 0) == .none)
    let again = GroupCoordinator(log: try open())
    #expect(again.committed("그룹 %1") == [t0: offset])
    #expect(again.names() == ["그룹 %1"])
  }

  @Test func `offsets of groups without members age, those of this process do not`() throws {
    let log = try open()
    try log.createTopic("app-events", partitionCount: 1)
    try log.commitOffset(group: "inside", t0, Offset(3))
    let groups = GroupCoordinator(log: log)
    let request = OffsetCommitRequest { $0.groupID = "outside" }
    _ = try groups.commit(request, [t0: CommittedOffset(offset: 5, commitTime: 1_000)], now: 0)
    try groups.expireOffsets(before: 1_000)
    #expect(groups.names() == ["inside", "outside"])
    try groups.expireOffsets(before: 1_001)
    #expect(groups.names() == ["inside"])
  }
}
