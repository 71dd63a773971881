/// ISO-8601 to milliseconds since 1970-01-01T00:00:00Z and back: the one spelling of time on the
/// wire.
///
/// Reads `2024-01-16T00:10:00.123Z`, with a space for the `T`, up to nine digits of fraction (cut to
/// milliseconds) and `+09:00` or `+09` for the `Z`. A text without a zone is nil, since nobody can
/// know which moment it means.
public enum EventTimestamp {
  /// Nil for anything but a complete timestamp with a zone.
  public static func parse(_ text: String) -> Int64? {
    var text = text
    return text.withUTF8 { parse(UnsafeRawBufferPointer($0)) }
  }

  /// Nil for anything but a complete timestamp with a zone that fills the bytes.
  public static func parse(_ bytes: UnsafeRawBufferPointer) -> Int64? {
    guard bytes.count >= 20, bytes[4] == 0x2D, bytes[7] == 0x2D,
      bytes[10] == 0x54 || bytes[10] == 0x20, bytes[13] == 0x3A, bytes[16] == 0x3A,
      let century = twoDigits(bytes, 0), let yearOfCentury = twoDigits(bytes, 2),
      let month = twoDigits(bytes, 5), let day = twoDigits(bytes, 8),
      let hour = twoDigits(bytes, 11), let minute = twoDigits(bytes, 14),
      let second = twoDigits(bytes, 17)
    else { return nil }
    let year = century * 100 + yearOfCentury
    guard (1...12).contains(month), day >= 1, day <= dayCount(year: year, month: month),
      hour < 24, minute < 60, second < 60
    else { return nil }
    var position = 19
    guard let fraction = fraction(bytes, &position), let offset = offset(bytes, &position),
      position == bytes.count
    else { return nil }
    let days = daysSinceEpoch(year: year, month: month, day: day)
    let seconds = days * 86_400 + hour * 3_600 + minute * 60 + second - offset
    return Int64(seconds * 1_000 + fraction)
  }

  /// `2024-01-16T00:10:00.000Z`.
  public static func format(_ milliseconds: Int64) -> String {
    var output: [UInt8] = []
    output.reserveCapacity(24)
    append(milliseconds, to: &output)
    return String(decoding: output, as: UTF8.self)
  }

  /// Appends the text of `format(_:)`, without quotes. Years beyond 9999 take more digits, years
  /// before 0 a minus sign; `parse` reads neither.
  public static func append(_ milliseconds: Int64, to output: inout [UInt8]) {
    var days = Int(milliseconds / 86_400_000)
    var ofDay = Int(milliseconds % 86_400_000)
    if ofDay < 0 {
      ofDay += 86_400_000
      days -= 1
    }
    let (year, month, day) = civil(daysSinceEpoch: days)
    if (0...9_999).contains(year) {
      appendTwo(year / 100, to: &output)
      appendTwo(year % 100, to: &output)
    } else {
      JSONText.append(Int64(year), to: &output)
    }
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 20) { text in
      func put(_ value: Int, at place: Int, after mark: UInt8) {
        text[place] = mark
        text[place + 1] = 0x30 + UInt8(truncatingIfNeeded: value / 10)
        text[place + 2] = 0x30 + UInt8(truncatingIfNeeded: value % 10)
      }
      put(month, at: 0, after: 0x2D)
      put(day, at: 3, after: 0x2D)
      put(ofDay / 3_600_000, at: 6, after: 0x54)
      put(ofDay / 60_000 % 60, at: 9, after: 0x3A)
      put(ofDay / 1_000 % 60, at: 12, after: 0x3A)
      put(ofDay / 10 % 100, at: 15, after: 0x2E)
      text[18] = 0x30 + UInt8(truncatingIfNeeded: ofDay % 10)
      text[19] = 0x5A
      output.append(contentsOf: UnsafeBufferPointer(text))
    }
  }

  // MARK: - Parts

  @inline(__always)
  private static func twoDigits(_ bytes: UnsafeRawBufferPointer, _ offset: Int) -> Int? {
    let tens = bytes[offset] &- 0x30
    let ones = bytes[offset + 1] &- 0x30
    guard tens < 10, ones < 10 else { return nil }
    return Int(tens) * 10 + Int(ones)
  }

  /// Milliseconds; 0 where no point stands, nil for a point with no or too many digits.
  private static func fraction(_ bytes: UnsafeRawBufferPointer, _ position: inout Int) -> Int? {
    guard position < bytes.count, bytes[position] == 0x2E else { return 0 }
    position += 1
    var milliseconds = 0
    var count = 0
    while position < bytes.count, bytes[position] &- 0x30 < 10 {
      if count < 3 { milliseconds = milliseconds * 10 + Int(bytes[position] &- 0x30) }
      count += 1
      position += 1
    }
    switch count {
    case 1: return milliseconds * 100
    case 2: return milliseconds * 10
    case 3...9: return milliseconds
    default: return nil
    }
  }

  /// Seconds east of Greenwich.
  private static func offset(_ bytes: UnsafeRawBufferPointer, _ position: inout Int) -> Int? {
    guard position < bytes.count else { return nil }
    let sign = bytes[position]
    position += 1
    if sign == 0x5A { return 0 }
    guard sign == 0x2B || sign == 0x2D, position + 2 <= bytes.count,
      let hours = twoDigits(bytes, position), hours < 24
    else { return nil }
    position += 2
    var seconds = hours * 3_600
    if position < bytes.count {
      guard position + 3 <= bytes.count, bytes[position] == 0x3A,
        let minutes = twoDigits(bytes, position + 1), minutes < 60
      else { return nil }
      position += 3
      seconds += minutes * 60
    }
    return sign == 0x2D ? -seconds : seconds
  }

  private static func dayCount(year: Int, month: Int) -> Int {
    switch month {
    case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }

  /// Counts days in 400-year eras that begin on 1 March, so that leap days come last.
  private static func daysSinceEpoch(year: Int, month: Int, day: Int) -> Int {
    let shifted = month <= 2 ? year - 1 : year
    let era = (shifted >= 0 ? shifted : shifted - 399) / 400
    let yearOfEra = shifted - era * 400
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
  }

  private static func civil(daysSinceEpoch: Int) -> (year: Int, month: Int, day: Int) {
    let shifted = daysSinceEpoch + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
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

  private static func appendTwo(_ value: Int, to output: inout [UInt8]) {
    output.append(0x30 + UInt8(truncatingIfNeeded: value / 10))
    output.append(0x30 + UInt8(truncatingIfNeeded: value % 10))
  }
}
