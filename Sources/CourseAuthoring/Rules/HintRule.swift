// Rule 7: nobody passes by typing what a hint says.

internal import Course
internal import Grading

/// The commands of a hint do not pass on their own.
struct HintRule: CheckRule {
  let name = "hints"

  func jobs(_ subject: CheckSubject, _ extent: CheckExtent) -> [CheckJob] {
    let languages = extent == .full ? CourseLanguage.allCases : [.korean]
    return languages.flatMap { language -> [CheckJob] in
      let setting = RunSetting(seed: RunSetting.single.seed, language: language)
      switch subject.content {
      case .exercise(let exercise, _):
        return exercise.hints.map(\.name).map { hint in
          CheckJob("\(subject.name) hint \(hint)") { run in
            try check(hint, exercise, subject, AnswerPlay(rule: name, run: run, setting: setting))
          }
        }
      case .incident(let incident, _):
        return [
          CheckJob("\(subject.name) hints") { run in
            try check(incident, subject, AnswerPlay(rule: name, run: run, setting: setting))
          }
        ]
      case .course, .unloadable: return []
      }
    }
  }

  /// The indented lines of a text that can be typed.
  static func commands(in text: String, _ bench: any AuthoringBench) -> [String] {
    text.split(whereSeparator: \.isNewline).filter { $0.hasPrefix("  ") }
      .map { String($0.drop { $0 == " " }) }
      .filter { line in
        line == "check" || line.hasPrefix("answer ") || bench.isCommand(line)
      }
  }

  private func check(
    _ hint: String, _ exercise: Exercise, _ subject: CheckSubject, _ play: AnswerPlay
  ) throws {
    // A hint without a command does nothing to any world.
    let language = play.setting.language
    let raw = exercise.hints.first { $0.name == hint }?.text
    guard let raw, !Self.commands(in: raw[language], play.run.bench).isEmpty else { return }
    let world = try play.run.open(play.setting, after: [])
    defer { world.close() }
    try world.begin(exercise)
    let session = ExerciseSession(
      exercise: exercise, host: world.host, seed: play.setting.seed, readFile: { _ in nil })
    let text = session.hintText(hint) ?? raw[language]
    let lines = Self.commands(in: text, play.run.bench)
    var isPassed = false
    func judge(_ answer: String?) {
      let (result, seconds) = timed { session.check(answer: answer) }
      play.record(exercise.id, "hint \(hint)", result, seconds)
      isPassed = isPassed || result.verdict == .passed
    }
    for line in lines {
      if line.hasPrefix("answer ") {
        judge(String(line.dropFirst("answer ".count)))
      } else if line != "check" {
        _ = world.json(line)
        for part in exercise.questions where SQLAnswer.looksLikeQuery(line) {
          guard case .sql = part.question else { continue }
          judge(part.id.isEmpty ? line : part.id + " " + line)
        }
      }
    }
    judge(nil)
    guard isPassed else { return }
    let file = "hints.\(language.rawValue).md"
    play.run.found(
      CheckFinding(
        rule: name, code: "hints.passes", file: subject.file(file),
        line: subject.line(in: file, of: "## \(hint)"), text: lines.joined(separator: " / "),
        values: ["hint": hint, "lines": lines.joined(separator: " / ")]))
  }

  private func check(_ incident: Incident, _ subject: CheckSubject, _ play: AnswerPlay) throws {
    let language = play.setting.language
    let texts =
      incident.hintRungs.enumerated().map { (String($0 + 1), $1[language]) }
      + incident.misconceptionHints.sorted { $0.key < $1.key }.map { ($0.key, $0.value[language]) }
    let hints = texts.map { ($0, Self.commands(in: $1, play.run.bench)) }.filter { !$1.isEmpty }
    guard !hints.isEmpty else { return }
    let start = "incident start \(incident.id)"
    let (world, isBegun) = try play.run.open(play.setting, begunBy: start)
    defer { world.close() }
    if !isBegun { _ = world.json(start) }
    for (hint, lines) in hints {
      for line in lines + ["check"] {
        let (reply, seconds) = timed { world.json(line) }
        guard let verdict = JudgedReply(reply.text).verdict else { continue }
        play.run.graded(
          GradingRecord(
            exercise: incident.id, rule: name, answer: "hint \(hint)", world: "visible",
            setting: play.setting, verdict: verdict, feedback: JudgedReply(reply.text).feedback,
            seconds: seconds))
      }
      guard try world.progress.passedExercises().contains(incident.id) else { continue }
      let file = "hints.\(language.rawValue).md"
      return play.run.found(
        CheckFinding(
          rule: name, code: "hints.passes", file: subject.file(file),
          line: subject.line(in: file, of: "## \(hint)"), text: lines.joined(separator: " / "),
          values: ["hint": hint, "lines": lines.joined(separator: " / ")]))
    }
  }
}
