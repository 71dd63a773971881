// Who holds how much memory: a tree of counters with limits, to which buffers are charged.
//
// ```
// process ─┬─ query 1 ─┬─ scan
//          │           └─ aggregate      a charge counts at its node and at every ancestor
//          └─ query 2 ─── join
// ```
//
// Two ways to charge. `reserve` is for planned growth (a hash table about to double): it throws
// before the memory is taken. Buffers made inside `withBuffersCharged` are counted as they come and
// given back when they are freed; making one never fails, and `check()` between two batches throws
// where a limit was passed. So a query overshoots by what one batch makes, at most.

public import Diagnostics
import Synchronization

/// Why a column could not be made.
public enum ColumnarError: DiagnosableError, Equatable {
  /// Bytes wanted and allowed, and the reservation whose limit it was. SQL's
  /// EXCEEDED_LOCAL_MEMORY_LIMIT.
  case memoryLimitExceeded(wanted: Int, allowed: Int, reservation: String)

  public var code: String {
    switch self {
    case .memoryLimitExceeded: "columnar.memory_limit_exceeded"
    }
  }

  public var message: String {
    switch self {
    case .memoryLimitExceeded(let wanted, let allowed, let reservation):
      "\(reservation) wants \(wanted) bytes of memory and may hold \(allowed)"
    }
  }

  public var advice: String? {
    switch self {
    case .memoryLimitExceeded:
      "Filter earlier, group by fewer values, or raise the memory limit."
    }
  }
}

/// A counter of held bytes with a limit, under a parent that counts them too.
///
/// Safe to use from any thread.
public final class MemoryReservation: Sendable {
  /// Who holds, for the error.
  public let name: String
  /// Bytes this node and those under it may hold; `Int.max` for no limit of its own.
  public let limitBytes: Int
  public let parent: MemoryReservation?
  private let used = Atomic<Int>(0)
  private let peak = Atomic<Int>(0)

  public init(_ name: String, limitBytes: Int = .max, parent: MemoryReservation? = nil) {
    self.name = name
    self.limitBytes = limitBytes
    self.parent = parent
  }

  /// Bytes held now, by this node and those under it.
  public var usedBytes: Int { used.load(ordering: .relaxed) }
  /// The most bytes held at one time so far.
  public var peakBytes: Int { peak.load(ordering: .relaxed) }

  /// Counts `bytes` here and above; throws, and counts nothing, where a limit would be passed.
  public func reserve(_ bytes: Int) throws {
    charge(bytes)
    do { try check() } catch {
      release(bytes)
      throw error
    }
  }

  /// Counts `bytes` here and above whatever the limits; `check` tells.
  public func charge(_ bytes: Int) {
    var node: MemoryReservation? = self
    while let current = node {
      let now = current.used.add(bytes, ordering: .relaxed).newValue
      if now > current.peak.load(ordering: .relaxed) {
        current.peak.max(now, ordering: .relaxed)
      }
      node = current.parent
    }
  }

  /// Gives `bytes` back here and above.
  public func release(_ bytes: Int) {
    var node: MemoryReservation? = self
    while let current = node {
      current.used.subtract(bytes, ordering: .relaxed)
      node = current.parent
    }
  }

  /// Throws `memoryLimitExceeded` where this node or one above holds more than its limit.
  public func check() throws {
    var node: MemoryReservation? = self
    while let current = node {
      let now = current.usedBytes
      if now > current.limitBytes {
        throw ColumnarError.memoryLimitExceeded(
          wanted: now, allowed: current.limitBytes, reservation: current.name)
      }
      node = current.parent
    }
  }

  @TaskLocal static var charged: MemoryReservation?

  /// Runs `body`; every `Buffer` made in it on this thread is charged here for its whole life.
  public func withBuffersCharged<Result>(_ body: () throws -> Result) rethrows -> Result {
    try MemoryReservation.$charged.withValue(self) { try body() }
  }
}

/// Some bytes of a reservation that grow and shrink with one structure, given back with it.
///
/// Not thread-safe.
public final class MemoryClaim {
  private let reservation: MemoryReservation
  public private(set) var byteCount = 0

  public init(_ reservation: MemoryReservation) { self.reservation = reservation }

  deinit { reservation.release(byteCount) }

  /// Says how much is held now; throws, and keeps the old claim, where a limit would be passed.
  public func set(_ bytes: Int) throws {
    if bytes > byteCount {
      try reservation.reserve(bytes - byteCount)
    } else {
      reservation.release(byteCount - bytes)
    }
    byteCount = bytes
  }
}
