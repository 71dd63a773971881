// What a command looks like when it is typed with the Korean layout on: `ㄴ딛ㅊㅅ` for `select`.

/// The standard two-set keyboard (두벌식) over QWERTY.
package enum KoreanLayout {
  /// The Latin letters of the keys that typed `text`; nil if it holds no Hangul.
  ///
  /// Everything else in the text stays as it is. Decomposed input is read too.
  package static func toLatin(_ text: String) -> String? {
    var result = ""
    var hasHangul = false
    for scalar in text.unicodeScalars {
      if let keys = keys(of: scalar.value) {
        result += keys
        hasHangul = true
      } else {
        result.unicodeScalars.append(scalar)
      }
    }
    return hasHangul ? result : nil
  }

  /// The line that was meant, where one was typed with the Korean layout on by mistake; else nil.
  ///
  /// The first word decides: its keys must spell one of `names`. Of the rest, what cannot be Korean
  /// (letters outside syllables, or the keys of a name) is read by its keys; whole syllables, and
  /// quoted text made of them, stay.
  ///
  /// - Parameter names: commands, keywords and whatever else a line may hold, as they are spelled.
  package static func command(in line: String, names: [String]) -> String? {
    let spellings = Dictionary(names.map { ($0.lowercased(), $0) }) { first, _ in first }
    var result = ""
    var isFirst = true
    var quote: Character?
    for piece in pieces(of: line) {
      guard let first = piece.first, isWordStart(first) else {
        for character in piece where character == "'" || character == "\"" {
          if quote == nil { quote = character } else if quote == character { quote = nil }
        }
        result += piece.replacing("\u{20A9}", with: "`")
        continue
      }
      let latin = toLatin(String(piece))
      let name = latin.flatMap { spellings[$0.lowercased()] }
      if isFirst {
        guard let name else { return nil }
        result += name
        isFirst = false
      } else if let name, quote == nil {
        result += name
      } else {
        result += latin.flatMap { hasLooseLetter(piece) ? $0 : nil } ?? String(piece)
      }
    }
    return isFirst ? nil : result
  }

  /// Words (letters, digits, `_` and `-`) and what stands between them, in turn.
  private static func pieces(of line: String) -> [Substring] {
    var result: [Substring] = []
    var rest = Normalization.composed(line)[...]
    while let first = rest.first {
      let isWord = isWordStart(first)
      let piece = rest.prefix { character in
        isWord ? isWordStart(character) : !isWordStart(character)
      }
      result.append(piece)
      rest = rest[piece.endIndex...]
    }
    return result
  }

  private static func isWordStart(_ character: Character) -> Bool {
    character.isLetter || character.isNumber || character == "_" || character == "-"
  }

  /// Whether a Korean letter stands outside a syllable, as it never does in a Korean word.
  private static func hasLooseLetter(_ text: Substring) -> Bool {
    text.unicodeScalars.contains { (0x3131...0x3163).contains($0.value) }
  }

  private static func keys(of value: UInt32) -> String? {
    switch value {
    case 0xAC00...0xD7A3:
      let index = Int(value - 0xAC00)
      return initials[index / 588] + vowels[index / 28 % 21] + finals[index % 28]
    case 0x3131...0x314E: return consonants[Int(value - 0x3131)]
    case 0x314F...0x3163: return vowels[Int(value - 0x314F)]
    case 0x1100...0x1112: return initials[Int(value - 0x1100)]
    case 0x1161...0x1175: return vowels[Int(value - 0x1161)]
    case 0x11A8...0x11C2: return finals[Int(value - 0x11A7)]
    default: return nil
    }
  }

  private static let initials = words("r R s e E f a q Q t T d w W c z x v g")
  private static let vowels = words("k o i O j p u P h hk ho hl y n nj np nl b m ml l")
  private static let finals =
    [""] + words("r R rt s sw sg e f fr fa fq ft fx fv fg a q qt t T d w c z x v g")
  private static let consonants = words(
    "r R rt s sw sg e E f fr fa fq ft fx fv fg a q Q qt t T d w W c z x v g"
  )

  private static func words(_ text: String) -> [String] {
    text.split(separator: " ").map(String.init)
  }
}
