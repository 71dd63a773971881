// What a grader saw, besides the verdict: where an answer differs, on which rows, in which world.
//
// A verdict says what; evidence shows it. `EvidenceText` puts it into words, `course grade --json`
// prints it as it is.

/// A verdict, the answer it speaks of, and what it rests on.
package struct Judgement: Sendable, Hashable {
  package var verdict: Verdict
  /// The values read from the answer; nil where the question has no fields.
  package var answer: AnswerValues?
  package var evidence: Evidence

  package init(_ verdict: Verdict, answer: AnswerValues? = nil, evidence: Evidence = Evidence()) {
    self.verdict = verdict
    self.answer = answer
    self.evidence = evidence
  }
}

/// What the verdict rests on; every part is empty where it does not apply.
package struct Evidence: Sendable, Hashable {
  /// The world in which the answer was found wrong.
  package var world: GradedWorld?
  package var difference: ResultDifference?
  /// The life of the row that differs, as the exercise's `story` query tells it.
  package var story: HostTable?
  package var counterexample: Counterexample?
  /// A unit that was mistaken for another; also set where the answer passed all the same.
  package var slip: UnitSlip?
  /// The id of the intermediate step that is wrong.
  package var step: String?
  /// What the engine said of an answer that it would not run.
  package var engineMessage: String?
  /// Why an answer is no query that can be judged.
  package var refusal: SQLAnswer.Refusal?
  /// One entry per grading that ran, in order.
  package var gradings: [Grading]
  package var criteria: [CriterionScore]
  package var invariant: InvariantBreach?

  package init() {
    gradings = []
    criteria = []
  }
}

/// Which of a question's worlds.
package struct GradedWorld: Sendable, Hashable {
  package enum Kind: String, Sendable, Hashable {
    case visible, killer, hidden
  }

  package var kind: Kind
  /// 1-based among the worlds of its kind.
  package var number: Int
  /// Zero where the world has none.
  package var seed: UInt64
  /// Its yesterday, `2024-01-15`.
  package var day: String

  package init(_ kind: Kind, number: Int = 1, seed: UInt64 = 0, day: String) {
    self.kind = kind
    self.number = number
    self.seed = seed
    self.day = day
  }
}

/// One grading of one answer in one world.
package struct Grading: Sendable, Hashable {
  package var world: GradedWorld
  /// `Verdict.name`.
  package var verdict: String
  package var feedback: String?

  package init(world: GradedWorld, verdict: String, feedback: String? = nil) {
    self.world = world
    self.verdict = verdict
    self.feedback = feedback
  }
}

/// How a document stands on one criterion.
package struct CriterionScore: Sendable, Hashable {
  package var id: String
  package var title: LocalizedText
  /// 0, 2 or 4.
  package var points: Int
  /// The first thing that is missing or wrong; nil at full points.
  package var feedback: String?

  package init(id: String, title: LocalizedText, points: Int, feedback: String?) {
    self.id = id
    self.title = title
    self.points = points
    self.feedback = feedback
  }
}
