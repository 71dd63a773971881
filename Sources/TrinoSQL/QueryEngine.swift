// The Trino door: one statement of text in, columns of results out.
//
// 1. `Lexer` and `Parser` make a `StatementSyntax` of the text.
// 2. `Analyzer` resolves names and types against the catalogs, and makes a `LogicalPlan`.
// 3. `Optimizer` (QueryPlanning) pushes predicates, columns and limits into the scans.
// 4. `PhysicalPlanner` (QueryExecution) runs subqueries first, then the `…Exec` nodes.
// 5. `QueryResult` prints values as Trino prints them.

public import Columnar
public import Connector
import Kernels
public import QueryExecution
import QueryPlanning

/// Runs statements over a fixed set of catalogs; safe to share among threads.
public final class QueryEngine: Sendable {
  private let catalogs: [String: any CatalogProvider]

  public init(catalogs: [any CatalogProvider]) {
    self.catalogs = Dictionary(
      catalogs.map { ($0.name, $0) },
      uniquingKeysWith: { first, _ in first }
    )
  }

  public static var keywords: [String] { Parser.reserved.union(Parser.others).sorted() }
  public static var functionNames: [String] { FunctionCatalog.names }

  public var catalogNames: [String] { catalogs.keys.sorted() }

  /// The schemas of a catalog; empty where there is no such catalog or it cannot tell.
  public func schemaNames(catalog: String) -> [String] {
    (try? catalogs[catalog.lowercased()]?.schemaNames()) ?? []
  }

  public func tableNames(catalog: String, schema: String) -> [String] {
    (try? catalogs[catalog.lowercased()]?.tableNames(schema: schema.lowercased())) ?? []
  }

  public func columnNames(catalog: String, schema: String, table: String) -> [String] {
    let source = try? catalogs[catalog.lowercased()]?.table(
      schema: schema.lowercased(),
      name: table.lowercased()
    )
    return source?.schema.fields.map(\.name) ?? []
  }

  /// Runs one statement to its end on the calling thread.
  ///
  /// Throws `TrinoSQLError`, or what a table source threw.
  public func execute(
    _ sql: String,
    session: Session,
    cancellation: Cancellation? = nil,
    options: ExecutionOptions = ExecutionOptions()
  ) throws -> QueryResult {
    let clock = ContinuousClock()
    let start = clock.now
    let source = SourceText(sql)
    let syntax = try Parser.statement(source)
    var analyzer = Analyzer(source: source, session: session, catalogs: catalogs)
    let context = ExecutionContext(
      memoryBytesMax: session.memoryBytesMax,
      cancellation: cancellation,
      catalogs: catalogs,
      options: options
    )
    do {
      var result: QueryResult
      switch syntax {
      case .query(let query):
        let relation = try analyzer.query(query)
        let batches = try PhysicalPlanner(context: context).run(relation.plan)
        result = QueryResult(relation.scope, batches)
      case .explain(let query):
        let relation = try analyzer.query(query)
        result = Self.explain(relation.plan)
      default: result = try list(syntax, analyzer)
      }
      let elapsed = (clock.now - start).components
      context.statistics.elapsedNanoseconds =
        elapsed.seconds * 1_000_000_000 + elapsed.attoseconds / 1_000_000_000
      result.statistics = context.statistics
      return result
    } catch {
      throw Self.translate(error, source)
    }
  }

  /// The columns a query would give, without running it.
  public func schema(of sql: String, session: Session) throws -> Schema {
    let source = SourceText(sql)
    let syntax = try Parser.statement(source)
    var analyzer = Analyzer(source: source, session: session, catalogs: catalogs)
    switch syntax {
    case .query(let query): return try analyzer.query(query).scope.schema
    case .explain: return Schema([Field("Query Plan", .varchar)])
    default: return try list(syntax, analyzer).schema
    }
  }

  private static func translate(_ error: any Error, _ source: SourceText) -> any Error {
    switch error {
    case let kernel as KernelError: return TrinoSQLError(kernel.trinoName, kernel.trinoMessage)
    case let execution as QueryExecutionError:
      switch execution {
      case .cancelled: return TrinoSQLError(.userCanceled, execution.message)
      case .memoryExceeded:
        return TrinoSQLError(
          .exceededLocalMemoryLimit,
          execution.message,
          advice: execution.advice
        )
      case .scalarSubqueryRows: return TrinoSQLError(.subqueryMultipleRows, execution.message)
      case .rowChangedTwice, .invalidWindowFrame, .notWritable, .shuffleFailed:
        return TrinoSQLError(.genericInternalError, execution.message, advice: execution.advice)
      }
    default: return error
    }
  }

  // MARK: SHOW and EXPLAIN

  private static func explain(_ plan: LogicalPlan) -> QueryResult {
    var lines = Optimizer().optimize(plan).text.split(
      separator: "\n",
      omittingEmptySubsequences: false
    ).map(String.init)
    var subqueries: [Subquery] = []
    collect(plan, &subqueries)
    for subquery in subqueries {
      lines.append("Subquery (runs first):")
      lines += Optimizer().optimize(subquery.plan).text.split(separator: "\n").map { "    " + $0 }
    }
    return QueryResult(texts: ["Query Plan"], rows: lines.map { [$0] })
  }

  private static func collect(_ plan: LogicalPlan, _ found: inout [Subquery]) {
    var local: [Subquery] = []
    func visit(_ expression: Expression) {
      if case .subquery(let subquery, _, _, _) = expression { local.append(subquery) }
      for child in expression.children { visit(child) }
    }
    _ = plan.mapExpressions { expression in
      visit(expression)
      return expression
    }
    for subquery in local {
      collect(subquery.plan, &found)
      found.append(subquery)
    }
    for input in plan.inputs { collect(input, &found) }
  }

  private func list(_ syntax: StatementSyntax, _ analyzer: Analyzer) throws -> QueryResult {
    switch syntax {
    case .showCatalogs(let like):
      return QueryResult(
        texts: ["Catalog"],
        rows: try Self.matching(catalogNames, like).map { [$0] }
      )
    case .showSchemas(let catalog, let like, let start):
      guard let name = catalog?.key ?? analyzer.session.catalog else {
        throw analyzer.error(
          .missingCatalogName,
          "Catalog must be specified when session catalog is not set",
          start
        )
      }
      let names = try analyzer.catalog(name, catalog?.offset ?? start).schemaNames()
      return QueryResult(texts: ["Schema"], rows: try Self.matching(names, like).map { [$0] })
    case .showTables(let parts, let like, let start):
      return try tables(parts ?? [], like, start, analyzer)
    case .showColumns(let parts):
      let (_, table) = try analyzer.table(parts)
      return QueryResult(
        texts: ["Column", "Type", "Extra", "Comment"],
        rows: table.schema.fields.map { [$0.name, TrinoType($0.type).description, "", ""] }
      )
    case .query, .explain: return QueryResult(texts: [""], rows: [])
    }
  }

  private func tables(
    _ parts: [Identifier],
    _ like: String?,
    _ start: Int,
    _ analyzer: Analyzer
  ) throws -> QueryResult {
    let probe = parts + [Identifier(text: "t", offset: parts.first?.offset ?? start)]
    let name = try analyzer.qualify(probe)
    let offset = parts.first?.offset ?? start
    let provider = try analyzer.catalog(name.catalog, offset)
    let schemas = try provider.schemaNames()
    guard schemas.contains(name.schema) else {
      throw analyzer.error(
        .schemaNotFound,
        "Schema '\(name.schema)' does not exist",
        offset,
        suggestions: nearestNames(to: name.schema, among: schemas)
      )
    }
    let names = try provider.tableNames(schema: name.schema)
    return QueryResult(texts: ["Table"], rows: try Self.matching(names, like).map { [$0] })
  }

  private static func matching(_ names: [String], _ pattern: String?) throws -> [String] {
    let sorted = names.sorted()
    guard let pattern, !sorted.isEmpty else { return sorted }
    let builder = ColumnBuilder(type: .varchar)
    for name in sorted { builder.append(name) }
    let hits = try like(
      builder.finish(),
      ColumnVector(constant: .text(pattern), type: .varchar, count: sorted.count),
      escape: nil
    )
    return sorted.indices.filter { hits.scalar($0) == .boolean(true) }.map { sorted[$0] }
  }
}

extension Scope {
  var schema: Schema {
    Schema(
      fields.enumerated().map {
        Field($0.element.name ?? "_col\($0.offset)", $0.element.type.storage)
      }
    )
  }
}
