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
      syntax.start
    )
  }

  mutating func call(
    _ call: CallSyntax,
    _ scope: Scope,
    _ syntax: ExpressionSyntax
  ) throws -> Typed {
    let name = call.name.key
    if let window = call.over { return try windowCall(call, window, scope, syntax) }
    if Self.windowFunctions.contains(name) {
      throw error(
        .missingOver, "Window function \(name) requires an OVER clause", syntax.start)
    }
    if name == "grouping" { return try grouping(call, scope, syntax) }
    if FunctionCatalog.aggregates.contains(name) { return try aggregate(call, scope, syntax) }
    if call.isStar || call.isDistinct || call.filter != nil || !call.orderBy.isEmpty {
      guard FunctionCatalog.isKnown(name) else { throw unknownFunction(call.name) }
      let what =
        call.isDistinct
        ? "DISTINCT" : call.isStar ? "*" : call.filter != nil ? "Filter" : "ORDER BY"
      throw error(
        .functionNotAggregate,
        "\(what) is only valid for aggregation functions",
        syntax.start
      )
    }
    if name == "try" { return try attempt(call, scope, syntax) }
    if let higher = try lambdaCall(call, scope, syntax) { return higher }
    var arguments: [Typed] = []
    for argument in call.arguments { arguments.append(try expression(argument, scope)) }
    if FunctionCatalog.special.contains(name) {
      return try special(name, arguments, call, syntax)
    }
    return try scalarCall(name, arguments, call.name, syntax.start)
  }

  private mutating func attempt(
    _ call: CallSyntax,
    _ scope: Scope,
    _ syntax: ExpressionSyntax
  ) throws -> Typed {
    guard call.arguments.count == 1 else {
      throw error(
        .invalidFunctionArgument,
        "The 'try' function must have exactly one argument",
        syntax.start
      )
    }
    let value = try expression(call.arguments[0], scope)
    return Typed(.attempt(value.expression), value.type)
  }

  private mutating func grouping(
    _ call: CallSyntax,
    _ scope: Scope,
    _ syntax: ExpressionSyntax
  ) throws -> Typed {
    guard (1...63).contains(call.arguments.count) else {
      throw error(
        .invalidArguments,
        "GROUPING supports up to 63 column arguments, and at least one",
        syntax.start
      )
    }
    var arguments: [Expression] = []
    for argument in call.arguments { arguments.append(try expression(argument, scope).expression) }
    let type: TrinoType = arguments.count <= 31 ? .integer : .bigint
    return Typed(
      .call(
        ScalarFunction(name: "grouping", result: type.storage, isTotal: false) { _, _ in
          throw KernelError.notSupported("grouping() outside of a query with GROUP BY")
        },
        arguments
      ),
      type
    )
  }

  func unknownFunction(_ name: Identifier) -> TrinoSQLError {
    error(
      .functionNotFound,
      "Function '\(name.key)' not registered",
      name.offset,
      suggestions: nearestNames(to: name.key, among: FunctionCatalog.names)
    )
  }

  func wrongArguments(
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
    _ start: Int
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
      Typed(try coerce(argument, to: type, start), type)
    }
    let made: (variant: String, body: FunctionOverload.Body)
    do {
      made = try overload.make(CallContext(arguments: converted, session: session))
    } catch let failure as KernelError {
      throw error(failure.trinoName, failure.message, start)
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
}
