// FROM: tables, named queries, subqueries and joins.

import Columnar
import Connector
import Kernels
import QueryPlanning

extension Analyzer {
  mutating func relation(_ syntax: RelationSyntax) throws -> RelationPlan {
    relationCount += 1
    guard relationCount <= Self.relationsMax else {
      throw TrinoSQLError(
        .notSupported,
        "Statements that reach more than \(Self.relationsMax) relations",
        advice: "A WITH query is planned anew at every use."
      )
    }
    switch syntax {
    case .table(let parts): return try namedRelation(parts)
    case .versioned(let parts, let isTimestamp, let value):
      let moment = try self.moment(value, isTimestamp: isTimestamp)
      let (name, table) = try self.table(parts, at: moment)
      return scan(name, table)
    case .query(let query):
      var plan = try self.query(query)
      for index in plan.scope.fields.indices { plan.scope.fields[index].relation = [] }
      return plan
    case .lateral(let query, _):
      // First in FROM there is nothing before it to read.
      return try relation(.query(query))
    case .unnest(let items, let hasOrdinality, let start):
      let one = RelationPlan(plan: .values(Schema([]), rows: [[]]), scope: Scope())
      return try unnest(one, items, hasOrdinality, keepsEmpty: false, start)
    case .sample(let inner, let percentage, let isSystem):
      var plan = try relation(inner)
      plan.plan = try sample(plan.plan, percentage, isSystem)
      return plan
    case .aliased(let inner, let alias, let columns):
      var plan = try relation(inner)
      try rename(&plan, alias, columns)
      return plan
    case .join(let kind, let left, let right, let condition, let start):
      return try join(kind, left, right, condition, start)
    }
  }

  private mutating func sample(
    _ plan: LogicalPlan,
    _ syntax: ExpressionSyntax,
    _ isSystem: Bool
  ) throws -> LogicalPlan {
    let value = try expression(syntax, Scope())
    guard value.type.isNumeric, let number = try cast(value, .double, false, syntax.start).constant,
      case .double(let percentage) = number
    else {
      throw error(
        .typeMismatch, "Sample percentage must be a constant number", syntax.start)
    }
    guard percentage >= 0, percentage <= 100 else {
      throw error(
        .samplePercentageOutOfRange,
        "Sample percentage must be between 0 and 100",
        syntax.start
      )
    }
    _ = isSystem
    return .sample(percentage: percentage, plan)
  }

  func rename(
    _ plan: inout RelationPlan,
    _ alias: Identifier,
    _ columns: [Identifier]?
  ) throws {
    let shown = plan.scope.shown
    if let columns, columns.count != shown.count {
      throw error(
        .mismatchedColumnAliases,
        "Column alias list has \(columns.count) entries but '\(alias.text)' has \(shown.count) columns available",
        alias.offset
      )
    }
    for index in plan.scope.fields.indices {
      plan.scope.fields[index].relation = [alias.key]
    }
    guard let columns else { return }
    for (index, column) in zip(shown, columns) { plan.scope.fields[index].name = column.text }
  }

  private mutating func namedRelation(_ parts: [Identifier]) throws -> RelationPlan {
    if parts.count == 1, let name = parts.first {
      for level in namedQueries.indices.reversed() {
        guard let (named, depth) = namedQueries[level][name.key] else { continue }
        // A named query sees the names before it only, and no outer columns.
        let savedNames = namedQueries
        let savedOuter = outerQueries
        let savedWindows = windowNames
        namedQueries = Array(namedQueries.prefix(level + 1))
        namedQueries[level] = namedQueries[level].filter { $0.value.level < depth }
        outerQueries = []
        windowNames = []
        defer {
          namedQueries = savedNames
          outerQueries = savedOuter
          windowNames = savedWindows
        }
        var plan = try query(named.query)
        try rename(&plan, named.name, named.columns)
        return plan
      }
    }
    if let view = try view(parts) { return view }
    let (name, table) = try table(parts)
    return scan(name, table)
  }

  private func scan(_ name: QualifiedName, _ table: any TableSource) -> RelationPlan {
    var scan = TableScan(name: name, source: table)
    // Those that the query does not name are pruned again.
    scan.columns += table.hiddenFields.indices.map { table.schema.count + 1 + $0 }
    let fields = scan.columns.enumerated().map { index, position in
      let field = table.field(at: position)
      return ScopeField(
        relation: [name.catalog, name.schema, name.table],
        name: field.name,
        type: TrinoType(field.type),
        isHidden: index >= table.schema.count,
        origin: name
      )
    }
    return RelationPlan(plan: .scan(scan), scope: Scope(fields: fields))
  }

  // MARK: Views

  /// The query under a view's name; nil where the name is none of a view.
  private mutating func view(_ parts: [Identifier]) throws -> RelationPlan? {
    let offset = parts.first?.offset ?? 0
    let name = try qualify(parts)
    guard let provider = catalogs[name.catalog],
      let view = try provider.view(schema: name.schema, name: name.table)
    else { return nil }
    guard !views.contains(name) else {
      throw error(.viewIsRecursive, "Statement would create a recursive view: \(name)", offset)
    }
    var session = session
    session.catalog = view.sessionCatalog
    session.schema = view.sessionSchema
    let text = SourceText(view.sql)
    var inside = Analyzer(source: text, session: session, catalogs: catalogs)
    inside.views = views + [name]
    inside.pinned = pinned
    inside.relationCount = relationCount
    var plan: RelationPlan
    do {
      guard case .query(let query) = try Parser.statement(text) else {
        throw error(.invalidView, "View '\(name)' is no query", offset)
      }
      plan = try inside.query(query)
    } catch let failure as TrinoSQLError {
      throw error(
        .invalidView, "Failed analyzing stored view '\(name)': \(failure.message)", offset)
    }
    relationCount = inside.relationCount
    guard plan.scope.fields.count == view.schema.count,
      zip(plan.scope.fields, view.schema.fields).allSatisfy({
        TrinoType.coercionCost($0.type, TrinoType($1.type)) != nil
      })
    else {
      throw error(
        .viewIsStale,
        "View '\(name)' is stale or in invalid state: its query no longer gives the columns it had",
        offset,
        advice: "CREATE OR REPLACE VIEW makes it anew."
      )
    }
    for (index, field) in view.schema.fields.enumerated() {
      plan.scope.fields[index].name = field.name
      plan.scope.fields[index].relation = [name.catalog, name.schema, name.table]
      plan.scope.fields[index].origin = name
    }
    return plan
  }
}
