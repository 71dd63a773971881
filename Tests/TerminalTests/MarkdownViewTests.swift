// Markdown as a learner sees it: on a wide screen, a narrow one, without colour, and read aloud.

import Terminal
import Testing

@Suite struct MarkdownViewTests {
  private func lines(
    _ text: String,
    width: Int? = 40,
    style: Style = .plain,
    indent: Int = 0
  ) -> [String] {
    MarkdownView(text, texts: Texts.ko, indent: indent).lines(width: width, style: style)
  }

  private let accessible = Style(usesColour: false, isAccessible: true)

  private let lesson = """
    # 이벤트의 여정

    앱의 탭 한 번은 **수집 서버**와 `Kafka`를
    지나 대시보드 숫자가 됩니다. [참고 문서](https://example.com/kafka)

    ## 순서

    1. 휴대폰이 이벤트를 디스크에 씁니다. 그리고 20건이 모이면 보냅니다.
    2. 수집 서버가 받습니다.
       - 형식을 확인합니다.
       - Kafka에 적습니다.

    > 받은 순간과 일어난 순간은 다릅니다. 둘 다 적어야 합니다.

    ```sql
    SELECT count(*) AS orders
      FROM live.kafka.app_events
    ```

    | 단계 | 뜻 | 건수 |
    |---|---|---:|
    | produce | 로그에 적음 | 1,204 |
    | archive | 파일로 모음 | 38 |

    ---
    끝.
    """

  @Test func `lays a lesson out on a narrow screen`() {
    #expect(
      lines(lesson) == [
        "이벤트의 여정", "=============", "",
        "앱의 탭 한 번은 수집 서버와 `Kafka`를",
        "지나 대시보드 숫자가 됩니다. 참고 문서",
        "(https://example.com/kafka)", "",
        "순서", "----", "",
        "1. 휴대폰이 이벤트를 디스크에 씁니다.",
        "   그리고 20건이 모이면 보냅니다.",
        "2. 수집 서버가 받습니다.",
        "   - 형식을 확인합니다.",
        "   - Kafka에 적습니다.", "",
        "> 받은 순간과 일어난 순간은 다릅니다. 둘",
        "> 다 적어야 합니다.", "",
        "    SELECT count(*) AS orders",
        "      FROM live.kafka.app_events", "",
        "단계     뜻            건수",
        "produce  로그에 적음  1,204",
        "archive  파일로 모음     38", "",
        "----------------------------------------", "",
        "끝.",
      ]
    )
  }

  @Test func `says everything in words where it is read aloud`() {
    let spoken = lines(lesson, style: accessible)
    #expect(spoken.contains("인용:"))
    #expect(!spoken.contains { $0.contains("===") || $0.contains("---") || $0.hasPrefix(">") })
    #expect(spoken.suffix(2) == ["", "끝."])
    let table = spoken.firstIndex(of: "단계: produce") ?? 0
    #expect(
      spoken[table..<(table + 7)] == [
        "단계: produce", "뜻: 로그에 적음", "건수: 1,204", "", "단계: archive", "뜻: 파일로 모음", "건수: 38",
      ]
    )
  }

  @Test func `adds colour to the same text`() {
    let plain = lines("**굵게** *기울여* `코드` ~~지움~~")
    #expect(plain == ["굵게 기울여 `코드` ~~지움~~"])
    let coloured = lines("**굵게** *기울여* `코드`", style: .colour)
    #expect(
      coloured == [
        "\u{1B}[1m굵게\u{1B}[0m \u{1B}[4m기울여\u{1B}[0m \u{1B}[1;34m코드\u{1B}[0m"
      ]
    )
    #expect(lines("~~지움~~", style: accessible) == ["(지운 글: 지움)"])
  }

  @Test func `closes a colour at the end of each line`() {
    let coloured = lines("**" + String(repeating: "가나다 ", count: 12) + "끝**", style: .colour)
    #expect(coloured.count > 1)
    for line in coloured {
      #expect(line.hasPrefix("\u{1B}[1m") && line.hasSuffix("\u{1B}[0m"), "\(line.debugDescription)")
    }
  }

  @Test(
    arguments: [
      ("**결제(payment)**를 봅니다", "결제(payment)를 봅니다"), ("이것은**\"인용\"**입니다", "이것은\"인용\"입니다"),
      ("10~20건, 30~40건", "10~20건, 30~40건"), ("2 ** 3 ** 4", "2 ** 3 ** 4"), ("a\\*\\*b", "a**b"),
      ("`**`와 `**`", "`**`와 `**`"), ("**열기만 하고", "**열기만 하고"),
      ("<https://example.com>", "https://example.com"), ("[여기](#절)", "여기"),
      ("![흐름](a.png)", "[그림: 흐름]"), ("![](a.png)", "[그림: a.png]"), ("가<br>나", "가\n나"),
      ("가<!-- 숨김 -->나", "가나"), ("&lt;태그&gt;", "<태그>"), ("가  \n나", "가\n나"),
    ]
  )
  func `reads`(_ source: String, _ shown: String) {
    #expect(lines(source, width: 80) == shown.split(separator: "\n").map(String.init))
  }

  @Test func `makes strong what Korean leaves open, and says so in colour`() {
    #expect(
      lines("**결제(payment)**를", style: .colour) == ["\u{1B}[1m결제(payment)\u{1B}[0m를"]
    )
  }

  @Test func `keeps loose items apart, numbers aligned, and tasks in words when read aloud`() {
    #expect(lines("- 하나\n\n- 둘") == ["- 하나", "", "- 둘"])
    let ten = (9...10).map { "\($0). 항목" }.joined(separator: "\n")
    #expect(lines(ten) == [" 9. 항목", "10. 항목"])
    #expect(lines("- [x] 보냄\n- [ ] 확인") == ["- [x] 보냄", "- [ ] 확인"])
    #expect(lines("- [x] 보냄\n- [ ] 확인", style: accessible) == ["- 완료: 보냄", "- 할 일: 확인"])
    #expect(lines("- 하나\n  - 둘\n    - 셋") == ["- 하나", "  - 둘", "    - 셋"])
  }

  @Test func `never wraps code, and cuts only what is wider than the screen`() {
    let code = "```\n" + String(repeating: "x", count: 36) + "\n" + String(repeating: "y", count: 37)
      + "\n\n\tz\n```"
    #expect(
      lines(code) == [
        "    " + String(repeating: "x", count: 36), "    " + String(repeating: "y", count: 33) + "...",
        "", "        z",
      ]
    )
    #expect(lines(code, width: nil)[1].hasSuffix("yyyy"))
    #expect(lines(code, style: accessible)[1].hasSuffix("yyyy"))
  }

  @Test func `keeps short code on one line`() {
    #expect(
      lines("지금 입력할 명령은 모두 이것입니다 `kafka lag lake-sink`로 확인합니다.") == [
        "지금 입력할 명령은 모두 이것입니다", "`kafka lag lake-sink`로 확인합니다.",
      ]
    )
  }

  @Test func `wraps a wide table inside its columns, then writes it row by row`() {
    let table = """
      | 시스템 | 하는 일 |
      |---|---|
      | Kafka | 이벤트를 순서대로 적고 여러 소비자가 각자의 속도로 읽게 합니다 |
      | S3 | 파일을 둡니다 |
      """
    #expect(
      lines(table) == [
        "시스템  하는 일",
        "Kafka   이벤트를 순서대로 적고 여러",
        "        소비자가 각자의 속도로 읽게",
        "        합니다", "",
        "S3      파일을 둡니다",
      ]
    )
    let columns = (1...5).map { "열\($0)" }
    let wide = "|" + columns.joined(separator: "|") + "|\n|" + String(repeating: "---|", count: 5)
      + "\n|" + columns.map { "\($0)의 긴 설명입니다" }.joined(separator: "|") + "|"
    #expect(lines(wide) == columns.map { "\($0): \($0)의 긴 설명입니다" })
  }

  @Test func `lets no control character through`() {
    #expect(lines("a\u{1B}[2Jb `\u{7}`") == ["a\\x1B[2Jb `\\x07`"])
    #expect(lines("```\n\u{1B}]0;x\u{7}\n```") == ["    \\x1B]0;x\\x07"])
  }

  @Test func `indents every line`() {
    #expect(lines("가\n\n- 나", indent: 2) == ["  가", "", "  - 나"])
  }

  @Test func `survives nesting without end`() {
    let quotes = String(repeating: "> ", count: 20_000) + "깊은 곳"
    #expect(lines(quotes).joined().contains("깊은"))
    let strong = String(repeating: "**a ", count: 20_000)
    #expect(!lines(strong).isEmpty)
    let links = String(repeating: "[", count: 20_000)
    #expect(!lines(links).isEmpty)
    let items = (0..<500).map { String(repeating: "  ", count: $0) + "- 항목" }
    #expect(lines(items.joined(separator: "\n")).joined().contains("항목"))
  }

  @Test func `never exceeds the width, whatever the text`() {
    var state: UInt64 = 7
    func next(_ bound: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % bound
    }
    let pieces = [
      "# ", "- ", "1. ", "> ", "**", "*", "`", "```\n", "|", "---|", "\n", "\n\n", "  ", "가나다 ",
      "결제를 ", "word ", "[x](http://a.b/c) ", "~~", "<b>", "<!--", "-->", "👍🏽", "\t", "(", ") ", "。",
      "| a | b |\n|---|--:|\n| 1 | 2 |\n", "https://example.com/very/long/path/that/goes/on/and/on ",
    ]
    for _ in 0..<400 {
      var text = ""
      for _ in 0..<30 { text += pieces[next(pieces.count)] }
      for width in [40, 80] {
        for style in [Style.plain, .colour] {
          for line in lines(text, width: width, style: style) {
            #expect(TextWidth.columns(line) <= width, "\(text.debugDescription): \(line)")
          }
        }
      }
      _ = lines(text, style: accessible)
    }
  }
}

@Suite struct KinsokuTests {
  @Test(
    arguments: [
      ("가나다라 ) 마", 9, ["가나다", "라 ) 마"]), ("가나 다라 ) 마", 7, ["가나", "다라 )", "마"]),
      ("가나다라마바)사", 12, ["가나다라마", "바)사"]), ("가나다라(마바사", 10, ["가나다라", "(마바사"]),
      ("https://a.b/c,d", 13, ["https://a.b/", "c,d"]), ("열기 ( 닫기 )", 8, ["열기", "( 닫기 )"]),
      ("파일 .parquet 이름", 8, ["파일", ".parquet", "이름"]), ("나갈 때 :q 입력", 8, ["나갈 때", ":q 입력"]),
      ("이제 끝 ...", 8, ["이제", "끝 ..."]), ("결제 。", 5, ["결", "제 。"]),
    ] as [(String, Int, [String])]
  )
  func `begins no line with a closing mark`(_ text: String, _ width: Int, _ expected: [String]) {
    #expect(TextWidth.wrap(text, to: width) == expected)
  }

  @Test func `never breaks at a no-break space`() {
    #expect(TextWidth.wrap("가나 다\u{A0}라", to: 8) == ["가나", "다\u{A0}라"])
  }
}
