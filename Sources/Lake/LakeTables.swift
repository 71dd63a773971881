// What commands say of the lake's tables, whichever way each of them is kept:
//
// - Hive-style tables: the catalog says which partitions they have, and where those lie;
// - Delta tables: their own log says which files they have;
// - files: what Bronze and the archive hold is read as it lies there.

package import Columnar
package import Connector
internal import DeltaLog
internal import ObjectStorage

/// One table of the lake.
package struct LakeTableSummary: Hashable, Sendable {
  /// How it is known which files are the table's.
  package enum Kind: String, Hashable, Sendable {
    case hiveManaged = "HIVE"
    case hiveExternal = "HIVE EXTERNAL"
    case delta = "DELTA"
    case files = "FILES"
  }

  /// `schema.table`.
  package var name: String
  package var kind: Kind
  /// The format of its files.
  package var format: String
  /// As a URI.
  package var location: String
  package var partitionColumns: [String]
  /// Registered partitions, or those that a Delta table has files in; nil where nobody keeps a list.
  package var partitionCount: Int?
  /// The newest version of its catalog entry or of its log; nil where it has none.
  package var version: Int64?
}

/// One partition of a table, with what lies in it.
package struct LakePartitionSummary: Hashable, Sendable {
  /// `dt=2024-01-15/country=KR`; empty for a table without partition columns.
  package var name: String
  /// As a URI.
  package var location: String
  package var fileCount: Int
  /// Bytes.
  package var size: Int64
  /// nil where nobody has counted.
  package var rowCount: Int?
}

extension Lake {
  /// The tables of a schema, or of all, sorted by name.
  package func tableSummaries(schema: String? = nil) throws -> [LakeTableSummary] {
    let schemas = try schemaNames()
    if let schema, !schemas.contains(schema.lowercased()) {
      throw CatalogChangeError.schemaMissing(schema)
    }
    return try schemas.filter { schema == nil || $0 == schema?.lowercased() }.flatMap { schema in
      try tableNames(schema: schema).map { try summary(schema, $0) }
    }
  }

  private func summary(_ schema: String, _ table: String) throws -> LakeTableSummary {
    let name = HiveTableName(schema, table)
    if let entry = try hive.entry(name) {
      return LakeTableSummary(
        name: "\(name)", kind: entry.isExternal ? .hiveExternal : .hiveManaged,
        format: entry.format.rawValue, location: hive.places.uri(entry.location),
        partitionColumns: entry.partitionColumns.map(\.name),
        partitionCount: entry.partitionColumns.isEmpty ? nil : entry.partitions.count,
        version: entry.version)
    }
    if let delta = try lakeDelta(schema, table) {
      let snapshot = try delta.snapshot()
      return LakeTableSummary(
        name: "\(schema).\(table)", kind: .delta, format: "PARQUET",
        location: hive.places.uri(delta.path), partitionColumns: snapshot.partitionColumns,
        partitionCount: snapshot.partitionColumns.isEmpty
          ? nil : Set(snapshot.files.map(\.partitionValues)).count,
        version: snapshot.version)
    }
    let layer = schema == "bronze" ? "raw" : schema
    return LakeTableSummary(
      name: "\(schema).\(table)", kind: .files, format: "JSON",
      location: hive.places.uri("\(layer)/\(table)"), partitionColumns: [], partitionCount: nil,
      version: nil)
  }

  /// The Delta table of a name; nil where another kind of table has it.
  private func lakeDelta(_ schema: String, _ table: String) throws -> DeltaTable? {
    guard schema == "silver" || schema == "gold" else { return nil }
    return try deltaTable("\(schema).\(table)")
  }

  /// The table of a name such as `silver.events` or `lake.silver.events`.
  ///
  /// - Throws: `CatalogChangeError.tableMissing`.
  package func lakeTable(_ text: String) throws -> LakeTableSummary {
    var parts = text.lowercased().split(separator: ".", omittingEmptySubsequences: false)
    if parts.count == 3, parts[0] == name { parts.removeFirst() }
    guard parts.count == 2,
      try tableNames(schema: String(parts[0])).contains(where: { $0.lowercased() == parts[1] })
    else {
      throw CatalogChangeError.tableMissing(
        schema: parts.dropLast().joined(separator: "."), name: String(parts.last ?? ""))
    }
    return try summary(String(parts[0]), String(parts[1]))
  }

  // MARK: Partitions

  /// The partitions that a query sees, in the order of their names.
  ///
  /// - Throws: `CatalogChangeError.notSupported` for files that nobody has registered.
  package func partitionSummaries(_ table: LakeTableSummary) throws -> [LakePartitionSummary] {
    let (schema, name) = Self.parts(table.name)
    switch table.kind {
    case .hiveManaged, .hiveExternal:
      let entry = try hive.existing(HiveTableName(schema, name))
      let files = try HiveFiles(store: store).list(entry.partitions, below: entry.location)
      return zip(entry.partitions, files).map { partition, files in
        LakePartitionSummary(
          name: entry.name(of: partition.values), location: hive.places.uri(partition.location),
          fileCount: files.count, size: files.reduce(0) { $0 &+ Int64($1.size) },
          rowCount: partition.rowCount)
      }
    case .delta:
      guard let snapshot = try lakeDelta(schema, name)?.snapshot() else { return [] }
      return deltaPartitions(snapshot, table)
    case .files:
      throw CatalogChangeError.notSupported(
        "partitions of \(table.name): it is read as it lies in \(table.location)")
    }
  }

  private func deltaPartitions(
    _ snapshot: DeltaSnapshot, _ table: LakeTableSummary
  ) -> [LakePartitionSummary] {
    var found: [String: LakePartitionSummary] = [:]
    for file in snapshot.files {
      let values = snapshot.partitionColumns.map { file.partitionValues[$0] ?? nil }
      let name = HivePartitionName.text(columns: snapshot.partitionColumns, values: values)
      var one = found[name]
        ?? LakePartitionSummary(
          name: name, location: table.location + (name.isEmpty ? "" : "/" + name), fileCount: 0,
          size: 0, rowCount: 0)
      one.fileCount += 1
      one.size &+= file.size
      one.rowCount = file.numRecords.flatMap { rows in one.rowCount.map { $0 &+ rows } }
      found[name] = one
    }
    return found.values.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
  }

  /// The values of a partition that is written as its directory is: `dt=2024-01-15/country=KR`.
  ///
  /// - Throws: `CatalogChangeError.invalidArgument` where it does not name the table's partition columns.
  package func partitionValues(
    _ text: String, of table: LakeTableSummary
  ) throws -> (columns: [String], values: [String?]) {
    let parts = text.split(separator: "/").map { HivePartitionName.parts(of: String($0)) }
    let columns = parts.compactMap { $0?.column.lowercased() }
    guard !columns.isEmpty, columns.count == parts.count,
      columns == table.partitionColumns.map({ $0.lowercased() })
    else {
      let form = table.partitionColumns.map { "\($0)=…" }.joined(separator: "/")
      throw CatalogChangeError.invalidArgument(
        table.partitionColumns.isEmpty
          ? "\(table.name) has no partition columns"
          : "'\(text)' names no partition of \(table.name), which is written \(form)")
    }
    return (columns, parts.map { $0?.value })
  }

  /// The name of a Hive-style table.
  ///
  /// - Throws: `CatalogChangeError.notSupported` for others: `what` cannot be done with them.
  package func hiveName(_ table: LakeTableSummary, _ what: String) throws -> HiveTableName {
    let (schema, name) = Self.parts(table.name)
    guard table.kind == .hiveManaged || table.kind == .hiveExternal else {
      throw CatalogChangeError.notSupported(
        "\(what) of \(table.name), which is no Hive-style table: no catalog lists its partitions")
    }
    return HiveTableName(schema, name)
  }

  private static func parts(_ name: String) -> (schema: String, table: String) {
    let schema = name.prefix { $0 != "." }
    return (String(schema), String(name.dropFirst(schema.count + 1)))
  }
}
