// The Trino door: one statement of text in, columns of results out.
//
// 1. `Lexer` and `Parser` make a `StatementSyntax` of the text.
// 2. `Analyzer` resolves names and types against the catalogs, and makes a `LogicalPlan`;
//    `DecorrelateSubqueries` makes joins of the subqueries that read the rows around them.
// 3. `Optimizer` (QueryPlanning) pushes predicates, columns and limits into the scans.
// 4. `PhysicalPlanner` (QueryExecution) runs subqueries first, then the `…Exec` nodes.
// 5. `QueryResult` prints values as Trino prints them.
//
// Statements that are no queries: `QueryEngine+Show`, `+Session`, `+Explain`, `+Definitions`,
// `+Changes`, `+Calls`.

public import Columnar
public import Connector
import Kernels
public import QueryExecution
import QueryPlanning

/// Runs statements over a fixed set of catalogs; safe to share among threads.
public final class QueryEngine: Sendable {
  let catalogs: [String: any CatalogProvider]

  private let rulesOff: Set<String>

  /// `rulesOff` names optimizer rules to leave out, of `optimizerRules`; results are the same.
  public init(
    catalogs: [any CatalogProvider],
    rulesOff: Set<String> = []
  ) {
    self.catalogs = Dictionary(
      catalogs.map { ($0.name, $0) },
      uniquingKeysWith: { first, _ in first }
    )
    self.rulesOff = rulesOff
  }

  /// The rules of this engine that the session's properties leave on.
  func optimizer(_ session: Session) -> Optimizer {
    var off = rulesOff
    if session.properties["enable_dynamic_filtering"] == "false" {
      off.insert(Optimizer.Step.assignDynamicFilters.rawValue)
    }
    if session.properties["join_reordering_strategy"] == "NONE" {
      off.insert(Optimizer.Step.reorderJoins.rawValue)
    }
    return Optimizer(without: off)
  }

  /// The catalogs with the properties that the session has set of them.
  private func catalogs(as session: Session) -> [String: any CatalogProvider] {
    guard session.properties.keys.contains(where: { $0.contains(".") }) else { return catalogs }
    return catalogs.mapValues { catalog in
      let names = catalog.sessionProperties.map(\.name)
      let set = names.compactMap { name in
        session.properties["\(catalog.name).\(name)"].map { (name, $0) }
      }
      return set.isEmpty ? catalog : catalog.setting(Dictionary(uniqueKeysWithValues: set))
    }
  }

  /// The session properties there are: the engine's, then those of the catalogs.
  var sessionProperties: [SessionProperty] {
    SessionProperty.all
      + catalogNames.flatMap { name in
        (catalogs[name]?.sessionProperties ?? []).map { property in
          SessionProperty(
            name: "\(name).\(property.name)", kind: .choice(property.choices),
            standard: property.standard, description: property.description)
        }
      }
  }

  /// The names that `rulesOff` takes.
  public static var optimizerRules: [String] { Optimizer.names }

  public static var keywords: [String] { Parser.reserved.union(Parser.others).sorted() }
  public static var functionNames: [String] { FunctionCatalog.names }

  public var catalogNames: [String] { catalogs.keys.sorted() }

  /// The schemas of a catalog; empty where there is no such catalog or it cannot tell.
  public func schemaNames(catalog: String) -> [String] {
    (try? catalogs[catalog.lowercased()]?.schemaNamesInSQL()) ?? []
  }

  public func tableNames(catalog: String, schema: String) -> [String] {
    (try? catalogs[catalog.lowercased()]?.tableNamesInSQL(schema: schema.lowercased())) ?? []
  }

  public func columnNames(catalog: String, schema: String, table: String) -> [String] {
    let source = try? catalogs[catalog.lowercased()]?.tableInSQL(
      schema: schema.lowercased(),
      name: table.lowercased()
    )
    return source?.schema.fields.map(\.name) ?? []
  }

  /// Runs one statement to its end on the calling thread.
  ///
  /// What the statement changes in its session (USE, SET SESSION, PREPARE) is in the result's
  /// `sessionChanges`. Throws `TrinoSQLError`, or what a table source threw.
  public func execute(
    _ sql: String,
    session: Session,
    cancellation: Cancellation? = nil,
    options: ExecutionOptions = ExecutionOptions()
  ) throws -> QueryResult {
    let clock = ContinuousClock()
    let start = clock.now
    let source = SourceText(sql)
    let catalogs = catalogs(as: session)
    let context = ExecutionContext(
      memoryBytesMax: session.memoryLimit,
      cancellation: cancellation,
      catalogs: catalogs,
      options: options
    )
    do {
      let syntax = try Parser.statement(source)
      let analyzer = Analyzer(source: source, session: session, catalogs: catalogs)
      var result = try run(syntax, analyzer, context)
      let elapsed = (clock.now - start).components
      context.statistics.elapsedNanoseconds =
        elapsed.seconds * 1_000_000_000 + elapsed.attoseconds / 1_000_000_000
      result.statistics = context.statistics
      return result
    } catch {
      throw Self.translate(error)
    }
  }

  func run(
    _ syntax: StatementSyntax,
    _ analyzer: Analyzer,
    _ context: ExecutionContext
  ) throws -> QueryResult {
    var result = try answer(syntax, analyzer, context)
    if let updateType = syntax.updateType { result.updateType = updateType }
    return result
  }

  private func answer(
    _ syntax: StatementSyntax,
    _ analyzer: Analyzer,
    _ context: ExecutionContext
  ) throws -> QueryResult {
    var analyzer = analyzer
    // Each statement commits by itself: what a ROLLBACK could not take back is not begun.
    if analyzer.session.isInTransaction,
      StatementEffect.changesData(syntax, analyzer.session.prepared)
    {
      throw analyzer.error(
        .autocommitWriteConflict, "Catalog only supports writes using autocommit", 0,
        advice: "Write COMMIT first: each statement is a transaction of its own here.")
    }
    switch syntax {
    case .query(let query):
      let relation = try analyzer.statementQuery(query)
      let planner = PhysicalPlanner(context: context, optimizer: optimizer(analyzer.session))
      let batches = try planner.run(relation.plan)
      return QueryResult(relation.scope, batches)
    case .explain(let inner, let type, let format, let start):
      return try explain(inner, type, format, start, analyzer)
    case .explainAnalyze(let inner, _):
      return try explainAnalyze(inner, analyzer, context)
    case .execute, .executeImmediate:
      let (inner, next) = try prepared(syntax, analyzer)
      return try run(inner, next, context)
    case .use, .setSession, .resetSession, .setTimeZone, .prepare, .deallocate, .transaction:
      return try changeSession(syntax, analyzer)
    case .describeInput(let name), .describeOutput(let name):
      var isInput = false
      if case .describeInput = syntax { isInput = true }
      return try describe(name, isInput: isInput, analyzer)
    case .showCatalogs, .showSchemas, .showTables, .showColumns, .showCreate, .showFunctions,
      .showSession, .showStats, .showStatsFor:
      return try show(syntax, analyzer)
    case .call(let name, let arguments, let start):
      return try call(name, arguments, start, analyzer)
    default:
      if let result = try define(syntax, analyzer) { return result }
      if let result = try change(syntax, analyzer, context) { return result }
      throw Self.unsupported(syntax, analyzer)
    }
  }

  static func unsupported(_ syntax: StatementSyntax, _ analyzer: Analyzer) -> TrinoSQLError {
    analyzer.error(
      .notSupported, "This statement is not supported", 0)
  }

  /// The columns a query would give, without running it.
  public func schema(of sql: String, session: Session) throws -> Schema {
    let source = SourceText(sql)
    let syntax = try Parser.statement(source)
    var analyzer = Analyzer(source: source, session: session, catalogs: catalogs(as: session))
    switch syntax {
    case .query(let query): return try analyzer.statementQuery(query).scope.schema
    case .explain, .explainAnalyze: return Schema([Field("Query Plan", .varchar)])
    default: return try show(syntax, analyzer).schema
    }
  }

  static func translate(_ error: any Error) -> any Error {
    switch error {
    case let kernel as KernelError: return TrinoSQLError(kernel.trinoName, kernel.trinoMessage)
    case let execution as QueryExecutionError:
      return TrinoSQLError(execution.trinoName, execution.message, advice: execution.advice)
    case let change as CatalogChangeError:
      return TrinoSQLError(change.trinoName, change.message, advice: change.advice)
    case is ScalarSubqueryRowsError:
      return translate(QueryExecutionError.scalarSubqueryRows)
    default: return error
    }
  }
}

extension QueryExecutionError {
  /// The error name Trino gives to it.
  var trinoName: TrinoErrorName {
    switch self {
    case .cancelled: .userCanceled
    case .memoryExceeded: .exceededLocalMemoryLimit
    case .scalarSubqueryRows: .subqueryMultipleRows
    case .rowChangedTwice: .mergeTargetRowMultipleMatches
    case .invalidWindowFrame: .invalidWindowFrame
    case .notWritable: .notSupported
    case .shuffleFailed: .genericInternalError
    }
  }
}

extension Session {
  /// The memory a query may hold: the session's property where it is set, and never more than the
  /// session's own limit.
  var memoryLimit: Int {
    let wanted = properties["query_max_memory_per_node"].flatMap { SessionProperty.bytes($0) }
    return min(wanted ?? memoryBytesMax, memoryBytesMax)
  }
}

extension Analyzer {
  /// A query that stands alone, without subqueries that read the rows around them.
  mutating func statementQuery(_ query: QuerySyntax) throws -> RelationPlan {
    var relation = try self.query(query)
    relation.plan = try decorrelated(relation.plan)
    return relation
  }

  func decorrelated(_ plan: LogicalPlan) throws -> LogicalPlan {
    do {
      return try DecorrelateSubqueries().apply(to: plan)
    } catch let failure as DecorrelationError {
      throw TrinoSQLError(
        .notSupported, "Given correlated subquery is not supported: \(failure.reason)",
        advice: "Write it as a JOIN.")
    }
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
