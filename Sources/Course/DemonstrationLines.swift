// The lines of a demonstration: how a block is cut into them, how `{{sql: …}}` is filled, and when
// a typed line counts as the one that was to come.

internal import Foundation
package import Grading

/// Cuts the text of a `tapline` block into lines that are run one at a time.
///
/// An indented line continues the one before it, and a line that begins like SQL runs on to its
/// `;`, so that a statement over several lines is one line to run. Blank lines are dropped.
func demonstrationLines(_ text: String) -> [String] {
  var lines: [String] = []
  var isOpen = false
  for line in text.split(whereSeparator: \.isNewline) where !line.allSatisfy(\.isWhitespace) {
    if let last = lines.last, isOpen || line.first?.isWhitespace == true {
      lines[lines.count - 1] = last + "\n" + line
    } else {
      lines.append(String(line))
    }
    guard let current = lines.last else { continue }
    isOpen = beginsLikeSQL(current) && !endsStatement(current)
  }
  return lines
}

private func beginsLikeSQL(_ line: String) -> Bool {
  let word = line.prefix { $0.isLetter }.lowercased()
  return ["select", "with", "explain", "values"].contains(word)
}

private func endsStatement(_ line: String) -> Bool {
  line.trimmingCharacters(in: .whitespacesAndNewlines).hasSuffix(";")
}

/// True where two lines differ only in their white space and in how Hangul is composed.
///
/// The final `;` of a statement may be left out.
func isSameLine(_ left: String, _ right: String) -> Bool {
  func canonical(_ line: String) -> String {
    let words = line.precomposedStringWithCanonicalMapping.split(whereSeparator: \.isWhitespace)
    let joined = words.joined(separator: " ")
    return joined.hasSuffix(";")
      ? joined.dropLast().trimmingCharacters(in: .whitespaces) : joined
  }
  let line = canonical(left)
  return !line.isEmpty && line == canonical(right)
}

/// Replaces each `{{sql: …}}` by the query's single value.
///
/// Throws `course.bad-template` where a query does not give exactly one value, and what the host
/// throws.
package func replacingQueries(in line: String, host: any LessonHost) throws -> String {
  var result = ""
  var rest = line[...]
  while let open = rest.firstRange(of: "{{sql:") {
    guard let close = rest[open.upperBound...].firstRange(of: "}}") else {
      throw CourseError(
        code: "course.bad-template",
        message: "A `{{sql:` is not closed.",
        advice: "Close it with `}}` on the same line."
      )
    }
    result += rest[..<open.lowerBound]
    result += try singleValue(String(rest[open.upperBound..<close.lowerBound]), host)
    rest = rest[close.upperBound...]
  }
  return result + rest
}

/// The one value of a query, as text.
func singleValue(_ sql: String, _ host: any LessonHost) throws -> String {
  let table = try host.query(sql)
  guard table.rows.count == 1, let row = table.rows.first, row.count == 1 else {
    throw CourseError(
      code: "course.bad-template",
      message: "The query returns \(table.rows.count) rows and \(table.columns.count) columns.",
      advice: "A query in a script returns one row with one column."
    )
  }
  switch row[0] {
  case .integer(let number): return String(number)
  case .text(let text): return text
  case .double(let number): return String(number)
  case .boolean(let flag): return flag ? "true" : "false"
  case .null:
    throw CourseError(
      code: "course.bad-template",
      message: "The query returns null.",
      advice: "Ask for a value that is there at this line."
    )
  }
}
