// The answers that an incident's author declares, and how they are played in the real program.
//
// ```
// answers/accepted/by-commands.tap          ends with the incident passed
// answers/wrong/reran/dag-run.tap           gets what expect.yaml says:
// answers/wrong/reran/expect.yaml             verdict: not-yet, feedback: reran
// answers/unread/what-is-no-word.tap        gets could-not-read: it is no wrong answer
// answers/nothing/check-at-once.tap         gets not-attempted, likewise
// ```
//
// A line `:save NAME` lays the files of `saves/NAME/` over `pipeline/`, as an editor would have saved
// them at that point.

internal import Foundation
package import Grading

/// One declared answer: the lines of a learner's prompt, from `incident start` on.
package struct IncidentCase: Sendable {
  /// `accepted/by-commands` or `wrong/reran/dag-run`.
  package var name: String
  package var lines: [(text: String, number: Int)]
  /// What the last line gets: a name of `Verdict`, and a feedback id.
  package var verdict: String
  package var feedback: String?
  /// The files of each `:save NAME`.
  package var saves: [String: [LearnerChanges.File]]

  package init(
    name: String, lines: [(text: String, number: Int)], verdict: String, feedback: String? = nil,
    saves: [String: [LearnerChanges.File]] = [:]
  ) {
    self.name = name
    self.lines = lines
    self.verdict = verdict
    self.feedback = feedback
    self.saves = saves
  }

  /// The NAME of a line `:save NAME`; nil for any other line.
  private static func savedName(_ line: String) -> String? {
    let words = line.split(separator: " ")
    return words.count == 2 && words[0] == ":save" ? String(words[1]) : nil
  }

  /// The file, below the incident's folder.
  package var file: String { "answers/" + name + ".tap" }

  /// The feedback ids that come from the engine and need no text of the incident's own.
  package static let builtInFeedback = [
    "few-facts", "no-decisive", "no-neighbour", "wrong-field", "still-there", "hidden",
  ]

  /// Reads all cases of an incident, sorted by name.
  ///
  /// Throws `CourseError` for a malformed case, and where the status asks for more of them: `core`
  /// two accepted and three wrong ones, `local` one wrong one.
  package static func load(_ incident: Incident) throws -> [IncidentCase] {
    let folder = ContentFolder(path: incident.folder)
    var cases = try folder.names(in: "answers/accepted").map {
      try read(folder, "answers/accepted/\($0)", (Verdict.passed.name, nil))
    }
    let accepted = cases.count
    let misconceptions = folder.names(in: "answers/wrong")
    for misconception in misconceptions {
      let path = "answers/wrong/\(misconception)"
      let expected = try expectation(folder, path, incident)
      for file in folder.names(in: path) where file != "expect.yaml" {
        cases.append(try read(folder, "\(path)/\(file)", expected))
      }
    }
    for (place, verdict) in [
      ("answers/unread", "could-not-read"), ("answers/nothing", Verdict.notAttempted.name),
    ] {
      cases += try folder.names(in: place).map {
        try read(folder, "\(place)/\($0)", (verdict, nil))
      }
    }
    let needed: (accepted: Int, wrong: Int) =
      switch incident.status {
      case .core: (2, 3)
      case .local: (0, 1)
      case .draft: (0, 0)
      }
    for (name, count, wanted) in [
      ("accepted", accepted, needed.accepted), ("wrong", misconceptions.count, needed.wrong),
    ] where count < wanted {
      throw CourseError(
        code: "course.too-few-answers",
        message: "There are \(count) answers in \(name); this status asks for \(wanted).",
        place: folder.display("answers/\(name)"), advice: "Add .tap files, written differently.")
    }
    return cases
  }

  private static func expectation(
    _ folder: ContentFolder, _ path: String, _ incident: Incident
  ) throws -> (String, String?) {
    let node = try ManifestNode.parse(
      folder.text("\(path)/expect.yaml", holds: "verdict and feedback"),
      file: folder.display("\(path)/expect.yaml"))
    try node.allowKeys(["verdict", "feedback"])
    let verdictNode = try node.required("verdict", example: "not-yet")
    let verdict = try verdictNode.text(example: "not-yet")
    guard Verdict.names.contains(verdict), verdict != Verdict.passed.name else {
      throw verdictNode.error(
        "course.bad-value", "A wrong answer cannot expect the verdict `\(verdict)`.",
        advice: "Write one of: \(Verdict.names.dropFirst().joined(separator: ", ")).")
    }
    guard verdict == "not-yet" else { return (verdict, nil) }
    let feedbackNode = try node.required("feedback", example: "reran")
    let feedback = try feedbackNode.text(example: "reran")
    let known = incident.feedbackIDs + builtInFeedback
    guard known.contains(feedback) else {
      let near = nearestName(to: feedback, in: known).map { "Did you mean `\($0)`? " } ?? ""
      throw feedbackNode.error(
        "course.unknown-feedback", "Nothing has the feedback `\(feedback)`.",
        advice: near + "Known: \(known.joined(separator: ", ")).")
    }
    return (verdict, feedback)
  }

  private static func read(
    _ folder: ContentFolder, _ path: String, _ expected: (String, String?)
  ) throws -> IncidentCase {
    guard path.hasSuffix(".tap") else {
      throw CourseError(
        code: "course.unknown-file", message: "An answer is a .tap file.",
        place: folder.display(path), advice: "Name it NAME.tap.")
    }
    let lines = try folder.text(path, holds: "the lines of a prompt")
      .split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated()
      .map { (text: String($1.drop(while: \.isWhitespace)), number: $0 + 1) }
      .filter { !$0.text.isEmpty && !$0.text.hasPrefix("#") }
    guard let last = lines.last?.text, last == "check" || last.hasPrefix("incident ") else {
      throw CourseError(
        code: "course.no-answer", message: "The script does not end with what is judged.",
        place: folder.display(path), advice: "End it with `check` or `incident …`.")
    }
    var saves: [String: [LearnerChanges.File]] = [:]
    for line in lines {
      guard let name = savedName(line.text) else { continue }
      saves[name] = try folder.pipelineFiles(in: "saves/" + name)
      guard saves[name]?.isEmpty == false else {
        throw CourseError(
          code: "course.no-answer", message: "There are no files in saves/\(name).",
          place: folder.display(path) + ":\(line.number)",
          advice: "Put there what is laid over pipeline/, such as saves/\(name)/sdk.yaml.")
      }
    }
    return IncidentCase(
      name: String(path.dropFirst("answers/".count).dropLast(".tap".count)), lines: lines,
      verdict: expected.0, feedback: expected.1, saves: saves)
  }

  // MARK: Playing

  /// What happened.
  package struct Outcome: Sendable {
    /// What differs from the declaration; empty is a success.
    package var problems: [String] = []
    package var transcript: [String] = []
  }

  /// Plays the lines; `run` types one at the prompt and returns its answer as JSON.
  ///
  /// The first `count` lines are left out: they were run already, and none of them is the last.
  package func play(
    host: any LessonHost, from count: Int = 0,
    run: (String) throws -> (json: String, exit: Int32)
  ) -> Outcome {
    var outcome = Outcome()
    for (index, line) in lines.enumerated().dropFirst(count) {
      do {
        if let name = Self.savedName(line.text) {
          try host.save(saves[name] ?? [])
          outcome.transcript += [line.text, ""]
          continue
        }
        let text = try replacingQueries(in: line.text, host: host)
        let (json, exit) = try run(text)
        outcome.transcript += [text, json]
        let isLast = index == lines.count - 1
        // A verdict that is not right may come on the way; what is not understood may not.
        if !isLast, exit > 1 {
          outcome.problems.append("Line \(line.number) `\(text)` ended with \(exit): \(json)")
          return outcome
        }
        if isLast { compare(json, &outcome) }
      } catch {
        outcome.problems.append("Line \(line.number) `\(line.text)` failed: \(error)")
        return outcome
      }
    }
    return outcome
  }

  private func compare(_ json: String, _ outcome: inout Outcome) {
    let object = try? JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any]
    guard let data = object?["data"] as? [String: Any] else {
      outcome.problems.append("The last line answered no data: \(json)")
      return
    }
    let verdict = data["verdict"] as? String
    let feedback = data["feedback"] as? String
    if verdict != self.verdict || feedback != self.feedback {
      outcome.problems.append(
        "Expected \(self.verdict) \(self.feedback ?? ""), got \(verdict ?? "none") "
          + "\(feedback ?? ""): \(data["text"] ?? "")")
    }
    if self.verdict == Verdict.passed.name, data["step"] as? String != "done" {
      outcome.problems.append("The incident is not over: \(data["step"] ?? "")")
    }
    if let failed = data["failed_queries"] as? [String], !failed.isEmpty {
      outcome.problems.append("Queries of facts fail: \(failed.joined(separator: "; "))")
    }
    if let unknown = data["unknown_placeholders"] as? [String], !unknown.isEmpty {
      outcome.problems.append("No query gives \(unknown.joined(separator: ", ")).")
    }
  }
}
