// Hash tables with open addressing that number distinct keys: 0, 1, 2 … in order of appearance.
//
// ```
// 64-bit keys    ┌─────────────┬──────┐  power of two, at most half full, linear probing
//                │ key (8 B)   │ id   │  id -1: free
//                └─────────────┴──────┘
// other keys     ┌──────────────┬──────────┐
//                │ hash, 32 bit │ id + 1   │  0: free; the key lies under its id
//                └──────────────┴──────────┘
// ```

import Columnar

/// Numbers distinct 64-bit keys.
final class IntegerKeyTable {
  private struct Slot {
    var key: Int64
    var id: Int32
  }

  private var slots: UnsafeMutablePointer<Slot>
  private var mask: Int
  /// The key under each id.
  private(set) var keys: UnsafeMutablePointer<Int64>
  private var capacity: Int
  private(set) var count = 0

  init() {
    mask = 1_023
    slots = .allocate(capacity: 1_024)
    slots.initialize(repeating: Slot(key: 0, id: -1), count: 1_024)
    capacity = 512
    keys = .allocate(capacity: 512)
  }

  deinit {
    slots.deallocate()
    keys.deallocate()
  }

  var byteCount: Int { (mask + 1) * 16 + capacity * 8 }

  @inline(__always)
  func find(_ key: Int64) -> Int32 {
    var index = Int(truncatingIfNeeded: mix(UInt64(bitPattern: key))) & mask
    while true {
      let slot = slots[index]
      if slot.id < 0 { return -1 }
      if slot.key == key { return slot.id }
      index = (index + 1) & mask
    }
  }

  @inline(__always)
  func insert(_ key: Int64) -> Int32 {
    var index = Int(truncatingIfNeeded: mix(UInt64(bitPattern: key))) & mask
    while true {
      let slot = slots[index]
      if slot.id < 0 { break }
      if slot.key == key { return slot.id }
      index = (index + 1) & mask
    }
    if count == capacity {
      grow()
      return insert(key)
    }
    let id = Int32(truncatingIfNeeded: count)
    slots[index] = Slot(key: key, id: id)
    keys[count] = key
    count += 1
    return id
  }

  /// An id that no key finds: for NULL.
  func appendUnfound() -> Int32 {
    if count == capacity { grow() }
    keys[count] = 0
    count += 1
    return Int32(truncatingIfNeeded: count - 1)
  }

  @inline(never)
  private func grow() {
    let newCapacity = capacity * 4
    let newMask = newCapacity * 2 - 1
    let newSlots = UnsafeMutablePointer<Slot>.allocate(capacity: newMask + 1)
    newSlots.initialize(repeating: Slot(key: 0, id: -1), count: newMask + 1)
    for old in 0...mask where slots[old].id >= 0 {
      var index = Int(truncatingIfNeeded: mix(UInt64(bitPattern: slots[old].key))) & newMask
      while newSlots[index].id >= 0 { index = (index + 1) & newMask }
      newSlots[index] = slots[old]
    }
    slots.deallocate()
    slots = newSlots
    mask = newMask
    let newKeys = UnsafeMutablePointer<Int64>.allocate(capacity: newCapacity)
    newKeys.update(from: keys, count: count)
    keys.deallocate()
    keys = newKeys
    capacity = newCapacity
  }
}

/// Numbers keys by their hashes; who holds the keys compares them.
///
/// Not thread-safe, but `find` may run on many threads while nothing is inserted.
final class HashSlots {
  /// High half of the hash, and id + 1; 0: free.
  private(set) var slots: UnsafeMutablePointer<UInt64>
  private(set) var mask: Int
  /// The hash under each id.
  private(set) var hashes: UnsafeMutablePointer<UInt64>
  private var capacity: Int
  private(set) var count = 0

  init() {
    mask = 1_023
    slots = .allocate(capacity: 1_024)
    slots.initialize(repeating: 0, count: 1_024)
    capacity = 512
    hashes = .allocate(capacity: 512)
  }

  deinit {
    slots.deallocate()
    hashes.deallocate()
  }

  var byteCount: Int { (mask + 1) * 8 + capacity * 8 }

  /// The next id at or after slot `index` whose hash agrees in the upper half, and its slot; -1 at a
  /// free slot.
  @inline(__always)
  func candidate(_ hash: UInt64, from index: inout Int) -> Int32 {
    while true {
      let slot = slots[index & mask]
      if slot == 0 { return -1 }
      if (slot ^ hash) >> 32 == 0 { return Int32(truncatingIfNeeded: slot & 0xFFFF_FFFF) - 1 }
      index += 1
    }
  }

  /// A new id for a hash, in the first free slot.
  @inline(__always)
  func append(_ hash: UInt64) -> Int32 {
    if count == capacity { grow() }
    var index = Int(truncatingIfNeeded: hash) & mask
    while slots[index] != 0 { index = (index + 1) & mask }
    slots[index] = (hash & 0xFFFF_FFFF_0000_0000) | UInt64(count + 1)
    hashes[count] = hash
    count += 1
    return Int32(truncatingIfNeeded: count - 1)
  }

  @inline(never)
  private func grow() {
    let newCapacity = capacity * 4
    let newHashes = UnsafeMutablePointer<UInt64>.allocate(capacity: newCapacity)
    newHashes.update(from: hashes, count: count)
    hashes.deallocate()
    hashes = newHashes
    capacity = newCapacity
    slots.deallocate()
    mask = newCapacity * 2 - 1
    slots = .allocate(capacity: mask + 1)
    slots.initialize(repeating: 0, count: mask + 1)
    for id in 0..<count {
      var index = Int(truncatingIfNeeded: hashes[id]) & mask
      while slots[index] != 0 { index = (index + 1) & mask }
      slots[index] = (hashes[id] & 0xFFFF_FFFF_0000_0000) | UInt64(id + 1)
    }
  }
}

/// Memory of fixed-width values by id that doubles as it fills.
struct IDMemory: ~Copyable {
  private(set) var start: UnsafeMutableRawPointer
  private(set) var byteCount: Int

  init() {
    byteCount = 1_024
    start = .allocate(byteCount: 1_024, alignment: 16)
  }

  deinit { start.deallocate() }

  mutating func reserve(_ wanted: Int) {
    guard wanted > byteCount else { return }
    let larger = max(wanted, byteCount * 2)
    let fresh = UnsafeMutableRawPointer.allocate(byteCount: larger, alignment: 16)
    fresh.copyMemory(from: start, byteCount: byteCount)
    start.deallocate()
    start = fresh
    byteCount = larger
  }
}

/// The values of one key column by id: appended for new ids, compared for old ones.
final class KeyColumn {
  let type: DataType
  private let width: Int
  private let isText: Bool
  /// Nested values go by their key bytes; the values themselves are kept as they came.
  private let isByBytes: Bool
  private var values = IDMemory()
  private var arena = TextArena()
  private var nulls: [UInt8] = []
  private var hasNulls = false
  private var count = 0
  private var kept: [ColumnVector] = []

  init(type: DataType) {
    self.type = type
    isByBytes = type.isNested
    isText = type.layout == .text || isByBytes
    width = isText ? 16 : type.fixedWidth ?? 1
  }

  var byteCount: Int {
    values.byteCount + arena.byteCount + nulls.count + kept.reduce(0) { $0 + $1.byteCount }
  }

  /// The form in which `append` and `match` take a batch: flat or constant, floats canonical, nested
  /// values as bytes.
  func prepared(_ vector: ColumnVector) -> ColumnVector {
    if vector.type == .unknown { return nullColumn(type, count: vector.count) }
    if isByBytes { return keyBytes(vector) }
    return canonicalFloats(vector.plain)
  }

  /// Keeps `rows` of a batch under the next ids; `prepared` is the batch's `prepared` form.
  func append(_ prepared: ColumnVector, original: ColumnVector, rows: UnsafeBufferPointer<Int32>) {
    let first = count
    count += rows.count
    values.reserve(count * width)
    if prepared.validity != nil, !hasNulls {
      hasNulls = true
      nulls = [UInt8](repeating: 0, count: first)
    }
    if hasNulls { for row in rows { nulls.append(prepared.isNull(Int(row)) ? 1 : 0) } }
    if isByBytes { kept.append(original.gather(rows)) }
    if isText {
      let lane = TextLane(prepared)
      let target = (values.start + first * 16).assumingMemoryBound(to: TextView.self)
      for index in 0..<rows.count {
        let row = Int(rows[index])
        let view = lane.views[row & lane.mask]
        target[index] =
          prepared.isNull(row) ? .empty : view.isInline ? view : arena.store(lane[row])
      }
      return
    }
    switch width {
    case 16: copy(prepared, rows, first, as: UInt128.self)
    case 8: copy(prepared, rows, first, as: UInt64.self)
    case 4: copy(prepared, rows, first, as: UInt32.self)
    case 2: copy(prepared, rows, first, as: UInt16.self)
    default: copy(prepared, rows, first, as: UInt8.self)
    }
  }

  private func copy<Value: BitwiseCopyable>(
    _ vector: ColumnVector, _ rows: UnsafeBufferPointer<Int32>, _ first: Int, as: Value.Type
  ) {
    let lane = Lane<Value>(vector)
    let target = values.start.assumingMemoryBound(to: Value.self) + first
    for index in 0..<rows.count { target[index] = lane[Int(rows[index])] }
  }

  /// Clears `flags[i]` where row `rows[i]` differs from the value under `ids[i]`.
  func match(
    _ prepared: ColumnVector, rows: UnsafePointer<Int32>, ids: UnsafePointer<Int32>, count: Int,
    flags: UnsafeMutablePointer<UInt8>
  ) {
    if isText {
      matchText(prepared, rows, ids, count, flags)
    } else {
      switch width {
      case 16: match(prepared, rows, ids, count, flags, as: UInt128.self)
      case 8: match(prepared, rows, ids, count, flags, as: UInt64.self)
      case 4: match(prepared, rows, ids, count, flags, as: UInt32.self)
      case 2: match(prepared, rows, ids, count, flags, as: UInt16.self)
      default: match(prepared, rows, ids, count, flags, as: UInt8.self)
      }
    }
    guard hasNulls || prepared.validity != nil else { return }
    for index in 0..<count {
      let isNull: UInt8 = prepared.isNull(Int(rows[index])) ? 1 : 0
      let wasNull = hasNulls ? nulls[Int(ids[index])] : 0
      if isNull != wasNull { flags[index] = 0 } else if isNull == 1 { flags[index] |= 2 }
    }
  }

  private func match<Value: BitwiseCopyable & Equatable>(
    _ vector: ColumnVector, _ rows: UnsafePointer<Int32>, _ ids: UnsafePointer<Int32>,
    _ count: Int, _ flags: UnsafeMutablePointer<UInt8>, as: Value.Type
  ) {
    let lane = Lane<Value>(vector)
    let known = values.start.assumingMemoryBound(to: Value.self)
    if hasNulls || vector.validity != nil {
      for index in 0..<count {
        let row = Int(rows[index])
        let id = Int(ids[index])
        // What lies under a NULL is not compared.
        let isSame = lane[row] == known[id] || vector.isNull(row) || (hasNulls && nulls[id] != 0)
        flags[index] &= isSame ? 1 : 0
      }
    } else {
      for index in 0..<count {
        flags[index] &= lane[Int(rows[index])] == known[Int(ids[index])] ? 1 : 0
      }
    }
  }

  private func matchText(
    _ vector: ColumnVector, _ rows: UnsafePointer<Int32>, _ ids: UnsafePointer<Int32>,
    _ count: Int, _ flags: UnsafeMutablePointer<UInt8>
  ) {
    let lane = TextLane(vector)
    let known = values.start.assumingMemoryBound(to: TextView.self)
    let mayBeNull = hasNulls || vector.validity != nil
    for index in 0..<count {
      let row = Int(rows[index])
      let id = Int(ids[index])
      let mine = lane.views[row & lane.mask]
      let other = known[id]
      if mayBeNull, vector.isNull(row) || (hasNulls && nulls[id] != 0) { continue }
      if mine.low != other.low {
        flags[index] = 0
      } else if mine.isInline {
        if mine.high != other.high { flags[index] = 0 }
      } else {
        let text = UnsafeRawBufferPointer(start: arena.address(other), count: other.count)
        if compareBytes(lane[row], text) != 0 { flags[index] = 0 }
      }
    }
  }

  /// The values under ids `range`, flat.
  func column(_ range: Range<Int>) -> ColumnVector {
    let hasNulls = hasNulls
    let validity =
      hasNulls
      ? nulls.withUnsafeBufferPointer { flags in
        ValidityBitmap.make(count: range.count) { flags[range.lowerBound + $0] == 0 }
      } : nil
    if isByBytes {
      if kept.count != 1 { kept = [ColumnVector.concatenate(kept, type: type)] }
      return kept[0].slice(range)
    }
    return ColumnVector(
      type: type, count: range.count,
      values: Buffer(
        copying: UnsafeRawBufferPointer(
          start: values.start + range.lowerBound * width, count: range.count * width)),
      textData: isText ? sharedText() : [], validity: validity)
  }

  private var sealed: [Buffer] = []
  private var sealedCount = -1

  /// The arena's bytes as buffers, copied once for all ranges of one state.
  private func sharedText() -> [Buffer] {
    if sealedCount != count {
      sealed = arena.buffers()
      sealedCount = count
    }
    return sealed
  }
}

/// Floats with one NaN and one zero, so that equal keys have equal bits; other types as they are.
func canonicalFloats(_ vector: ColumnVector) -> ColumnVector {
  switch vector.type {
  case .double:
    let lane = Lane<Double>(vector)
    let count = vector.isConstant ? min(1, vector.count) : vector.count
    var isOdd = false
    for row in 0..<count {
      isOdd = isOdd || lane[row].isNaN || lane[row].bitPattern == 1 << 63
    }
    guard isOdd else { return vector }
    let flat = vector.flattened()
    let source = Lane<Double>(flat)
    return makeFixed(.double, flat.count, flat.validity, as: Double.self) { out in
      for row in 0..<flat.count { out[row] = source[row].isNaN ? .nan : source[row] + 0 }
    }
  case .real:
    let flat = vector.flattened()
    let source = Lane<Float>(flat)
    return makeFixed(.real, flat.count, flat.validity, as: Float.self) { out in
      for row in 0..<flat.count { out[row] = source[row].isNaN ? .nan : source[row] + 0 }
    }
  default: return vector
  }
}
