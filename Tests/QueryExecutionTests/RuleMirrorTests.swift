import Columnar
import Connector
import FileTables
import Foundation
import Parquet
import QueryExecution
import TestSupport
import Testing
import TrinoSQL

/// Each optimizer rule on and off: the same rows, whatever the plan.
struct RuleMirrorTests {
  /// Every rule fires in at least one of these.
  static let statements = [
    "SELECT n_name FROM nation WHERE n_regionkey = 1 + 1 AND n_nationkey > 3",
    """
    SELECT k, c FROM (SELECT n_regionkey + 0 AS k, count(*) AS c FROM nation GROUP BY 1) x
    WHERE k > 1 AND c > 2
    """,
    """
    SELECT * FROM (SELECT n_name, n_regionkey, rank() OVER (PARTITION BY n_regionkey ORDER BY n_name)
    r FROM nation) x WHERE n_regionkey = 2 AND r < 3
    """,
    """
    SELECT name FROM (SELECT n_name AS name FROM nation UNION ALL SELECT r_name FROM region) x
    WHERE name LIKE 'A%' LIMIT 100
    """,
    "SELECT n_name FROM (SELECT * FROM nation ORDER BY n_name) x WHERE n_regionkey < 2",
    """
    SELECT n_name, r_name, s_name FROM nation, region, supplier
    WHERE n_regionkey = r_regionkey AND s_nationkey = n_nationkey AND r_name <> 'ASIA'
    AND s_acctbal > 9000 AND (n_nationkey = s_suppkey OR n_nationkey < 20)
    """,
    """
    SELECT s_name, a.n_name, b.n_name FROM supplier JOIN nation a ON s_nationkey = a.n_nationkey
    JOIN nation b ON a.n_regionkey = b.n_regionkey JOIN region ON r_regionkey = b.n_regionkey
    WHERE r_name = 'EUROPE' AND s_acctbal > 8000
    """,
    "SELECT s_name FROM supplier WHERE s_nationkey IN (SELECT n_nationkey FROM nation WHERE n_regionkey = 3)",
    """
    SELECT n_name FROM nation n WHERE NOT EXISTS
    (SELECT 1 FROM supplier WHERE s_nationkey = n_nationkey AND s_acctbal > 9000)
    """,
    """
    SELECT n_name, r_name FROM nation, region
    WHERE (n_regionkey = r_regionkey AND n_nationkey < 5) OR (n_regionkey = r_regionkey AND r_name = 'ASIA')
    """,
    """
    SELECT a.n_name, b.n_name FROM nation a, nation b WHERE a.n_regionkey = b.n_regionkey
    AND ((a.n_name = 'FRANCE' AND b.n_name = 'GERMANY') OR (a.n_name = 'CHINA' AND b.n_name = 'JAPAN'))
    """,
    "SELECT n_name FROM nation ORDER BY n_name DESC LIMIT 7",
    """
    SELECT n_name, x FROM nation CROSS JOIN UNNEST(ARRAY[n_regionkey, n_nationkey]) t (x)
    WHERE n_regionkey = 2 AND x > 2
    """,
    "SELECT count(*) FROM (SELECT n_name || '!' FROM nation LIMIT 5) x",
    "SELECT count(*) FROM (SELECT * FROM (SELECT * FROM nation LIMIT 9) y OFFSET 2 LIMIT 4) x",
    "SELECT count(*), count(n_name) FROM nation",
    "SELECT n_name FROM (SELECT 1 AS one, n_name FROM nation) x WHERE one = 1",
    "SELECT n_name FROM (SELECT * FROM nation WHERE n_nationkey > 3) x WHERE n_regionkey = 1",
    """
    SELECT s_suppkey, (SELECT max(n_name) FROM nation WHERE n_nationkey < s_nationkey) FROM supplier
    WHERE s_suppkey < 20
    """,
  ]

  /// Copies without the columns of comments, which take long to make.
  private static let catalog = Result {
    let made = QueryEngine(catalogs: [TPCHCatalog(form: .specification)])
    let session = Session(catalog: "tpch", schema: "tiny")
    var tables: [String: FixedTable] = [:]
    for (name, columns) in [
      ("nation", "n_nationkey, n_name, n_regionkey"), ("region", "r_regionkey, r_name"),
      ("supplier", "s_suppkey, s_name, s_nationkey, s_acctbal"),
    ] {
      let result = try made.execute("SELECT \(columns) FROM \(name)", session: session)
      tables[name] = FixedTable(schema: result.schema, batches: result.batches)
    }
    return FixedCatalog(name: "fixed", tables: ["default": tables])
  }

  private func rows(_ sql: String, without rules: Set<String>) throws -> [String] {
    let engine = QueryEngine(catalogs: [try Self.catalog.get()], rulesOff: rules)
    let session = Session(catalog: "fixed", schema: "default")
    return try engine.execute(sql, session: session).rows().map { "\($0)" }.sorted()
  }

  @Test(arguments: statements)
  func `gives the same rows without a rule, and without any`(_ sql: String) throws {
    let expected = try rows(sql, without: [])
    #expect(!expected.isEmpty)
    for rule in QueryEngine.optimizerRules {
      #expect(try rows(sql, without: [rule]) == expected, "without \(rule)")
    }
    #expect(
      try rows(sql, without: Set(QueryEngine.optimizerRules)) == expected, "without any rule")
  }

  @Test func `every rule changes the plan of some statement`() throws {
    let session = Session(catalog: "fixed", schema: "default")
    func plans(_ rules: Set<String>) throws -> [[[Scalar]]] {
      let engine = QueryEngine(catalogs: [try Self.catalog.get()], rulesOff: rules)
      return try Self.statements.map {
        try engine.execute("EXPLAIN (TYPE LOGICAL) " + $0, session: session).rows()
      }
    }
    let all = try plans([])
    // The last one asks the source, and these never have the answer.
    for rule in QueryEngine.optimizerRules where rule != "PushAggregationIntoScan" {
      #expect(try plans([rule]) != all, "\(rule)")
    }
  }
}

/// A join's build side tells the scan of its probe side which row groups to leave unread.
struct DynamicFilterTests {
  /// Ten row groups of a thousand rows: `k` rises, `v` is `k % 7`.
  private func table(in scratch: ScratchDirectory) throws -> String {
    let schema = Schema([Field("k", .bigint), Field("v", .integer)])
    let path = scratch.path + "/facts.parquet"
    var bytes: [UInt8] = []
    let options = ParquetWriterOptions(rowGroupRowCountMax: 1_000)
    let writer = try ParquetWriter(schema: schema, options: options) { bytes += $0 }
    for group: Int64 in 0..<10 {
      let rows = (0..<Int64(1_000)).map { row -> [Scalar] in
        let key = group * 1_000 + row
        return [.integer(key), .integer(key % 7)]
      }
      try writer.write(ColumnarBatch(schema: schema, rows: rows))
    }
    _ = try writer.finish()
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    return path
  }

  private func run(
    _ sql: String,
    _ session: Session = Session(catalog: "files", schema: "default"),
    options: ExecutionOptions = ExecutionOptions()
  ) throws -> QueryResult {
    try QueryEngine(catalogs: [FileCatalog(), TPCHCatalog(form: .specification)])
     .execute(sql, session: session, options: options)
  }

  @Test func `reads only the row groups that the build side can match`() throws {
    let scratch = try ScratchDirectory("dynamic-filter")
    let path = try table(in: scratch)
    let sql = """
      SELECT f.k, d.name FROM files."\(path)" f JOIN (VALUES (2500, 'a'), (2501, 'b'), (7007, 'c'))
      d (k, name) ON f.k = d.k
      """
    let filtered = try run(sql)
    var off = Session(catalog: "files", schema: "default")
    off.properties["enable_dynamic_filtering"] = "false"
    let whole = try run(sql, off)
    #expect(filtered.rows().count == 3)
    #expect(filtered.rows() == whole.rows())
    #expect(whole.statistics.rowsScanned >= 10_000)
    #expect(filtered.statistics.splitsScanned <= 2 + 1)
    #expect(filtered.statistics.rowsScanned <= 2_000 + 3)
  }

  @Test func `reads nothing where the build side is empty, for semi joins too`() throws {
    let scratch = try ScratchDirectory("dynamic-filter")
    let path = try table(in: scratch)
    let inner = try run(
      "SELECT f.k FROM files.\"\(path)\" f JOIN (SELECT r_regionkey AS k FROM tpch.tiny.region WHERE r_name > 'X') d ON f.k = d.k")
    #expect(inner.rowCount == 0)
    #expect(inner.statistics.rowsScanned <= 5)
    let semi = try run(
      """
      SELECT count(*) FROM files."\(path)" f WHERE f.k IN (SELECT k + 9000 FROM files."\(path)"
      WHERE k < 5)
      """)
    #expect(semi.rows() == [[.integer(5)]])
    // The subquery's own row group, and the last one.
    #expect(semi.statistics.rowsScanned <= 2_000)
  }

  @Test func `what a subquery's join found is forgotten before the query around it runs`() throws {
    let scratch = try ScratchDirectory("dynamic-filter")
    let path = try table(in: scratch)
    let sql = """
      SELECT count(*) FROM files."\(path)" f JOIN files."\(path)" g ON f.k = g.k
      WHERE f.v < (SELECT count(*) FROM files."\(path)" a JOIN (VALUES 3, 4) b (k) ON a.k = b.k)
      """
    let ways: [ExecutionOptions] = [
      ExecutionOptions(),
      ExecutionOptions(scheduler: .pipelined(elidesLocalExchanges: false), taskCount: 3),
      ExecutionOptions(scheduler: .staged, taskCount: 3),
    ]
    for options in ways {
      // v is 0 or 1 in two of seven rows.
      #expect(try run(sql, options: options).rows() == [[.integer(2_858)]])
    }
  }
}
