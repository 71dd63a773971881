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
  /// `?`s read so far.
  var parameterCount = 0
  /// Readings that may still be tried anew, so that a statement costs a bounded time.
  var retriesLeft = 64

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
    "NULLS", "OFFSET", "ONLY", "ROW", "ROWS", "SCHEMAS", "SECOND", "SHOW", "TABLES", "TIME",
    "TIMESTAMP", "TRY_CAST", "YEAR", "ZONE", "ADD", "ANALYZE", "ARRAY", "BERNOULLI", "COLUMN",
    "COMMENT", "CURRENT", "DISTRIBUTED", "FOLLOWING", "FORMAT", "FUNCTIONS", "GROUPS", "IGNORE",
    "INPUT", "JSON", "LATERAL", "LOGICAL", "MATCHED", "MERGE", "ORDINALITY", "OUTPUT", "OVER",
    "PARTITION", "PRECEDING", "PROPERTIES", "RANGE", "RENAME", "REPLACE", "RESET", "RESPECT",
    "SCHEMA", "SESSION", "SET", "SETS", "SOME", "STATS", "TABLESAMPLE", "TEXT", "TIES", "TO",
    "TRUNCATE", "TYPE", "UNBOUNDED", "UPDATE", "USE", "VALIDATE", "VIEW", "WINDOW", "WITHIN",
    "MAP", "TRY", "EXECUTE", "IMMEDIATE",
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

  func make(
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

  /// `keywords`, one after the other, or nothing.
  mutating func accept(_ keywords: String...) -> Bool {
    for (distance, keyword) in keywords.enumerated() where peek(distance).keyword != keyword {
      return false
    }
    for _ in keywords { advance() }
    return true
  }

  mutating func expect(_ keywords: String...) throws {
    for keyword in keywords { try expect(keyword) }
  }

  /// A text literal.
  mutating func string() throws -> String {
    guard case .string(let text) = current.kind else { throw unexpected("<string>") }
    advance()
    return text
  }

  mutating func list<Item>(
    _ item: (inout Parser) throws -> Item
  ) throws -> [Item] {
    var items = [try item(&self)]
    while accept(symbol: ",") { items.append(try item(&self)) }
    return items
  }

  /// Something between parentheses.
  mutating func parenthesized<Result>(
    _ body: (inout Parser) throws -> Result
  ) throws -> Result {
    try expect(symbol: "(")
    let result = try body(&self)
    try expect(symbol: ")")
    return result
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
}
