// Another size for the screen, and how wide a character is on it.

extension TerminalScreen {
  /// Gives the screen another size.
  ///
  /// - Parameters:
  ///   - reflows: whether wrapped rows are wrapped anew, as most of today's terminals do, or cut at
  ///     the new edge, as xterm does. The alternate screen is always cut.
  package mutating func resize(columns: Int, rows: Int, reflows: Bool = true) {
    let columns = max(columns, 2)
    let rows = max(rows, 1)
    defer { region = 0...(rows - 1) }
    if reflows, !isAlternate, columns != self.columns { reflow(to: columns) }
    self.columns = columns
    let below = grid.count - 1 - (grid.lastIndex { !$0.text.isEmpty } ?? 0)
    let spare = min(below, grid.count - 1 - cursor.row)
    // Empty rows at the bottom go first, then rows at the top scroll off.
    let surplus = max(grid.count - rows, 0)
    grid.removeLast(min(surplus, max(spare, 0)))
    let scrolled = max(grid.count - rows, 0)
    if !isAlternate { scrolledOff += grid[..<scrolled].map(\.text) }
    grid.removeFirst(scrolled)
    cursor.row = max(cursor.row - scrolled, 0)
    self.rows = rows
    fitGrid()
    cursor.row = min(cursor.row, rows - 1)
    cursor.column = min(cursor.column, columns - 1)
    isWrapPending = false
    lastDrawn = nil
  }

  /// Cuts or fills the grid to the screen's size.
  mutating func fitGrid() {
    while grid.count > rows { grid.removeLast() }
    while grid.count < rows { grid.append(Row(columns: columns)) }
    for index in grid.indices where grid[index].cells.count != columns {
      var cells = Array(grid[index].cells.prefix(columns))
      if cells.last?.columns == 2 { cells[cells.count - 1] = .blank }
      cells += repeatElement(.blank, count: columns - cells.count)
      grid[index].cells = cells
    }
  }

  /// Wraps the text of the rows anew, the cursor staying at its character.
  private mutating func reflow(to width: Int) {
    var lines: [(cells: [Cell], cursor: Int?)] = []
    var isContinuing = false
    let last = max(grid.lastIndex { !$0.text.isEmpty } ?? 0, cursor.row)
    for (index, row) in grid[...last].enumerated() {
      let isFull = row.isWrapped && index < last
      var cells = Array(isFull ? row.wrappedCells : row.cells[...])
      if !isFull { while cells.last == .blank { cells.removeLast() } }
      let at = index == cursor.row ? cursor.column + (isWrapPending ? 1 : 0) : nil
      if isContinuing {
        let before = lines[lines.count - 1].cells.count
        lines[lines.count - 1].cells += cells
        if let at { lines[lines.count - 1].cursor = before + at }
      } else {
        lines.append((cells, at))
      }
      isContinuing = isFull
    }
    grid = []
    for line in lines { place(line.cells, cursor: line.cursor, width: width) }
  }

  private mutating func place(_ cells: [Cell], cursor at: Int?, width: Int) {
    var row = Row(columns: width)
    var column = 0
    for (index, cell) in cells.enumerated() where cell.columns > 0 {
      if column + cell.columns > width {
        row.isWrapped = true
        row.hasGap = column < width
        grid.append(row)
        row = Row(columns: width)
        column = 0
      }
      if let at, at == index || (cell.columns == 2 && at == index + 1) {
        cursor = Position(row: grid.count, column: column)
      }
      row.cells[column] = cell
      if cell.columns == 2 { row.cells[column + 1] = Cell(text: "", columns: 0) }
      column += cell.columns
    }
    if let at, at >= cells.count {
      let beyond = column + (at - cells.count)
      cursor = Position(row: grid.count, column: min(beyond, width - 1))
    }
    grid.append(row)
  }

  /// The columns of a code point: 0 where it combines with the one before, 2 where it is wide.
  ///
  /// As `wcwidth` of a current system answers, which is what most terminals draw.
  package static func columns(of scalar: Unicode.Scalar) -> Int {
    let value = scalar.value
    if value < 0x300 { return value == 0xAD ? 0 : 1 }
    switch value {
    case 0x1160...0x11FF, 0xD7B0...0xD7FF, 0x200B...0x200F, 0x202A...0x202E, 0x2060...0x2064,
      0xFE00...0xFE0F, 0xFEFF, 0xE0000...0xE01EF:
      return 0
    case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xA960...0xA97C, 0xAC00...0xD7A3,
      0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x20000...0x3FFFD:
      return 2
    case 0x1F000...0x1FAFF: return scalar.properties.isEmojiPresentation ? 2 : 1
    case 0x231A...0x2B55 where scalar.properties.isEmojiPresentation: return 2
    default: break
    }
    switch scalar.properties.generalCategory {
    case .nonspacingMark, .enclosingMark, .format: return 0
    default: return 1
    }
  }
}
