// Conversion of a column from one type to another: chooses the pair; the pairs are in `Cast+….swift`.
//
// Fractions round half away from zero on their way to whole numbers. A value without a meaning in
// the target throws, or gives NULL where `isLenient`. A constant is converted once, a dictionary once
// a distinct value, and both keep their encoding. Conversions that need a time zone live in
// `TimeZones.swift`: here a moment is read in UTC.

public import Columnar

/// The same rows as another type.
///
/// Throws `invalidCast` and `outOfRange`, or `notSupported` for a pair without a meaning; with
/// `isLenient` the values that cannot be converted are NULL.
public func cast(
  _ vector: ColumnVector,
  to type: DataType,
  isLenient: Bool = false
) throws -> ColumnVector {
  if vector.type == type { return vector }
  let count = vector.count
  if vector.type == .unknown || (count > 0 && vector.nullCount == count) {
    return nullColumn(type, count: count)
  }
  switch vector.encoding {
  case .flat: return try castFlat(vector, to: type, isLenient: isLenient)
  case .constant:
    guard count > 0 else { return ColumnBuilder(type: type).finish() }
    let one = try castFlat(
      vector.slice(0..<1).withValidity(nil).flattened(), to: type, isLenient: isLenient)
    if one.isNull(0) { return nullColumn(type, count: count) }
    return ColumnVector(
      type: type, count: count, encoding: .constant, values: one.values, textData: one.textData,
      children: one.children, validity: vector.validity)
  case .dictionary(let codes, let dictionary):
    guard dictionary.values.count <= count,
      let values = try? castFlat(dictionary.values, to: type, isLenient: isLenient)
    else { return try castFlat(vector.flattened(), to: type, isLenient: isLenient) }
    var validity = vector.validity
    if let known = values.validity {
      let code = codes.values(as: Int32.self)
      validity = ValidityBitmap.make(count: count) { row in
        !vector.isNull(row) && known.isValid(Int(code[row]))
      }
    }
    return ColumnVector(
      dictionary: VectorDictionary(values.withValidity(nil)), codes: codes, count: count,
      validity: validity)
  }
}

private func castFlat(
  _ source: ColumnVector, to type: DataType, isLenient: Bool
) throws -> ColumnVector {
  switch (source.type, type) {
  case (.varchar, .varchar(let length)):
    return limited(source.retyped(type), to: length)
  case (.char, .varchar(let length)): return limited(padded(source).retyped(type), to: length)
  case (.varchar, .char(let length)), (.char, .char(let length)):
    return trimmedChars(source, to: length)
  case (.char, _): return try castFlat(padded(source), to: type, isLenient: isLenient)
  case (.json, _): return try cast(json: source, to: type, isLenient: isLenient)
  case (_, .json): return try castToJSON(source)
  case (.varchar, _): return try parseText(source, to: type, isLenient: isLenient)
  case (.varbinary, .varchar), (.array, .varchar), (.map, .varchar), (.row, .varchar):
    throw KernelError.notSupported("a cast from \(source.type) to \(type)")
  case (_, .varchar(let length)):
    return try checkedLength(
      formatText(source).retyped(type), length, from: source.type, isLenient: isLenient)
  case (_, .char(let length)): return trimmedChars(formatText(source), to: length)
  case (.varbinary, .uuid), (.uuid, .varbinary):
    return try castUUID(source, to: type, isLenient: isLenient)
  case (.array(let from), .array(let to)) where from != to,
    (.array(let from), .array(let to)) where from == to:
    _ = (from, to)
    return try castChildren(source, to: type, isLenient: isLenient)
  case (.map, .map), (.row, .row):
    return try castChildren(source, to: type, isLenient: isLenient)
  default: break
  }
  if source.type.isTemporal || type.isTemporal {
    return try castTemporal(source, to: type, isLenient: isLenient)
  }
  return try castNumber(source, to: type, isLenient: isLenient)
}

extension DataType {
  /// Dates, times, timestamps and intervals.
  public var isTemporal: Bool {
    switch self {
    case .date, .time, .timestamp, .timestampWithTimeZone, .intervalDayToSecond,
      .intervalYearToMonth:
      true
    default: false
    }
  }
}

/// Each element, entry or field on its own; the outer NULLs stay.
private func castChildren(
  _ source: ColumnVector, to type: DataType, isLenient: Bool
) throws -> ColumnVector {
  let types = type.childTypes
  guard types.count == source.children.count else {
    throw KernelError.notSupported("a cast from \(source.type) to \(type)")
  }
  let children = try zip(source.children, types).map {
    try cast($0, to: $1, isLenient: isLenient)
  }
  return ColumnVector(
    type: type, count: source.count, values: source.values, children: children,
    validity: source.validity)
}

private func castUUID(
  _ source: ColumnVector, to type: DataType, isLenient: Bool
) throws -> ColumnVector {
  let builder = ColumnBuilder(type: type, capacity: source.count)
  for row in 0..<source.count {
    if source.isNull(row) {
      builder.appendNull()
    } else if type == .uuid {
      let value = source.withTextValue(at: row) { bytes -> UInt128? in
        guard bytes.count == 16 else { return nil }
        return bytes.reduce(0) { $0 << 8 | UInt128($1) }
      }
      if let value {
        builder.append(Int128(bitPattern: value))
      } else if isLenient {
        builder.appendNull()
      } else {
        throw KernelError.invalidCast(
          value: scalarText(source.scalar(row), .varbinary), from: .varbinary, to: .uuid)
      }
    } else {
      let value = source.values.values(as: UInt128.self)[row]
      let bytes = (0..<16).map { UInt8(truncatingIfNeeded: value >> UInt128(8 * (15 - $0))) }
      bytes.withUnsafeBytes { builder.append(bytes: $0) }
    }
  }
  return builder.finish()
}

/// Shortens text to at most `length` code points.
public func truncateText(_ vector: ColumnVector, length: Int) -> ColumnVector {
  limited(vector.plain, to: length)
}

private func limited(_ source: ColumnVector, to length: Int?) -> ColumnVector {
  guard let length else { return source }
  let lane = TextLane(source)
  var isLong = false
  for row in 0..<source.count where !source.isNull(row) && lane[row].count > length {
    isLong = true
    break
  }
  guard isLong else { return source }
  var output = TextOutput(capacity: source.count)
  for row in 0..<source.count {
    if source.isNull(row) {
      output.appendEmpty()
      continue
    }
    let bytes = lane[row]
    output.append(UnsafeRawBufferPointer(rebasing: bytes[0..<byteIndex(bytes, codePoint: length)]))
  }
  return output.column(source.type, validity: source.validity)
}

/// The text a value prints as must fit a limited varchar: it is not cut.
private func checkedLength(
  _ source: ColumnVector, _ length: Int?, from: DataType, isLenient: Bool
) throws -> ColumnVector {
  guard let length else { return source }
  let lane = TextLane(source)
  let known = try ValidityBitmap.make(count: source.count, throwing: { row in
    if source.isNull(row) { return false }
    if lane[row].count <= length { return true }
    if isLenient { return false }
    throw KernelError.invalidCast(
      value: String(decoding: lane[row], as: UTF8.self), from: from, to: source.type)
  })
  return source.withValidity(known)
}

extension ValidityBitmap {
  /// As `make(count:isValid:)`, where the test may throw.
  static func make(count: Int, throwing isValid: (Int) throws -> Bool) throws -> ValidityBitmap? {
    let flags = try (0..<count).map { try isValid($0) }
    return make(count: count) { flags[$0] }
  }
}

/// `char` values with the spaces that are not stored.
func padded(_ source: ColumnVector) -> ColumnVector {
  guard case .char(let length) = source.type else { return source }
  let flat = source.plain
  let lane = TextLane(flat)
  var output = TextOutput(capacity: flat.count)
  for row in 0..<flat.count {
    if flat.isNull(row) {
      output.appendEmpty()
      continue
    }
    let bytes = lane[row]
    output.row.append(contentsOf: bytes)
    for _ in 0..<max(0, length - codePointCount(bytes)) { output.row.append(0x20) }
    output.finishRow()
  }
  return output.column(.varchar, validity: flat.validity)
}

/// Text as `char(length)`: cut, and stored without the spaces at its end.
private func trimmedChars(_ source: ColumnVector, to length: Int) -> ColumnVector {
  let lane = TextLane(source)
  var output = TextOutput(capacity: source.count)
  for row in 0..<source.count {
    if source.isNull(row) {
      output.appendEmpty()
      continue
    }
    let bytes = lane[row]
    var end = byteIndex(bytes, codePoint: length)
    while end > 0, bytes[end - 1] == 0x20 { end -= 1 }
    output.append(UnsafeRawBufferPointer(rebasing: bytes[0..<end]))
  }
  return output.column(.char(length: length), validity: source.validity)
}
