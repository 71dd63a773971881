// Why a catalog did not make a change; the door words it in its dialect.

public import Diagnostics

/// Why a catalog did not make a change.
public enum CatalogChangeError: DiagnosableError, Hashable {
  case schemaExists(String)
  case schemaMissing(String)
  case schemaNotEmpty(String)
  case tableExists(schema: String, name: String)
  case tableMissing(schema: String, name: String)
  case columnExists(String)
  case columnMissing(String)
  /// A property of `WITH (…)` that the store does not know, or with a value it does not take.
  case invalidProperty(String)
  /// Properties of `WITH (…)` that do not go together or with the columns, in the store's own words.
  case contradictoryProperties(String)
  /// What a procedure was called with does not hold, in the store's own words.
  case invalidArgument(String)
  /// A part of a table, such as a partition, that is there already, in the store's own words.
  case alreadyExists(String)
  /// A part of a table, such as a partition, that is missing, in the store's own words.
  case notFound(String)
  /// A partition that takes no more rows, in the store's own words.
  case readOnlyPartition(String)
  /// A place for a table's files that is taken, in the store's own words.
  case locationExists(String)
  /// Rows that a rule of the table forbids, in the store's own words.
  case constraintViolation(String)
  /// A version of a table that is not there, in the store's own words.
  case versionMissing(String, advice: String?)
  /// What the store refuses, in its own words.
  case refused(String, advice: String?)
  /// Another writer changed the table in the meantime.
  case conflict(String)
  /// What the catalog cannot do at all, such as "dropping tables".
  case notSupported(String)

  public var code: String {
    switch self {
    case .schemaExists: "connector.schema_exists"
    case .schemaMissing: "connector.schema_missing"
    case .schemaNotEmpty: "connector.schema_not_empty"
    case .tableExists: "connector.table_exists"
    case .tableMissing: "connector.table_missing"
    case .columnExists: "connector.column_exists"
    case .columnMissing: "connector.column_missing"
    case .invalidProperty: "connector.invalid_property"
    case .contradictoryProperties: "connector.contradictory_properties"
    case .invalidArgument: "connector.invalid_argument"
    case .alreadyExists: "connector.already_exists"
    case .notFound: "connector.not_found"
    case .readOnlyPartition: "connector.read_only_partition"
    case .locationExists: "connector.location_exists"
    case .constraintViolation: "connector.constraint_violation"
    case .versionMissing: "connector.version_missing"
    case .refused: "connector.refused"
    case .conflict: "connector.conflict"
    case .notSupported: "connector.not_supported"
    }
  }

  public var message: String {
    switch self {
    case .schemaExists(let name): "Schema '\(name)' already exists"
    case .schemaMissing(let name): "Schema '\(name)' does not exist"
    case .schemaNotEmpty(let name): "Cannot drop non-empty schema '\(name)'"
    case .tableExists(let schema, let name): "Table '\(schema).\(name)' already exists"
    case .tableMissing(let schema, let name): "Table '\(schema).\(name)' does not exist"
    case .columnExists(let name): "Column '\(name)' already exists"
    case .columnMissing(let name): "Column '\(name)' does not exist"
    case .invalidProperty(let name):
      "Table property '\(name)' does not exist or has a bad value"
    case .conflict(let text), .contradictoryProperties(let text), .invalidArgument(let text),
      .alreadyExists(let text), .notFound(let text), .readOnlyPartition(let text),
      .locationExists(let text), .constraintViolation(let text), .versionMissing(let text, _),
      .refused(let text, _):
      text
    case .notSupported(let what): "This connector does not support \(what)"
    }
  }

  public var advice: String? {
    switch self {
    case .schemaNotEmpty: "Drop its tables first, or add CASCADE."
    case .conflict: "Run the statement again."
    case .locationExists:
      "Name files that are there with external_location, or give the table another name."
    case .readOnlyPartition:
      "Set insert_existing_partitions_behavior to APPEND or OVERWRITE, as it is meant."
    case .versionMissing(_, let advice), .refused(_, let advice): advice
    default: nil
    }
  }
}
