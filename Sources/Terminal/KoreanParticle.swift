// Korean particles take one of two forms by the sound before them. This file reads a value aloud as
// a Korean developer would and answers what it ends in, so that a sentence of the catalogue stays
// right whatever is put into it.

/// The choice between the two forms of a Korean particle.
package enum KoreanParticle {
  /// What the last sound of a text is.
  package enum Ending: Sendable, Hashable {
    case vowel
    case consonant
    /// ㄹ, which 으로/로 treats as a vowel.
    case rieul
    /// Nothing that can be read, or Chinese characters.
    case unknown
  }

  /// The pairs that texts may use: the form after a consonant, then the one after a vowel.
  package static let pairs: Set<String> = [
    "이/가", "을/를", "은/는", "으로/로", "과/와", "이나/나", "이라/라", "이란/란", "아/야",
    "이에요/예요", "이었/였", "이며/며", "이고/고", "이면/면", "으로부터/로부터", "으로서/로서", "으로써/로써", "이라는/라는", "이라고/라고",
  ]

  /// The form of `pair` that follows `text`; both, as `을(를)`, where the sound is not known.
  package static func form(_ pair: String, after text: String) -> String {
    guard let slash = pair.firstIndex(of: "/") else { return pair }
    let afterConsonant = String(pair[..<slash])
    let afterVowel = String(pair[pair.index(after: slash)...])
    switch ending(of: text) {
    case .vowel: return afterVowel
    case .consonant: return afterConsonant
    case .rieul: return afterConsonant.hasPrefix("으로") ? afterVowel : afterConsonant
    case .unknown:
      return afterConsonant.hasPrefix("으")
        ? "(으)" + afterVowel
        : "\(afterConsonant)(\(afterVowel))"
    }
  }

  /// What `text` ends in when it is read aloud; closing marks and quotes are not read.
  package static func ending(of text: String) -> Ending {
    var scalars = Array(text.unicodeScalars)
    while let last = scalars.last, isSilent(last) { scalars.removeLast() }
    guard let last = scalars.last else { return .unknown }
    switch last.value {
    case 0xAC00...0xD7A3: return final(Int(last.value - 0xAC00) % 28)
    case 0x11A8...0x11FF: return last.value == 0x11AF ? .rieul : .consonant
    case 0x1160...0x11A7: return .vowel
    case 0x314F...0x3163: return .vowel
    case 0x3131...0x314E: return last.value == 0x3139 ? .rieul : .consonant
    case 0x3041...0x30FF: return last.value == 0x3093 || last.value == 0x30F3 ? .consonant : .vowel
    case 0x30...0x39: return number(scalars)
    case 0x41...0x5A, 0x61...0x7A: return latin(scalars)
    case 0x25: return .vowel  // 퍼센트
    case 0x2B: return .vowel  // 플러스
    default: return .unknown
    }
  }

  private static func isSilent(_ scalar: Unicode.Scalar) -> Bool {
    if scalar == "%" || scalar == "+" { return false }
    switch scalar.properties.generalCategory {
    case .closePunctuation, .finalPunctuation, .initialPunctuation, .otherPunctuation,
      .openPunctuation, .dashPunctuation, .connectorPunctuation, .spaceSeparator, .control,
      .nonspacingMark, .format:
      return true
    case .modifierSymbol, .mathSymbol, .otherSymbol:
      return true
    default:
      return false
    }
  }

  private static func final(_ index: Int) -> Ending {
    index == 0 ? .vowel : index == 8 ? .rieul : .consonant
  }

  /// Digits as they are read: 영 일 이 삼 사 오 육 칠 팔 구, and 십 백 천 만 억 조 at the end of a number.
  private static func number(_ scalars: [Unicode.Scalar]) -> Ending {
    var zeros = 0
    var index = scalars.count - 1
    while index >= 0, scalars[index] == "0" || (scalars[index] == "," && zeros > 0) {
      if scalars[index] == "0" { zeros += 1 }
      index -= 1
    }
    if zeros > 0 {
      let isWholeNumber = index >= 0 && scalars[index].value >= 0x31 && scalars[index].value <= 0x39
      return isWholeNumber && (12..<16).contains(zeros) ? .vowel : .consonant  // 조
    }
    switch scalars[scalars.count - 1] {
    case "1", "7", "8": return .rieul
    case "3", "6": return .consonant
    default: return .vowel
    }
  }

  /// The last Latin word: spelled letter by letter if it is an abbreviation, else read as a word.
  private static func latin(_ scalars: [Unicode.Scalar]) -> Ending {
    var start = scalars.count
    while start > 0, isLatin(scalars[start - 1]) { start -= 1 }
    let word = scalars[start...].map { Character($0) }
    let isAttachedToDigit = start > 0 && ("0"..."9").contains(scalars[start - 1])
    let isAbbreviation = word.count == 1 || isAttachedToDigit || word.allSatisfy(\.isUppercase)
    let letters = word.map { Character($0.lowercased()) }
    return isAbbreviation ? spelled(letters[letters.count - 1]) : pronounced(letters)
  }

  private static func isLatin(_ scalar: Unicode.Scalar) -> Bool {
    (0x41...0x5A).contains(scalar.value) || (0x61...0x7A).contains(scalar.value)
  }

  /// A letter's Korean name: 엘 and 알 end in ㄹ, 엠 and 엔 in another consonant.
  private static func spelled(_ letter: Character) -> Ending {
    switch letter {
    case "l", "r": .rieul
    case "m", "n": .consonant
    default: .vowel
    }
  }

  /// A word as Korean transcribes English: topic 토픽, offset 오프셋, event 이벤트, table 테이블.
  private static func pronounced(_ word: [Character]) -> Ending {
    let last = word[word.count - 1]
    // A doubled consonant is read as one: app 앱.
    let isDoubled = word.count > 2 && word[word.count - 2] == last
    let before = word[word.count - (isDoubled ? 3 : 2)]
    let isAfterVowel = "aeiou".contains(before)
    switch last {
    case "l": return .rieul
    case "m", "n": return .consonant
    case "g": return before == "n" ? .consonant : .vowel
    case "c": return .consonant
    case "k": return before == "c" || isAfterVowel ? .consonant : .vowel
    case "p", "t", "b": return isAfterVowel ? .consonant : .vowel
    case "e":
      if before == "l" { return .rieul }
      return before == "n" || before == "m" ? .consonant : .vowel
    default: return .vowel
    }
  }
}
