// The forms of an incident: filled in one line or several, shown with what is missing, and judged.

internal import Grading

extension IncidentSession {
  /// Which form.
  package enum FormName: String, Sendable, CaseIterable {
    case triage, diagnose, report, postmortem

    var part: Incident.Part {
      switch self {
      case .triage, .diagnose: .diagnosis
      case .report: .repair
      case .postmortem: .postmortem
      }
    }
  }

  package func form(_ name: FormName) -> IncidentForm? {
    switch name {
    case .triage: incident.triage
    case .diagnose: incident.diagnosis
    case .report: incident.report
    case .postmortem: incident.postmortem
    }
  }

  package func filledIn(_ name: FormName) -> [String: String] {
    switch name {
    case .triage: run.triage
    case .diagnose: run.diagnosis
    case .report: run.report
    case .postmortem: run.postmortem
    }
  }

  private func setFilledIn(_ name: FormName, _ values: [String: String]) {
    switch name {
    case .triage: run.triage = values
    case .diagnose: run.diagnosis = values
    case .report: run.report = values
    case .postmortem: run.postmortem = values
    }
  }

  /// A form as it stands, whole or only the fields that are open, and how it is filled in.
  func formPieces(_ name: FormName, onlyOpen: Bool = false) -> [IncidentAnswer.Piece] {
    guard let form = form(name) else { return [.text(say("noReport"))] }
    let values = filledIn(name)
    let numbers = form.numbered
    let shown = form.fields.enumerated().filter { !onlyOpen || values[$0.element.id] == nil }
    let fields = shown.map { index, field in
      let options = numbers.filter { $0.field == index }.map { number, _, place in
        let option = field.options[place]
        // A word and not a sign alone says what was chosen.
        let mark = values[field.id] == option.id ? " " + say("form.chosen") : ""
        return "\(number)) \(option.text[language])" + mark
      }
      var note: String?
      if case .number = field.kind {
        note = values[field.id] ?? say("form.number", ["field": field.id])
      }
      return IncidentAnswer.FormField(
        title: "\(field.title[language])  (\(field.id))", options: options, note: note)
    }
    let example = shown.map { _, field in
      "\(field.id)=" + say(field.options.isEmpty ? "form.valueNumber" : "form.value")
    }.joined(separator: " ")
    return [
      .form(fields),
      .text(say("form.how", ["command": "incident \(name.rawValue)", "example": example])),
    ]
  }

  /// Fills in what a line says; bare, it shows the form.
  ///
  /// A diagnosis and a postmortem are judged once they are complete, a triage never by itself: what
  /// it says is judged with the diagnosis.
  package func fillIn(
    _ name: FormName, _ line: String, storyTime: Int64? = nil
  ) throws -> IncidentAnswer {
    guard let form = form(name) else { return IncidentAnswer([.text(say("noReport"))]) }
    if let refusal = refusal(of: name) { return refusal }
    let (text, numbers) = name == .diagnose ? Self.cutEvidence(line) : (line, [])
    if text.allSatisfy(\.isWhitespace), numbers.isEmpty {
      return IncidentAnswer(formPieces(name))
    }
    switch form.read(text) {
    case .values(let values):
      setFilledIn(name, filledIn(name).merging(values) { _, new in new })
      if name == .triage, run.step == .triage, form.missing(run.triage).isEmpty {
        run.step = .diagnosis
      }
      try save()
    case .unknown(let word): return unread("form.unknown", ["word": word], name)
    case .ambiguous(let word, let fields):
      return unread("form.ambiguous", ["word": word, "fields": fields.joined(separator: ", ")], name)
    case .conflict(let field): return unread("form.conflict", ["field": field], name)
    case .noValue(let field): return unread("form.noValue", ["field": field], name)
    }
    if !numbers.isEmpty {
      let added = try addEvidence(numbers)
      if added.verdict != nil { return added }
    }
    let missing = form.missing(filledIn(name))
    guard missing.isEmpty else {
      return IncidentAnswer(
        [
          .text(
            say(
              "form.missing", ["fields": missing.map { $0.title[language] }.joined(separator: ", ")]
            ))
        ] + formPieces(name, onlyOpen: true))
    }
    switch name {
    case .triage:
      return IncidentAnswer([.text(say("triage.done")), .text(chosen(name))] + nextPieces())
    case .diagnose: return try judgeDiagnosis(line, storyTime)
    case .report: return IncidentAnswer([.text(say("report.done")), .text(chosen(name))])
    case .postmortem: return try judgePostmortem(line, storyTime)
    }
  }

  /// What a form says, a field a line.
  private func chosen(_ name: FormName) -> String {
    let values = filledIn(name)
    return (form(name)?.fields ?? []).map { field in
      let option = field.options.first { $0.id == values[field.id] }
      return "  \(field.title[language]): \(option?.text[language] ?? values[field.id] ?? "-")"
    }.joined(separator: "\n")
  }

  private func unread(
    _ key: String, _ values: [String: String], _ name: FormName
  ) -> IncidentAnswer {
    IncidentAnswer(
      [.text(say(key, values))] + formPieces(name, onlyOpen: !filledIn(name).isEmpty),
      verdict: .couldNotRead(form: name.rawValue))
  }

  /// Steps come in their order.
  private func refusal(of name: FormName) -> IncidentAnswer? {
    let needed: IncidentRun.Step =
      switch name {
      case .triage: .triage
      case .diagnose: .diagnosis
      case .report: .repair
      case .postmortem: .postmortem
      }
    func position(_ step: IncidentRun.Step) -> Int {
      IncidentRun.Step.allCases.firstIndex(of: step) ?? 0
    }
    if position(run.step) < position(needed) {
      return IncidentAnswer(
        [.text(say("tooEarly", ["form": say("form.name." + name.rawValue)])), .text(next)],
        verdict: .notAttempted)
    }
    guard position(run.step) > position(needed), name != .triage || run.step != .diagnosis else {
      return nil
    }
    return IncidentAnswer(
      [.text(say("closed", ["form": say("form.name." + name.rawValue)])), .text(chosen(name)),
        .text(next)])
  }

  /// `… facts=2,5` and `… 근거 2 5` at the end of a diagnosis; the rest, and the numbers.
  static func cutEvidence(_ line: String) -> (rest: String, numbers: [Int]) {
    let text = line.precomposedForForms
    let pattern = /(?i)(?:^|[\s,;])(?:facts?|evidence|근거|증거|사실)(?:는|은|로)?\s*[=:]?\s*(\d+(?:[\s,와과및번]+\d+)*)\s*번?\s*$/
    guard let match = text.firstMatch(of: pattern) else { return (line, []) }
    let numbers = match.1.split { !$0.isNumber }.compactMap { Int($0) }
    return (String(text[..<match.range.lowerBound]), numbers)
  }

  // MARK: Verdicts

  /// A verdict with its text, stored as an attempt; a miss is counted for its part.
  func judged(
    _ verdict: Verdict, _ text: String, part: Incident.Part, step: FormName?, answer: String,
    _ storyTime: Int64?, more: [IncidentAnswer.Piece] = [], unknown: [String] = []
  ) throws -> IncidentAnswer {
    if case .notYet(let feedback, _) = verdict {
      run.misses[part.rawValue, default: 0] += 1
      pendingMisconception = feedback
    }
    try save()
    let name = step?.rawValue ?? "check"
    let isPass = verdict == .passed
    if verdict.countsAsAttempt {
      // A step that is passed is a part of the whole; the whole is passed at its end.
      let isWhole = isPass && run.step == .done
      try progress.record(
        ProgressStore.Attempt(
          exercise: incident.id, version: incident.version, part: name, answer: answer,
          verdict: isPass && !isWhole ? "partly" : verdict.name, feedback: verdict.feedbackID,
          storyTime: storyTime),
        passesPart: isPass)
    }
    var result = IncidentAnswer([.text(text)] + more, verdict: verdict)
    result.unknownPlaceholders = unknown
    return result
  }

  func notYet(
    _ feedback: String, _ values: [String: HostValue], part: Incident.Part, step: FormName?,
    answer: String, _ storyTime: Int64?
  ) throws -> IncidentAnswer {
    let text: FilledText
    if let known = incident.feedback[feedback] {
      text = filled(known, values)
    } else {
      // The catalogue keeps the placeholders: `fill` leaves out lines whose value is null.
      let known = self.values(values)
      let names = Dictionary(uniqueKeysWithValues: known.keys.map { ($0, "{\($0)}") })
      text = fill(say("feedback." + feedback, names), with: known)
    }
    return try judged(
      .notYet(feedback: feedback, values: values), text.text, part: part, step: step,
      answer: answer, storyTime, unknown: text.unknownNames)
  }

  /// The points for a part: all of them for the first or second answer, half of them for a later one.
  func points(_ part: Incident.Part) -> Int {
    let full = incident.points[part] ?? 0
    return (run.misses[part.rawValue] ?? 0) < 2 ? full : full / 2
  }

  // MARK: Postmortem

  func judgePostmortem(_ line: String, _ storyTime: Int64?) throws -> IncidentAnswer {
    let values = run.postmortem
    for field in incident.postmortem.fields {
      let part = field.earns ?? .postmortem
      switch field.kind {
      case .choice(let options, _):
        guard let value = values[field.id], !field.right(variant: run.variant).contains(value) else {
          continue
        }
        let feedback = options.first { $0.id == value }?.feedback ?? "wrong-field"
        return try notYet(
          feedback, ["field": .text(field.title[language])], part: part, step: .postmortem,
          answer: line, storyTime)
      case .number(let sql, let tolerance, let feedback):
        let truth: HostValue
        do { truth = try ask(sql).rows.first?.first ?? .null } catch {
          return try cannotRun(error, part: part, step: .postmortem, answer: line, storyTime)
        }
        guard let wanted = Self.number(truth) else {
          return try cannotRun(
            CourseError(code: "course.bad-value", message: "`\(field.id)` has no number."),
            part: part, step: .postmortem, answer: line, storyTime)
        }
        let given = values[field.id].flatMap { Int64($0) }
        if let given, abs(Double(given) - wanted) <= abs(wanted) * tolerance + 1e-9 { continue }
        return try notYet(
          feedback,
          ["field": .text(field.title[language]), "given": given.map(HostValue.integer) ?? .null], part: part,
          step: .postmortem, answer: line, storyTime)
      }
    }
    run.earned[Incident.Part.guard.rawValue] = points(.guard)
    run.earned[Incident.Part.postmortem.rawValue] = points(.postmortem)
    run.step = .done
    run.isClosed = true
    var more: [IncidentAnswer.Piece] = [
      .text(scoreText), .heading(say("debrief")), .text(filled(incident.debrief).text),
    ]
    if try takeFaultsAway() { more.append(.text(say("faultsGone"))) }
    let text = filled(incident.feedback["closed"] ?? LocalizedText([:]))
    return try judged(
      .passed, text.text, part: .postmortem, step: .postmortem, answer: line, storyTime,
      more: more, unknown: text.unknownNames)
  }

  private static func number(_ value: HostValue) -> Double? {
    switch value {
    case .integer(let number): Double(number)
    case .double(let number): number
    case .text(let text): Double(text)
    case .null, .boolean: nil
    }
  }

  /// A judge that could not look: free, and neither a pass nor wrong.
  func cannotRun(
    _ error: any Error, part: Incident.Part, step: FormName?, answer: String, _ storyTime: Int64?
  ) throws -> IncidentAnswer {
    let tooSlow = (error as? CourseError)?.code == "course.too-slow"
    let reason = tooSlow ? host.reason(error) : (error as? CourseError)?.message ?? "\(error)"
    return try judged(
      .checkerFailed(reason: reason), say("cannotRun", ["reason": reason]), part: part, step: step,
      answer: answer, storyTime)
  }

  // MARK: Score

  /// One part of the score.
  package struct PartScore: Sendable, Hashable {
    package var part: String
    /// Nil while it was not judged right.
    package var points: Int?
    package var of: Int
    package var misses: Int
  }

  package var score: [PartScore] {
    Incident.Part.allCases.map { part in
      PartScore(
        part: part.rawValue, points: run.earned[part.rawValue], of: incident.points[part] ?? 0,
        misses: run.misses[part.rawValue] ?? 0)
    }
  }

  /// The score, a part a line, with what earned it.
  package var scoreText: String {
    let total = score.reduce(0) { $0 + ($1.points ?? 0) }
    let lines = score.map { part -> String in
      let why =
        part.points == nil
        ? say("score.open")
        : part.misses == 0
          ? say("score.first") : say("score.later", ["count": String(part.misses + 1)])
      return "  "
        + say(
          "score.part",
          [
            "part": say("score.part." + (part.part == "repair" ? repairName : part.part)),
            "points": part.points.map(String.init) ?? "-", "of": String(part.of), "why": why,
          ])
    }
    return ([say("score.total", ["points": String(total)])] + lines
      + (run.rewindCount > 0
        ? ["  " + say("score.rewinds", ["count": String(run.rewindCount)])] : []))
      .joined(separator: "\n")
  }

  private var repairName: String { level == .diagnose ? "report" : "repair" }
}

extension String {
  /// Composed letters, as the forms are written.
  fileprivate var precomposedForForms: String { normalizedAnswer(self) }
}
