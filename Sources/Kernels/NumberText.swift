// Numbers to text and back, on bytes: integers, decimals, and doubles as Java prints them.

/// `1.0`, `1.0E7`, `-1.5E-5`, `NaN`: the shortest digits that read back, in Java's form.
///
/// Plain notation from 10^-3 to below 10^7, scientific outside.
public func javaText(_ value: Double) -> String {
  doubleText(value, alwaysScientific: false)
}

/// The same digits, always as `d.dE…`: how Trino casts a double to varchar.
public func scientificText(_ value: Double) -> String {
  doubleText(value, alwaysScientific: true)
}

/// As the double's, with the digits that tell one `real` from the next.
public func javaText(real value: Float) -> String {
  doubleText(value, alwaysScientific: false)
}

/// As the double's, with the digits that tell one `real` from the next.
public func scientificText(real value: Float) -> String {
  doubleText(value, alwaysScientific: true)
}

private func doubleText<Value: BinaryFloatingPoint & CustomStringConvertible>(
  _ value: Value, alwaysScientific: Bool
) -> String {
  if value.isNaN { return "NaN" }
  if value.isInfinite { return value < 0 ? "-Infinity" : "Infinity" }
  let sign = value.sign == .minus ? "-" : ""
  if value == 0 { return sign + (alwaysScientific ? "0E0" : "0.0") }
  // Swift prints the shortest digits that round-trip, in one of two notations.
  var digits: [UInt8] = []
  var exponent = 0
  var pointAt: Int?
  var text = Substring(value.magnitude.description)
  if let mark = text.firstIndex(of: "e") {
    exponent = Int(text[text.index(after: mark)...]) ?? 0
    text = text[..<mark]
  }
  for byte in text.utf8 {
    if byte == 0x2E { pointAt = digits.count } else { digits.append(byte) }
  }
  // The value is 0.DIGITS times ten to `exponent`.
  exponent += pointAt ?? digits.count
  while digits.count > 1, digits.first == 0x30 {
    digits.removeFirst()
    exponent -= 1
  }
  while digits.count > 1, digits.last == 0x30 { digits.removeLast() }
  let text10 = digits.map { String(UnicodeScalar($0)) }
  if !alwaysScientific, exponent > -3, exponent <= 7 {
    if exponent <= 0 {
      return sign + "0." + String(repeating: "0", count: -exponent) + text10.joined()
    }
    let whole = (0..<exponent).map { $0 < text10.count ? text10[$0] : "0" }.joined()
    let fraction = text10.dropFirst(exponent).joined()
    return sign + whole + "." + (fraction.isEmpty ? "0" : fraction)
  }
  let fraction = text10.dropFirst().joined()
  return sign + text10[0] + "." + (fraction.isEmpty ? "0" : fraction) + "E\(exponent - 1)"
}

/// `-12.30` for -1230 at scale 2.
public func decimalText(_ unscaled: Int64, scale: Int) -> String {
  decimalText(Int128(unscaled), scale: scale)
}

/// `-12.30` for -1230 at scale 2.
public func decimalText(_ unscaled: Int128, scale: Int) -> String {
  var bytes: [UInt8] = []
  appendDecimal(unscaled, scale: scale, to: &bytes)
  return String(decoding: bytes, as: UTF8.self)
}

/// Writes a whole number's digits.
@inline(__always)
func appendInteger(_ value: Int64, to bytes: inout [UInt8]) {
  if value < 0 { bytes.append(0x2D) }
  appendDigits(value.magnitude, to: &bytes)
}

/// Writes the digits of `value`, with zeros before them up to `width`.
func appendDigits(_ value: UInt64, width: Int = 1, to bytes: inout [UInt8]) {
  withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 20) { digits in
    var rest = value
    var used = 20
    repeat {
      let (quotient, digit) = rest.quotientAndRemainder(dividingBy: 10)
      used -= 1
      digits[used] = 0x30 + UInt8(truncatingIfNeeded: digit)
      rest = quotient
    } while rest != 0
    while 20 - used < width, used > 0 {
      used -= 1
      digits[used] = 0x30
    }
    bytes.append(contentsOf: digits[used..<20])
  }
}

/// Writes an unscaled decimal with its point.
func appendDecimal(_ unscaled: Int128, scale: Int, to bytes: inout [UInt8]) {
  if unscaled < 0 { bytes.append(0x2D) }
  let magnitude = unscaled.magnitude
  let unit = UInt128(wideTen(scale))
  let whole = magnitude / unit
  if let narrow = UInt64(exactly: whole) {
    appendDigits(narrow, to: &bytes)
  } else {
    bytes.append(contentsOf: String(whole).utf8)
  }
  guard scale > 0 else { return }
  bytes.append(0x2E)
  let fraction = magnitude % unit
  if let narrow = UInt64(exactly: fraction), scale <= 19 {
    appendDigits(narrow, width: scale, to: &bytes)
  } else {
    let text = String(fraction)
    for _ in 0..<max(0, scale - text.utf8.count) { bytes.append(0x30) }
    bytes.append(contentsOf: text.utf8)
  }
}

/// A whole number with an optional sign; nil for anything else or an overflow.
public func parseInteger(_ bytes: UnsafeRawBufferPointer) -> Int64? {
  var index = 0
  var isNegative = false
  if index < bytes.count, bytes[index] == 0x2D || bytes[index] == 0x2B {
    isNegative = bytes[index] == 0x2D
    index += 1
  }
  guard index < bytes.count else { return nil }
  var value: Int64 = 0
  while index < bytes.count {
    let digit = bytes[index] &- 0x30
    guard digit <= 9 else { return nil }
    let (scaled, overflow) = value.multipliedReportingOverflow(by: 10)
    let (next, carry) =
      isNegative
      ? scaled.subtractingReportingOverflow(Int64(digit))
      : scaled.addingReportingOverflow(Int64(digit))
    guard !overflow, !carry else { return nil }
    value = next
    index += 1
  }
  return value
}

/// A double as Java reads it: decimal or scientific, `NaN`, `Infinity`; nil for anything else.
public func parseDouble(_ bytes: UnsafeRawBufferPointer) -> Double? {
  var text = Substring(String(decoding: bytes, as: UTF8.self))
  while let first = text.utf8.first, first <= 0x20 { text = text.dropFirst() }
  while let last = text.utf8.last, last <= 0x20 { text = text.dropLast() }
  var digits = text
  if let sign = digits.first, sign == "-" || sign == "+" { digits = digits.dropFirst() }
  if digits == "NaN" { return .nan }
  if digits == "Infinity" { return text.first == "-" ? -.infinity : .infinity }
  var sawDigit = false
  for byte in digits.utf8 {
    switch byte {
    case 0x30...0x39: sawDigit = true
    case 0x2E, 0x45, 0x65, 0x2B, 0x2D: break
    default: return nil
    }
  }
  guard sawDigit else { return nil }
  if digits.last == "." { text = text.dropLast() }
  return Double(text)
}

/// An unscaled decimal of the wanted scale in 64 bits; as `parseWideDecimal`.
public func parseDecimal(_ bytes: UnsafeRawBufferPointer, scale: Int) -> Int64? {
  parseWideDecimal(bytes, scale: scale).flatMap { Int64(exactly: $0) }
}

/// An unscaled decimal of the wanted scale, rounded half up; nil for what is no number, and for more
/// than 38 digits.
///
/// An exponent (`1.5E3`) is read, as Java's BigDecimal does.
public func parseWideDecimal(_ bytes: UnsafeRawBufferPointer, scale: Int) -> Int128? {
  var digits = bytes
  var exponent = 0
  if let mark = bytes.firstIndex(where: { $0 | 0x20 == 0x65 }) {
    guard let power = parseInteger(UnsafeRawBufferPointer(rebasing: bytes[(mark + 1)...])),
      power.magnitude <= 1_000
    else { return nil }
    exponent = Int(power)
    digits = UnsafeRawBufferPointer(rebasing: bytes[..<mark])
  }
  var index = 0
  var isNegative = false
  if let first = digits.first, first == 0x2D || first == 0x2B {
    isNegative = first == 0x2D
    index = 1
  }
  var value: Int128 = 0
  var sawDigit = false
  var sawPoint = false
  // Digits after the point that are still wanted; exponent moves the point.
  var wanted = scale + exponent
  var roundingDigit: UInt8 = 0
  var dropped = 0
  while index < digits.count {
    let byte = digits[index]
    index += 1
    if byte == 0x2E {
      guard !sawPoint else { return nil }
      sawPoint = true
      continue
    }
    let digit = byte &- 0x30
    guard digit <= 9 else { return nil }
    sawDigit = true
    if sawPoint, wanted <= 0 {
      if dropped == 0, wanted == 0 { roundingDigit = digit }
      dropped += 1
      continue
    }
    guard value < powersOfTen128[37] else { return nil }
    value = value &* 10 &+ Int128(digit)
    guard value < powersOfTen128[38] else { return nil }
    if sawPoint { wanted -= 1 }
  }
  guard sawDigit else { return nil }
  if wanted > 0 {
    guard value == 0 || wanted <= 38 else { return nil }
    let (scaled, overflow) = value.multipliedReportingOverflow(by: wideTen(min(wanted, 38)))
    guard !overflow, scaled < powersOfTen128[38] else { return nil }
    value = scaled
  } else if wanted < 0 {
    value = -wanted > 38 ? 0 : divideHalfUp(value, wideTen(-wanted))
  } else if roundingDigit >= 5 {
    value += 1
  }
  guard value < powersOfTen128[38] else { return nil }
  return isNegative ? -value : value
}
