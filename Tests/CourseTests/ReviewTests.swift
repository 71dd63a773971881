import Course
import Foundation
import Grading
import Testing

/// The spacing rule, and what a review asks.
@Suite struct ReviewTests {
  private static let day: Int64 = 86_400_000

  private func summary(_ id: String, version: Int = 1) throws -> ExerciseSummary {
    let folder = try ScratchFolder()
    try folder.write(
      "Exercises/a/\(id)/exercise.yaml",
      PackTests.manifest.replacing("ID", with: id).replacing("version: 1", with: "version: \(version)"))
    return try #require(
      try CourseContent(root: folder.path).exerciseSummaries().summaries[id])
  }

  private typealias Review = ProgressStore.Review

  private func schedule(_ reviews: [Review], version: Int = 1) throws -> ReviewSchedule {
    ReviewSchedule(
      passes: [.init(exercise: "a-1", version: 1, wallTime: 0)], reviews: reviews,
      exercises: ["a-1": try summary("a-1", version: version)])
  }

  private func review(
    _ day: Int64, _ outcome: Review.Outcome, version: Int = 1, isEarly: Bool = false
  ) -> Review {
    Review(
      exercise: "a-1", version: version, round: 1, outcome: outcome, isEarly: isEarly,
      wallTime: day * Self.day)
  }

  private func dueDay(_ reviews: [Review]) throws -> Int64 {
    try schedule(reviews).entries[0].dueAt / Self.day
  }

  @Test func `the interval grows by the rule and falls back`() throws {
    #expect(try dueDay([]) == 1)
    #expect(try dueDay([review(1, .recalled)]) == 1 + 3)
    #expect(try dueDay([review(1, .recalled), review(4, .recalled)]) == 4 + 7)
    #expect(try dueDay([review(1, .recalled), review(4, .struggled)]) == 4 + 3)
    #expect(
      try dueDay([review(1, .recalled), review(4, .recalled), review(11, .forgotten)]) == 11 + 1)
    #expect(try dueDay([review(0, .recalled, isEarly: true)]) == 0 + 1)
    let many = (1...9).map { review(Int64($0) * 200, .recalled) }
    #expect(try dueDay(many) == 1_800 + 120)
    // In whatever order a merge brought them.
    #expect(try dueDay([review(4, .recalled), review(1, .recalled)]) == 4 + 7)
  }

  @Test func `a newer version is due at once, until a review has asked it`() throws {
    let changed = try schedule([review(1, .recalled)], version: 2)
    #expect(changed.entries[0].reason == .newVersion)
    #expect(changed.due(at: Self.day).count == 1)
    let asked = try schedule([review(1, .recalled), review(2, .struggled, version: 2)], version: 2)
    #expect(asked.entries[0].reason == .spaced)
    #expect(asked.due(at: 2 * Self.day).isEmpty)
    let failed = try schedule([review(2, .forgotten, version: 2)], version: 2)
    #expect(failed.entries[0].reason == .newVersion)
  }

  @Test func `the most overdue comes first, and what is gone does not come back`() throws {
    let schedule = ReviewSchedule(
      passes: [
        .init(exercise: "a-1", version: 1, wallTime: 5), .init(exercise: "b-1", version: 1, wallTime: 1),
        .init(exercise: "gone", version: 1, wallTime: 0),
      ], reviews: [], exercises: ["a-1": try summary("a-1"), "b-1": try summary("b-1")])
    #expect(schedule.due(at: 2 * Self.day).map(\.exercise) == ["b-1", "a-1"])
    #expect(schedule.next(after: 0)?.exercise == "b-1")
    #expect(schedule.due(at: 0).isEmpty)
  }

  @Test func `every round asks another part with another seed, and every part in turn`() throws {
    let whole = try CourseContent(root: contentRoot).exercise(id: "00-role-quiz")
    let asked = (1...5).map { whole.forReview(round: $0, learnerSeed: 42).parts.map(\.id) }
    #expect(Set(asked.flatMap { $0 }) == Set(whole.parts.map(\.id)))
    #expect(asked.allSatisfy { $0.count == 1 })
    let items = (0..<6).map { index -> String in
      let round = 1 + index * whole.parts.count
      let session = ExerciseSession(
        exercise: whole.forReview(round: round, learnerSeed: 42), host: try! FakeHost(),
        seed: Exercise.reviewSeed(round: round, learnerSeed: 42), purpose: .review)
      return session.partView?.text ?? ""
    }
    #expect(Set(items).count > 2, "\(items)")
  }

  @Test func `a review begins at nothing and leaves the attempts alone`() throws {
    let store = ProgressStore(path: nil)
    let exercise = try CourseContent(root: contentRoot).exercise(id: "00-1")
    let host = try FakeHost()
    _ = try host.run("app track purchase_completed")
    _ = try host.run("app background")
    _ = ExerciseSession(exercise: exercise, host: host, progress: store).check(answer: "2:8004")
    let session = ExerciseSession(
      exercise: exercise, host: host, progress: store, seed: 1, purpose: .review)
    #expect(!session.isPassed && session.attemptCount == 0)
    _ = session.check(answer: "1:8001")
    _ = session.hint()
    #expect(session.solution().isOpen)
    #expect(session.check(answer: "2:8004").verdict == .passed)
    #expect(!session.failedAnswers.isEmpty)
    #expect(try store.attempts(exercise: "00-1").count == 1)
    #expect(try store.hintsUsed(exercise: "00-1") == [])
    #expect(try store.passedAfterSolution() == [])
  }

  @Test func `a review makes a proof young and stands for its version`() throws {
    let folder = try ScratchFolder()
    try folder.write(
      "Lessons/checklist.yaml",
      "items: [{id: x, group: basic, text: {ko: 가, en: a}, proofs: [a-1]}]\n")
    let list = try CourseContent(root: folder.path).checklist()
    func state(_ reviews: [Review], version: Int = 1, day: Int64) throws -> Checklist.ItemState {
      list.state(
        passes: [.init(exercise: "a-1", version: 1, wallTime: 1)], reviews: reviews, ticked: [],
        exercises: ["a-1": try summary("a-1", version: version)], now: day * Self.day)[0]
    }
    #expect(try !state([], day: 80).wantsReview)
    #expect(try state([], day: 91).wantsReview)
    #expect(try !state([review(60, .recalled)], day: 91).wantsReview)
    #expect(try state([review(60, .forgotten)], day: 91).wantsReview)
    #expect(try state([], version: 2, day: 1).wantsReview)
    #expect(try state([], version: 2, day: 1).isTicked)
    #expect(try state([review(1, .recalled, version: 1)], version: 2, day: 1).wantsReview)
    #expect(try !state([review(1, .recalled, version: 2)], version: 2, day: 1).wantsReview)
    let stranger = list.state(
      passes: [], reviews: [review(1, .recalled)], ticked: [],
      exercises: ["a-1": try summary("a-1")], now: 1)[0]
    #expect(!stranger.isTicked)
  }
}
