// How Korean developers read numbers and Latin words: only their last sound is wanted.

/// Digits, read as 영 일 이 삼 사 오 육 칠 팔 구, with 십 백 천 만 억 조 at the end of a number.
enum SpokenNumber {
  static func ending(of scalars: [Unicode.Scalar]) -> KoreanParticle.Ending {
    let text = scalars.suffix(24).map { Character($0) }
    if let last = clockOrDate(text) { return last }
    if isProductName(scalars) { return .vowel }  // S3 에스쓰리
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

  /// `09:10` ends in 분, `09:10:04` in 초, `2024-01-16` in 일.
  private static func clockOrDate(_ text: [Character]) -> KoreanParticle.Ending? {
    let number = { (range: Range<Int>) -> Int? in
      guard range.lowerBound >= 0, text[range].allSatisfy({ $0.isASCII && $0.isNumber }) else {
        return nil
      }
      return Int(String(text[range]))
    }
    let count = text.count
    let isFree = { (start: Int) in start == 0 || !(text[start - 1].isNumber || text[start - 1] == ":") }
    // Seconds may have a fraction.
    var whole = count
    if let dot = text.lastIndex(of: "."), count - dot <= 7, number(dot + 1..<count) != nil,
      dot >= 8, text[dot - 3] == ":"
    {
      whole = dot
    }
    if whole >= 8, text[whole - 3] == ":", text[whole - 6] == ":", isFree(whole - 8),
      let hour = number(whole - 8..<whole - 6), let minute = number(whole - 5..<whole - 3),
      let second = number(whole - 2..<whole), hour < 25, minute < 60, second < 61
    {
      return .vowel
    }
    if whole == count, count >= 5, text[count - 3] == ":", isFree(count - 5),
      let hour = number(count - 5..<count - 3), let minute = number(count - 2..<count),
      hour < 25, minute < 60
    {
      return .consonant
    }
    if count >= 10, text[count - 3] == "-", text[count - 6] == "-", isFree(count - 10),
      number(count - 10..<count - 6) != nil, let month = number(count - 5..<count - 3),
      let day = number(count - 2..<count), (1...12).contains(month), (1...31).contains(day)
    {
      return .rieul
    }
    return nil
  }

  private static func isProductName(_ scalars: [Unicode.Scalar]) -> Bool {
    guard scalars.count >= 2, scalars[scalars.count - 1] == "3" else { return false }
    let letter = scalars[scalars.count - 2]
    let isAlone = scalars.count == 2 || !SpokenLatin.isLetterOrDigit(scalars[scalars.count - 3])
    return isAlone && (letter == "S" || letter == "s")
  }
}

/// Latin words.
enum SpokenLatin {
  /// The last Latin word: spelled letter by letter if it is an abbreviation, else read as a word.
  static func ending(of scalars: [Unicode.Scalar]) -> KoreanParticle.Ending {
    var start = scalars.count
    while start > 0, isLatin(scalars[start - 1]) { start -= 1 }
    let word = scalars[start...].map { Character($0) }
    let letters = word.map { Character($0.lowercased()) }
    let isAttachedToDigit = start > 0 && KoreanParticle.isDigit(scalars[start - 1])
    let name = String(letters)
    if name == "h", followsNumber(scalars, start) { return .consonant }  // 시간
    if let known = readings[name], !isAttachedToDigit || isUnit(name) { return known }
    let isAbbreviation =
      word.count == 1 || isAttachedToDigit
      || word.suffix(2).allSatisfy(\.isUppercase) || !hasVowel(letters)
    return isAbbreviation ? spelled(letters[letters.count - 1]) : pronounced(letters)
  }

  static func isLetterOrDigit(_ scalar: Unicode.Scalar) -> Bool {
    isLatin(scalar) || KoreanParticle.isDigit(scalar)
  }

  private static func isLatin(_ scalar: Unicode.Scalar) -> Bool {
    (0x41...0x5A).contains(scalar.value) || (0x61...0x7A).contains(scalar.value)
  }

  private static func followsNumber(_ scalars: [Unicode.Scalar], _ start: Int) -> Bool {
    var index = start
    while index > 0, scalars[index - 1] == " " || scalars[index - 1] == "\u{A0}" { index -= 1 }
    return index > 0 && KoreanParticle.isDigit(scalars[index - 1])
  }

  private static func isUnit(_ name: String) -> Bool {
    ["min", "ms", "kb", "mb", "gb", "tb"].contains(name)
  }

  private static func hasVowel(_ letters: [Character]) -> Bool {
    letters.contains { "aeiouy".contains($0) }
  }

  /// A letter's Korean name: 엘 and 알 end in ㄹ, 엠 and 엔 in another consonant.
  private static func spelled(_ letter: Character) -> KoreanParticle.Ending {
    switch letter {
    case "l", "r": .rieul
    case "m", "n": .consonant
    default: .vowel
    }
  }

  /// Words that the rules below would read wrongly.
  private static let readings: [String: KoreanParticle.Ending] = [
    "parquet": .vowel,  // 파케이
    "hub": .vowel, "github": .vowel, "pub": .vowel,  // 허브
    "type": .consonant, "datatype": .consonant,  // 타입
    "loop": .vowel, "ok": .vowel, "float": .vowel, "iot": .vowel,
    "null": .rieul, "min": .consonant, "varchar": .vowel, "char": .vowel,
    "json": .consonant, "cafe": .vowel, "cookie": .vowel, "app": .consonant,
    "one": .consonant, "site": .vowel, "acme": .vowel, "ksql": .rieul,
    "recipe": .vowel, "latte": .vowel, "me": .vowel, "we": .vowel, "the": .vowel,
    "http": .vowel, "tcp": .vowel, "utc": .vowel, "orc": .vowel, "etc": .vowel, "kst": .vowel,
  ]

  /// A word as Korean transcribes English: topic 토픽, offset 오프셋, event 이벤트, table 테이블.
  private static func pronounced(_ word: [Character]) -> KoreanParticle.Ending {
    let last = word[word.count - 1]
    // A doubled consonant is read as one: app 앱.
    let isDoubled = word.count > 2 && word[word.count - 2] == last
    let at = word.count - (isDoubled ? 3 : 2)
    let before = word[at]
    let isAfterVowel = "aeiou".contains(before)
    // heat 히트, root 루트, week 위크: two vowels leave the consonant to a syllable of its own.
    let pair = at > 0 ? String(word[(at - 1)...at]) : ""
    let isLong = ["ea", "ee", "oa", "ai"].contains(pair)
    switch last {
    case "l": return .rieul
    case "m", "n": return .consonant
    case "g": return before == "n" ? .consonant : .vowel
    // topic 토픽, but sync 싱크 and abc 에이비씨.
    case "c": return isAfterVowel ? .consonant : .vowel
    case "k": return before == "c" || (isAfterVowel && !isLong) ? .consonant : .vowel
    case "t": return isAfterVowel && !isLong && pair != "oo" ? .consonant : .vowel
    case "p", "b": return isAfterVowel ? .consonant : .vowel
    case "e":
      if before == "l" { return .rieul }
      return before == "n" || before == "m" ? .consonant : .vowel
    default: return .vowel
    }
  }
}
