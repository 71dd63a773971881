// What each operator of a plan did: rows, bytes, time, memory.

public import QueryPlanning
import Synchronization

/// Counts of one operator over all of its threads.
public struct OperatorMetrics: Sendable, Hashable {
  public var rowsIn = 0
  public var rowsOut = 0
  /// Of the batches given.
  public var bytesOut = 0
  public var batchesOut = 0
  /// Time spent in this operator alone, over all threads.
  public var wallNanoseconds: Int64 = 0
  /// The most that its state held.
  public var peakMemoryBytes = 0

  public init() {}

  mutating func add(_ other: OperatorMetrics) {
    rowsIn += other.rowsIn
    rowsOut += other.rowsOut
    bytesOut += other.bytesOut
    batchesOut += other.batchesOut
    wallNanoseconds += other.wallNanoseconds
    peakMemoryBytes = max(peakMemoryBytes, other.peakMemoryBytes)
  }
}

/// Metrics by node of the plan that ran.
///
/// Nodes are numbered in the order of the plan's text: a node before its inputs, the first input with
/// all below it before the second.
public final class ExecutionProfile: Sendable {
  private let nodes = Mutex<[Int: OperatorMetrics]>([:])
  private let executed = Mutex<LogicalPlan?>(nil)

  /// The plan that ran, exchanges included; nil before.
  public var plan: LogicalPlan? { executed.withLock { $0 } }

  /// Forgets what ran before, such as the query's subqueries.
  func begin(_ plan: LogicalPlan) {
    executed.withLock { $0 = plan }
    nodes.withLock { $0 = [:] }
  }

  /// Nil where the node did not run.
  public func metrics(ofNode number: Int) -> OperatorMetrics? { nodes.withLock { $0[number] } }

  /// All nodes that ran.
  public var all: [Int: OperatorMetrics] { nodes.withLock { $0 } }

  func add(_ metrics: OperatorMetrics, toNode number: Int) {
    nodes.withLock { $0[number, default: OperatorMetrics()].add(metrics) }
  }
}

/// One thread's stop watch: time goes to the operator that was entered last.
struct OperatorClock {
  private let clock = ContinuousClock()
  private var last: ContinuousClock.Instant
  private(set) var current = 0
  var stages: [OperatorMetrics]

  /// Stage 0 is the source, the last one the sink.
  init(stageCount: Int) {
    last = clock.now
    stages = [OperatorMetrics](repeating: OperatorMetrics(), count: stageCount)
  }

  mutating func enter(_ stage: Int) {
    let now = clock.now
    let spent = (now - last).components
    stages[current].wallNanoseconds += spent.seconds * 1_000_000_000
      + spent.attoseconds / 1_000_000_000
    last = now
    current = stage
  }
}
