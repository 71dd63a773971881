// Lines that nobody types: `-c`, `-f`, standard input.

internal import Foundation
internal import Terminal

/// Runs lines one after the other and stops at the first that is not understood or fails.
struct Script {
  let runner: LineRunner
  let isJSON: Bool
  let language: Language?
  let output: any TerminalOutput

  /// A script larger than this is a mistake: nothing of it is run.
  private static let bytesMax = 16 << 20

  func run(_ lines: [String]) -> ExitStatus {
    var worst = ExitStatus.success
    for line in lines where !Script.isExit(line) {
      worst = max(worst, run(line))
      if worst >= .usage { break }
    }
    return worst
  }

  func run(file: String) -> ExitStatus {
    guard let data = Script.read(file) else {
      return refuse("script.unreadable", file)
    }
    guard data.count <= Script.bytesMax else { return refuse("script.tooLarge", file) }
    guard let text = String(data: data, encoding: .utf8), !data.contains(0) else {
      return refuse("script.notText", file)
    }
    var worst = ExitStatus.success
    var statement = ""
    for line in text.split(whereSeparator: \.isNewline) {
      statement += statement.isEmpty ? line : "\n" + line
      if StatementShape.isOpen(statement) { continue }
      if StatementShape.isComment(statement.trimmingCharacters(in: .whitespaces)) {
        statement = ""
        continue
      }
      if Script.isExit(statement) { break }
      worst = max(worst, run(statement))
      statement = ""
      if worst >= .usage { return worst }
    }
    return statement.isEmpty ? worst : max(worst, run(statement))
  }

  private func refuse(_ key: String, _ file: String) -> ExitStatus {
    let error = ErrorText(
      code: key, message: runner.text("error." + key, ["file": file]),
      advice: runner.text("error." + key + ".advice"), exit: .usage)
    ReplyPrinter(output: output, isJSON: isJSON).print(error, line: "-f " + file)
    return .usage
  }

  /// One byte more than allowed is read, so that a huge file costs no memory.
  private static func read(_ file: String) -> Data? {
    if file == "-" { return try? FileHandle.standardInput.readToEnd() ?? Data() }
    guard let handle = FileHandle(forReadingAtPath: file) else { return nil }
    return try? handle.read(upToCount: bytesMax + 1) ?? Data()
  }

  private func run(_ line: String) -> ExitStatus {
    runner.run(Shell.Request(line: line, language: language, isJSON: isJSON), output: output)
  }

  static func isExit(_ line: String) -> Bool {
    ["exit", "quit", "\\q"].contains(line.trimmingCharacters(in: .whitespaces).lowercased())
  }
}
