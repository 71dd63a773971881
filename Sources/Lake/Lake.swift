// The lake: what the pipeline keeps of events, in three layers below one directory.
//
// ```
//  lake/
//    raw/events/year=2024/month=01/day=15/hour=00/app-events-0-…-….json.gz   Bronze, as received
//    processed/events/{_delta_log,dt=2024-01-15/…}                           Silver, Delta tables
//    aggregated/daily_metrics/{_delta_log,…}                                 Gold, Delta tables
//    archive/events/year=2023/…  archive/monthly_metrics/…                   the year before
// ```
// 1. `LakeIngest` puts Bronze objects, each once: the key says which offsets it holds.
// 2. `ETL` reads `lake.bronze.events` and writes Delta tables of the other layers.
// 3. The engine reads all of them through `CatalogProvider`. Statements make and change Delta tables
//    (`DeltaStatements`) and, beside them, Hive-style tables (`HiveCatalog`); `LakeSession` tells one
//    from the other. What belongs to Hive-style tables is written in a store of its own, which is not
//    in the lake.

package import Columnar
package import Connector
package import DeltaLog
package import ObjectStorage
internal import Synchronization

/// One lake directory and its catalog, `lake`.
package final class Lake: CatalogProvider {
  package let name = "lake"
  /// The bucket of the lake: its objects are the files below the lake's directory.
  package let store: Bucket
  /// Delta tables cleaned from Bronze, below `processed/`.
  package let silver: DeltaDirectory
  /// Delta tables made for questions, below `aggregated/`.
  package let gold: DeltaDirectory
  /// Tables whose partitions a catalog lists, whatever files there are.
  package let hive: HiveCatalog
  /// True where INSERT may write to external Hive-style tables, as Trino's
  /// `hive.non-managed-table-writes-enabled`.
  let writesExternalTables: Bool
  /// Tables of the archive, below `archive/`.
  let historyDirectory: DeltaDirectory
  /// What makes the archive; nil for a lake without one.
  let history: LakeHistory?
  private static let layers = ["bronze": "raw", "silver": "processed", "gold": "aggregated"]
  let historyLock = Mutex(())
  let lineCounts = LineCounts()
  /// Of `startReader`.
  let polling = Mutex<HiveReader?>(nil)

  /// Opens the directory at `root`, making it where it is missing, as a bucket by itself.
  ///
  /// `now` is the story's time in milliseconds since the epoch: the objects' modification times.
  package static func open(
    root: String,
    now: (@Sendable () -> Int64)? = nil,
    history: LakeHistory? = nil,
    writesExternalTables: Bool = false
  ) throws -> Lake {
    let store = try LocalObjectStore(root: root, now: now)
    return Lake(
      bucket: Bucket(name: "lake", store: store, side: root + ".s3"),
      catalog: try LocalObjectStore(root: root + ".catalog", now: now), history: history, now: now,
      writesExternalTables: writesExternalTables)
  }

  /// The lake whose objects are those of a bucket; `catalog` keeps what its Hive-style tables are.
  package init(
    bucket store: Bucket, catalog: any ObjectStore, history: LakeHistory?,
    now: (@Sendable () -> Int64)? = nil, writesExternalTables: Bool = false
  ) {
    hive = HiveCatalog(store: store, documents: catalog, layers: Self.layers, now: now)
    self.store = store
    self.history = history
    self.writesExternalTables = writesExternalTables
    historyDirectory = DeltaDirectory(store: store, path: "archive")
    silver = DeltaDirectory(store: store, path: "processed")
    gold = DeltaDirectory(store: store, path: "aggregated")
  }

  /// Half-written files of a killed process that were removed at the start.
  package var leftoversRemoved: Int { store.leftoversRemoved }

  // MARK: Bronze

  /// Keeps several objects, waiting for the disk once; false where a key is there already.
  package func putBronze(_ objects: [(key: String, bytes: [UInt8])]) throws -> [Bool] {
    let staged = try objects.map { object in
      try checkBronze(object.key)
      try ObjectKey.checkPlain(object.key)
      let writer = try store.makeWriter()
      try object.bytes.withUnsafeBytes { try writer.write($0) }
      return StagedObject(key: object.key, writer: writer)
    }
    return try store.publish(staged, ifAbsent: true)
  }

  /// Keeps an object as it was received; false where the key is there already.
  package func putBronze(_ key: String, _ bytes: [UInt8]) throws -> Bool {
    try checkBronze(key)
    try ObjectKey.checkPlain(key)
    return try store.putIfAbsent(key, bytes)
  }

  /// The Bronze objects whose keys begin with `prefix`, sorted by key.
  package func bronzeObjects(_ prefix: String = "raw/") throws -> [ObjectMetadata] {
    try checkBronze(prefix)
    return try store.list(prefix: prefix)
  }

  private func checkBronze(_ key: String) throws {
    guard key.hasPrefix("raw/") else {
      throw LakeError(
        .notBronze,
        key: key,
        "\"\(key)\" is not below raw/, where Bronze objects are.",
        advice: "Begin the key with raw/."
      )
    }
  }

  // MARK: Delta tables

  /// The table of a name such as `silver.events` or `gold.daily_metrics`; nil where there is none.
  package func deltaTable(_ name: String) throws -> DeltaTable? {
    let (directory, table) = try location(name)
    return try directory.table(table)
  }

  /// Makes an empty table of a name such as `silver.events`.
  package func createTable(
    _ name: String,
    schema: Schema,
    partitionColumns: [String] = [],
    timestamp: Int64
  ) throws -> DeltaTable {
    let (directory, table) = try location(name)
    let schemaName = String(name.prefix { $0 != "." })
    guard try hive.entry(HiveTableName(schemaName, table)) == nil else {
      throw LakeError(
        .tableExists,
        key: name,
        "There is a Hive-style table \(name).",
        advice: "Drop it, or use another name."
      )
    }
    return try directory.create(
      table,
      schema: schema,
      partitionColumns: partitionColumns,
      timestamp: timestamp
    )
  }

  private func location(_ name: String) throws -> (DeltaDirectory, String) {
    let parts = name.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 2, let directory = directory(String(parts[0])) else {
      throw LakeError(
        .unknownLayer,
        key: name,
        "\"\(name)\" names no table of the lake.",
        advice: "Write silver.<table> or gold.<table>."
      )
    }
    return (directory, String(parts[1]))
  }

  /// Where the Delta tables of a schema lie; nil for a schema that has none.
  func directory(_ schema: String) -> DeltaDirectory? {
    switch schema.lowercased() {
    case "silver": silver
    case "gold": gold
    default: nil
    }
  }

  // MARK: CatalogProvider

  package func schemaNames() throws -> [String] {
    Set(try hive.schemaNames()).union(history == nil ? [] : ["archive"]).sorted()
  }

  package func tableNames(schema: String) throws -> [String] {
    let schema = schema.lowercased()
    return Set(try ownTableNames(schema: schema)).union(try hive.tableNames(schema: schema)).sorted()
  }

  /// The tables of a schema that no catalog lists.
  private func ownTableNames(schema: String) throws -> [String] {
    if schema.lowercased() == "bronze" { return try store.directories(below: "raw/") }
    if schema.lowercased() == "archive" { return history == nil ? [] : Self.historyTables }
    return try directory(schema)?.tableNames() ?? []
  }

  package func table(schema: String, name: String) throws -> (any TableSource)? {
    try hiveSource(schema: schema, name: name) ?? ownTable(schema: schema, name: name)
      ?? deltaFacts(schema: schema, name: name)
  }

  /// True where a table that no catalog lists has the name.
  func hasOwnTable(schema: String, name: String) throws -> Bool {
    if let directory = directory(schema) { return try directory.table(name) != nil }
    return try ownTable(schema: schema, name: name) != nil
  }

  private func ownTable(schema: String, name: String) throws -> (any TableSource)? {
    if schema.lowercased() == "archive" { return historyTable(name) }
    if schema.lowercased() == "bronze" {
      guard
        let dataset = try store.directories(below: "raw/").first(where: {
          $0.lowercased() == name.lowercased()
        })
      else { return nil }
      return BronzeTable(store: store, objects: try store.list(prefix: "raw/\(dataset)/"))
    }
    return try directory(schema)?.table(name)?.snapshot().changeable()
  }
}
