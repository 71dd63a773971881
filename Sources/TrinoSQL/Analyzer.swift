// Gives every name and operator of a statement its meaning, and builds the logical plan.
//
// 1. Relations become plans with a `Scope`: which column each name means (`Analyzer+Relations`).
// 2. Expressions are typed and get their conversions (`Analyzer+Expressions` and the files of
//    their kinds: literals, operators, predicates, calls, subqueries).
// 3. SELECT's clauses become filter, aggregate, window, projection, sort and limit
//    (`Analyzer+Select`, `Analyzer+Grouping`, `Analyzer+Windows`).
// 4. A name of an outer query becomes a parameter of the subquery it stands in, and of those
//    around that; `DecorrelateSubqueries` makes joins of them.

import Columnar
import Connector
import Kernels
import QueryPlanning

/// A column that names can mean.
struct ScopeField {
  /// The relation's name parts in lower case: `[alias]` or `[catalog, schema, table]`.
  var relation: [String]
  /// nil: cannot be named.
  var name: String?
  var type: TrinoType
  /// True for a column such as `$path`: it has to be named, `*` leaves it out.
  var isHidden = false
  /// The table or view whose column it is; nil for what is computed.
  var origin: QualifiedName?
  /// Named by `AS`.
  var isAliased = false
}

/// What names mean at a place of the statement.
struct Scope {
  var fields: [ScopeField] = []
  /// Set inside a lambda's body: its parameters hide the names around it.
  var lambda: LambdaScope?

  /// The fields that `*` stands for.
  var shown: [Int] { fields.indices.filter { !fields[$0].isHidden } }

  func matches(_ parts: [Identifier]) -> [Int] {
    guard let last = parts.last else { return [] }
    let prefix = parts.dropLast().map(\.key)
    return fields.indices.filter { index in
      guard let name = fields[index].name, name.lowercased() == last.key else { return false }
      return prefix.isEmpty || fields[index].isOf(prefix)
    }
  }
}

extension ScopeField {
  /// The relation's name ends in `prefix`.
  func isOf(_ prefix: [String]) -> Bool {
    relation.count >= prefix.count && Array(relation.suffix(prefix.count)) == prefix
  }
}

/// A lambda's parameters, and what its body reads of the rows around the call.
final class LambdaScope {
  let parameters: [(name: String, type: TrinoType)]
  let around: Scope
  var captures: [Expression] = []

  init(parameters: [(name: String, type: TrinoType)], around: Scope) {
    self.parameters = parameters
    self.around = around
  }
}

/// A query around the one at hand: what its names mean where the subquery stands, and what the
/// subquery has read of it so far.
struct OuterQuery {
  var scope: Scope
  var arguments: [Expression] = []
}

struct RelationPlan {
  var plan: LogicalPlan
  var scope: Scope
}

/// The types that a described statement's `?` are converted to where they stand; one object for all
/// copies of its analyzer.
final class ParameterTypes {
  private(set) var types: [Int: TrinoType] = [:]

  func note(_ index: Int, _ type: TrinoType) {
    if type != .unknown { types[index] = type }
  }
}

/// The tables that a statement has asked for, each at the version it had then; one object for all
/// copies of its analyzer, so that a statement that names a table twice sees one version of it.
final class PinnedTables {
  private var sources: [QualifiedName: any TableSource] = [:]

  func source(
    _ name: QualifiedName, _ open: () throws -> (any TableSource)?
  ) rethrows -> (any TableSource)? {
    if let known = sources[name] { return known }
    let found = try open()
    sources[name] = found
    return found
  }
}

struct Analyzer {
  /// Relations a statement may reach, named queries counted each time they are used.
  static let relationsMax = 2_000

  let source: SourceText
  let session: Session
  let now: Int64
  let catalogs: [String: any CatalogProvider]
  /// What `?` stands for; nil where a statement is only described.
  var parameters: [Typed]?
  /// Where a statement is only described: what its `?` turn out to be.
  var parameterTypes: ParameterTypes?
  var namedQueries: [[String: (NamedQuerySyntax, level: Int)]] = []
  /// The queries around, outermost first.
  var outerQueries: [OuterQuery] = []
  /// WINDOW clauses of the queries around, innermost last.
  var windowNames: [[String: WindowSyntax]] = []
  /// Views being expanded, so that none contains itself.
  var views: [QualifiedName] = []
  var relationCount = 0
  var pinned = PinnedTables()

  init(
    source: SourceText,
    session: Session,
    catalogs: [String: any CatalogProvider],
    parameters: [Typed]? = []
  ) {
    self.source = source
    self.session = session
    self.catalogs = catalogs
    self.parameters = parameters
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
  func table(
    _ parts: [Identifier], at moment: TableMoment? = nil
  ) throws -> (QualifiedName, any TableSource) {
    let offset = parts.first?.offset ?? 0
    if moment == nil, let found = try pathTable(parts) { return found }
    let name = try qualify(parts)
    let provider = try catalog(name.catalog, offset)
    let found =
      if let moment {
        try provider.table(schema: name.schema, name: name.table, at: moment)
      } else {
        try pinned.source(name) {
          try provider.tableInSQL(schema: name.schema, name: name.table)
        }
      }
    if let found { return (name, found) }
    let schemas = try provider.schemaNamesInSQL()
    guard schemas.contains(name.schema) else {
      throw error(
        .schemaNotFound,
        "Schema '\(name.schema)' does not exist",
        offset,
        suggestions: nearestNames(to: name.schema, among: schemas)
      )
    }
    let tables = try provider.tableNamesInSQL(schema: name.schema)
    throw error(
      .tableNotFound,
      "Table '\(name)' does not exist",
      offset,
      suggestions: nearestNames(to: name.table, among: tables)
    )
  }

  /// `catalog."/path/*.parquet"`, where the catalog has tables by their path.
  private func pathTable(_ parts: [Identifier]) throws -> (QualifiedName, any TableSource)? {
    guard parts.count == 2, parts[1].text.contains("/"), let provider = catalogs[parts[0].key],
      let table = try provider.table(path: parts[1].text)
    else { return nil }
    return (QualifiedName(parts[0].key, "path", parts[1].text), table)
  }
}
