// A Markdown table by columns. Cells are prose, so a table that is too wide is first wrapped inside
// its columns; where the columns would become too narrow to read, and in accessible output, each
// row is written as lines of `header  value`.

/// Lays out one table.
struct MarkdownTableLayout {
  /// A column is never wrapped to less than this.
  private static let narrowest = 12

  private let table: MarkdownTable
  private let page: MarkdownPage

  init(_ table: MarkdownTable, page: MarkdownPage) {
    self.table = table
    self.page = page
  }

  var lines: [String] {
    guard !table.header.isEmpty, !page.style.isAccessible else { return blocks }
    let header = table.header.map { cell($0) }
    let rows = table.rows.map { $0.map { cell($0) } }
    var widths = header.indices.map { column in
      ([header] + rows).reduce(1) { widest, row in
        row[column].split(separator: "\n").reduce(widest) {
          max($0, TextWidth.columns(String($1)))
        }
      }
    }
    if let width = page.width, !fit(&widths, to: width, rows) { return blocks }
    let drawn = rows.map { line($0, widths, role: nil) }
    // Rows of several lines need an empty one between them to stay rows.
    let isTall = drawn.contains { $0.count > 1 }
    var result = line(header, widths, role: .dim)
    for (index, lines) in drawn.enumerated() {
      if isTall, index > 0 { result.append("") }
      result += lines
    }
    return result
  }

  private func cell(_ content: [MarkdownInline]) -> String {
    page.flattened(content, style: page.style)
  }

  /// Narrows the widest columns until the table fits; false if it cannot, or if numbers would break.
  private func fit(_ widths: inout [Int], to width: Int, _ rows: [[String]]) -> Bool {
    var excess = widths.reduce(0, +) + 2 * (widths.count - 1) - width
    while excess > 0 {
      let candidates = widths.indices.filter {
        table.alignments[$0] == .left && widths[$0] > MarkdownTableLayout.narrowest
      }
      guard let widest = candidates.max(by: { widths[$0] < widths[$1] }) else { return false }
      let next = candidates.filter { $0 != widest }.map { widths[$0] }.max()
      let floor = max(next ?? 0, MarkdownTableLayout.narrowest)
      let cut = min(excess, max(1, widths[widest] - floor))
      widths[widest] -= cut
      excess -= cut
    }
    return true
  }

  private func line(_ cells: [String], _ widths: [Int], role: Style.Role?) -> [String] {
    let parts = cells.indices.map { TextWidth.wrap(cells[$0], to: widths[$0]).map(page.finished) }
    let height = parts.map(\.count).max() ?? 0
    return (0..<height).map { row in
      var line = ""
      var owed = 0
      for index in cells.indices {
        let text = row < parts[index].count ? parts[index][row] : ""
        let missing = max(widths[index] - TextWidth.columns(text), 0)
        let isRight = table.alignments[index] == .right
        if isRight { owed += missing }
        if !text.isEmpty {
          line += String(repeating: " ", count: owed)
          line += role.map { page.style.apply($0, text) } ?? text
          owed = 0
        }
        if !isRight { owed += missing }
        owed += 2
      }
      return line
    }
  }

  private var blocks: [String] {
    let plain = Style(usesColour: false, isAccessible: page.style.isAccessible)
    let header = table.header.map {
      page.finished(page.flattened($0, style: plain)).replacing("\n", with: " ")
    }
    if table.rows.isEmpty { return TextWidth.wrap(header.joined(separator: ", "), to: page.proseWidth) }
    var result: [String] = []
    for (number, row) in table.rows.enumerated() {
      if number > 0 { result.append("") }
      for (title, content) in zip(header, row) {
        let value = cell(content).replacing("\n", with: " ")
        guard !value.isEmpty else { continue }
        let pair = title.isEmpty ? value : page.style.apply(.dim, title + ":") + " " + value
        result += TextWidth.wrap(pair, to: page.proseWidth, hangingIndent: 2).map(page.finished)
      }
    }
    return result
  }
}
