import Columnar
import Connector
import Foundation
import GRDB
import ShopDatabase
import Simulation
import TestSupport
import Testing
import TrinoSQL

/// The shop's database as a store: what is written is read as it was, by whom it concerns, and once.
struct ShopDatabaseTests {
  static let layouts = [
    TableLayout(
      name: "orders",
      schema: Schema([
        Field("order_id", .varchar, isNullable: false), Field("amount_krw", .bigint),
        Field("paid_at", .timestamp(precision: 3)),
        Field("updated_at", .timestampWithTimeZone(precision: 3)), Field("day", .date),
        Field("is_gift", .boolean), Field("rate", .decimal(precision: 12, scale: 2)),
      ]), key: ["order_id"]),
    TableLayout(
      name: "feed",
      schema: Schema([
        Field("user_id", .varchar, isNullable: false), Field("seq", .bigint, isNullable: false),
      ]), key: ["seq"]),
    TableLayout(
      name: "lines",
      schema: Schema([
        Field("order_id", .varchar, isNullable: false), Field("line_no", .bigint, isNullable: false),
        Field("name", .varchar),
      ]), key: ["order_id", "line_no"]),
  ]

  static func order(_ number: Int, amount: Int64? = nil) -> [Scalar] {
    let moment = Int64(1_705_290_000_123 + number * 61_000)
    return [
      .text("ord_\(number)"), .integer(amount ?? Int64(number) * 100 - 500),
      number % 7 == 0 ? .null : .integer((moment + 32_400_000) * 1_000),
      .integer(moment * 1_000), .integer(19_737 + Int64(number % 40) - 20),
      .boolean(number % 3 == 0), .integer(Int64(number * 37 % 2_000) - 700),
    ]
  }

  static func open(_ path: String, world: String = "42 xs") -> ShopDatabase {
    ShopDatabase(path: path, layouts: layouts, world: world)
  }

  static func filled(_ path: String, _ count: Int) throws -> ShopDatabase {
    let database = open(path)
    try database.write(
      [ShopDatabase.Rows(table: "orders", rows: (0..<count).map { order($0) })], position: 1_000)
    return database
  }

  static func rows(_ sql: String, _ database: ShopDatabase) throws -> [[String]] {
    let result = try QueryEngine(catalogs: [database]).execute(sql, session: Session())
    return result.rows().map { row in row.indices.map { result.text(row[$0], column: $0) } }
  }

  @Test func `reads every type as it was written`() throws {
    let scratch = try ScratchDirectory("shop")
    let database = try Self.filled(scratch.path + "/shop.sqlite", 3)
    #expect(
      try Self.rows("SELECT * FROM shop.public.orders ORDER BY order_id", database) == [
        ["ord_0", "-500", "NULL", "2024-01-15 03:40:00.123 UTC", "2023-12-26", "true", "-7.00"],
        ["ord_1", "-400", "2024-01-15 12:41:01.123", "2024-01-15 03:41:01.123 UTC", "2023-12-27", "false", "-6.63"],
        ["ord_2", "-300", "2024-01-15 12:42:02.123", "2024-01-15 03:42:02.123 UTC", "2023-12-28", "false", "-6.26"],
      ])
    #expect(
      try Self.rows("DESCRIBE shop.public.orders", database).map { $0.prefix(2).joined(separator: " ") }
        == [
          "order_id varchar", "amount_krw bigint", "paid_at timestamp(3)",
          "updated_at timestamp(3) with time zone", "day date", "is_gift boolean",
          "rate decimal(12,2)",
        ])
    #expect(try Self.rows("SHOW SCHEMAS FROM shop", database).contains(["public"]))
    #expect(
      try Self.rows("SHOW TABLES FROM shop.public", database) == [["feed"], ["lines"], ["orders"]])
    try database.close()
    // One file holds all of it, so that a copy of the file is a copy of the database.
    let log = FileManager.default.contents(atPath: scratch.path + "/shop.sqlite-wal")
    #expect(log?.isEmpty ?? true)
    // And as any other tool reads it.
    let text = try DatabaseQueue(path: scratch.path + "/shop.sqlite").read {
      try String.fetchOne($0, sql: "SELECT paid_at || '|' || rate || '|' || day FROM orders LIMIT 1 OFFSET 1")
    }
    #expect(text == "2024-01-15 12:41:01.123|-6.63|2023-12-27")
  }

  @Test func `a row replaces the one with its key, and a write is done whole or not at all`() throws {
    let scratch = try ScratchDirectory("shop")
    let path = scratch.path + "/shop.sqlite"
    let database = try Self.filled(path, 100)
    let again = [
      ShopDatabase.Rows(table: "orders", rows: (0..<100).map { Self.order($0) }),
      ShopDatabase.Rows(table: "orders", rows: [Self.order(7, amount: 9)]),
      ShopDatabase.Rows(
        table: "lines",
        rows: [
          [.text("ord_1"), .integer(1), .text("a")], [.text("ord_1"), .integer(1), .text("b")],
        ]),
    ]
    try database.write(again, position: 2_000)
    #expect(try database.position() == 2_000)
    // 0 to 99 hundreds less 500 each, and 9 for the 200 of the eighth.
    let sum: Int = 495_000 - 50_000 - 200 + 9
    #expect(
      try Self.rows("SELECT count(*), sum(amount_krw) FROM shop.public.orders", database)
        == [["100", "\(sum)"]])
    #expect(try Self.rows("SELECT name FROM shop.public.lines", database) == [["b"]])
    // The last value does not fit: nothing of the write is there.
    var bad = Self.order(200)
    bad[2] = .integer(1)
    #expect(throws: ShopDatabaseError.self) {
      try database.write(
        [ShopDatabase.Rows(table: "orders", rows: [Self.order(199), bad])], position: 3_000)
    }
    #expect(try database.position() == 2_000)
    #expect(try Self.rows("SELECT count(*) FROM shop.public.orders", database) == [["100"]])
    try database.write([], position: 3_000, isAnew: true)
    #expect(try Self.rows("SELECT count(*) FROM shop.public.orders", database) == [["0"]])
    #expect(try database.position() == 3_000)
  }

  @Test func `a reader keeps the version that it asked for`() throws {
    let scratch = try ScratchDirectory("shop")
    let database = try Self.filled(scratch.path + "/shop.sqlite", 20_000)
    let source = try #require(try database.table(schema: "public", name: "orders"))
    let reader = try #require(try source.splits(for: ScanRequest(columns: [1])).first?.open())
    let first = try #require(try reader.next())
    try database.write(
      [ShopDatabase.Rows(table: "orders", rows: [Self.order(20_001), Self.order(1, amount: 77)])],
      position: 2_000)
    var count = first.rowCount
    while let batch = try reader.next() { count += batch.rowCount }
    #expect(count == 20_000 && source.rowCount == 20_000)
    #expect(try database.table(schema: "public", name: "orders")?.rowCount == 20_001)
    // Closed for a copy of the world and open again: the old version is still there.
    try database.close()
    let late = try #require(try source.splits(for: ScanRequest(columns: [])).first?.open())
    #expect(try late.next()?.rowCount == 20_000)
    #expect(try database.position() == 2_000)
  }

  @Test func `no version of a table is ever half a write`() throws {
    let scratch = try ScratchDirectory("shop")
    let database = Self.open(scratch.path + "/shop.sqlite")
    try database.write([], position: 0)
    let writer = Thread {
      for number in 1...200 {
        let rows = (0..<20).map { Self.order(number * 20 + $0) }
        try? database.write([ShopDatabase.Rows(table: "orders", rows: rows)], position: Int64(number))
      }
    }
    writer.start()
    var seen = 0
    while !writer.isFinished {
      let count = try #require(try database.table(schema: "public", name: "orders")?.rowCount)
      #expect(count % 20 == 0 && count >= seen)
      seen = count
    }
    #expect(try database.table(schema: "public", name: "orders")?.rowCount == 4_000)
  }

  @Test func `SQL does not write, in Trino's words`() throws {
    let scratch = try ScratchDirectory("shop")
    let database = try Self.filled(scratch.path + "/shop.sqlite", 3)
    let refused = [
      ("INSERT INTO shop.public.feed VALUES ('u', 1)", "This connector does not support inserts"),
      ("DELETE FROM shop.public.orders", "This connector does not support modifying table rows"),
      (
        "UPDATE shop.public.orders SET amount_krw = 0",
        "This connector does not support modifying table rows"
      ),
      ("DROP TABLE shop.public.orders", "This connector does not support dropping tables"),
      ("CREATE TABLE shop.public.mine (a bigint)", "This connector does not support creating tables"),
      ("CREATE SCHEMA shop.mine", "This connector does not support creating schemas"),
      (
        "CREATE TABLE shop.public.mine AS SELECT 1 AS a",
        "This connector does not support creating tables with data"
      ),
    ]
    for (sql, message) in refused {
      let error = #expect(throws: TrinoSQLError.self, "\(sql)") { try Self.rows(sql, database) }
      #expect(error?.name.rawValue == "NOT_SUPPORTED", "\(sql): \(String(describing: error))")
      // Where the engine knows the place it stands before the sentence.
      #expect(error?.message.hasSuffix(message) == true, "\(sql): \(error?.message ?? "")")
    }
    #expect(try Self.rows("SELECT count(*) FROM shop.public.orders", database) == [["3"]])
  }

  @Test func `a file that is damaged or another world's is put aside and written anew`() throws {
    let scratch = try ScratchDirectory("shop")
    let path = scratch.path + "/shop.sqlite"
    try Data("this is no database, and long enough to be looked at as one. ".utf8).write(
      to: URL(fileURLWithPath: path))
    let database = Self.open(path)
    #expect(try database.position() == nil)
    #expect(database.takePutAside() == path + ".broken-1")
    #expect(database.takePutAside() == nil)
    try database.write(
      [ShopDatabase.Rows(table: "orders", rows: [Self.order(1)])], position: 5)
    try database.close()
    let same = Self.open(path)
    #expect(try same.position() == 5 && same.takePutAside() == nil)
    try same.close()
    let other = Self.open(path, world: "43 xs")
    #expect(try other.position() == nil && other.takePutAside() == path + ".broken-2")
  }

  @Test func `a value that somebody else has written is an error that says where it is`() throws {
    let scratch = try ScratchDirectory("shop")
    let path = scratch.path + "/shop.sqlite"
    let database = try Self.filled(path, 10)
    try database.close()
    for (column, value, type) in [
      ("paid_at", "'yesterday'", "timestamp(3)"), ("amount_krw", "'many'", "bigint"),
      ("day", "'2024-02-30'", "date"), ("rate", "'1.234'", "decimal(12,2)"),
      ("updated_at", "7", "timestamp(3) with time zone"),
    ] {
      let queue = try DatabaseQueue(path: path)
      let old = try queue.write { db in
        let old = try DatabaseValue.fetchOne(db, sql: "SELECT \(column) FROM orders WHERE rowid = 3")
        try db.execute(sql: "UPDATE orders SET \(column) = \(value) WHERE rowid = 3")
        return old
      }
      try queue.close()
      let error = #expect(throws: ShopDatabaseError.self) {
        _ = try Self.rows("SELECT \(column) FROM shop.public.orders", Self.open(path))
      }
      #expect(error?.message == "orders.\(column) of row 3 is no \(type)")
      #expect(error?.advice != nil && error?.place == path)
      let mended = try DatabaseQueue(path: path)
      try mended.write {
        try $0.execute(sql: "UPDATE orders SET \(column) = ? WHERE rowid = 3", arguments: [old])
      }
      try mended.close()
    }
  }
}
