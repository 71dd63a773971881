// DELETE from a Hive-style table: whole partitions, or nothing.
//
// The catalog can forget a partition, but no file is ever changed. So the rows that a statement names are
// counted, file by file; only if each partition that is touched is named to its last row, it is taken out
// of the catalog, and its files are removed afterwards. A table without partition columns can be emptied.
// Partitions of an external table are forgotten, and their files stay.

internal import Columnar
internal import Connector
internal import ObjectStorage

/// Takes the identities of rows, and deletes the partitions that they fill.
final class HiveDeletion: RowChangeSink {
  private let source: HiveTable
  /// By the file's number.
  private var counts: [Int: Int] = [:]
  private var isEnded = false

  init(_ source: HiveTable) {
    self.source = source
  }

  private var catalog: HiveCatalog { source.catalog }
  private var refusal: CatalogChangeError {
    .notSupported(
      "changing rows of Hive tables, only deletes of whole partitions: name partitions in WHERE, or "
        + "write them anew with insert_existing_partitions_behavior = 'OVERWRITE'")
  }

  func delete(_ identities: ColumnVector) throws {
    let flat = identities.flattened()
    for identity in flat.values.values(as: Int64.self).prefix(flat.count) {
      counts[Int(identity >> HiveRowNumbers.rowBits), default: 0] += 1
    }
  }

  func insert(_ batch: ColumnarBatch) throws {
    if batch.rowCount > 0 { throw refusal }
  }

  func abort() {
    isEnded = true
    counts = [:]
  }

  func commit() throws -> CommitSummary {
    precondition(!isEnded, "a sink ends once")
    isEnded = true
    let partitions = try emptied()
    guard !partitions.isEmpty else {
      return CommitSummary(
        version: source.entry.version, rowsAdded: 0, filesAdded: 0, filesRemoved: 0)
    }
    if source.entry.partitionColumns.isEmpty { return try truncate() }
    let changed = try catalog.changeExisting(source.name, operation: "delete") { entry in
      for partition in partitions {
        guard entry.partition(partition.values)?.location == partition.location else {
          throw CatalogChangeError.conflict(
            "Partition '\(entry.name(of: partition.values))' of '\(source.name)' was changed by "
              + "another statement")
        }
        entry.remove(partition.values)
      }
    }
    let removed = source.entry.isExternal ? 0 : catalog.removeFiles(of: partitions, now: changed)
    return CommitSummary(
      version: changed.version, rowsAdded: 0, filesAdded: 0, filesRemoved: removed)
  }

  /// An overwrite of all with nothing.
  private func truncate() throws -> CommitSummary {
    guard !source.entry.isExternal else {
      throw CatalogChangeError.notSupported("deletes from non-managed Hive tables")
    }
    return try HiveSink(
      catalog: catalog, name: source.name, entry: source.entry, isNewTable: false,
      mode: .overwrite(.static([:])), options: HiveWriteOptions(operation: "delete")
    ).commit()
  }

  /// The partitions that are named to their last row; throws where one is named in part.
  private func emptied() throws -> [HivePartition] {
    var touched: [HivePartition] = []
    var files: [String: (object: ObjectMetadata, isNamed: Bool)] = [:]
    for (place, count) in counts {
      guard let file = source.numbers.file(place) else { throw refusal }
      if !touched.contains(file.partition) { touched.append(file.partition) }
      files[file.object.key] = (file.object, count == file.rowCount)
    }
    for partition in touched {
      for object in try HiveFiles(store: catalog.store).list(partition) {
        guard let known = files[object.key] else {
          // No row of it was named: it is another statement's, unless the scan has read it too.
          guard source.numbers.hasEmpty(object) else { throw refusal }
          continue
        }
        guard known.object == object else {
          throw CatalogChangeError.conflict(
            "Files of '\(source.name)' were changed by another statement")
        }
        guard known.isNamed else { throw refusal }
      }
    }
    return touched
  }
}
