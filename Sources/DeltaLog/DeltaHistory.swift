/// What a table held after one of its versions, for people and system tables.
public struct DeltaHistoryEntry: Hashable, Sendable {
  public var version: Int64
  /// Milliseconds since the Unix epoch, as the writer says; 0 where it does not.
  public var timestamp: Int64
  public var operation: String
  /// Data files of the table at this version.
  public var fileCount: Int
  /// Rows of the table at this version; nil where statistics are missing.
  public var rowCount: Int?
  /// Rows in the files that this version added; nil where statistics are missing.
  public var rowsAdded: Int?
}

/// Adds up commits in their order.
struct DeltaHistory {
  /// By the files' keys.
  private var rows: [String: Int?] = [:]

  /// Begins with what a table held.
  init(files: [AddFile]) {
    for file in files { rows.updateValue(file.numRecords, forKey: file.key) }
  }

  mutating func entry(for commit: DeltaCommit) -> DeltaHistoryEntry {
    for remove in commit.removes { rows.removeValue(forKey: remove.key) }
    for add in commit.adds { rows.updateValue(add.numRecords, forKey: add.key) }
    return DeltaHistoryEntry(
      version: commit.version,
      timestamp: commit.timestamp,
      operation: commit.operation,
      fileCount: rows.count,
      rowCount: Self.sum(rows.values),
      rowsAdded: Self.sum(commit.adds.map(\.numRecords))
    )
  }

  private static func sum(_ counts: some Sequence<Int?>) -> Int? {
    var total = 0
    for count in counts {
      guard let count else { return nil }
      total += count
    }
    return total
  }
}
