internal import Columnar
internal import Connector
internal import ObjectStorage
internal import Parquet

/// Writes batches as data files of a table and commits them in one step.
///
/// 1. `write` checks a batch, routes its rows to partitions and hands them to one open Parquet file
///    each.
/// 2. `commit` ends the files, makes them durable under names nobody else has, and lets
///    `DeltaCommitter` put the commit.
///
/// Until the commit file has its name, a reader sees nothing of all this; after a crash the files
/// are simply not part of the table.
final class DeltaSink: BatchSink {
  private let snapshot: DeltaSnapshot
  private let mode: WriteMode
  private let options: DeltaWriteOptions
  private let dataColumns: [Int]
  private let dataSchema: Schema
  private var router: PartitionRouter
  private var isChecked = false
  private var isEnded = false
  private var rowsWritten = 0
  /// By group of the router.
  private var open: [Int: OpenDataFile] = [:]
  private var finished: [FinishedDataFile] = []
  private var fileCounts: [Int: Int] = [:]

  init(snapshot: DeltaSnapshot, mode: WriteMode, options: DeltaWriteOptions) {
    self.snapshot = snapshot
    self.mode = mode
    self.options = options
    let partitionColumns = snapshot.partitionColumns.compactMap { name in
      snapshot.schema.fields.firstIndex { $0.name == name }
    }
    dataColumns = snapshot.schema.fields.indices.filter { !partitionColumns.contains($0) }
    dataSchema = snapshot.schema.selecting(dataColumns)
    router = PartitionRouter(
      columns: partitionColumns,
      types: partitionColumns.map { snapshot.schema[$0].type }
    )
  }

  private var table: DeltaTable { snapshot.table }

  // MARK: Writing

  func write(_ batch: ColumnarBatch) throws {
    precondition(!isEnded, "a sink takes no batches after commit or abort")
    try checkOnce()
    guard batch.rowCount > 0 else { return }
    let batch = try conformed(batch)
    let knownGroups = router.groups.count
    let parts = router.route(batch)
    for group in knownGroups..<router.groups.count { try checkGroup(router.groups[group]) }
    let data = batch.selecting(dataColumns)
    for part in parts {
      try write(rows(part.rows, of: data), to: part.group)
    }
    rowsWritten += batch.rowCount
  }

  private func rows(_ rows: [Int32]?, of batch: ColumnarBatch) -> ColumnarBatch {
    guard let rows else { return batch }
    return rows.withUnsafeBufferPointer { batch.gather($0) }
  }

  private func write(_ batch: ColumnarBatch, to group: Int) throws {
    let file: OpenDataFile
    if let known = open[group] {
      file = known
    } else {
      file = try OpenDataFile(store: table.store, schema: dataSchema)
      open[group] = file
    }
    try file.write(batch)
    if file.rowCount >= options.targetRowsPerFile { try finish(group) }
  }

  private func finish(_ group: Int) throws {
    guard let file = open.removeValue(forKey: group) else { return }
    let number = fileCounts[group, default: 0]
    fileCounts[group] = number + 1
    finished.append(try file.finish(group: group, number: number))
  }

  // MARK: Checks

  private func checkOnce() throws {
    guard !isChecked else { return }
    try snapshot.checkWritable()
    if mode != .append, snapshot.metadata.properties(of: table.path).isAppendOnly {
      throw DeltaLogError(
        .appendOnly,
        table: table.path,
        "\(table.path) only takes appends (delta.appendOnly).",
        advice: "Append instead of overwriting, or change the table's property."
      )
    }
    for column in snapshot.partitionColumns {
      guard let index = snapshot.schema.index(of: column),
        PartitionValue.isWritable(snapshot.schema[index].type)
      else {
        throw DeltaLogError(
          .unsupportedWriter,
          table: table.path,
          "\(table.path) is partitioned by \"\(column)\", a type this version does not write."
        )
      }
    }
    try checkMode()
    isChecked = true
  }

  private func checkMode() throws {
    guard case .overwritePartitions(let partitions) = mode else { return }
    let columns = snapshot.partitionColumns
    for name in partitions.flatMap(\.keys) where !columns.contains(name) {
      let known =
        columns.isEmpty
        ? "It is not partitioned." : "Its partition columns are \(columns.joined(separator: ", "))."
      throw DeltaLogError(
        .unknownPartitionColumn,
        table: table.path,
        "\(table.path) is not partitioned by \"\(name)\".",
        advice: known
      )
    }
    guard !partitions.contains(where: \.isEmpty) else {
      throw DeltaLogError(
        .unknownPartitionColumn,
        table: table.path,
        "A partition to overwrite was given without values.",
        advice: "Overwrite the whole table instead, if that is meant."
      )
    }
  }

  /// A new partition among the rows: its values must be storable, and asked for.
  private func checkGroup(_ values: [String?]) throws {
    for (column, value) in zip(snapshot.partitionColumns, values) where value == "" {
      throw DeltaLogError(
        .invalidPartitionValue,
        table: table.path,
        "A row has an empty text in the partition column \"\(column)\"; Delta would read it as "
          + "NULL.",
        advice: "Write NULLIF(\(column), '') or another text."
      )
    }
    for (column, value) in zip(snapshot.partitionColumns, values) {
      guard let index = snapshot.schema.index(of: column),
        PartitionValue.scalar(value, type: snapshot.schema[index].type) != nil
      else {
        throw DeltaLogError(
          .invalidPartitionValue,
          table: table.path,
          "\(value ?? "NULL") cannot be a value of the partition column \"\(column)\".",
          advice: "Dates of partitions lie between the years 0 and 9999."
        )
      }
    }
    guard case .overwritePartitions(let partitions) = mode else { return }
    let own = Dictionary(uniqueKeysWithValues: zip(snapshot.partitionColumns, values))
    guard partitions.contains(where: { snapshot.matches(own, $0) }) else {
      let text = zip(snapshot.partitionColumns, values).map { "\($0)=\($1 ?? "NULL")" }
        .joined(separator: ", ")
      throw DeltaLogError(
        .rowOutsidePartitions,
        table: table.path,
        "A row belongs to the partition \(text), which is not one of those to overwrite.",
        advice: "Filter the rows to the partitions, or list this partition too."
      )
    }
  }

  /// The batch under the table's own names, typed NULLs in place of bare ones.
  private func conformed(_ batch: ColumnarBatch) throws -> ColumnarBatch {
    let schema = snapshot.schema
    guard batch.columns.count == schema.count else {
      throw DeltaLogError(
        .schemaMismatch,
        table: table.path,
        "The rows have \(batch.columns.count) columns; \(table.path) has \(schema.count).",
        advice: "Its columns are \(schema.fields.map(\.name).joined(separator: ", "))."
      )
    }
    let columns = try schema.fields.indices.map { index in
      let column = batch.columns[index]
      let field = schema[index]
      if !field.isNullable, column.nullCount > 0 || column.type == .unknown {
        throw DeltaLogError(
          .nullInRequiredColumn,
          table: table.path,
          "A row has NULL in \"\(field.name)\", a column that takes no NULL.",
          advice: "Filter such rows out, or give them a value with COALESCE."
        )
      }
      if column.type == field.type { return column }
      guard column.type == .unknown else {
        throw DeltaLogError(
          .schemaMismatch,
          table: table.path,
          "Column \(index + 1) is \(column.type); \"\(field.name)\" in the table is "
            + "\(field.type).",
          advice: "Write CAST(… AS \(field.type))."
        )
      }
      return ColumnVector(constant: .null, type: field.type, count: batch.rowCount)
    }
    return ColumnarBatch(schema: schema, columns: columns, rowCount: batch.rowCount)
  }

  // MARK: Ending

  func commit() throws -> CommitSummary {
    precondition(!isEnded, "a sink ends once")
    do {
      try checkOnce()
      for group in open.keys.sorted() { try finish(group) }
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
      let adds = try publish()
      isEnded = true
      let version = try committer.commit(adds: adds)
      return CommitSummary(
        version: version,
        rowsAdded: rowsWritten,
        filesAdded: adds.count,
        filesRemoved: plan.removed.count
      )
    } catch {
      abort()
      throw error
    }
  }

  func abort() {
    isEnded = true
    open.values.forEach { $0.writer.discard() }
    finished.forEach { $0.writer.discard() }
    open = [:]
    finished = []
  }

  /// Gives the finished files names that nobody has, durable; answers their add actions.
  private func publish() throws -> [AddFile] {
    finished.sort { ($0.group, $0.number) < ($1.group, $1.number) }
    var adds: [AddFile?] = finished.map { _ in nil }
    var waiting = Array(finished.indices)
    var attempt = 0
    while !waiting.isEmpty {
      let paths = waiting.map { path(of: finished[$0], attempt: attempt) }
      let staged = zip(waiting, paths).map { index, path in
        StagedObject(key: table.path + "/" + path, writer: finished[index].writer)
      }
      let published = try table.store.publish(staged, ifAbsent: true)
      var taken: [Int] = []
      for (position, index) in waiting.enumerated() {
        if published[position] {
          adds[index] = addAction(for: finished[index], path: paths[position])
        } else {
          taken.append(index)
        }
      }
      waiting = taken
      attempt += 1
    }
    finished = []
    return adds.compactMap { $0 }
  }

  /// A name that follows from what is written; a later attempt gives another one, where a writer
  /// that did the same, or was killed before its commit, has taken it.
  private func path(of file: FinishedDataFile, attempt: Int) -> String {
    let values = router.groups[file.group]
    let directories = zip(snapshot.partitionColumns, values).map {
      TablePath.partitionDirectory(column: $0, value: $1)
    }
    let number = String(file.number)
    let padded = String(repeating: "0", count: max(0, 5 - number.utf8.count)) + number
    let transactions = options.transactions.keys.sorted().map {
      "\($0)=\(options.transactions[$0] ?? 0)"
    }
    let id = SeededName.uuid(
      of: [
        snapshot.metadata.id, String(snapshot.version), options.operation,
        String(options.timestamp), String(options.seed), String(attempt), number,
      ] + directories + ["/"] + transactions
    )
    return (directories + ["part-\(padded)-\(id)-c000.zstd.parquet"]).joined(separator: "/")
  }

  private func addAction(for file: FinishedDataFile, path: String) -> AddFile {
    let values = router.groups[file.group]
    return AddFile(
      path: path,
      partitionValues: Dictionary(uniqueKeysWithValues: zip(snapshot.partitionColumns, values)),
      size: Int64(file.writer.byteCount),
      modificationTime: options.timestamp,
      stats: FileStatistics.encode(dataSchema, file.summary)
    )
  }

  static func jsonList(_ names: [String]) -> String {
    var json = LogJSONWriter()
    json.array { json in for name in names { json.string(name) } }
    return json.text
  }
}

/// A data file that still takes rows.
private final class OpenDataFile {
  let writer: any ObjectWriter
  private let parquet: ParquetWriter
  private(set) var rowCount = 0

  init(store: any ObjectStore, schema: Schema) throws {
    let writer = try store.makeWriter()
    self.writer = writer
    var options = ParquetWriterOptions()
    options.compression = .zstd
    parquet = try ParquetWriter(schema: schema, options: options) { try writer.write($0) }
  }

  func write(_ batch: ColumnarBatch) throws {
    try parquet.write(batch)
    rowCount += batch.rowCount
  }

  func finish(group: Int, number: Int) throws -> FinishedDataFile {
    FinishedDataFile(
      group: group,
      number: number,
      writer: writer,
      summary: try parquet.finish()
    )
  }
}

/// A data file that is whole but has no name yet.
private struct FinishedDataFile {
  let group: Int
  let number: Int
  let writer: any ObjectWriter
  let summary: ParquetSummary
}
