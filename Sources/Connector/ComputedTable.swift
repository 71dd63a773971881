public import Columnar

/// A table whose rows are made when it is scanned; components show their state as such tables.
public struct ComputedTable: TableSource {
  public let schema: Schema
  private let label: String
  private let rows: @Sendable (ScanRequest) throws -> [ColumnarBatch]

  /// A table that calls `rows` once a scan; its batches must have all columns of `schema`, and may
  /// leave out rows that the request's predicates exclude.
  public init(
    label: String,
    schema: Schema,
    rows: @escaping @Sendable (ScanRequest) throws -> [ColumnarBatch]
  ) {
    self.label = label
    self.schema = schema
    self.rows = rows
  }

  public func splits(for request: ScanRequest) throws -> [any Split] {
    [ComputedSplit(label: label, columns: request.columns) { try rows(request) }]
  }

  private struct ComputedSplit: Split {
    let label: String
    let columns: [Int]
    let rows: @Sendable () throws -> [ColumnarBatch]

    func open() throws -> any BatchReader {
      ArrayBatchReader(try rows().filter { $0.rowCount > 0 }.map { $0.selecting(columns) })
    }
  }
}

/// Hands out batches that are already in memory.
public final class ArrayBatchReader: BatchReader {
  private var batches: ArraySlice<ColumnarBatch>

  public init(_ batches: [ColumnarBatch]) {
    self.batches = batches[...]
  }

  public func next() throws -> ColumnarBatch? {
    batches.popFirst()
  }
}

/// A catalog put together from named tables; each is made anew when it is asked for.
public struct ComposedCatalog: CatalogProvider {
  public typealias Provider = @Sendable () throws -> (any TableSource)?

  public let name: String
  private let tables: [String: [String: Provider]]

  public init(name: String, tables: [String: [String: Provider]]) {
    self.name = name
    self.tables = tables
  }

  public func schemaNames() throws -> [String] { tables.keys.sorted() }

  public func tableNames(schema: String) throws -> [String] {
    (tables[schema] ?? [:]).keys.sorted()
  }

  public func table(schema: String, name: String) throws -> (any TableSource)? {
    try tables[schema]?[name]?()
  }
}
