// The course's own sentences, by their keys in the catalogue: what no exercise's file says.

internal import Grading

/// The shared sentences, in the language in which the learner reads now.
struct CourseTexts {
  /// Looks up a key and fills its placeholders.
  let say: (_ key: String, _ values: [String: String]) -> String

  func couldNotRead(_ form: String) -> String { say("course.couldNotRead", ["form": form]) }
  func form(_ form: String) -> String { say("course.form", ["form": form]) }
  var noForm: String { say("course.noForm", [:]) }
  var noPartForm: String { say("course.noPartForm", [:]) }
  func notAttempted(_ form: String) -> String { say("course.notAttempted", ["form": form]) }
  func checkerFailed(_ reason: String) -> String { say("course.checkerFailed", ["reason": reason]) }

  func partly(_ passed: Int, of total: Int) -> String {
    say("course.partly", ["passed": String(passed), "total": String(total)])
  }

  // MARK: Parts and choices

  var passedBefore: String { say("course.passedBefore", [:]) }
  var choiceForm: String { say("course.choiceForm", [:]) }
  var twoTierForm: String { say("course.twoTierForm", [:]) }
  func orderForm(_ count: Int) -> String { say("course.orderForm", ["count": String(count)]) }
  var sqlForm: String { say("course.sqlForm", [:]) }
  var programForm: String { say("course.programForm", [:]) }
  var options: String { say("course.options", [:]) }
  var reasons: String { say("course.reasons", [:]) }

  /// The feedback that needs no text of the exercise's own; nil for every other id.
  func builtIn(_ feedback: String, _ values: [String: HostValue]) -> String? {
    switch feedback {
    case ChoiceItem.otherReasonFeedback: return say("course.otherReason", [:])
    case "wrong-order":
      guard case .integer(let count)? = values["right_count"] else { return nil }
      return say("course.wrongOrder", ["count": String(count)])
    default: return nil
    }
  }

  var passed: String { say("course.passed", [:]) }
  var notYet: String { say("course.notYet", [:]) }

  func rung(_ number: Int, of count: Int) -> String {
    say("course.rung", ["number": String(number), "count": String(count)])
  }

  // MARK: Solutions

  func solutionClosed(_ done: Int, of needed: Int) -> String {
    say("course.solution.closed", ["done": String(done), "needed": String(needed)])
  }

  var noSolution: String { say("course.solution.none", [:]) }
  var solutionHead: String { say("course.solution.head", [:]) }
  var solutionMarked: String { say("course.solution.marked", [:]) }

  func solutionOther(_ number: Int, hasMarks: Bool) -> String {
    say(
      hasMarks ? "course.solution.other" : "course.solution.otherWhole",
      ["number": String(number)]
    )
  }

  func solutionPart(_ part: String) -> String { say("course.solution.part", ["part": part]) }
  var solutionQuery: String { say("course.solution.query", [:]) }

  var misconceptionHint: String { say("course.misconceptionHint", [:]) }
  var noHints: String { say("course.noHints", [:]) }

  // MARK: Glossary quiz

  var noQuiz: String { say("course.quiz.none", [:]) }
  func quizForm(_ count: Int) -> String { say("course.quiz.form", ["count": String(count)]) }
  var quizRight: String { say("course.quiz.right", [:]) }
  func quizWrong(_ right: String) -> String { say("course.quiz.wrong", ["right": right]) }

  func quizScore(_ right: Int, of count: Int, isPassed: Bool) -> String {
    say(
      isPassed ? "course.quiz.passed" : "course.quiz.notPassed",
      ["right": String(right), "count": String(count)]
    )
  }

  // MARK: Lessons

  func outcome(guess: String?, actual: String?) -> String {
    switch (guess, actual) {
    case (let guess?, let actual?): say("course.outcome", ["guess": guess, "actual": actual])
    case (nil, let actual?): say("course.outcome.notGuessed", ["actual": actual])
    case (let guess?, nil): say("course.outcome.unknown", ["guess": guess])
    case (nil, nil): say("course.outcome.none", [:])
    }
  }

  func optionRange(_ count: Int) -> String { say("course.optionRange", ["count": String(count)]) }

  func unavailableLine(_ reason: String) -> String {
    say("course.unavailableLine", ["reason": reason])
  }

  func taskAbove(_ id: String) -> String { say("course.taskAbove", ["id": id]) }
  func exerciseIsOpen(_ id: String) -> String { say("course.exerciseIsOpen", ["id": id]) }

  func exerciseSkipped(_ id: String) -> String { say("course.exerciseSkipped", ["id": id]) }

  func unfinishedNeeds(_ lessons: String) -> String {
    say("course.unfinishedNeeds", ["lessons": lessons])
  }

  var atBeginning: String { say("course.atBeginning", [:]) }
  var endOfPath: String { say("course.endOfPath", [:]) }
  var nothingToSkip: String { say("course.nothingToSkip", [:]) }

  func placeNotStored(_ reason: String) -> String {
    say("course.placeNotStored", ["reason": reason])
  }

  // MARK: Progress file

  func notStored(_ reason: String) -> String { say("course.notStored", ["reason": reason]) }

  func notice(_ notice: ProgressNotice) -> String { say(notice.key, notice.fields) }
}

extension LessonHost {
  /// The shared sentences.
  var texts: CourseTexts { CourseTexts { self.text($0, $1) } }
}
