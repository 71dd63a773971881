internal import Foundation
internal import Platform
internal import Terminal

/// The prompt: reads lines until Ctrl-D.
struct Prompt {
  let runner: LineRunner
  let output: any TerminalOutput
  let language: Language?

  func run() -> ExitStatus {
    let shell = runner.shell
    let editor = LineEditor(historyFile: shell.map { $0.home.path + "/history" })
    for notice in editor.takeNotices() {
      guard let shell else { continue }
      switch notice {
      case .putAside(let path):
        output.writeWrapped(shell.text("history.broken", ["file": path]))
      case .notKept(let path):
        output.writeWrapped(shell.text("history.notKept", ["file": path]))
      }
    }
    if let shell { welcome(shell, editor) }
    editor.complete = { line, cursor in
      shell?.complete(line: line, cursor: cursor) ?? .none
    }
    var pending = ""
    while true {
      let prompt = pending.isEmpty ? "tapline> " : StatementShape.continuation(pending)
      switch editor.readLine(prompt: prompt) {
      case .endOfInput:
        if let shell { output.writeLine(shell.text("prompt.goodbye")) }
        return .success
      case .interrupted:
        pending = ""
      case .line(let line):
        pending += pending.isEmpty ? line : "\n" + line
        if StatementShape.isOpen(pending) { continue }
        let entry = pending.trimmingCharacters(in: .whitespacesAndNewlines)
        pending = ""
        guard !entry.isEmpty else { continue }
        editor.remember(entry)
        if Script.isExit(entry) {
          if let shell { output.writeLine(shell.text("prompt.goodbye")) }
          return .success
        }
        Interrupt.clear()
        _ = runner.run(Shell.Request(line: entry, language: language), output: output)
      }
    }
  }

  /// The first start asks for a language; every start says where the learner is.
  private func welcome(_ shell: Shell, _ editor: LineEditor) {
    if shell.isFirstStart {
      chooseLanguage(shell, editor)
      output.writeLine()
      output.writeWrapped(shell.text("welcome.story"))
      output.writeWrapped(shell.text("welcome.local"))
      output.writeWrapped(shell.text("welcome.keys"))
      output.writeLine()
      _ = try? shell.withPlatform { $0.now }
      output.writeWrapped(shell.text("welcome.pm"))
      output.writeWrapped(shell.text("welcome.first"))
    } else {
      output.writeWrapped(shell.text("welcome.back"))
    }
    output.writeLine()
  }

  private func chooseLanguage(_ shell: Shell, _ editor: LineEditor) {
    let standing = shell.language
    for _ in 0..<3 {
      output.writeLine("  언어 / Language   1 한국어   2 English")
      guard case .line(let line) = editor.readLine(prompt: "  [\(standing == .ko ? 1 : 2)] > ")
      else { break }
      let word = line.trimmingCharacters(in: .whitespaces)
      if word.isEmpty { break }
      if let chosen = shell.languageNamed(word) { return shell.setLanguage(chosen) }
    }
    shell.setLanguage(standing)
  }
}
