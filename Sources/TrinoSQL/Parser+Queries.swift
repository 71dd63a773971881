// Queries: WITH, set operations, SELECT and the clauses around them.

import QueryPlanning

extension Parser {
  mutating func query() throws -> QuerySyntax {
    try nested { try $0.queryBody() }
  }

  /// A query begins at the token `distance` from here, behind parentheses or not.
  func isQueryAhead(_ distance: Int) -> Bool {
    var mark = distance
    while peek(mark).isSymbol("(") { mark += 1 }
    return ["SELECT", "WITH", "VALUES", "TABLE"].contains(peek(mark).keyword)
  }

  private mutating func queryBody() throws -> QuerySyntax {
    let start = current.start
    var named: [NamedQuerySyntax] = []
    if accept("WITH") {
      if at("RECURSIVE") {
        throw unsupported("WITH RECURSIVE", "sequence() with UNNEST makes a range of rows.")
      }
      if at("FUNCTION") { throw unsupported("WITH FUNCTION") }
      named = try list { parser in
        let name = try parser.identifier()
        let columns = parser.at(symbol: "(") ? try parser.identifierList() : nil
        try parser.expect("AS")
        let query = try parser.parenthesized { try $0.query() }
        return NamedQuerySyntax(name: name, columns: columns, query: query)
      }
    }
    let body = try setOperations()
    let orderBy = accept("ORDER", "BY") ? try list { try $0.sortItem() } : []
    var offset: CountSyntax?
    if accept("OFFSET") {
      offset = try rowCount()
      if !accept("ROW") { _ = accept("ROWS") }
    }
    var limit: CountSyntax?
    var withTies = false
    if accept("LIMIT") {
      if !accept("ALL") { limit = try rowCount() }
    } else if accept("FETCH") {
      guard accept("FIRST") || accept("NEXT") else { throw unexpected("'FIRST', 'NEXT'") }
      limit = at("ROW") || at("ROWS") ? .number(1) : try rowCount()
      guard accept("ROW") || accept("ROWS") else { throw unexpected("'ROW', 'ROWS'") }
      if at("WITH"), orderBy.isEmpty {
        throw source.error(
          .missingOrderBy, "FETCH FIRST WITH TIES clause requires ORDER BY", at: current.start)
      }
      withTies = accept("WITH", "TIES")
      if !withTies { try expect("ONLY") }
    }
    return QuerySyntax(
      named: named, body: body, orderBy: orderBy, offset: offset, limit: limit,
      withTies: withTies, start: start)
  }

  private mutating func rowCount() throws -> CountSyntax {
    if at(symbol: "?") {
      let offset = current.start
      advance()
      parameterCount += 1
      return .parameter(parameterCount - 1, offset: offset)
    }
    guard case .integer(let text) = current.kind else { throw unexpected("<integer>") }
    guard let count = Int(text) else {
      throw source.error(.syntaxError, "Invalid row count: \(text)", at: current.start)
    }
    advance()
    return .number(count)
  }

  mutating func sortItem() throws -> SortSyntax {
    let expression = try expression()
    var item = SortSyntax(expression: expression, isAscending: true, nullsFirst: nil)
    if accept("DESC") { item.isAscending = false } else { _ = accept("ASC") }
    if accept("NULLS") {
      if accept("FIRST") {
        item.nullsFirst = true
      } else {
        try expect("LAST")
        item.nullsFirst = false
      }
    }
    return item
  }

  /// UNION and EXCEPT, which bind less than INTERSECT.
  private mutating func setOperations() throws -> BodySyntax {
    try setOperations([.union, .except]) { parser in
      try parser.setOperations([.intersect]) { try $0.primaryBody() }
    }
  }

  private mutating func setOperations(
    _ operators: [SetOperator],
    _ operand: (inout Parser) throws -> BodySyntax
  ) throws -> BodySyntax {
    var left = try operand(&self)
    var depth = 0
    while let word = operators.first(where: { at($0.rawValue) }) {
      let start = current.start
      advance()
      let isDistinct = !accept("ALL")
      if isDistinct { _ = accept("DISTINCT") }
      if at("CORRESPONDING") { throw unsupported("CORRESPONDING") }
      let right = try operand(&self)
      if word == .union, case .setOperation(.union, let parts, let same, let first) = left,
        same == isDistinct
      {
        left = .setOperation(.union, parts + [right], isDistinct: isDistinct, start: first)
      } else {
        depth += 1
        guard depth < Self.nestingMax else {
          throw source.error(.syntaxError, "statement is nested too deeply", at: start)
        }
        left = .setOperation(word, [left, right], isDistinct: isDistinct, start: start)
      }
    }
    return left
  }

  private mutating func primaryBody() throws -> BodySyntax {
    let start = current.start
    if accept("VALUES") {
      return .values(try list { try $0.valuesRow() }, start: start)
    }
    if at("SELECT") { return .select(try select()) }
    if accept("TABLE") {
      var select = SelectSyntax(start: start)
      select.items = [.all(start: start)]
      select.from = .table(try qualifiedName())
      return .select(select)
    }
    if at(symbol: "(") { return .query(try parenthesized { try $0.query() }) }
    throw unexpected("'SELECT', 'SHOW', 'VALUES', 'WITH', '(', <query>")
  }

  /// `(1, 2)` and `ROW(1, 2)` are rows of two columns, `1` is a row of one.
  private mutating func valuesRow() throws -> [ExpressionSyntax] {
    let value = try expression()
    if case .row(let items) = value.kind { return items }
    return [value]
  }

  // MARK: SELECT

  private mutating func select() throws -> SelectSyntax {
    var result = SelectSyntax(start: current.start)
    try expect("SELECT")
    result.isDistinct = accept("DISTINCT")
    if !result.isDistinct { _ = accept("ALL") }
    if result.isDistinct, at("ON") {
      throw unsupported("DISTINCT ON", "Use row_number() in a subquery, or max_by().")
    }
    result.items = try list { try $0.selectItem() }
    if accept("FROM") {
      var relation = try relation()
      var count = 1
      while at(symbol: ",") {
        let start = current.start
        advance()
        count += 1
        try checkRelations(count)
        relation = .join(.cross, relation, try self.relation(), .none, start: start)
      }
      result.from = relation
    }
    if accept("WHERE") { result.predicate = try expression() }
    if accept("GROUP", "BY") { try groupBy(&result) }
    if accept("HAVING") { result.having = try expression() }
    if at("WINDOW"), peek(2).keyword == "AS" {
      advance()
      result.windows = try list { parser in
        let name = try parser.identifier()
        try parser.expect("AS")
        return (name, try parser.windowDefinition())
      }
    }
    if at("QUALIFY") {
      throw unsupported(
        "QUALIFY", "Compute the window function in a subquery and filter it with WHERE.")
    }
    return result
  }

  private mutating func groupBy(_ result: inout SelectSyntax) throws {
    result.hasGroupBy = true
    if at("AUTO"), !peek().isSymbol("("), !peek().isSymbol("."), !peek().isSymbol(",") {
      advance()
      result.isGroupByAuto = true
      return
    }
    if at("ALL"), isEndOfGroupBy(peek()) {
      throw source.error(
        .syntaxError, "GROUP BY ALL needs the expressions to group by", at: current.start,
        advice: "GROUP BY AUTO groups by every selected expression without an aggregate.")
    }
    if accept("DISTINCT") { result.isGroupByDistinct = true } else { _ = accept("ALL") }
    result.groupBy = try list { try $0.groupingElement() }
  }

  private func isEndOfGroupBy(_ token: Token) -> Bool {
    token.kind == .end || token.isSymbol(")") || token.isSymbol(";")
      || ["HAVING", "ORDER", "LIMIT", "OFFSET", "FETCH", "UNION"].contains(token.keyword)
  }

  private mutating func groupingElement() throws -> GroupingSyntax {
    if at("ROLLUP"), peek().isSymbol("(") {
      advance()
      return .rollup(try groupingSets())
    }
    if at("CUBE"), peek().isSymbol("(") {
      advance()
      return .cube(try groupingSets())
    }
    if at("GROUPING"), peek().keyword == "SETS" {
      advance()
      advance()
      return .sets(try groupingSets())
    }
    return .simple(try groupingSet())
  }

  private mutating func groupingSets() throws -> [[ExpressionSyntax]] {
    try parenthesized { parser in
      if parser.at(symbol: ")") { return [] }
      return try parser.list { try $0.groupingSet() }
    }
  }

  /// `a`, `(a, b)` or `()`.
  private mutating func groupingSet() throws -> [ExpressionSyntax] {
    if at(symbol: "("), peek().isSymbol(")") {
      advance()
      advance()
      return []
    }
    let isParenthesis = at(symbol: "(")
    let value = try expression()
    if isParenthesis, case .row(let items) = value.kind { return items }
    return [value]
  }

  private mutating func selectItem() throws -> SelectItemSyntax {
    let start = current.start
    if accept(symbol: "*") { return .all(start: start) }
    if isAtIdentifier {
      let mark = index
      if var parts = try? [identifier()] {
        while at(symbol: "."), !peek().isSymbol("*") {
          advance()
          guard let next = try? identifier() else { break }
          parts.append(next)
        }
        if at(symbol: "."), peek().isSymbol("*") {
          advance()
          advance()
          return .allOf(parts, start: start)
        }
      }
      index = mark
    }
    let expression = try expression()
    if at(symbol: "."), peek().isSymbol("*") {
      advance()
      advance()
      let aliases = accept("AS") ? try identifierList() : nil
      return .allFields(expression, aliases: aliases)
    }
    if accept("AS") { return .expression(expression, alias: try identifier()) }
    return .expression(expression, alias: isAtIdentifier ? try identifier() : nil)
  }
}
