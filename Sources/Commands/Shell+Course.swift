internal import Columnar
internal import Course
internal import EventModel
internal import Foundation
package import Grading
internal import Platform
internal import Simulation
internal import Terminal
internal import TrinoSQL

/// The exercises of the content directory, read when one is first asked for.
struct ExerciseLibrary {
  private let content: CourseContent
  private var folders: [String: String]?
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

  /// Read once; content that cannot be read as a whole is no exercise at all.
  private mutating func known() -> [String: String] {
    if let folders { return folders }
    let found = (try? content.exerciseFolders()) ?? [:]
    folders = found
    return found
  }
}

/// The course's way to the running pipeline.
private final class ShellHost: LessonHost {
  private unowned let shell: Shell

  init(_ shell: Shell) {
    self.shell = shell
  }

  var language: CourseLanguage { shell.courseLanguage }

  func text(_ key: String, _ values: [String: String]) -> String { shell.text(key, values) }

  func query(_ sql: String) throws -> HostTable {
    let platform = try shell.platform()
    let result = try platform.engine.execute(sql, session: platform.session())
    let rows = result.rows().map { row in
      row.indices.map { column -> HostValue in
        switch row[column] {
        case .null: .null
        case .boolean(let value): .boolean(value)
        case .double(let value): .double(value)
        case .integer(let value) where Shell.isNumber(result.schema[column].type): .integer(value)
        default: .text(result.text(row[column], column: column))
        }
      }
    }
    return HostTable(columns: result.schema.fields.map(\.name), rows: rows)
  }

  func run(_ line: String) throws -> HostReply {
    let captured = CapturedOutput()
    let status = shell.run(Shell.Request(line: line), output: captured)
    return HostReply(output: captured.text, exitCode: status.rawValue)
  }
}

extension Shell {
  /// The host that graders and answer scripts use.
  package func lessonHost() -> any LessonHost { ShellHost(self) }

  private func session(_ id: String? = nil) throws -> ExerciseSession {
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
    let arguments = try Arguments(words)
    try arguments.allowOnly()
    let session = try session(arguments.positions.first)
    let exercise = session.exercise
    let minutes = text("exercise.minutes", ["minutes": String(exercise.minutes)])
    let title = text(
      "exercise.title",
      ["id": exercise.id, "title": exercise.title[courseLanguage]]
    )
    var blocks: [Reply.Block] = [
      .edges(left: heading(title), right: minutes),
      .drawing(MarkdownView(session.task, texts: catalogue, indent: 2)), .text(""),
    ]
    if let part = session.partView {
      blocks += [.text(part.text), .text(text("exercise.hint"))]
    } else {
      blocks.append(.text(text("exercise.howTo", ["form": session.answerForm])))
    }
    if session.isPassed { blocks.append(.text(text("exercise.passedBefore"))) }
    return Reply(
      blocks,
      data: .record([
        "id": .string(exercise.id), "title": .string(exercise.title[courseLanguage]),
        "task": .string(session.task), "passed": .bool(session.isPassed),
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
  private func told(_ text: String) -> [Reply.Block] {
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
    let session = try session()
    return verdict(try judged(session, nil), of: session)
  }

  private func judged(_ session: ExerciseSession, _ answer: String?) throws -> CheckResult {
    session.check(answer: answer, storyTime: try platform().now.milliseconds)
  }

  private func verdict(_ result: CheckResult, of session: ExerciseSession) -> Reply {
    var blocks = told(result.text)
    blocks += result.notices.map { .text($0) }
    if result.verdict == .passed {
      blocks.append(.text(text("exercise.passed", ["id": result.exerciseID])))
    }
    // What is asked now: the next part, or another item after a wrong choice.
    if result.verdict != .passed, result.verdict.countsAsAttempt, let part = session.partView {
      blocks += [.text(""), .text(part.text)]
    }
    let reply = Reply(
      blocks,
      data: .record([
        "exercise": .string(result.exerciseID), "verdict": .string(result.verdict.name),
        "feedback": .optional(result.verdict.feedbackID), "text": .string(result.text),
        "attempts": .count(result.attemptCount),
      ]),
      exit: ExitStatus(rawValue: result.verdict.exitCode) ?? .failure
    )
    guard result.verdict == .passed, let session = lessonState?.session else { return reply }
    return followed(reply, by: session.didPass(result.exerciseID))
  }

  func hintExercise() throws -> Reply {
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
