internal import ObjectStorage
internal import Synchronization

/// What a table remembers of its log between two looks at it.
struct LogReplay {
  var state: LogState
  /// The last commit file as it was listed: tells when the table was replaced under us.
  var last: ObjectMetadata?
  /// Commits that somebody asked for and that come right before those of `state`.
  var earlier: [DeltaCommit] = []

  /// The version of the first commit that is known.
  var first: Int64 {
    earlier.first?.version ?? state.commits.first?.version ?? state.version + 1
  }

  /// The known commits after `version`, which is not before `first - 1`.
  func commits(after version: Int64) -> [DeltaCommit] {
    let count = Int(max(0, state.version - version))
    if count <= state.commits.count { return state.commits.suffix(count) }
    return earlier.suffix(count - state.commits.count) + state.commits
  }
}

extension DeltaTable {
  var reader: LogReader { LogReader(table: self) }

  /// The table at a version, by default the latest; a later call reads only new commits.
  ///
  /// - Throws: `noTable`, `noVersion`, `corruptCommit`, `missingCommit`, `corruptCheckpoint`,
  ///   `missingCheckpoint`, `unsupportedFeature`, `unsupportedType`, `invalidSchema`.
  public func snapshot(version: Int64? = nil) throws -> DeltaSnapshot {
    let state = try latestState()
    guard let version, version != state.version else {
      return try DeltaSnapshot(table: self, state: state)
    }
    let listing = try reader.listing()
    let oldest = listing.oldest(upTo: state.version)
    guard version >= oldest, version < state.version else {
      throw noVersion(version, oldest: oldest, newest: state.version)
    }
    return try DeltaSnapshot(table: self, state: reader.state(in: listing, upTo: version))
  }

  private func noVersion(_ version: Int64, oldest: Int64, newest: Int64) -> DeltaLogError {
    let isCleaned = version >= 0 && version < oldest
    return DeltaLogError(
      .noVersion,
      table: path,
      isCleaned
        ? "Version \(version) of \(path) is no longer there: its log has been cleaned up."
        : "Version \(version) of \(path) does not exist.",
      version: version,
      advice: "It has versions \(oldest) to \(newest)."
    )
  }

  /// The commits after `version`, oldest first: what the next stage has to look at.
  ///
  /// - Throws: `historyExpired` where the log has been cleaned up since.
  public func changes(since version: Int64) throws -> [DeltaCommit] {
    try commits(after: version)
  }

  /// One entry a version that can still be read, oldest first, with what the table held after it.
  public func history() throws -> [DeltaHistoryEntry] {
    let state = try latestState()
    guard state.checkpointVersion != nil else {
      var history = DeltaHistory(files: [])
      return state.commits.map { history.entry(for: $0) }
    }
    let listing = try reader.listing()
    let oldest = listing.oldest(upTo: state.version)
    let base =
      oldest == 0 && listing.commit(0) != nil
      ? LogState() : try reader.state(in: listing, upTo: oldest)
    var history = DeltaHistory(files: base.files)
    // Of the checkpoint's own version, what its commit says and what the checkpoint has.
    let first = base.commits.last.map { [history.entry(for: $0)] } ?? []
    return first + (try commits(after: base.version)).map { history.entry(for: $0) }
  }

  func latestState() throws -> LogState {
    try replayed.withLock { replay in
      let fresh = try advanced(replay)
      replay = fresh
      return fresh.state
    }
  }

  /// All commits after `version`, from memory or from the log.
  func commits(after version: Int64) throws -> [DeltaCommit] {
    try log(after: version).commits
  }

  /// The latest state and all commits after `version`, of one look at the log.
  func log(after version: Int64) throws -> (state: LogState, commits: [DeltaCommit]) {
    try replayed.withLock { replay in
      var fresh = try advanced(replay)
      let version = max(-1, version)
      if version + 1 < fresh.first {
        fresh.earlier = try read((version + 1)..<fresh.first) + fresh.earlier
      }
      replay = fresh
      return (fresh.state, fresh.commits(after: version))
    }
  }

  private func read(_ versions: Range<Int64>) throws -> [DeltaCommit] {
    try versions.map { version in
      do {
        let actions = try reader.read(version)
        return DeltaCommit(version: version, actions: actions, removes: actions.removes)
      } catch let error as DeltaLogError where error.kind == .missingCommit {
        throw DeltaLogError(
          .historyExpired,
          table: path,
          "Commit \(version) of \(path) is no longer there: its log has been cleaned up.",
          version: version,
          file: commitKey(version),
          advice: "Look at the whole table instead of its changes."
        )
      }
    }
  }

  /// The replay with all commits that are there now.
  private func advanced(_ replay: LogReplay?) throws -> LogReplay {
    if var replay, let last = replay.last {
      let listing = try reader.listing(from: replay.state.version)
      // Where the last commit that was read is gone or another one, the table was made anew.
      if listing.commit(replay.state.version) == last, Self.isGapless(listing.commits) {
        for commit in listing.commits.dropFirst() {
          replay.state.apply(try reader.read(commit.version), version: commit.version)
          replay.last = commit.metadata
        }
        return replay
      }
    }
    let (state, last) = try reader.latest()
    return LogReplay(state: state, last: last)
  }

  private static func isGapless(_ commits: [(version: Int64, metadata: ObjectMetadata)]) -> Bool {
    zip(commits, commits.dropFirst()).allSatisfy { $1.version == $0.version + 1 }
  }
}
