// Which batches of idempotent producers a partition has: how a resent batch is recognised.
//
// A producer numbers its records per partition. For each producer the last five batches are kept,
// because that many may be on the way at once; a batch that is among them is answered with the
// offset that it has, and one that leaves a gap is refused.

internal import KafkaProtocol

/// The producers of one partition, without files or clocks.
struct ProducerStates: Sendable, Equatable {
  static let batchesMax = 5
  /// Producers that a partition remembers; beyond it the longest silent are forgotten.
  static let producersMax = 10_000
  /// A producer that was silent this long is forgotten, in append time.
  static let expiryMilliseconds: Int64 = 86_400_000

  struct Batch: Sendable, Equatable {
    var firstSequence: Int32
    var lastSequence: Int32
    var baseOffset: Int64
    var timestamp: Int64
  }

  struct Producer: Sendable, Equatable {
    var epoch: Int16
    /// Oldest first.
    var batches: [Batch]
    var lastAppendTime: Int64
  }

  enum Verdict: Sendable, Equatable {
    case next
    case duplicate(Batch)
    case refused(KafkaErrorCode, String)
  }

  private(set) var producers: [Int64: Producer] = [:]

  /// What to do with a batch of an idempotent producer.
  func check(_ header: RecordBatchHeader) -> Verdict {
    guard let producer = producers[header.producerID] else { return .next }
    if header.producerEpoch < producer.epoch {
      return .refused(
        .invalidProducerEpoch,
        "producer \(header.producerID) has epoch \(producer.epoch), not \(header.producerEpoch)"
      )
    }
    if header.producerEpoch > producer.epoch {
      return header.baseSequence == 0
        ? .next
        : .refused(
          .outOfOrderSequenceNumber,
          "epoch \(header.producerEpoch) begins with sequence \(header.baseSequence), not 0"
        )
    }
    let last = Self.lastSequence(header)
    if let known = producer.batches.first(where: {
      $0.firstSequence == header.baseSequence && $0.lastSequence == last
    }) {
      return .duplicate(known)
    }
    guard let newest = producer.batches.last else { return .next }
    let due = Self.advance(newest.lastSequence, 1)
    guard header.baseSequence == due else {
      return .refused(
        .outOfOrderSequenceNumber,
        "producer \(header.producerID) sent sequence \(header.baseSequence), \(due) was due"
      )
    }
    return .next
  }

  /// Takes note of a batch that was appended at `baseOffset`.
  mutating func note(_ header: RecordBatchHeader, baseOffset: Int64, appendTime: Int64) {
    guard header.producerID >= 0 else { return }
    var producer =
      producers[header.producerID]
      ?? Producer(epoch: header.producerEpoch, batches: [], lastAppendTime: appendTime)
    if producer.epoch != header.producerEpoch {
      producer.epoch = header.producerEpoch
      producer.batches = []
    }
    producer.batches.append(
      Batch(
        firstSequence: header.baseSequence,
        lastSequence: Self.lastSequence(header),
        baseOffset: baseOffset,
        timestamp: header.isLogAppendTime ? header.maxTimestamp : -1
      )
    )
    if producer.batches.count > Self.batchesMax { producer.batches.removeFirst() }
    producer.lastAppendTime = appendTime
    producers[header.producerID] = producer
    if producers.count > Self.producersMax { forgetSilent() }
  }

  /// Forgets producers that were silent for long.
  mutating func expire(now: Int64) {
    producers = producers.filter { now - $0.value.lastAppendTime < Self.expiryMilliseconds }
  }

  private mutating func forgetSilent() {
    let ordered = producers.sorted { $0.value.lastAppendTime < $1.value.lastAppendTime }
    for (id, _) in ordered.prefix(Self.producersMax / 10) { producers[id] = nil }
  }

  private static func lastSequence(_ header: RecordBatchHeader) -> Int32 {
    advance(header.baseSequence, header.lastOffsetDelta)
  }

  /// Sequences begin again at 0 after the largest Int32.
  private static func advance(_ sequence: Int32, _ distance: Int32) -> Int32 {
    let (sum, overflow) = sequence.addingReportingOverflow(distance)
    return overflow ? Int32(truncatingIfNeeded: Int64(sequence) + Int64(distance) - (1 << 31)) : sum
  }

  // MARK: Bytes

  static let name = "producers"

  /// A line `1 OFFSET`, the end of the log at that moment, then a line for each producer.
  func bytes(upTo offset: Int64) -> [UInt8] {
    var text = "1 \(offset)\n"
    for (id, producer) in producers.sorted(by: { $0.key < $1.key }) {
      text += "\(id) \(producer.epoch) \(producer.lastAppendTime)"
      for batch in producer.batches {
        text += " \(batch.firstSequence) \(batch.lastSequence) \(batch.baseOffset) "
        text += "\(batch.timestamp)"
      }
      text += "\n"
    }
    return Array(text.utf8)
  }

  /// Nil for anything that is not whole: the log itself is asked then.
  static func parse(_ bytes: [UInt8]) -> (states: ProducerStates, upTo: Int64)? {
    let text = String(decoding: bytes, as: UTF8.self)
    guard text.hasSuffix("\n") else { return nil }
    let lines = text.split(separator: "\n").map { $0.split(separator: " ").map { Int64($0) } }
    guard let first = lines.first, first.count == 2, first[0] == 1, let upTo = first[1] else {
      return nil
    }
    var states = ProducerStates()
    for line in lines.dropFirst() {
      let numbers = line.compactMap { $0 }
      guard numbers.count == line.count, numbers.count >= 3, numbers.count % 4 == 3 else {
        return nil
      }
      let batches = stride(from: 3, to: numbers.count, by: 4).map { at in
        Batch(
          firstSequence: Int32(truncatingIfNeeded: numbers[at]),
          lastSequence: Int32(truncatingIfNeeded: numbers[at + 1]),
          baseOffset: numbers[at + 2],
          timestamp: numbers[at + 3]
        )
      }
      states.producers[numbers[0]] = Producer(
        epoch: Int16(truncatingIfNeeded: numbers[1]),
        batches: batches,
        lastAppendTime: numbers[2]
      )
    }
    return (states, upTo)
  }
}
