// A lesson as the prompt plays it: sections of steps, the same in both languages.

/// One lesson's text, cut into steps.
package struct Lesson: Sendable {
  /// What happens at a step.
  package enum Step: Sendable, Hashable {
    /// A paragraph, or several, to read.
    case prose(LocalizedText)
    /// Lines that are shown, and run on Enter.
    case demonstration(LocalizedText)
    /// A question before a demonstration; never graded.
    case prediction(Prediction)
    /// The exercise starts here.
    case exercise(String)
    /// A product card.
    case card(String)

    var kindName: String {
      switch self {
      case .prose: "text"
      case .demonstration: "tapline"
      case .prediction: "predict"
      case .exercise: "exercise"
      case .card: "card"
      }
    }
  }

  /// A question with options; the choice is stored and shown beside the result.
  package struct Prediction: Sendable, Hashable {
    /// Unique within the course; predictions are stored under it.
    package var id: String
    package var question: LocalizedText
    /// At least two; a prediction is the 0-based index of one.
    package var options: [LocalizedText]
  }

  /// A part of the lesson with its own number, such as `0.1`.
  package struct Section: Sendable {
    package var id: String
    package var title: LocalizedText
    package var steps: [Step]
  }

  package var sections: [Section]
}

/// The order of the course: `Lessons/course.yaml`.
package struct CourseOutline: Sendable {
  /// A lesson's entry.
  package struct LessonEntry: Sendable {
    package var id: String
    /// The folder under `Lessons` and `Exercises`, such as `00-journey`.
    package var slug: String
    package var title: LocalizedText
    /// The roles whose path holds the lesson: mobile, backend, techlead.
    package var roles: [Role]
    /// Ids of lessons that come before.
    package var needs: [String]
    package var sections: [SectionEntry]
    /// The sum of the sections' minutes.
    package var minutes: Int { sections.reduce(0) { $0 + $1.minutes } }
  }

  /// A section's entry: what it introduces, so that nothing is asked before it was taught.
  package struct SectionEntry: Sendable {
    package var id: String
    package var title: LocalizedText
    package var minutes: Int
    package var commands: [String]
    package var terms: [String]
    package var exercises: [String]
  }

  /// What a learner works as.
  package enum Role: String, Sendable, CaseIterable {
    case mobile
    case backend
    case techlead
  }

  package var lessons: [LessonEntry]
}
