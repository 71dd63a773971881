// The decimal digits of numbers, rounded and cut in decimal: what formats and `truncate` need.

/// A number as digits: `0.DIGITS` times ten to `exponent`.
struct DecimalDigits {
  var isNegative: Bool
  /// 0 to 9 each; none for zero.
  var digits: [UInt8]
  var exponent: Int

  /// The shortest digits that read back as the double, which is finite.
  init(_ value: Double) {
    isNegative = value.sign == .minus
    digits = []
    exponent = 0
    guard value != 0 else { return }
    var text = Substring(value.magnitude.description)
    if let mark = text.firstIndex(of: "e") {
      exponent = Int(text[text.index(after: mark)...]) ?? 0
      text = text[..<mark]
    }
    var pointAt: Int?
    for byte in text.utf8 {
      if byte == 0x2E { pointAt = digits.count } else { digits.append(byte - 0x30) }
    }
    exponent += pointAt ?? digits.count
    while digits.first == 0 {
      digits.removeFirst()
      exponent -= 1
    }
  }

  init(unscaled: Int128, scale: Int) {
    isNegative = unscaled < 0
    digits = String(unscaled.magnitude).utf8.map { $0 - 0x30 }
    if unscaled == 0 { digits = [] }
    exponent = digits.count - scale
  }

  /// Rounds to `places` after the point, half up; or cuts.
  mutating func round(toPlaces places: Int, isCut: Bool = false) {
    let kept = exponent + places
    guard kept < digits.count else { return }
    guard kept >= 0 else {
      digits = []
      return
    }
    let roundsUp = !isCut && digits[kept] >= 5
    digits.removeSubrange(kept...)
    guard roundsUp else { return }
    var index = kept - 1
    while index >= 0, digits[index] == 9 {
      digits[index] = 0
      index -= 1
    }
    if index >= 0 {
      digits[index] += 1
    } else {
      digits.insert(1, at: 0)
      exponent += 1
    }
  }

  /// The digits before the point, without a sign; at least one.
  var wholeText: String {
    guard exponent > 0, !digits.isEmpty else { return "0" }
    return String(decoding: (0..<exponent).map { 0x30 + ($0 < digits.count ? digits[$0] : 0) }, as: UTF8.self)
  }

  /// `count` digits after the point.
  func fractionText(_ count: Int) -> String {
    String(
      decoding: (0..<count).map { place -> UInt8 in
        let index = exponent + place
        return 0x30 + (index >= 0 && index < digits.count ? digits[index] : 0)
      }, as: UTF8.self)
  }

  /// The double nearest to the digits.
  var double: Double {
    guard !digits.isEmpty else { return isNegative ? -0.0 : 0 }
    let text = "0." + String(decoding: digits.map { $0 + 0x30 }, as: UTF8.self) + "e\(exponent)"
    return (isNegative ? -1 : 1) * (Double(text) ?? 0)
  }
}
