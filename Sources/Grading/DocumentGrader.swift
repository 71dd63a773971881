// Judges a document by its fields: whether they are there, in their range, and agree with the
// learner's own numbers. Prose is not judged beyond what it must mention.

internal import Foundation

/// Judges one `DocumentQuestion`.
package struct DocumentGrader {
  let question: DocumentQuestion
  /// The learner's last passed answer to another exercise, as it was typed; nil where there is none.
  let answered: (_ exercise: String, _ part: String) -> String?

  package init(
    question: DocumentQuestion,
    answered: @escaping (_ exercise: String, _ part: String) -> String? = { _, _ in nil }
  ) {
    self.question = question
    self.answered = answered
  }

  /// Judges the text of a document.
  package func grade(_ text: String?, host: any LessonHost) -> Judgement {
    guard let text, !text.allSatisfy(\.isWhitespace) else { return Judgement(.notAttempted) }
    let names = question.fields.map(\.name)
    guard let document = DocumentFields.read(text, names: names) else {
      return Judgement(.couldNotRead(form: form(host)))
    }
    let world = WorldValues(host: host, inputs: [:], deadline: Deadline())
    defer { world.close() }
    do {
      return try judge(document, world)
    } catch {
      return Judgement(.checkerFailed(reason: "\(error)"))
    }
  }

  /// How the answer is given, in the learner's language.
  package func form(_ host: any LessonHost) -> String {
    host.text(
      "course.documentForm",
      [
        "file": question.file ?? "design.md",
        "fields": question.fields.map(\.name).joined(separator: ", "),
      ]
    )
  }

  // MARK: Fields

  /// The numbers of the well-formed fields, and the feedback of each that is not.
  private func readFields(_ document: DocumentFields) -> (
    numbers: [String: Double], present: Set<String>, broken: [String: String]
  ) {
    var numbers: [String: Double] = [:]
    var present: Set<String> = []
    var broken: [String: String] = [:]
    for field in question.fields {
      guard let text = document.texts[field.name]?.trimmedSpaces, !text.isEmpty,
        !Self.isPlaceholder(text)
      else {
        if field.isRequired { broken[field.name] = field.feedback }
        continue
      }
      if isWellFormed(field, text, document.lists[field.name], &numbers) {
        present.insert(field.name)
      } else {
        broken[field.name] = field.feedback
      }
    }
    return (numbers, present, broken)
  }

  /// What a template leaves to be filled in.
  private static func isPlaceholder(_ text: String) -> Bool {
    ["todo", "tbd", "...", "…", "?", "-", "n/a", "미정", "작성", "<...>"]
      .contains(text.lowercased()) || (text.hasPrefix("<") && text.hasSuffix(">"))
  }

  private func isWellFormed(
    _ field: DocumentQuestion.Field,
    _ text: String,
    _ list: [String]?,
    _ numbers: inout [String: Double]
  ) -> Bool {
    switch field.type {
    case .integer, .number:
      let unit = field.unit ?? NumberUnit(.count, name: "")
      let nouns = Set(unit.name.split(separator: "/").prefix(1).map(String.init))
      guard let read = NumberReader(unit: unit, nouns: nouns).read(text), read.count == 1 else {
        return false
      }
      guard let value = read[0].value(in: unit), value.isFinite,
        field.type == .number || value == value.rounded(),
        field.min.map({ value >= $0 }) ?? true, field.max.map({ value <= $0 }) ?? true
      else { return false }
      numbers[field.name] = value
      return true
    case .text:
      return text.split(whereSeparator: \.isWhitespace).count >= field.countMin
    case .choice:
      return field.choices.map(normalizedAnswer).contains(normalizedAnswer(text))
    case .list:
      let items = list ?? text.split(separator: ",").map(String.init)
      return items.filter { !$0.allSatisfy(\.isWhitespace) && !Self.isPlaceholder($0) }.count
        >= field.countMin
    case .date:
      return text.wholeMatch(of: /\d{4}-\d{2}-\d{2}/) != nil
    }
  }

  // MARK: Criteria

  private func judge(_ document: DocumentFields, _ world: WorldValues) throws -> Judgement {
    let fields = readFields(document)
    world.known = fields.numbers
    var evidence = Evidence()
    var firstFeedback = question.fields.lazy.compactMap { fields.broken[$0.name] }.first
    for criterion in question.criteria {
      var kept = 0
      var wrong: String?
      for item in criterion.rules {
        if try holds(item.rule, fields.present, fields.numbers, document, world) {
          kept += 1
        } else if wrong == nil {
          wrong = item.feedback ?? criterion.feedback
        }
      }
      let points =
        kept == criterion.rules.count
        ? DocumentQuestion.pointsMax : kept * 2 >= criterion.rules.count && kept > 0 ? 2 : 0
      evidence.criteria.append(
        CriterionScore(id: criterion.id, title: criterion.title, points: points, feedback: wrong)
      )
      if firstFeedback == nil { firstFeedback = wrong }
    }
    let total = evidence.criteria.reduce(0) { $0 + $1.points }
    let values: [String: HostValue] = [
      "points": .integer(Int64(total)),
      "points_max": .integer(Int64(question.criteria.count * DocumentQuestion.pointsMax)),
      "points_to_pass": .integer(Int64(question.pointsToPass)),
      "missing": fields.broken.isEmpty
        ? .null
        : .text(
          question.fields.map(\.name).filter { fields.broken[$0] != nil }
            .joined(separator: ", ")
        ),
    ]
    if fields.broken.isEmpty, total >= question.pointsToPass {
      return Judgement(.passed, evidence: evidence)
    }
    let full = evidence.criteria.filter { $0.points == DocumentQuestion.pointsMax }.count
    let feedback = firstFeedback ?? question.feedback
    // The fields together are one thing to do beside the criteria.
    let done = full + (fields.broken.isEmpty ? 1 : 0)
    guard done > 0 else {
      return Judgement(.notYet(feedback: feedback, values: values), evidence: evidence)
    }
    return Judgement(
      .partly(
        passed: min(done, question.criteria.count),
        of: question.criteria.count + 1,
        feedback: feedback,
        values: values
      ),
      evidence: evidence
    )
  }

  private func holds(
    _ rule: DocumentQuestion.Rule,
    _ present: Set<String>,
    _ numbers: [String: Double],
    _ document: DocumentFields,
    _ world: WorldValues
  ) throws -> Bool {
    switch rule {
    case .present(let name): return present.contains(name)
    case .mentions(let field, let words, let least):
      guard present.contains(field), let text = document.texts[field].map(normalizedAnswer) else {
        return false
      }
      return words.filter { text.contains($0) }.count >= least
    case .equals(let expression, let source, let tolerance):
      // The query is asked even where the field is missing: a check that cannot run must say so.
      if case .expression(let other) = source, other.names.contains(where: { numbers[$0] == nil }) {
        return false
      }
      let right = try world.number(source)
      guard let value = expression.value(numbers) else { return false }
      return tolerance.accepts(value, for: right)
    case .answer(let expression, let exercise, let part, let unit, let tolerance):
      guard let value = expression.value(numbers), let answer = answered(exercise, part),
        let right = Quantity.stored(answer, part: part, unit: unit)
      else { return false }
      return tolerance.accepts(value, for: right)
    }
  }
}
