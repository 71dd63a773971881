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
    case .transaction(let word):
      let begins = word == "START"
      guard analyzer.session.isInTransaction != begins else {
        throw begins
          ? analyzer.error(
            .nestedTransaction, "Nested transactions not supported", 0,
            advice: "End the one that is open with COMMIT or ROLLBACK.")
          : analyzer.error(.notInTransaction, "No transaction in progress", 0)
      }
      result.sessionChanges = [.setInTransaction(begins)]
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
    let known = sessionProperties
    guard let property = known.first(where: { $0.name == name }) else {
      throw analyzer.error(
        .invalidSessionProperty,
        "Session property '\(name)' does not exist",
        parts.first?.offset ?? 0,
        suggestions: nearestNames(to: name, among: known.map(\.name))
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
        source: source, session: analyzer.session, catalogs: analyzer.catalogs, parameters: parameters)
    )
  }

  /// DESCRIBE INPUT and OUTPUT: what a prepared statement takes, and what it gives.
  func describe(_ name: Identifier, isInput: Bool, _ analyzer: Analyzer) throws -> QueryResult {
    let source = SourceText(try preparedText(name, analyzer))
    let (inner, count) = try Parser.parse(source)
    var described = Analyzer(
      source: source, session: analyzer.session, catalogs: analyzer.catalogs, parameters: nil)
    let seen = ParameterTypes()
    described.parameterTypes = seen
    let fields = try output(of: inner, &described)
    if isInput {
      return QueryResult(
        [("Position", .bigint), ("Type", .varchar(nil))],
        rows: (0..<count).map { index in
          [.integer(Int64(index)), .text((seen.types[index] ?? .unknown).description)]
        })
    }
    let texts = ["Column Name", "Catalog", "Schema", "Table", "Type"]
    return QueryResult(
      texts.map { ($0, .varchar(nil)) } + [("Type Size", .bigint), ("Aliased", .boolean)],
      rows: fields.enumerated().map { index, field in
        [
          .text(field.name ?? "_col\(index)"), .text(field.origin?.catalog ?? ""),
          .text(field.origin?.schema ?? ""), .text(field.origin?.table ?? ""),
          .text(field.type.description), .integer(Int64(field.type.fixedSize)),
          .boolean(field.isAliased),
        ]
      })
  }

  /// The columns a statement gives; none for one that only changes what there is.
  private func output(
    of syntax: StatementSyntax, _ analyzer: inout Analyzer
  ) throws -> [ScopeField] {
    func fields(_ schema: Schema) -> [ScopeField] {
      schema.fields.map { ScopeField(relation: [], name: $0.name, type: TrinoType($0.type)) }
    }
    switch syntax {
    case .query(let query): return try analyzer.query(query).scope.fields
    case .explain(let inner, _, _, _), .explainAnalyze(let inner, _):
      _ = try output(of: inner, &analyzer)
      return fields(Schema([Field("Query Plan", .varchar)]))
    case .insert, .delete, .update, .merge, .truncate, .createTableAs:
      _ = try changePlan(syntax, &analyzer)
      return [ScopeField(relation: [], name: "rows", type: .bigint)]
    case .showCatalogs, .showSchemas, .showTables, .showColumns, .showCreate, .showFunctions,
      .showSession, .showStats, .showStatsFor:
      return fields(try show(syntax, analyzer).schema)
    default: return []
    }
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
