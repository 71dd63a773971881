// Dates and timestamps: calendar fields, truncation, arithmetic and differences.
//
// Dates are days, timestamps microseconds, since 1970-01-01. Zoned timestamps are UTC; a kernel
// that needs the wall clock takes the zone's offset in seconds. Integer arithmetic only.

public import Columnar

public let microsecondsPerDay: Int64 = 86_400_000_000

@inlinable
public func floorQuotient(_ value: Int64, _ divisor: Int64) -> Int64 {
  let quotient = value / divisor
  return value % divisor < 0 ? quotient - 1 : quotient
}

@inlinable
public func floorRemainder(_ value: Int64, _ divisor: Int64) -> Int64 {
  let remainder = value % divisor
  return remainder < 0 ? remainder + divisor : remainder
}

/// Year, month 1…12 and day 1…31 of a day number, in the proleptic Gregorian calendar.
@inlinable
public func civil(fromDays days: Int64) -> (year: Int64, month: Int64, day: Int64) {
  let shifted = days &+ 719_468
  let era = floorQuotient(shifted, 146_097)
  let dayOfEra = shifted - era * 146_097
  let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
  let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
  let shiftedMonth = (5 * dayOfYear + 2) / 153
  let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
  return (
    yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month,
    dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
  )
}

/// The day number of a civil date; parts out of range run on.
@inlinable
public func days(year: Int64, month: Int64, day: Int64) -> Int64 {
  let shifted = month <= 2 ? year - 1 : year
  let era = floorQuotient(shifted, 400)
  let yearOfEra = shifted - era * 400
  let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
  let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
  return era * 146_097 + dayOfEra - 719_468
}

public func daysInMonth(year: Int64, month: Int64) -> Int64 {
  switch month {
  case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
  case 4, 6, 9, 11: 30
  default: 31
  }
}

/// `2024-01-15`.
public func dateText(_ days: Int64) -> String {
  var bytes: [UInt8] = []
  appendDate(days, to: &bytes)
  return String(decoding: bytes, as: UTF8.self)
}

/// `2024-01-15 09:10:00.000000` with `precision` fraction digits, 0 to 6.
public func timestampText(_ microseconds: Int64, precision: Int) -> String {
  var bytes: [UInt8] = []
  appendTimestamp(microseconds: microseconds, precision: precision, to: &bytes)
  return String(decoding: bytes, as: UTF8.self)
}

func trimmed(_ bytes: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
  var lower = 0
  var upper = bytes.count
  while lower < upper, bytes[lower] <= 0x20 { lower += 1 }
  while upper > lower, bytes[upper - 1] <= 0x20 { upper -= 1 }
  return UnsafeRawBufferPointer(rebasing: bytes[lower..<upper])
}

/// Reads digits at `index`; nil where there are not `least` … `most` of them.
private func readNumber(
  _ bytes: UnsafeRawBufferPointer,
  _ index: inout Int,
  least: Int,
  most: Int
) -> Int64? {
  var value: Int64 = 0
  var digits = 0
  while index < bytes.count, digits < most {
    let digit = bytes[index] &- 0x30
    guard digit <= 9 else { break }
    value = value * 10 + Int64(digit)
    digits += 1
    index += 1
  }
  return digits >= least ? value : nil
}

private func readDate(_ bytes: UnsafeRawBufferPointer, _ index: inout Int) -> Int64? {
  var isNegative = false
  if index < bytes.count, bytes[index] == 0x2D {
    isNegative = true
    index += 1
  }
  guard let year = readNumber(bytes, &index, least: 1, most: 6),
    index < bytes.count, bytes[index] == 0x2D
  else { return nil }
  index += 1
  guard let month = readNumber(bytes, &index, least: 1, most: 2),
    index < bytes.count, bytes[index] == 0x2D
  else { return nil }
  index += 1
  guard let day = readNumber(bytes, &index, least: 1, most: 2) else { return nil }
  let signed = isNegative ? -year : year
  guard (1...12).contains(month), day >= 1, day <= daysInMonth(year: signed, month: month) else {
    return nil
  }
  return days(year: signed, month: month, day: day)
}

/// Reads `2024-01-15`; nil for anything else.
public func parseDate(_ bytes: UnsafeRawBufferPointer) -> Int32? {
  var index = 0
  guard let day = readDate(bytes, &index), index == bytes.count else { return nil }
  return Int32(exactly: day)
}

/// What a timestamp text says: wall-clock microseconds, fraction digits, and the zone's text.
public struct ParsedTimestamp: Sendable, Hashable {
  public var microseconds: Int64
  public var precision: Int
  public var zoneText: String?
}

/// Reads `2024-01-15[ |T]09:10[:00[.123456]][ zone]` or a date alone; nil for anything else and for
/// more than six fraction digits.
public func parseTimestamp(_ bytes: UnsafeRawBufferPointer) -> ParsedTimestamp? {
  guard let moment = parseMoment(bytes), moment.precision <= 6,
    let micros = Int64(exactly: moment.picoseconds / 1_000_000)
  else { return nil }
  return ParsedTimestamp(
    microseconds: micros, precision: moment.precision, zoneText: moment.zoneText)
}

/// What a timestamp text says: wall-clock picoseconds, fraction digits, and the zone's text.
public struct ParsedMoment: Sendable, Hashable {
  /// Since 1970-01-01 00:00:00.
  public var picoseconds: Int128
  /// Fraction digits that were written, 0 to 12.
  public var precision: Int
  public var zoneText: String?

  /// The value of a timestamp column of `precision` digits, rounded half up; nil where it does not
  /// fit.
  public func value(precision: Int) -> Int128? {
    let rounded = roundMoment(picoseconds, precision: precision)
    guard precision <= 6 else { return rounded }
    return Int64(exactly: rounded / 1_000_000).map { Int128($0) }
  }
}

/// Reads `2024-01-15[ |T]09:10[:00[.123456789012]][ zone]` or a date alone; nil for anything else.
public func parseMoment(_ bytes: UnsafeRawBufferPointer) -> ParsedMoment? {
  var index = 0
  guard let day = readDate(bytes, &index) else { return nil }
  var result = ParsedMoment(
    picoseconds: Int128(day) * 86_400_000_000_000_000, precision: 0, zoneText: nil)
  guard index < bytes.count else { return result }
  guard bytes[index] == 0x20 || bytes[index] == 0x54 else { return nil }
  index += 1
  if let time = readTime(bytes, &index) {
    result.picoseconds += Int128(time.picoseconds)
    result.precision = time.precision
  } else {
    return nil
  }
  while index < bytes.count, bytes[index] == 0x20 { index += 1 }
  if index < bytes.count {
    result.zoneText = String(
      decoding: UnsafeRawBufferPointer(rebasing: bytes[index...]),
      as: UTF8.self
    )
  }
  return result
}

/// Reads `09:10[:00[.123]]` to picoseconds since midnight; nil for anything else.
public func parseTime(_ bytes: UnsafeRawBufferPointer) -> Int64? {
  var index = 0
  guard let time = readTime(bytes, &index), index == bytes.count else { return nil }
  return time.picoseconds
}

private func readTime(
  _ bytes: UnsafeRawBufferPointer, _ index: inout Int
) -> (picoseconds: Int64, precision: Int)? {
  guard let hour = readNumber(bytes, &index, least: 1, most: 2), hour < 24, index < bytes.count,
    bytes[index] == 0x3A
  else { return nil }
  index += 1
  guard let minute = readNumber(bytes, &index, least: 1, most: 2), minute < 60 else { return nil }
  var second: Int64 = 0
  var fraction: Int64 = 0
  var precision = 0
  if index < bytes.count, bytes[index] == 0x3A {
    index += 1
    guard let value = readNumber(bytes, &index, least: 1, most: 2), value < 60 else { return nil }
    second = value
    if index < bytes.count, bytes[index] == 0x2E {
      index += 1
      let start = index
      guard let value = readNumber(bytes, &index, least: 1, most: 12) else { return nil }
      if index < bytes.count, bytes[index] >= 0x30, bytes[index] <= 0x39 { return nil }
      precision = index - start
      fraction = value * powersOfTen[12 - precision]
    }
  }
  return (((hour * 60 + minute) * 60 + second) * 1_000_000_000_000 + fraction, precision)
}

/// The units in which times are truncated, added and subtracted.
///
/// Units to the week have a fixed length; a day has 24 hours. Months, quarters and years follow the
/// calendar. A week begins on Monday.
public enum TimeUnit: String, Sendable, Hashable, CaseIterable {
  case millisecond, second, minute, hour, day, week, month, quarter, year

  /// Microseconds of the units of fixed length; nil for calendar units.
  public var microseconds: Int64? {
    switch self {
    case .millisecond: 1_000
    case .second: 1_000_000
    case .minute: 60_000_000
    case .hour: 3_600_000_000
    case .day: microsecondsPerDay
    case .week: 7 * microsecondsPerDay
    case .month, .quarter, .year: nil
    }
  }

  var months: Int64 { self == .year ? 12 : self == .quarter ? 3 : 1 }
}

/// The calendar fields that `extract` reads.
///
/// `dayOfWeek` is 1 for Monday to 7; `week` and `yearOfWeek` are those of ISO 8601. `millisecond`
/// is that of the second, 0 to 999.
public enum DateField: String, Sendable, Hashable {
  case year, quarter, month, week, day, dayOfWeek, dayOfYear, hour, minute, second, millisecond
  case yearOfWeek
}

/// What clocks show, in microseconds since 1970, as a plain `timestamp`: a date's midnight, a time on
/// 1970-01-01, a timestamp's own clock, a moment's in `zone`. Finer digits are cut.
func wallMicroseconds(_ vector: ColumnVector, _ zone: TimeZoneRules) -> ColumnVector {
  let source = vector.plain
  switch source.type {
  case .date:
    let lane = Lane<Int32>(source)
    return makeFixed(.timestamp, source.count, source.validity, as: Int64.self) { out in
      for row in 0..<source.count { out[row] = Int64(lane[row]) &* microsecondsPerDay }
    }
  case .time:
    let lane = Lane<Int64>(source)
    return makeFixed(.timestamp, source.count, source.validity, as: Int64.self) { out in
      for row in 0..<source.count { out[row] = lane[row] / 1_000_000 }
    }
  default: break
  }
  var wall = source
  if case .timestampWithTimeZone = source.type { wall = wallClock(source, in: zone) }
  guard wall.type.numberForm != .int64 else { return wall.retyped(.timestamp) }
  let micros = wideValues(wall).map { ($0 - floorModulo($0, 1_000_000)) / 1_000_000 }
  return makeWhole(.timestamp, micros, wall.validity)
}

/// One calendar field as `bigint`; a zoned timestamp is read on the wall clock of its zone.
public func extract(
  _ field: DateField,
  _ vector: ColumnVector,
  zone: TimeZoneRules = .utc
) -> ColumnVector {
  let source = vector.plain
  if source.type == .date {
    let lane = Lane<Int32>(source)
    return field.each(source.count, source.validity) { row in (Int64(lane[row]), 0) }
  }
  let wall = wallMicroseconds(source, zone)
  let lane = Lane<Int64>(wall)
  return field.each(wall.count, wall.validity) { row in
    let day = floorQuotient(lane[row], microsecondsPerDay)
    return (day, lane[row] &- day &* microsecondsPerDay)
  }
}

extension DateField {
  /// The field of each row, whose day and microsecond of the day `parts` gives.
  @inline(__always)
  fileprivate func each(
    _ count: Int, _ validity: ValidityBitmap?, _ parts: (Int) -> (day: Int64, ofDay: Int64)
  ) -> ColumnVector {
    func fill(_ value: (Int64, Int64) -> Int64) -> ColumnVector {
      makeFixed(.bigint, count, validity, as: Int64.self) { out in
        for row in 0..<count {
          let (day, ofDay) = parts(row)
          out[row] = value(day, ofDay)
        }
      }
    }
    switch self {
    case .year: return fill { day, _ in civil(fromDays: day).year }
    case .quarter: return fill { day, _ in (civil(fromDays: day).month + 2) / 3 }
    case .month: return fill { day, _ in civil(fromDays: day).month }
    case .day: return fill { day, _ in civil(fromDays: day).day }
    case .dayOfWeek: return fill { day, _ in floorRemainder(day + 3, 7) + 1 }
    case .dayOfYear:
      return fill { day, _ in
        day - days(year: civil(fromDays: day).year, month: 1, day: 1) + 1
      }
    case .week:
      return fill { day, _ in
        let thursday = day - floorRemainder(day + 3, 7) + 3
        return (thursday - days(year: civil(fromDays: thursday).year, month: 1, day: 1)) / 7 + 1
      }
    case .yearOfWeek:
      return fill { day, _ in civil(fromDays: day - floorRemainder(day + 3, 7) + 3).year }
    case .hour: return fill { _, ofDay in ofDay / 3_600_000_000 }
    case .minute: return fill { _, ofDay in ofDay / 60_000_000 % 60 }
    case .second: return fill { _, ofDay in ofDay / 1_000_000 % 60 }
    case .millisecond: return fill { _, ofDay in ofDay / 1_000 % 1_000 }
    }
  }
}

/// The begin of the unit that a value lies in, on the wall clock of its zone; the type stays.
public func truncate(
  to unit: TimeUnit,
  _ vector: ColumnVector,
  zone: TimeZoneRules = .utc
) -> ColumnVector {
  let source = vector.plain
  let wall = wallMicroseconds(source, zone)
  let lane = Lane<Int64>(wall)
  if source.type == .date {
    return makeFixed(.date, source.count, source.validity, as: Int32.self) { out in
      for row in 0..<source.count {
        let start = truncated(lane[row], unit)
        out[row] = Int32(truncatingIfNeeded: floorQuotient(start, microsecondsPerDay))
      }
    }
  }
  guard case .timestampWithTimeZone = source.type else {
    let starts = makeFixed(.timestamp, source.count, source.validity, as: Int64.self) { out in
      for row in 0..<source.count { out[row] = truncated(lane[row], unit) }
    }
    return stored(starts, as: source.type)
  }
  let isOfDay = unit.microseconds.map { $0 < microsecondsPerDay } ?? false
  let moments = wallMicroseconds(source, .utc)
  let now = Lane<Int64>(moments)
  var cursor = ZoneCursor(zone)
  let starts = makeFixed(.timestamp, source.count, source.validity, as: Int64.self) { out in
    for row in 0..<source.count {
      let start = truncated(lane[row], unit)
      out[row] =
        isOfDay
        ? now[row] &- (lane[row] &- start)
        : cursor.moment(ofWallClock: floorQuotient(start, 1_000_000)) &* 1_000_000
    }
  }
  return stored(starts, as: source.type)
}

/// Microseconds as a column of `type` keeps them.
private func stored(_ micros: ColumnVector, as type: DataType) -> ColumnVector {
  if case .time = type {
    return makeWhole(type, wideValues(micros).map { $0 * 1_000_000 }, micros.validity)
  }
  guard type.numberForm == .int64 else {
    return makeWhole(type, wideValues(micros).map { $0 * 1_000_000 }, micros.validity)
  }
  return micros.retyped(type)
}

private func truncated(_ value: Int64, _ unit: TimeUnit) -> Int64 {
  switch unit {
  case .millisecond, .second, .minute, .hour, .day:
    return value &- floorRemainder(value, unit.microseconds ?? 1)
  case .week:
    let day = floorQuotient(value, microsecondsPerDay)
    return (day - floorRemainder(day + 3, 7)) &* microsecondsPerDay
  case .month, .quarter, .year:
    let parts = civil(fromDays: floorQuotient(value, microsecondsPerDay))
    let month =
      unit == .month ? parts.month : unit == .quarter ? (parts.month - 1) / 3 * 3 + 1 : 1
    return days(year: parts.year, month: month, day: 1) &* microsecondsPerDay
  }
}

/// Moves by whole months, to the last day of a shorter month.
private func addMonths(_ value: Int64, _ months: Int64) -> Int64? {
  let day = floorQuotient(value, microsecondsPerDay)
  let ofDay = value - day * microsecondsPerDay
  let parts = civil(fromDays: day)
  guard months.magnitude < 10_000_000 else { return nil }
  let total = parts.year * 12 + parts.month - 1 + months
  let year = floorQuotient(total, 12)
  let month = floorRemainder(total, 12) + 1
  let target = days(
    year: year,
    month: month,
    day: min(parts.day, daysInMonth(year: year, month: month))
  )
  let (scaled, overflow) = target.multipliedReportingOverflow(by: microsecondsPerDay)
  return overflow ? nil : scaled + ofDay
}

/// Adds `amount` (bigint) units; the type stays, and digits finer than a microsecond too.
///
/// Days and longer units are added on the wall clock of a moment's zone. A time starts again at
/// midnight. Throws where the result leaves the calendar.
public func add(
  _ unit: TimeUnit,
  _ amount: ColumnVector,
  to vector: ColumnVector,
  zone: TimeZoneRules = .utc
) throws -> ColumnVector {
  let source = vector.plain
  let amounts = amount.plain
  let n = Lane<Int64>(amounts)
  let validity = mergedValidity(source.validity, amounts.validity, count: source.count)
  var isMoment = false
  if case .timestampWithTimeZone = source.type { isMoment = true }
  let isOfDay = unit.microseconds.map { $0 < microsecondsPerDay } ?? false
  let isLocal = isMoment && !isOfDay
  let wall = wallMicroseconds(source, isLocal ? zone : .utc)
  let moments = isLocal ? wallMicroseconds(source, .utc) : wall
  let shown = Lane<Int64>(wall)
  var cursor = ZoneCursor(zone)
  let results = try makeFixed(.timestamp, source.count, validity, as: Int64.self) { out in
    for row in 0..<source.count {
      if let validity, !validity.isValid(row) { continue }
      let value = shown[row]
      let moved: Int64?
      if let length = unit.microseconds {
        let (span, tooLong) = n[row].multipliedReportingOverflow(by: length)
        let (sum, tooFar) = value.addingReportingOverflow(span)
        moved = tooLong || tooFar ? nil : sum
      } else {
        let (months, tooMany) = n[row].multipliedReportingOverflow(by: unit.months)
        moved = tooMany ? nil : addMonths(value, months)
      }
      guard let moved, moved.magnitude < 9_000_000_000_000_000_000 else {
        throw KernelError.outOfRange(value: "\(n[row])", type: source.type)
      }
      if isLocal {
        let seconds = floorQuotient(moved, 1_000_000)
        out[row] = moved &+ (cursor.moment(ofWallClock: seconds) &- seconds) &* 1_000_000
      } else {
        out[row] = moved
      }
    }
  }
  let next = Lane<Int64>(results)
  switch source.type {
  case .date:
    return try makeFixed(.date, source.count, validity, as: Int32.self) { out in
      for row in 0..<source.count where validity?.isValid(row) ?? true {
        guard let day = Int32(exactly: floorQuotient(next[row], microsecondsPerDay)) else {
          throw KernelError.outOfRange(value: "\(n[row])", type: .date)
        }
        out[row] = day
      }
    }
  case .time:
    let picos = Lane<Int64>(source)
    return makeFixed(source.type, source.count, validity, as: Int64.self) { out in
      for row in 0..<source.count {
        let ofDay = floorRemainder(next[row], microsecondsPerDay)
        out[row] = ofDay &* 1_000_000 &+ picos[row] % 1_000_000
      }
    }
  default:
    guard source.type.numberForm != .int64 else { return results.retyped(source.type) }
    let finer = zip(wideValues(source), wideValues(moments)).map { $0 - $1 * 1_000_000 }
    return makeWhole(
      source.type, zip(wideValues(results), finer).map { $0 * 1_000_000 + $1 }, validity)
  }
}

/// Whole units from `start` to `end`, toward zero: `end - start`, after digits finer than a
/// millisecond are cut. Days and longer units are those of the wall clock of `zone`.
public func difference(
  in unit: TimeUnit,
  from start: ColumnVector,
  to end: ColumnVector,
  zone: TimeZoneRules = .utc
) -> ColumnVector {
  let isOfDay = unit.microseconds.map { $0 < microsecondsPerDay } ?? false
  let a = wallMicroseconds(start, isOfDay ? .utc : zone)
  let b = wallMicroseconds(end, isOfDay ? .utc : zone)
  let validity = mergedValidity(a.validity, b.validity, count: a.count)
  let first = Lane<Int64>(a)
  let second = Lane<Int64>(b)
  return makeFixed(.bigint, a.count, validity, as: Int64.self) { out in
    for row in 0..<a.count {
      let from = first[row] &- floorRemainder(first[row], 1_000)
      let to = second[row] &- floorRemainder(second[row], 1_000)
      if let length = unit.microseconds {
        out[row] = (to &- from) / length
      } else {
        out[row] = wholeMonths(from, to) / unit.months
      }
    }
  }
}

private func wholeMonths(_ from: Int64, _ to: Int64) -> Int64 {
  if to < from { return -wholeMonthsForward(to, from, end: from, backwards: true) }
  return wholeMonthsForward(from, to, end: to, backwards: false)
}

private func wholeMonthsForward(
  _ from: Int64,
  _ to: Int64,
  end: Int64,
  backwards: Bool
) -> Int64 {
  let a = civil(fromDays: floorQuotient(from, microsecondsPerDay))
  let b = civil(fromDays: floorQuotient(to, microsecondsPerDay))
  let months = (b.year - a.year) * 12 + b.month - a.month
  if backwards {
    let reached = addMonths(to, -months) ?? to
    return reached < from ? months - 1 : months
  }
  let reached = addMonths(from, months) ?? from
  return reached > to ? months - 1 : months
}

/// Rounds to `precision` fraction digits of a second, half away from zero.
public func roundTimestamp(_ vector: ColumnVector, precision: Int) -> ColumnVector {
  guard precision < 6 else { return vector }
  let source = vector.plain
  let a = Lane<Int64>(source)
  let unit = powersOfTen[6 - precision]
  return makeFixed(source.type, source.count, source.validity, as: Int64.self) { out in
    for row in 0..<source.count {
      out[row] = floorQuotient(a[row] &+ unit / 2, unit) &* unit
    }
  }
}

/// Seconds since 1970 (double) to microseconds, to the nearest millisecond.
public func timestamps(fromUnixSeconds vector: ColumnVector) throws -> ColumnVector {
  let source = vector.plain
  let a = Lane<Double>(source)
  return try makeFixed(.timestampWithTimeZone, source.count, source.validity, as: Int64.self) {
    out in
    for row in 0..<source.count where !source.isNull(row) {
      let milliseconds = (a[row] * 1_000).rounded(.toNearestOrAwayFromZero)
      guard milliseconds.magnitude < 9e15 else {
        throw KernelError.outOfRange(value: javaText(a[row]), type: .timestampWithTimeZone)
      }
      out[row] = Int64(milliseconds) * 1_000
    }
  }
}

/// Timestamps or moments as seconds since 1970, in double.
public func unixSeconds(_ vector: ColumnVector) -> ColumnVector {
  let source = wallMicroseconds(vector, .utc)
  let a = Lane<Int64>(source)
  return makeFixed(.double, source.count, source.validity, as: Double.self) { out in
    for row in 0..<source.count { out[row] = Double(a[row]) / 1_000_000 }
  }
}

/// Nanoseconds since 1970 (whole decimals) as moments of nine digits.
///
/// Throws where a moment leaves the calendar.
public func momentsFromNanoseconds(_ vector: ColumnVector) throws -> ColumnVector {
  let source = vector.plain
  let values = wideValues(source)
  let limit: Int128 = 9_000_000_000_000_000_000_000
  for row in 0..<source.count where !source.isNull(row) && values[row].magnitude > limit.magnitude {
    throw KernelError.outOfRange(
      value: "\(values[row])", type: .timestampWithTimeZone(precision: 9))
  }
  return makeWhole(
    .timestampWithTimeZone(precision: 12), values.map { $0 &* 1_000 }, source.validity)
}

/// The last day of the month that each date, timestamp or moment lies in, as dates.
public func lastDays(ofMonths vector: ColumnVector, zone: TimeZoneRules) -> ColumnVector {
  let wall = wallMicroseconds(vector, zone)
  let lane = Lane<Int64>(wall)
  return makeFixed(.date, wall.count, wall.validity, as: Int32.self) { out in
    for row in 0..<wall.count {
      let date = civil(fromDays: floorQuotient(lane[row], microsecondsPerDay))
      let last = daysInMonth(year: date.year, month: date.month)
      out[row] = Int32(truncatingIfNeeded: days(year: date.year, month: date.month, day: last))
    }
  }
}
