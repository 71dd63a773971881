internal import Columnar
package import Connector
internal import DeltaLog

// What the lake says of its Delta tables besides their rows: `"events$history"`, `"events$partitions"`
// and `"events$properties"`, by the names and columns of Trino's Delta Lake connector, and older
// versions.

extension Lake {
  package func table(
    schema: String, name: String, at moment: TableMoment
  ) throws -> (any TableSource)? {
    guard let table = try directory(schema)?.table(name) else {
      guard try self.table(schema: schema, name: name) != nil else { return nil }
      throw CatalogChangeError.notSupported(
        "versioned tables of this kind: only Delta tables keep versions")
    }
    return try DeltaRefusal.translated(schema, name) {
      switch moment {
      case .version(let version): try table.snapshot(version: version)
      case .timestamp(let milliseconds): try table.snapshot(at: milliseconds)
      }
    }
  }

  /// What a name with `$` says of a Delta table; nil for other names.
  func deltaFacts(schema: String, name: String) throws -> (any TableSource)? {
    let parts = name.lowercased().split(separator: "$", omittingEmptySubsequences: false)
    guard parts.count == 2, let table = try directory(schema)?.table(String(parts[0])) else {
      return nil
    }
    switch parts[1] {
    case "history": return Self.historyFacts(table)
    case "partitions": return try Self.partitionFacts(table.snapshot())
    case "properties": return try Self.propertyFacts(table.snapshot())
    default: return nil
    }
  }

  // MARK: $history

  private static func historyFacts(_ table: DeltaTable) -> ComputedTable {
    let texts = DataType.map(key: .varchar, value: .varchar)
    let schema = Schema([
      Field("version", .bigint), Field("timestamp", .timestampWithTimeZone(precision: 3)),
      Field("user_id", .varchar), Field("user_name", .varchar), Field("operation", .varchar),
      Field("operation_parameters", texts), Field("cluster_id", .varchar),
      Field("read_version", .bigint), Field("isolation_level", .varchar),
      Field("is_blind_append", .boolean), Field("operation_metrics", texts),
    ])
    return ComputedTable(label: table.path + "$history", schema: schema) { _ in
      let rows = try commits(of: table).map { commit -> [Scalar] in
        let (micros, isBeyond) = commit.timestamp.multipliedReportingOverflow(by: 1_000)
        return [
          .integer(commit.version), isBeyond || micros == 0 ? .null : .integer(micros), .null, .null,
          .text(commit.operation), map(commit.operationParameters), .null, .null, .null,
          .boolean(commit.isBlindAppend), map(commit.operationMetrics),
        ]
      }
      return [ColumnarBatch(schema: schema, rows: rows)]
    }
  }

  /// All commits that are left, oldest first; the oldest version may be there as a checkpoint only.
  private static func commits(of table: DeltaTable) throws -> [DeltaCommit] {
    let oldest = try table.availableVersions().lowerBound
    do {
      return try table.changes(since: oldest - 1)
    } catch let error as DeltaLogError where error.kind == .historyExpired {
      return try table.changes(since: oldest)
    }
  }

  private static func map(_ texts: [String: String]) -> Scalar {
    let keys = texts.keys.sorted()
    return .map(keys: keys.map { .text($0) }, values: keys.map { .text(texts[$0] ?? "") })
  }

  // MARK: $partitions

  /// nil for a table without partition columns, which has no such table in Trino either.
  private static func partitionFacts(_ snapshot: DeltaSnapshot) -> ComputedTable? {
    let schema = snapshot.schema
    let keys = snapshot.partitionColumns.compactMap { schema.index(of: $0) }
    guard !keys.isEmpty else { return nil }
    let columns = schema.fields.indices.filter { index in
      switch schema[index].type {
      case .array, .map, .row, .varbinary: false
      default: !keys.contains(index)
      }
    }
    let data = columns.map { index in
      let type = schema[index].type
      return Field(
        schema[index].name,
        .row([Field("min", type), Field("max", type), Field("null_count", .bigint)]))
    }
    var fields = [
      Field("partition", .row(keys.map { Field(schema[$0].name, schema[$0].type) })),
      Field("file_count", .bigint), Field("total_size", .bigint),
    ]
    if !data.isEmpty { fields.append(Field("data", .row(data))) }
    let shape = Schema(fields)
    return ComputedTable(label: snapshot.table.path + "$partitions", schema: shape) { _ in
      let rows = try snapshot.partitions().map { partition -> [Scalar] in
        let facts = columns.map { index -> Scalar in
          let known = partition.columns[index]
          return .row([
            known?.minimum ?? .null, known?.maximum ?? .null,
            known?.nullCount.map { .integer(Int64($0)) } ?? .null,
          ])
        }
        let head: [Scalar] = [
          .row(partition.values), .integer(Int64(partition.fileCount)), .integer(partition.size),
        ]
        return data.isEmpty ? head : head + [.row(facts)]
      }
      return [ColumnarBatch(schema: shape, rows: rows)]
    }
  }

  // MARK: $properties

  private static func propertyFacts(_ snapshot: DeltaSnapshot) -> ComputedTable {
    let schema = Schema([Field("key", .varchar), Field("value", .varchar)])
    return ComputedTable(label: snapshot.table.path + "$properties", schema: schema) { _ in
      let properties = snapshot.properties
      let rows = properties.keys.sorted().map { key -> [Scalar] in
        [.text(key), .text(properties[key] ?? "")]
      }
      return [ColumnarBatch(schema: schema, rows: rows)]
    }
  }
}
