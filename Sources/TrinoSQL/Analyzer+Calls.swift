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
    if name == "timezone_hour" || name == "timezone_minute" {
      return try zoneCall(
        name, [try expression(inner, scope)], Identifier(text: name, offset: syntax.start),
        syntax.start)
    }
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
    for (index, argument) in call.arguments.enumerated() {
      // `normalize(text, NFD)` names its form without quotes.
      if name == "normalize", index == 1, case .name(let parts) = argument.kind, parts.count == 1 {
        arguments.append(Typed(.constant(.text(parts[0].text), .varchar), .varchar(nil)))
        continue
      }
      arguments.append(try expression(argument, scope))
    }
    if FunctionCatalog.special.contains(name) {
      return try special(name, arguments, call, syntax)
    }
    if Self.zoneFunctions[name] != nil {
      return try zoneCall(name, arguments, call.name, syntax.start)
    }
    if Self.randomFunctions[name] != nil {
      return try randomCall(name, arguments, call.name, syntax.start)
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
    if key == "mod", arguments.count == 2,
      case .decimal? = TrinoType.common(arguments[0].type, arguments[1].type)
    {
      return try arithmetic(.modulo, arguments[0], arguments[1], start)
    }
    let overloads = FunctionCatalog.registry[key]
    if overloads.isEmpty {
      guard let generic = try genericCall(key, arguments, name, start) else {
        throw unknownFunction(name)
      }
      return generic
    }
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
      if FunctionCatalog.generic[key]?.resolve(arguments.map(\.type)) != nil,
        let generic = try genericCall(key, arguments, name, start)
      {
        return generic
      }
      // A name may have overloads here and a generic form: `reverse` of a text, and of an array.
      if let other = try overloaded(key, arguments, start) { return other }
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
    let result = overload.result(types)
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

  /// Forms over arrays of functions that have overloads over texts and numbers.
  private func overloaded(_ key: String, _ arguments: [Typed], _ start: Int) throws -> Typed? {
    func call(_ type: TrinoType, _ body: @escaping FunctionOverload.Body) -> Typed {
      let call = Expression.call(
        ScalarFunction(
          name: key, variant: "\(type)", result: type.storage, isTotal: true
        ) { columns, count in try body(columns, count) },
        arguments.map(\.expression)
      )
      return Typed(FoldConstants.fold(call), type)
    }
    switch (key, arguments.first?.type) {
    case ("reverse", .array?) where arguments.count == 1:
      return call(arguments[0].type) { columns, _ in reverseArray(columns[0]) }
    case ("concat", .array?):
      var type = arguments[0].type
      for argument in arguments.dropFirst() {
        guard let common = TrinoType.common(type, argument.type) else { return nil }
        type = common
      }
      let parts = try arguments.map { try coerce($0, to: type, start) }
      let storage = type.storage
      let joined = Expression.call(
        ScalarFunction(name: key, variant: "\(type)", result: storage) { columns, _ in
          concatenateArrays(columns, type: storage)
        },
        parts
      )
      return Typed(FoldConstants.fold(joined), type)
    case ("trim", _?), ("ltrim", _?), ("rtrim", _?):
      guard arguments.count == 2,
        arguments.allSatisfy({ TrinoType.coercionCost($0.type, .varchar(nil)) != nil })
      else { return nil }
      let parts = try arguments.map { try coerce($0, to: .varchar(nil), start) }
      let (atStart, atEnd) = (key != "rtrim", key != "ltrim")
      let trimmedCall = Expression.call(
        ScalarFunction(name: key, variant: "characters", result: .varchar) { columns, count in
          mapText(columns, count: count) {
            trimmed($0[0], of: $0[1], atStart: atStart, atEnd: atEnd)
          }
        },
        parts
      )
      return Typed(FoldConstants.fold(trimmedCall), .varchar(nil))
    default: return nil
    }
  }
}
