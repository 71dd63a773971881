// Plays one declared answer in a world of its own, and writes down every grading that ran.

internal import Course
internal import Grading

/// One declared answer in one setting.
struct AnswerPlay {
  let rule: String
  let run: CheckRun
  let setting: RunSetting

  /// How a play ended.
  struct Result {
    /// What differs from the declaration; empty is as declared.
    var problems: [String] = []
    /// The verdict of the last check; nil where the script did not get that far.
    var verdict: String?
    var feedback: String?
    /// The world, for what is to be asked afterwards.
    var world: (any BenchWorld)?

    /// The line of the script that the first problem names; the first where it names none.
    var line: Int {
      let number = problems.first.flatMap { $0.prefixMatch(of: #/Line ([0-9]+) /#)?.output.1 }
      return number.flatMap { Int($0) } ?? 1
    }
  }

  /// Plays an exercise's answer; the world stays open in the result where `keepsWorld`.
  func play(_ answer: AnswerCase, keepsWorld: Bool = false) throws -> Result {
    // Lines without a placeholder are the same for every answer that begins with them.
    let shared =
      answer.exercise.beginsWithFork || !answer.files.isEmpty
      ? []
      : answer.lines.prefix {
        !AnswerCaseRunner.isCheck($0.text) && !$0.text.contains("{{")
      }.map(\.text)
    let world: any BenchWorld
    do {
      world = try run.open(setting, after: shared)
    } catch let error as PrefixError {
      let line = answer.lines[error.index]
      return Result(problems: ["Line \(line.number) `\(line.text)`: \(error.output)"])
    }
    try world.begin(answer.exercise)
    let result = judge(answer, in: world, from: shared.count)
    guard keepsWorld else {
      world.close()
      return result
    }
    var kept = result
    kept.world = world
    return kept
  }

  /// Runs the script from a line on in an open world; with `checksOnly`, only what is judged in it.
  func judge(
    _ answer: AnswerCase, in world: any BenchWorld, from first: Int = 0, checksOnly: Bool = false
  ) -> Result {
    var script = answer
    script.lines = Array(answer.lines.dropFirst(first))
    if checksOnly { script.lines.removeAll { !AnswerCaseRunner.isCheck($0.text) } }
    var began = ContinuousClock.now
    let outcome = AnswerCaseRunner.run(
      script, host: world.host, seed: setting.seed, compose: setting.composed,
      willCheck: { began = .now },
      didCheck: { result in
        let parts = (ContinuousClock.now - began).components
        record(
          answer.exercise.id, answer.name, result,
          Double(parts.seconds) + Double(parts.attoseconds) / 1e18)
      })
    return Result(
      problems: outcome.problems, verdict: outcome.result?.verdict.name,
      feedback: outcome.result?.verdict.feedbackID)
  }

  /// Writes a check down: one entry per world that its grader looked into.
  func record(_ exercise: String, _ answer: String, _ result: CheckResult, _ seconds: Double) {
    let worlds = result.evidence.gradings
    guard !worlds.isEmpty else {
      return run.graded(
        GradingRecord(
          exercise: exercise, rule: rule, answer: answer, world: "visible", setting: setting,
          verdict: result.verdict.name, feedback: result.verdict.feedbackID, seconds: seconds))
    }
    for grading in worlds {
      var world = grading.world.kind.rawValue
      if grading.world.kind == .hidden { world += " \(grading.world.number)" }
      run.graded(
        GradingRecord(
          exercise: exercise, rule: rule, answer: answer, world: world, setting: setting,
          verdict: grading.verdict, feedback: grading.feedback,
          seconds: seconds / Double(worlds.count)))
    }
  }

  /// Plays an accepted answer and gives its lines as they were typed, placeholders filled; nil where it
  /// was not accepted.
  func typed(_ answer: AnswerCase) throws -> [String]? {
    let world = try run.open(setting, after: [])
    defer { world.close() }
    try world.begin(answer.exercise)
    var lines: [String] = []
    let outcome = AnswerCaseRunner.run(
      answer, host: world.host, seed: setting.seed,
      compose: { line in
        lines.append(line)
        return line
      })
    return outcome.isAsExpected ? lines : nil
  }

  /// Plays an incident's answer from `incident start` on.
  func play(_ answer: IncidentCase, of incident: Incident) throws -> Result {
    // What the beginning leads to is the same for all answers; what it says is asked of none of them,
    // but where it is the whole of one.
    let first = answer.lines.count > 1 ? setting.composed(answer.lines[0].text) : ""
    let (world, isBegun) = try run.open(setting, begunBy: first)
    defer { world.close() }
    var result = Result()
    var seconds = 0.0
    // What the last check found, where the play ends later than there.
    var refusal: String?
    let outcome = answer.play(host: world.host, from: isBegun ? 1 : 0) { line in
      let (reply, time) = timed { world.json(setting.composed(line)) }
      seconds = time
      let judged = JudgedReply(reply.text)
      if let verdict = judged.verdict {
        run.graded(
          GradingRecord(
            exercise: incident.id, rule: rule, answer: answer.name, world: "visible",
            setting: setting, verdict: verdict, feedback: judged.feedback, seconds: seconds))
        result.verdict = verdict
        result.feedback = judged.feedback
        if AnswerCaseRunner.isCheck(line) {
          let isPassed = verdict == "passed"
          let said = judged.text.map { ": " + $0 } ?? "."
          refusal = isPassed ? nil : "`\(line)` was \(judged.feedback ?? verdict)\(said)"
        }
      }
      return (reply.text, reply.exit)
    }
    result.problems = outcome.problems
    if let refusal, !result.problems.isEmpty { result.problems.append(refusal) }
    return result
  }
}

/// A line that failed while a world was brought to where answers begin.
package struct PrefixError: Error {
  /// Which of the lines.
  package var index: Int
  package var output: String

  package init(index: Int, output: String) {
    self.index = index
    self.output = output
  }
}

extension BenchWorld {
  /// What happens in a learner's world when an exercise begins: its files lie over the pipeline, and
  /// the world is kept as it is then.
  func begin(_ exercise: Exercise) throws {
    guard exercise.beginsWithFork else { return }
    try host.save(try exercise.startFiles())
    try host.takeFork(exercise.forkName)
  }
}

extension Exercise {
  /// True where its checks may ask what was changed since it began, or its files lie over the pipeline.
  var beginsWithFork: Bool {
    needsFork || questions.contains { part in
      if case .state = part.question { true } else { false }
    }
  }
}
