// Answers that must not be given before the records are on the disk itself: many wait for one fsync,
// and no thread waits with them.
//
// 1. Callers hand over records, already encoded, or only wait for what they have appended before.
// 2. A round takes all that is there: the records go into each partition by one write, whoever sent
//    them, then one sync covers the round, then everyone is answered.
// 3. Who comes while a round runs is in the next one.

internal import Dispatch
package import KafkaProtocol
internal import Synchronization

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Darwin)
internal import Darwin
#endif

/// Runs each action after a sync of the log that began when the action was there already.
final class CommitQueue: Sendable {
  typealias Action = @Sendable ((any Error)?) -> Void

  /// What a caller hands over to be appended.
  struct Append: Sendable {
    var prepared: PreparedAppend
    var completion: @Sendable (Result<[Offset], any Error>) -> Void
  }

  private struct Round {
    var appends: [Append] = []
    var actions: [Action] = []

    var isEmpty: Bool { appends.isEmpty && actions.isEmpty }
  }

  private struct State {
    var next = Round()
    var isRunning = false
  }

  private let queue = DispatchQueue(label: "tapline.log.commits")
  private let state = Mutex(State())

  /// `action` is called on the queue's own thread, with the error where the sync failed.
  func afterSync(of log: EventLog, _ action: @escaping Action) {
    add(to: log) { $0.actions.append(action) }
  }

  /// Appends in the next round; the completion is called on the queue's own thread after its sync.
  func append(_ append: Append, to log: EventLog) {
    add(to: log) { $0.appends.append(append) }
  }

  private func add(to log: EventLog, _ change: (inout Round) -> Void) {
    let mustStart = state.withLock { state in
      change(&state.next)
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
      let round = state.withLock { state in
        if state.next.isEmpty { state.isRunning = false }
        defer { state.next = Round() }
        return state.next
      }
      if round.isEmpty { return }
      defer { if round.appends.count > 1 { usleep(CommitQueue.lingerMicroseconds) } }
      let written = CommitQueue.write(round.appends, to: log)
      var failure: (any Error)?
      do { try log.sync() } catch { failure = error }
      for (append, offsets) in zip(round.appends, written) {
        append.completion(failure.map { .failure($0) } ?? offsets)
      }
      for action in round.actions { action(failure) }
    }
  }

  /// How long a round lets others join it where the one before had several callers: fewer and larger
  /// writes and syncs. Who is alone never waits.
  private static let lingerMicroseconds: UInt32 = 100

  /// All in one, and where that fails each by itself: one caller's partition is none of another's.
  private static func write(
    _ appends: [Append], to log: EventLog
  ) -> [Result<[Offset], any Error>] {
    if appends.isEmpty { return [] }
    if let offsets = try? log.write(appends.map(\.prepared)) { return offsets.map { .success($0) } }
    return appends.map { append in Result { try log.write([append.prepared])[0] } }
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

  /// Appends as `append(_:appendTime:waitsForAll:)` does, and calls `completion` once with the first
  /// offsets, when the records are on the disk itself, or with why they are not. Returns at once.
  ///
  /// Callers that come together share one write a partition and one sync. `completion` is called
  /// before this returns where the append is refused, else on a thread of the log's own, as an action
  /// of `afterSync` is.
  package func appendDurably(
    _ appends: [PartitionAppend],
    appendTime: Int64,
    waitsForAll: Bool,
    _ completion: @escaping @Sendable (Result<[Offset], any Error>) -> Void
  ) {
    let prepared: PreparedAppend
    do {
      prepared = try prepare(appends, appendTime: appendTime, waitsForAll: waitsForAll)
    } catch {
      return completion(.failure(error))
    }
    commitQueue.append(CommitQueue.Append(prepared: prepared, completion: completion), to: self)
  }

  /// Returns when all actions of earlier calls of `afterSync` have been called.
  package func waitForActions() {
    commitQueue.drain()
  }
}
