/// A question whose answer is a document: fields in YAML or Markdown, judged by criteria of 0, 2 or
/// 4 points each.
///
/// ```yaml
/// # checks/10-design.yaml
/// kind: document
/// goal: {ko: 파이프라인 설계서, en: The pipeline's design}
/// feedback: incomplete-design
/// file: design.md
/// fields:
///   - {name: events_per_day, type: integer, min: 1, unit: events, feedback: no-event-count}
///   - {name: format, type: choice, choices: [parquet, json], feedback: no-format}
///   - {name: owner, type: text, words_min: 1, feedback: no-owner}
/// criteria:
///   - id: numbers
///     title: {ko: 숫자가 맞습니다, en: The numbers agree}
///     feedback: numbers-disagree
///     checks:
///       - {value: events_per_day, equals: "SELECT count(*) * 500 FROM …", tolerance: 10%}
///       - {value: bytes_per_day / events_per_day, equals: 540, tolerance: 20%}
///       - {value: rate, answer: 01-8, part: backlog, unit: events/s}
/// pass: 6
/// ```
package struct DocumentQuestion: Sendable {
  package enum FieldType: String, Sendable, CaseIterable {
    case integer, number, text, choice, list, date
  }

  package struct Field: Sendable {
    package var name: String
    package var type: FieldType
    package var isRequired: Bool
    package var min: Double?
    package var max: Double?
    package var choices: [String]
    /// At least so many words of a text, or elements of a list.
    package var countMin: Int
    /// The unit in which a number is read; nil for none.
    package var unit: NumberUnit?
    package var feedback: String
  }

  /// One thing that a criterion asks.
  package enum Rule: Sendable {
    /// The field is there and well formed.
    case present(String)
    /// An expression over fields is what a query, an expression or an earlier answer says.
    case equals(NumberExpression, NumberQuestion.Source, NumberQuestion.Tolerance)
    case answer(
      NumberExpression,
      exercise: String,
      part: String,
      unit: NumberUnit,
      NumberQuestion.Tolerance
    )
    /// A text field names at least so many of these words.
    case mentions(field: String, words: [String], atLeast: Int)
  }

  package struct RuleItem: Sendable {
    package var rule: Rule
    /// Nil takes the criterion's.
    package var feedback: String?
  }

  package struct Criterion: Sendable {
    package var id: String
    package var title: LocalizedText
    package var feedback: String
    package var rules: [RuleItem]
  }

  package var name: String
  package var goal: LocalizedText
  package var feedback: String
  /// The file that `check` reads where no other is named, such as `design.md`.
  package var file: String?
  package var fields: [Field]
  package var criteria: [Criterion]
  /// The points that pass; at most four per criterion.
  package var pointsToPass: Int

  package static let pointsMax = 4

  /// The declared feedback ids.
  package var feedbackIDs: [String] {
    fields.map(\.feedback)
      + criteria.flatMap { criterion in
        criterion.rules.compactMap(\.feedback) + [criterion.feedback]
      } + [feedback]
  }
}
