// A course of values over time: DAU by day, lag by minute. Axes with round numbers, the time below.

/// Lines over a common axis of time.
///
///       1,000 |            *
///         500 |      *....   ...*
///           0 | *...
///             +------------------
///               09:00       12:00
package struct LineChart: TerminalView, Sendable {
  /// One value at one time.
  package struct Point: Sendable, Hashable {
    /// Where it stands on the axis, in any unit; points are given in this order.
    package var x: Double
    /// The time as it is written, such as `09:10`.
    package var label: String
    /// nil where nothing is known, which leaves a gap.
    package var y: Double?

    package init(x: Double, label: String, y: Double?) {
      self.x = x
      self.label = label
      self.y = y
    }
  }

  /// One line.
  package struct Series: Sendable, Hashable {
    package var name: String
    package var points: [Point]

    package init(_ name: String, _ points: [Point]) {
      self.name = name
      self.points = points
    }
  }

  /// The marks of the lines, in their order.
  static let marks: [Character] = ["*", "o", "+", "x"]
  static let roles: [Style.Role] = [.number, .warning, .success, .command]
  /// More points than this are not read aloud one by one.
  static let spokenMax = 31

  package var title: String
  /// At most four; more are not drawn.
  package var series: [Series]
  package var quantity: Quantity
  /// Rows between the least and the greatest mark of the axis, about.
  package var height: Int
  /// Whether the axis begins at zero; a cut axis makes small changes look great.
  package var startsAtZero: Bool
  package var indent: Int
  private let texts: Catalogue

  package init(
    title: String = "",
    series: [Series],
    quantity: Quantity,
    height: Int = 8,
    startsAtZero: Bool = true,
    texts: Catalogue,
    indent: Int = 2
  ) {
    self.title = title
    self.series = Array(series.prefix(LineChart.marks.count))
    self.quantity = quantity
    self.height = min(max(height, 2), 40)
    self.startsAtZero = startsAtZero
    self.texts = texts
    self.indent = indent
  }

  package func lines(width: Int?, style: Style = .plain) -> [String] {
    let width = Drawing.width(width)
    let head = Drawing.title(title, indent: indent, width: width, style: style)
    let known = series.flatMap(\.points).filter { $0.x.isFinite && $0.y?.isFinite == true }
    guard !known.isEmpty else {
      return head + Drawing.spoken([texts.text("terminal.chart.empty")], indent: indent, width: width)
    }
    guard !style.isAccessible else {
      return head + Drawing.spoken(series.flatMap(sentences), indent: indent, width: width)
    }
    let axis = ValueAxis(
      known.compactMap(\.y), quantity: quantity, height: height, startsAtZero: startsAtZero)
    return head + drawn(axis, width, style)
  }

  private func drawn(_ axis: ValueAxis, _ width: Int, _ style: Style) -> [String] {
    let labels = axis.rows.map { axis.label(ofRow: $0) }
    let labelWidth = labels.reduce(0) { max($0, TextWidth.columns($1)) }
    let columns = max(width - indent - labelWidth - 3, 8)
    let points = series.flatMap(\.points).filter { $0.x.isFinite }
    let time = TimeAxis(points, columns: columns)
    var canvas = [[(mark: Character, series: Int)?]](
      repeating: Array(repeating: nil, count: columns), count: axis.rowCount)
    // The first line is drawn last, on top.
    for index in series.indices.reversed() { draw(index, axis, time, on: &canvas) }
    let margin = String(repeating: " ", count: indent)
    var lines = axis.rows.map { row in
      let label = TextWidth.pad(labels[row], to: labelWidth, alignment: .right)
      return Drawing.trimmed(margin + label + " | " + LineChart.text(canvas[row], style))
    }
    let below = margin + String(repeating: " ", count: labelWidth + 1)
    lines.append(below + "+" + String(repeating: "-", count: columns + 1))
    lines.append(Drawing.trimmed(below + "  " + time.labels))
    if series.count > 1 || series.contains(where: { !$0.name.isEmpty }) {
      let names = series.enumerated().map { index, series in
        style.apply(LineChart.roles[index], String(LineChart.marks[index])) + " "
          + TextWidth.printable(series.name)
      }
      let legend = TextWidth.wrap(names.joined(separator: "   "), to: width - indent)
      lines += legend.map { margin + $0 }
    }
    return lines
  }

  private func draw(
    _ index: Int,
    _ axis: ValueAxis,
    _ time: TimeAxis,
    on canvas: inout [[(mark: Character, series: Int)?]]
  ) {
    var last: (column: Int, row: Int)?
    for point in series[index].points where point.x.isFinite {
      guard let y = point.y, y.isFinite else {
        last = nil
        continue
      }
      let place = (column: time.column(of: point.x), row: axis.row(of: y))
      if let last {
        for step in LineChart.path(from: last, to: place) where canvas[step.row][step.column] == nil {
          canvas[step.row][step.column] = (".", index)
        }
      }
      canvas[place.row][place.column] = (LineChart.marks[index], index)
      last = place
    }
  }

  /// The cells between two places, without them.
  private static func path(
    from start: (column: Int, row: Int),
    to end: (column: Int, row: Int)
  ) -> [(column: Int, row: Int)] {
    let steps = max(abs(end.column - start.column), abs(end.row - start.row))
    guard steps > 1 else { return [] }
    return (1..<steps).map { step in
      let share = Double(step) / Double(steps)
      let column = Double(start.column) + share * Double(end.column - start.column)
      let row = Double(start.row) + share * Double(end.row - start.row)
      return (Int(column.rounded()), Int(row.rounded()))
    }
  }

  private static func text(_ row: [(mark: Character, series: Int)?], _ style: Style) -> String {
    var result = ""
    for cell in row {
      guard let cell else {
        result += " "
        continue
      }
      result += style.apply(roles[cell.series], String(cell.mark))
    }
    return result
  }

  private func sentences(_ series: Series) -> [String] {
    let known = series.points.filter { $0.y?.isFinite == true }
    guard let highest = known.max(by: { ($0.y ?? 0) < ($1.y ?? 0) }),
      let lowest = known.min(by: { ($0.y ?? 0) < ($1.y ?? 0) })
    else { return [Sparkline.joined(series.name, texts.text("terminal.chart.empty"))] }
    let step = (known.count + LineChart.spokenMax - 1) / LineChart.spokenMax
    let shown = stride(from: 0, to: known.count, by: step).map { known[$0] }
    var result = series.name.isEmpty ? [] : [series.name + ":"]
    result += shown.map { "\($0.label): \(quantity.text($0.y ?? 0))" }
    if step > 1 {
      let values = [
        "count": NumberText.grouped(known.count), "shown": NumberText.grouped(shown.count),
      ]
      result.append(texts.text("terminal.chart.sampled", values))
    }
    for (key, point) in [("highest", highest), ("lowest", lowest)] {
      let values = ["value": quantity.text(point.y ?? 0), "label": point.label]
      result.append(texts.text("terminal.chart.\(key)", values))
    }
    return result
  }
}

/// The axis of values: round numbers, each on a row of its own.
struct ValueAxis {
  let quantity: Quantity
  let low: Double
  let step: Double
  /// Rows between two marks.
  let rowsPerStep: Int
  let stepCount: Int

  var rowCount: Int { stepCount * rowsPerStep + 1 }
  var rows: Range<Int> { 0..<rowCount }

  /// An axis over `values`, of which there is at least one.
  init(_ values: [Double], quantity: Quantity, height: Int, startsAtZero: Bool) {
    self.quantity = quantity
    let least = values.min() ?? 0
    let greatest = values.max() ?? 0
    let from = startsAtZero ? min(least, 0) : least
    let to = startsAtZero ? max(greatest, 0) : greatest
    let step = quantity.niceStep(spanning: to > from ? to - from : 1, count: min(height, 4))
    self.step = step
    low = (from / step).rounded(.down) * step
    let high = (to / step).rounded(.up) * step
    stepCount = min(max(Int(((high - low) / step).rounded()), 1), 40)
    rowsPerStep = max(height / stepCount, 1)
  }

  /// The row of a value, counted from the top.
  func row(of value: Double) -> Int {
    let share = (value - low) / (step * Double(stepCount))
    let row = Double(rowCount - 1) * (1 - share)
    return min(max(Int(row.rounded()), 0), rowCount - 1)
  }

  /// What stands beside a row: a number at each mark.
  func label(ofRow row: Int) -> String {
    let fromBottom = rowCount - 1 - row
    guard fromBottom % rowsPerStep == 0 else { return "" }
    return quantity.text(low + step * Double(fromBottom / rowsPerStep))
  }
}

/// The axis of time: the columns of its points, and the labels that have room.
struct TimeAxis {
  private let first: Double
  private let range: Double
  private let columns: Int
  private let points: [LineChart.Point]

  /// An axis over `points`, of which there is at least one.
  init(_ points: [LineChart.Point], columns: Int) {
    self.columns = columns
    self.points = points.sorted { $0.x < $1.x }
    first = self.points.first?.x ?? 0
    range = (self.points.last?.x ?? 0) - first
  }

  func column(of x: Double) -> Int {
    guard range > 0 else { return 0 }
    return min(max(Int(((x - first) / range * Double(columns - 1)).rounded()), 0), columns - 1)
  }

  /// The first and the last label, and those between that do not touch.
  var labels: String {
    guard let last = points.last else { return "" }
    var placed: [(start: Int, text: String)] = []
    func place(_ point: LineChart.Point) {
      let text = TextWidth.truncate(TextWidth.printable(point.label), to: columns)
      let width = TextWidth.columns(text)
      let start = min(max(column(of: point.x) - width / 2, 0), columns - width)
      let isFree = placed.allSatisfy {
        start + width + 2 <= $0.start || start >= $0.start + TextWidth.columns($0.text) + 2
      }
      if isFree { placed.append((start, text)) }
    }
    place(points[0])
    place(last)
    // Evenly from the middle outwards: halves, quarters, eighths.
    for parts in [2, 4, 8] {
      for part in 1..<parts where part % 2 == 1 { place(points[points.count * part / parts]) }
    }
    var line = ""
    for label in placed.sorted(by: { $0.start < $1.start }) {
      line = TextWidth.pad(line, to: label.start) + label.text
    }
    return line
  }
}
