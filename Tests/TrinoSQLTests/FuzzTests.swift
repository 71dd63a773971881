/// Random changes of valid statements must give a result or an error, never a crash.
import Columnar
import TestSupport
import Testing
import TrinoSQL

struct FuzzTests {
  static let seeds = [
    "SELECT a, count(*) AS n FROM t WHERE s LIKE '%가_' AND a BETWEEN 1 AND 5 GROUP BY a ORDER BY 2",
    "SELECT x.a, y.s FROM t x LEFT JOIN t y ON x.a = y.a AND y.s <> 'z' ORDER BY 1 NULLS FIRST LIMIT 3",
    "WITH w AS (SELECT a + 1 AS b FROM t) SELECT sum(b), avg(b), min(b) FROM w HAVING count(*) > 0",
    "SELECT CASE WHEN a > 1 THEN 'x' ELSE coalesce(s, 'y') END, a / 2 * 3 % 4 - 1 FROM t",
    "SELECT DATE '2024-01-15' + INTERVAL '1' DAY, TIMESTAMP '2024-01-15 15:00:00' AT TIME ZONE 'UTC'",
    "SELECT a FROM t WHERE a IN (SELECT a FROM t WHERE s IS NOT NULL) UNION SELECT NULL",
    "SELECT json_extract_scalar('{\"a\": [1, 2]}', '$.a[1]'), substr('hello', -2, 1), lpad('a', 5, '-')",
    "SELECT CAST('12' AS bigint), TRY_CAST(1.5 AS varchar(3)), round(1.25, 1), 9223372036854775807",
    "VALUES (1, 'a', TRUE), (2, NULL, FALSE)",
    "EXPLAIN SELECT DISTINCT s, date_trunc('day', from_unixtime(a)) FROM t",
  ]

  static let pieces = [
    "(", ")", "'", "\"", ",", "*", "-", "NULL", "SELECT", "FROM", "t", "a", "0", "99999999999",
    "1e309", ";", "--", "/*", "%", "||", "NOT", "AND", "count(", "\u{1F600}", "가", " ", "\0", ".",
    "-9223372036854775808", "CAST(", "AS", "date", "IN", "LIKE", "''", "CASE", "END", "1.5", "=",
    "sum(a)", "GROUP BY", "ORDER BY", "JOIN t", "ON", "1/0", "INTERVAL", "repeat",
  ]

  struct Generator {
    var state: UInt64
    mutating func next(_ bound: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int((state >> 33) % UInt64(max(1, bound)))
    }
  }

  @Test func `survives 20000 mutations of valid statements`() throws {
    let schema = Schema([Field("a", .integer), Field("s", .varchar)])
    let batch = ColumnarBatch(
      schema: schema,
      rows: [[.integer(1), .text("가나")], [.null, .text("z")], [.integer(3), .null]])
    let engine = QueryEngine(catalogs: [
      FixedCatalog(
        name: "memory", tables: ["default": ["t": FixedTable(schema: schema, batches: [batch])]])
    ])
    let session = Session(catalog: "memory", schema: "default")
    var random = Generator(state: 20_240_116)
    var results = 0
    var errors = 0
    for round in 0..<20_000 {
      var bytes = Array(Self.seeds[round % Self.seeds.count].utf8)
      for _ in 0...random.next(3) {
        let at = random.next(bytes.count + 1)
        switch random.next(5) {
        case 0:
          let end = min(bytes.count, at + 1 + random.next(6))
          bytes.removeSubrange(at..<end)
        case 1: bytes.insert(contentsOf: Self.pieces[random.next(Self.pieces.count)].utf8, at: at)
        case 2: bytes.insert(UInt8(random.next(256)), at: at)
        case 3:
          let from = random.next(bytes.count + 1)
          let slice = Array(bytes[from..<min(bytes.count, from + random.next(20))])
          bytes.insert(contentsOf: slice, at: at)
        default:
          if at < bytes.count { bytes[at] = UInt8(random.next(256)) }
        }
      }
      let sql = String(decoding: bytes, as: UTF8.self)
      do {
        let result = try engine.execute(sql, session: session)
        for row in result.rows() {
          for (column, value) in row.enumerated() { _ = result.text(value, column: column) }
        }
        results += 1
      } catch is TrinoSQLError {
        errors += 1
      } catch {
        Issue.record("\(sql): \(error)")
      }
      _ = StatementSplitter.split(sql)
    }
    #expect(results + errors == 20_000)
    #expect(results > 400)
    #expect(errors > 5_000)
  }

  @Test(arguments: [
    String(repeating: "(", count: 100_000), "SELECT " + String(repeating: "(", count: 5_000) + "1",
    "SELECT " + String(repeating: "1+", count: 50_000) + "1",
    "SELECT " + String(repeating: "NOT ", count: 50_000) + "true",
    "SELECT " + String(repeating: "- ", count: 50_000) + "1",
    "SELECT " + String(repeating: "'a'||", count: 20_000) + "'b'",
    "SELECT 1" + String(repeating: " IS NULL", count: 20_000),
    "SELECT * FROM " + String(repeating: "(SELECT * FROM ", count: 3_000) + "t",
    "SELECT 1 FROM t" + String(repeating: " JOIN t ON true", count: 5_000),
    "SELECT 1" + String(repeating: " UNION SELECT 1 UNION ALL SELECT 1", count: 2_000),
    "SELECT " + String(repeating: "CASE WHEN true THEN ", count: 3_000) + "1",
    "SELECT " + String(repeating: "abs(", count: 3_000) + "1",
    String(repeating: "x", count: 2_000_000),
  ])
  func `refuses what is nested too deeply or too long`(sql: String) throws {
    #expect(throws: TrinoSQLError.self) {
      _ = try QueryEngine(catalogs: []).execute(sql, session: Session())
    }
  }

  @Test func `takes a long list and a long conjunction`() throws {
    let engine = QueryEngine(catalogs: [])
    let list = (0..<20_000).map(String.init).joined(separator: ", ")
    let result = try engine.execute("SELECT 19999 IN (\(list))", session: Session())
    #expect(result.rows() == [[.boolean(true)]])
    let chain = Array(repeating: "1 = 1", count: 20_000).joined(separator: " AND ")
    #expect(
      try engine.execute("SELECT \(chain)", session: Session()).rows() == [[.boolean(true)]])
  }
}
