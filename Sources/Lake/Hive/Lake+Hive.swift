internal import Columnar
package import Connector
internal import ObjectStorage

// The lake takes DDL, rows and calls as `LakeSession` does without any property set.

extension Lake: WritableCatalog {
  private var session: LakeSession { LakeSession(lake: self) }

  package func procedures(schema: String) throws -> [Procedure] {
    try session.procedures(schema: schema)
  }

  package var sessionProperties: [CatalogProperty] { session.sessionProperties }

  package func setting(_ properties: [String: String]) -> any CatalogProvider {
    session.setting(properties)
  }

  package func createSchema(_ name: String) throws { try session.createSchema(name) }

  package func dropSchema(_ name: String, isCascading: Bool) throws {
    try session.dropSchema(name, isCascading: isCascading)
  }

  package func createTable(schema: String, name: String, _ definition: TableDefinition) throws {
    try session.createTable(schema: schema, name: name, definition)
  }

  package func dropTable(schema: String, name: String) throws {
    try session.dropTable(schema: schema, name: name)
  }

  package func changeTable(schema: String, name: String, _ change: TableChange) throws {
    try session.changeTable(schema: schema, name: name, change)
  }

  package func beginCreate(
    schema: String, name: String, _ definition: TableDefinition, isReplacing: Bool
  ) throws -> any BatchSink {
    try session.beginCreate(schema: schema, name: name, definition, isReplacing: isReplacing)
  }

  package func beginInsert(
    schema: String, name: String, _ mode: WriteMode
  ) throws -> any BatchSink {
    try session.beginInsert(schema: schema, name: name, mode)
  }

  package func beginChange(
    schema: String, name: String, of source: any TableSource
  ) throws -> any RowChangeSink {
    try session.beginChange(schema: schema, name: name, of: source)
  }

  // MARK: Looking

  /// The Hive-style table of a name, or what is known of its partitions; nil for other names.
  func hiveSource(schema: String, name: String) throws -> (any TableSource)? {
    let name = name.lowercased()
    guard name.hasSuffix(HivePartitionsTable.suffix) else {
      return try hive.table(HiveTableName(schema, name))
    }
    let base = String(name.dropLast(HivePartitionsTable.suffix.count))
    return try hive.table(HiveTableName(schema, base)).flatMap { HivePartitionsTable($0) }
  }

  /// What the catalog says of all Hive-style tables: `system.lake.hive_partitions`, a row a partition,
  /// and `system.lake.hive_versions`, a row a change of a table.
  package func hiveSystemTables() -> [String: ComposedCatalog.Provider] {
    ["hive_partitions": { self.partitionsTable() }, "hive_versions": { self.versionsTable() }]
  }

  private func partitionsTable() -> ComputedTable {
    let schema = Schema(
      [
        Field("table", .varchar, isNullable: false), Field("kind", .varchar, isNullable: false),
        Field("format", .varchar, isNullable: false), Field("partition", .varchar),
      ]
        + HivePartitionsTable.facts.map {
          Field(String($0.name.dropFirst()), $0.type, isNullable: $0.isNullable)
        })
    return ComputedTable(label: "system.lake.hive_partitions", schema: schema) { _ in
      var rows: [[Scalar]] = []
      for name in try self.hiveTables() {
        guard let entry = try self.hive.entry(name) else { continue }
        let files = try HiveFiles(store: self.store).list(entry.partitions, below: entry.location)
        for (partition, files) in zip(entry.partitions, files) {
          rows.append(
            [
              .text("\(name)"), .text(entry.isExternal ? "EXTERNAL" : "MANAGED"),
              .text(entry.format.rawValue),
              partition.values.isEmpty ? .null : .text(entry.name(of: partition.values)),
            ] + HivePartitionsTable.facts(partition, files, self.hive))
        }
      }
      return [ColumnarBatch(schema: schema, rows: rows)]
    }
  }

  private func versionsTable() -> ComputedTable {
    let schema = Schema([
      Field("table", .varchar, isNullable: false), Field("version", .bigint, isNullable: false),
      Field("timestamp", .timestampWithTimeZone, isNullable: false),
      Field("operation", .varchar, isNullable: false), Field("partitions", .bigint),
    ])
    return ComputedTable(label: "system.lake.hive_versions", schema: schema) { _ in
      let rows = try self.hiveTables().flatMap { name in
        try self.hive.history(name).map { version -> [Scalar] in
          [
            .text("\(name)"), .integer(version.version), .integer(version.milliseconds * 1_000),
            .text(version.operation),
            version.partitionCount.map { .integer(Int64($0)) } ?? .null,
          ]
        }
      }
      return [ColumnarBatch(schema: schema, rows: rows)]
    }
  }

  private func hiveTables() throws -> [HiveTableName] {
    try hive.schemaNames().flatMap { schema in
      try hive.tableNames(schema: schema).map { HiveTableName(schema, $0) }
    }
  }
}
