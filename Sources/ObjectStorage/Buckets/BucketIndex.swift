// What a bucket knows beside its files: one SQLite database, opened when it is first needed.
//
// ```
//  versions   one row for each version or delete marker that the files alone do not tell
//  uploads    open multipart uploads, and what completed ones answered
//  parts      the parts of open uploads
//  settings   versioning, lifecycle rules
// ```
// 1. A row of the object at its key has no file name, and counts only while size and modification
//    time are those of the file there: another program may have replaced it.
// 2. A row of an earlier version names its file below `versions/`. A delete marker has no file.
// 3. Rows are written before a file gets its name, and removed after it lost it. So a crash leaves rows
//    that count for nothing, and never an object without its row. `VersionTimeline` tells which.

internal import Foundation
internal import GRDB
internal import Synchronization

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Darwin)
internal import Darwin
#endif

/// The database of one bucket. Safe to share among threads.
final class BucketIndex: Sendable {
  let directory: String
  private let state = Mutex<Opened?>(nil)
  private let isThere: Atomic<Bool>
  private let isEnded = Atomic<Bool>(false)

  private struct Opened {
    var pool: DatabasePool
    /// Holds the lock that tells others that somebody works here.
    var lock: Int32
  }

  /// A database that is opened at its first use and made when something is written to it.
  init(directory: String) {
    self.directory = directory
    var status = stat()
    isThere = Atomic(stat(directory + "/index.sqlite", &status) == 0)
  }

  /// False as long as the files tell everything.
  var exists: Bool { isThere.load(ordering: .acquiring) }

  /// What `body` reads; nil where there is no database.
  func read<Result>(_ body: (Database) throws -> Result) throws -> Result? {
    guard exists else { return nil }
    return try translating { try opened().read(body) }
  }

  /// What `body` writes, as one transaction that is on the disk when this returns.
  func write<Result>(_ body: (Database) throws -> Result) throws -> Result {
    try translating { try opened().write(body) }
  }

  /// Closes the database for good: its directory is about to go.
  func end() throws {
    isEnded.store(true, ordering: .releasing)
    try close()
  }

  /// Closes the database, with all that was written in its one file; the next use opens it again.
  func close() throws {
    try state.withLock { state in
      guard let opened = state else { return }
      state = nil
      defer { unlock(opened.lock) }
      try translating {
        try opened.pool.writeWithoutTransaction { db in
          do { try db.checkpoint(.truncate) } catch let error as DatabaseError
          where error.resultCode == .SQLITE_BUSY {}
        }
        try opened.pool.close()
      }
    }
  }

  // MARK: Opening

  private func opened() throws -> DatabasePool {
    try state.withLock { state in
      if let opened = state { return opened.pool }
      if isEnded.load(ordering: .acquiring) {
        throw ObjectStorageError(
          .noSuchBucket, key: "", "The bucket of \(directory) was deleted.",
          advice: "List the buckets, or create it.")
      }
      try LocalPath.makeDirectories(directory)
      let (lock, isAlone) = try self.lock()
      do {
        let pool = try openDatabase()
        if isAlone {
          // Nobody else can be about to write down a file that lies there already.
          try pool.write { try BucketSweep(db: $0, directory: directory).run() }
          _ = flock(lock, LOCK_SH)
        }
        state = Opened(pool: pool, lock: lock)
        isThere.store(true, ordering: .releasing)
        return pool
      } catch {
        unlock(lock)
        throw error
      }
    }
  }

  /// The directory's lock, and whether nobody else holds it.
  private func lock() throws -> (Int32, isAlone: Bool) {
    let descriptor = Self.openFile(directory + "/lock", O_RDWR | O_CREAT | O_CLOEXEC)
    guard descriptor >= 0 else { throw ObjectStorageError.system(errno, "opened", key: "") }
    if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { return (descriptor, true) }
    while flock(descriptor, LOCK_SH) != 0 {
      guard errno == EINTR else {
        let number = errno
        unlock(descriptor)
        throw ObjectStorageError.system(number, "opened", key: "")
      }
    }
    return (descriptor, false)
  }

  private static func openFile(_ path: String, _ flags: Int32) -> Int32 {
    open(path, flags, 0o666)
  }

  private func unlock(_ descriptor: Int32) {
    #if canImport(Glibc)
    _ = Glibc.close(descriptor)
    #else
    _ = Darwin.close(descriptor)
    #endif
  }

  private func openDatabase() throws -> DatabasePool {
    var configuration = Configuration()
    configuration.busyMode = .timeout(5)
    configuration.maximumReaderCount = 4
    configuration.prepareDatabase { db in
      if !db.configuration.readonly { try db.execute(sql: "PRAGMA synchronous = FULL") }
    }
    let pool = try DatabasePool(
      path: directory + "/index.sqlite", configuration: configuration)
    do {
      let migrator = Self.migrator
      if try pool.read({ try migrator.hasBeenSuperseded($0) }) {
        throw ObjectStorageError(
          .damagedIndex, key: "",
          "The index in \(directory) was written by a later version of this program.",
          advice: "Use that version, or another home.")
      }
      try migrator.migrate(pool)
    } catch {
      try? pool.close()
      throw error
    }
    return pool
  }

  /// Steps that were published never change; a change of the schema is a further step.
  private static var migrator: DatabaseMigrator {
    var migrator = DatabaseMigrator()
    migrator.registerMigration("1-first") { db in
      try db.execute(
        sql: """
          CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL);
          CREATE TABLE versions (
            sequence INTEGER PRIMARY KEY AUTOINCREMENT,
            key TEXT NOT NULL,
            version TEXT,                  -- NULL is the null version
            is_marker INTEGER NOT NULL,
            size INTEGER NOT NULL,
            modified INTEGER NOT NULL,     -- nanoseconds since the Unix epoch
            file TEXT,                     -- below versions/, where it is not at its key
            noncurrent_since INTEGER,      -- milliseconds since the Unix epoch
            derived_tag TEXT,              -- what the entity tag was before the file was moved
            entity_tag TEXT,
            storage_class TEXT NOT NULL DEFAULT 'STANDARD',
            checksum_algorithm TEXT,
            checksum TEXT,
            headers TEXT,                  -- name=value, a line each
            metadata TEXT,
            part_sizes TEXT);              -- bytes, with commas
          CREATE INDEX versions_key ON versions (key, sequence);
          CREATE INDEX versions_null ON versions (key, sequence)
            WHERE version IS NULL AND (file IS NOT NULL OR is_marker);
          CREATE TABLE uploads (
            sequence INTEGER PRIMARY KEY AUTOINCREMENT,
            id TEXT NOT NULL UNIQUE,
            key TEXT NOT NULL,
            created INTEGER NOT NULL,      -- milliseconds since the Unix epoch
            attributes TEXT,
            checksum TEXT,                 -- the algorithm that was asked for, NULL for none
            is_composite INTEGER NOT NULL DEFAULT 0,
            target_size INTEGER,           -- of the object that it is becoming
            target_modified INTEGER,
            result TEXT);                  -- JSON, once it is complete
          CREATE INDEX uploads_key ON uploads (key, sequence);
          CREATE TABLE parts (
            upload INTEGER NOT NULL,
            number INTEGER NOT NULL,
            size INTEGER NOT NULL,
            modified INTEGER NOT NULL,     -- milliseconds since the Unix epoch
            entity_tag TEXT NOT NULL,
            checksum TEXT,
            file TEXT NOT NULL,            -- below uploads/<id>/
            PRIMARY KEY (upload, number)) WITHOUT ROWID;
          """)
    }
    return migrator
  }

  // MARK: Settings

  func setting(_ name: String) throws -> String? {
    try read { db in
      try String.fetchOne(db, sql: "SELECT value FROM settings WHERE name = ?", arguments: [name])
    } ?? nil
  }

  /// Nil removes a setting.
  func set(_ name: String, to value: String?) throws {
    if value == nil, !exists { return }
    try write { db in
      if let value {
        try db.execute(
          sql: """
            INSERT INTO settings (name, value) VALUES (?, ?)
            ON CONFLICT (name) DO UPDATE SET value = excluded.value
            """, arguments: [name, value])
      } else {
        try db.execute(sql: "DELETE FROM settings WHERE name = ?", arguments: [name])
      }
    }
  }

  // MARK: Errors

  private func translating<Result>(_ body: () throws -> Result) throws -> Result {
    do { return try body() } catch let error as DatabaseError {
      throw translated(error)
    }
  }

  private func translated(_ error: DatabaseError) -> ObjectStorageError {
    let message = "The bucket's index in \(directory) could not be used: "
      + "\(error.message ?? error.resultCode.description)."
    switch error.resultCode {
    case .SQLITE_FULL:
      return ObjectStorageError(
        .diskFull, key: "", message, advice: "Free some space, then repeat the command.")
    case .SQLITE_READONLY, .SQLITE_PERM, .SQLITE_CANTOPEN:
      return ObjectStorageError(
        .readOnly, key: "", message, advice: "Make the directory writable, or use another home.")
    case .SQLITE_CORRUPT, .SQLITE_NOTADB:
      return ObjectStorageError(
        .damagedIndex, key: "", message,
        advice: "Restore it from a copy. Without it the objects keep their bytes, but lose headers, "
          + "earlier versions and open uploads.")
    default: return ObjectStorageError(.failed, key: "", message)
    }
  }
}

/// Values that a column holds as JSON.
enum IndexJSON {
  static func text(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(value), as: UTF8.self)
  }

  /// Nil where the text is nil, or no JSON of that type.
  static func value<Value: Decodable>(_ type: Value.Type, _ text: String?) -> Value? {
    text.flatMap { try? JSONDecoder().decode(type, from: Data($0.utf8)) }
  }
}
