internal import Columnar
package import Connector
internal import DeltaLog
internal import ObjectStorage

extension Lake {
  /// What the lake shows of itself: `system.lake.objects`, `system.lake.parquet_columns`,
  /// which are the footers of its files, `system.lake.snapshots`, which are the versions of Delta
  /// tables, what its catalog says of Hive-style tables, and what a reader that polls has found.
  package func systemTables() -> [String: ComposedCatalog.Provider] {
    var tables = hiveSystemTables()
    tables["objects"] = { self.objectsTable() }
    tables["parquet_columns"] = { self.parquetColumnsTable() }
    tables["snapshots"] = { self.snapshotsTable() }
    tables["readings"] = { self.readingsTable() }
    return tables
  }

  private func objectsTable() -> ComputedTable {
    let schema = Schema([
      Field("key", .varchar, isNullable: false),
      Field("size", .bigint, isNullable: false),
      Field("modified", .timestampWithTimeZone, isNullable: false),
      Field("layer", .varchar, isNullable: false),
    ])
    return ComputedTable(label: "system.lake.objects", schema: schema) { _ in
      let rows: [[Scalar]] = try self.store.list(prefix: "").map { object in
        [
          .text(object.key), .integer(Int64(object.size)),
          .integer(object.modifiedMilliseconds * 1_000), .text(Self.layer(of: object.key)),
        ]
      }
      return [ColumnarBatch(schema: schema, rows: rows)]
    }
  }

  /// Which layer an object of the lake belongs to, by its key; `other` outside of all.
  package static func layer(of key: String) -> String {
    switch key.prefix(while: { $0 != "/" }) {
    case "raw": "bronze"
    case "processed": "silver"
    case "aggregated": "gold"
    case "archive": "archive"
    default: "other"
    }
  }

  private func snapshotsTable() -> ComputedTable {
    let schema = Schema([
      Field("table", .varchar, isNullable: false),
      Field("version", .bigint, isNullable: false),
      Field("timestamp", .timestampWithTimeZone, isNullable: false),
      Field("operation", .varchar, isNullable: false),
      Field("files", .bigint, isNullable: false),
      Field("rows", .bigint),
    ])
    return ComputedTable(label: "system.lake.snapshots", schema: schema) { _ in
      var rows: [[Scalar]] = []
      for (layer, directory) in [("gold", self.gold), ("silver", self.silver)] {
        for name in try directory.tableNames() {
          for entry in try directory.table(name)?.history() ?? [] {
            rows.append([
              .text("\(layer).\(name)"), .integer(entry.version),
              .integer(entry.timestamp * 1_000), .text(entry.operation),
              .integer(Int64(entry.fileCount)),
              entry.rowCount.map { .integer(Int64($0)) } ?? .null,
            ])
          }
        }
      }
      return [ColumnarBatch(schema: schema, rows: rows)]
    }
  }
}
