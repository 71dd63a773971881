// `course new | play | shell | stats`: begin an exercise, try it, look into its world, and see how a
// class fares with it.

internal import Course
internal import CourseAuthoring
internal import EventModel
internal import Foundation
internal import Grading
internal import Platform
internal import Terminal

extension CourseTool {
  /// What authors do besides checking and grading.
  static let authoring: [CourseTool] = [
    CourseTool("new", options: ["--kind", "--id"], isApart: true) { try $0.courseNew($1) },
    CourseTool("play", options: ["--from"], isApart: true) { try $0.coursePlay($1) },
    CourseTool("shell", options: ["--world", "--answer"], isApart: true) { try $0.courseShell($1) },
    CourseTool("stats") { try $0.courseStats($1) },
  ]
}

extension Shell {
  // MARK: new

  /// `course new exercise PATH [--kind KIND] [--id ID]`, `course new incident PATH`.
  func courseNew(_ words: [String]) throws -> Reply {
    let arguments = try Arguments(words)
    try arguments.allowOnly("kind", "id")
    let usage = CommandError(
      .missingArgument, ["command": "course new", "usage": text("author.new.usage")])
    guard arguments.positions.count == 2 else { throw usage }
    let path = Home.absolute(arguments.positions[1])
    let scaffold = ContentScaffold(content: content.course)
    let written: ContentScaffold.Written
    switch arguments.positions[0].lowercased() {
    case "exercise":
      let fallback: ContentScaffold.Kind = path.hasSuffix(".md") ? .choice : .state
      let kind = try arguments.options["kind"].map { name in
        guard let kind = ContentScaffold.Kind(rawValue: name.lowercased()) else {
          throw noSuch(
            .noSuchKind, name, among: ContentScaffold.Kind.allCases.map(\.rawValue))
        }
        return kind
      }
      written = try scaffold.exercise(
        at: path, kind: kind ?? fallback, id: arguments.options["id"])
    case "incident": written = try scaffold.incident(at: path)
    default: throw usage
    }
    let left = ContentScaffold.unfilled(path)
    let shown = content.course.place(path)
    var blocks: [Reply.Block] = [
      .text(text("author.new.done", ["id": written.id, "path": shown]))
    ]
    blocks += written.files.map { .verbatim("  " + $0) }
    blocks.append(.text(text("author.new.left", ["count": String(left.count)])))
    blocks.append(.verbatim("  tapline course check \(shown)"))
    return Reply(
      blocks,
      data: .record([
        "id": .string(written.id), "path": .string(path),
        "files": .array(written.files.map(JSONValue.string)), "unfilled": .count(left.count),
      ]))
  }

  // MARK: play

  /// `course play ID [--from STEP]`: the lesson, section or exercise at that step.
  func coursePlay(_ words: [String]) throws -> Reply {
    let arguments = try Arguments(words)
    try arguments.allowOnly("from")
    guard let id = arguments.positions.first else {
      throw CommandError(
        .missingArgument, ["command": "course play", "usage": text("author.play.usage")])
    }
    let step = try arguments.integer("from", in: 1...999)
    let isOutsideLessons =
      try exercises.ids().contains(id) && lesson().outline().home(ofExercise: id) == nil
    if isOutsideLessons { return try exercise([id]) }
    return reply(to: try lesson().jump(to: id, step: step))
  }

  // MARK: stats

  /// `course stats`: how each exercise fared in this learner's progress.
  func courseStats(_ words: [String]) throws -> Reply {
    try Arguments(words).allowOnly()
    let lines = try progress.statistics()
    guard !lines.isEmpty else {
      return Reply([.text(text("author.stats.none"))], data: .array([]))
    }
    func percent(_ rate: Double?) -> String {
      rate.map { "\(Int(($0 * 100).rounded()))%" } ?? "-"
    }
    let names = ["id", "attempts", "unread", "hints", "rate", "wrong"]
    let table = TableView(
      columns: names.map { name in
        let title = text("author.stats." + name)
        return ["id", "wrong"].contains(name) ? TableColumn(title) : .number(title)
      },
      rows: lines.map { line in
        [
          line.exercise, String(line.attemptCount), String(line.unreadCount),
          String(line.hintCount), percent(line.passRate),
          line.commonestFeedback.map { "\($0.id) (\($0.count))" } ?? "-",
        ]
      })
    return Reply(
      [fitted(table), .text(text("author.stats.how"))],
      data: .array(
        lines.map { line in
          .record([
            "exercise": .string(line.exercise), "attempts": .count(line.attemptCount),
            "unread": .count(line.unreadCount), "passes": .count(line.passCount),
            "attempts_to_pass": line.attemptsToPass.map { .count($0) } ?? .null,
            "hints": .count(line.hintCount), "after_solution": .bool(line.isAfterSolution),
            "pass_rate": line.passRate.map { .double($0) } ?? .null,
            "commonest_feedback": .optional(line.commonestFeedback?.id),
            "commonest_feedback_count": .count(line.commonestFeedback?.count ?? 0),
          ])
        }))
  }
}
