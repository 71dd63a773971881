// Literals: numbers, texts, typed texts such as `DATE '2024-01-15'`, intervals.

import Columnar
import Kernels
import QueryPlanning

extension Analyzer {
  func literal(_ syntax: ExpressionSyntax) throws -> Typed {
    switch syntax.kind {
    case .null: return Typed(.constant(.null, .unknown), .unknown)
    case .boolean(let value): return Typed(.constant(.boolean(value), .boolean), .boolean)
    case .string(let text):
      return Typed(.constant(.text(text), .varchar), .varchar(text.unicodeScalars.count))
    case .integer(let text):
      guard let value = Int64(text) else {
        throw error(
          .syntaxError,
          "Invalid numeric literal: \(text)",
          syntax.start,
          advice:
            "A bigint has at most 19 digits; write \(text).0 for a decimal or \(text)e0 for a double."
        )
      }
      let type: TrinoType = Int32(exactly: value) == nil ? .bigint : .integer
      return Typed(.constant(.integer(value), type.storage), type)
    case .double(let text):
      guard let value = Double(text), value.isFinite else {
        throw error(.syntaxError, "Invalid numeric literal: \(text)", syntax.start)
      }
      return Typed(.constant(.double(value), .double), .double)
    case .decimal(let text): return try decimalLiteral(text, syntax.start)
    case .binary(let bytes):
      return Typed(.constant(.binary(bytes), .varbinary), .varbinary)
    case .typed(let type, let text):
      return try typedLiteral(type.name.uppercased(), text, syntax.start)
    case .interval(let text, let unit, let to, let isNegative):
      return try intervalLiteral(text, unit, to, isNegative, syntax.start)
    default: throw error(.genericInternalError, "not a literal", syntax.start)
    }
  }

  private func decimalLiteral(_ text: String, _ offset: Int) throws -> Typed {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    var whole = Array((parts.first ?? "").utf8)
    let fraction = Array((parts.count > 1 ? parts[1] : "").utf8)
    while whole.first == 0x30 { whole.removeFirst() }
    let precision = max(1, whole.count + fraction.count)
    guard precision <= 38, let value = Int128(String(decoding: whole + fraction, as: UTF8.self))
      ?? (whole.isEmpty && fraction.isEmpty ? 0 : nil)
    else {
      throw error(
        .numericValueOutOfRange, "Value too large: a decimal has at most 38 digits: \(text)", offset)
    }
    let type = TrinoType.decimal(precision: precision, scale: fraction.count)
    return Typed(.constant(.exact(value), type.storage), type)
  }

  private func typedLiteral(_ type: String, _ text: String, _ offset: Int) throws -> Typed {
    let invalid = error(
      .invalidLiteral,
      "'\(text)' is not a valid \(type) literal",
      offset,
      advice: type == "DATE" ? "Write DATE '2024-01-15'." : "Write TIMESTAMP '2024-01-15 09:10:00'."
    )
    switch type {
    case "DATE":
      guard let day = withBytes(text, { parseDate($0) }) else { throw invalid }
      return Typed(.constant(.integer(Int64(day)), .date), .date)
    case "TIMESTAMP":
      guard let parsed = withBytes(text, { parseMoment($0) }) else { throw invalid }
      let digits = parsed.precision
      guard let value = parsed.value(precision: digits) else { throw invalid }
      guard let zoneText = parsed.zoneText else {
        let type = TrinoType.timestamp(precision: digits)
        return Typed(.constant(.exact(value), type.storage), type)
      }
      let zone = try self.zone(zoneText, offset)
      let type = TrinoType.timestampWithTimeZone(precision: digits, zone)
      let micros = Int64(truncatingIfNeeded: digits <= 6 ? value : value / 1_000_000)
      let shift = Int128(zone.moment(ofWallClock: micros)) - Int128(micros)
      return Typed(
        .constant(.exact(value + (digits <= 6 ? shift : shift * 1_000_000)), type.storage), type)
    case "TIME":
      guard let value = withBytes(text, { parseTime($0) }) else {
        throw error(
          .invalidLiteral, "'\(text)' is not a valid TIME literal", offset,
          advice: "Write TIME '09:10:00'.")
      }
      let digits = text.split(separator: ".").count == 2 ? text.split(separator: ".")[1].count : 0
      let type = TrinoType.time(precision: min(12, digits))
      return Typed(.constant(.integer(value), type.storage), type)
    case "DECIMAL": return try decimalTyped(text, offset)
    case "VARCHAR":
      return Typed(.constant(.text(text), .varchar), .varchar(text.unicodeScalars.count))
    default:
      let syntax = TypeSyntax(
        name: type.lowercased(), parameters: [], hasTimeZone: nil, offset: offset)
      let target = try self.type(syntax)
      let value = Typed(.constant(.text(text), .varchar), .varchar(nil))
      if target == .json { return try jsonLiteral(text, offset) }
      return try cast(value, target, false, offset)
    }
  }

  /// `JSON '{"a": 1}'`
  private func jsonLiteral(_ text: String, _ offset: Int) throws -> Typed {
    let value = Typed(.constant(.text(text), .varchar), .varchar(nil))
    return try scalarCall(
      "json_parse", [value], Identifier(text: "json_parse", offset: offset), offset)
  }

  private func decimalTyped(_ text: String, _ offset: Int) throws -> Typed {
    let isNegative = text.hasPrefix("-")
    let digits = isNegative || text.hasPrefix("+") ? String(text.dropFirst()) : text
    guard !digits.isEmpty, digits.utf8.allSatisfy({ $0 &- 0x30 < 10 || $0 == 0x2E }),
      digits.utf8.filter({ $0 == 0x2E }).count <= 1, digits != "."
    else { throw error(.invalidLiteral, "'\(text)' is not a valid DECIMAL literal", offset) }
    let value = try decimalLiteral(digits, offset)
    guard isNegative, case .constant(let scalar, let type) = value.expression,
      let number = scalar.wholeNumber
    else { return value }
    return Typed(.constant(.exact(-number), type), value.type)
  }

  func withBytes<Result>(
    _ text: String,
    _ body: (UnsafeRawBufferPointer) -> Result
  ) -> Result {
    var copy = text
    return copy.withUTF8 { body(UnsafeRawBufferPointer($0)) }
  }

  private static let intervalFields: [String: (factor: Int64, isMonths: Bool)] = [
    "YEAR": (12, true), "MONTH": (1, true), "DAY": (86_400_000, false),
    "HOUR": (3_600_000, false), "MINUTE": (60_000, false), "SECOND": (1_000, false),
  ]

  /// `'2'`, `'1.5'` seconds, `'1-6'` from year to month, `'1 12:30:00.5'` from day to second.
  private func intervalLiteral(
    _ text: String,
    _ unit: String,
    _ to: String?,
    _ isNegative: Bool,
    _ offset: Int
  ) throws -> Typed {
    let invalid = error(
      .invalidLiteral,
      "'\(text)' is not a valid interval literal",
      offset,
      advice: "Write INTERVAL '2' \(unit)."
    )
    let order = ["YEAR", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND"]
    guard let first = order.firstIndex(of: unit), let last = order.firstIndex(of: to ?? unit),
      first <= last, (first < 2) == (last < 2)
    else {
      throw error(.syntaxError, "Invalid interval: \(unit) TO \(to ?? "")", offset)
    }
    var digits = text[...]
    var isBack = isNegative
    if digits.first == "-" || digits.first == "+" {
      if digits.first == "-" { isBack.toggle() }
      digits = digits.dropFirst()
    }
    let parts = digits.split(
      omittingEmptySubsequences: false, whereSeparator: { $0 == "-" || $0 == " " || $0 == ":" })
    guard parts.count == last - first + 1 else { throw invalid }
    var total: Int64 = 0
    for (part, name) in zip(parts, order[first...last]) {
      var whole = part
      var milliseconds: Int64 = 0
      if name == "SECOND", let dot = part.firstIndex(of: ".") {
        let fraction = part[part.index(after: dot)...]
        guard (1...3).contains(fraction.count), let value = Int64(fraction), value >= 0 else {
          throw invalid
        }
        milliseconds = value * [100, 10, 1][fraction.count - 1]
        whole = part[..<dot]
      }
      guard let count = Int64(whole), count >= 0, let field = Self.intervalFields[name] else {
        throw invalid
      }
      let (scaled, isTooLong) = count.multipliedReportingOverflow(by: field.factor)
      let (sum, isTooMuch) = total.addingReportingOverflow(scaled)
      let (next, isEven) = sum.addingReportingOverflow(milliseconds)
      guard !isTooLong, !isTooMuch, !isEven else { throw invalid }
      total = next
    }
    let type: TrinoType = first < 2 ? .intervalYearToMonth : .intervalDayToSecond
    return Typed(.constant(.integer(isBack ? -total : total), type.storage), type)
  }
}
