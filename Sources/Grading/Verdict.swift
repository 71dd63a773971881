// The outcome of one check of an exercise, and what the learner is told.

/// What became of an answer.
///
/// Only `notYet` and `partly` are attempts that failed.
package enum Verdict: Sendable, Hashable {
  case passed
  /// A rule is broken: the feedback id, and the values its text names.
  case notYet(feedback: String, values: [String: HostValue])
  /// Some rules are kept, or some parts are passed, and some are not yet.
  ///
  /// The feedback is that of the first broken rule; nil where a part was passed just now.
  case partly(passed: Int, of: Int, feedback: String?, values: [String: HostValue])
  /// There was nothing to judge.
  case notAttempted
  /// The answer has no reading or more than one. Costs nothing.
  case couldNotRead(form: String)
  /// The question could not be asked. Says nothing about the answer.
  case checkerFailed(reason: String)

  /// The name that is stored and that `expect.yaml` uses.
  package var name: String {
    switch self {
    case .passed: "passed"
    case .notYet: "not-yet"
    case .partly: "partly"
    case .notAttempted: "not-attempted"
    case .couldNotRead: "could-not-read"
    case .checkerFailed: "checker-failed"
    }
  }

  /// The names of all verdicts.
  package static let names = [
    "passed", "not-yet", "partly", "not-attempted", "could-not-read", "checker-failed",
  ]

  /// The misconception that was recognised; nil where none was.
  package var feedbackID: String? {
    switch self {
    case .notYet(let feedback, _): feedback
    case .partly(_, _, let feedback, _): feedback
    case .passed, .notAttempted, .couldNotRead, .checkerFailed: nil
    }
  }

  /// True for verdicts about the answer itself; the others are free.
  package var countsAsAttempt: Bool {
    switch self {
    case .passed, .notYet, .partly: true
    case .notAttempted, .couldNotRead, .checkerFailed: false
    }
  }

  /// The exit code of `tapline -c`: 0 passed, 1 not yet, 2 usage, 3 the tool failed.
  package var exitCode: Int32 {
    switch self {
    case .passed: 0
    case .notYet, .partly, .notAttempted: 1
    case .couldNotRead: 2
    case .checkerFailed: 3
    }
  }
}
