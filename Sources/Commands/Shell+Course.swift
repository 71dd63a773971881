internal import Columnar
package import Course
internal import EventModel
internal import Foundation
internal import Platform
internal import Simulation
internal import Terminal
internal import TrinoSQL

/// The exercises of the content directory, read when one is first asked for.
struct ExerciseLibrary {
  private let root: String
  private var folders: [String: String]?
  private var sessions: [String: ExerciseSession] = [:]
  /// The exercise that `answer`, `check` and `hint` speak of.
  var current: String?

  init(root: String) {
    self.root = root
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
      throw CommandError(
        .noSuchExercise,
        ["id": id, "known": known().keys.sorted().joined(separator: ", ")]
      )
    }
    let session = ExerciseSession(
      exercise: try Exercise.load(folder: folder),
      host: host,
      progress: progress
    )
    sessions[id] = session
    return session
  }

  private mutating func known() -> [String: String] {
    if let folders { return folders }
    var found: [String: String] = [:]
    for path in FileManager.default.subpaths(atPath: root) ?? []
    where path.hasSuffix("/exercise.yaml") {
      let folder = root + "/" + path.dropLast("/exercise.yaml".count)
      if let exercise = try? Exercise.load(folder: folder) { found[exercise.id] = folder }
    }
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
    let arguments = try Arguments(words)
    try arguments.allowOnly()
    let session = try session(arguments.positions.first)
    let exercise = session.exercise
    let minutes = text("exercise.minutes", ["minutes": String(exercise.minutes)])
    let title = text(
      "exercise.title",
      ["id": exercise.id, "title": exercise.title[courseLanguage]]
    )
    var blocks: [Reply.Block] = [.text(heading(title) + "   " + minutes), .text(session.task),
      .text(text("exercise.howTo", ["form": session.answerForm])),
    ]
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
    let session = try session()
    guard !words.isEmpty else {
      return Reply(
        [.text(session.answerForm)],
        data: .record(["form": .string(session.answerForm)])
      )
    }
    return verdict(try judged(session, words.joined(separator: " ")))
  }

  func checkExercise() throws -> Reply { verdict(try judged(try session(), nil)) }

  private func judged(_ session: ExerciseSession, _ answer: String?) throws -> CheckResult {
    session.check(answer: answer, storyTime: try platform().now.milliseconds)
  }

  private func verdict(_ result: CheckResult) -> Reply {
    var blocks: [Reply.Block] = [.text(result.text)]
    blocks += result.notices.map { .text($0) }
    if result.verdict == .passed {
      blocks.append(.text(text("exercise.passed", ["id": result.exerciseID])))
    }
    return Reply(
      blocks,
      data: .record([
        "exercise": .string(result.exerciseID), "verdict": .string(result.verdict.name),
        "feedback": .optional(result.verdict.feedbackID), "text": .string(result.text),
        "attempts": .count(result.attemptCount),
      ]),
      exit: ExitStatus(rawValue: result.verdict.exitCode) ?? .failure
    )
  }

  /// Where a learner who comes back stands.
  func resumeText() -> String {
    let open = exercises.ids().first { id in (try? progress.isPassed(exercise: id)) != true }
    return open.map { text("welcome.open", ["id": $0]) } ?? text("welcome.allPassed")
  }

  func hintExercise() throws -> Reply {
    let hint = try session().hint(storyTime: try platform().now.milliseconds)
    return Reply(
      [.text(hint.text)],
      data: .record(["hint": .optional(hint.name), "text": .string(hint.text)])
    )
  }

  /// `progress`: which exercises are passed.
  func showProgress() throws -> Reply {
    let passed = try progress.passedExercises()
    let rows = try exercises.ids().map { id -> (String, String, Bool) in
      let session = try exercises.session(id, progress: progress, host: lessonHost())
      return (id, session.exercise.title[courseLanguage], passed.contains(id))
    }
    return Reply(
      [
        .table(
          TableView(
            columns: [
              TableColumn("ID"), TableColumn(text("progress.column.title")),
              TableColumn(text("progress.column.state")),
            ],
            rows: rows.map { [$0.0, $0.1, text($0.2 ? "progress.passed" : "progress.open")] }
          )
        )
      ],
      data: .array(
        rows.map {
          .record(["id": .string($0.0), "title": .string($0.1), "passed": .bool($0.2)])
        }
      )
    )
  }
}
