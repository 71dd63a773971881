// What a learner's terminal shows after some output: a grid of cells and a cursor. Tests assert on
// this and not on bytes, because the same screen may be drawn in many ways, and because a wrong
// width, a lost wrap or a misplaced cursor is seen only here.
//
// It follows xterm where terminals differ (a character in the last column leaves the wrap pending),
// and measures characters with a table of its own, so that it cannot share a mistake with the code
// under test. Colours are read and dropped.

/// A terminal's screen, fed with the bytes that a program writes.
package struct TerminalScreen: Sendable {
  /// One cell of the grid.
  package struct Cell: Sendable, Hashable {
    /// What is drawn: a character with the marks that combine with it; empty for the right half of
    /// a wide one.
    package var text: String
    /// 1 or 2 columns; 0 for the right half of a wide character.
    package var columns: Int

    package init(text: String, columns: Int) {
      self.text = text
      self.columns = columns
    }

    package static let blank = Cell(text: " ", columns: 1)
  }

  struct Row: Sendable, Hashable {
    var cells: [Cell]
    /// Whether the text goes on in the next row because this one was full.
    var isWrapped = false
    /// Whether a wide character left the last cell empty because only one was free.
    var hasGap = false

    /// The cells of a wrapped row that are text.
    var wrappedCells: ArraySlice<Cell> { hasGap ? cells.dropLast() : cells[...] }

    init(columns: Int) {
      cells = Array(repeating: .blank, count: columns)
    }

    var text: String {
      var line = cells.map(\.text).joined()
      while line.hasSuffix(" ") { line.removeLast() }
      return line
    }
  }

  /// Columns of the screen, at least 2.
  package internal(set) var columns: Int
  /// Rows of the screen, at least 1.
  package internal(set) var rows: Int
  /// Where the next character goes, counted from 0.
  package internal(set) var cursor = Position(row: 0, column: 0)
  /// The text of the rows that scrolled off the top, oldest first; each wrapped row on its own.
  package internal(set) var scrolledOff: [String] = []
  /// Whether the program asked for pastes to be marked (`ESC [ ? 2004 h`).
  package internal(set) var marksPastes = false
  /// Whether the cursor is shown.
  package internal(set) var isCursorVisible = true
  /// Whether the program is on the alternate screen, as full-screen programs are.
  package var isAlternate: Bool { savedMain != nil }
  /// How often the bell rang.
  package internal(set) var bellCount = 0
  /// What the terminal answers to the program (cursor reports); a pseudo-terminal sends it.
  package internal(set) var replies: [UInt8] = []
  /// Sequences that this emulator does not know, as text; empty in a good test.
  package internal(set) var unknownSequences: [String] = []

  /// A place in the grid, both counted from 0.
  package struct Position: Sendable, Hashable {
    package var row: Int
    package var column: Int

    package init(row: Int, column: Int) {
      self.row = row
      self.column = column
    }
  }

  var grid: [Row]
  var isWrapPending = false
  var wrapsAutomatically = true
  var isInserting = false
  /// First and last row of the scrolling region.
  var region: ClosedRange<Int>
  var savedCursor = Position(row: 0, column: 0)
  var savedMain: [Row]?
  /// Where the last character was drawn; marks that combine go there.
  var lastDrawn: Position?
  private var parser = EscapeParser()

  /// An empty screen.
  package init(columns: Int = 80, rows: Int = 24) {
    self.columns = max(columns, 2)
    self.rows = max(rows, 1)
    region = 0...(self.rows - 1)
    grid = Array(repeating: Row(columns: self.columns), count: self.rows)
  }

  /// A screen of 80 by 24 showing `text`.
  package init(showing text: String, columns: Int = 80, rows: Int = 24) {
    self.init(columns: columns, rows: rows)
    feed(Array(text.utf8))
  }

  /// Draws what a program wrote; a sequence may be cut between two calls.
  package mutating func feed(_ bytes: some Sequence<UInt8>) {
    for byte in bytes {
      for action in parser.take(byte) { perform(action) }
    }
  }

  // MARK: What is seen

  /// The rows from the top to the last one that shows something or holds the cursor, without
  /// trailing spaces.
  package var lines: [String] {
    let last = grid.lastIndex { !$0.text.isEmpty } ?? 0
    return grid[...max(last, cursor.row)].map(\.text)
  }

  /// All rows, without trailing spaces.
  package var allLines: [String] { grid.map(\.text) }

  /// The row that the cursor is on.
  package var currentLine: String { grid[cursor.row].text }

  /// The visible text, a line break after each row but the last.
  package var text: String { lines.joined(separator: "\n") }

  /// What scrolled off and what is visible: everything a learner can scroll back to.
  package var history: [String] { scrolledOff + lines }

  /// The visible text with wrapped rows joined: what the program wrote as one line.
  package var unwrappedLines: [String] {
    var result: [String] = []
    var isContinuing = false
    for (index, row) in grid[..<lines.count].enumerated() {
      // A wrapped row is full: its own trailing spaces belong to the text.
      let text = row.isWrapped ? row.wrappedCells.map(\.text).joined() : row.text
      if isContinuing { result[result.count - 1] += text } else { result.append(text) }
      isContinuing = row.isWrapped && index + 1 < lines.count
    }
    return result
  }

  /// The cell at a place; blank outside the screen.
  package func cell(row: Int, column: Int) -> Cell {
    guard grid.indices.contains(row), grid[row].cells.indices.contains(column) else { return .blank }
    return grid[row].cells[column]
  }

  /// Whether a row, or rows joined where they were wrapped, show `text`.
  package func contains(_ text: String) -> Bool {
    lines.contains { $0.contains(text) } || unwrappedLines.contains { $0.contains(text) }
  }

  /// The last row that shows something.
  package var lastLine: String { lines.last { !$0.isEmpty } ?? "" }

  /// The screen with a frame, and where the cursor is: for messages of failed tests.
  package var drawing: String {
    let edge = "+" + String(repeating: "-", count: columns) + "+"
    let body = grid.map { "|" + $0.cells.map(\.text).joined() + "|" }
    return ([edge] + body + [edge, "cursor at row \(cursor.row), column \(cursor.column)"])
      .joined(separator: "\n")
  }
}

extension TerminalScreen: CustomStringConvertible {
  package var description: String { "\n" + drawing }
}

// MARK: - Drawing

extension TerminalScreen {
  mutating func perform(_ action: EscapeParser.Action) {
    switch action {
    case .print(let scalar): put(scalar)
    case .control(let byte): control(byte)
    case .escape(let final, let intermediates): escape(final, intermediates)
    case .sequence(let sequence): sequence.isPrivate ? mode(sequence) : control(sequence)
    }
  }

  private mutating func control(_ byte: UInt8) {
    switch byte {
    case 0x07: bellCount += 1
    case 0x08: move(to: cursor.row, cursor.column - 1)
    case 0x09: move(to: cursor.row, min((cursor.column / 8 + 1) * 8, columns - 1))
    case 0x0A, 0x0B, 0x0C: lineFeed()
    case 0x0D: move(to: cursor.row, 0)
    default: break
    }
  }

  /// Draws one code point: in the last column it leaves the wrap pending, as xterm does.
  private mutating func put(_ scalar: Unicode.Scalar) {
    let width = TerminalScreen.columns(of: scalar)
    guard width > 0 else {
      combine(scalar)
      return
    }
    if isWrapPending || cursor.column + width > columns {
      if wrapsAutomatically {
        grid[cursor.row].isWrapped = true
        grid[cursor.row].hasGap = !isWrapPending
        lineFeed()
        cursor.column = 0
      } else {
        cursor.column = columns - width
      }
      isWrapPending = false
    }
    if isInserting { insertCells(width) }
    clearHalves(cursor.row, cursor.column..<(cursor.column + width))
    grid[cursor.row].cells[cursor.column] = Cell(text: String(scalar), columns: width)
    if width == 2 { grid[cursor.row].cells[cursor.column + 1] = Cell(text: "", columns: 0) }
    if cursor.column + width == columns { grid[cursor.row].isWrapped = false }
    lastDrawn = cursor
    if cursor.column + width >= columns {
      cursor.column = columns - 1
      isWrapPending = true
    } else {
      cursor.column += width
    }
  }

  private mutating func combine(_ scalar: Unicode.Scalar) {
    guard let place = lastDrawn, grid.indices.contains(place.row),
      place.column < columns, grid[place.row].cells[place.column].columns > 0
    else { return }
    grid[place.row].cells[place.column].text.unicodeScalars.append(scalar)
  }

  /// Blanks the other half of wide characters that are about to be drawn over in part.
  private mutating func clearHalves(_ row: Int, _ range: Range<Int>) {
    if grid[row].cells[range.lowerBound].columns == 0, range.lowerBound > 0 {
      grid[row].cells[range.lowerBound - 1] = .blank
    }
    if range.upperBound < columns, grid[row].cells[range.upperBound].columns == 0 {
      grid[row].cells[range.upperBound] = .blank
    }
  }

  private mutating func move(to row: Int, _ column: Int) {
    cursor = Position(
      row: min(max(row, 0), rows - 1),
      column: min(max(column, 0), columns - 1)
    )
    isWrapPending = false
    lastDrawn = nil
  }

  private mutating func lineFeed() {
    isWrapPending = false
    if cursor.row == region.upperBound {
      scrollUp(1)
    } else if cursor.row < rows - 1 {
      cursor.row += 1
    }
  }

  private mutating func scrollUp(_ count: Int) {
    for _ in 0..<min(count, region.count) {
      let row = grid.remove(at: region.lowerBound)
      if region.lowerBound == 0, !isAlternate { scrolledOff.append(row.text) }
      grid.insert(Row(columns: columns), at: region.upperBound)
    }
  }

  private mutating func scrollDown(_ count: Int) {
    for _ in 0..<min(count, region.count) {
      grid.remove(at: region.upperBound)
      grid.insert(Row(columns: columns), at: region.lowerBound)
    }
  }

  private mutating func erase(_ row: Int, _ range: Range<Int>) {
    guard !range.isEmpty else { return }
    clearHalves(row, range)
    for column in range { grid[row].cells[column] = .blank }
    if range.upperBound == columns { grid[row].isWrapped = false }
  }

  private mutating func insertCells(_ count: Int) {
    let count = min(count, columns - cursor.column)
    clearHalves(cursor.row, cursor.column..<cursor.column + 1)
    var cells = grid[cursor.row].cells
    cells.insert(contentsOf: repeatElement(.blank, count: count), at: cursor.column)
    cells.removeLast(count)
    // A wide character pushed half over the edge is gone.
    if cells[columns - 1].columns == 2 { cells[columns - 1] = .blank }
    grid[cursor.row].cells = cells
  }

  private mutating func deleteCells(_ count: Int) {
    let count = min(count, columns - cursor.column)
    clearHalves(cursor.row, cursor.column..<cursor.column + count)
    var cells = grid[cursor.row].cells
    cells.removeSubrange(cursor.column..<cursor.column + count)
    cells.append(contentsOf: repeatElement(.blank, count: count))
    grid[cursor.row].cells = cells
    grid[cursor.row].isWrapped = false
  }

  private mutating func control(_ sequence: EscapeParser.Sequence) {
    let first = sequence.parameters.first.flatMap { $0 }
    let count = max(first ?? 1, 1)
    switch sequence.final {
    case "A": move(to: max(cursor.row - count, limit(above: cursor.row)), cursor.column)
    case "B", "e": move(to: min(cursor.row + count, limit(below: cursor.row)), cursor.column)
    case "C", "a": move(to: cursor.row, cursor.column + count)
    case "D": move(to: cursor.row, cursor.column - count)
    case "E": move(to: cursor.row + count, 0)
    case "F": move(to: cursor.row - count, 0)
    case "G", "`": move(to: cursor.row, count - 1)
    case "d": move(to: count - 1, cursor.column)
    case "H", "f":
      let column = sequence.parameters.count > 1 ? sequence.parameters[1] ?? 1 : 1
      move(to: count - 1, max(column, 1) - 1)
    case "J": eraseScreen(first ?? 0)
    case "K": eraseLine(first ?? 0)
    case "L", "M": insertOrDeleteLines(sequence.final == "L", count)
    case "@": insertCells(count)
    case "P": deleteCells(count)
    case "X": erase(cursor.row, cursor.column..<min(cursor.column + count, columns))
    case "S": scrollUp(count)
    case "T": scrollDown(count)
    case "b": repeatLast(count)
    case "r": setRegion(sequence.parameters)
    case "s": savedCursor = cursor
    case "u": move(to: savedCursor.row, savedCursor.column)
    case "h": if first == 4 { isInserting = true }
    case "l": if first == 4 { isInserting = false }
    case "n": if first == 6 { report("\u{1B}[\(cursor.row + 1);\(cursor.column + 1)R") }
    case "c": report("\u{1B}[?1;2c")
    case "m", "t", "g": break
    default: unknownSequences.append(sequence.text)
    }
  }

  private func limit(above row: Int) -> Int { row >= region.lowerBound ? region.lowerBound : 0 }
  private func limit(below row: Int) -> Int { row <= region.upperBound ? region.upperBound : rows - 1 }

  private mutating func report(_ text: String) {
    replies += Array(text.utf8)
  }

  /// Takes what the terminal wants to answer.
  package mutating func takeReplies() -> [UInt8] {
    defer { replies = [] }
    return replies
  }

  private mutating func eraseScreen(_ part: Int) {
    isWrapPending = false
    switch part {
    case 0:
      erase(cursor.row, cursor.column..<columns)
      for row in (cursor.row + 1)..<max(rows, cursor.row + 1) { grid[row] = Row(columns: columns) }
    case 1:
      for row in 0..<cursor.row { grid[row] = Row(columns: columns) }
      erase(cursor.row, 0..<cursor.column + 1)
    case 3: scrolledOff = []
    default: for row in 0..<rows { grid[row] = Row(columns: columns) }
    }
  }

  private mutating func eraseLine(_ part: Int) {
    isWrapPending = false
    switch part {
    case 0: erase(cursor.row, cursor.column..<columns)
    case 1: erase(cursor.row, 0..<cursor.column + 1)
    default: erase(cursor.row, 0..<columns)
    }
  }

  private mutating func insertOrDeleteLines(_ isInsert: Bool, _ count: Int) {
    guard region.contains(cursor.row) else { return }
    for _ in 0..<min(count, region.upperBound - cursor.row + 1) {
      grid.remove(at: isInsert ? region.upperBound : cursor.row)
      grid.insert(Row(columns: columns), at: isInsert ? cursor.row : region.upperBound)
    }
    move(to: cursor.row, 0)
  }

  private mutating func repeatLast(_ count: Int) {
    guard let place = lastDrawn,
      let scalar = grid[place.row].cells[place.column].text.unicodeScalars.first
    else { return }
    for _ in 0..<min(count, 10_000) { put(scalar) }
  }

  private mutating func setRegion(_ parameters: [Int?]) {
    let top = max(parameters.first.flatMap { $0 } ?? 1, 1) - 1
    let given = parameters.count > 1 ? parameters[1] ?? rows : rows
    let bottom = min(given == 0 ? rows : given, rows) - 1
    guard top < bottom else { return }
    region = top...bottom
    move(to: 0, 0)
  }

  private mutating func mode(_ sequence: EscapeParser.Sequence) {
    guard sequence.final == "h" || sequence.final == "l" else { return }
    let isOn = sequence.final == "h"
    for parameter in sequence.parameters {
      switch parameter {
      case 7: wrapsAutomatically = isOn
      case 25: isCursorVisible = isOn
      case 2004: marksPastes = isOn
      case 47, 1047, 1049: switchScreen(isOn, savesCursor: parameter == 1049)
      default: break
      }
    }
  }

  private mutating func switchScreen(_ isOn: Bool, savesCursor: Bool) {
    if isOn, savedMain == nil {
      if savesCursor { savedCursor = cursor }
      savedMain = grid
      grid = Array(repeating: Row(columns: columns), count: rows)
    } else if !isOn, let main = savedMain {
      savedMain = nil
      grid = main
      fitGrid()
      if savesCursor { move(to: savedCursor.row, savedCursor.column) }
    }
  }

  private mutating func escape(_ final: UInt8, _ intermediates: [UInt8]) {
    guard intermediates.isEmpty else { return }
    switch UnicodeScalar(final) {
    case "7": savedCursor = cursor
    case "8": move(to: savedCursor.row, savedCursor.column)
    case "D": lineFeed()
    case "E":
      lineFeed()
      cursor.column = 0
    case "M":
      if cursor.row == region.lowerBound { scrollDown(1) } else { move(to: cursor.row - 1, cursor.column) }
    case "c": self = TerminalScreen(columns: columns, rows: rows)
    case "=", ">", "\\": break
    default: unknownSequences.append("ESC \(UnicodeScalar(final))")
    }
  }
}
