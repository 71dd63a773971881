// One line from the learner.
//
// 1. On a terminal, libedit edits the line (`CLibEdit`): cursor keys, history, completion, `.editrc`.
// 2. On a dumb terminal the kernel's own line editing is used, with the prompt printed.
// 3. From a pipe or a file, lines are read without any prompt.
// Whatever the way, the line arrives in normal form C, and Ctrl-C and the end look the same.

import CLibEdit
import Foundation

/// What reading a line gave.
package enum LineResult: Sendable, Hashable {
  /// A line without its line break; a recalled entry may hold several lines.
  case line(String)
  /// Ctrl-C: what was typed is dropped.
  case interrupted
  /// Ctrl-D on an empty line, or the end of the input.
  case endOfInput
}

/// What Tab offers for a line.
package struct CompletionResult: Sendable, Hashable {
  /// The character index from which a candidate replaces the text before the cursor.
  package var replaceFrom: Int
  /// Whole replacements, in the order in which they are listed.
  package var candidates: [String]
  /// Whether a space follows a candidate that is the only one.
  package var appendsSpace: Bool

  package init(replaceFrom: Int, candidates: [String], appendsSpace: Bool = true) {
    self.replaceFrom = replaceFrom
    self.candidates = candidates
    self.appendsSpace = appendsSpace
  }

  /// Nothing to offer.
  package static let none = CompletionResult(replaceFrom: 0, candidates: [])
}

/// Reads lines with editing, history and completion.
///
/// Use it from one thread.
package final class LineEditor {
  /// Called at Tab with the line and the cursor as an index in characters.
  package var complete: ((_ line: String, _ cursorInCharacters: Int) -> CompletionResult)?

  /// The prompt while the history is searched (Ctrl-R): what is looked for, and whether it was found.
  package var searchPrompt: (_ pattern: String, _ isFound: Bool) -> String = { pattern, isFound in
    isFound || pattern.isEmpty ? "/\(pattern)> " : "/\(pattern) ?> "
  }

  /// Whether a person types: a prompt is shown.
  package let isInteractive: Bool
  /// Whether lines can be edited with the cursor keys.
  package var isEditing: Bool { editor != nil }

  private let input: Int32
  private let output: Int32
  private var editor: OpaquePointer?
  private var plain: PlainLineReader
  private var history: LineHistory
  private var promptColumns = 0
  /// The prompt's columns while another prompt, such as a search's, stands in its place.
  private var ownPromptColumns = 0
  /// The screen's columns when the line was last drawn.
  private var drawnColumns = 80
  /// The state that the last Tab left ambiguous; the same state again lists the candidates.
  private var lastAmbiguous: Ambiguity?

  private struct Ambiguity {
    var line: String
    var cursor: Int
    /// The page of candidates that the next Tab lists.
    var page = 0
  }

  /// Opens the terminal; installs the interrupt handler.
  ///
  /// - Parameters:
  ///   - historyFile: where lines are kept; nil keeps them for this session only.
  ///   - input: where keys come from.
  ///   - output: where the line is drawn.
  ///   - allowsEditing: false uses the terminal's own line editing, without redraws (accessible
  ///     mode). It is also used where TERM is `dumb` or unset.
  ///   - environment: where TERM is looked up.
  package init(
    historyFile: String?,
    input: Int32 = 0,
    output: Int32 = 1,
    allowsEditing: Bool = true,
    environment: [String: String] = ProcessInfo.processInfo.environment
  ) {
    self.input = input
    self.output = output
    history = LineHistory(path: historyFile)
    plain = PlainLineReader(descriptor: input)
    isInteractive = isatty(input) == 1 && isatty(output) == 1
    let hasUTF8 = tapline_use_utf8_locale()
    Interrupt.install()
    let terminal = environment["TERM"] ?? ""
    if isInteractive { tapline_terminal_expect_utf8(input) }
    guard isInteractive, allowsEditing, hasUTF8, terminal != "dumb", !terminal.isEmpty else {
      return
    }
    editor = tapline_editor_open(input, output, Int32(LineHistory.entriesMax))
    guard let editor else { return }
    tapline_editor_set_callbacks(
      editor,
      Unmanaged.passUnretained(self).toOpaque(),
      completeCallback,
      stepCallback,
      rowsCallback,
      composeCallback,
      searchCallback
    )
    for entry in history.entries { tapline_editor_history_add(editor, entry) }
  }

  deinit {
    if let editor { tapline_editor_close(editor) }
  }

  /// Shows `prompt` and reads one line; blocks.
  ///
  /// The line is not put into the history; `remember` does that, once for a statement of several
  /// lines. Ctrl-C prints `^C` and a line break, and leaves `Interrupt` clear.
  package func readLine(prompt: String) -> LineResult {
    guard let editor else { return readPlainLine(prompt: prompt) }
    lastAmbiguous = nil
    promptColumns = TextWidth.columns(String(prompt.split(separator: "\n").last ?? ""))
    ownPromptColumns = promptColumns
    drawnColumns = screenSize.columns
    var text: UnsafeMutablePointer<CChar>?
    let result = tapline_editor_read(editor, LineEditor.marked(prompt), &text)
    defer { free(text) }
    switch result {
    case Int32(TAPLINE_LINE):
      guard let text else { return .endOfInput }
      return .line(Normalization.composed(String(cString: text)))
    case Int32(TAPLINE_INTERRUPTED):
      tapline_editor_write(editor, "^C" + String(repeating: "\n", count: pendingRowsBelow() + 1))
      return .interrupted
    default:
      tapline_editor_write(editor, "\n")
      return .endOfInput
    }
  }

  /// Keeps an entry, which may hold several lines, and saves the history.
  package func remember(_ entry: String) {
    guard history.add(entry), let editor else { return }
    tapline_editor_history_add(editor, history.entries.last ?? entry)
  }

  /// Changes to another history, as a mode with its own prompt does; nil keeps none on disk.
  package func useHistory(file: String?) {
    let notices = history.takeNotices()
    history = LineHistory(path: file)
    unreadNotices += notices
    guard let editor else { return }
    tapline_editor_history_clear(editor)
    for entry in history.entries { tapline_editor_history_add(editor, entry) }
  }

  /// The entries kept, oldest first.
  package var historyEntries: [String] { history.entries }

  private var unreadNotices: [HistoryNotice] = []

  /// What happened to the history file since the last call.
  package func takeNotices() -> [HistoryNotice] {
    defer { unreadNotices = [] }
    return unreadNotices + history.takeNotices()
  }

  private func readPlainLine(prompt: String) -> LineResult {
    if isInteractive { show(prompt) }
    let result = plain.next()
    if result != .interrupted { return result }
    if isInteractive { show("\n") }
    Interrupt.clear()
    return .interrupted
  }

  private func show(_ text: String) {
    var text = text
    _ = text.withUTF8 { writeAll(output, UnsafeRawBufferPointer($0)) }
  }

  /// The prompt with its colour sequences between the marks that libedit asks for.
  ///
  /// libedit drops a sequence that nothing follows; one at the end moves before the last character.
  static func marked(_ prompt: String) -> String {
    var units = Array(DisplayUnits(prompt))
    if let last = units.last, last.isEscape,
      let visible = units.lastIndex(where: { !$0.isEscape })
    {
      let character = units.remove(at: visible)
      units.append(character)
    }
    return units.map { $0.isEscape ? "\u{1}\($0.text)\u{1}" : String($0.text) }.joined()
  }
}

// MARK: - Completion

extension LineEditor {
  /// The screen's columns and rows, for laying out what is listed below the line.
  private var screenSize: (columns: Int, rows: Int) {
    var columns: Int32 = 0
    var rows: Int32 = 0
    return tapline_terminal_size(output, &columns, &rows) ? (Int(columns), Int(rows)) : (80, 24)
  }

  fileprivate func handleTab(_ line: String.UnicodeScalarView, cursor: Int) -> Int32 {
    guard let editor, let complete else { return Int32(TAPLINE_KEY_BEEP) }
    let before = String(line.prefix(cursor))
    let text = String(line)
    let result = complete(text, before.count)
    guard let first = result.candidates.first, result.replaceFrom <= before.count,
      result.replaceFrom >= 0
    else { return Int32(TAPLINE_KEY_BEEP) }
    let typed = String(before.dropFirst(result.replaceFrom))
    if result.candidates.count == 1 {
      replace(typed, with: first + (result.appendsSpace ? " " : ""), in: editor)
      return Int32(TAPLINE_KEY_REFRESH)
    }
    let common = Completion.commonPrefix(of: result.candidates)
    if common.count >= typed.count, common != typed {
      replace(typed, with: common, in: editor)
      lastAmbiguous = Ambiguity(
        line: String(before.dropLast(typed.count)) + common + text.dropFirst(before.count),
        cursor: before.count - typed.count + common.count
      )
      return Int32(TAPLINE_KEY_REFRESH)
    }
    if var last = lastAmbiguous, last.line == text, last.cursor == before.count {
      list(result.candidates, line: text, cursor: before.count, page: last.page, in: editor)
      // The next Tab lists what did not fit.
      last.page += 1
      lastAmbiguous = last
      return Int32(TAPLINE_KEY_REDRAW)
    }
    lastAmbiguous = Ambiguity(line: text, cursor: before.count)
    return Int32(TAPLINE_KEY_BEEP)
  }

  private func replace(_ typed: String, with text: String, in editor: OpaquePointer) {
    tapline_editor_delete_before(editor, Int32(typed.unicodeScalars.count))
    tapline_editor_insert(editor, text)
  }

  private func list(
    _ candidates: [String],
    line: String,
    cursor: Int,
    page: Int,
    in editor: OpaquePointer
  ) {
    let size = screenSize
    let below = rowsBelow(line: line, cursor: cursor)
    let own = rows(line: line, cursor: cursor).last + 1
    // The list and the line below it fit on the screen together.
    let rows = CandidateList.lines(
      candidates, width: size.columns, rowsMax: max(size.rows - own - 2, 3), page: page)
    let text = String(repeating: "\n", count: below + 1) + rows.joined(separator: "\n") + "\n"
    tapline_editor_write(editor, text.replacing("\n", with: "\r\n"))
  }

  /// How many rows of the line being edited lie below the cursor's row.
  private func rowsBelow(line: String, cursor: Int) -> Int {
    let rows = rows(line: line, cursor: cursor)
    return rows.last - rows.cursor
  }

  /// The rows, counted from the prompt's, of the cursor and of the end of the line.
  fileprivate func rows(line: String, cursor: Int) -> (cursor: Int, last: Int) {
    var drawn = DrawnRows(width: screenSize.columns, startColumn: promptColumns)
    var cursorRow: Int?
    for (index, character) in line.enumerated() {
      if index == cursor { cursorRow = drawn.row }
      drawn.place(character)
    }
    return (cursorRow ?? drawn.row, drawn.row)
  }

  /// The cursor's row after the terminal has wrapped what was drawn to a new width.
  ///
  /// Where a wide character did not fit at the end of a row, libedit has left a line break in what
  /// it drew as a whole (the first `refreshed` code points), and a space in what was typed.
  fileprivate func rowAfterResize(line: String, refreshed: Int) -> Int {
    let width = screenSize.columns
    defer { drawnColumns = width }
    var drawn = DrawnRows(width: drawnColumns, startColumn: promptColumns)
    var wrapped = DrawnRows(width: width, startColumn: promptColumns)
    var scalarCount = 0
    for character in line {
      let row = drawn.row
      let gap = drawn.width - drawn.column
      drawn.place(character)
      if drawn.row > row, character != "\n", gap > 0 {
        if scalarCount < refreshed {
          wrapped.place("\n")
        } else {
          for _ in 0..<gap { wrapped.place(" ") }
        }
      }
      wrapped.place(character)
      scalarCount += character.unicodeScalars.count
    }
    return wrapped.row
  }

  /// Answers a search: the prompt, and the entry if one was found.
  fileprivate func search(
    _ pattern: String?,
    from: Int,
    step: Int
  ) -> (prompt: String, found: Int, entry: String?) {
    guard let pattern else {
      promptColumns = ownPromptColumns
      return ("", -1, nil)
    }
    let found = pattern.isEmpty ? nil : history.search(pattern, from: from, step: step)
    let prompt = searchPrompt(TextWidth.printable(pattern), found != nil)
    promptColumns = TextWidth.columns(prompt)
    return (prompt, found?.index ?? -1, found?.entry)
  }

  fileprivate func pendingRowsBelow() -> Int {
    guard let editor else { return 0 }
    var points = [UInt32](repeating: 0, count: 4_096)
    var cursor: Int32 = 0
    let count = tapline_editor_pending(editor, &points, Int32(points.count), &cursor)
    let line = scalars(points[..<Int(count)])
    return rowsBelow(line: String(line), cursor: String(line.prefix(Int(cursor))).count)
  }
}

/// Where the characters of a line come to stand on a screen.
private struct DrawnRows {
  let width: Int
  var row = 0
  var column: Int

  init(width: Int, startColumn: Int) {
    self.width = max(width, 2)
    row = startColumn / self.width
    column = startColumn % self.width
  }

  mutating func place(_ character: Character) {
    if character == "\n" {
      row += 1
      column = 0
      return
    }
    let columns = TextWidth.columns(of: character)
    if column + columns > width {
      row += 1
      column = 0
    }
    column += columns
  }
}

// MARK: - Callbacks from C

private func scalars(_ points: some Sequence<UInt32>) -> String.UnicodeScalarView {
  var view = String.UnicodeScalarView()
  for point in points { view.append(Unicode.Scalar(point) ?? "\u{FFFD}") }
  return view
}

private func completeCallback(
  context: UnsafeMutableRawPointer?,
  line: UnsafePointer<UInt32>,
  count: Int32,
  cursor: Int32
) -> Int32 {
  guard let context else { return Int32(TAPLINE_KEY_BEEP) }
  let editor = Unmanaged<LineEditor>.fromOpaque(context).takeUnretainedValue()
  let text = scalars(UnsafeBufferPointer(start: line, count: Int(count)))
  return editor.handleTab(text, cursor: Int(cursor))
}

private func stepCallback(
  context: UnsafeMutableRawPointer?,
  points: UnsafePointer<UInt32>,
  count: Int32,
  isFirst: Bool
) -> Int32 {
  let text = String(scalars(UnsafeBufferPointer(start: points, count: Int(count))))
  return Int32((isFirst ? text.first : text.last)?.unicodeScalars.count ?? 1)
}

private func rowsCallback(
  context: UnsafeMutableRawPointer?,
  line: UnsafePointer<UInt32>,
  cursor: Int32,
  refreshed: Int32
) -> Int32 {
  guard let context else { return 0 }
  let editor = Unmanaged<LineEditor>.fromOpaque(context).takeUnretainedValue()
  let text = String(scalars(UnsafeBufferPointer(start: line, count: Int(cursor))))
  let row =
    refreshed >= 0
    ? editor.rowAfterResize(line: text, refreshed: Int(refreshed))
    : editor.rows(line: text, cursor: text.count).cursor
  return Int32(clamping: row)
}

private func searchCallback(
  context: UnsafeMutableRawPointer?,
  pattern: UnsafePointer<UInt32>,
  count: Int32,
  from: Int32,
  step: Int32,
  found: UnsafeMutablePointer<Int32>,
  entry: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
) -> UnsafeMutablePointer<CChar>? {
  guard let context else { return nil }
  let editor = Unmanaged<LineEditor>.fromOpaque(context).takeUnretainedValue()
  let text =
    count < 0 ? nil : String(scalars(UnsafeBufferPointer(start: pattern, count: Int(count))))
  let result = editor.search(text, from: Int(from), step: Int(step))
  found.pointee = Int32(clamping: result.found)
  entry.pointee = result.entry.flatMap { strdup($0) }
  return strdup(LineEditor.marked(result.prompt))
}

private func composeCallback(text: UnsafeMutablePointer<UInt32>, count: Int32) -> Int32 {
  let points = UnsafeBufferPointer(start: text, count: Int(count))
  guard points.contains(where: Normalization.mayCompose) else { return count }
  let composed = Normalization.composed(String(scalars(points))).unicodeScalars
  guard composed.count <= Int(count) else { return count }
  for (index, scalar) in composed.enumerated() { text[index] = scalar.value }
  return Int32(composed.count)
}
