// ISO 8601: dates by month, week or day of the year, clocks, and offsets from UTC; written and read.

public import Columnar

/// Reads what an ISO 8601 text says; nil for anything else.
///
/// Dates are `2024`, `2024-01`, `2024-01-15`, `2024-W03`, `2024-W03-1` or `2024-015`; a clock
/// `T09`, `T09:10`, `T09:10:11` or `T09:10:11.123` may follow, and `Z` or an offset after it.
public func parseISO8601(_ bytes: UnsafeRawBufferPointer) -> ParsedMoment? {
  var index = 0
  func digits(_ least: Int, _ most: Int) -> (value: Int64, count: Int)? {
    var value: Int64 = 0
    var count = 0
    while index < bytes.count, count < most, bytes[index] &- 0x30 <= 9 {
      value = value * 10 + Int64(bytes[index] - 0x30)
      index += 1
      count += 1
    }
    return count >= least ? (value, count) : nil
  }
  func take(_ byte: UInt8) -> Bool {
    guard index < bytes.count, bytes[index] == byte else { return false }
    index += 1
    return true
  }
  let isBeforeChrist = take(0x2D)
  guard let (year, _) = digits(4, 6) else { return nil }
  guard let day = isoDay(isBeforeChrist ? -year : year) else { return nil }
  func isoDay(_ year: Int64) -> Int64? {
    guard take(0x2D) else { return days(year: year, month: 1, day: 1) }
    if take(0x57) {
      guard let (week, _) = digits(2, 2), (1...53).contains(week) else { return nil }
      var weekday: Int64 = 1
      if take(0x2D) {
        guard let (value, _) = digits(1, 1), (1...7).contains(value) else { return nil }
        weekday = value
      }
      let fourth = days(year: year, month: 1, day: 4)
      return fourth - floorRemainder(fourth + 3, 7) + (week - 1) * 7 + weekday - 1
    }
    guard let (first, count) = digits(2, 3) else { return nil }
    if count == 3 {
      let length: Int64 = daysInMonth(year: year, month: 2) == 29 ? 366 : 365
      guard (1...length).contains(first) else { return nil }
      return days(year: year, month: 1, day: 1) + first - 1
    }
    guard (1...12).contains(first) else { return nil }
    guard take(0x2D) else { return days(year: year, month: first, day: 1) }
    guard let (second, _) = digits(2, 2), second >= 1,
      second <= daysInMonth(year: year, month: first)
    else { return nil }
    return days(year: year, month: first, day: second)
  }
  var ofDay: Int64 = 0
  var precision = 0
  if take(0x54) {
    guard let (hour, _) = digits(2, 2), hour <= 24 else { return nil }
    ofDay = hour * 3_600_000_000_000_000
    if take(0x3A) {
      guard let (minute, _) = digits(2, 2), minute < 60 else { return nil }
      ofDay += minute * 60_000_000_000_000
      if take(0x3A) {
        guard let (second, _) = digits(2, 2), second < 60 else { return nil }
        ofDay += second * 1_000_000_000_000
        if take(0x2E) || take(0x2C) {
          guard let (fraction, count) = digits(1, 12) else { return nil }
          ofDay += fraction * powersOfTen[12 - count]
          precision = count
        }
      }
    }
    guard ofDay <= 86_400_000_000_000_000 else { return nil }
  }
  var zoneText: String?
  if take(0x5A) {
    zoneText = "UTC"
  } else if index < bytes.count, bytes[index] == 0x2B || bytes[index] == 0x2D {
    let sign = bytes[index] == 0x2D ? "-" : "+"
    index += 1
    guard let (hours, _) = digits(2, 2), hours <= 14 else { return nil }
    var minutes: Int64 = 0
    if take(0x3A) || index < bytes.count {
      guard let (value, _) = digits(2, 2), value < 60 else { return nil }
      minutes = value
    }
    func two(_ value: Int64) -> String { value < 10 ? "0\(value)" : "\(value)" }
    zoneText = hours == 0 && minutes == 0 ? "UTC" : sign + two(hours) + ":" + two(minutes)
  }
  guard index == bytes.count else { return nil }
  return ParsedMoment(
    picoseconds: Int128(day) * 86_400_000_000_000_000 + Int128(ofDay), precision: precision,
    zoneText: zoneText)
}

/// Texts of ISO 8601 as dates; what they say of a clock is not allowed.
///
/// Throws `invalidArgument` for other texts.
public func datesFromISO8601(_ vector: ColumnVector) throws -> ColumnVector {
  let source = vector.plain
  let lane = TextLane(source)
  return try makeFixed(.date, source.count, source.validity, as: Int32.self) { out in
    for row in 0..<source.count where !source.isNull(row) {
      let bytes = lane[row]
      guard !bytes.contains(0x54), let found = parseISO8601(bytes), found.zoneText == nil,
        let day = Int32(exactly: found.picoseconds / 86_400_000_000_000_000)
      else {
        throw KernelError.invalidArgument(
          "Invalid format: \"\(String(decoding: bytes, as: UTF8.self))\"")
      }
      // Before 1970 the quotient is exact too: there is no clock.
      out[row] = day
    }
  }
}

/// How a text with a zone of its own becomes a moment of a column that is shown in one zone.
public struct MomentReading: Sendable {
  /// The zone of texts that name none, and the one the column is shown in.
  public var zone: TimeZoneRules
  /// Texts whose clock differs from that of `zone` are refused: the column could not show them.
  public var isStrict: Bool

  public init(zone: TimeZoneRules, isStrict: Bool) {
    self.zone = zone
    self.isStrict = isStrict
  }

  /// The moment of a wall clock in microseconds.
  ///
  /// Throws `invalidArgument` for an unknown zone, and `notSupported` for one that the column cannot
  /// show.
  func moment(_ microseconds: Int64, _ zoneText: String?) throws -> Int64 {
    let seconds = floorQuotient(microseconds, 1_000_000)
    guard let zoneText else {
      return microseconds + (zone.moment(ofWallClock: seconds) - seconds) * 1_000_000
    }
    guard let own = TimeZoneRules.named(zoneText) else {
      throw KernelError.invalidArgument("'\(zoneText)' is not a valid time zone")
    }
    let moment = own.moment(ofWallClock: seconds)
    if isStrict, zone.offset(at: moment) != own.offset(at: moment) {
      throw KernelError.notSupported(
        "a text in zone '\(zoneText)' in a column that is shown in '\(zone.name)';"
          + " write … AT TIME ZONE '\(zoneText)' around the call")
    }
    return microseconds + (moment - seconds) * 1_000_000
  }
}

/// Texts of ISO 8601 as moments of a precision.
///
/// Throws `invalidArgument` for other texts, and as `MomentReading` says.
public func momentsFromISO8601(
  _ vector: ColumnVector, _ reading: MomentReading, precision: Int
) throws -> ColumnVector {
  try eachMoment(vector, precision: precision, parseISO8601) { bytes in
    KernelError.invalidArgument("Invalid format: \"\(String(decoding: bytes, as: UTF8.self))\"")
  } finish: { try reading.moment($0, $1) }
}

/// `CAST(text AS timestamp(p) with time zone)`: a text without a zone is a clock of the reading's.
///
/// Throws `invalidCast` for other texts, unless `isLenient`: then they become NULL.
public func momentsFromText(
  _ vector: ColumnVector, _ reading: MomentReading, precision: Int, isLenient: Bool
) throws -> ColumnVector {
  try eachMoment(vector, precision: precision, isLenient: isLenient, { parseMoment(trimmed($0)) }) {
    KernelError.invalidCast(
      value: String(decoding: $0, as: UTF8.self), from: .varchar,
      to: .timestampWithTimeZone(precision: precision))
  } finish: { try reading.moment($0, $1) }
}

private func eachMoment(
  _ vector: ColumnVector, precision: Int, isLenient: Bool = false,
  _ parse: (UnsafeRawBufferPointer) -> ParsedMoment?,
  refusal: (UnsafeRawBufferPointer) -> KernelError,
  finish: (Int64, String?) throws -> Int64
) throws -> ColumnVector {
  let source = vector.plain
  let lane = TextLane(source)
  let type = DataType.timestampWithTimeZone(precision: precision <= 6 ? 6 : 12)
  let builder = ColumnBuilder(type: type, capacity: source.count)
  for row in 0..<source.count {
    if source.isNull(row) {
      builder.appendNull()
      continue
    }
    guard let found = parse(lane[row]), found.picoseconds.magnitude < 9_000_000_000_000_000_000_000_000
    else {
      guard isLenient else { throw refusal(lane[row]) }
      builder.appendNull()
      continue
    }
    let rounded = roundMoment(found.picoseconds, precision: precision)
    let rest = floorModulo(rounded, 1_000_000)
    let micros = Int64(truncatingIfNeeded: (rounded - rest) / 1_000_000)
    do {
      let moment = try finish(micros, found.zoneText)
      if precision <= 6 { builder.append(moment) } else {
        builder.append(Int128(moment) * 1_000_000 + rest)
      }
    } catch KernelError.invalidArgument(_) where isLenient {
      builder.appendNull()
    } catch KernelError.invalidArgument(_) {
      throw refusal(lane[row])
    }
  }
  return builder.finish()
}

/// Dates, timestamps or moments as ISO 8601: `2024-01-15`, `2024-01-15T09:10:00.123`,
/// `2024-01-15T09:10:00.123+09:00`; `digits` of the fraction, and `Z` where `zone` is at UTC.
public func textsInISO8601(
  _ vector: ColumnVector, digits: Int, zone: TimeZoneRules
) throws -> ColumnVector {
  if vector.type == .date { return try cast(vector, to: .varchar) }
  var isMoment = false
  if case .timestampWithTimeZone = vector.type { isMoment = true }
  let source = isMoment ? wallClock(vector, in: zone).plain : vector.plain
  let offsets = isMoment ? zoneOffsets(vector, in: zone) : nil
  let offset = offsets.map { Lane<Int64>($0) }
  let wide = wideValues(source)
  let unit: Int128 = source.type.numberForm == .int64 ? 1_000_000 : 1
  var output = TextOutput(capacity: source.count)
  for row in 0..<source.count {
    if source.isNull(row) {
      output.appendEmpty()
      continue
    }
    let start = output.row.count
    output.row.append(contentsOf: timestampText(picoseconds: wide[row] * unit, precision: digits).utf8)
    if let blank = output.row[start...].firstIndex(of: 0x20) { output.row[blank] = 0x54 }
    if let offset {
      let minutes = abs(offset[row]) / 60
      if minutes == 0 {
        output.row.append(0x5A)
      } else {
        output.row.append(offset[row] < 0 ? 0x2D : 0x2B)
        appendDigits(UInt64(minutes / 60), width: 2, to: &output.row)
        output.row.append(0x3A)
        appendDigits(UInt64(minutes % 60), width: 2, to: &output.row)
      }
    }
    output.finishRow()
  }
  return output.column(validity: source.validity)
}
