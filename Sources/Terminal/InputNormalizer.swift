// What a newcomer types or pastes, made into what was meant.
//
// Text from chat programs, documents and web pages carries curved quotes, full-width letters, spaces
// that are no spaces and characters that cannot be seen; a copied example carries the prompt before
// it. All of that is mended here, once, and reported, so that the prompt can say it. What stands
// inside quotes is data and stays: only what can never be meant is removed there.

import Foundation

/// A text as it will be understood, and what was changed to get there.
package struct NormalizedInput: Sendable, Hashable {
  /// What was changed. Composition and trailing spaces are not worth telling.
  package enum Change: String, Sendable, Hashable, CaseIterable {
    /// Curved quotes, long dashes and the ellipsis.
    case punctuation
    /// Full-width letters, digits and marks.
    case fullWidth
    /// No-break, ideographic and other spaces.
    case spaces
    /// Zero-width characters, byte order marks, marks that reorder text.
    case invisible
    /// A copied prompt or `./tapline -c`.
    case prompt
    /// The fence of a Markdown code block.
    case fence
  }

  package var text: String
  /// Each kind once, in the order of `Change`.
  package var changes: [Change]

  /// One sentence about the changes; nil if there were none.
  ///
  /// - Parameter texts: the learner's language: `terminal.input.…`.
  package func notice(texts: Catalogue) -> String? {
    guard !changes.isEmpty else { return nil }
    let list = changes.map { texts.text("terminal.input.change.\($0.rawValue)") }
    return texts.text("terminal.input.changed", ["list": list.joined(separator: ", ")])
  }
}

/// Why an input is not understood as text at all.
package enum InputRefusal: Error, Hashable, CustomStringConvertible {
  /// A control character, by its code point, and how many characters stand before it.
  case control(UInt32, position: Int)
  /// Bytes that are not UTF-8, and how many characters stand before them.
  case notText(position: Int)
  /// More bytes than `InputNormalizer.bytesMax`.
  case tooLong(bytes: Int)

  /// What to tell the learner.
  ///
  /// - Parameter texts: the learner's language: `terminal.input.…`.
  package func text(_ texts: Catalogue) -> String {
    switch self {
    case .control(let code, let position):
      let values = [
        "code": InputRefusal.name(of: code), "position": NumberText.grouped(position + 1),
      ]
      return texts.text("terminal.input.control", values)
    case .notText(let position):
      return texts.text("terminal.input.notText", ["position": NumberText.grouped(position + 1)])
    case .tooLong(let bytes):
      let most = NumberText.bytes(Int64(InputNormalizer.bytesMax))
      return texts.text(
        "terminal.input.tooLong", ["bytes": NumberText.bytes(Int64(bytes)), "most": most])
    }
  }

  package var description: String {
    switch self {
    case .control(let code, let position):
      "control character \(InputRefusal.name(of: code)) after \(position) characters"
    case .notText(let position): "bytes that are not UTF-8 after \(position) characters"
    case .tooLong(let bytes): "\(bytes) bytes"
    }
  }

  private static func name(of code: UInt32) -> String {
    let hex = String(code, radix: 16, uppercase: true)
    return "U+" + String(repeating: "0", count: max(4 - hex.utf8.count, 0)) + hex
  }
}

/// Mends input.
package enum InputNormalizer {
  /// A longer text is refused.
  package static let bytesMax = 1_000_000

  /// `text` as it was meant.
  ///
  /// - Parameters:
  ///   - text: one line or several.
  ///   - prompts: what may stand before a copied line, such as `tapline> `.
  /// - Throws: `InputRefusal` for control characters, bytes that were not UTF-8, and texts that are
  ///   too long.
  package static func normalize(
    _ text: String,
    prompts: [String] = ["tapline> "]
  ) throws(InputRefusal) -> NormalizedInput {
    let bytes = text.utf8.count
    if bytes > bytesMax { throw .tooLong(bytes: bytes) }
    // Most lines are plain: nothing to do but to look for prompts.
    if let plain = plainInput(text, prompts: prompts) { return plain }
    try refuse(text)
    var changes: Set<NormalizedInput.Change> = []
    let lines = PastedLines.strip(
      lineBreaks(Normalization.composed(text)), prompts: prompts, &changes)
    var scanner = InputScanner(lines)
    let mended = scanner.mend()
    changes.formUnion(scanner.changes)
    return NormalizedInput(
      text: Normalization.composed(mended),
      changes: NormalizedInput.Change.allCases.filter(changes.contains)
    )
  }

  /// The result for printable ASCII and Hangul syllables without anything to strip.
  private static func plainInput(_ text: String, prompts: [String]) -> NormalizedInput? {
    guard text.last != " ", !text.hasPrefix("$"), !text.hasPrefix("```"),
      !text.hasPrefix("tapline"), !text.hasPrefix("./tapline"),
      !prompts.contains(where: { text.hasPrefix($0.trimmingCharacters(in: .whitespaces)) })
    else { return nil }
    let isPlain = text.unicodeScalars.allSatisfy {
      ($0.value >= 0x20 && $0.value < 0x7F) || ($0.value >= 0xAC00 && $0.value <= 0xD7A3)
    }
    return isPlain && text.first != " " ? NormalizedInput(text: text, changes: []) : nil
  }

  private static func refuse(_ text: String) throws(InputRefusal) {
    for (position, character) in text.enumerated() {
      for scalar in character.unicodeScalars {
        switch scalar.value {
        case 0x09, 0x0A, 0x0D, 0x85: break
        case 0..<0x20, 0x7F..<0xA0: throw .control(scalar.value, position: position)
        case 0xFFFD: throw .notText(position: position)
        default: break
        }
      }
    }
  }

  private static func lineBreaks(_ text: String) -> String {
    var result = String.UnicodeScalarView()
    var wasReturn = false
    for scalar in text.unicodeScalars {
      switch scalar.value {
      case 0x0A:
        if !wasReturn { result.append("\n") }
      case 0x0D, 0x85, 0x2028, 0x2029: result.append("\n")
      default: result.append(scalar)
      }
      wasReturn = scalar.value == 0x0D
    }
    return String(result)
  }
}

/// Takes away what was copied together with lines: prompts, the program's name, fences.
enum PastedLines {
  static func strip(
    _ text: String,
    prompts: [String],
    _ changes: inout Set<NormalizedInput.Change>
  ) -> String {
    var lines: [String] = []
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      if isFence(line) {
        changes.insert(.fence)
        continue
      }
      var rest = withoutPrompts(line, prompts)
      let isPrompted = rest.count != line.count
      if let command = command(in: rest) {
        rest = command[...]
        changes.insert(.prompt)
      } else if isPrompted {
        changes.insert(.prompt)
      }
      lines.append(String(rest))
    }
    return lines.joined(separator: "\n")
  }

  private static func isFence(_ line: Substring) -> Bool {
    let body = line.drop { $0 == " " }
    return body.hasPrefix("```") && !body.dropFirst(3).contains("`")
  }

  private static func withoutPrompts(_ line: Substring, _ prompts: [String]) -> Substring {
    var rest = line
    var isFound = true
    while isFound {
      isFound = false
      let body = rest.drop { isSpace($0) }
      for prompt in prompts where !prompt.isEmpty {
        let bare = prompt.trimmingCharacters(in: .whitespaces)
        guard body.hasPrefix(bare) else { continue }
        let after = body.dropFirst(bare.count)
        guard after.isEmpty || isSpace(after.first ?? " ") else { continue }
        rest = after.drop { isSpace($0) }
        isFound = true
      }
    }
    return rest
  }

  private static func isSpace(_ character: Character) -> Bool {
    character == " " || character == "\t" || character == "\u{A0}" || character == "\u{3000}"
      || character == "\u{FEFF}" || character == "\u{200B}"
  }

  /// The argument of `-c` in a shell's line that starts this program; nil for any other line.
  private static func command(in line: Substring) -> String? {
    var rest = line.drop { isSpace($0) }
    if rest.first == "$" || rest.first == "%" { rest = rest.dropFirst().drop { isSpace($0) } }
    for name in ["./tapline", "tapline"] where rest.hasPrefix(name) {
      let after = rest.dropFirst(name.count)
      guard let first = after.first, isSpace(first) else { continue }
      let option = after.drop { isSpace($0) }
      guard option.hasPrefix("-c") else { return nil }
      let argument = option.dropFirst(2).drop { isSpace($0) }
      return unquoted(argument)
    }
    return nil
  }

  /// What a shell passes on for one quoted argument; nil if anything follows it.
  private static func unquoted(_ argument: Substring) -> String? {
    let openers: [Character: Character] = ["\"": "\"", "'": "'", "“": "”", "‘": "’"]
    guard let open = argument.first, let close = openers[open] else { return nil }
    var result = ""
    var isEscaped = false
    var rest = argument.dropFirst()
    while let character = rest.first {
      rest = rest.dropFirst()
      if isEscaped {
        if !"\"\\$`".contains(character) { result.append("\\") }
        result.append(character)
        isEscaped = false
      } else if character == "\\", open != "'" {
        isEscaped = true
      } else if character == close || (open == "“" && character == "\"") {
        return rest.allSatisfy(isSpace) ? result : nil
      } else {
        result.append(character)
      }
    }
    return nil
  }
}

/// Goes through a text once, knowing whether it is inside quotes.
struct InputScanner {
  private(set) var changes: Set<NormalizedInput.Change> = []
  private let source: [Unicode.Scalar]
  private var result = String.UnicodeScalarView()
  private var index = 0
  /// Marks that do not occur any more from here on, so that each is looked for once.
  private var absent: Set<Unicode.Scalar> = []

  init(_ text: String) {
    source = Array(text.unicodeScalars)
  }

  mutating func mend() -> String {
    while index < source.count {
      let scalar = source[index]
      if let quote = InputScanner.quote(scalar) {
        quoted(by: scalar, as: quote)
      } else if scalar == "-", index + 1 < source.count, source[index + 1] == "-",
        isCommentStart
      {
        comment()
      } else {
        outside(scalar)
        index += 1
      }
    }
    return InputScanner.withoutTrailingSpaces(String(result))
  }

  // MARK: Inside quotes

  /// Copies a quoted part, its quotes straight, its text as it is.
  private mutating func quoted(by open: Unicode.Scalar, as quote: Unicode.Scalar) {
    guard let close = closing(of: open, as: quote, from: index + 1) else {
      // Never closed: an apostrophe, or a statement that goes on. Only this mark is mended.
      append(quote, for: open)
      index += 1
      return
    }
    append(quote, for: open)
    for scalar in source[(index + 1)..<close] { inside(scalar) }
    append(quote, for: source[close])
    index = close + 1
  }

  private mutating func append(_ quote: Unicode.Scalar, for written: Unicode.Scalar) {
    if quote != written {
      changes.insert(written.value >= 0xFF00 ? .fullWidth : .punctuation)
    }
    result.append(quote)
  }

  /// Where a quoted part ends: at its own kind of mark first, else at any that means the same.
  private mutating func closing(
    of open: Unicode.Scalar,
    as quote: Unicode.Scalar,
    from start: Int
  ) -> Int? {
    let pairs: [Unicode.Scalar: Unicode.Scalar] = [
      "“": "”", "‘": "’", "„": "“", "‚": "‘", "«": "»", "‟": "”", "‛": "’",
    ]
    let own = pairs[open] ?? open
    if !absent.contains(own) {
      if let end = source[start...].firstIndex(of: own) { return end }
      absent.insert(own)
    }
    return source[start...].firstIndex { InputScanner.quote($0) == quote }
  }

  private mutating func inside(_ scalar: Unicode.Scalar) {
    switch scalar.value {
    case 0xA0, 0x202F:
      changes.insert(.spaces)
      result.append(" ")
    case 0x200C, 0x200D: result.append(scalar)  // Part of letters and emoji.
    default:
      if InputScanner.isInvisible(scalar) {
        changes.insert(.invisible)
      } else {
        result.append(scalar)
      }
    }
  }

  // MARK: Comments

  private var isCommentStart: Bool {
    // An option such as `--last` is no comment: a comment's dashes are followed by a space.
    index + 2 >= source.count || source[index + 2] == " " || source[index + 2] == "\n"
  }

  private mutating func comment() {
    while index < source.count, source[index] != "\n" {
      inside(source[index])
      index += 1
    }
  }

  // MARK: Outside

  private mutating func outside(_ scalar: Unicode.Scalar) {
    switch scalar.value {
    case 0xFF01...0xFF5E:
      changes.insert(.fullWidth)
      append(scalar.value - 0xFEE0)
    case 0xA0, 0x1680, 0x2000...0x200A, 0x202F, 0x205F, 0x3000:
      changes.insert(.spaces)
      result.append(" ")
    case 0x2014, 0x2015:
      changes.insert(.punctuation)
      result.append("-")
      result.append("-")
    case 0x2010...0x2013, 0x2212:
      changes.insert(.punctuation)
      result.append("-")
    case 0x2026:
      changes.insert(.punctuation)
      for _ in 0..<3 { result.append(".") }
    case 0xFE0E, 0xFE0F: result.append(scalar)
    default:
      if InputScanner.isInvisible(scalar) {
        changes.insert(.invisible)
      } else {
        result.append(scalar)
      }
    }
  }

  private mutating func append(_ value: UInt32) {
    if let scalar = Unicode.Scalar(value) { result.append(scalar) }
  }

  /// The straight quote that a mark stands for.
  static func quote(_ scalar: Unicode.Scalar) -> Unicode.Scalar? {
    switch scalar.value {
    case 0x22, 0x201C...0x201F, 0xAB, 0xBB, 0x2033, 0xFF02: "\""
    case 0x27, 0x2018...0x201B, 0x2032, 0xB4, 0xFF07: "'"
    default: nil
    }
  }

  static func isInvisible(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0xAD, 0x61C, 0x115F, 0x180E, 0x200B...0x200F, 0x202A...0x202E, 0x2060...0x2064,
      0x2066...0x206F, 0xFEFF, 0x3164, 0xFFA0:
      true
    default: false
    }
  }

  private static func withoutTrailingSpaces(_ text: String) -> String {
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
      var line = line
      while let last = line.last, last == " " || last == "\t" { line.removeLast() }
      return String(line)
    }
    while lines.count > 1, lines.last == "" { lines.removeLast() }
    return lines.joined(separator: "\n")
  }
}
