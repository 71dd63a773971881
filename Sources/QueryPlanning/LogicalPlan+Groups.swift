// The nodes that see many rows at once: groups, windows, first rows, elements of arrays.

public import Columnar
public import Kernels

/// Rows grouped by the values of expressions.
///
/// Columns: the groups, then the aggregates, then with `groupingSets` the set's number as a bigint
/// `$group_id`. One row a group; without groups (or for an empty set) exactly one row, even over no
/// input. NULL is a group of its own.
public struct Aggregate: Sendable {
  /// Which part of a two-phase aggregation it is.
  public enum Step: String, Sendable, Hashable {
    case single = "SINGLE"
    case partial = "PARTIAL"
    case final = "FINAL"
  }

  public var groups: [NamedExpression]
  /// GROUPING SETS as positions in `groups`: the input is grouped once by each set, and groups that
  /// a set leaves out are NULL. nil: one set of all groups, and no column `$group_id`.
  public var groupingSets: [[Int]]?
  public var aggregates: [AggregateCall]
  public var step: Step
  public var input: LogicalPlan

  public init(
    groups: [NamedExpression],
    groupingSets: [[Int]]? = nil,
    aggregates: [AggregateCall] = [],
    step: Step = .single,
    _ input: LogicalPlan
  ) {
    self.groups = groups
    self.groupingSets = groupingSets
    self.aggregates = aggregates
    self.step = step
    self.input = input
  }

  public var schema: Schema {
    Schema(
      groups.map { Field($0.name, $0.expression.type) }
        + aggregates.map { Field($0.name, $0.result) }
        + (groupingSets == nil ? [] : [Field("$group_id", .bigint)])
    )
  }
}

/// One aggregate of a GROUP BY: `sum(DISTINCT x ORDER BY z) FILTER (WHERE y)`.
public struct AggregateCall: Sendable, Hashable {
  public var kind: AggregateKind
  /// The name the dialect gives it, for plans.
  public var name: String
  public var arguments: [Expression]
  public var isDistinct: Bool
  /// Only rows for which it is true count.
  public var filter: Expression?
  /// The order in which the rows of a group are taken; empty where it does not matter.
  public var orderBy: [SortKey]
  public var result: DataType

  public init(
    kind: AggregateKind,
    name: String,
    arguments: [Expression],
    isDistinct: Bool = false,
    filter: Expression? = nil,
    orderBy: [SortKey] = [],
    result: DataType
  ) {
    self.kind = kind
    self.name = name
    self.arguments = arguments
    self.isDistinct = isDistinct
    self.filter = filter
    self.orderBy = orderBy
    self.result = result
  }

  /// Its expressions: arguments, filter, order.
  public var expressions: [Expression] {
    arguments + (filter.map { [$0] } ?? []) + orderBy.map(\.expression)
  }

  func mapping(_ change: (Expression) throws -> Expression) rethrows -> AggregateCall {
    var copy = self
    copy.arguments = try arguments.map(change)
    copy.filter = try filter.map(change)
    copy.orderBy = try orderBy.map { try $0.mapping(change) }
    return copy
  }
}

/// What a window function computes.
public enum WindowFunction: Sendable, Hashable {
  /// The aggregate over the row's frame.
  case aggregate(AggregateKind)
  case rowNumber, rank, denseRank, percentRank, cumulativeDistribution
  /// Argument: the number of buckets, at least 1.
  case ntile
  /// Arguments: value, distance (bigint, 1 where it is absent), default (NULL where it is absent).
  /// They look at the partition, not at the frame.
  case lag, lead
  /// Over the frame. `nthValue` has a second argument: the position from 1.
  case firstValue, lastValue, nthValue
}

/// PARTITION BY and ORDER BY of a window; rows equal in the order keys are peers.
public struct WindowSpecification: Sendable, Hashable {
  public var partition: [Expression]
  public var order: [SortKey]

  public init(partition: [Expression] = [], order: [SortKey] = []) {
    self.partition = partition
    self.order = order
  }

  func mapping(_ change: (Expression) throws -> Expression) rethrows -> WindowSpecification {
    WindowSpecification(
      partition: try partition.map(change),
      order: try order.map { try $0.mapping(change) }
    )
  }
}

/// Which rows around a row a function sees.
public struct WindowFrame: Sendable, Hashable {
  /// What the bounds count.
  public enum Unit: String, Sendable, Hashable {
    case rows = "ROWS"
    case range = "RANGE"
    case groups = "GROUPS"
  }

  /// One end of a frame.
  ///
  /// With ROWS and GROUPS the expression is a bigint: how many rows or groups of peers away; NULL
  /// or a negative number is an error (`INVALID_WINDOW_FRAME`). With RANGE it is the bound's own
  /// value, of the order key's type: the door has already taken the distance from the row's key, or
  /// added it, by the key's direction. So `start` is the first row whose key does not come before
  /// the value, and `end` the last one whose key does not come after it. A row whose own key is
  /// NULL has its peers as the frame of such a bound.
  public enum Bound: Sendable, Hashable {
    case unboundedPreceding
    case preceding(Expression)
    case currentRow
    case following(Expression)
    case unboundedFollowing
  }

  public var unit: Unit
  public var start: Bound
  public var end: Bound

  public init(_ unit: Unit, _ start: Bound, _ end: Bound) {
    self.unit = unit
    self.start = start
    self.end = end
  }

  /// RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW.
  public static let standard = WindowFrame(.range, .unboundedPreceding, .currentRow)

  func mapping(_ change: (Expression) throws -> Expression) rethrows -> WindowFrame {
    WindowFrame(unit, try start.mapping(change), try end.mapping(change))
  }
}

extension WindowFrame.Bound {
  func mapping(_ change: (Expression) throws -> Expression) rethrows -> WindowFrame.Bound {
    switch self {
    case .preceding(let value): .preceding(try change(value))
    case .following(let value): .following(try change(value))
    default: self
    }
  }
}

/// One window function over its arguments and frame.
public struct WindowCall: Sendable, Hashable {
  public var function: WindowFunction
  /// The name the dialect gives it, for plans.
  public var name: String
  public var arguments: [Expression]
  public var frame: WindowFrame
  /// IGNORE NULLS: `lag`, `lead`, `first_value`, `last_value`, `nth_value` pass over NULLs.
  public var ignoresNulls: Bool
  /// Of an aggregate only.
  public var isDistinct: Bool
  /// Of an aggregate only: rows for which it is true count.
  public var filter: Expression?
  public var result: DataType

  public init(
    _ function: WindowFunction,
    name: String,
    arguments: [Expression],
    frame: WindowFrame = .standard,
    ignoresNulls: Bool = false,
    isDistinct: Bool = false,
    filter: Expression? = nil,
    result: DataType
  ) {
    self.function = function
    self.name = name
    self.arguments = arguments
    self.frame = frame
    self.ignoresNulls = ignoresNulls
    self.isDistinct = isDistinct
    self.filter = filter
    self.result = result
  }

  /// Its expressions: arguments, filter, frame bounds.
  public var expressions: [Expression] {
    var found: [Expression] = []
    _ = mapping { expression in
      found.append(expression)
      return expression
    }
    return found
  }

  func mapping(_ change: (Expression) throws -> Expression) rethrows -> WindowCall {
    var copy = self
    copy.arguments = try arguments.map(change)
    copy.filter = try filter.map(change)
    copy.frame = try frame.mapping(change)
    return copy
  }
}

/// A window function with the name of the column it becomes.
public struct NamedWindowCall: Sendable, Hashable {
  public var name: String
  public var call: WindowCall

  public init(_ name: String, _ call: WindowCall) {
    self.name = name
    self.call = call
  }
}

/// Functions over the rows around each row. N rows in, the same N out.
///
/// Columns: the input's, then one a call. Rows come partition by partition in the window's order;
/// above a window nothing may rely on the input's order.
public struct Window: Sendable {
  public var specification: WindowSpecification
  public var calls: [NamedWindowCall]
  public var input: LogicalPlan

  public init(
    _ specification: WindowSpecification,
    _ calls: [NamedWindowCall],
    _ input: LogicalPlan
  ) {
    self.specification = specification
    self.calls = calls
    self.input = input
  }
}

/// The first rows of an order.
///
/// At most `count` rows after `offset`; with `withTies` also the rows equal to the last of them.
public struct TopN: Sendable {
  public var keys: [SortKey]
  public var count: Int
  public var offset: Int
  public var withTies: Bool
  public var input: LogicalPlan

  public init(
    _ keys: [SortKey],
    count: Int,
    offset: Int = 0,
    withTies: Bool = false,
    _ input: LogicalPlan
  ) {
    self.keys = keys
    self.count = count
    self.offset = offset
    self.withTies = withTies
    self.input = input
  }
}

/// One array or map that `Unnest` takes apart.
public struct UnnestItem: Sendable, Hashable {
  /// Over the input; an array or a map.
  public var expression: Expression
  /// What each element becomes: one column of an array's elements, or one a field where they are
  /// rows; key and value of a map.
  public var columns: [Field]

  public init(expression: Expression, columns: [Field]) {
    self.expression = expression
    self.columns = columns
  }
}

/// One row an element of its arrays and maps, beside the row they came from.
///
/// Columns: the input's, then those of the items, then with `ordinality` a bigint from 1. A row
/// gives as many rows as its longest item has elements, shorter ones are filled with NULL. NULL and
/// empty items give none, or one row of NULLs where `keepsEmpty`.
public struct Unnest: Sendable {
  public var items: [UnnestItem]
  /// The name of the column WITH ORDINALITY adds; nil where it is not asked for.
  public var ordinality: String?
  /// LEFT JOIN UNNEST … ON TRUE.
  public var keepsEmpty: Bool
  public var input: LogicalPlan

  public init(
    _ items: [UnnestItem],
    ordinality: String? = nil,
    keepsEmpty: Bool = false,
    _ input: LogicalPlan
  ) {
    self.items = items
    self.ordinality = ordinality
    self.keepsEmpty = keepsEmpty
    self.input = input
  }

  public var schema: Schema {
    Schema(
      input.schema.fields + items.flatMap(\.columns)
        + (ordinality.map { [Field($0, .bigint)] } ?? [])
    )
  }
}
