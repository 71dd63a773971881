// The prompt: lines in, answers out, until Ctrl-D.
//
// What a line means is the shell's; here is only what a person at a terminal needs: the first
// screen, history, completion, statements of several lines, Ctrl-C and Ctrl-D.

internal import Foundation
internal import Platform
internal import Terminal

/// Reads lines until the learner leaves.
final class Prompt {
  private let runner: LineRunner
  private let output: DescriptorOutput
  private let language: Language?
  private var editor: LineEditor
  private var isEditorAccessible: Bool
  /// True once a normalisation was explained; it is said once a session.
  private var hasExplainedInput = false

  init(runner: LineRunner, output: DescriptorOutput, language: Language?) {
    self.runner = runner
    self.output = output
    self.language = language
    isEditorAccessible = output.style.isAccessible
    editor = Prompt.makeEditor(runner, isAccessible: isEditorAccessible)
  }

  private static func makeEditor(_ runner: LineRunner, isAccessible: Bool) -> LineEditor {
    let editor = LineEditor(
      historyFile: runner.historyFile, allowsEditing: !isAccessible)
    editor.complete = { line, cursor in runner.complete(line: line, cursor: cursor) }
    return editor
  }

  /// `welcomes` is false where a line has already shown where one is.
  func run(welcomes: Bool = true) -> ExitStatus {
    tellNotices()
    if welcomes, !welcome() { return .success }
    var pending = ""
    var hasAsked = false
    var hasTold = false
    while true {
      let state = runner.promptState()
      useEditor(isAccessible: state.isAccessible)
      let prompt = pending.isEmpty ? state.text : StatementShape.continuation(pending)
      switch editor.readLine(prompt: prompt) {
      case .endOfInput:
        if state.isStepOpen, editor.isInteractive, !hasAsked {
          hasAsked = true
          pending = ""
          note(runner.text("prompt.leaveOpenStep"))
          continue
        }
        note(runner.text("prompt.goodbye"))
        return .success
      case .interrupted:
        pending = ""
      case .line(let line):
        hasAsked = false
        if pending.isEmpty {
          hasTold = false
        } else if Prompt.looksLost(line) {
          if !hasTold { note(runner.text("prompt.statementOpen")) }
          hasTold = true
          continue
        }
        pending += pending.isEmpty ? line : "\n" + line
        guard let entry = statement(&pending) else { continue }
        if Script.isExit(entry) || entry.hasPrefix("exit ") {
          note(runner.text("prompt.goodbye"))
          return .success
        }
        Interrupt.clear()
        if entry.isEmpty, let line = state.enterLine { showRun(line, prompt: prompt) }
        let request = Shell.Request(line: entry, language: language, isPrompt: true)
        _ = runner.run(request, output: output)
      }
      tellNotices()
    }
  }

  /// Whether a line of a statement that is still open tells that its writer meant to be done.
  private static func looksLost(_ line: String) -> Bool {
    let word = line.trimmingCharacters(in: .whitespaces).lowercased()
    return ["", "exit", "quit", "help", "?", "next", "back"].contains(word)
  }

  /// The whole statement, once it is whole; an empty line alone is one too: it means "go on".
  private func statement(_ pending: inout String) -> String? {
    if StatementShape.isOpen(pending) { return nil }
    let entry = pending.trimmingCharacters(in: .whitespacesAndNewlines)
    pending = ""
    if !entry.isEmpty { editor.remember(entry) }
    return entry
  }

  /// Shows the line that Enter alone runs, as if it had been typed.
  private func showRun(_ line: String, prompt: String) {
    output.write((editor.isEditing ? "\u{1B}[A\r" : "") + prompt + line + "\n")
    editor.remember(line)
  }

  /// Accessible mode edits without redraws; switching it opens the line anew.
  private func useEditor(isAccessible: Bool) {
    guard isAccessible != isEditorAccessible else { return }
    isEditorAccessible = isAccessible
    output.setAccessible(isAccessible)
    editor = Prompt.makeEditor(runner, isAccessible: isAccessible)
  }

  /// What the prompt itself says stands where answers stand.
  private func note(_ text: String) {
    output.writeWrapped("  " + text, hangingIndent: 2)
  }

  private func tellNotices() {
    for notice in editor.takeNotices() {
      switch notice {
      case .putAside(let path):
        note(runner.text("history.broken", ["file": path]))
      case .notKept(let path):
        note(runner.text("history.notKept", ["file": path]))
      }
    }
  }

  // MARK: The first screen

  /// The first start asks for language and role on one screen; every start says where the learner
  /// is. False to leave.
  private func welcome() -> Bool {
    guard let shell = runner.shell else {
      note(runner.text("forward.joined"))
      return true
    }
    guard shell.isFirstStart else {
      note(shell.textNow("welcome.back"))
      if let incident = shell.openIncidentID() {
        note(shell.textNow("welcome.incident", ["id": incident]))
      }
      _ = shell.run(Shell.Request(line: "resume", language: language, isPrompt: true), output: output)
      return true
    }
    if let language {
      shell.setLanguage(language)
    } else if !choose(
      "  언어 / Language   1 한국어   2 English",
      standing: shell.language == .ko ? 1 : 2, count: 2,
      again: "  1이나 2를 입력해 주세요. / Type 1 or 2.",
      named: { shell.languageNamed($0).map { $0 == .ko ? 1 : 2 } },
      chosen: { shell.setLanguage($0 == 1 ? .ko : .en) })
    {
      return false
    }
    guard chooseRole(shell) else { return false }
    output.writeLine()
    for key in ["welcome.story", "welcome.local", "welcome.keys"] {
      note(shell.textNow(key))
    }
    output.writeLine()
    _ = shell.run(Shell.Request(line: "resume", language: language, isPrompt: true), output: output)
    return true
  }

  private func chooseRole(_ shell: Shell) -> Bool {
    choose(
      "  " + shell.textNow("welcome.role"), standing: 1, count: 3,
      again: "  " + shell.textNow("welcome.role.again"),
      named: { shell.roleNumber($0) },
      chosen: { shell.setRole(number: $0) })
  }

  /// Asks for one of `count` numbered things on one line; Enter takes the standing one.
  private func choose(
    _ question: String,
    standing: Int,
    count: Int,
    again: String,
    named: (String) -> Int?,
    chosen: (Int) -> Void
  ) -> Bool {
    // The question is part of the prompt while it fits: two questions, two lines.
    let ask = "[\(standing)] > "
    let fits = TextWidth.columns(question) + 3 + ask.count + 2 <= output.width
    while true {
      if !fits { output.writeWrapped(question, hangingIndent: 2) }
      switch editor.readLine(prompt: fits ? question + "   " + ask : "  " + ask) {
      case .interrupted, .endOfInput: return false
      case .line(let line):
        let word = line.trimmingCharacters(in: .whitespaces)
        let number = word.isEmpty ? standing : Int(word) ?? named(word)
        guard let number, (1...count).contains(number) else {
          output.writeWrapped(again)
          continue
        }
        chosen(number)
        return true
      }
    }
  }
}
