import EventLog
import Foundation
import KafkaBroker
import KafkaProtocol
import RemoteKafka
import TestSupport
import Testing

/// Against a broker of ours: it makes topics, lists groups and tells settings, which the mock does not.
@Suite(
  .enabled(if: KafkaMockCluster.missing == nil, "\(KafkaMockCluster.missing ?? "")"),
  .timeLimit(.minutes(3)))
struct OwnBrokerTests {
  /// The story's now of the broker: its append times are not the wall's.
  static let now: Int64 = 1_705_363_800_000

  func withBroker(_ body: (EventLog, RemoteKafkaLog, Int) throws -> Void) throws {
    let scratch = try ScratchDirectory("remote-kafka")
    let log = try EventLog.open(directory: scratch.path)
    let broker = try KafkaBroker.start(log: log, port: 0, configuration: BrokerConfiguration()) {
      Self.now
    }
    defer {
      broker.stop()
      try? log.close()
    }
    let remote = try RemoteKafkaFixture.connect("127.0.0.1:\(broker.port)") {
      $0.replicationFactor = 1
    }
    try body(log, remote, broker.port)
    remote.close()
  }

  @Test func `a topic is made with its settings, once`() throws {
    try withBroker { log, remote, _ in
      #expect(try remote.topic("made") == nil)
      let settings = ["retention.ms": "-1", "message.timestamp.type": "CreateTime"]
      #expect(try remote.ensureTopic("made", partitionCount: 4, settings: settings))
      #expect(try log.partitionCount(of: "made") == 4)
      #expect(try remote.ensureTopic("made", partitionCount: 2) == false)
      #expect(try remote.partitionCount(of: "made") == 4)
      let known = try #require(try remote.settings(of: "made"))
      #expect(known["retention.ms"] == "-1")
      #expect(known["message.timestamp.type"] == "CreateTime")
      let error = #expect(throws: RemoteKafkaError.self) {
        try remote.ensureTopic("no such name!", partitionCount: 1)
      }
      #expect(error?.nativeCode == 17, "\(String(describing: error))")
    }
  }

  @Test func `what one side writes the other reads, with the writer's times`() throws {
    try withBroker { log, remote, _ in
      try remote.ensureTopic("t", partitionCount: 3)
      let place = TopicPartition("t", 2)
      let records = (0..<200).map { (number: Int) -> Record in
        var record = Record(key: Array("k\(number)".utf8), value: Array("v\(number)".utf8))
        if number % 3 == 0 { record.headers = [RecordHeader("n", String(number))] }
        record.timestamp = Self.now + Int64(number) * 1_000
        return record
      }
      let offsets = try remote.append([RemoteKafkaLog.Batch(place, records)], createTime: nil)
      #expect((0..<200).map { offsets[0][$0].rawValue } == Array(0..<200))
      var stored: [Record] = []
      try log.forEachRecord(place, from: Offset(0)) {
        stored.append($0.copy())
        return true
      }
      #expect(stored.map(\.value) == records.map(\.value))
      #expect(stored.map(\.headers) == records.map(\.headers))
      #expect(try remote.read(place, from: Offset(0), bytesMax: .max) == stored)
      _ = try log.append(
        [Record(key: nil, value: Array("ours".utf8))], to: place, appendTime: Self.now)
      #expect(try remote.read(place, from: Offset(200), bytesMax: .max).first?.value == Array("ours".utf8))
      #expect(try remote.offset(place, atOrAfter: .max - 1) == Offset(201))
      #expect(try remote.offset(place, atOrAfter: 0) == Offset(0))
    }
  }

  @Test func `groups and everything that they have committed`() throws {
    try withBroker { log, remote, _ in
      try remote.ensureTopic("t", partitionCount: 2)
      for partition in 0..<2 as Range<Int32> {
        _ = try remote.append(
          [
            RemoteKafkaLog.Batch(
              TopicPartition("t", partition), RemoteKafkaFixture.records(0..<10))
          ], createTime: nil)
      }
      #expect(try remote.groups() == [])
      try remote.commitOffsets(
        group: "sink", [TopicPartition("t", 0): Offset(4), TopicPartition("t", 1): Offset(10)])
      #expect(try remote.groups().map(\.id) == ["sink"])
      #expect(
        try remote.committedOffsets(group: "sink")
          == [TopicPartition("t", 0): Offset(4), TopicPartition("t", 1): Offset(10)])
      #expect(try remote.committedOffset(group: "sink", TopicPartition("t", 0)) == Offset(4))
      #expect(try log.committedOffset(group: "sink", TopicPartition("t", 0)) == Offset(4))
      #expect(try remote.committedOffsets(group: "nobody") == [:])
    }
  }

  @Test func `a record is where it is, however small the pieces`() throws {
    try withBroker { _, remote, _ in
      try remote.ensureTopic("t", partitionCount: 1)
      let place = TopicPartition("t", 0)
      for round in 0..<10 {
        _ = try remote.append(
          [RemoteKafkaLog.Batch(place, RemoteKafkaFixture.records((round * 50)..<(round * 50 + 50)))],
          createTime: nil)
      }
      var values: [String] = []
      var next = Offset(0)
      let end = try remote.endOffset(place)
      while next < end {
        let records = try remote.read(place, from: next, bytesMax: 700)
        values += records.map { String(decoding: $0.value ?? [], as: UTF8.self) }
        next = try #require(records.last).offset.advanced(by: 1)
      }
      #expect(values == (0..<500).map { "record \($0)" })
    }
  }
}
