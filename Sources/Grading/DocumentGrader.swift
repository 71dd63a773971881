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
    let fields = readFields(document)
    if let (field, written) = fields.unread {
      return Judgement(.couldNotRead(form: form(of: field, written, host)))
    }
    let world = WorldValues(host: host, inputs: [:], deadline: Deadline())
    defer { world.close() }
    do {
      return try judge(document, fields, world)
    } catch {
      return Judgement(.checkerFailed(reason: host.reason(error)))
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

  /// How the one field is written that could not be read.
  private func form(
    of field: DocumentQuestion.Field, _ written: String, _ host: any LessonHost
  ) -> String {
    var values = [
      "file": question.file ?? "design.md", "field": field.name, "given": String(written.prefix(60)),
    ]
    let kind: String
    switch field.type {
    case .integer, .number: kind = "number"
    case .date: kind = "date"
    case .choice:
      kind = "choice"
      values["choices"] = field.choices.joined(separator: ", ")
    case .text, .list: return form(host)
    }
    return host.text("course.documentField." + kind, values)
  }

  // MARK: Fields

  /// What the fields say.
  private struct Fields {
    /// The numbers of the fields that keep to their form.
    var numbers: [String: Double] = [:]
    /// Those that keep to their form.
    var present: Set<String> = []
    /// The feedback of each that is missing or out of its range.
    var broken: [String: String] = [:]
    /// The first that says nothing of its kind, and what it says.
    var unread: (field: DocumentQuestion.Field, written: String)?
  }

  private enum Reading {
    case kept, broken, unread
  }

  private func readFields(_ document: DocumentFields) -> Fields {
    var fields = Fields()
    for field in question.fields {
      guard let text = document.texts[field.name]?.trimmedSpaces, !text.isEmpty,
        !Self.isPlaceholder(text)
      else {
        if field.isRequired { fields.broken[field.name] = field.feedback }
        continue
      }
      switch read(field, text, document.lists[field.name], &fields.numbers) {
      case .kept: fields.present.insert(field.name)
      case .broken: fields.broken[field.name] = field.feedback
      case .unread: if fields.unread == nil { fields.unread = (field, text) }
      }
    }
    return fields
  }

  /// What a template leaves to be filled in.
  private static func isPlaceholder(_ text: String) -> Bool {
    ["todo", "tbd", "...", "…", "?", "-", "n/a", "미정", "작성", "<...>"]
      .contains(text.lowercased()) || (text.hasPrefix("<") && text.hasSuffix(">"))
  }

  private func read(
    _ field: DocumentQuestion.Field,
    _ text: String,
    _ list: [String]?,
    _ numbers: inout [String: Double]
  ) -> Reading {
    switch field.type {
    case .integer, .number:
      let unit = field.unit ?? NumberUnit(.count, name: "")
      let nouns = Set(unit.name.split(separator: "/").prefix(1).map(String.init))
      guard let read = NumberReader(unit: unit, nouns: nouns).read(text), read.count == 1 else {
        return .unread
      }
      guard let value = read[0].value(in: unit), value.isFinite,
        field.type == .number || value == value.rounded(),
        field.min.map({ value >= $0 }) ?? true, field.max.map({ value <= $0 }) ?? true
      else { return .broken }
      numbers[field.name] = value
      return .kept
    case .text:
      return text.split(whereSeparator: \.isWhitespace).count >= field.countMin ? .kept : .broken
    case .choice:
      return field.choices.map(normalizedAnswer).contains(normalizedAnswer(text)) ? .kept : .unread
    case .list:
      let items = list ?? text.split(separator: ",").map(String.init)
      let count = items.filter { !$0.allSatisfy(\.isWhitespace) && !Self.isPlaceholder($0) }.count
      return count >= field.countMin ? .kept : .broken
    case .date:
      return text.wholeMatch(of: /\d{4}-\d{2}-\d{2}/) != nil ? .kept : .unread
    }
  }

  // MARK: Criteria

  private func judge(
    _ document: DocumentFields, _ fields: Fields, _ world: WorldValues
  ) throws -> Judgement {
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
