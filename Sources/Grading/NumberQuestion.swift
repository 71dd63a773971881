/// A question whose answer is a number with a unit.
///
/// ```yaml
/// # checks/10-catch-up.yaml
/// kind: number
/// goal: {ko: 따라잡는 데 걸리는 시간, en: The time to catch up}
/// feedback: wrong-time
/// form: {ko: "시간과 단위, 예: 45분", en: "a time with its unit, such as 45 min"}
/// unit: min
/// tolerance: 2%
/// inputs:
///   outage: {choices: [2, 3, 4, 5]}
///   rate: {from: 500, to: 700, step: 1}
/// value: backlog / (3000 - rate) / 60
/// steps:
///   - id: backlog
///     goal: {ko: 밀린 이벤트, en: The backlog}
///     value: outage * 3600 * rate
///     unit: events
///     words: [backlog, 밀린]
///     feedback: wrong-backlog
/// mistakes:
///   - {value: backlog / 3000 / 60, feedback: forgot-the-arrivals}
/// ```
package struct NumberQuestion: Sendable, Hashable {
  /// Where a number comes from.
  package enum Source: Sendable, Hashable {
    /// The first value of a query's first row.
    case query(SQLTemplate)
    case expression(NumberExpression)
  }

  /// How far an answer may be off.
  package enum Tolerance: Sendable, Hashable {
    case absolute(Double)
    /// A fraction of the right value: 0.02 for 2 %.
    case relative(Double)

    func accepts(_ value: Double, for right: Double) -> Bool {
      let rounding = 1e-9 * max(abs(right), abs(value))
      return switch self {
      case .absolute(let limit): abs(value - right) <= limit + rounding
      case .relative(let limit): abs(value - right) <= limit * abs(right) + rounding
      }
    }

    /// As a fraction of that value.
    func fraction(of value: Double) -> Double {
      switch self {
      case .absolute(let limit): value == 0 ? 0 : limit / abs(value)
      case .relative(let limit): limit
      }
    }
  }

  /// A value drawn for each learner, which the task names as `{NAME}`.
  package struct Input: Sendable, Hashable {
    package var name: String
    package var choices: [Double]
  }

  /// An intermediate number, which an answer may give beside the last.
  package struct Step: Sendable, Hashable {
    package var id: String
    package var goal: LocalizedText
    package var source: Source
    package var unit: NumberUnit
    package var tolerance: Tolerance
    /// The labels by which an answer names it.
    package var words: [String]
    package var feedback: String
    /// True where an answer without it is not read.
    package var isAsked: Bool
  }

  /// A number that a known misconception leads to.
  package struct Mistake: Sendable, Hashable {
    package var source: Source
    package var feedback: String
  }

  package var name: String
  package var goal: LocalizedText
  package var feedback: String
  package var form: LocalizedText
  package var unit: NumberUnit
  /// The unit as the learner is told it.
  package var unitWord: String
  package var tolerance: Tolerance
  package var source: Source
  package var inputs: [Input]
  package var steps: [Step]
  package var mistakes: [Mistake]
  /// Feedback of the exercise's own for slips of unit.
  package var slipFeedback: [UnitSlip.Kind: String]
  /// Queries whose first rows give further placeholders to the texts.
  package var values: [SQLTemplate]

  /// The feedback of a slip of unit, where the exercise has none of its own.
  package static let slipFeedbackID = "unit-slip"

  /// The declared feedback ids.
  package var feedbackIDs: [String] {
    steps.map(\.feedback) + mistakes.map(\.feedback)
      + UnitSlip.Kind.allCases.compactMap { slipFeedback[$0] } + [feedback]
  }

  /// The inputs of one learner.
  ///
  /// The same seed and exercise draw the same values on every machine; parts that name an input
  /// alike, with the same choices, share its value.
  package func inputs(seed: UInt64, exercise: String) -> [String: Double] {
    var values: [String: Double] = [:]
    for input in inputs {
      var generator = SeededGenerator(seed: seed, exercise, input.name)
      values[input.name] = input.choices[generator.index(below: input.choices.count)]
    }
    return values
  }
}

extension Double {
  /// An integer where it is whole, so that a text shows `4` and not `4.0`.
  package var hostValue: HostValue {
    self == rounded() && magnitude < 1e15 ? .integer(Int64(self)) : .double(self)
  }
}

extension HostValue {
  /// Its number; nil for texts that are none, for null and for truth values.
  var number: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .double(let value): value.isFinite ? value : nil
    case .text(let text): Double(text).flatMap { $0.isFinite ? $0 : nil }
    case .null, .boolean: nil
    }
  }
}
