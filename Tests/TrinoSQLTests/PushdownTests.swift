/// What reaches a table source: columns, predicates, limits.
import Columnar
import Connector
import QueryExecution
import Synchronization
import TestSupport
import Testing
import TrinoSQL

/// A table that remembers what it was asked and gives all its rows.
final class RecordingTable: TableSource {
  let schema = Schema([
    Field("id", .bigint), Field("name", .varchar), Field("dt", .date), Field("n", .integer),
    Field("at", .timestampWithTimeZone),
  ])
  private let recorded = Mutex<[ScanRequest]>([])
  var requests: [ScanRequest] { recorded.withLock { $0 } }

  func splits(for request: ScanRequest) throws -> [any Split] {
    recorded.withLock { $0.append(request) }
    let day: Int64 = 19_737  // 2024-01-15
    var rows: [[Scalar]] = []
    for index: Int64 in 0..<6 {
      let date = Scalar.integer(day + index / 3)
      let moment = Scalar.integer(1_705_330_800_000_000 + index)
      rows.append(
        [.integer(index), .text("name \(index)"), date, .integer(index * 10), moment])
    }
    let batch = ColumnarBatch(schema: schema, rows: rows)
    return try FixedTable(schema: schema, batches: [batch]).splits(for: request)
  }
}

struct PushdownTests {
  private func run(
    _ sql: String, zone: SessionZone = .utc
  ) throws -> (ScanRequest, [[Scalar]]) {
    let table = RecordingTable()
    let engine = QueryEngine(catalogs: [
      ComposedCatalog(name: "lake", tables: ["silver": ["events": { table }]])
    ])
    let result = try engine.execute(
      sql, session: Session(catalog: "lake", schema: "silver", timeZone: zone))
    let request = try #require(table.requests.last)
    return (request, result.rows())
  }

  @Test func `asks for the needed columns and the date predicate, and filters again`() throws {
    let (request, rows) = try run("SELECT count(*) FROM events WHERE dt = DATE '2024-01-15'")
    #expect(request.columns == [2])
    #expect(request.predicates == [ColumnPredicate(column: 2, .equal(.integer(19_737)))])
    #expect(request.limit == nil)
    #expect(rows == [[.integer(3)]])
  }

  @Test func `asks for no column where only rows are counted`() throws {
    let (request, rows) = try run("SELECT count(*) FROM events")
    #expect(request.columns == [])
    #expect(rows == [[.integer(6)]])
  }

  @Test func `pushes integers into a bigint column, flipped comparisons and text`() throws {
    let (request, rows) = try run("SELECT name FROM events WHERE 3 <= id AND name <> 'name 4'")
    #expect(request.columns == [0, 1])
    #expect(
      request.predicates == [
        ColumnPredicate(column: 0, .greaterOrEqual(.integer(3))),
        ColumnPredicate(column: 1, .notEqual(.text("name 4"))),
      ])
    #expect(rows == [[.text("name 3")], [.text("name 5")]])
  }

  @Test func `pushes IN, BETWEEN and NULL tests`() throws {
    let (request, rows) = try run(
      "SELECT id FROM events WHERE id IN (1, 2, 4) AND n BETWEEN 10 AND 30 AND name IS NOT NULL")
    #expect(
      request.predicates == [
        ColumnPredicate(column: 0, .isIn([.integer(1), .integer(2), .integer(4)])),
        ColumnPredicate(column: 3, .greaterOrEqual(.integer(10))),
        ColumnPredicate(column: 3, .lessOrEqual(.integer(30))),
        ColumnPredicate(column: 1, .isNotNull),
      ])
    #expect(rows == [[.integer(1)], [.integer(2)]])
  }

  @Test func `pushes a day in the session's zone into a zoned timestamp column`() throws {
    let (request, rows) = try run(
      "SELECT count(*) FROM events WHERE at >= DATE '2024-01-16'", zone: .seoul)
    #expect(
      request.predicates == [
        ColumnPredicate(column: 4, .greaterOrEqual(.integer(1_705_330_800_000_000)))
      ])
    #expect(rows == [[.integer(6)]])
  }

  @Test func `pushes through subqueries, projections, joins and unions`() throws {
    let (request, rows) = try run(
      """
      SELECT u.k FROM (SELECT id AS k, dt FROM events WHERE n > 0) u
      JOIN (VALUES 1, 2, 5) v (x) ON v.x = u.k WHERE u.dt > DATE '2024-01-15'
      """)
    #expect(request.columns == [0, 2, 3])
    #expect(
      request.predicates == [
        ColumnPredicate(column: 3, .greater(.integer(0))),
        ColumnPredicate(column: 2, .greater(.integer(19_737))),
        // What the other side of the join turned out to hold.
        ColumnPredicate(column: 0, .isIn([.integer(1), .integer(2), .integer(5)])),
      ])
    #expect(rows == [[.integer(5)]])
  }

  @Test func `pushes what a subquery found`() throws {
    let (request, rows) = try run(
      "SELECT id FROM events WHERE id = (SELECT max(x) FROM (VALUES 2, 4) v (x))")
    #expect(request.predicates == [ColumnPredicate(column: 0, .equal(.integer(4)))])
    #expect(rows == [[.integer(4)]])
  }

  @Test func `pushes a limit only where no filter stands between`() throws {
    #expect(try run("SELECT id FROM events LIMIT 2").0.limit == 2)
    #expect(try run("SELECT id + 1 FROM events OFFSET 1 LIMIT 2").0.limit == 3)
    #expect(try run("SELECT id FROM events LIMIT 2").1.count == 2)
    #expect(try run("SELECT id FROM events WHERE n > 0 LIMIT 2").0.limit == nil)
    #expect(try run("SELECT id FROM events ORDER BY n LIMIT 2").0.limit == nil)
    #expect(try run("SELECT DISTINCT dt FROM events LIMIT 1").0.limit == nil)
    #expect(try run("SELECT count(*) FROM events LIMIT 1").0.limit == nil)
  }

  @Test func `does not push a condition of the padded side of an outer join below it`() throws {
    let (request, rows) = try run(
      "SELECT v.x, e.id FROM (VALUES 1, 99) v (x) LEFT JOIN events e ON e.id = v.x WHERE e.id IS NULL"
    )
    #expect(request.predicates == [])
    #expect(rows == [[.integer(99), .null]])
  }

  @Test func `shows pushed predicates and columns in EXPLAIN`() throws {
    let table = RecordingTable()
    let engine = QueryEngine(catalogs: [
      ComposedCatalog(name: "lake", tables: ["silver": ["events": { table }]])
    ])
    let session = Session(catalog: "lake", schema: "silver")
    let result = try engine.execute(
      "EXPLAIN SELECT name, count(*) FROM events WHERE dt = DATE '2024-01-15' GROUP BY name ORDER BY 2 DESC LIMIT 3",
      session: session)
    let lines = result.rows().map { result.text($0[0], column: 0) }
    #expect(lines.contains { $0.hasSuffix("pushed down = [dt = date '2024-01-15']") })
    #expect(lines.contains { $0.hasSuffix("TopN[count = 3, orderBy = [_col1 DESC NULLS LAST]]") })
    #expect(lines.contains { $0.hasSuffix("Filter[filterPredicate = (dt = date '2024-01-15')]") })
    #expect(lines.contains { $0.hasSuffix("columns = [name, dt]") })
    #expect(table.requests.isEmpty)
  }
}
