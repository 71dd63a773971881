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
/// than `narrowestText` columns of them, or on request, each row is written as a record instead: a
/// line per column, see `RecordView`. In accessible mode each row is a sentence.
package struct TableView: TerminalView, Sendable {
  /// How rows are written.
  package enum Layout: Sendable, Hashable {
    /// As a table where it fits, else as records.
    case automatic
    /// As records, numbered, whatever the width.
    case records
  }

  /// The least that is left of a text column before the table becomes blocks.
  package static let narrowestText = 8

  package var columns: [TableColumn]
  package var rows: [[String]]
  /// Spaces before every line.
  package var indent: Int
  package var layout: Layout

  /// A table of `rows`; a row with fewer cells than columns is filled up with empty ones.
  package init(
    columns: [TableColumn],
    rows: [[String]] = [],
    indent: Int = 2,
    layout: Layout = .automatic
  ) {
    self.columns = columns
    self.rows = rows
    self.indent = indent
    self.layout = layout
  }

  /// The table's lines, without trailing spaces; nil as width means that nothing is cut.
  package func lines(width: Int?, style: Style = .plain) -> [String] {
    guard !columns.isEmpty else { return [] }
    if layout == .records {
      return RecordView(columns: columns, rows: rows, indent: indent, isNumbered: true)
        .lines(width: width, style: style)
    }
    let cells = rows.map { row in
      columns.indices.map { $0 < row.count ? TextWidth.printable(row[$0]) : "" }
    }
    let titles = columns.map { TextWidth.printable($0.title) }
    if style.isAccessible, !rows.isEmpty { return spoken(cells, titles, width) }
    var widths = columns.indices.map { index in
      cells.reduce(TextWidth.columns(titles[index])) { max($0, TextWidth.columns($1[index])) }
    }
    if let width, !shrink(&widths, to: width) {
      return RecordView(columns: columns, rows: rows, indent: indent)
        .lines(width: width, style: style)
    }
    let header = titles.indices.map { (titles[$0], Style.Role?.some(.dim)) }
    var lines = [line(header, widths, style)]
    for row in cells {
      lines.append(line(row.indices.map { (row[$0], columns[$0].role) }, widths, style))
    }
    return lines
  }

  /// A sentence for each row, every cell with its column's name: nobody hears what stands above.
  private func spoken(_ cells: [[String]], _ titles: [String], _ width: Int?) -> [String] {
    let margin = String(repeating: " ", count: indent)
    return cells.flatMap { row in
      let parts = zip(titles, row).compactMap { title, cell -> String? in
        let cell = cell.trimmingSpaces
        return cell.isEmpty ? nil : title.isEmpty ? cell : "\(title): \(cell)"
      }
      let sentence = parts.joined(separator: ", ")
      guard let width else { return [margin + sentence] }
      return TextWidth.wrap(sentence, to: width - indent, hangingIndent: 2).map { margin + $0 }
    }
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
}

extension String {
  /// Without the spaces that only align.
  fileprivate var trimmingSpaces: String {
    var rest = drop { $0 == " " }
    while rest.last == " " { rest.removeLast() }
    return String(rest)
  }
}

/// Names and their values, the values aligned.
package struct KeyValueView: TerminalView, Sendable {
  package var pairs: [(key: String, value: String)]
  /// Spaces before every line.
  package var indent: Int
  /// Spaces between the longest name and the values.
  package var gap: Int
  /// Whether a value of one word that is too long stands below its name unbroken, to be copied.
  package var keepsWords: Bool

  package init(
    _ pairs: [(String, String)],
    indent: Int = 4,
    gap: Int = 3,
    keepsWords: Bool = false
  ) {
    self.pairs = pairs.map { (key: $0.0, value: $0.1) }
    self.indent = indent
    self.gap = gap
    self.keepsWords = keepsWords
  }

  /// The lines; a value too long for the width continues below itself, and nil as width means that
  /// nothing is wrapped.
  package func lines(width: Int?, style: Style = .plain) -> [String] {
    let keys = pairs.map { TextWidth.printable($0.key) }
    if style.isAccessible { return spoken(keys, width) }
    let keyWidth = keys.reduce(0) { max($0, TextWidth.columns($1)) }
    let start = indent + keyWidth + gap
    let room = width.map { $0 - start }
    let margin = String(repeating: " ", count: indent)
    let values = pairs.map { TextWidth.printable($0.value) }
    if let width, let room, room < min(KeyValueView.narrowestValue, width / 2),
      values.contains(where: { TextWidth.columns($0) > room })
    {
      return stacked(keys, values, width, style)
    }
    var lines: [String] = []
    for (key, value) in zip(keys, values) {
      if keepsWords, let room, TextWidth.isLongWord(value, room: room) {
        lines += [margin + style.apply(.dim, key), margin + "  " + value]
        continue
      }
      let parts = room.map { TextWidth.wrap(value, to: max($0, 8)) } ?? [value]
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

  /// Narrower than this, or than half the screen, values stand below their names, not beside them.
  static let narrowestValue = 20

  /// Each name above its value.
  private func stacked(
    _ keys: [String], _ values: [String], _ width: Int, _ style: Style
  ) -> [String] {
    let margin = String(repeating: " ", count: indent)
    return zip(keys, values).flatMap { key, value -> [String] in
      let name = key.isEmpty ? [] : [margin + style.apply(.dim, key)]
      if keepsWords, TextWidth.isLongWord(value, room: width - indent - 2) {
        return name + [margin + "  " + value]
      }
      return name + TextWidth.wrap(value, to: width - indent - 2).map { margin + "  " + $0 }
    }
  }

  /// `name: value`, without the spaces that only align.
  private func spoken(_ keys: [String], _ width: Int?) -> [String] {
    let margin = String(repeating: " ", count: indent)
    return zip(keys, pairs).flatMap { key, pair -> [String] in
      let value = TextWidth.printable(pair.value)
      let line = (key.isEmpty ? "" : key + ": ") + value
      if let width, keepsWords, TextWidth.isLongWord(value, room: width - indent - 2) {
        return [margin + line]
      }
      let parts = width.map { TextWidth.wrap(line, to: $0 - indent, hangingIndent: 2) } ?? [line]
      return parts.map { margin + $0 }
    }
  }
}
