// What a query means, as a tree of relational operations; knows no algorithm.
//
// 1. A door's analysis builds it. Expressions name their input's columns by position; subqueries
//    are still inside expressions, and those that read the query around them have parameters.
// 2. `DecorrelateSubqueries` turns the latter into joins: no `parameter` and no `lateral` is left.
// 3. `Optimizer` rewrites it, `QueryExecution` turns it into `…Exec` nodes.

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
  /// Predicates known only when the build side of a join has been read; wishes like the others.
  public var dynamicFilters: [DynamicFilter] = []

  public init(name: QualifiedName, source: any TableSource) {
    self.name = name
    self.source = source
    columns = Array(source.schema.fields.indices)
    predicates = []
  }
}

/// A wish that a join's build side will make: `column` is one of the values of a key.
public struct DynamicFilter: Sendable, Hashable {
  /// The `Join.dynamicFilterID` it belongs to.
  public var id: Int
  /// Which of the join's keys, by position.
  public var key: Int
  /// Position in the table's schema.
  public var column: Int

  public init(id: Int, key: Int, column: Int) {
    self.id = id
    self.key = key
    self.column = column
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
  case aggregate(Aggregate)
  /// The input's columns, then one a call.
  case window(Window)
  case sort([SortKey], LogicalPlan)
  case topN(TopN)
  /// Skips `offset` rows, then gives at most `count` (nil: all).
  case limit(count: Int?, offset: Int, LogicalPlan)
  /// Each row with a probability of `percentage` per cent: `TABLESAMPLE BERNOULLI`.
  case sample(percentage: Double, LogicalPlan)
  case join(Join)
  /// All rows of all inputs, which have the same types.
  case union([LogicalPlan])
  /// INTERSECT and EXCEPT over two inputs of the same types; NULLs are equal here.
  case setOperation(SetOperation)
  /// One row an element of its arrays and maps.
  case unnest(Unnest)
  /// A join whose right side reads the left row; `DecorrelateSubqueries` removes it.
  case lateral(LateralJoin)
  /// One row, always: NULLs where the input has none; more than one is an error.
  case enforceSingleRow(LogicalPlan)
  /// Writes its input's rows; gives one row with their count.
  case write(TableWrite)
  /// Changes, inserts and deletes rows; gives one row with their count.
  case change(RowChange)
  /// The border of two fragments.
  case exchange(Exchange)

  /// The columns it gives.
  public var schema: Schema {
    switch self {
    case .scan(let scan): return scan.source.schema(of: scan.columns)
    case .values(let schema, _): return schema
    case .filter(_, let input), .sort(_, let input), .limit(_, _, let input),
      .sample(_, let input), .enforceSingleRow(let input):
      return input.schema
    case .topN(let node): return node.input.schema
    case .project(let expressions, _):
      return Schema(expressions.map { Field($0.name, $0.expression.type) })
    case .aggregate(let node): return node.schema
    case .window(let node):
      return Schema(
        node.input.schema.fields + node.calls.map { Field($0.name, $0.call.result) }
      )
    case .join(let node): return node.schema
    case .union(let inputs): return inputs.first?.schema ?? Schema([])
    case .setOperation(let node): return node.left.schema
    case .unnest(let node): return node.schema
    case .lateral(let node):
      return Schema(node.left.schema.fields + node.right.plan.schema.fields)
    case .write, .change: return Schema([Field("rows", .bigint)])
    case .exchange(let node): return node.inputs.first?.schema ?? Schema([])
    }
  }

  /// The plans it reads; the right side of a `lateral` is none of them.
  public var inputs: [LogicalPlan] {
    switch self {
    case .scan, .values: []
    case .filter(_, let input), .project(_, let input), .sort(_, let input),
      .limit(_, _, let input), .sample(_, let input), .enforceSingleRow(let input):
      [input]
    case .topN(let node): [node.input]
    case .aggregate(let node): [node.input]
    case .window(let node): [node.input]
    case .join(let node): [node.left, node.right]
    case .union(let inputs): inputs
    case .setOperation(let node): [node.left, node.right]
    case .unnest(let node): [node.input]
    case .lateral(let node): [node.left]
    case .write(let node): [node.input]
    case .change(let node): [node.input]
    case .exchange(let node): node.inputs
    }
  }

  /// The same node over changed inputs.
  public func mapInputs(_ change: (LogicalPlan) throws -> LogicalPlan) rethrows -> LogicalPlan {
    switch self {
    case .scan, .values: return self
    case .filter(let predicate, let input): return .filter(predicate, try change(input))
    case .project(let expressions, let input): return .project(expressions, try change(input))
    case .aggregate(var node):
      node.input = try change(node.input)
      return .aggregate(node)
    case .window(var node):
      node.input = try change(node.input)
      return .window(node)
    case .sort(let keys, let input): return .sort(keys, try change(input))
    case .topN(var node):
      node.input = try change(node.input)
      return .topN(node)
    case .limit(let count, let offset, let input):
      return .limit(count: count, offset: offset, try change(input))
    case .sample(let percentage, let input):
      return .sample(percentage: percentage, try change(input))
    case .enforceSingleRow(let input): return .enforceSingleRow(try change(input))
    case .join(var node):
      node.left = try change(node.left)
      node.right = try change(node.right)
      return .join(node)
    case .union(let inputs): return .union(try inputs.map(change))
    case .setOperation(var node):
      node.left = try change(node.left)
      node.right = try change(node.right)
      return .setOperation(node)
    case .unnest(var node):
      node.input = try change(node.input)
      return .unnest(node)
    case .lateral(var node):
      node.left = try change(node.left)
      return .lateral(node)
    case .write(var node):
      node.input = try change(node.input)
      return .write(node)
    case .change(var node):
      node.input = try change(node.input)
      return .change(node)
    case .exchange(var node):
      node.inputs = try node.inputs.map(change)
      return .exchange(node)
    }
  }

  /// The plan with every expression of this node (not of its inputs) changed.
  public func mapExpressions(_ change: (Expression) throws -> Expression) rethrows -> LogicalPlan {
    switch self {
    case .scan, .limit, .union, .sample, .setOperation, .enforceSingleRow, .write, .change:
      return self
    case .values(let schema, let rows):
      return .values(schema, rows: try rows.map { try $0.map(change) })
    case .filter(let predicate, let input): return .filter(try change(predicate), input)
    case .project(let expressions, let input):
      return .project(try expressions.map { try $0.mapping(change) }, input)
    case .aggregate(var node):
      node.groups = try node.groups.map { try $0.mapping(change) }
      node.aggregates = try node.aggregates.map { try $0.mapping(change) }
      return .aggregate(node)
    case .window(var node):
      node.specification = try node.specification.mapping(change)
      node.calls = try node.calls.map { NamedWindowCall($0.name, try $0.call.mapping(change)) }
      return .window(node)
    case .sort(let keys, let input): return .sort(try keys.map { try $0.mapping(change) }, input)
    case .topN(var node):
      node.keys = try node.keys.map { try $0.mapping(change) }
      return .topN(node)
    case .join(var node):
      node.keys = try node.keys.map { try $0.mapping(change) }
      node.membership = try node.membership.map { try $0.mapping(change) }
      node.residual = try node.residual.map(change)
      return .join(node)
    case .unnest(var node):
      node.items = try node.items.map {
        UnnestItem(expression: try change($0.expression), columns: $0.columns)
      }
      return .unnest(node)
    case .lateral(var node):
      node.arguments = try node.arguments.map(change)
      node.condition = try node.condition.map(change)
      return .lateral(node)
    case .exchange(var node):
      if case .hash(let keys) = node.partitioning {
        node.partitioning = .hash(try keys.map(change))
      }
      return .exchange(node)
    }
  }

  /// Every expression of this node, not of its inputs.
  public var expressions: [Expression] {
    var found: [Expression] = []
    _ = mapExpressions { expression in
      found.append(expression)
      return expression
    }
    return found
  }

  /// A plan of no rows with the same columns.
  public var emptied: LogicalPlan { .values(schema, rows: []) }
}

extension NamedExpression {
  func mapping(_ change: (Expression) throws -> Expression) rethrows -> NamedExpression {
    NamedExpression(name, try change(expression))
  }
}

extension SortKey {
  func mapping(_ change: (Expression) throws -> Expression) rethrows -> SortKey {
    SortKey(expression: try change(expression), direction: direction)
  }
}
