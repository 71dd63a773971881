package import ObjectStorage

// Files that the catalog has let go.

extension HiveCatalog {
  /// Removes the files of partitions that are no longer in the table, as far as they lie below the
  /// table's own location; answers how many.
  ///
  /// What cannot be removed stays for `removeUnreferenced`: the change that let it go is made.
  func removeFiles(of gone: [HivePartition], now entry: HiveTableEntry) -> Int {
    let used = Set(entry.partitions.map(\.location))
    var removed = 0
    for partition in gone where !used.contains(partition.location) {
      let isBelow = partition.location.hasPrefix(entry.location + "/")
      guard isBelow || partition.location == entry.location else { continue }
      let prefix = partition.location + "/"
      // What lies in directories below may be another partition's, or what took this one's place.
      let objects = (try? store.list(prefix: prefix)) ?? []
      for object in objects where !object.key.dropFirst(prefix.count).contains("/") {
        guard (try? store.delete(object.key)) != nil else { continue }
        removed += HiveFiles.isData(object, prefix) ? 1 : 0
      }
    }
    return removed
  }

  /// Objects below a table's location that no query of it sees, in the order of their keys: leftovers
  /// of writers that were killed, and what overwrites and compactions have let go.
  ///
  /// Only those that were last changed before `milliseconds` since the Unix epoch. Files under a
  /// directory that was never registered are among them: look before removing.
  package func unreferenced(
    _ name: HiveTableName, changedBefore milliseconds: Int64
  ) throws -> [ObjectMetadata] {
    let entry = try existing(name)
    // Listed before the catalog is read again: what a writer publishes meanwhile is not in the list.
    let objects = try store.list(prefix: entry.location + "/")
    let used = Set(try existing(name).partitions.map { $0.location + "/" })
    return objects.filter { object in
      guard object.modifiedMilliseconds < milliseconds,
        let slash = object.key.lastIndex(of: "/")
      else { return false }
      return !used.contains(String(object.key[...slash]))
    }
  }

  /// Removes those objects; answers how many.
  ///
  /// `milliseconds` must be before the beginning of the longest write and of the longest query: their
  /// files look just like leftovers.
  @discardableResult
  package func removeUnreferenced(
    _ name: HiveTableName, changedBefore milliseconds: Int64
  ) throws -> Int {
    let objects = try unreferenced(name, changedBefore: milliseconds)
    for object in objects { try store.delete(object.key) }
    return objects.count
  }
}
