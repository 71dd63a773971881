// Rule 8: what a learner sees of an exercise fits at 40, 80 and 120 columns, in colour, plain and
// accessible; without colour there are no escapes, and accessible there are no boxes and no symbols
// that say something alone.

internal import Course
internal import Foundation
internal import Grading

/// Screens fit, and can be read aloud.
struct TranscriptRule: CheckRule {
  let name = "transcripts"

  func jobs(_ subject: CheckSubject, _ extent: CheckExtent) -> [CheckJob] {
    let looks = extent == .full ? ScreenLook.all : ScreenLook.all.filter { $0.width == 80 }
    return CourseLanguage.allCases.flatMap { language -> [CheckJob] in
      switch subject.content {
      case .exercise(let exercise, let answers):
        return [
          CheckJob("\(subject.name) \(name) \(language.rawValue)") { run in
            try check(exercise, answers, subject, looks, language, run)
          }
        ]
      case .incident(let incident, _):
        return [
          CheckJob("\(subject.name) \(name) \(language.rawValue)") { run in
            try check(incident, subject, looks, language, run)
          }
        ]
      case .course, .unloadable: return []
      }
    }
  }

  private func setting(_ language: CourseLanguage) -> RunSetting {
    RunSetting(seed: RunSetting.single.seed, language: language)
  }

  private func check(
    _ exercise: Exercise, _ answers: [AnswerCase], _ subject: CheckSubject, _ looks: [ScreenLook],
    _ language: CourseLanguage, _ run: CheckRun
  ) throws {
    // A language that the exercise does not have is not shown in.
    guard exercise.task.texts[language] != nil else { return }
    let world = try run.open(setting(language), after: [])
    defer { world.close() }
    let code = language.rawValue
    try open("exercise \(exercise.id)", in: world)
    let session = ExerciseSession(
      exercise: exercise, host: world.host, seed: setting(language).seed)
    for name in Set(placeholders(in: session.task)).sorted() {
      let file = "task.\(code).md"
      run.found(
        CheckFinding(
          rule: self.name, code: "transcripts.unfilled", file: subject.file(file),
          line: subject.line(in: file, of: "{" + name) ?? 1, text: name,
          values: ["name": name]))
    }
    for look in looks {
      see(world.screen("exercise \(exercise.id)", look), "task.\(code).md", nil, look, subject, run)
      see(world.screen("answer", look), "exercise.yaml", nil, look, subject, run)
    }
    for (id, text) in exercise.feedback.sorted(by: { $0.key < $1.key }) {
      see(text[language], "feedback.\(code).md", id, looks, world, subject, run)
    }
    for (id, text) in exercise.hints {
      see(text[language], "hints.\(code).md", id, looks, world, subject, run)
    }
    for answer in [answers.first { $0.expectedVerdict == "passed" }, answers.first {
      $0.name.hasPrefix("wrong/")
    }].compactMap({ $0 }) {
      try verdict(of: answer, subject, looks, language, run)
    }
  }

  /// Types a line that has to be understood: the screen of an error is nobody's transcript.
  private func open(_ line: String, in world: any BenchWorld) throws {
    let reply = world.json(line)
    guard reply.exit == 0 else {
      throw CourseError(code: "check.not-shown", message: "`\(line)` answered \(reply.text)")
    }
  }

  /// The verdict of a declared answer, as the prompt shows it.
  private func verdict(
    of answer: AnswerCase, _ subject: CheckSubject, _ looks: [ScreenLook],
    _ language: CourseLanguage, _ run: CheckRun
  ) throws {
    let world = try run.open(setting(language), after: [])
    defer { world.close() }
    try world.begin(answer.exercise)
    let session = ExerciseSession(
      exercise: answer.exercise, host: world.host, seed: setting(language).seed)
    _ = world.screen("exercise \(answer.exercise.id)", looks[0])
    for line in answer.lines {
      var text = line.text
      if !line.isVerbatim {
        // What cannot be filled here is the rules of answers' to tell.
        guard let queried = try? replacingQueries(in: text, host: world.host),
          let chosen = try? AnswerCaseRunner.isCheck(queried)
            ? session.replacingChoices(in: queried) : queried
        else { return }
        text = chosen
      }
      guard AnswerCaseRunner.isCheck(text), line.number == answer.lines.last?.number else {
        _ = world.screen(text, looks[0])
        continue
      }
      for look in looks {
        // A file is given by its path.
        let typed = line.isVerbatim ? "answer \(subject.folder)/\(answer.file)" : text
        see(world.screen(typed, look), answer.file, nil, look, subject, run)
      }
    }
  }

  private func check(
    _ incident: Incident, _ subject: CheckSubject, _ looks: [ScreenLook],
    _ language: CourseLanguage, _ run: CheckRun
  ) throws {
    let start = "incident start \(incident.id)"
    let (world, isBegun) = try run.open(setting(language), begunBy: start)
    defer { world.close() }
    let code = language.rawValue
    if !isBegun { try open(start, in: world) }
    for look in looks {
      let message = world.screen(start, look)
      see(message, "message.\(code).md", nil, look, subject, run)
      for line in ["incident", "incident triage", "hint"] {
        see(world.screen(line, look), "incident.yaml", nil, look, subject, run)
      }
    }
    let texts = [("debrief", "-", incident.debrief)]
    let feedback = incident.feedback.sorted { $0.key < $1.key }.map { ("feedback", $0.key, $0.value) }
    let hints =
      incident.hintRungs.enumerated().map { ("hints", String($0 + 1), $1) }
      + incident.misconceptionHints.sorted { $0.key < $1.key }.map { ("hints", $0.key, $0.value) }
    for (file, id, text) in texts + feedback + hints {
      see(text[language], "\(file).\(code).md", id, looks, world, subject, run)
    }
  }

  /// A text with its placeholders filled with numbers of a usual length.
  private func see(
    _ text: String, _ file: String, _ section: String?, _ looks: [ScreenLook],
    _ world: any BenchWorld, _ subject: CheckSubject, _ run: CheckRun
  ) {
    let filled = text.replacing(/\{[a-zA-Z_.:]+\}/, with: "12,345")
    for look in looks {
      see(world.screen(text: filled, look), file, section, look, subject, run)
    }
  }

  private func see(
    _ screen: String, _ file: String, _ section: String?, _ look: ScreenLook,
    _ subject: CheckSubject, _ run: CheckRun
  ) {
    run.countScreen()
    for problem in ScreenProblem.find(in: screen, look, run.bench).prefix(1) {
      // The words of the line, as they stand in the file.
      let words = problem.line.split(whereSeparator: \.isWhitespace).prefix(3).joined(separator: " ")
      let line =
        (words.isEmpty ? nil : subject.line(in: file, of: words))
        ?? section.flatMap { subject.line(in: file, of: "## \($0)") }
      run.found(
        CheckFinding(
          rule: name, code: "transcripts." + problem.kind.rawValue, file: subject.file(file),
          line: line ?? 1, text: problem.line,
          values: [
            "width": String(look.width), "mode": look.mode.rawValue, "text": problem.line,
            "columns": String(problem.columns),
          ]))
    }
  }
}

/// What is wrong with a line of a screen.
struct ScreenProblem: Equatable {
  enum Kind: String {
    /// Wider than the screen, and nothing to be copied whole.
    case tooWide = "too-wide"
    /// An escape sequence where there may be none.
    case escape
    /// A character that draws boxes, in accessible mode.
    case box
    /// A symbol without a word beside it, in accessible mode.
    case symbol
  }

  var kind: Kind
  var line: String
  var columns: Int

  static func find(
    in screen: String, _ look: ScreenLook, _ bench: any AuthoringBench
  ) -> [ScreenProblem] {
    var problems: [ScreenProblem] = []
    for raw in screen.split(whereSeparator: \.isNewline) {
      let line = withoutEscapes(String(raw))
      let columns = bench.columns(of: line)
      func found(_ kind: Kind) {
        problems.append(ScreenProblem(kind: kind, line: line, columns: columns))
      }
      if look.mode != .colour, raw.contains("\u{1B}") { found(.escape) }
      if columns > look.width, !isCopied(line, bench) { found(.tooWide) }
      guard look.mode == .accessible else { continue }
      if line.unicodeScalars.contains(where: isBox) { found(.box) }
      if isSymbolAlone(line) { found(.symbol) }
    }
    return problems
  }

  /// Colours and their end.
  private static func withoutEscapes(_ line: String) -> String {
    line.replacing(/\u{1B}\[[0-9;]*[A-Za-z]/, with: "")
  }

  /// A command, a statement, a path or an address: it stands alone, to be copied whole.
  private static func isCopied(_ line: String, _ bench: any AuthoringBench) -> Bool {
    var body = line.drop { $0 == " " }
    if body.hasPrefix("tapline> ") { body = body.dropFirst("tapline> ".count) }
    return !body.contains(" ") || bench.isCommand(String(body))
  }

  private static func isBox(_ scalar: Unicode.Scalar) -> Bool {
    (0x2500...0x25FF).contains(scalar.value)
  }

  /// True for `✓`, `[x]` or `☑` that no word follows in the line or in the cell.
  private static func isSymbolAlone(_ line: String) -> Bool {
    let hasWord = line.unicodeScalars.contains {
      $0.properties.isAlphabetic || $0.properties.numericType != nil
    }
    guard !hasWord else { return false }
    return line.unicodeScalars.contains { scalar in
      (0x2190...0x21FF).contains(scalar.value) || (0x2600...0x27BF).contains(scalar.value)
        || (0x1F300...0x1FAFF).contains(scalar.value)
    }
  }
}
