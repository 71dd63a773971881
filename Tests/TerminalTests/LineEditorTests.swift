// The line editor on a real pseudo-terminal, through the program `TerminalProbe`.

import Foundation
import Terminal
import TestSupport
import Testing

private let probe = BuiltProgram.path("TerminalProbe")

@Suite(.serialized) struct LineEditorTests {
  private let folder: Folder

  init() throws {
    folder = try Folder()
  }

  private func start(
    _ environment: [String: String] = [:],
    columns: Int = 80,
    rows: Int = 24
  ) throws -> PseudoTerminal {
    let terminal = try PseudoTerminal(
      probe,
      arguments: [folder.path + "/history"],
      environment: environment,
      columns: columns,
      rows: rows
    )
    try terminal.waitFor("READY interactive=true")
    try terminal.waitForPrompt()
    return terminal
  }

  @Test func `reads Korean, and erases a syllable at a time on the screen too`() throws {
    let terminal = try start()
    terminal.type("결제값")
    try terminal.waitForLine("probe> 결제값", column: 13)
    terminal.press(.backspace)
    try terminal.waitForLine("probe> 결제", column: 11)
    terminal.press(.backspace, .backspace)
    terminal.type("안녕")
    terminal.press(.enter)
    try terminal.waitFor("LINE[안녕] c548 b155")
  }

  @Test func `moves the cursor over syllables and inserts there`() throws {
    let terminal = try start()
    terminal.type("가다")
    terminal.press(.left)
    try terminal.waitForLine("probe> 가다", column: 9)
    terminal.type("나")
    try terminal.waitForLine("probe> 가나다", column: 11)
    terminal.press(.home)
    try terminal.waitForLine("probe> 가나다", column: 7)
    terminal.press(.end, .enter)
    try terminal.waitFor("LINE[가나다] ac00 b098 b2e4")
  }

  @Test func `composes what a Mac types in letters`() throws {
    let terminal = try start()
    terminal.type("\u{1112}\u{1161}\u{11AB}\u{1100}\u{1173}\u{11AF}")
    try terminal.waitForLine("probe> 한글", column: 11)
    terminal.press(.enter)
    try terminal.waitFor("LINE[한글] d55c ae00")
  }

  @Test func `composes letters that arrive apart`() throws {
    let terminal = try start()
    let bytes = Array("\u{1112}\u{1161}\u{11AB}".utf8)
    terminal.type(Array(bytes[..<4]))
    try terminal.waitForLine("probe> \u{1112}")
    terminal.type(Array(bytes[4...]) + [10])
    try terminal.waitFor("LINE[한] d55c")
  }

  @Test func `erases an emoji of several code points at once`() throws {
    let terminal = try start()
    terminal.type("a👨\u{200D}👩\u{200D}👧")
    terminal.press(.backspace)
    try terminal.waitForLine("probe> a", column: 8)
    terminal.type("b\n")
    try terminal.waitFor("LINE[ab] 61 62")
  }

  @Test func `repairs bytes that are not UTF-8`() throws {
    let terminal = try start()
    terminal.type([0x61, 0xFF, 0xC3, 0x28, 0x0A])
    try terminal.waitFor("LINE[a\u{FFFD}\u{FFFD}(] 61 fffd fffd 28")
  }

  @Test func `clears the line at Ctrl-C and reads on`() throws {
    let terminal = try start()
    terminal.type("abc")
    try terminal.waitForLine("probe> abc")
    terminal.press(.control("c"))
    let screen = try terminal.waitForPrompt()
    #expect(screen.lines.suffix(3) == ["probe> abc^C", "<interrupted>", "probe>"])
    terminal.type("def\n")
    try terminal.waitFor("LINE[def] 64 65 66")
  }

  @Test func `stops running work at Ctrl-C and keeps the session`() throws {
    let terminal = try start()
    terminal.type("work\n")
    try terminal.waitFor("WORKING")
    terminal.press(.control("c"))
    try terminal.waitFor("STOPPED")
    try terminal.waitForPrompt()
    terminal.type("x\n")
    try terminal.waitFor("LINE[x] 78")
  }

  @Test func `ends with 130 at a second Ctrl-C in work that does not look`() throws {
    let terminal = try start()
    terminal.type("deaf\n")
    try terminal.waitFor("WORKING")
    terminal.press(.control("c"))
    try terminal.waitFor("^C")
    // Two signals that arrive before the child runs are one to it, hence again until it ends.
    #expect(try terminal.exitCode(typing: "\u{3}") == 130)
  }

  @Test func `completes the only candidate with a space`() throws {
    let terminal = try start()
    terminal.type("so\t")
    try terminal.waitForLine("probe> source", column: 14)
    terminal.press(.enter)
    try terminal.waitFor("LINE[source ]")
  }

  @Test func `completes what candidates share, then lists them below`() throws {
    let terminal = try start()
    terminal.type("kaf\t")
    try terminal.waitForLine("probe> kafka", column: 12)
    terminal.press(.tab)
    let screen = try terminal.waitForScreen {
      $0.lines.count > 3 && $0.currentLine == "probe> kafka"
    }
    #expect(
      screen.lines.suffix(3) == ["probe> kafka", "kafka         kafka-topics", "probe> kafka"]
    )
    terminal.type("-\t\n")
    try terminal.waitFor("LINE[kafka-topics ]")
  }

  @Test func `completes Korean`() throws {
    let terminal = try start()
    terminal.type("수집 수집\t\n")
    try terminal.waitFor("LINE[수집 수집 ]")
    try terminal.waitForPrompt()
    terminal.type("수\t\t")
    try terminal.waitFor("수집  수정")
    terminal.type("정\t\n")
    try terminal.waitFor("LINE[수정 ]")
  }

  @Test func `takes a Tab in a paste as text, and each line in turn`() throws {
    let terminal = try start()
    terminal.paste("select 1,\n\tso\u{1}x\n")
    try terminal.waitFor("LINE[select 1,]")
    try terminal.waitFor("LINE[ sox]")
  }

  @Test func `recalls lines, also those of an earlier session and of several lines`() throws {
    var terminal = try start()
    terminal.type("결제\n")
    try terminal.waitFor("LINE[결제]")
    try terminal.waitForPrompt()
    terminal.type("two\n")
    try terminal.waitFor("LINE[two]")
    try terminal.waitForPrompt()
    terminal.press(.control("d"))
    try terminal.waitFor("<end>")
    #expect(folder.read("history") == "결제\nfirst\\nsecond\ntwo\n")
    terminal = try start()
    terminal.press(.up, .up)
    try terminal.waitForScreen { $0.lines.suffix(2) == ["probe> first", "second"] }
    terminal.press(.enter)
    try terminal.waitFor("LINE[first\\nsecond]")
    try terminal.waitForPrompt()
    terminal.press(.up, .up, .up, .up, .enter)
    try terminal.waitFor("LINE[결제]")
  }

  @Test func `ends at Ctrl-D on an empty line only, and leaves the terminal as it was`() throws {
    let terminal = try start()
    #expect(!terminal.isCooked)
    terminal.type("ab")
    terminal.press(.control("d"))
    terminal.type("c\n")
    try terminal.waitFor("LINE[abc]")
    try terminal.waitForPrompt()
    terminal.press(.control("d"))
    try terminal.waitFor("<end>")
    #expect(try terminal.exitCode() == 0)
    #expect(!terminal.screen.marksPastes)
  }

  @Test(arguments: [SIGTERM, SIGHUP])
  func `restores the terminal when it is ended by`(_ signal: Int32) throws {
    let terminal = try start()
    #expect(!terminal.isCooked)
    #expect(terminal.screen.marksPastes)
    terminal.signal(signal)
    try terminal.waitForScreen { !$0.marksPastes }
    #expect(terminal.isCooked)
    #expect(try terminal.exitCode() == 128 + signal)
  }

  @Test func `draws the line anew after the screen changed`() throws {
    let terminal = try start()
    terminal.type("가나다")
    try terminal.waitForLine("probe> 가나다", column: 13)
    let before = terminal.transcript.count
    terminal.resize(columns: 60)
    try terminal.waitForScreen { _ in terminal.transcript.count > before }
    let screen = terminal.settle()
    #expect(screen.lines == ["READY interactive=true editing=true", "probe> 가나다"])
    #expect(screen.cursor == .init(row: 1, column: 13))
    terminal.type("라\n")
    try terminal.waitFor("LINE[가나다라]")
  }

  @Test func `honours .editrc with vi keys, and keeps Tab`() throws {
    try folder.write(".editrc", Data("bind -v\n".utf8))
    let terminal = try start(["HOME": folder.path])
    terminal.type("so\t")
    try terminal.waitForLine("probe> source", column: 14)
    terminal.type("\u{1B}0x\n")
    try terminal.waitFor("LINE[ource ]")
  }

  @Test func `reads lines on a dumb terminal, erasing whole syllables`() throws {
    let terminal = try PseudoTerminal(
      probe,
      arguments: [folder.path + "/history"],
      environment: ["TERM": "dumb"]
    )
    try terminal.waitFor("editing=false")
    try terminal.waitForPrompt()
    terminal.type("한글")
    terminal.press(.backspace, .enter)
    try terminal.waitFor("LINE[한] d55c")
    terminal.type("abc")
    terminal.press(.control("c"))
    try terminal.waitFor("<interrupted>")
    terminal.type("x\n")
    try terminal.waitFor("LINE[x]")
    terminal.press(.control("d"))
    #expect(try terminal.exitCode() == 0)
  }

  @Test func `tells that a broken history was put aside`() throws {
    try folder.write("history", Data([0, 1, 2]))
    let terminal = try PseudoTerminal(
      probe, arguments: [folder.path + "/history"], columns: 200)
    try terminal.waitFor("NOTICE putAside(path: \"\(folder.path)/history.broken\")")
  }
}

extension PseudoTerminal {
  /// Waits until the cursor stands after an empty prompt.
  @discardableResult
  func waitForPrompt() throws -> TerminalScreen {
    try waitForLine("probe>", column: 7)
  }
}
