// Aggregate functions: their arguments, result types, DISTINCT, FILTER and ORDER BY.

import Columnar
import Kernels
import QueryPlanning

extension Analyzer {
  mutating func aggregate(
    _ call: CallSyntax,
    _ scope: Scope,
    _ syntax: ExpressionSyntax
  ) throws -> Typed {
    let name = call.name.key
    if call.isStar, name != "count" {
      throw error(.functionNotFound, "Only count may be called with *: \(name)(*)", syntax.start)
    }
    var arguments: [Typed] = []
    for argument in call.arguments { arguments.append(try expression(argument, scope)) }
    var filter: Expression?
    if let predicate = call.filter { filter = try boolean(predicate, scope, "FILTER expression") }
    var orderBy: [SortKey] = []
    for item in call.orderBy {
      let key = try expression(item.expression, scope)
      try orderable(key.type, item.expression.start)
      orderBy.append(SortKey(expression: key.expression, direction: direction(item)))
    }
    let inside =
      arguments.map(\.expression) + (filter.map { [$0] } ?? []) + orderBy.map(\.expression)
    if inside.contains(where: \.containsWindow) {
      throw error(
        .nestedWindow,
        "Cannot nest window functions inside aggregation '\(name)'",
        syntax.start,
        advice: "Compute the window function in a subquery."
      )
    }
    if inside.contains(where: \.containsAggregate) {
      throw error(
        .nestedAggregation,
        "Cannot nest aggregations inside aggregation '\(name)'",
        syntax.start
      )
    }
    func make(
      _ kind: AggregateKind,
      _ inputs: [Expression],
      _ type: TrinoType,
      isDistinct: Bool? = nil
    ) -> Typed {
      Typed(
        .aggregate(
          AggregateCall(
            kind: kind,
            name: name,
            arguments: inputs,
            isDistinct: isDistinct ?? call.isDistinct,
            filter: filter,
            orderBy: orderBy,
            result: type.storage
          )
        ),
        type
      )
    }
    let types = arguments.map(\.type)
    switch (name, arguments.count) {
    case ("count", 0): return make(.count, [], .bigint, isDistinct: false)
    case ("count", 1): return make(.count, [arguments[0].expression], .bigint)
    case ("approx_distinct", 1):
      return make(.count, [arguments[0].expression], .bigint, isDistinct: true)
    case ("count_if", 1) where types[0] == .boolean || types[0] == .unknown:
      return make(.countIf, [try coerce(arguments[0], to: .boolean, syntax.start)], .bigint)
    case ("bool_and", 1) where types[0] == .boolean || types[0] == .unknown,
      ("every", 1) where types[0] == .boolean || types[0] == .unknown:
      return make(.boolAnd, [try coerce(arguments[0], to: .boolean, syntax.start)], .boolean)
    case ("bool_or", 1) where types[0] == .boolean || types[0] == .unknown:
      return make(.boolOr, [try coerce(arguments[0], to: .boolean, syntax.start)], .boolean)
    case ("sum", 1), ("avg", 1):
      return try sum(name, arguments[0], call, syntax, make: { make($0, $1, $2, isDistinct: $3) })
    case ("min", 1), ("max", 1), ("arbitrary", 1), ("any_value", 1):
      let kind: AggregateKind =
        name == "min" ? .minimum : name == "max" ? .maximum : .arbitrary
      return make(kind, [arguments[0].expression], types[0], isDistinct: false)
    case ("min_by", 2), ("max_by", 2):
      if call.isDistinct { throw error(.notSupported, "\(name)(DISTINCT …)", syntax.start) }
      return make(
        name == "min_by" ? .minimumBy : .maximumBy,
        arguments.map(\.expression),
        types[0]
      )
    case ("min_by", 3), ("max_by", 3), ("min", 2), ("max", 2):
      throw error(.notSupported, "\(name) of several values is not supported", syntax.start)
    default: throw wrongArguments(call.name, arguments, Self.expected[name] ?? [])
    }
  }

  private static let expected: [String: [String]] = [
    "count": ["", "T"], "sum": ["bigint", "double", "decimal(p,s)"],
    "avg": ["bigint", "double", "decimal(p,s)"], "count_if": ["boolean"], "bool_and": ["boolean"],
    "bool_or": ["boolean"], "every": ["boolean"], "min": ["T"], "max": ["T"], "arbitrary": ["T"],
    "any_value": ["T"], "min_by": ["V, K"], "max_by": ["V, K"], "approx_distinct": ["T"],
  ]

  private func sum(
    _ name: String,
    _ argument: Typed,
    _ call: CallSyntax,
    _ syntax: ExpressionSyntax,
    make: (AggregateKind, [Expression], TrinoType, Bool?) -> Typed
  ) throws -> Typed {
    let kind: AggregateKind = name == "sum" ? .sum : .average
    switch argument.type {
    case .integer, .bigint:
      return make(kind, [argument.expression], kind == .sum ? .bigint : .double, nil)
    case .unknown:
      return make(
        kind,
        [try coerce(argument, to: .bigint, syntax.start)],
        kind == .sum ? .bigint : .double,
        nil
      )
    case .double: return make(kind, [argument.expression], .double, nil)
    case .decimal(_, let scale):
      return make(
        kind,
        [argument.expression],
        kind == .sum ? .decimal(precision: 38, scale: scale) : argument.type,
        nil
      )
    default: throw wrongArguments(call.name, [argument], Self.expected[name] ?? [])
    }
  }
}
