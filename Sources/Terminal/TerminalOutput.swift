// Where commands write. A command never knows whether a person, a pipe, another process or a test
// reads it; it asks the output for its width, its style and whether it may redraw.

import CLibEdit
import Foundation
import Synchronization

/// A sink for text, with what is needed to lay text out for it.
///
/// Safe to call from any thread.
package protocol TerminalOutput: AnyObject, Sendable {
  /// Writes UTF-8 text as it is; line ends are the caller's.
  func write(_ text: String)
  /// Columns that prose is wrapped to.
  var width: Int { get }
  /// Columns that tables must fit; nil where they must not be cut, as in a pipe.
  var tableWidth: Int? { get }
  /// Rows of the screen; nil where there is none.
  var height: Int? { get }
  /// Whether a person watches it: progress may redraw, questions may be asked.
  var isInteractive: Bool { get }
  /// Colours and accessible mode.
  var style: Style { get }
  /// Whether texts longer than the screen are shown page by page here.
  var showsPages: Bool { get }
  /// Writes a whole text, page by page if it is longer than the screen and `showsPages`.
  func writePages(_ text: String, texts: Catalogue)
}

extension TerminalOutput {
  package var tableWidth: Int? { width }
  package var height: Int? { nil }
  package var showsPages: Bool { false }

  package func writePages(_ text: String, texts: Catalogue) {
    write(text)
  }

  /// Writes what `body` writes: at once where it is shown page by page, else as it comes.
  ///
  /// - Parameter texts: the learner's language, for the pager's status line.
  package func paged(texts: Catalogue, _ body: (any TerminalOutput) throws -> Void) rethrows {
    guard showsPages else { return try body(self) }
    let page = PageOutput(for: self)
    defer { writePages(page.text, texts: texts) }
    try body(page)
  }

  /// Writes `text` and ends the line.
  package func writeLine(_ text: String = "") {
    write(text + "\n")
  }

  /// Writes prose, wrapped to the output's width.
  package func writeWrapped(_ text: String, hangingIndent: Int = 0) {
    let lines = TextWidth.wrap(text, to: width, hangingIndent: hangingIndent)
    write(lines.joined(separator: "\n") + "\n")
  }

  /// Writes a table, a chart or another view, fitted to the output.
  package func write(_ view: some TerminalView) {
    write(view.render(width: tableWidth, style: style))
  }
}

/// A file descriptor of this process, normally standard output; unbuffered.
package final class DescriptorOutput: TerminalOutput {
  private struct State {
    var isAccessible: Bool
    var isBroken = false
    var pagerInput: Int32?
  }

  private let descriptor: Int32
  private let environment: [String: String]
  private let state: Mutex<State>
  package let isInteractive: Bool

  /// An output on `descriptor`; colour and redraws follow from it and the environment.
  package init(
    descriptor: Int32 = 1,
    environment: [String: String] = ProcessInfo.processInfo.environment,
    isAccessible: Bool = false
  ) {
    self.descriptor = descriptor
    self.environment = environment
    isInteractive = isatty(descriptor) == 1
    state = Mutex(State(isAccessible: isAccessible))
  }

  /// Whether the reader has gone (a closed pipe); what is written afterwards is dropped.
  package var isBroken: Bool { state.withLock { $0.isBroken } }

  /// Switches accessible mode on or off.
  package func setAccessible(_ isAccessible: Bool) {
    state.withLock { $0.isAccessible = isAccessible }
  }

  package var showsPages: Bool {
    isInteractive && state.withLock { $0.pagerInput != nil && !$0.isAccessible }
  }

  /// Shows long texts page by page from now on, with keys from `input`; nil stops that.
  ///
  /// For the prompt: a script's output is never paged.
  package func setPagerInput(_ input: Int32?) {
    state.withLock { $0.pagerInput = input }
  }

  package func writePages(_ text: String, texts: Catalogue) {
    guard showsPages, let input = state.withLock({ $0.pagerInput }) else {
      write(text)
      return
    }
    Pager(input: input, output: descriptor, style: style, texts: texts, environment: environment)
      .show(text)
  }

  package var style: Style {
    Style.fitting(
      isTerminal: isInteractive,
      environment: environment,
      isAccessible: state.withLock { $0.isAccessible }
    )
  }

  package var width: Int { terminalSize?.columns ?? statedColumns ?? 80 }

  package var tableWidth: Int? { terminalSize?.columns ?? statedColumns }

  package var height: Int? { terminalSize?.rows }

  private var statedColumns: Int? {
    guard let columns = environment["COLUMNS"].flatMap({ Int($0) }), columns > 0 else { return nil }
    return min(columns, 10_000)
  }

  private var terminalSize: (columns: Int, rows: Int)? {
    var columns: Int32 = 0
    var rows: Int32 = 0
    guard tapline_terminal_size(descriptor, &columns, &rows) else { return nil }
    return (Int(columns), Int(rows))
  }

  package func write(_ text: String) {
    var text = text
    state.withLock { state in
      guard !state.isBroken else { return }
      state.isBroken = !text.withUTF8 { writeAll(descriptor, UnsafeRawBufferPointer($0)) }
    }
  }
}

/// Output kept in memory: for tests, and for lines forwarded from another process.
package final class CapturedOutput: TerminalOutput {
  private let captured = Mutex("")
  package let width: Int
  package let isInteractive: Bool
  package let style: Style

  package init(width: Int = 80, isInteractive: Bool = false, style: Style = .plain) {
    self.width = width
    self.isInteractive = isInteractive
    self.style = style
  }

  /// Everything written so far.
  package var text: String { captured.withLock { $0 } }

  /// Everything written since the last call, which it forgets.
  package func take() -> String {
    captured.withLock { captured in
      defer { captured = "" }
      return captured
    }
  }

  package func write(_ text: String) {
    captured.withLock { $0 += text }
  }
}

/// Output kept for a pager, laid out for the screen that it will be shown on.
private final class PageOutput: TerminalOutput {
  private let captured = Mutex("")
  let width: Int
  let tableWidth: Int?
  let height: Int?
  let style: Style
  /// What is redrawn in place would fill pages.
  let isInteractive = false

  init(for output: any TerminalOutput) {
    width = output.width
    tableWidth = output.tableWidth
    height = output.height
    style = output.style
  }

  var text: String { captured.withLock { $0 } }

  func write(_ text: String) {
    captured.withLock { $0 += text }
  }
}

/// Writes all bytes; false when the reader has gone or the device fails.
func writeAll(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) -> Bool {
  var rest = bytes
  while !rest.isEmpty {
    let count = Foundation.write(descriptor, rest.baseAddress, rest.count)
    if count > 0 {
      rest = UnsafeRawBufferPointer(rebasing: rest[count...])
    } else if count < 0, errno == EINTR {
      continue
    } else if count < 0, errno == EAGAIN {
      var polled = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
      _ = poll(&polled, 1, 1_000)
    } else {
      return false
    }
  }
  return true
}
