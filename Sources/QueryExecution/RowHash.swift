// One 64-bit hash a row over some columns, and equality of pairs of rows: what joins look up by.

import Columnar
import Kernels

@inline(__always)
func mixed(_ value: UInt64) -> UInt64 {
  let product = value.multipliedFullWidth(by: 0x9E37_79B9_7F4A_7C15)
  return product.high ^ product.low
}

/// Hashes rows so that equal rows have equal hashes, whatever their encoding.
///
/// NULL is a value; all NaN are one, and so are both zeros. A dictionary's values are hashed once
/// each.
enum RowHash {
  /// `out` has room for `count` hashes.
  static func hash(_ columns: [ColumnVector], count: Int, into out: UnsafeMutablePointer<UInt64>) {
    out.update(repeating: 0x2545_F491_4F6C_DD1D, count: count)
    for column in columns { add(column, count, out) }
  }

  private static func add(
    _ column: ColumnVector,
    _ count: Int,
    _ out: UnsafeMutablePointer<UInt64>
  ) {
    if case .dictionary(let codes, let dictionary) = column.encoding,
      dictionary.values.count <= count
    {
      let values = [UInt64](unsafeUninitializedCapacity: dictionary.values.count) { buffer, made in
        made = dictionary.values.count
        if let base = buffer.baseAddress { base.update(repeating: 0, count: made) }
        if let base = buffer.baseAddress { addPlain(dictionary.values, made, base) }
      }
      let lookup = codes.values(as: Int32.self)
      for row in 0..<count {
        let value = column.isNull(row) ? nullHash : values[Int(lookup[row])]
        out[row] = mixed(out[row] ^ value)
      }
      return
    }
    addPlain(column.plain, count, out)
  }

  private static let nullHash: UInt64 = 0xD6E8_FEB8_6659_FD93

  private static func addPlain(
    _ column: ColumnVector,
    _ count: Int,
    _ out: UnsafeMutablePointer<UInt64>
  ) {
    switch column.type.numberForm {
    case .uint8, .int8: fixed(column, count, out, as: UInt8.self) { UInt64($0) }
    case .int16: fixed(column, count, out, as: UInt16.self) { UInt64($0) }
    case .int32: fixed(column, count, out, as: UInt32.self) { UInt64($0) }
    case .int64: fixed(column, count, out, as: UInt64.self) { $0 }
    case .int128, .uint128:
      fixed(column, count, out, as: UInt128.self) {
        UInt64(truncatingIfNeeded: $0) ^ mixed(UInt64(truncatingIfNeeded: $0 >> 64))
      }
    case .float:
      fixed(column, count, out, as: Float.self) {
        UInt64(($0.isNaN ? Float.nan : $0 == 0 ? 0 : $0).bitPattern)
      }
    case .double:
      fixed(column, count, out, as: Double.self) {
        ($0.isNaN ? Double.nan : $0 == 0 ? 0 : $0).bitPattern
      }
    case nil:
      for row in 0..<count {
        let value: UInt64
        if column.isNull(row) {
          value = nullHash
        } else if column.type.layout == .text {
          value = column.withTextValue(at: column.valueIndex(row)) { bytes($0) }
        } else {
          value = UInt64(truncatingIfNeeded: nested(column.scalar(row)))
        }
        out[row] = mixed(out[row] ^ value)
      }
    }
  }

  @inline(__always)
  private static func fixed<Value: BitwiseCopyable>(
    _ column: ColumnVector,
    _ count: Int,
    _ out: UnsafeMutablePointer<UInt64>,
    as: Value.Type,
    _ bits: (Value) -> UInt64
  ) {
    let values = column.values.address.assumingMemoryBound(to: Value.self)
    let step = column.isConstant ? 0 : 1
    if column.validity == nil {
      for row in 0..<count { out[row] = mixed(out[row] ^ bits(values[row * step])) }
    } else {
      for row in 0..<count {
        out[row] = mixed(out[row] ^ (column.isNull(row) ? nullHash : bits(values[row * step])))
      }
    }
  }

  @inline(__always)
  private static func bytes(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
    var state = UInt64(bytes.count) &* 0xA076_1D64_78BD_642F
    var index = 0
    while index + 8 <= bytes.count {
      state = mixed(state ^ bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self))
      index += 8
    }
    var tail: UInt64 = 0
    while index < bytes.count {
      tail = tail << 8 | UInt64(bytes[index])
      index += 1
    }
    return mixed(state ^ tail ^ 0xE703_7ED1_A0B4_28DB)
  }

  /// Lists, maps and rows: by the numbers and texts inside, maps whatever their order.
  private static func nested(_ scalar: Scalar) -> Int {
    switch scalar {
    case .null: return 1
    case .boolean(let value): return value ? 2 : 3
    case .double(let value):
      return Int(truncatingIfNeeded: (value.isNaN ? .nan : value == 0 ? 0 : value).bitPattern)
    case .list(let parts), .row(let parts):
      return parts.reduce(7) { $0 &* 31 &+ nested($1) }
    case .map(let keys, let values):
      return zip(keys, values).reduce(11) { $0 &+ (nested($1.0) &* 31 ^ nested($1.1)) }
    case .text(let value): return value.utf8.reduce(17) { $0 &* 31 &+ Int($1) }
    case .binary(let value): return value.reduce(19) { $0 &* 31 &+ Int($1) }
    case .integer, .wide: return Int(truncatingIfNeeded: scalar.wholeNumber ?? 0)
    }
  }
}

/// Says which of some pairs of rows are equal in one column.
enum PairEquality {
  /// Clears `flags[i]` where row `leftRows[i]` of `left` is not row `rightRows[i]` of `right`; NULL is
  /// equal to NULL where `nullsMatch`, and to nothing else.
  static func narrow(
    _ left: ColumnVector,
    _ leftRows: [Int32],
    _ right: ColumnVector,
    _ rightRows: [Int32],
    nullsMatch: Bool,
    _ flags: inout [Bool]
  ) {
    let hasNulls = left.validity != nil || right.validity != nil
    if !hasNulls, left.isFlat, right.isFlat, left.type.numberForm == right.type.numberForm {
      switch left.type.numberForm {
      case .int64:
        return fixed(left, leftRows, right, rightRows, as: Int64.self, &flags)
      case .int32:
        return fixed(left, leftRows, right, rightRows, as: Int32.self, &flags)
      default: break
      }
    }
    let a = leftRows.withUnsafeBufferPointer { left.gather($0) }
    let b = rightRows.withUnsafeBufferPointer { right.gather($0) }
    let verdict = nullsMatch ? logicalNot(isDistinct(a, b)) : compare(.equal, a, b)
    let hits = verdict.plain
    let values = hits.values.values(as: UInt8.self)
    for index in flags.indices {
      let isEqual = values[hits.isConstant ? 0 : index] != 0 && !hits.isNull(index)
      if !isEqual { flags[index] = false }
    }
  }

  @inline(__always)
  private static func fixed<Value: BitwiseCopyable & Equatable>(
    _ left: ColumnVector,
    _ leftRows: [Int32],
    _ right: ColumnVector,
    _ rightRows: [Int32],
    as: Value.Type,
    _ flags: inout [Bool]
  ) {
    let a = left.values.values(as: Value.self)
    let b = right.values.values(as: Value.self)
    for index in flags.indices where a[Int(leftRows[index])] != b[Int(rightRows[index])] {
      flags[index] = false
    }
  }
}
