// A query as it is written: its clauses, its relations.

import QueryPlanning

struct NamedQuerySyntax: Sendable {
  var name: Identifier
  var columns: [Identifier]?
  var query: QuerySyntax
}

/// A row count: written, or a parameter.
enum CountSyntax: Sendable {
  case number(Int)
  case parameter(Int, offset: Int)
}

final class QuerySyntax: Sendable {
  let named: [NamedQuerySyntax]
  let body: BodySyntax
  let orderBy: [SortSyntax]
  let offset: CountSyntax?
  /// nil: all.
  let limit: CountSyntax?
  let withTies: Bool
  let start: Int

  init(
    named: [NamedQuerySyntax] = [],
    body: BodySyntax,
    orderBy: [SortSyntax] = [],
    offset: CountSyntax? = nil,
    limit: CountSyntax? = nil,
    withTies: Bool = false,
    start: Int
  ) {
    self.named = named
    self.body = body
    self.orderBy = orderBy
    self.offset = offset
    self.limit = limit
    self.withTies = withTies
    self.start = start
  }
}

enum SetOperator: String, Sendable { case union = "UNION", intersect = "INTERSECT", except = "EXCEPT" }

indirect enum BodySyntax: Sendable {
  case select(SelectSyntax)
  case values([[ExpressionSyntax]], start: Int)
  /// More than two parts for UNION only.
  case setOperation(SetOperator, [BodySyntax], isDistinct: Bool, start: Int)
  case query(QuerySyntax)
}

enum SelectItemSyntax: Sendable {
  case all(start: Int)
  case allOf([Identifier], start: Int)
  /// `(row).*`
  case allFields(ExpressionSyntax, aliases: [Identifier]?)
  case expression(ExpressionSyntax, alias: Identifier?)
}

enum GroupingSyntax: Sendable {
  /// `a`, or `(a, b)`.
  case simple([ExpressionSyntax])
  case rollup([[ExpressionSyntax]])
  case cube([[ExpressionSyntax]])
  case sets([[ExpressionSyntax]])
}

struct SelectSyntax: Sendable {
  var isDistinct = false
  var items: [SelectItemSyntax] = []
  var from: RelationSyntax?
  var predicate: ExpressionSyntax?
  var groupBy: [GroupingSyntax] = []
  var hasGroupBy = false
  /// GROUP BY DISTINCT: equal grouping sets once.
  var isGroupByDistinct = false
  /// GROUP BY AUTO: by every selected expression without an aggregate.
  var isGroupByAuto = false
  var having: ExpressionSyntax?
  var windows: [(name: Identifier, window: WindowSyntax)] = []
  var start: Int
}

indirect enum RelationSyntax: Sendable {
  case table([Identifier])
  /// A table as it was: FOR VERSION AS OF, or FOR TIMESTAMP AS OF.
  case versioned([Identifier], isTimestamp: Bool, ExpressionSyntax)
  case query(QuerySyntax)
  case lateral(QuerySyntax, start: Int)
  case unnest([ExpressionSyntax], hasOrdinality: Bool, start: Int)
  case sample(RelationSyntax, ExpressionSyntax, isSystem: Bool)
  case aliased(RelationSyntax, Identifier, columns: [Identifier]?)
  case join(JoinKind, RelationSyntax, RelationSyntax, JoinConditionSyntax, start: Int)
}

enum JoinConditionSyntax: Sendable {
  case none
  case on(ExpressionSyntax)
  case using([Identifier])
  case natural
}
