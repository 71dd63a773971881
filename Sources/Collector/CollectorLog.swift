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
  /// Appends to several partitions in one step, and answers the first offset in each: all of it is
  /// there afterwards or nothing, as far as the log can. `waitsForAll` is acks=all.
  func append(
    _ appends: [PartitionAppend], appendTime: Int64, waitsForAll: Bool
  ) throws -> [Offset]
  func read(_ partition: TopicPartition, from: Offset, bytesMax: Int) throws -> [Record]
  func startOffset(_ partition: TopicPartition) throws -> Offset
}

extension CollectorLog {
  /// One after the other, for a log without replicas.
  package func append(
    _ appends: [PartitionAppend], appendTime: Int64, waitsForAll: Bool
  ) throws -> [Offset] {
    try appends.map { try append($0.records, to: $0.partition, appendTime: appendTime) }
  }
}

extension EventLog: CollectorLog {
  package func ensureTopic(_ name: String, partitionCount: Int) throws {
    guard !topicNames().contains(name) else { return }
    try createTopic(name, partitionCount: partitionCount)
  }
}
