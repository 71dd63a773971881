// Reads a table's splits, each a morsel.

import Columnar
import Connector
import Kernels
import QueryPlanning
import Synchronization

/// Deals out a table's splits in the order the source gives them.
///
/// Predicates, dynamic filters and limit are wishes to the source: more rows than those may come.
/// Counts what it reads in the context's statistics. Throws what the source throws.
final class TableScanExec: MorselSource {
  private let scan: TableScan
  private let context: ExecutionContext
  private let share: (task: Int, of: Int)
  private let splits = Mutex<[any Split]>([])

  /// Task `share.task` of `share.of` reads every `share.of`th split.
  init(_ scan: TableScan, _ context: ExecutionContext, share: (task: Int, of: Int) = (0, 1)) {
    self.scan = scan
    self.context = context
    self.share = share
  }

  func start() throws {
    var request = ScanRequest(
      columns: scan.columns,
      predicates: scan.predicates,
      limit: scan.limit
    )
    for filter in scan.dynamicFilters {
      request.predicates += context.dynamicFilters.predicates(of: filter)
    }
    let all = try scan.source.splits(for: request)
    let mine =
      share.of == 1
      ? all : all.enumerated().filter { $0.offset % share.of == share.task }.map(\.element)
    context.count { $0.splitsTotal += mine.count }
    splits.withLock { $0 = mine }
  }

  func open(morsel number: Int) throws -> (any BatchReader)? {
    guard let split = splits.withLock({ number < $0.count ? $0[number] : nil }) else { return nil }
    return CountingReader(try split.open(), context)
  }

  private final class CountingReader: BatchReader {
    private let inner: any BatchReader
    private let context: ExecutionContext
    private var rows = 0
    private var bytes = 0

    init(_ inner: any BatchReader, _ context: ExecutionContext) {
      self.inner = inner
      self.context = context
    }

    deinit {
      context.count {
        $0.splitsScanned += 1
        $0.rowsScanned += rows
        $0.bytesScanned += bytes
      }
    }

    func next() throws -> ColumnarBatch? {
      guard let batch = try inner.next() else { return nil }
      rows += batch.rowCount
      bytes += batch.byteCount
      return batch
    }
  }
}

/// What join builds have found out for scans that have not begun.
final class DynamicFilterRegistry: Sendable {
  private struct Key: Hashable {
    var id: Int
    var key: Int
  }
  private struct State {
    var isCollecting = false
    var found: [Key: [ColumnPredicate.Comparison]] = [:]
  }
  private let state = Mutex(State())

  /// Forgets what the plan before has found, such as a subquery: its joins have the same numbers.
  ///
  /// `isCollecting` false where a join is built in several tasks: what one of them knows is a part.
  func begin(isCollecting: Bool) {
    state.withLock { $0 = State(isCollecting: isCollecting) }
  }

  func set(_ comparisons: [ColumnPredicate.Comparison], id: Int, key: Int) {
    state.withLock { if $0.isCollecting { $0.found[Key(id: id, key: key)] = comparisons } }
  }

  func predicates(of filter: DynamicFilter) -> [ColumnPredicate] {
    state.withLock { $0.found[Key(id: filter.id, key: filter.key)] ?? [] }
      .map { ColumnPredicate(column: filter.column, $0) }
  }
}
