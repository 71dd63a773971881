import Columnar
import Connector
import FileTables
import Testing
import TrinoSQL

/// Changed queries: each really another one, each standing on its own, none in a comment or a string.
struct StatementMutantTests {
  /// Events and orders, with NULLs, duplicates and moments around a midnight in Seoul.
  private static func engine() throws -> (QueryEngine, Session) {
    let engine = QueryEngine(catalogs: [MemoryCatalog()])
    let session = Session(catalog: "memory", schema: "default")
    for sql in [
      """
      CREATE TABLE events AS SELECT * FROM (VALUES
        ('a', 'u1', 'buy', TIMESTAMP '2024-01-14 15:30:00 UTC', 100, 1),
        ('a', 'u1', 'buy', TIMESTAMP '2024-01-14 15:31:00 UTC', 100, 2),
        ('b', 'u2', 'buy', TIMESTAMP '2024-01-15 14:59:59 UTC', 250, 1),
        ('c', NULL, 'view', TIMESTAMP '2024-01-15 15:00:00 UTC', NULL, 1),
        ('d', 'u2', 'view', TIMESTAMP '2024-01-15 03:00:00 UTC', 7, 1),
        ('e', 'u3', 'buy', TIMESTAMP '2024-01-15 04:00:00 UTC', 200, 1),
        ('f', 'u3', 'view', TIMESTAMP '2024-01-15 05:00:00 UTC', 6, 1),
        ('g', 'u1', 'view', TIMESTAMP '2024-01-15 06:00:00 UTC', 251, 1)
      ) AS t (id, user_id, name, at, amount, seq)
      """,
      """
      CREATE TABLE users AS SELECT * FROM (VALUES ('u1', 1), ('u2', 2), ('u2', 2), (NULL, 9))
      AS t (user_id, grade)
      """,
    ] { _ = try engine.execute(sql, session: session) }
    return (engine, session)
  }

  private static func rows(_ sql: String, _ engine: QueryEngine, _ session: Session) -> [String] {
    guard let result = try? engine.execute(sql, session: session) else { return ["failed"] }
    return result.rows().map { row in
      row.indices.map { result.text(row[$0], column: $0) }.joined(separator: "|")
    }
  }

  private static func changes(_ sql: String) throws -> [StatementMutant.Kind: [String]] {
    let (engine, session) = try engine()
    var changes: [StatementMutant.Kind: [String]] = [:]
    for mutant in StatementMutants.of(sql, engine: engine, session: session) {
      changes[mutant.kind, default: []].append(mutant.change)
    }
    return changes
  }

  @Test func `the query of a course is changed in every way that learners get wrong`() throws {
    let (engine, session) = try Self.engine()
    let sql = """
      -- Revenue of one Korean day, each event once. DISTINCT and < in a comment stay.
      WITH ranked AS (
        SELECT *, row_number() OVER (PARTITION BY id, name ORDER BY at, seq DESC) AS rn FROM events
      )
      SELECT u.grade, count(DISTINCT r.user_id) AS buyers, sum(coalesce(r.amount, 0)) AS revenue
      FROM ranked AS r LEFT JOIN users AS u ON u.user_id = r.user_id
      WHERE r.rn = 1 AND r.name = 'buy AND < sell' OR r.amount > 99 AND r.amount < 250
        AND r.user_id IS NOT NULL
        AND CAST(r.at AT TIME ZONE 'Asia/Seoul' AS date) BETWEEN DATE '2024-01-15' AND DATE '2024-01-16'
      GROUP BY 1
      UNION ALL
      SELECT grade, 0, 0 FROM users WHERE user_id NOT IN ('u2')
      ORDER BY 3 DESC NULLS LAST, 1
      """
    let mutants = StatementMutants.of(sql, engine: engine, session: session)
    let kinds = Set(mutants.map(\.kind))
    #expect(kinds == Set(StatementMutant.Kind.allCases), "\(kinds)")
    #expect(mutants.count <= StatementMutants.countMax && mutants.count >= 30, "\(mutants.count)")
    #expect(Set(mutants.map(\.sql)).count == mutants.count)
    let lines = sql.split(separator: "\n", omittingEmptySubsequences: false)
    for mutant in mutants {
      #expect(mutant.sql != sql)
      #expect((try? engine.schema(of: mutant.sql, session: session)) != nil, "\(mutant.sql)")
      #expect(mutant.sql.hasPrefix(lines[0]), "a comment was changed: \(mutant.change)")
      #expect(mutant.sql.contains("'buy AND < sell'"))
      #expect((1...lines.count).contains(mutant.line) && mutant.line > 1)
    }
    let said = Set(mutants.map(\.change))
    for change in [
      "LEFT JOIN -> JOIN", "UNION ALL -> UNION", "'Asia/Seoul' -> 'UTC'", "NOT IN -> IN",
      "IS NOT NULL -> IS NULL", "at -> at DESC",
    ] {
      #expect(said.contains(change), "\(change) is not in \(said.sorted())")
    }
    // At one line the change is where it says.
    let join = try #require(mutants.first { $0.kind == .join })
    #expect(lines[join.line - 1].contains("LEFT JOIN"))
    // And they are the same every time.
    #expect(StatementMutants.of(sql, engine: engine, session: session) == mutants)
  }

  /// A query, a kind, and the changes of that kind, in words.
  @Test(arguments: [
    ("SELECT id FROM events JOIN users USING (user_id)", "join", ["JOIN -> LEFT JOIN"]),
    ("SELECT id FROM events INNER JOIN users USING (user_id)", "join", ["INNER JOIN -> LEFT JOIN"]),
    ("SELECT id FROM events FULL OUTER JOIN users USING (user_id)", "join", ["FULL OUTER JOIN -> JOIN"]),
    ("SELECT id FROM events CROSS JOIN users", "join", []),
    ("SELECT id FROM events WHERE amount >= 7 AND seq < 2", "bound", [">= -> >", "< -> <="]),
    (
      "SELECT id FROM events WHERE events.amount BETWEEN 7 AND 200 AND seq = 1", "bound",
      ["BETWEEN without its upper end 200", "BETWEEN without its lower end 7"]
    ),
    ("SELECT DISTINCT id FROM events", "distinct", ["DISTINCT dropped"]),
    ("SELECT id FROM events", "distinct", ["SELECT -> SELECT DISTINCT"]),
    ("SELECT count(DISTINCT id) FROM events", "aggregate", ["count(DISTINCT …) -> count(…)"]),
    ("SELECT count(user_id) FROM events", "aggregate", ["count(user_id) -> count(*)"]),
    ("SELECT sum(amount) FILTER (WHERE seq = 1) FROM events", "aggregate",
      ["sum -> avg", "sum -> max", "FILTER(WHERE seq = 1) dropped"]),
    ("SELECT max(amount) FROM events", "aggregate", ["max -> min"]),
    (
      "SELECT rank() OVER (PARTITION BY id ORDER BY at DESC) FROM events", "dedupe",
      ["PARTITION BY id dropped", "DESC -> ASC"]
    ),
    ("SELECT coalesce(user_id, 'none') FROM events", "nulls", ["coalesce(user_id, 'none') -> user_id"]),
    ("SELECT id FROM events WHERE user_id IS NULL", "nulls", ["IS NULL -> IS NOT NULL"]),
    (
      "SELECT id FROM events AS e WHERE NOT EXISTS (SELECT 1 FROM users AS u WHERE u.user_id = e.user_id)",
      "nulls", ["NOT EXISTS -> EXISTS"]
    ),
    ("SELECT id FROM events ORDER BY amount DESC, id LIMIT 2", "order", ["DESC -> ASC", "id -> id DESC"]),
    ("SELECT id FROM events ORDER BY amount NULLS FIRST", "order", ["amount -> amount DESC", "FIRST -> LAST"]),
    ("SELECT id FROM events WHERE seq = 1 OR NOT (amount = 7)", "logic", ["OR -> AND", "NOT dropped"]),
    ("SELECT id FROM events ORDER BY 1", "constant", []),
    ("SELECT CAST(at AS timestamp(3)) FROM events", "constant", []),
    ("SELECT id FROM events WHERE seq = 0 ORDER BY 1", "constant", ["0 -> 1"]),
    (
      "SELECT id FROM events WHERE at >= TIMESTAMP '2024-03-01 00:00:00 UTC'", "constant",
      [
        "'2024-03-01 00:00:00 UTC' -> '2024-03-02 00:00:00 UTC'",
        "'2024-03-01 00:00:00 UTC' -> '2024-02-29 00:00:00 UTC'",
      ]
    ),
    ("SELECT DATE '2023-12-31'", "constant", ["'2023-12-31' -> '2024-01-01'", "'2023-12-31' -> '2023-12-30'"]),
    ("SELECT id FROM events UNION SELECT user_id FROM users", "union", ["UNION -> UNION ALL"]),
    ("SELECT at AT TIME ZONE 'UTC' FROM events", "zone", ["AT TIME ZONE 'UTC' dropped"]),
  ])
  func `each kind makes its changes and no others`(
    sql: String, kind: String, changes: [String]
  ) throws {
    let kind = try #require(StatementMutant.Kind(rawValue: kind))
    #expect(try Self.changes(sql)[kind] ?? [] == changes)
  }

  @Test func `a change changes the answer, where the rows can show it`() throws {
    let (engine, session) = try Self.engine()
    let queries = [
      "SELECT e.id, u.grade FROM events AS e LEFT JOIN users AS u ON u.user_id = e.user_id",
      "SELECT id FROM events WHERE amount BETWEEN 7 AND 250",
      "SELECT count(*), count(DISTINCT id), sum(amount) FROM events",
      "SELECT date(at AT TIME ZONE 'Asia/Seoul'), count(*) FROM events GROUP BY 1",
      "SELECT id FROM events WHERE user_id NOT IN ('u2')",
    ]
    for sql in queries {
      let before = Self.rows(sql, engine, session).sorted()
      let alive = StatementMutants.of(sql, engine: engine, session: session).filter {
        Self.rows($0.sql, engine, session).sorted() == before
      }
      // Without duplicates in the answer, DISTINCT shows nothing.
      #expect(alive.allSatisfy { $0.kind == .distinct }, "\(sql): \(alive.map(\.change))")
    }
  }

  @Test(arguments: [
    "", "SELEKT 1", "DELETE FROM events", "INSERT INTO events SELECT * FROM events", "SHOW TABLES",
    "EXPLAIN SELECT 1", "SELECT (", "SELECT 'open",
  ])
  func `what is no query has no mutants`(text: String) throws {
    #expect(try Self.changes(text).isEmpty)
  }

  @Test func `no kind crowds out another, however long the query`() throws {
    let (engine, session) = try Self.engine()
    let bounds = (1...200).map { "amount > \($0)" }.joined(separator: " AND ")
    let sql = "SELECT DISTINCT id FROM events LEFT JOIN users USING (user_id) WHERE \(bounds) ORDER BY id DESC"
    let mutants = StatementMutants.of(sql, engine: engine, session: session)
    #expect(mutants.count == StatementMutants.countMax)
    let kinds = Set(mutants.map(\.kind))
    #expect(kinds == [.bound, .logic, .constant, .distinct, .join, .order])
  }
}

/// Which statements change data.
struct StatementEffectTests {
  @Test(arguments: [
    "INSERT INTO t SELECT 1", "delete from t", "UPDATE t SET a = 1", "TRUNCATE TABLE t",
    "CREATE TABLE t (a bigint)", "CREATE VIEW v AS SELECT 1", "DROP TABLE t",
    "MERGE INTO t USING s ON t.a = s.a WHEN MATCHED THEN DELETE", "EXPLAIN ANALYZE DELETE FROM t",
    "EXECUTE IMMEDIATE 'DELETE FROM t'", "ALTER TABLE t RENAME TO u", "EXECUTE writes USING 1",
    "EXPLAIN ANALYZE EXECUTE writes", "EXECUTE unknown",
  ])
  func `changes are told`(sql: String) {
    #expect(StatementEffect.changesData(sql, prepared: Self.prepared))
  }

  private static let prepared = ["writes": "DELETE FROM t WHERE a = ?", "reads": "SELECT ?"]

  @Test(arguments: [
    "SELECT 1", "WITH a AS (SELECT 1) SELECT * FROM a", "SHOW TABLES", "EXPLAIN DELETE FROM t",
    "SELECT 'DELETE FROM t'", "-- DELETE FROM t\nSELECT 1", "SET SESSION a = 1", "", "nonsense",
    "EXPLAIN ANALYZE SELECT 1", "EXECUTE reads USING 1", "EXECUTE IMMEDIATE 'SELECT 1'",
  ])
  func `reading is told from it`(sql: String) {
    #expect(!StatementEffect.changesData(sql, prepared: Self.prepared))
  }
}
