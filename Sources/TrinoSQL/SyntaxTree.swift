// An expression as it is written: names unresolved, types unknown.

import Kernels
import QueryPlanning

struct Identifier: Equatable, Sendable {
  /// As written, without quotes.
  var text: String
  var offset: Int
  /// How it is compared.
  var key: String { text.lowercased() }
}

/// `decimal(10, 2)`, `array(row(a bigint, b varchar))`, `timestamp(3) with time zone`.
struct TypeSyntax: Sendable {
  indirect enum Parameter: Sendable {
    case number(Int)
    case type(TypeSyntax)
    case field(Identifier, TypeSyntax)
  }

  var name: String
  var parameters: [Parameter]
  /// nil: not said.
  var hasTimeZone: Bool?
  var offset: Int

  var numbers: [Int] {
    parameters.compactMap { if case .number(let value) = $0 { value } else { nil } }
  }
}

final class ExpressionSyntax: Sendable {
  indirect enum Kind: Sendable {
    case name([Identifier])
    /// `?`, by position.
    case parameter(Int)
    case null
    case boolean(Bool)
    case integer(String)
    case decimal(String)
    case double(String)
    case string(String)
    case binary([UInt8])
    case typed(TypeSyntax, String)
    case interval(String, unit: String, to: String?, isNegative: Bool)
    case array([ExpressionSyntax])
    case row([ExpressionSyntax])
    case element(ExpressionSyntax, ExpressionSyntax)
    case field(ExpressionSyntax, Identifier)
    case lambda([Identifier], ExpressionSyntax)
    case negate(ExpressionSyntax)
    case arithmetic(ArithmeticOperation, ExpressionSyntax, ExpressionSyntax)
    case concatenate(ExpressionSyntax, ExpressionSyntax)
    case comparison(ComparisonOperation, ExpressionSyntax, ExpressionSyntax)
    case quantified(ComparisonOperation, ExpressionSyntax, QuerySyntax, isAll: Bool)
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
    case json(JSONSyntax)
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
  /// Inside the parentheses, or WITHIN GROUP.
  var orderBy: [SortSyntax] = []
  var filter: ExpressionSyntax?
  var ignoresNulls = false
  var over: WindowSyntax?

  /// All that stands in it but the window.
  var parts: [ExpressionSyntax] {
    arguments + orderBy.map(\.expression) + (filter.map { [$0] } ?? [])
  }
}

struct SortSyntax: Sendable {
  var expression: ExpressionSyntax
  var isAscending: Bool
  /// nil: Trino's default, last.
  var nullsFirst: Bool?
}

/// `OVER name`, or `OVER (base PARTITION BY … ORDER BY … frame)`.
struct WindowSyntax: Sendable {
  struct Frame: Sendable {
    var unit: WindowFrame.Unit
    var start: Bound
    var end: Bound
    var offset: Int
  }

  enum Bound: Sendable {
    case unboundedPreceding
    case preceding(ExpressionSyntax)
    case currentRow
    case following(ExpressionSyntax)
    case unboundedFollowing
  }

  var base: Identifier?
  var partition: [ExpressionSyntax] = []
  var order: [SortSyntax] = []
  var frame: Frame?
  var offset: Int
}
