// Statements: the first words decide which one it is.

import QueryPlanning

extension Parser {
  /// The one statement of a text; semicolons may follow it.
  static func statement(_ source: SourceText) throws -> StatementSyntax {
    try parse(source).statement
  }

  /// The statement and how many `?` it has.
  static func parse(
    _ source: SourceText
  ) throws -> (statement: StatementSyntax, parameterCount: Int) {
    var parser = try Parser(source)
    let statement = try parser.statement()
    while parser.accept(symbol: ";") {}
    guard parser.current.kind == .end else { throw parser.unexpected("<EOF>") }
    return (statement, parser.parameterCount)
  }

  mutating func statement() throws -> StatementSyntax {
    try nested { try $0.anyStatement() }
  }

  private mutating func anyStatement() throws -> StatementSyntax {
    let start = current.start
    switch current.keyword {
    case "SHOW":
      advance()
      return try show(start)
    case "DESCRIBE", "DESC":
      advance()
      if accept("INPUT") { return .describeInput(try identifier()) }
      if accept("OUTPUT") { return .describeOutput(try identifier()) }
      return .showColumns(try qualifiedName(), like: nil, escape: nil)
    case "EXPLAIN":
      advance()
      return try explain(start)
    case "CREATE": return try create()
    case "DROP": return try drop()
    case "ALTER": return try alter()
    case "TRUNCATE":
      advance()
      try expect("TABLE")
      return .truncate(try qualifiedName())
    case "COMMENT": return try comment()
    case "INSERT": return try insert()
    case "DELETE":
      advance()
      try expect("FROM")
      let table = try qualifiedName()
      return .delete(table, where: accept("WHERE") ? try expression() : nil, start: start)
    case "UPDATE": return try update(start)
    case "MERGE": return try merge(start)
    case "USE":
      advance()
      let first = try identifier()
      guard accept(symbol: ".") else { return .use(catalog: nil, schema: first) }
      return .use(catalog: first, schema: try identifier())
    case "SET": return try set()
    case "RESET":
      advance()
      try expect("SESSION")
      return .resetSession(try qualifiedName())
    case "PREPARE": return try prepare()
    case "EXECUTE": return try execute(start)
    case "DEALLOCATE":
      advance()
      try expect("PREPARE")
      return .deallocate(try identifier())
    case "START", "COMMIT", "ROLLBACK": return try transaction()
    case "ANALYZE":
      advance()
      return .analyze(try qualifiedName())
    case "CALL": return try call(start)
    case "GRANT", "REVOKE", "DENY", "REFRESH":
      throw unsupported(current.keyword, "There are no roles and no materialized views here.")
    default: return .query(try query())
    }
  }

  // MARK: SHOW and EXPLAIN

  private mutating func show(_ start: Int) throws -> StatementSyntax {
    if accept("CATALOGS") {
      let like = try likeClause()
      return .showCatalogs(like: like.pattern, escape: like.escape)
    }
    if accept("SCHEMAS") {
      var catalog: Identifier?
      if accept("FROM") || accept("IN") { catalog = try identifier() }
      let like = try likeClause()
      return .showSchemas(catalog: catalog, like: like.pattern, escape: like.escape, start: start)
    }
    if accept("TABLES") {
      var schema: [Identifier]?
      if accept("FROM") || accept("IN") { schema = try qualifiedName() }
      let like = try likeClause()
      return .showTables(schema: schema, like: like.pattern, escape: like.escape, start: start)
    }
    if accept("COLUMNS") {
      guard accept("FROM") || accept("IN") else { throw unexpected("'FROM', 'IN'") }
      let table = try qualifiedName()
      let like = try likeClause()
      return .showColumns(table, like: like.pattern, escape: like.escape)
    }
    if accept("FUNCTIONS") {
      let like = try likeClause()
      return .showFunctions(like: like.pattern, escape: like.escape)
    }
    if accept("SESSION") {
      let like = try likeClause()
      return .showSession(like: like.pattern, escape: like.escape)
    }
    if accept("CREATE") {
      for kind in [ObjectKind.table, .view, .schema] where accept(kind.rawValue) {
        return .showCreate(kind, try qualifiedName())
      }
      throw unexpected("'SCHEMA', 'TABLE', 'VIEW'")
    }
    if accept("STATS") {
      try expect("FOR")
      if at(symbol: "(") { return .showStatsFor(try parenthesized { try $0.query() }) }
      return .showStats(try qualifiedName())
    }
    throw unexpected(
      "'CATALOGS', 'COLUMNS', 'CREATE', 'FUNCTIONS', 'SCHEMAS', 'SESSION', 'STATS', 'TABLES'")
  }

  private mutating func likeClause() throws -> (pattern: String?, escape: String?) {
    guard accept("LIKE") else { return (nil, nil) }
    let pattern = try string()
    return (pattern, accept("ESCAPE") ? try string() : nil)
  }

  private mutating func explain(_ start: Int) throws -> StatementSyntax {
    if accept("ANALYZE") {
      let isVerbose = accept("VERBOSE")
      return .explainAnalyze(try statement(), isVerbose: isVerbose)
    }
    // `EXPLAIN (SELECT 1)` explains a query in parentheses.
    var type: ExplainType?
    var format = ExplainFormat.text
    if at(symbol: "("), ["TYPE", "FORMAT"].contains(peek().keyword) {
      advance()
      repeat {
        if accept("TYPE") {
          guard let value = ExplainType(rawValue: current.keyword) else {
            throw unexpected("'DISTRIBUTED', 'IO', 'LOGICAL', 'VALIDATE'")
          }
          type = value
        } else {
          try expect("FORMAT")
          guard let value = ExplainFormat(rawValue: current.keyword) else {
            throw unexpected("'GRAPHVIZ', 'JSON', 'TEXT'")
          }
          format = value
        }
        advance()
      } while accept(symbol: ",")
      try expect(symbol: ")")
    }
    return .explain(try statement(), type ?? .distributed, format, start: start)
  }

  // MARK: Session

  private mutating func set() throws -> StatementSyntax {
    advance()
    if accept("TIME", "ZONE") {
      return .setTimeZone(accept("LOCAL") ? nil : try expression())
    }
    guard accept("SESSION") else { throw unexpected("'SESSION', 'TIME'") }
    if at("AUTHORIZATION") { throw unsupported("SET SESSION AUTHORIZATION") }
    let name = try qualifiedName()
    try expect(symbol: "=")
    return .setSession(name, try expression())
  }

  private mutating func prepare() throws -> StatementSyntax {
    advance()
    let name = try identifier()
    try expect("FROM")
    let start = current.start
    let inner = try statement()
    return .prepare(name, inner, text: source.slice(start, previousEnd))
  }

  private mutating func execute(_ start: Int) throws -> StatementSyntax {
    advance()
    if accept("IMMEDIATE") {
      let text = try string()
      return .executeImmediate(text, try usingClause(), start: start)
    }
    let name = try identifier()
    return .execute(name, try usingClause())
  }

  private mutating func usingClause() throws -> [ExpressionSyntax] {
    accept("USING") ? try list { try $0.expression() } : []
  }

  private mutating func transaction() throws -> StatementSyntax {
    let word = current.keyword
    advance()
    if word == "START" {
      try expect("TRANSACTION")
      while current.kind != .end, !at(symbol: ";") { advance() }
    } else {
      _ = accept("WORK")
    }
    return .transaction(word)
  }

  private mutating func call(_ start: Int) throws -> StatementSyntax {
    advance()
    let name = try qualifiedName()
    return .call(name, try callArguments(), start: start)
  }

  /// `(1, 'a')` or `(name => 1, …)`, with their parentheses.
  mutating func callArguments() throws -> [(name: Identifier?, value: ExpressionSyntax)] {
    try parenthesized { parser -> [(name: Identifier?, value: ExpressionSyntax)] in
      if parser.at(symbol: ")") { return [] }
      return try parser.list { parser in
        var name: Identifier?
        if parser.isAtIdentifier, parser.peek().isSymbol("=>") {
          name = try parser.identifier()
          parser.advance()
        }
        return (name, try parser.expression())
      }
    }
  }

  // MARK: Rows

  private mutating func insert() throws -> StatementSyntax {
    advance()
    try expect("INTO")
    let table = try qualifiedName()
    var columns: [Identifier]?
    // `INSERT INTO t (SELECT …)` has a query there, and no columns.
    if at(symbol: "("), !isQueryAhead(1) { columns = try identifierList() }
    return .insert(table, columns: columns, try query())
  }

  private mutating func update(_ start: Int) throws -> StatementSyntax {
    advance()
    let table = try qualifiedName()
    try expect("SET")
    let assignments = try assignments()
    let predicate = accept("WHERE") ? try expression() : nil
    return .update(table, assignments, where: predicate, start: start)
  }

  private mutating func assignments() throws -> [AssignmentSyntax] {
    try list { parser in
      let column = try parser.identifier()
      try parser.expect(symbol: "=")
      return AssignmentSyntax(column: column, value: try parser.expression())
    }
  }

  private mutating func merge(_ start: Int) throws -> StatementSyntax {
    advance()
    try expect("INTO")
    let table = try qualifiedName()
    var alias: Identifier?
    if accept("AS") || isAtIdentifier { alias = try identifier() }
    try expect("USING")
    let source = try relation()
    try expect("ON")
    let condition = try expression()
    var cases: [MergeCaseSyntax] = []
    while at("WHEN") { cases.append(try mergeCase()) }
    guard !cases.isEmpty else { throw unexpected("'WHEN'") }
    return .merge(
      MergeSyntax(
        table: table, alias: alias, source: source, condition: condition, cases: cases,
        start: start))
  }

  private mutating func mergeCase() throws -> MergeCaseSyntax {
    let start = current.start
    try expect("WHEN")
    let isMatched = !accept("NOT")
    try expect("MATCHED")
    let condition = accept("AND") ? try expression() : nil
    try expect("THEN")
    let action: MergeCaseSyntax.Action
    if isMatched {
      if accept("DELETE") {
        action = .delete
      } else {
        try expect("UPDATE", "SET")
        action = .update(try assignments())
      }
    } else {
      try expect("INSERT")
      let columns = at(symbol: "(") ? try identifierList() : nil
      try expect("VALUES")
      action = .insert(
        columns, try parenthesized { try $0.list { try $0.expression() } })
    }
    return MergeCaseSyntax(isMatched: isMatched, condition: condition, action: action, start: start)
  }
}
