// The statements that are no queries, as they are written.

/// A column of CREATE TABLE or ADD COLUMN.
struct ColumnSyntax: Sendable {
  var name: Identifier
  var type: TypeSyntax
  var isNullable: Bool
  var comment: String?
}

enum TableElementSyntax: Sendable {
  case column(ColumnSyntax)
  case like([Identifier], includesProperties: Bool)
}

struct PropertySyntax: Sendable {
  var name: Identifier
  /// nil: DEFAULT.
  var value: ExpressionSyntax?
}

struct AssignmentSyntax: Sendable {
  var column: Identifier
  var value: ExpressionSyntax
}

/// One `WHEN … THEN …` of a MERGE.
struct MergeCaseSyntax: Sendable {
  enum Action: Sendable {
    case update([AssignmentSyntax])
    case delete
    /// No columns: all of the table's.
    case insert([Identifier]?, [ExpressionSyntax])
  }

  var isMatched: Bool
  var condition: ExpressionSyntax?
  var action: Action
  var start: Int
}

struct MergeSyntax: Sendable {
  var table: [Identifier]
  var alias: Identifier?
  var source: RelationSyntax
  var condition: ExpressionSyntax
  var cases: [MergeCaseSyntax]
  var start: Int
}

enum ExplainType: String, Sendable, CaseIterable {
  case logical = "LOGICAL"
  case distributed = "DISTRIBUTED"
  case validate = "VALIDATE"
  case io = "IO"
}

enum ExplainFormat: String, Sendable, CaseIterable {
  case text = "TEXT"
  case json = "JSON"
  case graphviz = "GRAPHVIZ"
}

enum AlterTableSyntax: Sendable {
  case rename([Identifier])
  case addColumn(ColumnSyntax, ifNotExists: Bool)
  case dropColumn(Identifier, ifExists: Bool)
  case renameColumn(Identifier, to: Identifier, ifExists: Bool)
  case setType(Identifier, TypeSyntax)
  case setProperties([PropertySyntax])
  /// A procedure of the table.
  case execute(Identifier, [(name: Identifier?, value: ExpressionSyntax)])
}

enum ObjectKind: String, Sendable { case schema = "SCHEMA", table = "TABLE", view = "VIEW" }

indirect enum StatementSyntax: Sendable {
  case query(QuerySyntax)
  case explain(StatementSyntax, ExplainType, ExplainFormat, start: Int)
  case explainAnalyze(StatementSyntax, isVerbose: Bool)
  case showCatalogs(like: String?, escape: String?)
  case showSchemas(catalog: Identifier?, like: String?, escape: String?, start: Int)
  case showTables(schema: [Identifier]?, like: String?, escape: String?, start: Int)
  case showColumns([Identifier], like: String?, escape: String?)
  case showCreate(ObjectKind, [Identifier])
  case showFunctions(like: String?, escape: String?)
  case showSession(like: String?, escape: String?)
  case showStats([Identifier])
  case showStatsFor(QuerySyntax)
  case createSchema([Identifier], ifNotExists: Bool, properties: [PropertySyntax])
  case dropSchema([Identifier], ifExists: Bool, isCascade: Bool)
  case renameSchema([Identifier], to: Identifier)
  case createTable(
    [Identifier], [TableElementSyntax], ifNotExists: Bool, replaces: Bool, comment: String?,
    properties: [PropertySyntax])
  case createTableAs(
    [Identifier], columns: [Identifier]?, QuerySyntax, ifNotExists: Bool, replaces: Bool,
    comment: String?, properties: [PropertySyntax], withData: Bool)
  case dropTable([Identifier], ifExists: Bool)
  case alterTable([Identifier], AlterTableSyntax, ifExists: Bool)
  case truncate([Identifier])
  case commentOn(ObjectKind, [Identifier], column: Identifier?, String?)
  case createView([Identifier], QuerySyntax, replaces: Bool, comment: String?, isInvoker: Bool)
  case dropView([Identifier], ifExists: Bool)
  case renameView([Identifier], to: [Identifier])
  case insert([Identifier], columns: [Identifier]?, QuerySyntax)
  case delete([Identifier], where: ExpressionSyntax?, start: Int)
  case update([Identifier], [AssignmentSyntax], where: ExpressionSyntax?, start: Int)
  case merge(MergeSyntax)
  case use(catalog: Identifier?, schema: Identifier)
  case setSession([Identifier], ExpressionSyntax)
  case resetSession([Identifier])
  /// nil: LOCAL.
  case setTimeZone(ExpressionSyntax?)
  /// The text is that of the statement inside.
  case prepare(Identifier, StatementSyntax, text: String)
  case execute(Identifier, [ExpressionSyntax])
  case executeImmediate(String, [ExpressionSyntax], start: Int)
  case deallocate(Identifier)
  case describeInput(Identifier)
  case describeOutput(Identifier)
  /// START TRANSACTION, COMMIT, ROLLBACK; between them nothing can be written.
  case transaction(String)
  case analyze([Identifier])
  case call([Identifier], [(name: Identifier?, value: ExpressionSyntax)], start: Int)
}
