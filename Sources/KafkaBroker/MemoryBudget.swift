// How much memory clients can make the broker hold, all together.

internal import Synchronization

/// Counts bytes that are lent; small pieces are not counted.
final class MemoryBudget: Sendable {
  /// Pieces up to this size are bounded by the number of connections.
  static let uncounted = 64 << 10

  private let bytesMax: Int
  private let lent = Mutex(0)

  init(bytesMax: Int) {
    self.bytesMax = bytesMax
  }

  var used: Int { lent.withLock { $0 } }
  var left: Int { bytesMax - used }

  /// Nil where there is not so much left.
  func lend(_ bytes: Int) -> MemoryLease? {
    guard bytes > Self.uncounted else { return MemoryLease(bytes: 0, budget: self) }
    let isGranted = lent.withLock { lent in
      guard lent + bytes <= bytesMax else { return false }
      lent += bytes
      return true
    }
    return isGranted ? MemoryLease(bytes: bytes, budget: self) : nil
  }

  fileprivate func giveBack(_ bytes: Int) {
    lent.withLock { $0 -= bytes }
  }
}

/// Bytes of the budget, until the last reference goes.
final class MemoryLease: Sendable {
  private let bytes: Int
  private let budget: MemoryBudget

  fileprivate init(bytes: Int, budget: MemoryBudget) {
    self.bytes = bytes
    self.budget = budget
  }

  deinit {
    if bytes > 0 { budget.giveBack(bytes) }
  }
}
