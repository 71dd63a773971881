package import Grading

/// A verdict with its text.
package struct CheckResult: Sendable {
  package var exerciseID: String
  /// The part that was judged; nil in an exercise without parts, or where none was.
  package var part: String?
  package var verdict: Verdict
  /// What to print, in the learner's language; several lines, tables aligned.
  package var text: String
  /// How many attempts the learner has made, this one included where it counts.
  package var attemptCount: Int
  /// True where this check is the learner's first pass of the exercise.
  package var isFirstPass: Bool
  /// Placeholders that nothing filled: a mistake of the author, which the lint reports.
  package var unknownPlaceholders: [String]
  /// What could not be stored, in the learner's language; empty as a rule.
  package var notices: [String]
}
