public import Columnar
public import Connector
internal import ObjectStorage

/// Deletes and inserts rows of one version of a table and commits both in one step; see
/// `DeltaChangeableTable`.
///
/// Exactly one of `finish()`, `commit()` and `abort()` ends it. Not thread-safe.
public final class DeltaRowChange: RowChangeSink {
  private let table: DeltaChangeableTable
  private var options: DeltaWriteOptions
  private let files: PartitionedFiles
  /// By the file's place among the snapshot's files.
  private var deleted: [Int: RowSet] = [:]
  private var rowsInserted = 0
  private var isChecked = false
  private var isEnded = false

  init(table: DeltaChangeableTable, options: DeltaWriteOptions) {
    self.table = table
    self.options = options
    files = PartitionedFiles(
      snapshot: table.snapshot,
      targetRowsPerFile: options.targetRowsPerFile
    )
  }

  private var snapshot: DeltaSnapshot { table.snapshot }

  /// The operation's name in the table's history, until the change ends.
  public var operation: String {
    get { options.operation }
    set { options.operation = newValue }
  }

  private func checkOnce() throws {
    precondition(!isEnded, "a change takes nothing after its end")
    guard !isChecked else { return }
    try snapshot.checkTakesFiles()
    isChecked = true
  }

  // MARK: What changes

  /// Rows to delete, by the identities that a scan gave at position `schema.count`; one that is named
  /// twice is deleted once.
  ///
  /// - Throws: `appendOnly`, `unsupportedWriter`; `unknownRow` for what is no identity.
  public func delete(_ identities: ColumnVector) throws {
    try checkOnce()
    guard identities.count > 0 else { return }
    if deleted.isEmpty { try snapshot.checkTakesRemovals("changing or deleting rows") }
    guard identities.type == .bigint, identities.nullCount == 0 else { throw unknownRow() }
    let values = identities.values.values(as: Int64.self)
    for index in 0..<identities.count {
      let (file, row) = RowIdentity.parts(values[identities.valueIndex(index)])
      guard snapshot.files.indices.contains(file) else { throw unknownRow() }
      deleted[file, default: RowSet()].insert(row)
    }
  }

  private func unknownRow() -> DeltaLogError {
    DeltaLogError(
      .unknownRow,
      table: snapshot.table.path,
      "A row to delete is no row of \(snapshot.table.path), version \(snapshot.version).",
      version: snapshot.version,
      advice: "Take row identities from a scan of that very version."
    )
  }

  /// Rows to add, in the table's schema.
  ///
  /// - Throws: what a sink throws for rows that do not fit the table.
  public func insert(_ batch: ColumnarBatch) throws {
    try checkOnce()
    guard batch.rowCount > 0 else { return }
    try files.write(snapshot.conformed(batch)) { try snapshot.checkPartitionValues($0) }
    rowsInserted += batch.rowCount
  }

  // MARK: Ending

  /// Commits as `finish` does, with conflicts in the words of the engine's contract.
  public func commit() throws -> CommitSummary {
    do {
      return try finish()
    } catch let error as DeltaLogError where error.kind == .concurrentModification {
      throw CatalogChangeError.conflict(error.message)
    }
  }

  /// Makes the change visible in one step; where there is none, there is no commit.
  ///
  /// - Returns: the table's version now; `rowsAdded` counts insertions alone.
  /// - Throws: `concurrentModification` where another writer has removed a file that was read, or
  ///   added one that may hold rows that would have been read; `alreadyCommitted`, `unknownRow`; what
  ///   reading and writing data files throws.
  public func finish() throws -> CommitSummary {
    try checkOnce()
    var finished: [FinishedDataFile] = []
    do {
      let copied = try copyRemainders()
      finished = try files.end()
      let removed = deleted.keys.sorted().map { snapshot.files[$0] }
      let isChange = !removed.isEmpty || !finished.isEmpty || !options.transactions.isEmpty
      guard isChange else {
        isEnded = true
        return CommitSummary(
          version: snapshot.version,
          rowsAdded: 0,
          filesAdded: 0,
          filesRemoved: 0
        )
      }
      let plan = try plan(removed: removed, rowsCopied: copied)
      let committer = DeltaCommitter(base: snapshot, plan: plan)
      try committer.checkTransactions()
      let adds = try DataFilePublisher(snapshot: snapshot, options: options).publish(finished)
      finished = []
      isEnded = true
      return CommitSummary(
        version: try committer.commit(adds: adds),
        rowsAdded: rowsInserted,
        filesAdded: adds.count,
        filesRemoved: removed.count
      )
    } catch {
      finished.forEach { $0.writer.discard() }
      abort()
      throw error
    }
  }

  public func abort() {
    isEnded = true
    files.discard()
    deleted = [:]
  }

  /// Writes what the touched files keep, and answers how many rows that is.
  private func copyRemainders() throws -> Int {
    let scan = try DeltaScan(
      snapshot: snapshot,
      request: ScanRequest(columns: Array(snapshot.schema.fields.indices))
    )
    var copied = 0
    for ordinal in deleted.keys.sorted() {
      guard let rows = deleted[ordinal] else { continue }
      let file = snapshot.files[ordinal]
      let values = try snapshot.scanValues(of: file)
      let split = DeltaSplit(scan: scan, file: file, ordinal: ordinal, partition: values)
      let reader = try split.openRows()
      guard rows.last ?? 0 < reader.rowCount else { throw unknownRow() }
      if rows.count == reader.rowCount { continue }
      while let batch = try reader.next() {
        let kept: ColumnarBatch
        if let others = rows.others(in: reader.rowRange) {
          kept = others.withUnsafeBufferPointer { batch.gather($0) }
        } else {
          kept = batch
        }
        // Rows of the table fit it already.
        try files.write(kept) { _ in }
        copied += kept.rowCount
      }
    }
    return copied
  }

  private func plan(removed: [AddFile], rowsCopied: Int) throws -> CommitPlan {
    let isRead = try table.reads.rule(for: snapshot)
    let read = Set(try snapshot.files.filter(isRead).map(\.key))
    let snapshot = snapshot
    return CommitPlan(
      operation: options.operation,
      parameters: ["partitionBy": DeltaSink.jsonList(snapshot.partitionColumns)],
      metrics: [
        "numDeletedRows": String(deleted.values.reduce(0) { $0 + $1.count }),
        "numInsertedRows": String(rowsInserted), "numCopiedRows": String(rowsCopied),
        "numOutputRows": String(rowsInserted + rowsCopied),
      ],
      timestamp: options.timestamp,
      transactions: options.transactions,
      removed: removed,
      conflict: { commit in
        if let file = commit.removes.first(where: { read.contains($0.key) }) {
          return "removed \(file.path), which this change has read"
        }
        // A file whose values cannot be read may hold anything.
        let isNew = { (file: AddFile) in file.dataChange && (try? isRead(file)) != false }
        return commit.adds.first(where: isNew).map {
          "added \($0.path), which may hold rows that this change would have read"
        }
      },
      conflictKind: .concurrentModification
    )
  }
}

/// What becomes of the rows of a batch.
public struct DeltaRowRewrite: Sendable {
  /// Rows of the batch to delete, in any order.
  public var deleted: [Int32]
  /// Rows to add, in the table's schema.
  public var inserted: [ColumnarBatch]

  /// Deletes rows and adds others; nothing by default.
  public init(deleted: [Int32] = [], inserted: [ColumnarBatch] = []) {
    self.deleted = deleted
    self.inserted = inserted
  }
}

extension DeltaTable {
  /// Goes through the rows that may satisfy `predicates`, and changes those that `change` names.
  ///
  /// `change` sees each batch in the table's schema; rows that do not satisfy the predicates may be
  /// among them. All is committed in one step, or nothing, as by `DeltaRowChange.finish`.
  ///
  /// - Returns: what was committed; the version that was read where there was nothing to do.
  /// - Throws: what `DeltaRowChange` throws, and what `change` throws.
  public func rewrite(
    where predicates: [ColumnPredicate],
    options: DeltaWriteOptions,
    _ change: (ColumnarBatch) throws -> DeltaRowRewrite
  ) throws -> CommitSummary {
    let table = try snapshot().changeable()
    let sink = table.makeChange(options: options)
    let columns = Array(table.schema.fields.indices)
    let request = ScanRequest(columns: columns + [table.schema.count], predicates: predicates)
    do {
      for split in try table.splits(for: request) {
        let reader = try split.open()
        while let batch = try reader.next() {
          let rewrite = try change(batch.selecting(columns))
          precondition(
            rewrite.deleted.allSatisfy { $0 >= 0 && $0 < batch.rowCount },
            "a row to delete is a row of the batch"
          )
          let identities = rewrite.deleted.withUnsafeBufferPointer {
            batch.columns[columns.count].gather($0)
          }
          try sink.delete(identities)
          for rows in rewrite.inserted { try sink.insert(rows) }
        }
      }
      return try sink.finish()
    } catch {
      sink.abort()
      throw error
    }
  }
}
