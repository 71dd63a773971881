import Columnar
import Connector
import Foundation
import ShopDatabase
import Simulation
import TestSupport
import Testing
import TrinoSQL

/// What SQLite answers is what the engine would answer: rows, predicates, counts, extremes.
struct PushDownTests {
  /// The same rows where nothing is pushed down.
  private struct Plain: CatalogProvider {
    let name = "shop"
    let source: any TableSource

    func schemaNames() throws -> [String] { ["public"] }
    func tableNames(schema: String) throws -> [String] { ["orders"] }
    func table(schema: String, name: String) throws -> (any TableSource)? {
      name == "orders" ? NothingPushed(source: source) : nil
    }

    private struct NothingPushed: TableSource {
      let source: any TableSource
      var schema: Schema { source.schema }
      func splits(for request: ScanRequest) throws -> [any Split] {
        try source.splits(for: ScanRequest(columns: request.columns))
      }
    }
  }

  static let conditions = [
    "amount_krw = 700", "amount_krw <> 700", "amount_krw < 0 OR amount_krw > 9000",
    "amount_krw BETWEEN 100 AND 4000", "amount_krw IN (100, 200, NULL, -500)",
    "order_id = 'ord_17'", "order_id >= 'ord_5'", "order_id < 'ord_2' AND is_gift",
    "order_id LIKE 'ord_1%'", "NOT is_gift", "is_gift = true", "paid_at IS NULL",
    "paid_at IS NOT NULL", "paid_at >= TIMESTAMP '2024-01-15 13:00:00'",
    "paid_at = TIMESTAMP '2024-01-15 12:41:01.123'",
    "paid_at < TIMESTAMP '2024-01-15 12:41:01.123456'",
    "updated_at > TIMESTAMP '2024-01-15 05:00:00 UTC'",
    "updated_at BETWEEN TIMESTAMP '2024-01-15 13:00:00 Asia/Seoul' AND TIMESTAMP '2024-01-15 14:00:00 Asia/Seoul'",
    "day = DATE '2024-01-01'", "day > DATE '2024-01-10'", "day < DATE '0001-01-01'",
    "day < DATE '12024-01-01'", "rate > 0", "rate = -6.63", "rate <= -6.63", "rate IN (1.10, 2.20)",
    "amount_krw > 100.5", "amount_krw = 9223372036854775807", "order_id = ''",
    "CAST(paid_at AS date) = DATE '2024-01-15'", "coalesce(amount_krw, 0) > 100",
  ]

  @Test func `every condition gives the rows that the engine alone would give`() throws {
    let scratch = try ScratchDirectory("shop")
    let database = try ShopDatabaseTests.filled(scratch.path + "/shop.sqlite", 300)
    let plain = Plain(source: try #require(try database.table(schema: "public", name: "orders")))
    func both(_ sql: String) throws -> [[[String]]] {
      try [database as any CatalogProvider, plain].map { catalog in
        let result = try QueryEngine(catalogs: [catalog]).execute(sql, session: Session())
        return result.rows().map { row in row.indices.map { result.text(row[$0], column: $0) } }
      }
    }
    for condition in Self.conditions {
      for what in ["*", "count(*)", "order_id, rate"] {
        let order = what == "count(*)" ? "" : " ORDER BY order_id"
        let answers = try both("SELECT \(what) FROM shop.public.orders WHERE \(condition)\(order)")
        #expect(answers[0] == answers[1], "\(what) where \(condition)")
      }
      for aggregates in [
        "min(amount_krw), max(order_id), count(paid_at), count(*)",
        "min(paid_at), max(updated_at), min(day), max(rate), sum(amount_krw)", "max(is_gift)",
      ] {
        let over = try both("SELECT \(aggregates) FROM shop.public.orders WHERE \(condition)")
        #expect(over[0] == over[1], "\(aggregates) where \(condition)")
        let by = try both(
          """
          SELECT is_gift, day, \(aggregates) FROM shop.public.orders WHERE \(condition)
          GROUP BY is_gift, day ORDER BY 1, 2
          """)
        #expect(by[0] == by[1], "\(aggregates) by two where \(condition)")
      }
    }
    for sql in [
      "SELECT count(*) FROM shop.public.orders", "SELECT order_id FROM shop.public.orders LIMIT 5",
      "SELECT order_id FROM shop.public.orders WHERE rate > 0 LIMIT 5",
      "SELECT order_id FROM shop.public.orders OFFSET 295",
      "SELECT count(*) FROM shop.public.orders a JOIN shop.public.orders b ON a.day = b.day WHERE b.order_id < 'ord_12'",
    ] {
      let answers = try both(sql)
      #expect(answers[0] == answers[1], "\(sql)")
    }
  }

  @Test func `rows that SQLite can tell apart do not leave it`() throws {
    let scratch = try ScratchDirectory("shop")
    let database = try ShopDatabaseTests.filled(scratch.path + "/shop.sqlite", 20_000)
    let source = try #require(try database.table(schema: "public", name: "orders"))
    func read(_ predicates: [ColumnPredicate], columns: [Int] = [0], limit: Int? = nil) throws -> [Int] {
      let request = ScanRequest(columns: columns, predicates: predicates, limit: limit)
      let reader = try #require(try source.splits(for: request).first?.open())
      var counts: [Int] = []
      while let batch = try reader.next() { counts.append(batch.rowCount) }
      return counts
    }
    #expect(try read([ColumnPredicate(column: 0, .equal(.text("ord_17")))]) == [1])
    #expect(try read([ColumnPredicate(column: 5, .equal(.boolean(true)))]) == [6_667])
    #expect(try read([ColumnPredicate(column: 2, .isNull)], columns: []) == [2_858])
    #expect(try read([], columns: [3, 1]) == [8_192, 8_192, 3_616])
    #expect(try read([], limit: 10) == [10])
    #expect(try read([], limit: 9_000) == [8_192, 808])
    #expect(try read([ColumnPredicate(column: 0, .equal(.text("none")))]) == [])
    // Ordered by their digits, decimals are SQLite's only for equality; the engine does the rest.
    let ordered = ColumnPredicate(column: 6, .less(.integer(0)))
    #expect(try read([ordered]).reduce(0, +) == 20_000)
    #expect(try read([ordered], limit: 10).reduce(0, +) == 20_000)
    let equal = ColumnPredicate(column: 6, .equal(.integer(-663)))
    #expect(source.residuals(of: [ordered, equal]) == [ordered])
    #expect(try source.statistics().rowCount == 20_000)
    #expect(try source.statistics().columns[0]?.distinctCount == 20_000)
  }
}
