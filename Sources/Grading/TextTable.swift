// Lines up the rows of small tables in feedback texts, by column and not by character.
//
// An author writes `| found | event_id {id} |` (Markdown without its head); the learner sees the
// cells under each other. A Hangul syllable takes two columns.

/// Replaces runs of lines that begin with `|` by aligned ones, indented by two spaces.
package func alignTables(_ lines: [String]) -> [String] {
  var result: [String] = []
  var rows: [[String]] = []
  func flush() {
    result += aligned(rows)
    rows = []
  }
  for line in lines {
    if let cells = tableCells(line) {
      rows.append(cells)
    } else {
      flush()
      result.append(line)
    }
  }
  flush()
  return result
}

private func tableCells(_ line: String) -> [String]? {
  let trimmed = trimmingSpaces(line[...])
  guard trimmed.count >= 2, trimmed.hasPrefix("|"), trimmed.hasSuffix("|") else { return nil }
  return trimmed.dropFirst().dropLast().split(separator: "|", omittingEmptySubsequences: false)
    .map { String(trimmingSpaces($0)) }
}

private func trimmingSpaces(_ text: Substring) -> Substring {
  let start = text.drop { $0 == " " }
  guard let last = start.lastIndex(where: { $0 != " " }) else { return "" }
  return start[...last]
}

private func aligned(_ rows: [[String]]) -> [String] {
  var widths: [Int] = []
  for row in rows {
    for (index, cell) in row.enumerated() {
      if index == widths.count { widths.append(0) }
      widths[index] = max(widths[index], columnWidth(cell))
    }
  }
  return rows.map { row in
    var line = " "
    for (index, cell) in row.enumerated() {
      line += (index == 0 ? " " : "   ") + cell
      if index < row.count - 1 {
        line += String(repeating: " ", count: widths[index] - columnWidth(cell))
      }
    }
    return line
  }
}

/// The terminal columns that a text takes: two for East Asian wide characters, else one.
func columnWidth(_ text: String) -> Int {
  var width = 0
  for character in text {
    guard let scalar = character.unicodeScalars.first else { continue }
    width += isWide(scalar) ? 2 : 1
  }
  return width
}

private func isWide(_ scalar: Unicode.Scalar) -> Bool {
  switch scalar.value {
  case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xA960...0xA97F, 0xAC00...0xD7A3,
    0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF01...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1F64F,
    0x1F900...0x1F9FF, 0x20000...0x3FFFD:
    true
  default: false
  }
}
