// A small prompt for the tests of the line editor: every answer is printed in a form that a test
// can read back from a pseudo-terminal.

import Foundation
import Terminal

@main
enum TerminalProbe {
  static func main() {
    let arguments = CommandLine.arguments
    let editor = LineEditor(historyFile: arguments.count > 1 ? arguments[1] : nil)
    let output = DescriptorOutput(
      isAccessible: ProcessInfo.processInfo.environment["ACCESSIBLE"] != nil)
    output.setPagerInput(0)
    let count = ProcessInfo.processInfo.environment["NAMES"].flatMap { Int($0) } ?? 0
    let words =
      ["kafka", "kafka-topics", "select", "source", "수집", "수정"]
      + (0..<count).map { "table_\($0 % 100)_column_\($0)" }
    editor.complete = { line, cursor in
      let before = String(line.prefix(cursor))
      let word = before.split(separator: " ", omittingEmptySubsequences: false).last ?? ""
      let candidates = Completion.matches(String(word), in: words)
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

  private static let pagerTexts = Catalogue(
    language: .en,
    entries: [
      "terminal.pager.position": "{last}/{total} lines", "terminal.pager.keys": "KEYS",
      "terminal.pager.keysShort": "K", "terminal.pager.notFound": "no {text}",
      "terminal.pager.help": "HELP",
    ]
  )

  private static func answer(_ line: String, _ editor: LineEditor, _ output: DescriptorOutput) {
    if line == "work" {
      Interrupt.clear()
      output.writeLine("WORKING")
      for _ in 0..<500 where !Interrupt.isRequested { usleep(10_000) }
      output.writeLine(Interrupt.isRequested ? "STOPPED" : "DONE")
      return
    }
    if line.hasPrefix("slow") { usleep(30_000) }
    if line == "deaf" {
      output.writeLine("WORKING")
      for _ in 0..<500 { usleep(10_000) }
    }
    if line == "crash" { abort() }
    if line.hasPrefix("page "), let count = Int(line.dropFirst(5)) {
      output.paged(texts: pagerTexts) { page in
        for number in 1...count { page.writeLine("row \(number)" + (number == 77 ? " 일흔일곱" : "")) }
      }
      return
    }
    if line == "two" { editor.remember("first\nsecond") }
    let scalars = line.unicodeScalars.map { String($0.value, radix: 16) }.joined(separator: " ")
    output.writeLine("LINE[\(line.replacing("\n", with: "\\n"))] \(scalars)")
    editor.remember(line)
  }
}
