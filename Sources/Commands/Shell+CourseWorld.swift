// `course shell ID`: SQL in the worlds of an exercise or incident, with the tables that its checks see
// and no learner does: `truth.…`, `answer.result`, `baseline.…`.
//
// 1. `course shell ID "SELECT …"` asks once.
// 2. `course shell ID` leaves the world open: every line at the prompt goes there, until
//    `course shell close`, or until the program ends.

internal import Course
internal import CourseAuthoring
internal import EventModel
internal import Foundation
internal import Grading
internal import Platform
internal import Simulation
internal import Terminal
internal import TrinoSQL

/// The world that is open for an author.
struct AuthorWorld {
  let id: String
  let world: any GradingWorld
}

/// Which of an exercise's worlds is opened.
enum AuthorWorldKind: String, CaseIterable {
  /// The author's own, as it stands.
  case own
  case hidden
  /// The rows of worlds/killer.ndjson alone.
  case killer
}

extension Shell {
  /// `course shell ID [--world own|hidden|killer] [--answer FILE] [SQL]`, `course shell close`.
  func courseShell(_ words: [String]) throws -> Reply {
    let arguments = try Arguments(words)
    try arguments.allowOnly("world", "answer")
    guard let id = arguments.positions.first else {
      throw CommandError(
        .missingArgument, ["command": "course shell", "usage": text("author.shell.usage")])
    }
    if id == "close" {
      authorWorld?.world.close()
      authorWorld = nil
      return Reply([.text(text("author.shell.closed"))], data: .record(["open": .null]))
    }
    let kind = try arguments.options["world"].map { name in
      guard let kind = AuthorWorldKind(rawValue: name.lowercased()) else {
        throw noSuch(.noSuchWorld, name, among: AuthorWorldKind.allCases.map(\.rawValue))
      }
      return kind
    }
    let (world, query) = try openAuthorWorld(id, kind)
    do {
      let isAnswered = try setAnswer(arguments.options["answer"], query, in: world)
      let sql = arguments.positions.dropFirst().joined(separator: " ")
      if !sql.isEmpty {
        defer { world.close() }
        return try ask(sql, in: world)
      }
      authorWorld?.world.close()
      authorWorld = AuthorWorld(id: id, world: world)
      return opened(id, world, isAnswered: isAnswered)
    } catch {
      world.close()
      throw error
    }
  }

  private func opened(_ id: String, _ world: any GradingWorld, isAnswered: Bool) -> Reply {
    let about = world.description
    var tables: [String] = about.origin == "tables" ? [] : GradingNames.truth + ["baseline.*"]
    if isAnswered { tables.append("answer.result") }
    return Reply(
      [
        .text(
          text(
            "author.shell.open",
            [
              "id": id, "origin": text("author.shell.origin." + about.origin),
              "seed": String(about.seed), "day": about.day,
            ])),
        .text(text("author.shell.tables", ["tables": tables.joined(separator: ", ")])),
        .text(text("author.shell.how")),
      ],
      data: .record([
        "id": .string(id), "origin": .string(about.origin), "seed": .string(String(about.seed)),
        "day": .string(about.day), "tables": .array(tables.map(JSONValue.string)),
      ]))
  }

  /// A line typed while a world is open.
  func answerInAuthorWorld(_ line: String, _ open: AuthorWorld) throws -> Reply {
    if StatementShape.looksLikeSQL(line) { return try ask(line, in: open.world) }
    let reply = try open.world.run(line)
    return Reply(
      [.verbatim(reply.output)], data: .record(["output": .string(reply.output)]),
      exit: ExitStatus(rawValue: reply.exitCode) ?? .failure)
  }

  private func ask(_ text: String, in world: any GradingWorld) throws -> Reply {
    let split = StatementSplitter.split(text)
    let statements = split.statements.map(\.text) + [split.rest].compactMap { $0?.text }
    var reply = Reply()
    for statement in statements {
      let day = world.description.day
      let filled = statement.replacing("{{ds_kst}}", with: day)
        .replacing("{{ds_next}}", with: CivilDate(day)?.adding(days: 1).description ?? day)
      let table = try world.query(filled)
      let shown = table.rows.prefix(Shell.rowsShownMax)
      reply.blocks.append(
        fitted(
          TableView(
            columns: table.columns.enumerated().map { index, name in
              TableColumn(name, table.rows.first.map { $0[index].isNumber } == true ? .right : .left)
            }, rows: shown.map { $0.map(\.shown) })))
      reply.blocks.append(
        .text(self.text("author.shell.rows", ["rows": NumberText.grouped(table.rows.count)])))
      reply.data = .record([
        "columns": .array(table.columns.map(JSONValue.string)),
        "rows": .array(table.rows.map { .array($0.map(\.json)) }),
      ])
    }
    return reply
  }

  // MARK: Opening

  private func openAuthorWorld(
    _ id: String, _ kind: AuthorWorldKind?
  ) throws -> (world: any GradingWorld, query: SQLQuestion?) {
    let host = gradingHost()
    let course = content.course
    if let folder = course.incidentFolders()[id] {
      let incident = try Incident.load(folder: folder)
      if kind == .own { return (try host.open(WorldRequest(origin: .learner(fork: nil))), nil) }
      return (try host.open(Self.request(of: incident)), nil)
    }
    let exercise = try exercises.session(id, progress: progress, host: lessonHost()).exercise
    let query = exercise.questions.lazy.compactMap { part -> SQLQuestion? in
      if case .sql(let sql) = part.question { sql } else { nil }
    }.first
    switch kind ?? (exercise.worldRequests.isEmpty ? .own : .hidden) {
    case .own: return (try host.open(WorldRequest(origin: .learner(fork: nil))), query)
    case .hidden:
      let request = exercise.worldRequests.first ?? MadeWorld.usual[0].request
      return (try host.open(request), query)
    case .killer:
      guard let killer = query?.killer else { throw CommandError(.noKillerWorld, ["id": id]) }
      return (try host.open(tables: killer.grading), query)
    }
  }

  /// The first hidden day with the faults of the first variant, and the first value of each parameter.
  private static func request(of incident: Incident) -> WorldRequest {
    let variant = incident.variants.first
    let faults = (variant?.faults ?? []).map { fault -> Fault in
      var fault = fault
      for parameter in variant?.parameters ?? [] {
        fault.parameters = fault.parameters.mapValues {
          $0.replacing("{{\(parameter.name)}}", with: parameter.values.first ?? "")
        }
      }
      return fault
    }
    return WorldRequest(
      origin: .made(
        seed: 1_001, day: incident.hiddenDays.first ?? "2024-02-29", size: incident.worldSize,
        versionShift: incident.hiddenVersionShift), faults: faults)
  }

  /// Makes the rows of a query known as `answer.result`: those of the file, else of the reference.
  private func setAnswer(
    _ file: String?, _ question: SQLQuestion?, in world: any GradingWorld
  ) throws -> Bool {
    var sql = question?.reference.text
    if let file {
      guard let bytes = ContentFolder.bytes(of: Home.absolute(file)),
        let text = String(validating: bytes, as: UTF8.self)
      else { throw CommandError(.noSuchFile, ["file": file]) }
      sql = text
    }
    guard let sql else { return false }
    let answer: SQLAnswer
    do { answer = try SQLAnswer(sql) } catch {
      throw CommandError(.notOneQuery, ["file": file ?? "-"])
    }
    let table = try world.query(answer.sql(day: world.description.day))
    try world.setAnswer("result", table.typed(question?.columns))
    return true
  }
}

extension HostTable {
  /// The rows with types: those that are given where they fit, else by the values.
  fileprivate func typed(_ declared: [GradingTable.Column]?) -> GradingTable {
    if let declared, declared.map(\.name) == columns {
      return GradingTable(name: "result", columns: declared, rows: rows)
    }
    let typed = columns.enumerated().map { index, name in
      let value = rows.lazy.map { $0[index] }.first { $0 != .null }
      let type =
        switch value {
        case .integer: "bigint"
        case .double: "double"
        case .boolean: "boolean"
        case .text, .null, nil: "varchar"
        }
      return GradingTable.Column(name, type)
    }
    return GradingTable(name: "result", columns: typed, rows: rows)
  }
}

extension HostValue {
  fileprivate var isNumber: Bool {
    switch self {
    case .integer, .double: true
    case .null, .text, .boolean: false
    }
  }

  fileprivate var shown: String {
    switch self {
    case .null: "NULL"
    case .integer(let value): String(value)
    case .double(let value): String(value)
    case .boolean(let value): value ? "true" : "false"
    case .text(let value): value
    }
  }

  fileprivate var json: JSONValue {
    switch self {
    case .null: .null
    case .integer(let value): .integer(value)
    case .double(let value): .double(value)
    case .boolean(let value): .bool(value)
    case .text(let value): .string(value)
    }
  }
}
