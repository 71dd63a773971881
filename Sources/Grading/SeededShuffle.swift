// Draws and shuffles that depend on the learner and nothing else: the same seed and the same names
// give the same order on every machine, in every version.

/// A small generator (SplitMix64) for shuffles; not for secrets.
package struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  /// A generator for that learner and those names, such as exercise, part and attempt.
  package init(seed: UInt64, _ names: String...) {
    state = seed
    for name in names { state = Self.mixed(state ^ Self.hash(name)) }
  }

  package mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    return Self.mixed(state)
  }

  private static func mixed(_ value: UInt64) -> UInt64 {
    var z = value
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// FNV-1a over the UTF-8 bytes.
  private static func hash(_ text: String) -> UInt64 {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
    return hash
  }

  /// A number from 0 to `count - 1`; `count` is positive.
  package mutating func index(below count: Int) -> Int {
    Int(next().multipliedFullWidth(by: UInt64(count)).high)
  }

  /// The elements in a drawn order.
  ///
  /// Written out rather than `shuffled(using:)`, whose order may change with the standard library.
  package mutating func shuffled<Element>(_ elements: [Element]) -> [Element] {
    var result = elements
    guard result.count > 1 else { return result }
    for last in stride(from: result.count - 1, to: 0, by: -1) {
      result.swapAt(last, index(below: last + 1))
    }
    return result
  }
}
