/// Errors with places and suggestions, limits, cancellation, and the statement splitter.
import Columnar
import QueryExecution
import TestSupport
import Testing
import TrinoSQL

struct QueryEngineTests {
  private static let schema = Schema([Field("user_id", .bigint), Field("country", .varchar)])
  private let engine = QueryEngine(catalogs: [
    FixedCatalog(
      name: "memory",
      tables: [
        "default": [
          "events": FixedTable(
            schema: schema,
            batches: [
              ColumnarBatch(
                schema: schema, rows: (0..<5_000).map { [.integer($0), .text("c\($0 % 7)")] })
            ])
        ]
      ])
  ])
  private let session = Session(catalog: "memory", schema: "default")

  private func failure(_ sql: String, _ session: Session? = nil) -> TrinoSQLError? {
    do {
      _ = try engine.execute(sql, session: session ?? self.session)
      return nil
    } catch {
      return error as? TrinoSQLError
    }
  }

  @Test func `says line, column and the nearest column`() throws {
    let error = try #require(failure("SELECT\n  usr_id FROM events"))
    #expect(error.message == "line 2:3: Column 'usr_id' cannot be resolved")
    #expect(error.name == .columnNotFound)
    #expect(error.type == "USER_ERROR")
    #expect(error.suggestions == ["user_id"])
  }

  @Test func `counts columns in code points`() throws {
    let error = try #require(failure("SELECT '한국', foo FROM events"))
    #expect(error.column == 14)
  }

  @Test func `suggests tables, functions, keywords and catalogs`() throws {
    #expect(failure("SELECT 1 FROM event")?.message == "line 1:15: Table 'memory.default.event' does not exist")
    #expect(failure("SELECT 1 FROM event")?.suggestions == ["events"])
    #expect(failure("SELECT lenght(country) FROM events")?.suggestions.first == "length")
    #expect(failure("SELECT 1 FORM events")?.name == .syntaxError)
    #expect(failure("SELECT 1 FROM memry.default.events")?.suggestions == ["memory"])
  }

  @Test func `words errors as Trino does`() throws {
    #expect(failure("SELECT user_id, count(*) FROM events")?.message
      == "line 1:8: 'user_id' must be an aggregate expression or appear in GROUP BY clause")
    #expect(failure("SELECT 1 / 0")?.message == "Division by zero")
    #expect(failure("SELECT 2147483647 + 1")?.message == "integer addition overflow: 2147483647 + 1")
    #expect(failure("SELECT CAST('x' AS bigint)")?.message == "Cannot cast 'x' to BIGINT")
    #expect(failure("SELECT user_id FROM events WHERE country = 1")?.message
      == "line 1:34: Cannot apply operator: varchar = integer")
  }

  @Test func `advises the ordinal for an alias in GROUP BY`() throws {
    let error = try #require(
      failure("SELECT upper(country) AS c, count(*) FROM events GROUP BY c"))
    #expect(error.name == .columnNotFound)
    #expect(error.advice?.contains("GROUP BY 1") == true)
  }

  @Test func `stops at the memory limit`() throws {
    var small = session
    small.memoryBytesMax = 10_000
    let error = try #require(
      failure("SELECT user_id, count(*) FROM events GROUP BY user_id", small))
    #expect(error.name == .exceededLocalMemoryLimit)
    #expect(error.type == "INSUFFICIENT_RESOURCES")
  }

  @Test func `stops when it is cancelled`() throws {
    let cancellation = Cancellation()
    cancellation.cancel()
    #expect(throws: TrinoSQLError.self) {
      try engine.execute(
        "SELECT count(*) FROM events", session: session, cancellation: cancellation)
    }
  }

  @Test func `counts what it read`() throws {
    let result = try engine.execute("SELECT count(*) FROM events", session: session)
    #expect(result.statistics.rowsScanned == 5_000)
    #expect(result.statistics.splitsScanned == 1)
    #expect(result.statistics.splitsTotal == 1)
    #expect(result.statistics.elapsedNanoseconds > 0)
  }

  @Test(arguments: [
    ("SELECT 1", nil), ("USE memory.default", "USE"), ("PREPARE q FROM SELECT 1", "PREPARE"),
    ("START TRANSACTION", "START TRANSACTION"), ("SET TIME ZONE LOCAL", "SET TIME ZONE"),
    ("EXECUTE IMMEDIATE 'SELECT 1'", nil), ("SHOW TABLES", nil),
    ("EXECUTE IMMEDIATE 'USE memory.default'", "USE"),
  ] as [(String, String?)])
  func `a statement without rows says what it was`(_ sql: String, _ updateType: String?) throws {
    #expect(try engine.execute(sql, session: session).updateType == updateType)
  }

  @Test func `estimates the columns of a query that is not run`() throws {
    let result = try engine.execute(
      "SHOW STATS FOR (SELECT user_id FROM events LIMIT 3)", session: session)
    #expect(result.rows().map { $0[0] } == [.text("user_id"), .null])
    #expect(result.rows().last?[4] == .double(3))
  }

  /// Each gives exactly so many rows, and no estimate may lose the group of NULL or the rows that
  /// have no match; it may think of more.
  @Test(arguments: [
    ("SELECT a FROM (VALUES 1, 2, NULL) AS t (a) GROUP BY a", 3),
    ("SELECT x FROM (VALUES 1, 2, 3, 4) AS a (x) LEFT JOIN (VALUES 1, 2) AS b (y) ON x = y", 4),
  ])
  func `estimates groups of NULL and rows without a match`(_ sql: String, _ rowCount: Double) throws {
    #expect(try Double(engine.execute(sql, session: session).rowCount) == rowCount)
    let result = try engine.execute("SHOW STATS FOR (\(sql))", session: session)
    guard case .double(let estimate)? = result.rows().last?[4] else {
      Issue.record("no estimate")
      return
    }
    #expect(estimate >= rowCount && estimate < 2 * rowCount)
  }

  @Test func `names output columns`() throws {
    let schema = try engine.schema(
      of: "SELECT user_id, country AS Land, 1, count(*) AS \"N\" FROM events GROUP BY 1, 2",
      session: session)
    #expect(schema.fields.map(\.name) == ["user_id", "Land", "_col2", "N"])
    #expect(schema.fields.map(\.type) == [.bigint, .varchar, .integer, .bigint])
  }

  @Test func `limits what a chain of WITH queries can multiply to`() throws {
    var sql = "WITH a0 AS (SELECT 1 AS x)"
    for index in 1..<30 {
      sql += ", a\(index) AS (SELECT l.x FROM a\(index - 1) l CROSS JOIN a\(index - 1) r)"
    }
    #expect(failure(sql + " SELECT * FROM a29")?.name == .notSupported)
  }

  @Test func `splits statements at semicolons outside quotes and comments`() {
    let result = StatementSplitter.split(
      "SELECT ';' ; -- a;b\nSELECT \"x;y\" /* ; */; ;\n SELECT 1")
    #expect(result.statements.map(\.text) == ["SELECT ';'", "-- a;b\nSELECT \"x;y\" /* ; */"])
    #expect(result.rest?.text == "SELECT 1")
    #expect(result.open == .statement)
  }

  @Test func `tells what a text leaves open`() {
    #expect(StatementSplitter.split("").open == .nothing)
    #expect(StatementSplitter.split("SELECT 1; -- done").open == .nothing)
    #expect(StatementSplitter.split("SELECT 1").open == .statement)
    #expect(StatementSplitter.split("SELECT 'it''s").open == .quote)
    #expect(StatementSplitter.split("SELECT \"a").open == .quotedIdentifier)
    #expect(StatementSplitter.split("SELECT /* a").open == .comment)
    #expect(StatementSplitter.split("SELECT f((1)").open == .parentheses(1))
  }
}
