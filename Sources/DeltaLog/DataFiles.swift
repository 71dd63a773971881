internal import Columnar
internal import ObjectStorage
internal import Parquet

/// Takes rows of a table into data files, one open file a partition.
///
/// The files stay out of sight until `DataFilePublisher` gives them names.
final class PartitionedFiles {
  private let snapshot: DeltaSnapshot
  private let targetRowsPerFile: Int
  private var router: PartitionRouter
  /// By group of the router.
  private var open: [Int: OpenDataFile] = [:]
  private var finished: [(group: Int, file: FinishedDataFile)] = []
  private var fileCounts: [Int: Int] = [:]

  init(snapshot: DeltaSnapshot, targetRowsPerFile: Int) {
    self.snapshot = snapshot
    self.targetRowsPerFile = targetRowsPerFile
    let columns = snapshot.partitionIndices
    router = PartitionRouter(columns: columns, types: columns.map { snapshot.schema[$0].type })
  }

  /// Adds rows with the table's columns and types; `check` sees the values of each new partition.
  func write(_ batch: ColumnarBatch, check: ([String?]) throws -> Void) throws {
    guard batch.rowCount > 0 else { return }
    let known = router.groups.count
    let parts = router.route(batch)
    for group in known..<router.groups.count { try check(router.groups[group]) }
    let data = batch.selecting(snapshot.dataIndices)
    for part in parts { try write(rows(part.rows, of: data), to: part.group) }
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
      file = try OpenDataFile(store: snapshot.table.store, schema: snapshot.dataSchema)
      open[group] = file
    }
    try file.write(batch)
    if file.rowCount >= targetRowsPerFile { try finish(group) }
  }

  private func finish(_ group: Int) throws {
    guard let file = open.removeValue(forKey: group) else { return }
    let number = fileCounts[group, default: 0]
    fileCounts[group] = number + 1
    let values = router.groups[group]
    finished.append((group, try file.finish(partition: values, number: number)))
  }

  /// Ends all files and answers them, ordered by the first row of their partition.
  func end() throws -> [FinishedDataFile] {
    for group in open.keys.sorted() { try finish(group) }
    defer { finished = [] }
    return finished.sorted { ($0.group, $0.file.number) < ($1.group, $1.file.number) }
      .map(\.file)
  }

  /// Forgets all rows.
  func discard() {
    open.values.forEach { $0.writer.discard() }
    finished.forEach { $0.file.writer.discard() }
    open = [:]
    finished = []
  }
}

/// A data file that still takes rows.
final class OpenDataFile {
  let writer: any ObjectWriter
  private let parquet: ParquetWriter
  private(set) var rowCount = 0

  /// `schema` is what a table's data files have: its columns without those of partitions.
  init(store: any ObjectStore, schema: Schema) throws {
    let writer = try store.makeWriter()
    self.writer = writer
    parquet = try ParquetWriter(schema: schema, options: .tables) { try writer.write($0) }
  }

  func write(_ batch: ColumnarBatch) throws {
    try parquet.write(batch)
    rowCount += batch.rowCount
  }

  /// Ends the file; `number` tells it from others of its partition.
  func finish(partition: [String?], number: Int) throws -> FinishedDataFile {
    FinishedDataFile(
      partition: partition,
      number: number,
      writer: writer,
      summary: try parquet.finish()
    )
  }
}

/// A data file that is whole but has no name yet.
struct FinishedDataFile {
  /// The text of each partition column; nil for NULL.
  let partition: [String?]
  let number: Int
  let writer: any ObjectWriter
  let summary: ParquetSummary
}

/// Gives the data files of one commit names that nobody has.
struct DataFilePublisher {
  let snapshot: DeltaSnapshot
  let options: DeltaWriteOptions
  /// False where the files only hold rows that others held before.
  var dataChange = true

  private var table: DeltaTable { snapshot.table }

  /// Publishes the files, durable, and answers their add actions.
  ///
  /// A file whose name is taken, by a writer that did the same or that was killed before its commit,
  /// gets another one.
  func publish(_ files: [FinishedDataFile]) throws -> [AddFile] {
    var adds: [AddFile?] = files.map { _ in nil }
    var waiting = Array(files.indices)
    var attempt = 0
    while !waiting.isEmpty {
      let paths = waiting.map { path(of: files[$0], attempt: attempt) }
      let staged = zip(waiting, paths).map { index, path in
        StagedObject(key: table.path + "/" + path, writer: files[index].writer)
      }
      let published = try table.store.publish(staged, ifAbsent: true)
      var taken: [Int] = []
      for (position, index) in waiting.enumerated() {
        if published[position] {
          adds[index] = addAction(for: files[index], path: paths[position])
        } else {
          taken.append(index)
        }
      }
      waiting = taken
      attempt += 1
    }
    return adds.compactMap { $0 }
  }

  /// A name that follows from what is written, and from how often it was tried.
  private func path(of file: FinishedDataFile, attempt: Int) -> String {
    let directories = zip(snapshot.partitionColumns, file.partition).map {
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
    let values = zip(snapshot.partitionColumns, file.partition)
    return AddFile(
      path: path,
      partitionValues: Dictionary(uniqueKeysWithValues: values),
      size: Int64(file.writer.byteCount),
      modificationTime: options.timestamp,
      dataChange: dataChange,
      stats: FileStatistics.encode(snapshot.dataSchema, file.summary)
    )
  }
}
