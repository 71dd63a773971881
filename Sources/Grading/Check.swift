/// One rule that a right answer keeps.
package struct Check: Sendable {
  /// Which result of the query means that the rule is broken.
  package enum FailsWhen: String, Sendable, CaseIterable {
    /// The query returns the offending rows; none means that the rule is kept.
    case rows
    /// The query returns what has to be there; none means that the rule is broken.
    case noRows = "no-rows"
  }

  /// How several checks make one verdict.
  package enum Combination: String, Sendable, CaseIterable {
    /// The first check that fails decides; the others are not asked.
    case first
    /// All are asked; some passed and some failed is `partly`.
    case parts
  }

  /// The file's name without its ending, such as `10-tapped`.
  package var name: String
  /// What a right answer achieves, as the learner may be shown it.
  package var goal: LocalizedText
  /// The feedback that a broken rule gets.
  package var feedback: String
  package var sql: SQLTemplate
  package var failsWhen: FailsWhen
  /// Queries whose first rows give further placeholders to this check's feedback.
  package var values: [SQLTemplate]
}
