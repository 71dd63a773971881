// Regular expressions: the syntax tree, and the code points of classes.

/// A set of code points as sorted, disjoint ranges.
struct CodePointSet: Hashable {
  private(set) var ranges: [ClosedRange<UInt32>] = []

  static let last: UInt32 = 0x10_FFFF

  init(_ ranges: [ClosedRange<UInt32>] = []) {
    self.ranges = ranges
    normalize()
  }

  mutating func insert(_ range: ClosedRange<UInt32>) {
    ranges.append(range)
  }

  mutating func insert(_ other: CodePointSet) { ranges += other.ranges }

  mutating func normalize() {
    ranges.sort { $0.lowerBound < $1.lowerBound }
    var merged: [ClosedRange<UInt32>] = []
    for range in ranges {
      if let previous = merged.last, UInt64(range.lowerBound) <= UInt64(previous.upperBound) + 1 {
        merged[merged.count - 1] =
          previous.lowerBound...max(previous.upperBound, range.upperBound)
      } else {
        merged.append(range)
      }
    }
    ranges = merged
  }

  var inverted: CodePointSet {
    var result: [ClosedRange<UInt32>] = []
    var next: UInt32 = 0
    for range in ranges {
      if range.lowerBound > next { result.append(next...range.lowerBound - 1) }
      next = range.upperBound + 1
    }
    if next <= Self.last { result.append(next...Self.last) }
    return CodePointSet(result)
  }

  func intersection(_ other: CodePointSet) -> CodePointSet {
    var joined = inverted
    joined.insert(other.inverted)
    joined.normalize()
    return joined.inverted
  }

  /// With the other case of every letter.
  var caseFolded: CodePointSet {
    var result = self
    for range in ranges {
      // Large ranges are whole scripts: their letters have both cases inside already.
      guard range.count <= 3_000 else { continue }
      for value in range {
        guard let scalar = UnicodeScalar(value) else { continue }
        for text in [scalar.properties.lowercaseMapping, scalar.properties.uppercaseMapping] {
          let scalars = text.unicodeScalars
          if scalars.count == 1, let other = scalars.first { result.insert(other.value...other.value) }
        }
      }
    }
    result.normalize()
    return result
  }

  static let digits = CodePointSet([0x30...0x39])
  static let words = CodePointSet([0x30...0x39, 0x41...0x5A, 0x5F...0x5F, 0x61...0x7A])
  static let spaces = CodePointSet([0x09...0x0D, 0x20...0x20])
  static let newlines = CodePointSet([0x0A...0x0A])
  static let all = CodePointSet([0...last])

  /// The code points with a property by its Java or RE2 name; nil for unknown names.
  static func named(_ name: String) -> CodePointSet? {
    switch name {
    case "Lower": CodePointSet([0x61...0x7A])
    case "Upper": CodePointSet([0x41...0x5A])
    case "Alpha": CodePointSet([0x41...0x5A, 0x61...0x7A])
    case "Digit": digits
    case "Alnum": CodePointSet([0x30...0x39, 0x41...0x5A, 0x61...0x7A])
    case "Punct": CodePointSet([0x21...0x2F, 0x3A...0x40, 0x5B...0x60, 0x7B...0x7E])
    case "Space": spaces
    case "ASCII": CodePointSet([0...0x7F])
    case "XDigit": CodePointSet([0x30...0x39, 0x41...0x46, 0x61...0x66])
    case "L", "IsL", "Letter", "IsAlphabetic": matching { $0.isLetter }
    case "Lu", "IsLu", "IsUppercase": matching { $0 == .uppercaseLetter }
    case "Ll", "IsLl", "IsLowercase": matching { $0 == .lowercaseLetter }
    case "N", "IsN": matching { $0.isNumber }
    case "Nd", "IsNd", "IsDigit": matching { $0 == .decimalNumber }
    case "P", "IsP", "IsPunctuation": matching { $0.isPunctuation }
    case "S", "IsS": matching { $0.isSymbol }
    case "Z", "IsZ": matching { $0.isSeparator }
    case "Hangul", "IsHangul", "InHangul":
      CodePointSet([0x1100...0x11FF, 0x3130...0x318F, 0xA960...0xA97F, 0xAC00...0xD7FB])
    case "Han", "IsHan": CodePointSet([0x2E80...0x2FDF, 0x3005...0x3007, 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xF900...0xFAFF, 0x20000...0x3134F])
    case "Hiragana", "IsHiragana": CodePointSet([0x3041...0x309F])
    case "Katakana", "IsKatakana": CodePointSet([0x30A0...0x30FF, 0x31F0...0x31FF])
    case "Latin", "IsLatin":
      CodePointSet([0x41...0x5A, 0x61...0x7A, 0xAA...0xAA, 0xBA...0xBA, 0xC0...0xD6, 0xD8...0xF6, 0xF8...0x2B8, 0x1E00...0x1EFF])
    case "Cyrillic", "IsCyrillic": CodePointSet([0x400...0x52F, 0x1C80...0x1C88])
    case "Greek", "IsGreek": CodePointSet([0x370...0x3FF, 0x1F00...0x1FFF])
    default: nil
    }
  }

  private static func matching(_ test: (Unicode.GeneralCategory) -> Bool) -> CodePointSet {
    var ranges: [ClosedRange<UInt32>] = []
    var start: UInt32?
    for value in 0...0x3_FFFF as ClosedRange<UInt32> {
      let isIn = UnicodeScalar(value).map { test($0.properties.generalCategory) } ?? false
      if isIn, start == nil { start = value }
      if !isIn, let begun = start {
        ranges.append(begun...value - 1)
        start = nil
      }
    }
    return CodePointSet(ranges)
  }
}

extension Unicode.GeneralCategory {
  fileprivate var isLetter: Bool {
    switch self {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: true
    default: false
    }
  }
  fileprivate var isNumber: Bool {
    self == .decimalNumber || self == .letterNumber || self == .otherNumber
  }
  fileprivate var isPunctuation: Bool {
    switch self {
    case .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation,
      .initialPunctuation, .finalPunctuation, .otherPunctuation:
      true
    default: false
    }
  }
  fileprivate var isSymbol: Bool {
    self == .mathSymbol || self == .currencySymbol || self == .modifierSymbol
      || self == .otherSymbol
  }
  fileprivate var isSeparator: Bool {
    self == .spaceSeparator || self == .lineSeparator || self == .paragraphSeparator
  }
}

/// Places that match no text.
enum RegexAssertion: UInt8 {
  case textBegin, textEnd, lineBegin, lineEnd, wordBoundary, noWordBoundary
  /// `$` without `m`, and `\Z`: the end, or before a newline that ends the text.
  case lastLineEnd
}

indirect enum RegexNode {
  case empty
  case set(CodePointSet)
  case sequence([RegexNode])
  case choice([RegexNode])
  case repetition(RegexNode, least: Int, most: Int?, isGreedy: Bool)
  case group(RegexNode, index: Int)
  case assertion(RegexAssertion)
}

/// Reads a pattern; throws `KernelError.invalidArgument` with the place of what it does not take.
struct RegexParser {
  private let pattern: [UnicodeScalar]
  private var index = 0
  private(set) var groupCount = 0
  private(set) var groupNames: [String: Int] = [:]
  private var ignoresCase = false
  private var isMultiline = false
  private var dotMatchesNewline = false
  private var ignoresSpace = false
  private var depth = 0

  init(_ pattern: String) { self.pattern = Array(pattern.unicodeScalars) }

  mutating func parse() throws -> RegexNode {
    let node = try parseChoice()
    guard index == pattern.count else { throw fail("unmatched )") }
    return node
  }

  private func fail(_ text: String) -> KernelError {
    .invalidArgument(
      "Invalid regular expression '\(String(String.UnicodeScalarView(pattern)))': \(text) at \(index + 1)")
  }

  private var current: UnicodeScalar? { index < pattern.count ? pattern[index] : nil }

  private mutating func take(_ scalar: UnicodeScalar) -> Bool {
    guard current == scalar else { return false }
    index += 1
    return true
  }

  private mutating func parseChoice() throws -> RegexNode {
    depth += 1
    defer { depth -= 1 }
    guard depth <= 200 else { throw fail("groups nest too deep") }
    var choices = [try parseSequence()]
    while take("|") { choices.append(try parseSequence()) }
    return choices.count == 1 ? choices[0] : .choice(choices)
  }

  private mutating func parseSequence() throws -> RegexNode {
    var parts: [RegexNode] = []
    while let scalar = current, scalar != "|", scalar != ")" {
      if ignoresSpace {
        if scalar.value == 0x20 || (0x09...0x0D).contains(scalar.value) {
          index += 1
          continue
        }
        if scalar == "#" {
          while let next = current, next != "\n" { index += 1; _ = next }
          continue
        }
      }
      if let atom = try parseAtom() { parts.append(try parseRepetition(atom)) }
    }
    return parts.count == 1 ? parts[0] : parts.isEmpty ? .empty : .sequence(parts)
  }

  private mutating func parseRepetition(_ atom: RegexNode) throws -> RegexNode {
    var node = atom
    var repeats = 0
    while true {
      let least: Int
      let most: Int?
      if take("*") {
        (least, most) = (0, nil)
      } else if take("+") {
        (least, most) = (1, nil)
      } else if take("?") {
        (least, most) = (0, 1)
      } else if current == "{", let bounds = try parseBounds() {
        (least, most) = bounds
      } else {
        return node
      }
      repeats += 1
      guard repeats <= 3 else { throw fail("a repetition of repetitions") }
      if current == "+" { throw fail("possessive repetition is not supported") }
      let isGreedy = !take("?")
      node = .repetition(node, least: least, most: most, isGreedy: isGreedy)
    }
  }

  private mutating func parseBounds() throws -> (Int, Int?)? {
    let start = index
    index += 1
    guard let least = parseNumber() else {
      index = start
      // A brace that bounds nothing is a literal only where it is escaped.
      throw fail("a number is missing in {}")
    }
    var most: Int? = least
    if take(",") { most = current == "}" ? nil : parseNumber() ?? -1 }
    guard take("}"), (most ?? least) >= least else { throw fail("a wrong repetition") }
    guard least <= 1_000, (most ?? 0) <= 1_000 else { throw fail("more than 1000 repetitions") }
    return (least, most)
  }

  private mutating func parseNumber() -> Int? {
    var value: Int?
    while let scalar = current, (0x30...0x39).contains(scalar.value), (value ?? 0) < 100_000 {
      value = (value ?? 0) * 10 + Int(scalar.value - 0x30)
      index += 1
    }
    return value
  }

  private mutating func parseAtom() throws -> RegexNode? {
    guard let scalar = current else { return nil }
    index += 1
    switch scalar {
    case "(": return try parseGroup()
    case "[": return .set(fold(try parseClass()))
    case ".": return .set(dotMatchesNewline ? .all : CodePointSet.newlines.inverted)
    case "^": return .assertion(isMultiline ? .lineBegin : .textBegin)
    case "$": return .assertion(isMultiline ? .lineEnd : .lastLineEnd)
    case "*", "+", "?":
      index -= 1
      throw fail("nothing to repeat")
    case "\\": return try parseEscape()
    default: return .set(fold(CodePointSet([scalar.value...scalar.value])))
    }
  }

  private func fold(_ set: CodePointSet) -> CodePointSet { ignoresCase ? set.caseFolded : set }

  private mutating func parseGroup() throws -> RegexNode? {
    let saved = (ignoresCase, isMultiline, dotMatchesNewline, ignoresSpace)
    var captures = true
    var name: String?
    if take("?") {
      captures = false
      if take("<") || (current == "P" && index + 1 < pattern.count && pattern[index + 1] == "<" && takeTwo()) {
        if current == "=" || current == "!" { throw fail("look-behind is not supported") }
        var text = ""
        while let scalar = current, scalar != ">" {
          text.unicodeScalars.append(scalar)
          index += 1
        }
        guard take(">"), !text.isEmpty else { throw fail("a group's name is not closed") }
        captures = true
        name = text
      } else if current == "=" || current == "!" {
        throw fail("look-ahead is not supported")
      } else if current == ">" {
        throw fail("atomic groups are not supported")
      } else {
        var isOn = true
        flags: while true {
          guard let scalar = current else { throw fail("a group is not closed") }
          index += 1
          switch scalar {
          case "-": isOn = false
          case "i": ignoresCase = isOn
          case "m": isMultiline = isOn
          case "s": dotMatchesNewline = isOn
          case "x": ignoresSpace = isOn
          case "u", "U", "d": break
          case ":": break flags
          // Flags for the rest of the enclosing group.
          case ")": return nil
          default:
            index -= 1
            throw fail("an unknown flag")
          }
        }
      }
    }
    var number = 0
    if captures {
      groupCount += 1
      number = groupCount
      if let name {
        guard groupNames.updateValue(number, forKey: name) == nil else {
          throw fail("a group's name is used twice")
        }
      }
    }
    let inner = try parseChoice()
    guard take(")") else { throw fail("a group is not closed") }
    (ignoresCase, isMultiline, dotMatchesNewline, ignoresSpace) = saved
    return captures ? .group(inner, index: number) : inner
  }

  private mutating func takeTwo() -> Bool {
    index += 2
    return true
  }

  private mutating func parseEscape() throws -> RegexNode {
    guard let scalar = current else { throw fail("a backslash at the end") }
    switch scalar {
    case "b": index += 1; return .assertion(.wordBoundary)
    case "B": index += 1; return .assertion(.noWordBoundary)
    case "A": index += 1; return .assertion(.textBegin)
    case "z": index += 1; return .assertion(.textEnd)
    case "Z": index += 1; return .assertion(.lastLineEnd)
    case "Q":
      index += 1
      var parts: [RegexNode] = []
      while let next = current {
        if next == "\\", index + 1 < pattern.count, pattern[index + 1] == "E" {
          index += 2
          break
        }
        parts.append(.set(fold(CodePointSet([next.value...next.value]))))
        index += 1
      }
      return .sequence(parts)
    case "1"..."9": throw fail("back-references are not supported")
    case "R":
      index += 1
      return .choice([
        .sequence([.set(CodePointSet([0x0D...0x0D])), .set(CodePointSet([0x0A...0x0A]))]),
        .set(CodePointSet([0x0A...0x0D, 0x85...0x85, 0x2028...0x2029])),
      ])
    default: return .set(fold(try parseEscapedSet()))
    }
  }

  /// What a backslash stands for in a class or outside; the index is at the character after it.
  private mutating func parseEscapedSet() throws -> CodePointSet {
    guard let scalar = current else { throw fail("a backslash at the end") }
    index += 1
    func one(_ value: UInt32) -> CodePointSet { CodePointSet([value...value]) }
    switch scalar {
    case "d": return .digits
    case "D": return CodePointSet.digits.inverted
    case "w": return .words
    case "W": return CodePointSet.words.inverted
    case "s": return .spaces
    case "S": return CodePointSet.spaces.inverted
    case "h": return CodePointSet([0x09...0x09, 0x20...0x20, 0xA0...0xA0, 0x3000...0x3000])
    case "t": return one(0x09)
    case "n": return one(0x0A)
    case "r": return one(0x0D)
    case "f": return one(0x0C)
    case "a": return one(0x07)
    case "e": return one(0x1B)
    case "0":
      var value: UInt32 = 0
      var digits = 0
      while let next = current, (0x30...0x37).contains(next.value), digits < 3 {
        value = value * 8 + next.value - 0x30
        index += 1
        digits += 1
      }
      return one(value)
    case "x":
      if take("{") {
        let value = try parseHex(least: 1, most: 6)
        guard take("}") else { throw fail("\\x{ is not closed") }
        return one(value)
      }
      return one(try parseHex(least: 2, most: 2))
    case "u": return one(try parseHex(least: 4, most: 4))
    case "p", "P":
      var name = ""
      if take("{") {
        while let next = current, next != "}" {
          name.unicodeScalars.append(next)
          index += 1
        }
        guard take("}") else { throw fail("\\p{ is not closed") }
      } else if let next = current {
        name.unicodeScalars.append(next)
        index += 1
      }
      var isNegated = scalar == "P"
      if name.hasPrefix("^") {
        isNegated.toggle()
        name.removeFirst()
      }
      guard let set = CodePointSet.named(name) else { throw fail("an unknown property \(name)") }
      return isNegated ? set.inverted : set
    default:
      guard !(scalar.properties.isAlphabetic && scalar.value < 0x80) else {
        index -= 1
        throw fail("an unknown escape \\\(scalar)")
      }
      return one(scalar.value)
    }
  }

  private mutating func parseHex(least: Int, most: Int) throws -> UInt32 {
    var text = ""
    while let scalar = current, text.count < most, scalar.properties.isASCIIHexDigit {
      text.unicodeScalars.append(scalar)
      index += 1
    }
    guard text.count >= least, let value = UInt32(text, radix: 16), value <= CodePointSet.last else {
      throw fail("a wrong code point")
    }
    return value
  }

  /// The inside of `[…]`; the index is after the opening bracket.
  private mutating func parseClass() throws -> CodePointSet {
    depth += 1
    defer { depth -= 1 }
    guard depth <= 200 else { throw fail("classes nest too deep") }
    var set = CodePointSet()
    let isNegated = take("^")
    var isFirst = true
    while true {
      guard let scalar = current else { throw fail("a class is not closed") }
      if scalar == "]", !isFirst {
        index += 1
        break
      }
      isFirst = false
      if scalar == "&", index + 1 < pattern.count, pattern[index + 1] == "&" {
        index += 2
        set.normalize()
        var rest = RegexParser(self)
        let right = try rest.parseClassRest()
        index = rest.index
        set = set.intersection(right)
        break
      }
      if scalar == "[" {
        if let named = try parsePosixClass() {
          set.insert(named)
        } else {
          index += 1
          set.insert(try parseClass())
        }
        continue
      }
      let low = try parseClassItem()
      if current == "-", index + 1 < pattern.count, pattern[index + 1] != "]", low.ranges.count == 1,
        low.ranges[0].count == 1, pattern[index + 1] != "["
      {
        index += 1
        let high = try parseClassItem()
        guard high.ranges.count == 1, high.ranges[0].count == 1,
          high.ranges[0].lowerBound >= low.ranges[0].lowerBound
        else { throw fail("a wrong range in a class") }
        set.insert(low.ranges[0].lowerBound...high.ranges[0].lowerBound)
      } else {
        set.insert(low)
      }
    }
    set.normalize()
    if ignoresCase { set = set.caseFolded }
    return isNegated ? set.inverted : set
  }

  private init(_ other: RegexParser) { self = other }

  /// The right side of `&&`, to the bracket that closes the class.
  private mutating func parseClassRest() throws -> CodePointSet {
    if current == "[" {
      index += 1
      let set = try parseClass()
      guard take("]") else { throw fail("a class is not closed") }
      return set
    }
    return try parseClass()
  }

  private mutating func parseClassItem() throws -> CodePointSet {
    guard let scalar = current else { throw fail("a class is not closed") }
    index += 1
    if scalar == "\\" {
      if current == "b" {
        index += 1
        return CodePointSet([0x08...0x08])
      }
      return try parseEscapedSet()
    }
    return CodePointSet([scalar.value...scalar.value])
  }

  /// `[:alpha:]` inside a class.
  private mutating func parsePosixClass() throws -> CodePointSet? {
    guard index + 1 < pattern.count, pattern[index + 1] == ":" else { return nil }
    var end = index + 2
    var name = ""
    while end < pattern.count, pattern[end] != ":" {
      name.unicodeScalars.append(pattern[end])
      end += 1
    }
    guard end + 1 < pattern.count, pattern[end + 1] == "]" else { return nil }
    let names = [
      "alpha": "Alpha", "digit": "Digit", "alnum": "Alnum", "upper": "Upper", "lower": "Lower",
      "punct": "Punct", "space": "Space", "xdigit": "XDigit",
    ]
    guard let property = names[name], let set = CodePointSet.named(property) else {
      throw fail("an unknown class \(name)")
    }
    index = end + 2
    return set
  }
}
