import TestSupport
import Testing

/// An open incident at a real terminal: what Enter does, and what the next start says.
@Suite(.serialized)
struct IncidentPromptTests {
  @Test func `Enter runs no demonstration meanwhile, and the next start says what is open`() throws {
    let first = try TerminalWalk(language: "ko", columns: 80, rows: 40)
    try first.chooseLanguageAndRole()
    first.terminal.type("incident start FALSE-01\n")
    try first.terminal.waitForScreen {
      $0.contains("다음: 상황을 분류합니다") && $0.currentLine == "tapline>"
    }
    first.terminal.type("clear\n")
    try first.terminal.waitForScreen { !$0.contains("분류합니다") && $0.currentLine == "tapline>" }
    first.terminal.press(.enter)
    let next = try first.terminal.waitForScreen {
      $0.contains("다음: 상황을 분류합니다") && $0.currentLine == "tapline>"
    }
    #expect(!next.contains("dash show"), "\(next.drawing)")
    #expect(try first.terminal.exitCode(typing: "exit\n") == 0)
    let second = try TerminalWalk(
      language: "ko", columns: 80, rows: 40, environment: ["TAPLINE_HOME": first.home])
    let screen = try second.atPrompt()
    #expect(screen.contains("장애 FALSE-01이 열려 있습니다"), "\(screen.drawing)")
  }
}
