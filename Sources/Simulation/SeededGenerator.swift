/// The one source of randomness: xoshiro256** seeded through SplitMix64.
///
/// The same seed gives the same numbers on every platform. Streams that must not disturb each other
/// are derived with `init(seed:label:_:)`, never shared.
public struct SeededGenerator: RandomNumberGenerator, Sendable {
  private var state: (UInt64, UInt64, UInt64, UInt64)

  public init(seed: UInt64) {
    var mixer = seed
    state = (
      splitMix64(&mixer), splitMix64(&mixer), splitMix64(&mixer), splitMix64(&mixer)
    )
  }

  /// A stream of its own for one purpose, such as one user's day: for each seed, label and list of
  /// numbers another one.
  ///
  /// Each part goes through the whole mixer before the next one comes in, so that parts which combine
  /// alike, as 1 and 2 or 2 and 1, or a number that makes up for another, are still told apart. Give
  /// every number as a part of its own; packing two into one is what loses the difference.
  public init(seed: UInt64, label: String, _ numbers: UInt64...) {
    var hash = mixed(mixed(0, seed), fnv1a(label))
    for number in numbers { hash = mixed(hash, number) }
    self.init(seed: hash)
  }

  @inlinable
  public mutating func next() -> UInt64 { advance() }

  @usableFromInline
  mutating func advance() -> UInt64 {
    let result = rotateLeft(state.1 &* 5, 7) &* 9
    let shifted = state.1 << 17
    state.2 ^= state.0
    state.3 ^= state.1
    state.1 ^= state.2
    state.0 ^= state.3
    state.2 ^= shifted
    state.3 = rotateLeft(state.3, 45)
    return result
  }

  /// An integer in `0 ..< bound`; `bound` must be positive.
  public mutating func below(_ bound: Int) -> Int {
    precondition(bound > 0, "below(_:) needs a positive bound")
    return Int(advance().multipliedFullWidth(by: UInt64(bound)).high)
  }

  /// An integer in the closed range.
  public mutating func within(_ range: ClosedRange<Int>) -> Int {
    range.lowerBound + below(range.upperBound - range.lowerBound + 1)
  }

  /// True in `parts` of `outOf` cases.
  public mutating func chance(_ parts: Int, outOf total: Int) -> Bool {
    below(total) < parts
  }

  /// The index of a weight, drawn in proportion; the weights must not all be zero.
  public mutating func pick(weights: [Int]) -> Int {
    var rest = below(weights.reduce(0, +))
    for (index, weight) in weights.enumerated() {
      if rest < weight { return index }
      rest -= weight
    }
    return weights.count - 1
  }

  /// A version 4 UUID in lower case, from this stream.
  public mutating func uuid() -> String {
    let high = (advance() & 0xFFFF_FFFF_FFFF_0FFF) | 0x0000_0000_0000_4000
    let low = (advance() & 0x3FFF_FFFF_FFFF_FFFF) | 0x8000_0000_0000_0000
    return uuidText(high: high, low: low)
  }
}

/// The 36 characters of a UUID in lower case.
public func uuidText(high: UInt64, low: UInt64) -> String {
  String(unsafeUninitializedCapacity: 36) { buffer in
    var position = 0
    for index in 0..<32 {
      if index == 8 || index == 12 || index == 16 || index == 20 {
        buffer[position] = 0x2D
        position += 1
      }
      let word = index < 16 ? high : low
      let digit = UInt8(truncatingIfNeeded: word >> UInt64(60 - (index % 16) * 4)) & 0xF
      buffer[position] = digit < 10 ? 0x30 + digit : 0x57 + digit
      position += 1
    }
    return 36
  }
}

private func splitMix64(_ state: inout UInt64) -> UInt64 {
  state &+= 0x9E37_79B9_7F4A_7C15
  var value = state
  value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
  value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
  return value ^ (value >> 31)
}

/// A hash with one part more: other parts give other hashes, and so do other hashes before it.
private func mixed(_ hash: UInt64, _ part: UInt64) -> UInt64 {
  var state = hash ^ part
  return splitMix64(&state)
}

/// FNV-1a over the UTF-8 bytes.
private func fnv1a(_ text: String) -> UInt64 {
  var hash: UInt64 = 0xCBF2_9CE4_8422_2325
  for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
  return hash
}

private func rotateLeft(_ value: UInt64, _ count: UInt64) -> UInt64 {
  (value << count) | (value >> (64 - count))
}
