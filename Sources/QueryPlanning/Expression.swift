// Typed expressions over the columns of one input: what analysis produces and execution evaluates.
//
// All conversions are explicit calls; an expression knows nothing of the dialect it came from.

public import Columnar
public import Kernels

/// A scalar function resolved to one implementation, which takes whole columns.
public struct ScalarFunction: Sendable, Hashable {
  /// What the optimizer may know about a function.
  public enum Kind: Sendable, Hashable {
    case comparison(ComparisonOperation)
    case isNull
    case isNotNull
    case not
    /// `value IN (constants)`; NULL among them is kept.
    case isIn([Scalar])
    /// A conversion that keeps order and identity, such as integer to bigint.
    case losslessCast
    case other
  }

  public let name: String
  /// Tells two functions apart where their names do not: types, units, offsets.
  public let variant: String
  public let kind: Kind
  public let result: DataType
  /// Never throws, whatever its arguments.
  public let isTotal: Bool
  /// `(arguments, row count)` to one column of that many rows.
  public let evaluate: @Sendable ([ColumnVector], Int) throws -> ColumnVector

  public init(
    name: String,
    variant: String = "",
    kind: Kind = .other,
    result: DataType,
    isTotal: Bool = true,
    evaluate: @escaping @Sendable ([ColumnVector], Int) throws -> ColumnVector
  ) {
    self.name = name
    self.variant = variant
    self.kind = kind
    self.result = result
    self.isTotal = isTotal
    self.evaluate = evaluate
  }

  public static func == (left: ScalarFunction, right: ScalarFunction) -> Bool {
    left.name == right.name && left.variant == right.variant && left.kind == right.kind
      && left.result == right.result
  }

  public func hash(into hasher: inout Hasher) {
    hasher.combine(name)
    hasher.combine(variant)
    hasher.combine(result)
  }
}

/// One aggregate of a GROUP BY: `sum(DISTINCT x) FILTER (WHERE y)`.
public struct AggregateCall: Sendable, Hashable {
  public var kind: AggregateKind
  /// The name the dialect gives it, for plans.
  public var name: String
  public var arguments: [Expression]
  public var isDistinct: Bool
  public var filter: Expression?
  public var result: DataType

  public init(
    kind: AggregateKind,
    name: String,
    arguments: [Expression],
    isDistinct: Bool = false,
    filter: Expression? = nil,
    result: DataType
  ) {
    self.kind = kind
    self.name = name
    self.arguments = arguments
    self.isDistinct = isDistinct
    self.filter = filter
    self.result = result
  }
}

/// A query inside an expression that does not depend on the rows around it; run once, before them.
public final class Subquery: Sendable, Hashable {
  /// What the query is asked for: its one value, whether it has a row, or its set of values.
  public enum Kind: Sendable { case scalar, exists, membership }
  public let plan: LogicalPlan
  public let kind: Kind

  public init(_ kind: Kind, plan: LogicalPlan) {
    self.kind = kind
    self.plan = plan
  }

  public static func == (left: Subquery, right: Subquery) -> Bool { left === right }
  public func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }
}

/// One `WHEN condition THEN value` of a CASE; a NULL condition does not choose it.
public struct ConditionalBranch: Sendable, Hashable {
  public var condition: Expression
  public var value: Expression

  public init(condition: Expression, value: Expression) {
    self.condition = condition
    self.value = value
  }
}

/// A typed expression over the columns of one input, which gives one value a row.
///
/// Columns are named by position, and every conversion is an explicit call. `ExpressionEvaluator`
/// computes it; `aggregate` and `subquery` are replaced before that.
public indirect enum Expression: Sendable, Hashable {
  /// A column of the input by position.
  case column(Int, DataType)
  case constant(Scalar, DataType)
  case call(ScalarFunction, [Expression])
  /// AND, OR of two or more; later operands are computed only for rows that need them.
  case conjunction([Expression])
  case disjunction([Expression])
  /// CASE: each value is computed only for rows that choose it.
  case conditional([ConditionalBranch], otherwise: Expression, DataType)
  case coalesce([Expression], DataType)
  /// A placeholder between analysis and the aggregate's plan.
  case aggregate(AggregateCall)
  /// The operand is that of `IN`; nil for scalar and EXISTS.
  case subquery(Subquery, operand: Expression?, DataType)

  public var type: DataType {
    switch self {
    case .column(_, let type), .constant(_, let type), .conditional(_, _, let type),
      .coalesce(_, let type), .subquery(_, _, let type):
      type
    case .call(let function, _): function.result
    case .conjunction, .disjunction: .boolean
    case .aggregate(let call): call.result
    }
  }

  public static let yes = Expression.constant(.boolean(true), .boolean)
  public static let no = Expression.constant(.boolean(false), .boolean)

  public var children: [Expression] {
    switch self {
    case .column, .constant: []
    case .call(_, let arguments): arguments
    case .conjunction(let parts), .disjunction(let parts), .coalesce(let parts, _): parts
    case .conditional(let branches, let otherwise, _):
      branches.flatMap { [$0.condition, $0.value] } + [otherwise]
    case .aggregate(let call): call.arguments + (call.filter.map { [$0] } ?? [])
    case .subquery(_, let operand, _): operand.map { [$0] } ?? []
    }
  }

  /// The same expression over changed children.
  public func mapChildren(_ change: (Expression) throws -> Expression) rethrows -> Expression {
    switch self {
    case .column, .constant: return self
    case .call(let function, let arguments): return .call(function, try arguments.map(change))
    case .conjunction(let parts): return .conjunction(try parts.map(change))
    case .disjunction(let parts): return .disjunction(try parts.map(change))
    case .coalesce(let parts, let type): return .coalesce(try parts.map(change), type)
    case .conditional(let branches, let otherwise, let type):
      return .conditional(
        try branches.map {
          ConditionalBranch(condition: try change($0.condition), value: try change($0.value))
        },
        otherwise: try change(otherwise),
        type
      )
    case .aggregate(var call):
      call.arguments = try call.arguments.map(change)
      call.filter = try call.filter.map(change)
      return .aggregate(call)
    case .subquery(let subquery, let operand, let type):
      return .subquery(subquery, operand: try operand.map(change), type)
    }
  }

  /// The positions of all columns it reads.
  public var columns: Set<Int> {
    var result: Set<Int> = []
    collectColumns(&result)
    return result
  }

  public func collectColumns(_ result: inout Set<Int>) {
    if case .column(let index, _) = self { result.insert(index) }
    for child in children { child.collectColumns(&result) }
  }

  /// The expression with column `i` replaced by `columns[i]`.
  public func substituting(_ columns: [Expression]) -> Expression {
    if case .column(let index, _) = self { return columns[index] }
    return mapChildren { $0.substituting(columns) }
  }

  /// The expression with each column position replaced.
  public func remapping(_ position: (Int) -> Int) -> Expression {
    if case .column(let index, let type) = self { return .column(position(index), type) }
    return mapChildren { $0.remapping(position) }
  }

  /// Never throws when it is evaluated.
  public var isTotal: Bool {
    switch self {
    case .call(let function, let arguments):
      function.isTotal && arguments.allSatisfy(\.isTotal)
    case .subquery, .aggregate: false
    default: children.allSatisfy(\.isTotal)
    }
  }

  public var containsAggregate: Bool {
    if case .aggregate = self { return true }
    return children.contains { $0.containsAggregate }
  }

  public var containsSubquery: Bool {
    if case .subquery = self { return true }
    return children.contains { $0.containsSubquery }
  }

  /// The operands of a conjunction, or the expression itself.
  public var conjuncts: [Expression] {
    if case .conjunction(let parts) = self { return parts.flatMap(\.conjuncts) }
    return [self]
  }

  /// The conjunction of `parts`; true where there is none.
  public static func all(_ parts: [Expression]) -> Expression {
    let flat = parts.flatMap(\.conjuncts)
    return flat.count == 1 ? flat[0] : flat.isEmpty ? .yes : .conjunction(flat)
  }
}
