public import Diagnostics

/// What can go wrong between a table's log and its rows.
public struct DeltaLogError: DiagnosableError {
  public enum Kind: String, Sendable {
    /// There is no table there, or no such version of it; or there is one already.
    case noTable, tableExists, noVersion
    /// The log itself cannot be trusted.
    case corruptCommit, missingCommit, corruptCheckpoint, missingCheckpoint
    /// The files that it names cannot be.
    case missingDataFile, corruptDataFile, corruptDeletionVector
    /// What was asked for has been cleaned up, or is not to be cleaned up yet.
    case historyExpired, filesVacuumed, retentionTooShort
    /// The table uses something that this reader or writer does not know.
    case unsupportedFeature, unsupportedType, unsupportedWriter
    /// The rows, values or properties do not fit the table.
    case schemaMismatch, nullInRequiredColumn, invalidPartitionValue, rowOutsidePartitions
    case unknownPartitionColumn, invalidSchema, invalidProperty, unknownRow
    /// Somebody else committed first, or the table takes no such change.
    case conflict, concurrentModification, alreadyCommitted, appendOnly
  }

  public var kind: Kind
  /// The table's path below the store's root.
  public var table: String
  public var message: String
  /// The file below the store's root, with a byte offset where one is known.
  public var file: String?
  public var byteOffset: Int?
  public var version: Int64?
  public var advice: String?

  public init(
    _ kind: Kind,
    table: String,
    _ message: String,
    version: Int64? = nil,
    file: String? = nil,
    byteOffset: Int? = nil,
    advice: String? = nil
  ) {
    self.kind = kind
    self.table = table
    self.message = message
    self.version = version
    self.file = file
    self.byteOffset = byteOffset
    self.advice = advice
  }

  public var code: String { "deltaLog.\(kind.rawValue)" }

  public var place: String? {
    guard let file else { return table }
    return byteOffset.map { "\(file), byte \($0)" } ?? file
  }

  public var fields: [String: String] {
    var fields = ["table": table, "message": message]
    if let version { fields["version"] = String(version) }
    if let file { fields["file"] = file }
    if let byteOffset { fields["byteOffset"] = String(byteOffset) }
    return fields
  }
}
