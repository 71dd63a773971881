// Pages: what each key shows, on a real terminal, and where nothing is paged.

import Foundation
import Terminal
import TestSupport
import Testing

@Suite(.serialized) struct PagerTests {
  private func start(
    _ environment: [String: String] = [:],
    columns: Int = 80,
    rows: Int = 24
  ) throws -> PseudoTerminal {
    let terminal = try PseudoTerminal(
      BuiltProgram.path("TerminalProbe"), environment: environment, columns: columns, rows: rows)
    try terminal.waitForPrompt()
    return terminal
  }

  private func open(_ count: Int, rows: Int = 10) throws -> PseudoTerminal {
    let terminal = try start(rows: rows)
    terminal.type("page \(count)\n")
    try terminal.waitForScreen { $0.isAlternate && $0.currentLine.contains("lines   KEYS") }
    return terminal
  }

  private func waitForTop(_ row: Int, _ terminal: PseudoTerminal) throws {
    try terminal.waitForScreen {
      $0.lines.first == "row \(row)" && $0.currentLine.contains("lines   KEYS")
    }
  }

  @Test func `shows a page, goes on and back by page and by line, and leaves the last page behind`()
    throws
  {
    let terminal = try open(100)
    #expect(terminal.screen.allLines == (1...9).map { "row \($0)" } + ["9/100 lines   KEYS"])
    terminal.type(" ")
    try waitForTop(10, terminal)
    terminal.press(.enter)
    try waitForTop(19, terminal)
    terminal.press(.down)
    try waitForTop(20, terminal)
    terminal.press(.up)
    try waitForTop(19, terminal)
    terminal.type("b")
    try waitForTop(10, terminal)
    terminal.press(.pageDown)
    try waitForTop(19, terminal)
    terminal.type("G")
    try waitForTop(92, terminal)
    terminal.type("g")
    try waitForTop(1, terminal)
    terminal.type("q")
    let screen = try terminal.waitForPrompt()
    #expect(!screen.isAlternate)
    #expect(screen.lines.suffix(4) == ["row 8", "row 9", "9/100 lines", "probe>"])
    #expect(!terminal.isCooked, "the prompt reads again")
  }

  @Test func `leaves at the end, with Space and with Enter`() throws {
    let terminal = try open(12)
    terminal.type(" ")
    try waitForTop(4, terminal)
    terminal.press(.enter)
    let screen = try terminal.waitForPrompt()
    #expect(screen.lines.suffix(3) == ["row 11", "row 12", "probe>"])
  }

  @Test func `finds text, also Korean, onwards and back, and says when there is none`() throws {
    let terminal = try open(100)
    terminal.type("/일흔")
    try terminal.waitForLine("/일흔")
    terminal.type("곱x")
    terminal.press(.backspace, .backspace)
    terminal.type("일곱\r")
    try terminal.waitForScreen { $0.lines.first == "row 77 일흔일곱" }
    terminal.type("/row 2\r")
    try waitForTop(2, terminal)
    terminal.type("n")
    try waitForTop(20, terminal)
    terminal.type("N")
    try waitForTop(2, terminal)
    terminal.type("/nowhere\r")
    try terminal.waitForLine("no nowhere")
    terminal.type("/x")
    terminal.press(.escape)
    try terminal.waitForScreen { $0.currentLine.contains("KEYS") }
    terminal.type("h")
    try terminal.waitForLine("HELP")
  }

  @Test func `follows the screen's size, the first row staying first`() throws {
    let terminal = try open(100)
    terminal.type("  ")
    try waitForTop(19, terminal)
    terminal.resize(columns: 60, rows: 6)
    try terminal.waitForScreen { $0.allLines == (19...23).map { "row \($0)" } + ["23/100 lines   KEYS"] }
    terminal.type("q")
    try terminal.waitForPrompt()
  }

  @Test(arguments: ["q", "\u{3}", "\u{1B}", "ㅂ", "\u{4}"])
  func `is left by`(_ key: String) throws {
    let terminal = try open(100)
    terminal.type(key)
    let screen = try terminal.waitForPrompt()
    #expect(!screen.isAlternate)
    terminal.type("after\n")
    try terminal.waitFor("LINE[after]")
  }

  @Test func `restores the terminal when it is ended`() throws {
    let terminal = try open(100)
    terminal.signal(SIGTERM)
    try terminal.waitForScreen { !$0.isAlternate }
    #expect(try terminal.exitCode() == 128 + SIGTERM)
    #expect(terminal.isCooked)
  }

  @Test func `writes what fits without pages`() throws {
    let terminal = try start(rows: 10)
    terminal.type("page 8\n")
    try terminal.waitFor("row 8")
    try terminal.waitForPrompt()
    #expect(!terminal.text.contains("1049"))
  }

  @Test(arguments: [["TERM": "dumb"], ["ACCESSIBLE": "1"]])
  func `never pages with`(_ environment: [String: String]) throws {
    let terminal = try start(environment, rows: 10)
    terminal.type("page 100\n")
    try terminal.waitFor("row 100")
    #expect(terminal.screen.scrolledOff.contains("row 1"))
    #expect(!terminal.text.contains("1049"))
  }

  @Test func `hands the text to PAGER where it is set`() throws {
    let terminal = try start(["PAGER": "echo counted $(grep -c row); read answer < /dev/tty; echo got $answer"], rows: 10)
    terminal.type("page 100\n")
    try terminal.waitFor("counted 100")
    terminal.type("x")
    terminal.press(.control("c"))
    try terminal.waitForPrompt()
    terminal.type("page 90\n")
    try terminal.waitFor("counted 90")
    terminal.type("yes\n")
    try terminal.waitFor("got yes")
    try terminal.waitForPrompt()
  }

  @Test func `falls back to its own where PAGER is no program`() throws {
    let terminal = try start(["PAGER": "no-such-program-here"], rows: 10)
    terminal.type("page 100\n")
    try terminal.waitForScreen { $0.isAlternate && $0.currentLine.contains("KEYS") }
    terminal.type("q")
    try terminal.waitForPrompt()
  }
}

@Suite struct PagerStateTests {
  @Test func `cuts long lines to rows, colours ending with each`() {
    let state = PagerState("\u{1B}[31m가나다라마\u{1B}[0m\nx", width: 8, height: 10)
    #expect(state.rows == ["\u{1B}[31m가나다라\u{1B}[0m", "\u{1B}[31m마\u{1B}[0m", "x"])
  }

  @Test func `knows what is longer than a screen`() {
    let lines = { (count: Int) in String(repeating: "x\n", count: count) }
    #expect(!PagerState.isLonger(lines(8), width: 80, height: 10))
    #expect(!PagerState.isLonger(lines(9), width: 80, height: 10))
    #expect(PagerState.isLonger(lines(10), width: 80, height: 10))
    #expect(PagerState.isLonger(String(repeating: "가", count: 400), width: 80, height: 10))
    #expect(!PagerState.isLonger("", width: 80, height: 10))
  }

  @Test func `survives any keys, on any size`() {
    var state = PagerState((1...50).map(String.init).joined(separator: "\n"), width: 1, height: 1)
    var random: UInt64 = 1
    for _ in 0..<5_000 {
      random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      let byte = UInt8(truncatingIfNeeded: random >> 33)
      let key = PagerState.key([byte], isSearching: state.query != nil, isComplete: true)
      if let key { state.handle(key) }
      if byte % 16 == 0 { state.resize(width: Int(byte), height: Int(byte) / 8) }
      #expect(!state.page.isEmpty)
    }
    let empty = PagerState("", width: 80, height: 24)
    #expect(empty.page.isEmpty && empty.isAtEnd)
  }

  @Test(
    arguments: [
      ([0x1B], nil), ([0x1B, 0x5B], nil), ([0x1B, 0x5B, 0x42], .lineDown), ([0x1B, 0x4F, 0x41], .lineUp),
      ([0x1B, 0x5B, 0x35, 0x7E], .pageUp), ([0xE3], nil), ([0xE3, 0x85, 0x82], .leave), ([0x20], .forward),
      ([0x0D], .forward),
    ] as [([UInt8], PagerState.Key?)]
  )
  func `reads the key in`(_ bytes: [UInt8], _ key: PagerState.Key?) {
    #expect(PagerState.key(bytes, isSearching: false, isComplete: false) == key)
  }
}
