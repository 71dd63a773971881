import Columnar
import Connector
import FileTables
import QueryExecution
import Testing
import TrinoSQL

/// The same statements over the same tables, run in every way the engine has: one thread and four,
/// batches of one row and as they come, pipelines without exchanges, over queues, and over files.
struct MirrorTests {
  static let engine = QueryEngine(catalogs: [TPCHCatalog(form: .specification)])

  static let ways: [(name: String, options: ExecutionOptions)] = [
    ("four threads", ExecutionOptions(workerCount: 4)),
    ("one row a batch", ExecutionOptions(workerCount: 2, batchRowsMax: 1)),
    ("1,024 rows a batch", ExecutionOptions(workerCount: 2, batchRowsMax: 1_024)),
    (
      "over queues",
      ExecutionOptions(
        workerCount: 2, scheduler: .pipelined(elidesLocalExchanges: false), taskCount: 3)
    ),
    ("over files", ExecutionOptions(workerCount: 2, scheduler: .staged, taskCount: 3)),
  ]

  static let statements = [
    "SELECT count(*), sum(c_acctbal), min(c_name), max(c_phone) FROM customer",
    "SELECT c_mktsegment, count(*), avg(c_acctbal) FROM customer GROUP BY c_mktsegment",
    "SELECT n_name, r_name FROM nation JOIN region ON n_regionkey = r_regionkey",
    """
    SELECT n_name, count(s_suppkey) FROM nation LEFT JOIN supplier
    ON n_nationkey = s_nationkey AND s_acctbal > 5000 GROUP BY n_name
    """,
    """
    SELECT c_custkey, c_name FROM customer
    WHERE c_custkey NOT IN (SELECT s_suppkey FROM supplier) AND c_custkey < 300
    """,
    """
    SELECT r_name, n_name FROM (SELECT * FROM nation WHERE n_nationkey < 9) n
    FULL JOIN (SELECT * FROM region WHERE r_regionkey > 0) r ON n_regionkey = r_regionkey
    """,
    "SELECT s_suppkey, s_acctbal FROM supplier ORDER BY s_acctbal DESC, s_suppkey LIMIT 10",
    "SELECT n_name FROM nation UNION ALL SELECT r_name FROM region",
    "SELECT DISTINCT s_nationkey FROM supplier",
  ]

  private func rows(_ sql: String, _ options: ExecutionOptions) throws -> [String] {
    let session = Session(catalog: "tpch", schema: "tiny")
    let result = try Self.engine.execute(sql, session: session, options: options)
    return result.rows().map { "\($0)" }
  }

  @Test(arguments: statements)
  func `gives the same rows however it is run`(_ sql: String) throws {
    let expected = try rows(sql, ExecutionOptions(workerCount: 1))
    #expect(!expected.isEmpty)
    for way in Self.ways {
      let actual = try rows(sql, way.options)
      if way.options.scheduler == .pipelined(elidesLocalExchanges: true) {
        #expect(actual == expected, "\(way.name): same rows in the same order")
      } else {
        #expect(actual.sorted() == expected.sorted(), "\(way.name): same rows")
      }
    }
  }

  @Test func `gives doubles the same sum on any number of threads`() throws {
    let engine = QueryEngine(catalogs: [TPCHCatalog()])
    let sql = "SELECT returnflag, sum(extendedprice * discount), avg(tax) FROM lineitem GROUP BY 1"
    func bits(_ workers: Int) throws -> [[Scalar]] {
      try engine.execute(
        sql, session: Session(catalog: "tpch", schema: "tiny"),
        options: ExecutionOptions(workerCount: workers)
      ).rows()
    }
    let one = try bits(1)
    #expect(one.count == 3)
    #expect(try bits(2) == one)
    #expect(try bits(7) == one)
  }
}
