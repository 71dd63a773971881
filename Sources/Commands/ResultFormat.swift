// How the rows of a query are written: as a table, one column a line, as CSV or as Markdown.

internal import Columnar
internal import EventModel
internal import Terminal
internal import TrinoSQL

/// What `output` chooses, and `\G` for one statement.
enum ResultFormat: String, CaseIterable, Sendable {
  /// A table, or records where a few rows are wider than the screen.
  case auto
  /// A table, cut to the screen.
  case aligned
  /// Each row as a record, a line per column.
  case vertical
  /// RFC 4180 with a header; NULL is an empty field.
  case csv
  /// A pipe table as GitHub shows it.
  case markdown

  /// Where the whole result is meant for another program: every row, and nothing but rows.
  var isForPrograms: Bool { self == .csv || self == .markdown }

  /// All rows of `result` as CSV, lines ended by a line feed.
  static func csv(_ result: QueryResult) -> String {
    var lines = [result.schema.fields.map { field($0.name) }.joined(separator: ",")]
    for row in result.rows() {
      let fields = row.indices.map { index in
        row[index] == .null ? "" : field(result.text(row[index], column: index), isText: true)
      }
      lines.append(fields.joined(separator: ","))
    }
    return lines.joined(separator: "\n")
  }

  /// A field with a comma, a quote or a line break is quoted; so is an empty text, or it would be NULL.
  private static func field(_ text: String, isText: Bool = false) -> String {
    let isPlain = !text.contains { $0 == "," || $0 == "\"" || $0.isNewline }
    if isPlain, !(isText && text.isEmpty) { return text }
    return "\"" + text.replacing("\"", with: "\"\"") + "\""
  }

  /// All rows of `result` as a Markdown table; numbers stand right.
  static func markdown(_ result: QueryResult) -> String {
    func line(_ cells: [String]) -> String { "| " + cells.joined(separator: " | ") + " |" }
    func cell(_ text: String) -> String {
      text.replacing("\\", with: "\\\\").replacing("|", with: "\\|")
        .split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        .joined(separator: "<br>")
    }
    var lines = [line(result.schema.fields.map { cell($0.name) })]
    lines.append(line(result.schema.fields.map { Shell.isNumber($0.type) ? "---:" : "---" }))
    for row in result.rows() {
      lines.append(line(row.indices.map { cell(result.text(row[$0], column: $0)) }))
    }
    return lines.joined(separator: "\n")
  }
}

extension Shell {
  /// `output`, `output auto|aligned|vertical|csv|markdown`: for the rows of this session's queries.
  func resultFormat(_ words: [String]) throws -> Reply {
    if let word = words.first {
      guard let chosen = ResultFormat(rawValue: word.lowercased()) else {
        let known = ResultFormat.allCases.map(\.rawValue)
        var error = CommandError(
          .unknownSubcommand,
          ["command": "output", "word": word, "known": known.joined(separator: ", ")])
        error.fields["nearest"] = NearestName.suggest(word.lowercased(), from: known)
        throw error
      }
      resultFormat = chosen
    }
    return Reply(
      resultFormat.isForPrograms && words.first != nil
        ? [] : [.text(text("output." + resultFormat.rawValue))],
      data: .record(["output": .string(resultFormat.rawValue)]))
  }
}
