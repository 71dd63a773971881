// Incidents at the prompt: `incident` and its words, and what every other line means while one is open.
//
// 1. `incident start` begins; `IncidentSession` (in Course) asks, records and judges.
// 2. `watchedByIncident` stands round every line: repair commands wait for the triage, and what a
//    command read becomes an `IncidentReading` (`Shell+IncidentReading.swift`).
// 3. `check` and `hint` speak of the incident while it is open and no exercise was opened since.

internal import Course
internal import EventModel
internal import Foundation
internal import Grading
internal import Platform
internal import Simulation
internal import Terminal
internal import World

/// The incident of a shell.
struct IncidentDesk {
  var session: IncidentSession?
  /// False until the progress file was asked whether one is open.
  var isLoaded = false
  /// False while `check` and `hint` speak of an exercise.
  var hasFocus = true { didSet { takesEnter = hasFocus } }
  /// True from an incident's command on, until the lesson or an exercise goes on: Enter then says what
  /// comes next in the incident.
  var takesEnter = false
  /// True while an incident's own command runs: what that runs is no evidence.
  var isBusy = false
}

extension ShellHost: IncidentHost {
  func plant(_ faults: [Fault]) throws {
    let shell = try running()
    try shell.lockedly { try shell.plant(faults) }
  }
}

extension Shell {
  /// Makes faults part of the learner's world, from its present on.
  fileprivate func plant(_ faults: [Fault]) throws {
    let file = try platform().directory + "/world.yaml"
    try closeWorld()
    guard var world = try WorldFile.read(file) else {
      throw GradingWorldError("request", "the world has no world.yaml")
    }
    world.faults += faults.map(WorldFault.init)
    try world.write(file)
  }

  /// The incident that is open; nil where none is, or where its files cannot be read any more.
  func openIncident() -> IncidentSession? {
    guard purpose == .learner else { return nil }
    if !incidents.isLoaded {
      incidents.isLoaded = true
      // Nobody who has done nothing yet has an incident open: then no file is made.
      guard FileManager.default.fileExists(atPath: home.path + "/progress.sqlite"),
        let run = try? progress.openIncident(),
        let folder = content.course.incidentFolders()[run.incident]
      else { return nil }
      do {
        incidents.session = IncidentSession(
          incident: try Incident.load(folder: folder), run: run, host: gradingHost(),
          progress: progress)
      } catch {
        unsaidNotices.append(ErrorText(error, catalogue: catalogue).message)
      }
    }
    return incidents.session
  }

  private func incidentSession() throws -> IncidentSession {
    if let session = openIncident() { return session }
    throw CommandError(.noIncident)
  }

  /// The id of the incident that is open and not over; nil where none is.
  func openIncidentID() -> String? {
    lockedly { openIncident().flatMap { $0.run.step == .done ? nil : $0.incident.id } }
  }

  /// Commands that `help` lists because of incidents.
  func incidentCommands() -> Set<String> {
    guard let session = openIncident() else { return [] }
    return Set(session.incident.commands + ["incident"])
  }

  // MARK: incident

  /// `incident`, `incident list`, `incident start ID`, and the steps of the one that is open.
  func incident(_ words: [String]) throws -> Reply {
    incidents.isBusy = true
    defer { incidents.isBusy = false }
    guard let first = words.first else { return try incidentOverview() }
    let (action, rest) = try subcommand([first] + words.dropFirst(), of: "incident")
    incidents.hasFocus = true
    let line = rest.joined(separator: " ")
    switch action {
    case "list": return try incidentList()
    case "start": return try startIncident(rest)
    case "evidence": return try incidentEvidence(rest)
    case "score": return try incidentScore()
    case "rewind": return try rewindIncident()
    case "stop":
      let session = try incidentSession()
      let answer = try session.stop()
      incidents.session = nil
      return reply(answer, session)
    default:
      let session = try incidentSession()
      guard let name = IncidentSession.FormName(rawValue: action) else { return Reply() }
      let answer = try session.fillIn(name, line, storyTime: storyMilliseconds())
      return line.isEmpty && answer.verdict == nil
        ? formReply(answer, name, session) : reply(answer, session)
    }
  }

  private func storyMilliseconds() -> Int64? { (try? platform().now)?.milliseconds }

  /// True while Enter speaks of an incident that is not over.
  var isAtIncident: Bool {
    incidents.takesEnter && openIncident().map { $0.run.step != .done } == true
  }

  /// What comes next in the incident that the learner is at; nil where it is not at one.
  func incidentNext() -> Reply? {
    guard isAtIncident, let session = openIncident() else { return nil }
    return reply(IncidentAnswer(session.nextPieces()), session)
  }

  private func incidentOverview() throws -> Reply {
    guard let session = openIncident() else { return try incidentList() }
    return reply(try session.overview(), session)
  }

  private func incidentList() throws -> Reply {
    let content = content.course
    let runs = try progress.incidentRuns()
    let passed = try progress.passedExercises()
    var rows: [(Incident, String)] = []
    var broken: [String] = []
    for (id, folder) in content.incidentFolders().sorted(by: { $0.key < $1.key }) {
      do {
        let incident = try Incident.load(folder: folder)
        // One that is being written is begun by its id, and is no part of the course yet.
        if incident.status == .draft { continue }
        let state =
          passed.contains(id)
          ? "passed" : runs[id].map { $0.isClosed ? "stopped" : "open" } ?? "new"
        rows.append((incident, state))
      } catch {
        // One that cannot be read never hides the others.
        broken.append(
          text("incident.broken", ["id": id, "reason": ErrorText(error, catalogue: catalogue).message]))
      }
    }
    let table = TableView(
      columns: ["id", "title", "level", "minutes", "state"].map {
        $0 == "minutes"
          ? .number(text("incident.column." + $0)) : TableColumn(text("incident.column." + $0))
      },
      rows: rows.map { incident, state in
        [
          incident.id, incident.title[courseLanguage],
          incident.levels.map { text("incident.level." + $0.rawValue) }.joined(separator: ", "),
          String(incident.minutes),
          text("incident.state." + state),
        ]
      })
    var blocks: [Reply.Block] = [fitted(table)] + broken.map { .text($0) }
    blocks.append(.text(text("incident.list.how")))
    return Reply(
      blocks,
      data: .array(
        rows.map { incident, state in
          .record([
            "id": .string(incident.id), "title": .string(incident.title[courseLanguage]),
            "level": .string(incident.levels.map(\.rawValue).joined(separator: ",")),
            "minutes": .count(incident.minutes),
            "state": .string(state),
          ])
        }))
  }

  private func startIncident(_ words: [String]) throws -> Reply {
    let arguments = try Arguments(words)
    try arguments.allowOnly("level")
    guard let typed = arguments.positions.first else {
      throw CommandError(
        .missingArgument,
        ["command": "incident start", "usage": text("help.incident.usage")])
    }
    let (id, folder) = try incidentToStart(typed)
    // Before the clock moves: an incident ends by a fork.
    try platform().checkEmbedded("incident start")
    if let session = openIncident() {
      guard session.incident.id == id else {
        throw CommandError(.otherIncident, ["open": session.incident.id, "id": id])
      }
      return startReply(try session.opening(), session)
    }
    let incident = try Incident.load(folder: folder)
    let level = try arguments.options["level"].map { word in
      let known = ["진단": Incident.Level.diagnose, "복구": .repair]
      guard let level = Incident.Level(rawValue: word.lowercased()) ?? known[word],
        incident.levels.contains(level)
      else { throw noSuch(.noSuchLevel, word, among: incident.levels.map(\.rawValue)) }
      return level
    }
    let (session, answer) = try IncidentSession.start(
      incident, level: level, host: gradingHost(), progress: progress, seed: try progress.learnerSeed(),
      now: { try platform().now.milliseconds })
    incidents.session = session
    // A script does not wait for what nobody will read meanwhile.
    if isAtPrompt { prepareWorlds(session.worldRequests) }
    var reply = startReply(answer, session)
    let passed = try progress.passedExercises()
    let missing = incident.needs.filter { !passed.contains($0) }
    if !missing.isEmpty {
      reply.blocks.insert(
        .text(
          text("course.unfinishedExercises", ["exercises": missing.joined(separator: ", ")])),
        at: 0)
    }
    return reply
  }

  /// The incident of that id; of `PAY-01`, which several begin with, the one that is open, or one of
  /// those whose exercises were passed: drawn, for the same message has several causes.
  private func incidentToStart(_ typed: String) throws -> (id: String, folder: String) {
    let folders = content.course.incidentFolders()
    let id = typed.uppercased()
    if let folder = folders[id] { return (id, folder) }
    let variants = folders.filter { $0.key.hasPrefix(id + "-") }.sorted { $0.key < $1.key }
    if let open = openIncident()?.incident.id, let variant = variants.first(where: { $0.key == open }) {
      return (variant.key, variant.value)
    }
    guard !variants.isEmpty else {
      throw noSuch(.noSuchIncident, typed, among: folders.keys.sorted())
    }
    let passed = try progress.passedExercises()
    let ready = variants.filter { variant in
      guard let incident = try? Incident.load(folder: variant.value) else { return false }
      return incident.status != .draft && incident.needs.allSatisfy(passed.contains)
    }
    // Those that were not solved yet come first.
    let fresh = ready.filter { !passed.contains($0.key) }
    let choice = fresh.isEmpty ? (ready.isEmpty ? Array(variants.prefix(1)) : ready) : fresh
    let round = try variants.reduce(0) { try $0 + progress.incidentRunCount($1.key) }
    var generator = SeededGenerator(seed: try progress.learnerSeed(), id, "which", String(round))
    let drawn = choice[generator.index(below: choice.count)]
    return (drawn.key, drawn.value)
  }

  private func startReply(_ answer: IncidentAnswer, _ session: IncidentSession) -> Reply {
    var reply = reply(answer, session)
    let message = answer.pieces.compactMap { piece -> String? in
      if case .speech(let text) = piece { text } else { nil }
    }
    let dashboard = answer.pieces.compactMap { piece -> JSONValue? in
      guard case .output(let line, let text) = piece else { return nil }
      return .record(["line": .string(line), "output": .string(text)])
    }
    reply.data = .record([
      "incident": .string(session.incident.id), "step": .string(session.run.step.rawValue),
      "message": .string(message.joined(separator: "\n")),
      "time": .string(StoryTime(milliseconds: session.run.startedAt).iso8601),
      "dashboard": .array(dashboard), "next": .string(session.next),
    ])
    return reply
  }

  // MARK: Evidence and score

  private func incidentEvidence(_ words: [String]) throws -> Reply {
    let session = try incidentSession()
    let numbers = words.dropFirst().flatMap {
      $0.split(whereSeparator: { !$0.isNumber }).compactMap { Int($0) }
    }
    switch words.first?.lowercased() {
    case "add", "추가": return reply(try session.addEvidence(numbers), session)
    case "remove", "빼기": return reply(try session.removeEvidence(numbers), session)
    case nil: break
    case let word?:
      throw CommandError(
        .unknownSubcommand,
        ["command": "incident evidence", "word": word, "known": "add, remove"])
    }
    let (lines, others) = try session.evidence()
    var blocks: [Reply.Block] = []
    for line in lines {
      let mark = line.isMarked ? "   " + text("incident.evidence.marked") : ""
      blocks.append(.text("  \(line.number)) " + line.texts.joined(separator: " ") + mark))
      blocks.append(.verbatim("     " + line.line.replacing("\n", with: " ")))
    }
    if lines.isEmpty { blocks.append(.text(text("incident.evidence.none"))) }
    if others > 0 {
      blocks.append(.text(text("incident.evidence.others", ["count": String(others)])))
    }
    if !lines.isEmpty { blocks.append(.text(text("incident.evidence.how"))) }
    return Reply(
      blocks,
      data: .array(
        lines.map { line in
          .record([
            "number": .count(line.number), "line": .string(line.line),
            "facts": .array(line.facts.map(JSONValue.string)),
            "text": .string(line.texts.joined(separator: "\n")), "marked": .bool(line.isMarked),
          ])
        }))
  }

  private func incidentScore() throws -> Reply {
    guard let session = incidents.session ?? openIncident() else { throw CommandError(.noIncident) }
    return Reply(told(session.scoreText), data: scoreData(session))
  }

  private func scoreData(_ session: IncidentSession) -> JSONValue {
    .record([
      "incident": .string(session.incident.id),
      "points": .count(session.score.reduce(0) { $0 + ($1.points ?? 0) }),
      "parts": .array(
        session.score.map { part in
          .record([
            "part": .string(part.part), "points": part.points.map { .count($0) } ?? .null,
            "of": .count(part.of), "misses": .count(part.misses),
          ])
        }),
    ])
  }

  private func rewindIncident() throws -> Reply {
    let session = try incidentSession()
    return reply(try session.rewind(), session)
  }

  // MARK: check, hint

  /// `check` where an incident is open and has the word.
  func checkIncident() throws -> Reply? {
    guard incidents.hasFocus, let session = openIncident(), session.run.step != .done else {
      return nil
    }
    incidents.isBusy = true
    defer { incidents.isBusy = false }
    return reply(try session.check(storyTime: storyMilliseconds()), session)
  }

  /// `hint` likewise.
  func hintIncident() throws -> Reply? {
    guard incidents.hasFocus, let session = openIncident(), session.run.step != .done else {
      return nil
    }
    let hint = session.hint(storyTime: storyMilliseconds())
    return Reply(
      told(hint.text),
      data: .record(["hint": .optional(hint.name), "text": .string(hint.text)]))
  }

  // MARK: Replies

  private func formReply(
    _ answer: IncidentAnswer, _ name: IncidentSession.FormName, _ session: IncidentSession
  ) -> Reply {
    var reply = reply(answer, session)
    guard let form = session.form(name) else { return reply }
    let values = session.filledIn(name)
    let numbers = form.numbered
    reply.data = .record([
      "form": .string(name.rawValue),
      "missing": .array(form.missing(values).map { .string($0.id) }),
      "fields": .array(
        form.fields.enumerated().map { index, field in
          .record([
            "id": .string(field.id), "title": .string(field.title[courseLanguage]),
            "value": .optional(values[field.id]),
            "options": .array(
              numbers.filter { $0.field == index }.map { number, _, place in
                .record([
                  "number": .count(number), "id": .string(field.options[place].id),
                  "text": .string(field.options[place].text[courseLanguage]),
                ])
              }),
          ])
        }),
    ])
    return reply
  }

  private func reply(_ answer: IncidentAnswer, _ session: IncidentSession) -> Reply {
    var blocks: [Reply.Block] = []
    for piece in answer.pieces {
      if !blocks.isEmpty { blocks.append(.text("")) }
      switch piece {
      case .heading(let text): blocks.append(.edges(left: heading(text), right: storyHeading()))
      case .text(let text): blocks += told(text)
      case .form(let fields):
        blocks.append(
          .drawing(
            ChoiceFormView(
              fields.map { .init(title: $0.title, options: $0.options, note: $0.note) })))
      case .speech(let text):
        blocks.append(.drawing(MarkdownView(text, texts: catalogue, indent: 2)))
      case .output(let line, let text):
        blocks += [.verbatim(PromptState().text + line), .verbatim(text)]
      }
    }
    let data = JSONValue.record([
      "incident": .string(session.incident.id), "step": .string(session.run.step.rawValue),
      "verdict": .optional(answer.verdict?.name), "feedback": .optional(answer.verdict?.feedbackID),
      "text": .string(answer.text),
      "points": .count(session.score.reduce(0) { $0 + ($1.points ?? 0) }),
      "next": .string(session.next),
      "failed_queries": .array(session.failedQueries.map(JSONValue.string)),
      "unknown_placeholders": .array(answer.unknownPlaceholders.map(JSONValue.string)),
    ])
    let exit = answer.verdict.map { ExitStatus(rawValue: $0.exitCode) ?? .failure } ?? .success
    return Reply(blocks, data: data, exit: exit)
  }

  private func storyHeading() -> String { (try? platform().now).map { storyText($0) } ?? "" }

  /// What Tab offers after `incident ACTION`.
  func incidentWords(_ action: String) -> [String] {
    switch action {
    case "start": return content.course.incidentFolders().keys.sorted()
    case "evidence": return ["add", "remove"]
    default:
      guard let name = IncidentSession.FormName(rawValue: action),
        let form = openIncident()?.form(name)
      else { return [] }
      return form.fields.flatMap { field in
        [field.id + "="] + field.options.map { "\(field.id)=\($0.id)" }
      } + (name == .diagnose ? ["facts="] : [])
    }
  }

  // MARK: canary

  /// `canary send`: one purchase of the own phone, from the tap to wherever it has come.
  func canary(_ words: [String]) throws -> Reply {
    let (_, rest) = try subcommand(words, of: "canary")
    try Arguments(rest).allowOnly()
    var blocks = try app(["track", "purchase_completed", "product_id=SKU123", "price=29900"]).blocks
    blocks += try app(["background"]).blocks
    let traced = try trace(["event"])
    return Reply(blocks + traced.blocks, data: traced.data)
  }
}
