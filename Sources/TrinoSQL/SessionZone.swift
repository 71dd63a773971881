// The zones that timestamps are shown in.

import Columnar
import Kernels

/// A zone of fixed offset.
///
/// No system time-zone data is read.
public struct SessionZone: Sendable, Hashable {
  /// As Trino prints it: `UTC`, `Asia/Seoul`, `+09:00`.
  public var name: String
  public var offsetSeconds: Int

  public init(name: String, offsetSeconds: Int) {
    self.name = name
    self.offsetSeconds = offsetSeconds
  }

  public static let utc = SessionZone(name: "UTC", offsetSeconds: 0)
  public static let seoul = SessionZone(name: "Asia/Seoul", offsetSeconds: 9 * 3_600)

  /// A zone by name or offset; nil for zones that are not known here.
  public init?(parsing text: String) {
    switch text.lowercased() {
    case "utc", "z", "gmt", "etc/utc", "ut", "zulu", "+00:00", "-00:00": self = .utc
    case "asia/seoul", "rok": self = .seoul
    default:
      let bytes = Array(text.utf8)
      guard bytes.count == 6 || bytes.count == 3, bytes[0] == 0x2B || bytes[0] == 0x2D,
        let hours = Int(String(decoding: bytes[1...2], as: UTF8.self)), hours <= 14,
        bytes[1...2].allSatisfy({ $0 &- 0x30 < 10 })
      else { return nil }
      var minutes = 0
      if bytes.count == 6 {
        guard bytes[3] == 0x3A, bytes[4...5].allSatisfy({ $0 &- 0x30 < 10 }),
          let value = Int(String(decoding: bytes[4...5], as: UTF8.self)), value < 60
        else { return nil }
        minutes = value
      }
      let total = (hours * 60 + minutes) * 60
      guard total <= 14 * 3_600 else { return nil }
      offsetSeconds = bytes[0] == 0x2D ? -total : total
      name = bytes.count == 6 ? text : text + ":00"
    }
  }

  /// Seconds east of UTC at a moment, in microseconds since 1970.
  public func offsetSeconds(atMicroseconds moment: Int64) -> Int { offsetSeconds }

  /// The moment at which the zone's clocks show `wall`, both in microseconds.
  func moment(ofWallClock wall: Int64) -> Int64 {
    wall - Int64(offsetSeconds(atMicroseconds: wall)) * 1_000_000
  }

  /// Wall clocks of the zone as moments: `timestamp(6)` to `timestamp(6) with time zone`.
  func moments(of walls: ColumnVector) -> ColumnVector {
    shift(walls, bySeconds: -offsetSeconds, to: .timestampWithTimeZone)
  }

  /// What the zone's clocks show at the moments, to the microsecond.
  func wallClock(of moments: ColumnVector) throws -> ColumnVector {
    shift(
      try Kernels.cast(moments, to: .timestampWithTimeZone), bySeconds: offsetSeconds,
      to: .timestamp)
  }
}
