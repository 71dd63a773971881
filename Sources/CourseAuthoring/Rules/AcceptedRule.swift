// Rule 4: every accepted answer passes, twice, on every seed, in both languages, in both zones and in
// both normal forms.

internal import Course

/// Accepted answers pass.
struct AcceptedRule: CheckRule {
  let name = "accepted"

  func jobs(_ subject: CheckSubject, _ extent: CheckExtent) -> [CheckJob] {
    switch subject.content {
    case .exercise(_, let answers):
      answers.filter { $0.expectedVerdict == "passed" }.flatMap { answer in
        extent.accepted.map { setting in
          CheckJob("\(subject.name) \(answer.name)") { run in
            let play = AnswerPlay(rule: name, run: run, setting: setting)
            var result = try play.play(answer, keepsWorld: true)
            if result.problems.isEmpty, let world = result.world {
              // The same answer once more, in the world as the first check left it.
              let again = play.judge(answer, in: world, checksOnly: true)
              if !again.problems.isEmpty { report(again, "accepted.second", answer.file, subject, play) }
            } else {
              report(result, "accepted.failed", answer.file, subject, play)
            }
            result.world?.close()
            result.world = nil
          }
        }
      }
    case .incident(let incident, let answers):
      answers.filter { $0.verdict == "passed" }.flatMap { answer in
        extent.accepted.map { setting in
          CheckJob("\(subject.name) \(answer.name)") { run in
            let play = AnswerPlay(rule: name, run: run, setting: setting)
            for code in ["accepted.failed", "accepted.second"] {
              let result = try play.play(answer, of: incident)
              guard result.problems.isEmpty else {
                return report(result, code, answer.file, subject, play)
              }
            }
          }
        }
      }
    case .course, .unloadable: []
    }
  }

  private func report(
    _ result: AnswerPlay.Result, _ code: String, _ file: String, _ subject: CheckSubject,
    _ play: AnswerPlay
  ) {
    play.run.found(
      CheckFinding(
        rule: name, code: code, file: subject.file(file), line: result.line,
        text: result.problems.joined(separator: " "),
        values: [
          "setting": play.setting.description, "problem": result.problems.joined(separator: " "),
        ]))
  }
}
