/// Moments as text on disk, read without allocation: statistics, partition values, raw events.
extension StoryTime {
  /// Microseconds since the Unix epoch of `2024-01-15T09:10:11.123456+09:00`; nil for anything else.
  ///
  /// A `T` or a space between date and time; up to nine fraction digits, cut to six; then `Z` or
  /// `±hh[:mm]`. Without a zone the answer is nil unless `assumesUTC`.
  public static func microseconds(
    iso8601 bytes: UnsafeRawBufferPointer,
    assumesUTC: Bool = false
  ) -> Int64? {
    var reader = ISO8601Reader(bytes: bytes)
    guard let year = reader.digits(4), reader.skip(0x2D), let month = reader.digits(2),
      reader.skip(0x2D), let day = reader.digits(2),
      reader.skip(0x54) || reader.skip(0x20),
      let hour = reader.digits(2), reader.skip(0x3A), let minute = reader.digits(2),
      reader.skip(0x3A), let second = reader.digits(2),
      hour < 24, minute < 60, second < 60,
      let date = CivilDate(validYear: year, month: month, day: day),
      let fraction = reader.fractionMicroseconds(),
      let offset = reader.offsetSeconds(assumesUTC: assumesUTC), reader.isAtEnd
    else { return nil }
    let seconds = date.daysSinceEpoch * 86_400 + hour * 3_600 + minute * 60 + second - offset
    return Int64(seconds) * 1_000_000 + Int64(fraction)
  }

  /// The same from a string.
  public static func microseconds(iso8601 text: String, assumesUTC: Bool = false) -> Int64? {
    var copy = text
    return copy.withUTF8 {
      microseconds(iso8601: UnsafeRawBufferPointer($0), assumesUTC: assumesUTC)
    }
  }
}

/// Takes digits and signs off the front of a text.
private struct ISO8601Reader {
  let bytes: UnsafeRawBufferPointer
  var index = 0

  init(bytes: UnsafeRawBufferPointer) {
    self.bytes = bytes
  }

  var isAtEnd: Bool { index == bytes.count }

  mutating func skip(_ byte: UInt8) -> Bool {
    guard index < bytes.count, bytes[index] == byte else { return false }
    index += 1
    return true
  }

  mutating func digits(_ count: Int) -> Int? {
    guard index + count <= bytes.count else { return nil }
    var value = 0
    for _ in 0..<count {
      let digit = bytes[index]
      guard digit >= 0x30, digit <= 0x39 else { return nil }
      value = value * 10 + Int(digit - 0x30)
      index += 1
    }
    return value
  }

  /// 0 where there is no fraction; nil where there is a point without digits or too many.
  mutating func fractionMicroseconds() -> Int? {
    guard skip(0x2E) else { return 0 }
    var value = 0
    var count = 0
    while count < 9, let digit = digits(1) {
      if count < 6 { value = value * 10 + digit }
      count += 1
    }
    guard count > 0 else { return nil }
    for _ in min(count, 6)..<6 { value *= 10 }
    return value
  }

  mutating func offsetSeconds(assumesUTC: Bool) -> Int? {
    if skip(0x5A) { return 0 }
    if isAtEnd { return assumesUTC ? 0 : nil }
    let sign = skip(0x2B) ? 1 : skip(0x2D) ? -1 : 0
    guard sign != 0, let hours = digits(2), hours <= 18 else { return nil }
    var seconds = hours * 3_600
    if !isAtEnd {
      _ = skip(0x3A)
      guard let minutes = digits(2), minutes < 60 else { return nil }
      seconds += minutes * 60
    }
    return sign * seconds
  }
}
