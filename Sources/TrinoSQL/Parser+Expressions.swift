// Expressions, by precedence: OR, AND, NOT, predicates, `||`, `+ -`, `* / %`, AT TIME ZONE, sign.

import Kernels
import QueryPlanning

extension Parser {
  private func make(
    _ kind: ExpressionSyntax.Kind,
    _ start: Int,
    _ parts: [ExpressionSyntax] = []
  ) throws -> ExpressionSyntax {
    var depth = 0
    for part in parts { depth = max(depth, part.depth) }
    guard depth < Self.heightMax else {
      throw source.error(
        .syntaxError,
        "expression is nested too deeply (more than \(Self.heightMax) levels)",
        at: start
      )
    }
    return ExpressionSyntax(kind, start: start, end: previousEnd, depth: depth + 1)
  }

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
          throw unsupported("a comparison with \(current.keyword)")
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
    if at("SELECT") || at("WITH") || at("VALUES") || at("TABLE") {
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

  private mutating func additive() throws -> ExpressionSyntax {
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

  private mutating func signed() throws -> ExpressionSyntax {
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
    let value = try primary()
    if at(symbol: "[") { throw unsupported("a subscript") }
    return value
  }

  private mutating func primary() throws -> ExpressionSyntax {
    let token = current
    let start = token.start
    switch token.kind {
    case .integer(let text):
      advance()
      return try make(.integer(text), start)
    case .decimal(let text):
      advance()
      return try make(.decimal(text), start)
    case .double(let text):
      advance()
      return try make(.double(text), start)
    case .string(let text):
      advance()
      return try make(.string(text), start)
    case .quotedWord: return try nameOrCall()
    case .symbol("("): return try parenthesis()
    case .symbol("?"): throw unsupported("a parameter")
    case .symbol, .end: throw unexpected("<expression>")
    case .word: return try wordPrimary()
    }
  }

  private mutating func parenthesis() throws -> ExpressionSyntax {
    let start = current.start
    advance()
    if at("SELECT") || at("WITH") || at("VALUES") || at("TABLE") {
      let query = try query()
      try expect(symbol: ")")
      return try make(.scalarQuery(query), start)
    }
    let inner = try expression()
    if at(symbol: ",") { throw unsupported("a row value") }
    try expect(symbol: ")")
    return inner
  }

  private mutating func wordPrimary() throws -> ExpressionSyntax {
    let start = current.start
    switch current.keyword {
    case "NULL":
      advance()
      return try make(.null, start)
    case "TRUE", "FALSE":
      let value = at("TRUE")
      advance()
      return try make(.boolean(value), start)
    case "CASE": return try caseExpression()
    case "CAST": return try castExpression(isTry: false)
    case "TRY_CAST" where peek().isSymbol("("): return try castExpression(isTry: true)
    case "EXISTS":
      advance()
      try expect(symbol: "(")
      let query = try query()
      try expect(symbol: ")")
      return try make(.exists(query), start)
    case "EXTRACT":
      advance()
      try expect(symbol: "(")
      let field = try identifier()
      try expect("FROM")
      let value = try expression()
      try expect(symbol: ")")
      return try make(.extract(field.text.uppercased(), value), start, [value])
    case "TRIM": return try trimExpression()
    case "POSITION" where peek().isSymbol("("): return try positionExpression()
    case "INTERVAL" where isIntervalAhead: return try interval()
    case "DATE", "TIMESTAMP", "TIME", "DECIMAL", "DOUBLE", "BIGINT", "INTEGER", "VARCHAR", "JSON",
      "CHAR", "REAL", "BOOLEAN":
      if case .string(let text) = peek().kind {
        let type = current.keyword
        advance()
        advance()
        return try make(.typed(type: type, text), start)
      }
      return try nameOrCall()
    case "CURRENT_DATE", "CURRENT_TIMESTAMP", "LOCALTIMESTAMP":
      let name = current.keyword.lowercased()
      advance()
      return try make(
        .call(CallSyntax(name: Identifier(text: name, offset: start), arguments: [])),
        start
      )
    case "ARRAY" where peek().isSymbol("["), "ROW" where peek().isSymbol("("),
      "MAP" where peek().isSymbol("("):
      throw unsupported("\(current.keyword)")
    default:
      if Self.reserved.contains(current.keyword) { throw unexpected("<expression>") }
      return try nameOrCall()
    }
  }

  private var isIntervalAhead: Bool {
    if case .string = peek().kind { return true }
    return peek().isSymbol("-") || peek().isSymbol("+")
  }

  private mutating func interval() throws -> ExpressionSyntax {
    let start = current.start
    advance()
    var isNegative = false
    if accept(symbol: "-") { isNegative = true } else { _ = accept(symbol: "+") }
    guard case .string(let value) = current.kind else { throw unexpected("<string>") }
    advance()
    let unit = current.keyword
    guard ["YEAR", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND"].contains(unit) else {
      throw unexpected("'DAY', 'HOUR', 'MINUTE', 'MONTH', 'SECOND', 'YEAR'")
    }
    advance()
    if at("TO") { throw unsupported("an interval over several fields") }
    return try make(.interval(value, unit: unit, isNegative: isNegative), start)
  }

  private mutating func caseExpression() throws -> ExpressionSyntax {
    let start = current.start
    advance()
    let operand = at("WHEN") ? nil : try expression()
    var branches: [(ExpressionSyntax, ExpressionSyntax)] = []
    var parts: [ExpressionSyntax] = operand.map { [$0] } ?? []
    while accept("WHEN") {
      let condition = try expression()
      try expect("THEN")
      let value = try expression()
      branches.append((condition, value))
      parts += [condition, value]
    }
    guard !branches.isEmpty else { throw unexpected("'WHEN'") }
    var otherwise: ExpressionSyntax?
    if accept("ELSE") {
      let value = try expression()
      otherwise = value
      parts.append(value)
    }
    try expect("END")
    return try make(.conditional(operand: operand, branches, otherwise: otherwise), start, parts)
  }

  private mutating func castExpression(isTry: Bool) throws -> ExpressionSyntax {
    let start = current.start
    advance()
    try expect(symbol: "(")
    let value = try expression()
    try expect("AS")
    let type = try typeSyntax()
    try expect(symbol: ")")
    return try make(.cast(value, type, isTry: isTry), start, [value])
  }

  private mutating func typeSyntax() throws -> TypeSyntax {
    let offset = current.start
    var name = try identifier().key
    if name == "double", accept("PRECISION") { name = "double" }
    var parameters: [Int] = []
    if accept(symbol: "(") {
      repeat {
        guard case .integer(let text) = current.kind, let number = Int(text) else {
          if case .integer = current.kind {
            throw source.error(.syntaxError, "Invalid type parameter", at: current.start)
          }
          throw unsupported("the type \(name) with a type inside")
        }
        advance()
        parameters.append(number)
      } while accept(symbol: ",")
      try expect(symbol: ")")
    }
    var hasTimeZone: Bool?
    if at("WITH") || at("WITHOUT"), peek().keyword == "TIME" {
      hasTimeZone = at("WITH")
      advance()
      advance()
      try expect("ZONE")
    }
    return TypeSyntax(name: name, parameters: parameters, hasTimeZone: hasTimeZone, offset: offset)
  }

  private mutating func trimExpression() throws -> ExpressionSyntax {
    let start = current.start
    advance()
    try expect(symbol: "(")
    var name = "trim"
    if ["LEADING", "TRAILING", "BOTH"].contains(current.keyword) {
      name = at("LEADING") ? "ltrim" : at("TRAILING") ? "rtrim" : "trim"
      advance()
      if !at("FROM") { throw unsupported("TRIM of given characters") }
      try expect("FROM")
    }
    let value = try expression()
    if at("FROM") || at(symbol: ",") { throw unsupported("TRIM of given characters") }
    try expect(symbol: ")")
    return try make(
      .call(CallSyntax(name: Identifier(text: name, offset: start), arguments: [value])),
      start,
      [value]
    )
  }

  private mutating func positionExpression() throws -> ExpressionSyntax {
    let start = current.start
    advance()
    try expect(symbol: "(")
    let needle = try additive()
    try expect("IN")
    let text = try additive()
    try expect(symbol: ")")
    return try make(
      .call(
        CallSyntax(name: Identifier(text: "strpos", offset: start), arguments: [text, needle])
      ),
      start,
      [needle, text]
    )
  }

  private mutating func nameOrCall() throws -> ExpressionSyntax {
    let start = current.start
    let first = try identifier()
    if at(symbol: "(") { return try call(first, start) }
    var parts = [first]
    while at(symbol: ".") {
      advance()
      parts.append(try identifier())
    }
    if at(symbol: "->") { throw unsupported("a lambda") }
    if at(symbol: "(") { throw unsupported("a qualified function name") }
    return try make(.name(parts), start)
  }

  private mutating func call(_ name: Identifier, _ start: Int) throws -> ExpressionSyntax {
    advance()
    var call = CallSyntax(name: name, arguments: [])
    if accept(symbol: "*") {
      call.isStar = true
    } else if !at(symbol: ")") {
      call.isDistinct = accept("DISTINCT")
      if !call.isDistinct, at("ALL") { advance() }
      repeat { call.arguments.append(try expression()) } while accept(symbol: ",")
      if at("ORDER") { throw unsupported("ORDER BY inside an aggregate") }
    }
    try expect(symbol: ")")
    if at("FILTER"), peek().isSymbol("(") {
      advance()
      advance()
      try expect("WHERE")
      call.filter = try expression()
      try expect(symbol: ")")
    }
    if at("OVER") { throw unsupported("a window function") }
    if at("IGNORE") || at("RESPECT") || (at("WITHIN") && peek().keyword == "GROUP") {
      throw unsupported(current.keyword)
    }
    return try make(
      .call(call),
      start,
      call.arguments + (call.filter.map { [$0] } ?? [])
    )
  }
}
