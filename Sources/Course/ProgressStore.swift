internal import Foundation
internal import Grading
internal import GRDB
internal import Synchronization

/// What a learner has done, in one SQLite file that survives crashes and damage.
///
/// 1. `init` touches nothing; the first read or write opens the file (`ProgressDatabase`).
/// 2. Every record is one transaction in a write-ahead log, synced before the call returns.
/// 3. A damaged file is put aside under a new name, what can be read of it is carried over, and a
///    notice tells the learner (`ProgressDatabase+Recovery.swift`).
/// 4. Where the file cannot be written, the session goes on in memory, with a notice.
///
/// Thread-safe. Two processes may use one file; a write waits up to five seconds for the other.
package final class ProgressStore: Sendable {
  private struct State: Sendable {
    var database: DatabaseQueue?
    var notices: [ProgressNotice] = []
  }

  private let path: String?
  let wallTime: @Sendable () -> Int64
  private let state = Mutex(State())

  /// A store in that file, such as `~/.tapline/progress.sqlite`; nil for memory only.
  ///
  /// `wallTime` gives milliseconds since the epoch.
  package init(
    path: String?,
    wallTime: @escaping @Sendable () -> Int64 = {
      Int64((Date().timeIntervalSince1970 * 1000).rounded())
    }
  ) {
    self.path = path
    self.wallTime = wallTime
  }

  /// What the learner must know about the file, once each; empty as a rule.
  ///
  /// Opens nothing.
  package func takeNotices() -> [ProgressNotice] {
    state.withLock { state in
      defer { state.notices = [] }
      return state.notices
    }
  }

  // MARK: Attempts and passes

  /// One judged answer.
  package struct Attempt: Sendable, Hashable {
    package var exercise: String
    package var version: Int
    /// The part of the exercise that was answered; empty where it has no parts.
    package var part: String
    /// What the learner typed.
    package var answer: String
    /// A name of `Verdict`.
    package var verdict: String
    package var feedback: String?
    /// Milliseconds since the epoch on the story clock.
    package var storyTime: Int64?
    /// Milliseconds since the epoch on the wall clock; the store sets it.
    package var wallTime: Int64

    package init(
      exercise: String,
      version: Int,
      part: String = "",
      answer: String,
      verdict: String,
      feedback: String? = nil,
      storyTime: Int64? = nil
    ) {
      self.exercise = exercise
      self.version = version
      self.part = part
      self.answer = answer
      self.verdict = verdict
      self.feedback = feedback
      self.storyTime = storyTime
      wallTime = 0
    }
  }

  /// Stores an attempt, and the pass of the exercise or of one of its parts where it is one.
  ///
  /// Returns true for the first pass of the exercise ever.
  ///
  /// Throws `CourseError` `progress.*` where the file cannot take it.
  @discardableResult
  package func record(_ attempt: Attempt, passesPart: Bool = false) throws -> Bool {
    let now = wallTime()
    return try write { db in
      try db.execute(
        sql: """
          INSERT INTO attempts
            (uid, exercise, version, answer, verdict, feedback, story_time, wall_time, part)
          VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
          """,
        arguments: [
          UUID().uuidString, attempt.exercise, attempt.version, attempt.answer, attempt.verdict,
          attempt.feedback, attempt.storyTime, now, attempt.part,
        ]
      )
      if passesPart {
        try db.execute(
          sql: """
            INSERT OR IGNORE INTO part_passes (exercise, version, part, story_time, wall_time)
            VALUES (?, ?, ?, ?, ?)
            """,
          arguments: [attempt.exercise, attempt.version, attempt.part, attempt.storyTime, now]
        )
      }
      guard attempt.verdict == Verdict.passed.name else { return false }
      let isFirst = try !Self.hasPass(db, attempt.exercise)
      try db.execute(
        sql: """
          INSERT OR IGNORE INTO passes (exercise, version, story_time, wall_time)
          VALUES (?, ?, ?, ?)
          """,
        arguments: [attempt.exercise, attempt.version, attempt.storyTime, now]
      )
      return isFirst
    }
  }

  /// All attempts at an exercise, oldest first, unreadable answers included.
  package func attempts(exercise: String) throws -> [Attempt] {
    try read { db in
      try Row.fetchAll(
        db,
        sql: "SELECT * FROM attempts WHERE exercise = ? ORDER BY id",
        arguments: [exercise]
      ).map { row in
        var attempt = Attempt(
          exercise: row["exercise"],
          version: row["version"],
          part: row["part"],
          answer: row["answer"],
          verdict: row["verdict"],
          feedback: row["feedback"],
          storyTime: row["story_time"]
        )
        attempt.wallTime = row["wall_time"]
        return attempt
      }
    }
  }

  /// The attempts that count: passed, not yet, partly.
  package func attemptCount(exercise: String) throws -> Int {
    try read { db in
      try Int.fetchOne(
        db,
        sql: """
          SELECT count(*) FROM attempts
          WHERE exercise = ? AND verdict IN ('passed', 'not-yet', 'partly')
          """,
        arguments: [exercise]
      ) ?? 0
    }
  }

  /// The attempts at one part that count.
  package func attemptCount(exercise: String, part: String) throws -> Int {
    try read { db in
      try Int.fetchOne(
        db,
        sql: """
          SELECT count(*) FROM attempts
          WHERE exercise = ? AND part = ? AND verdict IN ('passed', 'not-yet', 'partly')
          """,
        arguments: [exercise, part]
      ) ?? 0
    }
  }

  /// The parts of an exercise that were passed in that version.
  package func passedParts(exercise: String, version: Int) throws -> Set<String> {
    try read { db in
      try String.fetchSet(
        db,
        sql: "SELECT part FROM part_passes WHERE exercise = ? AND version = ?",
        arguments: [exercise, version]
      )
    }
  }

  /// How many parts of each exercise were passed, in the version in which most were.
  package func passedPartCounts() throws -> [String: Int] {
    try read { db in
      let rows = try Row.fetchAll(
        db,
        sql: """
          SELECT exercise, max(parts) AS parts FROM (
            SELECT exercise, version, count(*) AS parts FROM part_passes GROUP BY 1, 2)
          GROUP BY exercise
          """
      )
      return Dictionary(uniqueKeysWithValues: rows.map { ($0["exercise"], $0["parts"]) })
    }
  }

  /// One pass of an exercise.
  package struct Pass: Sendable, Hashable {
    package var exercise: String
    package var version: Int
    /// Milliseconds since the epoch on the wall clock.
    package var wallTime: Int64

    package init(exercise: String, version: Int, wallTime: Int64) {
      self.exercise = exercise
      self.version = version
      self.wallTime = wallTime
    }
  }

  /// The first pass of each version of each exercise, oldest first.
  package func passes() throws -> [Pass] {
    try read { db in
      try Row.fetchAll(
        db,
        sql: "SELECT exercise, version, wall_time FROM passes ORDER BY wall_time, exercise, version"
      ).map { Pass(exercise: $0["exercise"], version: $0["version"], wallTime: $0["wall_time"]) }
    }
  }

  package func isPassed(exercise: String) throws -> Bool {
    try read { db in try Self.hasPass(db, exercise) }
  }

  /// The ids of the exercises that were passed, in any version.
  package func passedExercises() throws -> Set<String> {
    try read { db in try String.fetchSet(db, sql: "SELECT DISTINCT exercise FROM passes") }
  }

  private static func hasPass(_ db: Database, _ exercise: String) throws -> Bool {
    try Bool.fetchOne(
      db,
      sql: "SELECT EXISTS (SELECT 1 FROM passes WHERE exercise = ?)",
      arguments: [exercise]
    )
      ?? false
  }

  // MARK: Hints and settings

  package func recordHint(
    exercise: String,
    version: Int,
    hint: String,
    storyTime: Int64? = nil
  ) throws {
    let now = wallTime()
    try write { db in
      try db.execute(
        sql: """
          INSERT INTO hints (uid, exercise, version, hint, story_time, wall_time)
          VALUES (?, ?, ?, ?, ?, ?)
          """,
        arguments: [UUID().uuidString, exercise, version, hint, storyTime, now]
      )
    }
  }

  /// The hints given for an exercise, in order: rung numbers and feedback ids.
  package func hintsUsed(exercise: String) throws -> [String] {
    try read { db in
      try String.fetchAll(
        db,
        sql: "SELECT hint FROM hints WHERE exercise = ? ORDER BY id",
        arguments: [exercise]
      )
    }
  }

  /// A small stored value, such as what has been met; nil where none was set.
  package func setting(_ key: String) throws -> String? {
    try read { db in
      try String.fetchOne(db, sql: "SELECT value FROM settings WHERE key = ?", arguments: [key])
    }
  }

  package func setSetting(_ key: String, _ value: String?) throws {
    try write { db in
      if let value {
        try db.execute(
          sql: "INSERT OR REPLACE INTO settings (key, value) VALUES (?, ?)",
          arguments: [key, value]
        )
      } else {
        try db.execute(sql: "DELETE FROM settings WHERE key = ?", arguments: [key])
      }
    }
  }

  // MARK: The file

  func read<Result>(_ body: (Database) throws -> Result) throws -> Result {
    try perform { try $0.read(body) }
  }

  func write<Result>(_ body: (Database) throws -> Result) throws -> Result {
    try perform { try $0.write(body) }
  }

  /// Runs a transaction; damage that shows only now is mended once, and the transaction repeated.
  private func perform<Result>(_ body: (DatabaseQueue) throws -> Result) throws -> Result {
    do {
      return try body(database())
    } catch let error as DatabaseError where error.meansDamage {
      reopen()
      do { return try body(database()) } catch { throw Self.courseError(error, path) }
    } catch {
      throw Self.courseError(error, path)
    }
  }

  private func database() throws -> DatabaseQueue {
    try state.withLock { state in
      if let database = state.database { return database }
      let opened = try ProgressDatabase.open(path: path)
      state.database = opened.queue
      state.notices += opened.notices
      return opened.queue
    }
  }

  private func reopen() {
    state.withLock { state in
      try? state.database?.close()
      state.database = nil
    }
  }

  private static func courseError(_ error: any Error, _ path: String?) -> any Error {
    guard let error = error as? DatabaseError else { return error }
    let (code, advice): (String, String) =
      switch error.resultCode {
      case .SQLITE_FULL: ("progress.disk-full", "Free some space and repeat.")
      case .SQLITE_BUSY, .SQLITE_LOCKED:
        ("progress.busy", "Close the other program that has the file open, and repeat.")
      case .SQLITE_READONLY, .SQLITE_PERM, .SQLITE_CANTOPEN:
        ("progress.read-only", "Make the file and its folder writable.")
      default: ("progress.failed", "Repeat; if it stays, move the file away and start again.")
      }
    return CourseError(
      code: code,
      message: "SQLite says: \(error.message ?? "error \(error.resultCode)").",
      place: path,
      advice: advice,
      fields: ["sqlite": "\(error.resultCode.rawValue)"]
    )
  }
}

/// Something that happened to the progress file and that the learner is told once.
package struct ProgressNotice: Sendable, Hashable {
  /// `progress.recovered`, `progress.in-memory` or `progress.newer`.
  package var code: String
  /// The values in the text, by name: `oldFile`, `path`, `rowCount`, `reason`.
  package var fields: [String: String]

  /// The catalogue's key for its text.
  package var key: String { "course." + code }
}

extension DatabaseError {
  /// True where the file's bytes are wrong, as against being locked or out of reach.
  var meansDamage: Bool { resultCode == .SQLITE_CORRUPT || resultCode == .SQLITE_NOTADB }
}
