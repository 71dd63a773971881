// Writes rows as Parquet files of partitions. What a reader sees meanwhile:
//
// 1. `write` routes rows to one open file a partition. Nothing shows.
// 2. `commit` gives the files their names. Files of a new partition, or of one that is overwritten, lie
//    where the catalog does not look yet; an overwritten partition gets a directory of its own below the
//    old one. Files that are appended to a registered partition show now, one after the other: a query
//    planned between two of them sees a part of the rows.
// 3. The catalog is changed, in one version for all partitions. From here on a query sees all that is
//    new, and nothing of what was overwritten.
// 4. Files of what was overwritten are removed. A query planned before step 3 that has not opened them
//    yet fails; `keepsOldFiles` leaves them for later.
//
// Killed before step 2 it leaves nothing; between 2 and 3, files that no query sees (but the appended
// ones); between 3 and 4, files that no query sees any more. `removeUnreferenced` removes both kinds.

internal import Columnar
internal import Connector
internal import Kernels
internal import ObjectStorage
internal import Simulation

/// Takes batches in the table's columns; see the steps above for what is not all or nothing.
final class HiveSink: BatchSink {
  /// One partition's files.
  final class Target {
    let values: [String?]
    let place: HiveTarget
    var open: HiveDataFile?
    var finished: [HiveDataFile] = []
    var rowCount = 0

    init(values: [String?], place: HiveTarget) {
      self.values = values
      self.place = place
    }

    var byteCount: Int { finished.reduce(0) { $0 + $1.writer.byteCount } }
  }

  let catalog: HiveCatalog
  let name: HiveTableName
  /// The table as it was when the sink was made; one that CREATE TABLE AS makes is not there yet.
  let entry: HiveTableEntry
  let isNewTable: Bool
  let mode: HiveWriteMode
  let options: HiveWriteOptions
  private var targets: [Target] = []
  /// By the router's group.
  private var targetOfGroup: [Int: Target] = [:]
  /// The markers of directories that are this sink's.
  private var claims: [String] = []
  private var router: HivePartitionRouter
  private let dataSchema: Schema
  private var isEnded = false
  private var rowsWritten = 0

  init(
    catalog: HiveCatalog, name: HiveTableName, entry: HiveTableEntry, isNewTable: Bool,
    mode: HiveWriteMode, options: HiveWriteOptions
  ) {
    self.catalog = catalog
    self.name = name
    self.entry = entry
    self.isNewTable = isNewTable
    self.mode = mode
    self.options = options
    dataSchema = Schema(entry.columns)
    let first = entry.columns.count
    router = HivePartitionRouter(
      columns: entry.partitionColumns.indices.map { first + $0 },
      types: entry.partitionColumns.map(\.type))
  }

  // MARK: Writing

  func write(_ batch: ColumnarBatch) throws {
    precondition(!isEnded, "a sink takes no batches after commit or abort")
    guard batch.rowCount > 0 else { return }
    let batch = try conformed(batch)
    let data = batch.selecting(Array(entry.columns.indices))
    for (group, rows) in router.route(batch) {
      let target = try target(of: group)
      let part = rows.map { rows in rows.withUnsafeBufferPointer { data.gather($0) } } ?? data
      try write(part, to: target)
    }
    rowsWritten += batch.rowCount
  }

  private func write(_ batch: ColumnarBatch, to target: Target) throws {
    let file = try target.open ?? HiveDataFile(
      store: catalog.store, schema: dataSchema, compression: options.compression)
    target.open = file
    try file.write(batch)
    target.rowCount += batch.rowCount
    if file.rowCount >= options.targetRowsPerFile { try finish(target) }
  }

  private func finish(_ target: Target) throws {
    guard let file = target.open else { return }
    target.open = nil
    try file.finish()
    target.finished.append(file)
  }

  private func target(of group: Int) throws -> Target {
    if let known = targetOfGroup[group] { return known }
    let values = try values(of: router.scalars[group])
    // NULL and the text that stands for it are one partition.
    if let same = targets.first(where: { $0.values == values }) {
      targetOfGroup[group] = same
      return same
    }
    guard targets.count < options.partitionsMax else {
      throw HiveError(
        .tooManyPartitions, table: "\(name)",
        "Exceeded limit of \(options.partitionsMax) open writers for partitions.",
        advice: "Insert fewer partitions at a time, such as a month, or partition by a column of fewer "
          + "values.")
    }
    let target = Target(values: values, place: try place(of: values))
    targets.append(target)
    targetOfGroup[group] = target
    return target
  }

  /// What the names of directories say of a partition's values.
  private func values(of scalars: [Scalar]) throws -> [String?] {
    try zip(entry.partitionColumns, scalars).map { field, scalar in
      guard let text = HivePartitionValue.text(scalar, type: field.type) else { return nil }
      if text == HivePartitionName.null { return nil }
      guard !text.isEmpty else {
        throw HiveError(
          .invalidPartitionValue, table: "\(name)",
          "A row has an empty text in the partition column \(field.name), which Hive reads as NULL.",
          advice: "Write NULLIF(\(field.name), '') or another text.")
      }
      guard text.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) else {
        throw HiveError(
          .invalidPartitionValue, table: "\(name)",
          "Hive partition keys can only contain printable ASCII characters, and a row has '\(text)' "
            + "in \(field.name).",
          advice: "Partition by a code in place of the text.")
      }
      guard HivePartitionValue.scalar(text, type: field.type) == scalar else {
        throw HiveError(
          .invalidPartitionValue, table: "\(name)",
          "'\(text)' cannot be a value of the partition column \(field.name).",
          advice: "Dates of partitions lie between the years 0 and 9999.")
      }
      return text
    }
  }

  /// The batch in the table's own types, with typed NULLs in place of bare ones.
  private func conformed(_ batch: ColumnarBatch) throws -> ColumnarBatch {
    guard batch.columns.count == entry.schema.count else {
      throw HiveError(
        .schemaMismatch, table: "\(name)",
        "The rows have \(batch.columns.count) columns; \(name) has \(entry.schema.count).")
    }
    let columns = try zip(entry.schema.fields, batch.columns).map { field, column in
      if column.type == field.type { return column }
      if column.type == .unknown {
        return ColumnVector(constant: .null, type: field.type, count: batch.rowCount)
      }
      return try Kernels.cast(column, to: field.type)
    }
    return ColumnarBatch(schema: entry.schema, columns: columns, rowCount: batch.rowCount)
  }

  // MARK: Ending

  func commit() throws -> CommitSummary {
    precondition(!isEnded, "a sink ends once")
    var published: [(key: String, target: Target)] = []
    do {
      for target in targets { try finish(target) }
      if targets.isEmpty, !replacesWithoutRows {
        isEnded = true
        return CommitSummary(version: entry.version, rowsAdded: 0, filesAdded: 0, filesRemoved: 0)
      }
      for target in targets { published += try publish(target).map { ($0, target) } }
      let (changed, old) = try changeCatalog(targets)
      isEnded = true
      // From here on the rows are in: what cannot be removed now is removed another time.
      for target in targets { try? catalog.store.delete(Self.marker(of: target.place.location)) }
      if isNewTable, !targets.isEmpty {
        try? catalog.store.delete(Self.marker(of: entry.location))
      }
      let removed = options.keepsOldFiles ? 0 : catalog.removeFiles(of: old, now: changed)
      return CommitSummary(
        version: changed.version, rowsAdded: rowsWritten, filesAdded: published.count,
        filesRemoved: removed)
    } catch {
      // A change that was refused is not made. After another failure the catalog may have been changed
      // all the same: then the files are needed, and else they are leftovers that nobody sees. Only
      // what shows without the catalog is taken back in any case.
      let isRefused = error is CatalogChangeError
      for (key, target) in published where isRefused || target.place.kind == .registered {
        try? catalog.store.delete(key)
      }
      if !isRefused, !published.isEmpty { claims = [] }
      abort()
      throw error
    }
  }

  /// True where the commit has something to do although no row came.
  private var replacesWithoutRows: Bool {
    if case .overwrite(.static) = mode { return true }
    return isNewTable
  }

  func abort() {
    isEnded = true
    for target in targets {
      target.open?.writer.discard()
      for file in target.finished { file.writer.discard() }
    }
    targets = []
    targetOfGroup = [:]
    for key in claims { try? catalog.store.delete(key) }
    claims = []
  }

  /// Makes a directory this sink's alone; false where it is somebody's, or holds anything.
  ///
  /// Of several who put the marker one wins; who wins after another is done finds its files.
  func claim(_ directory: String) throws -> Bool {
    let key = Self.marker(of: directory)
    guard try !catalog.hasFiles(directory),
      try catalog.store.putIfAbsent(key, Array("\(options.operation)\n".utf8))
    else { return false }
    guard try catalog.store.list(prefix: directory + "/", startAfter: nil, limit: 2).count == 1 else {
      try catalog.store.delete(key)
      return false
    }
    claims.append(key)
    return true
  }

  /// What says that somebody has begun to write into a directory; no reader takes it for data.
  static func marker(of directory: String) -> String { directory + "/_started" }

  /// Gives a partition's files names that nobody has; answers their keys.
  private func publish(_ target: Target) throws -> [String] {
    var keys: [String] = []
    var waiting = Array(target.finished.indices)
    var attempt: UInt64 = 0
    while !waiting.isEmpty {
      let staged = waiting.map { number in
        StagedObject(
          key: target.place.location + "/"
            + Self.fileName(target, number, seed: UInt64(max(0, entry.version)), attempt: attempt)
            + options.compression.fileSuffix,
          writer: target.finished[number].writer)
      }
      let published = try catalog.store.publish(staged, ifAbsent: true)
      keys += zip(staged, published).filter { $1 }.map { $0.0.key }
      waiting = zip(waiting, published).filter { !$1 }.map { $0.0 }
      attempt += 1
    }
    return keys
  }

  /// A name that follows from what is written, without its suffix; a later attempt gives another one.
  private static func fileName(
    _ target: Target, _ number: Int, seed: UInt64, attempt: UInt64
  ) -> String {
    var generator = SeededGenerator(
      seed: seed, label: target.place.location, UInt64(number), UInt64(target.rowCount), attempt)
    let digits = String(number)
    let padded = String(repeating: "0", count: max(0, 5 - digits.utf8.count)) + digits
    return "part-\(padded)-\(generator.uuid())"
  }
}
