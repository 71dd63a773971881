// Expressions, by precedence: OR, AND, NOT, predicates, `||`, `+ -`, `* / %`, AT TIME ZONE, sign,
// subscript.

import Kernels
import QueryPlanning

extension Parser {
  mutating func expression() throws -> ExpressionSyntax {
    try nested { try $0.disjunction() }
  }

  private mutating func disjunction() throws -> ExpressionSyntax {
    let start = current.start
    var parts = [try conjunction()]
    while accept("OR") { parts.append(try conjunction()) }
    return parts.count == 1 ? parts[0] : try make(.or(parts), start, parts)
  }

  private mutating func conjunction() throws -> ExpressionSyntax {
    let start = current.start
    var parts = [try negation()]
    while accept("AND") { parts.append(try negation()) }
    return parts.count == 1 ? parts[0] : try make(.and(parts), start, parts)
  }

  private mutating func negation() throws -> ExpressionSyntax {
    let start = current.start
    var count = 0
    while accept("NOT") { count += 1 }
    guard count <= Self.heightMax else { throw unsupported("so many NOTs") }
    var result = try predicate()
    for _ in 0..<count { result = try make(.not(result), start, [result]) }
    return result
  }

  private mutating func predicate() throws -> ExpressionSyntax {
    let start = current.start
    var left = try additive()
    while true {
      if let operation = comparisonOperation() {
        advance()
        if ["ALL", "ANY", "SOME"].contains(current.keyword), peek().isSymbol("(") {
          let isAll = at("ALL")
          advance()
          let query = try parenthesized { try $0.query() }
          left = try make(.quantified(operation, left, query, isAll: isAll), start, [left])
          continue
        }
        let right = try additive()
        left = try make(.comparison(operation, left, right), start, [left, right])
        continue
      }
      if accept("IS") {
        let isNegated = accept("NOT")
        if accept("NULL") {
          left = try make(.isNull(left, isNegated: isNegated), start, [left])
        } else if accept("DISTINCT") {
          try expect("FROM")
          let right = try additive()
          left = try make(.isDistinct(left, right, isNegated: isNegated), start, [left, right])
        } else {
          throw unexpected("'DISTINCT', 'NULL'")
        }
        continue
      }
      let isNegated = at("NOT") && ["BETWEEN", "IN", "LIKE"].contains(peek().keyword)
      if isNegated { advance() }
      if accept("BETWEEN") {
        if at("SYMMETRIC") || at("ASYMMETRIC") {
          throw unsupported(
            "BETWEEN \(current.keyword)", "Put the smaller bound first, or use least and greatest.")
        }
        let low = try additive()
        try expect("AND")
        let high = try additive()
        left = try make(
          .between(left, low, high, isNegated: isNegated),
          start,
          [left, low, high]
        )
      } else if accept("IN") {
        left = try inPredicate(left, isNegated, start)
      } else if accept("LIKE") {
        let pattern = try additive()
        let escape = accept("ESCAPE") ? try additive() : nil
        left = try make(
          .like(left, pattern, escape: escape, isNegated: isNegated),
          start,
          [left, pattern]
        )
      } else {
        return left
      }
    }
  }

  private mutating func inPredicate(
    _ left: ExpressionSyntax,
    _ isNegated: Bool,
    _ start: Int
  ) throws -> ExpressionSyntax {
    try expect(symbol: "(")
    if isQueryAhead(0), !at(symbol: "(") {
      let query = try query()
      try expect(symbol: ")")
      return try make(.inQuery(left, query, isNegated: isNegated), start, [left])
    }
    var list = [try expression()]
    while accept(symbol: ",") { list.append(try expression()) }
    try expect(symbol: ")")
    return try make(.inList(left, list, isNegated: isNegated), start, [left] + list)
  }

  private func comparisonOperation() -> ComparisonOperation? {
    guard case .symbol(let text) = current.kind else { return nil }
    return text == "!=" ? .notEqual : ComparisonOperation(rawValue: text)
  }

  mutating func additive() throws -> ExpressionSyntax {
    let start = current.start
    var left = try sum()
    while accept(symbol: "||") {
      let right = try sum()
      left = try make(.concatenate(left, right), start, [left, right])
    }
    return left
  }

  private mutating func sum() throws -> ExpressionSyntax {
    let start = current.start
    var left = try multiplicative()
    while case .symbol(let text) = current.kind, text == "+" || text == "-" {
      advance()
      let right = try multiplicative()
      left = try make(
        .arithmetic(text == "+" ? .add : .subtract, left, right),
        start,
        [left, right]
      )
    }
    return left
  }

  private mutating func multiplicative() throws -> ExpressionSyntax {
    let start = current.start
    var left = try zoned()
    while case .symbol(let text) = current.kind, text == "*" || text == "/" || text == "%",
      let operation = ArithmeticOperation(rawValue: text)
    {
      advance()
      let right = try zoned()
      left = try make(.arithmetic(operation, left, right), start, [left, right])
    }
    return left
  }

  private mutating func zoned() throws -> ExpressionSyntax {
    let start = current.start
    var value = try signed()
    while at("AT"), peek().keyword == "TIME" {
      advance()
      advance()
      try expect("ZONE")
      let zone = try signed()
      value = try make(.atTimeZone(value, zone), start, [value, zone])
    }
    return value
  }

  mutating func signed() throws -> ExpressionSyntax {
    let start = current.start
    var minuses = 0
    while at(symbol: "-") || at(symbol: "+") {
      if at(symbol: "-") { minuses += 1 }
      advance()
      guard minuses <= Self.heightMax else { throw unsupported("so many signs") }
    }
    if minuses == 1, case .integer(let text) = current.kind, !peek().isSymbol(".") {
      // The smallest bigint is a literal only together with its sign.
      advance()
      return try make(.integer("-" + text), start)
    }
    var value = try postfix()
    for _ in 0..<minuses { value = try make(.negate(value), start, [value]) }
    return value
  }

  private mutating func postfix() throws -> ExpressionSyntax {
    let start = current.start
    var value = try primary()
    while true {
      if accept(symbol: "[") {
        let index = try expression()
        try expect(symbol: "]")
        value = try make(.element(value, index), start, [value, index])
      } else if at(symbol: "."), !peek().isSymbol("*") {
        if case .name = value.kind { throw unexpected("<expression>") }
        advance()
        value = try make(.field(value, try identifier()), start, [value])
      } else {
        return value
      }
    }
  }
}
