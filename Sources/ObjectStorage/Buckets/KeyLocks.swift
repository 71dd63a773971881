internal import Dispatch
internal import Synchronization

/// One writer at a time for each key of a bucket, and none once the bucket is closed for good.
///
/// Keys share locks by their hash. Several are taken in the order of the locks, so that two writers
/// never wait for each other.
final class KeyLocks: Sendable {
  private let locks: [DispatchSemaphore]
  private let closed = Atomic<Bool>(false)

  init() {
    locks = (0..<64).map { _ in DispatchSemaphore(value: 1) }
  }

  var isClosed: Bool { closed.load(ordering: .acquiring) }

  /// Calls `body` while nobody else holds one of the keys.
  func with<Result>(_ keys: [String], _ body: () throws -> Result) rethrows -> Result {
    let wanted = Set(keys.map { (ExactKey($0).hashValue & Int.max) % locks.count }).sorted()
    for index in wanted { locks[index].wait() }
    defer { for index in wanted { locks[index].signal() } }
    return try body()
  }

  /// Calls `body` while nobody holds any key; nobody comes again if it answers true.
  func close(_ body: () throws -> Bool) rethrows -> Bool {
    for lock in locks { lock.wait() }
    defer { for lock in locks { lock.signal() } }
    guard try body() else { return false }
    closed.store(true, ordering: .releasing)
    return true
  }
}
