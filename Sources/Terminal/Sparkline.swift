// A course of values in one line, where a chart would be too much: beside a name, in a table.

/// Values in their order, drawn by height: `_.-'^` from the least to the greatest.
package struct Sparkline: TerminalView, Sendable {
  /// From low to high, each where it stands in its row.
  static let marks: [Character] = ["_", ".", "-", "'", "^"]

  package var label: String
  /// In order; nil where a value is missing, which leaves a blank.
  package var values: [Double?]
  package var quantity: Quantity
  package var indent: Int
  private let texts: Catalogue

  package init(
    _ label: String,
    values: [Double?],
    quantity: Quantity,
    texts: Catalogue,
    indent: Int = 2
  ) {
    self.label = label
    self.values = values
    self.quantity = quantity
    self.texts = texts
    self.indent = indent
  }

  /// The marks alone, at most `columns` of them.
  ///
  /// More values than columns are put together; the greatest of each group is drawn, so that no
  /// peak is lost.
  package func marks(columns: Int) -> String {
    let shown = Sparkline.grouped(values, into: max(columns, 1))
    let known = shown.compactMap { $0 }
    guard let least = known.min(), let greatest = known.max() else { return "" }
    let range = greatest - least
    return String(
      shown.map { value -> Character in
        guard let value else { return " " }
        guard range > 0 else { return Sparkline.marks[2] }
        let level = (value - least) / range * Double(Sparkline.marks.count - 1)
        return Sparkline.marks[min(Int(level.rounded()), Sparkline.marks.count - 1)]
      }
    )
  }

  static func grouped(_ values: [Double?], into count: Int) -> [Double?] {
    let values = values.map { $0.flatMap { $0.isFinite ? $0 : nil } }
    guard values.count > count else { return values }
    return (0..<count).map { group in
      values[(group * values.count / count)..<((group + 1) * values.count / count)]
        .compactMap { $0 }.max()
    }
  }

  package func lines(width: Int?, style: Style = .plain) -> [String] {
    let width = Drawing.width(width)
    let known = values.compactMap { $0 }.filter(\.isFinite)
    let margin = String(repeating: " ", count: indent)
    guard let first = known.first, let last = known.last, let least = known.min(),
      let greatest = known.max()
    else {
      let sentence = texts.text("terminal.chart.empty")
      return Drawing.spoken([Sparkline.joined(label, sentence)], indent: indent, width: width)
    }
    let values = [
      "first": quantity.text(first), "last": quantity.text(last), "low": quantity.text(least),
      "high": quantity.text(greatest), "count": NumberText.grouped(known.count),
    ]
    if style.isAccessible {
      let sentence = texts.text("terminal.chart.course", values)
      return Drawing.spoken([Sparkline.joined(label, sentence)], indent: indent, width: width)
    }
    let range = "\(values["low", default: ""]) .. \(values["high", default: ""])"
    let name = TextWidth.truncate(TextWidth.printable(label), to: width / 3)
    let head = name.isEmpty ? "" : name + "  "
    let room = width - indent - TextWidth.columns(head) - TextWidth.columns(range) - 2
    let marks = marks(columns: max(min(room, 60), 8))
    return [Drawing.trimmed(margin + head + style.apply(.number, marks) + "  " + range)]
  }

  static func joined(_ label: String, _ sentence: String) -> String {
    label.isEmpty ? sentence : "\(label): \(sentence)"
  }
}
