// Reads what a learner typed as an answer, in any arrangement that has exactly one meaning.
//
// 1. The text is brought to one spelling: NFKC (full-width digits, decomposed Hangul), lower case.
// 2. It is cut into tokens: values, labels; constants, fillers and punctuation disappear.
//    A word that is none of these makes the answer unreadable.
// 3. The labels are laid on the values beside them in every possible way. One way only: read.

internal import Foundation

/// One spelling for answers and for the words they are compared with.
package func normalizedAnswer(_ text: String) -> String {
  let invisible: Set<Unicode.Scalar> = ["\u{200B}", "\u{200C}", "\u{200D}", "\u{2060}", "\u{FEFF}"]
  var scalars = String.UnicodeScalarView()
  scalars.append(contentsOf: text.unicodeScalars.filter { !invisible.contains($0) })
  return String(scalars).precomposedStringWithCompatibilityMapping.lowercased()
    .trimmingCharacters(in: .whitespacesAndNewlines)
}

struct AnswerReader {
  /// A longer text is not an answer; the limit keeps the search for readings small.
  private static let characterCountMax = 200

  private enum Token {
    case value(HostValue)
    /// A label, by the index of its field. `followsCounter` where the value before it carries a
    /// counter (`2번 파티션`), which in doubt ties the label to that value.
    case label(Int, followsCounter: Bool)
  }

  private let form: AnswerForm
  private let labels: [String: Int]
  private let silent: Set<String>
  /// All known words, longest first, for cutting Korean words that carry particles.
  private let known: [[Character]]
  private let constants: [[Character]]
  private let takesWords: Bool

  init(form: AnswerForm) {
    self.form = form
    var labels: [String: Int] = [:]
    for (index, field) in form.fields.enumerated() {
      for word in field.words { labels[word] = index }
    }
    self.labels = labels
    silent = Set(form.fillers + form.constants)
    known = (Array(labels.keys) + form.fillers + form.constants)
      .sorted { ($0.count, $1) > ($1.count, $0) }.map(Array.init)
    constants = form.constants.sorted { $0.count > $1.count }.map(Array.init)
    takesWords = form.fields.contains { $0.type == .word }
  }

  package func read(_ text: String) -> AnswerValues? {
    let characters = Array(normalizedAnswer(text))
    guard !characters.isEmpty, characters.count <= Self.characterCountMax,
      let tokens = tokens(characters)
    else { return nil }
    return reading(tokens)
  }

  // MARK: Tokens

  private func tokens(_ text: [Character]) -> [Token]? {
    var tokens: [Token] = []
    var index = 0
    while index < text.count {
      if let end = constantEnd(text, index) {
        index = end
      } else if Self.isDigit(text[index]) {
        guard let end = appendNumbers(text, index, &tokens) else { return nil }
        index = end
      } else if text[index].isLetter {
        guard let end = appendWord(text, index, &tokens) else { return nil }
        index = end
      } else {
        guard isPunctuation(text, index) else { return nil }
        index += 1
      }
      if tokens.count > form.fields.count * 2 { return nil }
    }
    return tokens
  }

  /// The end of a constant such as `app-events`, which may be followed by `-2` but not by `-dlq`.
  private func constantEnd(_ text: [Character], _ start: Int) -> Int? {
    if start > 0, text[start - 1].isLetter || Self.isDigit(text[start - 1]) { return nil }
    for constant in constants where text[start...].starts(with: constant) {
      let end = start + constant.count
      if end == text.count { return end }
      if isASCIILetter(text[end]) || Self.isDigit(text[end]) { continue }
      if text[end] == "-" || text[end] == "_" || text[end] == ".", end + 1 < text.count,
        text[end + 1].isLetter
      {
        continue
      }
      return end
    }
    return nil
  }

  private static func isDigit(_ character: Character) -> Bool {
    character.isASCII && character.isNumber
  }

  private func isASCIILetter(_ character: Character) -> Bool {
    character.isASCII && character.isLetter
  }

  /// Reads digits and the commas between them: `8,871` is one number, `2,8871` are two.
  ///
  /// Returns nil for decimals, signs and numbers beyond 64 bits.
  private func appendNumbers(
    _ text: [Character],
    _ start: Int,
    _ tokens: inout [Token]
  ) -> Int? {
    var end = start
    var groups: [[Character]] = [[]]
    var separators: Set<Character> = []
    while end < text.count {
      if Self.isDigit(text[end]) {
        groups[groups.count - 1].append(text[end])
      } else if text[end] == "," || text[end] == "_", end + 1 < text.count,
        Self.isDigit(text[end + 1])
      {
        separators.insert(text[end])
        groups.append([])
      } else {
        break
      }
      end += 1
    }
    if end + 1 < text.count, text[end] == ".", Self.isDigit(text[end + 1]) { return nil }
    let isGrouped =
      separators.count == 1 && groups[0].count <= 3 && groups[0] != ["0"]
      && groups.dropFirst().allSatisfy { $0.count == 3 }
    if separators.contains("_"), !isGrouped { return nil }
    for digits in isGrouped ? [groups.flatMap { $0 }] : groups {
      guard let value = Int64(String(digits)) else { return nil }
      tokens.append(.value(.integer(value)))
    }
    return end
  }

  /// Reads one run of letters: a known word, known words grown together, or a `word` value.
  private func appendWord(_ text: [Character], _ start: Int, _ tokens: inout [Token]) -> Int? {
    var end = start
    let counterEnd = counterEnd(text, before: start)
    while end < text.count, text[end].isLetter { end += 1 }
    if let parts = knownParts(text[start..<end]) {
      var hasCounter = counterEnd == start
      if start > 0, Self.isDigit(text[start - 1]), !text[start].isASCII { hasCounter = true }
      for part in parts {
        guard let field = labels[part] else { continue }
        tokens.append(.label(field, followsCounter: hasCounter))
        hasCounter = false
      }
      return end
    }
    guard takesWords else { return nil }
    while end < text.count,
      text[end].isLetter || Self.isDigit(text[end]) || text[end] == "_"
        || text[end] == "-"
    { end += 1 }
    tokens.append(.value(.text(String(text[start..<end]))))
    return end
  }

  /// `start`, where the word before it was written onto a number without a space, as in `2번`.
  private func counterEnd(_ text: [Character], before start: Int) -> Int? {
    var index = start
    while index > 0, text[index - 1].isWhitespace { index -= 1 }
    let wordEnd = index
    while index > 0, text[index - 1].isLetter, !text[index - 1].isASCII { index -= 1 }
    guard index < wordEnd, index > 0, Self.isDigit(text[index - 1]) else { return nil }
    return start
  }

  /// The known words that a run of letters consists of; nil where something is left over.
  ///
  /// Latin words must match whole. Korean ones are cut greedily, since particles follow without a
  /// space (`파티션의`, `번입니다`).
  private func knownParts(_ run: ArraySlice<Character>) -> [String]? {
    let whole = String(run)
    if labels[whole] != nil || silent.contains(whole) { return [whole] }
    if run.contains(where: isASCIILetter) { return nil }
    var parts: [String] = []
    var rest = run
    while !rest.isEmpty {
      guard let word = known.first(where: { rest.starts(with: $0) }) else { return nil }
      parts.append(String(word))
      rest = rest.dropFirst(word.count)
    }
    return parts
  }

  /// Punctuation that only separates.
  ///
  /// A minus that begins a number is not among it.
  private func isPunctuation(_ text: [Character], _ index: Int) -> Bool {
    let character = text[index]
    if character.isWhitespace { return true }
    if character == "-" {
      let next = index + 1 < text.count ? text[index + 1] : " "
      if !Self.isDigit(next) { return true }
      guard index > 0 else { return false }
      // `2-8871` and `app-events-2` separate; `2 -8871` and `2:-8871` are negative.
      return text[index - 1].isLetter || Self.isDigit(text[index - 1])
    }
    return ":;/,.=@#|()[]{}<>\"'`·→~".contains(character)
  }

  // MARK: Readings

  private func reading(_ tokens: [Token]) -> AnswerValues? {
    var values: [HostValue] = []
    for case .value(let value) in tokens { values.append(value) }
    guard values.count == form.fields.count else { return nil }
    if let assignment = listedAssignment(tokens) { return complete(assignment, values: values) }
    for trustsCounters in [false, true] {
      let assignments = adjacentAssignments(tokens, trustsCounters: trustsCounters)
      let readings = Set(assignments.compactMap { complete($0, values: values) })
      if readings.count == 1 { return readings.first }
    }
    return nil
  }

  /// All labels first and then all values, as in a copied table head: they match in order.
  private func listedAssignment(_ tokens: [Token]) -> [Int: Int]? {
    let count = form.fields.count
    guard count > 1, tokens.count == count * 2 else { return nil }
    var assignment: [Int: Int] = [:]
    for (position, token) in tokens.prefix(count).enumerated() {
      guard case .label(let field, _) = token else { return nil }
      assignment[position] = field
    }
    return assignment
  }

  /// Every way to lay each label on a value directly beside it: value index to field index.
  private func adjacentAssignments(
    _ tokens: [Token],
    trustsCounters: Bool
  ) -> [[Int: Int]] {
    var valueIndexes: [Int?] = []
    var count = 0
    for token in tokens {
      if case .value = token {
        valueIndexes.append(count)
        count += 1
      } else {
        valueIndexes.append(nil)
      }
    }
    var assignments: [[Int: Int]] = [[:]]
    for (position, token) in tokens.enumerated() {
      guard case .label(let field, let followsCounter) = token else { continue }
      var next: [[Int: Int]] = []
      let neighbours =
        trustsCounters && followsCounter ? [position - 1] : [position - 1, position + 1]
      for neighbour in neighbours where tokens.indices.contains(neighbour) {
        guard let value = valueIndexes[neighbour] else { continue }
        for var assignment in assignments where assignment[value] == nil {
          guard !assignment.values.contains(field) else { continue }
          assignment[value] = field
          next.append(assignment)
        }
      }
      assignments = next
    }
    return assignments
  }

  /// Gives the values without a label the fields that are left, in the declared order.
  private func complete(_ assignment: [Int: Int], values: [HostValue]) -> AnswerValues? {
    var left = form.fields.indices.filter { !assignment.values.contains($0) }[...]
    var result: [String: HostValue] = [:]
    for (index, value) in values.enumerated() {
      guard let fieldIndex = assignment[index] ?? left.popFirst() else { return nil }
      let field = form.fields[fieldIndex]
      switch (field.type, value) {
      case (.integer, .integer), (.word, .text): result[field.name] = value
      case (.word, .integer(let number)): result[field.name] = .text(String(number))
      default: return nil
      }
    }
    return AnswerValues(result)
  }
}
