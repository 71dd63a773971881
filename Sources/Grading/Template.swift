// The two kinds of placeholder in the course's files.
//
// `{{answer.offset}}` in SQL becomes a typed literal: an integer or a quoted string, never raw
// text, so that no answer can change what a query means. `{price}` in a text becomes a value as
// people read it: `29,900`. A line of text that names a null value is left out, so that one text
// serves an address that is occupied and one that is not; in a table row a null empties its cell
// only, and the row goes where nothing of it is known.

/// SQL with `{{answer.NAME}}` parameters.
package struct SQLTemplate: Sendable, Hashable {
  enum Part: Sendable, Hashable {
    case sql(String)
    case parameter(String)
  }

  let parts: [Part]

  /// The names of the answer's fields that the query uses.
  var parameters: [String] {
    parts.compactMap { if case .parameter(let name) = $0 { name } else { nil } }
  }

  /// Parses the query; throws `course.unknown-parameter` for a name that the answer does not have.
  package static func parse(_ node: ManifestNode, fields: [AnswerForm.Field]) throws -> SQLTemplate {
    let text = try node.text(example: "SELECT … (the rows that are wrong)")
    var parts: [Part] = []
    var rest = text[...]
    while let open = rest.firstRange(of: "{{") {
      guard let close = rest[open.upperBound...].firstRange(of: "}}") else {
        throw node.error(
          "course.unknown-parameter",
          "A `{{` is not closed.",
          advice: "Write `{{answer.offset}}`."
        )
      }
      parts.append(.sql(String(rest[..<open.lowerBound])))
      let inside = rest[open.upperBound..<close.lowerBound].filter { !$0.isWhitespace }
      let names = fields.map { "answer.\($0.name)" }
      guard names.contains(inside) else {
        let hint = nearestName(to: inside, in: names).map { "Did you mean `{{\($0)}}`? " } ?? ""
        let list =
          names.isEmpty
          ? "none: the exercise declares no `answer`"
          : names.map { "{{\($0)}}" }.joined(separator: ", ")
        throw node.error(
          "course.unknown-parameter",
          "The query uses `{{\(inside)}}`, which does not exist.",
          advice: hint + "Known parameters: \(list)."
        )
      }
      parts.append(.parameter(String(inside.dropFirst("answer.".count))))
      rest = rest[close.upperBound...]
    }
    parts.append(.sql(String(rest)))
    return SQLTemplate(parts: parts)
  }

  /// The query with the answer's values as literals; nil where it needs an answer and has none.
  func sql(_ answer: AnswerValues?) -> String? {
    var sql = ""
    for part in parts {
      switch part {
      case .sql(let text): sql += text
      case .parameter(let name):
        guard let literal = answer?[name].flatMap(Self.literal) else { return nil }
        sql += literal
      }
    }
    return sql
  }

  private static func literal(_ value: HostValue) -> String? {
    switch value {
    case .integer(let number): String(number)
    case .text(let text):
      "'"
        + text.split(separator: "'", omittingEmptySubsequences: false)
        .joined(separator: "''") + "'"
    case .null, .double, .boolean: nil
    }
  }
}

/// A text with its placeholders filled, and the placeholders that nobody could fill.
package struct FilledText {
  package var text: String
  /// Names that neither the answer nor a query provides: a mistake of the author.
  package var unknownNames: [String]

  package init(text: String, unknownNames: [String]) {
    self.text = text
    self.unknownNames = unknownNames
  }
}

/// Fills `{name}` and `{name:FORMAT}`; formats are `number` (grouped, also for digits that came as
/// text), `plain` (no grouping, for text that is typed again) and `short` (the first eight
/// characters, for ids that are only compared by eye).
///
/// Integers are grouped by default; the answer's own values (`answer.…`) are plain by default.
package func fill(_ text: String, with values: [String: HostValue]) -> FilledText {
  var unknown: [String] = []
  var lines: [String] = []
  for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
    if let filled = fillLine(line, values, &unknown) { lines.append(filled) }
  }
  return FilledText(text: alignTables(lines).joined(separator: "\n"), unknownNames: unknown)
}

/// The placeholders of a text, without their formats.
package func placeholders(in text: String) -> [String] {
  var names: [String] = []
  for line in text.split(separator: "\n") {
    forEachPlaceholder(line, literal: { _ in }, placeholder: { name, _ in names.append(name) })
  }
  return names
}

private func fillLine(
  _ line: Substring,
  _ values: [String: HostValue],
  _ unknown: inout [String]
) -> String? {
  guard line.drop(while: { $0 == " " }).hasPrefix("|") else {
    let filled = fillPart(line, values, &unknown)
    return filled.hasNull ? nil : filled.text
  }
  var cells: [String] = []
  var knowsSomething = false
  var hasNull = false
  for cell in line.split(separator: "|", omittingEmptySubsequences: false) {
    let filled = fillPart(cell, values, &unknown)
    cells.append(filled.hasNull ? " - " : filled.text)
    hasNull = hasNull || filled.hasNull
    knowsSomething = knowsSomething || filled.hasColumn && !filled.hasNull
  }
  return hasNull && !knowsSomething ? nil : cells.joined(separator: "|")
}

/// A part of a line: its text, whether it names a null, and whether it names a query's column.
private func fillPart(
  _ part: Substring,
  _ values: [String: HostValue],
  _ unknown: inout [String]
) -> (text: String, hasNull: Bool, hasColumn: Bool) {
  var result = (text: "", hasNull: false, hasColumn: false)
  forEachPlaceholder(part) {
    result.text += $0
  } placeholder: { name, format in
    let isAnswer = name.hasPrefix("answer.")
    result.hasColumn = result.hasColumn || !isAnswer
    guard let value = values[name] else {
      unknown.append(name)
      result.hasNull = true
      return
    }
    if let text = readable(value, format: format ?? (isAnswer ? "plain" : "")) {
      result.text += text
    } else {
      result.hasNull = true
    }
  }
  return result
}

private func forEachPlaceholder(
  _ line: Substring,
  literal: (Substring) -> Void,
  placeholder: (String, String?) -> Void
) {
  var rest = line
  while let open = rest.firstIndex(of: "{") {
    let after = rest.index(after: open)
    guard let close = rest[after...].firstIndex(of: "}") else { break }
    let parts = rest[after..<close].split(
      separator: ":",
      maxSplits: 1,
      omittingEmptySubsequences: false
    )
    let name = String(parts.first ?? "")
    if name.split(separator: ".", omittingEmptySubsequences: false).allSatisfy({
      isIdentifier(String($0))
    }) {
      literal(rest[..<open])
      placeholder(name, parts.count == 2 ? String(parts[1]) : nil)
    } else {
      literal(rest[...close])
    }
    rest = rest[rest.index(after: close)...]
  }
  literal(rest)
}

private func readable(_ value: HostValue, format: String) -> String? {
  switch value {
  case .null: nil
  case .integer(let number): format == "plain" ? String(number) : grouped(String(number))
  case .double(let number): String(number)
  case .boolean(let flag): flag ? "true" : "false"
  case .text(let text):
    switch format {
    case "number" where Int64(text) != nil: grouped(text)
    case "short": String(text.prefix(8))
    default: text
    }
  }
}

/// Thousands separators, as both languages of the course write them.
private func grouped(_ digits: String) -> String {
  let isNegative = digits.hasPrefix("-")
  var result: [Character] = []
  for (index, digit) in digits.drop(while: { $0 == "-" }).reversed().enumerated() {
    if index > 0, index % 3 == 0 { result.append(",") }
    result.append(digit)
  }
  return (isNegative ? "-" : "") + String(result.reversed())
}
