internal import ObjectStorage

/// What a restore changed.
public struct DeltaRestoreReport: Hashable, Sendable {
  /// The table's version after it.
  public var version: Int64
  public var filesRestored: Int
  public var filesRemoved: Int
  /// Bytes.
  public var restoredSize: Int64
  public var removedSize: Int64
}

extension DeltaTable {
  /// Makes the table what it was at an older version, by a commit on top of the latest.
  ///
  /// Files that were removed since are added again, those that were added since are removed, and the
  /// schema and properties are those of the old version. Positions of applications stay as they are,
  /// so that nothing is written twice. A table that is as it was gets no commit.
  ///
  /// - Parameters:
  ///   - version: one of `availableVersions()`.
  ///   - timestamp: story time of the commit, in milliseconds since the Unix epoch.
  /// - Returns: what changed, with the table's version now.
  /// - Throws: `filesVacuumed` where data files of the version are gone; `noVersion`, `appendOnly`,
  ///   `unsupportedWriter`; `conflict` where another writer has changed the table meanwhile.
  public func restore(to version: Int64, timestamp: Int64) throws -> DeltaRestoreReport {
    let current = try snapshot()
    let target = try snapshot(version: version)
    try current.checkWritable()
    let kept = Set(target.files.map(\.key))
    let known = Set(current.files.map(\.key))
    let removed = current.files.filter { !kept.contains($0.key) }
    let restored = target.files.filter { !known.contains($0.key) }
    if !removed.isEmpty { try current.checkTakesRemovals("restoring") }
    try checkExistence(restored, version: version)
    var report = DeltaRestoreReport(
      version: current.version,
      filesRestored: restored.count,
      filesRemoved: removed.count,
      restoredSize: Self.size(restored),
      removedSize: Self.size(removed)
    )
    let metadata = target.metadata == current.metadata ? nil : target.metadata
    if removed.isEmpty, restored.isEmpty, metadata == nil { return report }
    let plan = CommitPlan(
      operation: "RESTORE",
      parameters: ["version": String(version)],
      metrics: [
        "numRestoredFiles": String(restored.count),
        "restoredFilesSize": String(report.restoredSize),
        "removedFilesSize": String(report.removedSize),
        "numOfFilesAfterRestore": String(target.files.count),
        "tableSizeAfterRestore": String(Self.size(target.files)),
      ],
      timestamp: timestamp,
      metadata: metadata,
      removed: removed,
      conflict: { commit in
        commit.adds.isEmpty && commit.removes.isEmpty ? nil : "changed the table's files"
      }
    )
    let adds = restored.map { file in
      var add = file
      add.dataChange = true
      return add
    }
    report.version = try DeltaCommitter(base: current, plan: plan).commit(adds: adds, kept: true)
    return report
  }

  private func checkExistence(_ files: [AddFile], version: Int64) throws {
    let missing = try files.filter { try store.head(path + "/" + $0.path) == nil }
    guard let first = missing.first else { return }
    throw DeltaLogError(
      .filesVacuumed,
      table: path,
      "Version \(version) of \(path) cannot be restored: \(missing.count) of its data files are "
        + "gone, as \(first.path) is.",
      version: version,
      file: path + "/" + first.path,
      advice: "Restore a newer version: a vacuum has deleted what only older ones need."
    )
  }

  /// Bytes of all files; sizes that other writers made up do not overflow.
  static func size(_ files: [AddFile]) -> Int64 {
    files.reduce(0) { sum, file in
      let (total, isBeyond) = sum.addingReportingOverflow(file.size)
      return isBeyond ? sum : total
    }
  }
}
