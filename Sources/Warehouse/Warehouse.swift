// The warehouse: tables that answer the business's questions, loaded from the lake.
//
// Today its one schema, `mart`, is a directory of Delta tables; a schema more is a directory more.

internal import Columnar
package import Connector
package import DeltaLog
package import ObjectStorage

/// One warehouse directory and its catalog, `warehouse`.
package final class Warehouse: CatalogProvider {
  package let name = "warehouse"
  package let store: Bucket
  /// The tables of `warehouse.mart`.
  package let mart: DeltaDirectory

  /// The warehouse whose files are the objects of a bucket.
  package init(bucket store: Bucket) {
    self.store = store
    mart = DeltaDirectory(store: store, path: "mart")
  }

  /// Half-written files of a killed process that were removed at the start.
  package var leftoversRemoved: Int { store.leftoversRemoved }

  // MARK: CatalogProvider

  package func schemaNames() throws -> [String] { ["mart"] }

  package func tableNames(schema: String) throws -> [String] {
    schema.lowercased() == "mart" ? try mart.tableNames() : []
  }

  package func table(schema: String, name: String) throws -> (any TableSource)? {
    schema.lowercased() == "mart" ? try mart.table(name)?.snapshot() : nil
  }

  // MARK: System tables

  /// What the warehouse shows of itself: `system.warehouse.loads`, one row a commit with rows.
  package func systemTables() -> [String: ComposedCatalog.Provider] {
    ["loads": { self.loadsTable() }]
  }

  private func loadsTable() -> ComputedTable {
    let schema = Schema([
      Field("table", .varchar, isNullable: false),
      Field("version", .bigint, isNullable: false),
      Field("loaded_at", .timestampWithTimeZone, isNullable: false),
      Field("rows", .bigint),
      Field("operation", .varchar, isNullable: false),
    ])
    return ComputedTable(label: "system.warehouse.loads", schema: schema) { _ in
      var rows: [[Scalar]] = []
      for name in try self.mart.tableNames() {
        // Version 0 of a table of ours is its making, not a load.
        for entry in try self.mart.table(name)?.history() ?? []
        where entry.operation != "CREATE TABLE" {
          rows.append([
            .text("mart.\(name)"), .integer(entry.version), .integer(entry.timestamp * 1_000),
            entry.rowsAdded.map { .integer(Int64($0)) } ?? .null, .text(entry.operation),
          ])
        }
      }
      return [ColumnarBatch(schema: schema, rows: rows)]
    }
  }
}
