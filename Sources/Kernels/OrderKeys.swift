// Fixed-width values as 64-bit keys whose unsigned order is the value's order.

import Columnar

/// The 64-bit key of a fixed-width value whose unsigned order is the value's order.
@inline(__always)
func orderKey(_ value: Int64) -> UInt64 { UInt64(bitPattern: value) ^ (1 << 63) }

/// One NaN, larger than every number, and one zero.
@inline(__always)
func orderKey(_ value: Double) -> UInt64 {
  if value.isNaN { return .max }
  let bits = (value + 0).bitPattern
  return bits >> 63 == 0 ? bits | 1 << 63 : ~bits
}

/// The order keys of a column of at most eight bytes a value.
func orderKeys(_ vector: ColumnVector) -> [UInt64] {
  let source = vector.plain
  let count = source.count
  return [UInt64](unsafeUninitializedCapacity: count) { out, initialized in
    @inline(__always)
    func each<Value: BitwiseCopyable>(_ lane: Lane<Value>, _ key: (Value) -> UInt64) {
      for row in 0..<count { out[row] = key(lane[row]) }
    }
    switch source.type.numberForm {
    case .int8: each(Lane<Int8>(source)) { orderKey(Int64($0)) }
    case .int16: each(Lane<Int16>(source)) { orderKey(Int64($0)) }
    case .int32: each(Lane<Int32>(source)) { orderKey(Int64($0)) }
    case .int64: each(Lane<Int64>(source)) { orderKey($0) }
    case .float: each(Lane<Float>(source)) { orderKey(Double($0)) }
    case .double: each(Lane<Double>(source)) { orderKey($0) }
    case .uint8, .int128, .uint128, nil: each(Lane<UInt8>(source)) { UInt64($0) }
    }
    initialized = count
  }
}
