public import ObjectStorage

/// What a vacuum may delete.
public struct DeltaVacuumOptions: Sendable {
  /// Story time in milliseconds since the Unix epoch.
  public var now: Int64
  /// Files that a version of the last so many milliseconds has stay; nil takes the table's
  /// `delta.deletedFileRetentionDuration`, which is 7 days where it is not set.
  public var retentionMilliseconds: Int64?
  /// True lets the retention be shorter than the table's: only where no reader of an older version and
  /// no writer is at work.
  public var allowsShortRetention: Bool
  /// True deletes nothing, and only tells.
  public var isDryRun: Bool

  public init(
    now: Int64,
    retentionMilliseconds: Int64? = nil,
    allowsShortRetention: Bool = false,
    isDryRun: Bool = false
  ) {
    self.now = now
    self.retentionMilliseconds = retentionMilliseconds
    self.allowsShortRetention = allowsShortRetention
    self.isDryRun = isDryRun
  }
}

/// What a vacuum has deleted, or would delete.
public struct DeltaVacuumReport: Hashable, Sendable {
  /// Sorted by key.
  public var files: [ObjectMetadata]
  public var retentionMilliseconds: Int64
  public var isDryRun: Bool

  /// Bytes of all files.
  public var size: Int { files.reduce(0) { $0 + $1.size } }
}

extension DeltaTable {
  /// Deletes the data files that only versions older than the retention have, and those of writers
  /// that never committed.
  ///
  /// A file stays if the latest version has it, if it was removed within the retention, or if it is
  /// itself younger: a writer may be about to commit it. Directories and files whose names begin with
  /// `_` or `.` are not looked at, but for `_change_data` and partitions; nor is another table that
  /// lies below this one.
  ///
  /// - Returns: the files, whether they are deleted or it is a dry run.
  /// - Throws: `retentionTooShort`, `unsupportedWriter`, `invalidProperty`; what `snapshot` and the
  ///   store throw: what was deleted until then stays deleted.
  public func vacuum(_ options: DeltaVacuumOptions) throws -> DeltaVacuumReport {
    let snapshot = try snapshot()
    try snapshot.checkWritable()
    let retention = try checkedRetention(options, snapshot)
    let cutoff = options.now &- retention
    let needed = try neededPaths(snapshot, since: cutoff)
    let names = VacuumNames(partitionColumns: snapshot.partitionColumns)
    let objects = try store.list(prefix: path + "/")
    func name(_ object: ObjectMetadata) -> Substring { object.key.dropFirst(path.count + 1) }
    let others = Set(objects.compactMap { VacuumNames.tableBelow(name($0)) })
    let files = objects.filter { object in
      let name = name(object)
      return object.modifiedMilliseconds < cutoff && !needed.contains(String(name))
        && !names.isHidden(name) && !others.contains { name.hasPrefix($0) }
    }
    if !options.isDryRun {
      for file in files { try store.delete(file.key) }
    }
    return DeltaVacuumReport(
      files: files,
      retentionMilliseconds: retention,
      isDryRun: options.isDryRun
    )
  }

  private func checkedRetention(
    _ options: DeltaVacuumOptions,
    _ snapshot: DeltaSnapshot
  ) throws -> Int64 {
    let least = try snapshot.metadata.properties(of: path).deletedFileRetention()
    let retention = options.retentionMilliseconds ?? least
    guard retention >= (options.allowsShortRetention ? 0 : least) else {
      throw DeltaLogError(
        .retentionTooShort,
        table: path,
        "A vacuum of \(path) is to keep \(Self.hours(retention)) of older versions; the table "
          + "asks for \(Self.hours(least)).",
        advice: "Readers of older versions and writers at work would lose their files. Keep more, "
          + "or allow a shorter retention where there are none."
      )
    }
    return retention
  }

  private static func hours(_ milliseconds: Int64) -> String {
    milliseconds % 3_600_000 == 0
      ? "\(milliseconds / 3_600_000) hours" : "\(milliseconds) milliseconds"
  }

  /// The files below the table that the latest version has, or had at `cutoff` or after.
  private func neededPaths(_ snapshot: DeltaSnapshot, since cutoff: Int64) throws -> Set<String> {
    var needed: Set<String> = []
    for file in snapshot.files {
      needed.insert(file.path)
      if let vector = file.deletionVector?.path { needed.insert(vector) }
    }
    var removes = snapshot.state.tombstones.filter { ($0.deletionTimestamp ?? 0) >= cutoff }
    // A checkpoint may have dropped a tombstone early, and a writer's clock may be wrong: what the
    // commits say counts as well.
    let listing = try reader.listing()
    let times = try commitTimes(listing, newest: snapshot.version)
    if let first = times.first(where: { $0.time >= cutoff })?.version {
      let isThere = listing.commit(first) != nil
      removes += try commits(after: isThere ? first - 1 : first).flatMap(\.removes)
    }
    for file in removes {
      needed.insert(file.path)
      if let vector = file.deletionVector?.path { needed.insert(vector) }
    }
    return needed
  }
}

/// Which names below a table a vacuum passes over.
private struct VacuumNames {
  let partitionColumns: [String]

  /// True for what is hidden by its own name or by that of a directory above it.
  func isHidden(_ name: Substring) -> Bool {
    let segments = name.split(separator: "/")
    for (index, segment) in segments.enumerated() {
      guard segment.hasPrefix("_") || segment.hasPrefix(".") else { continue }
      let isDirectory = index < segments.count - 1
      if isDirectory, index == 0, segment == "_change_data" { continue }
      if isDirectory, partitionColumns.contains(where: { segment.hasPrefix($0 + "=") }) { continue }
      return true
    }
    return false
  }

  /// `a/b/` for a file of the log of a table at `a/b`; nil for files of no other table's log.
  static func tableBelow(_ name: Substring) -> String? {
    var prefix = ""
    for segment in name.split(separator: "/").dropLast() {
      if segment == "_delta_log", !prefix.isEmpty { return prefix }
      prefix += segment + "/"
    }
    return nil
  }
}
