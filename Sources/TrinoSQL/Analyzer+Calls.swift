// Function calls: overloads, special forms and aggregates.

import Columnar
import Kernels
import QueryPlanning

extension Analyzer {
  mutating func extract(
    _ field: String,
    _ inner: ExpressionSyntax,
    _ scope: Scope,
    _ syntax: ExpressionSyntax
  ) throws -> Typed {
    let name = field.lowercased()
    let fields: Set<String> = [
      "year", "quarter", "month", "week", "day", "day_of_month", "day_of_week", "dow",
      "day_of_year", "doy", "year_of_week", "yow", "hour", "minute", "second",
    ]
    guard fields.contains(name) else {
      throw error(.syntaxError, "Invalid EXTRACT field: \(field)", syntax.start)
    }
    return try scalarCall(
      name,
      [try expression(inner, scope)],
      Identifier(text: name, offset: syntax.start),
      syntax
    )
  }

  mutating func call(
    _ call: CallSyntax,
    _ scope: Scope,
    _ syntax: ExpressionSyntax
  ) throws -> Typed {
    let name = call.name.key
    if FunctionCatalog.aggregates.contains(name) { return try aggregate(call, scope, syntax) }
    if call.isStar || call.isDistinct || call.filter != nil {
      let isKnown =
        !FunctionCatalog.registry[name].isEmpty || FunctionCatalog.special.contains(name)
      guard isKnown else { throw unknownFunction(call.name) }
      throw error(
        .functionNotAggregate,
        "\(call.isDistinct ? "DISTINCT" : call.isStar ? "*" : "Filter") is only valid for aggregation functions",
        syntax.start
      )
    }
    let arguments = try call.arguments.map { try expression($0, scope) }
    if FunctionCatalog.special.contains(name) {
      return try special(name, arguments, call, syntax)
    }
    return try scalarCall(name, arguments, call.name, syntax)
  }

  private func unknownFunction(_ name: Identifier) -> TrinoSQLError {
    error(
      .functionNotFound,
      "Function '\(name.key)' not registered",
      name.offset,
      suggestions: nearestNames(to: name.key, among: FunctionCatalog.names)
    )
  }

  private func wrongArguments(
    _ name: Identifier,
    _ arguments: [Typed],
    _ expected: [String]
  ) -> TrinoSQLError {
    let given = arguments.map(\.type.description).joined(separator: ", ")
    let shown = expected.map { "\(name.key)(\($0))" }.joined(separator: ", ")
    return error(
      .functionNotFound,
      "Unexpected parameters (\(given)) for function \(name.key). Expected: \(shown)",
      name.offset
    )
  }

  func scalarCall(
    _ key: String,
    _ arguments: [Typed],
    _ name: Identifier,
    _ syntax: ExpressionSyntax
  ) throws -> Typed {
    let overloads = FunctionCatalog.registry[key]
    guard !overloads.isEmpty else { throw unknownFunction(name) }
    var best: (cost: Int, overload: FunctionOverload, types: [TrinoType])?
    for overload in overloads {
      var parameters = overload.parameters
      if overload.isVariadic, let last = parameters.last {
        while parameters.count < arguments.count { parameters.append(last) }
      }
      guard parameters.count == arguments.count else { continue }
      var cost = 0
      var types: [TrinoType] = []
      for (parameter, argument) in zip(parameters, arguments) {
        guard let target = parameter.target(argument.type),
          let step = TrinoType.coercionCost(argument.type, target)
        else { break }
        cost += step
        types.append(target)
      }
      guard types.count == arguments.count else { continue }
      if best.map({ cost < $0.cost }) ?? true { best = (cost, overload, types) }
    }
    guard let (_, overload, types) = best else {
      throw wrongArguments(
        name,
        arguments,
        overloads.map { $0.parameters.map(\.name).joined(separator: ", ") }
      )
    }
    let converted = try zip(arguments, types).map { argument, type in
      Typed(try coerce(argument, to: type, syntax.start), type)
    }
    let made: (variant: String, body: FunctionOverload.Body)
    do {
      made = try overload.make(CallContext(arguments: converted, session: session))
    } catch let failure as KernelError {
      throw error(failure.trinoName, failure.message, syntax.start)
    }
    var result = overload.result(types)
    if case .timestampWithTimeZone(let precision, _) = result, key == "from_unixtime" {
      result = .timestampWithTimeZone(precision: precision, session.timeZone)
    }
    let body = made.body
    let expression = Expression.call(
      ScalarFunction(
        name: key,
        variant: made.variant + (overload.isTotal ? "" : "!")
          + (key == "concat_ws" ? "null-tolerant" : ""),
        result: result.storage,
        isTotal: overload.isTotal
      ) { arguments, count in
        let output = try body(arguments, count)
        return output
      },
      converted.map(\.expression)
    )
    return Typed(FoldConstants.fold(expression), result)
  }

  // MARK: Special forms

  private func special(
    _ name: String,
    _ arguments: [Typed],
    _ call: CallSyntax,
    _ syntax: ExpressionSyntax
  ) throws -> Typed {
    let offset = syntax.start
    switch name {
    case "coalesce":
      guard arguments.count >= 2 else {
        throw error(
          .invalidFunctionArgument,
          "The 'coalesce' function must have at least two arguments",
          offset
        )
      }
      let type = try commonType(arguments, "All COALESCE operands", offset)
      let parts = try arguments.map { try coerce($0, to: type, offset) }
      return Typed(FoldConstants.fold(.coalesce(parts, type.storage)), type)
    case "nullif":
      guard arguments.count == 2 else {
        throw error(
          .invalidFunctionArgument,
          "Invalid number of arguments for 'nullif' function",
          offset
        )
      }
      let equal = try comparison(.equal, arguments[0], arguments[1], offset)
      let storage = arguments[0].type.storage
      return Typed(
        .conditional(
          [ConditionalBranch(condition: equal, value: .constant(.null, storage))],
          otherwise: arguments[0].expression,
          storage
        ),
        arguments[0].type
      )
    case "if":
      guard arguments.count == 2 || arguments.count == 3 else {
        throw error(
          .invalidFunctionArgument,
          "Invalid number of arguments for 'if' function",
          offset
        )
      }
      guard arguments[0].type == .boolean || arguments[0].type == .unknown else {
        throw error(
          .typeMismatch,
          "IF condition must evaluate to a boolean: actual type \(arguments[0].type)",
          offset
        )
      }
      let last = arguments.count == 3 ? arguments[2] : Typed(.constant(.null, .unknown), .unknown)
      let type = try commonType([arguments[1], last], "Result types for IF", offset)
      return Typed(
        .conditional(
          [
            ConditionalBranch(
              condition: try coerce(arguments[0], to: .boolean, offset),
              value: try coerce(arguments[1], to: type, offset)
            )
          ],
          otherwise: try coerce(last, to: type, offset),
          type.storage
        ),
        type
      )
    case "typeof":
      guard arguments.count == 1 else { throw wrongArguments(call.name, arguments, ["T"]) }
      let text = arguments[0].type.description
      return Typed(.constant(.text(text), .varchar), .varchar(text.count))
    case "date":
      guard arguments.count == 1 else { throw wrongArguments(call.name, arguments, ["T"]) }
      return try cast(arguments[0], .date, false, offset)
    case "greatest", "least":
      return try extreme(name, arguments, call, offset)
    default:
      guard arguments.isEmpty else { throw wrongArguments(call.name, arguments, [""]) }
      return clock(name)
    }
  }

  private func clock(_ name: String) -> Typed {
    let zone = session.timeZone
    let local = now * 1_000 + Int64(zone.offsetSeconds) * 1_000_000
    switch name {
    case "current_date":
      return Typed(.constant(.integer(floorQuotient(local, microsecondsPerDay)), .date), .date)
    case "localtimestamp":
      return Typed(.constant(.integer(local), .timestamp), .timestamp(precision: 3))
    case "current_timezone":
      return Typed(.constant(.text(zone.name), .varchar), .varchar(nil))
    default:
      return Typed(
        .constant(.integer(now * 1_000), .timestampWithTimeZone),
        .timestampWithTimeZone(precision: 3, zone)
      )
    }
  }

  private func extreme(
    _ name: String,
    _ arguments: [Typed],
    _ call: CallSyntax,
    _ offset: Int
  ) throws -> Typed {
    guard !arguments.isEmpty else { throw wrongArguments(call.name, arguments, ["E"]) }
    let type = try commonType(arguments, "All arguments", offset)
    let operation: ComparisonOperation = name == "greatest" ? .greaterOrEqual : .lessOrEqual
    let storage = type.storage
    let parts = try arguments.map { try coerce($0, to: type, offset) }
    let call = Expression.call(
      ScalarFunction(name: name, variant: "\(type)", result: storage) { columns, count in
        var result = columns[0]
        for column in columns.dropFirst() {
          let validity = mergedValidity(result.validity, column.validity, count: count)
          let picked = choose(compare(operation, result, column), result, column)
          result = ColumnVector(
            type: storage,
            count: count,
            encoding: picked.encoding,
            values: picked.values,
            textData: picked.textData,
            validity: validity
          )
        }
        return result
      },
      parts
    )
    return Typed(FoldConstants.fold(call), type)
  }

  // MARK: Aggregates

  private mutating func aggregate(
    _ call: CallSyntax,
    _ scope: Scope,
    _ syntax: ExpressionSyntax
  ) throws -> Typed {
    let name = call.name.key
    if call.isStar, name != "count" {
      throw error(.functionNotFound, "Only count may be called with *: \(name)(*)", syntax.start)
    }
    let arguments = try call.arguments.map { try expression($0, scope) }
    var filter: Expression?
    if let predicate = call.filter { filter = try boolean(predicate, scope, "FILTER expression") }
    if arguments.contains(where: { $0.expression.containsAggregate })
      || filter?.containsAggregate == true
    {
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

extension KernelError {
  /// The error name Trino gives to what a kernel found.
  var trinoName: TrinoErrorName {
    switch self {
    case .divisionByZero: .divisionByZero
    case .overflow, .outOfRange: .numericValueOutOfRange
    case .invalidCast: .invalidCastArgument
    case .invalidArgument: .invalidFunctionArgument
    case .notSupported: .notSupported
    }
  }

  /// Trino's wording.
  var trinoMessage: String {
    switch self {
    case .overflow(let operation, let type, let left, let right):
      let symbol = [
        "addition": "+", "subtraction": "-", "multiplication": "*", "division": "/",
        "modulus": "%",
      ][operation]
      guard let symbol else { return "\(type) \(operation) overflow: \(left)" }
      return "\(type) \(operation) overflow: \(left) \(symbol) \(right)"
    case .outOfRange(let value, let type): return "Out of range for \(type): \(value)"
    case .invalidCast(let value, let from, let to):
      if from == .varchar {
        let name = to == .integer ? "INT" : to.description.uppercased()
        switch to {
        case .date, .timestamp, .timestampWithTimeZone:
          return "Value cannot be cast to \(to.description.split(separator: "(")[0]): \(value)"
        default: return "Cannot cast '\(value)' to \(name)"
        }
      }
      return "Cannot cast \(from) '\(value)' to \(to)"
    default: return message
    }
  }
}
