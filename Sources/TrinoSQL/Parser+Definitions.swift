// CREATE, ALTER, DROP and COMMENT.

extension Parser {
  private mutating func acceptIfExists() throws -> Bool { accept("IF", "EXISTS") }
  private mutating func acceptIfNotExists() throws -> Bool { accept("IF", "NOT", "EXISTS") }

  mutating func create() throws -> StatementSyntax {
    advance()
    let replaces = accept("OR", "REPLACE")
    if !replaces, accept("SCHEMA") {
      let ifNotExists = try acceptIfNotExists()
      let name = try qualifiedName()
      if at("AUTHORIZATION") { throw unsupported("AUTHORIZATION") }
      return .createSchema(name, ifNotExists: ifNotExists, properties: try properties())
    }
    if accept("TABLE") { return try createTable(replaces) }
    if accept("VIEW") { return try createView(replaces) }
    if ["MATERIALIZED", "FUNCTION", "ROLE", "CATALOG", "BRANCH"].contains(current.keyword) {
      throw unsupported("CREATE \(current.keyword)")
    }
    throw unexpected(replaces ? "'TABLE', 'VIEW'" : "'OR', 'SCHEMA', 'TABLE', 'VIEW'")
  }

  private mutating func createTable(_ replaces: Bool) throws -> StatementSyntax {
    let ifNotExists = try acceptIfNotExists()
    let name = try qualifiedName()
    var columns: [Identifier]?
    if at(symbol: "("), !isQueryAhead(1) {
      if peek().keyword != "LIKE", peek(2).isSymbol(",") || peek(2).isSymbol(")") {
        columns = try identifierList()
      } else {
        let elements = try parenthesized { try $0.list { try $0.tableElement() } }
        let comment = accept("COMMENT") ? try string() : nil
        return .createTable(
          name, elements, ifNotExists: ifNotExists, replaces: replaces, comment: comment,
          properties: try properties())
      }
    }
    let comment = accept("COMMENT") ? try string() : nil
    let properties = try properties()
    try expect("AS")
    let query = try query()
    var withData = true
    if accept("WITH") {
      withData = !accept("NO")
      try expect("DATA")
    }
    return .createTableAs(
      name, columns: columns, query, ifNotExists: ifNotExists, replaces: replaces,
      comment: comment, properties: properties, withData: withData)
  }

  private mutating func tableElement() throws -> TableElementSyntax {
    if accept("LIKE") {
      let name = try qualifiedName()
      var includes = false
      if accept("INCLUDING") {
        includes = true
        try expect("PROPERTIES")
      } else if accept("EXCLUDING") {
        try expect("PROPERTIES")
      }
      return .like(name, includesProperties: includes)
    }
    return .column(try column())
  }

  private mutating func column() throws -> ColumnSyntax {
    let name = try identifier()
    let type = try typeSyntax()
    if at("DEFAULT") { throw unsupported("a DEFAULT value") }
    let isNullable = !accept("NOT", "NULL")
    let comment = accept("COMMENT") ? try string() : nil
    if at("WITH") { throw unsupported("properties of a column") }
    return ColumnSyntax(name: name, type: type, isNullable: isNullable, comment: comment)
  }

  /// `WITH (name = value, …)`, where it stands.
  private mutating func properties() throws -> [PropertySyntax] {
    guard at("WITH"), peek().isSymbol("(") else { return [] }
    advance()
    return try propertyList()
  }

  private mutating func propertyList() throws -> [PropertySyntax] {
    try parenthesized { try $0.list { try $0.property() } }
  }

  private mutating func property() throws -> PropertySyntax {
    let name = try identifier()
    try expect(symbol: "=")
    return PropertySyntax(name: name, value: accept("DEFAULT") ? nil : try expression())
  }

  private mutating func createView(_ replaces: Bool) throws -> StatementSyntax {
    let name = try qualifiedName()
    let comment = accept("COMMENT") ? try string() : nil
    var isInvoker = false
    if accept("SECURITY") {
      isInvoker = accept("INVOKER")
      if !isInvoker { try expect("DEFINER") }
    }
    try expect("AS")
    return .createView(
      name, try query(), replaces: replaces, comment: comment, isInvoker: isInvoker)
  }

  mutating func drop() throws -> StatementSyntax {
    advance()
    if accept("SCHEMA") {
      let ifExists = try acceptIfExists()
      let name = try qualifiedName()
      let isCascade = accept("CASCADE")
      if !isCascade { _ = accept("RESTRICT") }
      return .dropSchema(name, ifExists: ifExists, isCascade: isCascade)
    }
    if accept("TABLE") {
      let ifExists = try acceptIfExists()
      return .dropTable(try qualifiedName(), ifExists: ifExists)
    }
    if accept("VIEW") {
      let ifExists = try acceptIfExists()
      return .dropView(try qualifiedName(), ifExists: ifExists)
    }
    throw unexpected("'SCHEMA', 'TABLE', 'VIEW'")
  }

  mutating func alter() throws -> StatementSyntax {
    advance()
    if accept("SCHEMA") {
      let name = try qualifiedName()
      try expect("RENAME", "TO")
      return .renameSchema(name, to: try identifier())
    }
    if accept("VIEW") {
      let name = try qualifiedName()
      try expect("RENAME", "TO")
      return .renameView(name, to: try qualifiedName())
    }
    try expect("TABLE")
    let ifExists = try acceptIfExists()
    let name = try qualifiedName()
    return .alterTable(name, try tableChange(), ifExists: ifExists)
  }

  private mutating func tableChange() throws -> AlterTableSyntax {
    if accept("RENAME") {
      if accept("TO") { return .rename(try qualifiedName()) }
      try expect("COLUMN")
      let ifExists = try acceptIfExists()
      let column = try identifier()
      try expect("TO")
      return .renameColumn(column, to: try identifier(), ifExists: ifExists)
    }
    if accept("ADD") {
      try expect("COLUMN")
      let ifNotExists = try acceptIfNotExists()
      return .addColumn(try column(), ifNotExists: ifNotExists)
    }
    if accept("DROP") {
      try expect("COLUMN")
      let ifExists = try acceptIfExists()
      return .dropColumn(try identifier(), ifExists: ifExists)
    }
    if accept("ALTER") {
      try expect("COLUMN")
      let column = try identifier()
      try expect("SET", "DATA", "TYPE")
      return .setType(column, try typeSyntax())
    }
    if accept("SET") {
      if at("AUTHORIZATION") { throw unsupported("SET AUTHORIZATION") }
      try expect("PROPERTIES")
      return .setProperties(try list { try $0.property() })
    }
    if accept("EXECUTE") {
      let name = try identifier()
      let arguments = at(symbol: "(") ? try callArguments() : []
      if at("WHERE") {
        throw unsupported("WHERE of ALTER TABLE EXECUTE", "Run it over the whole table.")
      }
      return .execute(name, arguments)
    }
    throw unexpected("'ADD', 'ALTER', 'DROP', 'EXECUTE', 'RENAME', 'SET'")
  }

  mutating func comment() throws -> StatementSyntax {
    advance()
    try expect("ON")
    var kind = ObjectKind.table
    var column: Identifier?
    var name: [Identifier]
    if accept("VIEW") {
      kind = .view
      name = try qualifiedName()
    } else if accept("COLUMN") {
      name = try qualifiedName()
      guard name.count > 1, let last = name.popLast() else { throw unexpected("'.'") }
      column = last
    } else {
      try expect("TABLE")
      name = try qualifiedName()
    }
    try expect("IS")
    let text = accept("NULL") ? nil : try string()
    return .commentOn(kind, name, column: column, text)
  }
}
