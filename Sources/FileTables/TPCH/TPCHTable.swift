// The eight tables of TPC-H: names, columns, row counts, and where their splits begin.

import Columnar

/// One of TPC-H's tables.
package enum TPCHTable: String, CaseIterable, Sendable {
  case customer, lineitem, nation, orders, part, partsupp, region, supplier

  /// The first letters of the specification's column names.
  var prefix: String {
    switch self {
    case .customer: "c_"
    case .lineitem: "l_"
    case .nation: "n_"
    case .orders: "o_"
    case .part: "p_"
    case .partsupp: "ps_"
    case .region: "r_"
    case .supplier: "s_"
    }
  }

  /// Rows at scale factor 1 that a key numbers; lineitem's are those of orders, and partsupp's those
  /// of part.
  private var baseCount: Int {
    switch self {
    case .customer: 150_000
    case .lineitem, .orders: 1_500_000
    case .nation: 25
    case .part, .partsupp: 200_000
    case .region: 5
    case .supplier: 10_000
    }
  }

  /// Keys at a scale factor: what splits are counted in.
  func keyCount(scaleFactor: Double) -> Int {
    switch self {
    case .nation, .region: baseCount
    default: Int(Double(baseCount) * scaleFactor)
    }
  }

  /// Rows of one key: 4 in partsupp, 1 to 7 in lineitem (nil), 1 elsewhere.
  var rowsPerKey: Int? {
    switch self {
    case .lineitem: nil
    case .partsupp: 4
    default: 1
    }
  }

  /// Names without their prefix, and types, in the specification's order; `money` is the type of
  /// amounts.
  func columns(money: DataType) -> [(name: String, type: DataType)] {
    switch self {
    case .customer:
      [
        ("custkey", .bigint), ("name", .varchar), ("address", .varchar), ("nationkey", .bigint),
        ("phone", .varchar), ("acctbal", money), ("mktsegment", .varchar), ("comment", .varchar),
      ]
    case .lineitem:
      [
        ("orderkey", .bigint), ("partkey", .bigint), ("suppkey", .bigint),
        ("linenumber", .integer), ("quantity", money), ("extendedprice", money),
        ("discount", money), ("tax", money), ("returnflag", .varchar), ("linestatus", .varchar),
        ("shipdate", .date), ("commitdate", .date), ("receiptdate", .date),
        ("shipinstruct", .varchar), ("shipmode", .varchar), ("comment", .varchar),
      ]
    case .nation:
      [("nationkey", .bigint), ("name", .varchar), ("regionkey", .bigint), ("comment", .varchar)]
    case .orders:
      [
        ("orderkey", .bigint), ("custkey", .bigint), ("orderstatus", .varchar),
        ("totalprice", money), ("orderdate", .date), ("orderpriority", .varchar),
        ("clerk", .varchar), ("shippriority", .integer), ("comment", .varchar),
      ]
    case .part:
      [
        ("partkey", .bigint), ("name", .varchar), ("mfgr", .varchar), ("brand", .varchar),
        ("type", .varchar), ("size", .integer), ("container", .varchar), ("retailprice", money),
        ("comment", .varchar),
      ]
    case .partsupp:
      [
        ("partkey", .bigint), ("suppkey", .bigint), ("availqty", .integer),
        ("supplycost", money), ("comment", .varchar),
      ]
    case .region: [("regionkey", .bigint), ("name", .varchar), ("comment", .varchar)]
    case .supplier:
      [
        ("suppkey", .bigint), ("name", .varchar), ("address", .varchar), ("nationkey", .bigint),
        ("phone", .varchar), ("acctbal", money), ("comment", .varchar),
      ]
    }
  }
}

/// How the generated tables look: Trino's connector by default, the specification's on request.
package struct TPCHForm: Sendable, Hashable {
  /// `l_orderkey` instead of `orderkey`.
  package var hasPrefixes: Bool
  /// Amounts are `decimal(15,2)` instead of `double`.
  package var hasDecimals: Bool

  package init(hasPrefixes: Bool, hasDecimals: Bool) {
    self.hasPrefixes = hasPrefixes
    self.hasDecimals = hasDecimals
  }

  /// As Trino's `tpch` catalog is where nothing is configured.
  package static let trino = TPCHForm(hasPrefixes: false, hasDecimals: false)
  /// As the specification has it, and the files of its generators.
  package static let specification = TPCHForm(hasPrefixes: true, hasDecimals: true)

  func schema(of table: TPCHTable) -> Schema {
    Schema(
      table.columns(money: hasDecimals ? .decimal(precision: 15, scale: 2) : .double).map {
        Field((hasPrefixes ? table.prefix : "") + $0.name, $0.type, isNullable: false)
      })
  }
}
