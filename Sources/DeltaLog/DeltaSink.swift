internal import Columnar
internal import Connector
internal import ObjectStorage

/// Writes batches as data files of a table and commits them in one step.
///
/// 1. `write` checks a batch and hands it to `PartitionedFiles`, which routes its rows to partitions
///    and keeps one open Parquet file each.
/// 2. `commit` ends the files, lets `DataFilePublisher` make them durable under names nobody else
///    has, and `DeltaCommitter` put the commit.
///
/// Until the commit file has its name, a reader sees nothing of all this; after a crash the files
/// are simply not part of the table.
final class DeltaSink: BatchSink {
  private let snapshot: DeltaSnapshot
  private let mode: WriteMode
  private let options: DeltaWriteOptions
  private let files: PartitionedFiles
  private var isChecked = false
  private var isEnded = false
  private var rowsWritten = 0

  init(snapshot: DeltaSnapshot, mode: WriteMode, options: DeltaWriteOptions) {
    self.snapshot = snapshot
    self.mode = mode
    self.options = options
    files = PartitionedFiles(snapshot: snapshot, targetRowsPerFile: options.targetRowsPerFile)
  }

  // MARK: Writing

  func write(_ batch: ColumnarBatch) throws {
    precondition(!isEnded, "a sink takes no batches after commit or abort")
    try checkOnce()
    guard batch.rowCount > 0 else { return }
    try files.write(snapshot.conformed(batch)) { try checkGroup($0) }
    rowsWritten += batch.rowCount
  }

  private func checkOnce() throws {
    guard !isChecked else { return }
    try snapshot.checkTakesFiles()
    if mode != .append { try snapshot.checkTakesRemovals("overwriting") }
    if case .overwritePartitions(let partitions) = mode {
      try snapshot.checkPartitions(partitions)
    }
    isChecked = true
  }

  /// A new partition among the rows: its values must be storable, and asked for.
  private func checkGroup(_ values: [String?]) throws {
    try snapshot.checkPartitionValues(values)
    guard case .overwritePartitions(let partitions) = mode else { return }
    let own = Dictionary(uniqueKeysWithValues: zip(snapshot.partitionColumns, values))
    guard partitions.contains(where: { snapshot.matches(own, $0) }) else {
      let text = zip(snapshot.partitionColumns, values).map { "\($0)=\($1 ?? "NULL")" }
        .joined(separator: ", ")
      throw DeltaLogError(
        .rowOutsidePartitions,
        table: snapshot.table.path,
        "A row belongs to the partition \(text), which is not one of those to overwrite.",
        advice: "Filter the rows to the partitions, or list this partition too."
      )
    }
  }

  // MARK: Ending

  func commit() throws -> CommitSummary {
    precondition(!isEnded, "a sink ends once")
    var finished: [FinishedDataFile] = []
    do {
      try checkOnce()
      finished = try files.end()
      if mode == .append, finished.isEmpty, options.transactions.isEmpty {
        isEnded = true
        return CommitSummary(
          version: snapshot.version,
          rowsAdded: 0,
          filesAdded: 0,
          filesRemoved: 0
        )
      }
      var plan = CommitPlan(
        writing: mode,
        on: snapshot,
        options: options,
        rowsAdded: rowsWritten
      )
      let byteCount = finished.reduce(0) { $0 + $1.writer.byteCount }
      plan.metrics["numOutputBytes"] = String(byteCount)
      let committer = DeltaCommitter(base: snapshot, plan: plan)
      try committer.checkTransactions()
      let adds = try DataFilePublisher(snapshot: snapshot, options: options).publish(finished)
      finished = []
      isEnded = true
      let version = try committer.commit(adds: adds)
      return CommitSummary(
        version: version,
        rowsAdded: rowsWritten,
        filesAdded: adds.count,
        filesRemoved: plan.removed.count
      )
    } catch {
      finished.forEach { $0.writer.discard() }
      abort()
      throw error
    }
  }

  func abort() {
    isEnded = true
    files.discard()
  }

  static func jsonList(_ names: [String]) -> String {
    var json = LogJSONWriter()
    json.array { json in for name in names { json.string(name) } }
    return json.text
  }
}
