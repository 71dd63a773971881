internal import Columnar
internal import Connector
internal import ObjectStorage

// Which partitions a table has: what the procedures of Trino's Hive connector change.

extension HiveCatalog {
  /// Makes the files of a place a partition; without `uri`, of the place that follows from the values.
  ///
  /// The place must hold something. Files of no other partition are touched or looked at.
  @discardableResult
  package func registerPartition(
    _ name: HiveTableName, columns: [String], values: [String?], uri: String? = nil
  ) throws -> HivePartition {
    let entry = try partitioned(name, columns: columns, values: values)
    let location = try uri.map { try key(of: $0) } ?? entry.standardLocation(of: values)
    guard try hasFiles(location) else {
      throw CatalogChangeError.invalidArgument(
        "Partition location does not exist: \(places.uri(location))" + (try nearby(location)))
    }
    return try addPartition(
      name, values: values, location: location, operation: "register_partition")
  }

  /// Takes a partition out of the table; its files stay where they are.
  package func unregisterPartition(
    _ name: HiveTableName, columns: [String], values: [String?]
  ) throws {
    _ = try partitioned(name, columns: columns, values: values)
    try changeExisting(name, operation: "unregister_partition") { entry in
      guard entry.remove(values) != nil else {
        throw CatalogChangeError.notFound("Partition '\(entry.name(of: values))' does not exist")
      }
    }
  }

  /// Registers a partition that has no files yet, where it would go by its values.
  package func createEmptyPartition(
    _ name: HiveTableName, columns: [String], values: [String?]
  ) throws {
    let entry = try partitioned(name, columns: columns, values: values)
    try addPartition(
      name, values: values, location: entry.standardLocation(of: values),
      operation: "create_empty_partition",
      parameters: HivePartition.counts(rows: 0, files: 0, bytes: 0))
  }

  @discardableResult
  private func addPartition(
    _ name: HiveTableName, values: [String?], location: String, operation: String,
    parameters: [String: String] = [:]
  ) throws -> HivePartition {
    let partition = HivePartition(
      values: values, location: location, createdMilliseconds: now(), parameters: parameters)
    try changeExisting(name, operation: operation) { entry in
      if let known = entry.partition(values) {
        throw CatalogChangeError.alreadyExists(
          "Partition [\(entry.name(of: values))] is already registered with location "
            + places.uri(known.location))
      }
      entry.put(partition)
    }
    return partition
  }

  /// Points a partition at another place, which must hold something, in one step: a query sees the
  /// files of the old place or those of the new one.
  ///
  /// The old place's files stay; `removeUnreferenced` removes them later. A table without partition
  /// columns has one partition, without values. Where the partition is not at `expected` any more, it
  /// is a conflict; nil takes it wherever it is. `parameters` are what is known of the new files.
  package func repointPartition(
    _ name: HiveTableName,
    values: [String?],
    uri: String,
    expected: String? = nil,
    parameters: [String: String] = [:]
  ) throws {
    let location = try key(of: uri)
    let wanted = try expected.map { try key(of: $0) }
    guard try hasFiles(location) else {
      throw CatalogChangeError.invalidArgument(
        "Partition location does not exist: \(places.uri(location))" + (try nearby(location)))
    }
    try changeExisting(name, operation: "repoint_partition") { entry in
      guard var partition = entry.partition(values) else {
        throw CatalogChangeError.notFound("Partition '\(entry.name(of: values))' does not exist")
      }
      guard wanted == nil || partition.location == wanted else {
        throw CatalogChangeError.conflict(
          "Partition '\(entry.name(of: values))' was moved to \(places.uri(partition.location))")
      }
      partition.location = location
      partition.parameters = parameters
      entry.put(partition)
    }
  }

  // MARK: Checks

  /// The table, if it has just these partition columns and the values are of their types.
  private func partitioned(
    _ name: HiveTableName, columns: [String], values: [String?]
  ) throws -> HiveTableEntry {
    let entry = try existing(name)
    let names = entry.partitionColumns.map(\.name)
    guard !names.isEmpty else {
      throw CatalogChangeError.invalidArgument("Table is not partitioned: \(name)")
    }
    guard columns.map({ $0.lowercased() }) == names else {
      throw CatalogChangeError.invalidArgument(
        "Provided partition column names do not match actual partition column names: "
          + "[\(names.joined(separator: ", "))]")
    }
    guard values.count == names.count else {
      throw CatalogChangeError.invalidArgument(
        "\(values.count) partition values were given for \(names.count) partition columns")
    }
    for (field, value) in zip(entry.partitionColumns, values) {
      guard value != "", HivePartitionValue.scalar(value, type: field.type) != nil else {
        throw CatalogChangeError.invalidArgument(
          "'\(value ?? "")' is no \(field.type), the type of the partition column \(field.name)")
      }
    }
    guard ObjectKey.isPlain(entry.standardLocation(of: values)) else {
      throw CatalogChangeError.invalidArgument("The partition's values are too long for a directory")
    }
    return entry
  }

  func key(of uri: String) throws -> String {
    guard let key = places.key(uri) else {
      throw CatalogChangeError.invalidArgument(
        "'\(uri)' is no place in the lake; write s3://\(places.bucket)/ and a directory below it")
    }
    return key
  }

  func hasFiles(_ location: String) throws -> Bool {
    try !store.list(prefix: location + "/", startAfter: nil, limit: 1).isEmpty
  }

  /// Names a directory beside `location` that differs from it in letter case alone; empty for none.
  private func nearby(_ location: String) throws -> String {
    guard let slash = location.lastIndex(of: "/") else { return "" }
    let name = location[location.index(after: slash)...].lowercased()
    let around = String(location[...slash])
    guard let found = try store.directories(below: around).first(where: { $0.lowercased() == name })
    else { return "" }
    return "; there is \(places.uri(around + found))"
  }
}
