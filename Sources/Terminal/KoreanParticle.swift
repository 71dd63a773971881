// Korean particles take one of two forms by the sound before them. This file reads a value aloud as
// a Korean developer would and answers what it ends in, so that a sentence of the catalogue stays
// right whatever is put into it.
//
// 1. A group in brackets after a word is not read: 토픽(topic)을.
// 2. Times, dates, numbers and units are read as Korean: 09:10 십 분, 3 삼, 2 h 두 시간.
// 3. Latin words are read as Korean writes them: topic 토픽, Kafka 카프카; abbreviations by the name
//    of their last letter: SQL 에스큐엘, abc 에이비씨.

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
    var scalars = withoutBracketGroup(Array(text.unicodeScalars))
    while let last = scalars.last, isSilent(last) { scalars.removeLast() }
    guard let last = scalars.last else { return .unknown }
    switch last.value {
    case 0xAC00...0xD7A3: return final(Int(last.value - 0xAC00) % 28)
    case 0x11A8...0x11FF: return last.value == 0x11AF ? .rieul : .consonant
    case 0x1160...0x11A7: return .vowel
    case 0x314F...0x3163: return .vowel
    case 0x3131...0x314E: return last.value == 0x3139 ? .rieul : .consonant
    case 0x3041...0x30FF: return last.value == 0x3093 || last.value == 0x30F3 ? .consonant : .vowel
    case 0x30...0x39: return SpokenNumber.ending(of: scalars)
    case 0x41...0x5A, 0x61...0x7A: return SpokenLatin.ending(of: scalars)
    case 0x25: return .vowel  // 퍼센트
    case 0x2B: return .vowel  // 플러스
    default: return .unknown
    }
  }

  /// The text before a closing group in round brackets, if something to read stands there.
  private static func withoutBracketGroup(_ scalars: [Unicode.Scalar]) -> [Unicode.Scalar] {
    var end = scalars.count
    while end > 0, scalars[end - 1] != ")", isSilent(scalars[end - 1]) { end -= 1 }
    guard end > 0, scalars[end - 1] == ")" else { return scalars }
    var depth = 0
    for index in stride(from: end - 1, through: 0, by: -1) {
      if scalars[index] == ")" { depth += 1 }
      if scalars[index] == "(" { depth -= 1 }
      guard depth == 0 else { continue }
      let before = Array(scalars[..<index])
      return before.contains { !isSilent($0) } ? withoutBracketGroup(before) : scalars
    }
    return scalars
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

  static func isDigit(_ scalar: Unicode.Scalar) -> Bool { ("0"..."9").contains(scalar) }
}
