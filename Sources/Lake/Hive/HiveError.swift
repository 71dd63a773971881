internal import Diagnostics

/// What can go wrong between a Hive-style table's catalog and its files.
package struct HiveError: DiagnosableError {
  package enum Kind: String, Sendable {
    /// A catalog file that cannot be read.
    case corruptEntry
    /// A data file that is no file of the table's format, or has a column that does not fit.
    case badData
    /// A partition whose value is no value of its column.
    case invalidPartitionValue
    /// A file that was there when the scan was planned.
    case missingFile
    /// Rows for more partitions than one statement writes.
    case tooManyPartitions
    /// Rows whose columns are not the table's.
    case schemaMismatch
    /// What this version does not read or write.
    case notSupported
    /// A copy that does not hold what the original holds.
    case verificationFailed
  }

  package var kind: Kind
  /// The table, as `schema.table`.
  package var table: String
  package var message: String
  /// The object's key; nil where the error belongs to none.
  package var file: String?
  /// From 1; nil where the error belongs to none.
  package var line: Int?
  package var advice: String?

  package init(
    _ kind: Kind,
    table: String,
    _ message: String,
    file: String? = nil,
    line: Int? = nil,
    advice: String? = nil
  ) {
    self.kind = kind
    self.table = table
    self.message = message
    self.file = file
    self.line = line
    self.advice = advice
  }

  package var code: String { "hive.\(kind.rawValue)" }
  package var place: String? {
    guard let file else { return table }
    return line.map { "\(file), line \($0)" } ?? file
  }
  package var fields: [String: String] { ["table": table, "message": message] }
}
