// LIMIT and OFFSET without an order, and the check that a subquery has one row.

import Columnar
import Kernels
import QueryPlanning
import Synchronization

/// Skips rows, then passes at most a count of them, in the input's order.
///
/// Threads work on several morsels at once; the sink has enough as soon as the morsels that are done
/// without a gap hold enough rows. So the rows are the same in every run.
final class LimitExec: SinkExec {
  let result = SharedBatches()
  private let count: Int?
  private let offset: Int
  private let collected: OrderedBatches
  private struct Progress {
    var rows: [Int: Int] = [:]
    var done: Set<Int> = []
    var feed = 0
    var nextMorsel = 0
    /// Rows of the morsels done without a gap, of all feeds.
    var rowsInOrder = 0

    /// Feeds come one after the other, and all morsels of one are done before the next begins.
    mutating func begin(feed number: Int) {
      guard number != feed else { return }
      feed = number
      nextMorsel = 0
      rows = [:]
      done = []
    }
  }
  private let progress = Mutex(Progress())
  private let satisfied = Atomic<Bool>(false)

  init(count: Int?, offset: Int, _ context: ExecutionContext) {
    self.count = count
    self.offset = offset
    collected = OrderedBatches(context)
    if count == 0 { satisfied.store(true, ordering: .relaxed) }
  }

  private var enough: Int {
    guard let count else { return .max }
    let (sum, overflow) = count.addingReportingOverflow(offset)
    return overflow ? .max : sum
  }

  var isSatisfied: Bool { satisfied.load(ordering: .relaxed) }
  var peakMemoryBytes: Int { collected.peakByteCount }

  func consumer(_ number: Int) -> any SinkConsumer {
    ClosureConsumer { [self] batch, position in
      let before = progress.withLock { progress in
        progress.begin(feed: position.feed)
        let known = progress.rows[position.morsel, default: 0]
        progress.rows[position.morsel] = known + batch.rowCount
        // The morsel whose turn it is may end the scan before it has been read to its end.
        if position.feed == progress.feed, position.morsel == progress.nextMorsel,
          progress.rowsInOrder + known + batch.rowCount >= enough
        {
          satisfied.store(true, ordering: .relaxed)
        }
        return known
      }
      // No morsel can need more rows of its own than the limit.
      if before < enough { try collected.append(batch, at: position) }
    }
  }

  func finishMorsel(feed: Int, morsel: Int) {
    progress.withLock { progress in
      progress.begin(feed: feed)
      progress.done.insert(morsel)
      while progress.done.contains(progress.nextMorsel) {
        progress.rowsInOrder += progress.rows[progress.nextMorsel] ?? 0
        progress.nextMorsel += 1
      }
      if progress.rowsInOrder >= enough { satisfied.store(true, ordering: .relaxed) }
    }
  }

  func finish(_ team: WorkerTeam) throws {
    var skip = offset
    var left = count ?? .max
    var batches: [ColumnarBatch] = []
    for batch in collected.take() where left > 0 {
      let start = min(skip, batch.rowCount)
      skip -= start
      let end = left >= batch.rowCount - start ? batch.rowCount : start + left
      left -= end - start
      if start < end { batches.append(batch.slice(start..<end)) }
    }
    result.set(batches)
  }
}

/// One row, always: NULLs where the input has none; more than one is an error.
final class SingleRowExec: SinkExec {
  let result = SharedBatches()
  private let schema: Schema
  private let collected: OrderedBatches

  init(schema: Schema, _ context: ExecutionContext) {
    self.schema = schema
    collected = OrderedBatches(context)
  }

  func consumer(_ number: Int) -> any SinkConsumer {
    ClosureConsumer { [collected] batch, position in
      guard batch.rowCount == 1 else { throw QueryExecutionError.scalarSubqueryRows }
      try collected.append(batch, at: position)
    }
  }

  func finish(_ team: WorkerTeam) throws {
    let batches = collected.take()
    guard batches.count <= 1 else { throw QueryExecutionError.scalarSubqueryRows }
    result.set(
      batches.isEmpty
        ? [
          ColumnarBatch(
            schema: schema,
            columns: schema.fields.map { nullColumn($0.type, count: 1) },
            rowCount: 1
          )
        ] : batches
    )
  }
}
