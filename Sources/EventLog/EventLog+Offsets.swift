// How far groups have read: committed, read back, and over time.

package import KafkaProtocol
internal import Synchronization

extension EventLog {
  /// How far a group had read of a partition at a moment of the story.
  package struct OffsetStep: Sendable, Hashable {
    package var partition: TopicPartition
    /// The next offset to read.
    package var offset: Offset
    /// Story time in milliseconds.
    package var time: Int64
    /// The end of the partition at that moment.
    package var logEndOffset: Offset
    /// Its oldest offset then.
    package var logStartOffset: Offset

    package init(
      partition: TopicPartition, offset: Offset, time: Int64, logStartOffset: Offset,
      logEndOffset: Offset
    ) {
      self.logStartOffset = logStartOffset
      self.partition = partition
      self.offset = offset
      self.time = time
      self.logEndOffset = logEndOffset
    }
  }

  /// Remembers the next offset that a group will read of a partition; durable when this returns.
  ///
  /// `time` is the story's, in milliseconds, for the history.
  package func commitOffset(
    group: String,
    _ partition: TopicPartition,
    _ offset: Offset,
    at time: Int64? = nil
  ) throws {
    try commitOffsets(group: group, [partition: offset], at: time)
  }

  /// The same for several partitions in one step, with one fsync.
  package func commitOffsets(
    group: String, _ positions: [TopicPartition: Offset], at time: Int64? = nil
  ) throws {
    try checkOpen()
    for partition in positions.keys { _ = try log(partition) }
    try commit(
      group, positions.mapValues { CommittedOffset(offset: $0.rawValue) }, at: time)
  }

  /// Several moments in their order, with one fsync: the last of a partition is what counts, the
  /// others show how the group got there.
  package func commitOffsets(group: String, steps: [OffsetStep]) throws {
    try checkOpen()
    for step in steps { _ = try log(step.partition) }
    try offsets.commit(
      group,
      steps.map {
        (
          $0.partition, CommittedOffset(offset: $0.offset.rawValue),
          OffsetPoint(
            time: $0.time, offset: $0.offset.rawValue, logStartOffset: $0.logStartOffset.rawValue,
            logEndOffset: $0.logEndOffset.rawValue)
        )
      }
    )
  }

  func commit(
    _ group: String, _ positions: [TopicPartition: CommittedOffset], at time: Int64?
  ) throws {
    try offsets.commit(
      group,
      positions.sorted { $0.key < $1.key }.map { partition, position in
        (
          partition, position,
          OffsetPoint(
            time: time,
            offset: position.offset,
            logStartOffset: try? startOffset(partition).rawValue,
            logEndOffset: try? endOffset(partition).rawValue
          )
        )
      }
    )
  }

  /// Nil where the group has committed nothing for the partition.
  package func committedOffset(group: String, _ partition: TopicPartition) throws -> Offset? {
    _ = try log(partition)
    return offsets.offset(group, partition).map { Offset($0.offset) }
  }

  /// What a group has committed over time, by partition, the oldest first; the newest few thousand
  /// commits of each partition are kept.
  package func offsetHistory(group: String) -> [TopicPartition: [OffsetPoint]] {
    offsets.history[group] ?? [:]
  }

  /// Sorted.
  package func groupNames() -> [String] {
    Set(offsets.all.keys).union(residents.withLock { Array($0.keys) }).sorted()
  }

  var committedOffsets: ConsumerOffsets.Groups { offsets.all }
}
