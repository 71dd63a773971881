/// How written rows meet the partitions that are there.
package enum HiveWriteMode: Hashable, Sendable {
  /// Rows join partitions that are there (`APPEND`).
  case append
  /// Rows for a partition that is there are refused (`ERROR`).
  case appendToNew
  case overwrite(PartitionOverwriteMode)
}

/// Which partitions give way to the written rows; Spark's `spark.sql.sources.partitionOverwriteMode`.
package enum PartitionOverwriteMode: Hashable, Sendable {
  /// Every partition that has these values, by column, whether rows were written for it or not; nil
  /// stands for NULL. Without a value it is every partition of the table: Spark's standard, and how
  /// rows of one day can leave nothing but that day.
  case `static`([String: String?])
  /// The partitions that rows were written for (`OVERWRITE`).
  case dynamic
}

/// How a sink writes.
package struct HiveWriteOptions: Hashable, Sendable {
  /// A new file begins when a file of a partition has this many rows.
  package var targetRowsPerFile: Int
  /// Partitions that one sink writes to at most; each keeps a file open.
  package var partitionsMax: Int
  /// True leaves the files of what was overwritten, for `removeUnreferenced` to remove later.
  package var keepsOldFiles: Bool
  /// The codec of new files.
  package var compression: HiveCompression
  /// The change's name in the table's history.
  package var operation: String

  package init(
    targetRowsPerFile: Int = 1_000_000,
    partitionsMax: Int = 100,
    keepsOldFiles: Bool = false,
    compression: HiveCompression = .zstd,
    operation: String = "insert"
  ) {
    self.targetRowsPerFile = targetRowsPerFile
    self.partitionsMax = partitionsMax
    self.keepsOldFiles = keepsOldFiles
    self.compression = compression
    self.operation = operation
  }
}
