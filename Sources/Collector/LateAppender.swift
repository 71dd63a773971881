// `answer: received`: the answer goes out first and the log is written later, from memory. It is fast,
// and it is the mistake: what waits here when the process dies was acknowledged and is gone.

internal import Dispatch
internal import Synchronization

/// Appends in the order of arrival, a moment later. Safe to share.
final class LateAppender: Sendable {
  /// How long what was acknowledged waits for company.
  static let lingerMilliseconds = 20

  private struct State {
    var waiting: [@Sendable () -> Void] = []
    var isScheduled = false
  }

  private let state = Mutex(State())
  private let queue = DispatchQueue(label: "tapline.collector.late")

  /// Keeps work for later; false where `waitingMax` pieces wait already.
  func add(waitingMax: Int = 4_096, _ work: @escaping @Sendable () -> Void) -> Bool {
    let (isTaken, schedules) = state.withLock { state -> (Bool, Bool) in
      guard state.waiting.count < waitingMax else { return (false, false) }
      state.waiting.append(work)
      defer { state.isScheduled = true }
      return (true, !state.isScheduled)
    }
    if schedules {
      queue.asyncAfter(deadline: .now() + .milliseconds(Self.lingerMilliseconds)) { self.drain() }
    }
    return isTaken
  }

  /// Returns when all that waited is appended: the graceful stop.
  func finish() {
    queue.sync { drain() }
  }

  /// Forgets what waits; answers how many requests that were.
  func drop() -> Int {
    state.withLock { state in
      defer { state.waiting = [] }
      return state.waiting.count
    }
  }

  private func drain() {
    let work = state.withLock { state in
      defer {
        state.waiting = []
        state.isScheduled = false
      }
      return state.waiting
    }
    for piece in work { piece() }
  }
}
