// Hash tables with open addressing that number distinct keys: 0, 1, 2 … in order of appearance.
//
// ```
// slots     ┌─────────────┬──────┐  power of two, at most half full, linear probing
//           │ key (8 B)   │ id   │  id -1: free
//           └─────────────┴──────┘
// ```
// Text slots hold the high half of the hash instead of the key; the key's view lies under its id,
// over an arena, so that no view pins the batch it came from.

import Columnar

@inline(__always)
func mix(_ value: UInt64) -> UInt64 {
  let product = value.multipliedFullWidth(by: 0x9E37_79B9_7F4A_7C15)
  return product.high ^ product.low
}

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
    if count == capacity { return insertAfterGrowing(key) }
    let id = Int32(truncatingIfNeeded: count)
    slots[index] = Slot(key: key, id: id)
    keys[count] = key
    count += 1
    return id
  }

  @inline(never)
  private func insertAfterGrowing(_ key: Int64) -> Int32 {
    let newCapacity = capacity * 4
    let newKeys = UnsafeMutablePointer<Int64>.allocate(capacity: newCapacity)
    newKeys.update(from: keys, count: count)
    keys.deallocate()
    keys = newKeys
    capacity = newCapacity
    slots.deallocate()
    mask = newCapacity * 2 - 1
    slots = .allocate(capacity: mask + 1)
    slots.initialize(repeating: Slot(key: 0, id: -1), count: mask + 1)
    for id in 0..<count {
      var index = Int(truncatingIfNeeded: mix(UInt64(bitPattern: keys[id]))) & mask
      while slots[index].id >= 0 { index = (index + 1) & mask }
      slots[index] = Slot(key: keys[id], id: Int32(truncatingIfNeeded: id))
    }
    return insert(key)
  }
}

@inline(__always)
func hash(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
  var state = UInt64(bytes.count) &* 0xA076_1D64_78BD_642F
  var index = 0
  while index + 8 <= bytes.count {
    state = mix(state ^ bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self))
    index += 8
  }
  var tail: UInt64 = 0
  while index < bytes.count {
    tail = tail << 8 | UInt64(bytes[index])
    index += 1
  }
  return mix(state ^ tail ^ 0xE703_7ED1_A0B4_28DB)
}

/// Numbers distinct texts, and keeps their bytes.
final class TextKeyTable {
  private var slots: [UInt64]  // high half of the hash, and id + 1; 0: free
  private var mask: Int
  private(set) var views: [TextView] = []
  private var hashes: [UInt64] = []
  private var arena = TextArena()

  init() {
    mask = 1_023
    slots = [UInt64](repeating: 0, count: 1_024)
  }

  var count: Int { views.count }
  var byteCount: Int { slots.count * 8 + views.count * 24 + arena.byteCount }
  var textData: [Buffer] { arena.buffers() }

  /// The id of `bytes`; -1 where it is new and `inserting` is false.
  @inline(__always)
  func id(of bytes: UnsafeRawBufferPointer, inserting: Bool) -> Int32 {
    let hash = hash(bytes)
    var index = Int(truncatingIfNeeded: hash) & mask
    while true {
      let slot = slots[index]
      if slot == 0 { break }
      if slot >> 32 == hash >> 32 {
        let id = Int(slot & 0xFFFF_FFFF) - 1
        if hashes[id] == hash, views[id].count == bytes.count,
          arena.withBytes(views[id], { compareBytes($0, bytes) == 0 }) {
          return Int32(truncatingIfNeeded: id)
        }
      }
      index = (index + 1) & mask
    }
    guard inserting else { return -1 }
    slots[index] = (hash & 0xFFFF_FFFF_0000_0000) | UInt64(views.count + 1)
    views.append(arena.store(bytes))
    hashes.append(hash)
    if views.count * 2 > mask { grow() }
    return Int32(truncatingIfNeeded: views.count - 1)
  }

  private func grow() {
    mask = (mask + 1) * 4 - 1
    slots = [UInt64](repeating: 0, count: mask + 1)
    for (id, hash) in hashes.enumerated() {
      var index = Int(truncatingIfNeeded: hash) & mask
      while slots[index] != 0 { index = (index + 1) & mask }
      slots[index] = (hash & 0xFFFF_FFFF_0000_0000) | UInt64(id + 1)
    }
  }
}
