package import Grading

/// One learner at one exercise: judges answers, climbs the hints, and remembers.
///
/// A session belongs to one prompt and is used from one thread. What cannot be stored never costs
/// the learner a verdict: it becomes a notice.
package final class ExerciseSession {
  /// What a session is for.
  package enum Purpose: Sendable, Hashable {
    case practice
    /// An old exercise again: nothing of earlier sittings counts, and attempts are not stored.
    case review
  }

  package let exercise: Exercise
  let host: any LessonHost
  let progress: ProgressStore?
  package let purpose: Purpose
  private let seed: UInt64
  private var unstoredAttemptCounts: [String: Int] = [:]
  private var passedParts: Set<String>
  /// How far each ladder of hints was climbed; "" is the general one.
  private var rungs: [String: Int] = [:]
  private var shownMisconceptions: Set<String> = []
  private var pendingMisconception: String?
  private var lastAnswer: AnswerValues?
  private var lastQuery: String?
  /// The answers that were judged and did not pass, by part, oldest first; of earlier sittings too.
  package internal(set) var failedAnswers: [String: [String]] = [:]
  /// True once the solution was shown in this sitting.
  var hasShownSolution = false
  /// Reads a file that an answer names; nil where it is not there.
  private let readFile: (String) -> [UInt8]?

  /// Starts or resumes the exercise; without a store nothing is remembered.
  ///
  /// Shuffles and draws depend on `seed`; nil takes the learner's own, kept in the store. `readFile`
  /// reads the files that answers name, such as `answer dau.sql`.
  package init(
    exercise: Exercise,
    host: any LessonHost,
    progress: ProgressStore? = nil,
    seed: UInt64? = nil,
    purpose: Purpose = .practice,
    readFile: @escaping (String) -> [UInt8]? = { ContentFolder.bytes(of: $0) }
  ) {
    self.readFile = readFile
    self.purpose = purpose
    self.exercise = exercise
    self.host = host
    self.progress = progress
    self.seed = seed ?? (try? progress?.learnerSeed()) ?? 1
    guard purpose == .practice else {
      passedParts = []
      return
    }
    let used = (try? progress?.hintsUsed(exercise: exercise.id)) ?? []
    for name in used {
      guard let (part, number) = Self.rung(of: name, exercise) else {
        shownMisconceptions.insert(name)
        continue
      }
      rungs[part] = max(rungs[part] ?? 0, number)
    }
    let stored = try? progress?.passedParts(exercise: exercise.id, version: exercise.version)
    passedParts = (stored ?? []).intersection(exercise.parts.map(\.id))
    let attempts = (try? progress?.attempts(exercise: exercise.id)) ?? []
    for attempt in attempts where Self.isFailure(attempt.verdict, attempt.feedback) {
      failedAnswers[attempt.part, default: []].append(attempt.answer)
    }
  }

  /// The ladder and the rung that a hint's name says: `2` is the second of the general one, `clock.1`
  /// the first of a part's own; nil for the hint of a misconception.
  private static func rung(of name: String, _ exercise: Exercise) -> (part: String, number: Int)? {
    if let number = Int(name) { return ("", number) }
    guard let dot = name.lastIndex(of: "."), let number = Int(name[name.index(after: dot)...])
    else { return nil }
    let part = String(name[..<dot])
    return exercise.partHintRungs[part] == nil ? nil : (part, number)
  }

  /// True for what was judged and did not pass; a part that passed while others are open is `partly`
  /// without feedback.
  private static func isFailure(_ verdict: String, _ feedback: String?) -> Bool {
    verdict == "not-yet" || verdict == "partly" && feedback != nil
  }

  /// Begins anew in this sitting: the parts, the hints, the last answer. What is stored stays.
  package func reset() {
    passedParts = []
    rungs = [:]
    shownMisconceptions = []
    pendingMisconception = nil
    lastAnswer = nil
    lastQuery = nil
  }

  /// What the learner is asked to do.
  ///
  /// Numbers drawn for the learner (`{rate}`) and what the exercise's `values` find in its world
  /// stand in it.
  package var task: String {
    let text = exercise.task[host.language]
    var values: [String: HostValue] = [:]
    // They are the exercise's, whatever part asks for them.
    if !exercise.values.isEmpty, let part = exercise.questions.first {
      values = grader(part).sharedValues(exercise.values, nil, host)
    }
    for part in exercise.questions {
      guard case .number(let question) = part.question else { continue }
      values.merge(inputs(question).mapValues(\.hostValue)) { _, drawn in drawn }
    }
    // A brace in a task is a brace, as in JSON: only what has a value is replaced.
    return text.replacing(/\{([a-zA-Z_][a-zA-Z0-9_.]*)(?::[a-z]+)?\}/) { match in
      values[String(match.1)] == nil ? String(match.0) : fill(String(match.0), with: values).text
    }
  }

  /// Remembers a query that the learner ran at the prompt: `check` without an answer judges the
  /// last one.
  package func remember(query: String) { lastQuery = query }

  func inputs(_ question: NumberQuestion) -> [String: Double] {
    question.inputs(seed: seed, exercise: exercise.id)
  }

  /// The attempts that count, those of earlier sittings included.
  package var attemptCount: Int {
    (purpose == .review ? 0 : (try? progress?.attemptCount(exercise: exercise.id)) ?? 0)
      + unstoredAttemptCounts.values.reduce(0, +)
  }

  /// True once the exercise was passed, in this sitting or an earlier one.
  package private(set) lazy var isPassed: Bool =
    purpose == .practice && (try? progress?.isPassed(exercise: exercise.id)) ?? false

  // MARK: Parts

  /// The part that an answer without a name speaks of; nil where all were passed.
  var openPart: ExercisePart? {
    exercise.questions.first { !passedParts.contains($0.id) }
  }

  func isPassed(part: String) -> Bool { passedParts.contains(part) }

  var language: CourseLanguage { host.language }

  /// The choice as it is shown now.
  func choice(_ pool: [ChoiceItem], part: String) -> ChoiceQuestion? {
    let stored =
      purpose == .review
      ? 0 : (try? progress?.attemptCount(exercise: exercise.id, part: part)) ?? 0
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
      // The rest stays as it was typed: in a query or a path, case and form say something.
      let words = answer.split(maxSplits: 1, whereSeparator: \.isWhitespace)
      if let name = words.first.map({ normalizedAnswer(String($0)) }),
        let part = exercise.parts.first(where: { $0.id == name })
      {
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
    let judgement = judge(part, text)
    let (judged, values) = (judgement.verdict, judgement.answer)
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
        values: shared(part, values)
      )
    }
    var filled = self.text(of: verdict, part: part, answer: values)
    let shown = EvidenceText(evidence: judgement.evidence, host: host).lines
    if !shown.isEmpty { filled.text += "\n" + shown.joined(separator: "\n") }
    var result = CheckResult(
      exerciseID: exercise.id,
      part: exercise.parts.isEmpty ? nil : part.id,
      verdict: verdict,
      evidence: judgement.evidence,
      text: filled.text,
      attemptCount: 0,
      isFirstPass: verdict == .passed && !isPassed,
      unknownPlaceholders: filled.unknownNames,
      notices: []
    )
    if Self.isFailure(judged.name, judged.feedbackID) {
      failedAnswers[part.id, default: []].append(answer ?? "")
    }
    store(answer, part.id, passesPart: passesPart, storyTime, &result)
    if verdict == .passed {
      result.isAfterSolution = isAfterSolution
      isPassed = true
    }
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

  private func judge(_ part: ExercisePart, _ text: String?) -> Judgement {
    let isBlank = text?.allSatisfy(\.isWhitespace) ?? true
    switch part.question {
    case .checks:
      let (verdict, answer) = grader(part).grade(text, host: host)
      return Judgement(verdict, answer: answer)
    case .choice(let pool):
      guard let text, !isBlank else { return Judgement(.notAttempted) }
      guard let choice = choice(pool, part: part.id) else {
        return Judgement(.checkerFailed(reason: "The part has no items."))
      }
      guard let answer = choice.read(text) else {
        return Judgement(.couldNotRead(form: form(part) ?? ""))
      }
      return Judgement(choice.judge(answer, language: host.language))
    case .order(let question):
      guard let text, !isBlank else { return Judgement(.notAttempted) }
      let shown = order(question, part: part.id)
      guard let answer = shown.read(text) else {
        return Judgement(.couldNotRead(form: form(part) ?? ""))
      }
      return Judgement(shown.judge(answer))
    case .number(let question):
      return NumberGrader(question: question, inputs: inputs(question)).grade(text, host: host)
    case .sql(let question):
      return SQLGrader(question: question).grade(query(text), host: host)
    case .dataframe(let question): return question.grade(fileOrText(text), host: host)
    case .document(let question):
      let grader = DocumentGrader(question: question, answered: answered)
      return grader.grade(fileOrText(isBlank ? question.file : text), host: host)
    case .state(let question):
      let state = StateQuestion(
        items: question.items,
        values: question.values + exercise.values
      )
      return StateGrader(
        question: state,
        grading: exercise.grading,
        fork: exercise.forkName
      ).grade(host: host)
    }
  }

  /// The query that an answer is, or that the file it names holds; without one the last that was
  /// run at the prompt.
  private func query(_ text: String?) -> String? {
    guard let text, !text.allSatisfy(\.isWhitespace) else { return lastQuery }
    return SQLAnswer.looksLikeQuery(text) ? text : fileOrText(text)
  }

  /// The content of the file that an answer names; else the answer itself.
  private func fileOrText(_ text: String?) -> String? {
    guard let text else { return nil }
    let name = text.trimmingPrefix { $0.isWhitespace }
    guard !name.contains(where: \.isNewline), name.utf8.count <= 1_000,
      let bytes = readFile(String(name.reversed().drop { $0.isWhitespace }.reversed()))
    else { return text }
    // What is no text becomes a text that no grader reads.
    return String(validating: bytes, as: UTF8.self) ?? "\u{FFFD}"
  }

  /// The learner's last passed answer to another exercise, as it was typed.
  private func answered(_ id: String, _ part: String) -> String? {
    let attempts = (try? progress?.attempts(exercise: id)) ?? []
    // A part that was passed while others were open is stored as partly, without feedback.
    return attempts.last { attempt in
      attempt.part == part
        && (attempt.verdict == Verdict.passed.name
          || attempt.verdict == "partly" && attempt.feedback == nil)
    }?.answer
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
    case .number(let question): question.form[host.language]
    case .sql(let question): question.form?[host.language] ?? texts.sqlForm
    case .dataframe(let question): question.result.form?[host.language] ?? texts.programForm
    case .document(let question): DocumentGrader(question: question).form(host)
    case .state: nil
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
    if let progress, verdict != .notAttempted, purpose == .practice {
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

  /// The values that every text of the part may name: its own and those of the exercise.
  private func shared(_ part: ExercisePart, _ answer: AnswerValues?) -> [String: HostValue] {
    let grader = grader(part)
    var values = grader.sharedValues(grader.values, answer, host)
    switch part.question {
    case .checks: return values
    case .number(let question):
      values.merge(inputs(question).mapValues(\.hostValue)) { query, _ in query }
    default: break
    }
    values.merge(answer?.values ?? [:]) { query, _ in query }
    return values
  }

  private func text(
    of verdict: Verdict,
    part: ExercisePart,
    answer: AnswerValues?
  ) -> FilledText {
    let language = host.language
    func said(_ feedback: String, _ values: [String: HostValue]) -> FilledText {
      let known = exercise.feedback[feedback]?[language] ?? texts.builtIn(feedback, values)
      var values = values
      // Graders of rows ask for these themselves.
      switch part.question {
      case .checks, .state: break
      default: values.merge(shared(part, answer)) { own, _ in own }
      }
      return fill(known ?? texts.notYet, with: values)
    }
    switch verdict {
    case .passed:
      return fill(
        exercise.feedback[Exercise.passedFeedbackID]?[language] ?? texts.passed,
        with: shared(part, answer)
      )
    case .notYet(let feedback, let values): return said(feedback, values)
    case .partly(let passed, let total, let feedback, let values):
      let heading = texts.partly(passed, of: total)
      let body =
        feedback.map { said($0, values) }
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
    /// `1`, `2`, `3`, `clock.1` for a part's own, or the feedback id; nil where the exercise has none.
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
  /// A misconception's hint is shown once; whoever fails the same way again climbs on. Where the open
  /// part has hints of its own, they are climbed instead of the general ones.
  package func hint(storyTime: Int64? = nil) -> Hint {
    if let id = pendingMisconception, let text = exercise.misconceptionHints[id] {
      pendingMisconception = nil
      shownMisconceptions.insert(id)
      return give(
        Hint(name: id, text: body(texts.misconceptionHint, text), isLast: false),
        storyTime
      )
    }
    let own = openPart.flatMap { exercise.partHintRungs[$0.id] }
    let ladder = own ?? exercise.hintRungs
    guard !ladder.isEmpty else { return Hint(name: nil, text: texts.noHints, isLast: true) }
    let part = own == nil ? "" : openPart?.id ?? ""
    let rung = min((rungs[part] ?? 0) + 1, ladder.count)
    rungs[part] = rung
    return give(
      Hint(
        name: part.isEmpty ? String(rung) : "\(part).\(rung)",
        text: body(texts.rung(rung, of: ladder.count), ladder[rung - 1]),
        isLast: rung == ladder.count
      ),
      storyTime
    )
  }

  /// The text of a hint by its name, filled as it would be now; nil where there is no such hint.
  ///
  /// Counts as no hint that was given.
  package func hintText(_ name: String) -> String? {
    exercise.hints.first { $0.name == name }.map { body("", $0.text) }
  }

  private func body(_ heading: String, _ text: LocalizedText) -> String {
    let part = openPart ?? exercise.questions[0]
    var values = grader(part).sharedValues(grader(part).values, lastAnswer, host)
    values.merge(shared(part, lastAnswer)) { own, _ in own }
    return heading + "\n" + fill(text[host.language], with: values).text
  }

  private func give(_ hint: Hint, _ storyTime: Int64?) -> Hint {
    if let progress, let name = hint.name, purpose == .practice {
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
