// The zones that timestamps are shown in.

import Columnar
import Kernels

/// A zone by its rules: `UTC`, `Asia/Seoul`, `America/New_York`, `+09:00`.
public struct SessionZone: Sendable, Hashable {
  let rules: TimeZoneRules

  /// As Trino prints it: `UTC`, `Asia/Seoul`, `+09:00`.
  public var name: String { rules.name }

  private init(_ rules: TimeZoneRules) { self.rules = rules }

  public static func == (left: SessionZone, right: SessionZone) -> Bool { left.name == right.name }
  public func hash(into hasher: inout Hasher) { hasher.combine(name) }

  public static let utc = SessionZone(.utc)
  public static let seoul = SessionZone(parsing: "Asia/Seoul") ?? .utc

  /// A zone by name, in any case, or by offset; nil for what is neither.
  public init?(parsing text: String) {
    switch fixedZoneOffset(text) {
    case 0?: self = .utc
    case let offset?:
      let minutes = abs(offset) / 60
      func two(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
      let name = (offset < 0 ? "-" : "+") + two(minutes / 60) + ":" + two(minutes % 60)
      guard let rules = TimeZoneRules.named(name) else { return nil }
      self.rules = rules
    case nil:
      guard let rules = TimeZoneRules.named(text) else { return nil }
      self.rules = rules
    }
  }

  /// Seconds east of UTC at a moment, in microseconds since 1970.
  public func offsetSeconds(atMicroseconds moment: Int64) -> Int {
    rules.offset(at: floorQuotient(moment, 1_000_000))
  }

  /// The moment at which the zone's clocks show `wall`, both in microseconds.
  func moment(ofWallClock wall: Int64) -> Int64 {
    let seconds = floorQuotient(wall, 1_000_000)
    return wall + (rules.moment(ofWallClock: seconds) - seconds) * 1_000_000
  }

  /// Wall clocks of the zone as moments, of the same precision.
  func moments(of walls: ColumnVector) -> ColumnVector { Kernels.moment(walls, in: rules) }

  /// What the zone's clocks show at the moments, of the same precision.
  func wallClock(of moments: ColumnVector) -> ColumnVector {
    Kernels.wallClock(moments, in: rules)
  }
}
