// Conversion of a column from one storage type to another.
//
// Fractions round half away from zero on their way to whole numbers. A value without a meaning in
// the target throws, or gives NULL where `isLenient`. Conversions that need a time zone live in
// `Temporal.swift`.

public import Columnar

public func cast(
  _ vector: ColumnVector,
  to type: DataType,
  isLenient: Bool = false
) throws -> ColumnVector {
  if vector.type == type { return vector }
  let count = vector.count
  if vector.type == .unknown || vector.nullCount == count {
    return nullColumn(type, count: count)
  }
  let source = vector.plain
  switch (source.type, type) {
  case (.varchar, _): return try parseText(source, to: type, isLenient: isLenient)
  case (_, .varchar): return formatColumn(source)
  case (.integer, .bigint), (.date, .bigint):
    let a = Lane<Int32>(source)
    return makeFixed(.bigint, count, source.validity, as: Int64.self) { out in
      for row in 0..<count { out[row] = Int64(a[row]) }
    }
  case (.integer, .double):
    let a = Lane<Int32>(source)
    return makeFixed(.double, count, source.validity, as: Double.self) { out in
      for row in 0..<count { out[row] = Double(a[row]) }
    }
  case (.bigint, .double):
    let a = Lane<Int64>(source)
    return makeFixed(.double, count, source.validity, as: Double.self) { out in
      for row in 0..<count { out[row] = Double(a[row]) }
    }
  case (.decimal(_, let scale), .double):
    let a = Lane<Int64>(source)
    let exact = scale <= 18 ? Double(powersOfTen[scale]) : 1e19
    return makeFixed(.double, count, source.validity, as: Double.self) { out in
      for row in 0..<count {
        // Beyond 2^53 the quotient of two roundings could differ from the nearest double.
        if a[row].magnitude < 1 << 53, scale <= 22 {
          out[row] = Double(a[row]) / exact
        } else {
          out[row] = Double(decimalText(a[row], scale: scale)) ?? .nan
        }
      }
    }
  case (.boolean, _):
    let a = Lane<UInt8>(source)
    let values = makeFixed(.bigint, count, source.validity, as: Int64.self) { out in
      for row in 0..<count { out[row] = Int64(a[row]) }
    }
    return try cast(values, to: type, isLenient: isLenient)
  case (.integer, .boolean), (.bigint, .boolean), (.double, .boolean), (.decimal, .boolean):
    let zero = ColumnVector(
      constant: source.type == .double ? .double(0) : .integer(0),
      type: source.type,
      count: count
    )
    return compare(.notEqual, source, zero)
  case (.date, .timestamp):
    let a = Lane<Int32>(source)
    return makeFixed(.timestamp, count, source.validity, as: Int64.self) { out in
      for row in 0..<count { out[row] = Int64(a[row]) &* 86_400_000_000 }
    }
  case (.timestamp, .date):
    let a = Lane<Int64>(source)
    return makeFixed(.date, count, source.validity, as: Int32.self) { out in
      for row in 0..<count {
        out[row] = Int32(truncatingIfNeeded: floorQuotient(a[row], 86_400_000_000))
      }
    }
  default: return try castNumber(source, to: type, isLenient: isLenient)
  }
}

/// Reads a numeric row as a 128-bit whole number of the wanted scale; nil where it does not fit.
@inline(__always)
private func scaled(_ value: Int64, from: Int, to: Int) -> Int128? {
  var wide = Int128(value)
  if to > from {
    for _ in 0..<(to - from) {
      wide *= 10
      if wide.magnitude > Int128.max.magnitude / 100 { return nil }
    }
    return wide
  }
  var unit: Int128 = 1
  for _ in 0..<min(from - to, 30) { unit *= 10 }
  return divideHalfUp(wide, unit)
}

private func castNumber(
  _ source: ColumnVector,
  to type: DataType,
  isLenient: Bool
) throws -> ColumnVector {
  let count = source.count
  var known = [UInt8](repeating: 1, count: count)
  var targetScale = 0
  if case .decimal(_, let scale) = type { targetScale = scale }
  var sourceScale = 0
  if case .decimal(_, let scale) = source.type { sourceScale = scale }
  let limit: Int128
  switch type {
  case .integer: limit = Int128(Int32.max)
  case .bigint: limit = Int128(Int64.max)
  case .decimal(let precision, _):
    limit = precision <= 18 ? Int128(powersOfTen[precision] - 1) : Int128(Int64.max)
  default: throw KernelError.notSupported("a cast from \(source.type) to \(type)")
  }
  let lowest = type == .integer || type == .bigint ? -limit - 1 : -limit
  var values = [Int64](repeating: 0, count: count)
  let isDouble = source.type == .double
  let is32 = source.type.layout == .fixed(width: 4)
  guard isDouble || is32 || source.type.layout == .fixed(width: 8), source.type != .date,
    source.type != .timestamp, source.type != .timestampWithTimeZone
  else { throw KernelError.notSupported("a cast from \(source.type) to \(type)") }
  for row in 0..<count {
    if source.isNull(row) {
      known[row] = 0
      continue
    }
    let wide: Int128?
    if isDouble {
      let value = Lane<Double>(source)[row]
      var factor = 1.0
      for _ in 0..<targetScale { factor *= 10 }
      let rounded = (value * factor).rounded(.toNearestOrAwayFromZero)
      wide = rounded.isFinite && abs(rounded) < 1e36 ? Int128(rounded) : nil
    } else {
      let value = is32 ? Int64(Lane<Int32>(source)[row]) : Lane<Int64>(source)[row]
      wide = scaled(value, from: sourceScale, to: targetScale)
    }
    if let wide, wide <= limit, wide >= lowest {
      values[row] = Int64(truncatingIfNeeded: wide)
    } else if isLenient {
      known[row] = 0
    } else {
      let shown = scalarText(source.scalar(row), source.type)
      if case .decimal = type {
        throw KernelError.invalidCast(value: shown, from: source.type, to: type)
      }
      throw isDouble && shown == "NaN"
        ? KernelError.invalidCast(value: shown, from: source.type, to: type)
        : KernelError.outOfRange(value: shown, type: type)
    }
  }
  let validity = known.withUnsafeBufferPointer { bytes in
    bytes.baseAddress.flatMap { bitmap(fromBytes: $0, count: count) }
  }
  if type == .integer {
    return makeFixed(.integer, count, validity, as: Int32.self) { out in
      for row in 0..<count { out[row] = Int32(truncatingIfNeeded: values[row]) }
    }
  }
  return makeFixed(type, count, validity, as: Int64.self) { out in
    for row in 0..<count { out[row] = values[row] }
  }
}

private func parseText(
  _ source: ColumnVector,
  to type: DataType,
  isLenient: Bool
) throws -> ColumnVector {
  let count = source.count
  let lane = TextLane(source)
  let builder = ColumnBuilder(type: type, capacity: count)
  for row in 0..<count {
    if source.isNull(row) {
      builder.appendNull()
      continue
    }
    let bytes = lane[row]
    var isRead = false
    switch type {
    case .integer:
      if let value = parseInteger(trimmed(bytes)), Int32(exactly: value) != nil {
        builder.append(value)
        isRead = true
      }
    case .bigint:
      if let value = parseInteger(trimmed(bytes)) {
        builder.append(value)
        isRead = true
      }
    case .double:
      if let value = parseDouble(bytes) {
        builder.append(value)
        isRead = true
      }
    case .decimal(let precision, let scale):
      if let value = parseDecimal(bytes, scale: scale),
        precision > 18 || value.magnitude < powersOfTen[precision].magnitude
      {
        builder.append(value)
        isRead = true
      }
    case .boolean:
      switch String(decoding: bytes, as: UTF8.self).lowercased() {
      case "true", "t", "1":
        builder.append(true)
        isRead = true
      case "false", "f", "0":
        builder.append(false)
        isRead = true
      default: break
      }
    case .date:
      if let value = parseDate(trimmed(bytes)) {
        builder.append(Int64(value))
        isRead = true
      }
    case .timestamp:
      if let parsed = parseTimestamp(trimmed(bytes)), parsed.zoneText == nil {
        builder.append(parsed.microseconds)
        isRead = true
      }
    case .varbinary:
      builder.append(bytes: bytes)
      isRead = true
    default: throw KernelError.notSupported("a cast from varchar to \(type)")
    }
    if !isRead {
      guard isLenient else {
        throw KernelError.invalidCast(
          value: String(decoding: bytes, as: UTF8.self),
          from: .varchar,
          to: type
        )
      }
      builder.appendNull()
    }
  }
  return builder.finish()
}

private func formatColumn(_ source: ColumnVector) -> ColumnVector {
  var output = TextOutput(capacity: source.count)
  for row in 0..<source.count {
    if source.isNull(row) {
      output.appendEmpty()
      continue
    }
    if source.type == .double {
      output.row.append(contentsOf: scientificText(Lane<Double>(source)[row]).utf8)
    } else {
      output.row.append(contentsOf: scalarText(source.scalar(row), source.type).utf8)
    }
    output.finishRow()
  }
  return output.column(validity: source.validity)
}

/// A value as SQL text; timestamps with six digits and zoned ones in UTC.
public func scalarText(_ scalar: Scalar, _ type: DataType) -> String {
  switch scalar {
  case .null: return "NULL"
  case .boolean(let value): return value ? "true" : "false"
  case .double(let value): return javaText(value)
  case .text(let value): return value
  case .binary(let bytes):
    return bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: " ")
  case .integer(let value):
    switch type {
    case .decimal(_, let scale): return decimalText(value, scale: scale)
    case .date: return dateText(value)
    case .timestamp: return timestampText(value, precision: 6)
    case .timestampWithTimeZone: return timestampText(value, precision: 6) + " UTC"
    default: return String(value)
    }
  }
}

/// Shortens text to at most `length` code points.
public func truncateText(_ vector: ColumnVector, length: Int) -> ColumnVector {
  let source = vector.plain
  let lane = TextLane(source)
  var output = TextOutput(capacity: source.count)
  for row in 0..<source.count {
    let bytes = lane[row]
    output.append(UnsafeRawBufferPointer(rebasing: bytes[0..<byteIndex(bytes, codePoint: length)]))
  }
  return output.column(validity: source.validity)
}
