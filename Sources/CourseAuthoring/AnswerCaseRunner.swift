package import Course
package import Grading

/// Plays a declared answer against a host and compares the verdict with the declared one.
///
/// `answer …` and `check` go to an `ExerciseSession` without a store; every other line goes to the
/// host as if typed. The verdict of the last check counts.
package enum AnswerCaseRunner {
  /// What happened.
  package struct Outcome: Sendable {
    package var caseName: String
    /// The last check's result; nil where the script did not get that far.
    package var result: CheckResult?
    /// What differs from the declaration, each a sentence; empty is a success.
    package var problems: [String]
    /// The lines as they were run, queries replaced.
    package var transcript: [String]
    package var isAsExpected: Bool { problems.isEmpty }
  }

  static func isCheck(_ line: String) -> Bool {
    line == "check" || line == "answer" || line.hasPrefix("answer ")
  }

  /// Runs the script from its first line; the host should stand at the exercise's start.
  ///
  /// `seed` is the learner's: other seeds draw other items in another order. `compose` gives a line
  /// the form in which it is typed; `willCheck` and `didCheck` are called around each check.
  package static func run(
    _ answerCase: AnswerCase,
    host: any LessonHost,
    seed: UInt64 = 1,
    compose: (String) -> String = { $0 },
    willCheck: () -> Void = {},
    didCheck: (CheckResult) -> Void = { _ in }
  ) -> Outcome {
    var outcome = Outcome(caseName: answerCase.name, result: nil, problems: [], transcript: [])
    let folder = answerCase.exercise.folder
    let session = ExerciseSession(
      exercise: answerCase.exercise, host: host, seed: seed,
      readFile: { ContentFolder.bytes(of: $0.hasPrefix("/") ? $0 : folder + "/" + $0) })
    do {
      try host.save(answerCase.files)
    } catch {
      outcome.problems.append("Its files could not be saved: \(error)")
      return outcome
    }
    for line in answerCase.lines {
      do {
        var text = line.text
        if !line.isVerbatim {
          text = try replacingQueries(in: text, host: host)
          if isCheck(text) { text = try session.replacingChoices(in: text) }
        }
        text = compose(text)
        outcome.transcript.append(text)
        if isCheck(text) {
          let answer = text == "check" ? nil : String(text.dropFirst("answer".count))
          willCheck()
          let result = session.check(answer: answer)
          outcome.result = result
          didCheck(result)
        } else {
          let reply = try host.run(text)
          outcome.transcript.append(reply.output)
          if reply.exitCode != 0 {
            outcome.problems.append(
              "Line \(line.number) `\(text)` ended with exit code \(reply.exitCode): "
                + reply.output
            )
            return outcome
          }
        }
      } catch {
        outcome.problems.append("Line \(line.number) `\(line.text)` failed: \(error)")
        return outcome
      }
    }
    compare(answerCase, &outcome)
    return outcome
  }

  private static func compare(_ answerCase: AnswerCase, _ outcome: inout Outcome) {
    guard let result = outcome.result else {
      outcome.problems.append("The script checked nothing.")
      return
    }
    let verdict = result.verdict
    if verdict.name != answerCase.expectedVerdict
      || verdict.feedbackID != answerCase.expectedFeedback
    {
      let expected = describe(answerCase.expectedVerdict, answerCase.expectedFeedback)
      let got = describe(verdict.name, verdict.feedbackID)
      outcome.problems.append("Expected \(expected), got \(got): \(result.text)")
    }
    if !result.unknownPlaceholders.isEmpty {
      outcome.problems.append(
        "No query gives the placeholders \(result.unknownPlaceholders.joined(separator: ", "))."
      )
    }
  }

  private static func describe(_ verdict: String, _ feedback: String?) -> String {
    feedback.map { "\(verdict) with \($0)" } ?? verdict
  }
}
