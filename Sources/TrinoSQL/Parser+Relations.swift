// FROM: tables, subqueries, UNNEST, samples and joins.

import QueryPlanning

extension Parser {
  func checkRelations(_ count: Int) throws {
    guard count <= Self.nestingMax else {
      throw source.error(
        .syntaxError,
        "more than \(Self.nestingMax) joined relations",
        at: current.start
      )
    }
  }

  mutating func relation() throws -> RelationSyntax {
    var left = try sampledRelation()
    var count = 1
    while true {
      let start = current.start
      if accept("CROSS") {
        try expect("JOIN")
        count += 1
        try checkRelations(count)
        left = .join(.cross, left, try sampledRelation(), .none, start: start)
        continue
      }
      let isNatural = accept("NATURAL")
      guard let kind = try joinKind() else {
        if isNatural { throw unexpected("'JOIN'") }
        return left
      }
      count += 1
      try checkRelations(count)
      let right = try nested { try $0.sampledRelation() }
      if isNatural {
        left = .join(kind, left, right, .natural, start: start)
      } else if accept("ON") {
        left = .join(kind, left, right, .on(try expression()), start: start)
      } else if accept("USING") {
        left = .join(kind, left, right, .using(try identifierList()), start: start)
      } else {
        throw unexpected("'ON', 'USING'")
      }
    }
  }

  /// The words of a join; nil where none stands here.
  private mutating func joinKind() throws -> JoinKind? {
    if accept("JOIN") { return .inner }
    if accept("INNER") {
      try expect("JOIN")
      return .inner
    }
    guard at("LEFT") || at("RIGHT") || at("FULL") else { return nil }
    let kind: JoinKind = at("LEFT") ? .left : at("RIGHT") ? .right : .full
    advance()
    if ["SEMI", "ANTI"].contains(current.keyword) {
      throw unsupported(
        "\(current.keyword) JOIN", "Write WHERE EXISTS (…), or WHERE NOT EXISTS (…).")
    }
    _ = accept("OUTER")
    try expect("JOIN")
    return kind
  }

  private mutating func sampledRelation() throws -> RelationSyntax {
    let relation = try aliasedRelation()
    guard accept("TABLESAMPLE") else { return relation }
    let isSystem = at("SYSTEM")
    guard isSystem || at("BERNOULLI") else { throw unexpected("'BERNOULLI', 'SYSTEM'") }
    advance()
    let percentage = try parenthesized { try $0.expression() }
    return .sample(relation, percentage, isSystem: isSystem)
  }

  private mutating func aliasedRelation() throws -> RelationSyntax {
    let relation = try primaryRelation()
    if at("MATCH_RECOGNIZE"), peek().isSymbol("(") { throw unsupported("MATCH_RECOGNIZE") }
    var alias: Identifier?
    if accept("AS") {
      alias = try identifier()
    } else if isAtIdentifier, !isClauseAhead {
      alias = try identifier()
    }
    guard let alias else { return relation }
    let columns = at(symbol: "(") ? try identifierList() : nil
    return .aliased(relation, alias, columns: columns)
  }

  /// A word that is no reserved one begins a clause and no alias.
  private var isClauseAhead: Bool {
    switch current.keyword {
    case "LIMIT", "OFFSET", "FETCH", "TABLESAMPLE", "QUALIFY": true
    case "WINDOW": peek(2).keyword == "AS"
    default: false
    }
  }

  private mutating func primaryRelation() throws -> RelationSyntax {
    let start = current.start
    if accept("UNNEST") {
      let items = try parenthesized { try $0.list { try $0.expression() } }
      let hasOrdinality = accept("WITH", "ORDINALITY")
      return .unnest(items, hasOrdinality: hasOrdinality, start: start)
    }
    if at("LATERAL"), peek().isSymbol("(") {
      advance()
      return .lateral(try parenthesized { try $0.query() }, start: start)
    }
    if at("TABLE"), peek().isSymbol("(") { throw unsupported("a table function") }
    if at("JSON_TABLE"), peek().isSymbol("(") { throw unsupported("JSON_TABLE") }
    if at(symbol: "(") {
      if isQueryAhead(1) {
        // `((SELECT …) UNION …)` is a query, `((SELECT …) a JOIN b …)` a join: only trying tells.
        let mark = index
        let count = parameterCount
        do {
          return .query(try parenthesized { try $0.query() })
        } catch {
          guard peekAfter(mark).isSymbol("("), retriesLeft > 0 else { throw error }
          retriesLeft -= 1
          index = mark
          parameterCount = count
          return try parenthesized { try $0.nested { try $0.relation() } }
        }
      }
      return try parenthesized { try $0.nested { try $0.relation() } }
    }
    let name = try qualifiedName()
    if at(symbol: "(") { throw unsupported("a table function") }
    if at("FOR"), ["TIMESTAMP", "VERSION"].contains(peek().keyword) {
      let isTimestamp = peek().keyword == "TIMESTAMP"
      advance()
      advance()
      try expect("AS", "OF")
      return .versioned(name, isTimestamp: isTimestamp, try additive())
    }
    return .table(name)
  }

  private func peekAfter(_ mark: Int) -> Token { tokens[min(mark + 1, tokens.count - 1)] }
}
