// A Delta table: Parquet files, and a log of numbered JSON commits that says which of them count.
//
// ```
//  processed/events/
//    _delta_log/00000000000000000000.json     created by put-if-absent, never changed
//    _delta_log/00000000000000000001.json
//    dt=2024-01-15/part-00000-….zstd.parquet
// ```
// 1. `snapshot()` replays the log into a `LogState` and pins it as a `DeltaSnapshot`.
// 2. `DeltaSnapshot.splits(for:)` skips files by partition and statistics, and each `DeltaSplit`
//    reads one file through `Parquet`.
// 3. `DeltaSnapshot.makeSink` routes batches to partitions, writes the files, and commits by putting
//    the next number if it is absent: `DeltaCommitter` retries where others were faster.
//
// It writes protocol (1, 2), which every reader takes. It is not a checkpoint writer yet: logs of up
// to about a thousand commits open in milliseconds without.

public import Columnar
internal import Connector
public import ObjectStorage
internal import Parquet
internal import Synchronization

/// One table of a store, by its path; safe to share, and cheap to ask again for its snapshot.
public final class DeltaTable: Sendable {
  public let store: any ObjectStore
  /// The table's path below the store's root, without a slash at its end: `processed/events`.
  public let path: String

  private let replayed = Mutex<Replay?>(nil)

  private struct Replay {
    var state: LogState
    /// The last commit file as it was listed: tells when the table was replaced under us.
    var last: ObjectMetadata
  }

  public init(store: any ObjectStore, path: String) {
    self.store = store
    self.path = path
  }

  var logDirectory: String { path + "/_delta_log/" }

  func commitKey(_ version: Int64) -> String {
    let digits = String(version)
    return logDirectory + String(repeating: "0", count: max(0, 20 - digits.utf8.count)) + digits
      + ".json"
  }

  /// The version of a commit file; nil for all other names.
  private func version(of key: String) -> Int64? {
    let name = key.dropFirst(logDirectory.count)
    guard name.utf8.count == 25, name.hasSuffix(".json") else { return nil }
    return name.dropLast(5).utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 })
      ? Int64(name.dropLast(5)) : nil
  }

  // MARK: Making

  /// True where a log is at `path`.
  public static func exists(store: any ObjectStore, path: String) throws -> Bool {
    let table = DeltaTable(store: store, path: path)
    if try store.head(table.commitKey(0)) != nil { return true }
    return try !store.list(prefix: table.logDirectory).isEmpty
  }

  /// Makes an empty table by its commit 0.
  ///
  /// The table's id follows from its path, name, schema and time. Log clean-up by other writers is
  /// switched off, because they would go by wall time.
  ///
  /// - Throws: `tableExists`, `invalidSchema`, `unsupportedType`, `unknownPartitionColumn`.
  public static func create(
    store: any ObjectStore,
    path: String,
    schema: Schema,
    partitionColumns: [String] = [],
    timestamp: Int64,
    name: String? = nil
  ) throws -> DeltaTable {
    let table = DeltaTable(store: store, path: path)
    let schemaString = try DeltaSchema.encode(schema, table: path)
    let columns = try table.checkedPartitionColumns(partitionColumns, in: schema)
    let id = SeededName.uuid(of: [path, name ?? "", schemaString, String(timestamp)])
    let actions = CommitActions(
      info: CommitInfo(
        timestamp: timestamp,
        operation: "CREATE TABLE",
        operationParameters: ["partitionBy": DeltaSink.jsonList(columns)],
        operationMetrics: ["numFiles": "0", "numRemovedFiles": "0"]
      ),
      tableProtocol: TableProtocol(),
      metadata: TableMetadata(
        id: id,
        name: name,
        schemaString: schemaString,
        partitionColumns: columns,
        configuration: ["delta.enableExpiredLogCleanup": "false"],
        createdTime: timestamp
      )
    )
    guard try !exists(store: store, path: path),
      try store.putIfAbsent(table.commitKey(0), actions.encoded())
    else {
      throw DeltaLogError(
        .tableExists,
        table: path,
        "There is already a table at \(path).",
        advice: "Append to it, overwrite it, or use another name."
      )
    }
    return table
  }

  private func checkedPartitionColumns(_ names: [String], in schema: Schema) throws -> [String] {
    let columns = try names.map { name in
      guard let index = schema.index(of: name) else {
        throw DeltaLogError(
          .unknownPartitionColumn,
          table: path,
          "The partition column \"\(name)\" is not a column of the table.",
          advice: "Its columns are \(schema.fields.map(\.name).joined(separator: ", "))."
        )
      }
      guard PartitionValue.isWritable(schema[index].type) else {
        throw DeltaLogError(
          .unsupportedType,
          table: path,
          "The table cannot be partitioned by \"\(name)\" of type \(schema[index].type).",
          advice: "Partition by a varchar, date, integer or bigint column."
        )
      }
      return schema[index].name
    }
    guard Set(columns).count == columns.count, columns.count < schema.count else {
      throw DeltaLogError(
        .invalidSchema,
        table: path,
        "A partition column is named twice, or no column is left for the data files."
      )
    }
    return columns
  }

  // MARK: Reading the log

  /// The table at a version, by default the latest; a later call reads only new commits.
  ///
  /// - Throws: `noTable`, `noVersion`, `corruptCommit`, `missingCommit`, `checkpointNeeded`,
  ///   `unsupportedFeature`, `unsupportedType`, `invalidSchema`.
  public func snapshot(version: Int64? = nil) throws -> DeltaSnapshot {
    let state = try latestState()
    guard let version, version != state.version else {
      return try DeltaSnapshot(table: self, state: state)
    }
    guard version >= 0, version < state.version else {
      throw DeltaLogError(
        .noVersion,
        table: path,
        "Version \(version) of \(path) does not exist.",
        version: version,
        advice: "It has versions 0 to \(state.version)."
      )
    }
    var older = LogState()
    for number in 0...version { try older.apply(read(number), version: number) }
    return try DeltaSnapshot(table: self, state: older)
  }

  /// The commits after `version`, oldest first: what the next stage has to look at.
  public func changes(since version: Int64) throws -> [DeltaCommit] {
    try latestState().commits.filter { $0.version > version }
  }

  /// One entry a version, oldest first, with what the table held after it.
  public func history() throws -> [DeltaHistoryEntry] {
    var history = DeltaHistory()
    return try latestState().commits.map { history.entry(for: $0) }
  }

  func latestState() throws -> LogState {
    try replayed.withLock { replay in
      let fresh = try advanced(replay)
      replay = fresh
      return fresh.state
    }
  }

  /// The replay with all commits that are there now.
  private func advanced(_ replay: Replay?) throws -> Replay {
    var state = LogState()
    var commits = try listedCommits(after: replay.map { $0.state.version - 1 } ?? -1)
    if let replay {
      if let first = commits.first, first.metadata == replay.last {
        if commits.count == 1 { return replay }
        state = replay.state
        commits.removeFirst()
      } else {
        // The last commit that was read is gone or another one: the table was made anew.
        commits = try listedCommits(after: -1)
      }
    }
    guard let last = commits.last else { throw try missingTable() }
    for commit in commits {
      guard commit.version == state.version + 1 else {
        throw try missingCommit(state.version + 1, next: commit.version)
      }
      try state.apply(read(commit.version), version: commit.version)
    }
    return Replay(state: state, last: last.metadata)
  }

  private func listedCommits(
    after version: Int64
  ) throws -> [(version: Int64, metadata: ObjectMetadata)] {
    let start = version >= 0 ? commitKey(version) : nil
    return try store.list(prefix: logDirectory, startAfter: start).compactMap { object in
      self.version(of: object.key).map { ($0, object) }
    }
  }

  private func read(_ version: Int64) throws -> CommitActions {
    let key = commitKey(version)
    let bytes = try store.get(key)
    do {
      let actions = try bytes.withUnsafeBufferPointer { try CommitActions(parsing: $0) }
      if bytes.isEmpty { throw LogJSONError(byteOffset: 0, reason: "the file is empty") }
      return actions
    } catch let error as LogJSONError {
      throw DeltaLogError(
        .corruptCommit,
        table: path,
        "Commit \(version) of \(path) cannot be read: \(error.reason).",
        version: version,
        file: key,
        byteOffset: error.byteOffset,
        advice: "Restore the file from a copy. If it is the last commit and its writer was cut "
          + "off, delete the file: the table then stands at version \(version - 1)."
      )
    }
  }

  private func missingTable() throws -> DeltaLogError {
    if try hasCheckpoint() { return checkpointNeeded(first: nil) }
    return DeltaLogError(
      .noTable,
      table: path,
      "There is no table at \(path).",
      file: logDirectory,
      advice: "Run the pipeline's step that makes it."
    )
  }

  private func missingCommit(_ version: Int64, next: Int64) throws -> DeltaLogError {
    if version == 0, try hasCheckpoint() { return checkpointNeeded(first: next) }
    return DeltaLogError(
      .missingCommit,
      table: path,
      "Commit \(version) of \(path) is missing, although commit \(next) is there.",
      version: version,
      file: commitKey(version),
      advice: "Restore the file from a copy; without it the table's content is not known."
    )
  }

  private func hasCheckpoint() throws -> Bool {
    try store.list(prefix: logDirectory).contains { object in
      object.key.hasSuffix("/_last_checkpoint") || object.key.contains(".checkpoint.")
    }
  }

  private func checkpointNeeded(first: Int64?) -> DeltaLogError {
    DeltaLogError(
      .checkpointNeeded,
      table: path,
      "The log of \(path) begins with a checkpoint"
        + (first.map { ", and its first commit is \($0)." } ?? "."),
      file: logDirectory + "_last_checkpoint",
      advice: "This version reads logs from commit 0; copy the table with another tool to make one."
    )
  }
}
