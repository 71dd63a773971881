// How values are spread: how many fall in each range.

/// A histogram over ranges of equal width, with the quantiles that people ask for.
package struct Histogram: TerminalView, Sendable {
  /// One range: from `low`, up to but not `high`.
  package struct Bin: Sendable, Hashable {
    package var low: Double
    package var high: Double
    package var count: Int
  }

  package var title: String
  package private(set) var bins: [Bin]
  /// What the values measure.
  package var quantity: Quantity
  package var indent: Int
  /// The values at 50, 95 and 99 % of the sorted ones (nearest rank), and the greatest.
  package private(set) var quantiles: (p50: Double, p95: Double, p99: Double, greatest: Double)?
  private let texts: Catalogue

  /// - Parameters:
  ///   - values: in any order; what is not finite is left out.
  ///   - binCount: about how many ranges; their bounds are round numbers.
  package init(
    title: String = "",
    values: [Double],
    quantity: Quantity,
    binCount: Int = 8,
    texts: Catalogue,
    indent: Int = 2
  ) {
    self.title = title
    self.quantity = quantity
    self.texts = texts
    self.indent = indent
    let sorted = values.filter { $0.isFinite && $0.magnitude < 9e15 }.sorted()
    bins = Histogram.bins(of: sorted, quantity: quantity, count: min(max(binCount, 1), 50))
    if !sorted.isEmpty {
      let at = { (share: Double) in
        sorted[min(max(Int((share * Double(sorted.count)).rounded(.up)), 1), sorted.count) - 1]
      }
      quantiles = (at(0.5), at(0.95), at(0.99), sorted[sorted.count - 1])
    }
  }

  private static func bins(of sorted: [Double], quantity: Quantity, count: Int) -> [Bin] {
    guard let least = sorted.first, let greatest = sorted.last else { return [] }
    var step = quantity.niceStep(spanning: greatest - least, count: count)
    // Whole numbers fall into ranges of whole numbers.
    if case .count = quantity, sorted.allSatisfy({ $0.rounded() == $0 }) { step = max(step, 1) }
    let start = (least / step).rounded(.down) * step
    let binCount = Int(((greatest - start) / step).rounded(.down)) + 1
    var bins = (0..<binCount).map {
      Bin(low: start + Double($0) * step, high: start + Double($0 + 1) * step, count: 0)
    }
    for value in sorted {
      bins[min(max(Int((value - start) / step), 0), binCount - 1)].count += 1
    }
    return bins
  }

  package func lines(width: Int?, style: Style = .plain) -> [String] {
    let width = Drawing.width(width)
    guard let quantiles else {
      return BarChart(title: title, bars: [], quantity: quantity, texts: texts, indent: indent)
        .lines(width: width, style: style)
    }
    let lows = bins.map { quantity.text($0.low) }
    let lowWidth = lows.reduce(0) { max($0, TextWidth.columns($1)) }
    let bars = zip(bins, lows).map { bin, low in
      BarChart.Bar(
        style.isAccessible
          ? texts.text("terminal.chart.range", ["low": low, "high": quantity.text(bin.high)])
          : TextWidth.pad(low, to: lowWidth, alignment: .right) + " ..",
        Double(bin.count)
      )
    }
    let unit = texts.text("terminal.chart.countUnit")
    let chart = BarChart(
      title: title, bars: bars, quantity: .count(unit: unit), texts: texts, indent: indent)
    return chart.lines(width: width, style: style) + summary(quantiles, width, style)
  }

  private func summary(
    _ quantiles: (p50: Double, p95: Double, p99: Double, greatest: Double),
    _ width: Int,
    _ style: Style
  ) -> [String] {
    let values = [
      "p50": quantity.text(quantiles.p50), "p95": quantity.text(quantiles.p95),
      "p99": quantity.text(quantiles.p99), "max": quantity.text(quantiles.greatest),
    ]
    if style.isAccessible {
      let sentence = texts.text("terminal.chart.quantilesSpoken", values)
      return Drawing.spoken([sentence], indent: indent, width: width)
    }
    // A name and its value stay together.
    let pairs = ["p50", "p95", "p99", "max"].map { name in
      let title = name == "max" ? texts.text("terminal.chart.max") : name
      return "\(title) \(values[name, default: ""])".replacing(" ", with: "\u{A0}")
    }
    let margin = String(repeating: " ", count: indent)
    return TextWidth.wrap(pairs.joined(separator: "   "), to: width - indent).map {
      margin + $0.replacing("\u{A0}", with: " ")
    }
  }
}
