// Typing of expressions: what each form of the syntax means.

import Columnar
import Kernels
import QueryPlanning

extension Analyzer {
  func convert(_ value: Typed, to type: TrinoType) -> Expression? {
    if let parameter = value.parameter { parameterTypes?.note(parameter, type) }
    guard let converted = Conversions.cast(value, to: type, zone: session.timeZone) else {
      return nil
    }
    return FoldConstants.fold(converted)
  }

  /// Converts implicitly; the caller knows that it can be done.
  func coerce(_ value: Typed, to type: TrinoType, _ offset: Int) throws -> Expression {
    guard let expression = convert(value, to: type) else {
      throw error(.typeMismatch, "Cannot convert \(value.type) to \(type)", offset)
    }
    return expression
  }

  mutating func boolean(
    _ syntax: ExpressionSyntax,
    _ scope: Scope,
    _ clause: String
  ) throws -> Expression {
    let value = try expression(syntax, scope)
    guard value.type == .boolean || value.type == .unknown else {
      throw error(
        .typeMismatch,
        "\(clause) must evaluate to a boolean: actual type \(value.type)",
        syntax.start
      )
    }
    return try coerce(value, to: .boolean, syntax.start)
  }

  mutating func expression(_ syntax: ExpressionSyntax, _ scope: Scope) throws -> Typed {
    switch syntax.kind {
    case .name(let parts): return try resolve(parts, scope)
    case .parameter(let index): return try parameter(index, syntax.start)
    case .null, .boolean, .integer, .decimal, .double, .string, .binary, .typed, .interval:
      return try literal(syntax)
    case .array(let items): return try arrayValue(items, scope, syntax.start)
    case .row(let items): return try rowValue(items, scope)
    case .element(let base, let index):
      return try element(try expression(base, scope), try expression(index, scope), syntax)
    case .field(let base, let name): return try field(try expression(base, scope), name)
    case .lambda:
      throw error(
        .typeMismatch,
        "Lambda expression should always be used inside a function",
        syntax.start
      )
    case .negate(let inner): return try negation(inner, scope, syntax)
    case .arithmetic(let operation, let left, let right):
      let a = try expression(left, scope)
      return try arithmetic(operation, a, try expression(right, scope), syntax.start)
    case .concatenate(let left, let right):
      let a = try expression(left, scope)
      return try concatenation(a, try expression(right, scope), syntax.start)
    case .comparison(let operation, let left, let right):
      let a = try expression(left, scope)
      let b = try expression(right, scope)
      return Typed(try comparison(operation, a, b, syntax.start), .boolean)
    case .quantified(let operation, let left, let query, let isAll):
      return Typed(
        try quantified(operation, left, query, isAll: isAll, scope, syntax.start), .boolean)
    case .and(let parts):
      var terms: [Expression] = []
      for part in parts { terms.append(try boolean(part, scope, "Logical expression term")) }
      return Typed(.all(terms), .boolean)
    case .or(let parts):
      var terms: [Expression] = []
      for part in parts { terms.append(try boolean(part, scope, "Logical expression term")) }
      return Typed(.disjunction(terms), .boolean)
    case .not(let inner):
      return Typed(
        Self.not(try boolean(inner, scope, "Value of logical NOT expression")),
        .boolean
      )
    case .isNull(let inner, let isNegated):
      return Typed(Self.nullTest(try expression(inner, scope).expression, isNegated), .boolean)
    case .isDistinct(let left, let right, let isNegated):
      let x = try expression(left, scope)
      let (a, b, _) = try unify(
        x, try expression(right, scope), "IS DISTINCT FROM", syntax.start)
      let call = Self.distinctTest(a, b)
      return Typed(isNegated ? Self.not(call) : call, .boolean)
    case .between(let value, let low, let high, let isNegated):
      let operand = try expression(value, scope)
      let from = try comparison(
        .greaterOrEqual, operand, try expression(low, scope), syntax.start)
      let to = try comparison(.lessOrEqual, operand, try expression(high, scope), syntax.start)
      let both = Expression.all([from, to])
      return Typed(isNegated ? Self.not(both) : both, .boolean)
    case .inList(let value, let list, let isNegated):
      let operand = try expression(value, scope)
      var items: [Typed] = []
      for item in list { items.append(try expression(item, scope)) }
      let test = try inList(operand, items, syntax.start)
      return Typed(isNegated ? Self.not(test) : test, .boolean)
    case .inQuery(let value, let query, let isNegated):
      let test = try inQuery(try expression(value, scope), query, scope, syntax.start)
      return Typed(isNegated ? Self.not(test) : test, .boolean)
    case .exists(let query): return try exists(query, scope)
    case .scalarQuery(let query): return try scalarQuery(query, scope, syntax.start)
    case .like(let value, let pattern, let escape, let isNegated):
      let test = try likeTest(value, pattern, escape, scope, syntax.start)
      return Typed(isNegated ? Self.not(test) : test, .boolean)
    case .conditional(let operand, let branches, let otherwise):
      return try conditional(operand, branches, otherwise, scope, syntax.start)
    case .cast(let inner, let type, let isTry):
      return try cast(try expression(inner, scope), try self.type(type), isTry, syntax.start)
    case .atTimeZone(let value, let zone): return try atTimeZone(value, zone, scope)
    case .extract(let field, let inner): return try extract(field, inner, scope, syntax)
    case .call(let call): return try self.call(call, scope, syntax)
    case .json(let call): return try json(call, scope, syntax.start)
    }
  }

  static func distinctTest(_ a: Expression, _ b: Expression) -> Expression {
    .call(
      ScalarFunction(name: "is_distinct_from", variant: "null-tolerant", result: .boolean) {
        arguments,
        _ in isDistinct(arguments[0], arguments[1])
      },
      [a, b]
    )
  }

  static func not(_ expression: Expression) -> Expression {
    .call(
      ScalarFunction(name: "not", kind: .not, result: .boolean) { arguments, _ in
        logicalNot(arguments[0])
      },
      [expression]
    )
  }

  static func nullTest(_ expression: Expression, _ isNegated: Bool) -> Expression {
    .call(
      ScalarFunction(
        name: isNegated ? "is not null" : "is null",
        variant: "null-tolerant",
        kind: isNegated ? .isNotNull : .isNull,
        result: .boolean
      ) { arguments, _ in isNull(arguments[0], negated: isNegated) },
      [expression]
    )
  }
}
