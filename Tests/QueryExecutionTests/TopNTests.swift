import Columnar
import FileTables
import QueryExecution
import Testing
import TrinoSQL

/// The first rows of more rows than are kept at once, against a numbering of all of them.
struct TopNTests {
  private static let engine = QueryEngine(catalogs: [TPCHCatalog(form: .specification)])
  private static let lines = """
    (SELECT l_orderkey AS k, l_linenumber AS n, nullif(l_suppkey, 7) AS s, l_shipdate AS d
    FROM lineitem UNION ALL SELECT l_orderkey, l_linenumber, NULL, l_commitdate FROM lineitem) x
    """

  @Test(
    arguments: [
      "s DESC, k, n", "s, k, n", "s DESC NULLS FIRST, k, n", "s NULLS LAST, k, n, d", "d, k, n",
      "d DESC, k DESC, n, s",
    ], [1, 4])
  func `gives the rows that a numbering of all rows gives`(_ order: String, _ threads: Int) throws {
    let session = Session(catalog: "tpch", schema: "tiny")
    func rows(_ sql: String) throws -> [String] {
      try Self.engine.execute(
        sql, session: session, options: ExecutionOptions(workerCount: threads)
      ).rows().map { "\($0)" }
    }
    let first = try rows("SELECT k, n, s, d FROM \(Self.lines) ORDER BY \(order) OFFSET 3 LIMIT 40")
    let numbered = try rows(
      """
      SELECT k, n, s, d FROM (SELECT *, row_number() OVER (ORDER BY \(order)) AS r
      FROM \(Self.lines)) y WHERE r > 3 AND r <= 43 ORDER BY r
      """)
    #expect(first.count == 40)
    #expect(first == numbered)
  }
}
