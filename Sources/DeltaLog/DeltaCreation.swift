public import Columnar
public import Connector
internal import ObjectStorage

extension DeltaTable {
  /// A sink whose commit makes a table of its rows, in one step: until then there is no table.
  ///
  /// With `base`, a version of that table, the commit goes on top of it instead: rows, columns and
  /// properties are replaced, and older versions stay readable. It conflicts with every commit in
  /// between that changes rows or columns.
  ///
  /// - Throws: as `create`; the sink's commit throws `tableExists`, or `conflict` with `base`, and
  ///   then nothing of it is kept.
  public static func beginCreate(
    _ table: DeltaTable,
    replacing base: DeltaSnapshot? = nil,
    schema: Schema,
    partitionColumns: [String] = [],
    name: String? = nil,
    comment: String? = nil,
    properties: [String: String] = [:],
    options: DeltaWriteOptions
  ) throws -> any BatchSink {
    var metadata = try table.newMetadata(
      schema: schema,
      partitionColumns: partitionColumns,
      timestamp: options.timestamp,
      name: name,
      comment: comment,
      properties: properties
    )
    if let base {
      try base.checkWritable()
      try base.checkTakesRemovals("replacing")
      metadata.id = base.metadata.id
      metadata.createdTime = base.metadata.createdTime
    }
    return try DeltaCreation(table: table, base: base, metadata: metadata, options: options)
  }
}

/// Writes the rows of a table that is not there yet, and puts its first commit with them.
///
/// The files are written for a snapshot that has the new schema and no files, and that no log knows.
private final class DeltaCreation: BatchSink {
  private let base: DeltaSnapshot?
  private let metadata: TableMetadata
  private let snapshot: DeltaSnapshot
  private let options: DeltaWriteOptions
  private let files: PartitionedFiles
  private var rowsWritten = 0
  private var isEnded = false

  init(
    table: DeltaTable,
    base: DeltaSnapshot?,
    metadata: TableMetadata,
    options: DeltaWriteOptions
  ) throws {
    self.base = base
    self.metadata = metadata
    self.options = options
    var state = LogState()
    let actions = CommitActions(tableProtocol: TableProtocol(), metadata: metadata)
    state.apply(actions, version: base?.version ?? -1)
    snapshot = try DeltaSnapshot(table: table, state: state)
    files = PartitionedFiles(snapshot: snapshot, targetRowsPerFile: options.targetRowsPerFile)
  }

  func write(_ batch: ColumnarBatch) throws {
    precondition(!isEnded, "a sink takes no batches after commit or abort")
    guard batch.rowCount > 0 else { return }
    try files.write(snapshot.conformed(batch)) { try snapshot.checkPartitionValues($0) }
    rowsWritten += batch.rowCount
  }

  func commit() throws -> CommitSummary {
    precondition(!isEnded, "a sink ends once")
    var finished: [FinishedDataFile] = []
    do {
      finished = try files.end()
      let adds = try DataFilePublisher(snapshot: snapshot, options: options).publish(finished)
      finished = []
      isEnded = true
      return CommitSummary(
        version: try base.map { try replace($0, adds) } ?? create(adds),
        rowsAdded: rowsWritten,
        filesAdded: adds.count,
        filesRemoved: base?.files.count ?? 0
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

  private var parameters: [String: String] {
    ["partitionBy": DeltaSink.jsonList(metadata.partitionColumns)]
  }

  private func create(_ adds: [AddFile]) throws -> Int64 {
    let table = snapshot.table
    let actions = CommitActions(
      info: CommitInfo(
        timestamp: options.timestamp,
        operation: options.operation,
        operationParameters: parameters,
        operationMetrics: [
          "numFiles": String(adds.count), "numRemovedFiles": "0",
          "numOutputRows": String(rowsWritten),
        ],
        isBlindAppend: true
      ),
      tableProtocol: TableProtocol(),
      metadata: metadata,
      adds: adds
    )
    do {
      guard try !DeltaTable.exists(store: table.store, path: table.path),
        try table.store.putIfAbsent(table.commitKey(0), actions.encoded())
      else { throw table.alreadyExists() }
    } catch let error as DeltaLogError where error.kind == .tableExists {
      for add in adds { try? table.store.delete(table.path + "/" + add.path) }
      throw error
    }
    return 0
  }

  private func replace(_ base: DeltaSnapshot, _ adds: [AddFile]) throws -> Int64 {
    let plan = CommitPlan(
      operation: options.operation,
      parameters: parameters,
      metrics: ["numOutputRows": String(rowsWritten)],
      timestamp: options.timestamp,
      metadata: metadata,
      removed: base.files,
      conflict: { commit in
        commit.adds.contains(where: \.dataChange) || commit.removes.contains(where: \.dataChange)
          ? "changed rows of the table that this write replaces" : nil
      }
    )
    return try DeltaCommitter(base: base, plan: plan).commit(adds: adds)
  }
}
