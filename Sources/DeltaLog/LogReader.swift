internal import Columnar
internal import ObjectStorage

/// Puts states together from what lies in a table's log directory.
///
/// 1. `_last_checkpoint` says where to begin listing; where it is missing, wrong or old, the whole
///    directory is listed.
/// 2. The newest checkpoint that is whole and can be read gives a state; without one the state is
///    empty.
/// 3. The commits after it are applied, each exactly once and none left out.
struct LogReader {
  let table: DeltaTable

  private var store: any ObjectStore { table.store }
  private var directory: String { table.logDirectory }

  // MARK: Listing

  /// All of the directory.
  func listing() throws -> LogListing {
    LogListing(try store.list(prefix: directory), directory: directory)
  }

  /// The directory from a version on: its commit, its checkpoints and all that follow.
  func listing(from version: Int64) throws -> LogListing {
    let start = directory + LogListing.padded(max(0, version))
    return LogListing(try store.list(prefix: directory, startAfter: start), directory: directory)
  }

  /// The version that the hint names; nil for everything that is no hint.
  func hint() -> Int64? {
    guard let bytes = try? store.get(directory + LogListing.hintName),
      let json = try? bytes.withUnsafeBufferPointer({
        try LogJSONReader.parse($0, in: 0..<$0.count)
      }),
      let version = json["version"]?.integer, version >= 0
    else { return nil }
    return version
  }

  // MARK: States

  /// The state of the latest version, and the commit file it ends with.
  ///
  /// - Throws: `noTable`, `missingCheckpoint`, `missingCommit`, `corruptCheckpoint`,
  ///   `corruptCommit`.
  func latest() throws -> (state: LogState, last: ObjectMetadata?) {
    if let hint = hint() {
      let listing = try listing(from: hint)
      // A fault here shows again below, unless an older checkpoint goes around it.
      if !listing.checkpoints.isEmpty, let state = try? state(in: listing) {
        return (state, listing.commit(state.version))
      }
    }
    let listing = try listing()
    let state = try state(in: listing)
    return (state, listing.commit(state.version))
  }

  /// The state at `limit`, or of the latest version there is in `listing`.
  func state(in listing: LogListing, upTo limit: Int64? = nil) throws -> LogState {
    func isWanted(_ version: Int64) -> Bool { limit.map { version <= $0 } ?? true }
    let (start, fault) = try firstState(listing.checkpoints.filter { isWanted($0.version) })
    var state = start ?? LogState()
    for commit in listing.commits where commit.version > state.version && isWanted(commit.version) {
      guard commit.version == state.version + 1 else {
        throw fault ?? missing(state.version + 1, next: commit.version, listing)
      }
      state.apply(try read(commit.version), version: commit.version)
    }
    guard state.version >= 0 else { throw fault ?? nothing(listing) }
    if state.commits.isEmpty, listing.commit(state.version) != nil {
      state.describe(by: try read(state.version))
    }
    return state
  }

  /// The state of the newest checkpoint that can be read, or the fault of the newest of all.
  private func firstState(
    _ checkpoints: [LogCheckpoint]
  ) throws -> (state: LogState?, fault: DeltaLogError?) {
    var fault: DeltaLogError?
    for checkpoint in checkpoints.reversed() {
      do {
        let actions = try CheckpointReader(table: table, checkpoint: checkpoint).read()
        return (LogState(checkpoint: actions, version: checkpoint.version), nil)
      } catch let error as DeltaLogError where error.kind == .corruptCheckpoint {
        // The commits are the truth: where they are all there, no checkpoint is needed.
        fault = fault ?? error
      }
    }
    return (nil, fault)
  }

  // MARK: Commits

  /// One commit file.
  ///
  /// - Throws: `corruptCommit`, and `missingCommit` where it is gone.
  func read(_ version: Int64) throws -> CommitActions {
    let key = table.commitKey(version)
    do {
      let bytes = try store.get(key)
      let actions = try bytes.withUnsafeBufferPointer { try CommitActions(parsing: $0) }
      if bytes.isEmpty { throw LogJSONError(byteOffset: 0, reason: "the file is empty") }
      return actions
    } catch let error as LogJSONError {
      throw DeltaLogError(
        .corruptCommit,
        table: table.path,
        "Commit \(version) of \(table.path) cannot be read: \(error.reason).",
        version: version,
        file: key,
        byteOffset: error.byteOffset,
        advice: "Restore the file from a copy. If it is the last commit and its writer was cut "
          + "off, delete the file: the table then stands at version \(version - 1)."
      )
    } catch let error as ObjectStorageError where error.kind == .notFound {
      throw missingCommit(version, "it was there a moment ago")
    }
  }

  // MARK: Faults

  private func nothing(_ listing: LogListing) -> DeltaLogError {
    if listing.hasHint || !listing.incomplete.isEmpty { return missingCheckpoint(listing) }
    return DeltaLogError(
      .noTable,
      table: table.path,
      "There is no table at \(table.path).",
      file: directory,
      advice: "Run the pipeline's step that makes it."
    )
  }

  private func missing(_ version: Int64, next: Int64, _ listing: LogListing) -> DeltaLogError {
    if version == 0, listing.hasHint || !listing.incomplete.isEmpty {
      return missingCheckpoint(listing)
    }
    return missingCommit(version, "commit \(next) is there")
  }

  private func missingCommit(_ version: Int64, _ evidence: String) -> DeltaLogError {
    DeltaLogError(
      .missingCommit,
      table: table.path,
      "Commit \(version) of \(table.path) is missing, although \(evidence).",
      version: version,
      file: table.commitKey(version),
      advice: "Restore the file from a copy; without it the table's content is not known."
    )
  }

  private func missingCheckpoint(_ listing: LogListing) -> DeltaLogError {
    let first =
      listing.commits.first.map { " begins with commit \($0.version)" } ?? " has no commit"
    let cut = listing.incomplete.last
    return DeltaLogError(
      .missingCheckpoint,
      table: table.path,
      "The log of \(table.path)\(first), and "
        + (cut.map { "the checkpoint \($0.version) before it lacks a part." }
          ?? "there is no checkpoint that it goes on from."),
      version: cut?.version,
      file: directory + (cut?.missing ?? LogListing.hintName),
      advice: "Restore the checkpoint from a copy, or the commits from 0 on."
    )
  }
}
