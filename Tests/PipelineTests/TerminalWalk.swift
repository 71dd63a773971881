import Foundation
import TestSupport

/// A learner at a terminal: types keys into the real program and reads nothing but the screen.
final class TerminalWalk {
  let terminal: PseudoTerminal
  let scratch: ScratchDirectory
  let home: String
  let isKorean: Bool
  /// What the pager showed.
  private(set) var pages: [String] = []
  /// Every screen on which the program waited, for what a failure has to show.
  private(set) var screens: [TerminalScreen] = []

  init(
    language: String, columns: Int, rows: Int, arguments: [String] = [],
    environment: [String: String] = [:]
  ) throws {
    scratch = try ScratchDirectory("walk")
    home = scratch.path + "/home"
    isKorean = language == "ko"
    var all = [
      "TAPLINE_HOME": home, "TAPLINE_CONTENT": TestWorld.content, "HOME": scratch.path,
      "LANG": "C.UTF-8",
    ]
    all.merge(environment) { $1 }
    terminal = try PseudoTerminal(
      Binary.path, arguments: ["--seed", "42"] + arguments, environment: all, columns: columns,
      rows: rows)
    terminal.patience = .seconds(60)
  }

  /// The prompts at which the program waits for a line.
  static let prompts = ["tapline>", "예측>", "guess>"]

  /// Waits until the cursor stands behind a prompt; turns the pager's pages on the way.
  @discardableResult
  func atPrompt() throws -> TerminalScreen {
    while true {
      try terminal.waitForScreen { screen in
        let line = screen.currentLine
        let isPrompt = Self.prompts.contains { line == $0 || line == $0 + " " }
        return (isPrompt && screen.cursor.column >= 6) || Self.isPager(screen)
      }
      // What is still being drawn belongs to the screen.
      let settled = terminal.settle(.milliseconds(60))
      if Self.isPager(settled) {
        // Page by page to the last one, which stays on the screen when the pager is left.
        pages += settled.lines.dropLast()
        if let place = settled.text.firstMatch(of: /([0-9,]+)\/([0-9,]+)/), place.1 != place.2 {
          terminal.type(" ")
          try terminal.waitForScreen { $0.text != settled.text }
          continue
        }
        terminal.type("q")
        try terminal.waitForScreen { !$0.isAlternate }
        continue
      }
      guard Self.prompts.contains(where: { settled.currentLine.hasPrefix($0) }) else { continue }
      screens.append(settled)
      return settled
    }
  }

  static func isPager(_ screen: TerminalScreen) -> Bool {
    screen.isAlternate && (screen.text.contains("Enter") && screen.text.contains("| q"))
  }

  /// Types a line, presses Enter, and waits for the next prompt.
  @discardableResult
  func enter(_ line: String) throws -> TerminalScreen {
    terminal.type(line)
    if !line.isEmpty { _ = terminal.settle(.milliseconds(30)) }
    terminal.press(.enter)
    // The old prompt is still on the screen: wait until the line was taken.
    _ = terminal.settle(.milliseconds(80))
    return try atPrompt()
  }

  /// Goes through the first screen: language and role.
  func chooseLanguageAndRole() throws {
    try terminal.waitFor("Language")
    try terminal.waitForScreen { $0.currentLine.hasSuffix(">") }
    terminal.type(isKorean ? "1" : "2")
    terminal.press(.enter)
    try terminal.waitForScreen { $0.text.contains(self.isKorean ? "테크리드" : "tech lead") }
    terminal.press(.enter)
    try atPrompt()
  }

  /// Another terminal on the same home: one line, its answer as JSON.
  func ask(_ line: String) throws -> [String: Any] {
    let answer = try Binary.run(["--home", home, "--json", "-c", line])
    let object = try JSONSerialization.jsonObject(with: Data(answer.output.utf8))
    guard let object = object as? [String: Any] else { throw TestFailure(answer.output) }
    return object
  }
}
