// The smallest expressions: literals, names, calls, CASE, CAST, subqueries, lambdas.

import Kernels
import QueryPlanning

extension Parser {
  mutating func primary() throws -> ExpressionSyntax {
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
    case .binary(let bytes):
      advance()
      return try make(.binary(bytes), start)
    case .quotedWord: return try nameOrCall()
    case .symbol("("): return try parenthesis()
    case .symbol("?"):
      advance()
      parameterCount += 1
      return try make(.parameter(parameterCount - 1), start)
    case .symbol, .end: throw unexpected("<expression>")
    case .word: return try wordPrimary()
    }
  }

  /// `(SELECT …)`, `(x, y) -> …`, `(1, 2)`, or an expression in parentheses.
  private mutating func parenthesis() throws -> ExpressionSyntax {
    let start = current.start
    if let lambda = try lambdaInParentheses() { return lambda }
    advance()
    if isQueryAhead(0), !at(symbol: "(") {
      let query = try query()
      try expect(symbol: ")")
      return try make(.scalarQuery(query), start)
    }
    let items = try list { try $0.expression() }
    try expect(symbol: ")")
    if items.count == 1 { return items[0] }
    return try make(.row(items), start, items)
  }

  private mutating func lambdaInParentheses() throws -> ExpressionSyntax? {
    let start = current.start
    var distance = 1
    if !peek(1).isSymbol(")") {
      while true {
        switch peek(distance).kind {
        case .word, .quotedWord: break
        default: return nil
        }
        distance += 1
        guard peek(distance).isSymbol(",") else { break }
        distance += 1
      }
    }
    guard peek(distance).isSymbol(")"), peek(distance + 1).isSymbol("->") else { return nil }
    advance()
    var names: [Identifier] = []
    if !at(symbol: ")") { names = try list { try $0.identifier() } }
    try expect(symbol: ")")
    try expect(symbol: "->")
    let body = try expression()
    return try make(.lambda(names, body), start, [body])
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
      return try make(.exists(try parenthesized { try $0.query() }), start)
    case "EXTRACT": return try extractExpression()
    case "TRIM": return try trimExpression()
    case "NORMALIZE": return try reservedCall("NORMALIZE")
    case "LISTAGG": return try listAggregate()
    case "GROUPING": return try reservedCall("GROUPING")
    case "POSITION" where peek().isSymbol("("): return try positionExpression()
    case "SUBSTRING" where peek().isSymbol("("): return try substringExpression()
    case "INTERVAL" where isIntervalAhead: return try interval()
    case "CURRENT_DATE", "CURRENT_TIMESTAMP", "CURRENT_TIME", "LOCALTIMESTAMP", "LOCALTIME",
      "CURRENT_USER", "CURRENT_CATALOG", "CURRENT_SCHEMA":
      return try clock(start)
    case "ARRAY" where peek().isSymbol("["):
      advance()
      advance()
      let items = at(symbol: "]") ? [] : try list { try $0.expression() }
      try expect(symbol: "]")
      return try make(.array(items), start, items)
    case "ROW" where peek().isSymbol("("):
      advance()
      let items = try parenthesized { try $0.list { try $0.expression() } }
      return try make(.row(items), start, items)
    case "JSON_VALUE", "JSON_QUERY", "JSON_EXISTS", "JSON_OBJECT", "JSON_ARRAY":
      return peek().isSymbol("(") ? try jsonExpression() : try nameOrCall()
    default:
      if Self.reserved.contains(current.keyword) { throw unexpected("<expression>") }
      return try nameOrCall()
    }
  }

  private mutating func clock(_ start: Int) throws -> ExpressionSyntax {
    let name = current.keyword.lowercased()
    advance()
    var arguments: [ExpressionSyntax] = []
    if at(symbol: "("), name.hasSuffix("time") || name.hasSuffix("timestamp") {
      arguments = [try parenthesized { try $0.expression() }]
    }
    return try make(
      .call(CallSyntax(name: Identifier(text: name, offset: start), arguments: arguments)),
      start,
      arguments
    )
  }

  private mutating func extractExpression() throws -> ExpressionSyntax {
    let start = current.start
    advance()
    try expect(symbol: "(")
    let field = try identifier()
    try expect("FROM")
    let value = try expression()
    try expect(symbol: ")")
    return try make(.extract(field.text.uppercased(), value), start, [value])
  }

  // MARK: Literals

  private var isIntervalAhead: Bool {
    if case .string = peek().kind { return true }
    guard peek().isSymbol("-") || peek().isSymbol("+") else { return false }
    if case .string = peek(2).kind { return true }
    return false
  }

  private mutating func interval() throws -> ExpressionSyntax {
    let start = current.start
    advance()
    var isNegative = false
    if accept(symbol: "-") { isNegative = true } else { _ = accept(symbol: "+") }
    let value = try string()
    let unit = try intervalField()
    let to = accept("TO") ? try intervalField() : nil
    return try make(.interval(value, unit: unit, to: to, isNegative: isNegative), start)
  }

  private mutating func intervalField() throws -> String {
    let unit = current.keyword
    guard ["YEAR", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND"].contains(unit) else {
      throw unexpected("'DAY', 'HOUR', 'MINUTE', 'MONTH', 'SECOND', 'YEAR'")
    }
    advance()
    return unit
  }

  // MARK: Forms of their own

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

  private mutating func trimExpression() throws -> ExpressionSyntax {
    let start = current.start
    advance()
    try expect(symbol: "(")
    var name = "trim"
    var hasSide = false
    if ["LEADING", "TRAILING", "BOTH"].contains(current.keyword), !peek().isSymbol(")") {
      name = at("LEADING") ? "ltrim" : at("TRAILING") ? "rtrim" : "trim"
      hasSide = true
      advance()
    }
    var arguments: [ExpressionSyntax] = []
    if hasSide, accept("FROM") {
      arguments = [try expression()]
    } else {
      let first = try expression()
      if accept("FROM") {
        arguments = [try expression(), first]
      } else if accept(symbol: ",") {
        arguments = [first, try expression()]
      } else {
        if hasSide { throw unexpected("'FROM'") }
        arguments = [first]
      }
    }
    try expect(symbol: ")")
    return try make(
      .call(CallSyntax(name: Identifier(text: name, offset: start), arguments: arguments)),
      start,
      arguments
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

  /// `substring(text, start, length)` and the standard's `SUBSTRING(text FROM start FOR length)`.
  private mutating func substringExpression() throws -> ExpressionSyntax {
    let start = current.start
    let name = Identifier(text: "substring", offset: start)
    advance()
    try expect(symbol: "(")
    var arguments = [try expression()]
    if accept("FROM") {
      arguments.append(try additive())
      if accept("FOR") { arguments.append(try additive()) }
    } else {
      while accept(symbol: ",") { arguments.append(try expression()) }
    }
    try expect(symbol: ")")
    return try make(.call(CallSyntax(name: name, arguments: arguments)), start, arguments)
  }

  // MARK: Names and calls

  private mutating func nameOrCall() throws -> ExpressionSyntax {
    let start = current.start
    // `DATE '2024-01-15'`, `DECIMAL '1.5'`, `JSON '{}'`: any type before a text.
    if case .word = current.kind {
      let isDouble = at("DOUBLE") && peek().keyword == "PRECISION"
      if case .string(let text) = peek(isDouble ? 2 : 1).kind {
        let name = current.keyword.lowercased()
        for _ in 0..<(isDouble ? 3 : 2) { advance() }
        let type = TypeSyntax(name: name, parameters: [], hasTimeZone: nil, offset: start)
        return try make(.typed(type, text), start)
      }
    }
    let first = try identifier()
    if at(symbol: "->") {
      advance()
      let body = try expression()
      return try make(.lambda([first], body), start, [body])
    }
    if at(symbol: "(") { return try call(first, start) }
    var parts = [first]
    while at(symbol: "."), !peek().isSymbol("*") {
      advance()
      parts.append(try identifier())
    }
    if at(symbol: "(") { throw unsupported("a qualified function name") }
    return try make(.name(parts), start)
  }

  /// A call whose name is a reserved word.
  private mutating func reservedCall(_ keyword: String) throws -> ExpressionSyntax {
    let start = current.start
    let name = Identifier(text: keyword.lowercased(), offset: start)
    advance()
    guard at(symbol: "(") else { throw unexpected("'('") }
    return try call(name, start)
  }

  private mutating func listAggregate() throws -> ExpressionSyntax {
    let start = current.start
    let name = Identifier(text: "listagg", offset: start)
    advance()
    guard at(symbol: "(") else { throw unexpected("'('") }
    return try call(name, start)
  }

  private mutating func call(_ name: Identifier, _ start: Int) throws -> ExpressionSyntax {
    advance()
    var call = CallSyntax(name: name, arguments: [])
    if at(symbol: "*"), peek().isSymbol(")") {
      advance()
      call.isStar = true
    } else if !at(symbol: ")") {
      call.isDistinct = accept("DISTINCT")
      if !call.isDistinct, at("ALL") { advance() }
      call.arguments = try list { try $0.expression() }
      if accept("ORDER", "BY") { call.orderBy = try list { try $0.sortItem() } }
      if at("ON"), peek().keyword == "OVERFLOW" {
        advance()
        advance()
        guard accept("ERROR") else { throw unsupported("ON OVERFLOW \(current.keyword)") }
      }
    }
    try expect(symbol: ")")
    if at("WITHIN"), peek().keyword == "GROUP" {
      advance()
      advance()
      call.orderBy = try parenthesized { parser in
        try parser.expect("ORDER", "BY")
        return try parser.list { try $0.sortItem() }
      }
    }
    if at("FILTER"), peek().isSymbol("(") {
      advance()
      advance()
      try expect("WHERE")
      call.filter = try expression()
      try expect(symbol: ")")
    }
    if at("IGNORE") || at("RESPECT"), peek().keyword == "NULLS" {
      call.ignoresNulls = at("IGNORE")
      advance()
      advance()
      guard at("OVER") else { throw unexpected("'OVER'") }
    }
    if accept("OVER") { call.over = try windowReference() }
    return try make(.call(call), start, call.parts)
  }

  // MARK: Windows

  private mutating func windowReference() throws -> WindowSyntax {
    if at(symbol: "(") { return try windowDefinition() }
    let name = try identifier()
    return WindowSyntax(base: name, offset: name.offset)
  }

  /// `(base PARTITION BY … ORDER BY … frame)`
  mutating func windowDefinition() throws -> WindowSyntax {
    var window = WindowSyntax(offset: current.start)
    try expect(symbol: "(")
    if isAtIdentifier, !isWindowClauseAhead { window.base = try identifier() }
    if accept("PARTITION", "BY") { window.partition = try list { try $0.expression() } }
    if accept("ORDER", "BY") { window.order = try list { try $0.sortItem() } }
    if let unit = WindowFrame.Unit(rawValue: current.keyword) {
      let offset = current.start
      advance()
      let isBetween = accept("BETWEEN")
      let start = try frameBound()
      var end = WindowSyntax.Bound.currentRow
      if isBetween {
        try expect("AND")
        end = try frameBound()
      }
      window.frame = WindowSyntax.Frame(unit: unit, start: start, end: end, offset: offset)
      if at("EXCLUDE") { throw unsupported("EXCLUDE in a window frame") }
    }
    try expect(symbol: ")")
    return window
  }

  private var isWindowClauseAhead: Bool {
    switch current.keyword {
    case "PARTITION": peek().keyword == "BY"
    case "ROWS", "RANGE", "GROUPS": !peek().isSymbol(")")
    default: false
    }
  }

  private mutating func frameBound() throws -> WindowSyntax.Bound {
    if accept("UNBOUNDED", "PRECEDING") { return .unboundedPreceding }
    if accept("UNBOUNDED", "FOLLOWING") { return .unboundedFollowing }
    if accept("CURRENT", "ROW") { return .currentRow }
    let distance = try additive()
    if accept("PRECEDING") { return .preceding(distance) }
    if accept("FOLLOWING") { return .following(distance) }
    throw unexpected("'FOLLOWING', 'PRECEDING'")
  }

  // MARK: Types

  mutating func typeSyntax() throws -> TypeSyntax {
    try nested { try $0.anyType() }
  }

  private mutating func anyType() throws -> TypeSyntax {
    let offset = current.start
    var name = at("INTERVAL") ? "interval" : ""
    if name.isEmpty { name = try identifier().key } else { advance() }
    if name == "double" { _ = accept("PRECISION") }
    if name == "interval" {
      let from = try intervalField()
      try expect("TO")
      name = "interval \(from) to \(try intervalField())".lowercased()
    }
    var type = TypeSyntax(name: name, parameters: [], hasTimeZone: nil, offset: offset)
    if accept(symbol: "(") {
      type.parameters = try list { try $0.typeParameter(isRow: name == "row") }
      try expect(symbol: ")")
    } else if accept(symbol: "<") {
      type.parameters = try list { try $0.typeParameter(isRow: name == "row") }
      try expect(symbol: ">")
    }
    if at("WITH") || at("WITHOUT"), peek().keyword == "TIME" {
      type.hasTimeZone = at("WITH")
      advance()
      advance()
      try expect("ZONE")
    }
    // `bigint ARRAY` is an older spelling of `array(bigint)`.
    while at("ARRAY"), !peek().isSymbol("[") {
      advance()
      type = TypeSyntax(
        name: "array", parameters: [.type(type)], hasTimeZone: nil, offset: offset)
    }
    return type
  }

  private mutating func typeParameter(isRow: Bool) throws -> TypeSyntax.Parameter {
    if case .integer(let text) = current.kind {
      guard let number = Int(text) else {
        throw source.error(.syntaxError, "Invalid type parameter", at: current.start)
      }
      advance()
      return .number(number)
    }
    if isRow, isAtIdentifier {
      // A field has a name where another word follows it.
      switch peek().kind {
      case .word, .quotedWord:
        if !(at("DOUBLE") && peek().keyword == "PRECISION"),
          !["WITH", "WITHOUT"].contains(peek().keyword)
        {
          let name = try identifier()
          return .field(name, try typeSyntax())
        }
      default: break
      }
    }
    return .type(try typeSyntax())
  }
}
