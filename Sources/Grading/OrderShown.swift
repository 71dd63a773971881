// An order question as one learner sees it: the items in a shuffled order, and how an answer to it
// is read and judged.

/// The items of an order as they are shown, and what an answer in their numbers means.
package struct OrderShown {
  let question: OrderQuestion
  /// In the order shown; item 1 is the first. Never the right order.
  package let items: [OrderQuestion.Item]

  /// Shuffles for a learner; the order stays the same over attempts, so that an answer can be
  /// mended.
  package static func draw(
    _ question: OrderQuestion,
    seed: UInt64,
    exercise: String,
    part: String
  ) -> OrderShown {
    var generator = SeededGenerator(seed: seed, exercise, part)
    var items = generator.shuffled(question.items)
    if items.map(\.id) == question.correct { items.append(items.removeFirst()) }
    return OrderShown(question: question, items: items)
  }

  // MARK: Reading

  /// Reads numbers or names; nil unless every item is named exactly once.
  package func read(_ text: String) -> [OrderQuestion.Item]? {
    let normalized = normalizedAnswer(text)
    guard !normalized.isEmpty, normalized.count <= 600 else { return nil }
    let indexes = numbers(normalized) ?? names(Array(normalized))
    guard let indexes, indexes.count == items.count, Set(indexes).count == items.count else {
      return nil
    }
    return indexes.map { items[$0] }
  }

  /// `3 1 2`, `3-1-2`, `3번 1번 2번`, and `312` where there are fewer than ten items.
  private func numbers(_ text: String) -> [Int]? {
    guard !text.contains(where: { $0.isLetter && $0 != "번" }) else { return nil }
    var numbers = text.split { !($0.isASCII && $0.isNumber) }.compactMap { Int($0) }
    if numbers.count == 1, items.count < 10, let only = numbers.first {
      numbers = String(only).compactMap(\.wholeNumberValue)
    }
    let indexes = numbers.map { $0 - 1 }
    return indexes.allSatisfy(items.indices.contains) ? indexes : nil
  }

  /// Names one after the other, with arrows, commas, spaces or `then` between them.
  private func names(_ text: [Character]) -> [Int]? {
    var names: [(name: [Character], index: Int)] = []
    for (index, item) in items.enumerated() {
      for name in [item.id.lowercased()] + item.text.texts.values.map(normalizedAnswer) {
        names.append((Array(name), index))
      }
    }
    names.sort { $0.name.count > $1.name.count }
    let fillers = ["그다음", "다음", "then", "and", "번"].map(Array.init)
    var found: [Int] = []
    var position = 0
    while position < text.count {
      let rest = text[position...]
      if let (name, index) = names.first(where: { rest.starts(with: $0.name) }) {
        found.append(index)
        position += name.count
      } else if let filler = fillers.first(where: { rest.starts(with: $0) }) {
        position += filler.count
      } else if !text[position].isLetter, !text[position].isNumber {
        position += 1
      } else {
        return nil
      }
    }
    return found
  }

  // MARK: Judging

  /// Passed, or the first misconception that the order shows, or how far it is right.
  package func judge(_ answer: [OrderQuestion.Item]) -> Verdict {
    let ids = answer.map(\.id)
    if ids == question.correct { return .passed }
    let right = zip(ids, question.correct).prefix { $0 == $1 }.count
    let values: [String: HostValue] = [
      "right_count": .integer(Int64(right)), "item_count": .integer(Int64(ids.count)),
    ]
    for mistake in question.mistakes {
      guard let first = ids.firstIndex(of: mistake.first),
        let then = ids.firstIndex(of: mistake.then), first < then
      else { continue }
      return .notYet(feedback: mistake.feedback, values: values)
    }
    return .notYet(feedback: question.feedbackID, values: values)
  }

  /// The numbers of those items, as they are shown now; nil where an id is unknown.
  package func numbers(of ids: [String]) -> String? {
    let numbers = ids.compactMap { id in items.firstIndex { $0.id == id } }
    guard numbers.count == ids.count else { return nil }
    return numbers.map { String($0 + 1) }.joined(separator: " ")
  }
}
