// Many callers, one fsync: whoever comes while a round runs shares the next one.

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Darwin)
internal import Darwin
#endif

/// Runs a blocking flush so that every caller is covered by a round that began after it called.
///
/// `@unchecked Sendable`: the pthread objects are made for sharing and live as long as this object;
/// `next`, `isRunning` and every `Round` are touched only while `mutex` is held.
package final class GroupCommit: @unchecked Sendable {
  /// Those who share one flush. They sleep on a condition of their own: the end of a round wakes
  /// whom it concerns, and one of the next round, who runs that.
  private final class Round {
    let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    var isDone = false
    var error: (any Error)?

    init() { pthread_cond_init(condition, nil) }

    deinit {
      pthread_cond_destroy(condition)
      condition.deallocate()
    }
  }

  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private var next = Round()
  private var isRunning = false

  package init() {
    pthread_mutex_init(mutex, nil)
  }

  deinit {
    pthread_mutex_destroy(mutex)
    mutex.deallocate()
  }

  /// Returns after some thread ran `flush` from beginning to end, starting after this call.
  ///
  /// - Throws: what that run threw; every caller it covered gets the same error.
  package func run(_ flush: () throws -> Void) throws {
    pthread_mutex_lock(mutex)
    let mine = next
    while !mine.isDone {
      if isRunning {
        pthread_cond_wait(mine.condition, mutex)
        continue
      }
      isRunning = true
      next = Round()
      pthread_mutex_unlock(mutex)
      var failure: (any Error)?
      do { try flush() } catch { failure = error }
      pthread_mutex_lock(mutex)
      mine.error = failure
      mine.isDone = true
      isRunning = false
      pthread_cond_broadcast(mine.condition)
      pthread_cond_signal(next.condition)
    }
    let error = mine.error
    pthread_mutex_unlock(mutex)
    if let error { throw error }
  }
}
