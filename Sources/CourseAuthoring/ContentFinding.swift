internal import Grading

/// A mistake in the course's content that no parser sees: where it is, what it says, how to mend it.
package struct ContentFinding: Sendable, Hashable, CustomStringConvertible {
  /// The rule that is broken, such as `spelling.forbidden`.
  package var rule: String
  /// Relative to the content folder.
  package var file: String
  /// 1-based; nil where the file as a whole is meant.
  package var line: Int?
  /// The text in question.
  package var text: String
  /// One sentence that says what to write instead.
  package var fix: String

  package init(rule: String, file: String, line: Int?, text: String, fix: String) {
    self.rule = rule
    self.file = file
    self.line = line
    self.text = text
    self.fix = fix
  }

  /// The error of a loader as a finding; the rule is its code unless one is named.
  init(_ error: CourseError, rule: String? = nil) {
    // `file:line key`
    let words = (error.place ?? "").split(separator: " ", maxSplits: 1)
    let parts = (words.first ?? "").split(separator: ":", maxSplits: 1)
    self.init(
      rule: rule ?? error.code,
      file: parts.first.map(String.init) ?? "",
      line: parts.count == 2 ? Int(parts[1]) : nil,
      text: words.count == 2 ? "`\(words[1])`: \(error.message)" : error.message,
      fix: error.advice ?? "Mend it."
    )
  }

  package var description: String {
    "\(file)\(line.map { ":\($0)" } ?? ""): \(rule): \(text)  (\(fix))"
  }
}
