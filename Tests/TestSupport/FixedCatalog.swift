// Tables whose batches a test gives, in a catalog that cannot change.

package import Columnar
package import Connector

/// Tables of batches in memory.
package struct FixedCatalog: CatalogProvider {
  package let name: String
  private let tables: [String: [String: FixedTable]]

  package init(name: String, tables: [String: [String: FixedTable]]) {
    self.name = name
    self.tables = tables
  }

  package func schemaNames() throws -> [String] { tables.keys.sorted() }
  package func tableNames(schema: String) throws -> [String] {
    (tables[schema] ?? [:]).keys.sorted()
  }
  package func table(schema: String, name: String) throws -> (any TableSource)? {
    tables[schema]?[name]
  }
}

/// One split of batches; ignores predicates, so that the engine must filter.
package struct FixedTable: TableSource {
  package let schema: Schema
  package let batches: [ColumnarBatch]

  package init(schema: Schema, batches: [ColumnarBatch]) {
    self.schema = schema
    self.batches = batches
  }

  package func splits(for request: ScanRequest) throws -> [any Split] {
    [MemorySplit(batches: batches.map { $0.selecting(request.columns) })]
  }

  private struct MemorySplit: Split {
    let label = "memory"
    let batches: [ColumnarBatch]
    func open() throws -> any BatchReader { ArrayBatchReader(batches) }
  }
}
