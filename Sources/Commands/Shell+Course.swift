internal import Columnar
internal import Course
internal import EventModel
internal import Foundation
internal import Grading
internal import Platform
internal import Simulation
internal import Terminal
internal import TrinoSQL

/// The exercises of the content directory, read when one is first asked for.
struct ExerciseLibrary {
  private let content: CourseContent
  private var inventory: CourseInventory?
  private var sessions: [String: ExerciseSession] = [:]
  private var knownSummaries: [String: ExerciseSummary]?
  private var lockedCommands: [String: String]?
  /// The exercise that `answer`, `check` and `hint` speak of.
  var current: String?

  init(content: CourseContent) {
    self.content = content
  }

  /// The ids of all exercises, sorted.
  mutating func ids() -> [String] { known().keys.sorted() }

  /// The session of an exercise; `makeHost` is called when it is first opened.
  mutating func session(
    _ id: String,
    progress: ProgressStore,
    host: any LessonHost
  ) throws -> ExerciseSession {
    if let open = sessions[id] { return open }
    guard let folder = known()[id] else {
      if let broken = found().broken.first(where: { $0.id == id }) { throw broken.error }
      let known = known().keys.sorted()
      var error = CommandError(
        .noSuchExercise, ["name": id, "known": known.joined(separator: ", ")])
      error.fields["nearest"] = NearestName.suggest(id, from: known)
      throw error
    }
    let session = ExerciseSession(
      exercise: try Exercise.load(folder: folder),
      host: host,
      progress: progress
    )
    sessions[id] = session
    return session
  }

  /// Lets go of what sessions remember, such as after an import.
  mutating func forgetSessions() { sessions = [:] }

  /// False for an exercise that no session could open.
  func canBeRead(_ id: String) -> Bool {
    if sessions[id] != nil { return true }
    return (try? content.exercise(id: id)) != nil
  }

  /// Exercises and lessons that cannot be used, with the reason; reads every exercise as a whole.
  func broken() -> [BrokenContent] { content.brokenExercises() }

  /// What `list` and `checklist` say of every exercise, without its checks; read once.
  mutating func summaries() throws -> [String: ExerciseSummary] {
    if let knownSummaries { return knownSummaries }
    let summaries = try content.exerciseSummaries().summaries
    knownSummaries = summaries
    return summaries
  }

  /// The commands that exercises unlock, with the id of each exercise; read once.
  mutating func locks() -> [String: String] {
    if let lockedCommands { return lockedCommands }
    // Manifests alone: every line asks, and texts and checks of exercises are a start's whole time.
    let locks = ((try? content.locks()) ?? [:]).mapValues(\.id)
    lockedCommands = locks
    return locks
  }

  private mutating func known() -> [String: String] { found().folders }

  /// Read once.
  private mutating func found() -> CourseInventory {
    if let inventory { return inventory }
    let found = content.inventory()
    inventory = found
    return found
  }
}

extension Shell {
  /// The session of that exercise; without an id the review that is open, else the exercise that is.
  func session(_ id: String? = nil) throws -> ExerciseSession {
    if id == nil, let openReview { return openReview.session }
    guard let id = id ?? exercises.current ?? exercises.ids().first else {
      throw CommandError(.noExercise)
    }
    let session = try exercises.session(id, progress: progress, host: lessonHost())
    exercises.current = id
    return session
  }

  /// `exercise [ID]`: shows the task.
  func exercise(_ words: [String]) throws -> Reply {
    openQuiz = nil
    incidents.hasFocus = false
    let arguments = try Arguments(words)
    try arguments.allowOnly()
    openReview = nil
    let session = try session(arguments.positions.first)
    let exercise = session.exercise
    try beginExercise(exercise)
    // Its queries are asked once.
    let task = session.task
    let minutes = text("exercise.minutes", ["minutes": String(exercise.minutes)])
    let title = text(
      "exercise.title",
      ["id": exercise.id, "title": exercise.title[courseLanguage]]
    )
    var blocks: [Reply.Block] = [
      .edges(left: heading(title), right: minutes),
      .drawing(MarkdownView(task, texts: catalogue, indent: 2)), .text(""),
    ]
    if let part = session.partView {
      blocks += [.text(part.text), .text(text("exercise.hint"))]
    } else {
      blocks.append(.text(text("exercise.howTo", ["form": session.answerForm])))
    }
    if session.isPassed { blocks.append(.text(text("exercise.passedBefore"))) }
    // A script does not wait for what nobody will read meanwhile.
    if isAtPrompt { prepareWorlds(exercise.worldRequests) }
    return Reply(
      blocks,
      data: .record([
        "id": .string(exercise.id), "title": .string(exercise.title[courseLanguage]),
        "task": .string(task), "passed": .bool(session.isPassed),
      ])
    )
  }

  /// `answer`, `answer 2:8871`.
  func answerExercise(_ words: [String]) throws -> Reply {
    if !words.isEmpty, let reply = answerQuiz(words.joined(separator: " ")) { return reply }
    let session = try session()
    guard !words.isEmpty else {
      return Reply(
        [.text(session.answerForm)],
        data: .record(["form": .string(session.answerForm)])
      )
    }
    return verdict(try judged(session, words.joined(separator: " ")), of: session)
  }

  /// A text of an exercise: sentences are wrapped, and the commands that stand indented on lines of
  /// their own are not, so that they can be copied.
  func told(_ text: String) -> [Reply.Block] {
    Shell.joined(text).map { line in
      let body = line.drop { $0 == " " }
      let first = String(body.prefix { $0 != " " })
      let isCommand =
        line.hasPrefix("  ")
        && (CommandTable.named(first) != nil || StatementShape.looksLikeSQL(String(body)))
      return isCommand ? .verbatim("  " + line) : .text(String(line))
    }
  }

  /// The lines of a text, those put together that its author broke in the middle of a sentence.
  static func joined(_ text: String) -> [String] {
    var lines: [String] = []
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      if let last = lines.last, TextWidth.columns(last) >= 60, let end = last.last,
        !".?!:;".contains(end), !line.isEmpty, !last.contains("  "), !line.contains("  ")
      {
        lines[lines.count - 1] = last + " " + line
      } else {
        lines.append(String(line))
      }
    }
    return lines
  }

  /// The open exercise that a line without `answer` is an answer to, as it seems.
  func exerciseAnswered(by line: String) -> String? {
    guard let id = exercises.current, let session = try? session(id), !session.isPassed,
      session.looksLikeAnswer(line)
    else { return nil }
    return id
  }

  func checkExercise() throws -> Reply {
    if let reply = try checkIncident() { return reply }
    let session = try session()
    return verdict(try judged(session, nil), of: session)
  }

  func judged(_ session: ExerciseSession, _ answer: String?) throws -> CheckResult {
    session.check(answer: answer, storyTime: try platform().now.milliseconds)
  }

  /// A verdict as it is told, and what comes after it.
  func verdict(_ result: CheckResult, of session: ExerciseSession) -> Reply {
    var blocks = told(result.text)
    blocks += result.notices.map { .text($0) }
    let isReview = session.purpose == .review
    if result.verdict == .passed, !isReview {
      blocks.append(.text(text("exercise.passed", ["id": result.exerciseID])))
      if result.isAfterSolution { blocks.append(.text(text("exercise.afterSolution"))) }
    }
    // What is asked now: the next part, or another item after a wrong choice.
    if result.verdict != .passed, result.verdict.countsAsAttempt, let part = session.partView {
      blocks += [.text(""), .text(part.text)]
    }
    if result.verdict == .passed, isReview { blocks += finishReview(session) }
    let reply = Reply(
      blocks,
      data: .record([
        "exercise": .string(result.exerciseID), "verdict": .string(result.verdict.name),
        "feedback": .optional(result.verdict.feedbackID), "text": .string(result.text),
        "attempts": .count(result.attemptCount),
        "after_solution": .bool(result.isAfterSolution),
      ]),
      exit: ExitStatus(rawValue: result.verdict.exitCode) ?? .failure
    )
    guard result.verdict == .passed, !isReview, let session = lessonState?.session else {
      return reply
    }
    return followed(reply, by: session.didPass(result.exerciseID))
  }

  func hintExercise() throws -> Reply {
    if let reply = try hintIncident() { return reply }
    let hint = try session().hint(storyTime: try platform().now.milliseconds)
    return Reply(
      told(hint.text),
      data: .record(["hint": .optional(hint.name), "text": .string(hint.text)])
    )
  }

  /// A line of an answer script with its placeholders replaced, as they stand now.
  ///
  /// For tests: a script says which option is meant, a learner types its number.
  package func answerLine(_ line: String, exercise id: String) throws -> String {
    try lockedly {
      let host = lessonHost()
      let session = try exercises.session(id, progress: progress, host: host)
      return try session.replacingChoices(in: try replacingQueries(in: line, host: host))
    }
  }
}
