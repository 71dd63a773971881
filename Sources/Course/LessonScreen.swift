// What a lesson wants to have printed, and what the prompt waits for: values in one language.

internal import Grading

/// What is to be printed after one turn of a lesson, and what is waited for then.
package struct LessonScreen: Sendable, Hashable {
  /// In the order in which to print; empty where nothing changed.
  package var items: [Item]
  package var waiting: Waiting
  /// What the learner must know about the progress file; empty as a rule.
  package var notices: [String]

  /// One thing to print, in the learner's language.
  package enum Item: Sendable, Hashable {
    /// The head of a lesson, where it begins.
    case lessonTitle(id: String, title: String, question: String?)
    /// The head of a section: `00 이벤트의 여정 (1/5)`.
    case sectionTitle(Heading)
    /// CommonMark.
    case prose(String)
    /// The id of a product card.
    case card(String)
    /// A question with its options; the certainty marks are explained once per lesson.
    case prediction(Question)
    /// The exercise of that id starts here, to be shown with its task.
    case exercise(String)
    /// An exercise on the way that was passed before.
    case passedBefore(String)
    case outcome(Outcome)
    /// A sentence of the course's own, such as why `next` does not go on.
    case note(String)
  }

  /// The head of a section.
  package struct Heading: Sendable, Hashable {
    package var lesson: String
    package var lessonTitle: String
    package var section: String
    package var sectionTitle: String
    /// 1-based.
    package var number: Int
    package var count: Int
    package var minutes: Int?
  }

  /// A prediction's question.
  package struct Question: Sendable, Hashable {
    package var id: String
    package var question: String
    /// In the order of their numbers, from 1.
    package var options: [String]
  }

  /// A prediction beside what turned out.
  package struct Outcome: Sendable, Hashable {
    package var question: String
    /// What was predicted; nil where the question was skipped.
    package var guess: String?
    package var certainty: LessonPlayer.Certainty?
    /// What turned out; nil where it could not be found out.
    package var actual: String?
    package var because: String?
    /// Nil where one of the two is not known.
    package var isRight: Bool?
    /// The whole of it as one or two sentences, ready to print.
    package var text: String
  }

  /// What the prompt waits for.
  package enum Waiting: Sendable, Hashable {
    /// Enter runs `line`; `number` of `count` in its block, from 1.
    case line(String, number: Int, count: Int)
    /// The line at the place needs a value that is not there; Enter leaves the block out.
    case unavailableLine(reason: String)
    case prediction(Question)
    /// The exercise that `answer`, `check` and `hint` speak of. Enter shows what is open.
    case exercise(String, isPassed: Bool)
    /// Enter or `next` opens the section of that id and title.
    case sectionEnd(next: String, title: String)
    /// Enter or `next` opens that lesson; nil where the role's path has no further lesson here.
    case lessonEnd(next: String?, title: String?)
    /// The script was left; `resume` or `next` comes back to section `place`.
    case playing(place: String)
    /// There is no course to play.
    case nothing
  }
}

/// Reads what a learner typed at a prediction: `2`, `2!` (sure), `2?` (a guess), `2번`, `２`.
///
/// Returns nil for what is no number at all, which is then a command. The option is 0-based and
/// may lie outside the options.
package func readGuess(_ text: String) -> LessonPlayer.Guess? {
  var rest = normalizedAnswer(text)
  var certainty = LessonPlayer.Certainty.plain
  if rest.hasSuffix("!") {
    certainty = .sure
    rest.removeLast()
  } else if rest.hasSuffix("?") {
    certainty = .guess
    rest.removeLast()
  }
  rest = normalizedAnswer(rest)
  for ending in ["번", ")", "."] where rest.hasSuffix(ending) { rest.removeLast() }
  guard !rest.isEmpty, rest.count <= 3, rest.allSatisfy({ $0.isASCII && $0.isNumber }),
    let number = Int(rest)
  else { return nil }
  return LessonPlayer.Guess(option: number - 1, certainty: certainty)
}
