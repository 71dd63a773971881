// How many columns a text takes on a terminal, and the operations that depend on it: truncation,
// padding and wrapping. Everything aligned or wrapped goes through here, because characters are not
// columns: a Hangul syllable takes two, a combining mark none, a flag of two code points two.

/// Where a text stands inside its columns.
package enum TextAlignment: Sendable, Hashable {
  case left, right
}

/// Column arithmetic over grapheme clusters; colour sequences (`ESC [ … m`) take no columns.
package enum TextWidth {
  /// The columns of `text` on one line.
  ///
  /// ASCII is counted without decoding.
  package static func columns(_ text: String) -> Int {
    if let ascii = asciiColumns(text) { return ascii }
    return DisplayUnits(text).reduce(0) { $0 + $1.columns }
  }

  /// The columns of one grapheme cluster: 0, 1 or 2, or a sum for clusters of several letters.
  package static func columns(of character: Character) -> Int {
    let scalars = character.unicodeScalars
    guard let first = scalars.first else { return 0 }
    if scalars.count == 1 { return columns(of: first) }
    if first.value == 0x0D { return 0 }  // CR LF
    return columns(ofCluster: scalars, first: first)
  }

  /// The columns of one code point on its own.
  package static func columns(of scalar: Unicode.Scalar) -> Int {
    let value = scalar.value
    if value < 0x7F { return value < 0x20 ? 0 : 1 }
    if value < 0x300 { return value < 0xA0 ? 0 : (value == 0xAD ? 0 : 1) }
    if value >= 0xAC00 && value <= 0xD7A3 { return 2 }
    if value >= 0x4E00 && value <= 0x9FFF { return 2 }
    if value >= 0x1160 && value <= 0x11FF { return 0 }  // conjoining vowels and finals
    if value >= 0xD7B0 && value <= 0xD7FF { return 0 }
    switch scalar.properties.generalCategory {
    case .nonspacingMark, .enclosingMark, .format, .control, .lineSeparator, .paragraphSeparator:
      return 0
    default:
      return isWide(value) ? 2 : 1
    }
  }

  private static func columns(
    ofCluster scalars: Character.UnicodeScalarView,
    first: Unicode.Scalar
  ) -> Int {
    var sum = 0
    var isEmojiSequence = false
    for scalar in scalars {
      switch scalar.value {
      case 0xFE0F, 0x20E3: isEmojiSequence = true
      case 0x200D: isEmojiSequence = isEmojiSequence || first.properties.isEmoji
      case 0x1F1E6...0x1F1FF, 0x1F3FB...0x1F3FF, 0xE0020...0xE007F: isEmojiSequence = true
      default: break
      }
      sum += columns(of: scalar)
    }
    return isEmojiSequence ? 2 : sum
  }

  private static func asciiColumns(_ text: String) -> Int? {
    var count = 0
    for byte in text.utf8 {
      guard byte >= 0x20, byte < 0x7F else { return nil }
      count += 1
    }
    return count
  }

  private static func isWide(_ value: UInt32) -> Bool {
    var low = 0
    var high = wideRanges.count
    while low < high {
      let middle = (low + high) / 2
      let range = wideRanges[middle]
      if value < range.0 {
        high = middle
      } else if value > range.1 {
        low = middle + 1
      } else {
        return true
      }
    }
    return false
  }
}

/// The pieces of a text that a terminal draws: one grapheme cluster, or one escape sequence.
struct DisplayUnits: Sequence, IteratorProtocol {
  struct Unit {
    var text: Substring
    var columns: Int
    var isEscape: Bool
  }

  private var rest: Substring

  init(_ text: String) {
    rest = text[...]
  }

  mutating func next() -> Unit? {
    guard let first = rest.first else { return nil }
    if first == "\u{1B}", let end = escapeEnd() {
      let text = rest[rest.startIndex..<end]
      rest = rest[end...]
      return Unit(text: text, columns: 0, isEscape: true)
    }
    let text = rest.prefix(1)
    rest = rest.dropFirst()
    return Unit(text: text, columns: TextWidth.columns(of: first), isEscape: false)
  }

  /// The index after `ESC [ parameters letter`, or nil if it is no such sequence.
  private func escapeEnd() -> String.Index? {
    var index = rest.index(after: rest.startIndex)
    guard index < rest.endIndex, rest[index] == "[" else { return nil }
    index = rest.index(after: index)
    while index < rest.endIndex {
      guard let value = rest[index].asciiValue, value >= 0x20 else { return nil }
      index = rest.index(after: index)
      if value >= 0x40 { return index }
    }
    return nil
  }
}

/// Code points of East Asian Width W and F, Unicode 16, in order.
///
/// Ambiguous ones count as narrow.
private let wideRanges: [(UInt32, UInt32)] = [
  (0x1100, 0x115F), (0x231A, 0x231B), (0x2329, 0x232A), (0x23E9, 0x23EC),
  (0x23F0, 0x23F0), (0x23F3, 0x23F3), (0x25FD, 0x25FE), (0x2614, 0x2615),
  (0x2630, 0x2637), (0x2648, 0x2653), (0x267F, 0x267F), (0x268A, 0x268F),
  (0x2693, 0x2693), (0x26A1, 0x26A1), (0x26AA, 0x26AB), (0x26BD, 0x26BE),
  (0x26C4, 0x26C5), (0x26CE, 0x26CE), (0x26D4, 0x26D4), (0x26EA, 0x26EA),
  (0x26F2, 0x26F3), (0x26F5, 0x26F5), (0x26FA, 0x26FA), (0x26FD, 0x26FD),
  (0x2705, 0x2705), (0x270A, 0x270B), (0x2728, 0x2728), (0x274C, 0x274C),
  (0x274E, 0x274E), (0x2753, 0x2755), (0x2757, 0x2757), (0x2795, 0x2797),
  (0x27B0, 0x27B0), (0x27BF, 0x27BF), (0x2B1B, 0x2B1C), (0x2B50, 0x2B50),
  (0x2B55, 0x2B55), (0x2E80, 0x303E), (0x3041, 0x3247), (0x3250, 0xA4C6),
  (0xA960, 0xA97C), (0xAC00, 0xD7A3), (0xF900, 0xFAFF), (0xFE10, 0xFE19),
  (0xFE30, 0xFE6B), (0xFF01, 0xFF60), (0xFFE0, 0xFFE6), (0x16FE0, 0x1B2FF),
  (0x1F004, 0x1F004), (0x1F0CF, 0x1F0CF), (0x1F18E, 0x1F18E), (0x1F191, 0x1F19A),
  (0x1F200, 0x1F320), (0x1F32D, 0x1F335), (0x1F337, 0x1F37C), (0x1F37E, 0x1F393),
  (0x1F3A0, 0x1F3CA), (0x1F3CF, 0x1F3D3), (0x1F3E0, 0x1F3F0), (0x1F3F4, 0x1F3F4),
  (0x1F3F8, 0x1F43E), (0x1F440, 0x1F440), (0x1F442, 0x1F4FC), (0x1F4FF, 0x1F53D),
  (0x1F54B, 0x1F54E), (0x1F550, 0x1F567), (0x1F57A, 0x1F57A), (0x1F595, 0x1F596),
  (0x1F5A4, 0x1F5A4), (0x1F5FB, 0x1F64F), (0x1F680, 0x1F6C5), (0x1F6CC, 0x1F6CC),
  (0x1F6D0, 0x1F6D2), (0x1F6D5, 0x1F6DF), (0x1F6EB, 0x1F6EC), (0x1F6F4, 0x1F6FC),
  (0x1F7E0, 0x1F7F0), (0x1F90C, 0x1F93A), (0x1F93C, 0x1F945), (0x1F947, 0x1F9FF),
  (0x1FA70, 0x1FAFF), (0x20000, 0x3FFFD),
]
