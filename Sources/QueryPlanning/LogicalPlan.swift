// What a query means, as a tree of relational operations; knows no algorithm.
//
// Analysis builds it, `Optimizer` rewrites it, `QueryExecution` turns it into `…Exec` nodes.

public import Columnar
public import Connector
public import Kernels

/// A table as the source gives it: chosen columns, wished predicates.
public struct TableScan: Sendable {
  public var name: QualifiedName
  public var source: any TableSource
  /// Positions in the table's schema.
  public var columns: [Int]
  public var predicates: [ColumnPredicate]
  public var limit: Int?

  public init(name: QualifiedName, source: any TableSource) {
    self.name = name
    self.source = source
    columns = Array(source.schema.fields.indices)
    predicates = []
  }
}

/// Which rows without a match a join keeps; the raw value is the name in plans.
public enum JoinKind: String, Sendable, Hashable {
  case inner = "InnerJoin"
  case left = "LeftJoin"
  case right = "RightJoin"
  case full = "FullJoin"
  case cross = "CrossJoin"
}

/// One equality `left = right` of a join; a NULL on either side matches nothing.
public struct JoinKey: Sendable, Hashable {
  /// Over the left input.
  public var left: Expression
  /// Over the right input.
  public var right: Expression

  public init(left: Expression, right: Expression) {
    self.left = left
    self.right = right
  }
}

/// One key of ORDER BY; its direction also says where NULLs go.
public struct SortKey: Sendable, Hashable {
  public var expression: Expression
  public var direction: SortDirection

  public init(expression: Expression, direction: SortDirection) {
    self.expression = expression
    self.direction = direction
  }
}

/// An expression with the name of the column it becomes.
public struct NamedExpression: Sendable, Hashable {
  public var name: String
  public var expression: Expression

  public init(_ name: String, _ expression: Expression) {
    self.name = name
    self.expression = expression
  }
}

/// One relational operation over its inputs, which gives rows of `schema`.
///
/// Expressions name the input's columns by position; those of a join's `residual` count the left
/// columns first. Order comes from `sort` and `topN` alone; `filter`, `project` and `limit` keep
/// it.
public indirect enum LogicalPlan: Sendable {
  case scan(TableScan)
  /// Rows of expressions without columns.
  case values(Schema, rows: [[Expression]])
  case filter(Expression, LogicalPlan)
  case project([NamedExpression], LogicalPlan)
  /// Group columns first, then aggregates. Without group columns: exactly one row.
  case aggregate(groups: [NamedExpression], aggregates: [AggregateCall], LogicalPlan)
  case sort([SortKey], LogicalPlan)
  case topN([SortKey], count: Int, LogicalPlan)
  /// Skips `offset` rows, then gives at most `count` (nil: all).
  case limit(count: Int?, offset: Int, LogicalPlan)
  /// Left columns, then right ones; `residual` over both.
  case join(JoinKind, LogicalPlan, LogicalPlan, keys: [JoinKey], residual: Expression?)
  /// All rows of all inputs, which have the same types.
  case union([LogicalPlan])

  public var schema: Schema {
    switch self {
    case .scan(let scan): return scan.source.schema.selecting(scan.columns)
    case .values(let schema, _): return schema
    case .filter(_, let input), .sort(_, let input), .topN(_, _, let input),
      .limit(_, _, let input):
      return input.schema
    case .project(let expressions, _):
      return Schema(expressions.map { Field($0.name, $0.expression.type) })
    case .aggregate(let groups, let aggregates, _):
      return Schema(
        groups.map { Field($0.name, $0.expression.type) }
          + aggregates.map { Field($0.name, $0.result) }
      )
    case .join(_, let left, let right, _, _):
      return Schema(left.schema.fields + right.schema.fields)
    case .union(let inputs): return inputs.first?.schema ?? Schema([])
    }
  }

  public var inputs: [LogicalPlan] {
    switch self {
    case .scan, .values: []
    case .filter(_, let input), .project(_, let input), .aggregate(_, _, let input),
      .sort(_, let input), .topN(_, _, let input), .limit(_, _, let input):
      [input]
    case .join(_, let left, let right, _, _): [left, right]
    case .union(let inputs): inputs
    }
  }

  public func mapInputs(_ change: (LogicalPlan) throws -> LogicalPlan) rethrows -> LogicalPlan {
    switch self {
    case .scan, .values: return self
    case .filter(let predicate, let input): return .filter(predicate, try change(input))
    case .project(let expressions, let input): return .project(expressions, try change(input))
    case .aggregate(let groups, let aggregates, let input):
      return .aggregate(groups: groups, aggregates: aggregates, try change(input))
    case .sort(let keys, let input): return .sort(keys, try change(input))
    case .topN(let keys, let count, let input):
      return .topN(keys, count: count, try change(input))
    case .limit(let count, let offset, let input):
      return .limit(count: count, offset: offset, try change(input))
    case .join(let kind, let left, let right, let keys, let residual):
      return .join(kind, try change(left), try change(right), keys: keys, residual: residual)
    case .union(let inputs): return .union(try inputs.map(change))
    }
  }

  /// The plan with every expression of this node (not of its inputs) changed.
  public func mapExpressions(_ change: (Expression) throws -> Expression) rethrows -> LogicalPlan {
    switch self {
    case .scan, .limit, .union: return self
    case .values(let schema, let rows):
      return .values(schema, rows: try rows.map { try $0.map(change) })
    case .filter(let predicate, let input): return .filter(try change(predicate), input)
    case .project(let expressions, let input):
      return .project(
        try expressions.map { NamedExpression($0.name, try change($0.expression)) },
        input
      )
    case .aggregate(let groups, let aggregates, let input):
      return .aggregate(
        groups: try groups.map { NamedExpression($0.name, try change($0.expression)) },
        aggregates: try aggregates.map { call in
          var changed = call
          changed.arguments = try call.arguments.map(change)
          changed.filter = try call.filter.map(change)
          return changed
        },
        input
      )
    case .sort(let keys, let input): return .sort(try Self.map(keys, change), input)
    case .topN(let keys, let count, let input):
      return .topN(try Self.map(keys, change), count: count, input)
    case .join(let kind, let left, let right, let keys, let residual):
      return .join(
        kind,
        left,
        right,
        keys: try keys.map { JoinKey(left: try change($0.left), right: try change($0.right)) },
        residual: try residual.map(change)
      )
    }
  }

  private static func map(
    _ keys: [SortKey],
    _ change: (Expression) throws -> Expression
  ) rethrows -> [SortKey] {
    try keys.map { SortKey(expression: try change($0.expression), direction: $0.direction) }
  }

  /// A plan of no rows with the same columns.
  public var emptied: LogicalPlan { .values(schema, rows: []) }
}
