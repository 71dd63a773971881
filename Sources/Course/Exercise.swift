package import Grading

/// One exercise as the learner and the grader know it: a folder of files, no Swift.
///
/// 1. `Exercise.load` reads the folder and refuses what is malformed (`Exercise+Load.swift`).
/// 2. `ExerciseSession` takes an answer, which the exercise's `AnswerForm` reads.
/// 3. `Grader` runs the `checks` in file order over a `LessonHost`; the first that fails decides.
/// 4. The verdict's text comes from `feedback`, filled with the offending row's values.
/// 5. Numbers, queries, documents and states in other worlds are questions of their own kinds, each
///    declared in one check and judged by its own grader.
package struct Exercise: Sendable {
  /// Whether a role's path contains it or offers it beside.
  package enum Tier: String, Sendable, CaseIterable {
    case core
    case `extension`
  }

  /// What is judged.
  ///
  /// `state`: the pipeline's state and addresses in it, asked by SQL. `choice`: what the learner
  /// understood, asked in choices and orders. The others are what the answer is: a number, a query,
  /// a program, a document.
  package enum Kind: String, Sendable, CaseIterable {
    case state
    case choice
    case number
    case sql
    case dataframe
    case document

    /// The kind of check that such an exercise has; nil where it may be any.
    var check: CheckLoader.Kind? {
      switch self {
      case .state, .choice: nil
      case .number: .number
      case .sql: .sql
      case .dataframe: .dataframe
      case .document: .document
      }
    }
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
  /// What an exercise without parts asks where it is not `checks` alone.
  package var question: ExercisePart.Question?
  /// The tables of queries and of the killer world, without rows.
  package var tables: [GradingTable]
  /// The text of `passed` and of each feedback id.
  package var feedback: [String: LocalizedText]
  /// The rungs, gentlest first.
  package var hintRungs: [LocalizedText]
  /// The hints of one part instead of the general ones, in their order, by the part's id; parts
  /// without any are not in it.
  package var partHintRungs: [String: [LocalizedText]] = [:]
  /// The hint for each feedback id.
  package var misconceptionHints: [String: LocalizedText]
  /// The folder, as `load` was given it.
  package var folder: String

  /// The parts, or the one without a name.
  package var questions: [ExercisePart] {
    parts.isEmpty
      ? [
        ExercisePart(
          id: "",
          title: nil,
          question: question ?? .checks(answer, checks, values: [])
        )
      ] : parts
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

  /// The worlds that its checks open, each once: to be made while the learner reads the task.
  package var worldRequests: [WorldRequest] {
    var seen: Set<WorldRequest> = []
    return questions.flatMap(\.madeWorlds).map(\.request).filter { seen.insert($0).inserted }
  }

  /// True where the exercise begins with a fork of the learner's world: its files lie over the
  /// pipeline, or what was changed since is judged.
  package var needsFork: Bool {
    ContentFolder(path: folder).isFolder("start")
      || questions.contains { part in
        guard case .state(let state) = part.question else { return false }
        return state.items.contains { if case .rows = $0.rule { false } else { true } }
      }
  }

  /// The files of `start/`, to be laid over the pipeline; empty where there are none.
  ///
  /// Throws where one of them is no text.
  package func startFiles() throws -> [LearnerChanges.File] {
    try ContentFolder(path: folder).pipelineFiles(in: "start")
  }

  /// Every hint by its name: `1`, `clock.1` for a part's own, the feedback id of a misconception.
  package var hints: [(name: String, text: LocalizedText)] {
    func numbered(_ rungs: [LocalizedText], _ prefix: String) -> [(name: String, text: LocalizedText)] {
      rungs.enumerated().map { (prefix + String($0 + 1), $1) }
    }
    return numbered(hintRungs, "")
      + partHintRungs.sorted { $0.key < $1.key }.flatMap { numbered($1, $0 + ".") }
      + misconceptionHints.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }

  /// The name of the fork of the learner's world that is taken when the exercise begins.
  package var forkName: String { "exercise \(id)" }

  /// The name of the feedback that a passed part gets besides the count of parts.
  static func passedFeedbackID(part: String) -> String { "passed-\(part)" }
}
