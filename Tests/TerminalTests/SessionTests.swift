// What happens to a session: searching, pasting, stopping, resizing, losing the terminal.

import Foundation
import Testing
import TestSupport

@Suite(.serialized) struct SessionTests {
  private let folder: Folder
  private let probe = BuiltProgram.path("TerminalProbe")

  init() throws {
    folder = try Folder()
  }

  private func start(
    _ environment: [String: String] = [:],
    history: [String] = [],
    columns: Int = 80,
    rows: Int = 24
  ) throws -> PseudoTerminal {
    if !history.isEmpty {
      try folder.write("history", Data((history.joined(separator: "\n") + "\n").utf8))
    }
    let terminal = try PseudoTerminal(
      probe,
      arguments: [folder.path + "/history"],
      environment: environment,
      columns: columns,
      rows: rows
    )
    try terminal.waitForPrompt()
    return terminal
  }

  // MARK: Searching

  @Test func `finds an earlier Korean line with Ctrl-R`() throws {
    let terminal = try start(history: ["결제 조회", "kafka lag", "이벤트 수집"])
    terminal.press(.control("r"))
    terminal.type("결")
    let screen = try terminal.waitForScreen { $0.contains("결제 조회") }
    #expect(screen.contains("결"))
    terminal.press(.enter)
    try terminal.waitFor("LINE[결제 조회]")
    try terminal.waitForPrompt()
  }

  @Test func `narrows a search syllable by syllable, goes to older lines and back`() throws {
    let terminal = try start(history: ["수집 둘", "SELECT 1", "수정 하나"])
    terminal.type("쓰던 줄")
    terminal.press(.control("r"))
    try terminal.waitForLine("/> 쓰던 줄")
    terminal.type("수")
    try terminal.waitForLine("/수> 수정 하나")
    terminal.press(.control("r"))
    try terminal.waitForLine("/수> 수집 둘")
    terminal.press(.control("r"))
    try terminal.waitForLine("/수 ?> 수집 둘")
    terminal.press(.control("s"))
    try terminal.waitForLine("/수> 수정 하나")
    terminal.type("집")
    try terminal.waitForLine("/수집> 수집 둘")
    terminal.press(.backspace, .backspace)
    terminal.type("select")
    try terminal.waitForLine("/select> SELECT 1")
    terminal.press(.control("g"))
    try terminal.waitForLine("probe> 쓰던 줄", column: 14)
    // A key that moves takes the line over to be edited.
    terminal.press(.control("r"))
    terminal.type("둘")
    try terminal.waitForLine("/둘> 수집 둘")
    terminal.press(.home)
    try terminal.waitForLine("probe> 수집 둘", column: 7)
    terminal.type("x")
    terminal.press(.control("c"))
    try terminal.waitForPrompt()
    // Ctrl-C drops the search.
    terminal.press(.control("r"))
    terminal.type("둘")
    try terminal.waitForLine("/둘> 수집 둘")
    terminal.press(.control("c"))
    try terminal.waitForPrompt()
    terminal.type("ok\n")
    try terminal.waitFor("LINE[ok]")
  }

  @Test func `finds a line longer than the screen, and draws no row twice`() throws {
    let long = String(repeating: "가나다라 ", count: 12) + "끝"
    let terminal = try start(history: [long, "짧은 줄"], columns: 40, rows: 15)
    terminal.press(.control("r"))
    terminal.type("가나")
    try terminal.waitForScreen { $0.contains("/가나> 가나다라") && $0.currentLine.contains("끝") }
    terminal.press(.backspace)
    terminal.type("나다")
    try terminal.waitForScreen { $0.contains("/가나다> ") && $0.currentLine.contains("끝") }
    terminal.press(.end)
    try terminal.waitForScreen { $0.contains("probe> 가나다라") && $0.currentLine.contains("끝") }
    let screen = terminal.settle()
    #expect(screen.lines.filter { $0.contains("끝") }.count == 1, "\(screen)")
    #expect(!screen.contains("/가"), "\(screen)")
    terminal.press(.enter)
    try terminal.expect("LINE[\(long)]")
  }

  @Test func `loses no Ctrl-C that comes right behind a key`() throws {
    let terminal = try start()
    for round in 1...300 {
      // The kernel drops the key when it sees the Ctrl-C, whether or not it was announced.
      terminal.type("x")
      usleep(UInt32(round))
      terminal.press(.control("c"))
      try terminal.waitForScreen {
        $0.history.filter { $0.hasSuffix("^C") }.count == round
          && $0.currentLine == "probe>"
      }
    }
  }

  // MARK: Pasting

  @Test func `runs every pasted line in order, none lost while commands run`() throws {
    let terminal = try start(columns: 60)
    let lines = (0..<120).map { "slow 줄 \($0)" }
    terminal.paste(lines.joined(separator: "\n") + "\n")
    try terminal.waitForScreen(timeout: .seconds(30)) { $0.contains("LINE[slow 줄 119]") }
    try terminal.waitForPrompt()
    let seen = terminal.screen.history.filter { $0.hasPrefix("LINE[") }
    #expect(seen.count == 120)
    for (line, shown) in zip(lines, seen) { #expect(shown.hasPrefix("LINE[\(line)]")) }
  }

  @Test func `shows a pasted line once, also when it arrives while another one runs`() throws {
    let terminal = try start(columns: 60)
    terminal.type("\u{1B}[200~slow 앞 0\rslow 앞 1\r")
    try terminal.waitFor("LINE[slow 앞 0]")
    for number in 0..<40 {
      terminal.type("slow 뒤 \(number)\r")
      _ = terminal.settle(.milliseconds(2))
    }
    terminal.type("\u{1B}[201~")
    try terminal.waitForScreen(timeout: .seconds(30)) { $0.contains("LINE[slow 뒤 39]") }
    try terminal.waitForPrompt()
    let shown = terminal.screen.history.filter { $0.contains("slow 뒤 7") }
    #expect(shown.map { $0.prefix { $0 != "[" && $0 != ">" } } == ["probe", "LINE"], "\(shown)")
    terminal.type("after\n")
    try terminal.waitFor("LINE[after]")
  }

  @Test func `takes a line longer than any buffer whole`() throws {
    let terminal = try start()
    let long = String(repeating: "가나다라마", count: 4_000)
    terminal.paste("x\(long)y\n")
    try terminal.expect("y] 78 ac00", timeout: .seconds(20))
    try terminal.waitForPrompt()
    terminal.type("after\n")
    try terminal.waitFor("LINE[after]")
  }

  @Test func `drops the rest of a paste at Ctrl-C, and keeps the session`() throws {
    let terminal = try start()
    terminal.paste((["work"] + (0..<5).map { "later \($0)" }).joined(separator: "\n") + "\n")
    try terminal.waitFor("WORKING")
    terminal.press(.control("c"))
    try terminal.waitFor("STOPPED")
    try terminal.waitForPrompt()
    terminal.type("now\n")
    try terminal.waitFor("LINE[now]")
    #expect(!terminal.settle().contains("LINE[later 4]"))
  }

  @Test func `leaves a paste without a last line break on the line, to be looked at`() throws {
    let terminal = try start()
    terminal.paste("one\ntwo")
    try terminal.waitFor("LINE[one]")
    try terminal.waitForLine("probe> two", column: 10)
    terminal.press(.control("c"))
    try terminal.waitForPrompt()
  }

  // MARK: Ctrl-C and Ctrl-D

  @Test func `clears at Ctrl-C whatever is being done`() throws {
    let terminal = try start(history: ["결제 조회"])
    // An empty line.
    terminal.press(.control("c"))
    try terminal.waitFor("<interrupted>")
    try terminal.waitForPrompt()
    // The cursor in the middle of a line that wraps.
    terminal.type(String(repeating: "가나다라 ", count: 20))
    try terminal.waitForScreen { $0.cursor.row > 2 && $0.currentLine.hasSuffix("라") }
    terminal.press(.home)
    try terminal.waitForScreen { $0.cursor.column == 7 }
    terminal.press(.control("c"))
    let screen = try terminal.waitForPrompt()
    let rows = screen.lines
    #expect(rows.suffix(2) == ["<interrupted>", "probe>"])
    #expect(rows.contains { $0.hasSuffix("가나다라") }, "the dropped line stays to be read")
    // A recalled line, a list of candidates.
    terminal.press(.up)
    try terminal.waitForLine("probe> 결제 조회")
    terminal.press(.control("c"))
    try terminal.waitForPrompt()
    terminal.type("kaf\t\t")
    try terminal.waitFor("kafka         kafka-topics")
    terminal.press(.control("c"))
    try terminal.waitForPrompt()
    terminal.type("끝\n")
    try terminal.waitFor("LINE[끝]")
  }

  @Test func `deletes under the cursor with Ctrl-D on a line that holds something`() throws {
    let terminal = try start()
    terminal.type("가나다")
    terminal.press(.left, .left, .control("d"))
    try terminal.waitForLine("probe> 가다", column: 9)
    terminal.press(.enter)
    try terminal.waitFor("LINE[가다]")
  }

  // MARK: Stopping

  @Test func `stops at Ctrl-Z and comes back with fg, the line still there`() throws {
    let terminal = try PseudoTerminal(
      "/bin/bash",
      arguments: ["--norc", "--noediting", "-i"],
      environment: ["PS1": "shell$ ", "LANG": "C.UTF-8"]
    )
    try terminal.waitFor("shell$")
    terminal.type("\(probe) \(folder.path)/history\n")
    try terminal.waitForPrompt()
    terminal.type("결제")
    try terminal.waitForLine("probe> 결제", column: 11)
    terminal.press(.control("z"))
    try terminal.waitFor("Stopped")
    try terminal.waitForScreen { $0.currentLine.hasPrefix("shell$") }
    #expect(!terminal.screen.marksPastes)
    terminal.type("echo $((40 + 2))\n")
    try terminal.waitFor("42")
    terminal.type("fg\n")
    try terminal.waitForLine("probe> 결제", column: 11)
    terminal.type("값\n")
    try terminal.waitFor("LINE[결제값]")
    try terminal.waitForPrompt()
    #expect(terminal.screen.marksPastes)
    // The pager, too.
    terminal.type("page 100\n")
    try terminal.waitForScreen { $0.isAlternate && $0.currentLine.contains("KEYS") }
    terminal.press(.control("z"))
    try terminal.waitForScreen { !$0.isAlternate && $0.currentLine.hasPrefix("shell$") }
    terminal.type("fg\n")
    try terminal.waitForScreen { $0.isAlternate && $0.currentLine.contains("KEYS") }
    terminal.type("q")
    try terminal.waitForPrompt()
  }

  /// bash puts its own state back, most shells take the terminal as they find it.
  @Test func `leaves a terminal that echoes behind at Ctrl-Z`() throws {
    let terminal = try PseudoTerminal(
      "/bin/sh",
      arguments: ["-c", "set -m; \(probe) \(folder.path)/history; echo RETURNED; sleep 60"],
      environment: ["LANG": "C.UTF-8"]
    )
    try terminal.waitForPrompt()
    terminal.press(.control("z"))
    try terminal.waitFor("RETURNED")
    #expect(terminal.isCooked)
  }

  // MARK: Resizing

  @Test(arguments: [true, false])
  func `draws a wrapped Korean line anew at another width`(_ reflows: Bool) throws {
    let terminal = try start(columns: 60, rows: 15)
    let line = String(repeating: "가나다라마바사 ", count: 8)
    terminal.type(line)
    try terminal.waitForScreen { $0.cursor.row == 3 && $0.contains("바사 가나") }
    for width in [40, 72, 50, 61, 44] {
      let before = terminal.transcript.count
      terminal.resize(columns: width, rows: 15, reflows: reflows)
      try terminal.waitForScreen { _ in terminal.transcript.count > before }
      terminal.settle()
    }
    terminal.type("끝")
    let screen = terminal.settle()
    let prompted = screen.unwrappedLines.filter { $0.contains("끝") }
    #expect(screen.contains("끝"))
    if reflows {
      #expect(prompted.count == 1, "\(screen)")
      #expect(screen.lines.filter { $0.hasPrefix("probe>") }.count == 1, "\(screen)")
    }
    terminal.press(.enter)
    try terminal.expect("LINE[\(line)끝]")
  }

  @Test func `wraps and edits on a screen of forty by fifteen`() throws {
    let terminal = try start(columns: 40, rows: 15)
    let line = String(repeating: "가나다라마", count: 10)
    terminal.type(line)
    try terminal.waitForScreen { $0.cursor.row >= 3 }
    let screen = terminal.settle()
    #expect(screen.lines.suffix(3).joined().replacing("probe> ", with: "") == line, "\(screen)")
    for _ in 0..<30 { terminal.press(.left) }
    terminal.press(.backspace)
    terminal.type("X")
    terminal.press(.end)
    terminal.type("끝\n")
    let expected = String(line.prefix(19)) + "X" + line.dropFirst(20) + "끝"
    try terminal.expect("LINE[\(expected)]")
    try terminal.waitForPrompt()
    terminal.type("kaf\t\t")
    try terminal.waitFor("kafka         kafka-topics")
    try terminal.waitForLine("probe> kafka")
  }

  // MARK: Bindings

  @Test func `honours .editrc with emacs keys`() throws {
    try folder.write(".editrc", Data("bind -e\nbind \"^T\" ed-move-to-beg\n".utf8))
    let terminal = try start(["HOME": folder.path])
    terminal.type("가나 다라")
    terminal.press(.control("t"))
    try terminal.waitForLine("probe> 가나 다라", column: 7)
    terminal.press(.control("k"))
    try terminal.waitForLine("probe>", column: 7)
    terminal.press(.control("y"))
    try terminal.waitForLine("probe> 가나 다라")
    terminal.press(.control("a"))
    terminal.type("x")
    terminal.press(.enter)
    try terminal.waitFor("LINE[x가나 다라]")
  }

  @Test func `honours .editrc with vi keys on Korean`() throws {
    try folder.write(".editrc", Data("bind -v\n".utf8))
    let terminal = try start(["HOME": folder.path], history: ["이전 줄"])
    terminal.type("가나다")
    terminal.press(.escape)
    usleep(100_000)
    terminal.type("0x$x")
    try terminal.waitForLine("probe> 나")
    terminal.type("a라")
    try terminal.waitForLine("probe> 나라", column: 11)
    terminal.press(.enter)
    try terminal.waitFor("LINE[나라]")
    try terminal.waitForPrompt()
    terminal.press(.escape)
    usleep(100_000)
    terminal.type("kk")
    try terminal.waitForLine("probe> 이전 줄")
  }

  // MARK: Losing the terminal

  @Test func `ends when the terminal goes, the history kept`() throws {
    let terminal = try start()
    terminal.type("마지막 줄\n")
    try terminal.waitFor("LINE[마지막 줄]")
    try terminal.waitForPrompt()
    terminal.type("쓰던 줄")
    try terminal.waitForLine("probe> 쓰던 줄")
    terminal.hangUp()
    let code = try terminal.exitCode()
    #expect(code == 128 + SIGHUP || code == 0)
    #expect(folder.read("history") == "마지막 줄\n")
  }

  @Test func `ends when reading fails while hang-ups are ignored`() throws {
    let terminal = try PseudoTerminal(
      "/bin/sh",
      arguments: ["-c", "trap '' HUP; exec '\(probe)' '\(folder.path)/history'"]
    )
    try terminal.waitForPrompt()
    terminal.hangUp()
    #expect(try terminal.exitCode() == 0)
  }

  @Test func `ends while work runs and the terminal goes`() throws {
    let terminal = try start()
    terminal.type("work\n")
    try terminal.waitFor("WORKING")
    terminal.hangUp()
    #expect(try terminal.exitCode() == 128 + SIGHUP)
  }

  // MARK: Speed

  @Test func `lists ten thousand names page by page, each Tab answered at once`() throws {
    let terminal = try start(["NAMES": "10000"])
    terminal.type("tab\t")
    try terminal.waitForLine("probe> table_", column: 13)
    terminal.press(.tab)
    let first = try terminal.waitForScreen { $0.contains("... +") && $0.currentLine == "probe> table_" }
    #expect(first.contains("table_0_column_0"))
    terminal.press(.tab)
    let second = try terminal.waitForScreen {
      !$0.contains("table_0_column_0 ") && $0.currentLine == "probe> table_"
    }
    #expect(second.lines.suffix(2) == ["... +9,941", "probe> table_"])
    terminal.type("7_column_1507\t")
    try terminal.waitForLine("probe> table_7_column_1507", column: 27)
  }

  @Test func `shows a key at once with a history of five thousand lines`() throws {
    let terminal = try start(history: (0..<5_000).map { "select 결제 \($0)" })
    let times = try EchoTimes.measure(terminal, keys: 200)
    // 5 ms is the promise (measured optimised and alone); a loaded machine gets more.
    #expect(times.median < .milliseconds(50), "\(times)")
  }
}

/// How long after a key its character is on the screen.
struct EchoTimes: CustomStringConvertible {
  var sorted: [Duration]
  var median: Duration { sorted[sorted.count / 2] }
  var worst: Duration { sorted[sorted.count - 1] }
  var description: String { "median \(median), worst \(worst) of \(sorted.count)" }

  static func measure(_ terminal: PseudoTerminal, keys: Int) throws -> EchoTimes {
    let clock = ContinuousClock()
    var times: [Duration] = []
    for number in 0..<keys {
      let character = number % 3 == 0 ? "가" : "a"
      let before = terminal.screen.cursor
      let began = clock.now
      terminal.type(character)
      try terminal.waitForScreen { $0.cursor != before }
      times.append(clock.now - began)
      if number % 60 == 59 {
        terminal.press(.control("u"))
        try terminal.waitForPrompt()
      }
    }
    return EchoTimes(sorted: times.sorted())
  }
}
