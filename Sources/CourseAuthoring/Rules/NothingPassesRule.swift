// Rule 3: no answer passes that knows nothing: none, an empty one, a constant, another learner's
// numbers, what was seen in one world alone, and deeds that only remove the evidence.

internal import Course
internal import Grading

/// Answers without knowledge fail.
struct NothingPassesRule: CheckRule {
  let name = "nothing-passes"

  func jobs(_ subject: CheckSubject, _ extent: CheckExtent) -> [CheckJob] {
    let settings = extent == .full ? Array(extent.wrong.prefix(2)) : [.single]
    switch subject.content {
    case .exercise(let exercise, let answers):
      return settings.flatMap { setting -> [CheckJob] in
        let play: @Sendable (CheckRun) -> AnswerPlay = {
          AnswerPlay(rule: name, run: $0, setting: setting)
        }
        var jobs = [
          CheckJob("\(subject.name) nothing") { try constants(exercise, subject, play($0)) },
          CheckJob("\(subject.name) deleted") { try deleted(exercise, subject, play($0)) },
        ]
        jobs += answers.filter { $0.expectedVerdict == "passed" && $0.fileType == "tap" }.map { answer in
          CheckJob("\(subject.name) another learner's") { run in
            try anothers(answer, subject, play(run))
          }
        }
        return jobs
      }
    case .incident(let incident, let answers):
      return settings.flatMap { setting -> [CheckJob] in
        [
          CheckJob("\(subject.name) nothing") { run in
            try incidentNothing(
              incident, subject, AnswerPlay(rule: name, run: run, setting: setting))
          }
        ]
          + answers.filter { $0.verdict == "passed" }.prefix(1).map { answer in
            CheckJob("\(subject.name) deleted") { run in
              try incidentDeleted(
                incident, answer, subject, AnswerPlay(rule: name, run: run, setting: setting))
            }
          }
      }
    case .course, .unloadable: return []
    }
  }

  private func finding(
    _ code: String, _ what: String, _ subject: CheckSubject, _ play: AnswerPlay, reason: String = ""
  ) {
    let manifest = subject.isIncident ? "incident.yaml" : "exercise.yaml"
    play.run.found(
      CheckFinding(
        rule: name, code: code, file: subject.file(manifest),
        line: subject.line(in: manifest, of: "id:"), text: what,
        values: ["answer": what, "setting": play.setting.description, "reason": reason]))
  }

  /// Answers typed one after the other by a learner who did nothing.
  private func judge(
    _ name: String, _ answers: [String?], _ exercise: Exercise, _ subject: CheckSubject,
    _ play: AnswerPlay, in world: any BenchWorld, mayFailToJudge: Bool = false
  ) {
    func verdict(seed: UInt64) -> Verdict? {
      var setting = play.setting
      setting.seed = seed
      let play = AnswerPlay(rule: self.name, run: play.run, setting: setting)
      let session = ExerciseSession(
        exercise: exercise, host: world.host, seed: seed, readFile: { _ in nil })
      var last: CheckResult?
      for answer in answers {
        let (result, seconds) = timed { session.check(answer: answer) }
        play.record(exercise.id, name, result, seconds)
        last = result
      }
      return last?.verdict
    }
    switch verdict(seed: play.setting.seed) {
    case .passed:
      // A guess among drawn options is right for some learners: it is one that is right for all.
      let isDrawn = exercise.questions.contains {
        if case .choice = $0.question { true } else { false }
      }
      let others = RunSetting.seeds.filter { $0 != play.setting.seed }
      if isDrawn, others.contains(where: { verdict(seed: $0) != .passed }) { return }
      finding("nothing-passes.passed", name, subject, play)
    case .checkerFailed(let reason) where !mayFailToJudge:
      finding("nothing-passes.not-judged", name, subject, play, reason: reason)
    default: break
    }
  }

  private func constants(
    _ exercise: Exercise, _ subject: CheckSubject, _ play: AnswerPlay
  ) throws {
    let world = try play.run.open(play.setting, after: [])
    defer { world.close() }
    try world.begin(exercise)
    // No engine of this version runs programs: there is no verdict to look at.
    let questions = exercise.questions.filter {
      if case .dataframe = $0.question { false } else { true }
    }
    guard !questions.isEmpty else { return }
    func each(_ name: String, _ text: (ExercisePart.Question) -> String?) {
      let answers = questions.map { part -> String? in
        let answer = text(part.question)
        return part.id.isEmpty ? answer : answer.map { part.id + " " + $0 } ?? part.id
      }
      judge(name, answers, exercise, subject, play, in: world)
    }
    each("nothing") { _ in nil }
    each("empty") { _ in "" }
    for constant in ["0", "1"] {
      each("constant \(constant)") { Self.constant(constant, for: $0) }
    }
    for part in questions {
      guard case .sql(let question) = part.question else { continue }
      let seen = try Self.frozen(question, in: world)
      for (name, text) in [("empty result", Self.emptyResult(question)), ("seen once", seen)] {
        guard let text else { continue }
        let answer = part.id.isEmpty ? text : part.id + " " + text
        judge(name, [answer], exercise, subject, play, in: world)
      }
    }
  }

  /// The same value wherever one is asked for.
  static func constant(_ value: String, for question: ExercisePart.Question) -> String? {
    switch question {
    case .checks(let form, _, _):
      return form.map { form in form.fields.map { _ in value }.joined(separator: " ") }
    case .choice(let items):
      return items.contains { !$0.reasons.isEmpty } ? "1 1" : "1"
    case .order(let order):
      return order.items.indices.map { String($0 + 1) }.joined(separator: " ")
    case .number(let number): return "\(value) \(number.unitWord)"
    case .sql(let question):
      guard let columns = question.columns else { return "SELECT \(value)" }
      let values = columns.map { column in
        let type = ResultComparison.comparableType(column.type)
        let isNumber =
          ["tinyint", "smallint", "integer", "bigint", "double", "real"].contains(type)
          || type.hasPrefix("decimal")
        return "CAST(\(isNumber ? value : "NULL") AS \(column.type)) AS \"\(column.name)\""
      }
      return "SELECT " + values.joined(separator: ", ")
    case .document(let document):
      return document.fields.map { field in
        switch field.type {
        case .integer, .number: "\(field.name): \(value)"
        case .choice: "\(field.name): \(field.choices.first ?? value)"
        case .date: "\(field.name): 2024-01-15"
        case .list: "\(field.name): [a, b, c]"
        case .text: "\(field.name): \"a a a a a a a a\""
        }
      }.joined(separator: "\n")
    case .dataframe, .state: return nil
    }
  }

  private static func emptyResult(_ question: SQLQuestion) -> String? {
    constant("0", for: .sql(question)).map { "SELECT * FROM (\($0)) AS t WHERE 1 = 0" }
  }

  /// What the reference returns in the learner's own world, written down: right there, and only there.
  private static func frozen(_ question: SQLQuestion, in world: any BenchWorld) throws -> String? {
    guard let columns = question.columns else { return nil }
    let visible = try world.host.open(WorldRequest(origin: .learner(fork: nil)))
    defer { visible.close() }
    let table = try visible.query(question.reference.sql(day: visible.description.day))
    // A literal beyond this is no answer that anyone would type.
    guard !table.rows.isEmpty, table.rows.count <= 200 else { return nil }
    let rows = table.rows.map { row in
      "("
        + zip(row, columns).map { value, column in
          "CAST(\(SQLTemplate.literal(value)) AS \(column.type))"
        }.joined(separator: ", ") + ")"
    }
    let names = columns.map { "\"\($0.name)\"" }.joined(separator: ", ")
    return "SELECT * FROM (VALUES \(rows.joined(separator: ", "))) AS t (\(names))"
  }

  /// How many other learners are looked at for one whose numbers are not the learner's by chance.
  private static let othersMax: UInt64 = 5

  /// The answers that are right for another learner, after the same deeds.
  private func anothers(
    _ answer: AnswerCase, _ subject: CheckSubject, _ play: AnswerPlay
  ) throws {
    // A team's own may ask for the same number of everybody; what a course asks may not be copied.
    guard answer.exercise.status == .core else { return }
    // An option that is named is known, not copied: numbers are what differs from learner to learner.
    let isNamed = answer.lines.contains {
      AnswerCaseRunner.isCheck($0.text) && !$0.text.contains("{{")
    }
    guard answer.exercise.kind != .choice || !isNamed else { return }
    // A saved file is judged by what it does in worlds that nobody has seen: a copy has to do it, too.
    let isFile = !answer.files.isEmpty && !answer.lines.contains {
      AnswerCaseRunner.isCheck($0.text) && $0.text.contains(" ")
    }
    guard !isFile else { return }
    // An answer that failed here or there is another rule's finding.
    guard let own = try play.typed(answer) else { return }
    var typed = own
    for step in 1...Self.othersMax where typed == own {
      let other = RunSetting(
        seed: play.setting.seed &+ step, language: play.setting.language, zone: play.setting.zone)
      let there = AnswerPlay(rule: name, run: play.run, setting: other)
      guard let theirs = try there.typed(answer), theirs.count == answer.lines.count else { return }
      typed = theirs
    }
    var copied = answer
    copied.name = "another learner's " + answer.name
    for index in copied.lines.indices {
      copied.lines[index].text = typed[index]
      copied.lines[index].isVerbatim = true
    }
    copied.expectedVerdict = "not-yet"
    let result = try play.play(copied)
    if result.verdict == "passed" {
      finding("nothing-passes.passed", copied.name, subject, play)
    }
  }

  /// Removes what the checks look at, then asks to be judged.
  private func deleted(
    _ exercise: Exercise, _ subject: CheckSubject, _ play: AnswerPlay
  ) throws {
    let tables = exercise.questions.flatMap { part -> [String] in
      switch part.question {
      case .checks(_, let checks, _): Self.tables(in: checks.map(\.sql.text))
      case .state(let state): state.items.flatMap { Self.tables(of: $0.rule) }
      case .choice, .order, .number, .sql, .dataframe, .document: []
      }
    }
    guard !tables.isEmpty else { return }
    let world = try play.run.open(play.setting, after: [])
    defer { world.close() }
    try world.begin(exercise)
    Self.destroy(tables, in: world)
    let answers = exercise.questions.map { part -> String? in
      let answer = Self.constant("0", for: part.question)
      return part.id.isEmpty ? answer : answer.map { part.id + " " + $0 } ?? part.id
    }
    judge(
      "deleted evidence", answers, exercise, subject, play, in: world, mayFailToJudge: true)
  }

  private static func destroy(_ tables: [String], in world: any BenchWorld) {
    var seen: Set<String> = []
    for table in tables where seen.insert(table).inserted {
      // What cannot be deleted or dropped stays: then there is nothing to see.
      _ = world.json("DELETE FROM \(table);")
      _ = world.json("DROP TABLE \(table);")
    }
  }

  private static func tables(of rule: StateQuestion.Rule) -> [String] {
    switch rule {
    case .rows(let check): tables(in: [check.sql.text])
    case .invariant(let invariant): [invariant.target]
    case .scenario(let scenario): scenario.items.flatMap { tables(of: $0.rule) }
    }
  }

  private static func tables(in queries: [String]) -> [String] {
    queries.flatMap { query in
      query.matches(of: /\b(lake|warehouse|live|memory)\.[a-z_]+\.[a-z_]+/).map { String($0.output.0) }
    }
  }

  // MARK: Incidents

  private func incidentNothing(
    _ incident: Incident, _ subject: CheckSubject, _ play: AnswerPlay
  ) throws {
    let start = "incident start \(incident.id)"
    let (world, isBegun) = try play.run.open(play.setting, begunBy: start)
    defer { world.close() }
    if !isBegun { _ = world.json(start) }
    // The first option of each field, and every check in between.
    var lines = ["check"]
    for (word, form) in [
      ("triage", incident.triage), ("diagnose", incident.diagnosis), ("report", incident.report),
      ("postmortem", incident.postmortem),
    ] {
      guard let form else { continue }
      let first = form.fields.map { field in
        "\(field.id)=\(field.options.first?.id ?? "0")"
      }
      lines += ["incident \(word)", "incident \(word) " + first.joined(separator: " "), "check"]
    }
    judgeLines(lines, "nothing", incident, subject, play, in: world)
  }

  private func incidentDeleted(
    _ incident: Incident, _ answer: IncidentCase, _ subject: CheckSubject, _ play: AnswerPlay
  ) throws {
    let tables = incident.checks.flatMap { check -> [String] in
      switch check.rule {
      case .sql(let sql): Self.tables(in: [sql])
      case .invariant(let invariant): [invariant.target]
      }
    }
    guard !tables.isEmpty else { return }
    var lines = answer.lines.map(\.text)
    guard let end = lines.firstIndex(of: "check") else { return }
    let before = Array(lines[..<end])
    lines.removeFirst(end)
    let (world, isBegun) = try play.run.open(play.setting, begunBy: before.first ?? "")
    defer { world.close() }
    for line in before.dropFirst(isBegun ? 1 : 0) {
      _ = world.json((try? replacingQueries(in: line, host: world.host)) ?? line)
    }
    let counted = Self.rowCounts(tables, in: world)
    Self.destroy(tables, in: world)
    // Where nothing could be removed, the answer is the accepted one.
    guard Self.rowCounts(tables, in: world) != counted else { return }
    judgeLines(
      lines.map { (try? replacingQueries(in: $0, host: world.host)) ?? $0 }, "deleted evidence",
      incident, subject, play, in: world)
  }

  private static func rowCounts(_ tables: [String], in world: any BenchWorld) -> [String] {
    tables.map { table in
      (try? world.host.query("SELECT count(*) FROM \(table)")).map { "\($0.rows)" } ?? "none"
    }
  }

  private func judgeLines(
    _ lines: [String], _ what: String, _ incident: Incident, _ subject: CheckSubject,
    _ play: AnswerPlay, in world: any BenchWorld
  ) {
    for line in lines {
      let (reply, seconds) = timed { world.json(line) }
      let judged = JudgedReply(reply.text)
      guard let verdict = judged.verdict else { continue }
      play.run.graded(
        GradingRecord(
          exercise: incident.id, rule: name, answer: what, world: "visible",
          setting: play.setting, verdict: verdict, feedback: judged.feedback, seconds: seconds))
    }
    guard let passed = try? world.progress.passedExercises(), passed.contains(incident.id) else {
      return
    }
    finding("nothing-passes.passed", what, subject, play)
  }
}
