// Progress of long work on one line: how far, how fast, how long still.

import Dispatch
import Foundation
import Synchronization

/// A line that redraws itself on a terminal, and prints only its start and end elsewhere.
///
/// `update` may be called for every batch: it draws at most ten times a second. Safe from any
/// thread.
package final class ProgressLine: Sendable {
  private struct State {
    var lastDrawn: Int64 = .min
    var isDrawn = false
    var isFinished = false
  }

  private let output: any TerminalOutput
  private let label: String
  private let total: Int64?
  private let unit: String
  private let remaining: String
  private let now: @Sendable () -> Int64
  private let started: Int64
  private let state = Mutex(State())

  private var isRedrawing: Bool { output.isInteractive && !output.style.isAccessible }

  /// Begins the line.
  ///
  /// - Parameters:
  ///   - label: what is being done, in the learner's language.
  ///   - total: the amount of work; nil where it is not known.
  ///   - unit: written after the amounts, such as `events`; may be empty.
  ///   - remaining: the words around the time left, with `{time}` in them.
  ///   - output: where it is shown.
  ///   - now: milliseconds of a clock that never goes back.
  package init(
    _ label: String,
    total: Int64?,
    unit: String = "",
    remaining: String = "{time} left",
    to output: any TerminalOutput,
    now: @escaping @Sendable () -> Int64 = ProgressLine.uptime
  ) {
    self.output = output
    self.label = label
    self.total = total
    self.unit = unit
    self.remaining = remaining
    self.now = now
    started = now()
    if !isRedrawing { output.write("  \(label)\n") }
  }

  /// Shows that `done` of the work is done.
  package func update(_ done: Int64) {
    guard isRedrawing else { return }
    let time = now()
    let line = state.withLock { state -> String? in
      guard !state.isFinished, !state.isDrawn || time - state.lastDrawn >= 100 else { return nil }
      state.lastDrawn = time
      state.isDrawn = true
      return text(done, at: time)
    }
    if let line { output.write("\r\(line)\u{1B}[K") }
  }

  /// Ends the line: removes it from a terminal, and prints `summary` if there is one.
  package func finish(_ summary: String? = nil) {
    let wasDrawn = state.withLock { state -> Bool? in
      guard !state.isFinished else { return nil }
      state.isFinished = true
      return state.isDrawn
    }
    guard let wasDrawn else { return }
    if wasDrawn { output.write("\r\u{1B}[K") }
    if let summary { output.write("  \(summary)\n") }
  }

  private func text(_ done: Int64, at time: Int64) -> String {
    let elapsed = max(time - started, 1)
    let amounts = total.map { "\(NumberText.grouped(done))/\(NumberText.grouped($0))" }
    var parts = [label, (amounts ?? NumberText.grouped(done)) + (unit.isEmpty ? "" : " " + unit)]
    let rate = Double(done) * 1_000 / Double(elapsed)
    if elapsed >= 500 { parts.append(NumberText.decimal(rate, places: rate < 10 ? 1 : 0) + "/s") }
    if let total, total > 0 {
      parts.insert(NumberText.percent(min(1, Double(done) / Double(total))), at: 1)
      if elapsed >= 1_000, rate > 0, done < total {
        let left = min(Double(total - done) / rate * 1_000, 1e12)
        let seconds = (Int64(left) + 999) / 1_000 * 1_000
        let time = seconds < 60_000 ? "\(seconds / 1_000) s" : NumberText.milliseconds(seconds)
        parts.append(remaining.replacing("{time}", with: time))
      }
    }
    let line = "  " + parts.joined(separator: "  ")
    return TextWidth.truncate(line, to: max(output.width - 1, 1))
  }

  /// Milliseconds since the machine started.
  package static func uptime() -> Int64 {
    Int64(clamping: DispatchTime.now().uptimeNanoseconds / 1_000_000)
  }
}
