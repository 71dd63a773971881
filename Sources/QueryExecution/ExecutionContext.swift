// What one running query shares among its operators: cancellation, memory, and counters.

public import Diagnostics
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

  public var code: String {
    switch self {
    case .cancelled: "query.cancelled"
    case .memoryExceeded: "query.memory_exceeded"
    case .scalarSubqueryRows: "query.scalar_subquery_rows"
    }
  }

  public var message: String {
    switch self {
    case .cancelled: "Query was canceled"
    case .memoryExceeded(_, let allowed):
      "Query exceeded per-node memory limit of \(allowed) bytes"
    case .scalarSubqueryRows: "Scalar sub-query has returned multiple rows"
    }
  }

  public var advice: String? {
    switch self {
    case .memoryExceeded:
      "Filter earlier, group by fewer values, or raise the session's memory limit."
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

/// The state of one query on one thread.
///
/// Not thread-safe.
public final class ExecutionContext {
  private let memoryBytesMax: Int
  private let cancellation: Cancellation?
  private var memoryBytes = 0
  public var statistics = ExecutionStatistics()

  public init(memoryBytesMax: Int, cancellation: Cancellation?) {
    self.memoryBytesMax = memoryBytesMax
    self.cancellation = cancellation
  }

  /// Called between batches; throws when the query was cancelled.
  public func check() throws {
    if let cancellation, cancellation.isCancelled { throw QueryExecutionError.cancelled }
  }

  fileprivate func change(by bytes: Int) throws {
    memoryBytes += bytes
    statistics.peakMemoryBytes = max(statistics.peakMemoryBytes, memoryBytes)
    if memoryBytes > memoryBytesMax {
      throw QueryExecutionError.memoryExceeded(wanted: memoryBytes, allowed: memoryBytesMax)
    }
  }
}

/// What one operator holds; given back when it is released.
final class MemoryReservation {
  private let context: ExecutionContext
  private var bytes = 0

  init(_ context: ExecutionContext) { self.context = context }

  /// Says how much the operator holds now; throws where the query may not hold so much.
  func set(_ total: Int) throws {
    let change = total - bytes
    bytes = total
    if change != 0 { try context.change(by: change) }
  }

  func release() { try? set(0) }
}
