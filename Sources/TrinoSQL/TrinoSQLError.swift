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
  case invalidPath = "INVALID_PATH"
  case pathEvaluationError = "PATH_EVALUATION_ERROR"
  case jsonInputConversionError = "JSON_INPUT_CONVERSION_ERROR"
  case jsonOutputConversionError = "JSON_OUTPUT_CONVERSION_ERROR"
  case jsonValueResultError = "JSON_VALUE_RESULT_ERROR"
  case divisionByZero = "DIVISION_BY_ZERO"
  case numericValueOutOfRange = "NUMERIC_VALUE_OUT_OF_RANGE"
  case subqueryMultipleRows = "SUBQUERY_MULTIPLE_ROWS"
  case missingOrderBy = "MISSING_ORDER_BY"
  case missingGroupBy = "MISSING_GROUP_BY"
  case missingOver = "MISSING_OVER"
  case missingColumnName = "MISSING_COLUMN_NAME"
  case mismatchedColumnCount = "MISMATCHED_COLUMN_COUNT"
  case duplicateColumnName = "DUPLICATE_COLUMN_NAME"
  case duplicateProperty = "DUPLICATE_PROPERTY"
  case duplicateWindowName = "DUPLICATE_WINDOW_NAME"
  case duplicateParameterName = "DUPLICATE_PARAMETER_NAME"
  case nestedWindow = "NESTED_WINDOW"
  case functionNotWindow = "FUNCTION_NOT_WINDOW"
  case invalidWindowFrame = "INVALID_WINDOW_FRAME"
  case invalidPartitionBy = "INVALID_PARTITION_BY"
  case invalidOrderBy = "INVALID_ORDER_BY"
  case expressionNotConstant = "EXPRESSION_NOT_CONSTANT"
  case invalidArguments = "INVALID_ARGUMENTS"
  case invalidParameterUsage = "INVALID_PARAMETER_USAGE"
  case invalidSessionProperty = "INVALID_SESSION_PROPERTY"
  case invalidTableProperty = "INVALID_TABLE_PROPERTY"
  case invalidView = "INVALID_VIEW"
  case viewIsStale = "VIEW_IS_STALE"
  case viewIsRecursive = "VIEW_IS_RECURSIVE"
  case columnTypeUnknown = "COLUMN_TYPE_UNKNOWN"
  case columnAlreadyExists = "COLUMN_ALREADY_EXISTS"
  case tableAlreadyExists = "TABLE_ALREADY_EXISTS"
  case schemaAlreadyExists = "SCHEMA_ALREADY_EXISTS"
  case schemaNotEmpty = "SCHEMA_NOT_EMPTY"
  case tableHasNoColumns = "TABLE_HAS_NO_COLUMNS"
  case alreadyExists = "ALREADY_EXISTS"
  case notFound = "NOT_FOUND"
  case procedureNotFound = "PROCEDURE_NOT_FOUND"
  case invalidProcedureArgument = "INVALID_PROCEDURE_ARGUMENT"
  case hivePartitionReadOnly = "HIVE_PARTITION_READ_ONLY"
  case hivePathAlreadyExists = "HIVE_PATH_ALREADY_EXISTS"
  case permissionDenied = "PERMISSION_DENIED"
  case tooManyGroupingSets = "TOO_MANY_GROUPING_SETS"
  case mergeTargetRowMultipleMatches = "MERGE_TARGET_ROW_MULTIPLE_MATCHES"
  case constraintViolation = "CONSTRAINT_VIOLATION"
  case transactionConflict = "TRANSACTION_CONFLICT"
  case notInTransaction = "NOT_IN_TRANSACTION"
  case nestedTransaction = "NESTED_TRANSACTION"
  case autocommitWriteConflict = "AUTOCOMMIT_WRITE_CONFLICT"
  case readOnlyViolation = "READ_ONLY_VIOLATION"
  case samplePercentageOutOfRange = "SAMPLE_PERCENTAGE_OUT_OF_RANGE"
  case invalidWindowReference = "INVALID_WINDOW_REFERENCE"
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
