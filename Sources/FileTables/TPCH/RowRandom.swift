// The random numbers of TPC-H's data generator: one stream a column, with a fixed share a row.
//
// A stream is Lehmer's generator, seed · 16807 mod (2³¹ − 1). Every row may draw up to `perRow`
// numbers; what it does not draw is skipped, so that row n's numbers start at a known place and any
// range of rows can be made alone.

/// One column's stream.
struct RowRandom {
  static let multiplier: Int64 = 16_807
  static let modulus: Int64 = 2_147_483_647

  private var seed: Int64
  private var usage = 0
  private let perRow: Int
  /// `multiplier` to the power of the index: how far a row's unused numbers are skipped.
  private let powers: [Int64]

  /// A stream with the specification's seed, at row `row` (0-based).
  init(seed: Int64, perRow: Int = 1, row: Int = 0) {
    self.seed = seed
    self.perRow = perRow
    var powers: [Int64] = [1]
    for _ in 0..<max(1, perRow) {
      powers.append(powers[powers.count - 1] * Self.multiplier % Self.modulus)
    }
    self.powers = powers
    skip(Int64(row) * Int64(perRow))
  }

  /// A bare stream, for text; it has no rows.
  init(state: Int64) {
    seed = state
    perRow = 0
    powers = [1]
  }

  /// What `init(state:)` takes to go on from here.
  var state: Int64 { seed }

  /// Both bounds are included.
  @inline(__always)
  mutating func next(_ lower: Int32, _ upper: Int32) -> Int32 {
    draw()
    // The reference overflows where the range is all of Int32, and so do we.
    let range = Double((upper &- lower) &+ 1)
    let scaled = Double(seed) / Double(Self.modulus) * range
    return lower &+ Int32(scaled)
  }

  /// An index below `count`.
  @inline(__always)
  mutating func index(below count: Int) -> Int {
    draw()
    return Int(Double(seed) / Double(Self.modulus) * Double(count))
  }

  @inline(__always)
  private mutating func draw() {
    seed = seed &* Self.multiplier % Self.modulus
    usage += 1
  }

  /// Goes to the first number of the next row.
  @inline(__always)
  mutating func finishRow() {
    seed = seed &* powers[perRow - usage] % Self.modulus
    usage = 0
  }

  private mutating func skip(_ count: Int64) {
    var factor = Self.multiplier
    var left = count
    while left > 0 {
      if left & 1 != 0 { seed = factor * seed % Self.modulus }
      left >>= 1
      factor = factor * factor % Self.modulus
    }
  }
}
