// What newcomers paste, and what is understood.

import Terminal
import Testing

@Suite struct InputNormalizerTests {
  private typealias Change = NormalizedInput.Change

  private func read(_ text: String) throws -> NormalizedInput {
    try InputNormalizer.normalize(text, prompts: ["tapline> ", "spark> ", "     -> "])
  }

  @Test(
    arguments: [
      // Nothing to do.
      ("select 1", "select 1", []), ("결제 '값'", "결제 '값'", []), ("", "", []),
      ("kafka read t --last 3", "kafka read t --last 3", []), ("a\tb", "a\tb", []),
      ("select '가' -- it’s fine", "select '가' -- it’s fine", []),
      // Quotes and dashes.
      ("select ‘결제’", "select '결제'", [.punctuation]), ("select “event_id”", "select \"event_id\"", [.punctuation]),
      ("where a = '결제’", "where a = '결제'", [.punctuation]), ("it’s", "it's", [.punctuation]),
      ("kafka read t —last 3", "kafka read t --last 3", [.punctuation]),
      ("a – b … c", "a - b ... c", [.punctuation]), ("«a»", "\"a\"", [.punctuation]),
      ("“그는 ‘예’라고”", "\"그는 ‘예’라고\"", [.punctuation]),
      // Full-width, outside quotes only.
      ("ｓｅｌｅｃｔ　＊", "select *", [.fullWidth, .spaces]), ("ｋａｆｋａ ｌａｇ", "kafka lag", [.fullWidth]),
      ("answer ２：８８７１", "answer 2:8871", [.fullWidth]), ("select 'ＡＢＣ！'", "select 'ＡＢＣ！'", []),
      ("＇ＡＢ＇", "'ＡＢ'", [.fullWidth]), ("select 1；", "select 1;", [.fullWidth]),
      ("select \"전각　공백\"", "select \"전각　공백\"", []),
      // Spaces and what cannot be seen.
      ("kafka\u{A0}lag", "kafka lag", [.spaces]), ("kafka\u{3000}lag", "kafka lag", [.spaces]),
      ("\u{FEFF}select 1", "select 1", [.invisible]), ("kaf\u{200B}ka", "kafka", [.invisible]),
      ("'purchase\u{200B}_completed'", "'purchase_completed'", [.invisible]),
      ("'a\u{A0}b'", "'a b'", [.spaces]), ("\u{202A}lag\u{202C}", "lag", [.invisible]),
      ("'👨\u{200D}👩\u{200D}👧'", "'👨\u{200D}👩\u{200D}👧'", []),
      // Prompts.
      ("tapline> kafka lag", "kafka lag", [.prompt]), ("tapline> tapline> lag", "lag", [.prompt]),
      ("  tapline>\u{A0}lag", "lag", [.prompt]), ("tapline>", "", [.prompt]),
      ("tapline> select 1,\n     -> 2;", "select 1,\n2;", [.prompt]),
      ("$ ./tapline -c \"kafka lag\"", "kafka lag", [.prompt]),
      ("./tapline -c 'select ''a'''", "./tapline -c 'select ''a'''", []),
      ("$ tapline -c \"select \\\"a\\\"\"", "select \"a\"", [.prompt]),
      ("tapline -c “kafka lag”", "kafka lag", [.prompt]), ("tapline -c 'a' | head", "tapline -c 'a' | head", []),
      ("tapline>kafka", "tapline>kafka", []),
      ("```sql\nselect 1;\n```", "select 1;", [.fence]), ("`lag`", "`lag`", []),
      // Line ends and trailing spaces, which are not told.
      ("a  \r\nb\t\rc ", "a\nb\nc", []), ("select 1;\n", "select 1;", []),
      // Normal form C.
      ("\u{1112}\u{1161}\u{11AB}", "한", []), ("ｅ\u{301}", "é", [.fullWidth]),
    ] as [(String, String, [NormalizedInput.Change])]
  )
  func `reads`(_ text: String, _ expected: String, _ changes: [NormalizedInput.Change]) throws {
    let input = try read(text)
    #expect(
      input.text.unicodeScalars.elementsEqual(expected.unicodeScalars),
      "\(input.text.debugDescription)"
    )
    #expect(input.changes == changes)
  }

  @Test(
    arguments: [
      ("a\u{1B}[2J", .control(0x1B, position: 1)), ("\0", .control(0, position: 0)),
      ("결제\u{7}", .control(7, position: 2)), ("a\u{9B}b", .control(0x9B, position: 1)),
      ("a\u{7F}", .control(0x7F, position: 1)), ("값\u{FFFD}", .notText(position: 1)),
    ] as [(String, InputRefusal)]
  )
  func `refuses`(_ text: String, _ refusal: InputRefusal) {
    #expect(throws: refusal) { try read(text) }
  }

  @Test func `refuses what is too long, and says how much is read`() {
    let text = String(repeating: "가", count: 400_000)
    #expect(throws: InputRefusal.tooLong(bytes: 1_200_000)) { try read(text) }
    #expect(
      InputRefusal.tooLong(bytes: 1_200_000).text(Texts.ko)
        == "입력이 1.2 MB라 실행하지 않았습니다. 한 번에 1.0 MB까지 읽습니다."
    )
    #expect(InputRefusal.control(0x1B, position: 1).text(Texts.en).contains("Character 2"))
  }

  @Test func `says once what was changed`() throws {
    #expect(try read("select 1").notice(texts: Texts.ko) == nil)
    #expect(
      try read("tapline> ｓelect ‘a’").notice(texts: Texts.ko)
        == "이렇게 바꿔 읽었습니다: 둥근 따옴표와 긴 줄표를 곧은 문자로, 전각 문자를 반각으로, 함께 복사된 프롬프트를 뺌"
    )
  }

  @Test func `changes nothing a second time, whatever the text`() throws {
    var state: UInt64 = 11
    let pieces = [
      "“", "”", "‘", "’", "'", "\"", "ａ", "　", "\u{A0}", "\u{200B}", "tapline> ", "$ ./tapline -c ",
      "—", "…", "\n", " ", "가", "\u{1100}\u{1161}", "e\u{301}", "```\n", "--", "👍🏽", "-- ",
    ]
    for _ in 0..<2_000 {
      var text = ""
      for _ in 0..<12 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        text += pieces[Int(state >> 33) % pieces.count]
      }
      let once = try read(text).text
      let twice = try read(once).text
      // A prompt may appear where a fence was; the third reading settles everything.
      #expect(try read(twice).text == read(read(twice).text).text, "\(text.debugDescription)")
    }
  }

  @Test func `reads a long paste in linear time`() throws {
    let clock = ContinuousClock()
    for piece in ["“", "'가’ ", "ａ\u{200B}", "‘"] {
      let text = String(repeating: piece, count: 900_000 / piece.utf8.count)
      let time = try clock.measure { _ = try read(text) }
      #expect(time < .seconds(10), "\(piece): \(time)")
    }
  }
}
