// The seam between Bronze's consumer and the log, so that a cluster elsewhere can stand behind it.

package import EventLog
package import KafkaProtocol

/// What Bronze's consumer needs of a log. Safe to call from any thread.
///
/// A call spans a whole stretch of a partition; its records come to a closure, one after another.
package protocol IngestLog: Sendable {
  func partitionCount(of topic: String) throws -> Int
  /// Nil while nobody leads the partition: nothing can be read of it.
  func leader(of partition: TopicPartition) throws -> Int32?
  /// The oldest offset that is still there.
  func startOffset(_ partition: TopicPartition) throws -> Offset
  /// The next offset to be written.
  func endOffset(_ partition: TopicPartition) throws -> Offset
  /// The offset up to which all replicas in sync have the records.
  func highWatermark(_ partition: TopicPartition) throws -> Offset
  /// Calls `body` with the records from an offset on, in order and nothing copied, until it answers
  /// false or the log ends. A record's time is the story's moment at which it arrived.
  func forEachRecord(
    _ partition: TopicPartition, from offset: Offset, _ body: (RecordView) throws -> Bool
  ) throws
  /// Appends records and answers the first one's offset; for what is sent to the dead letters.
  func append(
    _ records: [Record], to partition: TopicPartition, appendTime: Int64
  ) throws -> Offset
  /// Nil where the group has committed nothing for the partition.
  func committedOffset(group: String, _ partition: TopicPartition) throws -> Offset?
  /// Remembers the next offsets that a group will read, durably; `time` is the story's.
  func commitOffsets(
    group: String, _ positions: [TopicPartition: Offset], at time: Int64?
  ) throws
  /// Several moments in their order; the last of a partition is what counts.
  func commitOffsets(group: String, steps: [EventLog.OffsetStep]) throws
  /// Shows the members of a group that lives in this process to whoever asks the log for them.
  func setResidentGroup(_ name: String, _ group: ConsumerGroup?)
}

extension EventLog: IngestLog {}
