// What is wrong with a statement, in Trino's words: error name, type, place and message.

public import Diagnostics

/// Trino's error names, spelled as Trino spells them.
public enum TrinoErrorName: String, Sendable, Hashable, CaseIterable {
  case syntaxError = "SYNTAX_ERROR"
  case columnNotFound = "COLUMN_NOT_FOUND"
  case tableNotFound = "TABLE_NOT_FOUND"
  case schemaNotFound = "SCHEMA_NOT_FOUND"
  case catalogNotFound = "CATALOG_NOT_FOUND"
  case missingCatalogName = "MISSING_CATALOG_NAME"
  case missingSchemaName = "MISSING_SCHEMA_NAME"
  case typeMismatch = "TYPE_MISMATCH"
  case typeNotFound = "TYPE_NOT_FOUND"
  case functionNotFound = "FUNCTION_NOT_FOUND"
  case functionNotAggregate = "FUNCTION_NOT_AGGREGATE"
  case expressionNotAggregate = "EXPRESSION_NOT_AGGREGATE"
  case expressionNotScalar = "EXPRESSION_NOT_SCALAR"
  case expressionNotInDistinct = "EXPRESSION_NOT_IN_DISTINCT"
  case nestedAggregation = "NESTED_AGGREGATION"
  case ambiguousName = "AMBIGUOUS_NAME"
  case duplicateNamedQuery = "DUPLICATE_NAMED_QUERY"
  case mismatchedColumnAliases = "MISMATCHED_COLUMN_ALIASES"
  case invalidColumnReference = "INVALID_COLUMN_REFERENCE"
  case invalidLiteral = "INVALID_LITERAL"
  case invalidFunctionArgument = "INVALID_FUNCTION_ARGUMENT"
  case invalidCastArgument = "INVALID_CAST_ARGUMENT"
  case divisionByZero = "DIVISION_BY_ZERO"
  case numericValueOutOfRange = "NUMERIC_VALUE_OUT_OF_RANGE"
  case subqueryMultipleRows = "SUBQUERY_MULTIPLE_ROWS"
  case notSupported = "NOT_SUPPORTED"
  case userCanceled = "USER_CANCELED"
  case exceededLocalMemoryLimit = "EXCEEDED_LOCAL_MEMORY_LIMIT"
  case genericInternalError = "GENERIC_INTERNAL_ERROR"

  /// `USER_ERROR`, `INSUFFICIENT_RESOURCES` or `INTERNAL_ERROR`.
  public var type: String {
    switch self {
    case .exceededLocalMemoryLimit: "INSUFFICIENT_RESOURCES"
    case .genericInternalError: "INTERNAL_ERROR"
    default: "USER_ERROR"
    }
  }
}

/// What is wrong with a statement, in Trino's words: error name, type, place and message.
public struct TrinoSQLError: DiagnosableError {
  public var name: TrinoErrorName
  /// Without the place.
  public var text: String
  /// 1-based; nil where an error belongs to no place of the statement.
  public var line: Int?
  /// 1-based, in code points.
  public var column: Int?
  /// The nearest valid names, nearest first.
  public var suggestions: [String]
  public var advice: String?

  public init(
    _ name: TrinoErrorName,
    _ text: String,
    line: Int? = nil,
    column: Int? = nil,
    suggestions: [String] = [],
    advice: String? = nil
  ) {
    self.name = name
    self.text = text
    self.line = line
    self.column = column
    self.suggestions = suggestions
    self.advice =
      advice ?? (suggestions.isEmpty ? nil : "Did you mean \(suggestions.joined(separator: ", "))?")
  }

  public var type: String { name.type }
  public var code: String { "trino." + name.rawValue.lowercased() }
  /// As Trino words it: `line 1:8: Column 'foo' cannot be resolved`.
  public var message: String {
    if let line, let column { return "line \(line):\(column): \(text)" }
    return text
  }
  public var place: String? {
    if let line, let column { return "line \(line):\(column)" }
    return nil
  }
  public var fields: [String: String] { ["name": name.rawValue, "message": text] }
}
