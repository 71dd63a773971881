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
}
