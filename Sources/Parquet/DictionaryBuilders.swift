// The distinct values of a column chunk and their codes, in open-addressing tables.

/// Distinct words of 64 bits: any fixed-width value, widened.
struct WordDictionary {
  private(set) var words: [UInt64] = []
  private var slots = [Int32](repeating: -1, count: 1_024)

  var count: Int { words.count }

  mutating func removeAll() {
    words.removeAll(keepingCapacity: true)
    slots.withUnsafeMutableBufferPointer { $0.update(repeating: -1) }
  }

  /// The codes of `count` words, new ones added.
  mutating func encode(
    _ source: UnsafePointer<UInt64>,
    count: Int,
    into codes: UnsafeMutablePointer<Int32>
  ) {
    if (words.count + count) * 2 > slots.count { rebuild(for: words.count + count) }
    let mask = slots.count - 1
    slots.withUnsafeMutableBufferPointer { slots in
      for index in 0..<count {
        let word = source[index]
        var slot = Self.hash(word) & mask
        while true {
          let code = slots[slot]
          if code < 0 {
            let new = Int32(truncatingIfNeeded: words.count)
            slots[slot] = new
            words.append(word)
            codes[index] = new
            break
          }
          if words[Int(code)] == word {
            codes[index] = code
            break
          }
          slot = (slot + 1) & mask
        }
      }
    }
  }

  @inline(__always)
  private static func hash(_ word: UInt64) -> Int {
    let product = (word ^ 0x9E37_79B9_7F4A_7C15).multipliedFullWidth(by: 0xD6E8_FEB8_6659_FD93)
    return Int(truncatingIfNeeded: (product.high ^ product.low) >> 1)
  }

  private mutating func rebuild(for count: Int) {
    var size = slots.count
    while size < count * 2 { size *= 2 }
    slots = [Int32](repeating: -1, count: size)
    for (code, word) in words.enumerated() {
      var slot = Self.hash(word) & (size - 1)
      while slots[slot] >= 0 { slot = (slot + 1) & (size - 1) }
      slots[slot] = Int32(truncatingIfNeeded: code)
    }
  }
}

/// Distinct byte strings; they lie one after the other as PLAIN byte arrays, ready for their page.
final class TextDictionary {
  let plain = ByteBuilder()
  private var offsets: [Int] = []
  private var hashes: [UInt64] = []
  private var slots = [Int32](repeating: -1, count: 1_024)

  var count: Int { offsets.count }

  func removeAll() {
    plain.removeAll()
    offsets.removeAll(keepingCapacity: true)
    hashes.removeAll(keepingCapacity: true)
    slots.withUnsafeMutableBufferPointer { $0.update(repeating: -1) }
  }

  /// The bytes of a code, until something is added.
  func value(_ code: Int32) -> UnsafeRawBufferPointer {
    let offset = offsets[Int(code)]
    let size = plain.address.loadUnaligned(fromByteOffset: offset, as: UInt32.self)
    return UnsafeRawBufferPointer(start: plain.address + offset + 4, count: Int(size))
  }

  /// The code of `value`, and whether it is new.
  func code(of value: UnsafeRawBufferPointer) -> (code: Int32, isNew: Bool) {
    if (offsets.count + 1) * 2 > slots.count { rebuild() }
    let hash = Self.hash(value)
    let mask = slots.count - 1
    var slot = Int(truncatingIfNeeded: hash >> 1) & mask
    while true {
      let code = slots[slot]
      if code < 0 { break }
      if hashes[Int(code)] == hash, Self.areEqual(self.value(code), value) { return (code, false) }
      slot = (slot + 1) & mask
    }
    let new = Int32(truncatingIfNeeded: offsets.count)
    slots[slot] = new
    offsets.append(plain.count)
    hashes.append(hash)
    plain.appendSized(value)
    return (new, true)
  }

  private static func areEqual(
    _ left: UnsafeRawBufferPointer,
    _ right: UnsafeRawBufferPointer
  ) -> Bool {
    left.count == right.count && TextBounds.compare(left, right) == 0
  }

  private static func hash(_ value: UnsafeRawBufferPointer) -> UInt64 {
    var hash = UInt64(value.count) &* 0x9E37_79B9_7F4A_7C15
    var index = 0
    while index + 8 <= value.count {
      hash = mix(hash ^ value.loadUnaligned(fromByteOffset: index, as: UInt64.self))
      index += 8
    }
    var tail: UInt64 = 0
    while index < value.count {
      tail = tail << 8 | UInt64(value[index])
      index += 1
    }
    return mix(hash ^ tail)
  }

  @inline(__always)
  private static func mix(_ word: UInt64) -> UInt64 {
    let product = (word ^ 0xA076_1D64_78BD_642F).multipliedFullWidth(by: 0xE703_7ED1_A0B4_28DB)
    return product.high ^ product.low
  }

  private func rebuild() {
    let size = slots.count * 2
    slots = [Int32](repeating: -1, count: size)
    for (code, hash) in hashes.enumerated() {
      var slot = Int(truncatingIfNeeded: hash >> 1) & (size - 1)
      while slots[slot] >= 0 { slot = (slot + 1) & (size - 1) }
      slots[slot] = Int32(truncatingIfNeeded: code)
    }
  }
}
