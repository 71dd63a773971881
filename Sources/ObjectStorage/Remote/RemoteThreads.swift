internal import Foundation
internal import Synchronization

/// Threads that wait for requests.
///
/// Not the pool of Dispatch, which has one thread for each core: whoever waits there holds up others,
/// in the end the very answer that is waited for.
enum RemoteThreads {
  static var temporaryDirectory: String { FileManager.default.temporaryDirectory.path }

  static func sleep(milliseconds: Int) {
    Thread.sleep(forTimeInterval: Double(milliseconds) / 1_000)
  }

  /// Calls `body` with `0 ..< count`, in this order and up to `threads` at once, and throws the first
  /// error; behind an error nothing more is begun.
  static func run(
    _ count: Int,
    threads: Int,
    _ body: @escaping @Sendable (Int) throws -> Void
  ) throws {
    let work = Work(count: count, body: body)
    let group = DispatchGroup()
    for _ in 1..<max(1, min(threads, count)) {
      group.enter()
      Thread {
        work.run()
        group.leave()
      }.start()
    }
    work.run()
    group.wait()
    if let error = work.failure.withLock({ $0 }) { throw error }
  }

  private final class Work: Sendable {
    let failure = Mutex<(any Error)?>(nil)
    private let next = Atomic<Int>(0)
    private let count: Int
    private let body: @Sendable (Int) throws -> Void

    init(count: Int, body: @escaping @Sendable (Int) throws -> Void) {
      self.count = count
      self.body = body
    }

    func run() {
      while failure.withLock({ $0 }) == nil {
        let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
        guard index < count else { return }
        do {
          try body(index)
        } catch {
          failure.withLock { $0 = $0 ?? error }
        }
      }
    }
  }
}
