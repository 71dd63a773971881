import Foundation
import KafkaProtocol
import RemoteKafka
import TestSupport
import Testing

/// Against librdkafka's own mock cluster of three brokers.
@Suite(
  .enabled(if: KafkaMockCluster.missing == nil, "\(KafkaMockCluster.missing ?? "")"),
  .timeLimit(.minutes(3)))
struct RemoteKafkaLogTests {
  typealias Fixture = RemoteKafkaFixture

  @Test func `what is appended is read back: bytes, keys, headers and times`() throws {
    for compression in RemoteKafkaConfiguration.Compression.allCases {
      let fixture = try Fixture { $0.compression = compression }
      let records = [
        Record(
          key: Array("k1".utf8), value: Array("{\"n\":1,\"이름\":\"지우\"}".utf8),
          headers: [RecordHeader("reason", "not_json"), RecordHeader(key: "empty", value: nil)],
          timestamp: 1_705_363_800_123),
        Record(key: nil, value: [], timestamp: 1_705_363_800_124),
        Record(key: [], value: nil, timestamp: 1_705_363_800_125),
        Record(key: [0, 255, 10], value: Array(repeating: 7, count: 70_000), timestamp: 1),
      ]
      let place = Fixture.place(1)
      let offsets = try fixture.log.append(
        [RemoteKafkaLog.Batch(place, records)], createTime: nil)
      #expect(offsets.first?.count == 4)
      #expect((0..<4).map { offsets[0][$0].rawValue } == [0, 1, 2, 3])
      let back = try fixture.log.read(place, from: Offset(0), bytesMax: .max)
      #expect(back.count == 4)
      for (index, record) in records.enumerated() {
        var expected = record
        expected.offset = Offset(Int64(index))
        #expect(back[index] == expected, "record \(index), \(compression)")
      }
    }
  }

  @Test func `a time for all of them is the time of all of them`() throws {
    let fixture = try Fixture()
    _ = try fixture.log.append(
      [RemoteKafkaLog.Batch(Fixture.place(0), Fixture.records(0..<5))],
      createTime: 1_705_363_800_000)
    let back = try fixture.log.read(Fixture.place(0), from: Offset(0), bytesMax: .max)
    #expect(Set(back.map(\.timestamp)) == [1_705_363_800_000])
  }

  @Test func `each partition keeps the order in which it was written`() throws {
    let fixture = try Fixture()
    var expected: [Int32: [String]] = [:]
    var generator = SystemRandomNumberGenerator()
    var number = 0
    for _ in 0..<40 {
      let batches = (0..<3 as Range<Int32>).map { partition in
        let count = Int.random(in: 0...30, using: &generator)
        let records = Fixture.records(number..<(number + count))
        number += count
        expected[partition, default: []] += (0..<count).map { "record \(number - count + $0)" }
        return RemoteKafkaLog.Batch(Fixture.place(partition), records)
      }
      let offsets = try fixture.log.append(batches, createTime: 1_705_000_000_000)
      for (batch, placed) in zip(batches, offsets) {
        #expect(placed.count == batch.records.count)
        let last = expected[batch.partition.partition, default: []].count
        if placed.count > 0 {
          #expect(placed[placed.count - 1].rawValue == Int64(last - 1))
        }
      }
    }
    for partition in 0..<3 as Range<Int32> {
      #expect(try fixture.values(partition) == expected[partition, default: []])
    }
  }

  @Test func `several writers at once lose and double nothing`() throws {
    let fixture = try Fixture()
    let log = fixture.log
    let writers = (0..<4).map { writer in
      BackgroundWork {
        for round in 0..<10 {
          let base = writer * 1_000 + round * 10
          _ = try log.append(
            [
              RemoteKafkaLog.Batch(Fixture.place(0), Fixture.records(base..<(base + 5))),
              RemoteKafkaLog.Batch(Fixture.place(2), Fixture.records((base + 5)..<(base + 10))),
            ], createTime: nil)
        }
      }
    }
    for writer in writers { try writer.wait() }
    for (partition, from) in [(0 as Int32, 0), (2, 5)] {
      let expected = (0..<4).flatMap { writer in
        (0..<10).flatMap { round in (0..<5).map { writer * 1_000 + round * 10 + from + $0 } }
      }
      #expect(try fixture.values(partition).sorted() == expected.map { "record \($0)" }.sorted())
    }
  }

  @Test func `reading starts at any offset, in pieces and after other partitions`() throws {
    let fixture = try Fixture()
    for partition in 0..<3 as Range<Int32> {
      _ = try fixture.log.append(
        [RemoteKafkaLog.Batch(Fixture.place(partition), Fixture.records(0..<1_500))],
        createTime: nil)
    }
    // Pieces of one partition follow each other.
    var next: Int64 = 0
    while next < 1_500 {
      let piece = try fixture.log.read(Fixture.place(0), from: Offset(next), bytesMax: 2_000)
      #expect(piece.map(\.offset.rawValue) == Array(next..<(next + Int64(piece.count))))
      next += Int64(piece.count)
    }
    #expect(next == 1_500)
    #expect(try fixture.log.read(Fixture.place(0), from: Offset(1_500), bytesMax: 10) == [])
    // Anywhere, also back, and stopped in the middle.
    var generator = SystemRandomNumberGenerator()
    for _ in 0..<60 {
      let partition = Int32.random(in: 0..<3, using: &generator)
      let from = Int64.random(in: 0..<1_500, using: &generator)
      let count = Int.random(in: 1...40, using: &generator)
      var offsets: [Int64] = []
      try fixture.log.forEachRecord(Fixture.place(partition), from: Offset(from)) { record in
        #expect(
          record.value.map { String(decoding: $0, as: UTF8.self) } == "record \(record.offset)")
        offsets.append(record.offset)
        return offsets.count < count
      }
      #expect(offsets == Array(from..<min(1_500, from + Int64(count))))
    }
  }

  @Test func `an offset outside the log is said with what the log holds`() throws {
    let fixture = try Fixture()
    _ = try fixture.log.append(
      [RemoteKafkaLog.Batch(Fixture.place(0), Fixture.records(0..<3))], createTime: nil)
    let error = #expect(throws: RemoteKafkaError.self) {
      try fixture.log.read(Fixture.place(0), from: Offset(4), bytesMax: 1)
    }
    #expect(error?.kind == .offsetOutOfRange)
    #expect(error?.nativeCode == 1)
    #expect(error?.nativeName == "OFFSET_OUT_OF_RANGE")
    #expect(error?.fields["end"] == "3")
  }

  @Test func `both ends of a partition, and what lies at a time`() throws {
    let fixture = try Fixture()
    let place = Fixture.place(2)
    #expect(try fixture.log.offsets(place) == RemoteKafkaLog.OffsetRange(start: 0, end: 0))
    _ = try fixture.log.append(
      [RemoteKafkaLog.Batch(place, Fixture.records(0..<10))], createTime: nil)
    #expect(try fixture.log.offsets(place) == RemoteKafkaLog.OffsetRange(start: 0, end: 10))
    #expect(try fixture.log.startOffset(place) == Offset(0))
    #expect(try fixture.log.endOffset(place) == Offset(10))
  }

  @Test func `the cluster's topics, leaders and brokers are told`() throws {
    let fixture = try Fixture()
    let layout = try fixture.log.layout()
    let topic = try #require(layout.topics.first { $0.name == Fixture.topic })
    #expect(topic.partitions.map(\.partition) == [0, 1, 2])
    #expect(topic.partitions.map(\.leader) == [1, 2, 3])
    #expect(topic.partitions.allSatisfy { $0.replicas.count == 3 && !$0.inSync.isEmpty })
    #expect(layout.brokers.map(\.id) == [1, 2, 3])
    #expect(try fixture.log.partitionCount(of: Fixture.topic) == 3)
    #expect(fixture.log.clusterID?.isEmpty == false)
    #expect(try fixture.log.ensureTopic(Fixture.topic, partitionCount: 9) == false)
  }

  @Test func `a partition that there is not is an error, not a wait`() throws {
    let fixture = try Fixture()
    let error = #expect(throws: RemoteKafkaError.self) {
      try fixture.log.offsets(Fixture.place(7))
    }
    #expect(error?.kind == .unknownPartition)
    #expect(error?.fields["count"] == "3")
  }

  @Test func `a group's offsets are kept by the cluster, and give its lag`() throws {
    let fixture = try Fixture()
    let places = (0..<3 as Range<Int32>).map(Fixture.place)
    for place in places {
      _ = try fixture.log.append(
        [RemoteKafkaLog.Batch(place, Fixture.records(0..<20))], createTime: nil)
    }
    #expect(try fixture.log.committedOffsets(group: "sink", places) == [:])
    try fixture.log.commitOffsets(group: "sink", [places[0]: Offset(20), places[1]: Offset(5)])
    try fixture.log.commitOffsets(group: "other", [places[0]: Offset(1)])
    // Whoever comes later sees them, too.
    let second = try Fixture.connect(fixture.cluster.bootstrapServers)
    #expect(
      try second.committedOffsets(group: "sink", places)
        == [places[0]: Offset(20), places[1]: Offset(5)])
    #expect(try second.committedOffset(group: "other", places[0]) == Offset(1))
    #expect(try second.committedOffset(group: "other", places[2]) == nil)
    try second.commitOffsets(group: "sink", [places[1]: Offset(19)])
    #expect(try fixture.log.committedOffset(group: "sink", places[1]) == Offset(19))
  }

  @Test func `a closed client says so`() throws {
    let fixture = try Fixture()
    fixture.log.close()
    for body: () throws -> Void in [
      {
        _ = try fixture.log.append(
          [RemoteKafkaLog.Batch(Fixture.place(0), Fixture.records(0..<1))], createTime: nil)
      }, { _ = try fixture.log.read(Fixture.place(0), from: Offset(0), bytesMax: 1) },
      { _ = try fixture.log.topicNames() },
      { _ = try fixture.log.committedOffset(group: "g", Fixture.place(0)) },
    ] {
      let error = #expect(throws: RemoteKafkaError.self) { try body() }
      #expect(error?.kind == .closed)
    }
  }
}
