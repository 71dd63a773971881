// Reads tokens into a syntax tree by recursive descent; refuses what is nested too deeply.

import Kernels
import QueryPlanning

struct Parser {
  /// Nesting of parentheses and subqueries.
  static let nestingMax = 100
  /// Height of an expression, such as a chain of `+`.
  static let heightMax = 300

  let source: SourceText
  let tokens: [Token]
  var index = 0
  var nesting = 0

  static let reserved: Set<String> = [
    "ALTER", "AND", "AS", "BETWEEN", "BY", "CASE", "CAST", "CONSTRAINT", "CREATE", "CROSS", "CUBE",
    "CURRENT_CATALOG", "CURRENT_DATE", "CURRENT_PATH", "CURRENT_ROLE", "CURRENT_SCHEMA",
    "CURRENT_TIME", "CURRENT_TIMESTAMP", "CURRENT_USER", "DEALLOCATE", "DELETE", "DESCRIBE",
    "DISTINCT", "DROP", "ELSE", "END", "ESCAPE", "EXCEPT", "EXECUTE", "EXISTS", "EXTRACT", "FALSE",
    "FOR", "FROM", "FULL", "GROUP", "GROUPING", "HAVING", "IN", "INNER", "INSERT", "INTERSECT",
    "INTO", "IS", "JOIN", "LEFT", "LIKE", "LISTAGG", "LOCALTIME", "LOCALTIMESTAMP", "NATURAL",
    "NORMALIZE", "NOT", "NULL", "ON", "OR", "ORDER", "OUTER", "PREPARE", "RECURSIVE", "RIGHT",
    "ROLLUP", "SELECT", "TABLE", "THEN", "TRIM", "TRUE", "UESCAPE", "UNION", "UNNEST", "USING",
    "VALUES", "WHEN", "WHERE", "WITH",
  ]

  /// Words of the statements that are read here, for completion.
  static let others: Set<String> = [
    "ALL", "ANY", "ASC", "AT", "CATALOGS", "COLUMNS", "DATE", "DAY", "DESC", "EXPLAIN", "FETCH",
    "FILTER", "FIRST", "HOUR", "IF", "INTERVAL", "LAST", "LIMIT", "MINUTE", "MONTH", "NEXT",
    "NULLS",
    "OFFSET", "ONLY", "ROW", "ROWS", "SCHEMAS", "SECOND", "SHOW", "TABLES", "TIME", "TIMESTAMP",
    "TRY_CAST", "YEAR", "ZONE",
  ]

  init(_ source: SourceText) throws {
    self.source = source
    tokens = try Lexer.tokens(source)
  }

  // MARK: Tokens

  var current: Token { tokens[min(index, tokens.count - 1)] }
  func peek(_ distance: Int = 1) -> Token { tokens[min(index + distance, tokens.count - 1)] }
  var previousEnd: Int { index > 0 ? tokens[min(index, tokens.count) - 1].end : 0 }

  mutating func advance() { index = min(index + 1, tokens.count - 1) }

  func at(_ keyword: String) -> Bool { current.keyword == keyword }
  func at(symbol: String) -> Bool { current.isSymbol(symbol) }

  mutating func accept(_ keyword: String) -> Bool {
    guard at(keyword) else { return false }
    advance()
    return true
  }

  mutating func accept(symbol: String) -> Bool {
    guard at(symbol: symbol) else { return false }
    advance()
    return true
  }

  func unexpected(_ expected: String) -> TrinoSQLError {
    let token = current
    let shown = token.kind == .end ? "<EOF>" : source.slice(token.start, token.end)
    var suggestions: [String] = []
    if case .word(let word) = token.kind {
      suggestions = nearestNames(
        to: word.uppercased(),
        among: Array(Self.reserved.union(Self.others))
      )
      .filter { $0 != word.uppercased() }
    }
    return source.error(
      .syntaxError,
      "mismatched input '\(shown)'. Expecting: \(expected)",
      at: token.start,
      suggestions: suggestions
    )
  }

  mutating func expect(_ keyword: String) throws {
    guard accept(keyword) else { throw unexpected("'\(keyword)'") }
  }

  mutating func expect(symbol: String) throws {
    guard accept(symbol: symbol) else { throw unexpected("'\(symbol)'") }
  }

  func unsupported(_ what: String, _ advice: String? = nil) -> TrinoSQLError {
    source.error(.notSupported, "\(what) is not supported", at: current.start, advice: advice)
  }

  mutating func nested<Result>(_ body: (inout Parser) throws -> Result) throws -> Result {
    nesting += 1
    guard nesting <= Self.nestingMax else {
      throw source.error(
        .syntaxError,
        "statement is nested too deeply (more than \(Self.nestingMax) levels)",
        at: current.start,
        advice: "Take inner queries out with WITH."
      )
    }
    defer { nesting -= 1 }
    return try body(&self)
  }

  mutating func identifier() throws -> Identifier {
    let token = current
    switch token.kind {
    case .quotedWord(let text):
      advance()
      return Identifier(text: text, offset: token.start)
    case .word(let text):
      guard !Self.reserved.contains(text.uppercased()) else { throw unexpected("<identifier>") }
      advance()
      return Identifier(text: text, offset: token.start)
    default: throw unexpected("<identifier>")
    }
  }

  var isAtIdentifier: Bool {
    switch current.kind {
    case .quotedWord: true
    case .word(let text): !Self.reserved.contains(text.uppercased())
    default: false
    }
  }

  mutating func qualifiedName() throws -> [Identifier] {
    var parts = [try identifier()]
    while accept(symbol: ".") { parts.append(try identifier()) }
    return parts
  }

  mutating func identifierList() throws -> [Identifier] {
    try expect(symbol: "(")
    var names = [try identifier()]
    while accept(symbol: ",") { names.append(try identifier()) }
    try expect(symbol: ")")
    return names
  }

  // MARK: Statements

  static func statement(_ source: SourceText) throws -> StatementSyntax {
    var parser = try Parser(source)
    let statement = try parser.statement()
    while parser.accept(symbol: ";") {}
    guard parser.current.kind == .end else {
      throw parser.unexpected("<EOF>")
    }
    return statement
  }

  private mutating func statement() throws -> StatementSyntax {
    let start = current.start
    switch current.keyword {
    case "SHOW":
      advance()
      return try show(start)
    case "DESCRIBE", "DESC":
      advance()
      return .showColumns(try qualifiedName())
    case "EXPLAIN":
      advance()
      if at("ANALYZE") { throw unsupported("EXPLAIN ANALYZE") }
      if at(symbol: "("), peek().keyword == "TYPE" || peek().keyword == "FORMAT" {
        throw unsupported("EXPLAIN with options", "Write EXPLAIN SELECT ….")
      }
      return .explain(try query())
    case "CREATE", "INSERT", "DELETE", "UPDATE", "DROP", "ALTER", "MERGE", "TRUNCATE", "CALL",
      "SET",
      "RESET", "GRANT", "REVOKE", "USE", "START", "COMMIT", "ROLLBACK", "PREPARE", "EXECUTE",
      "DEALLOCATE", "ANALYZE", "COMMENT", "REFRESH":
      throw unsupported("\(current.keyword)", "This door answers queries only.")
    default: return .query(try query())
    }
  }

  private mutating func show(_ start: Int) throws -> StatementSyntax {
    if accept("CATALOGS") { return .showCatalogs(like: try likeClause()) }
    if accept("SCHEMAS") {
      var catalog: Identifier?
      if accept("FROM") || accept("IN") { catalog = try identifier() }
      return .showSchemas(catalog: catalog, like: try likeClause(), start: start)
    }
    if accept("TABLES") {
      var schema: [Identifier]?
      if accept("FROM") || accept("IN") { schema = try qualifiedName() }
      return .showTables(schema: schema, like: try likeClause(), start: start)
    }
    if accept("COLUMNS") {
      guard accept("FROM") || accept("IN") else { throw unexpected("'FROM', 'IN'") }
      return .showColumns(try qualifiedName())
    }
    throw unexpected("'CATALOGS', 'COLUMNS', 'SCHEMAS', 'TABLES'")
  }

  private mutating func likeClause() throws -> String? {
    guard accept("LIKE") else { return nil }
    guard case .string(let pattern) = current.kind else { throw unexpected("<string>") }
    advance()
    return pattern
  }

  // MARK: Queries

  mutating func query() throws -> QuerySyntax {
    try nested { try $0.queryBody() }
  }

  private mutating func queryBody() throws -> QuerySyntax {
    let start = current.start
    var named: [NamedQuerySyntax] = []
    if accept("WITH") {
      if at("RECURSIVE") { throw unsupported("WITH RECURSIVE") }
      repeat {
        let name = try identifier()
        let columns = at(symbol: "(") ? try identifierList() : nil
        try expect("AS")
        try expect(symbol: "(")
        let query = try query()
        try expect(symbol: ")")
        named.append(NamedQuerySyntax(name: name, columns: columns, query: query))
      } while accept(symbol: ",")
    }
    let body = try unionBody()
    var orderBy: [SortSyntax] = []
    if accept("ORDER") {
      try expect("BY")
      repeat { orderBy.append(try sortItem()) } while accept(symbol: ",")
    }
    var offset = 0
    if accept("OFFSET") {
      offset = try rowCount()
      if !accept("ROW") { _ = accept("ROWS") }
    }
    var limit: Int?
    if accept("LIMIT") {
      if !accept("ALL") { limit = try rowCount() }
    } else if accept("FETCH") {
      guard accept("FIRST") || accept("NEXT") else { throw unexpected("'FIRST', 'NEXT'") }
      if case .integer = current.kind { limit = try rowCount() } else { limit = 1 }
      guard accept("ROW") || accept("ROWS") else { throw unexpected("'ROW', 'ROWS'") }
      if at("WITH") { throw unsupported("FETCH FIRST … WITH TIES") }
      try expect("ONLY")
    }
    return QuerySyntax(
      named: named,
      body: body,
      orderBy: orderBy,
      offset: offset,
      limit: limit,
      start: start
    )
  }

  private mutating func rowCount() throws -> Int {
    guard case .integer(let text) = current.kind else { throw unexpected("<integer>") }
    guard let count = Int(text) else {
      throw source.error(.syntaxError, "Invalid row count: \(text)", at: current.start)
    }
    advance()
    return count
  }

  private mutating func sortItem() throws -> SortSyntax {
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

  private mutating func unionBody() throws -> BodySyntax {
    var left = try primaryBody()
    var depth = 0
    while true {
      if at("EXCEPT") || at("INTERSECT") { throw unsupported(current.keyword) }
      guard at("UNION") else { return left }
      let start = current.start
      advance()
      let isDistinct = !accept("ALL")
      if isDistinct { _ = accept("DISTINCT") }
      let right = try primaryBody()
      if case .union(let parts, let same, let first) = left, same == isDistinct {
        left = .union(parts + [right], isDistinct: isDistinct, start: first)
      } else {
        depth += 1
        guard depth < Self.nestingMax else {
          throw source.error(.syntaxError, "statement is nested too deeply", at: start)
        }
        left = .union([left, right], isDistinct: isDistinct, start: start)
      }
    }
  }

  private mutating func primaryBody() throws -> BodySyntax {
    let start = current.start
    if accept("VALUES") {
      var rows: [[ExpressionSyntax]] = []
      repeat { rows.append(try valuesRow()) } while accept(symbol: ",")
      return .values(rows, start: start)
    }
    if at("SELECT") { return .select(try select()) }
    if accept("TABLE") {
      let name = try qualifiedName()
      return .select(
        SelectSyntax(
          isDistinct: false,
          items: [.all(start: start)],
          from: .table(name),
          predicate: nil,
          groupBy: [],
          hasGroupBy: false,
          having: nil,
          start: start
        )
      )
    }
    if accept(symbol: "(") {
      let inner = try query()
      try expect(symbol: ")")
      return .query(inner)
    }
    throw unexpected("'SELECT', 'SHOW', 'VALUES', 'WITH', '(', <query>")
  }

  private mutating func valuesRow() throws -> [ExpressionSyntax] {
    if at("ROW"), peek().isSymbol("(") { advance() }
    // `(1, 2)` is a row; `(1 + 2) * 3` and `1` are rows of one value.
    let mark = index
    if accept(symbol: "(") {
      if at("SELECT") || at("WITH") || at("VALUES") {
        index = mark
        return [try expression()]
      }
      var row = [try expression()]
      while accept(symbol: ",") { row.append(try expression()) }
      try expect(symbol: ")")
      if row.count > 1 || at(symbol: ",") || current.kind == .end || at(symbol: ")")
        || at(symbol: ";")
      {
        return row
      }
      switch current.keyword {
      case "ORDER", "LIMIT", "OFFSET", "UNION", "FETCH": return row
      default: index = mark
      }
    }
    return [try expression()]
  }

  private mutating func select() throws -> SelectSyntax {
    let start = current.start
    try expect("SELECT")
    let isDistinct = accept("DISTINCT")
    if !isDistinct { _ = accept("ALL") }
    var result = SelectSyntax(
      isDistinct: isDistinct,
      items: [],
      from: nil,
      predicate: nil,
      groupBy: [],
      hasGroupBy: false,
      having: nil,
      start: start
    )
    repeat { result.items.append(try selectItem()) } while accept(symbol: ",")
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
    if at("GROUP") {
      advance()
      try expect("BY")
      result.hasGroupBy = true
      if at("ROLLUP") || at("CUBE") || at("GROUPING") {
        throw unsupported("GROUP BY \(current.keyword)")
      }
      _ = accept("ALL")
      if at("DISTINCT") { throw unsupported("GROUP BY DISTINCT") }
      repeat {
        if at(symbol: "("), peek().isSymbol(")") {
          advance()
          advance()
        } else {
          result.groupBy.append(try expression())
        }
      } while accept(symbol: ",")
    }
    if accept("HAVING") { result.having = try expression() }
    if at("WINDOW") { throw unsupported("WINDOW") }
    return result
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
    if accept("AS") { return .expression(expression, alias: try identifier()) }
    return .expression(expression, alias: isAtIdentifier ? try identifier() : nil)
  }

  private func checkRelations(_ count: Int) throws {
    guard count <= Self.nestingMax else {
      throw source.error(
        .syntaxError,
        "more than \(Self.nestingMax) joined relations",
        at: current.start
      )
    }
  }

  private mutating func relation() throws -> RelationSyntax {
    var left = try aliasedRelation()
    var count = 1
    while true {
      let start = current.start
      if at("NATURAL") { throw unsupported("NATURAL JOIN", "Name the columns with USING.") }
      var kind: JoinKind?
      if accept("CROSS") {
        try expect("JOIN")
        count += 1
        try checkRelations(count)
        left = .join(.cross, left, try aliasedRelation(), .none, start: start)
        continue
      } else if accept("JOIN") {
        kind = .inner
      } else if accept("INNER") {
        try expect("JOIN")
        kind = .inner
      } else if at("LEFT") || at("RIGHT") || at("FULL") {
        kind = at("LEFT") ? .left : at("RIGHT") ? .right : .full
        advance()
        _ = accept("OUTER")
        try expect("JOIN")
      }
      guard let kind else { return left }
      count += 1
      try checkRelations(count)
      let right = try nested { try $0.relationBeforeCondition() }
      if accept("ON") {
        left = .join(kind, left, right, .on(try expression()), start: start)
      } else if accept("USING") {
        left = .join(kind, left, right, .using(try identifierList()), start: start)
      } else {
        throw unexpected("'ON', 'USING'")
      }
    }
  }

  private mutating func relationBeforeCondition() throws -> RelationSyntax {
    try aliasedRelation()
  }

  private mutating func aliasedRelation() throws -> RelationSyntax {
    let relation = try primaryRelation()
    if at("TABLESAMPLE") { throw unsupported("TABLESAMPLE") }
    var alias: Identifier?
    if accept("AS") {
      alias = try identifier()
    } else if isAtIdentifier, !["LIMIT", "OFFSET", "FETCH", "WINDOW"].contains(current.keyword) {
      alias = try identifier()
    }
    guard let alias else { return relation }
    let columns = at(symbol: "(") ? try identifierList() : nil
    return .aliased(relation, alias, columns: columns)
  }

  private mutating func primaryRelation() throws -> RelationSyntax {
    if at("UNNEST") { throw unsupported("UNNEST") }
    if at("LATERAL") { throw unsupported("LATERAL") }
    if at(symbol: "(") {
      var mark = 1
      while peek(mark).isSymbol("(") { mark += 1 }
      let inner = peek(mark).keyword
      if inner == "SELECT" || inner == "WITH" || inner == "VALUES" || inner == "TABLE" {
        advance()
        let query = try query()
        try expect(symbol: ")")
        return .query(query)
      }
      advance()
      let inside = try nested { try $0.relation() }
      try expect(symbol: ")")
      return inside
    }
    let name = try qualifiedName()
    if at(symbol: "(") { throw unsupported("a table function") }
    return .table(name)
  }
}
