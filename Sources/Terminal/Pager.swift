// Results longer than the screen, page by page.
//
// Only where a person reads at a prompt: never in scripts and pipes, never for accessible output,
// never on a dumb terminal. `$PAGER` is used where it is set; else this small pager, so that a
// learner meets no strange program. When it is left, the page that was shown last stays on the
// screen.

import CLibEdit
import Foundation

/// Shows a text page by page on a terminal.
package struct Pager {
  private static let enter = "\u{1B}[?1049h\u{1B}[H\u{1B}[J"
  private static let leave = "\u{1B}[?1049l"

  private let input: Int32
  private let output: Int32
  private let style: Style
  private let texts: Catalogue
  private let environment: [String: String]

  /// - Parameters:
  ///   - input: the terminal that keys come from.
  ///   - output: the same terminal, to draw on.
  ///   - texts: the learner's language: `terminal.pager.…`.
  ///   - environment: where PAGER and TERM are looked up.
  package init(
    input: Int32,
    output: Int32,
    style: Style,
    texts: Catalogue,
    environment: [String: String]
  ) {
    self.input = input
    self.output = output
    self.style = style
    self.texts = texts
    self.environment = environment
  }

  /// Whether `text` would be shown page by page: it is longer than the screen, a person can press
  /// keys, and neither accessible output nor a dumb terminal forbids redrawing.
  package func isNeeded(for text: String) -> Bool {
    let terminal = environment["TERM"] ?? ""
    guard !style.isAccessible, !terminal.isEmpty, terminal != "dumb", isatty(input) == 1,
      isatty(output) == 1, let size
    else { return false }
    return PagerState.isLonger(text, width: size.columns, height: size.rows)
  }

  /// Shows `text`; returns when the reader leaves. Writes it as it is where pages are not needed or
  /// the terminal fails.
  package func show(_ text: String) {
    guard isNeeded(for: text) else {
      write(text)
      return
    }
    let command = (environment["PAGER"] ?? "").trimmingCharacters(in: .whitespaces)
    if !command.isEmpty, showInProgram(command, text) { return }
    if !showPages(text) { write(text) }
  }

  private var size: (columns: Int, rows: Int)? {
    var columns: Int32 = 0
    var rows: Int32 = 0
    guard tapline_terminal_size(output, &columns, &rows) else { return nil }
    return (Int(columns), Int(rows))
  }

  private func write(_ text: String) {
    var text = text
    _ = text.withUTF8 { writeAll(output, UnsafeRawBufferPointer($0)) }
  }

  // MARK: Our own

  private func showPages(_ text: String) -> Bool {
    guard let size, tapline_keys_begin(input, output, Pager.enter, Pager.leave) else { return false }
    var state = PagerState(text, width: size.columns, height: size.rows)
    draw(state)
    while !state.isDone {
      switch nextKey(isSearching: state.query != nil) {
      case .key(.suspend):
        tapline_keys_suspend()
      case .key(let key): state.handle(key)
      case .resized: break
      case .ended: state.handle(.leave)
      }
      if let size = self.size, size != (state.width, state.height) {
        state.resize(width: size.columns, height: size.rows)
      }
      if !state.isDone { draw(state) }
    }
    tapline_keys_end()
    write(state.page.joined(separator: "\n") + "\n")
    if !state.isAtEnd { write(style.apply(.dim, position(state)) + "\n") }
    return true
  }

  private enum Event {
    case key(PagerState.Key)
    case resized
    case ended
  }

  private func nextKey(isSearching: Bool) -> Event {
    var bytes: [UInt8] = []
    while true {
      // A lone Esc and the beginning of an arrow key differ by what follows at once.
      let code = tapline_keys_next(input, bytes.isEmpty ? -1 : 50)
      switch code {
      case Int32(TAPLINE_KEYS_RESIZED): return .resized
      case Int32(TAPLINE_KEYS_NONE):
        let key = PagerState.key(bytes, isSearching: isSearching, isComplete: true)
        return .key(key ?? .unknown)
      case 0...255:
        bytes.append(UInt8(code))
        if let key = PagerState.key(bytes, isSearching: isSearching, isComplete: bytes.count > 16) {
          return .key(key)
        }
      default: return .ended
      }
    }
  }

  /// Draws the whole page in one write: a screen of text is a few kilobytes.
  private func draw(_ state: PagerState) {
    var text = "\u{1B}[?25l\u{1B}[H"
    let page = state.page
    for row in 0..<state.pageRows {
      let line = row < page.count ? page[page.startIndex + row] : ""
      text += highlighted(line, state.pattern) + "\u{1B}[K\r\n"
    }
    text += TextWidth.truncate(status(state), to: state.width - 1) + "\u{1B}[K\u{1B}[?25h"
    write(text)
  }

  /// A line with what was searched for in reverse; its own colours give way.
  private func highlighted(_ line: String, _ pattern: String) -> String {
    guard style.usesColour, !pattern.isEmpty, PagerState.matches(line, pattern) else { return line }
    var result = ""
    var rest = Normalization.composed(PagerState.plain(line))[...]
    while let range = rest.range(of: pattern, options: .caseInsensitive) {
      result += rest[..<range.lowerBound] + "\u{1B}[7m" + rest[range] + "\u{1B}[0m"
      rest = rest[range.upperBound...]
    }
    return result + rest
  }

  private func status(_ state: PagerState) -> String {
    if let query = state.query { return "/" + query }
    let note: String
    switch state.notice {
    case .notFound: note = texts.text("terminal.pager.notFound", ["text": state.pattern])
    case .help: note = texts.text("terminal.pager.help")
    case .none:
      let long = position(state) + "   " + texts.text("terminal.pager.keys")
      let fits = TextWidth.columns(long) < state.width
      note = fits ? long : position(state) + "  " + texts.text("terminal.pager.keysShort")
    }
    return style.apply(.dim, note)
  }

  private func position(_ state: PagerState) -> String {
    texts.text(
      "terminal.pager.position",
      [
        "last": NumberText.grouped(min(state.top + state.pageRows, state.rows.count)),
        "total": NumberText.grouped(state.rows.count),
      ]
    )
  }

  // MARK: The reader's own

  /// Runs `command` with the text as its input; false if the shell could not run it.
  private func showInProgram(_ command: String, _ text: String) -> Bool {
    var variables = environment
    // As git does: colours as they are, and the text stays on the screen.
    if variables["LESS"] == nil { variables["LESS"] = "FRX" }
    let status = ForegroundProgram.run(command, input: text, environment: variables)
    // The terminal has echoed `^C`; the prompt begins a line of its own.
    if status == 128 + SIGINT { write("\n") }
    // 126 and 127 are the shell's: no such program.
    return status.map { !(126...127).contains($0) } ?? false
  }
}
