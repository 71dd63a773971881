import Testing
import TestSupport

/// Keys in the real program at a real terminal: what is asserted is on the screen.
@Suite(.serialized)
final class KeysTests {
  /// It owns the home of the program at the terminal.
  private var walk: TerminalWalk?

  private func begin(_ language: String = "ko") throws -> PseudoTerminal {
    let walk = try TerminalWalk(language: language, columns: 80, rows: 24)
    self.walk = walk
    try walk.chooseLanguageAndRole()
    return walk.terminal
  }

  @Test func `the cursor steps over Hangul by syllables, and history brings lines back`() throws {
    let terminal = try begin()
    terminal.type("도움 결제")
    try terminal.waitForLine("tapline> 도움 결제", column: 18)
    terminal.press(.left, .left)
    try terminal.waitForLine("tapline> 도움 결제", column: 14)
    terminal.type("새")
    try terminal.waitForLine("tapline> 도움 새결제", column: 16)
    terminal.press(.backspace, .home, .delete)
    try terminal.waitForLine("tapline> 움 결제", column: 9)
    terminal.press(.control("c"))
    try terminal.waitForLine("tapline>", column: 9)
    terminal.type("clock\n")
    try terminal.waitForScreen { screen in
      screen.lines.contains { $0.hasPrefix("tapline> clock") } && screen.currentLine == "tapline>"
    }
    terminal.press(.up)
    try terminal.waitForLine("tapline> clock", column: 14)
  }

  @Test func `a line that wraps is drawn anew when the screen is resized`() throws {
    let terminal = try begin()
    let line = "collect 가나다라마바사아자차카타파하/이벤트.json"
    terminal.type(line)
    try terminal.waitForScreen { $0.currentLine.hasSuffix("이벤트.json") }
    terminal.resize(columns: 40)
    let narrow = try terminal.waitForScreen {
      $0.currentLine.hasSuffix("벤트.json") && $0.cursor.column < 40
    }
    #expect(narrow.lines.contains { $0.hasPrefix("tapline> collect 가나다라") }, "\(narrow.drawing)")
    terminal.resize(columns: 100)
    terminal.press(.home)
    try terminal.waitForLine("tapline> " + line, column: 9)
  }

  @Test func `Ctrl-C stops a query that works, and the session goes on`() throws {
    let terminal = try begin("en")
    terminal.type("SELECT count(*) FROM tpch.tiny.lineitem a CROSS JOIN tpch.tiny.lineitem b;\n")
    _ = terminal.settle(.milliseconds(300))
    terminal.press(.control("c"))
    try terminal.waitForScreen {
      $0.contains("USER_CANCELED") && $0.currentLine == "tapline>"
    }
    terminal.type("SELECT 40 + 2 AS answer;\n")
    try terminal.waitForScreen { $0.contains("42") && $0.currentLine == "tapline>" }
  }
}
