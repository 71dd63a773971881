internal import Columnar
internal import Connector
internal import ObjectStorage
internal import Simulation

/// Where a sink puts the files of one partition.
struct HiveTarget: Hashable {
  enum Kind: Hashable {
    /// The partition was registered at this location.
    case registered
    /// The partition was not registered.
    case fresh
    /// The location is to take the place of the partition's own.
    case replacement
  }

  var kind: Kind
  var location: String
}

extension HiveSink {
  /// Where the rows of a partition go; throws where it may not get any.
  func place(of values: [String?]) throws -> HiveTarget {
    let known = isNewTable && !values.isEmpty ? nil : entry.partition(values)
    let standard = entry.standardLocation(of: values)
    guard ObjectKey.isPlain(standard) else {
      throw HiveError(
        .invalidPartitionValue, table: "\(name)",
        "The partition \(entry.name(of: values)) has a name that is too long for a directory.")
    }
    switch mode {
    case .append, .appendToNew:
      guard let known else {
        guard try claim(standard) else {
          throw CatalogChangeError.locationExists(
            "Target directory for new partition '\(entry.name(of: values))' of table '\(name)' "
              + "already exists: \(catalog.places.uri(standard))")
        }
        return HiveTarget(kind: .fresh, location: standard)
      }
      guard mode == .append || isNewTable else { throw readOnly(values) }
      return HiveTarget(kind: .registered, location: known.location)
    case .overwrite(let overwrite):
      if case .static(let wanted) = overwrite {
        guard matches(values, wanted) else {
          throw HiveError(
            .invalidPartitionValue, table: "\(name)",
            "A row belongs to the partition \(entry.name(of: values)), which is not among those to "
              + "overwrite.",
            advice: "Filter the rows, or overwrite the partitions that rows are written for.")
        }
      }
      if known == nil, try claim(standard) { return HiveTarget(kind: .fresh, location: standard) }
      return HiveTarget(kind: .replacement, location: try emptyDirectory(below: standard))
    }
  }

  /// A new directory that is this sink's alone.
  func emptyDirectory(below directory: String) throws -> String {
    var attempt: UInt64 = 0
    while true {
      var generator = SeededGenerator(
        seed: UInt64(max(0, entry.version)), label: directory, attempt)
      let location = directory + "/v\(entry.version + 1)-" + generator.uuid().prefix(8)
      if try claim(location) { return location }
      attempt += 1
    }
  }

  private func readOnly(_ values: [String?]) -> CatalogChangeError {
    values.isEmpty
      ? .readOnlyPartition("Unpartitioned Hive tables are immutable")
      : .readOnlyPartition(
        "Cannot insert into an existing partition of Hive table: \(entry.name(of: values))")
  }

  /// True where a partition has all the values that were given.
  private func matches(_ values: [String?], _ wanted: [String: String?]) -> Bool {
    wanted.allSatisfy { column, value in
      entry.partitionColumns.firstIndex { $0.name == column }.map { values[$0] == value } ?? false
    }
  }

  // MARK: The catalog

  /// Makes the published files part of the table; answers the entry and what gave way.
  func changeCatalog(
    _ written: [Target]
  ) throws -> (entry: HiveTableEntry, old: [HivePartition]) {
    var old: [HivePartition] = []
    let changed = try catalog.change(name, operation: options.operation) { table in
      old = []
      var next = try base(table)
      if case .overwrite(.static(let wanted)) = mode {
        for partition in next.partitions where matches(partition.values, wanted) {
          old.append(partition)
          next.remove(partition.values)
        }
        if next.partitionColumns.isEmpty, written.isEmpty {
          var empty = HivePartition(
            values: [], location: try emptyDirectory(below: next.location),
            createdMilliseconds: catalog.now())
          empty.parameters = HivePartition.counts(rows: 0, files: 0, bytes: 0)
          next.put(empty)
        }
      }
      for target in written { try add(target, to: &next, &old) }
      table = next
    }
    guard let changed else {
      throw CatalogChangeError.tableMissing(schema: name.schema, name: name.table)
    }
    return (changed, old)
  }

  /// The newest entry, if it is still the table that the rows were made for.
  private func base(_ table: HiveTableEntry?) throws -> HiveTableEntry {
    if isNewTable {
      guard table == nil else {
        throw CatalogChangeError.tableExists(schema: name.schema, name: name.table)
      }
      return entry
    }
    guard let table else {
      throw CatalogChangeError.tableMissing(schema: name.schema, name: name.table)
    }
    guard table.columns == entry.columns, table.partitionColumns == entry.partitionColumns,
      table.location == entry.location, table.format == entry.format
    else { throw CatalogChangeError.conflict("Table '\(name)' was changed by another statement") }
    return table
  }

  private func add(
    _ target: Target, to next: inout HiveTableEntry, _ old: inout [HivePartition]
  ) throws {
    let (rows, files, bytes) = (target.rowCount, target.finished.count, target.byteCount)
    let known = next.partition(target.values)
    if let known, target.place.kind != .replacement, known.location == target.place.location {
      // Another writer may have registered it meanwhile; the files lie in the same place.
      if mode == .appendToNew, !isNewTable { throw readOnly(target.values) }
      return next.put(known.adding(rows: rows, files: files, bytes: bytes))
    }
    let isOverwrite = mode != .append && mode != .appendToNew
    guard isOverwrite || (known == nil && target.place.kind == .fresh) else {
      throw CatalogChangeError.conflict(
        "Partition '\(next.name(of: target.values))' of '\(name)' was changed by another statement")
    }
    if let known { old.append(known) }
    next.put(
      HivePartition(
        values: target.values, location: target.place.location,
        createdMilliseconds: catalog.now(),
        parameters: HivePartition.counts(rows: rows, files: files, bytes: bytes)))
  }
}
