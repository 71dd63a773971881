// A Markdown file whose `## name` headings cut it into named texts: feedback and hints.
//
// Everything between two headings belongs to the first, trimmed of blank lines at both ends.
// Only blank lines and one-line `<!-- … -->` comments may stand before the first heading.

internal import Foundation

/// The named texts of one file, such as `feedback.ko.md`.
package struct TextSections: Sendable, Hashable {
  package var texts: [String: String]
  /// The names in file order.
  package var names: [String]

  package static func parse(_ text: String, file: String) throws -> TextSections {
    var sections = TextSections(texts: [:], names: [])
    var name: String?
    var body: [Substring] = []
    func close(_ line: Int) throws {
      guard let name else { return }
      let text = trimmed(body)
      guard !text.isEmpty else {
        throw CourseError(
          code: "course.empty-text",
          message: "The section `\(name)` holds no text.",
          place: "\(file):\(line)",
          advice: "Write the text under `## \(name)`, or remove it.",
          fields: ["file": file, "section": name]
        )
      }
      sections.texts[name] = text
    }
    let lines = text.split(omittingEmptySubsequences: false) { $0.isNewline }
    for (index, line) in lines.enumerated() {
      if line.hasPrefix("## ") {
        try close(index)
        let next = line.dropFirst(3).trimmingCharacters(in: .whitespaces)
        guard !sections.names.contains(next) else {
          throw CourseError(
            code: "course.duplicate-section",
            message: "The section `\(next)` is there twice.",
            place: "\(file):\(index + 1)",
            advice: "Keep one `## \(next)`.",
            fields: ["file": file, "section": next]
          )
        }
        sections.names.append(next)
        name = next
        body = []
      } else if name != nil {
        body.append(line)
      } else if !line.allSatisfy(\.isWhitespace), !line.hasPrefix("<!--") {
        throw CourseError(
          code: "course.stray-text",
          message: "There is text before the first `## ` heading.",
          place: "\(file):\(index + 1)",
          advice: "Put it under a heading such as `## passed`.",
          fields: ["file": file]
        )
      }
    }
    try close(lines.count)
    return sections
  }

  private static func trimmed(_ lines: [Substring]) -> String {
    func isBlank(_ line: Substring) -> Bool { line.allSatisfy(\.isWhitespace) }
    guard let first = lines.firstIndex(where: { !isBlank($0) }),
      let last = lines.lastIndex(where: { !isBlank($0) })
    else { return "" }
    return lines[first...last].joined(separator: "\n")
  }
}
