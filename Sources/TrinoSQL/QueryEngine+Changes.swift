// INSERT, CREATE TABLE AS, UPDATE, DELETE, MERGE and TRUNCATE: statements that write rows.

import Columnar
import Connector
import Kernels
import QueryExecution
import QueryPlanning

extension QueryEngine {
  /// The plan of a statement that writes; nil where it is none or there is nothing to do.
  func changePlan(_ syntax: StatementSyntax, _ analyzer: inout Analyzer) throws -> LogicalPlan? {
    let plan: LogicalPlan
    switch syntax {
    case .insert(let parts, let columns, let query):
      plan = try analyzer.insert(parts, columns, query)
    case .delete(let parts, let predicate, _): plan = try analyzer.delete(parts, predicate)
    case .update(let parts, let assignments, let predicate, _):
      plan = try analyzer.update(parts, assignments, predicate)
    case .merge(let merge): plan = try analyzer.merge(merge)
    case .truncate(let parts): plan = try analyzer.delete(parts, nil)
    case .createTableAs(
      let parts, let columns, let query, let ifNotExists, let replaces, let comment, let with,
      let withData):
      let name = try analyzer.qualify(parts)
      let offset = parts.first?.offset ?? 0
      let provider = try analyzer.catalog(name.catalog, offset)
      if try provider.table(schema: name.schema, name: name.table) != nil {
        if ifNotExists { return nil }
        guard replaces else {
          throw analyzer.error(
            .tableAlreadyExists, "Destination table '\(name)' already exists", offset)
        }
      }
      let properties = try self.properties(with, &analyzer)
      plan = try analyzer.createTableAs(
        name, columns, query, withData: withData, replaces: replaces
      ) { TableDefinition(schema: $0, comment: comment, properties: properties) }
    default: return nil
    }
    return try analyzer.decorrelated(plan)
  }

  /// Runs a statement that writes; nil where it is none.
  func change(
    _ syntax: StatementSyntax,
    _ analyzer: Analyzer,
    _ context: ExecutionContext
  ) throws -> QueryResult? {
    switch syntax {
    case .insert, .delete, .update, .merge, .truncate, .createTableAs: break
    default: return nil
    }
    var analyzer = analyzer
    guard let plan = try changePlan(syntax, &analyzer) else {
      var result = QueryResult(texts: ["rows"], rows: [])
      result.updateCount = 0
      return result
    }
    let batches = try PhysicalPlanner(context: context, optimizer: optimizer(analyzer.session))
      .run(plan)
    var result = QueryResult(
      Scope(fields: [ScopeField(relation: [], name: "rows", type: .bigint)]), batches)
    if case .integer(let count)? = batches.first.map({ $0.columns[0].scalar(0) }) {
      result.updateCount = Int(count)
    }
    return result
  }
}
