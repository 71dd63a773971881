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

/// Compares row by row; both columns have one storage type and length.
public func compare(
  _ operation: ComparisonOperation,
  _ left: ColumnVector,
  _ right: ColumnVector
) -> ColumnVector {
  let count = left.count
  let validity = mergedValidity(left.validity, right.validity, count: count)
  let a = left.plain
  let b = right.plain
  switch left.type {
  case .boolean, .unknown:
    return compareFixed(operation, Lane<UInt8>(a), Lane<UInt8>(b), count, validity)
  case .integer, .date:
    return compareFixed(operation, Lane<Int32>(a), Lane<Int32>(b), count, validity)
  case .bigint, .decimal, .timestamp, .timestampWithTimeZone:
    return compareFixed(operation, Lane<Int64>(a), Lane<Int64>(b), count, validity)
  case .double:
    return compareFixed(operation, Lane<Double>(a), Lane<Double>(b), count, validity)
  case .varchar, .varbinary:
    return compareText(operation, a, b, count, validity)
  }
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
    case .less: for row in 0..<count { out[row] = compareBytes(a[row], b[row]) < 0 ? 1 : 0 }
    case .lessOrEqual: for row in 0..<count { out[row] = compareBytes(a[row], b[row]) <= 0 ? 1 : 0 }
    case .greater: for row in 0..<count { out[row] = compareBytes(a[row], b[row]) > 0 ? 1 : 0 }
    case .greaterOrEqual:
      for row in 0..<count { out[row] = compareBytes(a[row], b[row]) >= 0 ? 1 : 0 }
    }
  }
}

/// `IS DISTINCT FROM`: never NULL; NULL is equal to NULL, and NaN to NaN.
public func isDistinct(_ left: ColumnVector, _ right: ColumnVector) -> ColumnVector {
  let differs = compare(.notEqual, left, right)
  let flags = differs.values.values(as: UInt8.self)
  let bothNaN: ColumnVector? = left.type == .double ? nanPairs(left.plain, right.plain) : nil
  let nan = bothNaN?.values.values(as: UInt8.self)
  return withExtendedLifetime(bothNaN) {
    makeFixed(.boolean, left.count, nil, as: UInt8.self) { out in
      for row in 0..<left.count {
        let a = left.isNull(row)
        let b = right.isNull(row)
        if a || b {
          out[row] = a == b ? 0 : 1
        } else {
          out[row] = nan?[row] == 1 ? 0 : flags[row]
        }
      }
    }
  }
}

private func nanPairs(_ left: ColumnVector, _ right: ColumnVector) -> ColumnVector {
  let a = Lane<Double>(left)
  let b = Lane<Double>(right)
  return makeFixed(.boolean, left.count, nil, as: UInt8.self) { out in
    for row in 0..<left.count { out[row] = a[row].isNaN && b[row].isNaN ? 1 : 0 }
  }
}
