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
    /// Gives other values each time: it is computed once a row, where it stands.
    case random
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

/// A function one of whose arguments is a function: `transform(array, x -> x + 1)`.
public struct LambdaFunction: Sendable, Hashable {
  /// Evaluates the lambda's body: columns of its parameters of some rows, and for each of these
  /// rows the row of the call it belongs to.
  public typealias Body = ([ColumnVector], [Int32]) throws -> ColumnVector

  public let name: String
  /// Tells two functions apart where their names do not.
  public let variant: String
  public let result: DataType
  /// `(arguments, row count, bodies)` to one column of that many rows.
  public let evaluate: @Sendable ([ColumnVector], Int, [Body]) throws -> ColumnVector

  public init(
    name: String,
    variant: String = "",
    result: DataType,
    evaluate: @escaping @Sendable ([ColumnVector], Int, [Body]) throws -> ColumnVector
  ) {
    self.name = name
    self.variant = variant
    self.result = result
    self.evaluate = evaluate
  }

  public static func == (left: LambdaFunction, right: LambdaFunction) -> Bool {
    left.name == right.name && left.variant == right.variant && left.result == right.result
  }

  public func hash(into hasher: inout Hasher) {
    hasher.combine(name)
    hasher.combine(variant)
    hasher.combine(result)
  }
}

/// `(x, y) -> body`. The body's columns are the parameters, then the captures.
public struct Lambda: Sendable, Hashable {
  public var parameters: [DataType]
  /// What the body reads of the rows around it: expressions over the call's own input.
  public var captures: [Expression]
  public var body: Expression

  public init(parameters: [DataType], captures: [Expression], body: Expression) {
    self.parameters = parameters
    self.captures = captures
    self.body = body
  }
}

/// A query inside an expression.
///
/// Its plan reads the query around it through `Expression.parameter`s alone: the arguments of the
/// expression it stands in. Without parameters it does not depend on the rows around it and is run
/// once, before them.
public final class Subquery: Sendable, Hashable {
  /// What the query is asked for: its one value, whether it has a row, or its set of rows.
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
/// computes it; `aggregate`, `window`, `subquery` and `parameter` are replaced before that.
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
  /// A placeholder between analysis and the window's plan.
  case window(WindowCall, WindowSpecification)
  /// The operands are those of `IN`, one a column of the query; none for scalar and EXISTS. The
  /// arguments are what the query's parameters mean here; none where it does not depend on the rows.
  case subquery(Subquery, operands: [Expression], arguments: [Expression], DataType)
  /// In a subquery's plan: an argument of the expression the subquery stands in, by position.
  case parameter(Int, DataType)
  /// A call with functions as its last arguments.
  case lambdaCall(LambdaFunction, [Expression], [Lambda])
  /// TRY: NULL for a row whose value cannot be computed (division by zero, a bad cast or argument,
  /// a number out of range).
  case attempt(Expression)

  public var type: DataType {
    switch self {
    case .column(_, let type), .constant(_, let type), .conditional(_, _, let type),
      .coalesce(_, let type), .subquery(_, _, _, let type), .parameter(_, let type):
      type
    case .call(let function, _): function.result
    case .conjunction, .disjunction: .boolean
    case .aggregate(let call): call.result
    case .window(let call, _): call.result
    case .lambdaCall(let function, _, _): function.result
    case .attempt(let inner): inner.type
    }
  }

  public static let yes = Expression.constant(.boolean(true), .boolean)
  public static let no = Expression.constant(.boolean(false), .boolean)

  public var children: [Expression] {
    switch self {
    case .column, .constant, .parameter: []
    case .call(_, let arguments): arguments
    case .conjunction(let parts), .disjunction(let parts), .coalesce(let parts, _): parts
    case .conditional(let branches, let otherwise, _):
      branches.flatMap { [$0.condition, $0.value] } + [otherwise]
    case .aggregate(let call): call.expressions
    case .window(let call, let specification):
      call.expressions + specification.partition + specification.order.map(\.expression)
    case .subquery(_, let operands, let arguments, _): operands + arguments
    case .lambdaCall(_, let arguments, let lambdas): arguments + lambdas.flatMap(\.captures)
    case .attempt(let inner): [inner]
    }
  }

  /// The same expression over changed children; a lambda's body is none of them.
  public func mapChildren(_ change: (Expression) throws -> Expression) rethrows -> Expression {
    switch self {
    case .column, .constant, .parameter: return self
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
    case .aggregate(let call): return .aggregate(try call.mapping(change))
    case .window(let call, let specification):
      return .window(try call.mapping(change), try specification.mapping(change))
    case .subquery(let subquery, let operands, let arguments, let type):
      return .subquery(
        subquery,
        operands: try operands.map(change),
        arguments: try arguments.map(change),
        type
      )
    case .lambdaCall(let function, let arguments, let lambdas):
      return .lambdaCall(
        function,
        try arguments.map(change),
        try lambdas.map {
          Lambda(parameters: $0.parameters, captures: try $0.captures.map(change), body: $0.body)
        }
      )
    case .attempt(let inner): return .attempt(try change(inner))
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
    case .subquery, .aggregate, .window, .lambdaCall: false
    case .attempt: true
    default: children.allSatisfy(\.isTotal)
    }
  }

  /// Gives other values each time it is evaluated.
  public var isRandom: Bool {
    if case .call(let function, _) = self, function.kind == .random { return true }
    if case .lambdaCall(_, _, let lambdas) = self, lambdas.contains(where: \.body.isRandom) {
      return true
    }
    return children.contains { $0.isRandom }
  }

  public var containsAggregate: Bool {
    if case .aggregate = self { return true }
    return children.contains { $0.containsAggregate }
  }

  public var containsWindow: Bool {
    if case .window = self { return true }
    return children.contains { $0.containsWindow }
  }

  /// Reads an argument of the subquery it stands in.
  public var containsParameter: Bool {
    if case .parameter = self { return true }
    return children.contains { $0.containsParameter }
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
