// The table of the micro-benchmarks: rows from a formula, so that both sides hold the same ones.
//
// ```
// k = (i · 2654435761) mod 1,000,003 mod groups    in an order that no cache likes
// t = 'customer-' || k                             flat text, 10 to 16 bytes
// v = i mod 1,000
// ```

import Columnar
package import Connector

/// The catalog `bench` with the one table `default.t`, held in memory.
package final class KernelCatalog: CatalogProvider {
  package let name = "bench"
  private let source: KernelTable

  package init(rowCount: Int, groupCount: Int) {
    source = KernelTable(rowCount: rowCount, groupCount: groupCount)
  }

  package func schemaNames() throws -> [String] { ["default"] }
  package func tableNames(schema: String) throws -> [String] { ["t"] }
  package func table(schema: String, name: String) throws -> (any TableSource)? {
    name == "t" ? source : nil
  }

  /// The statement that makes the same table in DuckDB.
  package static func peerSetup(rowCount: Int, groupCount: Int) -> String {
    """
    CREATE TABLE t AS SELECT k, 'customer-' || k AS t, v FROM (
      SELECT (i * 2654435761) % 1000003 % \(groupCount) AS k, i % 1000 AS v
      FROM range(\(rowCount)) AS r(i))
    """
  }
}

private struct KernelTable: TableSource {
  let schema = Schema([
    Field("k", .bigint, isNullable: false), Field("t", .varchar, isNullable: false),
    Field("v", .bigint, isNullable: false),
  ])
  private let batches: [ColumnarBatch]
  private static let rowsPerBatch = 8_192

  init(rowCount: Int, groupCount: Int) {
    let schema = schema
    batches = stride(from: 0, to: rowCount, by: Self.rowsPerBatch).map { first in
      let count = min(rowCount - first, Self.rowsPerBatch)
      let builders = schema.fields.map { ColumnBuilder(type: $0.type, capacity: count) }
      for row in first..<first + count {
        let key = row * 2_654_435_761 % 1_000_003 % groupCount
        builders[0].append(Int64(key))
        builders[1].append("customer-\(key)")
        builders[2].append(Int64(row % 1_000))
      }
      return ColumnarBatch(
        schema: schema, columns: builders.map { $0.finish() }, rowCount: count)
    }
  }

  var rowCount: Int? { batches.reduce(0) { $0 + $1.rowCount } }

  func splits(for request: ScanRequest) throws -> [any Split] {
    // As many rows a split as a row group has.
    stride(from: 0, to: batches.count, by: 16).map { first in
      KernelSplit(
        label: "batches from \(first)", columns: request.columns,
        batches: batches[first..<min(first + 16, batches.count)])
    }
  }
}

private struct KernelSplit: Split {
  let label: String
  let columns: [Int]
  let batches: ArraySlice<ColumnarBatch>

  func open() throws -> any BatchReader { Reader(self) }

  private final class Reader: BatchReader {
    private var rest: ArraySlice<ColumnarBatch>
    private let columns: [Int]

    init(_ split: KernelSplit) {
      rest = split.batches
      columns = split.columns
    }

    func next() throws -> ColumnarBatch? { rest.popFirst()?.selecting(columns) }
  }
}
