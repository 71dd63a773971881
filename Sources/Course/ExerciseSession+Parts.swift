// What the learner is shown of an exercise with parts, and how declared answers name its options.

internal import Grading

extension ExerciseSession {
  /// A part as it is asked now, in the learner's language.
  package struct PartView: Sendable, Hashable {
    package var id: String
    package var title: String?
    /// 1-based, and how many there are.
    package var number: Int
    package var count: Int
    /// Empty where the part is asked in the task's own text.
    package var question: String
    /// The options, or the items of an order, in the order of their numbers.
    package var options: [String]
    /// The second tier, with numbers of its own; empty where there is none.
    package var reasons: [String]
    /// How the answer is written: `answer` and this.
    package var form: String
    /// All of it, ready to print.
    package var text: String
  }

  /// The state of one part.
  package struct PartState: Sendable, Hashable {
    package var id: String
    package var title: String
    package var isPassed: Bool
  }

  /// The parts with their state, in order; empty for an exercise without parts.
  package var parts: [PartState] {
    exercise.parts.map { part in
      PartState(
        id: part.id,
        title: part.title?[language] ?? part.id,
        isPassed: isPassed(part: part.id)
      )
    }
  }

  /// The part that is asked now; nil for an exercise without parts, and where all were passed.
  ///
  /// Changes after every attempt that counts: another item is drawn after a wrong answer.
  package var partView: PartView? {
    guard !exercise.parts.isEmpty, let part = openPart,
      let index = exercise.parts.firstIndex(where: { $0.id == part.id })
    else { return nil }
    var view = PartView(
      id: part.id,
      title: part.title?[language],
      number: index + 1,
      count: exercise.parts.count,
      question: "",
      options: [],
      reasons: [],
      form: form(part) ?? "",
      text: ""
    )
    switch part.question {
    case .checks, .number, .sql, .dataframe, .document, .state: break
    case .choice(let pool):
      guard let choice = choice(pool, part: part.id) else { break }
      view.question = choice.item.question[language]
      view.options = choice.options.map { $0.text[language] }
      view.reasons = choice.reasons.map { $0.text[language] }
    case .order(let question):
      view.options = order(question, part: part.id).items.map { $0.text[language] }
    }
    view.text = text(view)
    return view
  }

  private func text(_ view: PartView) -> String {
    var lines: [String] = []
    let head = view.title.map { "  \($0)" } ?? ""
    if view.count > 1 || view.title != nil { lines.append("\(view.number)/\(view.count)\(head)") }
    if !view.question.isEmpty { lines.append(view.question) }
    func list(_ texts: [String]) -> [String] {
      texts.enumerated().map { "  \($0 + 1)) \($1)" }
    }
    if !view.reasons.isEmpty { lines.append(texts.options) }
    lines += list(view.options)
    if !view.reasons.isEmpty { lines += [texts.reasons] + list(view.reasons) }
    lines.append(view.form.isEmpty ? texts.noPartForm : texts.form(view.form))
    return lines.joined(separator: "\n")
  }

  /// What a bare `answer` shows: the part that is open, else how an answer is written.
  package var answerForm: String {
    if let partView { return partView.text }
    guard exercise.parts.isEmpty else { return texts.passedBefore }
    guard let form = form(exercise.questions[0]) else { return texts.noForm }
    return texts.form(form)
  }

  // MARK: Declared answers

  /// Replaces `{{correct}}`, `{{option: ID}}` and `{{option: ID, reason: ID}}` in an `answer` line
  /// by the numbers that are shown now for the part that the line speaks of, and
  /// `{{number: outage * rate}}` by what that comes to with the numbers that this learner has drawn.
  ///
  /// Throws `course.bad-template` where the part has no such answer.
  package func replacingChoices(in line: String) throws -> String {
    guard let open = line.firstRange(of: "{{"),
      let close = line[open.upperBound...].firstRange(of: "}}")
    else { return line }
    let before = line[..<open.lowerBound]
    let name = normalizedAnswer(String(before.dropFirst("answer".count)))
    let part = exercise.parts.first { $0.id == name } ?? openPart ?? exercise.questions.first
    let inside = line[open.upperBound..<close.lowerBound]
    let numbers = try numbers(String(inside), part)
    return try replacingChoices(in: "\(before)\(numbers)\(line[close.upperBound...])")
  }

  private func numbers(_ placeholder: String, _ part: ExercisePart?) throws -> String {
    let fields = placeholder.split(separator: ",").map { field in
      field.split(separator: ":", maxSplits: 1).map { String($0.filter { !$0.isWhitespace }) }
    }
    if let part {
      switch part.question {
      case .choice(let pool):
        guard let choice = choice(pool, part: part.id) else { break }
        if fields == [["correct"]], let numbers = choice.correctNumbers { return numbers }
        if let option = fields.first, option.first == "option", option.count == 2 {
          let reason = fields.dropFirst().first
          if fields.count == 1 || (reason?.first == "reason" && reason?.count == 2) {
            return try choice.numbers(option: option[1], reason: reason?[1])
          }
        }
      case .order(let question):
        let shown = order(question, part: part.id)
        if fields == [["correct"]], let numbers = shown.numbers(of: question.correct) {
          return numbers
        }
        if let ids = fields.first, ids.first == "order", ids.count == 2 {
          let wanted = placeholder.split(separator: ":", maxSplits: 1)[1]
            .split(whereSeparator: \.isWhitespace).map(String.init)
          if let numbers = shown.numbers(of: wanted) { return numbers }
        }
      case .number(let question):
        let prefix = placeholder.split(separator: ":", maxSplits: 1)
        guard prefix.count == 2, prefix[0].filter({ !$0.isWhitespace }) == "number" else { break }
        return try number(String(prefix[1]), question)
      case .checks, .sql, .dataframe, .document, .state: break
      }
    }
    throw CourseError(
      code: "course.bad-template",
      message: "`{{\(placeholder)}}` means nothing for the part `\(part?.id ?? "")`.",
      advice: "Write `{{correct}}` or `{{option: ID, reason: ID}}` for a choice, `{{correct}}` or "
        + "`{{order: ID ID ID}}` for an order, `{{number: rate * 60}}` for a number, and "
        + "`{{sql: SELECT …}}` for an answer."
    )
  }

  /// What an expression over the drawn inputs comes to, to six decimals.
  private func number(_ text: String, _ question: NumberQuestion) throws -> String {
    let inputs = inputs(question)
    let known = inputs.keys.sorted().joined(separator: ", ")
    do {
      let expression = try NumberExpression.parse(text)
      if let value = expression.value(inputs), value.isFinite, value.magnitude < 1e15 {
        let rounded = (value * 1e6).rounded() / 1e6
        return rounded == rounded.rounded() ? String(Int64(rounded)) : String(rounded)
      }
    } catch {
      throw CourseError(
        code: "course.bad-template",
        message: "`{{number:\(text)}}` cannot be read: \(error.message)",
        advice: "Write arithmetic over the inputs: \(known)."
      )
    }
    throw CourseError(
      code: "course.bad-template",
      message: "`{{number:\(text)}}` comes to no number.",
      advice: "It may name the inputs: \(known)."
    )
  }
}
