internal import ObjectStorage

// What keeps a log short: checkpoints, and the removal of what they make needless.

extension DeltaTable {
  /// Writes a checkpoint of the latest version, and answers the version.
  ///
  /// Commits write one by themselves whenever `delta.checkpointInterval` says so; this is for those
  /// that want one now. `now` is story time in milliseconds: tombstones older than
  /// `delta.deletedFileRetentionDuration` are left out.
  ///
  /// - Throws: `unsupportedWriter`; what `snapshot` throws; what the store throws.
  @discardableResult
  public func writeCheckpoint(now: Int64) throws -> Int64 {
    let snapshot = try snapshot()
    try snapshot.checkWritable()
    try CheckpointWriter(table: self, state: snapshot.state, now: now).write()
    return snapshot.version
  }

  /// Removes the files of the log that tell only of versions older than `delta.logRetentionDuration`.
  ///
  /// What goes lies before a checkpoint that is there and can be read, so every later version stays.
  /// Nothing happens where `delta.enableExpiredLogCleanup` is false, as it is in tables made here.
  ///
  /// - Parameter now: story time in milliseconds.
  /// - Returns: the keys that were removed, oldest first.
  /// - Throws: `unsupportedWriter`, `invalidProperty`; what `snapshot` throws; what the store throws.
  @discardableResult
  public func cleanUpLog(now: Int64) throws -> [String] {
    let snapshot = try snapshot()
    try snapshot.checkWritable()
    let properties = snapshot.metadata.properties(of: path)
    guard properties.cleansLog else { return [] }
    // From midnight on, as other writers do it, so that a day's versions go together.
    let day: Int64 = 86_400_000
    let moment = now &- (try properties.logRetention())
    let cutoff = moment &- ((moment % day) + day) % day
    let listing = try reader.listing()
    guard let kept = try cleanupBoundary(listing, newest: snapshot.version, cutoff: cutoff) else {
      return []
    }
    let expired = listing.files.filter { file in
      if case .compacted = file.name { return file.name.version <= kept }
      return file.name.version < kept
    }
    // In the order of versions, so that what a crash leaves still begins with a whole stretch.
    let keys = expired.sorted {
      ($0.name.version, $0.metadata.key) < ($1.name.version, $1.metadata.key)
    }.map(\.metadata.key)
    for key in keys { try store.delete(key) }
    return keys
  }

  /// The version of the checkpoint before which everything can go; nil where there is none.
  private func cleanupBoundary(
    _ listing: LogListing,
    newest: Int64,
    cutoff: Int64
  ) throws -> Int64? {
    // Most tables have nothing to clean most of the time, and need no look into their commits.
    let newestCheckpoint = listing.checkpoints.last?.version ?? 0
    guard listing.files.contains(where: { $0.name.version < newestCheckpoint }) else { return nil }
    let times = try commitTimes(listing, newest: newest)
    guard let last = times.last(where: { $0.time <= cutoff })?.version else { return nil }
    for checkpoint in listing.checkpoints.reversed() where checkpoint.version <= last {
      // One that only looks whole must not be the only one left.
      _ = try CheckpointReader(table: self, checkpoint: checkpoint).read()
      return checkpoint.version
    }
    return nil
  }

  /// What follows a commit.
  ///
  /// Nothing of it can fail the commit, which stands already.
  func maintain(after actions: CommitActions, on base: LogState, now: Int64) {
    let version = base.version + 1
    guard let metadata = actions.metadata ?? base.metadata else { return }
    let properties = metadata.properties(of: path)
    guard version % properties.checkpointInterval == 0 else { return }
    var state = base
    state.apply(actions, version: version)
    do {
      try CheckpointWriter(table: self, state: state, now: now).write()
      if properties.cleansLog { try cleanUpLog(now: now) }
    } catch {
      // The next interval tries again.
    }
  }
}
