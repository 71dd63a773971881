// Korean prose as the checks of style see it: code, commands and quotations masked, cut into
// sentences that know their line.

internal import Foundation

struct KoreanProse {
  /// One sentence, without its final punctuation.
  struct Sentence {
    var text: String
    var line: Int
    /// `.`, `?`, `!`, or nil for a piece that ends without one: a heading, a cell, a list item.
    var punctuation: Character?
  }

  let sentences: [Sentence]
  /// How many words there are to read, code excluded.
  ///
  /// A Korean word is an 어절: what stands between two spaces, with its particles and endings. Korean
  /// texts so have about two thirds as many words as their English translations.
  let wordCount: Int

  /// Reads Markdown or a catalogue's value.
  init(_ text: String, firstLine: Int, isLesson: Bool) {
    var blocks: [(text: String, line: Int)] = []
    var lines = Self.prose(text, isLesson: isLesson)
    while let first = lines.first {
      if first.text.allSatisfy(\.isWhitespace) {
        lines.removeFirst()
        continue
      }
      var block = lines.removeFirst()
      if !Self.standsAlone(block.text) {
        while let next = lines.first, !next.text.allSatisfy(\.isWhitespace),
          !Self.standsAlone(next.text), !Self.beginsItem(next.text)
        {
          block.text += "\n" + next.text
          lines.removeFirst()
        }
      }
      blocks.append((block.text, firstLine + block.index))
    }
    var sentences: [Sentence] = []
    var wordCount = 0
    for block in blocks {
      wordCount +=
        block.text.split(whereSeparator: \.isWhitespace)
        .filter { $0.contains(where: \.isLetter) }.count
      for (piece, line) in Self.pieces(block) {
        sentences += Self.sentences(Self.masked(piece), line: line)
      }
    }
    self.sentences = sentences
    self.wordCount = wordCount
  }

  /// Headings and table rows stand for themselves.
  private static func standsAlone(_ line: String) -> Bool {
    line.hasPrefix("#") || line.hasPrefix("|")
  }

  private static func beginsItem(_ line: String) -> Bool {
    let trimmed = line.drop { $0 == " " }
    if trimmed.hasPrefix("- ") || trimmed.hasPrefix("* ") || trimmed.hasPrefix(">") { return true }
    let digits = trimmed.prefix { $0.isASCII && $0.isNumber }
    return !digits.isEmpty && trimmed.dropFirst(digits.count).hasPrefix(". ")
  }

  /// The lines that are prose, with their index: no code, no commands, no quotations in blocks, and
  /// of a prediction only what the learner reads.
  private static func prose(_ text: String, isLesson: Bool) -> [(text: String, index: Int)] {
    var result: [(text: String, index: Int)] = []
    var fence: String?
    var isQuery = false
    let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
    for (index, line) in lines.enumerated() {
      var kept = String(line)
      if line.hasPrefix("```") {
        fence = fence == nil ? String(line.drop { $0 == "`" }) : nil
        isQuery = false
        kept = ""
      } else if let fence {
        if fence.hasPrefix("predict"), let colon = line.firstIndex(of: ":"), !line.hasPrefix(" ") {
          let key = line[..<colon]
          isQuery = key == "outcome_sql" || key == "options"
          kept = isQuery ? "" : String(line[line.index(after: colon)...])
        } else {
          kept = fence.hasPrefix("predict") && !isQuery ? String(line) : ""
        }
        // Each key of a prediction is a piece of its own.
        if !kept.isEmpty, !line.hasPrefix(" ") { result.append(("", index)) }
      } else if isLesson && line.hasPrefix("    ") || line.hasPrefix(">") {
        kept = ""
      }
      result.append((kept, index))
    }
    return result
  }

  /// The cells of a table row; else the block itself.
  private static func pieces(_ block: (text: String, line: Int)) -> [(String, Int)] {
    guard block.text.hasPrefix("|") else { return [block] }
    return block.text.split(separator: "|").map { (String($0), block.line) }
  }

  /// The text with code and quoted speech replaced by spaces of the same length.
  static func masked(_ text: String) -> String {
    var characters = Array(text)
    func blank(_ range: ClosedRange<Int>) {
      for index in range where characters[index] != "\n" { characters[index] = " " }
    }
    let pairs: [(Character, Character)] = [
      ("`", "`"), ("\"", "\""), ("“", "”"), ("‘", "’"), ("「", "」"), ("'", "'"),
    ]
    for (open, close) in pairs {
      var index = 0
      while index < characters.count {
        // An apostrophe within a word opens nothing.
        let isWithinWord = open == "'" && index > 0 && characters[index - 1].isLetter
        guard characters[index] == open, !isWithinWord,
          let end = (index + 1..<max(index + 1, characters.count)).first(where: {
            characters[$0] == close
          })
        else {
          index += 1
          continue
        }
        blank(index...end)
        index = end + 1
      }
    }
    return String(characters)
  }

  private static func sentences(_ text: String, line: Int) -> [Sentence] {
    let characters = Array(text)
    var sentences: [Sentence] = []
    var current = ""
    var number = line
    func close(_ punctuation: Character?) {
      let trimmed = current.trimmingCharacters(in: .whitespacesAndNewlines)
      current = ""
      guard trimmed.contains(where: isHangul) else { return }
      sentences.append(Sentence(text: trimmed, line: number, punctuation: punctuation))
    }
    for (index, character) in characters.enumerated() {
      let next = index + 1 < characters.count ? characters[index + 1] : " "
      if ".?!".contains(character), next.isWhitespace || ")\"'”’*".contains(next) {
        close(character)
      } else {
        current.append(character)
      }
      if character == "\n" { number += 1 }
    }
    close(nil)
    return sentences
  }

  static func isHangul(_ character: Character) -> Bool {
    character.unicodeScalars.first.map { (0xAC00...0xD7A3).contains($0.value) } ?? false
  }
}

/// How a Korean sentence ends, as far as the level of speech shows in it.
enum SpeechLevel {
  /// What is not 합니다체 in that sentence; nil where it is, or where it is no sentence.
  static func slip(_ sentence: KoreanProse.Sentence) -> String? {
    var text = sentence.text.precomposedStringWithCanonicalMapping
    while let last = text.last, !KoreanProse.isHangul(last) {
      // What ends in a number, a word in Latin letters or a placeholder shows no level.
      if last.isLetter || last.isNumber || last == "}" { return nil }
      text.removeLast()
    }
    let word = String(text.reversed().prefix { KoreanProse.isHangul($0) }.reversed())
    guard !word.isEmpty else { return nil }
    // Requests and questions that go with 합니다체 in written instructions.
    for ending in ["세요", "까요", "니다", "니까", "십시오"] where word.hasSuffix(ending) { return nil }
    let polite = [
      "해요", "어요", "아요", "여요", "예요", "에요", "네요", "죠", "지요", "군요", "거든요", "데요", "래요", "게요",
      "나요", "돼요", "봐요", "와요", "워요", "려요", "져요", "켜요", "써요", "요요",
    ]
    if polite.contains(where: word.hasSuffix) { return "해요체" }
    if word.hasSuffix("다"), isPlainEnding(word, isSentence: sentence.punctuation != nil) {
      return "해라체"
    }
    guard sentence.punctuation != nil else { return nil }
    if sentence.punctuation == "?", ["니", "냐", "나", "지", "야"].contains(where: word.hasSuffix) {
      return "반말"
    }
    let casual = [
      "거야", "이야", "없어", "같아", "하자", "해라", "하라", "했지", "이지", "돼", "봐", "줘", "할게", "하지", "구나",
    ]
    // The past and 있어: a syllable that ends in ㅆ, then 어.
    let isPast =
      word.hasSuffix("어") && word.dropLast().last.map { finalConsonant($0) == 20 } == true
    return isPast || casual.contains(where: word.hasSuffix) ? "반말" : nil
  }

  /// The number of the syllable's final consonant, 0 for none; nil for what is no syllable.
  private static func finalConsonant(_ syllable: Character) -> UInt32? {
    guard let scalar = syllable.unicodeScalars.first, KoreanProse.isHangul(syllable) else {
      return nil
    }
    return (scalar.value - 0xAC00) % 28
  }

  /// True for `한다`, `있다`; false for nouns and particles that end in the same syllable.
  private static func isPlainEnding(_ word: String, isSentence: Bool) -> Bool {
    for noun in ["마다", "보다", "바다", "다다", "모두다"] where word.hasSuffix(noun) || word == "다" {
      return false
    }
    if isSentence { return true }
    guard let before = word.dropLast().last else { return false }
    if "있없않같였했었았겠됐좋많싶".contains(before) { return true }
    // A verb in the present: a syllable that ends in ㄴ, as in 한다, 된다, 읽는다.
    return finalConsonant(before) == 4
  }
}
