// Batches as clients packed them: kept byte for byte, recognised when they come again.

import EventLog
import Foundation
import KafkaProtocol
import Testing

/// A client's batch, ready to send.
func clientBatch(
  _ records: [Record],
  compression: RecordCompression = .none,
  producer: (id: Int64, epoch: Int16, sequence: Int32) = (-1, -1, -1)
) throws -> [UInt8] {
  var numbered = records
  for index in numbered.indices { numbered[index].offset = Offset(Int64(index)) }
  return try RecordBatch(
    records: numbered, compression: compression, producerID: producer.id,
    producerEpoch: producer.epoch, baseSequence: producer.sequence
  ).encoded()
}

private func timed(_ count: Int, from time: Int64 = 1_000) -> [Record] {
  (0..<count).map { index in
    var made = record(index)
    made.timestamp = time + Int64(index)
    return made
  }
}

private func refusal(_ body: () throws -> Void) -> KafkaErrorCode? {
  do {
    try body()
    return nil
  } catch {
    return (error as? EventLogError)?.wireCode
  }
}

@Suite struct ProduceTests {
  let scratch = ScratchDirectory()

  private func open(_ configuration: EventLogConfiguration = EventLogConfiguration()) throws
    -> EventLog
  {
    let log = try EventLog.open(directory: scratch.path, configuration: configuration)
    try log.createTopic("app-events", partitionCount: 1)
    return log
  }

  @Test(arguments: RecordCompression.allCases)
  func `the bytes from the attributes on lie in the segment as they came`(
    _ compression: RecordCompression
  ) throws {
    let log = try open()
    let batches = try (0..<3).map { try clientBatch(timed(20 + $0), compression: compression) }
    for batch in batches { _ = try log.produce(batch[...], to: t0, appendTime: 5_000) }
    try log.close()
    let stored = try scratch.bytes(firstLog)
    var at = 0
    var offset: Int64 = 0
    for batch in batches {
      #expect(Array(stored[at + 21..<at + batch.count]) == Array(batch[21...]))
      #expect(Array(stored[at + 8..<at + 12]) == Array(batch[8..<12]))
      #expect(Array(stored[at + 16..<at + 21]) == Array(batch[16..<21]))
      let base = stored[at..<at + 8].reduce(Int64(0)) { $0 << 8 | Int64($1) }
      #expect(base == offset)
      offset += try Int64(RecordBatch.decode(batch).records.count)
      at += batch.count
    }
    #expect(at == stored.count)
    let again = try open()
    #expect(try readAll(again).map(\.value) == (timed(20) + timed(21) + timed(22)).map(\.value))
    #expect(try again.readBatches(t0, from: Offset(0), bytesMax: 1 << 20) == stored)
  }

  @Test func `a batch that comes again is answered with its first offset, also after a restart`()
    throws
  {
    var log = try open()
    let id = try log.makeProducerID()
    let batches = try (0..<7).map {
      try clientBatch(timed(10), producer: (id, 0, Int32($0 * 10)))
    }
    for (index, batch) in batches.enumerated() {
      let produced = try log.produce(batch[...], to: t0, appendTime: 1)
      #expect(produced.baseOffset.rawValue == Int64(index * 10) && !produced.isDuplicate)
    }
    for round in 0..<3 {
      for index in 2..<7 {
        let produced = try log.produce(batches[index][...], to: t0, appendTime: 2)
        #expect(produced.baseOffset.rawValue == Int64(index * 10), "round \(round)")
        #expect(produced.isDuplicate)
      }
      // Beyond the last five it cannot be told from a gap.
      #expect(
        refusal { _ = try log.produce(batches[1][...], to: t0, appendTime: 2) }
          == .outOfOrderSequenceNumber)
      if round == 0 { try log.close() }  // Round 2 comes after an end without `close`.
      log = try open()
    }
    #expect(try log.endOffset(t0) == Offset(70))
    #expect(try log.makeProducerID() > id)
  }

  @Test func `producers are found again over rolled segments`() throws {
    let small = EventLogConfiguration(segmentBytesMax: 2_000)
    var log = try open(small)
    for index in 0..<12 {
      let batch = try clientBatch(timed(10), producer: (7, 1, Int32(index * 10)))
      _ = try log.produce(batch[...], to: t0, appendTime: Int64(index))
    }
    #expect(try scratch.names("app-events-0").filter { $0.hasSuffix(".log") }.count > 2)
    log = try open(small)
    let last = try clientBatch(timed(10), producer: (7, 1, 110))
    #expect(try log.produce(last[...], to: t0, appendTime: 13).baseOffset == Offset(110))
    let next = try clientBatch(timed(1), producer: (7, 1, 120))
    #expect(try log.produce(next[...], to: t0, appendTime: 13).baseOffset == Offset(120))
  }

  @Test func `gaps, old epochs and new ones are told apart`() throws {
    let log = try open()
    func produce(_ epoch: Int16, _ sequence: Int32, _ count: Int = 1) -> KafkaErrorCode? {
      refusal {
        let batch = try clientBatch(timed(count), producer: (9, epoch, sequence))
        _ = try log.produce(batch[...], to: t0, appendTime: 1)
      }
    }
    #expect(produce(1, 0, 5) == nil)
    #expect(produce(1, 6) == .outOfOrderSequenceNumber)
    #expect(produce(1, 5) == nil)
    #expect(produce(0, 6) == .invalidProducerEpoch)
    #expect(produce(2, 3) == .outOfOrderSequenceNumber)
    #expect(produce(2, 0) == nil)
    #expect(produce(1, 6) == .invalidProducerEpoch)
  }

  @Test func `a sequence goes on with 0 after the largest`() throws {
    let log = try open()
    for sequence in [Int32.max - 1, 1, 2] {
      let batch = try clientBatch(timed(sequence == .max - 1 ? 3 : 1), producer: (9, 0, sequence))
      _ = try log.produce(batch[...], to: t0, appendTime: 1)
    }
    #expect(try log.endOffset(t0) == Offset(5))
  }

  @Test func `what is no whole valid batch is refused with Kafka's code`() throws {
    let log = try open()
    let good = try clientBatch(timed(3))
    func code(_ change: (inout [UInt8]) -> Void) -> KafkaErrorCode? {
      var batch = good
      change(&batch)
      return refusal { _ = try log.produce(batch[...], to: t0, appendTime: 1) }
    }
    #expect(code { $0[$0.count - 1] ^= 1 } == .corruptMessage)
    #expect(code { $0[16] = 1 } == .unsupportedForMessageFormat)
    #expect(code { $0.removeLast() } == .corruptMessage)
    #expect(code { $0 += good } == .invalidRecord)
    #expect(code { $0 = [] } == .corruptMessage)
    #expect(code { $0 = Array(repeating: 7, count: 1_048_589) } == .messageTooLarge)
    #expect(
      refusal { _ = try log.produce(good[...], to: TopicPartition("no", 0), appendTime: 1) }
        == .unknownTopicOrPartition)
    #expect(try log.endOffset(t0) == Offset(0))
  }

  @Test func `with LogAppendTime the log's clock is in the batch, and its checksum holds`() throws {
    let log = try open()
    try log.configure("app-events") { try $0.set("message.timestamp.type", "LogAppendTime") }
    let batch = try clientBatch(timed(3), compression: .lz4)
    let produced = try log.produce(batch[...], to: t0, appendTime: 77_000)
    #expect(produced.logAppendTime == 77_000)
    #expect(try readAll(log).map(\.timestamp) == [77_000, 77_000, 77_000])
  }

  @Test func `offsets are found by the records' own times, ages by the log's`() throws {
    let log = try open(EventLogConfiguration(segmentBytesMax: 1_500, indexIntervalBytes: 1))
    for index in 0..<10 {
      // The producer's clock runs a year behind.
      let batch = try clientBatch(timed(5, from: Int64(index * 100)))
      _ = try log.produce(batch[...], to: t0, appendTime: 1_000_000 + Int64(index))
    }
    #expect(try log.record(t0, atOrAfter: 302)?.offset == Offset(17))
    #expect(try log.record(t0, atOrAfter: 350)?.offset == Offset(20))
    #expect(try log.latestRecord(t0)?.offset == Offset(49))
    #expect(try log.latestRecord(t0)?.timestamp == 904)
    #expect(try log.record(t0, atOrAfter: 905) == nil)
    try log.configure("app-events") { try $0.set("retention.ms", "100") }
    #expect(try log.applyRetention(now: 1_000_050, topic: "app-events") == 0)
    #expect(try log.applyRetention(now: 1_000_105, topic: "app-events") > 0)
    let start = try log.startOffset(t0)
    #expect(start > Offset(0) && start < Offset(49))
  }

  @Test func `ages survive a restart`() throws {
    let small = EventLogConfiguration(segmentBytesMax: 1_500)
    var log = try open(small)
    for index in 0..<10 {
      _ = try log.produce(
        try clientBatch(timed(5))[...], to: t0, appendTime: Int64(index) * 1_000)
    }
    try log.close()
    log = try open(small)
    try log.configure("app-events") { try $0.set("retention.ms", "5000") }
    #expect(try log.applyRetention(now: 4_000, topic: "app-events") == 0)
    #expect(try log.applyRetention(now: 60_000, topic: "app-events") > 0)
    #expect(try log.startOffset(t0) == Offset(50))
  }

  @Test func `retention by size keeps the newest segments`() throws {
    let log = try open(EventLogConfiguration(segmentBytesMax: 1_000))
    for _ in 0..<20 { _ = try log.produce(try clientBatch(timed(5))[...], to: t0, appendTime: 1) }
    try log.configure("app-events") { try $0.set("retention.bytes", "3000") }
    #expect(try log.applyRetention(now: 2, topic: "app-events") > 0)
    let size = try scratch.names("app-events-0").filter { $0.hasSuffix(".log") }
      .reduce(0) { try $0 + scratch.bytes("app-events-0/" + $1).count }
    #expect(size >= 3_000 && size < 4_500)
  }

  @Test func `deleted records stay deleted`() throws {
    var log = try open()
    for _ in 0..<4 { _ = try log.produce(try clientBatch(timed(5))[...], to: t0, appendTime: 1) }
    #expect(try log.deleteRecords(t0, before: Offset(7)) == Offset(7))
    #expect(refusal { _ = try log.deleteRecords(t0, before: Offset(21)) } == .offsetOutOfRange)
    for isClosed in [true, false] {
      #expect(try log.startOffset(t0) == Offset(7))
      #expect(try readAll(log).first?.offset == Offset(7))
      #expect(refusal { _ = try log.read(t0, from: Offset(6), bytesMax: 100) } == .offsetOutOfRange)
      if isClosed { try log.close() }
      log = try open()
    }
    #expect(try log.deleteRecords(t0, before: nil) == Offset(20))
  }

  @Test func `a leader's time ends where the next begins`() throws {
    var log = try open()
    _ = try log.produce(try clientBatch(timed(5))[...], to: t0, appendTime: 1)
    #expect(try log.advanceLeaderEpoch(t0) == 1)
    _ = try log.produce(try clientBatch(timed(5))[...], to: t0, appendTime: 1)
    log = try open()
    #expect(try log.leaderEpoch(t0) == 1)
    #expect(try log.end(ofLeaderEpoch: 0, t0)?.offset == Offset(5))
    #expect(try log.end(ofLeaderEpoch: 9, t0)?.epoch == 1)
    #expect(try log.end(ofLeaderEpoch: 9, t0)?.offset == Offset(10))
    let stored = try log.readBatches(t0, from: Offset(5), bytesMax: 1)
    #expect(Array(stored[12..<16]) == [0, 0, 0, 1])
  }
}
