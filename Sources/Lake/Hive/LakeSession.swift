internal import Columnar
package import Connector

/// The lake as statements change it: Hive-style tables beside what the layers hold.
///
/// Delta tables are written by the jobs that own them, not by statements.
package struct LakeSession: WritableCatalog {
  package static let insertBehavior = CatalogProperty(
    "insert_existing_partitions_behavior", choices: ["APPEND", "OVERWRITE", "ERROR"],
    standard: "APPEND",
    description: "What an INSERT does with partitions of Hive tables that are there")

  let lake: Lake
  /// Of `insertBehavior`.
  var mode: HiveWriteMode = .append

  private var hive: HiveCatalog { lake.hive }

  // MARK: What is read

  package var name: String { lake.name }
  package func schemaNames() throws -> [String] { try lake.schemaNames() }
  package func tableNames(schema: String) throws -> [String] {
    try lake.tableNames(schema: schema)
  }
  package func table(schema: String, name: String) throws -> (any TableSource)? {
    try lake.table(schema: schema, name: name)
  }
  package func procedures(schema: String) throws -> [Procedure] {
    schema == "system" ? hive.procedures() : []
  }
  package var sessionProperties: [CatalogProperty] { [Self.insertBehavior] }

  package func setting(_ properties: [String: String]) -> any CatalogProvider {
    var changed = self
    switch properties[Self.insertBehavior.name] {
    case "OVERWRITE": changed.mode = .overwrite(.dynamic)
    case "ERROR": changed.mode = .appendToNew
    default: changed.mode = .append
    }
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
    try checkFree(schema, name)
    try hive.createTable(HiveTableName(schema, name), definition)
  }

  package func dropTable(schema: String, name: String) throws {
    try hive.dropTable(try hiveTable(schema, name, "dropping tables"))
  }

  package func changeTable(schema: String, name: String, _ change: TableChange) throws {
    try hive.changeTable(try hiveTable(schema, name, "changing tables"), change)
  }

  // MARK: Rows

  package func beginCreate(
    schema: String, name: String, _ definition: TableDefinition, isReplacing: Bool
  ) throws -> any BatchSink {
    if isReplacing, try table(schema: schema, name: name) != nil {
      throw CatalogChangeError.notSupported("replacing tables")
    }
    try checkFree(schema, name)
    return try hive.makeTable(HiveTableName(schema, name), definition)
  }

  package func beginInsert(
    schema: String, name: String, _ mode: WriteMode
  ) throws -> any BatchSink {
    let table = try hiveTable(schema, name, "inserts")
    guard try !hive.existing(table).isExternal || lake.writesExternalTables else {
      throw CatalogChangeError.notSupported("writing to non-managed Hive tables")
    }
    switch mode {
    case .append: return try hive.makeSink(table, mode: self.mode)
    case .overwrite: return try hive.makeSink(table, mode: .overwrite(.static([:])))
    case .overwritePartitions(let partitions):
      guard let only = partitions.first, partitions.count == 1 else {
        throw CatalogChangeError.notSupported("overwriting several lists of partitions at once")
      }
      return try hive.makeSink(table, mode: .overwrite(.static(only)))
    }
  }

  package func beginChange(
    schema: String, name: String, of source: any TableSource
  ) throws -> any RowChangeSink {
    guard let source = source as? HiveTable else {
      throw CatalogChangeError.notSupported("modifying table rows")
    }
    return hive.makeDeletion(source)
  }

  // MARK: Which tables

  /// Throws where another kind of table has the name.
  private func checkFree(_ schema: String, _ name: String) throws {
    guard try !lake.hasOwnTable(schema: schema, name: name) else {
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
    throw CatalogChangeError.notSupported("\(what) of this kind: only Hive tables of the lake take it")
  }
}
