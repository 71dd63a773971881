/// One learner at one exercise: judges answers, climbs the hints, and remembers.
///
/// A session belongs to one prompt and is used from one thread. What cannot be stored never costs
/// the learner a verdict: it becomes a notice.
package final class ExerciseSession {
  package let exercise: Exercise
  private let host: any LessonHost
  private let progress: ProgressStore?
  private let grader: Grader
  private var unstoredAttemptCount = 0
  private var rung: Int
  private var shownMisconceptions: Set<String> = []
  private var pendingMisconception: String?
  private var lastAnswer: AnswerValues?

  /// Starts or resumes the exercise; without a store nothing is remembered.
  package init(exercise: Exercise, host: any LessonHost, progress: ProgressStore? = nil) {
    self.exercise = exercise
    self.host = host
    self.progress = progress
    grader = Grader(exercise: exercise)
    let used = (try? progress?.hintsUsed(exercise: exercise.id)) ?? []
    rung = used.compactMap { Int($0) }.max() ?? 0
    shownMisconceptions = Set(used.filter { Int($0) == nil })
  }

  /// What the learner is asked to do.
  package var task: String { exercise.task[host.language] }

  /// What a bare `answer` shows.
  package var answerForm: String {
    guard let form = exercise.answer else { return CourseTexts.noForm[host.language] }
    return CourseTexts.form(form.form[host.language])[host.language]
  }

  /// The attempts that count, those of earlier sittings included.
  package var attemptCount: Int {
    ((try? progress?.attemptCount(exercise: exercise.id)) ?? 0) + unstoredAttemptCount
  }

  /// True once the exercise was passed, in this sitting or an earlier one.
  package private(set) lazy var isPassed: Bool =
    (try? progress?.isPassed(exercise: exercise.id)) ?? false

  // MARK: Check

  /// Judges an answer (nil for `check` without one) and stores the attempt.
  ///
  /// `storyTime` is in milliseconds since the epoch and is only recorded.
  package func check(answer: String?, storyTime: Int64? = nil) -> CheckResult {
    let (verdict, values) = grader.grade(answer, host: host)
    if let values { lastAnswer = values }
    if let feedback = verdict.feedbackID {
      pendingMisconception = shownMisconceptions.contains(feedback) ? nil : feedback
    }
    let filled = text(of: verdict, answer: values)
    var result = CheckResult(
      exerciseID: exercise.id,
      verdict: verdict,
      text: filled.text,
      attemptCount: 0,
      isFirstPass: verdict == .passed && !isPassed,
      unknownPlaceholders: filled.unknownNames,
      notices: []
    )
    store(answer, verdict, storyTime, &result)
    if verdict == .passed { isPassed = true }
    return result
  }

  private func store(
    _ answer: String?,
    _ verdict: Verdict,
    _ storyTime: Int64?,
    _ result: inout CheckResult
  ) {
    if let progress, verdict != .notAttempted {
      do {
        let attempt = ProgressStore.Attempt(
          exercise: exercise.id,
          version: exercise.version,
          answer: answer ?? "",
          verdict: verdict.name,
          feedback: verdict.feedbackID,
          storyTime: storyTime
        )
        result.isFirstPass = try progress.record(attempt)
      } catch {
        result.notices.append(CourseTexts.notStored(reason(error))[host.language])
        if verdict.countsAsAttempt { unstoredAttemptCount += 1 }
      }
    } else if verdict.countsAsAttempt {
      unstoredAttemptCount += 1
    }
    result.attemptCount = attemptCount
    result.notices += progress?.takeNotices().map { $0.text[host.language] } ?? []
  }

  private func reason(_ error: any Error) -> String {
    (error as? CourseError)?.message ?? "\(error)"
  }

  private func text(of verdict: Verdict, answer: AnswerValues?) -> FilledText {
    let language = host.language
    switch verdict {
    case .passed:
      let template = exercise.feedback[Exercise.passedFeedbackID] ?? CourseTexts.passed
      return fill(
        template[language],
        with: grader.sharedValues(exercise.values, answer, host)
      )
    case .notYet(let feedback, let values):
      return fill((exercise.feedback[feedback] ?? CourseTexts.notYet)[language], with: values)
    case .partly(let passed, let total, let feedback, let values):
      var filled = fill(
        (exercise.feedback[feedback] ?? CourseTexts.notYet)[language],
        with: values
      )
      filled.text = CourseTexts.partly(passed, of: total)[language] + "\n" + filled.text
      return filled
    case .notAttempted:
      let text =
        exercise.answer.map { CourseTexts.notAttempted($0.form[language]) } ?? CourseTexts.noForm
      return FilledText(text: text[language], unknownNames: [])
    case .couldNotRead(let form):
      return FilledText(text: CourseTexts.couldNotRead(form)[language], unknownNames: [])
    case .checkerFailed(let reason):
      return FilledText(text: CourseTexts.checkerFailed(reason)[language], unknownNames: [])
    }
  }

  // MARK: Hints

  /// One hint: the misconception of the last failed check first, else the next rung.
  package struct Hint: Sendable, Hashable {
    /// `1`, `2`, `3`, or the feedback id; nil where the exercise has no hints.
    package var name: String?
    /// Its heading and text, in the learner's language.
    package var text: String
    /// True on the last rung; asking again shows it again.
    package var isLast: Bool
  }

  /// Gives the next hint and records that it was used.
  ///
  /// Costs nothing.
  ///
  /// A misconception's hint is shown once; whoever fails the same way again climbs on.
  package func hint(storyTime: Int64? = nil) -> Hint {
    let language = host.language
    if let id = pendingMisconception, let text = exercise.misconceptionHints[id] {
      pendingMisconception = nil
      shownMisconceptions.insert(id)
      return give(
        Hint(name: id, text: body(CourseTexts.misconceptionHint, text), isLast: false),
        storyTime
      )
    }
    guard !exercise.hintRungs.isEmpty else {
      return Hint(name: nil, text: CourseTexts.noHints[language], isLast: true)
    }
    let count = exercise.hintRungs.count
    rung = min(rung + 1, count)
    let text = body(CourseTexts.rung(rung, of: count), exercise.hintRungs[rung - 1])
    return give(Hint(name: String(rung), text: text, isLast: rung == count), storyTime)
  }

  private func body(_ heading: LocalizedText, _ text: LocalizedText) -> String {
    let values = grader.sharedValues(exercise.values, lastAnswer, host)
    return heading[host.language] + "\n" + fill(text[host.language], with: values).text
  }

  private func give(_ hint: Hint, _ storyTime: Int64?) -> Hint {
    if let progress, let name = hint.name {
      try? progress.recordHint(
        exercise: exercise.id,
        version: exercise.version,
        hint: name,
        storyTime: storyTime
      )
    }
    return hint
  }
}
