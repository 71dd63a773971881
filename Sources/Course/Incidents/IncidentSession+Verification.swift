// What is judged by looking at worlds: the cause that a diagnosis claims, and the end of the incident.

internal import Grading

extension IncidentSession {
  // MARK: Diagnosis

  func judgeDiagnosis(_ line: String, _ storyTime: Int64?) throws -> IncidentAnswer {
    func wrong(
      _ feedback: String, _ values: [String: HostValue] = [:]
    ) throws -> IncidentAnswer {
      try notYet(
        feedback, values, part: .diagnosis, step: .diagnose, answer: line, storyTime)
    }
    // What is claimed comes before what it rests on: a wrong claim has better words for its facts.
    for (form, values) in [(incident.triage, run.triage), (incident.diagnosis, run.diagnosis)] {
      if let (field, feedback) = form.wrongChoice(values, variant: run.variant) {
        return try wrong(feedback ?? "wrong-field", ["field": .text(field.title[language])])
      }
    }
    let facts = try markedFacts()
    let proving = facts.filter { $0.misleads == nil }
    if proving.count < 2 {
      if let misleading = facts.compactMap(\.misleads).first { return try wrong(misleading) }
      return try wrong("few-facts", ["count": .integer(Int64(proving.count))])
    }
    if !proving.contains(where: \.isDecisive) { return try wrong("no-decisive") }
    let stage = run.diagnosis["stage"] ?? ""
    let neighbours = Incident.neighbours(of: stage)
    if !proving.contains(where: { !neighbours.isDisjoint(with: $0.excludes) }) {
      return try wrong("no-neighbour")
    }
    let found: [String: HostValue]
    do { found = try counterfactual() } catch {
      return try cannotRun(error, part: .diagnosis, step: .diagnose, answer: line, storyTime)
    }
    run.earned[Incident.Part.diagnosis.rawValue] = points(.diagnosis)
    run.step = .repair
    let text = filled(incident.feedback["diagnosed"] ?? LocalizedText([:]), found)
    return try judged(
      .passed, text.text, part: .diagnosis, step: .diagnose, answer: line, storyTime,
      more: nextPieces(), unknown: text.unknownNames)
  }

  /// Takes the blamed fault away in a fork and looks whether the symptom goes with it; where nothing
  /// is blamed, looks whether a world without any fault shows it too.
  ///
  /// Returns the incident's values in that other world, as `other.NAME`. Throws where no world could
  /// be had, and where the worlds contradict the author: the diagnosis is then not judged.
  private func counterfactual() throws -> [String: HostValue] {
    guard let host = host as? any GradingHost else { throw Self.noWorlds }
    let cause = incident.diagnosis.field("cause")?.options
      .first { $0.id == run.diagnosis["cause"] }
    let world: any GradingWorld
    let names: [String: String]
    if let blamed = cause?.fault {
      let rest = try ownFaults(without: blamed)
      guard
        rest.count < variant.faults.count || variant.steps.contains(where: { $0.id == blamed })
      else {
        throw CourseError(
          code: "incident.contradiction",
          message: "The cause `\(cause?.id ?? "")` blames `\(blamed)`, which was never planted.")
      }
      world = try host.open(
        WorldRequest(
          origin: .learner(fork: forkBefore), faults: rest,
          script: try ownScript(without: blamed)))
      names = self.names
    } else {
      (world, names) = try hiddenWorld(isBroken: false, host)
    }
    defer { world.close() }
    if let blamed = cause?.fault {
      guard try world.query(try IncidentSQL.fill(incident.symptom, names)).rows.isEmpty else {
        throw CourseError(
          code: "incident.contradiction",
          message: "The symptom stays where the fault `\(blamed)` is taken away.")
      }
    }
    var values: [String: HostValue] = [:]
    for query in incident.values {
      let row = try world.query(try IncidentSQL.fill(query, names)).firstRowByName
      for (name, value) in row where values["other." + name] == nil {
        values["other." + name] = value
      }
    }
    return values
  }

  /// How many hidden worlds are looked at for one that shows the symptom.
  private static let hiddenWorldsMax: UInt64 = 3

  /// A world that nobody has seen, with the hidden variant's faults and steps or without any, in which
  /// the symptom shows.
  ///
  /// A small world may happen not to show what is a matter of numbers; then the next seed is taken.
  private func hiddenWorld(
    isBroken: Bool, _ host: any GradingHost
  ) throws -> (world: any GradingWorld, names: [String: String]) {
    for round in 0..<Self.hiddenWorldsMax {
      let world = try host.open(try hiddenRequest(isBroken: isBroken, round: round))
      do {
        let names = try hiddenNames(world)
        if try !world.query(try IncidentSQL.fill(incident.symptom, names)).rows.isEmpty {
          return (world, names)
        }
      } catch {
        world.close()
        throw error
      }
      world.close()
    }
    throw CourseError(
      code: "incident.contradiction",
      message: isBroken
        ? "The hidden variant does not show the symptom."
        : "A world without any fault does not show the symptom.")
  }

  private static let noWorlds = CourseError(
    code: "incident.no-worlds", message: "No worlds for grading can be had here.")

  static func advance(_ host: any LessonHost, to moment: Int64) throws {
    let reply = try host.run("clock \(StoryMoment.clock(moment))")
    guard reply.exitCode == 0 else {
      throw CourseError(
        code: "incident.clock", message: "The clock could not be moved: \(reply.output)")
    }
  }

  /// The names of the queries in a hidden world: its days, its moment, its parameters.
  private func hiddenNames(_ world: any GradingWorld) throws -> [String: String] {
    var names = run.hiddenParameters
    let day = world.description.day
    let now = try world.query(
      "SELECT substr(CAST(current_timestamp AT TIME ZONE 'UTC' AS varchar), 1, 19) || ' UTC'")
    guard let next = StoryMoment.day(after: day), case .text(let moment)? = now.rows.first?.first
    else {
      throw CourseError(
        code: "incident.no-worlds", message: "The hidden world does not say its day or its time.")
    }
    names["ds_kst"] = day
    names["ds_next"] = next
    names["started"] = moment
    return names
  }

  // MARK: The end

  /// `check`: judges what is open.
  package func check(storyTime: Int64? = nil) throws -> IncidentAnswer {
    switch run.step {
    case .triage: return IncidentAnswer([.text(next)], verdict: .notAttempted)
    case .diagnosis:
      guard incident.diagnosis.missing(run.diagnosis).isEmpty else {
        return IncidentAnswer([.text(next)], verdict: .notAttempted)
      }
      return try judgeDiagnosis("check", storyTime)
    case .repair:
      return try level == .diagnose
        ? judgeUnchanged(storyTime) : judgeRepair(storyTime)
    case .postmortem:
      guard incident.postmortem.missing(run.postmortem).isEmpty else {
        return IncidentAnswer([.text(next)], verdict: .notAttempted)
      }
      return try judgePostmortem("check", storyTime)
    case .done: return IncidentAnswer([.text(next), .text(scoreText)], verdict: .passed)
    }
  }

  /// The repairs that were run and not undone, oldest first.
  private func repairs() throws -> [IncidentEntry] {
    try progress.incidentEntries(run).filter { $0.repair != nil && $0.number > run.rewoundAfter }
  }

  /// The first of the author's tempting repairs that was run, in the author's order, and its line.
  private func tempting(
    _ entries: [IncidentEntry]
  ) -> (feedback: String, line: String)? {
    for tempting in incident.tempting {
      let entry = entries.first { entry in
        entry.repair.map { tempting.matches(line: entry.line, name: $0) } ?? false
      }
      if let entry { return (tempting.feedback, entry.line) }
    }
    return nil
  }

  /// A misconception that was found, with the values of its text.
  private typealias Breach = (feedback: String, values: [String: HostValue])

  private func judgeUnchanged(_ storyTime: Int64?) throws -> IncidentAnswer {
    func wrong(_ breach: Breach) throws -> IncidentAnswer {
      try notYet(
        breach.feedback, breach.values, part: .repair, step: nil, answer: "check", storyTime)
    }
    let repairs = try repairs()
    if let first = repairs.first {
      let found = tempting(repairs) ?? (Incident.changedFeedback, first.line)
      return try wrong((found.feedback, ["line": .text(found.line)]))
    }
    let change: Breach?
    do { change = try changeBreach() } catch {
      return try cannotRun(error, part: .repair, step: nil, answer: "check", storyTime)
    }
    if let change { return try wrong(change) }
    guard let report = incident.report else { return try finishRepair(storyTime) }
    guard report.missing(run.report).isEmpty else {
      return IncidentAnswer(
        [.text(say("report.open"))] + formPieces(.report, onlyOpen: true), verdict: .notAttempted)
    }
    if let (field, feedback) = report.wrongChoice(run.report, variant: run.variant) {
      return try wrong((feedback ?? "wrong-field", ["field": .text(field.title[language])]))
    }
    return try finishRepair(storyTime)
  }

  /// What was changed since the start though nothing may be; nil where nothing was.
  private func changeBreach() throws -> Breach? {
    guard let host = host as? any GradingHost, run.hasFork else { throw Self.noWorlds }
    let changes = try host.changes(since: fork)
    if let file = changes.files.first {
      return (Incident.changedFeedback, ["line": .text("pipeline/" + file.path)])
    }
    let world = try host.open(WorldRequest(origin: .learner(fork: nil)))
    defer { world.close() }
    return try broken(in: world, names, changes).map { ($0.check.feedback, $0.row) }
  }

  private func finishRepair(_ storyTime: Int64?) throws -> IncidentAnswer {
    run.earned[Incident.Part.repair.rawValue] = points(.repair)
    run.step = .postmortem
    let text = filled(incident.feedback["repaired"] ?? LocalizedText([:]))
    return try judged(
      .passed, text.text, part: .repair, step: nil, answer: "check", storyTime,
      more: nextPieces(), unknown: text.unknownNames)
  }

  /// The learner's world first, then the learner's changes in a world with another seed, other days
  /// and the fault in another place.
  private func judgeRepair(_ storyTime: Int64?) throws -> IncidentAnswer {
    let breach: Breach?
    do { breach = try repairBreach() } catch {
      return try cannotRun(error, part: .repair, step: nil, answer: "check", storyTime)
    }
    guard let breach else { return try finishRepair(storyTime) }
    return try notYet(
      breach.feedback, breach.values, part: .repair, step: nil, answer: "check", storyTime)
  }

  /// What is still broken, in the learner's world or, with the learner's changes, in the hidden one.
  private func repairBreach() throws -> Breach? {
    guard let host = host as? any GradingHost, run.hasFork else { throw Self.noWorlds }
    let own = try host.open(WorldRequest(origin: .learner(fork: nil)))
    defer { own.close() }
    let stays = try !own.query(try IncidentSQL.fill(incident.symptom, names)).rows.isEmpty
    let changes = try host.changes(since: fork)
    let breach = try broken(in: own, names, changes)
    if stays || breach != nil {
      // What was run explains more than what it left broken, unless the pipeline was changed as well.
      if changes.files.isEmpty, let tempting = tempting(try repairs()) {
        return (tempting.feedback, ["line": .text(tempting.line)])
      }
      // Of a pipeline that was changed the checks say more than that the symptom stays.
      if stays, changes.files.isEmpty || breach == nil { return ("still-there", [:]) }
      return breach.map { ($0.check.feedback, $0.row) }
    }
    return try hiddenBreach(changes, host)
  }

  /// What the learner's changes leave broken in the hidden variant; nil where nothing.
  private func hiddenBreach(
    _ changes: LearnerChanges, _ host: any GradingHost
  ) throws -> Breach? {
    let (hidden, names) = try hiddenWorld(isBroken: true, host)
    defer { hidden.close() }
    let symptom = try IncidentSQL.fill(incident.symptom, names)
    let changes = LearnerChanges.carried(
      changes, from: try stepFiles(Self.dayNames(run.startedAt, run.parameters)),
      to: try stepFiles(Self.dayNames(try hiddenMessage(), run.hiddenParameters)))
    var rebinding = [run.yesterday: names["ds_kst"] ?? "", run.today: names["ds_next"] ?? ""]
    for (name, value) in run.parameters { rebinding[value] = run.hiddenParameters[name] }
    _ = try hidden.apply(Self.atOnce(changes), rebinding: rebinding)
    if try !hidden.query(symptom).rows.isEmpty { return ("hidden", ["rule": .null]) }
    guard let (check, row) = try broken(in: hidden, names, changes) else { return nil }
    var values = row
    values["rule"] = .text(check.goal[language])
    return ("hidden", values)
  }

  /// The changes without their moments: the hidden world stands at that of its message, and its clock
  /// is moved by the commands that moved the learner's.
  private static func atOnce(_ changes: LearnerChanges) -> LearnerChanges {
    var changes = changes
    for index in changes.commands.indices { changes.commands[index].offset = 0 }
    return changes
  }

  /// The first check that a world breaks, and what breaks it.
  ///
  /// An invariant gives `{count}`, `{event_id}` for the first of the ids or partitions, `{stage}` where
  /// it was last seen, `{expected}` and `{got}`; a query gives the columns of its first row.
  private func broken(
    in world: any GradingWorld, _ names: [String: String], _ changes: LearnerChanges
  ) throws -> (check: IncidentCheck, row: [String: HostValue])? {
    let judge = InvariantJudge(
      world: world, host: host as? any GradingHost, changes: changes,
      values: names.mapValues(HostValue.text))
    for check in incident.checks where check.levels.contains(level) {
      switch check.rule {
      case .sql(let sql):
        let table = try world.query(try IncidentSQL.fill(sql, names))
        if !table.rows.isEmpty { return (check, table.firstRowByName) }
      case .invariant(let invariant):
        guard let breach = try judge.breach(of: invariant) else { continue }
        return (
          check,
          [
            "count": .integer(Int64(breach.count)),
            "event_id": breach.examples.first.map(HostValue.text) ?? .null,
            "stage": breach.lastStage.map(HostValue.text) ?? .null,
            "expected": breach.expected ?? .null, "got": breach.got ?? .null,
          ]
        )
      }
    }
    return nil
  }
}
