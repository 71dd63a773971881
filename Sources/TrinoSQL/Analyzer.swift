// Gives every name and operator of a statement its meaning, and builds the logical plan.
//
// 1. Relations become plans with a `Scope`: which column each name means (`Analyzer+Relations`).
// 2. Expressions are typed and get their conversions (`Analyzer+Expressions`).
// 3. SELECT's clauses become filter, aggregate, projection, sort and limit (`Analyzer+Queries`).

import Columnar
import Connector
import Kernels
import QueryPlanning

/// A column that names can mean.
struct ScopeField: Sendable {
  /// The relation's name parts in lower case: `[alias]` or `[catalog, schema, table]`.
  var relation: [String]
  /// nil: cannot be named.
  var name: String?
  var type: TrinoType
}

struct Scope: Sendable {
  var fields: [ScopeField] = []

  func matches(_ parts: [Identifier]) -> [Int] {
    guard let last = parts.last else { return [] }
    let prefix = parts.dropLast().map(\.key)
    return fields.indices.filter { index in
      guard let name = fields[index].name, name.lowercased() == last.key else { return false }
      guard !prefix.isEmpty else { return true }
      let relation = fields[index].relation
      return relation.count >= prefix.count && Array(relation.suffix(prefix.count)) == prefix
    }
  }
}

struct RelationPlan {
  var plan: LogicalPlan
  var scope: Scope
}

struct Analyzer {
  /// Relations a statement may reach, named queries counted each time they are used.
  static let relationsMax = 2_000

  let source: SourceText
  let session: Session
  let now: Int64
  let catalogs: [String: any CatalogProvider]
  var namedQueries: [[String: (NamedQuerySyntax, level: Int)]] = []
  /// Scopes of the queries around, to tell correlation from a wrong name.
  var outerScopes: [Scope] = []
  var relationCount = 0

  init(source: SourceText, session: Session, catalogs: [String: any CatalogProvider]) {
    self.source = source
    self.session = session
    self.catalogs = catalogs
    now = session.now()
  }

  func error(
    _ name: TrinoErrorName,
    _ text: String,
    _ offset: Int,
    suggestions: [String] = [],
    advice: String? = nil
  ) -> TrinoSQLError {
    source.error(name, text, at: offset, suggestions: suggestions, advice: advice)
  }

  // MARK: Names

  /// A table's full name, by the session's defaults.
  func qualify(_ parts: [Identifier]) throws -> QualifiedName {
    let offset = parts.first?.offset ?? 0
    guard parts.count <= 3, let table = parts.last else {
      throw error(.syntaxError, "Too many parts in table name", offset)
    }
    let schema = parts.count >= 2 ? parts[parts.count - 2].key : session.schema
    let catalog = parts.count == 3 ? parts[0].key : session.catalog
    guard let schema else {
      throw error(
        .missingSchemaName,
        "Schema must be specified when session schema is not set",
        offset,
        advice: "Write catalog.schema.table."
      )
    }
    guard let catalog else {
      throw error(
        .missingCatalogName,
        "Catalog must be specified when session catalog is not set",
        offset,
        advice: "Write catalog.schema.table."
      )
    }
    return QualifiedName(catalog, schema, table.key)
  }

  func catalog(_ name: String, _ offset: Int) throws -> any CatalogProvider {
    guard let provider = catalogs[name] else {
      throw error(
        .catalogNotFound,
        "Catalog '\(name)' not found",
        offset,
        suggestions: nearestNames(to: name, among: Array(catalogs.keys)),
        advice: "SHOW CATALOGS lists the catalogs."
      )
    }
    return provider
  }

  /// The table under a name, with an error that says which part of it is wrong.
  func table(_ parts: [Identifier]) throws -> (QualifiedName, any TableSource) {
    let offset = parts.first?.offset ?? 0
    let name = try qualify(parts)
    let provider = try catalog(name.catalog, offset)
    if let table = try provider.table(schema: name.schema, name: name.table) {
      return (name, table)
    }
    let schemas = try provider.schemaNames()
    guard schemas.contains(name.schema) else {
      throw error(
        .schemaNotFound,
        "Schema '\(name.schema)' does not exist",
        offset,
        suggestions: nearestNames(to: name.schema, among: schemas)
      )
    }
    let tables = try provider.tableNames(schema: name.schema)
    throw error(
      .tableNotFound,
      "Table '\(name)' does not exist",
      offset,
      suggestions: nearestNames(to: name.table, among: tables),
      advice: tables.isEmpty ? nil : nil
    )
  }

  func resolve(_ parts: [Identifier], _ scope: Scope) throws -> Typed {
    let found = scope.matches(parts)
    let shown = parts.map(\.text).joined(separator: ".")
    let offset = parts.first?.offset ?? 0
    if found.count == 1 {
      let type = scope.fields[found[0]].type
      return Typed(.column(found[0], type.storage), type)
    }
    if found.count > 1 {
      throw error(
        .ambiguousName,
        "Column '\(shown)' is ambiguous",
        offset,
        advice: "Put the relation's name before it."
      )
    }
    if outerScopes.contains(where: { !$0.matches(parts).isEmpty }) {
      throw error(
        .notSupported,
        "Correlated subqueries are not supported: '\(shown)' belongs to an outer query",
        offset,
        advice: "Write it as a JOIN."
      )
    }
    let names = scope.fields.compactMap(\.name)
    throw error(
      .columnNotFound,
      "Column '\(shown)' cannot be resolved",
      offset,
      suggestions: nearestNames(to: parts.last?.text ?? "", among: names)
    )
  }
}
