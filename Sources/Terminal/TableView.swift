// Tables and aligned pairs as text. Data reaches the terminal through here, so that cells are
// measured by columns, cut to fit, and cannot carry control characters.

/// One column of a table.
package struct TableColumn: Sendable, Hashable {
  /// The header, printed as given.
  package var title: String
  /// Numbers stand right, text left.
  package var alignment: TextAlignment
  /// The colour of the cells.
  package var role: Style.Role?

  package init(_ title: String, _ alignment: TextAlignment = .left, role: Style.Role? = nil) {
    self.title = title
    self.alignment = alignment
    self.role = role
  }

  /// A right-aligned column.
  ///
  /// Its cells are never cut: a cut number is a wrong number.
  package static func number(_ title: String) -> TableColumn {
    TableColumn(title, .right)
  }
}

/// Rows under a header, two spaces between columns.
///
/// A table too wide for its output is cut in its widest text columns. Where that would leave less
/// than `narrowestText` columns of them, each row is written as a block of lines instead.
package struct TableView: Sendable {
  /// The least that is left of a text column before the table becomes blocks.
  package static let narrowestText = 8

  package var columns: [TableColumn]
  package var rows: [[String]]
  /// Spaces before every line.
  package var indent: Int

  /// A table of `rows`; a row with fewer cells than columns is filled up with empty ones.
  package init(columns: [TableColumn], rows: [[String]] = [], indent: Int = 2) {
    self.columns = columns
    self.rows = rows
    self.indent = indent
  }

  /// The table as text, every line ended; nil as width means that nothing is cut.
  package func render(width: Int?, style: Style = .plain) -> String {
    let lines = lines(width: width, style: style)
    return lines.isEmpty ? "" : lines.joined(separator: "\n") + "\n"
  }

  /// The table's lines, without trailing spaces.
  package func lines(width: Int?, style: Style = .plain) -> [String] {
    guard !columns.isEmpty else { return [] }
    let cells = rows.map { row in
      columns.indices.map { $0 < row.count ? TextWidth.printable(row[$0]) : "" }
    }
    let titles = columns.map { TextWidth.printable($0.title) }
    var widths = columns.indices.map { index in
      cells.reduce(TextWidth.columns(titles[index])) { max($0, TextWidth.columns($1[index])) }
    }
    if let width, !shrink(&widths, to: width) {
      return blocks(cells, titles: titles, width: width, style: style)
    }
    let header = titles.indices.map { (titles[$0], Style.Role?.some(.dim)) }
    var lines = [line(header, widths, style)]
    for row in cells {
      lines.append(line(row.indices.map { (row[$0], columns[$0].role) }, widths, style))
    }
    return lines
  }

  /// Cuts the widest text columns until the table fits; false if it cannot.
  private func shrink(_ widths: inout [Int], to width: Int) -> Bool {
    var excess = indent + widths.reduce(0, +) + 2 * (widths.count - 1) - width
    while excess > 0 {
      let texts = widths.indices.filter {
        columns[$0].alignment == .left && widths[$0] > TableView.narrowestText
      }
      guard let widest = texts.max(by: { widths[$0] < widths[$1] }) else { return false }
      // Down to the next widest at once; columns of equal width then shrink in turn.
      let next = texts.filter { $0 != widest }.map { widths[$0] }.max()
      let cut = min(excess, max(1, widths[widest] - (next ?? TableView.narrowestText)))
      widths[widest] -= cut
      excess -= cut
    }
    return true
  }

  private func line(
    _ cells: [(text: String, role: Style.Role?)],
    _ widths: [Int],
    _ style: Style
  ) -> String {
    var result = String(repeating: " ", count: indent)
    var owed = 0
    for (index, cell) in cells.enumerated() {
      let text = TextWidth.truncate(cell.text, to: widths[index])
      let missing = widths[index] - TextWidth.columns(text)
      let isRight = columns[index].alignment == .right
      if isRight { owed += missing }
      if !text.isEmpty {
        result += String(repeating: " ", count: owed)
        result += cell.role.map { style.apply($0, text) } ?? text
        owed = 0
      }
      if !isRight { owed += missing }
      owed += 2
    }
    while result.hasSuffix(" ") { result.removeLast() }
    return result
  }

  /// One block per row, a line per column, for outputs too narrow for the table.
  private func blocks(
    _ rows: [[String]],
    titles: [String],
    width: Int,
    style: Style
  ) -> [String] {
    var lines: [String] = []
    for (number, row) in rows.enumerated() {
      if number > 0 { lines.append("") }
      let pairs = KeyValueView(zip(titles, row).map { ($0, $1) }, indent: indent, gap: 2)
      lines += pairs.lines(width: width, style: style)
    }
    if rows.isEmpty {
      lines = TextWidth.wrap(titles.joined(separator: "  "), to: width - indent).map {
        String(repeating: " ", count: indent) + $0
      }
    }
    return lines
  }
}

/// Names and their values, the values aligned.
package struct KeyValueView: Sendable {
  package var pairs: [(key: String, value: String)]
  /// Spaces before every line.
  package var indent: Int
  /// Spaces between the longest name and the values.
  package var gap: Int

  package init(_ pairs: [(String, String)], indent: Int = 4, gap: Int = 3) {
    self.pairs = pairs.map { (key: $0.0, value: $0.1) }
    self.indent = indent
    self.gap = gap
  }

  /// The pairs as text, every line ended; nil as width means that nothing is wrapped.
  package func render(width: Int?, style: Style = .plain) -> String {
    let lines = lines(width: width, style: style)
    return lines.isEmpty ? "" : lines.joined(separator: "\n") + "\n"
  }

  /// The lines; a value too long for the width continues below itself.
  package func lines(width: Int?, style: Style = .plain) -> [String] {
    let keys = pairs.map { TextWidth.printable($0.key) }
    let keyWidth = keys.reduce(0) { max($0, TextWidth.columns($1)) }
    let start = indent + keyWidth + gap
    let room = width.map { max($0 - start, TableView.narrowestText) }
    let margin = String(repeating: " ", count: indent)
    var lines: [String] = []
    for (key, pair) in zip(keys, pairs) {
      let value = TextWidth.printable(pair.value)
      let parts = room.map { TextWidth.wrap(value, to: $0) } ?? [value]
      for (index, part) in parts.enumerated() {
        let padding = keyWidth + gap - (index == 0 ? TextWidth.columns(key) : 0)
        let name = index == 0 ? style.apply(.dim, key) : ""
        var line = margin + name + String(repeating: " ", count: padding) + part
        while line.hasSuffix(" ") { line.removeLast() }
        lines.append(line)
      }
    }
    return lines
  }
}
