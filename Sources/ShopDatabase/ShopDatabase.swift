// The shop's operational database: what orders, members and products are, as the shop itself knows it.
//
// 1. Whoever fills it says which tables there are (`TableLayout`) and hands over rows with the moment
//    up to which they are all of them. Rows and moment are one transaction: a crash leaves both or
//    neither, so whatever comes again is a row of a key that is there, or a moment that has passed.
// 2. A reader asks for a table and pins the database as it is then. Pages of rows become batches;
//    predicates and columns are SQLite's work wherever it means by them what the engine means.
// 3. SQL only reads it. An operational database belongs to its application: what analysts change
//    there, customers notice.
//
// The file is opened when it is first needed, and closed for a copy of the world.

package import Columnar
package import Connector
internal import Foundation
internal import GRDB
internal import Synchronization

/// One SQLite file and its catalog, `shop`. Safe to share among threads.
package final class ShopDatabase: WritableCatalog {
  package let name = "shop"
  /// The one schema, under the name that PostgreSQL's first schema has.
  package static let schemaName = "public"

  package let path: String
  package let layouts: [TableLayout]
  private let world: String
  private let beforeReading: @Sendable (ShopDatabase) throws -> Void
  private let state = Mutex(State())

  private struct State {
    var pool: DatabasePool?
    /// The newest version that a reader has pinned; nil after a write.
    var snapshot: DatabaseSnapshot?
    var aside: String?
  }

  /// A database that is opened at its first use.
  ///
  /// - Parameters:
  ///   - world: Whose database this is; a file of another world is put aside and written anew.
  ///   - beforeReading: Called before a table is read, to bring in what is due.
  package init(
    path: String, layouts: [TableLayout], world: String,
    beforeReading: @escaping @Sendable (ShopDatabase) throws -> Void = { _ in }
  ) {
    self.path = path
    self.layouts = layouts
    self.world = world
    self.beforeReading = beforeReading
  }

  /// Where a file went that could not be used, since the last call; nil for none.
  package func takePutAside() -> String? {
    state.withLock { state in
      defer { state.aside = nil }
      return state.aside
    }
  }

  // MARK: - Filling

  /// The moment up to which everything is in it, milliseconds; nil where nothing is.
  package func position() throws -> Int64? {
    try use { pool in
      try pool.read { try Int64.fetchOne($0, sql: "SELECT position FROM tapline_state") }
    }
  }

  /// A table's new rows, each with one value a column, in the order in which they came about.
  package struct Rows: Sendable {
    package var table: String
    package var rows: [[Scalar]]

    package init(table: String, rows: [[Scalar]]) {
      self.table = table
      self.rows = rows
    }
  }

  /// Writes rows, each in the place of one with its key, and the moment up to which they are all of
  /// them, in one transaction. `isAnew` empties the tables first, in the same transaction.
  package func write(_ changes: [Rows], position: Int64, isAnew: Bool = false) throws {
    try use { pool in
      try pool.write { db in
        if isAnew {
          for layout in layouts { try db.execute(sql: "DELETE FROM \(layout.quotedName)") }
        }
        for change in changes { try write(change, db) }
        try db.execute(
          sql: """
            INSERT INTO tapline_state (id, position) VALUES (1, ?)
            ON CONFLICT (id) DO UPDATE SET position = excluded.position
            """, arguments: [position])
      }
    }
    state.withLock { $0.snapshot = nil }
  }

  private func write(_ change: Rows, _ db: Database) throws {
    guard let layout = layouts.first(where: { $0.name == change.table }) else {
      preconditionFailure("the shop's database has no table \(change.table)")
    }
    let forms = layout.forms
    let statement = try db.cachedStatement(sql: layout.upsertStatement)
    for row in change.rows {
      precondition(row.count == forms.count, "a row of \(change.table) has \(row.count) values")
      let values = try zip(forms, row).enumerated().map { index, pair in
        guard let value = pair.0.stored(pair.1) else {
          throw ShopDatabaseError(
            .badValue, path: path,
            "\(layout.name).\(layout.schema[index].name) cannot be \(pair.1)")
        }
        return value
      }
      try statement.execute(arguments: StatementArguments(values))
    }
  }

  /// Closes the file; the next use opens it again. Versions that readers have pinned stay readable.
  ///
  /// What was written lies in the one file then, but where a reader of an older version keeps it from
  /// that: the rest stays in the log beside it.
  package func close() throws {
    try state.withLock { state in
      state.snapshot = nil
      guard let pool = state.pool else { return }
      state.pool = nil
      do {
        try pool.writeWithoutTransaction { db in
          do { try db.checkpoint(.truncate) } catch let error as DatabaseError
          where error.resultCode == .SQLITE_BUSY {}
        }
        try pool.close()
      } catch { throw ShopDatabaseError.of(error, path: path) }
    }
  }

  // MARK: - Opening

  private func use<Result>(_ body: (DatabasePool) throws -> Result) throws -> Result {
    let pool = try state.withLock { try opened(&$0) }
    do { return try body(pool) } catch { throw ShopDatabaseError.of(error, path: path) }
  }

  private func opened(_ state: inout State) throws -> DatabasePool {
    if let pool = state.pool { return pool }
    do {
      let pool = try openFile()
      state.pool = pool
      return pool
    } catch {
      let problem = ShopDatabaseError.of(error, path: path)
      guard problem.kind == .damaged else { throw problem }
      // Everything in it follows from the world: it is written again.
      state.aside = try putAside()
      let pool: DatabasePool
      do { pool = try openFile() } catch { throw ShopDatabaseError.of(error, path: path) }
      state.pool = pool
      return pool
    }
  }

  private func openFile() throws -> DatabasePool {
    var configuration = Configuration()
    configuration.busyMode = .timeout(5)
    configuration.maximumReaderCount = 2
    // A commit need not reach the disk at once: what a power cut takes is written again.
    configuration.prepareDatabase { db in
      if !db.configuration.readonly { try db.execute(sql: "PRAGMA synchronous = NORMAL") }
    }
    let pool = try DatabasePool(path: path, configuration: configuration)
    do {
      try pool.write { db in
        try db.execute(
          sql: """
            CREATE TABLE IF NOT EXISTS tapline_state (
              id INTEGER PRIMARY KEY CHECK (id = 1),
              position INTEGER NOT NULL); -- milliseconds of story time
            CREATE TABLE IF NOT EXISTS tapline_world (id INTEGER PRIMARY KEY, text TEXT NOT NULL);
            """)
        let wanted = [world] + layouts.map(\.createStatement)
        let found = try String.fetchAll(db, sql: "SELECT text FROM tapline_world ORDER BY id")
        guard found.isEmpty || found == wanted else {
          throw ShopDatabaseError(.damaged, path: path, "the file belongs to another world")
        }
        if found.isEmpty {
          for (id, text) in wanted.enumerated() {
            try db.execute(
              sql: "INSERT INTO tapline_world (id, text) VALUES (?, ?)", arguments: [id, text])
          }
        }
        for layout in layouts { try db.execute(sql: layout.createStatement) }
      }
    } catch {
      try? pool.close()
      throw error
    }
    return pool
  }

  /// Renames the file and what belongs to it to the first free `.broken-N`.
  private func putAside() throws -> String {
    let companions = ["", "-wal", "-shm"]
    let manager = FileManager.default
    var number = 1
    while companions.contains(where: { manager.fileExists(atPath: "\(path).broken-\(number)\($0)") })
    { number += 1 }
    let aside = "\(path).broken-\(number)"
    for companion in companions where manager.fileExists(atPath: path + companion) {
      do {
        try manager.moveItem(atPath: path + companion, toPath: aside + companion)
      } catch {
        throw ShopDatabaseError(.unusable, path: path, "the damaged file cannot be moved: \(error)")
      }
    }
    return aside
  }

  // MARK: - CatalogProvider

  package func schemaNames() throws -> [String] { [Self.schemaName] }

  package func tableNames(schema: String) throws -> [String] {
    schema == Self.schemaName ? layouts.map(\.name).sorted() : []
  }

  package func table(schema: String, name: String) throws -> (any TableSource)? {
    guard schema == Self.schemaName, let layout = layouts.first(where: { $0.name == name }) else {
      return nil
    }
    try beforeReading(self)
    return ShopTableSource(layout: layout, version: PinnedVersion(try pinned(), path: path))
  }

  /// The row of a key, as it is now; nil where there is none.
  package func row(of table: String, key: [Scalar]) throws -> [Scalar]? {
    guard let layout = layouts.first(where: { $0.name == table }) else { return nil }
    let source = ShopTableSource(layout: layout, version: PinnedVersion(try pinned(), path: path))
    let predicates = zip(layout.key, key).compactMap { name, value in
      layout.schema.index(of: name).map { ColumnPredicate(column: $0, .equal(value)) }
    }
    let request = ScanRequest(columns: Array(0..<layout.schema.count), predicates: predicates)
    for split in try source.splits(for: request) {
      if let batch = try split.open().next() { return batch.columns.map { $0.scalar(0) } }
    }
    return nil
  }

  /// The database as it is now; readers of one version share a connection.
  private func pinned() throws -> DatabaseSnapshot {
    try state.withLock { state in
      if let snapshot = state.snapshot { return snapshot }
      let pool = try opened(&state)
      do {
        let snapshot = try pool.makeSnapshot()
        state.snapshot = snapshot
        return snapshot
      } catch { throw ShopDatabaseError.of(error, path: path) }
    }
  }
}
