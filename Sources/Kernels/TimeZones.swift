// Time zones: fixed offsets, and named ones by the rules of the tz database.
//
// The system's compiled rules (TZif, RFC 8536) are read from its zoneinfo folder: transitions, then
// the rule for the years after the last. A machine without that folder has the rules of Foundation.

public import Columnar
import Foundation
import Synchronization

/// The seconds east of UTC of `+09:00`, `-3`, `Z` or `UTC`; nil for names.
public func fixedZoneOffset(_ text: String) -> Int? {
  switch text.lowercased() {
  case "utc", "z", "gmt", "ut", "etc/utc", "zulu", "uct", "etc/gmt", "gmt0": return 0
  default: break
  }
  let bytes = Array(text.utf8)
  guard let first = bytes.first, first == 0x2B || first == 0x2D else { return nil }
  let parts = text.dropFirst().split(separator: ":", omittingEmptySubsequences: false)
  guard parts.count <= 2, let hours = Int(parts[0]), parts[0].count <= 2, hours <= 14 else {
    return nil
  }
  var minutes = 0
  if parts.count == 2 {
    guard parts[1].count == 2, let value = Int(parts[1]), value < 60 else { return nil }
    minutes = value
  }
  let total = (hours * 60 + minutes) * 60
  guard total <= 14 * 3_600 else { return nil }
  return first == 0x2D ? -total : total
}

/// A zone's offsets from UTC over time; shared, immutable.
public final class TimeZoneRules: Sendable {
  /// As it was asked for: `Asia/Seoul`, `+09:00`.
  public let name: String
  private let source: Source

  private enum Source: Sendable {
    case fixed(Int)
    case table(ZoneTable)
    case foundation(Foundation.TimeZone)
  }

  private init(_ name: String, _ source: Source) {
    self.name = name
    self.source = source
  }

  private static let known = Mutex<[String: TimeZoneRules]>([:])

  public static let utc = TimeZoneRules("UTC", .fixed(0))

  /// The zone of a name or offset; nil where there is none.
  ///
  /// Reads a file the first time a name is asked for.
  public static func named(_ name: String) -> TimeZoneRules? {
    if let zone = known.withLock({ $0[name] }) { return zone }
    guard let zone = load(name) else { return nil }
    known.withLock { $0[name] = zone }
    return zone
  }

  private static func load(_ name: String) -> TimeZoneRules? {
    if let offset = fixedZoneOffset(name) { return TimeZoneRules(name, .fixed(offset)) }
    let isName = name.utf8.allSatisfy { byte in
      switch byte {
      case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2B, 0x2D, 0x2F, 0x5F: true
      default: false
      }
    }
    guard isName, !name.isEmpty, !name.hasPrefix("/"), name.utf8.count < 64 else { return nil }
    for folder in ["/usr/share/zoneinfo", "/var/db/timezone/zoneinfo"] {
      for spelling in [name, spelled(name, in: folder)] {
        if let spelling, let data = FileManager.default.contents(atPath: folder + "/" + spelling),
          let table = ZoneTable(Array(data))
        {
          return TimeZoneRules(spelling, .table(table))
        }
      }
    }
    guard name.contains("/"), let zone = Foundation.TimeZone(identifier: name) else { return nil }
    return TimeZoneRules(name, .foundation(zone))
  }

  /// The name as its folders spell it: `asia/seoul` is `Asia/Seoul`; nil where there is none.
  private static func spelled(_ name: String, in folder: String) -> String? {
    var path: [String] = []
    for part in name.lowercased().split(separator: "/", omittingEmptySubsequences: false) {
      let here = ([folder] + path).joined(separator: "/")
      let names = try? FileManager.default.contentsOfDirectory(atPath: here)
      guard let found = names?.first(where: { $0.lowercased() == part }) else { return nil }
      path.append(found)
    }
    return path.joined(separator: "/")
  }

  /// Seconds east of UTC at a moment, in seconds since 1970.
  public func offset(at seconds: Int64) -> Int { span(at: seconds).offset }

  /// The offset at a moment, with the moments around it between which it surely holds.
  fileprivate func span(at seconds: Int64) -> OffsetSpan {
    switch source {
    case .fixed(let offset): return OffsetSpan(offset: offset, from: .min, until: .max)
    case .table(let table): return table.span(at: seconds)
    case .foundation(let zone):
      let offset = zone.secondsFromGMT(for: Date(timeIntervalSince1970: Double(seconds)))
      // Clocks change at quarters of an hour.
      let from = seconds - floorRemainder(seconds, 900)
      return OffsetSpan(offset: offset, from: from, until: from + 900)
    }
  }

  /// The moment that a wall clock shows; one that the clock skipped moves on by the gap, and of two
  /// the earlier is meant, as in Java.
  public func moment(ofWallClock seconds: Int64) -> Int64 {
    var cursor = ZoneCursor(self)
    return cursor.moment(ofWallClock: seconds)
  }
}

/// An offset, and the moments (from, until) between which it holds.
private struct OffsetSpan {
  var offset: Int
  var from: Int64
  var until: Int64
}

/// Reads a zone's offsets for many moments that lie near each other.
struct ZoneCursor {
  private let zone: TimeZoneRules
  private var span: OffsetSpan

  init(_ zone: TimeZoneRules) {
    self.zone = zone
    span = OffsetSpan(offset: 0, from: 0, until: 0)
  }

  /// Seconds east of UTC at a moment, in seconds since 1970.
  @inline(__always)
  mutating func offset(at seconds: Int64) -> Int {
    if seconds < span.from || seconds >= span.until { span = zone.span(at: seconds) }
    return span.offset
  }

  /// See `TimeZoneRules.moment(ofWallClock:)`.
  mutating func moment(ofWallClock seconds: Int64) -> Int64 {
    let before = offset(at: seconds - 86_400)
    let after = offset(at: seconds + 86_400)
    if before == after, offset(at: seconds - Int64(before)) == before {
      return seconds - Int64(before)
    }
    let early = seconds - Int64(before)
    if offset(at: early) == before { return early }
    let late = seconds - Int64(after)
    if offset(at: late) == after { return late }
    // In the gap: the offset that held before it.
    return early
  }
}

/// The transitions of one TZif file.
private struct ZoneTable: Sendable {
  private var times: [Int64] = []
  private var offsets: [Int] = []
  private var first = 0
  private var rule: DaylightRule?

  init?(_ bytes: [UInt8]) {
    func number(_ at: Int, _ size: Int) -> Int64? {
      guard at >= 0, at + size <= bytes.count else { return nil }
      var value: Int64 = bytes[at] >= 0x80 ? -1 : 0
      for index in at..<at + size { value = value << 8 | Int64(bytes[index]) }
      return value
    }
    func header(_ at: Int) -> [Int]? {
      guard at + 44 <= bytes.count, Array(bytes[at..<at + 4]) == Array("TZif".utf8) else {
        return nil
      }
      var counts: [Int] = []
      for index in 0..<6 {
        guard let value = number(at + 20 + 4 * index, 4), value >= 0, value < 100_000 else { return nil }
        counts.append(Int(value))
      }
      return counts
    }
    // isutc, isstd, leap, time, type, char
    guard var counts = header(0) else { return nil }
    var start = 44
    var width = 4
    if bytes[4] >= 0x32 {
      let skipped =
        counts[3] * 5 + counts[4] * 6 + counts[5] + counts[2] * 8 + counts[1] + counts[0]
      guard let second = header(44 + skipped) else { return nil }
      counts = second
      start = 44 + skipped + 44
      width = 8
    }
    let types = start + counts[3] * (width + 1)
    guard types + counts[4] * 6 <= bytes.count, counts[4] > 0 else { return nil }
    func offset(_ type: Int) -> Int? {
      type < counts[4] ? number(types + type * 6, 4).map { Int($0) } : nil
    }
    for index in 0..<counts[3] {
      guard let time = number(start + index * width, width),
        let value = offset(Int(bytes[start + counts[3] * width + index]))
      else { return nil }
      times.append(time)
      offsets.append(value)
    }
    first = offset(0) ?? 0
    let footer =
      types + counts[4] * 6 + counts[5] + counts[2] * (width + 4) + counts[1] + counts[0]
    if width == 8, footer < bytes.count, bytes[footer] == 0x0A,
      let end = bytes[(footer + 1)...].firstIndex(of: 0x0A)
    {
      rule = DaylightRule(String(decoding: bytes[(footer + 1)..<end], as: UTF8.self))
    }
  }

  func span(at seconds: Int64) -> OffsetSpan {
    let last = times.last ?? .min
    if seconds >= last {
      guard let rule else {
        return OffsetSpan(offset: offsets.last ?? first, from: last, until: .max)
      }
      var span = rule.span(at: seconds)
      span.from = max(span.from, last)
      return span
    }
    var low = 0
    var high = times.count
    while low < high {
      let middle = (low + high) / 2
      if times[middle] <= seconds { low = middle + 1 } else { high = middle }
    }
    return OffsetSpan(
      offset: low == 0 ? first : offsets[low - 1], from: low == 0 ? .min : times[low - 1],
      until: times[low])
  }
}

/// A POSIX rule such as `EST5EDT,M3.2.0,M11.1.0`: what holds after the last transition.
private struct DaylightRule: Sendable {
  private var standard = 0
  private var summer: Int?
  private var begin = Day()
  private var end = Day()

  private struct Day: Sendable {
    enum Kind: Sendable { case month, julian, zeroBased }
    var kind = Kind.month
    var month = 0
    var week = 0
    var day = 0
    var seconds = 7_200

    func seconds(inYear year: Int64) -> Int64 {
      let date: Int64
      switch kind {
      case .month:
        let firstDay = days(year: year, month: Int64(month), day: 1)
        // 1970-01-01 was a Thursday.
        let weekday = floorRemainder(firstDay + 4, 7)
        var inMonth = floorRemainder(Int64(day) - weekday, 7) + Int64(week - 1) * 7
        if inMonth >= daysInMonth(year: year, month: Int64(month)) { inMonth -= 7 }
        date = firstDay + inMonth
      case .julian:
        let isLeap = daysInMonth(year: year, month: 2) == 29
        date = days(year: year, month: 1, day: 1) + Int64(day - 1) + (isLeap && day > 59 ? 1 : 0)
      case .zeroBased: date = days(year: year, month: 1, day: 1) + Int64(day)
      }
      return date * 86_400 + Int64(seconds)
    }
  }

  init?(_ text: String) {
    var rest = Substring(text)
    func skipName() -> Bool {
      if rest.first == "<" {
        guard let end = rest.firstIndex(of: ">") else { return false }
        rest = rest[rest.index(after: end)...]
        return true
      }
      let before = rest.count
      while let letter = rest.first, letter.isLetter { rest = rest.dropFirst() }
      return rest.count < before
    }
    func clock() -> Int? {
      var sign = 1
      if let first = rest.first, first == "-" || first == "+" {
        sign = first == "-" ? -1 : 1
        rest = rest.dropFirst()
      }
      var parts: [Int] = []
      while parts.count < 3 {
        let digits = rest.prefix { $0.isNumber }
        guard let value = Int(digits) else { return nil }
        parts.append(value)
        rest = rest.dropFirst(digits.count)
        guard rest.first == ":" else { break }
        rest = rest.dropFirst()
      }
      while parts.count < 3 { parts.append(0) }
      return sign * (parts[0] * 3_600 + parts[1] * 60 + parts[2])
    }
    func day() -> Day? {
      guard rest.first == "," else { return nil }
      rest = rest.dropFirst()
      var day = Day()
      func number() -> Int? {
        let digits = rest.prefix { $0.isNumber }
        rest = rest.dropFirst(digits.count)
        return Int(digits)
      }
      if rest.first == "M" {
        rest = rest.dropFirst()
        guard let month = number(), rest.first == "." else { return nil }
        rest = rest.dropFirst()
        guard let week = number(), rest.first == "." else { return nil }
        rest = rest.dropFirst()
        guard let weekday = number(), (1...12).contains(month), (1...5).contains(week), weekday < 7
        else { return nil }
        (day.month, day.week, day.day) = (month, week, weekday)
      } else {
        day.kind = rest.first == "J" ? .julian : .zeroBased
        if rest.first == "J" { rest = rest.dropFirst() }
        guard let value = number() else { return nil }
        day.day = value
      }
      if rest.first == "/" {
        rest = rest.dropFirst()
        guard let seconds = clock() else { return nil }
        day.seconds = seconds
      }
      return day
    }
    guard skipName(), let west = clock() else { return nil }
    standard = -west
    guard !rest.isEmpty else { return }
    guard skipName() else { return nil }
    summer = standard + 3_600
    if rest.first != ",", let west = clock() { summer = -west }
    guard let from = day(), let to = day() else { return nil }
    begin = from
    end = to
  }

  func span(at seconds: Int64) -> OffsetSpan {
    guard let summer else { return OffsetSpan(offset: standard, from: .min, until: .max) }
    let year = civil(fromDays: floorQuotient(seconds + Int64(standard), 86_400)).year
    let from = begin.seconds(inYear: year) - Int64(standard)
    let to = end.seconds(inYear: year) - Int64(summer)
    let isSummer =
      from < to ? seconds >= from && seconds < to : seconds >= from || seconds < to
    let newYear = days(year: year, month: 1, day: 1) * 86_400 - Int64(standard)
    let nextYear = days(year: year + 1, month: 1, day: 1) * 86_400 - Int64(standard)
    let marks = [newYear, from, to, nextYear]
    return OffsetSpan(
      offset: isSummer ? summer : standard,
      from: marks.filter { $0 <= seconds }.max() ?? seconds,
      until: marks.filter { $0 > seconds }.min() ?? seconds + 1)
  }
}

/// A wall clock with its zone as the UTC moment; nil where the zone is not known.
func zonedMoment(_ moment: ParsedMoment, _ zoneText: String) -> ParsedMoment? {
  guard let zone = TimeZoneRules.named(zoneText) else { return nil }
  let second: Int128 = 1_000_000_000_000
  var whole = moment.picoseconds / second
  if moment.picoseconds % second < 0 { whole -= 1 }
  guard let seconds = Int64(exactly: whole), seconds.magnitude < 1 << 50 else { return nil }
  var result = moment
  result.picoseconds += Int128(zone.moment(ofWallClock: seconds) - seconds) * second
  result.zoneText = nil
  return result
}

/// The wall clock of each moment in a zone, as a timestamp of the same precision.
public func wallClock(_ moments: ColumnVector, in zone: TimeZoneRules) -> ColumnVector {
  let precision = moments.type.secondPrecision ?? 6
  var cursor = ZoneCursor(zone)
  return moved(moments, to: .timestamp(precision: precision)) { Int64(cursor.offset(at: $0)) }
}

/// The moment at which each wall clock of a zone is shown, as a timestamp with time zone.
public func moment(_ wallClocks: ColumnVector, in zone: TimeZoneRules) -> ColumnVector {
  let precision = wallClocks.type.secondPrecision ?? 6
  var cursor = ZoneCursor(zone)
  return moved(wallClocks, to: .timestampWithTimeZone(precision: precision)) {
    cursor.moment(ofWallClock: $0) - $0
  }
}

/// Seconds east of UTC of a zone at each moment, as `bigint`.
public func zoneOffsets(_ moments: ColumnVector, in zone: TimeZoneRules) -> ColumnVector {
  let wall = wallClock(moments, in: zone).plain
  let source = moments.plain
  guard source.type.numberForm == .int64 else {
    let second: Int128 = 1_000_000_000_000
    let values = zip(wideValues(wall), wideValues(source)).map { ($0 - $1) / second }
    return makeWhole(.bigint, values, source.validity)
  }
  let a = Lane<Int64>(wall)
  let b = Lane<Int64>(source)
  return makeFixed(.bigint, source.count, source.validity, as: Int64.self) { out in
    for row in 0..<source.count { out[row] = (a[row] &- b[row]) / 1_000_000 }
  }
}

/// Adds to each value the seconds that `change` gives for it.
@inline(__always)
private func moved(
  _ vector: ColumnVector, to type: DataType, _ change: (Int64) -> Int64
) -> ColumnVector {
  let source = vector.plain
  guard source.type.numberForm == .int64 else {
    let second: Int128 = 1_000_000_000_000
    let values = wideValues(source).map { value -> Int128 in
      var whole = value / second
      if value % second < 0 { whole -= 1 }
      return value + Int128(change(Int64(truncatingIfNeeded: whole))) * second
    }
    return makeWhole(type, values, source.validity)
  }
  let lane = Lane<Int64>(source)
  return makeFixed(type, source.count, source.validity, as: Int64.self) { out in
    for row in 0..<source.count {
      out[row] = lane[row] &+ change(floorQuotient(lane[row], 1_000_000)) &* 1_000_000
    }
  }
}
