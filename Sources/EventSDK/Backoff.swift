/// How long to wait after a failure: exponential, with a random part.
///
/// The random part is not politeness. Phones that failed together would come back together, again and
/// again, and keep the server down that they wait for.
public struct Backoff: Sendable, Hashable {
  /// The first wait, before the random part.
  public var baseMilliseconds: Int64 = 1_000
  /// Each failure multiplies the wait by this many hundredths; 100 is a fixed interval.
  public var factorPercent = 200
  /// The longest wait.
  public var capMilliseconds: Int64 = 300_000
  public var jitter = Jitter.equal
  /// The batch is dropped after this many failures in a row; 0 for never.
  public var giveUpAttempts = 0
  /// The batch is dropped when it has failed for this long; 0 for never.
  public var giveUpAfterMilliseconds: Int64 = 0

  /// The random part of a wait of `w`.
  public enum Jitter: String, Sendable, Hashable, CaseIterable {
    /// `w`: all who failed together come back together.
    case none
    /// Between `w/2` and `w`.
    case equal
    /// Between 0 and `w`: spreads best, and some come at once.
    case full
  }

  public init() {}

  /// The wait after a number of failures in a row, from 1 on, without the random part.
  public func step(failures: Int) -> Int64 {
    let base = max(1, baseMilliseconds)
    let cap = max(base, capMilliseconds)
    var step = base
    guard factorPercent > 100 else { return step }
    for _ in 1..<max(1, min(failures, 4_096)) {
      let (product, overflow) = step.multipliedReportingOverflow(by: Int64(factorPercent))
      if overflow || product / 100 >= cap { return cap }
      step = product / 100
    }
    return min(step, cap)
  }

  func wait(failures: Int, _ random: inout RandomWaits) -> Int64 {
    let step = step(failures: failures)
    switch jitter {
    case .none: return step
    case .equal: return step / 2 + random.below(step - step / 2 + 1)
    case .full: return random.below(step + 1)
    }
  }
}

/// The random part of waits: SplitMix64, so that a test can name its seed.
struct RandomWaits: Sendable {
  private var state: UInt64

  init(seed: UInt64) {
    state = seed
  }

  /// A number in `0 ..< bound`.
  mutating func below(_ bound: Int64) -> Int64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = state
    value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
    value ^= value >> 31
    return Int64(value.multipliedFullWidth(by: UInt64(max(bound, 1))).high)
  }
}
