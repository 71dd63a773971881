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

  /// The parameters of a world's days, which stand in a query as `2024-01-15`, without quotes.
  package static let dayNames = ["ds_kst", "ds_next"]

  /// The names of the parameters that the query uses.
  package var parameters: [String] {
    parts.compactMap { if case .parameter(let name) = $0 { name } else { nil } }
  }

  /// The text as it was written.
  package var text: String {
    parts.map { part in
      switch part {
      case .sql(let text): text
      case .parameter(let name): "{{\(name)}}"
      }
    }.joined()
  }

  /// True where only a world that belongs to a grader can answer: the query names its tables
  /// (`truth.…`, `baseline.…`, `answer.…`) or the world's days.
  var needsGradingWorld: Bool {
    if parameters.contains(where: Self.dayNames.contains) { return true }
    return parts.contains { part in
      guard case .sql(let text) = part else { return false }
      return text.contains(/(?i)\b(truth|baseline|answer)\s*\./)
    }
  }

  /// Parses the query; throws `course.unknown-parameter` for a name that the answer does not have.
  package static func parse(_ node: ManifestNode, fields: [AnswerForm.Field]) throws -> SQLTemplate
  {
    try parse(node, names: fields.map { "answer.\($0.name)" })
  }

  /// Parses a query with parameters of those names; throws `course.unknown-parameter` for others.
  package static func parse(_ node: ManifestNode, names: [String]) throws -> SQLTemplate {
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
      parts.append(.parameter(inside))
      rest = rest[close.upperBound...]
    }
    parts.append(.sql(String(rest)))
    return SQLTemplate(parts: parts)
  }

  /// The query with the answer's values as literals; nil where it needs an answer and has none.
  func sql(_ answer: AnswerValues?) -> String? {
    var values: [String: HostValue] = [:]
    for (name, value) in answer?.values ?? [:] { values["answer.\(name)"] = value }
    return try? sql(
      values: values,
      refusing: { value in
        switch value {
        case .null, .double, .boolean: true
        case .integer, .text: false
        }
      }
    )
  }

  /// The query with those values as literals.
  ///
  /// Throws `course.no-parameter` where one is not given.
  func sql(
    values: [String: HostValue],
    refusing refuses: (HostValue) -> Bool = { _ in false }
  ) throws -> String {
    var sql = ""
    for part in parts {
      switch part {
      case .sql(let text): sql += text
      case .parameter(let name):
        guard let value = values[name], !refuses(value) else {
          throw CourseError(
            code: "course.no-parameter",
            message: "Nothing gives the query's parameter `{{\(name)}}`.",
            advice: "Look at where the query is asked.",
            fields: ["name": name]
          )
        }
        sql += Self.dayNames.contains(name) ? Self.raw(value) : Self.literal(value)
      }
    }
    return sql
  }

  /// The parameters of a world's days; that day's text is trusted, as it comes from the world.
  static func dayValues(_ day: String) -> [String: HostValue] {
    ["ds_kst": .text(day), "ds_next": .text(nextDay(day))]
  }

  private static func raw(_ value: HostValue) -> String {
    if case .text(let text) = value { text } else { literal(value) }
  }

  /// The query with literals that are SQL already; nil where one is not given.
  func sql(literals: [String: String]) -> String? {
    var sql = ""
    for part in parts {
      switch part {
      case .sql(let text): sql += text
      case .parameter(let name):
        guard let literal = literals[name] else { return nil }
        sql += literal
      }
    }
    return sql
  }

  package static func literal(_ value: HostValue) -> String {
    switch value {
    case .null: "NULL"
    case .integer(let number): String(number)
    case .double(let number): number.isFinite ? "\(number)" : "NULL"
    case .boolean(let flag): flag ? "TRUE" : "FALSE"
    case .text(let text):
      "'"
        + text.split(separator: "'", omittingEmptySubsequences: false)
        .joined(separator: "''") + "'"
    }
  }
}

/// Every day of the month round one world's day, and the day that takes its place in another.
package func reboundDays(from mine: String, to other: String) -> [String: String] {
  var days: [String: String] = [mine: other]
  var (forth, back) = ((mine, other), (mine, other))
  for _ in 1...31 {
    forth = (nextDay(forth.0), nextDay(forth.1))
    back = (previousDay(back.0), previousDay(back.1))
    days[forth.0] = forth.1
    days[back.0] = back.1
  }
  return days
}

/// The day before `2024-03-01`: `2024-02-29`; the text itself where it is no date.
package func previousDay(_ day: String) -> String {
  let parts = day.split(separator: "-").compactMap { Int($0) }
  guard parts.count == 3, (1...12).contains(parts[1]) else { return day }
  // From 31 days before, forward: months are never longer.
  let month = parts[1] == 1 ? 12 : parts[1] - 1
  let year = parts[1] == 1 ? parts[0] - 1 : parts[0]
  if parts[2] > 1 {
    let date = parts[2] - 1
    return String(day.dropLast(2)) + (date < 10 ? "0\(date)" : "\(date)")
  }
  var last = String(repeating: "0", count: 4 - String(year).count) + "\(year)-"
  last += (month < 10 ? "0\(month)" : "\(month)") + "-28"
  while nextDay(last) != day { last = nextDay(last) }
  return last
}

/// The day after `2024-02-28`: `2024-02-29`; the text itself where it is no date.
package func nextDay(_ day: String) -> String {
  let parts = day.split(separator: "-").compactMap { Int($0) }
  guard parts.count == 3, (1...12).contains(parts[1]) else { return day }
  var (year, month, date) = (parts[0], parts[1], parts[2])
  let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
  let lengths = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
  date += 1
  if date > lengths[month - 1] { (month, date) = (month + 1, 1) }
  if month > 12 { (year, month) = (year + 1, 1) }
  func digits(_ number: Int, _ count: Int) -> String {
    let text = String(number)
    return String(repeating: "0", count: max(0, count - text.count)) + text
  }
  return "\(digits(year, 4))-\(digits(month, 2))-\(digits(date, 2))"
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
