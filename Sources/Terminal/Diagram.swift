// The stations of a path and what flows between them, drawn in ASCII: box-drawing characters and
// arrows have no certain width in a Korean terminal.

/// Stations in a chain, with an arrow from each to the next.
///
///     +----------+  1,204건  +-----------+
///     | iPhone   | --------> | 수집 서버 |
///     | 09:10:04 |           | 09:10:31  |
///     +----------+           +-----------+
///
/// A chain wider than the screen goes on in the next row; where not even two stations fit, it
/// stands upright, without boxes.
package struct Diagram: TerminalView, Sendable {
  /// One box.
  package struct Station: Sendable, Hashable {
    package var name: String
    /// Lines below the name.
    package var details: [String]
    /// What the arrow to the next station is labelled with, such as a count; may be empty.
    package var outflow: String
    /// The colour of the name.
    package var role: Style.Role

    package init(
      _ name: String,
      details: [String] = [],
      outflow: String = "",
      role: Style.Role = .heading
    ) {
      self.name = name
      self.details = details
      self.outflow = outflow
      self.role = role
    }
  }

  package var title: String
  package var stations: [Station]
  package var indent: Int
  private let texts: Catalogue

  /// - Parameter texts: the learner's language: `terminal.diagram.…`.
  package init(title: String = "", stations: [Station], texts: Catalogue, indent: Int = 2) {
    self.title = title
    self.stations = stations
    self.texts = texts
    self.indent = indent
  }

  package func lines(width: Int?, style: Style = .plain) -> [String] {
    let width = Drawing.width(width)
    let head = Drawing.title(title, indent: indent, width: width, style: style)
    guard !stations.isEmpty else { return head }
    if style.isAccessible { return head + spoken(width) }
    let margin = String(repeating: " ", count: indent)
    let room = width - indent
    let body = rows(in: room).map { $0.flatMap { drawn($0, style) } } ?? upright(room, style)
    return head + body.map { Drawing.trimmed(margin + $0) }
  }

  // MARK: Side by side

  private static let exit = " --->"

  private func boxWidth(_ station: Station) -> Int {
    ([station.name] + station.details).reduce(0) {
      max($0, TextWidth.columns(TextWidth.printable($1)))
    } + 4
  }

  private func arrowWidth(_ station: Station) -> Int {
    max(TextWidth.columns(TextWidth.printable(station.outflow)), 4) + 2
  }

  /// The columns of the arrow that leads into a row, with what flows in written above it.
  private func entryWidth(_ start: Int) -> Int {
    guard start > 0 else { return 0 }
    return max(TextWidth.columns(TextWidth.printable(stations[start - 1].outflow)) + 1, 5)
  }

  /// Which stations stand in which row; nil where two do not fit beside each other.
  private func rows(in room: Int) -> [Range<Int>]? {
    var rows: [Range<Int>] = []
    var start = 0
    while start < stations.count {
      var used = entryWidth(start) + boxWidth(stations[start])
      var end = start + 1
      while end < stations.count {
        let next = used + arrowWidth(stations[end - 1]) + boxWidth(stations[end])
        let isLast = end + 1 == stations.count
        guard next + (isLast ? 0 : Diagram.exit.utf8.count) <= room else { break }
        used = next
        end += 1
      }
      let hasRoom = used + (end < stations.count ? Diagram.exit.utf8.count : 0) <= room
      let isShort = end - start < 2 && end < stations.count
      guard hasRoom, !isShort else { return nil }
      rows.append(start..<end)
      start = end
    }
    return rows
  }

  private func drawn(_ range: Range<Int>, _ style: Style) -> [String] {
    let height = range.reduce(0) { max($0, stations[$1].details.count) } + 3
    var lines = [String](repeating: "", count: height)
    func append(_ parts: [String], width: Int) {
      for row in 0..<height {
        lines[row] += TextWidth.pad(row < parts.count ? parts[row] : "", to: width)
      }
    }
    if range.lowerBound > 0 {
      let width = entryWidth(range.lowerBound)
      let label = TextWidth.printable(stations[range.lowerBound - 1].outflow)
      append([label, String(repeating: "-", count: width - 2) + "> "], width: width)
    }
    for index in range {
      let station = stations[index]
      append(box(station, width: boxWidth(station), height: height, style), width: boxWidth(station))
      guard index + 1 < stations.count else { continue }
      if index + 1 < range.upperBound {
        let width = arrowWidth(station)
        let label = TextWidth.printable(station.outflow)
        let spaces = (width - TextWidth.columns(label)) / 2
        let arrow = " " + String(repeating: "-", count: width - 3) + "> "
        append([String(repeating: " ", count: spaces) + label, arrow], width: width)
      } else {
        append(["", Diagram.exit], width: Diagram.exit.utf8.count)
      }
    }
    return range.upperBound < stations.count ? lines + [""] : lines
  }

  private func box(_ station: Station, width: Int, height: Int, _ style: Style) -> [String] {
    let edge = "+" + String(repeating: "-", count: width - 2) + "+"
    let texts = ([station.name] + station.details).map {
      TextWidth.pad(TextWidth.truncate(TextWidth.printable($0), to: width - 4), to: width - 4)
    }
    let blank = String(repeating: " ", count: width - 4)
    let body = (0..<max(height - 2, 1)).map { row in
      let text = row < texts.count ? texts[row] : blank
      return "| " + (row == 0 ? style.apply(station.role, text) : text) + " |"
    }
    return [edge] + body + [edge]
  }

  // MARK: Upright

  /// A line for each station and one for each arrow: boxes would not fit a small screen.
  private func upright(_ room: Int, _ style: Style) -> [String] {
    var lines: [String] = []
    for (index, station) in stations.enumerated() {
      let name = style.apply(station.role, TextWidth.printable(station.name))
      let details = station.details.map { TextWidth.printable($0) }.joined(separator: ", ")
      lines += TextWidth.wrap(
        details.isEmpty ? name : name + "  " + details, to: room, hangingIndent: 4)
      guard index + 1 < stations.count else { continue }
      let label = TextWidth.truncate(TextWidth.printable(station.outflow), to: max(room - 5, 8))
      lines.append(Drawing.trimmed("  v  \(label)"))
    }
    return lines
  }

  // MARK: In words

  private func spoken(_ width: Int) -> [String] {
    var sentences: [String] = []
    for (index, station) in stations.enumerated() {
      sentences.append(([("\(index + 1). " + station.name)] + station.details).joined(separator: ", "))
      guard index + 1 < stations.count else { continue }
      let values = [
        "from": station.name, "to": stations[index + 1].name, "label": station.outflow,
      ]
      let key = station.outflow.isEmpty ? "terminal.diagram.arrow" : "terminal.diagram.flow"
      sentences.append(texts.text(key, values))
    }
    return Drawing.spoken(sentences, indent: indent, width: width)
  }
}
