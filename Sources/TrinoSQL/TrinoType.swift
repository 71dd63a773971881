// Trino's types as analysis sees them: the storage type plus what only the dialect knows, such as a
// varchar's length, a timestamp's precision, and the zone that a zoned timestamp is shown in.

public import Columnar
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
}

/// A type as Trino's analysis sees it: the storage type plus what only the dialect knows.
///
/// That is a varchar's length in characters, a timestamp's fraction digits (0 to 6), and the zone
/// that a zoned timestamp is shown in.
public enum TrinoType: Hashable, Sendable, CustomStringConvertible {
  case boolean, integer, bigint, double, varbinary, date, unknown
  /// Values are kept in 64 bits whatever the precision.
  case decimal(precision: Int, scale: Int)
  /// nil: without a limit.
  case varchar(Int?)
  case timestamp(precision: Int)
  case timestampWithTimeZone(precision: Int, SessionZone)
  /// Milliseconds, in a bigint.
  case intervalDayToSecond
  /// Months, in a bigint.
  case intervalYearToMonth

  /// The type of a stored column; zoned timestamps are shown in UTC, as Delta tables are in Trino.
  public init(_ type: DataType) {
    switch type {
    case .boolean: self = .boolean
    case .integer: self = .integer
    case .bigint: self = .bigint
    case .double: self = .double
    case .decimal(let precision, let scale): self = .decimal(precision: precision, scale: scale)
    case .varchar: self = .varchar(nil)
    case .varbinary: self = .varbinary
    case .date: self = .date
    case .timestamp: self = .timestamp(precision: 6)
    case .timestampWithTimeZone: self = .timestampWithTimeZone(precision: 6, .utc)
    case .unknown: self = .unknown
    // Types that no catalog of this engine offers yet.
    default: self = .unknown
    }
  }

  public var storage: DataType {
    switch self {
    case .boolean: .boolean
    case .integer: .integer
    case .bigint, .intervalDayToSecond, .intervalYearToMonth: .bigint
    case .double: .double
    case .decimal(let precision, let scale): .decimal(precision: precision, scale: scale)
    case .varchar: .varchar
    case .varbinary: .varbinary
    case .date: .date
    case .timestamp: .timestamp
    case .timestampWithTimeZone: .timestampWithTimeZone
    case .unknown: .unknown
    }
  }

  public var description: String {
    switch self {
    case .varchar(let length?): "varchar(\(length))"
    case .timestamp(let precision): "timestamp(\(precision))"
    case .timestampWithTimeZone(let precision, _): "timestamp(\(precision)) with time zone"
    case .intervalDayToSecond: "interval day to second"
    case .intervalYearToMonth: "interval year to month"
    default: storage.description
    }
  }

  var isNumeric: Bool {
    switch self {
    case .integer, .bigint, .double, .decimal: true
    default: false
    }
  }

  var isText: Bool { if case .varchar = self { true } else { false } }

  var isInterval: Bool { self == .intervalDayToSecond || self == .intervalYearToMonth }

  var zone: SessionZone? {
    if case .timestampWithTimeZone(_, let zone) = self { return zone }
    return nil
  }

  /// The type of a whole number as a decimal; nil for others.
  var asDecimal: (precision: Int, scale: Int)? {
    switch self {
    case .integer: (10, 0)
    case .bigint: (19, 0)
    case .decimal(let precision, let scale): (precision, scale)
    default: nil
    }
  }

  /// A value as the CLI prints it.
  public func text(_ scalar: Scalar) -> String {
    guard case .integer(let value) = scalar else { return scalarText(scalar, storage) }
    switch self {
    case .timestamp(let precision): return timestampText(value, precision: precision)
    case .timestampWithTimeZone(let precision, let zone):
      return timestampText(value &+ Int64(zone.offsetSeconds) * 1_000_000, precision: precision)
        + " " + zone.name
    case .intervalDayToSecond: return Self.dayTimeText(value)
    case .intervalYearToMonth:
      return (value < 0 ? "-" : "") + "\(value.magnitude / 12)-\(value.magnitude % 12)"
    default: return scalarText(scalar, storage)
    }
  }

  /// `1 02:03:04.005`.
  private static func dayTimeText(_ milliseconds: Int64) -> String {
    func padded(_ value: UInt64, _ digits: Int) -> String {
      let text = String(value)
      return String(repeating: "0", count: max(0, digits - text.count)) + text
    }
    let total = milliseconds.magnitude
    let seconds = total / 1_000
    return (milliseconds < 0 ? "-" : "") + "\(seconds / 86_400) "
      + padded(seconds / 3_600 % 24, 2) + ":" + padded(seconds / 60 % 60, 2) + ":"
      + padded(seconds % 60, 2) + "." + padded(total % 1_000, 3)
  }

  /// The type both convert to without loss of meaning; nil where there is none.
  ///
  /// Zones must agree where both have one; the first is taken otherwise, which is right for
  /// comparisons only.
  static func common(_ a: TrinoType, _ b: TrinoType) -> TrinoType? {
    if a == b { return a }
    switch (a, b) {
    case (.unknown, _): return b
    case (_, .unknown): return a
    case (.varchar(let x), .varchar(let y)):
      guard let x, let y else { return .varchar(nil) }
      return .varchar(max(x, y))
    case (.integer, .bigint), (.bigint, .integer): return .bigint
    case (.double, _) where b.isNumeric: return .double
    case (_, .double) where a.isNumeric: return .double
    case (.date, .timestamp), (.date, .timestampWithTimeZone): return b
    case (.timestamp, .date), (.timestampWithTimeZone, .date): return a
    case (.timestamp(let x), .timestamp(let y)): return .timestamp(precision: max(x, y))
    case (.timestamp(let x), .timestampWithTimeZone(let y, let zone)),
      (.timestampWithTimeZone(let x, let zone), .timestamp(let y)),
      (.timestampWithTimeZone(let x, let zone), .timestampWithTimeZone(let y, _)):
      return .timestampWithTimeZone(precision: max(x, y), zone)
    default:
      guard let x = a.asDecimal, let y = b.asDecimal else { return nil }
      let scale = max(x.scale, y.scale)
      let whole = max(x.precision - x.scale, y.precision - y.scale)
      return .decimal(precision: min(38, whole + scale), scale: scale)
    }
  }

  /// How far an implicit conversion goes, for overloads: 0 none; nil not possible.
  static func coercionCost(_ from: TrinoType, _ to: TrinoType) -> Int? {
    if from.storage == to.storage, from.isInterval == to.isInterval { return 0 }
    switch (from, to) {
    case (.unknown, _): return 1
    case (.integer, .bigint): return 1
    case (.integer, .double), (.bigint, .double): return 4
    case (.decimal, .double): return 3
    case (.integer, .decimal), (.bigint, .decimal), (.decimal, .decimal): return 2
    case (.date, .timestamp): return 1
    case (.date, .timestampWithTimeZone), (.timestamp, .timestampWithTimeZone): return 2
    default: return nil
    }
  }
}
