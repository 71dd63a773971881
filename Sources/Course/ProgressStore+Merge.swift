// Progress that moves to another machine, and comes together there.
//
// 1. `export` writes one whole file beside the learner's own; a half-written one never gets its name.
// 2. `merge` reads a copy of the other file, so that the file itself stays as it is whatever it holds.
// 3. Everything that happened is kept once (attempts, hints, predictions and reviews have ids of their
//    own); of two passes of one version the earlier one stays; nothing is ever removed.

internal import Foundation
internal import GRDB
internal import Grading

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Darwin)
internal import Darwin
#endif

/// What an import has added.
package struct ProgressMerge: Sendable, Hashable {
  /// Exercises that were passed there and not here.
  package var passCount = 0
  /// Passes of which the other file knew an earlier moment.
  package var earlierPassCount = 0
  package var attemptCount = 0
  package var reviewCount = 0
  /// Rows in all, of every kind.
  package var rowCount = 0
  /// Incidents that are still open there, and stay there with their world.
  package var openIncidentCount = 0
  /// True where only a part of the file could be read.
  package var isDamaged = false
}

extension ProgressStore {
  /// Writes everything into one file, which must not exist yet.
  ///
  /// Throws `progress.exists`, and `progress.*` where it cannot be written.
  package func export(to target: String) throws {
    guard !FileManager.default.fileExists(atPath: target) else {
      throw CourseError(
        code: "progress.exists",
        message: "There is a file of that name already.",
        place: target,
        advice: "Name another one, or remove it first.",
        fields: ["file": target]
      )
    }
    let part = target + ".part-\(UUID().uuidString.prefix(8))"
    defer { try? FileManager.default.removeItem(atPath: part) }
    do {
      try database().vacuum(into: part)
      guard rename(part, target) == 0 else {
        throw DatabaseError(resultCode: .SQLITE_CANTOPEN, message: String(cString: strerror(errno)))
      }
    } catch {
      throw Self.courseError(error, target)
    }
  }

  /// Adds what another progress file knows; doing it again adds nothing.
  ///
  /// Throws `progress.no-file`, `progress.not-progress` where nothing in it is progress,
  /// `progress.newer-file` for one of a later program, `progress.not-kept` where this learner's own file
  /// cannot be written. The other file is never changed.
  package func merge(_ source: String) throws -> ProgressMerge {
    _ = try read { db in try Int.fetchOne(db, sql: "SELECT 1") }
    guard !isOnlyInMemory || path == nil else {
      throw CourseError(
        code: "progress.not-kept",
        message: "Your own progress file cannot be written, so that an import would be lost.",
        place: path,
        advice: "Mend what the notice at the start said, and import again.",
        fields: ["path": path ?? ""]
      )
    }
    let (rows, isDamaged) = try ProgressFile.read(source)
    return try write { db in
      var merge = ProgressMerge()
      merge.isDamaged = isDamaged
      let before = db.totalChangesCount
      let passed = try String.fetchSet(db, sql: "SELECT exercise FROM passes")
      func count(_ table: String) throws -> Int {
        try Int.fetchOne(db, sql: "SELECT count(*) FROM \(table)") ?? 0
      }
      let (attempts, reviews) = (try count("attempts"), try count("reviews"))
      let versions = try count("passes")
      for table in rows {
        for row in table.rows { try Self.insert(row, table, db, &merge) }
      }
      merge.rowCount = db.totalChangesCount - before
      merge.attemptCount = try count("attempts") - attempts
      merge.reviewCount = try count("reviews") - reviews
      merge.passCount = try String.fetchSet(db, sql: "SELECT exercise FROM passes")
        .subtracting(passed).count
      merge.earlierPassCount -= try count("passes") - versions
      return merge
    }
  }

  private static func insert(
    _ row: [DatabaseValue],
    _ table: ProgressFile.Table,
    _ db: Database,
    _ merge: inout ProgressMerge
  ) throws {
    func value(_ column: String) -> DatabaseValue {
      table.columns.firstIndex(of: column).map { row[$0] } ?? .null
    }
    if table.name == "incident_runs", value("is_open") != false.databaseValue {
      // Its faults are in the other world, and so is what is left to do.
      merge.openIncidentCount += 1
      return
    }
    if table.name == "incident_readings" {
      let isKnown = try Bool.fetchOne(
        db,
        sql: "SELECT EXISTS (SELECT 1 FROM incident_runs WHERE uid = ?)",
        arguments: [value("run")]
      )
      guard isKnown == true else { return }
    }
    guard let conflict = conflicts[table.name] else { return }
    let names = table.columns.joined(separator: ", ")
    let marks = table.columns.map { _ in "?" }.joined(separator: ", ")
    let verb = conflict.isEmpty ? "INSERT OR IGNORE" : "INSERT"
    let before = db.totalChangesCount
    do {
      try db.execute(
        sql: "\(verb) INTO \(table.name) (\(names)) VALUES (\(marks)) \(conflict)",
        arguments: StatementArguments(row)
      )
    } catch let error as DatabaseError where error.resultCode == .SQLITE_CONSTRAINT {
      // A half-row of a damaged file.
      merge.isDamaged = true
    }
    if table.name == "passes" { merge.earlierPassCount += db.totalChangesCount - before }
  }

  /// What becomes of a row that is here already, by table: empty keeps ours. Tables that are not named
  /// belong to one machine.
  private static let conflicts: [String: String] = [
    "attempts": "", "hints": "", "predictions": "", "reviews": "", "incident_runs": "",
    "incident_readings": "", "settings": "", "position": "",
    "passes": """
      ON CONFLICT (exercise, version) DO UPDATE SET
        story_time = CASE WHEN excluded.wall_time < wall_time
          THEN excluded.story_time ELSE story_time END,
        wall_time = min(wall_time, excluded.wall_time),
        after_solution = min(after_solution, excluded.after_solution)
      WHERE excluded.wall_time < wall_time OR excluded.after_solution < after_solution
      """,
    "part_passes": """
      ON CONFLICT (exercise, version, part) DO UPDATE SET
        story_time = excluded.story_time, wall_time = excluded.wall_time
      WHERE excluded.wall_time < wall_time
      """,
    "solutions": """
      ON CONFLICT (exercise) DO UPDATE SET
        version = excluded.version, story_time = excluded.story_time,
        wall_time = excluded.wall_time
      WHERE excluded.wall_time < wall_time
      """,
    "skips": """
      ON CONFLICT (exercise) DO UPDATE SET wall_time = excluded.wall_time
      WHERE excluded.wall_time < wall_time
      """,
    "ticks": """
      ON CONFLICT (item) DO UPDATE SET wall_time = excluded.wall_time
      WHERE excluded.wall_time < wall_time
      """,
    "sections": """
      ON CONFLICT (lesson, section) DO UPDATE SET
        started = min(started, excluded.started),
        finished = coalesce(min(finished, excluded.finished), finished, excluded.finished)
      WHERE excluded.started < started
        OR excluded.finished IS NOT NULL
          AND (finished IS NULL OR excluded.finished < finished)
      """,
    // What was entered last stands.
    "worksheet_cells": """
      ON CONFLICT (sheet, cell) DO UPDATE SET
        value = excluded.value, text = excluded.text, measured = excluded.measured,
        story_time = excluded.story_time, wall_time = excluded.wall_time
      WHERE excluded.wall_time > wall_time
      """,
    "assumptions": """
      ON CONFLICT (name) DO UPDATE SET
        value = excluded.value, is_drawn = excluded.is_drawn, as_of = excluded.as_of,
        wall_time = excluded.wall_time
      WHERE excluded.wall_time > wall_time
      """,
  ]
}

/// A progress file of somebody else, read from a copy.
enum ProgressFile {
  /// What can be read of one table.
  struct Table {
    var name: String
    var columns: [String]
    var rows: [[DatabaseValue]]
  }

  /// All its readable rows, and whether something could not be read.
  static func read(_ path: String) throws -> (tables: [Table], isDamaged: Bool) {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder),
      !isFolder.boolValue, FileManager.default.isReadableFile(atPath: path)
    else {
      throw CourseError(
        code: "progress.no-file",
        message: "There is no such file, or it cannot be read.",
        place: path,
        advice: "Write one on the other machine: progress export FILE.",
        fields: ["file": path]
      )
    }
    let copy = NSTemporaryDirectory() + "/tapline-import-\(UUID().uuidString)"
    defer {
      for companion in ProgressDatabase.companions {
        try? FileManager.default.removeItem(atPath: copy + companion)
      }
    }
    for companion in ProgressDatabase.companions.prefix(2) {
      try? FileManager.default.copyItem(atPath: path + companion, toPath: copy + companion)
    }
    var configuration = Configuration()
    // Opens a file that is shorter than its header says, which SQLite otherwise refuses.
    configuration.prepareDatabase { db in try db.execute(sql: "PRAGMA writable_schema = ON") }
    guard let source = try? DatabaseQueue(path: copy, configuration: configuration) else {
      throw notProgress(path)
    }
    defer { try? source.close() }
    let steps = try? source.unsafeRead { db in
      try String.fetchSet(db, sql: "SELECT identifier FROM grdb_migrations")
    }
    if let stranger = steps?.subtracting(ProgressDatabase.knownMigrations).sorted().first {
      throw CourseError(
        code: "progress.newer-file",
        message: "The file was written by a newer Tapline (`\(stranger)`).",
        place: path,
        advice: "Update Tapline here, then import it again; the file stays as it is.",
        fields: ["file": path]
      )
    }
    let tables = ProgressDatabase.tables.compactMap { name, columns -> Table? in
      let known = ProgressDatabase.columnNames(source, name)
      let present = columns.filter(known.contains)
      guard !present.isEmpty else { return nil }
      return Table(
        name: name,
        columns: present,
        rows: ProgressDatabase.readableRows(source, name, present)
      )
    }
    let finding = try? source.unsafeRead { db in
      try String.fetchOne(db, sql: "PRAGMA quick_check(1)")
    }
    let isDamaged = finding != .some("ok") || steps == nil
    guard tables.contains(where: { $0.name == "attempts" }),
      !isDamaged || tables.contains(where: { !$0.rows.isEmpty })
    else { throw notProgress(path) }
    return (tables, isDamaged)
  }

  private static func notProgress(_ path: String) -> CourseError {
    CourseError(
      code: "progress.not-progress",
      message: "Nothing in the file is progress that can be read.",
      place: path,
      advice: "Write it again on the other machine: progress export FILE.",
      fields: ["file": path]
    )
  }
}
