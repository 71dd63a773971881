// Hive-style tables: files in directories, and a catalog that says which of them are a table.
//
// ```
//  catalog/
//    silver/purchases/00000000000000000002.json              the newest version is what counts
//  lake/
//    processed/purchases/dt=2024-01-15/part-….parquet        a partition where one expects it
//    archive/old/purchases-2023-06/part-….parquet            a partition elsewhere
// ```
// 1. A file is part of a table only if it lies directly in the location of a registered partition.
//    What anybody puts elsewhere, or under a directory nobody registered, is not there for a query.
// 2. A query pins a `HiveTableEntry` (`HiveTable`), drops partitions by their values, lists the files
//    of those left, and reads them as its format says.
// 3. A change reads the newest version, computes the next and puts it if it is absent; who comes late
//    reads again and computes again, so that two writers lose nothing. One change may touch many
//    partitions: a query sees all of them or none.
// 4. Writers put files first and change the catalog afterwards (`HiveSink`). Files and catalog are two
//    things, though: rows appended to a partition that is registered show before the change, file by
//    file, and a query that has listed a file fails where it is removed meanwhile.
// 5. `sync_partition_metadata` compares the directories with the catalog, on demand and only then.

internal import Columnar
internal import Connector
internal import Foundation
package import ObjectStorage
internal import Synchronization

/// The catalog of a lake's Hive-style tables; safe to share.
package final class HiveCatalog: Sendable {
  /// The files of the tables.
  package let store: any ObjectStore
  /// The versions of the catalog: a store of its own, which no client of the files sees.
  package let documents: any ObjectStore
  package let places: HiveLocations
  /// Schemas that are always there, and the directories of their tables.
  let layers: [String: String]
  private let clock: (@Sendable () -> Int64)?
  /// The newest version that was read, by table.
  private let known = Mutex<[HiveTableName: HiveDocument]>([:])

  /// Versions that are kept whole, the newest among them.
  private static let versionsKept = 50
  /// How often a change is computed anew because others were faster.
  private static let attemptsMax = 1_000

  /// `layers` are schemas that are always there, with the directories of their tables; `now` is the
  /// story's time in milliseconds since the epoch, nil for the system's.
  package init(
    store: any ObjectStore,
    documents: any ObjectStore,
    places: HiveLocations = HiveLocations(),
    layers: [String: String] = [:],
    now: (@Sendable () -> Int64)? = nil
  ) {
    self.store = store
    self.documents = documents
    self.places = places
    self.layers = layers
    clock = now
  }

  /// Milliseconds since the Unix epoch.
  func now() -> Int64 { clock?() ?? Int64(Date().timeIntervalSince1970 * 1_000) }

  // MARK: Schemas and tables

  /// The tables of a schema, sorted.
  package func tableNames(schema: String) throws -> [String] {
    guard HiveTableName.isPossible(schema) else { return [] }
    return try documents.directories(below: "\(schema)/").filter { name in
      guard HiveTableName.isPossible(name) else { return false }
      return try newest(HiveTableName(schema, name))?.table != nil
    }
  }

  /// The table as its newest version says; nil where there is none.
  package func entry(_ name: HiveTableName) throws -> HiveTableEntry? {
    guard name.isPossible else { return nil }
    return try newest(name)?.table
  }

  /// The same; throws `CatalogChangeError.tableMissing`.
  package func existing(_ name: HiveTableName) throws -> HiveTableEntry {
    guard let entry = try entry(name) else {
      throw CatalogChangeError.tableMissing(schema: name.schema, name: name.table)
    }
    return entry
  }

  /// What became of a table, oldest first, as far back as versions are kept whole.
  package func history(_ name: HiveTableName) throws -> [HiveVersion] {
    guard name.isPossible else { return [] }
    return try documents.list(prefix: name.directory).compactMap { object in
      guard Self.version(of: object.key, in: name) != nil else { return nil }
      let document = try self.document(object.key, name)
      guard !document.isSuperseded else { return nil }
      return HiveVersion(
        version: document.version, operation: document.operation,
        milliseconds: document.milliseconds, partitionCount: document.table?.partitions.count)
    }
  }

  // MARK: Versions

  /// The newest version; nil where the table never was.
  private func newest(_ name: HiveTableName) throws -> HiveDocument? {
    for _ in 0..<Self.attemptsMax {
      let cached = known.withLock { $0[name] }
      let before = cached.flatMap { $0.version > 0 ? name.key($0.version - 1) : nil }
      let listed = try documents.list(prefix: name.directory, startAfter: before)
      guard let newest = listed.last(where: { Self.version(of: $0.key, in: name) != nil }) else {
        // The directory is gone or was put back to another state: nothing known holds.
        known.withLock { $0[name] = nil }
        if cached == nil { return nil }
        continue
      }
      if let cached, newest.key == name.key(cached.version) { return cached }
      let document = try document(newest.key, name)
      // Shortened between listing and reading: newer ones are there.
      if document.isSuperseded { continue }
      known.withLock { $0[name] = document }
      return document
    }
    throw CatalogChangeError.conflict("Table '\(name)' is changed all the time")
  }

  private func document(_ key: String, _ name: HiveTableName) throws -> HiveDocument {
    var document = try HiveDocument(documents.get(key), key: key, table: "\(name)", places)
    guard let version = Self.version(of: key, in: name) else { return document }
    document.version = version
    document.table?.version = version
    return document
  }

  /// The version that a key names; nil for keys of others.
  private static func version(of key: String, in name: HiveTableName) -> Int64? {
    let rest = key.dropFirst(name.directory.count)
    guard key.hasPrefix(name.directory), rest.utf8.count == 25, rest.hasSuffix(".json") else {
      return nil
    }
    return Int64(rest.dropLast(5)).flatMap { $0 >= 0 ? $0 : nil }
  }

  /// Changes a table; nil in and out stands for one that is not there.
  ///
  /// `change` may be called several times, each time with the newest entry, and decides on that alone.
  /// What it throws ends the attempt, and nothing is changed. Leaving the entry as it is makes no new
  /// version.
  @discardableResult
  func change(
    _ name: HiveTableName,
    operation: String,
    _ change: (inout HiveTableEntry?) throws -> Void
  ) throws -> HiveTableEntry? {
    for _ in 0..<Self.attemptsMax {
      let base = try newest(name)
      var table = base?.table
      try change(&table)
      if table == base?.table { return table }
      let version = (base?.version ?? -1) + 1
      table?.version = version
      let document = HiveDocument(
        version: version, operation: operation, milliseconds: now(), table: table)
      guard try documents.putIfAbsent(name.key(version), document.encoded(places)) else { continue }
      known.withLock { $0[name] = document }
      if version >= Int64(Self.versionsKept) {
        // The change is made, whatever becomes of the old version.
        try? documents.put(name.key(version - Int64(Self.versionsKept)), HiveDocument.stub)
      }
      return table
    }
    throw CatalogChangeError.conflict("Table '\(name)' is changed by others all the time")
  }

  /// The same of a table that has to be there.
  @discardableResult
  func changeExisting(
    _ name: HiveTableName,
    operation: String,
    _ change: (inout HiveTableEntry) throws -> Void
  ) throws -> HiveTableEntry {
    let changed = try self.change(name, operation: operation) { table in
      guard var entry = table else {
        throw CatalogChangeError.tableMissing(schema: name.schema, name: name.table)
      }
      try change(&entry)
      table = entry
    }
    guard let changed else {
      throw CatalogChangeError.tableMissing(schema: name.schema, name: name.table)
    }
    return changed
  }
}

/// One change of a table in the catalog.
package struct HiveVersion: Hashable, Sendable {
  package var version: Int64
  /// Such as `register_partition`.
  package var operation: String
  /// Since the Unix epoch, story time.
  package var milliseconds: Int64
  /// nil where the table was dropped.
  package var partitionCount: Int?
}

/// `schema.table`, both in lower case.
package struct HiveTableName: Hashable, Sendable, CustomStringConvertible {
  package var schema: String
  package var table: String

  package init(_ schema: String, _ table: String) {
    self.schema = schema.lowercased()
    self.table = table.lowercased()
  }

  package var description: String { "\(schema).\(table)" }

  /// The directory of its versions, with a slash at its end.
  var directory: String { "\(schema)/\(table)/" }

  func key(_ version: Int64) -> String {
    let digits = String(max(0, version))
    return directory + String(repeating: "0", count: max(0, 20 - digits.utf8.count)) + digits
      + ".json"
  }

  /// True for a name that Hive takes: letters, digits and underscores.
  var isPossible: Bool { Self.isPossible(schema) && Self.isPossible(table) }

  static func isPossible(_ name: String) -> Bool {
    (1...128).contains(name.utf8.count)
      && name.utf8.allSatisfy { byte in
        (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte) || byte == 0x5F
      }
  }
}
