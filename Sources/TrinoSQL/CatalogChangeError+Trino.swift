// What a catalog refused, by Trino's error names.

import Connector

extension CatalogChangeError {
  var trinoName: TrinoErrorName {
    switch self {
    case .schemaExists: .schemaAlreadyExists
    case .schemaMissing: .schemaNotFound
    case .schemaNotEmpty: .schemaNotEmpty
    case .tableExists: .tableAlreadyExists
    case .tableMissing: .tableNotFound
    case .columnExists: .columnAlreadyExists
    case .columnMissing: .columnNotFound
    case .invalidProperty, .contradictoryProperties: .invalidTableProperty
    case .invalidArgument: .invalidProcedureArgument
    case .alreadyExists: .alreadyExists
    case .notFound: .notFound
    case .readOnlyPartition: .hivePartitionReadOnly
    case .locationExists: .hivePathAlreadyExists
    case .conflict: .transactionConflict
    case .constraintViolation: .constraintViolation
    case .versionMissing: .invalidArguments
    case .notSupported, .refused: .notSupported
    }
  }
}
