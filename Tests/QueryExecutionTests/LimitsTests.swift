import Columnar
import Connector
import FileTables
import Foundation
import QueryExecution
import Testing
import TrinoSQL

/// What ends a query early: Ctrl-C, the memory limit, and a limit of rows.
struct LimitsTests {
  private let engine = QueryEngine(catalogs: [TPCHCatalog(form: .specification)])
  private let session = Session(catalog: "tpch", schema: "sf1")

  @Test(arguments: [
    ExecutionOptions.Scheduler.pipelined(elidesLocalExchanges: true),
    .pipelined(elidesLocalExchanges: false), .staged,
  ])
  func `ends within a tenth of a second of being cancelled`(
    _ scheduler: ExecutionOptions.Scheduler
  ) throws {
    let cancellation = Cancellation()
    let clock = ContinuousClock()
    let cancelled = Moment()
    let timer = Thread {
      Thread.sleep(forTimeInterval: 0.3)
      cancelled.now()
      cancellation.cancel()
    }
    timer.start()
    #expect(throws: TrinoSQLError.self) {
      _ = try engine.execute(
        "SELECT count(*) FROM lineitem a JOIN lineitem b ON a.l_suppkey = b.l_suppkey",
        session: session, cancellation: cancellation,
        options: ExecutionOptions(workerCount: 2, scheduler: scheduler))
    }
    let waited = try #require(cancelled.instant).duration(to: clock.now)
    // The bound is 100 ms; a debug build on a busy machine gets five times that.
    #expect(waited < .milliseconds(500))
  }

  @Test func `names a query that needs more memory than it may have`() throws {
    var small = session
    small.memoryBytesMax = 1 << 20
    #expect {
      _ = try engine.execute(
        "SELECT l_orderkey, l_partkey, l_suppkey FROM tpch.tiny.lineitem ORDER BY l_partkey",
        session: small)
    } throws: { error in
      (error as? TrinoSQLError)?.name == .exceededLocalMemoryLimit
    }
  }

  @Test func `reads no further than a limit asks for`() throws {
    let result = try engine.execute("SELECT l_orderkey FROM lineitem LIMIT 5", session: session)
    #expect(result.rowCount == 5)
    #expect(result.rows().first == [.integer(1)])
    #expect(result.statistics.rowsScanned < 400_000)
  }
}

/// A moment that one thread notes and another reads afterwards.
private final class Moment: @unchecked Sendable {
  // Written before the cancellation that the reader waits for.
  private(set) var instant: ContinuousClock.Instant?
  func now() { instant = ContinuousClock().now }
}
