// Columns, truncation and wrapping, on the texts that break terminals.

import Foundation
import Terminal
import Testing

private let decomposed = "\u{1112}\u{1161}\u{11AB}\u{1100}\u{1173}\u{11AF}"  // 한글, by letters

@Suite struct TextWidthTests {
  @Test(
    arguments: [
      ("", 0), ("abc", 3), ("tab\tx", 4), ("한글", 4), (decomposed, 4), ("가a나b", 6), ("ㄱㅏ", 4),
      ("日本語", 6), ("カナ", 4), ("ｶﾅ", 2), ("Ａ", 2), ("é", 1), ("e\u{301}", 1), ("a\u{300}\u{301}", 1),
      ("☺", 1), ("☺\u{FE0F}", 2), ("👍", 2), ("👍🏽", 2), ("👨\u{200D}👩\u{200D}👧", 2), ("🇰🇷", 2),
      ("🇰🇷🇯🇵", 4), ("1\u{FE0F}\u{20E3}", 2),
      ("🏴\u{E0067}\u{E0062}\u{E0065}\u{E006E}\u{E0067}\u{E007F}", 2),
      ("\u{200B}", 0), ("\u{FEFF}x", 1), ("■□▸…", 4), ("₩1,000", 6), ("—", 1), ("\r\n", 0),
      ("\u{7F}", 0),
      ("\u{1B}[1;31m결제\u{1B}[0m", 4), ("क्ष", 2), ("ก็", 1), ("\u{1100}\u{1100}\u{1161}", 4),
    ] as [(String, Int)]
  )
  func `counts the columns of`(_ text: String, _ columns: Int) {
    #expect(TextWidth.columns(text) == columns, "\(text.unicodeScalars.map { $0.value })")
  }

  @Test(
    arguments: [
      ("abcdef", 6, "abcdef"), ("abcdefg", 6, "abc..."), ("한글이다", 8, "한글이다"),
      ("한글입니다", 8, "한글..."), ("한글입니다", 7, "한글..."), ("한글입니다", 9, "한글입..."),
      ("abc", 2, ".."), ("abc", 0, ""), ("가나", 3, "..."), ("🇰🇷🇯🇵🇺🇸", 5, "🇰🇷..."),
      ("e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}", 4, "e\u{301}..."),
      ("\u{1B}[31mabcdef\u{1B}[0m", 5, "\u{1B}[31mab...\u{1B}[0m"),
    ] as [(String, Int, String)]
  )
  func `truncates`(_ text: String, _ columns: Int, _ expected: String) {
    let result = TextWidth.truncate(text, to: columns)
    #expect(result == expected)
    #expect(TextWidth.columns(result) <= columns)
  }

  @Test func `pads to columns on either side`() {
    #expect(TextWidth.pad("결제", to: 6) == "결제  ")
    #expect(TextWidth.pad("결제", to: 6, alignment: .right) == "  결제")
    #expect(TextWidth.pad("결제", to: 3) == "결제")
  }

  @Test func `wraps Korean between words and never inside one`() {
    let text = "이벤트가 아직 휴대폰을 떠나지 않았습니다. 20건이 모이거나 30초가 지나면 보냅니다."
    #expect(
      TextWidth.wrap(text, to: 24) == [
        "이벤트가 아직 휴대폰을", "떠나지 않았습니다.", "20건이 모이거나 30초가", "지나면 보냅니다.",
      ]
    )
  }

  @Test func `breaks a word longer than the line by column`() {
    #expect(TextWidth.wrap("가나다라마바사", to: 5) == ["가나", "다라", "마바", "사"])
    #expect(TextWidth.wrap("ab cdefghij k", to: 4) == ["ab", "cdef", "ghij", "k"])
  }

  @Test func `keeps line breaks and indentation, and hangs continuations`() {
    #expect(TextWidth.wrap("a\n\nb", to: 10) == ["a", "", "b"])
    #expect(TextWidth.wrap("  one two three", to: 9) == ["  one two", "  three"])
    #expect(
      TextWidth.wrap("- one two three", to: 9, hangingIndent: 2) == ["- one two", "  three"]
    )
    #expect(TextWidth.wrap("a  b", to: 10) == ["a  b"])
  }

  @Test func `wraps decomposed Hangul as it wraps composed Hangul`() {
    let composed = TextWidth.wrap("한글 한글 한글", to: 9)
    let letters = TextWidth.wrap("\(decomposed) \(decomposed) \(decomposed)", to: 9)
    #expect(letters.map { $0.precomposedStringWithCanonicalMapping } == composed)
    #expect(composed == ["한글 한글", "한글"])
  }

  @Test func `never exceeds the width, whatever the text`() {
    var state: UInt64 = 42
    let pieces = ["가", "a", " ", "👍🏽", "e\u{301}", "🇰🇷", "한글", "  ", "word", "\n", "☺\u{FE0F}"]
    for _ in 0..<300 {
      var text = ""
      for _ in 0..<40 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        text += pieces[Int(state >> 33) % pieces.count]
      }
      let width = 2 + Int(state >> 40) % 20
      let lines = TextWidth.wrap(text, to: width)
      #expect(lines.allSatisfy { TextWidth.columns($0) <= width }, "\(text.debugDescription)")
      let letters = { (text: String) in text.filter { $0 != " " && $0 != "\n" } }
      #expect(letters(lines.joined()) == letters(text))
    }
  }

  @Test func `writes control characters out`() {
    #expect(
      TextWidth.printable("a\u{1B}[2Jb\n\t\r\u{7}\u{9B}\u{202E}")
        == "a\\x1B[2Jb\\n\\t\\r\\x07\\x9B\\u{202E}"
    )
    #expect(TextWidth.printable("한글 👨\u{200D}👩") == "한글 👨\u{200D}👩")
  }
}
