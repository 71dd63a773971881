internal import Dispatch
internal import Synchronization

/// Waits for the disk several times at once: an fsync is waiting, and waits add up.
enum SideBySide {
  /// Calls `body` with `0 ..< count` on several threads, and throws the first error after all ended.
  static func run(_ count: Int, _ body: @Sendable (Int) throws -> Void) throws {
    guard count > 1 else {
      if count == 1 { try body(0) }
      return
    }
    let failure = Mutex<(any Error)?>(nil)
    DispatchQueue.concurrentPerform(iterations: count) { index in
      do {
        try body(index)
      } catch {
        failure.withLock { $0 = $0 ?? error }
      }
    }
    if let error = failure.withLock({ $0 }) { throw error }
  }
}
