// IN, LIKE, CASE, and the common type of several values.

import Columnar
import Kernels
import QueryPlanning

extension Analyzer {
  func inList(_ value: Typed, _ list: [Typed], _ offset: Int) throws -> Expression {
    var type = value.type
    for item in list {
      guard let common = TrinoType.common(type, item.type) else {
        throw error(
          .typeMismatch,
          "IN value and list items must be the same type: \(type)",
          offset
        )
      }
      type = common
    }
    let operand = try coerce(value, to: type, offset)
    let items = try list.map { FoldConstants.fold(try coerce($0, to: type, offset)) }
    var constants: [Scalar] = []
    for item in items {
      guard case .constant(let scalar, _) = item else {
        let tests = try list.map { try comparison(.equal, value, $0, offset) }
        return tests.count == 1 ? tests[0] : .disjunction(tests)
      }
      constants.append(scalar)
    }
    let values = ColumnBuilder(type: type.storage, capacity: constants.count)
    for scalar in constants { values.append(scalar) }
    let table = MembershipTable([values.finish()], count: constants.count)
    return .call(
      ScalarFunction(
        name: "in",
        variant: "\(type)",
        kind: .isIn(constants),
        result: .boolean
      ) { arguments, count in table.contains(arguments, count: count) },
      [operand]
    )
  }

  mutating func likeTest(
    _ value: ExpressionSyntax,
    _ pattern: ExpressionSyntax,
    _ escape: ExpressionSyntax?,
    _ scope: Scope,
    _ offset: Int
  ) throws -> Expression {
    var arguments: [Expression] = []
    for (index, part) in ([value, pattern] + (escape.map { [$0] } ?? [])).enumerated() {
      let typed = try expression(part, scope)
      guard typed.type.isText || typed.type == .unknown else {
        let what = ["value", "pattern", "escape"][index]
        throw error(
          .typeMismatch,
          "Left side of LIKE expression must evaluate to a varchar (\(what)): actual type \(typed.type)",
          part.start
        )
      }
      arguments.append(try coerce(typed, to: .varchar(nil), part.start))
    }
    let hasEscape = escape != nil
    // A constant pattern that is well formed cannot fail later.
    var isTotal = false
    if case .constant(let scalar, _) = FoldConstants.fold(arguments[1]), !hasEscape {
      isTotal = true
      _ = scalar
    }
    return .call(
      ScalarFunction(
        name: "like",
        variant: hasEscape ? "escape" : "",
        result: .boolean,
        isTotal: isTotal
      ) { arguments, _ in
        try like(arguments[0], arguments[1], escape: hasEscape ? arguments[2] : nil)
      },
      arguments
    )
  }

  /// One type for values of which any may be the result.
  func commonType(_ values: [Typed], _ what: String, _ offset: Int) throws -> TrinoType {
    var type = TrinoType.unknown
    for value in values {
      try sameZone(type, value.type, offset)
      guard let common = TrinoType.common(type, value.type), !isMixed(type, value.type) else {
        throw error(
          .typeMismatch,
          "\(what) must be the same type or coercible to a common type. Cannot find common type between \(type) and \(value.type)",
          offset
        )
      }
      type = common
    }
    return type
  }

  /// A column is shown in one zone.
  func sameZone(_ a: TrinoType, _ b: TrinoType, _ offset: Int) throws {
    guard let a = a.zone, let b = b.zone, a != b else { return }
    throw error(
      .notSupported,
      "Values of different time zones in one column (\(a.name), \(b.name))",
      offset,
      advice: "Bring them to one zone with AT TIME ZONE."
    )
  }

  private func isMixed(_ a: TrinoType, _ b: TrinoType) -> Bool {
    a != .unknown && b != .unknown && a.isInterval != b.isInterval
  }

  mutating func conditional(
    _ operand: ExpressionSyntax?,
    _ branches: [(ExpressionSyntax, ExpressionSyntax)],
    _ otherwise: ExpressionSyntax?,
    _ scope: Scope,
    _ offset: Int
  ) throws -> Typed {
    let tested = try operand.map { try expression($0, scope) }
    var conditions: [Expression] = []
    var values: [Typed] = []
    for (condition, value) in branches {
      if let tested {
        conditions.append(
          try comparison(.equal, tested, try expression(condition, scope), condition.start)
        )
      } else {
        conditions.append(try boolean(condition, scope, "CASE WHEN clause"))
      }
      values.append(try expression(value, scope))
    }
    let last =
      try otherwise.map { try expression($0, scope) }
      ?? Typed(.constant(.null, .unknown), .unknown)
    let type = try commonType(values + [last], "All CASE results", offset)
    let cases = try zip(conditions, values).map {
      ConditionalBranch(condition: $0, value: try coerce($1, to: type, offset))
    }
    return Typed(
      .conditional(cases, otherwise: try coerce(last, to: type, offset), type.storage),
      type
    )
  }
}
