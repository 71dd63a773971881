// A small prompt for the tests of the line editor: every answer is printed in a form that a test
// can read back from a pseudo-terminal.

import Foundation
import Terminal

@main
enum TerminalProbe {
  static func main() {
    let arguments = CommandLine.arguments
    let editor = LineEditor(historyFile: arguments.count > 1 ? arguments[1] : nil)
    let output = DescriptorOutput()
    editor.complete = { line, cursor in
      let words = ["kafka", "kafka-topics", "select", "source", "수집", "수정"]
      let before = String(line.prefix(cursor))
      let word = before.split(separator: " ", omittingEmptySubsequences: false).last ?? ""
      let candidates = words.filter { $0.hasPrefix(word) }
      return CompletionResult(replaceFrom: cursor - word.count, candidates: candidates)
    }
    output.writeLine("READY interactive=\(editor.isInteractive) editing=\(editor.isEditing)")
    for notice in editor.takeNotices() { output.writeLine("NOTICE \(notice)") }
    while true {
      switch editor.readLine(prompt: "\u{1B}[1mprobe>\u{1B}[0m ") {
      case .line(let line): answer(line, editor, output)
      case .interrupted: output.writeLine("<interrupted>")
      case .endOfInput:
        output.writeLine("<end>")
        return
      }
    }
  }

  private static func answer(_ line: String, _ editor: LineEditor, _ output: DescriptorOutput) {
    if line == "work" {
      Interrupt.clear()
      output.writeLine("WORKING")
      for _ in 0..<500 where !Interrupt.isRequested { usleep(10_000) }
      output.writeLine(Interrupt.isRequested ? "STOPPED" : "DONE")
      return
    }
    if line == "deaf" {
      output.writeLine("WORKING")
      for _ in 0..<500 { usleep(10_000) }
    }
    if line == "crash" { abort() }
    if line == "two" { editor.remember("first\nsecond") }
    let scalars = line.unicodeScalars.map { String($0.value, radix: 16) }.joined(separator: " ")
    output.writeLine("LINE[\(line.replacing("\n", with: "\\n"))] \(scalars)")
    editor.remember(line)
  }
}
