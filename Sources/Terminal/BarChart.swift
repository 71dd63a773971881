// Amounts side by side. ASCII only: the block characters have no certain width in a Korean terminal.

/// Horizontal bars with their labels and numbers.
///
///     구매     ####################  1,204건
///     장바구니 #######                 420건
///
/// A bar's length is its share of the greatest amount; anything but zero has at least one mark.
/// Amounts below zero are drawn with `-`.
package struct BarChart: TerminalView, Sendable {
  /// One bar.
  package struct Bar: Sendable, Hashable {
    package var label: String
    package var value: Double
    /// The colour of the bar.
    package var role: Style.Role

    package init(_ label: String, _ value: Double, role: Style.Role = .number) {
      self.label = label
      self.value = value
      self.role = role
    }
  }

  /// Printed above; may be empty.
  package var title: String
  package var bars: [Bar]
  package var quantity: Quantity
  /// Spaces before every line.
  package var indent: Int
  private let texts: Catalogue

  /// - Parameter texts: the learner's language: `terminal.chart.…`.
  package init(
    title: String = "",
    bars: [Bar],
    quantity: Quantity,
    texts: Catalogue,
    indent: Int = 2
  ) {
    self.title = title
    self.bars = bars
    self.quantity = quantity
    self.texts = texts
    self.indent = indent
  }

  package func lines(width: Int?, style: Style = .plain) -> [String] {
    let width = Drawing.width(width)
    let head = Drawing.title(title, indent: indent, width: width, style: style)
    guard !bars.isEmpty else {
      return head + Drawing.spoken([texts.text("terminal.chart.empty")], indent: indent, width: width)
    }
    return head + (style.isAccessible ? spoken(width) : drawn(width, style))
  }

  private func drawn(_ width: Int, _ style: Style) -> [String] {
    let labels = bars.map { TextWidth.printable($0.label) }
    let numbers = bars.map { quantity.text($0.value) }
    let numberWidth = numbers.reduce(0) { max($0, TextWidth.columns($1)) }
    let widest = labels.reduce(0) { max($0, TextWidth.columns($1)) }
    // At least eight columns of bar, whatever the labels.
    let room = width - indent - numberWidth - 4
    let labelWidth = min(widest, max(room - 8, 8))
    let barWidth = max(min(room - labelWidth, 60), 1)
    let greatest = bars.reduce(0) { max($0, $1.value.isFinite ? $1.value.magnitude : 0) }
    let margin = String(repeating: " ", count: indent)
    return bars.indices.map { index in
      let bar = bars[index]
      let label = TextWidth.pad(TextWidth.truncate(labels[index], to: labelWidth), to: labelWidth)
      let length = BarChart.length(bar.value, greatest: greatest, width: barWidth)
      let marks = String(repeating: bar.value < 0 ? "-" : "#", count: length)
      let gap = String(repeating: " ", count: barWidth - length + 2)
      let number = TextWidth.pad(numbers[index], to: numberWidth, alignment: .right)
      return margin + label + "  " + style.apply(bar.role, marks) + gap + number
    }
  }

  static func length(_ value: Double, greatest: Double, width: Int) -> Int {
    guard value.isFinite, value != 0, greatest > 0 else { return 0 }
    return min(max(Int((value.magnitude / greatest * Double(width)).rounded()), 1), width)
  }

  private func spoken(_ width: Int) -> [String] {
    var sentences = bars.map { "\($0.label): \(quantity.text($0.value))" }
    if bars.count > 2, let greatest = bars.max(by: { $0.value < $1.value }),
      let least = bars.min(by: { $0.value < $1.value })
    {
      sentences.append(extreme("terminal.chart.highest", greatest))
      sentences.append(extreme("terminal.chart.lowest", least))
    }
    return Drawing.spoken(sentences, indent: indent, width: width)
  }

  private func extreme(_ key: String, _ bar: Bar) -> String {
    texts.text(key, ["value": quantity.text(bar.value), "label": bar.label])
  }
}
