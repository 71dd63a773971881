// `system.kafka` of a world whose log is a cluster: the columns of the embedded log's tables,
// filled from what the cluster tells. What it does not tell is NULL, or a table that says so by name.

internal import Columnar
internal import Connector
internal import EventLog
package import KafkaProtocol
package import RemoteKafka

extension Platform {
  /// The providers of the tables, by name.
  ///
  /// - Parameter embedded: whose tables have the columns; it is empty.
  static func clusterTables(
    _ cluster: RemoteKafkaLog, _ embedded: EventLog
  ) -> [String: ComposedCatalog.Provider] {
    let tables = ClusterTables(cluster: cluster)
    let rows: [String: @Sendable () throws -> [[Scalar]]] = [
      "partitions": tables.partitions, "topics": tables.topics,
      "consumer_groups": tables.groups, "replicas": tables.replicas,
    ]
    return embedded.systemTables().reduce(into: [:]) { found, own in
      let (name, shape) = own
      found[name] = {
        if name == "records" { return RecordsOfCluster.table(try tables.runs()) }
        guard let schema = try shape()?.schema else { return nil }
        guard let rows = rows[name] else {
          return ComputedTable(label: name, schema: schema) { _ in
            throw tables.onlyEmbedded("system.kafka.\(name)")
          }
        }
        return ComputedTable(label: name, schema: schema) { _ in
          [ColumnarBatch(schema: schema, rows: try rows())]
        }
      }
    }
  }
}

/// Rows of what a cluster tells.
private struct ClusterTables: Sendable {
  let cluster: RemoteKafkaLog

  func onlyEmbedded(_ what: String) -> PlatformError {
    Platform.onlyEmbedded(what, cluster.configuration.bootstrapServers)
  }

  private func places() throws -> [TopicPartition] {
    try cluster.layout().topics.flatMap { topic in
      topic.partitions.map { TopicPartition(topic.name, $0.partition) }
    }
  }

  func runs() throws -> [any RecordRun] {
    try places().map { RecordsOfCluster(cluster: cluster, partition: $0) }
  }

  @Sendable func partitions() throws -> [[Scalar]] {
    try places().map { place in
      let range = try? cluster.offsets(place)
      return [
        .text(place.topic), .integer(Int64(place.partition)),
        range.map { .integer($0.start) } ?? .null, range.map { .integer($0.end) } ?? .null,
        .null, .null,
      ]
    }
  }

  @Sendable func topics() throws -> [[Scalar]] {
    try cluster.layout().topics.map { topic in
      let settings = try cluster.settings(of: topic.name) ?? [:]
      func limit(_ name: String) -> Scalar {
        guard let value = settings[name].flatMap(Int64.init), value >= 0 else { return .null }
        return .integer(value)
      }
      let records = topic.partitions.map {
        try? cluster.offsets(TopicPartition(topic.name, $0.partition))
      }
      return [
        .text(topic.name), .integer(Int64(topic.partitions.count)),
        .integer(Int64(topic.partitions.first?.replicas.count ?? 1)),
        .integer(settings["min.insync.replicas"].flatMap(Int64.init) ?? 1),
        .text(settings["cleanup.policy"] ?? "delete"), limit("retention.ms"),
        limit("retention.bytes"),
        records.contains { $0 == nil }
          ? .null : .integer(records.reduce(0) { $0 + ($1.map { $0.end - $0.start } ?? 0) }),
        .null,
      ]
    }
  }

  @Sendable func replicas() throws -> [[Scalar]] {
    try cluster.layout().topics.flatMap { topic in
      topic.partitions.flatMap { layout -> [[Scalar]] in
        let end = (try? cluster.offsets(TopicPartition(topic.name, layout.partition)))?.end
        return layout.replicas.sorted().map { broker in
          [
            .text(topic.name), .integer(Int64(layout.partition)), .integer(Int64(broker)),
            .boolean(layout.leader == broker), .boolean(layout.inSync.contains(broker)),
            .null, .null, end.map { .integer($0) } ?? .null, .null,
          ]
        }
      }
    }
  }

  @Sendable func groups() throws -> [[Scalar]] {
    var rows: [[Scalar]] = []
    for (group, offsets) in try cluster.committedByGroup() {
      for (place, offset) in offsets.sorted(by: { $0.key < $1.key }) {
        let end = (try? cluster.offsets(place))?.end
        rows.append([
          .text(group), .text(place.topic), .integer(Int64(place.partition)),
          .integer(offset.rawValue), end.map { .integer($0) } ?? .null,
          end.map { .integer(max(0, $0 - offset.rawValue)) } ?? .null,
        ])
      }
    }
    return rows
  }
}

/// A topic-partition of a cluster, for the table of records; their times are the cluster's.
private struct RecordsOfCluster: RecordRun {
  let cluster: RemoteKafkaLog
  let partition: TopicPartition

  func startOffset() throws -> Int64 { try cluster.offsets(partition).start }

  func endOffset() throws -> Int64 { try cluster.offsets(partition).end }

  func offset(atOrAfter appendTime: Int64) throws -> Int64 {
    try cluster.offset(partition, atOrAfter: appendTime).rawValue
  }

  func forEachRecord(
    from offset: Int64, to end: Int64, bytesMax: Int, _ body: (RecordView) -> Bool
  ) throws -> Int64 {
    var bytes = 0
    var next = end
    try cluster.forEachRecord(partition, from: Offset(offset)) { record in
      guard record.offset < end else { return false }
      bytes += (record.key?.count ?? 0) + (record.value?.count ?? 0)
      let isWanted = body(record) && bytes < bytesMax
      if !isWanted { next = record.offset + 1 }
      return isWanted
    }
    return next
  }
}

extension RemoteKafkaLog {
  /// What every group that the cluster tells of has committed, sorted by group; ours in any case.
  package func committedByGroup() throws -> [(group: String, offsets: [TopicPartition: Offset])] {
    let own = configuration.group
    var found: [String: [TopicPartition: Offset]] = [:]
    let places = try layout().topics.flatMap { topic in
      topic.partitions.map { TopicPartition(topic.name, $0.partition) }
    }
    found[own] = try committedOffsets(group: own, places)
    for group in try groupNames() where group != own {
      found[group] = try committedOffsets(group: group)
    }
    return found.filter { !$0.value.isEmpty }.sorted { $0.key < $1.key }
      .map { ($0.key, $0.value) }
  }

  /// The groups that the cluster tells of, and ours, sorted.
  package func groupNames() throws -> [String] {
    do {
      return Set(try groups().map(\.id)).union([configuration.group]).sorted()
    } catch let error as RemoteKafkaError where error.kind == .unsupported {
      return [configuration.group]
    }
  }
}
