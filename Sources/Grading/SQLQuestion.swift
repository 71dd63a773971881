/// A question whose answer is a query.
///
/// ```yaml
/// # checks/10-dau.yaml
/// kind: sql
/// goal: {ko: 어제의 DAU, en: Yesterday's DAU}
/// feedback: wrong-dau
/// columns: {dt: date, dau: bigint}
/// key: [dt]
/// reference: |
///   SELECT dt, count(DISTINCT user_id) AS dau
///   FROM lake.silver.events WHERE dt = DATE '{{ds_kst}}' GROUP BY dt
/// story: |
///   SELECT event_id, event_time FROM lake.silver.events WHERE dt = {{row.dt}} LIMIT 5
/// mistakes:
///   - {sql: "SELECT …", feedback: utc-day}
/// equivalents:
///   - {change: "DISTINCT ->", because: ids are unique in Silver}
/// counterexample: {keys: {lake.silver.events: user_id}}
/// worlds:
///   killer: worlds/killer.ndjson
///   killer_day: 2024-01-15
///   hidden: [{seed: 11, day: 2023-12-31}, {seed: 12, day: 2024-02-29, version_shift: 1}]
/// ```
package struct SQLQuestion: Sendable {
  /// A wrong query with a name: an answer with its result has its misconception.
  package struct Mistake: Sendable, Hashable {
    package var query: SQLAnswer
    package var feedback: String
  }

  /// A change of an accepted query that makes no other of it, with the reason.
  package struct Equivalent: Sendable, Hashable {
    /// As the check shows it: `LEFT JOIN -> JOIN`.
    package var change: String
    /// The line of the answer; nil for every line.
    package var line: Int?
    package var because: String

    /// True where it speaks of that mutant.
    package func holds(_ mutant: SQLMutant) -> Bool {
      change == mutant.change && (line ?? mutant.line) == mutant.line
    }
  }

  package var name: String
  package var goal: LocalizedText
  package var feedback: String
  /// How the answer is given, as the learner is shown it; nil takes the course's own sentence.
  package var form: LocalizedText?
  package var reference: SQLAnswer
  /// The columns that the task fixes; nil takes those of the reference.
  package var columns: [GradingTable.Column]?
  package var comparison: ResultComparison
  /// What tells the life of a row that differs, by its values `{{row.NAME}}`.
  package var story: SQLTemplate?
  package var mistakes: [Mistake]
  /// The changes of accepted answers that may pass.
  package var equivalents: [Equivalent] = []
  /// Nil where the exercise has none.
  package var killer: KillerWorld?
  package var killerDay: String
  package var hidden: [MadeWorld]
  /// The tables that answers read, without rows: those of which a counterexample consists.
  package var tables: [GradingTable]
  /// For each table the column whose values keep rows together while a counterexample is sought.
  package var groupColumns: [String: String]

  /// The feedback of an answer with other columns than the task fixes.
  package static let columnsFeedbackID = "other-columns"
  /// The feedback of an answer that fails in a world other than the learner's.
  package static let failedFeedbackID = "query-failed"

  /// The declared feedback ids.
  package var feedbackIDs: [String] { mistakes.map(\.feedback) + [feedback] }

  /// Every feedback id that an answer can get.
  package var possibleFeedbackIDs: [String] {
    feedbackIDs + [Self.columnsFeedbackID, Self.failedFeedbackID]
  }
}
