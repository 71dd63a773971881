// Numbers as people read them, the same on every machine: no locale is asked.

/// The languages of the course.
package enum Language: String, Sendable, Hashable, CaseIterable {
  case ko, en
}

/// Numbers and quantities as text.
package enum NumberText {
  /// `1642100` as `1,642,100`.
  package static func grouped(_ value: Int64) -> String {
    let digits = Array(String(value.magnitude).utf8)
    var result: [UInt8] = value < 0 ? [UInt8(ascii: "-")] : []
    for (index, digit) in digits.enumerated() {
      if index > 0, (digits.count - index) % 3 == 0 { result.append(UInt8(ascii: ",")) }
      result.append(digit)
    }
    return String(decoding: result, as: UTF8.self)
  }

  /// `1642100` as `1,642,100`.
  package static func grouped(_ value: Int) -> String { grouped(Int64(value)) }

  /// An amount of Korean won: `1,642,100원`, in English `KRW 1,642,100`.
  package static func won(_ value: Int64, _ language: Language) -> String {
    language == .ko ? grouped(value) + "원" : "KRW " + grouped(value)
  }

  /// A change, always with its sign: `+29,900`, `-3`, `0`.
  package static func signed(_ value: Int64) -> String {
    value > 0 ? "+" + grouped(value) : grouped(value)
  }

  /// A number of bytes: `312 B`, `1.2 MB`, `14 GB`; units of 1,000, as disks and networks count.
  package static func bytes(_ value: Int64) -> String {
    guard value.magnitude >= 1_000 else { return "\(value) B" }
    var scaled = Double(value)
    for unit in ["kB", "MB", "GB", "TB", "PB", "EB"] {
      scaled /= 1_000
      // 999.5 of a unit would be printed as 1000 of it.
      if scaled.magnitude < 999.5 || unit == "EB" { return short(scaled) + " " + unit }
    }
    return "\(value) B"
  }

  /// A duration: `41 ms`, `1.2 s`, `3 min 20 s`, `2 h 5 min`.
  package static func milliseconds(_ value: Int64) -> String {
    let sign = value < 0 ? "-" : ""
    let magnitude = value.magnitude
    if magnitude < 1_000 { return "\(sign)\(magnitude) ms" }
    if magnitude < 59_950 { return sign + decimal(Double(magnitude) / 1_000, places: 1) + " s" }
    let seconds = (magnitude + 500) / 1_000
    if seconds < 3_600 { return sign + pair(seconds / 60, "min", seconds % 60, "s") }
    let minutes = seconds / 60
    return sign + pair(minutes / 60, "h", minutes % 60, "min")
  }

  /// A share between 0 and 1 as `42 %`, or with `places` decimals.
  package static func percent(_ share: Double, places: Int = 0) -> String {
    decimal(share * 100, places: places) + " %"
  }

  /// A rounded number with exactly `places` decimals (0 to 9) and grouped thousands.
  ///
  /// Halves round away from zero. What is not finite or beyond 64 bits is written as Swift does.
  package static func decimal(_ value: Double, places: Int) -> String {
    let places = min(max(places, 0), 9)
    var scale: Double = 1
    for _ in 0..<places { scale *= 10 }
    let scaled = (value * scale).rounded(.toNearestOrAwayFromZero)
    guard scaled.magnitude < 9e18 else { return "\(value)" }
    let magnitude = Int64(scaled).magnitude
    let whole = grouped(Int64(magnitude / UInt64(scale)))
    let sign = scaled < 0 ? "-" : ""
    guard places > 0 else { return sign + whole }
    let fraction = String(magnitude % UInt64(scale))
    let zeros = String(repeating: "0", count: places - fraction.utf8.count)
    return sign + whole + "." + zeros + fraction
  }

  private static func short(_ value: Double) -> String {
    decimal(value, places: value.magnitude < 9.95 ? 1 : 0)
  }

  private static func pair(
    _ first: UInt64,
    _ firstUnit: String,
    _ second: UInt64,
    _ secondUnit: String
  ) -> String {
    second == 0 ? "\(first) \(firstUnit)" : "\(first) \(firstUnit) \(second) \(secondUnit)"
  }
}
