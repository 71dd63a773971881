// Answers that must not be given before the records are on the disk itself: many wait for one fsync,
// and no thread waits with them.

internal import Dispatch
internal import Synchronization

/// Runs each action after a sync of the log that began when the action was there already.
final class CommitQueue: Sendable {
  typealias Action = @Sendable ((any Error)?) -> Void

  private struct State {
    var actions: [Action] = []
    var isRunning = false
  }

  private let queue = DispatchQueue(label: "tapline.log.commits")
  private let state = Mutex(State())

  /// `action` is called on the queue's own thread, with the error where the sync failed.
  func afterSync(of log: EventLog, _ action: @escaping Action) {
    let mustStart = state.withLock { state in
      state.actions.append(action)
      defer { state.isRunning = true }
      return !state.isRunning
    }
    if mustStart { queue.async { self.run(log) } }
  }

  /// Returns when every action that was there has been called.
  func drain() {
    queue.sync {}
  }

  private func run(_ log: EventLog) {
    while true {
      let actions = state.withLock { state in
        defer { state.actions.removeAll(keepingCapacity: false) }
        if state.actions.isEmpty { state.isRunning = false }
        return state.actions
      }
      if actions.isEmpty { return }
      var failure: (any Error)?
      do { try log.sync() } catch { failure = error }
      for action in actions { action(failure) }
    }
  }
}

extension EventLog {
  /// Calls `action` once, when everything appended before this call is on the disk itself, with the
  /// error where it could not get there. Returns at once.
  ///
  /// It is called on a thread of the log's own, one action after the other: it must not block, nor
  /// call `sync`.
  package func afterSync(_ action: @escaping @Sendable ((any Error)?) -> Void) {
    commitQueue.afterSync(of: self, action)
  }

  /// Returns when all actions of earlier calls of `afterSync` have been called.
  package func waitForActions() {
    commitQueue.drain()
  }
}
