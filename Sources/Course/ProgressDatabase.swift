// Opens the progress file: its settings, its schema and the order of things at a first use.

internal import Foundation
internal import GRDB

enum ProgressDatabase {
  struct Opened {
    var queue: DatabaseQueue
    var notices: [ProgressNotice]
  }

  /// The file was written by a later version of this program.
  struct WrittenByNewerProgram: Error {}

  /// The tables and the columns that are carried over from a damaged file.
  static let tables: [(name: String, columns: [String])] = [
    (
      "attempts",
      [
        "uid", "exercise", "version", "answer", "verdict", "feedback", "story_time", "wall_time",
        "part",
      ]
    ),
    ("passes", ["exercise", "version", "story_time", "wall_time", "after_solution"]),
    ("part_passes", ["exercise", "version", "part", "story_time", "wall_time"]),
    ("skips", ["exercise", "wall_time"]),
    ("solutions", ["exercise", "version", "story_time", "wall_time"]),
    ("reviews", ["uid", "exercise", "version", "round", "outcome", "is_early", "wall_time"]),
    ("ticks", ["item", "wall_time"]),
    ("hints", ["uid", "exercise", "version", "hint", "story_time", "wall_time"]),
    ("predictions", ["uid", "step", "choice", "story_time", "wall_time", "certainty", "outcome"]),
    ("pending_predictions", ["step", "choice", "certainty", "remaining"]),
    ("sections", ["lesson", "section", "started", "finished"]),
    (
      "position",
      [
        "id", "lesson", "section", "step_index", "exercise", "wall_time", "line_index",
        "is_playing",
      ]
    ),
    ("settings", ["key", "value"]),
    ("incident_runs", ["uid", "incident", "version", "state", "is_open", "wall_time"]),
    (
      "incident_readings",
      ["run", "number", "line", "facts", "repair", "story_time", "wall_time"]
    ),
    (
      "worksheet_cells",
      ["sheet", "cell", "value", "text", "measured", "story_time", "wall_time"]
    ),
    ("assumptions", ["name", "value", "is_drawn", "as_of", "wall_time"]),
  ]

  /// Opens the file, mends or replaces it, or falls back to memory; nil is memory from the start.
  ///
  /// Throws only where not even memory works. Holds a lock beside the file meanwhile, so that two
  /// programs that start together neither see half a schema nor put each other's file aside.
  static func open(path: String?) throws -> Opened {
    guard let path else { return Opened(queue: try inMemory(), notices: []) }
    try? FileManager.default.createDirectory(
      atPath: (path as NSString).deletingLastPathComponent,
      withIntermediateDirectories: true
    )
    return try withFileLock(path + ".lock") {
      do {
        return Opened(queue: try openFile(path), notices: [])
      } catch let error as DatabaseError where error.meansDamage {
        return try recover(path)
      } catch is WrittenByNewerProgram {
        let notice = ProgressNotice(
          code: "progress.newer",
          fields: ["path": path]
        )
        return Opened(queue: try inMemory(), notices: [notice])
      } catch {
        return try fallBackToMemory(path, error)
      }
    }
  }

  /// Opens a sound file or creates one.
  ///
  /// Throws `DatabaseError` or `WrittenByNewerProgram`.
  static func openFile(_ path: String) throws -> DatabaseQueue {
    if isEmptyFile(path) { throw DatabaseError(resultCode: .SQLITE_NOTADB, message: "empty file") }
    var configuration = Configuration()
    configuration.journalMode = .wal
    configuration.busyMode = .timeout(5)
    configuration.prepareDatabase { db in try db.execute(sql: "PRAGMA synchronous = FULL") }
    let queue = try DatabaseQueue(path: path, configuration: configuration)
    do {
      try queue.writeWithoutTransaction { db in
        let finding = try String.fetchOne(db, sql: "PRAGMA quick_check(1)")
        if let finding, finding != "ok" {
          throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: finding)
        }
        // One write now tells a read-only file from a writable one before anything is promised.
        try db.execute(sql: "BEGIN IMMEDIATE; COMMIT")
      }
      try migrate(queue)
    } catch {
      try? queue.close()
      throw error
    }
    return queue
  }

  static func inMemory() throws -> DatabaseQueue {
    let queue = try DatabaseQueue()
    try migrate(queue)
    return queue
  }

  private static func isEmptyFile(_ path: String) -> Bool {
    guard let attributes = try? FileManager.default.attributesOfItem(atPath: path) else {
      return false
    }
    return (attributes[.size] as? NSNumber)?.int64Value == 0
  }

  private static func migrate(_ queue: DatabaseQueue) throws {
    let migrator = migrator
    if try queue.read({ try migrator.hasBeenSuperseded($0) }) { throw WrittenByNewerProgram() }
    try migrator.migrate(queue)
  }

  /// Every change of the schema is a further step here; steps that were published never change.
  ///
  /// The checks also keep out the half-rows that SQLite makes of a damaged page.
  private static var migrator: DatabaseMigrator {
    var migrator = DatabaseMigrator()
    migrator.registerMigration("1-first") { db in
      try db.execute(
        sql: """
          CREATE TABLE attempts (
            id INTEGER PRIMARY KEY,
            uid TEXT NOT NULL UNIQUE CHECK (length(uid) = 36),
            exercise TEXT NOT NULL CHECK (exercise <> ''),
            version INTEGER NOT NULL,
            answer TEXT NOT NULL,
            verdict TEXT NOT NULL CHECK (verdict <> ''),
            feedback TEXT,
            story_time INTEGER,
            wall_time INTEGER NOT NULL CHECK (wall_time > 0));
          CREATE INDEX attempts_exercise ON attempts (exercise);
          CREATE TABLE passes (
            exercise TEXT NOT NULL CHECK (exercise <> ''),
            version INTEGER NOT NULL CHECK (version > 0),
            story_time INTEGER,
            wall_time INTEGER NOT NULL CHECK (wall_time > 0),
            PRIMARY KEY (exercise, version));
          CREATE TABLE hints (
            id INTEGER PRIMARY KEY,
            uid TEXT NOT NULL UNIQUE CHECK (length(uid) = 36),
            exercise TEXT NOT NULL CHECK (exercise <> ''),
            version INTEGER NOT NULL,
            hint TEXT NOT NULL,
            story_time INTEGER,
            wall_time INTEGER NOT NULL CHECK (wall_time > 0));
          CREATE TABLE predictions (
            id INTEGER PRIMARY KEY,
            uid TEXT NOT NULL UNIQUE CHECK (length(uid) = 36),
            step TEXT NOT NULL CHECK (step <> ''),
            choice TEXT NOT NULL,
            story_time INTEGER,
            wall_time INTEGER NOT NULL CHECK (wall_time > 0));
          CREATE TABLE position (
            id INTEGER PRIMARY KEY CHECK (id = 1),
            lesson TEXT NOT NULL CHECK (lesson <> ''),
            section TEXT NOT NULL CHECK (section <> ''),
            step_index INTEGER NOT NULL,
            exercise TEXT,
            wall_time INTEGER NOT NULL CHECK (wall_time > 0));
          CREATE TABLE settings (
            key TEXT PRIMARY KEY CHECK (key <> ''),
            value TEXT NOT NULL);
          """
      )
    }
    migrator.registerMigration("2-lessons") { db in
      try db.execute(
        sql: """
          ALTER TABLE attempts ADD COLUMN part TEXT NOT NULL DEFAULT '';
          ALTER TABLE predictions ADD COLUMN certainty TEXT NOT NULL DEFAULT 'plain';
          -- The 0-based option that turned out; null until it is known.
          ALTER TABLE predictions ADD COLUMN outcome TEXT;
          ALTER TABLE position ADD COLUMN line_index INTEGER NOT NULL DEFAULT 0;
          ALTER TABLE position ADD COLUMN is_playing INTEGER NOT NULL DEFAULT 0;
          CREATE TABLE part_passes (
            exercise TEXT NOT NULL CHECK (exercise <> ''),
            version INTEGER NOT NULL CHECK (version > 0),
            part TEXT NOT NULL,
            story_time INTEGER,
            wall_time INTEGER NOT NULL CHECK (wall_time > 0),
            PRIMARY KEY (exercise, version, part));
          CREATE TABLE skips (
            exercise TEXT PRIMARY KEY CHECK (exercise <> ''),
            wall_time INTEGER NOT NULL CHECK (wall_time > 0));
          CREATE TABLE pending_predictions (
            step TEXT PRIMARY KEY CHECK (step <> ''),
            -- The 0-based option; null where the question was skipped.
            choice INTEGER,
            certainty TEXT,
            remaining INTEGER NOT NULL CHECK (remaining > 0));
          CREATE TABLE sections (
            lesson TEXT NOT NULL CHECK (lesson <> ''),
            section TEXT NOT NULL CHECK (section <> ''),
            started INTEGER NOT NULL CHECK (started > 0),
            finished INTEGER,
            PRIMARY KEY (lesson, section));
          """
      )
    }
    migrator.registerMigration("3-checklist") { db in
      try db.execute(
        sql: """
          CREATE TABLE ticks (
            item TEXT PRIMARY KEY CHECK (item <> ''),
            wall_time INTEGER NOT NULL CHECK (wall_time > 0));
          """
      )
    }
    migrator.registerMigration("4-incidents") { db in
      try db.execute(
        sql: """
          CREATE TABLE incident_runs (
            uid TEXT PRIMARY KEY CHECK (length(uid) = 36),
            incident TEXT NOT NULL CHECK (incident <> ''),
            version INTEGER NOT NULL,
            -- An IncidentRun as JSON.
            state TEXT NOT NULL CHECK (json_valid(state)),
            is_open INTEGER NOT NULL,
            wall_time INTEGER NOT NULL CHECK (wall_time > 0));
          CREATE TABLE incident_readings (
            run TEXT NOT NULL CHECK (length(run) = 36),
            number INTEGER NOT NULL CHECK (number > 0),
            line TEXT NOT NULL,
            -- The values of each fact that was shown, by its id, as JSON.
            facts TEXT NOT NULL CHECK (json_valid(facts)),
            repair TEXT,
            story_time INTEGER,
            wall_time INTEGER NOT NULL CHECK (wall_time > 0),
            PRIMARY KEY (run, number));
          """
      )
    }
    migrator.registerMigration("5-reviews") { db in
      try db.execute(
        sql: """
          -- 1 where the solution was shown before the first pass.
          ALTER TABLE passes ADD COLUMN after_solution INTEGER NOT NULL DEFAULT 0;
          CREATE TABLE solutions (
            exercise TEXT PRIMARY KEY CHECK (exercise <> ''),
            version INTEGER NOT NULL,
            story_time INTEGER,
            wall_time INTEGER NOT NULL CHECK (wall_time > 0));
          CREATE TABLE reviews (
            id INTEGER PRIMARY KEY,
            uid TEXT NOT NULL UNIQUE CHECK (length(uid) = 36),
            exercise TEXT NOT NULL CHECK (exercise <> ''),
            version INTEGER NOT NULL,
            -- 1 for the first review of the exercise; what is drawn depends on it.
            round INTEGER NOT NULL CHECK (round > 0),
            outcome TEXT NOT NULL CHECK (outcome <> ''),
            -- 1 where it was not due yet.
            is_early INTEGER NOT NULL DEFAULT 0,
            wall_time INTEGER NOT NULL CHECK (wall_time > 0));
          CREATE INDEX reviews_exercise ON reviews (exercise);
          """
      )
    }
    migrator.registerMigration("6-worksheets") { db in
      try db.execute(
        sql: """
          CREATE TABLE worksheet_cells (
            sheet TEXT NOT NULL CHECK (sheet <> ''),
            cell TEXT NOT NULL CHECK (cell <> ''),
            -- In the cell's unit; null where the cell was cleared.
            value REAL,
            -- As it was typed.
            text TEXT NOT NULL,
            -- What the cell's query gave when it was filled.
            measured REAL,
            story_time INTEGER,
            wall_time INTEGER NOT NULL CHECK (wall_time > 0),
            PRIMARY KEY (sheet, cell));
          CREATE TABLE assumptions (
            name TEXT PRIMARY KEY CHECK (name <> ''),
            -- Null where the course's own value is back in force.
            value REAL,
            -- 1 where it was drawn and not set.
            is_drawn INTEGER NOT NULL DEFAULT 0,
            as_of TEXT NOT NULL,
            wall_time INTEGER NOT NULL CHECK (wall_time > 0));
          """
      )
    }
    return migrator
  }

  /// The steps of the schema that this program knows.
  static var knownMigrations: Set<String> { Set(migrator.migrations) }
}
