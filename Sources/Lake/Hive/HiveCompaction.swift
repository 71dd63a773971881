// Many small files of a partition become few, while readers read:
//
// 1. Read the partition's rows and write them into a directory that no reader knows.
// 2. Compare: as many rows, and the same rows, whatever their order.
// 3. Point the partition at the new directory, if it is still where it was and holds the same files.
// 4. Leave the old files to the readers that have listed them; `removeUnreferenced` removes them later.
//
// The new files have the table's columns of today. What the old ones hold besides, such as a column that
// was dropped or renamed, is not copied.
//
// Until step 3 readers see the old files, after it the new ones. A writer that appends meanwhile is
// noticed in step 3, and the compaction is given up: its rows would be lost.

internal import Columnar
internal import Connector
internal import Kernels
internal import ObjectStorage

/// What the rows of some files are, whatever their order and however they are cut into files.
package struct HiveContent: Hashable, Sendable {
  package var rowCount = 0
  /// The sum of a 64-bit hash of each row: equal for equal rows, and for different ones with a
  /// probability that does not count.
  package var checksum: UInt64 = 0

  package init() {}

  mutating func add(_ batch: ColumnarBatch) {
    rowCount += batch.rowCount
    for hash in hashRows(batch.columns, count: batch.rowCount) { checksum &+= hash }
  }
}

/// What a compaction did.
package struct HiveCompactionReport: Hashable, Sendable {
  package var filesBefore: Int
  package var filesAfter: Int
  package var bytesBefore: Int
  package var bytesAfter: Int
  package var content: HiveContent
  /// Where the old files lie, as a URI.
  package var oldLocation: String
  /// Where the new files lie, as a URI.
  package var newLocation: String
}

extension HiveCatalog {
  /// The rows of a partition, read to their end.
  ///
  /// Throws where the table has no such partition.
  package func content(_ name: HiveTableName, values: [String?]) throws -> HiveContent {
    let entry = try existing(name)
    return try content(name, entry, entry.required(values, name).location)
  }

  /// Rewrites a partition's files into as few as `targetRowsPerFile` allows, verifies them and points
  /// the partition at them, in one step; the old files stay.
  ///
  /// - Throws: `CatalogChangeError.conflict` where files or catalog changed meanwhile, and
  ///   `HiveError.verificationFailed` where the copy is no copy; both leave the table as it was.
  package func compactPartition(
    _ name: HiveTableName, values: [String?], targetRowsPerFile: Int = 1_000_000
  ) throws -> HiveCompactionReport {
    let entry = try existing(name)
    try checkWritable(entry)
    let partition = try entry.required(values, name)
    let files = try HiveFiles(store: store).list(partition)
    guard !files.isEmpty else {
      throw CatalogChangeError.invalidArgument(
        "Partition '\(entry.name(of: values))' of '\(name)' has no files")
    }
    let sink = HiveSink(
      catalog: self, name: name, entry: entry, isNewTable: false, mode: .append,
      options: HiveWriteOptions(operation: "compact"))
    let location = try sink.emptyDirectory(below: entry.standardLocation(of: values))
    do {
      let written = try copy(name, entry, partition, to: location, targetRowsPerFile)
      let copied = try content(name, entry, location)
      guard copied == written.content else {
        throw HiveError(
          .verificationFailed, table: "\(name)",
          "The compacted files hold \(copied.rowCount) rows, the old ones "
            + "\(written.content.rowCount), or other values.", file: location,
          advice: "Nothing was changed; run the compaction again.")
      }
      let new = try HiveFiles(store: store).list(
        HivePartition(values: values, location: location, createdMilliseconds: 0))
      let bytes = new.reduce(0) { $0 + $1.size }
      try changeExisting(name, operation: "compact") { next in
        let now = next.partition(values)
        let isSame = try now?.location == partition.location
          && HiveFiles(store: store).list(partition) == files
        guard isSame, next.columns == entry.columns, var now else {
          throw CatalogChangeError.conflict(
            "Partition '\(entry.name(of: values))' of '\(name)' was written while it was compacted")
        }
        now.location = location
        now.parameters = HivePartition.counts(
          rows: copied.rowCount, files: new.count, bytes: bytes)
        next.put(now)
      }
      try? store.delete(HiveSink.marker(of: location))
      return HiveCompactionReport(
        filesBefore: files.count, filesAfter: new.count,
        bytesBefore: files.reduce(0) { $0 + $1.size }, bytesAfter: bytes, content: copied,
        oldLocation: places.uri(partition.location), newLocation: places.uri(location))
    } catch {
      // After a failure of the store the catalog may have been changed all the same.
      if error is CatalogChangeError || error is HiveError {
        for object in (try? store.list(prefix: location + "/")) ?? [] {
          try? store.delete(object.key)
        }
      }
      throw error
    }
  }

  /// Writes a partition's rows as new files; answers what it read.
  private func copy(
    _ name: HiveTableName, _ entry: HiveTableEntry, _ partition: HivePartition,
    to location: String, _ targetRowsPerFile: Int
  ) throws -> (content: HiveContent, fileCount: Int) {
    let compression = HiveWriteOptions().compression
    var content = HiveContent()
    var finished: [HiveDataFile] = []
    var open: HiveDataFile?
    try forEachBatch(name, entry, partition.location) { batch in
      content.add(batch)
      var start = 0
      while start < batch.rowCount {
        let file = try open ?? HiveDataFile(
          store: store, schema: Schema(entry.columns), compression: compression)
        open = file
        let end = min(batch.rowCount, start + max(1, targetRowsPerFile - file.rowCount))
        try file.write(start == 0 && end == batch.rowCount ? batch : batch.slice(start..<end))
        start = end
        if file.rowCount >= targetRowsPerFile {
          try file.finish()
          finished.append(file)
          open = nil
        }
      }
    }
    if let open {
      try open.finish()
      finished.append(open)
    }
    let staged = finished.enumerated().map { number, file in
      StagedObject(
        key: "\(location)/compacted-\(number)\(compression.fileSuffix)", writer: file.writer)
    }
    guard try !store.publish(staged, ifAbsent: true).contains(false) else {
      throw CatalogChangeError.conflict("The directory \(places.uri(location)) is written by others")
    }
    return (content, finished.count)
  }

  private func content(
    _ name: HiveTableName, _ entry: HiveTableEntry, _ location: String
  ) throws -> HiveContent {
    var content = HiveContent()
    try forEachBatch(name, entry, location) { content.add($0) }
    return content
  }

  /// The rows of a location's files, in the columns that files hold.
  private func forEachBatch(
    _ name: HiveTableName, _ entry: HiveTableEntry, _ location: String,
    _ body: (ColumnarBatch) throws -> Void
  ) throws {
    var alone = entry
    alone.partitionColumns = []
    alone.partitions = [HivePartition(values: [], location: location, createdMilliseconds: 0)]
    let table = HiveTable(name: name, entry: alone, catalog: self)
    let request = ScanRequest(columns: Array(entry.columns.indices))
    for split in try table.splits(for: request) {
      let reader = try split.open()
      while let batch = try reader.next() { try body(batch) }
    }
  }
}

extension HiveTableEntry {
  /// The partition of these values; throws where there is none.
  fileprivate func required(_ values: [String?], _ table: HiveTableName) throws -> HivePartition {
    guard let partition = partition(values) else {
      throw CatalogChangeError.notFound("Partition '\(name(of: values))' does not exist")
    }
    return partition
  }
}
