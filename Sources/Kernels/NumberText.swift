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

private func doubleText(_ value: Double, alwaysScientific: Bool) -> String {
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
  guard scale > 0 else { return String(unscaled) }
  var digits = String(unscaled.magnitude)
  if digits.count <= scale {
    digits = String(repeating: "0", count: scale - digits.count + 1) + digits
  }
  return (unscaled < 0 ? "-" : "") + digits.dropLast(scale) + "." + digits.suffix(scale)
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

/// An unscaled decimal of the wanted scale, rounded half up; nil for what is no number or too long.
public func parseDecimal(_ bytes: UnsafeRawBufferPointer, scale: Int) -> Int64? {
  var value: Int128 = 0
  var fractionDigits = -1
  var isNegative = false
  var sawDigit = false
  var roundUp = false
  for (index, byte) in bytes.enumerated() {
    if index == 0, byte == 0x2D || byte == 0x2B {
      isNegative = byte == 0x2D
    } else if byte == 0x2E {
      guard fractionDigits < 0 else { return nil }
      fractionDigits = 0
    } else {
      let digit = byte &- 0x30
      guard digit <= 9 else { return nil }
      sawDigit = true
      if fractionDigits >= scale {
        if fractionDigits == scale { roundUp = digit >= 5 }
        fractionDigits += 1
        continue
      }
      value = value * 10 + Int128(digit)
      guard value < Int128(Int64.max) * 1000 else { return nil }
      if fractionDigits >= 0 { fractionDigits += 1 }
    }
  }
  guard sawDigit else { return nil }
  var missing = scale - max(fractionDigits, 0)
  while missing > 0 {
    value *= 10
    guard value < Int128(Int64.max) * 1000 else { return nil }
    missing -= 1
  }
  if roundUp { value += 1 }
  return Int64(exactly: isNegative ? -value : value)
}
