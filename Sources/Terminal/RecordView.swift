// A row as a block of lines, for tables wider than the screen: `name  value`, as database shells
// call it expanded output.

/// Rows written one below the other, a line per column.
package struct RecordView: TerminalView, Sendable {
  package var columns: [TableColumn]
  package var rows: [[String]]
  /// Spaces before every line.
  package var indent: Int
  /// Whether `[3/20]` stands above each record; otherwise an empty line separates them.
  package var isNumbered: Bool

  /// Records of `rows`; a row with fewer cells than columns is filled up with empty ones.
  package init(
    columns: [TableColumn],
    rows: [[String]] = [],
    indent: Int = 2,
    isNumbered: Bool = false
  ) {
    self.columns = columns
    self.rows = rows
    self.indent = indent
    self.isNumbered = isNumbered
  }

  /// The lines; a value too long for the width continues below itself, except for a word that is too
  /// long: a key that is broken cannot be copied. Without rows, the names.
  package func lines(width: Int?, style: Style = .plain) -> [String] {
    guard !columns.isEmpty else { return [] }
    let margin = String(repeating: " ", count: indent)
    guard !rows.isEmpty else {
      let titles = columns.map { TextWidth.printable($0.title) }.joined(separator: "  ")
      guard let width else { return [margin + titles] }
      return TextWidth.wrap(titles, to: max(width - indent, 8)).map { margin + $0 }
    }
    var lines: [String] = []
    for (number, row) in rows.enumerated() {
      if number > 0 { lines.append("") }
      if isNumbered { lines.append(margin + style.apply(.dim, "[\(number + 1)/\(rows.count)]")) }
      lines += record(row, width, style, margin)
    }
    return lines
  }

  private func record(
    _ row: [String],
    _ width: Int?,
    _ style: Style,
    _ margin: String
  ) -> [String] {
    let cells = columns.indices.map { $0 < row.count ? row[$0] : "" }
    if style.isAccessible {
      return zip(columns, cells).flatMap { column, cell in
        let line = TextWidth.printable("\(column.title): \(cell)")
        guard let width, !TextWidth.isLongWord(cell, room: width - indent - 2) else {
          return [margin + line]
        }
        let parts = TextWidth.wrap(line, to: width - indent, hangingIndent: 2)
        return parts.map { margin + $0 }
      }
    }
    let pairs = KeyValueView(zip(columns, cells).map { ($0.title, $1) }, indent: indent, gap: 2,
      keepsWords: true)
    return pairs.lines(width: width, style: style)
  }
}
