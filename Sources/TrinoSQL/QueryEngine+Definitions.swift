// CREATE, ALTER, DROP and COMMENT: statements that change what a catalog has.

import Columnar
import Connector
import Kernels
import QueryPlanning

extension QueryEngine {
  /// Runs a statement about schemas, tables or views; nil where it is none.
  func define(_ syntax: StatementSyntax, _ analyzer: Analyzer) throws -> QueryResult? {
    var analyzer = analyzer
    switch syntax {
    case .createSchema(let parts, let ifNotExists, let properties):
      let (catalog, schema) = try schemaName(parts, analyzer)
      if let property = properties.first {
        throw analyzer.error(
          .notSupported, "Schema property '\(property.name.text)' does not exist",
          property.name.offset)
      }
      if ifNotExists, try catalog.schemaNames().contains(schema) { return .done }
      try catalog.createSchema(schema)
    case .dropSchema(let parts, let ifExists, let isCascade):
      let (catalog, schema) = try schemaName(parts, analyzer)
      if ifExists, try !catalog.schemaNames().contains(schema) { return .done }
      try catalog.dropSchema(schema, isCascading: isCascade)
    case .createTable(let parts, let elements, let ifNotExists, let replaces, let comment, let with):
      let name = try analyzer.qualify(parts)
      let catalog = try writable(name, parts, analyzer)
      let isThere = try exists(name, analyzer, parts)
      if isThere, ifNotExists { return .done }
      let isReplaced =
        try isThere && replaces && catalog.table(schema: name.schema, name: name.table) != nil
      guard !isThere || isReplaced else {
        throw analyzer.error(
          .tableAlreadyExists, "Table '\(name)' already exists", parts.first?.offset ?? 0)
      }
      let definition = TableDefinition(
        schema: try schema(of: elements, analyzer),
        comment: comment,
        properties: try self.properties(with, &analyzer)
      )
      guard isReplaced else {
        try catalog.createTable(schema: name.schema, name: name.table, definition)
        return .done
      }
      // The old table is there until the new one is.
      _ = try catalog.beginCreate(
        schema: name.schema, name: name.table, definition, isReplacing: true
      ).commit()
    case .dropTable(let parts, let ifExists):
      let name = try analyzer.qualify(parts)
      let catalog = try writable(name, parts, analyzer)
      if ifExists, try !exists(name, analyzer, parts) { return .done }
      _ = try analyzer.table(parts)
      try catalog.dropTable(schema: name.schema, name: name.table)
    case .alterTable(let parts, let change, let ifExists):
      let name = try analyzer.qualify(parts)
      let catalog = try writable(name, parts, analyzer)
      if ifExists, try !exists(name, analyzer, parts) { return .done }
      try alter(name, parts, change, catalog, analyzer)
    case .commentOn(let kind, let parts, let column, let text):
      let name = try analyzer.qualify(parts)
      let catalog = try writable(name, parts, analyzer)
      guard kind == .table, column == nil else {
        throw analyzer.error(
          .notSupported, "This connector does not support setting \(column == nil ? "view" : "column") comments",
          parts.first?.offset ?? 0)
      }
      _ = try analyzer.table(parts)
      try catalog.changeTable(schema: name.schema, name: name.table, .setComment(text))
    case .createView(let parts, let query, let replaces, let comment, _):
      try createView(parts, query, replaces, comment, &analyzer)
    case .dropView(let parts, let ifExists):
      let name = try analyzer.qualify(parts)
      let catalog = try writable(name, parts, analyzer)
      guard try catalog.view(schema: name.schema, name: name.table) != nil else {
        if ifExists { return .done }
        throw analyzer.error(
          .tableNotFound, "View '\(name)' does not exist", parts.first?.offset ?? 0,
          suggestions: nearestNames(
            to: name.table, among: try catalog.viewNames(schema: name.schema)))
      }
      try catalog.dropView(schema: name.schema, name: name.table)
    case .renameSchema(let parts, _), .renameView(let parts, _), .analyze(let parts):
      throw analyzer.error(
        .notSupported, "This connector does not support this statement",
        parts.first?.offset ?? 0)
    default: return nil
    }
    return .done
  }

  // MARK: Names

  private func schemaName(
    _ parts: [Identifier],
    _ analyzer: Analyzer
  ) throws -> (any WritableCatalog, String) {
    let probe = QualifiedName(
      parts.count == 2 ? parts[0].key : analyzer.session.catalog ?? "", parts.last?.key ?? "", "")
    guard parts.count <= 2, !probe.catalog.isEmpty else {
      throw analyzer.error(
        .missingCatalogName,
        "Catalog must be specified when session catalog is not set",
        parts.first?.offset ?? 0,
        advice: "Write catalog.schema."
      )
    }
    return (try writable(probe, parts, analyzer), probe.schema)
  }

  private func writable(
    _ name: QualifiedName,
    _ parts: [Identifier],
    _ analyzer: Analyzer
  ) throws -> any WritableCatalog {
    let offset = parts.first?.offset ?? 0
    let provider = try analyzer.catalog(name.catalog, offset)
    guard let writable = provider as? any WritableCatalog else {
      throw analyzer.error(
        .notSupported,
        "Catalog '\(name.catalog)' does not support this statement: it is only read here",
        offset
      )
    }
    return writable
  }

  private func exists(
    _ name: QualifiedName,
    _ analyzer: Analyzer,
    _ parts: [Identifier]
  ) throws -> Bool {
    let provider = try analyzer.catalog(name.catalog, parts.first?.offset ?? 0)
    return try provider.table(schema: name.schema, name: name.table) != nil
      || provider.view(schema: name.schema, name: name.table) != nil
  }

  // MARK: Tables

  private func schema(
    of elements: [TableElementSyntax],
    _ analyzer: Analyzer
  ) throws -> Schema {
    var fields: [Field] = []
    func add(_ field: Field, _ offset: Int) throws {
      guard !fields.contains(where: { $0.name.lowercased() == field.name.lowercased() }) else {
        throw analyzer.error(
          .duplicateColumnName, "Column name '\(field.name)' specified more than once", offset)
      }
      fields.append(field)
    }
    for element in elements {
      switch element {
      case .column(let column):
        try add(
          Field(
            column.name.key, try analyzer.type(column.type).declared,
            isNullable: column.isNullable),
          column.name.offset
        )
      case .like(let parts, _):
        for field in try analyzer.table(parts).1.schema.fields {
          try add(field, parts.first?.offset ?? 0)
        }
      }
    }
    return Schema(fields)
  }

  /// WITH (…) as constants.
  func properties(
    _ syntax: [PropertySyntax],
    _ analyzer: inout Analyzer
  ) throws -> [String: [Scalar]] {
    var found: [String: [Scalar]] = [:]
    for property in syntax {
      guard let value = property.value else { continue }
      guard found[property.name.key] == nil else {
        throw analyzer.error(
          .duplicateProperty, "Duplicate property: \(property.name.text)", property.name.offset)
      }
      let typed = try analyzer.expression(value, Scope())
      guard let constant = typed.constant else {
        throw analyzer.error(
          .invalidTableProperty,
          "Invalid value for property '\(property.name.text)': it must be a constant", value.start)
      }
      if case .list(let items) = constant {
        found[property.name.key] = items
      } else {
        found[property.name.key] = [constant]
      }
    }
    return found
  }

  private func alter(
    _ name: QualifiedName,
    _ parts: [Identifier],
    _ change: AlterTableSyntax,
    _ catalog: any WritableCatalog,
    _ analyzer: Analyzer
  ) throws {
    let table = try analyzer.table(parts).1
    func has(_ column: Identifier) throws -> Bool {
      if table.schema.index(of: column.text) != nil { return true }
      return false
    }
    func missing(_ column: Identifier) -> TrinoSQLError {
      analyzer.error(
        .columnNotFound, "Column '\(column.text)' does not exist", column.offset,
        suggestions: nearestNames(to: column.text, among: table.schema.fields.map(\.name)))
    }
    func apply(_ change: TableChange) throws {
      try catalog.changeTable(schema: name.schema, name: name.table, change)
    }
    switch change {
    case .rename(let to):
      let target = try analyzer.qualify(to)
      guard target.catalog == name.catalog else {
        throw analyzer.error(
          .notSupported, "Table rename across catalogs is not supported", to.first?.offset ?? 0)
      }
      guard try !exists(target, analyzer, to) else {
        throw analyzer.error(
          .tableAlreadyExists, "Target table '\(target)' already exists", to.first?.offset ?? 0)
      }
      let schema = to.count == 1 ? name.schema : target.schema
      try catalog.renameTable(
        schema: name.schema, name: name.table, toSchema: schema, toName: target.table)
    case .addColumn(let column, let ifNotExists):
      if try has(column.name) {
        if ifNotExists { return }
        throw analyzer.error(
          .columnAlreadyExists, "Column '\(column.name.text)' already exists", column.name.offset)
      }
      guard column.isNullable else {
        throw analyzer.error(
          .notSupported, "A column added later cannot be NOT NULL", column.name.offset)
      }
      try apply(.addColumn(Field(column.name.key, try analyzer.type(column.type).declared)))
    case .dropColumn(let column, let ifExists):
      guard try has(column) else {
        if ifExists { return }
        throw missing(column)
      }
      try apply(.dropColumn(column.key))
    case .renameColumn(let column, let to, let ifExists):
      guard try has(column) else {
        if ifExists { return }
        throw missing(column)
      }
      guard try !has(to) else {
        throw analyzer.error(
          .columnAlreadyExists, "Column '\(to.text)' already exists", to.offset)
      }
      try apply(.renameColumn(column.key, to: to.key))
    case .setType(let column, _):
      throw analyzer.error(
        .notSupported, "This connector does not support setting column types", column.offset)
    case .execute(let procedure, let arguments):
      try execute(procedure, arguments, on: name, of: catalog, analyzer)
    case .setProperties:
      throw analyzer.error(
        .notSupported, "This connector does not support setting table properties",
        parts.first?.offset ?? 0)
    }
  }

  // MARK: Views

  private func createView(
    _ parts: [Identifier],
    _ query: QuerySyntax,
    _ replaces: Bool,
    _ comment: String?,
    _ analyzer: inout Analyzer
  ) throws {
    let name = try analyzer.qualify(parts)
    let catalog = try writable(name, parts, analyzer)
    let scope = try analyzer.statementQuery(query).scope
    let fields = try analyzer.resultFields(scope, nil, query.start)
    if try catalog.table(schema: name.schema, name: name.table) != nil {
      throw analyzer.error(
        .tableAlreadyExists, "Table already exists: '\(name)'", parts.first?.offset ?? 0)
    }
    if !replaces, try catalog.view(schema: name.schema, name: name.table) != nil {
      throw analyzer.error(
        .tableAlreadyExists, "View already exists: '\(name)'", parts.first?.offset ?? 0,
        advice: "CREATE OR REPLACE VIEW replaces it.")
    }
    let text = analyzer.source.slice(query.start, analyzer.source.bytes.count)
    try catalog.createView(
      schema: name.schema,
      name: name.table,
      ViewDefinition(
        sql: Self.withoutSemicolons(text),
        schema: Schema(fields),
        typeNames: scope.fields.map(\.type.description),
        sessionCatalog: analyzer.session.catalog,
        sessionSchema: analyzer.session.schema,
        comment: comment
      ),
      isReplacing: replaces
    )
  }

  private static func withoutSemicolons(_ text: String) -> String {
    var text = text[...]
    while let last = text.last, last == ";" || last.isWhitespace { text = text.dropLast() }
    return String(text)
  }
}

extension QueryResult {
  /// What a statement without rows gives.
  static var done: QueryResult { QueryResult(texts: ["result"], rows: [["true"]]) }
}
