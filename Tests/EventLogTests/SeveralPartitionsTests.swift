// One append to several partitions: all of them or none.

import EventLog
import Foundation
import KafkaProtocol
import Testing

struct SeveralPartitionsTests {
  private static let first = TopicPartition("app-events", 0)
  private static let second = TopicPartition("app-events", 1)

  private func records(_ texts: String...) -> [Record] {
    texts.map { Record(key: nil, value: Array($0.utf8)) }
  }

  private func values(_ log: EventLog, _ partition: TopicPartition) throws -> [String] {
    try log.read(partition, from: Offset(0), bytesMax: 1 << 20).map {
      String(decoding: $0.value ?? [], as: UTF8.self)
    }
  }

  @Test func `all partitions have their records, and the offsets are each one's first`() throws {
    let scratch = ScratchDirectory()
    let log = try EventLog.open(directory: scratch.path)
    try log.createTopic("app-events", partitionCount: 2)
    _ = try log.append(records("a"), to: Self.first, appendTime: 1)
    let offsets = try log.append(
      [
        PartitionAppend(Self.first, records("b", "c")), PartitionAppend(Self.second, records("d")),
        PartitionAppend(Self.second, []),
      ], appendTime: 2, waitsForAll: true)
    #expect(offsets == [Offset(1), Offset(0), Offset(1)])
    #expect(try values(log, Self.first) == ["a", "b", "c"])
    #expect(try values(log, Self.second) == ["d"])
  }

  @Test func `where one partition cannot be written, the others are as they were`() throws {
    let scratch = ScratchDirectory()
    let log = try EventLog.open(directory: scratch.path)
    try log.createTopic("app-events", partitionCount: 2)
    _ = try log.append(records("kept"), to: Self.first, appendTime: 1)
    try log.close()
    try FileManager.default.removeItem(atPath: scratch.file("app-events-1"))
    let opened = try EventLog.open(directory: scratch.path)
    #expect(throws: EventLogError.self) {
      try opened.append(
        [
          PartitionAppend(Self.first, records("lost")), PartitionAppend(Self.second, records("b")),
        ], appendTime: 2, waitsForAll: true)
    }
    #expect(try values(opened, Self.first) == ["kept"])
    #expect(try opened.append(records("next"), to: Self.first, appendTime: 3) == Offset(1))
    try opened.close()
    let again = try EventLog.open(directory: scratch.path)
    #expect(try values(again, Self.first) == ["kept", "next"])
  }

  @Test func `too few replicas refuse before anything is written`() throws {
    let scratch = ScratchDirectory()
    let log = try EventLog.open(directory: scratch.path)
    try log.createTopic("app-events", partitionCount: 2)
    try log.setReplicas("app-events", 3)
    for broker in [Int32(2), 3] { _ = try log.stopBroker(broker) }
    // The topic asks for one replica in sync, the producer for two.
    let error = #expect(throws: EventLogError.self) {
      try log.append(
        [PartitionAppend(Self.first, records("a"), inSyncMin: 2)], appendTime: 1,
        waitsForAll: true)
    }
    #expect(error?.kind == .notEnoughReplicas)
    #expect(try log.endOffset(Self.first) == Offset(0))
    let one = [PartitionAppend(Self.first, records("a"), inSyncMin: 2)]
    #expect(try log.append(one, appendTime: 1, waitsForAll: false) == [Offset(0)])
  }
}
