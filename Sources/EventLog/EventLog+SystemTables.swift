// The log's state as tables: what `system.kafka.*` shows, and what graders ask.

internal import Columnar
package import Connector
internal import KafkaProtocol

extension EventLog {
  /// The providers of the tables, by name.
  ///
  /// Each shows the log as it is when the table is asked for.
  package func systemTables() -> [String: ComposedCatalog.Provider] {
    func computed(
      _ name: String, _ schema: Schema, _ rows: @escaping @Sendable () throws -> [[Scalar]]
    ) -> ComposedCatalog.Provider {
      {
        ComputedTable(label: name, schema: schema) { _ in
          [ColumnarBatch(schema: schema, rows: try rows())]
        }
      }
    }
    return [
      "partitions": {
        ComputedTable(label: "partitions", schema: partitionsSchema, rows: self.partitionRows)
      },
      "records": { try RecordsTable(self) },
      "consumer_groups": {
        ComputedTable(label: "consumer_groups", schema: groupsSchema, rows: self.groupRows)
      },
      "topics": computed("topics", Self.topicsSchema, self.topicRows),
      "configs": computed("configs", Self.configsSchema, self.configRows),
      "segments": computed("segments", Self.segmentsSchema, self.segmentRows),
      "replicas": computed("replicas", Self.replicasSchema, self.replicaRows),
      "members": computed("members", Self.membersSchema, self.memberRows),
      "offsets_history": computed("offsets_history", Self.historySchema, self.historyRows),
    ]
  }

  /// One row per partition, sorted; a damaged one has NULLs for what cannot be known.
  @Sendable
  private func partitionRows(_ request: ScanRequest) throws -> [ColumnarBatch] {
    var rows: [[Scalar]] = []
    for topic in topicNames() {
      for log in try partitions(of: topic) {
        let known = try? log.statistics()
        rows.append([
          .text(topic), .integer(Int64(log.partition.partition)),
          known.map { .integer($0.start) } ?? .null, known.map { .integer($0.end) } ?? .null,
          known.map { .integer(Int64($0.segments)) } ?? .null,
          known.map { .integer(Int64($0.bytes)) } ?? .null,
        ])
      }
    }
    return [ColumnarBatch(schema: partitionsSchema, rows: rows)]
  }

  /// One row per group and partition with a committed offset, sorted.
  @Sendable
  private func groupRows(_ request: ScanRequest) throws -> [ColumnarBatch] {
    var rows: [[Scalar]] = []
    for (group, offsets) in committedOffsets.sorted(by: { $0.key < $1.key }) {
      for (partition, position) in offsets.sorted(by: { $0.key < $1.key }) {
        let offset = position.offset
        let end = try? endOffset(partition).rawValue
        rows.append([
          .text(group), .text(partition.topic), .integer(Int64(partition.partition)),
          .integer(offset), end.map { .integer($0) } ?? .null,
          end.map { .integer(max(0, $0 &- offset)) } ?? .null,
        ])
      }
    }
    return [ColumnarBatch(schema: groupsSchema, rows: rows)]
  }
}

private let partitionsSchema = Schema([
  Field("topic", .varchar, isNullable: false), Field("partition", .integer, isNullable: false),
  Field("start_offset", .bigint), Field("end_offset", .bigint), Field("segments", .bigint),
  Field("size_bytes", .bigint),
])

private let groupsSchema = Schema([
  Field("group_id", .varchar, isNullable: false), Field("topic", .varchar, isNullable: false),
  Field("partition", .integer, isNullable: false),
  Field("committed_offset", .bigint, isNullable: false), Field("end_offset", .bigint),
  Field("lag", .bigint),
])
