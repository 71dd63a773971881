// `answer: received` on story time: what the simulation's phones were told 200 for waits in memory for
// a moment of the story. A kill in that moment loses it.

internal import Synchronization

/// Appends that wait for the story's clock. Safe to share.
final class StoryAppender: Sendable {
  /// How long an acknowledged request waits, in milliseconds of the story.
  static let lingerMilliseconds: Int64 = 200

  private typealias Waiting = (due: Int64, work: @Sendable () -> Void)
  private let waiting = Mutex<[Waiting]>([])

  func add(at now: Int64, _ work: @escaping @Sendable () -> Void) {
    waiting.withLock { $0.append((now + Self.lingerMilliseconds, work)) }
  }

  /// Appends what has waited long enough; all of it where `now` is nil.
  func append(until now: Int64?) {
    let due = waiting.withLock { waiting -> [Waiting] in
      let count = now.map { now in waiting.firstIndex { $0.due > now } ?? waiting.count }
      let due = Array(waiting.prefix(count ?? waiting.count))
      waiting.removeFirst(due.count)
      return due
    }
    for piece in due { piece.work() }
  }

  /// Forgets what waits; answers how many requests that were.
  func drop() -> Int {
    waiting.withLock { waiting in
      defer { waiting = [] }
      return waiting.count
    }
  }
}
