// Reads a number as people write one: `8,337,600`, `8.3M`, `833만 7,600`, `54 MB`, `초당 579건`,
// `1시간 3분`, with labels for the steps before it. What has no reading, or two, is refused; a
// refused answer costs nothing.
//
// 1. The text is brought to one spelling (NFKC) and cut into numbers, words and marks.
// 2. Each word is a label, a scale, a unit, a `per`, or says nothing; another word is unreadable.
// 3. Numbers with their units become quantities; units of time in a row are one duration.

internal import Foundation

/// A number with the unit that was written beside it.
package struct Quantity: Sendable, Hashable {
  package var value: Double
  /// Nil where none was written.
  package var unit: NumberUnit?
  /// False where the unit names only a time it is per, as in `579/s`.
  var hasNoun = false
  /// The label before it; nil for the answer itself.
  package var label: String?
}

extension Quantity {
  /// The number of an answer as it was stored, in that unit; nil where it holds none of its kind.
  ///
  /// Steps that were given before it are passed over.
  package static func stored(_ answer: String, part: String, unit: NumberUnit) -> Double? {
    var text = answer.trimmedSpaces
    if !part.isEmpty, text.lowercased().hasPrefix(part) {
      text = String(text.dropFirst(part.count))
    }
    let nouns = Set(unit.name.split(separator: "/").prefix(1).map(String.init))
    let reader = NumberReader(unit: unit, nouns: nouns)
    if let read = reader.read(text), read.count == 1 { return read[0].value(in: unit) }
    // `backlog=8337600; 63 min`: the answer comes last.
    let last = text.split(whereSeparator: { ";=:\n".contains($0) }).last.map(String.init) ?? text
    guard let read = reader.read(last), read.count == 1 else { return nil }
    return read[0].value(in: unit)
  }

  /// Its value in a unit, which is also its own where none was written; nil for another kind.
  func value(in wanted: NumberUnit) -> Double? {
    guard var unit else { return value }
    if !hasNoun {
      unit.factor = wanted.factor
      unit.dimension = wanted.dimension
    }
    if unit.perSeconds == nil { unit.perSeconds = wanted.perSeconds }
    guard unit.dimension == wanted.dimension,
      (unit.perSeconds == nil) == (wanted.perSeconds == nil)
    else { return nil }
    return value * unit.scale / wanted.scale
  }
}

struct NumberReader {
  static let characterCountMax = 300
  private static let labelOfAnswer = ""

  /// The unit that is asked: it decides what `M` and `m` are.
  let unit: NumberUnit
  /// Words for what is counted, besides the usual ones.
  let nouns: Set<String>
  /// Words for the steps, with the step each names.
  let labels: [String: String]
  /// True where `Mb` is a megabit and `MBps` megabytes; else case says nothing.
  var tellsBitsApart = false
  private let koreanWords: [[Character]]

  init(unit: NumberUnit, nouns: Set<String>, labels: [String: String] = [:]) {
    self.unit = unit
    self.nouns = Set(nouns.map { $0.lowercased() })
    self.labels = labels
    let own = (Array(self.nouns) + Array(labels.keys)).filter { !$0.allSatisfy(\.isASCII) }
    koreanWords =
      own.isEmpty
      ? NumberWords.korean
      : (own.map(Array.init) + NumberWords.korean).sorted { $0.count > $1.count }
  }

  private enum Token: Hashable {
    case number(Double)
    case section(Double)
    case digit(Double)
    case unit(NumberUnit)
    case per(Double)
    /// `/` or the word `per`: a time after it is what the number is per.
    case slash
    case label(String)
  }

  /// The quantities of an answer, in order; nil where it has no reading.
  func read(_ text: String) -> [Quantity]? {
    let spelled = text.precomposedStringWithCompatibilityMapping
    guard !spelled.isEmpty, spelled.count <= Self.characterCountMax,
      let tokens = tokens(Array(spelled))
    else { return nil }
    return quantities(tokens)
  }

  /// A unit alone, such as `MB/day`; nil where the text is no known unit.
  func readUnit(_ text: String) -> NumberUnit? {
    guard let tokens = tokens(Array(text.precomposedStringWithCompatibilityMapping)),
      !tokens.contains(where: { if case .number = $0 { true } else { false } }),
      let read = quantities([.number(1)] + tokens), read.count == 1, var unit = read[0].unit
    else { return nil }
    unit.name = text
    return unit
  }

  // MARK: Tokens

  private func tokens(_ text: [Character]) -> [Token]? {
    var tokens: [Token] = []
    var index = 0
    while index < text.count {
      let character = text[index]
      if Self.isDigit(character) || startsSigned(text, index) {
        guard let (value, end) = number(text, index) else { return nil }
        tokens.append(.number(value))
        index = end
      } else if character.isLetter {
        var end = index
        while end < text.count, text[end].isLetter || text[end] == "_" { end += 1 }
        // A label may hold digits and hyphens: `step-2`.
        if let (label, labelEnd) = label(text, index) {
          tokens.append(.label(label))
          index = labelEnd
          continue
        }
        guard let words = words(Array(text[index..<end]), tokens) else { return nil }
        tokens += words
        index = end
      } else {
        switch character {
        case "/": tokens.append(.slash)
        case "%", "$", "₩":
          guard let unit = unitWord(String(character), tokens) else { return nil }
          tokens.append(unit)
        default:
          guard character.isWhitespace || "=:~≈,;.()[]'\"`|→".contains(character) else {
            return nil
          }
        }
        index += 1
      }
    }
    return tokens
  }

  private static func isDigit(_ character: Character) -> Bool {
    character.isASCII && character.isNumber
  }

  /// A sign, or a point, that begins a number.
  private func startsSigned(_ text: [Character], _ index: Int) -> Bool {
    guard "+-−.".contains(text[index]), index + 1 < text.count, Self.isDigit(text[index + 1])
    else { return false }
    guard index > 0 else { return true }
    return text[index - 1].isWhitespace || "=:~≈(".contains(text[index - 1])
  }

  /// A number and where it ends; nil where its commas do not stand at thousands.
  private func number(_ text: [Character], _ start: Int) -> (Double, Int)? {
    var index = start
    var digits = ""
    if "+-−".contains(text[index]) {
      if text[index] != "+" { digits = "-" }
      index += 1
    }
    var groups: [Int] = [0]
    while index < text.count {
      if Self.isDigit(text[index]) {
        digits.append(text[index])
        groups[groups.count - 1] += 1
      } else if text[index] == "," || text[index] == "_", index + 1 < text.count,
        Self.isDigit(text[index + 1])
      {
        groups.append(0)
      } else {
        break
      }
      index += 1
    }
    if groups.count > 1 {
      guard (1...3).contains(groups[0]), groups.dropFirst().allSatisfy({ $0 == 3 }) else {
        return nil
      }
    }
    if index + 1 < text.count, text[index] == ".", Self.isDigit(text[index + 1]) {
      digits.append(".")
      index += 1
      while index < text.count, Self.isDigit(text[index]) {
        digits.append(text[index])
        index += 1
      }
      if index < text.count, text[index] == ".", index + 1 < text.count,
        Self.isDigit(text[index + 1])
      {
        return nil
      }
    }
    // `8.3e6`; `54 eb` is no exponent.
    if index + 1 < text.count, text[index] == "e" || text[index] == "E" {
      var end = index + 1
      var exponent = "e"
      if "+-".contains(text[end]), end + 1 < text.count {
        exponent.append(text[end])
        end += 1
      }
      if Self.isDigit(text[end]) {
        while end < text.count, Self.isDigit(text[end]) {
          exponent.append(text[end])
          end += 1
        }
        digits += exponent
        index = end
      }
    }
    // `2-8871` and `2024-01-15` are no numbers.
    if index + 1 < text.count, text[index] == "-" || text[index] == "−",
      Self.isDigit(text[index + 1])
    {
      return nil
    }
    if digits.hasPrefix(".") || digits.hasPrefix("-.") {
      digits = digits.replacingOccurrences(of: ".", with: "0.")
    }
    guard let value = Double(digits), value.isFinite else { return nil }
    return (value, index)
  }

  /// A label that the text continues with, and where it ends.
  private func label(_ text: [Character], _ start: Int) -> (String, Int)? {
    var best: (String, Int)?
    for (word, step) in labels {
      let end = start + word.count
      guard end <= text.count, String(text[start..<end]).lowercased() == word else { continue }
      if word.last?.isASCII ?? true, end < text.count,
        text[end].isASCII && (text[end].isLetter || text[end] == "-" || text[end] == "_")
      {
        continue
      }
      if best.map({ $0.1 < end }) ?? true { best = (step, end) }
    }
    return best
  }

  /// What a run of letters means; empty where it says nothing, nil where it is unknown.
  private func words(_ run: [Character], _ before: [Token]) -> [Token]? {
    let whole = String(run)
    if let token = meaning(whole, before) { return token.map { [$0] } ?? [] }
    guard !run.allSatisfy(\.isASCII) else { return nil }
    var found: [Token] = []
    var rest = run[...]
    // `MB입니다`: a Latin word with Korean grown on to it.
    let latin = rest.prefix { $0.isASCII }
    if !latin.isEmpty {
      guard let token = meaning(String(latin), before) else { return nil }
      if let token { found.append(token) }
      rest = rest.dropFirst(latin.count)
    }
    while !rest.isEmpty {
      guard let word = koreanWords.first(where: { rest.starts(with: $0) }),
        let token = meaning(String(word), before + found)
      else { return nil }
      if let token { found.append(token) }
      rest = rest.dropFirst(word.count)
    }
    return found
  }

  /// `.some(nil)` for a word that says nothing; nil for an unknown one.
  private func meaning(_ word: String, _ before: [Token]) -> Token?? {
    let lower = word.lowercased()
    if let step = labels[lower] { return .some(.label(step)) }
    let followsNumber: Bool
    switch before.last {
    case .number, .section, .digit: followsNumber = true
    default: followsNumber = false
    }
    if followsNumber, let scale = letterScale(word) { return .some(.section(scale)) }
    if let unit = unitWord(word, before) { return .some(unit) }
    // `일` is a day after a number, and a topic particle never.
    if let scale = NumberWords.sections[lower], followsNumber { return .some(.section(scale)) }
    if let scale = NumberWords.digits[lower], followsNumber { return .some(.digit(scale)) }
    if let per = NumberWords.perTimes[lower] { return .some(.per(per)) }
    if lower == "per" || lower == "a" || lower == "each" { return .some(.slash) }
    if NumberWords.silent.contains(lower) { return .some(nil) }
    return nil
  }

  /// `k`, `M`, `G` after a number, where they are no unit of what is asked.
  private func letterScale(_ word: String) -> Double? {
    switch (word, unit.dimension) {
    // `54M` where bytes are asked is 54 MB.
    case (_, .bytes): nil
    case ("k", _), ("K", _): 1e3
    case ("M", .time), ("m", .time): nil
    case ("M", _), ("m", _): 1e6
    case ("B", _): 1e9
    default: nil
    }
  }

  /// `Mb`, `MBps`: a unit whose case says whether it is bits or bytes.
  private func casedUnit(_ word: String) -> NumberUnit? {
    guard let first = word.first, "KMGTP".contains(first) else { return nil }
    if word.count == 2, word.hasSuffix("b"), let factor = NumberWords.bytes[word.lowercased()] {
      return NumberUnit(.bytes, factor: factor / 8, name: word)
    }
    if word.count == 4, word.hasSuffix("Bps"),
      let factor = NumberWords.bytes[word.prefix(2).lowercased()]
    {
      return NumberUnit(.bytes, factor: factor, perSeconds: 1, name: word)
    }
    return nil
  }

  private func unitWord(_ word: String, _ before: [Token]) -> Token? {
    if tellsBitsApart, let unit = casedUnit(word) { return .unit(unit) }
    let lower = word.lowercased()
    if word == "m" || word == "M", unit.dimension == .time {
      return .unit(NumberUnit(.time, factor: 60, name: word))
    }
    if unit.dimension == .bytes {
      if lower == "b" { return .unit(NumberUnit(.bytes, name: word)) }
      if let factor = NumberWords.bytes["\(lower)b"], lower.count == 1, lower != "b" {
        return .unit(NumberUnit(.bytes, factor: factor, name: word))
      }
    }
    if let seconds = NumberWords.times[lower] {
      return .unit(NumberUnit(.time, factor: seconds, name: word))
    }
    if let factor = NumberWords.bytes[lower] {
      return .unit(NumberUnit(.bytes, factor: factor, name: word))
    }
    if let rate = NumberWords.rates[lower] { return .unit(rate) }
    if let factor = NumberWords.money[lower] {
      return .unit(NumberUnit(.money, factor: factor, name: word))
    }
    if NumberWords.percents.contains(lower) {
      return .unit(NumberUnit(.count, factor: 0.01, isPercent: true, name: word))
    }
    if NumberWords.counts.contains(lower) || nouns.contains(lower) {
      return .unit(NumberUnit(.count, name: word))
    }
    return nil
  }

  // MARK: Quantities

  private struct Building {
    var total = 0.0
    var section = 0.0
    var pending: Double?
    var unit: NumberUnit?
    var per: Double?
    var label: String?
    var value: Double { total + section + (pending ?? 0) }
  }

  private func quantities(_ tokens: [Token]) -> [Quantity]? {
    var found: [Building] = []
    var label: String?
    var prefixPer: Double?
    var prefixUnit: NumberUnit?
    var afterSlash = false
    for (index, token) in tokens.enumerated() {
      let last = found.count - 1
      switch token {
      case .number(let value):
        guard !afterSlash else { return nil }
        // `833만 7,600` goes on; a number that stands by itself begins.
        let goesOn: Bool
        switch index > 0 ? tokens[index - 1] : .slash {
        case .section, .digit: goesOn = true
        default: goesOn = false
        }
        if goesOn, last >= 0, found[last].pending == nil {
          found[last].pending = value
        } else {
          var building = Building(pending: value, unit: prefixUnit, per: prefixPer, label: label)
          building.label = label
          found.append(building)
          label = nil
          prefixPer = nil
          prefixUnit = nil
        }
      case .digit(let scale):
        guard last >= 0, let pending = found[last].pending else { return nil }
        found[last].section += pending * scale
        found[last].pending = nil
      case .section(let scale):
        guard last >= 0 else { return nil }
        let inside = found[last].section + (found[last].pending ?? 0)
        guard inside != 0 || found[last].pending != nil else { return nil }
        found[last].total += inside * scale
        found[last].section = 0
        found[last].pending = nil
      case .unit(let word):
        // `51 B/event`: how large one thing is, which is a size.
        if afterSlash, last >= 0, found[last].unit?.dimension == .bytes, found[last].per == nil,
          word.dimension == .count, !word.isPercent
        {
          afterSlash = false
        } else if afterSlash {
          guard word.dimension == .time, last >= 0, found[last].per == nil else { return nil }
          found[last].per = word.factor
          afterSlash = false
        } else if last >= 0, found[last].unit == nil, label == nil {
          found[last].unit = word
          if let per = word.perSeconds { found[last].per = per }
        } else if last >= 0, let unit = found[last].unit, unit.dimension == .count,
          word.dimension == .count, !word.isPercent
        {
          // `960 partitions` of `이벤트 건`: two nouns for the same things.
          continue
        } else if last < 0 || label != nil, prefixUnit == nil {
          // `$ 30`, `하루 5천만 건`, `events: 5`.
          if word.dimension == .time, word.factor == 86_400 {
            prefixPer = word.factor
          } else if word.dimension == .money || word.dimension == .count, !word.isPercent {
            prefixUnit = word
          } else {
            return nil
          }
        } else {
          return nil
        }
      case .per(let seconds):
        if last >= 0, label == nil, found[last].per == nil {
          found[last].per = seconds
        } else if prefixPer == nil {
          prefixPer = seconds
        } else {
          return nil
        }
      case .slash:
        guard last >= 0, !afterSlash else { return nil }
        afterSlash = true
      case .label(let step):
        guard label == nil, !afterSlash else { return nil }
        label = step
      }
    }
    guard !afterSlash, label == nil, prefixPer == nil, prefixUnit == nil, !found.isEmpty else {
      return nil
    }
    return joined(found)
  }

  /// `1시간 3분` is one quantity.
  private func joined(_ found: [Building]) -> [Quantity]? {
    var result: [Quantity] = []
    var lastFactor: Double?
    for building in found {
      var unit = building.unit
      if let per = building.per {
        var rate = unit ?? NumberUnit(self.unit.dimension, factor: self.unit.factor, name: "")
        if unit == nil, rate.dimension == .time { rate = NumberUnit(.count, name: "") }
        rate.perSeconds = per
        unit = rate
      }
      let isTime = building.unit?.dimension == .time && building.per == nil
      if isTime, let factor = building.unit?.factor, let before = lastFactor, factor < before,
        building.label == nil, let last = result.last, let lastUnit = last.unit
      {
        result[result.count - 1].value += building.value * factor / lastUnit.factor
        result[result.count - 1].unit?.name += " " + (building.unit?.name ?? "")
        lastFactor = factor
        continue
      }
      result.append(
        Quantity(
          value: building.value,
          unit: unit,
          hasNoun: building.unit != nil,
          label: building.label
        )
      )
      lastFactor = isTime ? building.unit?.factor : nil
    }
    return result
  }
}
