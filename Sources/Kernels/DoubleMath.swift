// The functions of one or two doubles that the system's mathematics library has.

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The system's mathematics by names of their own, so that doors need no C library.
public enum DoubleMath {
  public static func cubeRoot(_ x: Double) -> Double { cbrt(x) }
  public static func sine(_ x: Double) -> Double { sin(x) }
  public static func cosine(_ x: Double) -> Double { cos(x) }
  public static func tangent(_ x: Double) -> Double { tan(x) }
  public static func arcSine(_ x: Double) -> Double { asin(x) }
  public static func arcCosine(_ x: Double) -> Double { acos(x) }
  public static func arcTangent(_ x: Double) -> Double { atan(x) }
  public static func arcTangent(_ y: Double, _ x: Double) -> Double { atan2(y, x) }
  public static func hyperbolicSine(_ x: Double) -> Double { sinh(x) }
  public static func hyperbolicCosine(_ x: Double) -> Double { cosh(x) }
  public static func hyperbolicTangent(_ x: Double) -> Double { tanh(x) }
  public static func logarithm(_ x: Double) -> Double { log(x) }

  /// The share of a normal distribution at most `x`.
  public static func normalShare(mean: Double, deviation: Double, _ x: Double) -> Double {
    erfc((mean - x) / (deviation * 2.0.squareRoot())) / 2
  }

  /// The place below which the share `p`, between 0 and 1, of a normal distribution lies.
  public static func normalPlace(mean: Double, deviation: Double, _ p: Double) -> Double {
    // The share only grows: the place is between bounds that are halved until they meet.
    var low = -40.0
    var high = 40.0
    while true {
      let middle = (low + high) / 2
      guard middle > low, middle < high else { break }
      if normalShare(mean: 0, deviation: 1, middle) < p { low = middle } else { high = middle }
    }
    return mean + deviation * (low + high) / 2
  }

  /// A bound of Wilson's interval for a share of successes, at `z` standard deviations.
  public static func wilsonBound(
    successes: Double, trials: Double, z: Double, isUpper: Bool
  ) -> Double {
    let share = successes / trials
    let middle = share + z * z / (2 * trials)
    let width = z * (share * (1 - share) / trials + z * z / (4 * trials * trials)).squareRoot()
    return (isUpper ? middle + width : middle - width) / (1 + z * z / trials)
  }
}
