// One value as SQL prints it: the CLI's form, and what a cast to varchar gives for most types.

public import Columnar

/// A value as SQL text; timestamps with the digits of their type and zoned ones in UTC.
///
/// Nested values are `[1, 2]`, `{a=1}` and `{x=1, y=2}`, as Trino's CLI has them.
public func scalarText(_ scalar: Scalar, _ type: DataType) -> String {
  switch scalar {
  case .null: return "NULL"
  case .boolean(let value): return value ? "true" : "false"
  case .double(let value): return type == .real ? javaText(real: Float(value)) : javaText(value)
  case .text(let value):
    if case .char(let length) = type {
      return value + String(repeating: " ", count: max(0, length - value.unicodeScalars.count))
    }
    return value
  case .binary(let bytes):
    return bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: " ")
  case .integer(let value): return wholeText(Int128(value), type)
  case .wide(let value): return wholeText(value, type)
  case .list(let elements):
    guard case .array(let element) = type else { return "" }
    return "[" + elements.map { scalarText($0, element) }.joined(separator: ", ") + "]"
  case .map(let keys, let values):
    guard case .map(let keyType, let valueType) = type else { return "" }
    return "{"
      + zip(keys, values).map { scalarText($0, keyType) + "=" + scalarText($1, valueType) }
      .joined(separator: ", ") + "}"
  case .row(let values):
    guard case .row(let fields) = type else { return "" }
    return "{"
      + zip(fields, values).enumerated().map { index, pair in
        (pair.0.name.isEmpty ? "field\(index)" : pair.0.name) + "="
          + scalarText(pair.1, pair.0.type)
      }.joined(separator: ", ") + "}"
  }
}

private func wholeText(_ value: Int128, _ type: DataType) -> String {
  let narrow = Int64(truncatingIfNeeded: value)
  switch type {
  case .decimal(_, let scale): return decimalText(value, scale: scale)
  case .date: return dateText(narrow)
  case .time(let precision): return timeText(narrow, precision: precision)
  case .timestamp(let precision):
    return precision <= 6
      ? timestampText(narrow, precision: precision)
      : timestampText(picoseconds: value, precision: precision)
  case .timestampWithTimeZone(let precision):
    return
      (precision <= 6
      ? timestampText(narrow, precision: precision)
      : timestampText(picoseconds: value, precision: precision)) + " UTC"
  case .intervalDayToSecond: return dayTimeIntervalText(milliseconds: narrow)
  case .intervalYearToMonth: return yearMonthIntervalText(months: narrow)
  case .uuid: return uuidText(UInt128(bitPattern: value))
  default: return String(value)
  }
}

/// `01:02:03.000` with `precision` fraction digits, 0 to 12.
public func timeText(_ picoseconds: Int64, precision: Int) -> String {
  var bytes: [UInt8] = []
  appendTime(ofDay: picoseconds, precision: precision, to: &bytes)
  return String(decoding: bytes, as: UTF8.self)
}

/// `2024-01-15 09:10:00.000000000000` with `precision` fraction digits, 0 to 12.
public func timestampText(picoseconds: Int128, precision: Int) -> String {
  var bytes: [UInt8] = []
  appendTimestamp(picoseconds: picoseconds, precision: precision, to: &bytes)
  return String(decoding: bytes, as: UTF8.self)
}

/// `1 02:03:04.005`.
public func dayTimeIntervalText(milliseconds: Int64) -> String {
  var bytes: [UInt8] = []
  let total = milliseconds.magnitude
  if milliseconds < 0 { bytes.append(0x2D) }
  appendDigits(total / 86_400_000, to: &bytes)
  bytes.append(0x20)
  appendTime(
    ofDay: Int64(total % 86_400_000) * 1_000_000_000, precision: 3, to: &bytes)
  return String(decoding: bytes, as: UTF8.self)
}

/// `1-2` for fourteen months.
public func yearMonthIntervalText(months: Int64) -> String {
  (months < 0 ? "-" : "") + "\(months.magnitude / 12)-\(months.magnitude % 12)"
}

/// `12151fd2-7586-11e9-8f9e-2a86e4085a59`.
public func uuidText(_ value: UInt128) -> String {
  var bytes: [UInt8] = []
  for nibble in 0..<32 {
    if nibble == 8 || nibble == 12 || nibble == 16 || nibble == 20 { bytes.append(0x2D) }
    let digit = UInt8(truncatingIfNeeded: value >> UInt128(4 * (31 - nibble))) & 15
    bytes.append(digit < 10 ? 0x30 + digit : 0x57 + digit)
  }
  return String(decoding: bytes, as: UTF8.self)
}

/// The 32 hexadecimal digits of a UUID, with its four dashes or without; nil for anything else.
public func parseUUID(_ bytes: UnsafeRawBufferPointer) -> UInt128? {
  var value: UInt128 = 0
  var digits = 0
  for (index, byte) in bytes.enumerated() {
    if byte == 0x2D {
      guard bytes.count == 36, index == 8 || index == 13 || index == 18 || index == 23 else {
        return nil
      }
      continue
    }
    let digit: UInt8
    switch byte {
    case 0x30...0x39: digit = byte - 0x30
    case 0x41...0x46: digit = byte - 0x37
    case 0x61...0x66: digit = byte - 0x57
    default: return nil
    }
    value = value << 4 | UInt128(digit)
    digits += 1
  }
  return digits == 32 && (bytes.count == 32 || bytes.count == 36) ? value : nil
}

/// Writes `2024-01-15`; years beyond 9999 get their digits and no sign.
func appendDate(_ days: Int64, to bytes: inout [UInt8]) {
  let parts = civil(fromDays: days)
  if parts.year < 0 { bytes.append(0x2D) }
  appendDigits(parts.year.magnitude, width: 4, to: &bytes)
  bytes.append(0x2D)
  appendDigits(UInt64(parts.month), width: 2, to: &bytes)
  bytes.append(0x2D)
  appendDigits(UInt64(parts.day), width: 2, to: &bytes)
}

/// Writes `09:10:00.123` from picoseconds since midnight.
func appendTime(ofDay picoseconds: Int64, precision: Int, to bytes: inout [UInt8]) {
  let value = picoseconds.magnitude
  let seconds = value / 1_000_000_000_000
  appendDigits(seconds / 3_600, width: 2, to: &bytes)
  bytes.append(0x3A)
  appendDigits(seconds / 60 % 60, width: 2, to: &bytes)
  bytes.append(0x3A)
  appendDigits(seconds % 60, width: 2, to: &bytes)
  guard precision > 0 else { return }
  bytes.append(0x2E)
  let digits = min(precision, 12)
  let fraction = value % 1_000_000_000_000 / powersOfTen[12 - digits].magnitude
  appendDigits(fraction, width: digits, to: &bytes)
}

/// Writes `2024-01-15 09:10:00.123456`.
func appendTimestamp(microseconds: Int64, precision: Int, to bytes: inout [UInt8]) {
  let day = floorQuotient(microseconds, microsecondsPerDay)
  appendDate(day, to: &bytes)
  bytes.append(0x20)
  appendTime(
    ofDay: (microseconds - day * microsecondsPerDay) * 1_000_000, precision: precision, to: &bytes)
}

/// Writes `2024-01-15 09:10:00.123456789012`.
func appendTimestamp(picoseconds: Int128, precision: Int, to bytes: inout [UInt8]) {
  let perDay: Int128 = 86_400_000_000_000_000
  var day = picoseconds / perDay
  if picoseconds % perDay < 0 { day -= 1 }
  appendDate(Int64(truncatingIfNeeded: day), to: &bytes)
  bytes.append(0x20)
  appendTime(
    ofDay: Int64(truncatingIfNeeded: picoseconds - day * perDay), precision: precision, to: &bytes)
}
