import Foundation
import TestSupport
import Testing

/// A statement without its semicolon, at a real terminal.
@Suite(.serialized)
struct OpenStatementTests {
  @Test(arguments: ["ko", "en"])
  func `an open statement says once how it ends, and goes on`(language: String) throws {
    let walk = try TerminalWalk(language: language, columns: 80, rows: 24)
    try walk.chooseLanguageAndRole()
    let terminal = walk.terminal
    let hint = language == "ko" ? "문장이 아직 열려 있습니다" : "The statement is still open"
    terminal.type("SELECT 41 + 1 AS answer\n")
    try terminal.waitForScreen { $0.currentLine == "       >" }
    terminal.type("\n")
    try terminal.waitForScreen { $0.contains(hint) && $0.currentLine == "       >" }
    terminal.type("exit\n")
    let screen = try terminal.waitForScreen { $0.lines.last(where: { !$0.isEmpty }) == "       >" }
    #expect(screen.text.components(separatedBy: hint).count == 2, "\(screen.drawing)")
    try walk.enter(";")
    #expect(walk.screens.last?.contains("42") == true, "\(terminal.screen.drawing)")
  }
}
