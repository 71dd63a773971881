public import Columnar
import Kernels
public import QueryPlanning

/// Turns a logical plan into operators, and runs it.
///
/// 1. `resolvingSubqueries` runs the plan's subqueries and puts their answers in as constants.
/// 2. The plan that is left is optimized, so that those constants reach the scans.
/// 3. `makeSource` builds the tree of `…Exec` nodes; `run` does all three steps and drains it.
public struct PhysicalPlanner {
  private let context: ExecutionContext
  private let optimizer: Optimizer

  public init(context: ExecutionContext, optimizer: Optimizer = Optimizer()) {
    self.context = context
    self.optimizer = optimizer
  }

  /// Runs a plan from its subqueries to its last row.
  public func run(_ plan: LogicalPlan) throws -> [ColumnarBatch] {
    let ready = optimizer.optimize(try resolvingSubqueries(plan))
    let source = try makeSource(ready)
    var batches: [ColumnarBatch] = []
    let reservation = OperatorMemory(context)
    var bytes = 0
    while let batch = try source.next() {
      try context.check()
      batches.append(batch)
      bytes += byteCount(of: batch)
      try reservation.set(bytes)
    }
    reservation.release()
    return batches
  }

  /// The plan with every subquery replaced by what it gives.
  public func resolvingSubqueries(_ plan: LogicalPlan) throws -> LogicalPlan {
    let below = try plan.mapInputs { try resolvingSubqueries($0) }
    return try below.mapExpressions { try resolve($0) }
  }

  private func resolve(_ expression: Expression) throws -> Expression {
    guard expression.containsSubquery else { return expression }
    let inner = try expression.mapChildren { try resolve($0) }
    guard case .subquery(let subquery, let operand, _, let type) = inner else {
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
      let values = concatenate(
        batches.map { $0.columns[0] },
        type: subquery.plan.schema[0].type
      )
      let table = MembershipTable(values)
      guard let operand else { return .no }
      return .call(
        ScalarFunction(name: "in_subquery", variant: "null-tolerant", result: .boolean) {
          arguments,
          _ in table.contains(arguments[0])
        },
        [operand]
      )
    }
  }

  public func makeSource(_ plan: LogicalPlan) throws -> any SourceExec {
    let schema = plan.schema
    switch plan {
    case .scan(let scan): return TableScanExec(scan, context)
    case .values(_, let rows): return try makeValues(schema, rows)
    case .filter(let predicate, let input):
      return PipelineExec(
        try makeSource(input),
        FilterExec(schema: schema, predicate: predicate),
        context
      )
    case .project(let expressions, let input):
      return PipelineExec(
        try makeSource(input),
        ProjectExec(schema: schema, expressions: expressions.map(\.expression)),
        context
      )
    case .limit(let count, let offset, let input):
      return PipelineExec(
        try makeSource(input),
        LimitExec(schema: schema, count: count, offset: offset),
        context
      )
    case .aggregate(let node) where node.groupingSets == nil:
      return BreakerExec(
        schema: schema,
        try makeSource(node.input),
        try HashAggregateExec(
          schema: schema,
          groups: node.groups.map(\.expression),
          aggregates: node.aggregates,
          context
        ),
        context
      )
    case .sort(let keys, let input):
      return BreakerExec(
        schema: schema,
        try makeSource(input),
        SortExec(schema: schema, keys: keys, context),
        context
      )
    case .topN(let node) where !node.withTies:
      let top = BreakerExec(
        schema: schema,
        try makeSource(node.input),
        TopNExec(schema: schema, keys: node.keys, count: node.count + node.offset, context),
        context
      )
      guard node.offset > 0 else { return top }
      return PipelineExec(
        top,
        LimitExec(schema: schema, count: node.count, offset: node.offset),
        context
      )
    case .join(let node) where !node.kind.isLeftOnly:
      return HashJoinExec(
        schema: schema,
        kind: node.kind,
        probe: try makeSource(node.left),
        build: try makeSource(node.right),
        keys: node.keys,
        residual: node.residual,
        context
      )
    case .union(let inputs):
      return UnionAllExec(schema: schema, try inputs.map { try makeSource($0) })
    case .aggregate, .window, .topN, .sample, .join, .setOperation, .unnest, .lateral,
      .enforceSingleRow, .write, .change, .exchange:
      throw KernelError.notSupported("this operation")
    }
  }

  private func makeValues(_ schema: Schema, _ rows: [[Expression]]) throws -> any SourceExec {
    let builders = schema.fields.map { ColumnBuilder(type: $0.type, capacity: rows.count) }
    let evaluator = ExpressionEvaluator(columns: [], count: 1)
    for row in rows {
      for (builder, expression) in zip(builders, row) {
        if case .constant(let scalar, _) = expression {
          builder.append(scalar)
        } else {
          builder.append(try evaluator.evaluate(expression).scalar(0))
        }
      }
    }
    return ValuesExec(
      schema: schema,
      [
        ColumnarBatch(
          schema: schema,
          columns: builders.map { $0.finish() },
          rowCount: rows.count
        )
      ]
    )
  }
}
