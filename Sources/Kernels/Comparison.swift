// Comparisons of two columns of one type, as a Boolean column with NULL where either side is NULL.
//
// Text compares by UTF-8 bytes, which is the order of code points. Doubles compare by IEEE 754.

public import Columnar

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// The comparisons of two values; the raw value is the operator in SQL.
public enum ComparisonOperation: String, Sendable, Hashable {
  case equal = "="
  case notEqual = "<>"
  case less = "<"
  case lessOrEqual = "<="
  case greater = ">"
  case greaterOrEqual = ">="

  /// The same comparison with its sides exchanged.
  public var flipped: ComparisonOperation {
    switch self {
    case .equal, .notEqual: self
    case .less: .greater
    case .lessOrEqual: .greaterOrEqual
    case .greater: .less
    case .greaterOrEqual: .lessOrEqual
    }
  }
}

/// Negative, 0 or positive: the order of two byte strings.
@inline(__always)
func compareBytes(_ a: UnsafeRawBufferPointer, _ b: UnsafeRawBufferPointer) -> Int {
  let common = min(a.count, b.count)
  if common > 0, let left = a.baseAddress, let right = b.baseAddress {
    let order = Int(memcmp(left, right, common))
    if order != 0 { return order }
  }
  return a.count - b.count
}

/// The order of two `char` values, stored without their trailing spaces: as if both were padded.
@inline(__always)
func comparePadded(_ a: UnsafeRawBufferPointer, _ b: UnsafeRawBufferPointer) -> Int {
  let common = min(a.count, b.count)
  if common > 0, let left = a.baseAddress, let right = b.baseAddress {
    let order = Int(memcmp(left, right, common))
    if order != 0 { return order }
  }
  for index in common..<a.count where a[index] != 0x20 { return a[index] < 0x20 ? -1 : 1 }
  for index in common..<b.count where b[index] != 0x20 { return b[index] < 0x20 ? 1 : -1 }
  return 0
}

/// Compares row by row; both columns have one length, and types that lie in memory alike.
///
/// Arrays and rows with NULLs inside compare as SQL wants: an element that differs decides, and
/// without one the outcome is NULL.
public func compare(
  _ operation: ComparisonOperation,
  _ left: ColumnVector,
  _ right: ColumnVector
) -> ColumnVector {
  let count = left.count
  if left.isConstant, right.isConstant, count > 1 {
    let one = compare(operation, left.slice(0..<1), right.slice(0..<1))
    return ColumnVector(constant: one.scalar(0), type: .boolean, count: count)
  }
  if let shared = compareDictionary(operation, left, right) { return shared }
  let validity = mergedValidity(left.validity, right.validity, count: count)
  if left.type == .unknown || right.type == .unknown { return nullColumn(.boolean, count: count) }
  let a = left.plain
  let b = right.plain
  switch left.type.numberForm {
  case .uint8: return compareFixed(operation, Lane<UInt8>(a), Lane<UInt8>(b), count, validity)
  case .int8: return compareFixed(operation, Lane<Int8>(a), Lane<Int8>(b), count, validity)
  case .int16: return compareFixed(operation, Lane<Int16>(a), Lane<Int16>(b), count, validity)
  case .int32: return compareFixed(operation, Lane<Int32>(a), Lane<Int32>(b), count, validity)
  case .int64: return compareFixed(operation, Lane<Int64>(a), Lane<Int64>(b), count, validity)
  case .int128: return compareFixed(operation, Lane<Int128>(a), Lane<Int128>(b), count, validity)
  case .uint128: return compareFixed(operation, Lane<UInt128>(a), Lane<UInt128>(b), count, validity)
  case .float: return compareFixed(operation, Lane<Float>(a), Lane<Float>(b), count, validity)
  case .double: return compareFixed(operation, Lane<Double>(a), Lane<Double>(b), count, validity)
  case nil:
    if left.type.layout != .text { return compareNested(operation, a, b, count, validity) }
    return compareText(operation, a, b, count, validity)
  }
}

/// A dictionary against a constant: compared once a distinct value, then looked up by code.
private func compareDictionary(
  _ operation: ComparisonOperation, _ left: ColumnVector, _ right: ColumnVector
) -> ColumnVector? {
  if case .dictionary = right.encoding, left.isConstant {
    return compareDictionary(operation.flipped, right, left)
  }
  guard case .dictionary(let codes, let dictionary) = left.encoding, right.isConstant,
    right.validity == nil, dictionary.values.count <= left.count, !left.type.isNested
  else { return nil }
  let constant = ColumnVector(
    type: right.type, count: dictionary.values.count, encoding: .constant, values: right.values,
    textData: right.textData)
  let verdicts = compare(operation, dictionary.values, constant)
  let lane = Lane<UInt8>(verdicts)
  let code = codes.values(as: Int32.self)
  return withExtendedLifetime(codes) {
    makeFixed(.boolean, left.count, left.validity, as: UInt8.self) { out in
      for row in 0..<left.count { out[row] = lane[Int(code[row])] }
    }
  }
}

/// Arrays, maps and rows, one value at a time: SQL's three-valued comparison of their parts.
private func compareNested(
  _ operation: ComparisonOperation, _ a: ColumnVector, _ b: ColumnVector, _ count: Int,
  _ validity: ValidityBitmap?
) -> ColumnVector {
  let builder = ColumnBuilder(type: .boolean, capacity: count)
  for row in 0..<count {
    guard validity?.isValid(row) ?? true else {
      builder.appendNull()
      continue
    }
    let left = a.scalar(row)
    let right = b.scalar(row)
    switch operation {
    case .equal: builder.append(left.sqlEquals(right, a.type))
    case .notEqual: builder.append(left.sqlEquals(right, a.type).map { !$0 })
    case .less: builder.append(left.sqlOrder(right, a.type).map { $0 < 0 })
    case .lessOrEqual: builder.append(left.sqlOrder(right, a.type).map { $0 <= 0 })
    case .greater: builder.append(left.sqlOrder(right, a.type).map { $0 > 0 })
    case .greaterOrEqual: builder.append(left.sqlOrder(right, a.type).map { $0 >= 0 })
    }
  }
  return builder.finish()
}

private func compareFixed<Value: Comparable & BitwiseCopyable>(
  _ operation: ComparisonOperation,
  _ a: Lane<Value>,
  _ b: Lane<Value>,
  _ count: Int,
  _ validity: ValidityBitmap?
) -> ColumnVector {
  switch operation {
  case .equal: return compareLoop(a, b, count, validity) { $0 == $1 }
  case .notEqual: return compareLoop(a, b, count, validity) { $0 != $1 }
  case .less: return compareLoop(a, b, count, validity) { $0 < $1 }
  case .lessOrEqual: return compareLoop(a, b, count, validity) { $0 <= $1 }
  case .greater: return compareLoop(a, b, count, validity) { $0 > $1 }
  case .greaterOrEqual: return compareLoop(a, b, count, validity) { $0 >= $1 }
  }
}

@inline(__always)
private func compareLoop<Value: BitwiseCopyable>(
  _ a: Lane<Value>,
  _ b: Lane<Value>,
  _ count: Int,
  _ validity: ValidityBitmap?,
  _ test: (Value, Value) -> Bool
) -> ColumnVector {
  makeFixed(.boolean, count, validity, as: UInt8.self) { out in
    if a.mask != 0, b.mask == 0 {
      let constant = b.base[0]
      let base = a.base
      for row in 0..<count { out[row] = test(base[row], constant) ? 1 : 0 }
    } else {
      for row in 0..<count { out[row] = test(a[row], b[row]) ? 1 : 0 }
    }
  }
}

private func compareText(
  _ operation: ComparisonOperation,
  _ left: ColumnVector,
  _ right: ColumnVector,
  _ count: Int,
  _ validity: ValidityBitmap?
) -> ColumnVector {
  let a = TextLane(left)
  let b = TextLane(right)
  var isChar = false
  if case .char = left.type { isChar = true }
  return makeFixed(.boolean, count, validity, as: UInt8.self) { out in
    switch operation {
    case .equal, .notEqual:
      let match: UInt8 = operation == .equal ? 1 : 0
      for row in 0..<count {
        let x = a.views[row & a.mask]
        let y = b.views[row & b.mask]
        let same: Bool
        if x.low != y.low {
          same = false
        } else if x.isInline {
          same = x.high == y.high
        } else {
          same = compareBytes(a[row], b[row]) == 0
        }
        out[row] = same ? match : 1 - match
      }
    case .less: orderLoop(a, b, count, isChar, out) { $0 < 0 }
    case .lessOrEqual: orderLoop(a, b, count, isChar, out) { $0 <= 0 }
    case .greater: orderLoop(a, b, count, isChar, out) { $0 > 0 }
    case .greaterOrEqual: orderLoop(a, b, count, isChar, out) { $0 >= 0 }
    }
  }
}

@inline(__always)
private func orderLoop(
  _ a: TextLane, _ b: TextLane, _ count: Int, _ isChar: Bool,
  _ out: UnsafeMutablePointer<UInt8>, _ test: (Int) -> Bool
) {
  if isChar {
    for row in 0..<count { out[row] = test(comparePadded(a[row], b[row])) ? 1 : 0 }
  } else {
    for row in 0..<count { out[row] = test(compareBytes(a[row], b[row])) ? 1 : 0 }
  }
}

/// `IS DISTINCT FROM`: never NULL; NULL is equal to NULL, and NaN to NaN.
public func isDistinct(_ left: ColumnVector, _ right: ColumnVector) -> ColumnVector {
  let count = left.count
  if left.type.isNested || right.type.isNested {
    let a = left.plain
    let b = right.plain
    return makeFixed(.boolean, count, nil, as: UInt8.self) { out in
      for row in 0..<count {
        out[row] = a.scalar(row).isIdentical(b.scalar(row)) ? 0 : 1
      }
    }
  }
  let differs = compare(.notEqual, left, right).plain
  let flags = Lane<UInt8>(differs)
  let nan = nanFlags(left).flatMap { a in nanFlags(right).map { (a, $0) } }
  return makeFixed(.boolean, count, nil, as: UInt8.self) { out in
    for row in 0..<count {
      let a = left.isNull(row)
      let b = right.isNull(row)
      if a || b {
        out[row] = a == b ? 0 : 1
      } else if let nan, nan.0[row] != 0, nan.1[row] != 0 {
        out[row] = 0
      } else {
        out[row] = flags[row]
      }
    }
  }
}

/// 1 where a floating value is NaN; nil for other types.
func nanFlags(_ vector: ColumnVector) -> [UInt8]? {
  let source = vector.plain
  switch source.type {
  case .double:
    let lane = Lane<Double>(source)
    return (0..<source.count).map { lane[$0].isNaN ? 1 : 0 }
  case .real:
    let lane = Lane<Float>(source)
    return (0..<source.count).map { lane[$0].isNaN ? 1 : 0 }
  default: return nil
  }
}
