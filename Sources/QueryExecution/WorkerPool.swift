// The engine's own threads: one per core, shared by all queries of the process.
//
// A blocking read on Swift's cooperative pool would stall every task there, so the engine never runs
// on it. `run` is synchronous: the calling thread works too, and a busy pool only means that it works
// alone. So nothing ever waits for a free thread.

import Foundation
import Synchronization

/// Runs the same work on several threads.
final class WorkerPool: Sendable {
  static let shared = WorkerPool(threadCount: ProcessInfo.processInfo.activeProcessorCount)

  /// One call of `run`, from which threads take numbers until there is none.
  private final class Job: Sendable {
    let body: @Sendable (Int) -> Void
    let count: Int
    let taken = Atomic<Int>(0)
    private let condition = NSCondition()
    private let finished = Mutex(0)

    init(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) {
      self.count = count
      self.body = body
    }

    var isExhausted: Bool { taken.load(ordering: .relaxed) >= count }

    func takeOne() -> Bool {
      let number = taken.add(1, ordering: .relaxed).oldValue
      guard number < count else { return false }
      body(number)
      let isLast = finished.withLock { done in
        done += 1
        return done == count
      }
      if isLast {
        condition.lock()
        condition.broadcast()
        condition.unlock()
      }
      return true
    }

    func wait() {
      condition.lock()
      while finished.withLock({ $0 < count }) { condition.wait() }
      condition.unlock()
    }
  }

  private let jobs = Mutex<[Job]>([])
  private let condition = NSCondition()

  init(threadCount: Int) {
    for index in 0..<max(0, threadCount - 1) {
      let thread = Thread { self.serve() }
      thread.name = "engine-\(index + 1)"
      thread.stackSize = 4 << 20
      thread.start()
    }
  }

  /// Calls `body` with 0 ..< `count`, on several threads at once, and returns when all are done.
  ///
  /// Numbers are handed out in ascending order. `body` may block only for what does not wait for a
  /// higher number.
  func run(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) {
    guard count > 1 else {
      if count == 1 { body(0) }
      return
    }
    let job = Job(count, body)
    jobs.withLock { $0.append(job) }
    condition.lock()
    condition.broadcast()
    condition.unlock()
    while job.takeOne() {}
    jobs.withLock { $0.removeAll { $0 === job } }
    job.wait()
  }

  private func serve() {
    while true {
      condition.lock()
      var next: Job?
      while next == nil {
        next = jobs.withLock { list in
          list.removeAll { $0.isExhausted }
          return list.first
        }
        if next == nil { condition.wait() }
      }
      condition.unlock()
      _ = next?.takeOne()
    }
  }
}

/// The threads of one query: as many as its options allow, and the first error of what they did.
struct WorkerTeam: Sendable {
  let count: Int

  /// Calls `body` with 0 ..< `number`, at most `count` at a time; throws the error of the lowest
  /// number that failed, so that the same input always fails the same way.
  func run(_ number: Int, _ body: @escaping @Sendable (Int) throws -> Void) throws {
    let shared = TeamState()
    WorkerPool.shared.run(min(count, number)) { _ in
      while !shared.hasFailed.load(ordering: .relaxed) {
        let index = shared.next.add(1, ordering: .relaxed).oldValue
        guard index < number else { return }
        do {
          try body(index)
        } catch {
          shared.failures.withLock { $0[index] = error }
          shared.hasFailed.store(true, ordering: .relaxed)
        }
      }
    }
    let failed = shared.failures.withLock { $0 }
    if let first = failed.keys.min(), let error = failed[first] { throw error }
  }
}

/// What the threads of one `WorkerTeam.run` share.
private final class TeamState: Sendable {
  let failures = Mutex<[Int: any Error]>([:])
  let next = Atomic<Int>(0)
  let hasFailed = Atomic<Bool>(false)
}
