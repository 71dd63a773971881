// TPC-H's tables, generated while they are scanned: `SELECT * FROM tpch.tiny.nation`.
//
// Nothing rests on disk. The values are those of the specification's own generator, bit for bit.

import Columnar
package import Connector
import Synchronization

/// The catalog `tpch`: one schema a scale factor, eight tables each; read-only.
package final class TPCHCatalog: CatalogProvider {
  package let name: String
  private let form: TPCHForm
  package let pool = SharedTextPool()

  /// Schemas and their scale factors; `tiny` is Trino's name of 0.01.
  package static let scaleFactors: [String: Double] = [
    "tiny": 0.01, "sf0.01": 0.01, "sf0.1": 0.1, "sf1": 1,
  ]

  package init(name: String = "tpch", form: TPCHForm = .trino) {
    self.name = name
    self.form = form
  }

  package func schemaNames() throws -> [String] { Self.scaleFactors.keys.sorted() }

  package func tableNames(schema: String) throws -> [String] {
    Self.scaleFactors[schema] == nil ? [] : TPCHTable.allCases.map(\.rawValue).sorted()
  }

  package func table(schema: String, name: String) throws -> (any TableSource)? {
    guard let scaleFactor = Self.scaleFactors[schema], let table = TPCHTable(rawValue: name) else {
      return nil
    }
    return TPCHSource(
      table: table, scaleFactor: scaleFactor, schema: form.schema(of: table), pool: pool)
  }
}

/// The text pool as long as somebody reads comments: 300 MiB are not kept between queries.
package final class SharedTextPool: Sendable {
  private struct Reference { weak var pool: TextPool? }
  private let reference = Mutex(Reference())

  package func get() -> TextPool {
    reference.withLock { reference in
      if let pool = reference.pool { return pool }
      let pool = TextPool()
      reference.pool = pool
      return pool
    }
  }
}

/// One generated table.
struct TPCHSource: TableSource {
  let table: TPCHTable
  let scaleFactor: Double
  let schema: Schema
  package let pool: SharedTextPool

  /// Lineitem's rows are known only once they are made: about four for an order.
  var rowCount: Int? {
    table.rowsPerKey.map { $0 * table.keyCount(scaleFactor: scaleFactor) }
  }

  func splits(for request: ScanRequest) throws -> [any Split] {
    let count = table.keyCount(scaleFactor: scaleFactor)
    let step = table == .lineitem ? 8_192 : 32_768
    let pool = pool.get()
    return stride(from: 0, to: count, by: step).map { start in
      TPCHSplit(
        source: self, columns: request.columns, keys: start..<min(count, start + step), pool: pool)
    }
  }

  func statistics() throws -> TableStatistics {
    let keys = table.keyCount(scaleFactor: scaleFactor)
    var statistics = TableStatistics(rowCount: rowCount ?? keys * 4)
    for (index, field) in schema.fields.enumerated() {
      let name = field.name.split(separator: "_").last.map(String.init) ?? field.name
      let bounds = bounds(name)
      func scalar(_ value: Double) -> Scalar {
        switch field.type {
        case .decimal(_, let scale):
          .exact(Int128((0..<scale).reduce(value) { value, _ in value * 10 }.rounded()))
        case .double: .double(value)
        default: .integer(Int64(value))
        }
      }
      statistics.columns[index] = ColumnStatistics(
        minimum: bounds.map { scalar($0.lowerBound) }, maximum: bounds.map { scalar($0.upperBound) },
        nullCount: 0, distinctCount: distinctCount(name, keys: keys))
    }
    return statistics
  }

  /// Between which numbers or days a column lies, from the rules by which it is made; nil for texts
  /// and what the rules leave open.
  private func bounds(_ column: String) -> ClosedRange<Double>? {
    func keys(_ table: TPCHTable) -> ClosedRange<Double> {
      1...Double(max(1, table.keyCount(scaleFactor: scaleFactor)))
    }
    switch column {
    // Eight order keys of 32 are in use.
    case "orderkey": return 1...Double(4 * TPCHTable.orders.keyCount(scaleFactor: scaleFactor))
    case "partkey": return keys(.part)
    case "suppkey": return keys(.supplier)
    case "custkey": return keys(.customer)
    case "nationkey": return 0...24
    case "regionkey": return 0...4
    case "size", "quantity": return 1...50
    case "availqty": return 1...9_999
    case "supplycost": return 1...1_000
    case "acctbal": return -999.99...9_999.99
    case "linenumber": return 1...7
    case "discount": return 0...0.1
    case "tax": return 0...0.08
    case "shippriority": return 0...0
    // Days since 1970: orders from 1992-01-01 to 1998-08-02, and what follows each of them.
    case "orderdate": return 8_035...10_440
    case "shipdate": return 8_036...10_561
    case "commitdate": return 8_065...10_530
    case "receiptdate": return 8_037...10_591
    default: return nil
    }
  }

  /// Distinct values of a column, from the rules by which they are made; nil where they vary.
  private func distinctCount(_ column: String, keys: Int) -> Int? {
    switch column {
    case "orderkey": TPCHTable.orders.keyCount(scaleFactor: scaleFactor)
    case "partkey": TPCHTable.part.keyCount(scaleFactor: scaleFactor)
    case "suppkey": TPCHTable.supplier.keyCount(scaleFactor: scaleFactor)
    case "custkey":
      TPCHTable.customer.keyCount(scaleFactor: scaleFactor) * (table == .orders ? 2 : 3) / 3
    case "nationkey": 25
    case "regionkey": 5
    case "name" where table != .part: keys
    case "brand": 25
    case "type": 150
    case "size", "quantity": 50
    case "container": 40
    case "mfgr", "mktsegment", "orderpriority": 5
    case "orderstatus", "returnflag": 3
    case "linestatus": 2
    case "shipinstruct": 4
    case "shipmode", "linenumber": 7
    case "discount": 11
    case "tax": 9
    case "orderdate": 2_406
    case "shipdate": 2_526
    case "commitdate": 2_466
    case "receiptdate": 2_554
    case "shippriority": 1
    default: nil
    }
  }
}

/// The rows of a range of keys.
struct TPCHSplit: Split {
  let source: TPCHSource
  let columns: [Int]
  let keys: Range<Int>
  package let pool: TextPool

  var label: String { "\(source.table.rawValue) keys \(keys.lowerBound + 1)-\(keys.upperBound)" }
  var rowCount: Int? { source.table.rowsPerKey.map { $0 * keys.count } }

  func open() throws -> any BatchReader {
    TPCHReader(
      source.table, scaleFactor: source.scaleFactor, schema: source.schema, columns: columns,
      keys: keys, pool: pool)
  }
}
