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
    if let shell, !welcome(shell, editor) { return .success }
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
        if Script.isExit(entry) || entry.hasPrefix("exit ") {
          if let shell { output.writeLine(shell.text("prompt.goodbye")) }
          return .success
        }
        Interrupt.clear()
        _ = runner.run(Shell.Request(line: entry, language: language), output: output)
      }
    }
  }

  /// The first start asks for a language; every start says where the learner is. False to leave.
  private func welcome(_ shell: Shell, _ editor: LineEditor) -> Bool {
    guard shell.isFirstStart else {
      output.writeWrapped(shell.text("welcome.back"))
      output.writeWrapped(shell.resumeText())
      output.writeLine()
      return true
    }
    if let language {
      shell.setLanguage(language)
    } else if !chooseLanguage(shell, editor) {
      return false
    }
    output.writeLine()
    for key in ["welcome.story", "welcome.local", "welcome.keys"] {
      output.writeWrapped("  " + shell.text(key))
    }
    output.writeLine()
    _ = try? shell.withPlatform { $0.now }
    output.writeWrapped(shell.text("welcome.pm"))
    output.writeWrapped(shell.text("welcome.first"))
    output.writeLine()
    return true
  }

  private func chooseLanguage(_ shell: Shell, _ editor: LineEditor) -> Bool {
    let standing = shell.language
    while true {
      output.writeLine("  언어 / Language   1 한국어   2 English")
      switch editor.readLine(prompt: "  [\(standing == .ko ? 1 : 2)] > ") {
      case .interrupted, .endOfInput: return false
      case .line(let line):
        let word = line.trimmingCharacters(in: .whitespaces)
        guard let chosen = word.isEmpty ? standing : shell.languageNamed(word) else {
          output.writeLine("  1이나 2를 입력해 주세요. / Type 1 or 2.")
          continue
        }
        shell.setLanguage(chosen)
        return true
      }
    }
  }
}
