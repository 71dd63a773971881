package import Columnar
package import Connector
internal import ObjectStorage
internal import Parquet

/// A Hive-style table at one version of its catalog entry, ready to be scanned.
///
/// The partitions are those of that version; their files are listed when a scan is planned. Rows come
/// partition by partition in the order of their names, and file by file in the order of theirs.
package struct HiveTable: TableSource {
  package let name: HiveTableName
  package let entry: HiveTableEntry
  package let schema: Schema
  let catalog: HiveCatalog
  /// What a scan that names rows has seen; see `HiveRowNumbers`.
  let numbers = HiveRowNumbers()

  init(name: HiveTableName, entry: HiveTableEntry, catalog: HiveCatalog) {
    self.name = name
    self.entry = entry
    self.catalog = catalog
    schema = entry.schema
  }

  /// A row's file and place in it, for deletes of whole partitions.
  package var rowIDField: Field? { Field("$row_id", .bigint, isNullable: false) }

  /// As Trino's Hive connector names them.
  package var hiddenFields: [Field] { Self.fileFields }

  private static let fileFields = [
    Field("$path", .varchar, isNullable: false),
    Field("$file_modified_time", .timestampWithTimeZone(precision: 3)),
    Field("$file_size", .bigint, isNullable: false),
    Field("$partition", .varchar, isNullable: false),
  ]

  /// Rows by what the writers of the partitions counted, and what their values say of their columns.
  package func statistics() throws -> TableStatistics {
    let counts = entry.partitions.map(\.rowCount)
    guard !counts.contains(nil) else { return TableStatistics() }
    let rows = counts.compactMap { $0 }
    var result = TableStatistics(rowCount: rows.reduce(0, +))
    let scalars = try entry.partitions.map(values)
    for index in entry.partitionColumns.indices {
      var known = Connector.ColumnStatistics(
        pieces: zip(rows, scalars).map { rows, scalars in
          let value = scalars[index]
          return ColumnPiece(
            rowCount: rows, minimum: value.isNull ? nil : value,
            maximum: value.isNull ? nil : value, nullCount: value.isNull ? rows : 0)
        })
      known.distinctCount = Set(scalars.map { $0[index] }).subtracting([.null]).count
      result.columns[entry.columns.count + index] = known
    }
    return result
  }

  /// One split a file.
  package func splits(for request: ScanRequest) throws -> [any Split] {
    let plan = try plan(request)
    return plan.files.map { partition, file in
      let number = plan.scan.namesRows ? numbers.add(partition.partition, file) : nil
      return HiveSplit(
        scan: plan.scan, file: file, constants: plan.scan.constants(partition, file),
        number: number)
    }
  }

  /// `partitions: 1 of 31` and `files: 2 of 4, 1 ruled out by statistics`.
  package func remarks(on request: ScanRequest) throws -> [String] {
    let plan = try plan(request)
    var lines: [String] = []
    if !entry.partitionColumns.isEmpty {
      lines.append("partitions: \(plan.partitionCount) of \(entry.partitions.count)")
    }
    let all = try HiveFiles(store: catalog.store)
      .list(entry.partitions, below: entry.location).reduce(0) { $0 + $1.count }
    let ruledOut = plan.ruledOut > 0 ? ", \(plan.ruledOut) ruled out by statistics" : ""
    lines.append("files: \(plan.files.count) of \(all)\(ruledOut)")
    return lines
  }

  // MARK: Planning

  /// A partition with its values as scalars.
  struct TypedPartition {
    var partition: HivePartition
    var scalars: [Scalar]
  }

  private struct Plan {
    var scan: HiveScan
    var partitionCount = 0
    var files: [(TypedPartition, ObjectMetadata)] = []
    /// Files of those partitions that are not read.
    var ruledOut = 0
  }

  private func plan(_ request: ScanRequest) throws -> Plan {
    var plan = Plan(scan: HiveScan(table: self, request: request))
    let kept = try entry.partitions.compactMap { partition -> TypedPartition? in
      let typed = TypedPartition(partition: partition, scalars: try values(of: partition))
      return canMatch(typed, request) ? typed : nil
    }
    plan.partitionCount = kept.count
    let listed = try HiveFiles(store: catalog.store)
      .list(kept.map(\.partition), below: entry.location)
    for (partition, files) in zip(kept, listed) {
      for file in files {
        if try plan.scan.canMatch(file) {
          plan.files.append((partition, file))
        } else {
          plan.ruledOut += 1
        }
      }
    }
    return plan
  }

  /// The scalars of a partition's values, by partition column.
  func values(of partition: HivePartition) throws -> [Scalar] {
    try zip(entry.partitionColumns, partition.values).map { field, text in
      guard let scalar = HivePartitionValue.scalar(text, type: field.type) else {
        throw HiveError(
          .invalidPartitionValue, table: "\(name)",
          "Invalid partition value '\(text ?? "")' for \(field.type) partition key: \(field.name).",
          advice: "Unregister the partition \(entry.name(of: partition.values)), or change the "
            + "column's type.")
      }
      return scalar
    }
  }

  private func canMatch(_ partition: TypedPartition, _ request: ScanRequest) -> Bool {
    request.predicates.allSatisfy { predicate in
      let index = predicate.column - entry.columns.count
      guard partition.scalars.indices.contains(index) else { return true }
      return HivePartitionValue.canMatch(partition.scalars[index], predicate.comparison)
    }
  }
}
