// The functions of SQL/JSON, which have clauses of their own instead of plain arguments.

import Kernels

/// `JSON_EXISTS(…)`, `JSON_VALUE(…)`, `JSON_QUERY(…)`, `JSON_ARRAY(…)`, `JSON_OBJECT(…)`.
struct JSONSyntax: Sendable {
  enum Kind: Sendable { case exists, value, query, array, object }

  enum Behavior: Sendable {
    case null, error, truth(Bool), unknown, emptyArray, emptyObject
    case value(ExpressionSyntax)
  }

  enum Wrapper: Sendable { case never, conditional, always }

  /// A value, and whether FORMAT JSON follows it.
  struct Value: Sendable {
    var expression: ExpressionSyntax
    var isJSON: Bool
    /// ENCODING's, where it is written.
    var encoding: SQLJSONEncoding?
  }

  struct Argument: Sendable {
    var value: Value
    /// As a path names it: upper case, unless it is quoted.
    var name: String
  }

  struct Member: Sendable {
    var key: ExpressionSyntax
    var value: Value
  }

  var kind: Kind
  var input: Value?
  var path = ""
  /// Where the path's literal stands in the statement.
  var pathOffset = 0
  var passing: [Argument] = []
  var returning: TypeSyntax?
  /// Of what RETURNING varbinary gives.
  var outputEncoding: SQLJSONEncoding?
  var wrapper = Wrapper.never
  /// nil where no QUOTES clause is written.
  var keepsQuotes: Bool?
  var onEmpty: Behavior?
  var onError: Behavior?
  /// JSON_ARRAY's.
  var elements: [Value] = []
  /// JSON_OBJECT's.
  var members: [Member] = []
  /// nil: the function's own default.
  var keepsNulls: Bool?
  var hasUniqueKeys = false

  /// Gives JSON, so that FORMAT JSON need not be written where it is an argument.
  var givesJSON: Bool { kind == .query || kind == .array || kind == .object }
}
