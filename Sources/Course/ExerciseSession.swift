package import Grading

/// One learner at one exercise: judges answers, climbs the hints, and remembers.
///
/// A session belongs to one prompt and is used from one thread. What cannot be stored never costs
/// the learner a verdict: it becomes a notice.
package final class ExerciseSession {
  package let exercise: Exercise
  private let host: any LessonHost
  private let progress: ProgressStore?
  private let seed: UInt64
  private var unstoredAttemptCounts: [String: Int] = [:]
  private var passedParts: Set<String>
  private var rung: Int
  private var shownMisconceptions: Set<String> = []
  private var pendingMisconception: String?
  private var lastAnswer: AnswerValues?

  /// Starts or resumes the exercise; without a store nothing is remembered.
  ///
  /// Shuffles and draws depend on `seed`; nil takes the learner's own, kept in the store.
  package init(
    exercise: Exercise,
    host: any LessonHost,
    progress: ProgressStore? = nil,
    seed: UInt64? = nil
  ) {
    self.exercise = exercise
    self.host = host
    self.progress = progress
    self.seed = seed ?? (try? progress?.learnerSeed()) ?? 1
    let used = (try? progress?.hintsUsed(exercise: exercise.id)) ?? []
    rung = used.compactMap { Int($0) }.max() ?? 0
    shownMisconceptions = Set(used.filter { Int($0) == nil })
    let stored = try? progress?.passedParts(exercise: exercise.id, version: exercise.version)
    passedParts = (stored ?? []).intersection(exercise.parts.map(\.id))
  }

  /// What the learner is asked to do.
  package var task: String { exercise.task[host.language] }

  /// The attempts that count, those of earlier sittings included.
  package var attemptCount: Int {
    ((try? progress?.attemptCount(exercise: exercise.id)) ?? 0)
      + unstoredAttemptCounts.values.reduce(0, +)
  }

  /// True once the exercise was passed, in this sitting or an earlier one.
  package private(set) lazy var isPassed: Bool =
    (try? progress?.isPassed(exercise: exercise.id)) ?? false

  // MARK: Parts

  /// The part that an answer without a name speaks of; nil where all were passed.
  var openPart: ExercisePart? {
    exercise.questions.first { !passedParts.contains($0.id) }
  }

  func isPassed(part: String) -> Bool { passedParts.contains(part) }

  var language: CourseLanguage { host.language }

  /// The choice as it is shown now.
  func choice(_ pool: [ChoiceItem], part: String) -> ChoiceQuestion? {
    let stored = (try? progress?.attemptCount(exercise: exercise.id, part: part)) ?? 0
    return ChoiceQuestion.draw(
      pool,
      seed: seed,
      exercise: exercise.id,
      part: part,
      attempt: stored + unstoredAttemptCounts[part, default: 0]
    )
  }

  func order(_ question: OrderQuestion, part: String) -> OrderShown {
    OrderShown.draw(question, seed: seed, exercise: exercise.id, part: part)
  }

  private func grader(_ part: ExercisePart) -> Grader {
    guard case .checks(let form, let checks, let values) = part.question else {
      return Grader(form: nil, checks: [], grading: .first, values: exercise.values)
    }
    return Grader(
      form: form,
      checks: checks,
      grading: exercise.grading,
      values: values + exercise.values
    )
  }

  /// The part that an answer begins with, and the rest; else the open part and all of it.
  private func split(_ answer: String?) -> (part: ExercisePart?, answer: String?) {
    if let answer, !exercise.parts.isEmpty {
      let words = normalizedAnswer(answer).split(maxSplits: 1, whereSeparator: \.isWhitespace)
      if let name = words.first, let part = exercise.parts.first(where: { $0.id == name }) {
        return (part, words.count > 1 ? String(words[1]) : nil)
      }
    }
    return (openPart, answer)
  }

  // MARK: Check

  /// Judges an answer (nil for `check` without one) and stores the attempt.
  ///
  /// In an exercise with parts the answer may begin with the name of one; else it speaks of the
  /// first that is open, and once all were passed it begins another round. `storyTime` is in
  /// milliseconds since the epoch and is only recorded.
  package func check(answer: String?, storyTime: Int64? = nil) -> CheckResult {
    if !exercise.parts.isEmpty, openPart == nil {
      guard let answer, !answer.allSatisfy(\.isWhitespace) else { return alreadyPassed() }
      passedParts = []
    }
    let (part, text) = split(answer)
    guard let part else { return alreadyPassed() }
    let (judged, values) = judge(part, text)
    if let values { lastAnswer = values }
    if let feedback = judged.feedbackID {
      pendingMisconception = shownMisconceptions.contains(feedback) ? nil : feedback
    }
    let passesPart = judged == .passed && !exercise.parts.isEmpty
    if passesPart {
      passedParts.insert(part.id)
      pendingMisconception = nil
    }
    var verdict = judged
    if passesPart, passedParts.count < exercise.parts.count {
      verdict = .partly(
        passed: passedParts.count,
        of: exercise.parts.count,
        feedback: nil,
        values: grader(part).sharedValues(exercise.values, values, host)
      )
    }
    let filled = self.text(of: verdict, part: part, answer: values)
    var result = CheckResult(
      exerciseID: exercise.id,
      part: exercise.parts.isEmpty ? nil : part.id,
      verdict: verdict,
      text: filled.text,
      attemptCount: 0,
      isFirstPass: verdict == .passed && !isPassed,
      unknownPlaceholders: filled.unknownNames,
      notices: []
    )
    store(answer, part.id, passesPart: passesPart, storyTime, &result)
    if verdict == .passed { isPassed = true }
    return result
  }

  private func alreadyPassed() -> CheckResult {
    CheckResult(
      exerciseID: exercise.id,
      part: nil,
      verdict: .passed,
      text: texts.passedBefore,
      attemptCount: attemptCount,
      isFirstPass: false,
      unknownPlaceholders: [],
      notices: []
    )
  }

  private func judge(_ part: ExercisePart, _ text: String?) -> (Verdict, AnswerValues?) {
    let isBlank = text?.allSatisfy(\.isWhitespace) ?? true
    switch part.question {
    case .checks: return grader(part).grade(text, host: host)
    case .choice(let pool):
      guard let text, !isBlank else { return (.notAttempted, nil) }
      guard let choice = choice(pool, part: part.id) else {
        return (.checkerFailed(reason: "The part has no items."), nil)
      }
      guard let answer = choice.read(text) else {
        return (.couldNotRead(form: form(part) ?? ""), nil)
      }
      return (choice.judge(answer, language: host.language), nil)
    case .order(let question):
      guard let text, !isBlank else { return (.notAttempted, nil) }
      let shown = order(question, part: part.id)
      guard let answer = shown.read(text) else {
        return (.couldNotRead(form: form(part) ?? ""), nil)
      }
      return (shown.judge(answer), nil)
    }
  }

  /// The shared sentences, in the learner's language.
  var texts: CourseTexts { host.texts }

  /// How an answer to a part is written, in the learner's language; nil where it takes none.
  func form(_ part: ExercisePart) -> String? {
    switch part.question {
    case .checks(let form, _, _): form?.form[host.language]
    case .choice(let pool):
      pool.contains { !$0.reasons.isEmpty } ? texts.twoTierForm : texts.choiceForm
    case .order(let question): texts.orderForm(question.items.count)
    }
  }

  private func store(
    _ answer: String?,
    _ part: String,
    passesPart: Bool,
    _ storyTime: Int64?,
    _ result: inout CheckResult
  ) {
    let verdict = result.verdict
    if let progress, verdict != .notAttempted {
      do {
        let attempt = ProgressStore.Attempt(
          exercise: exercise.id,
          version: exercise.version,
          part: part,
          answer: answer ?? "",
          verdict: verdict.name,
          feedback: verdict.feedbackID,
          storyTime: storyTime
        )
        result.isFirstPass = try progress.record(attempt, passesPart: passesPart)
      } catch {
        result.notices.append(texts.notStored(reason(error)))
        if verdict.countsAsAttempt { unstoredAttemptCounts[part, default: 0] += 1 }
      }
    } else if verdict.countsAsAttempt {
      unstoredAttemptCounts[part, default: 0] += 1
    }
    result.attemptCount = attemptCount
    result.notices += progress?.takeNotices().map(texts.notice) ?? []
  }

  private func reason(_ error: any Error) -> String {
    (error as? CourseError)?.message ?? "\(error)"
  }

  private func text(
    of verdict: Verdict,
    part: ExercisePart,
    answer: AnswerValues?
  ) -> FilledText {
    let language = host.language
    func said(_ feedback: String, _ values: [String: HostValue]) -> FilledText {
      let known = exercise.feedback[feedback]?[language] ?? texts.builtIn(feedback, values)
      return fill(known ?? texts.notYet, with: values)
    }
    switch verdict {
    case .passed:
      return fill(
        exercise.feedback[Exercise.passedFeedbackID]?[language] ?? texts.passed,
        with: grader(part).sharedValues(exercise.values, answer, host)
      )
    case .notYet(let feedback, let values): return said(feedback, values)
    case .partly(let passed, let total, let feedback, let values):
      let heading = texts.partly(passed, of: total)
      let body = feedback.map { said($0, values) }
        ?? exercise.feedback[Exercise.passedFeedbackID(part: part.id)]
        .map { fill($0[language], with: values) }
      guard var filled = body else { return FilledText(text: heading, unknownNames: []) }
      filled.text = heading + "\n" + filled.text
      return filled
    case .notAttempted:
      let text = form(part).map(texts.notAttempted) ?? texts.noForm
      return FilledText(text: text, unknownNames: [])
    case .couldNotRead(let form):
      return FilledText(text: texts.couldNotRead(form), unknownNames: [])
    case .checkerFailed(let reason):
      return FilledText(text: texts.checkerFailed(reason), unknownNames: [])
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
    if let id = pendingMisconception, let text = exercise.misconceptionHints[id] {
      pendingMisconception = nil
      shownMisconceptions.insert(id)
      return give(
        Hint(name: id, text: body(texts.misconceptionHint, text), isLast: false),
        storyTime
      )
    }
    guard !exercise.hintRungs.isEmpty else {
      return Hint(name: nil, text: texts.noHints, isLast: true)
    }
    let count = exercise.hintRungs.count
    rung = min(rung + 1, count)
    let text = body(texts.rung(rung, of: count), exercise.hintRungs[rung - 1])
    return give(Hint(name: String(rung), text: text, isLast: rung == count), storyTime)
  }

  private func body(_ heading: String, _ text: LocalizedText) -> String {
    let part = openPart ?? exercise.questions[0]
    let values = grader(part).sharedValues(grader(part).values, lastAnswer, host)
    return heading + "\n" + fill(text[host.language], with: values).text
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
