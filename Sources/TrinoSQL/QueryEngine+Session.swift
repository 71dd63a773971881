// Statements about the session: USE, SET SESSION, PREPARE, EXECUTE, DESCRIBE INPUT and OUTPUT.

import Columnar
import Connector
import Kernels
import QueryPlanning

extension QueryEngine {
  func changeSession(_ syntax: StatementSyntax, _ analyzer: Analyzer) throws -> QueryResult {
    var analyzer = analyzer
    var result = QueryResult(texts: ["result"], rows: [["true"]])
    switch syntax {
    case .use(let catalog, let schema):
      result.sessionChanges = [try use(catalog, schema, analyzer)]
    case .setSession(let parts, let value):
      let property = try property(parts, analyzer)
      let text = try constantText(value, &analyzer)
      guard let checked = property.checked(text) else {
        throw analyzer.error(
          .invalidSessionProperty,
          "Unable to set session property '\(property.name)' to '\(text)'",
          value.start,
          advice: property.advice
        )
      }
      result.sessionChanges = [.setProperty(name: property.name, value: checked)]
    case .resetSession(let parts):
      result.sessionChanges = [.resetProperty(name: try property(parts, analyzer).name)]
    case .setTimeZone(let value):
      var zone = SessionZone.utc
      if let value { zone = try analyzer.zone(try constantText(value, &analyzer), value.start) }
      result.sessionChanges = [.setTimeZone(zone)]
    case .prepare(let name, let inner, let text):
      if case .prepare = inner {
        throw analyzer.error(
          .notSupported, "Invalid statement type for prepared statement: Prepare", name.offset)
      }
      result.sessionChanges = [.addPrepared(name: name.key, sql: text)]
    case .deallocate(let name):
      _ = try preparedText(name, analyzer)
      result.sessionChanges = [.removePrepared(name: name.key)]
    default: break
    }
    return result
  }

  private func use(
    _ catalog: Identifier?,
    _ schema: Identifier,
    _ analyzer: Analyzer
  ) throws -> SessionChange {
    guard let name = catalog?.key ?? analyzer.session.catalog else {
      throw analyzer.error(
        .missingCatalogName,
        "Catalog must be specified when session catalog is not set",
        schema.offset,
        advice: "Write USE catalog.schema."
      )
    }
    let provider = try analyzer.catalog(name, catalog?.offset ?? schema.offset)
    let schemas = try provider.schemaNamesInSQL()
    guard schemas.contains(schema.key) else {
      throw analyzer.error(
        .schemaNotFound,
        "Schema does not exist: \(name).\(schema.key)",
        schema.offset,
        suggestions: nearestNames(to: schema.key, among: schemas)
      )
    }
    return .use(catalog: name, schema: schema.key)
  }

  private func property(_ parts: [Identifier], _ analyzer: Analyzer) throws -> SessionProperty {
    let name = parts.map(\.key).joined(separator: ".")
    guard let property = SessionProperty.all.first(where: { $0.name == name }) else {
      throw analyzer.error(
        .invalidSessionProperty,
        "Session property '\(name)' does not exist",
        parts.first?.offset ?? 0,
        suggestions: nearestNames(to: name, among: SessionProperty.all.map(\.name))
      )
    }
    return property
  }

  private func constantText(
    _ syntax: ExpressionSyntax,
    _ analyzer: inout Analyzer
  ) throws -> String {
    // A bare word stands for its text: `SET SESSION join_distribution_type = BROADCAST`.
    if case .name(let parts) = syntax.kind, parts.count == 1 { return parts[0].text }
    let value = try analyzer.expression(syntax, Scope())
    guard let constant = value.constant, !constant.isNull else {
      throw analyzer.error(
        .expressionNotConstant, "The value must be a constant and not NULL", syntax.start)
    }
    return value.type.text(constant)
  }

  // MARK: Prepared statements

  private func preparedText(_ name: Identifier, _ analyzer: Analyzer) throws -> String {
    guard let text = analyzer.session.prepared[name.key] else {
      throw analyzer.error(
        .notFound,
        "Prepared statement not found: \(name.text)",
        name.offset,
        suggestions: nearestNames(to: name.key, among: Array(analyzer.session.prepared.keys)),
        advice: analyzer.session.prepared.isEmpty ? "PREPARE name FROM statement makes one." : nil
      )
    }
    return text
  }

  /// The statement that EXECUTE means, with an analyzer that knows its parameters.
  func prepared(
    _ syntax: StatementSyntax,
    _ analyzer: Analyzer
  ) throws -> (StatementSyntax, Analyzer) {
    var analyzer = analyzer
    let text: String
    let values: [ExpressionSyntax]
    let offset: Int
    switch syntax {
    case .execute(let name, let given):
      text = try preparedText(name, analyzer)
      values = given
      offset = name.offset
    case .executeImmediate(let given, let parameters, let start):
      text = given
      values = parameters
      offset = start
    default: return (syntax, analyzer)
    }
    var parameters: [Typed] = []
    for value in values {
      let typed = try analyzer.expression(value, Scope())
      guard let constant = typed.constant else {
        throw analyzer.error(
          .expressionNotConstant, "A parameter must be a constant", value.start)
      }
      parameters.append(Typed(.constant(constant, typed.type.storage), typed.type))
    }
    let source = SourceText(text)
    let (inner, count) = try Parser.parse(source)
    if case .execute = inner {
      throw analyzer.error(.notSupported, "EXECUTE of an EXECUTE is not supported", offset)
    }
    if case .executeImmediate = inner {
      throw analyzer.error(.notSupported, "EXECUTE of an EXECUTE is not supported", offset)
    }
    guard count == parameters.count else {
      throw analyzer.error(
        .invalidParameterUsage,
        "Incorrect number of parameters: expected \(count) but found \(parameters.count)",
        offset
      )
    }
    return (
      inner,
      Analyzer(
        source: source, session: analyzer.session, catalogs: catalogs, parameters: parameters)
    )
  }

  func describe(_ name: Identifier, isInput: Bool, _ analyzer: Analyzer) throws -> QueryResult {
    let source = SourceText(try preparedText(name, analyzer))
    let (inner, count) = try Parser.parse(source)
    if isInput {
      return QueryResult(
        texts: ["Position", "Type"], rows: (0..<count).map { ["\($0)", "unknown"] })
    }
    var described = Analyzer(
      source: source, session: analyzer.session, catalogs: catalogs, parameters: nil)
    let names = ["Column Name", "Catalog", "Schema", "Table", "Type", "Type Size", "Aliased"]
    guard case .query(let query) = inner else { return QueryResult(texts: names, rows: []) }
    let scope = try described.query(query).scope
    return QueryResult(
      texts: names,
      rows: scope.fields.enumerated().map { index, field in
        [
          field.name ?? "_col\(index)", "", "", "", field.type.description,
          "\(field.type.fixedSize)", "false",
        ]
      }
    )
  }
}

extension SessionProperty {
  var advice: String {
    switch kind {
    case .boolean: "Write true or false."
    case .choice(let values): "Write one of \(values.joined(separator: ", "))."
    case .size: "Write a size such as '512MB'."
    case .whole: "Write a whole number."
    }
  }
}
