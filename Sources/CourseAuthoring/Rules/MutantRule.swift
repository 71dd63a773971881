// Rule 6: small changes of accepted queries fail, or are listed as equivalent in the check. A survivor
// is shown with a row that would kill it.

internal import Course
internal import Grading

/// Changed queries die.
struct MutantRule: CheckRule {
  let name = "mutants"

  func jobs(_ subject: CheckSubject, _ extent: CheckExtent) -> [CheckJob] {
    guard extent == .full, case .exercise(let exercise, let answers) = subject.content,
      exercise.parts.isEmpty, case .sql(let question)? = exercise.question
    else { return [] }
    return answers.filter { $0.expectedVerdict == "passed" && $0.fileType == "sql" }.map { answer in
      CheckJob("\(subject.name) \(name) \(answer.name)") { run in
        try check(answer, question, subject, run)
      }
    }
  }

  private func check(
    _ answer: AnswerCase, _ question: SQLQuestion, _ subject: CheckSubject, _ run: CheckRun
  ) throws {
    let play = AnswerPlay(rule: name, run: run, setting: .single)
    let world = try run.open(.single, after: [])
    defer { world.close() }
    let text = String(answer.lines[0].text.dropFirst("answer ".count))
    var used: Set<String> = []
    for mutant in try Self.mutants(of: text, host: world.host) {
      if run.wasStopped { return }
      run.countMutant()
      let session = ExerciseSession(
        exercise: answer.exercise, host: world.host, seed: play.setting.seed, readFile: { _ in nil })
      let (result, seconds) = timed { session.check(answer: mutant.sql) }
      play.record(
        answer.exercise.id, "\(answer.name) line \(mutant.line): \(mutant.change)", result, seconds)
      guard result.verdict == .passed else { continue }
      if question.equivalents.contains(where: { $0.holds(mutant) }) {
        used.insert(mutant.change)
        continue
      }
      let row = try survivorRow(mutant, text, question, world.host)
      run.found(
        CheckFinding(
          rule: name, code: row == nil ? "mutants.survives" : "mutants.survives-row",
          file: subject.file(answer.file), line: mutant.line,
          text: mutant.change,
          values: ["change": mutant.change, "kind": mutant.kind, "row": row ?? ""]))
    }
  }

  private func survivorRow(
    _ mutant: SQLMutant, _ accepted: String, _ question: SQLQuestion, _ host: any GradingHost
  ) throws -> String? {
    guard let killer = question.killer, let query = try? SQLAnswer(mutant.sql),
      let accepted = try? SQLAnswer(accepted)
    else { return nil }
    return try QueryDuel(question: question, host: host)
      .killerRow(for: query, beside: accepted, among: killer)
  }

  /// The mutants of an answer with its parameters in place.
  ///
  /// They are made of the query of one day, which is then made a parameter again.
  static func mutants(of text: String, host: any GradingHost) throws -> [SQLMutant] {
    // Days that nobody writes.
    let days = [("ds_kst", "2024-01-15"), ("ds_next", "2024-01-16")]
    var sql = text
    for (name, day) in days {
      guard let pattern = try? Regex("\\{\\{\\s*\(name)\\s*\\}\\}") else { continue }
      sql = sql.replacing(pattern, with: day)
    }
    return try host.mutants(of: sql).map { mutant in
      var mutant = mutant
      for (name, day) in days { mutant.sql = mutant.sql.replacing(day, with: "{{\(name)}}") }
      return mutant
    }
  }
}
