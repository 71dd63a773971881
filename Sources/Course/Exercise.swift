package import Grading

/// One exercise as the learner and the grader know it: a folder of files, no Swift.
///
/// 1. `Exercise.load` reads the folder and refuses what is malformed (`Exercise+Load.swift`).
/// 2. `ExerciseSession` takes an answer, which the exercise's `AnswerForm` reads.
/// 3. `Grader` runs the `checks` in file order over a `LessonHost`; the first that fails decides.
/// 4. The verdict's text comes from `feedback`, filled with the offending row's values.
package struct Exercise: Sendable {
  /// Whether a role's path contains it or offers it beside.
  package enum Tier: String, Sendable, CaseIterable {
    case core
    case `extension`
  }

  /// What is judged.
  ///
  /// `state`: the pipeline's state and addresses in it, asked by SQL. `choice`: what the learner
  /// understood, asked in choices and orders.
  package enum Kind: String, Sendable, CaseIterable {
    case state
    case choice
  }

  /// Never reused, such as `00-1`.
  package var id: String
  /// Raised when a change makes earlier passes doubtful.
  package var version: Int
  package var status: ContentStatus
  package var tier: Tier
  package var kind: Kind
  package var grading: Check.Combination
  package var title: LocalizedText
  package var minutes: Int
  /// Ids of exercises that come before.
  package var needs: [String]
  /// Checklist items that a pass counts for.
  package var proves: [String]
  /// Commands that a pass unlocks.
  package var unlocks: [String]
  /// The form of the answer of an exercise without parts; nil where it takes none.
  package var answer: AnswerForm?
  /// The questions of an exercise with parts; empty where it is one.
  package var parts: [ExercisePart]
  /// Queries whose first rows give further placeholders to every text of this exercise.
  package var values: [SQLTemplate]
  package var task: LocalizedText
  /// The checks of an exercise without parts, in the order in which they are asked.
  package var checks: [Check]
  /// The text of `passed` and of each feedback id.
  package var feedback: [String: LocalizedText]
  /// The rungs, gentlest first.
  package var hintRungs: [LocalizedText]
  /// The hint for each feedback id.
  package var misconceptionHints: [String: LocalizedText]
  /// The folder, as `load` was given it.
  package var folder: String

  /// The parts, or the one without a name.
  package var questions: [ExercisePart] {
    parts.isEmpty
      ? [ExercisePart(id: "", title: nil, question: .checks(answer, checks, values: []))] : parts
  }

  /// The declared feedback ids, each once, in the order of the parts.
  package var feedbackIDs: [String] {
    var seen: Set<String> = []
    return questions.flatMap(\.feedbackIDs).filter { seen.insert($0).inserted }
  }

  /// Every feedback id that an answer can get, each once.
  package var possibleFeedbackIDs: [String] {
    var seen: Set<String> = []
    return questions.flatMap(\.possibleFeedbackIDs).filter { seen.insert($0).inserted }
  }

  /// The name of the feedback that a passed part gets besides the count of parts.
  static func passedFeedbackID(part: String) -> String { "passed-\(part)" }
}
