// A choice as one learner sees it at one attempt: the drawn item, its options and reasons in their
// shuffled order, and how an answer to it is read and judged.

/// One item of a choice as it is shown: its options and reasons in their order, and who is right.
package struct ChoiceQuestion {
  package let item: ChoiceItem
  /// In the order shown; option 1 is the first.
  package let options: [ChoiceItem.Option]
  package let reasons: [ChoiceItem.Option]

  /// Draws the item and the order for one attempt (0 for the first).
  ///
  /// The pool is gone through in an order of the learner's own, so that a retry is another item.
  package static func draw(
    _ pool: [ChoiceItem],
    seed: UInt64,
    exercise: String,
    part: String,
    attempt: Int
  ) -> ChoiceQuestion? {
    guard !pool.isEmpty else { return nil }
    var order = SeededGenerator(seed: seed, exercise, part)
    let item = order.shuffled(pool)[attempt % pool.count]
    var generator = SeededGenerator(seed: seed, exercise, part, item.id, String(attempt))
    return ChoiceQuestion(
      item: item,
      options: generator.shuffled(item.options),
      reasons: generator.shuffled(item.reasons)
    )
  }

  // MARK: Reading

  /// What was chosen, by 0-based index in the order shown.
  package struct Answer: Hashable {
    var option: Int
    var reason: Int?
  }

  /// Reads numbers, ids or words; nil where that has no meaning, or more than one, or lacks a
  /// tier.
  package func read(_ text: String) -> Answer? {
    if let numbers = readNumbers(text) { return numbers }
    let normalized = normalizedAnswer(text)
    guard !normalized.isEmpty, normalized.count <= 400 else { return nil }
    if reasons.isEmpty { return Self.index(of: normalized, in: options).map { Answer(option: $0) } }
    var found: Set<Answer> = []
    for (index, character) in zip(normalized.indices, normalized)
    where character.isWhitespace || ",;/·:".contains(character) {
      let left = normalizedAnswer(String(normalized[..<index]))
      let right = normalizedAnswer(String(normalized[index...].drop { ",;/·: ".contains($0) }))
      if let option = Self.index(of: left, in: options),
        let reason = Self.index(of: right, in: reasons)
      {
        found.insert(Answer(option: option, reason: reason))
      }
    }
    return found.count == 1 ? found.first : nil
  }

  private func readNumbers(_ text: String) -> Answer? {
    guard let values = Self.form(hasReasons: !reasons.isEmpty).read(text),
      case .integer(let option)? = values["option"], (1...Int64(options.count)).contains(option)
    else { return nil }
    guard !reasons.isEmpty else { return Answer(option: Int(option) - 1) }
    guard case .integer(let reason)? = values["reason"],
      (1...Int64(reasons.count)).contains(reason)
    else { return nil }
    // `3번 이유 1번` says which number is the reason in two ways; only both labels may turn the
    // order round.
    let text = normalizedAnswer(text)
    let first = text.split { !($0.isASCII && $0.isNumber) }.first.flatMap { Int64($0) }
    if first != option {
      let words = text.split { !$0.isLetter }.map(String.init)
      let labels = Self.form(hasReasons: true).fields.map { field in
        field.words.contains { word in
          words.contains { $0 == word || (!word.allSatisfy(\.isASCII) && $0.hasPrefix(word)) }
        }
      }
      guard labels == [true, true] else { return nil }
    }
    return Answer(option: Int(option) - 1, reason: Int(reason) - 1)
  }

  /// The form of the numbers, which is also what the learner is shown.
  static func form(hasReasons: Bool) -> AnswerForm {
    let option = AnswerForm.Field(
      name: "option",
      type: .integer,
      words: ["option", "options", "choice", "a", "답", "선택", "보기", "선택지"]
    )
    let reason = AnswerForm.Field(
      name: "reason",
      type: .integer,
      words: ["reason", "reasons", "why", "r", "이유", "근거"]
    )
    return AnswerForm(
      // How it is written is said by the session, in the learner's language.
      form: LocalizedText([:]),
      fields: hasReasons ? [option, reason] : [option],
      fillers: [
        "번", "번째", "은", "는", "이", "가", "의", "과", "와", "하고", "이고", "입니다", "이에요",
        "예요", "요", "no", "number", "and", "the", "is", "because", "with",
      ]
    )
  }

  /// The one option that a number, an id or words mean.
  private static func index(of text: String, in options: [ChoiceItem.Option]) -> Int? {
    guard !text.isEmpty else { return nil }
    let digits = text.hasSuffix("번") ? String(text.dropLast()) : text
    if let number = Int(digits) {
      return options.indices.contains(number - 1) ? number - 1 : nil
    }
    let names = options.map { option in
      [option.id.lowercased()] + option.text.texts.values.map(normalizedAnswer)
    }
    let same = names.indices.filter { names[$0].contains(text) }
    if same.count == 1 { return same.first }
    guard text.count >= 2 else { return nil }
    let near = names.indices.filter { index in names[index].contains { $0.contains(text) } }
    return near.count == 1 ? near.first : nil
  }

  // MARK: Judging

  /// Passed, or the feedback of the first tier that is wrong.
  package func judge(_ answer: Answer, language: CourseLanguage) -> Verdict {
    let option = options[answer.option]
    let reason = answer.reason.map { reasons[$0] }
    let values: [String: HostValue] = [
      "answer.option": .text(option.text[language]),
      "answer.reason": reason.map { .text($0.text[language]) } ?? .null,
    ]
    guard option.isCorrect else { return .notYet(feedback: option.feedbackID, values: values) }
    guard let reason else { return .passed }
    guard reason.isCorrect else { return .notYet(feedback: reason.feedbackID, values: values) }
    guard reason.fits.isEmpty || reason.fits.contains(option.id) else {
      return .notYet(feedback: ChoiceItem.otherReasonFeedback, values: values)
    }
    return .passed
  }

  // MARK: Declared answers

  /// The numbers of a right answer, as they are shown now.
  package var correctNumbers: String? {
    for (index, option) in options.enumerated() where option.isCorrect {
      guard !reasons.isEmpty else { return String(index + 1) }
      let reason = reasons.firstIndex { reason in
        reason.isCorrect && (reason.fits.isEmpty || reason.fits.contains(option.id))
      }
      if let reason { return "\(index + 1) \(reason + 1)" }
    }
    return nil
  }

  /// The numbers of that option and, where there are two tiers, that reason.
  ///
  /// Without a reason, a right one is taken, so that only the option is put to the test.
  ///
  /// Throws `course.bad-template` with the known ids.
  package func numbers(option optionID: String, reason reasonID: String?) throws -> String {
    guard let option = options.firstIndex(where: { $0.id == optionID }) else {
      throw Self.unknown("option", optionID, options, item)
    }
    guard !reasons.isEmpty else { return String(option + 1) }
    guard let reasonID else {
      let right = reasons.firstIndex { reason in
        reason.isCorrect && (reason.fits.isEmpty || reason.fits.contains(optionID))
      }
      return "\(option + 1) \((right ?? reasons.firstIndex(where: \.isCorrect) ?? 0) + 1)"
    }
    guard let reason = reasons.firstIndex(where: { $0.id == reasonID }) else {
      throw Self.unknown("reason", reasonID, reasons, item)
    }
    return "\(option + 1) \(reason + 1)"
  }

  private static func unknown(
    _ what: String,
    _ id: String,
    _ options: [ChoiceItem.Option],
    _ item: ChoiceItem
  ) -> CourseError {
    CourseError(
      code: "course.bad-template",
      message: "The item `\(item.id)`, which is drawn here, has no \(what) `\(id)`.",
      advice: "Every item of a pool needs it: \(options.map(\.id).joined(separator: ", ")).",
      fields: ["item": item.id, "id": id]
    )
  }
}
