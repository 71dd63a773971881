// Where a line may break. Spaces alone decide in Korean, with two exceptions that every Korean
// printer makes: a closing mark never begins a line, and an opening one never ends it (금칙 처리).

extension TextWidth {
  /// Whether `text` is one word, such as a key or a path, wider than `room` columns.
  static func isLongWord(_ text: String, room: Int) -> Bool {
    !text.contains(where: \.isWhitespace) && columns(text) > room
  }

  static func wrapParagraph(
    _ paragraph: Substring,
    to columns: Int,
    hangingIndent: Int,
    into lines: inout [String]
  ) {
    let body = paragraph.drop { $0 == " " }
    if body.isEmpty {
      lines.append("")
      return
    }
    // At least one wide character fits after the indentation.
    let indentMax = min(columns / 2, columns - 2)
    let firstIndent = min(paragraph.count - body.count, indentMax)
    let nextIndent = min(firstIndent + hangingIndent, indentMax)
    var line = String(repeating: " ", count: firstIndent)
    var used = firstIndent
    var lineStart = firstIndent

    func breakLine() {
      lines.append(line)
      line = String(repeating: " ", count: nextIndent)
      used = nextIndent
      lineStart = nextIndent
    }

    for word in words(of: body) {
      let isFirst = used == lineStart
      if !isFirst, used + word.spaces + word.columns > columns {
        breakLine()
      } else if word.spaces > 0 {
        line += String(repeating: " ", count: word.spaces)
        used += word.spaces
      }
      if used + word.columns <= columns {
        line += word.text
        used += word.columns
        continue
      }
      var rest = Array(DisplayUnits(word.text))[...]
      while !rest.isEmpty {
        let count = fitting(rest, in: columns - used)
        for unit in rest.prefix(count) {
          line += unit.text
          used += unit.columns
        }
        rest = rest.dropFirst(count)
        if !rest.isEmpty { breakLine() }
      }
    }
    lines.append(line)
  }

  /// How many units of a word too long for a line go on it; at least one that is seen.
  private static func fitting(_ units: ArraySlice<DisplayUnits.Unit>, in columns: Int) -> Int {
    var count = 0
    var used = 0
    for unit in units {
      if used + unit.columns > columns, used > 0 { break }
      used += unit.columns
      count += 1
    }
    guard count < units.count else { return count }
    // Back to where neither side breaks the rule; not so far that the line would be half empty.
    for shorter in stride(from: count, through: max(count / 2, 1), by: -1) {
      let next = units[(units.startIndex + shorter)...].first { !$0.isEscape }?.text.first
      let last = units[..<(units.startIndex + shorter)].last { !$0.isEscape }?.text.first
      let isForbidden = isClosing(next) || next == " " || isOpening(last) || last == " "
      if !isForbidden { return shorter }
    }
    return count
  }

  private struct Word {
    /// The spaces before it.
    var spaces: Int
    var text: String
    var columns: Int
  }

  /// The words of a paragraph; one that begins with a closing mark, or follows an opening one,
  /// stays with the word before it.
  private static func words(of text: Substring) -> [Word] {
    var result: [Word] = []
    var rest = text
    while !rest.isEmpty {
      let spaces = rest.prefix { $0 == " " }.count
      let word = rest.dropFirst(spaces).prefix { $0 != " " }
      rest = rest[word.endIndex...]
      guard !word.isEmpty else { break }
      let columns = columns(String(word))
      if let last = result.last, isGlued(last.text, String(word)) {
        let gap = String(repeating: " ", count: spaces)
        result[result.count - 1].text += gap + word
        result[result.count - 1].columns += spaces + columns
      } else {
        result.append(Word(spaces: spaces, text: String(word), columns: columns))
      }
    }
    return result
  }

  private static func isGlued(_ before: String, _ after: String) -> Bool {
    if let last = before.last, isOpening(last) { return true }
    let shown = DisplayUnits(after).lazy.filter { !$0.isEscape }.compactMap(\.text.first)
    guard let first = shown.first(where: { _ in true }), isClosing(first) else { return false }
    // `.parquet` and `:q` begin with a mark and are words all the same.
    return !first.isASCII || ")]}".contains(first) || shown.allSatisfy { isClosing($0) }
  }

  /// Whether a mark belongs to what stands before it.
  static func isClosing(_ character: Character?) -> Bool {
    guard let character else { return false }
    return ")]}.,!?:;%」』】〉》〕”’。、・…！？）］｝，．：；％".contains(character)
  }

  /// Whether a mark belongs to what stands after it.
  static func isOpening(_ character: Character?) -> Bool {
    guard let character else { return false }
    return "([{「『【〈《〔“‘（［｛".contains(character)
  }

  /// `lines` with each colour closed where its line ends, and opened again in the next.
  static func closingColours(_ lines: [String]) -> [String] {
    var open = ""
    return lines.map { line in
      var result = ""
      var isBegun = open.isEmpty
      for unit in DisplayUnits(line) {
        if !isBegun, unit.text != " " {
          result += open
          isBegun = true
        }
        result += unit.text
        guard unit.isEscape, unit.text.hasSuffix("m") else { continue }
        open = unit.text == "\u{1B}[0m" || unit.text == "\u{1B}[m" ? "" : open + unit.text
      }
      return open.isEmpty || !isBegun ? result : result + "\u{1B}[0m"
    }
  }
}
