internal import Columnar
internal import Simulation

/// Partition values between their text in the log and their scalar in a column.
enum PartitionValue {
  /// True for the types that this writer partitions by.
  static func isWritable(_ type: DataType) -> Bool {
    switch type {
    case .varchar, .date, .integer, .bigint: true
    default: false
    }
  }

  /// The scalar of a text; nil where the text is no value of the type.
  static func scalar(_ text: String?, type: DataType) -> Scalar? {
    guard let text else { return .null }
    switch type {
    case .varchar: return .text(text)
    case .date: return CivilDate(text).map { .integer(Int64($0.daysSinceEpoch)) }
    case .tinyint: return Int8(text).map { .integer(Int64($0)) }
    case .smallint: return Int16(text).map { .integer(Int64($0)) }
    case .integer: return Int32(text).map { .integer(Int64($0)) }
    case .bigint: return Int64(text).map { .integer($0) }
    case .boolean: return text == "true" ? .boolean(true) : text == "false" ? .boolean(false) : nil
    case .double: return Double(text).map { .double($0) }
    case .real: return Float(text).map { .double(Double($0)) }
    case .timestamp, .timestampWithTimeZone:
      return StoryTime.microseconds(iso8601: text, assumesUTC: true).map { .integer($0) }
    case .decimal(_, let scale):
      return DecimalText.unscaled(text, scale: scale).map { .exact($0) }
    default: return nil
    }
  }

  /// The text of an integer or date.
  static func text(_ value: Int64, type: DataType) -> String {
    type == .date ? CivilDate(daysSinceEpoch: Int(value)).description : String(value)
  }
}

/// Decimals between their digits and their unscaled integer.
enum DecimalText {
  /// `12.3` at scale 2 is 1230; nil where digits would be lost or do not fit.
  static func unscaled(_ text: String, scale: Int) -> Int128? {
    let isNegative = text.hasPrefix("-")
    let parts = text.dropFirst(isNegative ? 1 : 0)
      .split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 1 || parts.count == 2, !parts[0].isEmpty else { return nil }
    var fraction = parts.count == 2 ? String(parts[1]) : ""
    while fraction.utf8.count > scale, fraction.last == "0" { fraction.removeLast() }
    guard fraction.utf8.count <= scale else { return nil }
    let digits = parts[0] + fraction + String(repeating: "0", count: scale - fraction.utf8.count)
    guard digits.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }), let value = Int128(digits) else {
      return nil
    }
    return isNegative ? -value : value
  }

  /// 1230 at scale 2 is `12.30`.
  static func text(_ unscaled: Int128, scale: Int) -> String {
    guard scale > 0 else { return String(unscaled) }
    var digits = String(unscaled.magnitude)
    if digits.utf8.count <= scale {
      digits = String(repeating: "0", count: scale + 1 - digits.utf8.count) + digits
    }
    return (unscaled < 0 ? "-" : "") + digits.dropLast(scale) + "." + digits.suffix(scale)
  }
}
