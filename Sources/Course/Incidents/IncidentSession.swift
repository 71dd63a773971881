package import Grading
internal import Foundation

/// A host that can also make faults part of the learner's own world.
package protocol IncidentHost: GradingHost {
  /// Adds faults to the learner's world; they act from its present on.
  func plant(_ faults: [Fault]) throws
}

/// What an incident answers to one command.
package struct IncidentAnswer: Sendable {
  package enum Piece: Sendable, Hashable {
    case heading(String)
    /// Prose of the course, already filled.
    case text(String)
    /// What a character says; Markdown.
    case speech(String)
    /// A form as it stands: its fields, or those that are open.
    case form([FormField])
    /// A command and what it printed.
    case output(line: String, text: String)
  }

  /// One field of a form as it is shown.
  package struct FormField: Sendable, Hashable {
    /// With the name by which it is filled in: `Since when  (since)`.
    package var title: String
    /// With their numbers, and a word where one is chosen.
    package var options: [String]
    /// The number that was given, or how one is; nil for a field of options.
    package var note: String?
  }

  package var pieces: [Piece]
  /// What was judged, if anything was.
  package var verdict: Verdict?
  /// Names in texts that no query gives: a mistake of the author.
  package var unknownPlaceholders: [String] = []

  package init(_ pieces: [Piece], verdict: Verdict? = nil) {
    self.pieces = pieces
    self.verdict = verdict
  }

  /// All texts, for programs.
  package var text: String {
    pieces.compactMap { piece in
      switch piece {
      case .heading(let text), .text(let text), .speech(let text): text
      case .form(let fields):
        fields.flatMap { field in
          [field.title] + (field.options + [field.note].compactMap { $0 }).map { "  " + $0 }
        }.joined(separator: "\n")
      case .output: nil
      }
    }.joined(separator: "\n")
  }
}

/// One learner at one incident: asks, records, judges, and remembers.
///
/// Used from one thread. Every call that changes the run stores it before it returns, so that a kill
/// resumes there; what cannot be stored is thrown as `CourseError`. What was judged is a verdict:
/// where a world could not be had, `checkerFailed`, never a pass and never wrong.
package final class IncidentSession {
  package let incident: Incident
  package internal(set) var run: IncidentRun
  let host: any LessonHost
  let progress: ProgressStore
  var pendingMisconception: String?
  /// Queries of facts that failed since the program began, each once: mistakes of the author, by which
  /// a fact is not recognised.
  package private(set) var failedQueries: [String] = []

  /// Resumes a run.
  package init(
    incident: Incident, run: IncidentRun, host: any LessonHost, progress: ProgressStore
  ) {
    self.incident = incident
    self.run = run
    self.host = host
    self.progress = progress
  }

  var language: CourseLanguage { host.language }
  /// How far the learner goes this time.
  package var level: Incident.Level {
    run.level.flatMap(Incident.Level.init) ?? incident.levels[0]
  }
  /// The name of the fork with which the incident begins.
  package var fork: String { "incident \(incident.id)" }
  /// The name of the fork from before the faults were planted.
  package var forkBefore: String { Self.forkBefore(incident.id) }

  static func forkBefore(_ id: String) -> String { "before \(id)" }

  func say(_ key: String, _ values: [String: String] = [:]) -> String {
    host.text("incident." + key, values)
  }

  func save() throws { try progress.save(run) }

  /// The names that this run's queries may use.
  var names: [String: String] { Self.names(run, run.parameters) }

  static func names(_ run: IncidentRun, _ parameters: [String: String]) -> [String: String] {
    var names = parameters
    names["ds_kst"] = run.yesterday
    names["ds_next"] = run.today
    names["started"] = StoryMoment.sql(run.startedAt)
    return names
  }

  /// Asks a query of the incident in the learner's world.
  func ask(_ sql: String) throws -> HostTable {
    try host.query(try IncidentSQL.fill(sql, names))
  }

  /// The values of all texts: those of the message as they were, and what the caller adds.
  func values(_ more: [String: HostValue] = [:]) -> [String: HostValue] {
    var values = IncidentRun.restored(run.values)
    values["incident"] = .text(incident.id)
    values["fork"] = .text(fork)
    for (name, value) in more { values[name] = value }
    return values
  }

  func filled(_ text: LocalizedText, _ more: [String: HostValue] = [:]) -> FilledText {
    fill(text[language], with: values(more))
  }

  // MARK: Next

  /// `incident`: where the learner is, and what comes next.
  package func overview() throws -> IncidentAnswer {
    var answer = IncidentAnswer([
      .heading(say("title", ["id": incident.id, "title": incident.title[language]]))
    ])
    let entries = try progress.incidentEntries(run)
    let shown = entries.filter { !$0.facts.isEmpty }.count
    answer.pieces.append(
      .text(
        say(
          "evidence.count",
          ["facts": String(shown), "marked": String(run.marked.count)])))
    answer.pieces += nextPieces()
    return answer
  }

  /// What comes next, as a sentence with its command, and the form where one is open.
  package func nextPieces() -> [IncidentAnswer.Piece] {
    [.text(next)]
  }

  /// One sentence: what comes next.
  package var next: String {
    switch run.step {
    case .triage: say("next.triage")
    case .diagnosis: say("next.diagnosis")
    case .repair: say(level == .diagnose ? "next.report" : "next.repair")
    case .postmortem: say("next.postmortem")
    case .done: say("next.done")
    }
  }

  // MARK: Commands that were run

  /// Writes down a command that was run meanwhile, with the facts that it showed.
  ///
  /// Returns a sentence for each fact that was shown for the first time. A query of the incident that
  /// fails hides no answer of the learner: the fact is then not recognised, and `failedQueries` says so.
  package func note(_ reading: IncidentReading, storyTime: Int64) throws -> [String] {
    guard run.step != .done else { return [] }
    var facts: [String: [String: HostValue]] = [:]
    for fact in incident.facts {
      do {
        facts[fact.id] = try fact.shown(by: reading, ask: ask)
      } catch {
        let failure = "\(fact.id): \(error)"
        if !failedQueries.contains(failure) { failedQueries.append(failure) }
      }
    }
    let earlier = Set(try progress.incidentEntries(run).flatMap { $0.facts.keys })
    let entry = IncidentEntry(
      number: 0, line: reading.line, facts: facts, repair: reading.repair, storyTime: storyTime)
    let number = try progress.record(entry, of: run)
    return incident.facts.filter { facts[$0.id] != nil && !earlier.contains($0.id) }.map { fact in
      say("evidence.new", ["number": String(number), "fact": says(fact, facts[fact.id] ?? [:])])
    }
  }

  func says(_ fact: IncidentFact, _ values: [String: HostValue]) -> String {
    filled(fact.says, values).text
  }

  // MARK: Evidence

  /// One command of the log with what it showed, as `incident evidence` lists it.
  package struct EvidenceLine: Sendable, Hashable {
    package var number: Int
    package var line: String
    package var facts: [String]
    package var texts: [String]
    package var isMarked: Bool
  }

  /// The commands that showed a fact, in the order in which they were run, and how many showed none.
  package func evidence() throws -> (lines: [EvidenceLine], others: Int) {
    let entries = try progress.incidentEntries(run)
    let lines = entries.filter { !$0.facts.isEmpty }.map { entry in
      let facts = incident.facts.filter { entry.facts[$0.id] != nil }
      return EvidenceLine(
        number: entry.number, line: entry.line, facts: facts.map(\.id),
        texts: facts.map { says($0, entry.facts[$0.id] ?? [:]) },
        isMarked: run.marked.contains(entry.number))
    }
    return (lines, entries.count - lines.count)
  }

  /// Marks commands of the log as evidence for the diagnosis.
  package func addEvidence(_ numbers: [Int]) throws -> IncidentAnswer {
    let lines = try evidence().lines
    let unknown = numbers.filter { number in !lines.contains { $0.number == number } }
    guard unknown.isEmpty, !numbers.isEmpty else {
      return IncidentAnswer(
        [
          .text(
            say(
              "evidence.unknown",
              [
                "numbers": unknown.map(String.init).joined(separator: ", "),
                "known": lines.isEmpty
                  ? "-" : lines.map { String($0.number) }.joined(separator: ", "),
              ]))
        ], verdict: .couldNotRead(form: ""))
    }
    for number in numbers where !run.marked.contains(number) { run.marked.append(number) }
    try save()
    return IncidentAnswer([
      .text(
        say("evidence.added", ["numbers": run.marked.map(String.init).joined(separator: ", ")]))
    ])
  }

  /// Takes marks back.
  package func removeEvidence(_ numbers: [Int]) throws -> IncidentAnswer {
    run.marked.removeAll { numbers.contains($0) }
    try save()
    return IncidentAnswer([
      .text(
        run.marked.isEmpty
          ? say("evidence.noneMarked")
          : say("evidence.added", ["numbers": run.marked.map(String.init).joined(separator: ", ")])
      )
    ])
  }

  /// The facts that the marked commands showed.
  func markedFacts() throws -> [IncidentFact] {
    let entries = try progress.incidentEntries(run).filter { run.marked.contains($0.number) }
    return incident.facts.filter { fact in entries.contains { $0.facts[fact.id] != nil } }
  }

  // MARK: Repair commands

  /// The sentence that refuses a repair command now; nil where it may be run.
  package func refusal(of repair: String) -> String? {
    guard run.step != .done else { return nil }
    let missing = incident.triage.missing(run.triage)
    guard !missing.isEmpty else { return nil }
    return say(
      "locked",
      [
        "command": repair,
        "fields": missing.map { $0.title[language] }.joined(separator: ", "),
      ])
  }

  // MARK: Going back, stopping, hints

  /// Puts the world back to the incident's start; what was found out is kept.
  package func rewind() throws -> IncidentAnswer {
    guard run.hasFork, let host = host as? any GradingHost else {
      return IncidentAnswer(
        [.text(say("noFork"))], verdict: .checkerFailed(reason: "no fork was taken"))
    }
    try host.rewind(to: fork)
    try didRewind()
    return IncidentAnswer([.text(say("rewound", ["fork": fork]))] + nextPieces())
  }

  /// The world was put back to the incident's start: the repairs until now are undone.
  package func didRewind() throws {
    run.rewindCount += 1
    run.rewoundAfter = try progress.incidentEntries(run).last?.number ?? 0
    try save()
  }

  /// Ends the run as it stands; planted faults go with it.
  package func stop() throws -> IncidentAnswer {
    run.isClosed = true
    try save()
    let isBack = try takeFaultsAway()
    return IncidentAnswer([
      .text(say(isBack ? "stopped.back" : "stopped", ["id": incident.id]))
    ])
  }

  /// True where the incident had made the world wrong, and it was put back to before that.
  func takeFaultsAway() throws -> Bool {
    guard variant.isBroken, run.hasFork, let host = host as? any GradingHost else {
      return false
    }
    try host.rewind(to: forkBefore)
    return true
  }

  /// The variant that this run drew.
  var variant: Incident.Variant {
    incident.variants.first { $0.id == run.variant } ?? incident.variants[0]
  }

  /// One hint: that of the last misconception first, else the next rung.
  package func hint(storyTime: Int64? = nil) -> ExerciseSession.Hint {
    let used = (try? progress.hintsUsed(exercise: incident.id)) ?? []
    var hint: ExerciseSession.Hint
    if let id = pendingMisconception, let text = incident.misconceptionHints[id] {
      pendingMisconception = nil
      hint = ExerciseSession.Hint(
        name: id, text: host.texts.misconceptionHint + "\n" + filled(text).text, isLast: false)
    } else {
      let count = incident.hintRungs.count
      let rung = min((used.compactMap { Int($0) }.max() ?? 0) + 1, count)
      hint = ExerciseSession.Hint(
        name: String(rung),
        text: host.texts.rung(rung, of: count) + "\n"
          + filled(incident.hintRungs[rung - 1]).text,
        isLast: rung == count)
    }
    try? progress.recordHint(
      exercise: incident.id, version: incident.version, hint: hint.name ?? "",
      storyTime: storyTime)
    return hint
  }
}

/// Moments of the story as SQL and as a clock of the prompt reads them.
enum StoryMoment {
  /// `2024-01-16 00:10:00 UTC`, for `TIMESTAMP '…'`.
  static func sql(_ milliseconds: Int64) -> String {
    format(milliseconds, offset: 0, "yyyy-MM-dd HH:mm:ss") + " UTC"
  }

  /// `2024-01-16T09:10:00+09:00`, for `clock`.
  static func clock(_ milliseconds: Int64) -> String {
    format(milliseconds, offset: 9 * 3_600, "yyyy-MM-dd'T'HH:mm:ss") + "+09:00"
  }

  /// `2024-01-16`, the day in KST.
  static func day(_ milliseconds: Int64) -> String {
    format(milliseconds, offset: 9 * 3_600, "yyyy-MM-dd")
  }

  /// The day after a day, `2024-02-29` after `2024-02-28`; nil for what is no day.
  static func day(after day: String) -> String? {
    let formatter = formatter(offset: 0, "yyyy-MM-dd")
    return formatter.date(from: day).map { formatter.string(from: $0.addingTimeInterval(86_400)) }
  }

  private static func format(_ milliseconds: Int64, offset: Int, _ pattern: String) -> String {
    formatter(offset: offset, pattern)
      .string(from: Date(timeIntervalSince1970: Double(milliseconds) / 1000))
  }

  private static func formatter(offset: Int, _ pattern: String) -> DateFormatter {
    let formatter = DateFormatter()
    formatter.locale = Locale(identifier: "en_US_POSIX")
    formatter.calendar = Calendar(identifier: .gregorian)
    formatter.timeZone = TimeZone(secondsFromGMT: offset)
    formatter.dateFormat = pattern
    return formatter
  }

  /// The midnight with which a day begins in KST; nil for what is no day.
  static func midnight(_ day: String) -> Int64? {
    formatter(offset: 9 * 3_600, "yyyy-MM-dd").date(from: day)
      .map { Int64(($0.timeIntervalSince1970 * 1000).rounded()) }
  }

  /// The first moment after `now`, or `now` itself where `strictly` is false, at that KST time.
  static func next(_ time: String, from now: Int64, strictly: Bool) -> Int64 {
    let parts = time.split(separator: ":").compactMap { Int64($0) }
    let day: Int64 = 86_400_000
    let zone: Int64 = 9 * 3_600_000
    let wanted = (parts[0] * 60 + parts[1]) * 60_000
    let midnight = (now + zone) / day * day - zone
    let candidate = midnight + wanted
    if candidate > now || (candidate == now && !strictly) { return candidate }
    return candidate + day
  }
}
