// When an exercise that was passed comes back.
//
// The rule, which AUTHORING.md and `help review` repeat: an exercise comes back 1 day after its pass,
// then after 3, 7, 21, 60 and 120 days, each counted from the last time it was seen.
//
// - Right at the first attempt: one rung up.
// - Right after a wrong attempt: the same rung again.
// - Given up: back to the first rung.
// - A review before its day, and one right on it after a gap of months, climb no more than one rung;
//   an early one climbs none, so that nothing is learnt by heart in one evening.
// - A version of the exercise that is newer than what was passed or reviewed is due at once.

/// The reviews of one learner.
package struct ReviewSchedule: Sendable, Hashable {
  /// After how many days an exercise comes back, by rung.
  package static let intervalDays: [Int64] = [1, 3, 7, 21, 60, 120]

  /// Why an exercise comes back.
  package enum Reason: String, Sendable, Hashable {
    case spaced
    /// The exercise has changed since.
    case newVersion = "new-version"
  }

  /// One exercise that was passed.
  package struct Entry: Sendable, Hashable {
    package var exercise: String
    package var reason: Reason
    /// The rung that it stands on, 0-based.
    package var rung: Int
    /// How many reviews it has had.
    package var reviewCount: Int
    /// When it is due, in milliseconds since the epoch on the wall clock.
    package var dueAt: Int64
    /// When it was passed or reviewed last.
    package var seenAt: Int64
  }

  /// One per exercise that was passed and is still there, the most overdue first.
  package var entries: [Entry]

  private static let day: Int64 = 86_400_000

  /// The schedule that follows from what was done; nothing else is stored.
  package init(
    passes: [ProgressStore.Pass],
    reviews: [ProgressStore.Review],
    exercises: [String: ExerciseSummary]
  ) {
    var firstPass: [String: Int64] = [:]
    var newest: [String: Int] = [:]
    for pass in passes {
      firstPass[pass.exercise] = min(firstPass[pass.exercise] ?? .max, pass.wallTime)
      newest[pass.exercise] = max(newest[pass.exercise] ?? 0, pass.version)
    }
    entries = firstPass.compactMap { id, passedAt in
      guard let exercise = exercises[id] else { return nil }
      var entry = Entry(
        exercise: id,
        reason: .spaced,
        rung: 0,
        reviewCount: 0,
        dueAt: passedAt + Self.intervalDays[0] * Self.day,
        seenAt: passedAt
      )
      var version = newest[id] ?? 0
      let own = reviews.filter { $0.exercise == id }.sorted { $0.wallTime < $1.wallTime }
      for review in own {
        entry.reviewCount += 1
        entry.seenAt = review.wallTime
        switch review.outcome {
        case .recalled where !review.isEarly:
          entry.rung = min(entry.rung + 1, Self.intervalDays.count - 1)
        case .recalled, .struggled: break
        case .forgotten: entry.rung = 0
        }
        if review.outcome != .forgotten { version = max(version, review.version) }
        entry.dueAt = review.wallTime + Self.intervalDays[entry.rung] * Self.day
      }
      if exercise.version > version {
        entry.reason = .newVersion
        entry.dueAt = min(entry.dueAt, entry.seenAt)
      }
      return entry
    }.sorted { ($0.dueAt, $0.exercise) < ($1.dueAt, $1.exercise) }
  }

  /// What is due at that moment, the most overdue first.
  package func due(at now: Int64) -> [Entry] { entries.filter { $0.dueAt <= now } }

  /// What comes back next; nil where nothing was passed.
  package func next(after now: Int64) -> Entry? { entries.first { $0.dueAt > now } }
}

extension ProgressStore {
  /// The schedule as it stands.
  package func reviewSchedule(exercises: [String: ExerciseSummary]) throws -> ReviewSchedule {
    ReviewSchedule(passes: try passes(), reviews: try reviews(), exercises: exercises)
  }
}

extension Exercise {
  /// The exercise as a review asks it: of several parts one, another each round.
  ///
  /// What is drawn (items, order, inputs) depends on `reviewSeed`; a question of the learner's own
  /// world is asked of that world as it stands.
  package func forReview(round: Int, learnerSeed: UInt64) -> Exercise {
    guard parts.count > 1 else { return self }
    var review = self
    // Begins anywhere, and misses no part.
    let start = Int(learnerSeed % UInt64(parts.count))
    review.parts = [parts[(start + round - 1) % parts.count]]
    return review
  }

  /// The seed of a review: another one each round, the same on every machine of a learner.
  package static func reviewSeed(round: Int, learnerSeed: UInt64) -> UInt64 {
    learnerSeed &+ UInt64(truncatingIfNeeded: round) &* 0x9E37_79B9_7F4A_7C15
  }
}
