// A Kafka cluster behind the seams of the movers, on the story's clock.
//
// A record's CreateTime is the story's moment at which the collector took it. Its age on the
// cluster is therefore the story's, too: topics that are made here are kept without a limit of time,
// because the cluster would delete a record of the story's January as one of years ago.
//
// What others write has the wall's time, or the cluster's own. It is no moment of the story, so for
// Bronze it has arrived at the moment at which it is read.

package import Collector
package import EventLog
package import KafkaProtocol
package import LakeIngest
internal import RemoteKafka
package import StreamProcessing

/// What a world needs of the place where its events rest: what its movers need, and what is looked
/// at. What several seams have is named here once more, so that a caller of this one means one thing.
package protocol WorldLog: CollectorLog, IngestLog, LiveLog {
  /// Sorted.
  func topicNames() throws -> [String]
  func partitionCount(of topic: String) throws -> Int
  func startOffset(_ partition: TopicPartition) throws -> Offset
  func endOffset(_ partition: TopicPartition) throws -> Offset
  func read(_ partition: TopicPartition, from offset: Offset, bytesMax: Int) throws -> [Record]
  func append(
    _ records: [Record], to partition: TopicPartition, appendTime: Int64
  ) throws -> Offset
  func committedOffset(group: String, _ partition: TopicPartition) throws -> Offset?
  func sync() throws
}

extension EventLog: WorldLog {}

/// A cluster as a world's log.
struct StoryKafka: WorldLog {
  let cluster: RemoteKafkaLog
  /// The moment of whoever reads: inside an advance, of the run.
  let storyNow: @Sendable () -> Int64
  /// What `topics.yaml` sets of a topic, for those that are made.
  let topicSettings: @Sendable (String) -> [String: String]

  /// A record that is further ahead of the story than this was not written by it.
  static let aheadMax: Int64 = 30 * 86_400_000

  /// The story's moment at which a record has arrived.
  static func arrival(_ milliseconds: Int64, isAppendTime: Bool, now: Int64) -> Int64 {
    isAppendTime || milliseconds > now + aheadMax || milliseconds < 0 ? now : milliseconds
  }

  // MARK: Topics

  func topicNames() throws -> [String] { try cluster.topicNames() }

  func ensureTopic(_ name: String, partitionCount: Int) throws {
    var settings = topicSettings(name)
    settings["retention.ms"] = "-1"
    settings["message.timestamp.type"] = "CreateTime"
    try cluster.ensureTopic(name, partitionCount: partitionCount, settings: settings)
  }

  func partitionCount(of topic: String) throws -> Int { try cluster.partitionCount(of: topic) }

  func leader(of partition: TopicPartition) throws -> Int32? {
    try cluster.topic(partition.topic)?.partitions
      .first { $0.partition == partition.partition }?.leader
  }

  // MARK: Writing

  func append(
    _ records: [Record], to partition: TopicPartition, appendTime: Int64
  ) throws -> Offset {
    try cluster.append([RemoteKafkaLog.Batch(partition, records)], createTime: appendTime)
      .first?.first ?? Offset(-1)
  }

  func append(
    _ appends: [PartitionAppend], appendTime: Int64, waitsForAll: Bool
  ) throws -> [Offset] {
    try appendPlacing(appends, appendTime: appendTime, waitsForAll: waitsForAll).map { $0[0] }
  }

  /// All of them travel at once. acks=all whatever is asked: the cluster says how many replicas in
  /// sync a topic needs.
  func appendPlacing(
    _ appends: [PartitionAppend], appendTime: Int64, waitsForAll: Bool
  ) throws -> [RecordPlaces] {
    try cluster.append(
      appends.map { RemoteKafkaLog.Batch($0.partition, try $0.records()) }, createTime: appendTime
    ).map { placed in .each((0..<placed.count).map { placed[$0] }) }
  }

  /// There is nothing to wait for: an append is acknowledged when it returns.
  func sync() throws {}

  // MARK: Reading

  func startOffset(_ partition: TopicPartition) throws -> Offset {
    try cluster.startOffset(partition)
  }

  func endOffset(_ partition: TopicPartition) throws -> Offset { try cluster.endOffset(partition) }

  func highWatermark(_ partition: TopicPartition) throws -> Offset {
    try cluster.endOffset(partition)
  }

  func offset(_ partition: TopicPartition, atOrAfter time: Int64) throws -> Offset {
    try cluster.offset(partition, atOrAfter: time)
  }

  func read(_ partition: TopicPartition, from offset: Offset, bytesMax: Int) throws -> [Record] {
    try cluster.read(partition, from: offset, bytesMax: bytesMax)
  }

  func forEachRecord(
    _ partition: TopicPartition, from offset: Offset, _ body: (RecordView) throws -> Bool
  ) throws {
    let now = storyNow()
    try cluster.forEachRecord(
      partition, from: offset,
      time: { StoryKafka.arrival($0, isAppendTime: $1, now: now) }, body)
  }

  // MARK: Groups

  /// The name of a group of ours on the cluster.
  private func name(_ group: String) -> String {
    group == BronzeIngest.group ? cluster.configuration.group : group
  }

  func committedOffset(group: String, _ partition: TopicPartition) throws -> Offset? {
    try cluster.committedOffset(group: name(group), partition)
  }

  func commitOffsets(
    group: String, _ positions: [TopicPartition: Offset], at time: Int64?
  ) throws {
    try cluster.commitOffsets(group: name(group), positions)
  }

  /// The cluster keeps the last one; how a group got there is the embedded log's to tell.
  func commitOffsets(group: String, steps: [EventLog.OffsetStep]) throws {
    var last: [TopicPartition: Offset] = [:]
    for step in steps { last[step.partition] = step.offset }
    try cluster.commitOffsets(group: name(group), last)
  }

  /// The members live on the story's clock; the cluster knows nothing of them.
  func setResidentGroup(_ name: String, _ group: ConsumerGroup?) {}
}
