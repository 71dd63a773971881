// Rule 5: every wrong answer is read and run, and fails with its own feedback id, on every seed and
// in the killer world, where only the rows that are said to kill it separate it from a right one.

internal import Course
internal import Grading

/// Wrong answers fail, each for its own reason.
struct WrongRule: CheckRule {
  let name = "wrong"

  func jobs(_ subject: CheckSubject, _ extent: CheckExtent) -> [CheckJob] {
    switch subject.content {
    case .exercise(let exercise, let answers):
      return answers.filter { $0.expectedVerdict != "passed" }.flatMap { answer in
        extent.wrong.map { setting in
          CheckJob("\(subject.name) \(answer.name)") { run in
            try check(answer, subject, AnswerPlay(rule: name, run: run, setting: setting))
          }
        }
      } + killerJobs(subject, exercise, answers)
    case .incident(let incident, let answers):
      return answers.filter { $0.verdict != "passed" }.flatMap { answer in
        extent.wrong.map { setting in
          CheckJob("\(subject.name) \(answer.name)") { run in
            let play = AnswerPlay(rule: name, run: run, setting: setting)
            guard isRead(answer.name, answer.verdict, answer.file, subject, run) else { return }
            report(try play.play(answer, of: incident), answer.file, subject, play)
          }
        }
      }
    case .course, .unloadable: return []
    }
  }

  private func check(_ answer: AnswerCase, _ subject: CheckSubject, _ play: AnswerPlay) throws {
    guard isRead(answer.name, answer.expectedVerdict, answer.file, subject, play.run) else { return }
    report(try play.play(answer), answer.file, subject, play)
  }

  /// What is never run cannot fail for its own reason: such a declaration is a finding.
  private func isRead(
    _ answer: String, _ verdict: String, _ file: String, _ subject: CheckSubject, _ run: CheckRun
  ) -> Bool {
    guard answer.hasPrefix("wrong/"), !["not-yet", "partly"].contains(verdict) else { return true }
    let expect = file.split(separator: "/").dropLast().joined(separator: "/") + "/expect.yaml"
    run.found(
      CheckFinding(
        rule: name, code: "wrong.not-run", file: subject.file(expect),
        line: subject.line(in: expect, of: "verdict:"), text: verdict,
        values: ["answer": answer, "verdict": verdict]))
    return false
  }

  private func report(
    _ result: AnswerPlay.Result, _ file: String, _ subject: CheckSubject, _ play: AnswerPlay
  ) {
    guard !result.problems.isEmpty else { return }
    let code =
      switch result.verdict {
      case "passed": "wrong.passed"
      case "could-not-read", "not-attempted": "wrong.unread"
      case "checker-failed": "wrong.not-judged"
      case nil: "wrong.stopped"
      default: "wrong.other-feedback"
      }
    play.run.found(
      CheckFinding(
        rule: name, code: code, file: subject.file(file), line: result.line,
        text: result.problems.joined(separator: " "),
        values: [
          "setting": play.setting.description, "problem": result.problems.joined(separator: " "),
          "got": [result.verdict, result.feedback].compactMap { $0 }.joined(separator: " "),
        ]))
  }

  // MARK: The killer world

  private func killerJobs(
    _ subject: CheckSubject, _ exercise: Exercise, _ answers: [AnswerCase]
  ) -> [CheckJob] {
    exercise.questions.flatMap { part -> [CheckJob] in
      guard case .sql(let question) = part.question, let killer = question.killer else { return [] }
      let queries = answers.compactMap { answer -> (AnswerCase, String, SQLAnswer)? in
        let parts = answer.name.split(separator: "/")
        guard parts.first == "wrong", parts.count > 1, answer.fileType == "sql",
          answer.expectedVerdict != "could-not-read",
          let query = try? SQLAnswer(String(answer.lines[0].text.dropFirst("answer ".count)))
        else { return nil }
        return (answer, String(parts[1]), query)
      }
      let names = Set(queries.map(\.1))
      let strangers = killer.rows.flatMap { row in
        row.kills.filter { !names.contains($0) }.map { (row.line, $0) }
      }
      return [
        CheckJob("\(subject.name) killer") { run in
          for (line, stranger) in strangers {
            run.found(
              CheckFinding(
                rule: name, code: "wrong.kills-nobody", file: subject.file("worlds/killer.ndjson"),
                line: line, text: stranger,
                values: ["name": stranger, "known": names.sorted().joined(separator: ", ")]))
          }
        }
      ]
        + queries.map { answer, misconception, query in
          CheckJob("\(subject.name) killer \(misconception)") { run in
            try checkKiller(subject, question, killer, answer, misconception, query, run)
          }
        }
    }
  }

  private func checkKiller(
    _ subject: CheckSubject, _ question: SQLQuestion, _ killer: KillerWorld,
    _ answer: AnswerCase, _ misconception: String, _ query: SQLAnswer, _ run: CheckRun
  ) throws {
    // Columns that differ are seen in every world; no row is needed.
    guard
      ![SQLQuestion.columnsFeedbackID, SQLQuestion.failedFeedbackID]
        .contains(answer.expectedFeedback ?? "")
    else { return }
    let world = try run.open(.single, after: [])
    defer { world.close() }
    let duel = QueryDuel(question: question, host: world.host)
    func differs(_ tables: [GradingTable], _ place: String) throws -> Bool {
      let (isDifferent, seconds) = try timed { try duel.differ(query, on: tables) }
      run.graded(
        GradingRecord(
          exercise: subject.name, rule: name, answer: answer.name, world: place,
          setting: .single, verdict: isDifferent ? "not-yet" : "passed",
          feedback: isDifferent ? answer.expectedFeedback : nil, seconds: seconds))
      return isDifferent
    }
    if try !differs(killer.grading, "killer") {
      run.found(
        CheckFinding(
          rule: name, code: "wrong.survives-killer", file: subject.file("worlds/killer.ndjson"),
          line: 1, text: misconception, values: ["answer": answer.name, "name": misconception]))
      return
    }
    let rows = killer.rows.filter { $0.kills.contains(misconception) }
    guard let first = rows.first else {
      return run.found(
        CheckFinding(
          rule: name, code: "wrong.no-killer-row", file: subject.file("worlds/killer.ndjson"),
          line: 1, text: misconception, values: ["answer": answer.name, "name": misconception]))
    }
    if try differs(killer.removing(kills: misconception).grading, "killer without \(misconception)") {
      run.found(
        CheckFinding(
          rule: name, code: "wrong.killed-by-others", file: subject.file("worlds/killer.ndjson"),
          line: first.line, text: misconception,
          values: ["answer": answer.name, "name": misconception]))
    }
  }
}
