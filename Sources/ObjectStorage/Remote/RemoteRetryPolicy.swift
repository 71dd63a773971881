/// How often a request is made again, and how long is waited before.
///
/// The wait before attempt n+1 is drawn evenly between nothing and twice the bound of the one before
/// ("full jitter"), so that clients which failed together do not come back together.
public struct RemoteRetryPolicy: Sendable {
  /// Attempts in all, the first included.
  public var attemptsMax = 5
  /// The bound of the first wait.
  public var firstDelayMilliseconds = 100
  /// The bound that doubling stops at, and the longest wait that an endpoint may ask for.
  public var delayMillisecondsMax = 10_000
  /// Draws the waits; any generator will do.
  public var random: @Sendable () -> UInt64
  /// Waits so many milliseconds; blocks.
  public var sleep: @Sendable (_ milliseconds: Int) -> Void

  /// A policy with the system's generator and clock.
  public init(
    random: @escaping @Sendable () -> UInt64 = { UInt64.random(in: 0 ... .max) },
    sleep: (@Sendable (_ milliseconds: Int) -> Void)? = nil
  ) {
    self.random = random
    self.sleep = sleep ?? { RemoteThreads.sleep(milliseconds: $0) }
  }

  /// The longest wait behind the attempt of this number, which counts from 1.
  func bound(behindAttempt number: Int) -> Int {
    let doublings = min(max(0, number - 1), 30)
    let (bound, isOver) = max(0, firstDelayMilliseconds).multipliedReportingOverflow(
      by: 1 << doublings
    )
    return min(isOver ? .max : bound, max(0, delayMillisecondsMax))
  }

  /// Waits behind an attempt; at least as long as the endpoint has asked for.
  func pause(behindAttempt number: Int, askedMilliseconds: Int?) {
    let bound = bound(behindAttempt: number)
    let drawn = Int(truncatingIfNeeded: random() % (UInt64(bound) + 1))
    let asked = min(max(0, askedMilliseconds ?? 0), max(0, delayMillisecondsMax))
    let wait = max(drawn, asked)
    if wait > 0 { sleep(wait) }
  }
}
