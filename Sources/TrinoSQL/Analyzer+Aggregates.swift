// Aggregate functions: their arguments, result types, DISTINCT, FILTER and ORDER BY.

import Columnar
import Kernels
import QueryPlanning

extension Analyzer {
  /// `isWindow`: over a window, its arguments may be aggregates: `sum(count(*)) OVER ()`.
  mutating func aggregate(
    _ call: CallSyntax,
    _ scope: Scope,
    _ syntax: ExpressionSyntax,
    isWindow: Bool = false
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
    if !isWindow, inside.contains(where: \.containsAggregate) {
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
      return make(.approximateDistinct, [arguments[0].expression], .bigint, isDistinct: false)
    case ("approx_distinct", 2):
      return make(.approximateDistinct, [arguments[0].expression], .bigint, isDistinct: false)
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
    case ("variance", 1), ("var_samp", 1), ("var_pop", 1), ("stddev", 1), ("stddev_samp", 1),
      ("stddev_pop", 1), ("skewness", 1), ("kurtosis", 1), ("geometric_mean", 1):
      guard types[0].isNumeric || types[0] == .unknown, let kind = Self.statistics[name] else {
        break
      }
      return make(kind, [try coerce(arguments[0], to: .double, syntax.start)], .double)
    case ("corr", 2), ("covar_samp", 2), ("covar_pop", 2), ("regr_slope", 2),
      ("regr_intercept", 2):
      guard types.allSatisfy({ $0.isNumeric || $0 == .unknown }), let kind = Self.statistics[name]
      else { break }
      return make(
        kind, try arguments.map { try coerce($0, to: .double, syntax.start) }, .double)
    case ("bitwise_and_agg", 1), ("bitwise_or_agg", 1), ("bitwise_xor_agg", 1):
      guard TrinoType.coercionCost(types[0], .bigint) != nil, let kind = Self.statistics[name]
      else { break }
      return make(kind, [try coerce(arguments[0], to: .bigint, syntax.start)], .bigint)
    case ("array_agg", 1):
      return make(.arrayAggregate, [arguments[0].expression], .array(types[0]))
    case ("map_agg", 2), ("multimap_agg", 2):
      guard types[0].isComparable else { break }
      let value: TrinoType = name == "map_agg" ? types[1] : .array(types[1])
      return make(
        name == "map_agg" ? .mapAggregate : .multimapAggregate, arguments.map(\.expression),
        .map(key: types[0], value: value))
    case ("histogram", 1) where types[0].isComparable:
      return make(.histogram, [arguments[0].expression], .map(key: types[0], value: .bigint))
    case ("set_union", 1), ("set_agg", 1):
      if name == "set_agg" {
        return make(
          .arrayAggregate, [arguments[0].expression], .array(types[0]), isDistinct: true)
      }
      guard case .array = types[0] else { break }
      return make(.setUnion, [arguments[0].expression], types[0])
    case ("map_union", 1):
      guard case .map = types[0] else { break }
      return make(.mapUnion, [arguments[0].expression], types[0])
    case ("listagg", 1), ("listagg", 2):
      guard types.allSatisfy({ TrinoType.coercionCost($0, .varchar(nil)) != nil }) else { break }
      if orderBy.isEmpty {
        throw error(
          .missingOrderBy, "LISTAGG requires WITHIN GROUP (ORDER BY …)", syntax.start)
      }
      let separator =
        arguments.count > 1
        ? try coerce(arguments[1], to: .varchar(nil), syntax.start)
        : .constant(.text(""), .varchar)
      return make(
        .listAggregate,
        [try coerce(arguments[0], to: .varchar(nil), syntax.start), separator], .varchar(nil))
    case ("approx_percentile", 2), ("approx_percentile", 3):
      let share = types[types.count - 1]
      guard types[0].isNumeric || types[0] == .unknown else { break }
      // Decimals are doubles here, as in Trino.
      let element: TrinoType =
        types[0].isWholeNumber ? .bigint : types[0] == .real ? .real : .double
      var result = element
      var percentage: TrinoType = .double
      if case .array = share {
        percentage = .array(.double)
        result = .array(element)
      }
      guard TrinoType.coercionCost(share, percentage) != nil,
        types.count == 2 || TrinoType.coercionCost(types[1], .double) != nil
      else { break }
      var inputs = [try coerce(arguments[0], to: element, syntax.start)]
      if types.count == 3 { inputs.append(try coerce(arguments[1], to: .double, syntax.start)) }
      inputs.append(try coerce(arguments[types.count - 1], to: percentage, syntax.start))
      return make(.approximatePercentile, inputs, result)
    case ("approx_set", 1), ("approx_set", 2):
      return make(.approximateSet, [arguments[0].expression], .hyperLogLog, isDistinct: false)
    case ("merge", 1) where types[0] == .hyperLogLog:
      return make(.mergeSketches, [arguments[0].expression], .hyperLogLog, isDistinct: false)
    case ("checksum", 1): return make(.checksum, [arguments[0].expression], .varbinary)
    case ("min_by", 3), ("max_by", 3), ("min", 2), ("max", 2):
      return try severalExtremes(
        name, arguments, isSmallest: name.hasPrefix("min"), filter, syntax.start)
    default: break
    }
    throw wrongArguments(call.name, arguments, Self.expected[name] ?? [])
  }

  /// `max(x, n)`, `max_by(x, y, n)`: the values of the `n` greatest keys, from the greatest on: the
  /// first of all values in that order.
  private func severalExtremes(
    _ name: String, _ arguments: [Typed], isSmallest: Bool, _ filter: Expression?, _ start: Int
  ) throws -> Typed {
    let key = arguments[arguments.count - 2]
    let limit = arguments[arguments.count - 1]
    try orderable(key.type, start)
    guard TrinoType.coercionCost(limit.type, .bigint) != nil, case .integer(let most)? = limit.constant
    else {
      throw error(.notSupported, "The number of values of \(name) must be a constant", start)
    }
    guard (1...10_000).contains(most) else {
      throw error(
        .invalidFunctionArgument,
        "The number of values of \(name) must be positive and at most 10000: \(most)", start)
    }
    let all = Expression.aggregate(
      AggregateCall(
        kind: .arrayAggregate, name: name, arguments: [arguments[0].expression], isDistinct: false,
        filter: Expression.all(
          (filter.map { [$0] } ?? []) + [Self.nullTest(key.expression, true)]),
        orderBy: [
          SortKey(
            expression: key.expression,
            direction: SortDirection(isAscending: isSmallest, nullsFirst: false))
        ],
        result: .array(arguments[0].type.storage)))
    let bounds = [1, most].map { Expression.constant(.integer($0), .bigint) }
    return Typed(
      .call(
        ScalarFunction(
          name: "slice", result: .array(arguments[0].type.storage), isTotal: true
        ) { a, _ in try sliceArray(a[0], start: a[1], length: a[2]) }, [all] + bounds),
      .array(arguments[0].type))
  }

  private static let statistics: [String: AggregateKind] = [
    "variance": .varianceSample, "var_samp": .varianceSample, "var_pop": .variancePopulation,
    "stddev": .deviationSample, "stddev_samp": .deviationSample,
    "stddev_pop": .deviationPopulation, "skewness": .skewness, "kurtosis": .kurtosis,
    "geometric_mean": .geometricMean, "corr": .correlation, "covar_samp": .covarianceSample,
    "covar_pop": .covariancePopulation, "regr_slope": .regressionSlope,
    "regr_intercept": .regressionIntercept, "bitwise_and_agg": .bitwiseAnd,
    "bitwise_or_agg": .bitwiseOr, "bitwise_xor_agg": .bitwiseXor,
  ]

  private static let expected: [String: [String]] = [
    "count": ["", "T"], "sum": ["bigint", "double", "decimal(p,s)"],
    "avg": ["bigint", "double", "decimal(p,s)"], "count_if": ["boolean"], "bool_and": ["boolean"],
    "bool_or": ["boolean"], "every": ["boolean"], "min": ["T"], "max": ["T"], "arbitrary": ["T"],
    "variance": ["double"], "stddev": ["double"], "corr": ["double, double"],
    "array_agg": ["T"], "map_agg": ["K, V"], "multimap_agg": ["K, V"], "histogram": ["T"],
    "listagg": ["varchar", "varchar, varchar"], "approx_percentile": [
      "bigint, double", "double, double", "real, double", "bigint, array(double)",
      "bigint, double, double", "double, double, double", "real, double, double",
      "bigint, double, array(double)",
    ],
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
    case .tinyint, .smallint, .integer, .bigint:
      return make(kind, [argument.expression], kind == .sum ? .bigint : .double, nil)
    case .unknown:
      return make(
        kind,
        [try coerce(argument, to: .bigint, syntax.start)],
        kind == .sum ? .bigint : .double,
        nil
      )
    case .double, .real, .intervalDayToSecond, .intervalYearToMonth:
      return make(kind, [argument.expression], argument.type, nil)
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
