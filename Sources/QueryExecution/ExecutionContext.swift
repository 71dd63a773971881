// What one running query shares among its threads: cancellation, memory, counters, options.

public import Connector
public import Diagnostics
import Foundation
import Synchronization

/// A flag that any thread may raise to end a running query between two batches.
public final class Cancellation: Sendable {
  private let flag = Atomic<Bool>(false)

  public init() {}

  public func cancel() { flag.store(true, ordering: .relaxed) }
  public var isCancelled: Bool { flag.load(ordering: .relaxed) }
}

/// Why a running query ended without a result, other than a value that could not be computed.
public enum QueryExecutionError: DiagnosableError {
  case cancelled
  /// Bytes wanted and allowed.
  case memoryExceeded(wanted: Int, allowed: Int)
  case scalarSubqueryRows
  /// A MERGE or UPDATE whose source has several rows for one row of the target.
  case rowChangedTwice
  /// A frame bound that is NULL or negative.
  case invalidWindowFrame(String)
  /// A write to a catalog that takes none, or that the query was not given.
  case notWritable(catalog: String)
  /// A shuffle file that could not be written or read; the path and what the system said.
  case shuffleFailed(String)

  public var code: String {
    switch self {
    case .cancelled: "query.cancelled"
    case .memoryExceeded: "query.memory_exceeded"
    case .scalarSubqueryRows: "query.scalar_subquery_rows"
    case .rowChangedTwice: "query.row_changed_twice"
    case .invalidWindowFrame: "query.invalid_window_frame"
    case .notWritable: "query.not_writable"
    case .shuffleFailed: "query.shuffle_failed"
    }
  }

  public var message: String {
    switch self {
    case .cancelled: "Query was canceled"
    case .memoryExceeded(_, let allowed):
      "Query exceeded per-node memory limit of \(allowed) bytes"
    case .scalarSubqueryRows: "Scalar sub-query has returned multiple rows"
    case .rowChangedTwice: "One MERGE target table row matched more than one source row"
    case .invalidWindowFrame(let text): text
    case .notWritable(let catalog): "Catalog '\(catalog)' does not support writes"
    case .shuffleFailed(let text): text
    }
  }

  public var advice: String? {
    switch self {
    case .memoryExceeded:
      "Filter earlier, group by fewer values, or raise the session's memory limit."
    case .shuffleFailed: "Look for space on the disk of temporary files, and run the query again."
    default: nil
    }
  }
}

/// Counts of one query; times in nanoseconds.
public struct ExecutionStatistics: Sendable, Hashable {
  public var rowsScanned = 0
  public var bytesScanned = 0
  public var splitsScanned = 0
  public var splitsTotal = 0
  public var peakMemoryBytes = 0
  public var elapsedNanoseconds: Int64 = 0

  public init() {}
}

/// How a query is run; none of it changes the result.
public struct ExecutionOptions: Sendable, Hashable {
  /// Which of the two schedulers runs the fragments.
  public enum Scheduler: Sendable, Hashable {
    /// All fragments together, over memory queues; exchanges between threads of this process are
    /// left out where `elidesLocalExchanges`.
    case pipelined(elidesLocalExchanges: Bool)
    /// One stage after the other: tasks that write shuffle files, read by the next stage's.
    case staged
  }

  /// Threads of one pipeline, the calling one among them.
  public var workerCount: Int
  /// Larger batches of scans are cut; nil leaves them as they come.
  public var batchRowsMax: Int?
  public var scheduler: Scheduler
  /// Tasks of a fragment behind an exchange by hash, where exchanges are not left out.
  public var taskCount: Int
  /// Where shuffle files lie while the query runs; nil for the system's place.
  public var shuffleDirectory: String?

  /// `workerCount` nil: one a core.
  public init(
    workerCount: Int? = nil,
    batchRowsMax: Int? = nil,
    scheduler: Scheduler = .pipelined(elidesLocalExchanges: true),
    taskCount: Int = 4,
    shuffleDirectory: String? = nil
  ) {
    self.workerCount = max(1, workerCount ?? ProcessInfo.processInfo.activeProcessorCount)
    self.batchRowsMax = batchRowsMax
    self.scheduler = scheduler
    self.taskCount = max(1, taskCount)
    self.shuffleDirectory = shuffleDirectory
  }
}

/// The state of one query, shared by its threads.
public final class ExecutionContext: Sendable {
  /// The catalogs that the query may write to, by name.
  public let catalogs: [String: any CatalogProvider]
  public let options: ExecutionOptions
  /// What each operator of the plan did: the source of EXPLAIN ANALYZE.
  public let profile = ExecutionProfile()
  let dynamicFilters = DynamicFilterRegistry()
  private let memoryBytesMax: Int
  private let cancellation: Cancellation?
  private let memoryBytes = Atomic<Int>(0)
  private let peakBytes = Atomic<Int>(0)
  private let counts = Mutex(ExecutionStatistics())

  public init(
    memoryBytesMax: Int,
    cancellation: Cancellation? = nil,
    catalogs: [String: any CatalogProvider] = [:],
    options: ExecutionOptions = ExecutionOptions()
  ) {
    self.memoryBytesMax = memoryBytesMax
    self.cancellation = cancellation
    self.catalogs = catalogs
    self.options = options
  }

  /// Counts so far.
  public var statistics: ExecutionStatistics {
    get {
      var copy = counts.withLock { $0 }
      copy.peakMemoryBytes = peakBytes.load(ordering: .relaxed)
      return copy
    }
    set { counts.withLock { $0 = newValue } }
  }

  func count(_ change: (inout ExecutionStatistics) -> Void) { counts.withLock { change(&$0) } }

  /// Called between batches; throws when the query was cancelled.
  public func check() throws {
    if let cancellation, cancellation.isCancelled { throw QueryExecutionError.cancelled }
  }

  fileprivate func change(by bytes: Int) throws {
    let now = memoryBytes.add(bytes, ordering: .relaxed).newValue
    _ = peakBytes.max(now, ordering: .relaxed)
    if bytes > 0, now > memoryBytesMax {
      throw QueryExecutionError.memoryExceeded(wanted: now, allowed: memoryBytesMax)
    }
  }
}

/// What one operator holds, on any of its threads; given back when it is let go.
final class OperatorMemory: Sendable {
  private let context: ExecutionContext
  private let bytes = Atomic<Int>(0)
  private let peak = Atomic<Int>(0)

  init(_ context: ExecutionContext) { self.context = context }

  deinit {
    let held = bytes.load(ordering: .relaxed)
    if held != 0 { try? context.change(by: -held) }
  }

  /// The most it has held.
  var peakByteCount: Int { peak.load(ordering: .relaxed) }

  /// Takes more, or gives back where negative; throws where the query may not hold so much.
  func add(_ change: Int) throws {
    guard change != 0 else { return }
    let now = bytes.add(change, ordering: .relaxed).newValue
    _ = peak.max(now, ordering: .relaxed)
    try context.change(by: change)
  }

  /// Says how much is held now, where one thread holds all of it.
  func set(_ total: Int) throws { try add(total - bytes.load(ordering: .relaxed)) }

  func release() { try? set(0) }
}
