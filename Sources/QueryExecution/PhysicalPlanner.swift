public import Columnar
import Kernels
public import QueryPlanning
import Synchronization

/// Runs a logical plan.
///
/// 1. `resolvingSubqueries` runs the plan's subqueries and puts their answers in as constants.
/// 2. The plan that is left is optimized, so that those constants reach the scans.
/// 3. `PipelineBuilder` cuts it into pipelines at its breakers, and `PipelineRunner` drives them on
///    the engine's threads. Where exchanges are not left out, `Fragmenter` first cuts the plan at
///    them, and `FragmentScheduler` runs each fragment's tasks, together or stage by stage.
public struct PhysicalPlanner: Sendable {
  private let context: ExecutionContext
  private let optimizer: Optimizer
  private static let listedValuesMax = 256

  /// Tells the sets of two subqueries apart: functions of one name and variant are equal.
  private static func number() -> Int { counter.add(1, ordering: .relaxed).newValue }
  private static let counter = Atomic<Int>(0)

  public init(context: ExecutionContext, optimizer: Optimizer = Optimizer()) {
    self.context = context
    self.optimizer = optimizer
  }

  /// Runs a plan from its subqueries to its last row, and waits for it.
  ///
  /// Throws `QueryExecutionError`, `KernelError`, and what table sources throw.
  public func run(_ plan: LogicalPlan) throws -> [ColumnarBatch] {
    let ready = optimizer.optimize(try resolvingSubqueries(plan))
    let isWhole = context.options.scheduler == .pipelined(elidesLocalExchanges: true)
    context.dynamicFilters.begin(isCollecting: isWhole)
    switch context.options.scheduler {
    case .pipelined(elidesLocalExchanges: true):
      context.profile.begin(ready)
      let sink = CollectSink(context)
      var builder = PipelineBuilder(context)
      let pipelines = try builder.build(ready, node: 0, into: sink)
      let team = WorkerTeam(count: context.options.workerCount)
      try PipelineRunner(context: context, team: team).run(pipelines)
      return sink.result.all
    case .pipelined(elidesLocalExchanges: false), .staged:
      let spread = Fragmenter.insertingExchanges(ready)
      context.profile.begin(spread)
      return try FragmentScheduler(context).run(Fragmenter.fragments(of: spread))
    }
  }

  /// The plan with every subquery replaced by what it gives.
  public func resolvingSubqueries(_ plan: LogicalPlan) throws -> LogicalPlan {
    let below = try plan.mapInputs { try resolvingSubqueries($0) }
    return try below.mapExpressions { try resolve($0) }
  }

  private func resolve(_ expression: Expression) throws -> Expression {
    guard expression.containsSubquery else { return expression }
    let inner = try expression.mapChildren { try resolve($0) }
    guard case .subquery(let subquery, let operands, _, let type) = inner else {
      return inner
    }
    switch subquery.kind {
    case .exists:
      let batches = try run(.limit(count: 1, offset: 0, subquery.plan))
      return .constant(.boolean(!batches.isEmpty), .boolean)
    case .scalar:
      let batches = try run(.limit(count: 2, offset: 0, subquery.plan))
      let rows = batches.reduce(0) { $0 + $1.rowCount }
      guard rows <= 1 else { throw QueryExecutionError.scalarSubqueryRows }
      return .constant(batches.first?.columns[0].scalar(0) ?? .null, type)
    case .membership:
      let batches = try run(subquery.plan)
      let columns = subquery.plan.schema.fields.enumerated().map { index, field in
        ColumnVector.concatenate(batches.map { $0.columns[index] }, type: field.type)
      }
      let count = batches.reduce(0) { $0 + $1.rowCount }
      let table = MembershipTable(columns, count: count)
      // Few enough values tell a scan what to leave unread.
      let kind: ScalarFunction.Kind =
        columns.count == 1 && count <= Self.listedValuesMax
        ? .isIn((0..<count).map { columns[0].scalar($0) }) : .other
      return .call(
        ScalarFunction(
          name: "in_subquery", variant: "null-tolerant \(Self.number())", kind: kind,
          result: .boolean
        ) { arguments, count in table.contains(arguments, count: count) },
        operands
      )
    }
  }
}
