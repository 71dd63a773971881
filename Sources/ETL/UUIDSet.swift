/// A set of 128-bit ids: one probe of memory for each that is new.
///
/// The places follow from a number that each set draws, so nobody can send ids that all fall into one.
package struct UUIDSet {
  /// High and low half, one behind the other; a slot of zeros is free.
  private var slots: [UInt64]
  private var count = 0
  /// The id that a free slot looks like.
  private var hasZero = false
  private let seed: UInt64

  package init(seed: UInt64 = .random(in: .min ... .max)) {
    slots = [UInt64](repeating: 0, count: 2 * 1_024)
    self.seed = seed
  }

  /// True where the id is new.
  package mutating func insert(high: UInt64, low: UInt64) -> Bool {
    if high | low == 0 {
      defer { hasZero = true }
      return !hasZero
    }
    // At most two of three slots are taken, so that a free one is near.
    if count * 3 >= slots.count { grow() }
    let isNew = Self.put(high, low, seed, into: &slots)
    if isNew { count += 1 }
    return isNew
  }

  private mutating func grow() {
    var larger = [UInt64](repeating: 0, count: slots.count * 2)
    for slot in stride(from: 0, to: slots.count, by: 2) where slots[slot] | slots[slot + 1] != 0 {
      _ = Self.put(slots[slot], slots[slot + 1], seed, into: &larger)
    }
    slots = larger
  }

  private static func put(
    _ high: UInt64, _ low: UInt64, _ seed: UInt64, into slots: inout [UInt64]
  ) -> Bool {
    // The product's halves together depend on every bit of both.
    let product = (high ^ seed).multipliedFullWidth(by: low ^ 0x9E37_79B9_7F4A_7C15)
    let second = (product.high ^ product.low ^ seed).multipliedFullWidth(by: 0xD6E8_FEB8_6659_FD93)
    let mask = slots.count / 2 - 1
    var place = Int(truncatingIfNeeded: second.high ^ second.low) & mask
    return slots.withUnsafeMutableBufferPointer { slots in
      while true {
        let (first, last) = (slots[place * 2], slots[place * 2 + 1])
        if first | last == 0 {
          slots[place * 2] = high
          slots[place * 2 + 1] = low
          return true
        }
        if first == high, last == low { return false }
        place = (place + 1) & mask
      }
    }
  }
}
