// Reads a line of a form: numbers of options, ids, words of both languages, in any order that has
// one meaning.
//
// 1. The line is brought to one spelling, and read word by word from the left.
// 2. At each place the longest spelling that is known decides: a field's name, an option, a number.
// 3. A name says to which field the next value belongs; without one, the value must fit one field only.
// What is not known is named, and nothing is filled in.

internal import Grading

extension IncidentForm {
  /// What came of a line.
  package enum Read: Sendable, Hashable {
    /// The values by field id: option ids, or numbers in digits.
    case values([String: String])
    /// A word that means nothing here.
    case unknown(String)
    /// A word that fits several fields, by their ids.
    case ambiguous(String, fields: [String])
    /// Two values for one field.
    case conflict(String)
    /// A name without a value.
    case noValue(String)
  }

  /// Reads one line; an empty one holds no values.
  package func read(_ line: String) -> Read {
    var reader = IncidentFormReader(form: self)
    return reader.read(line)
  }
}

private struct IncidentFormReader {
  private enum Target: Hashable {
    case label(Int)
    case option(field: Int, option: Int)
  }

  private static let characterCountMax = 500
  private static let endings = [
    "입니다", "이에요", "예요", "이고", "이며", "이라", "으로", "에서", "까지", "부터", "은", "는", "이", "가", "을",
    "를", "에", "의", "로", "과", "와", "도", "만", "요", "함", "임", "번", "건", "원", "개",
  ]
  private static let fillers: Set<String> = [
    "the", "a", "an", "is", "it", "its", "and", "of", "in", "at", "to", "was", "are", "we", "won",
    "orders", "번", "건", "원", "그리고", "krw",
  ]
  private static let units: [(String, Int64)] = [("억", 100_000_000), ("만", 10_000), ("천", 1_000)]

  private let form: IncidentForm
  /// Every spelling with what it may mean, the longest first.
  private let spellings: [(text: [Character], targets: [Target])]
  private var values: [String: String] = [:]
  private var label: Int?

  init(form: IncidentForm) {
    self.form = form
    var targets: [String: Set<Target>] = [:]
    func add(_ text: String, _ target: Target) {
      var spelled = normalizedAnswer(text)
      while let last = spelled.last, ".?!,".contains(last) { spelled.removeLast() }
      if !spelled.isEmpty { targets[spelled, default: []].insert(target) }
    }
    for (index, field) in form.fields.enumerated() {
      for word in [field.id] + field.words { add(word, .label(index)) }
      for language in CourseLanguage.allCases {
        if let title = field.title.texts[language] { add(title, .label(index)) }
      }
      for (place, option) in field.options.enumerated() {
        let target = Target.option(field: index, option: place)
        for word in [option.id] + option.words { add(word, target) }
        for language in CourseLanguage.allCases {
          if let text = option.text.texts[language] { add(text, target) }
        }
      }
    }
    spellings = targets.map { (Array($0.key), Array($0.value)) }
      .sorted { ($0.text.count, String($1.text)) > ($1.text.count, String($0.text)) }
  }

  mutating func read(_ line: String) -> IncidentForm.Read {
    let text = Array(normalizedAnswer(line))
    guard text.count <= Self.characterCountMax else { return .unknown(String(text.prefix(20))) }
    var index = 0
    while index < text.count {
      if isSilent(text[index]) {
        index += 1
      } else if let (end, targets) = spelling(text, index) {
        if let problem = take(targets, String(text[index..<end])) { return problem }
        index = endOfWord(text, end)
      } else if text[index].isASCII, text[index].isNumber || text[index] == "-" {
        guard let (end, number) = number(text, index) else { return .unknown(word(text, index)) }
        if let problem = take(number: number, String(text[index..<end])) { return problem }
        index = endOfWord(text, end)
      } else {
        let word = word(text, index)
        guard Self.fillers.contains(word) else { return .unknown(word) }
        index += word.count
      }
    }
    if let label { return .noValue(form.fields[label].id) }
    return .values(values)
  }

  private func isSilent(_ character: Character) -> Bool {
    character.isWhitespace || "=:;,.()[]{}\"'`·/→>|".contains(character)
  }

  private func word(_ text: [Character], _ start: Int) -> String {
    String(text[start...].prefix { !isSilent($0) })
  }

  private func isLatin(_ character: Character) -> Bool {
    character.isASCII && (character.isLetter || character.isNumber)
  }

  /// The end of the longest spelling that stands at a place, and what it may mean.
  private func spelling(_ text: [Character], _ start: Int) -> (Int, [Target])? {
    for (spelled, targets) in spellings where text[start...].starts(with: spelled) {
      let end = start + spelled.count
      if end < text.count {
        // A Latin word ends where its letters do; a Korean one may carry a particle.
        let next = text[end]
        if isLatin(next) || next == "-" || next == "_" { continue }
        if next.isLetter, !isEnding(text, end) { continue }
      }
      return (end, targets)
    }
    return nil
  }

  private func isEnding(_ text: [Character], _ start: Int) -> Bool {
    Self.endings.contains(word(text, start))
  }

  private func endOfWord(_ text: [Character], _ start: Int) -> Int {
    guard start < text.count, text[start].isLetter, isEnding(text, start) else { return start }
    return start + word(text, start).count
  }

  /// `1,246,300`, `124만`, `-3`; nil for decimals and what is too large.
  private func number(_ text: [Character], _ start: Int) -> (Int, Int64)? {
    var end = start
    var digits = ""
    if text[end] == "-" {
      digits = "-"
      end += 1
    }
    while end < text.count {
      if text[end].isASCII, text[end].isNumber {
        digits.append(text[end])
      } else if text[end] == ",", isGroup(text, end + 1) {
        // A comma with three digits after it groups; else it separates two values.
      } else {
        break
      }
      end += 1
    }
    guard var value = Int64(digits) else { return nil }
    if end + 1 < text.count, text[end] == ".", text[end + 1].isNumber { return nil }
    for (unit, factor) in Self.units where end < text.count && String(text[end]) == unit {
      let (product, isTooLarge) = value.multipliedReportingOverflow(by: factor)
      guard !isTooLarge else { return nil }
      value = product
      end += 1
    }
    return (end, value)
  }

  private func isGroup(_ text: [Character], _ start: Int) -> Bool {
    let group = text[start...].prefix { $0.isASCII && $0.isNumber }
    return group.count == 3
  }

  // MARK: Values

  private mutating func take(_ targets: [Target], _ word: String) -> IncidentForm.Read? {
    var options: [(field: Int, option: Int)] = []
    for case .option(let field, let option) in targets { options.append((field, option)) }
    if let label {
      let own = options.filter { $0.field == label }
      // What belongs to another field is no value of the one that was named.
      if own.isEmpty, !options.isEmpty, !targets.contains(where: isLabel) { return .unknown(word) }
      options = own
    }
    if options.isEmpty {
      guard case .label(let field)? = targets.first(where: isLabel) else { return .unknown(word) }
      if let open = label { return .noValue(form.fields[open].id) }
      label = field
      return nil
    }
    if options.count > 1 {
      let open = options.filter { values[form.fields[$0.field].id] == nil }
      if open.count == 1 { options = open }
    }
    guard options.count == 1, let found = options.first else {
      // The name of a field may be an option elsewhere: then it names the field.
      if label == nil, case .label(let field)? = targets.first(where: isLabel) {
        label = field
        return nil
      }
      return .ambiguous(word, fields: options.map(\.field).sorted().map { form.fields[$0].id })
    }
    return set(found.field, form.fields[found.field].options[found.option].id)
  }

  private func isLabel(_ target: Target) -> Bool {
    if case .label = target { true } else { false }
  }

  private mutating func take(number: Int64, _ word: String) -> IncidentForm.Read? {
    if let label, case .number = form.fields[label].kind { return set(label, String(number)) }
    guard let found = form.numbered.first(where: { $0.number == number }),
      label == nil || label == found.field
    else { return .unknown(word) }
    return set(found.field, form.fields[found.field].options[found.option].id)
  }

  private mutating func set(_ field: Int, _ value: String) -> IncidentForm.Read? {
    let id = form.fields[field].id
    if let known = values[id], known != value { return .conflict(id) }
    values[id] = value
    label = nil
    return nil
  }
}
