// The tables behind the administrators' commands: topics, settings, segments, members, history.

internal import Columnar
internal import KafkaProtocol
internal import Synchronization

extension EventLog {
  static let topicsSchema = Schema([
    Field("topic", .varchar, isNullable: false), Field("partitions", .integer, isNullable: false),
    Field("min_insync_replicas", .integer, isNullable: false),
    Field("cleanup_policy", .varchar, isNullable: false), Field("retention_ms", .bigint),
    Field("retention_bytes", .bigint), Field("records", .bigint), Field("size_bytes", .bigint),
  ])

  /// One row per topic, sorted; `retention_ms` and `retention_bytes` are NULL for no limit.
  @Sendable
  func topicRows() throws -> [[Scalar]] {
    try topicNames().compactMap { name -> [Scalar]? in
      guard let topic = topic(name) else { return nil }
      let known = try partitions(of: name).map { try? $0.statistics() }
      let isWhole = !known.contains { $0 == nil }
      let settings = topic.configuration
      return [
        .text(name), .integer(Int64(topic.partitionCount)),
        .integer(Int64(settings.minInSyncReplicas)),
        .text(settings.value("cleanup.policy") ?? "delete"),
        settings.retentionMilliseconds.map { .integer($0) } ?? .null,
        settings.retentionBytes.map { .integer(Int64($0)) } ?? .null,
        isWhole ? .integer(known.reduce(0) { $0 + ($1.map { $0.end - $0.start } ?? 0) }) : .null,
        isWhole ? .integer(known.reduce(0) { $0 + Int64($1?.bytes ?? 0) }) : .null,
      ]
    }
  }

  static let configsSchema = Schema([
    Field("topic", .varchar, isNullable: false), Field("name", .varchar, isNullable: false),
    Field("value", .varchar, isNullable: false), Field("is_default", .boolean, isNullable: false),
    Field("default_value", .varchar, isNullable: false),
  ])

  /// One row per topic and setting, sorted.
  @Sendable
  func configRows() throws -> [[Scalar]] {
    topicNames().flatMap { name -> [[Scalar]] in
      let settings = topic(name)?.configuration ?? TopicConfiguration()
      return TopicConfiguration.settings.map { setting -> [Scalar] in
        [
          .text(name), .text(setting.name),
          .text(settings.value(setting.name) ?? setting.defaultValue),
          .boolean(settings.overrides[setting.name] == nil), .text(setting.defaultValue),
        ]
      }
    }
  }

  static let segmentsSchema = Schema([
    Field("topic", .varchar, isNullable: false), Field("partition", .integer, isNullable: false),
    Field("base_offset", .bigint, isNullable: false),
    Field("end_offset", .bigint, isNullable: false),
    Field("size_bytes", .bigint, isNullable: false), Field("is_active", .boolean, isNullable: false),
    Field("path", .varchar, isNullable: false),
  ])

  /// One row per segment, in order; damaged partitions have none.
  @Sendable
  func segmentRows() throws -> [[Scalar]] {
    try topicNames().flatMap { name -> [[Scalar]] in
      try partitions(of: name).flatMap { log -> [[Scalar]] in
        let (sealed, active) = log.view.withLock { ($0.sealed, $0.active?.end) }
        func row(_ base: Int64, _ end: Int64, _ size: Int, isActive: Bool) -> [Scalar] {
          [
            .text(name), .integer(Int64(log.partition.partition)), .integer(base), .integer(end),
            .integer(Int64(size)), .boolean(isActive), .text(log.files(base).log),
          ]
        }
        return sealed.map { row($0.baseOffset, $0.endOffset, $0.size, isActive: false) }
          + (active.map { [row($0.baseOffset, $0.nextOffset, $0.size, isActive: true)] } ?? [])
      }
    }
  }

  static let replicasSchema = Schema([
    Field("topic", .varchar, isNullable: false), Field("partition", .integer, isNullable: false),
    Field("broker", .integer, isNullable: false), Field("is_leader", .boolean, isNullable: false),
    Field("in_sync", .boolean, isNullable: false), Field("end_offset", .bigint),
    Field("lag", .bigint), Field("high_watermark", .bigint), Field("leader_epoch", .integer),
  ])

  /// One row per partition and broker that has it, sorted.
  @Sendable
  func replicaRows() throws -> [[Scalar]] {
    var rows: [[Scalar]] = []
    for name in topicNames() {
      for log in try partitions(of: name) {
        let set = replicas(log.partition)
        let end = try? log.endOffset()
        let epoch = Int64(log.leaderEpoch)
        let leader = leader(of: log.partition)
        for broker in set?.replicas ?? [1] {
          let isLeader = leader == broker
          let position = isLeader ? end : set?.positions[broker] ?? end
          let lag = end.flatMap { end in position.map { max(0, end - $0) } }
          let mark = end.map { set?.highWatermark(end: $0) ?? $0 }
          rows.append([
            .text(name), .integer(Int64(log.partition.partition)), .integer(Int64(broker)),
            .boolean(isLeader), .boolean(set?.inSync.contains(broker) ?? true),
            position.map { .integer($0) } ?? .null, lag.map { .integer($0) } ?? .null,
            mark.map { .integer($0) } ?? .null, .integer(epoch),
          ])
        }
      }
    }
    return rows
  }

  static let membersSchema = Schema([
    Field("group_id", .varchar, isNullable: false), Field("member_id", .varchar, isNullable: false),
    Field("client_id", .varchar, isNullable: false),
    Field("generation", .integer, isNullable: false),
    Field("partition_count", .integer, isNullable: false),
    Field("partitions", .varchar, isNullable: false),
  ])

  /// One row per member that lives in this process, by group and id; `partitions` as
  /// `topic-partition`, separated by commas.
  @Sendable
  func memberRows() throws -> [[Scalar]] {
    residents.withLock { $0 }.sorted { $0.key < $1.key }.flatMap { name, group -> [[Scalar]] in
      group.members.map { member -> [Scalar] in
        let partitions = ConsumerGroup.partitions(member.assignment) ?? []
        return [
          .text(name), .text(member.id), .text(member.clientID),
          .integer(Int64(group.generation)), .integer(Int64(partitions.count)),
          .text(partitions.map(\.description).joined(separator: ",")),
        ]
      }
    }
  }

  static let historySchema = Schema([
    Field("group_id", .varchar, isNullable: false), Field("topic", .varchar, isNullable: false),
    Field("partition", .integer, isNullable: false),
    Field("committed_at", .timestampWithTimeZone),
    Field("committed_offset", .bigint, isNullable: false), Field("start_offset", .bigint),
    Field("end_offset", .bigint),
    Field("lag", .bigint),
  ])

  /// One row per commit, by group, partition and order; `committed_at` is story time.
  @Sendable
  func historyRows() throws -> [[Scalar]] {
    func optional(_ value: Int64?) -> Scalar { value.map { .integer($0) } ?? .null }
    var rows: [[Scalar]] = []
    for (group, partitions) in offsets.history.sorted(by: { $0.key < $1.key }) {
      for (partition, points) in partitions.sorted(by: { $0.key < $1.key }) {
        for point in points {
          rows.append([
            .text(group), .text(partition.topic), .integer(Int64(partition.partition)),
            optional(point.time.map { $0 &* 1_000 }), .integer(point.offset),
            optional(point.logStartOffset), optional(point.logEndOffset), optional(point.lag),
          ])
        }
      }
    }
    return rows
  }
}
