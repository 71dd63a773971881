internal import Columnar
package import Connector
internal import DeltaLog

/// The lake as statements change it: Delta and Hive-style tables; Bronze and the archive are read only.
package struct LakeSession: WritableCatalog {
  package static let insertBehavior = CatalogProperty(
    "insert_existing_partitions_behavior", choices: ["APPEND", "OVERWRITE", "ERROR"],
    standard: "APPEND",
    description: "What an INSERT does with partitions of Hive tables that are there")

  package static let compressionCodec = CatalogProperty(
    "compression_codec", choices: HiveCompression.allCases.map(\.rawValue), standard: "ZSTD",
    description: "The codec of the Parquet files that Hive tables are written in")

  let lake: Lake
  /// Of `insertBehavior`.
  var mode: HiveWriteMode = .append
  /// Of `compressionCodec`.
  var compression: HiveCompression = .zstd

  private var hive: HiveCatalog { lake.hive }
  private var delta: DeltaStatements { DeltaStatements(lake: lake) }

  // MARK: What is read

  package var name: String { lake.name }
  package func schemaNames() throws -> [String] { try lake.schemaNames() }
  package func tableNames(schema: String) throws -> [String] {
    try lake.tableNames(schema: schema)
  }
  package func table(schema: String, name: String) throws -> (any TableSource)? {
    try lake.table(schema: schema, name: name)
  }
  package func table(
    schema: String, name: String, at moment: TableMoment
  ) throws -> (any TableSource)? {
    try lake.table(schema: schema, name: name, at: moment)
  }
  package func procedures(schema: String) throws -> [Procedure] {
    schema == "system"
      ? (hive.procedures() + delta.procedures()).sorted { $0.name < $1.name } : []
  }
  package var sessionProperties: [CatalogProperty] {
    [Self.compressionCodec, Self.insertBehavior]
  }

  package func setting(_ properties: [String: String]) -> any CatalogProvider {
    var changed = self
    switch properties[Self.insertBehavior.name] {
    case "OVERWRITE": changed.mode = .overwrite(.dynamic)
    case "ERROR": changed.mode = .appendToNew
    default: changed.mode = .append
    }
    changed.compression =
      properties[Self.compressionCodec.name].flatMap(HiveCompression.init) ?? .zstd
    return changed
  }

  // MARK: DDL

  package func createSchema(_ name: String) throws {
    guard try !schemaNames().contains(name) else { throw CatalogChangeError.schemaExists(name) }
    try hive.createSchema(name)
  }

  package func dropSchema(_ name: String, isCascading: Bool) throws {
    guard try hive.schemaNames().contains(name) || !schemaNames().contains(name) else {
      throw CatalogChangeError.notSupported("dropping the schema of a layer")
    }
    try hive.dropSchema(name, isCascading: isCascading)
  }

  package func createTable(schema: String, name: String, _ definition: TableDefinition) throws {
    var definition = definition
    let type = try LakeTableType.take(from: &definition)
    try checkFree(schema, name)
    switch type {
    case .hive: try hive.createTable(HiveTableName(schema, name), definition)
    case .delta: try delta.createTable(schema: schema, name: name, definition)
    }
  }

  package func dropTable(schema: String, name: String) throws {
    if let table = try delta.find(schema, name) { return try delta.dropTable(table) }
    try hive.dropTable(try hiveTable(schema, name, "dropping tables"))
  }

  package func changeTable(schema: String, name: String, _ change: TableChange) throws {
    if let table = try delta.find(schema, name) { return try delta.changeTable(table, change) }
    try hive.changeTable(try hiveTable(schema, name, "changing tables"), change)
  }

  // MARK: Rows

  package func beginCreate(
    schema: String, name: String, _ definition: TableDefinition, isReplacing: Bool
  ) throws -> any BatchSink {
    var definition = definition
    let type = try LakeTableType.take(from: &definition)
    let replaced = isReplacing && type == .delta ? try delta.find(schema, name) : nil
    if isReplacing, replaced == nil, try table(schema: schema, name: name) != nil {
      throw CatalogChangeError.notSupported(
        "replacing tables other than a Delta table by a Delta table")
    }
    if replaced == nil { try checkFree(schema, name) }
    switch type {
    case .hive:
      return try hive.makeTable(
        HiveTableName(schema, name), definition,
        options: HiveWriteOptions(compression: compression, operation: "create_table_as"))
    case .delta:
      return try delta.beginCreate(schema: schema, name: name, definition, replacing: replaced)
    }
  }

  package func beginInsert(
    schema: String, name: String, _ mode: WriteMode
  ) throws -> any BatchSink {
    if let table = try delta.find(schema, name) { return try delta.beginInsert(table, mode) }
    let table = try hiveTable(schema, name, "inserts")
    guard try !hive.existing(table).isExternal || lake.writesExternalTables else {
      throw CatalogChangeError.notSupported("writing to non-managed Hive tables")
    }
    let options = HiveWriteOptions(compression: compression)
    switch mode {
    case .append: return try hive.makeSink(table, mode: self.mode, options: options)
    case .overwrite:
      return try hive.makeSink(table, mode: .overwrite(.static([:])), options: options)
    case .overwritePartitions(let partitions):
      guard let only = partitions.first, partitions.count == 1 else {
        throw CatalogChangeError.notSupported("overwriting several lists of partitions at once")
      }
      return try hive.makeSink(table, mode: .overwrite(.static(only)), options: options)
    }
  }

  package func beginChange(
    schema: String, name: String, of source: any TableSource
  ) throws -> any RowChangeSink {
    if let source = source as? DeltaChangeableTable {
      return delta.beginChange(schema: schema, name: name, of: source)
    }
    guard let source = source as? HiveTable else {
      throw CatalogChangeError.notSupported("modifying table rows")
    }
    return hive.makeDeletion(source)
  }

  // MARK: Which tables

  /// Throws where a table has the name.
  private func checkFree(_ schema: String, _ name: String) throws {
    guard try hive.entry(HiveTableName(schema, name)) == nil,
      try !lake.hasOwnTable(schema: schema, name: name)
    else {
      throw CatalogChangeError.tableExists(schema: schema, name: name)
    }
  }

  /// The name, if it is one of a Hive-style table; `what` cannot be done with others.
  private func hiveTable(_ schema: String, _ name: String, _ what: String) throws -> HiveTableName {
    let table = HiveTableName(schema, name)
    if try hive.entry(table) != nil { return table }
    guard try lake.hasOwnTable(schema: schema, name: name) else {
      throw CatalogChangeError.tableMissing(schema: schema, name: name)
    }
    throw CatalogChangeError.notSupported(
      "\(what) of this kind: only the lake's Delta and Hive tables take it")
  }
}
