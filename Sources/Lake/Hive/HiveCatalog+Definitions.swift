internal import Columnar
package import Connector
internal import ObjectStorage

// CREATE, ALTER and DROP TABLE.

extension HiveCatalog {
  /// Makes a table without rows.
  ///
  /// An external one has those of the files that its partitions will name; one without partition
  /// columns has them at once.
  package func createTable(_ name: HiveTableName, _ definition: TableDefinition) throws {
    let entry = try newEntry(name, definition)
    try change(name, operation: "create_table") { table in
      guard table == nil else {
        throw CatalogChangeError.tableExists(schema: name.schema, name: name.table)
      }
      table = entry
    }
  }

  /// A sink whose commit makes a table of its rows; the table is managed.
  package func makeTable(
    _ name: HiveTableName, _ definition: TableDefinition,
    options: HiveWriteOptions = HiveWriteOptions(operation: "create_table_as")
  ) throws -> any BatchSink {
    let entry = try newEntry(name, definition)
    guard !entry.isExternal else {
      throw CatalogChangeError.notSupported(
        "CREATE TABLE AS with external_location: rows are written to managed tables")
    }
    try checkWritable(entry)
    let sink = HiveSink(
      catalog: self, name: name, entry: entry, isNewTable: true, mode: .append, options: options)
    guard try sink.claim(entry.location) else { throw locationExists(name, entry) }
    return sink
  }

  private func newEntry(
    _ name: HiveTableName, _ definition: TableDefinition
  ) throws -> HiveTableEntry {
    guard name.isPossible else {
      throw CatalogChangeError.notSupported(
        "the table name '\(name.table)': it takes letters, digits and underscores")
    }
    guard try schemaNames().contains(name.schema) else {
      throw CatalogChangeError.schemaMissing(name.schema)
    }
    guard try entry(name) == nil else {
      throw CatalogChangeError.tableExists(schema: name.schema, name: name.table)
    }
    let entry = try HiveDefinition(definition, name, self).entry
    if !entry.isExternal, try hasFiles(entry.location) { throw locationExists(name, entry) }
    return entry
  }

  private func locationExists(
    _ name: HiveTableName, _ entry: HiveTableEntry
  ) -> CatalogChangeError {
    .locationExists(
      "Target directory for table '\(name)' already exists: \(places.uri(entry.location))")
  }

  func checkWritable(_ entry: HiveTableEntry) throws {
    guard entry.format == .parquet else {
      throw CatalogChangeError.notSupported(
        "writing \(entry.format.rawValue) tables; put the files, then register their partitions")
    }
  }

  /// Takes a table out of the catalog.
  ///
  /// The files of a managed one are removed as far as they lie below its location; those of an external
  /// one stay.
  package func dropTable(_ name: HiveTableName) throws {
    var dropped: HiveTableEntry?
    try change(name, operation: "drop_table") { table in
      guard let known = table else {
        throw CatalogChangeError.tableMissing(schema: name.schema, name: name.table)
      }
      dropped = known
      table = nil
    }
    guard let dropped, !dropped.isExternal else { return }
    for object in try store.list(prefix: dropped.location + "/") { try store.delete(object.key) }
  }

  /// Changes what the catalog says of the columns; files stay as they are.
  ///
  /// A column that is renamed is NULL in files written before, because files are read by name.
  package func changeTable(_ name: HiveTableName, _ change: TableChange) throws {
    switch change {
    case .addColumn(let field):
      try changeExisting(name, operation: "add_column") { entry in
        guard entry.schema.index(of: field.name) == nil else {
          throw CatalogChangeError.columnExists(field.name)
        }
        try HiveDefinition.check(field, entry.format)
        entry.columns.append(Field(field.name.lowercased(), field.type))
      }
    case .dropColumn(let column):
      try changeExisting(name, operation: "drop_column") { entry in
        let index = try dataColumn(column, of: entry, "dropping partition columns")
        guard entry.columns.count > 1 else {
          throw CatalogChangeError.notSupported("dropping the only non-partition column of a table")
        }
        entry.columns.remove(at: index)
      }
    case .renameColumn(let column, let newName):
      try changeExisting(name, operation: "rename_column") { entry in
        let index = try dataColumn(column, of: entry, "renaming partition columns")
        let other = entry.schema.index(of: newName)
        guard other == nil || other == index else {
          throw CatalogChangeError.columnExists(newName)
        }
        entry.columns[index].name = newName.lowercased()
      }
    case .setComment(let comment):
      try changeExisting(name, operation: "comment") { $0.comment = comment }
    }
  }

  private func dataColumn(
    _ name: String, of entry: HiveTableEntry, _ refused: String
  ) throws -> Int {
    guard let index = entry.schema.index(of: name) else {
      throw CatalogChangeError.columnMissing(name)
    }
    guard index < entry.columns.count else { throw CatalogChangeError.notSupported(refused) }
    return index
  }
}
