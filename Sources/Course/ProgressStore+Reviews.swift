// Solutions that were shown, exercises that were left out, and reviews, in the progress file.

internal import Foundation
internal import GRDB

extension ProgressStore {
  // MARK: Solutions

  /// Notes that the solution was shown; the first time is kept.
  package func recordSolution(exercise: String, version: Int, storyTime: Int64? = nil) throws {
    let now = wallTime()
    try write { db in
      try db.execute(
        sql: """
          INSERT OR IGNORE INTO solutions (exercise, version, story_time, wall_time)
          VALUES (?, ?, ?, ?)
          """,
        arguments: [exercise, version, storyTime, now]
      )
    }
  }

  static func hasSeenSolution(_ db: Database, _ exercise: String) throws -> Bool {
    try Bool.fetchOne(
      db,
      sql: "SELECT EXISTS (SELECT 1 FROM solutions WHERE exercise = ?)",
      arguments: [exercise]
    ) ?? false
  }

  /// True where the solution of the exercise was shown.
  package func hasSeenSolution(exercise: String) throws -> Bool {
    try read { db in try Self.hasSeenSolution(db, exercise) }
  }

  /// The exercises whose first pass came after their solution was shown.
  package func passedAfterSolution() throws -> Set<String> {
    try read { db in
      try String.fetchSet(
        db,
        sql: """
          SELECT exercise FROM passes GROUP BY exercise
          HAVING min(after_solution) = 1
          """
      )
    }
  }

  /// Leaves an exercise out for now; the first time is replaced.
  package func skip(exercise: String) throws {
    let now = wallTime()
    try write { db in
      try db.execute(
        sql: "INSERT OR REPLACE INTO skips (exercise, wall_time) VALUES (?, ?)",
        arguments: [exercise, now]
      )
    }
  }

  // MARK: Reviews

  /// One review that came to its end.
  package struct Review: Sendable, Hashable {
    /// How it went.
    package enum Outcome: String, Sendable, Hashable {
      /// Right at the first attempt.
      case recalled
      /// Right, after a wrong attempt.
      case struggled
      /// Given up: the solution was looked at.
      case forgotten
    }

    package var exercise: String
    package var version: Int
    /// 1 for the first review of the exercise.
    package var round: Int
    package var outcome: Outcome
    /// True where it was not due yet.
    package var isEarly: Bool
    /// Milliseconds since the epoch on the wall clock; the store sets it.
    package var wallTime: Int64

    package init(
      exercise: String,
      version: Int,
      round: Int,
      outcome: Outcome,
      isEarly: Bool = false,
      wallTime: Int64 = 0
    ) {
      self.exercise = exercise
      self.version = version
      self.round = round
      self.outcome = outcome
      self.isEarly = isEarly
      self.wallTime = wallTime
    }
  }

  /// Stores a review with the present wall time.
  package func record(_ review: Review) throws {
    let now = wallTime()
    try write { db in
      try db.execute(
        sql: """
          INSERT INTO reviews (uid, exercise, version, round, outcome, is_early, wall_time)
          VALUES (?, ?, ?, ?, ?, ?, ?)
          """,
        arguments: [
          UUID().uuidString, review.exercise, review.version, review.round,
          review.outcome.rawValue, review.isEarly, now,
        ]
      )
    }
  }

  /// All reviews, oldest first.
  package func reviews() throws -> [Review] {
    try read { db in
      try Row.fetchAll(db, sql: "SELECT * FROM reviews ORDER BY wall_time, id").compactMap { row in
        guard let outcome = Review.Outcome(rawValue: row["outcome"]) else { return nil }
        return Review(
          exercise: row["exercise"],
          version: row["version"],
          round: row["round"],
          outcome: outcome,
          isEarly: row["is_early"],
          wallTime: row["wall_time"]
        )
      }
    }
  }

  /// The present wall time, in milliseconds since the epoch.
  package var now: Int64 { wallTime() }
}
