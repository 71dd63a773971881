// What a collector's machine can do in the story, where a request takes no time of its own: work that
// was let in queues up in memory, and is worked off so many requests a second.
//
// ```
//   let in      the body waits in memory until its turn
//   turned away bytesInFlightMax is reached: 503, which costs a quarter of a request's work
//   killed      what waits is more than the machine's memory: the process dies, and is back in a minute
// ```
// A collector that turns nobody away dies; one whose clients come again all at once has no time left
// for those whom it lets in.

internal import Synchronization

/// How much one collector's machine can do, for a time of the story.
package struct CollectorMachine: Sendable, Hashable {
  /// Milliseconds since the epoch.
  package var time: Range<Int64>
  package var requestsPerSecond: Int
  package var memoryBytes: Int

  package init(time: Range<Int64>, requestsPerSecond: Int, memoryBytes: Int) {
    self.time = time
    self.requestsPerSecond = requestsPerSecond
    self.memoryBytes = memoryBytes
  }
}

/// The queue of requests on the machine, on story time. Safe to share.
final class MachineLoad: Sendable {
  enum Verdict: Equatable {
    case admitted, full
    /// It died of this request.
    case killed
    /// It is being started again.
    case down
  }

  /// The work of turning a request away, where taking it is 1.
  static let refusalWork = 0.25
  static let restartMilliseconds: Int64 = 60_000

  private struct State {
    /// In requests.
    var work = 0.0
    var bytes = 0.0
    var peak = 0.0
    var at = Int64.min
    var downUntil = Int64.min
  }

  private let machines: [CollectorMachine]
  private let state = Mutex(State())

  init(_ machines: [CollectorMachine]) { self.machines = machines }

  /// Lets a body in at a moment, or says why not.
  func enter(bytes: Int, bytesMax: Int, at now: Int64) -> Verdict {
    guard let machine = machines.first(where: { $0.time.contains(now) }) else { return .admitted }
    return state.withLock { state in
      Self.work(off: &state, Double(machine.requestsPerSecond), until: now)
      guard now >= state.downUntil else { return .down }
      let size = Double(bytes)
      guard state.bytes + size <= Double(bytesMax) else {
        state.work += Self.refusalWork
        return .full
      }
      guard state.bytes + size <= Double(machine.memoryBytes) else {
        state = State(peak: state.peak, at: now, downUntil: now + Self.restartMilliseconds)
        return .killed
      }
      state.work += 1
      state.bytes += size
      state.peak = max(state.peak, state.bytes)
      return .admitted
    }
  }

  /// Bytes that waited at once, at most.
  var bytesPeak: Int { Int(state.withLock { $0.peak }) }

  func clear() {
    state.withLock { $0 = State(peak: $0.peak, at: $0.at, downUntil: $0.downUntil) }
  }

  private static func work(off state: inout State, _ perSecond: Double, until now: Int64) {
    defer { state.at = max(state.at, now) }
    guard state.at != .min, now > state.at, state.work > 0 else { return }
    let done = min(state.work, Double(now - state.at) / 1_000 * perSecond)
    state.bytes *= 1 - done / state.work
    state.work -= done
    if state.work < 0.001 { (state.work, state.bytes) = (0, 0) }
  }
}
