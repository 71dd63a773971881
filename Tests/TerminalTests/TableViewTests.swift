// Tables, pairs, numbers and progress as exact text.

import Synchronization
import Terminal
import Testing

private let queue = TableView(
  columns: [
    .number("SEQ"), TableColumn("EVENT_ID"), TableColumn("EVENT_NAME"), TableColumn("EVENT_TIME"),
    TableColumn("상태"),
  ],
  rows: [
    ["3", "7f3a19c2", "purchase_completed", "09:10:04", "디스크에서 전송 대기"],
    ["12", "b20c77aa", "screen_view", "09:10:31", "보냄"],
  ]
)

@Suite struct TableViewTests {
  @Test func `aligns by columns, with two spaces between them`() {
    #expect(
      queue.render(width: 120) == """
          SEQ  EVENT_ID  EVENT_NAME          EVENT_TIME  상태
            3  7f3a19c2  purchase_completed  09:10:04    디스크에서 전송 대기
           12  b20c77aa  screen_view         09:10:31    보냄

        """
    )
    #expect(queue.render(width: 80) == queue.render(width: nil))
  }

  @Test func `cuts the widest text columns first`() {
    #expect(
      queue.render(width: 60) == """
          SEQ  EVENT_ID  EVENT_NAME      EVENT_TIME  상태
            3  7f3a19c2  purchase_co...  09:10:04    디스크에서 ...
           12  b20c77aa  screen_view     09:10:31    보냄

        """
    )
  }

  @Test func `becomes blocks where cutting would leave too little`() {
    #expect(
      queue.render(width: 40) == """
          SEQ         3
          EVENT_ID    7f3a19c2
          EVENT_NAME  purchase_completed
          EVENT_TIME  09:10:04
          상태        디스크에서 전송 대기

          SEQ         12
          EVENT_ID    b20c77aa
          EVENT_NAME  screen_view
          EVENT_TIME  09:10:31
          상태        보냄

        """
    )
  }

  @Test(arguments: [24, 40, 46, 47, 60, 80, 120])
  func `never exceeds the width`(_ width: Int) {
    #expect(queue.lines(width: width).allSatisfy { TextWidth.columns($0) <= width })
  }

  @Test func `measures what it prints, also with decomposed Hangul and emoji`() {
    let table = TableView(
      columns: [TableColumn("NAME"), .number("N")],
      rows: [
        ["\u{1112}\u{1161}\u{11AB}", "1"], ["👨\u{200D}👩\u{200D}👧", "22"], ["e\u{301}", "333"],
      ]
    )
    #expect(
      table.lines(width: 80) == [
        "  NAME    N", "  \u{1112}\u{1161}\u{11AB}      1", "  👨\u{200D}👩\u{200D}👧     22",
        "  e\u{301}     333",
      ]
    )
  }

  @Test func `leaves a short row's cells empty, and no trailing spaces`() {
    let table = TableView(
      columns: [.number("OFFSET"), TableColumn("EVENT_ID"), TableColumn("PRICE")],
      rows: [["9120", "b20c77aa"], ["1"]]
    )
    #expect(
      table.lines(width: 80) == ["  OFFSET  EVENT_ID  PRICE", "    9120  b20c77aa", "       1"]
    )
  }

  @Test func `lets no control character of the data through`() {
    let table = TableView(columns: [TableColumn("V")], rows: [["a\u{1B}[2J\nb"]])
    #expect(table.lines(width: 80) == ["  V", "  a\\x1B[2J\\nb"])
  }

  @Test func `colours cells without moving them`() {
    let table = TableView(
      columns: [.number("N"), TableColumn("S", role: .success)],
      rows: [["1", "ok"], ["22", "no"]]
    )
    #expect(
      table.lines(width: 80, style: .colour) == [
        "   \u{1B}[2mN\u{1B}[0m  \u{1B}[2mS\u{1B}[0m", "   1  \u{1B}[32mok\u{1B}[0m",
        "  22  \u{1B}[32mno\u{1B}[0m",
      ]
    )
  }

  @Test func `prints the header of an empty table`() {
    let table = TableView(columns: [TableColumn("A"), TableColumn("B")])
    #expect(table.render(width: 80) == "  A  B\n")
    #expect(TableView(columns: []).render(width: 80) == "")
  }

  @Test func `aligns pairs, and continues long values below themselves`() {
    let pairs = KeyValueView([
      ("찾는 이벤트", "event_id 7f3a19c2   29,900원"), ("1:9044", "event_id e91c04d7   31,000원"),
    ])
    #expect(
      pairs.render(width: 80) == """
            찾는 이벤트   event_id 7f3a19c2   29,900원
            1:9044        event_id e91c04d7   31,000원

        """
    )
    #expect(
      pairs.lines(width: 36) == [
        "    찾는 이벤트   event_id 7f3a19c2", "                  29,900원",
        "    1:9044        event_id e91c04d7", "                  31,000원",
      ]
    )
  }
}

@Suite struct NumberTextTests {
  @Test func `groups thousands`() {
    #expect(NumberText.grouped(0) == "0")
    #expect(NumberText.grouped(999) == "999")
    #expect(NumberText.grouped(-1_000) == "-1,000")
    #expect(NumberText.grouped(1_642_100) == "1,642,100")
    #expect(NumberText.grouped(Int64.min) == "-9,223,372,036,854,775,808")
    #expect(NumberText.signed(29_900) == "+29,900")
    #expect(NumberText.won(1_642_100, .ko) == "1,642,100원")
    #expect(NumberText.won(1_642_100, .en) == "KRW 1,642,100")
  }

  @Test func `scales bytes`() {
    let expected: [(Int64, String)] = [
      (0, "0 B"), (312, "312 B"), (999, "999 B"), (1_000, "1.0 kB"), (1_250_000, "1.3 MB"),
      (9_949_999, "9.9 MB"), (9_950_000, "10 MB"), (999_499, "999 kB"), (999_500, "1.0 MB"),
      (14_000_000_000, "14 GB"), (Int64.max, "9.2 EB"), (-2_000, "-2.0 kB"),
    ]
    for (value, text) in expected { #expect(NumberText.bytes(value) == text) }
  }

  @Test func `says durations`() {
    let expected: [(Int64, String)] = [
      (0, "0 ms"), (41, "41 ms"), (999, "999 ms"), (1_200, "1.2 s"), (59_949, "59.9 s"),
      (59_950, "1 min"), (200_000, "3 min 20 s"), (7_500_000, "2 h 5 min"), (-41, "-41 ms"),
    ]
    for (value, text) in expected { #expect(NumberText.milliseconds(value) == text) }
  }

  @Test func `rounds decimals`() {
    #expect(NumberText.decimal(1234.5, places: 2) == "1,234.50")
    #expect(NumberText.decimal(-0.04, places: 1) == "0.0")
    #expect(NumberText.decimal(0.05, places: 1) == "0.1")
    #expect(NumberText.decimal(-2.5, places: 0) == "-3")
    #expect(NumberText.decimal(.nan, places: 1) == "nan")
    #expect(NumberText.percent(0.4242) == "42 %")
  }
}

@Suite struct ProgressLineTests {
  /// A clock that a test moves.
  private final class Hand: Sendable {
    private let time = Mutex<Int64>(0)
    func move(to value: Int64) { time.withLock { $0 = value } }
    func now() -> Int64 { time.withLock { $0 } }
  }

  @Test func `redraws one line, at most ten times a second`() {
    let hand = Hand()
    let output = CapturedOutput(width: 80, isInteractive: true)
    let progress = ProgressLine(
      "적재",
      total: 3_000,
      unit: "건",
      remaining: "{time} 남음",
      to: output,
      now: hand.now
    )
    hand.move(to: 2_000)
    progress.update(1_000)
    hand.move(to: 2_050)
    progress.update(1_050)
    hand.move(to: 2_100)
    progress.update(1_400)
    progress.finish("3,000건 적재")
    progress.update(2_000)
    #expect(
      output.text == "\r  적재  33 %  1,000/3,000 건  500/s  4 s 남음\u{1B}[K"
        + "\r  적재  47 %  1,400/3,000 건  667/s  3 s 남음\u{1B}[K" + "\r\u{1B}[K  3,000건 적재\n"
    )
  }

  @Test func `prints only its start and its end where nothing redraws`() {
    for output in [
      CapturedOutput(width: 80),
      CapturedOutput(isInteractive: true, style: Style(usesColour: false, isAccessible: true)),
    ] {
      let progress = ProgressLine("적재", total: 3, remaining: "", to: output)
      for done in 1...3 { progress.update(Int64(done)) }
      progress.finish("끝")
      #expect(output.text == "  적재\n  끝\n")
    }
  }

  @Test func `follows work that slows down, by the rate of the last seconds`() {
    let hand = Hand()
    let output = CapturedOutput(width: 80, isInteractive: true)
    let progress = ProgressLine("적재", total: 20_000, remaining: "{time}", to: output, now: hand.now)
    var done: Int64 = 0
    for second in 1...20 {
      hand.move(to: Int64(second) * 1_000)
      done += second <= 10 ? 1_000 : 100
      _ = output.take()
      progress.update(done)
    }
    // 11,000 in 20 s is 550/s on the whole; now it is 100/s, and 9,000 are left.
    #expect(output.text == "\r  적재  55 %  11,000/20,000  100/s  1 min 30 s\u{1B}[K")
  }

  @Test func `says how far it is every ten seconds in accessible mode, without redrawing`() {
    let hand = Hand()
    let style = Style(usesColour: false, isAccessible: true)
    let output = CapturedOutput(isInteractive: true, style: style)
    let progress = ProgressLine(
      "적재", total: 100, unit: "건", remaining: "{time} 남음", to: output, now: hand.now)
    for second in 1...25 {
      hand.move(to: Int64(second) * 1_000)
      progress.update(Int64(second))
    }
    progress.finish("끝")
    #expect(
      output.text == """
          적재
          적재  10 %  10/100 건  1.0/s  90 s 남음
          적재  20 %  20/100 건  1.0/s  80 s 남음
          끝

        """.replacing("90 s", with: "1 min 30 s").replacing("80 s", with: "1 min 20 s")
    )
  }

  @Test func `fits a narrow terminal`() {
    let output = CapturedOutput(width: 20, isInteractive: true)
    ProgressLine("이벤트를 적재하는 중", total: 9, remaining: "", to: output, now: { 0 }).update(1)
    #expect(output.text == "\r  이벤트를 적재...\u{1B}[K")
  }
}

@Suite struct StyleTests {
  @Test func `colours only a terminal that allows it`() {
    let colour = { (terminal: Bool, environment: [String: String], accessible: Bool) in
      Style.fitting(isTerminal: terminal, environment: environment, isAccessible: accessible)
        .usesColour
    }
    #expect(colour(true, ["TERM": "xterm"], false))
    #expect(!colour(false, ["TERM": "xterm"], false))
    #expect(!colour(true, ["TERM": "dumb"], false))
    #expect(!colour(true, ["TERM": "xterm", "NO_COLOR": "1"], false))
    #expect(colour(true, ["TERM": "xterm", "NO_COLOR": ""], false))
    #expect(!colour(true, ["TERM": "xterm"], true))
  }

  @Test func `is the text itself without colour`() {
    #expect(Style.plain.apply(.failure, "x") == "x")
    #expect(Style.colour.apply(.failure, "x") == "\u{1B}[31mx\u{1B}[0m")
    #expect(Style.colour.apply(.failure, "") == "")
  }
}
