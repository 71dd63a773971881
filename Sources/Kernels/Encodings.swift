// Encodings of bytes as text and of numbers as bytes: hexadecimal, base64, base32, big-endian.

public import Columnar

/// An encoding of bytes as text.
public enum TextEncoding: Sendable, Hashable {
  case hexadecimal, base64
  /// With `-` and `_`, for URLs.
  case base64URL
  case base32

  fileprivate var digits: [UInt8] {
    switch self {
    case .hexadecimal: Array("0123456789ABCDEF".utf8)
    case .base64: Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    case .base64URL: Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
    case .base32: Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".utf8)
    }
  }

  /// Bits a digit says, and digits of a whole group.
  fileprivate var shape: (bits: Int, group: Int) {
    switch self {
    case .hexadecimal: (4, 1)
    case .base64, .base64URL: (6, 4)
    case .base32: (5, 8)
    }
  }
}

/// Bytes as text, padded with `=` to whole groups.
public func encode(_ vector: ColumnVector, as encoding: TextEncoding) -> ColumnVector {
  let digits = encoding.digits
  let (bits, group) = encoding.shape
  return mapEachBytes(vector, to: .varchar) { bytes, out in
    var value: UInt32 = 0
    var left = 0
    let start = out.count
    for byte in bytes {
      value = value << 8 | UInt32(byte)
      left += 8
      while left >= bits {
        left -= bits
        out.append(digits[Int(value >> UInt32(left)) & (1 << bits - 1)])
      }
      value &= 1 << UInt32(left) - 1
    }
    if left > 0 { out.append(digits[Int(value << UInt32(bits - left)) & (1 << bits - 1)]) }
    while (out.count - start) % group != 0 { out.append(0x3D) }
  }
}

/// Text as the bytes it says. Throws `invalidArgument` for text that is none of the encoding.
public func decode(_ vector: ColumnVector, as encoding: TextEncoding) throws -> ColumnVector {
  var places = [Int8](repeating: -1, count: 256)
  for (place, digit) in encoding.digits.enumerated() {
    places[Int(digit)] = Int8(place)
    // Hexadecimal and base32 are read in either case.
    if encoding == .hexadecimal || encoding == .base32 { places[Int(digit | 0x20)] = Int8(place) }
  }
  if encoding == .base32 || encoding == .hexadecimal {
    for digit in UInt8(0x30)...0x39 {
      places[Int(digit)] = encoding.digits.firstIndex(of: digit).map { Int8($0) } ?? -1
    }
  }
  let (bits, group) = encoding.shape
  return try mapEachBytes(vector, to: .varbinary) { text, out in
    func refuse() -> KernelError {
      let name =
        encoding == .hexadecimal ? "hex" : encoding == .base32 ? "base32" : "base64"
      return .invalidArgument("Invalid \(name) text: \(String(decoding: text, as: UTF8.self))")
    }
    var end = text.count
    if group > 1 { while end > 0, text[end - 1] == 0x3D, text.count - end < group { end -= 1 } }
    if end < text.count, text.count % group != 0 { throw refuse() }
    if encoding == .hexadecimal, text.count % 2 != 0 { throw refuse() }
    var value: UInt32 = 0
    var left = 0
    for byte in text[..<end] {
      guard places[Int(byte)] >= 0 else { throw refuse() }
      value = value << UInt32(bits) | UInt32(places[Int(byte)])
      left += bits
      if left >= 8 {
        left -= 8
        out.append(UInt8(truncatingIfNeeded: value >> UInt32(left)))
        value &= 1 << UInt32(left) - 1
      }
    }
    guard left < bits || group == 1 else { throw refuse() }
  }
}

/// Whole numbers or doubles as their bytes, most significant first: `width` is 4 or 8.
public func bigEndianBytes(_ vector: ColumnVector, width: Int) throws -> ColumnVector {
  let source: ColumnVector
  switch vector.type {
  case .double, .real: source = vector.plain
  default: source = try cast(vector, to: width == 4 ? .integer : .bigint).plain
  }
  var output = TextOutput(capacity: source.count)
  for row in 0..<source.count {
    if source.isNull(row) {
      output.appendEmpty()
      continue
    }
    if width == 4 {
      withUnsafeBytes(of: Lane<UInt32>(source)[row].bigEndian) { output.append($0) }
    } else {
      withUnsafeBytes(of: Lane<UInt64>(source)[row].bigEndian) { output.append($0) }
    }
  }
  return output.column(.varbinary, validity: source.validity)
}

/// The number of a type of four or eight bytes that its bytes say, most significant first.
///
/// Throws `invalidArgument` for values of another length.
public func numbers(fromBigEndian vector: ColumnVector, to type: DataType) throws -> ColumnVector {
  let source = vector.plain
  let lane = TextLane(source)
  let width = type.fixedWidth ?? 8
  func value(_ bytes: UnsafeRawBufferPointer) throws -> UInt64 {
    guard bytes.count == width else {
      throw KernelError.invalidArgument("expected \(width)-byte input, but got instead: \(bytes.count)")
    }
    return bytes.reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
  }
  if width == 4 {
    return try makeFixed(type, source.count, source.validity, as: UInt32.self) { out in
      for row in 0..<source.count where !source.isNull(row) {
        out[row] = UInt32(truncatingIfNeeded: try value(lane[row]))
      }
    }
  }
  return try makeFixed(type, source.count, source.validity, as: UInt64.self) { out in
    for row in 0..<source.count where !source.isNull(row) { out[row] = try value(lane[row]) }
  }
}

/// Bytes to bytes: `body` appends a row's result to what it is given.
public func mapEachBytes(
  _ vector: ColumnVector, to type: DataType,
  _ body: (UnsafeRawBufferPointer, inout [UInt8]) throws -> Void
) rethrows -> ColumnVector {
  // A dictionary is mapped once a value.
  if case .dictionary(let codes, let dictionary) = vector.encoding,
    dictionary.values.count <= vector.count
  {
    let values = try mapEachBytes(dictionary.values, to: type, body)
    return ColumnVector(
      dictionary: VectorDictionary(values), codes: codes, count: vector.count,
      validity: vector.validity)
  }
  let source = vector.plain
  if source.isConstant, source.count > 1 {
    let one = try mapEachBytes(slice(source, 0..<1), to: type, body)
    return ColumnVector(constant: one.scalar(0), type: type, count: source.count)
  }
  let lane = TextLane(source)
  var output = TextOutput(capacity: source.count)
  for row in 0..<source.count {
    if source.isNull(row) {
      output.appendEmpty()
      continue
    }
    try body(lane[row], &output.row)
    output.finishRow()
  }
  return output.column(type, validity: source.validity)
}
