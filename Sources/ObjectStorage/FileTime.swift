internal import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// How many times this process has given.
private let timeCounter = Atomic<UInt64>(0)

/// A file's modification time, to the nanosecond.
struct FileTime: Equatable {
  /// Since the Unix epoch.
  var nanoseconds: Int64

  init(nanoseconds: Int64) {
    self.nanoseconds = nanoseconds
  }

  /// The moment of a story in milliseconds, or the system's for nil.
  ///
  /// A story's clock may stand still while files come and go. What lies below the millisecond tells
  /// them apart then: it is another for each file of a process.
  init(milliseconds: Int64?) {
    guard let milliseconds else {
      self.init(nanoseconds: Self.systemNow())
      return
    }
    let (start, isTooLarge) = milliseconds.multipliedReportingOverflow(by: 1_000_000)
    let number = timeCounter.wrappingAdd(1, ordering: .relaxed).newValue
    let turn = (number &+ Self.firstTurn) % 1_000_000
    let (sum, isOver) = start.addingReportingOverflow(Int64(turn))
    self.init(nanoseconds: isTooLarge || isOver ? (milliseconds < 0 ? .min : .max) : sum)
  }

  /// Another start for each process.
  private static let firstTurn = UInt64(bitPattern: systemNow())

  static func systemNow() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
  }

  var specification: timespec {
    let seconds = nanoseconds / 1_000_000_000 - (nanoseconds % 1_000_000_000 < 0 ? 1 : 0)
    return timespec(
      tv_sec: Int(seconds), tv_nsec: Int(nanoseconds &- seconds &* 1_000_000_000))
  }
}
