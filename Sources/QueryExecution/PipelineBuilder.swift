// Cuts a fragment of a plan into pipelines: every breaker ends one and begins the next.

import Columnar
import Connector
import Kernels
import QueryPlanning

/// Builds the pipelines of one plan, in the order in which they can run.
///
/// Nodes are numbered as `ExecutionProfile` says. `exchange` is asked for the feeds of an exchange
/// that is not left out.
struct PipelineBuilder {
  private let context: ExecutionContext
  private let share: (task: Int, of: Int)
  private let exchange: (Exchange, Int) -> [Feed]?
  private(set) var pipelines: [Pipeline] = []

  /// `share`: which of how many tasks of a fragment this one is; its scans read their share of splits.
  init(
    _ context: ExecutionContext,
    share: (task: Int, of: Int) = (0, 1),
    exchange: @escaping (Exchange, Int) -> [Feed]? = { _, _ in nil }
  ) {
    self.context = context
    self.share = share
    self.exchange = exchange
  }

  /// The pipelines of `plan`, the last of which fills `sink`.
  mutating func build(_ plan: LogicalPlan, node: Int, into sink: any SinkExec) throws -> [Pipeline]
  {
    let feeds = try compile(plan, node)
    pipelines.append(Pipeline(feeds: feeds, sink: sink, sinkNode: node))
    return pipelines
  }

  /// How many numbers a plan takes.
  static func size(_ plan: LogicalPlan) -> Int {
    plan.inputs.reduce(1) { $0 + size($1) }
  }

  private mutating func end(_ input: LogicalPlan, _ node: Int, _ sink: any SinkExec, needed: Set<Int>? = nil)
    throws
  {
    let feeds = try compile(input, node + 1, needed: needed)
    pipelines.append(Pipeline(feeds: feeds, sink: sink, sinkNode: node))
  }

  private func feed(_ batches: SharedBatches, _ node: Int) -> [Feed] {
    [Feed(source: BatchListSource(batches), sourceNode: node)]
  }

  /// `needed`: the columns that are read above; nil for all.
  private mutating func compile(_ plan: LogicalPlan, _ node: Int, needed: Set<Int>? = nil) throws
    -> [Feed]
  {
    let schema = plan.schema
    switch plan {
    case .scan(let scan):
      return [Feed(source: TableScanExec(scan, context, share: share), sourceNode: node)]
    case .values(_, let rows):
      let batches = share.task == 0 ? [try values(schema, rows)] : []
      return [Feed(source: BatchListSource(batches), sourceNode: node)]
    case .filter(let predicate, let input):
      let below = needed.map { $0.union(predicate.columns) }
      return try compile(input, node + 1, needed: below).map {
        $0.adding(FilterExec(predicate: predicate, needed: needed), node: node)
      }
    case .project(let items, let input):
      let expressions = items.map(\.expression)
      var columns: Set<Int> = []
      for expression in expressions { expression.collectColumns(&columns) }
      return try compile(input, node + 1, needed: columns).map {
        $0.adding(ProjectExec(schema: schema, expressions: expressions), node: node)
      }
    case .sample(let percentage, let input):
      return try compile(input, node + 1).map {
        $0.adding(SampleExec(percentage: percentage), node: node)
      }
    case .unnest(let unnest):
      return try compile(unnest.input, node + 1).map {
        $0.adding(UnnestExec(unnest), node: node)
      }
    case .union(let inputs):
      var next = node + 1
      var feeds: [Feed] = []
      for input in inputs {
        feeds += try compile(input, next, needed: needed)
        next += Self.size(input)
      }
      return feeds
    case .join(let join): return try compileJoin(join, node, needed: needed)
    case .limit(let count, let offset, let input):
      let sink = LimitExec(count: count, offset: offset, context)
      try end(input, node, sink)
      return feed(sink.result, node)
    case .aggregate(let aggregate):
      var columns: Set<Int> = []
      for expression in plan.expressions { expression.collectColumns(&columns) }
      let sink = HashAggregateExec(aggregate, schema: schema, context)
      try end(aggregate.input, node, sink, needed: columns)
      return feed(sink.result, node)
    case .sort(let keys, let input):
      let sink = SortExec(schema: schema, keys: keys, context)
      try end(input, node, sink)
      return feed(sink.result, node)
    case .topN(let top):
      let sink = TopNExec(top, schema: schema, context)
      try end(top.input, node, sink)
      return feed(sink.result, node)
    case .window(let window):
      let sink = WindowExec(window, schema: schema, context)
      try end(window.input, node, sink)
      return feed(sink.result, node)
    case .enforceSingleRow(let input):
      let sink = SingleRowExec(schema: schema, context)
      try end(input, node, sink)
      return feed(sink.result, node)
    case .setOperation(let operation):
      let state = SetOperationState(operation, context)
      try end(operation.left, node, SetOperationExec(state, isLeft: true))
      let right = try compile(operation.right, node + 1 + Self.size(operation.left))
      pipelines.append(
        Pipeline(feeds: right, sink: SetOperationExec(state, isLeft: false), sinkNode: node)
      )
      return feed(state.result, node)
    case .write(let write):
      let sink = TableWriteExec(write, context)
      try end(write.input, node, sink)
      return feed(sink.result, node)
    case .change(let change):
      let sink = RowChangeExec(change, context)
      try end(change.input, node, sink)
      return feed(sink.result, node)
    case .exchange(let border):
      if let feeds = exchange(border, node) { return feeds }
      // Left out: the threads of one process share what is behind it.
      var next = node + 1
      var feeds: [Feed] = []
      for input in border.inputs {
        feeds += try compile(input, next, needed: needed)
        next += Self.size(input)
      }
      return feeds
    case .lateral:
      throw KernelError.notSupported("a lateral join that could not be rewritten")
    }
  }

  private mutating func compileJoin(_ join: Join, _ node: Int, needed: Set<Int>?) throws -> [Feed] {
    let sides = join.columnsRead(for: needed)
    if let swapped = Self.swapped(join) {
      return try compileSwapped(join, swapped, node, needed: sides.left)
    }
    let build = JoinBuild(join, needed: needed)
    let rightNode = node + 1 + Self.size(join.left)
    // The build side runs first, so that dynamic filters reach the scans of the probe side.
    let right = try compile(join.right, rightNode, needed: sides.right)
    pipelines.append(Pipeline(feeds: right, sink: JoinBuildSink(build, context), sinkNode: node))
    var feeds = try compile(join.left, node + 1, needed: sides.left).map {
      $0.adding(JoinProbeExec(build, context), node: node)
    }
    if join.kind == .right || join.kind == .full {
      feeds.append(Feed(source: UnmatchedBuildSource(build), sourceNode: node))
    }
    return feeds
  }

  /// A semi or anti join whose left side is the smaller one, as the join that keeps that side in
  /// memory and marks its rows; nil for other joins.
  private static func swapped(_ join: Join) -> Join? {
    guard join.kind == .semi || join.kind == .anti, !join.keys.isEmpty,
      ReorderJoins.estimatedRows(join.left) * 2 < ReorderJoins.estimatedRows(join.right)
    else { return nil }
    let leftCount = join.left.schema.count
    let rightCount = join.right.schema.count
    return Join(
      .right, join.right, join.left,
      keys: join.keys.map {
        JoinKey(left: $0.right, right: $0.left, matchesNulls: $0.matchesNulls)
      },
      residual: join.residual?.remapping { $0 < leftCount ? $0 + rightCount : $0 - leftCount })
  }

  private mutating func compileSwapped(
    _ join: Join, _ swapped: Join, _ node: Int, needed: Set<Int>?
  ) throws -> [Feed] {
    let build = JoinBuild(swapped, needed: needed, marksOnly: true)
    let kept = try compile(join.left, node + 1, needed: needed)
    pipelines.append(Pipeline(feeds: kept, sink: JoinBuildSink(build, context), sinkNode: node))
    let probes = try compile(join.right, node + 1 + Self.size(join.left)).map {
      $0.adding(JoinProbeExec(build, context), node: node)
    }
    pipelines.append(Pipeline(feeds: probes, sink: NothingSink(), sinkNode: node))
    return [
      Feed(source: MarkedBuildSource(build, isMarked: join.kind == .semi), sourceNode: node)
    ]
  }

  private func values(_ schema: Schema, _ rows: [[Expression]]) throws -> ColumnarBatch {
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
    return ColumnarBatch(
      schema: schema,
      columns: builders.map { $0.finish() },
      rowCount: rows.count
    )
  }
}
