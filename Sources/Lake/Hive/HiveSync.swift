// `sync_partition_metadata`: makes the catalog agree with the directories below a table's location.
//
// A directory is a partition if its names are `column=value`, column after column in the table's order.
// Columns are in lower case in the catalog, and so they must be in the names, as for Hive's MSCK REPAIR
// TABLE: `DT=2024-01-15` is passed over in silence unless the caller says that case does not matter.
//
// DROP goes by the directories below the table's own location. A partition that was registered elsewhere
// has none there, and is dropped, however full the other place is.

internal import Columnar
internal import Connector
internal import ObjectStorage

/// What `sync_partition_metadata` does about differences.
package enum HiveSyncMode: String, Hashable, Sendable, CaseIterable {
  /// Registers directories that the catalog does not know.
  case add = "ADD"
  /// Drops partitions whose directory is not there.
  case drop = "DROP"
  /// Both.
  case full = "FULL"
}

/// What a synchronization changed: names such as `dt=2024-01-15`.
package struct HiveSyncReport: Hashable, Sendable {
  package var added: [String] = []
  package var dropped: [String] = []
}

extension HiveCatalog {
  /// Compares the directories with the catalog, and changes the catalog in one step.
  @discardableResult
  package func syncPartitions(
    _ name: HiveTableName, mode: HiveSyncMode, caseSensitive: Bool = true
  ) throws -> HiveSyncReport {
    var report = HiveSyncReport()
    let moment = now()
    try changeExisting(name, operation: "sync_partition_metadata") { entry in
      guard !entry.partitionColumns.isEmpty else {
        throw CatalogChangeError.invalidArgument("Table is not partitioned: \(name)")
      }
      report = HiveSyncReport()
      let found = try directories(of: entry, caseSensitive: caseSensitive)
      if mode != .add {
        let present = Set(found.map(\.values))
        let gone = try entry.partitions.filter { partition in
          try !present.contains(partition.values) && isGone(partition, of: entry)
        }
        let values = Set(gone.map(\.values))
        entry.partitions.removeAll { values.contains($0.values) }
        report.dropped = gone.map { entry.name(of: $0.values) }
      }
      if mode != .drop {
        let known = Set(entry.partitions.map(\.values))
        let fresh = found.filter { !known.contains($0.values) }
        entry.put(
          fresh.map { HivePartition(values: $0, location: $1, createdMilliseconds: moment) })
        report.added = fresh.map { entry.name(of: $0.values) }
      }
    }
    return report
  }

  /// True where a partition that no directory is named after is not there in another spelling either.
  private func isGone(_ partition: HivePartition, of entry: HiveTableEntry) throws -> Bool {
    try !partition.location.hasPrefix(entry.location + "/") || !hasFiles(partition.location)
  }

  /// The directories that are partitions by their names; of two with the same values the one that is
  /// spelled as Hive spells it.
  private func directories(
    of entry: HiveTableEntry, caseSensitive: Bool
  ) throws -> [(values: [String?], location: String)] {
    var level: [(values: [String?], location: String)] = [([], entry.location)]
    for column in entry.partitionColumns {
      var next: [(values: [String?], location: String)] = []
      for (values, location) in level {
        for segment in try store.directories(below: location + "/") {
          guard let (name, value) = HivePartitionName.parts(of: segment),
            (caseSensitive ? name : name.lowercased()) == column.name,
            ObjectKey.isPlain(location + "/" + segment)
          else { continue }
          guard value != "", HivePartitionValue.scalar(value, type: column.type) != nil else {
            throw CatalogChangeError.invalidArgument(
              "The directory \(places.uri(location + "/" + segment)) is named as a partition, and "
                + "'\(value ?? "")' is no \(column.type), the type of \(column.name)")
          }
          next.append((values + [value], location + "/" + segment))
        }
      }
      level = next
    }
    var places: [[String?]: String] = [:]
    for (values, location) in level {
      let isStandard = location == entry.standardLocation(of: values)
      if places[values] == nil || isStandard { places[values] = location }
    }
    return level.filter { places[$0.values] == $0.location }
  }
}
