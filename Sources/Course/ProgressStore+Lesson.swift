// The place in the lessons, the predictions, and what was read and skipped, in the progress file.

internal import Foundation
internal import GRDB

extension ProgressStore {
  // MARK: The place

  /// Where the learner is, to resume there.
  package struct Position: Sendable, Hashable {
    package var lesson: String
    package var section: String
    /// 0-based within the section.
    package var stepIndex: Int
    /// How many lines of the demonstration at that step were run.
    package var lineIndex: Int
    /// True where the script was left.
    package var isPlaying: Bool
    /// The exercise that is open; nil between exercises.
    package var exercise: String?

    package init(
      lesson: String,
      section: String,
      stepIndex: Int,
      lineIndex: Int = 0,
      isPlaying: Bool = false,
      exercise: String? = nil
    ) {
      self.lesson = lesson
      self.section = section
      self.stepIndex = stepIndex
      self.lineIndex = lineIndex
      self.isPlaying = isPlaying
      self.exercise = exercise
    }
  }

  /// The stored position; nil before the first one.
  package func position() throws -> Position? {
    try read { db in
      try Row.fetchOne(db, sql: "SELECT * FROM position").map { row in
        Position(
          lesson: row["lesson"],
          section: row["section"],
          stepIndex: row["step_index"],
          lineIndex: row["line_index"],
          isPlaying: row["is_playing"],
          exercise: row["exercise"]
        )
      }
    }
  }

  package func setPosition(_ position: Position) throws {
    try write { db in try savePosition(position, db) }
  }

  private func savePosition(_ position: Position, _ db: Database) throws {
    try db.execute(
      sql: """
        INSERT OR REPLACE INTO position
          (id, lesson, section, step_index, line_index, is_playing, exercise, wall_time)
        VALUES (1, ?, ?, ?, ?, ?, ?, ?)
        """,
      arguments: [
        position.lesson, position.section, position.stepIndex, position.lineIndex,
        position.isPlaying, position.exercise, wallTime(),
      ]
    )
  }

  /// One turn of a lesson: everything that it changed, stored together or not at all.
  package struct LessonTurn: Sendable {
    package var position: Position
    package var pending: [LessonPlayer.PendingPrediction]
    /// Ids of sections of that lesson that were begun, and those that came to their end.
    package var started: [String]
    package var finished: [String]
    /// A prediction that was made, by the id of its step.
    package var guess: (step: String, guess: LessonPlayer.Guess)?
    /// Outcomes that became known: the 0-based option by the id of the step.
    package var outcomes: [(step: String, option: Int)]
    /// An exercise that was skipped.
    package var skipped: String?

    package init(position: Position, pending: [LessonPlayer.PendingPrediction]) {
      self.position = position
      self.pending = pending
      started = []
      finished = []
      outcomes = []
    }
  }

  package func save(_ turn: LessonTurn) throws {
    let now = wallTime()
    try write { db in
      try savePosition(turn.position, db)
      try db.execute(sql: "DELETE FROM pending_predictions")
      for pending in turn.pending {
        try db.execute(
          sql: """
            INSERT INTO pending_predictions (step, choice, certainty, remaining)
            VALUES (?, ?, ?, ?)
            """,
          arguments: [
            pending.id, pending.guess?.option, pending.guess?.certainty.rawValue,
            pending.remaining,
          ]
        )
      }
      for section in turn.started {
        try db.execute(
          sql: "INSERT OR IGNORE INTO sections (lesson, section, started) VALUES (?, ?, ?)",
          arguments: [turn.position.lesson, section, now]
        )
      }
      for section in turn.finished {
        try db.execute(
          sql: """
            INSERT INTO sections (lesson, section, started, finished) VALUES (?, ?, ?, ?)
            ON CONFLICT DO UPDATE SET finished = coalesce(finished, excluded.finished)
            """,
          arguments: [turn.position.lesson, section, now, now]
        )
      }
      if let (step, guess) = turn.guess { try insertPrediction(step, guess, db) }
      for (step, option) in turn.outcomes {
        try db.execute(
          sql: """
            UPDATE predictions SET outcome = ?
            WHERE id = (SELECT max(id) FROM predictions WHERE step = ?)
            """,
          arguments: [String(option), step]
        )
      }
      if let exercise = turn.skipped {
        try db.execute(
          sql: "INSERT OR REPLACE INTO skips (exercise, wall_time) VALUES (?, ?)",
          arguments: [exercise, now]
        )
      }
    }
  }

  /// Predictions whose outcome is still to come.
  package func pendingPredictions() throws -> [LessonPlayer.PendingPrediction] {
    try read { db in
      try Row.fetchAll(db, sql: "SELECT * FROM pending_predictions ORDER BY rowid").map { row in
        let option: Int? = row["choice"]
        let certainty: String? = row["certainty"]
        return LessonPlayer.PendingPrediction(
          id: row["step"],
          guess: option.map {
            LessonPlayer.Guess(
              option: $0,
              certainty: certainty.flatMap(LessonPlayer.Certainty.init) ?? .plain
            )
          },
          remaining: row["remaining"]
        )
      }
    }
  }

  // MARK: What was read

  /// The ids of the sections that were begun, with whether they came to their end.
  package func sections() throws -> [String: Bool] {
    try read { db in
      let rows = try Row.fetchAll(db, sql: "SELECT section, finished FROM sections")
      return Dictionary(
        rows.map { row in (row["section"] as String, (row["finished"] as Int64?) != nil) },
        uniquingKeysWith: { $0 || $1 }
      )
    }
  }

  /// The exercises that were skipped, passed later or not.
  package func skippedExercises() throws -> Set<String> {
    try read { db in try String.fetchSet(db, sql: "SELECT exercise FROM skips") }
  }

  // MARK: Ticks

  /// The checklist items that were ticked.
  func ticks() throws -> Set<String> {
    try read { db in try String.fetchSet(db, sql: "SELECT item FROM ticks") }
  }

  /// Ticks items; one that is ticked keeps its first time.
  func tick(_ items: [String]) throws {
    guard try !Set(items).isSubset(of: ticks()) else { return }
    let now = wallTime()
    try write { db in
      for item in items {
        try db.execute(
          sql: "INSERT OR IGNORE INTO ticks (item, wall_time) VALUES (?, ?)",
          arguments: [item, now]
        )
      }
    }
  }

  // MARK: Predictions

  /// One stored prediction.
  package struct StoredPrediction: Sendable, Hashable {
    package var step: String
    package var guess: LessonPlayer.Guess
    /// The 0-based option that turned out; nil where it is not known.
    package var outcome: Int?

    package init(step: String, guess: LessonPlayer.Guess, outcome: Int?) {
      self.step = step
      self.guess = guess
      self.outcome = outcome
    }
  }

  /// The latest prediction of each step, oldest first.
  package func predictions() throws -> [StoredPrediction] {
    try read { db in
      try Row.fetchAll(
        db,
        sql: """
          SELECT step, choice, certainty, outcome FROM predictions
          WHERE id IN (SELECT max(id) FROM predictions GROUP BY step) ORDER BY id
          """
      ).compactMap { row in
        guard let option = Int(row["choice"] as String) else { return nil }
        let outcome: String? = row["outcome"]
        return StoredPrediction(
          step: row["step"],
          guess: LessonPlayer.Guess(
            option: option,
            certainty: LessonPlayer.Certainty(rawValue: row["certainty"]) ?? .plain
          ),
          outcome: outcome.flatMap { Int($0) }
        )
      }
    }
  }

  private func insertPrediction(
    _ step: String,
    _ guess: LessonPlayer.Guess,
    _ db: Database
  ) throws {
    try db.execute(
      sql: """
        INSERT INTO predictions (uid, step, choice, certainty, wall_time) VALUES (?, ?, ?, ?, ?)
        """,
      arguments: [
        UUID().uuidString, step, String(guess.option), guess.certainty.rawValue, wallTime(),
      ]
    )
  }

  // MARK: Role

  /// What the learner said to work as; nil before he said it.
  package func role() throws -> CourseOutline.Role? {
    try setting("role").flatMap(CourseOutline.Role.init)
  }

  package func setRole(_ role: CourseOutline.Role) throws { try setSetting("role", role.rawValue) }

  /// The number that this learner's shuffles are drawn from; made once and kept.
  package func learnerSeed() throws -> UInt64 {
    let fresh = UInt64.random(in: .min ... .max)
    return try write { db in
      try db.execute(
        sql: "INSERT OR IGNORE INTO settings (key, value) VALUES ('learner.seed', ?)",
        arguments: [String(fresh)]
      )
      let stored = try String.fetchOne(
        db,
        sql: "SELECT value FROM settings WHERE key = 'learner.seed'"
      )
      return stored.flatMap { UInt64($0) } ?? fresh
    }
  }
}
