// Old exercises that come back: `review`.
//
// `ReviewSchedule` (in Course) says what is due; here the one that is open, and what becomes of it.
// While it is open, `answer`, `check`, `hint` and `solution` speak of it.

internal import Course
internal import EventModel
internal import Foundation
internal import Grading
internal import Terminal

/// The review that is open.
struct ReviewDesk {
  let session: ExerciseSession
  let round: Int
  /// True where it was asked for before its day.
  let isEarly: Bool
}

extension Shell {
  /// `review`, `review list`, `review stop`, `review ID`.
  func review(_ words: [String]) throws -> Reply {
    let arguments = try Arguments(words)
    try arguments.allowOnly()
    switch arguments.positions.first?.lowercased() {
    case "list": return try reviewList()
    case "stop":
      openReview = nil
      return Reply([.text(text("review.stopped"))], data: .record(["open": .null]))
    case nil:
      if let openReview { return reply(to: openReview) }
      let schedule = try progress.reviewSchedule(exercises: exercises.summaries())
      guard let entry = schedule.due(at: progress.now).first else {
        return try nothingDue(schedule)
      }
      return try beginReview(entry, isEarly: false)
    default:
      let id = arguments.positions[0]
      let schedule = try progress.reviewSchedule(exercises: exercises.summaries())
      guard let entry = schedule.entries.first(where: { $0.exercise == id }) else {
        // Says first that there is none of that id, if so.
        _ = try exercises.session(id, progress: progress, host: lessonHost())
        throw CommandError(.notPassedYet, ["id": id])
      }
      return try beginReview(entry, isEarly: entry.dueAt > progress.now)
    }
  }

  private func beginReview(_ entry: ReviewSchedule.Entry, isEarly: Bool) throws -> Reply {
    let host = lessonHost()
    let whole = try exercises.session(entry.exercise, progress: progress, host: host).exercise
    let seed = try progress.learnerSeed()
    let round = entry.reviewCount + 1
    let desk = ReviewDesk(
      session: ExerciseSession(
        exercise: whole.forReview(round: round, learnerSeed: seed), host: host, progress: progress,
        seed: Exercise.reviewSeed(round: round, learnerSeed: seed), purpose: .review),
      round: round, isEarly: isEarly)
    openReview = desk
    openQuiz = nil
    incidents.hasFocus = false
    return reply(to: desk)
  }

  private func reply(to desk: ReviewDesk) -> Reply {
    let session = desk.session
    let exercise = session.exercise
    let task = session.task
    var blocks: [Reply.Block] = [
      .text(
        heading(
          text("review.title", ["id": exercise.id, "title": exercise.title[courseLanguage]]))),
      .drawing(MarkdownView(task, texts: catalogue, indent: 2)), .text(""),
    ]
    blocks.append(
      .text(
        session.partView?.text ?? text("exercise.howTo", ["form": session.answerForm])))
    if desk.isEarly { blocks.append(.text(text("review.early"))) }
    return Reply(
      blocks,
      data: .record([
        "exercise": .string(exercise.id), "round": .count(desk.round),
        "early": .bool(desk.isEarly), "task": .string(task),
        "form": .string(session.answerForm),
      ]))
  }

  private func nothingDue(_ schedule: ReviewSchedule) throws -> Reply {
    let now = progress.now
    guard let next = schedule.next(after: now) else {
      return Reply([.text(text("review.nothingPassed"))], data: .record(["exercise": .null]))
    }
    return Reply(
      [
        .text(
          text("review.nothingDue", ["id": next.exercise, "when": wait(from: now, to: next.dueAt)]))
      ],
      data: .record(["exercise": .null]))
  }

  private func reviewList() throws -> Reply {
    let schedule = try progress.reviewSchedule(exercises: exercises.summaries())
    let summaries = try exercises.summaries()
    let now = progress.now
    guard !schedule.entries.isEmpty else {
      return Reply([.text(text("review.nothingPassed"))], data: .array([]))
    }
    let table = TableView(
      columns: ["id", "title", "due", "times"].map {
        $0 == "times"
          ? .number(text("review.column." + $0)) : TableColumn(text("review.column." + $0))
      },
      rows: schedule.entries.map { entry in
        [
          entry.exercise, summaries[entry.exercise]?.title[courseLanguage] ?? "",
          entry.dueAt <= now
            ? text(entry.reason == .newVersion ? "review.due.changed" : "review.due.now")
            : wait(from: now, to: entry.dueAt),
          String(entry.reviewCount),
        ]
      })
    return Reply(
      [fitted(table), .text(text("review.rule"))],
      data: .array(
        schedule.entries.map { entry in
          .record([
            "id": .string(entry.exercise), "due": .bool(entry.dueAt <= now),
            "reason": .string(entry.reason.rawValue), "reviews": .count(entry.reviewCount),
            "days": .count(Int((entry.dueAt - now) / 86_400_000)),
          ])
        }))
  }

  /// When something comes back, in whole days, rounded up.
  private func wait(from now: Int64, to then: Int64) -> String {
    let days = (then - now + 86_399_999) / 86_400_000
    return days <= 1 ? text("review.tomorrow") : text("review.inDays", ["days": String(days)])
  }

  /// How many exercises are due now; 0 where the schedule cannot be read.
  func dueReviewCount() -> Int {
    guard let summaries = try? exercises.summaries(),
      let schedule = try? progress.reviewSchedule(exercises: summaries)
    else { return 0 }
    return schedule.due(at: progress.now).count
  }

  // MARK: The end of a review

  /// What is said after a pass in the review that is open; nothing where the session is none.
  func finishReview(_ session: ExerciseSession) -> [Reply.Block] {
    guard let desk = openReview, desk.session === session else { return [] }
    return end(desk, session.failedAnswers.isEmpty ? .recalled : .struggled)
  }

  /// A solution that was looked at ends the review.
  func forgetReview(_ blocks: inout [Reply.Block]) {
    guard let desk = openReview else { return }
    blocks += [.text("")] + end(desk, .forgotten)
  }

  private func end(_ desk: ReviewDesk, _ outcome: ProgressStore.Review.Outcome) -> [Reply.Block] {
    openReview = nil
    let exercise = desk.session.exercise
    do {
      try progress.record(
        ProgressStore.Review(
          exercise: exercise.id, version: exercise.version, round: desk.round, outcome: outcome,
          isEarly: desk.isEarly))
      let schedule = try progress.reviewSchedule(exercises: exercises.summaries())
      let entry = schedule.entries.first { $0.exercise == exercise.id }
      let left = schedule.due(at: progress.now).count
      let when = entry.map { wait(from: progress.now, to: $0.dueAt) } ?? ""
      var blocks: [Reply.Block] = [.text(text("review.next", ["id": exercise.id, "when": when]))]
      if left > 0 { blocks.append(.text(text("review.left", ["count": String(left)]))) }
      return blocks
    } catch {
      return [
        .text(
          text(
            "course.notStored", ["reason": ErrorText(error, catalogue: catalogue).message]))
      ]
    }
  }
}
