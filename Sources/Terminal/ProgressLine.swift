// Progress of long work on one line: how far, how fast, how long still.

import CLibEdit
import Dispatch
import Foundation
import Synchronization

/// A line that redraws itself on a terminal, and prints only its start and end elsewhere.
///
/// The rate is that of the last five seconds, so that the time left follows work that slows down.
/// In accessible mode nothing is redrawn: a new line says how far it is, at most every ten seconds.
/// `update` may be called for every batch: it draws at most ten times a second. Safe from any
/// thread.
package final class ProgressLine: Sendable {
  /// What was done when.
  private struct Sample {
    var time: Int64
    var done: Int64
  }

  private struct State {
    var lastDrawn: Int64
    var isDrawn = false
    var isFinished = false
    /// Drawn moments of the last seconds, oldest first; the work's start is the first of them.
    var samples: [Sample]
  }

  private static let rateMilliseconds: Int64 = 5_000
  private static let spokenMilliseconds: Int64 = 10_000

  private let output: any TerminalOutput
  private let label: String
  private let total: Int64?
  private let unit: String
  private let remaining: String
  private let now: @Sendable () -> Int64
  private let started: Int64
  private let state: Mutex<State>

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
    remaining: String,
    to output: any TerminalOutput,
    now: @escaping @Sendable () -> Int64 = ProgressLine.uptime
  ) {
    self.output = output
    self.label = label
    self.total = total
    self.unit = unit
    self.remaining = remaining
    self.now = now
    let started = now()
    self.started = started
    state = Mutex(State(lastDrawn: started, samples: [Sample(time: started, done: 0)]))
    if !isRedrawing { output.write("  \(label)\n") }
  }

  /// Shows that `done` of the work is done.
  package func update(_ done: Int64) {
    let isSpoken = output.isInteractive && output.style.isAccessible
    guard isRedrawing || isSpoken else { return }
    let time = now()
    let line = state.withLock { state -> String? in
      let pause = isSpoken ? ProgressLine.spokenMilliseconds : 100
      let isFirst = !state.isDrawn && !isSpoken
      guard !state.isFinished, isFirst || time - state.lastDrawn >= pause else { return nil }
      state.lastDrawn = time
      state.isDrawn = true
      let line = text(done, at: time, rate: rate(done, at: time, &state))
      return line
    }
    guard let line else { return }
    // What is typed meanwhile waits for the prompt; shown here, it would tear the line.
    if isRedrawing { tapline_terminal_echo(false) }
    output.write(isSpoken ? line + "\n" : "\r\(line)\u{1B}[K")
  }

  /// Units a second over the last seconds; nil before there is enough to tell.
  private func rate(_ done: Int64, at time: Int64, _ state: inout State) -> Double? {
    state.samples.append(Sample(time: time, done: done))
    while state.samples.count > 2, time - state.samples[1].time >= ProgressLine.rateMilliseconds {
      state.samples.removeFirst()
    }
    guard let first = state.samples.first, time - first.time >= 500 else { return nil }
    return Double(done - first.done) * 1_000 / Double(time - first.time)
  }

  /// Ends the line: removes it from a terminal, and prints `summary` if there is one.
  package func finish(_ summary: String? = nil) {
    let wasDrawn = state.withLock { state -> Bool? in
      guard !state.isFinished else { return nil }
      state.isFinished = true
      return state.isDrawn
    }
    guard let wasDrawn else { return }
    if wasDrawn, isRedrawing {
      output.write("\r\u{1B}[K")
      tapline_terminal_echo(true)
    }
    if let summary { output.write("  \(summary)\n") }
  }

  private func text(_ done: Int64, at time: Int64, rate: Double?) -> String {
    let amounts = total.map { "\(NumberText.grouped(done))/\(NumberText.grouped($0))" }
    var parts = [label, (amounts ?? NumberText.grouped(done)) + (unit.isEmpty ? "" : " " + unit)]
    if let rate { parts.append(NumberText.decimal(rate, places: rate < 10 ? 1 : 0) + "/s") }
    if let total, total > 0 {
      parts.insert(NumberText.percent(min(1, Double(done) / Double(total))), at: 1)
      if let rate, rate > 0, time - started >= 1_000, done < total {
        let left = min(Double(total - done) / rate * 1_000, 1e12)
        let seconds = (Int64(left) + 999) / 1_000 * 1_000
        let time = seconds < 60_000 ? "\(seconds / 1_000) s" : NumberText.milliseconds(seconds)
        parts.append(remaining.replacing("{time}", with: time))
      }
    }
    let line = "  " + parts.joined(separator: "  ")
    return isRedrawing ? TextWidth.truncate(line, to: max(output.width - 1, 1)) : line
  }

  /// Milliseconds since the machine started.
  package static func uptime() -> Int64 {
    Int64(clamping: DispatchTime.now().uptimeNanoseconds / 1_000_000)
  }
}
