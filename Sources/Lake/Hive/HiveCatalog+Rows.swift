internal import Columnar
package import Connector

// The rows of tables: reading them, writing them, and deleting whole partitions.

extension HiveCatalog {
  /// The table as it is now; nil where there is none.
  package func table(_ name: HiveTableName) throws -> HiveTable? {
    try entry(name).map { HiveTable(name: name, entry: $0, catalog: self) }
  }

  /// A sink for rows of a table, external ones too; see `HiveSink` for what is not all or nothing.
  package func makeSink(
    _ name: HiveTableName, mode: HiveWriteMode, options: HiveWriteOptions = HiveWriteOptions()
  ) throws -> any BatchSink {
    let entry = try existing(name)
    try checkWritable(entry)
    if case .overwrite(.static(let wanted)) = mode {
      for column in wanted.keys.sorted()
      where !entry.partitionColumns.contains(where: { $0.name == column }) {
        throw CatalogChangeError.columnMissing(column)
      }
    }
    return HiveSink(
      catalog: self, name: name, entry: entry, isNewTable: false, mode: mode, options: options)
  }

  /// A sink for a DELETE over the version that `source` scans.
  package func makeDeletion(_ source: HiveTable) -> any RowChangeSink {
    HiveDeletion(source)
  }
}
