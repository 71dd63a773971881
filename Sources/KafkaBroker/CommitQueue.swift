// Answers that must not be given before the records are on the disk itself: many wait for one fsync.

internal import Dispatch
internal import EventLog
internal import Synchronization

/// Runs each action after a sync of the log that began when the action was there already.
final class CommitQueue: Sendable {
  typealias Action = @Sendable ((any Error)?) -> Void

  private struct State {
    var actions: [Action] = []
    var isRunning = false
  }

  private let log: EventLog
  private let queue = DispatchQueue(label: "tapline.kafka.sync")
  private let state = Mutex(State())

  init(log: EventLog) {
    self.log = log
  }

  /// `action` is called on the queue's own thread, with the error where the sync failed.
  func afterSync(_ action: @escaping Action) {
    let mustStart = state.withLock { state in
      state.actions.append(action)
      defer { state.isRunning = true }
      return !state.isRunning
    }
    if mustStart { queue.async { self.run() } }
  }

  /// Returns when every action that was there has been called.
  func drain() {
    queue.sync {}
  }

  private func run() {
    while true {
      let actions = state.withLock { state in
        defer { state.actions = [] }
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
