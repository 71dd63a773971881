// The answers of a script file as one JSON document, for tools that read one value.

internal import Synchronization
internal import Terminal

/// Puts lines of JSON into one array, an element a line.
final class JSONDocumentOutput: TerminalOutput {
  private struct State {
    /// What was written since the last line break.
    var open = ""
    var count = 0
  }

  private let base: any TerminalOutput
  private let state = Mutex(State())

  init(_ base: any TerminalOutput) {
    self.base = base
  }

  func write(_ text: String) {
    let ready = state.withLock { state -> String in
      var lines = (state.open + text).split(separator: "\n", omittingEmptySubsequences: false)
      state.open = lines.popLast().map(String.init) ?? ""
      var ready = ""
      for line in lines where !line.isEmpty {
        ready += (state.count == 0 ? "[\n" : ",\n") + line
        state.count += 1
      }
      return ready
    }
    if !ready.isEmpty { base.write(ready) }
  }

  /// Ends the array; an array without elements where nothing was written.
  func finish() {
    base.write(state.withLock { $0.count } == 0 ? "[]\n" : "\n]\n")
  }

  var width: Int { base.width }
  var tableWidth: Int? { base.tableWidth }
  var height: Int? { base.height }
  var isInteractive: Bool { base.isInteractive }
  var style: Style { base.style }
}
