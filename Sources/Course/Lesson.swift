// A lesson as the prompt plays it: sections of steps, the same in both languages.

package import Grading

/// One lesson's text, cut into steps.
package struct Lesson: Sendable, Hashable {
  /// What happens at a step.
  package enum Step: Sendable, Hashable {
    /// A paragraph, or several, to read.
    case prose(LocalizedText)
    /// Lines that are shown, and run on Enter, one after the other.
    case demonstration(Demonstration)
    /// A question before a demonstration; never graded.
    case prediction(Prediction)
    /// The exercise starts here.
    case exercise(String)
    /// A product card.
    case card(String)

    /// True where the player stops: the learner has to do something.
    package var isStop: Bool {
      switch self {
      case .demonstration, .prediction, .exercise: true
      case .prose, .card: false
      }
    }
  }

  /// Lines to run, per language the same number; `{{sql: …}}` stands for a query's single value.
  package struct Demonstration: Sendable, Hashable {
    /// At least one line.
    package var lines: [LocalizedText]

    package init(lines: [LocalizedText]) { self.lines = lines }
  }

  /// A question with options; the choice is stored and shown beside the result.
  package struct Prediction: Sendable, Hashable {
    /// How it is found out which option was right.
    package enum Outcome: Sendable, Hashable {
      /// The 0-based index, known to the author.
      case option(Int)
      /// A query whose single value is the 1-based number of the option.
      case sql(String)
    }

    /// Unique within the course; predictions are stored under it.
    package var id: String
    package var question: LocalizedText
    /// Two to five; a prediction is the 0-based index of one.
    package var options: [LocalizedText]
    package var outcome: Outcome
    /// How many of the following demonstrations run before the outcome is shown; at least 1.
    package var after: Int
    /// One sentence that is shown with the outcome.
    package var because: LocalizedText?
  }

  /// A part of the lesson with its own number, such as `0.1`.
  package struct Section: Sendable, Hashable {
    package var id: String
    package var title: LocalizedText
    package var steps: [Step]
  }

  package var sections: [Section]

  package init(sections: [Section]) { self.sections = sections }
}
