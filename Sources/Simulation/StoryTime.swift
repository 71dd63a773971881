/// A moment of story time: milliseconds since 1970-01-01T00:00:00Z.
///
/// Story time drives schedules, retention, `received_at` and lake modification times. Nothing in
/// the world moves unless it moves. Wall time is used only for what talks to the outside.
public struct StoryTime: Hashable, Comparable, Sendable, Codable {
  /// Milliseconds since the Unix epoch, UTC; negative before it.
  public var milliseconds: Int64

  public init(milliseconds: Int64) {
    self.milliseconds = milliseconds
  }

  /// The first moment a learner sees: Tuesday 2024-01-16 09:10 in Seoul.
  public static let courseStart = StoryTime(
    CivilDate(year: 2024, month: 1, day: 16),
    hour: 9,
    minute: 10,
    offsetSeconds: TimeZones.seoul
  )

  /// The moment that a clock on a wall in a zone shows.
  public init(
    _ date: CivilDate,
    hour: Int = 0,
    minute: Int = 0,
    second: Int = 0,
    offsetSeconds: Int = 0
  ) {
    let seconds = date.daysSinceEpoch * 86_400 + hour * 3_600 + minute * 60 + second
    self.milliseconds = Int64(seconds - offsetSeconds) * 1_000
  }

  public static func < (left: StoryTime, right: StoryTime) -> Bool {
    left.milliseconds < right.milliseconds
  }

  public func adding(milliseconds delta: Int64) -> StoryTime {
    StoryTime(milliseconds: milliseconds + delta)
  }

  public func adding(seconds: Int) -> StoryTime {
    StoryTime(milliseconds: milliseconds + Int64(seconds) * 1_000)
  }

  /// The calendar date that a wall clock in a zone shows at this moment.
  public func date(offsetSeconds: Int) -> CivilDate {
    CivilDate(daysSinceEpoch: floorDivide(Int(milliseconds) + offsetSeconds * 1_000, 86_400_000))
  }

  /// Milliseconds since that day's midnight in a zone; 0 ..< 86,400,000.
  public func millisecondOfDay(offsetSeconds: Int) -> Int {
    floorModulo(Int(milliseconds) + offsetSeconds * 1_000, 86_400_000)
  }

  /// The hour of the day, 0 to 23, that a wall clock in a zone shows.
  public func hour(offsetSeconds: Int) -> Int {
    millisecondOfDay(offsetSeconds: offsetSeconds) / 3_600_000
  }

  /// ISO-8601 in UTC with milliseconds: `2024-01-16T00:10:00.000Z`.
  public var iso8601: String {
    let date = date(offsetSeconds: 0)
    let ofDay = millisecondOfDay(offsetSeconds: 0)
    return "\(date)T\(clockText(ofDay)).\(padded(ofDay % 1_000, 3))Z"
  }

  /// `09:10:04` as a wall clock in a zone shows it.
  public func clock(offsetSeconds: Int) -> String {
    clockText(millisecondOfDay(offsetSeconds: offsetSeconds))
  }
}

/// The fixed offsets of the course; no system time-zone data is read.
public enum TimeZones {
  /// Korea Standard Time, +09:00 all year, in seconds.
  public static let seoul = 9 * 3_600
  public static let utc = 0
}

func clockText(_ millisecondOfDay: Int) -> String {
  let seconds = millisecondOfDay / 1_000
  return padded(seconds / 3_600, 2) + ":" + padded(seconds / 60 % 60, 2) + ":"
    + padded(seconds % 60, 2)
}

func padded(_ value: Int, _ digits: Int) -> String {
  let text = String(value)
  return text.count >= digits ? text : String(repeating: "0", count: digits - text.count) + text
}

@inlinable
public func floorDivide(_ value: Int, _ divisor: Int) -> Int {
  let quotient = value / divisor
  return value % divisor < 0 ? quotient - 1 : quotient
}

@inlinable
public func floorModulo(_ value: Int, _ divisor: Int) -> Int {
  let remainder = value % divisor
  return remainder < 0 ? remainder + divisor : remainder
}
