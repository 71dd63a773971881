// The seam between the collector and the log, so that a test can stand a log in memory, or a broken
// one, behind the same checks.

package import EventLog
package import KafkaProtocol

/// What the collector needs of a log. Safe to call from any thread.
package protocol CollectorLog: Sendable {
  /// Makes the topic where it does not exist; an existing one keeps its partitions.
  func ensureTopic(_ name: String, partitionCount: Int) throws
  func partitionCount(of topic: String) throws -> Int
  /// Appends one record batch and answers the offset of its first record; it is written when this
  /// returns, and on disk after the next `sync()`.
  func append(_ records: [Record], to partition: TopicPartition, appendTime: Int64) throws -> Offset
  func sync() throws
  /// Calls `action` once, when what was appended before is on disk, or with the error. Returns at once
  /// where the log can; `action` must not block.
  func afterSync(_ action: @escaping @Sendable ((any Error)?) -> Void)
  /// Appends to several partitions in one step, and answers the first offset in each: all of it is
  /// there afterwards or nothing, as far as the log can. `waitsForAll` is acks=all.
  func append(
    _ appends: [PartitionAppend], appendTime: Int64, waitsForAll: Bool
  ) throws -> [Offset]
  /// The same, and answers where every record went.
  func appendPlacing(
    _ appends: [PartitionAppend], appendTime: Int64, waitsForAll: Bool
  ) throws -> [RecordPlaces]
  /// The same, and calls `completion` once, when the records are on disk, or with why they are not.
  /// Returns at once where the log can; `completion` must not block.
  func appendDurably(
    _ appends: [PartitionAppend], appendTime: Int64, waitsForAll: Bool,
    _ completion: @escaping @Sendable (Result<[RecordPlaces], any Error>) -> Void
  )
  func read(_ partition: TopicPartition, from: Offset, bytesMax: Int) throws -> [Record]
  func startOffset(_ partition: TopicPartition) throws -> Offset
}

/// Where an append's records are in their partition.
package enum RecordPlaces: Sendable, Hashable {
  /// One behind the other: nobody else writes in between.
  case run(from: Offset)
  /// Each by itself; -1 where the log did not say.
  case each([Offset])

  /// The offset of record `position`.
  package subscript(position: Int) -> Offset {
    switch self {
    case .run(let base): base.advanced(by: Int64(position))
    case .each(let offsets): offsets[position]
    }
  }
}

extension CollectorLog {
  package func appendPlacing(
    _ appends: [PartitionAppend], appendTime: Int64, waitsForAll: Bool
  ) throws -> [RecordPlaces] {
    try append(appends, appendTime: appendTime, waitsForAll: waitsForAll).map { .run(from: $0) }
  }

  /// For a log that appends and syncs in two steps.
  package func appendDurably(
    _ appends: [PartitionAppend], appendTime: Int64, waitsForAll: Bool,
    _ completion: @escaping @Sendable (Result<[RecordPlaces], any Error>) -> Void
  ) {
    let places: [RecordPlaces]
    do {
      places = try appendPlacing(appends, appendTime: appendTime, waitsForAll: waitsForAll)
    } catch {
      return completion(.failure(error))
    }
    afterSync { failure in completion(failure.map { .failure($0) } ?? .success(places)) }
  }

  /// For a log that can only be waited for: the caller waits.
  package func afterSync(_ action: @escaping @Sendable ((any Error)?) -> Void) {
    var failure: (any Error)?
    do { try sync() } catch { failure = error }
    action(failure)
  }

  /// One after the other, for a log without replicas.
  package func append(
    _ appends: [PartitionAppend], appendTime: Int64, waitsForAll: Bool
  ) throws -> [Offset] {
    try appends.map { try append($0.records(), to: $0.partition, appendTime: appendTime) }
  }
}

extension EventLog: CollectorLog {
  package func appendDurably(
    _ appends: [PartitionAppend], appendTime: Int64, waitsForAll: Bool,
    _ completion: @escaping @Sendable (Result<[RecordPlaces], any Error>) -> Void
  ) {
    appendDurably(appends, appendTime: appendTime, waitsForAll: waitsForAll) {
      (offsets: Result<[Offset], any Error>) in
      completion(offsets.map { $0.map { .run(from: $0) } })
    }
  }

  package func ensureTopic(_ name: String, partitionCount: Int) throws {
    guard !topicNames().contains(name) else { return }
    try createTopic(name, partitionCount: partitionCount)
  }
}
