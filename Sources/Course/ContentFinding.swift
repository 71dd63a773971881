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

  package var description: String {
    "\(file)\(line.map { ":\($0)" } ?? ""): \(rule): \(text)  (\(fix))"
  }
}
