// The statement as it is written: names unresolved, types unknown.

import Kernels
import QueryPlanning

struct Identifier: Equatable, Sendable {
  /// As written, without quotes.
  var text: String
  var offset: Int
  /// How it is compared.
  var key: String { text.lowercased() }
}

struct TypeSyntax: Sendable {
  var name: String
  var parameters: [Int]
  /// nil: not said.
  var hasTimeZone: Bool?
  var offset: Int
}

final class ExpressionSyntax: Sendable {
  indirect enum Kind: Sendable {
    case name([Identifier])
    case null
    case boolean(Bool)
    case integer(String)
    case decimal(String)
    case double(String)
    case string(String)
    case typed(type: String, String)
    case interval(String, unit: String, isNegative: Bool)
    case negate(ExpressionSyntax)
    case arithmetic(ArithmeticOperation, ExpressionSyntax, ExpressionSyntax)
    case concatenate(ExpressionSyntax, ExpressionSyntax)
    case comparison(ComparisonOperation, ExpressionSyntax, ExpressionSyntax)
    case and([ExpressionSyntax])
    case or([ExpressionSyntax])
    case not(ExpressionSyntax)
    case isNull(ExpressionSyntax, isNegated: Bool)
    case isDistinct(ExpressionSyntax, ExpressionSyntax, isNegated: Bool)
    case between(ExpressionSyntax, ExpressionSyntax, ExpressionSyntax, isNegated: Bool)
    case inList(ExpressionSyntax, [ExpressionSyntax], isNegated: Bool)
    case inQuery(ExpressionSyntax, QuerySyntax, isNegated: Bool)
    case exists(QuerySyntax)
    case scalarQuery(QuerySyntax)
    case like(ExpressionSyntax, ExpressionSyntax, escape: ExpressionSyntax?, isNegated: Bool)
    case conditional(
      operand: ExpressionSyntax?,
      [(ExpressionSyntax, ExpressionSyntax)],
      otherwise: ExpressionSyntax?
    )
    case cast(ExpressionSyntax, TypeSyntax, isTry: Bool)
    case atTimeZone(ExpressionSyntax, ExpressionSyntax)
    case extract(String, ExpressionSyntax)
    case call(CallSyntax)
  }

  let kind: Kind
  let start: Int
  let end: Int
  let depth: Int

  init(_ kind: Kind, start: Int, end: Int, depth: Int) {
    self.kind = kind
    self.start = start
    self.end = end
    self.depth = depth
  }
}

struct CallSyntax: Sendable {
  var name: Identifier
  var arguments: [ExpressionSyntax]
  var isStar = false
  var isDistinct = false
  var filter: ExpressionSyntax?
}

struct SortSyntax: Sendable {
  var expression: ExpressionSyntax
  var isAscending: Bool
  /// nil: Trino's default, last.
  var nullsFirst: Bool?
}

struct NamedQuerySyntax: Sendable {
  var name: Identifier
  var columns: [Identifier]?
  var query: QuerySyntax
}

final class QuerySyntax: Sendable {
  let named: [NamedQuerySyntax]
  let body: BodySyntax
  let orderBy: [SortSyntax]
  let offset: Int
  /// nil: all.
  let limit: Int?
  let start: Int

  init(
    named: [NamedQuerySyntax],
    body: BodySyntax,
    orderBy: [SortSyntax],
    offset: Int,
    limit: Int?,
    start: Int
  ) {
    self.named = named
    self.body = body
    self.orderBy = orderBy
    self.offset = offset
    self.limit = limit
    self.start = start
  }
}

indirect enum BodySyntax: Sendable {
  case select(SelectSyntax)
  case values([[ExpressionSyntax]], start: Int)
  case union([BodySyntax], isDistinct: Bool, start: Int)
  case query(QuerySyntax)
}

enum SelectItemSyntax: Sendable {
  case all(start: Int)
  case allOf([Identifier], start: Int)
  case expression(ExpressionSyntax, alias: Identifier?)
}

struct SelectSyntax: Sendable {
  var isDistinct: Bool
  var items: [SelectItemSyntax]
  var from: RelationSyntax?
  var predicate: ExpressionSyntax?
  var groupBy: [ExpressionSyntax]
  var hasGroupBy: Bool
  var having: ExpressionSyntax?
  var start: Int
}

indirect enum RelationSyntax: Sendable {
  case table([Identifier])
  case query(QuerySyntax)
  case aliased(RelationSyntax, Identifier, columns: [Identifier]?)
  case join(JoinKind, RelationSyntax, RelationSyntax, JoinConditionSyntax, start: Int)
}

enum JoinConditionSyntax: Sendable {
  case none
  case on(ExpressionSyntax)
  case using([Identifier])
}

enum StatementSyntax: Sendable {
  case query(QuerySyntax)
  case explain(QuerySyntax)
  case showCatalogs(like: String?)
  case showSchemas(catalog: Identifier?, like: String?, start: Int)
  case showTables(schema: [Identifier]?, like: String?, start: Int)
  case showColumns([Identifier])
}
