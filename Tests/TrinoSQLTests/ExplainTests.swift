// EXPLAIN in Trino's layout, and what EXPLAIN ANALYZE counts.

import Columnar
import Connector
import FileTables
import Foundation
import TestSupport
import Testing
import TrinoSQL

struct ExplainTests {
  private static let session = Session(catalog: "fixed", schema: "default")

  private static func engine() -> QueryEngine {
    let users = Schema([Field("id", .bigint), Field("name", .varchar), Field("day", .date)])
    let buys = Schema([Field("user_id", .bigint), Field("price", .integer)])
    let userRows = (0..<Int64(20)).map { id -> [Scalar] in
      [.integer(id), .text("user \(id)"), .integer(19_700 + id)]
    }
    let buyRows = (0..<Int64(60)).map { row -> [Scalar] in [.integer(row % 5), .integer(row)] }
    return QueryEngine(catalogs: [
      FixedCatalog(
        name: "fixed",
        tables: [
          "default": [
            "users": FixedTable(
              schema: users, batches: [ColumnarBatch(schema: users, rows: userRows)]),
            "buys": FixedTable(
              schema: buys, batches: [ColumnarBatch(schema: buys, rows: buyRows)]),
          ]
        ]),
      MemoryCatalog(),
    ])
  }

  private func text(_ sql: String) throws -> String {
    let result = try Self.engine().execute(sql, session: Self.session)
    return result.rows().map { result.text($0[0], column: 0) }.joined(separator: "\n")
  }

  @Test func `draws a logical plan as Trino does`() throws {
    let plan = try text("EXPLAIN (TYPE LOGICAL) SELECT name AS n FROM users WHERE id > 3 LIMIT 2")
    #expect(
      plan == """
        Output[columnNames = [n]]
        │   Layout: [n:varchar]
        │   Estimates: {rows: 2 (110B), cpu: ?, memory: 0B, network: 0B}
        │   n := name
        └─ Limit[count = 2]
           │   Layout: [id:bigint, name:varchar]
           │   Estimates: {rows: 2 (128B), cpu: ?, memory: 0B, network: 0B}
           └─ ScanFilter[table = fixed:default:users, filterPredicate = (id > 3)]
                  Layout: [id:bigint, name:varchar]
                  Estimates: {rows: ? (?), cpu: ?, memory: 0B, network: 0B}/{rows: ? (?), cpu: ?, memory: 0B, network: 0B}
                  id := id:bigint
                  name := name:varchar
                  constraint on [id > 3]
        """, "\(plan)")
  }

  /// The first is in Trino's documentation of EXPLAIN; the others follow from 25 nations in 5 regions
  /// and Trino's rules, by hand: a bigint is 9 bytes, equality leaves one of the distinct values.
  @Test(arguments: [
    (
      "SELECT n_regionkey FROM nation",
      ["table = tpch:tiny:nation", "{rows: 25 (225B), cpu: 225, memory: 0B, network: 0B}"]
    ),
    (
      "SELECT n_regionkey, count(*) FROM nation GROUP BY 1",
      ["{rows: 5 (90B), cpu: 450, memory: 90B, network: 0B}"]
    ),
    (
      "SELECT n_regionkey FROM nation WHERE n_regionkey = 1",
      ["{rows: 25 (225B), cpu: 225, memory: 0B, network: 0B}/{rows: 5 (45B), cpu: 450,"]
    ),
    (
      "SELECT n_regionkey FROM nation WHERE n_regionkey IN (1, 3)",
      ["/{rows: 10 (90B), cpu: 450, memory: 0B, network: 0B}"]
    ),
    (
      "SELECT n_regionkey FROM nation WHERE n_regionkey <> 1", ["/{rows: 20 (180B), cpu: 450,"]
    ),
    ("SELECT n_regionkey FROM nation WHERE n_regionkey IS NULL", ["/{rows: 0 (0B), cpu: 450,"]),
    (
      "SELECT n_regionkey FROM nation WHERE n_regionkey % 2 = 1",
      ["{rows: 25 (225B), cpu: 225, memory: 0B, network: 0B}/{rows: ? (?), cpu: 450, memory: 0B,"]
    ),
    (
      "SELECT n_nationkey, r_regionkey FROM nation JOIN region ON n_regionkey = r_regionkey",
      ["{rows: 5 (45B), cpu: 45, memory: 0B, network: 0B}", "{rows: 25 ("]
    ),
    ("SELECT n_regionkey FROM nation LIMIT 3", ["{rows: 3 (27B), cpu: "]),
    (
      "SELECT n_regionkey FROM nation UNION ALL SELECT r_regionkey FROM region", ["{rows: 30 (270B)"]
    ),
  ])
  func `estimates rows, sizes and costs from statistics`(sql: String, parts: [String]) throws {
    let engine = QueryEngine(catalogs: [TPCHCatalog(form: .specification)])
    let result = try engine.execute(
      "EXPLAIN (TYPE LOGICAL) " + sql, session: Session(catalog: "tpch", schema: "tiny"))
    let plan = result.rows().map { result.text($0[0], column: 0) }.joined(separator: "\n")
    for part in parts { #expect(plan.contains(part), "\(part)\n\(plan)") }
  }

  @Test func `cuts a distributed plan into fragments that name their sources`() throws {
    let plan = try text(
      "EXPLAIN SELECT name, count(*) FROM users JOIN buys ON id = user_id GROUP BY name")
    for part in [
      "Fragment 0 [SINGLE]\n    Output layout: [name, _col1]\n    Output partitioning: SINGLE []",
      "Output[columnNames = [name, _col1]]", "RemoteSource[sourceFragmentIds = [1]]",
      "Fragment 1 [HASH]", "Aggregate[keys = [name]]", "InnerJoin[criteria = (",
      "Fragment 3 [SOURCE]", "Output partitioning: HASH [", "table = fixed:default:buys",
      "dynamicFilterAssignments = {", "dynamicFilters = {",
    ] {
      #expect(plan.contains(part), "\(part)\n\(plan)")
    }
  }

  @Test func `lists inputs with their ranges, and the output, as JSON`() throws {
    let plan = try text(
      """
      EXPLAIN (TYPE IO, FORMAT JSON) CREATE TABLE memory.default.t AS
      SELECT id FROM users WHERE day >= DATE '2023-12-20' AND day < DATE '2024-01-01'
      """)
    let data = try #require(plan.data(using: .utf8))
    let parsed = try #require(
      try JSONSerialization.jsonObject(with: data) as? [String: Any])
    let inputs = try #require(parsed["inputTableColumnInfos"] as? [[String: Any]])
    #expect(inputs.count == 1)
    #expect(plan.contains("\"low\" : {"))
    let target = try #require(parsed["outputTable"] as? [String: Any])
    #expect(target["catalog"] as? String == "memory")
    #expect(plan.contains("\"value\" : \"2023-12-20\""))
    #expect(plan.contains("\"bound\" : \"BELOW\""))
  }

  @Test func `gives the plan's tree as JSON`() throws {
    let plan = try text("EXPLAIN (TYPE LOGICAL, FORMAT JSON) SELECT count(*) FROM users")
    let data = try #require(plan.data(using: .utf8))
    let root = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    #expect(root["name"] as? String == "Output")
    let children = try #require(root["children"] as? [[String: Any]])
    #expect(children.first?["name"] as? String == "Aggregate")
  }

  @Test func `validates without a plan, and refuses what is wrong`() throws {
    #expect(try text("EXPLAIN (TYPE VALIDATE) SELECT 1") == "true")
    #expect(throws: TrinoSQLError.self) { try text("EXPLAIN (TYPE VALIDATE) SELECT nope FROM users") }
  }

  @Test func `EXPLAIN ANALYZE runs the query and counts each operator's rows`() throws {
    let plan = try text(
      "EXPLAIN ANALYZE SELECT name, sum(price) FROM users JOIN buys ON id = user_id GROUP BY name")
    for part in [
      "Queued: 0.00ns, Analysis: ", "Peak Memory: ", "Fragment 0 [SINGLE]", "CPU: ",
      "Output: 60 rows (", "Output: 5 rows (", "Input: 80 rows (",
    ] {
      #expect(plan.contains(part), "\(part)\n\(plan)")
    }
    let filtered = try text("EXPLAIN ANALYZE SELECT * FROM buys WHERE price < 15")
    #expect(filtered.contains("Input: 60 rows ("))
    #expect(filtered.contains("Filtered: 75.00%"), "\(filtered)")
  }

  @Test func `EXPLAIN ANALYZE of a change makes the change`() throws {
    let engine = Self.engine()
    _ = try engine.execute(
      "CREATE TABLE memory.default.t AS SELECT 1 AS x", session: Self.session)
    let plan = try engine.execute(
      "EXPLAIN ANALYZE INSERT INTO memory.default.t SELECT price FROM buys", session: Self.session)
    #expect(plan.rows().contains { "\($0)".contains("TableWriter[table = memory:default:t]") })
    let count = try engine.execute("SELECT count(*) FROM memory.default.t", session: Self.session)
    #expect(count.rows() == [[.integer(61)]])
    let shown = try engine.execute(
      "EXPLAIN DELETE FROM memory.default.t WHERE x > 3", session: Self.session)
    #expect(shown.rows().contains { "\($0)".contains("MergeWriter[table = memory:default:t]") })
    let after = try engine.execute("SELECT count(*) FROM memory.default.t", session: Self.session)
    #expect(after.rows() == [[.integer(61)]])
  }
}
