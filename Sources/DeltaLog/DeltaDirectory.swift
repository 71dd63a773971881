public import Columnar
public import Connector
public import ObjectStorage
internal import Synchronization

/// The Delta tables directly below one directory of a store: a schema of a catalog.
///
/// Any directory with a `_delta_log` is a table, whoever made it. The lake's layers and the
/// warehouse's schemas are such directories.
public final class DeltaDirectory: Sendable {
  public let store: any ObjectStore
  /// The directory below the store's root, without a slash at its end.
  public let path: String
  /// One object a table, so that the replay of its log is kept.
  private let tables = Mutex<[String: DeltaTable]>([:])

  public init(store: any ObjectStore, path: String) {
    self.store = store
    self.path = path
  }

  /// The tables there are, sorted.
  public func tableNames() throws -> [String] {
    try store.directories(below: path + "/").filter { name in
      try DeltaTable.exists(store: store, path: path + "/" + name)
    }
  }

  /// The table of a name, compared without case; nil where there is none.
  public func table(_ name: String) throws -> DeltaTable? {
    guard let directory = try directoryName(name) else {
      tables.withLock { $0[name.lowercased()] = nil }
      return nil
    }
    return known(directory)
  }

  private func directoryName(_ name: String) throws -> String? {
    guard Self.isTableName(name) else { return nil }
    if try DeltaTable.exists(store: store, path: path + "/" + name) { return name }
    let lowered = name.lowercased()
    return try tableNames().first { $0.lowercased() == lowered }
  }

  private func known(_ name: String) -> DeltaTable {
    tables.withLock { tables in
      if let table = tables[name.lowercased()], table.path == path + "/" + name { return table }
      let table = DeltaTable(store: store, path: path + "/" + name)
      tables[name.lowercased()] = table
      return table
    }
  }

  /// Makes an empty table; see `DeltaTable.create`.
  public func create(
    _ name: String,
    schema: Schema,
    partitionColumns: [String] = [],
    timestamp: Int64,
    comment: String? = nil,
    properties: [String: String] = [:]
  ) throws -> DeltaTable {
    try checkName(name)
    _ = try DeltaTable.create(
      store: store,
      path: path + "/" + name,
      schema: schema,
      partitionColumns: partitionColumns,
      timestamp: timestamp,
      name: name,
      comment: comment,
      properties: properties
    )
    return known(name)
  }

  /// A sink whose commit makes the table `name` of its rows, or replaces the table `base`; see
  /// `DeltaTable.beginCreate`.
  public func beginCreate(
    _ name: String,
    replacing base: DeltaSnapshot? = nil,
    schema: Schema,
    partitionColumns: [String] = [],
    comment: String? = nil,
    properties: [String: String] = [:],
    options: DeltaWriteOptions
  ) throws -> any BatchSink {
    try checkName(name)
    return try DeltaTable.beginCreate(
      base?.table ?? DeltaTable(store: store, path: path + "/" + name),
      replacing: base,
      schema: schema,
      partitionColumns: partitionColumns,
      name: name,
      comment: comment,
      properties: properties,
      options: options
    )
  }

  /// Deletes the table of a name, compared without case; see `DeltaTable.drop`. False where there is
  /// none.
  public func drop(_ name: String) throws -> Bool {
    guard let table = try table(name) else { return false }
    defer { tables.withLock { $0[name.lowercased()] = nil } }
    try table.drop()
    return true
  }

  private func checkName(_ name: String) throws {
    guard Self.isTableName(name) else {
      throw DeltaLogError(
        .invalidSchema,
        table: path + "/" + name,
        "\"\(name)\" cannot name a table.",
        advice: "Use letters, digits and underscores."
      )
    }
  }

  /// True for a name that is one segment of a key.
  private static func isTableName(_ name: String) -> Bool {
    guard !name.isEmpty, !name.utf8.contains(UInt8(ascii: "/")) else { return false }
    return ObjectKey.isPlain(name)
  }
}
