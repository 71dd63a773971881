internal import Columnar
internal import Connector
internal import DeltaLog

/// What a Delta log refuses, in the words of the engine's contract.
enum DeltaRefusal {
  /// Runs something that a statement asked of a table.
  static func translated<Result>(
    _ schema: String, _ name: String, _ body: () throws -> Result
  ) throws -> Result {
    do {
      return try body()
    } catch let error as DeltaLogError {
      throw translate(error, schema, name)
    }
  }

  /// Faults of the log or its files stay what they are: no statement is to blame for them.
  private static func translate(
    _ error: DeltaLogError, _ schema: String, _ name: String
  ) -> any Error {
    switch error.kind {
    case .conflict, .concurrentModification: CatalogChangeError.conflict(error.message)
    case .tableExists: CatalogChangeError.tableExists(schema: schema, name: name)
    case .noTable: CatalogChangeError.tableMissing(schema: schema, name: name)
    case .nullInRequiredColumn, .invalidPartitionValue, .rowOutsidePartitions:
      CatalogChangeError.constraintViolation(message(error))
    case .noVersion, .filesVacuumed, .historyExpired:
      CatalogChangeError.versionMissing(error.message, advice: error.advice)
    case .unknownPartitionColumn, .invalidProperty:
      CatalogChangeError.contradictoryProperties(message(error))
    case .retentionTooShort: CatalogChangeError.invalidArgument(error.message)
    case .unsupportedFeature, .unsupportedType, .unsupportedWriter, .appendOnly, .invalidSchema,
      .schemaMismatch:
      CatalogChangeError.refused(error.message, advice: error.advice)
    case .corruptCommit, .missingCommit, .corruptCheckpoint, .missingCheckpoint, .missingDataFile,
      .corruptDataFile, .corruptDeletionVector, .unknownRow, .alreadyCommitted:
      error
    }
  }

  /// With its advice, where the contract's error has no place for it.
  private static func message(_ error: DeltaLogError) -> String {
    [error.message, error.advice].compactMap { $0 }.joined(separator: " ")
  }
}

/// The rows of an INSERT or a CREATE TABLE AS.
final class DeltaStatementSink: BatchSink {
  private let sink: any BatchSink
  private let schema: String
  private let name: String

  init(_ sink: any BatchSink, _ schema: String, _ name: String) {
    self.sink = sink
    self.schema = schema
    self.name = name
  }

  func write(_ batch: ColumnarBatch) throws {
    try DeltaRefusal.translated(schema, name) { try sink.write(batch) }
  }

  func commit() throws -> CommitSummary {
    try DeltaRefusal.translated(schema, name) { try sink.commit() }
  }

  func abort() { sink.abort() }
}

/// The changed rows of a DELETE, UPDATE or MERGE.
///
/// The table's history calls it DELETE where no row came, else MERGE: an UPDATE is one too, as Trino
/// has it.
final class DeltaStatementChange: RowChangeSink {
  private let change: DeltaRowChange
  private let schema: String
  private let name: String
  private var hasRows = false

  init(_ change: DeltaRowChange, _ schema: String, _ name: String) {
    self.change = change
    self.schema = schema
    self.name = name
  }

  func delete(_ identities: ColumnVector) throws {
    try DeltaRefusal.translated(schema, name) { try change.delete(identities) }
  }

  func insert(_ batch: ColumnarBatch) throws {
    if batch.rowCount > 0 { hasRows = true }
    try DeltaRefusal.translated(schema, name) { try change.insert(batch) }
  }

  func commit() throws -> CommitSummary {
    change.operation = hasRows ? "MERGE" : "DELETE"
    return try DeltaRefusal.translated(schema, name) { try change.finish() }
  }

  func abort() { change.abort() }
}
