package import Grading

/// A value that sizing begins with: `Lessons/assumptions.yaml`.
///
/// ```yaml
/// - id: push_factor
///   ko: 푸시 배수
///   en: push factor
///   unit: times
///   choices: [2.5, 3, 4]
///   source: {ko: 이 코스가 정한 값입니다., en: Set by the course.}
///   date: "2024-01-16"
/// ```
package struct Assumption: Sendable, Hashable {
  /// Its name in formulas and in SQL.
  package var id: String
  package var title: LocalizedText
  package var unit: NumberUnit
  /// The unit as a learner reads it.
  package var unitWord: LocalizedText
  /// One value, or those of which each learner draws one.
  package var choices: [Double]
  package var source: LocalizedText
  /// The day of which the value is, as `2024-01-16`.
  package var date: String

  /// True where learners begin with different values.
  package var isDrawn: Bool { choices.count > 1 }

  /// The value that a learner begins with: the same seed draws the same on every machine.
  package func value(seed: UInt64) -> Double {
    var generator = SeededGenerator(seed: seed, "assumption", id)
    return choices[generator.index(below: choices.count)]
  }
}

/// An assumption with the value that holds for this learner.
package struct AssumptionInForce: Sendable, Hashable {
  /// Where the value comes from.
  package enum Origin: String, Sendable, Hashable {
    /// The same for everybody.
    case course
    /// Drawn from the learner's seed.
    case drawn
    /// Set by the learner.
    case own
  }

  package var assumption: Assumption
  package var value: Double
  package var origin: Origin
  /// As `2024-01-16`.
  package var date: String
}

extension CourseContent {
  /// The assumptions of `Lessons/assumptions.yaml`, in their order; none without such a file.
  package func assumptions() throws -> [Assumption] {
    guard ContentFolder(path: root + "/Lessons").exists("assumptions.yaml") else { return [] }
    return try entries("assumptions.yaml", "assumptions", id: \.id, Assumption.parse)
  }
}

extension Assumption {
  static let valueRange = 1e-9...1e15

  static func parse(_ node: ManifestNode) throws -> Assumption {
    try node.allowKeys(["id", "ko", "en", "unit", "shown", "value", "choices", "source", "date"])
    let id = try node.formulaName()
    let unit = try node.sizingUnit()
    let choices: [Double]
    if let list = node.optional("choices") {
      guard node.optional("value") == nil else {
        throw list.error(
          "course.bad-value", "An assumption has a value or choices, not both.",
          advice: "Take one of them away.")
      }
      choices = try list.elements(example: "[2.5, 3, 4]").map {
        try $0.number(valueRange, example: "3")
      }
      guard choices.count > 1 else {
        throw list.error(
          "course.bad-value", "There is nothing to draw from.",
          advice: "Name two choices or more, or write `value`.")
      }
    } else {
      choices = [try node.required("value", example: "3").number(valueRange, example: "3")]
    }
    let dateNode = try node.required("date", example: "\"2024-01-16\"")
    let date = try dateNode.text(example: "\"2024-01-16\"")
    // A day that exists is the day before the day after it.
    guard date.count == 10, nextDay(previousDay(date)) == date, date != previousDay(date) else {
      throw dateNode.wrongType("a day", example: "\"2024-01-16\"")
    }
    return Assumption(
      id: id,
      title: try node.localizedBeside(needsBoth: true),
      unit: unit.unit,
      unitWord: unit.word,
      choices: choices,
      source: try node.both("source"),
      date: date
    )
  }
}

extension ManifestNode {
  /// The `id` of what formulas name.
  func formulaName() throws -> String {
    let node = try required("id", example: "push_factor")
    let id = try node.text(example: "push_factor")
    let isName =
      id.first?.isLetter == true
      && id.allSatisfy { $0.isASCII && ($0.isLowercase || $0.isNumber || $0 == "_") }
    guard isName, id != Worksheet.rightName, id != "clear" else {
      throw node.error(
        "course.bad-value", "`\(id)` cannot be a name in formulas.",
        advice: "Use small letters, digits and `_`. "
          + "`\(Worksheet.rightName)` and `clear` are taken.")
    }
    return id
  }

  /// `unit`, and `shown` where learners read another word for it.
  func sizingUnit() throws -> (unit: NumberUnit, word: LocalizedText) {
    let node = try required("unit", example: "events/s")
    let text = try node.text(example: "events/s")
    guard let unit = NumberUnit.named(text) else {
      throw node.error(
        "course.bad-value", "`\(text)` is no unit.",
        advice: "Write for example events/s, MB/s, GB, bytes, shards.")
    }
    let word = try optional("shown")?.localized(needsBoth: true)
    return (unit, word ?? LocalizedText(ko: text, en: text))
  }
}
