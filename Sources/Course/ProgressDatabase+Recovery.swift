// What happens when the progress file is damaged or cannot be written.
//
// ```
// progress.sqlite  (damaged)  ──rename──▶  progress.sqlite.broken-1   kept as it was
//        ▲                                        │ copy, read row by row
//        └── a new file ◀── readable rows ────────┘
// ```

internal import Foundation
internal import GRDB

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Darwin)
internal import Darwin
#endif

extension ProgressDatabase {
  static let companions = ["", "-wal", "-shm"]

  /// Puts the damaged file aside and starts a new one with the rows that could be read.
  static func recover(_ path: String) throws -> Opened {
    guard let aside = putAside(path) else {
      let error = DatabaseError(
        resultCode: .SQLITE_CORRUPT,
        message: "damaged, and cannot be moved"
      )
      return try fallBackToMemory(path, error)
    }
    let queue: DatabaseQueue
    do { queue = try openFile(path) } catch { return try fallBackToMemory(aside, error) }
    let rowCount = salvage(aside, into: queue)
    let notice = ProgressNotice(
      code: "progress.recovered",
      fields: ["oldFile": aside, "rowCount": String(rowCount)]
    )
    return Opened(queue: queue, notices: [notice])
  }

  /// Goes on in memory, with what the file still tells.
  static func fallBackToMemory(_ path: String, _ error: any Error) throws -> Opened {
    let queue = try inMemory()
    let rowCount = salvage(path, into: queue)
    let reason = (error as? DatabaseError)?.message ?? "\(error)"
    let notice = ProgressNotice(
      code: "progress.in-memory",
      fields: ["path": path, "rowCount": String(rowCount), "reason": reason]
    )
    return Opened(queue: queue, notices: [notice])
  }

  /// Renames the file and its log to the first free `.broken-N`; nil where it cannot be moved.
  private static func putAside(_ path: String) -> String? {
    var number = 1
    while companions.contains(where: {
      FileManager.default.fileExists(atPath: "\(path).broken-\(number)\($0)")
    }) { number += 1 }
    let aside = "\(path).broken-\(number)"
    for companion in companions
    where rename(path + companion, aside + companion) != 0 && errno != ENOENT { return nil }
    return aside
  }

  /// Copies every readable row of a damaged or read-only file; returns how many there were.
  ///
  /// Works on a copy, so that the file itself stays as it was found.
  private static func salvage(_ path: String, into target: DatabaseQueue) -> Int {
    let copy = NSTemporaryDirectory() + "/tapline-salvage-\(UUID().uuidString)"
    defer {
      for companion in companions { try? FileManager.default.removeItem(atPath: copy + companion) }
    }
    for companion in companions.prefix(2) {
      try? FileManager.default.copyItem(atPath: path + companion, toPath: copy + companion)
    }
    guard FileManager.default.fileExists(atPath: copy) else { return 0 }
    var configuration = Configuration()
    // Opens a file that is shorter than its header says, which SQLite otherwise refuses.
    configuration.prepareDatabase { db in try db.execute(sql: "PRAGMA writable_schema = ON") }
    guard let source = try? DatabaseQueue(path: copy, configuration: configuration) else {
      return 0
    }
    defer { try? source.close() }
    var rowCount = 0
    for (table, columns) in tables {
      // A file of an earlier version lacks the later columns, which then take their defaults.
      let known = columnNames(source, table)
      let present = known.isEmpty ? columns : columns.filter(known.contains)
      let rows = readableRows(source, table, present)
      rowCount += insert(rows, table, present, into: target)
    }
    return rowCount
  }

  static func columnNames(_ source: DatabaseQueue, _ table: String) -> [String] {
    let names = try? source.unsafeRead { db in
      try String.fetchAll(db, sql: "SELECT name FROM pragma_table_info('\(table)')")
    }
    return names ?? []
  }

  /// How many single rows are tried in the gap that damage leaves.
  private static let probeCountMax: Int64 = 20_000

  /// The rows from both ends up to the first unreadable page each, and then one by one between.
  static func readableRows(
    _ source: DatabaseQueue,
    _ table: String,
    _ columns: [String]
  ) -> [[DatabaseValue]] {
    var rows: [Int64: [DatabaseValue]] = [:]
    let select = "SELECT rowid, \(columns.joined(separator: ", ")) FROM \(table) NOT INDEXED "
    /// Reads until the end or the damage; true where the end was reached.
    func read(_ rest: String) -> Bool {
      let isWhole: Void? = try? source.unsafeRead { db in
        let cursor = try Row.fetchCursor(db, sql: select + rest)
        while let row = try cursor.next() { rows[row[0]] = (1...columns.count).map { row[$0] } }
      }
      return isWhole != nil
    }
    if !read("ORDER BY rowid ASC") {
      let lower = (rows.keys.max() ?? 0) + 1
      _ = read("ORDER BY rowid DESC")
      let upper = min(rows.keys.filter { $0 >= lower }.min() ?? .max, lower + probeCountMax)
      for rowID in lower..<upper { _ = read("WHERE rowid = \(rowID)") }
    }
    return rows.sorted { $0.key < $1.key }.map(\.value)
  }

  private static func insert(
    _ rows: [[DatabaseValue]],
    _ table: String,
    _ columns: [String],
    into target: DatabaseQueue
  ) -> Int {
    let names = columns.joined(separator: ", ")
    let marks = columns.map { _ in "?" }.joined(separator: ", ")
    let sql = "INSERT OR IGNORE INTO \(table) (\(names)) VALUES (\(marks))"
    return
      (try? target.write { db in
        let before = db.totalChangesCount
        for row in rows { try db.execute(sql: sql, arguments: StatementArguments(row)) }
        return db.totalChangesCount - before
      }) ?? 0
  }
}
