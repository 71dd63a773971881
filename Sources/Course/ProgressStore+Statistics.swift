// What a progress file says of each exercise, summed up for whoever wrote it.

internal import Foundation
internal import GRDB

/// How one exercise fares.
package struct ExerciseStatistics: Sendable, Hashable {
  package var exercise: String
  /// Attempts that were judged: passed, partly, not yet.
  package var attemptCount: Int
  /// Attempts that could not be read; they cost nothing, and tell of an unclear form.
  package var unreadCount: Int
  /// Attempts of which the whole exercise came out passed.
  package var passCount: Int
  /// Judged attempts that came up to the first pass, that one included; nil where it was not passed.
  package var attemptsToPass: Int?
  package var hintCount: Int
  /// True where the first pass came after the solution was shown.
  package var isAfterSolution: Bool
  /// The feedback id that was given most often, and how often; of two equal ones the first by name.
  package var commonestFeedback: (id: String, count: Int)?

  /// Passed among judged attempts, 0 to 1; nil without attempts.
  package var passRate: Double? {
    attemptCount == 0 ? nil : Double(passCount) / Double(attemptCount)
  }

  package static func == (left: ExerciseStatistics, right: ExerciseStatistics) -> Bool {
    left.exercise == right.exercise && left.attemptCount == right.attemptCount
      && left.unreadCount == right.unreadCount && left.passCount == right.passCount
      && left.attemptsToPass == right.attemptsToPass && left.hintCount == right.hintCount
      && left.isAfterSolution == right.isAfterSolution
      && left.commonestFeedback?.id == right.commonestFeedback?.id
      && left.commonestFeedback?.count == right.commonestFeedback?.count
  }

  package func hash(into hasher: inout Hasher) {
    hasher.combine(exercise)
    hasher.combine(attemptCount)
  }
}

extension ProgressStore {
  /// One line per exercise that was tried or hinted at, by id.
  package func statistics() throws -> [ExerciseStatistics] {
    let afterSolution = try passedAfterSolution()
    return try read { db in
      let attempts = try Row.fetchAll(
        db, sql: "SELECT exercise, verdict, feedback FROM attempts ORDER BY wall_time, id")
      let hints = try Row.fetchAll(
        db, sql: "SELECT exercise, count(*) AS n FROM hints GROUP BY exercise")
      var found: [String: ExerciseStatistics] = [:]
      func line(_ id: String) -> ExerciseStatistics {
        found[id]
          ?? ExerciseStatistics(
            exercise: id, attemptCount: 0, unreadCount: 0, passCount: 0, hintCount: 0,
            isAfterSolution: afterSolution.contains(id))
      }
      var feedback: [String: [String: Int]] = [:]
      for attempt in attempts {
        let id: String = attempt["exercise"]
        var one = line(id)
        switch attempt["verdict"] as String {
        case "passed":
          one.attemptCount += 1
          one.passCount += 1
          if one.attemptsToPass == nil { one.attemptsToPass = one.attemptCount }
        case "not-yet", "partly": one.attemptCount += 1
        case "could-not-read": one.unreadCount += 1
        default: break
        }
        if let wrong: String = attempt["feedback"] { feedback[id, default: [:]][wrong, default: 0] += 1 }
        found[id] = one
      }
      for hint in hints {
        let id: String = hint["exercise"]
        var one = line(id)
        one.hintCount = hint["n"]
        found[id] = one
      }
      for (id, counts) in feedback {
        let most = counts.min { ($1.value, $0.key) < ($0.value, $1.key) }
        found[id]?.commonestFeedback = most.map { (id: $0.key, count: $0.value) }
      }
      return found.values.sorted { $0.exercise < $1.exercise }
    }
  }
}
