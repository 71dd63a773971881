// Truncation, padding and wrapping by columns.

extension TextWidth {
  /// At most `columns` columns of `text`; a text that does not fit ends in `...`.
  ///
  /// The mark is three ASCII dots, because the ellipsis character has no certain width. A wide
  /// character that would straddle the edge is left out, so the result may be one column short.
  package static func truncate(_ text: String, to columns: Int) -> String {
    guard columns > 0 else { return "" }
    if self.columns(text) <= columns { return text }
    let mark = columns >= 4 ? "..." : String(repeating: ".", count: columns)
    let room = columns - mark.utf8.count
    var result = ""
    var used = 0
    var isStyled = false
    var isFull = false
    for unit in DisplayUnits(text) {
      if unit.isEscape {
        isStyled = true
        if !isFull { result += unit.text }
        continue
      }
      if isFull { continue }
      if used + unit.columns > room {
        isFull = true
        continue
      }
      result += unit.text
      used += unit.columns
    }
    return result + mark + (isStyled ? "\u{1B}[0m" : "")
  }

  /// `text` filled up with spaces to `columns`; a longer text is returned as it is.
  package static func pad(
    _ text: String,
    to columns: Int,
    alignment: TextAlignment = .left
  ) -> String {
    let missing = columns - self.columns(text)
    guard missing > 0 else { return text }
    let spaces = String(repeating: " ", count: missing)
    return alignment == .left ? text + spaces : spaces + text
  }

  /// The lines of `text`, each at most `columns` wide, broken at spaces.
  ///
  /// A Korean text therefore breaks between 어절, never inside one; a word wider than the line is
  /// broken by column. No line begins with a closing mark such as `)` or `.`, and none ends with an
  /// opening one. Line breaks in `text` stay, as do no-break spaces. A line's own leading spaces are
  /// its indentation: its continuation lines get the same, plus `hangingIndent`. A colour that is on
  /// at the end of a line is switched off there and on again in the next.
  package static func wrap(_ text: String, to columns: Int, hangingIndent: Int = 0) -> [String] {
    var lines: [String] = []
    for paragraph in text.split(separator: "\n", omittingEmptySubsequences: false) {
      wrapParagraph(paragraph, to: max(columns, 2), hangingIndent: hangingIndent, into: &lines)
    }
    return text.utf8.contains(0x1B) ? closingColours(lines) : lines
  }

  /// `text` with control characters written out, so that data cannot move the cursor or the colour.
  package static func printable(_ text: String) -> String {
    let isClean = text.unicodeScalars.allSatisfy { !isControl($0) }
    if isClean { return text }
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\n": result += "\\n"
      case "\r": result += "\\r"
      case "\t": result += "\\t"
      default:
        if isControl(scalar) {
          let hex = String(scalar.value, radix: 16, uppercase: true)
          result += scalar.value < 0x100 ? "\\x" + (hex.count < 2 ? "0" : "") + hex : "\\u{\(hex)}"
        } else {
          result.unicodeScalars.append(scalar)
        }
      }
    }
    return result
  }

  /// C0 and C1 controls, line separators, and the marks that reorder a line's text.
  private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0..<0x20, 0x7F..<0xA0, 0x2028, 0x2029, 0x202A...0x202E, 0x2066...0x2069: true
    default: false
    }
  }
}
