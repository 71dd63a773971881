internal import Columnar
internal import Connector
internal import DeltaLog
internal import ObjectStorage

// What statements do to the Delta tables of a lake:
//
// 1. `CREATE TABLE … WITH (type = 'DELTA')` puts commit 0 of a log below the schema's directory; with
//    AS, that commit has the rows too.
// 2. INSERT appends by a sink; whatever others committed since, the rows go on top.
// 3. DELETE, UPDATE and MERGE scan one version (`DeltaChangeableTable`), write what is left of the
//    touched files anew, and commit where nobody has changed meanwhile what was read.
// 4. Everything that the log refuses becomes an error of the engine's contract (`DeltaRefusal`).

/// The Delta tables of a lake as statements change them.
struct DeltaStatements {
  let lake: Lake

  /// A table by its place.
  struct Name {
    var directory: DeltaDirectory
    var schema: String
    var table: String
  }

  /// The name, if it is one of a Delta table; nil for others.
  func find(_ schema: String, _ name: String) throws -> Name? {
    guard let directory = lake.directory(schema), try directory.table(name) != nil,
      try lake.hive.entry(HiveTableName(schema, name)) == nil
    else { return nil }
    return Name(directory: directory, schema: schema, table: name)
  }

  private func open(_ name: Name) throws -> DeltaTable {
    guard let table = try name.directory.table(name.table) else {
      throw CatalogChangeError.tableMissing(schema: name.schema, name: name.table)
    }
    return table
  }

  private func options(_ operation: String) -> DeltaWriteOptions {
    DeltaWriteOptions(operation: operation, timestamp: lake.hive.now())
  }

  // MARK: DDL

  func createTable(schema: String, name: String, _ definition: TableDefinition) throws {
    let directory = try place(schema, name)
    let delta = try DeltaDefinition(definition)
    try checkEmpty(directory, schema, name)
    try DeltaRefusal.translated(schema, name) {
      _ = try directory.create(
        name, schema: delta.schema, partitionColumns: delta.partitionColumns,
        timestamp: lake.hive.now(), comment: definition.comment, properties: delta.properties)
    }
  }

  /// CREATE TABLE AS, and what replaces a table; `replaced` is the table in whose place the new one comes.
  func beginCreate(
    schema: String, name: String, _ definition: TableDefinition, replacing replaced: Name?
  ) throws -> any BatchSink {
    let directory = try place(schema, name)
    let delta = try DeltaDefinition(definition)
    if replaced == nil { try checkEmpty(directory, schema, name) }
    let operation = replaced == nil ? "CREATE TABLE AS SELECT" : "CREATE OR REPLACE TABLE"
    return try DeltaRefusal.translated(schema, name) {
      let sink = try directory.beginCreate(
        name, replacing: try replaced.map { try open($0).snapshot() }, schema: delta.schema,
        partitionColumns: delta.partitionColumns, comment: definition.comment,
        properties: delta.properties, options: options(operation))
      return DeltaStatementSink(sink, schema, name)
    }
  }

  private func place(_ schema: String, _ name: String) throws -> DeltaDirectory {
    guard let directory = lake.directory(schema) else {
      guard try lake.schemaNames().contains(schema) else {
        throw CatalogChangeError.schemaMissing(schema)
      }
      throw CatalogChangeError.notSupported(
        "Delta tables in the schema '\(schema)'; they are in gold and silver")
    }
    guard HiveTableName(schema, name).isPossible else {
      throw CatalogChangeError.notSupported(
        "the table name '\(name)': it takes letters, digits and underscores")
    }
    return directory
  }

  /// Throws where files lie already in the directory that a new table would have.
  private func checkEmpty(_ directory: DeltaDirectory, _ schema: String, _ name: String) throws {
    let path = directory.path + "/" + name
    guard try lake.store.list(prefix: path + "/").isEmpty else {
      throw CatalogChangeError.locationExists(
        "Target directory for table '\(schema).\(name)' already exists: \(lake.hive.places.uri(path))")
    }
  }

  func dropTable(_ name: Name) throws { _ = try name.directory.drop(name.table) }

  func changeTable(_ name: Name, _ change: TableChange) throws {
    try DeltaRefusal.translated(name.schema, name.table) {
      let table = try open(name)
      let now = lake.hive.now()
      switch change {
      case .addColumn(let field):
        let field = try DeltaDefinition.stored(field)
        guard try table.snapshot().schema.index(of: field.name) == nil else {
          throw CatalogChangeError.columnExists(field.name)
        }
        try table.addColumn(field, timestamp: now)
      case .setComment(let comment): try table.setComment(comment, timestamp: now)
      case .dropColumn:
        throw CatalogChangeError.refused(
          "Cannot drop column from table using column mapping mode NONE",
          advice: "Make a table without the column, by CREATE TABLE AS.")
      case .renameColumn:
        throw CatalogChangeError.refused(
          "Cannot rename column in table using column mapping mode NONE",
          advice: "Make a table with the new name, by CREATE TABLE AS.")
      }
    }
  }

  // MARK: Rows

  func beginInsert(_ name: Name, _ mode: WriteMode) throws -> any BatchSink {
    try DeltaRefusal.translated(name.schema, name.table) {
      let sink = try open(name).snapshot().makeSink(mode: mode, options: options("WRITE"))
      return DeltaStatementSink(sink, name.schema, name.table)
    }
  }

  /// A change over the version that `source` scans.
  func beginChange(
    schema: String, name: String, of source: DeltaChangeableTable
  ) -> any RowChangeSink {
    DeltaStatementChange(source.makeChange(options: options("MERGE")), schema, name)
  }
}
