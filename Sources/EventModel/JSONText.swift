/// JSON's spelling of strings and numbers, both ways: what every writer and reader here shares.
///
/// Writing appends to the caller's buffer and allocates nothing else. Reading expects ranges that
/// `JSONObjectScanner` or `JSONValue` has validated.
public enum JSONText {
  /// Appends a string in quotes, with the escapes that RFC 8259 demands and no others.
  public static func append(_ text: String, to output: inout [UInt8]) {
    var text = text
    text.withUTF8 { utf8 in
      output.append(0x22)
      appendEscaped(utf8, to: &output)
      output.append(0x22)
    }
  }

  /// Appends an integer in decimal.
  public static func append(_ value: Int64, to output: inout [UInt8]) {
    if value < 0 { output.append(0x2D) }
    appendDecimal(value.magnitude, to: &output)
  }

  /// Appends a literal as it stands, without quotes: keys and punctuation known at compile time.
  @inline(__always)
  public static func append(literal: StaticString, to output: inout [UInt8]) {
    output.append(
      contentsOf: UnsafeBufferPointer(
        start: literal.utf8Start,
        count: literal.utf8CodeUnitCount
      )
    )
  }

  private static func appendEscaped(
    _ utf8: UnsafeBufferPointer<UInt8>,
    to output: inout [UInt8]
  ) {
    var start = 0
    var position = 0
    let bytes = UnsafeRawBufferPointer(utf8)
    while position < utf8.count {
      while position + 8 <= bytes.count,
        escapedBytes(bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self)) == 0
      {
        position += 8
      }
      guard position < utf8.count else { break }
      let byte = utf8[position]
      if byte >= 0x20 && byte != 0x22 && byte != 0x5C {
        position += 1
        continue
      }
      output.append(contentsOf: UnsafeBufferPointer(rebasing: utf8[start..<position]))
      appendEscape(byte, to: &output)
      position += 1
      start = position
    }
    output.append(contentsOf: UnsafeBufferPointer(rebasing: utf8[start..<position]))
  }

  /// Not zero where one of eight bytes needs an escape.
  @inline(__always)
  private static func escapedBytes(_ word: UInt64) -> UInt64 {
    let ones: UInt64 = 0x0101_0101_0101_0101
    let quotes = word ^ (ones &* 0x22)
    let backslashes = word ^ (ones &* 0x5C)
    return
      (((quotes &- ones) & ~quotes) | ((backslashes &- ones) & ~backslashes)
      | ((word &- ones &* 0x20) & ~word)) & 0x8080_8080_8080_8080
  }

  private static func appendEscape(_ byte: UInt8, to output: inout [UInt8]) {
    output.append(0x5C)
    switch byte {
    case 0x22, 0x5C: output.append(byte)
    case 0x08: output.append(0x62)
    case 0x09: output.append(0x74)
    case 0x0A: output.append(0x6E)
    case 0x0C: output.append(0x66)
    case 0x0D: output.append(0x72)
    default:
      append(literal: "u00", to: &output)
      output.append(0x30 + (byte >> 4))
      let low = byte & 0xF
      output.append(low < 10 ? 0x30 + low : 0x57 + low)
    }
  }

  private static func appendDecimal(_ magnitude: UInt64, to output: inout [UInt8]) {
    if magnitude < 10 {
      output.append(0x30 + UInt8(truncatingIfNeeded: magnitude))
      return
    }
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 20) { digits in
      var rest = magnitude
      var start = 20
      while rest > 0 {
        start -= 1
        digits[start] = 0x30 + UInt8(truncatingIfNeeded: rest % 10)
        rest /= 10
      }
      output.append(contentsOf: UnsafeBufferPointer(rebasing: digits[start..<20]))
    }
  }

  // MARK: - Reading validated ranges

  /// The text of a string's bytes between its quotes. Bytes that are not a valid string's give some
  /// text, never a trap.
  static func unescaped(_ bytes: UnsafeRawBufferPointer, in range: Range<Int>) -> String {
    guard range.upperBound <= bytes.count else { return "" }
    var output: [UInt8] = []
    output.reserveCapacity(range.count)
    var position = range.lowerBound
    while position < range.upperBound {
      let byte = bytes[position]
      position += 1
      guard byte == 0x5C, position < range.upperBound else {
        output.append(byte)
        continue
      }
      let escape = bytes[position]
      position += 1
      switch escape {
      case 0x62: output.append(0x08)
      case 0x66: output.append(0x0C)
      case 0x6E: output.append(0x0A)
      case 0x72: output.append(0x0D)
      case 0x74: output.append(0x09)
      case 0x75:
        var scalar = UInt32(unit(bytes, at: position, before: range.upperBound))
        position += 4
        if scalar & 0xFC00 == 0xD800 {
          let low = UInt32(unit(bytes, at: position + 2, before: range.upperBound))
          scalar = 0x1_0000 + (scalar & 0x3FF) << 10 + (low & 0x3FF)
          position += 6
        }
        let text = Unicode.Scalar(scalar) ?? "\u{FFFD}"
        output.append(contentsOf: UTF8.encode(text) ?? UTF8.encodedReplacementCharacter)
      default: output.append(escape)
      }
    }
    return String(decoding: output, as: UTF8.self)
  }

  private static func unit(
    _ bytes: UnsafeRawBufferPointer,
    at start: Int,
    before end: Int
  ) -> UInt16 {
    guard start + 4 <= end else { return 0xFFFD }
    var unit: UInt16 = 0
    for offset in start..<(start + 4) {
      let byte = bytes[offset]
      unit = unit << 4 | UInt16(byte < 0x3A ? byte & 0xF : (byte & 0xF) + 9)
    }
    return unit
  }

  /// The value of an integer token; nil beyond 64 bits.
  static func integer(_ bytes: UnsafeRawBufferPointer, in range: Range<Int>) -> Int64? {
    var position = range.lowerBound
    guard position < range.upperBound else { return nil }
    let isNegative = bytes[position] == 0x2D
    if isNegative { position += 1 }
    guard range.upperBound - position <= 19 else { return nil }
    var magnitude: UInt64 = 0
    while position < range.upperBound {
      let digit = bytes[position] &- 0x30
      guard digit < 10 else { return nil }
      magnitude = magnitude &* 10 &+ UInt64(digit)
      position += 1
    }
    if isNegative {
      guard magnitude <= 1 << 63 else { return nil }
      return 0 &- Int64(truncatingIfNeeded: magnitude)
    }
    return Int64(exactly: magnitude)
  }

  /// The value of a number token; nil beyond the range of a double.
  static func double(_ bytes: UnsafeRawBufferPointer, in range: Range<Int>) -> Double? {
    let token = String(decoding: UnsafeRawBufferPointer(rebasing: bytes[range]), as: UTF8.self)
    guard let value = Double(token), value.isFinite else { return nil }
    return value
  }
}
