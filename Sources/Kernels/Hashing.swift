// Hashes of whole columns, equal for equal keys: NULL to NULL, NaN to NaN, 0.0 to -0.0, a dictionary
// to the same values flat.
//
// Not seeded and the same on every machine, so that exchanges and files are reproducible.

public import Columnar

@inline(__always)
func mix(_ value: UInt64) -> UInt64 {
  let product = value.multipliedFullWidth(by: 0x9E37_79B9_7F4A_7C15)
  return product.high ^ product.low
}

@inline(__always)
func mix(_ first: UInt64, _ second: UInt64) -> UInt64 {
  let product = (first ^ 0xA076_1D64_78BD_642F).multipliedFullWidth(by: second ^ 0xE703_7ED1_A0B4_28DB)
  return product.high ^ product.low
}

/// The hash of bytes; of at most 12, equal to that of their view.
@inline(__always)
func hash(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
  guard bytes.count > TextView.inlineMax else {
    let view = TextView(bytes, bufferIndex: 0, byteOffset: 0)
    return mix(view.low, view.high)
  }
  return hashLong(bytes)
}

@inline(__always)
func hashLong(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
  let count = bytes.count
  var state = UInt64(truncatingIfNeeded: count)
  var index = 0
  while index + 16 < count {
    state = mix(
      state ^ bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self),
      bytes.loadUnaligned(fromByteOffset: index + 8, as: UInt64.self))
    index += 16
  }
  // The last sixteen bytes, or the thirteen and more there are, overlapping what was read.
  let last = max(count - 16, 0)
  let first = bytes.loadUnaligned(fromByteOffset: last, as: UInt64.self)
  return mix(
    state ^ first, bytes.loadUnaligned(fromByteOffset: count - 8, as: UInt64.self) ^ state)
}

/// What a NULL hashes to.
let nullHash: UInt64 = 0x6A09_E667_F3BC_C909

/// One hash a row of some key columns; no key columns hash to 0.
///
/// For exchanges and hash tables: the upper bits are as good as the lower.
public func hashRows(_ keys: [ColumnVector], count: Int) -> [UInt64] {
  var hashes = [UInt64](repeating: 0, count: count)
  hashes.withUnsafeMutableBufferPointer { out in
    guard let start = out.baseAddress else { return }
    hashRows(keys, count: count, into: start)
  }
  return hashes
}

/// The same into memory with room for `count` hashes.
public func hashRows(_ keys: [ColumnVector], count: Int, into out: UnsafeMutablePointer<UInt64>) {
  guard let first = keys.first else {
    out.update(repeating: 0, count: count)
    return
  }
  hashColumn(first, into: out)
  guard keys.count > 1 else { return }
  withUnsafeTemporaryAllocation(of: UInt64.self, capacity: count) { scratch in
    guard let other = scratch.baseAddress else { return }
    for key in keys.dropFirst() {
      hashColumn(key, into: other)
      for row in 0..<count { out[row] = mix(out[row], other[row]) }
    }
  }
}

/// The hashes of one column's rows.
func hashColumn(_ vector: ColumnVector, into out: UnsafeMutablePointer<UInt64>) {
  let count = vector.count
  switch vector.encoding {
  case .constant:
    guard count > 0 else { return }
    if count == 1 {
      hashValues(vector.withValidity(nil), into: out)
      break
    }
    hashColumn(vector.slice(0..<1), into: out)
    for row in 1..<count { out[row] = out[0] }
    if vector.nullCount == count || vector.validity == nil { return }
  case .dictionary(let codes, let dictionary) where dictionary.values.count <= count:
    let code = codes.values(as: Int32.self)
    withUnsafeTemporaryAllocation(of: UInt64.self, capacity: dictionary.values.count) { table in
      guard let hashes = table.baseAddress else { return }
      hashValues(dictionary.values, into: hashes)
      for row in 0..<count { out[row] = hashes[Int(code[row])] }
    }
  case .dictionary: hashValues(vector.flattened(), into: out)
  case .flat: hashValues(vector, into: out)
  }
  if let validity = vector.validity {
    for row in 0..<count where !validity.isValid(row) { out[row] = nullHash }
  }
}

/// Flat or constant values, NULLs not looked at.
private func hashValues(_ vector: ColumnVector, into out: UnsafeMutablePointer<UInt64>) {
  let count = vector.count
  @inline(__always)
  func each<Value: BitwiseCopyable>(_ lane: Lane<Value>, _ hash: (Value) -> UInt64) {
    for row in 0..<count { out[row] = hash(lane[row]) }
  }
  switch vector.type.numberForm {
  case .uint8: each(Lane<UInt8>(vector)) { mix(UInt64($0)) }
  case .int8: each(Lane<Int8>(vector)) { mix(UInt64(bitPattern: Int64($0))) }
  case .int16: each(Lane<Int16>(vector)) { mix(UInt64(bitPattern: Int64($0))) }
  case .int32: each(Lane<Int32>(vector)) { mix(UInt64(bitPattern: Int64($0))) }
  case .int64: each(Lane<UInt64>(vector)) { mix($0) }
  case .int128, .uint128:
    each(Lane<UInt128>(vector)) {
      mix(UInt64(truncatingIfNeeded: $0), UInt64(truncatingIfNeeded: $0 >> 64))
    }
  case .float: each(Lane<Float>(vector)) { mix(orderKey(Double($0))) }
  case .double: each(Lane<Double>(vector)) { mix(orderKey($0)) }
  case nil:
    if vector.type.isNested {
      hashValues(keyBytes(vector), into: out)
      return
    }
    let lane = TextLane(vector)
    for row in 0..<count {
      let view = lane.views[row & lane.mask]
      out[row] =
        view.isInline ? mix(view.low, view.high) : hashLong(lane[row])
    }
  }
}
