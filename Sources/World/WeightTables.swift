import EventModel
import Simulation

/// Weights as running sums: an index is drawn in proportion by one random number and a search.
///
/// All arithmetic is on integers, so that every platform draws the same.
struct WeightTable: Sendable {
  private let sums: [Int]
  let total: Int

  /// Weights that the caller knows to be non-negative, small, and not all zero.
  init(_ weights: [Int]) {
    var total = 0
    sums = weights.map { weight in
      total += weight
      return total
    }
    self.total = total
  }

  func pick(_ generator: inout SeededGenerator) -> Int { index(at: generator.below(total)) }

  /// The index at a share of the whole; `quantile` is a fraction of 2^32.
  func index(quantile: UInt64) -> Int {
    index(at: Int((quantile &* UInt64(total)) >> 32))
  }

  /// The first index whose sum passes `position`.
  func index(at position: Int) -> Int {
    var low = 0
    var high = sums.count - 1
    while low < high {
      let middle = (low + high) / 2
      if sums[middle] <= position { low = middle + 1 } else { high = middle }
    }
    return low
  }
}

/// Names with weights, as the specification lists them.
struct NameTable: Sendable {
  let names: [String]
  /// One a name.
  let weightList: [Int]
  private let weights: WeightTable
  /// Every name as a JSON text, one after the other, and where each ends.
  private let json: [UInt8]
  private let ends: [Int]

  init(names: [String], weights: [Int]) {
    self.names = names
    weightList = weights
    self.weights = WeightTable(weights)
    var json: [UInt8] = []
    ends = names.map { name in
      JSONText.append(name, to: &json)
      return json.count
    }
    self.json = json
  }

  func pick(_ generator: inout SeededGenerator) -> String { names[weights.pick(&generator)] }
  func pickIndex(_ generator: inout SeededGenerator) -> Int { weights.pick(&generator) }

  /// Appends a name with its quotes.
  func appendJSON(_ index: Int, to bytes: inout [UInt8]) {
    bytes.append(contentsOf: json[(index == 0 ? 0 : ends[index - 1])..<ends[index]])
  }
}

/// Zipf's law without floating point: the weight of rank k is k^-exponent, as a fraction of 2^30.
enum Zipf {
  /// The weights of the ranks 1 to `count`; the exponent in hundredths, 0 to 400.
  static func weights(count: Int, exponentCenti: Int) -> [Int] {
    (1...max(count, 1)).map { rank in
      let power = log2(UInt64(rank)) * UInt64(exponentCenti) / 100
      return max(1, Int(exp2Inverse(power)))
    }
  }

  /// The binary logarithm of a positive integer below 2^32, as a fraction of 2^32, rounded down.
  ///
  /// Bit by bit: squaring the mantissa doubles the logarithm.
  static func log2(_ value: UInt64) -> UInt64 {
    let whole = UInt64(63 - value.leadingZeroBitCount)
    var mantissa = value << (31 - whole)  // in 2^31 ..< 2^32: 1 ..< 2
    var fraction: UInt64 = 0
    for _ in 0..<32 {
      mantissa = (mantissa &* mantissa) >> 31
      fraction <<= 1
      if mantissa >= 1 << 32 {
        fraction |= 1
        mantissa >>= 1
      }
    }
    return whole << 32 | fraction
  }

  /// 2 to the power of minus `power`, a fraction of 2^32 each, as a fraction of 2^30.
  static func exp2Inverse(_ power: UInt64) -> UInt64 {
    let whole = power >> 32
    guard whole < 30 else { return 0 }
    var value: UInt64 = 1 << 62
    for bit in 0..<32 where power >> UInt64(31 - bit) & 1 == 1 {
      // Dividing by 2^(2^-(bit+1)), whose root table is in 2^62.
      value = value.multipliedFullWidth(by: inverseRoots[bit]).high << 2
    }
    return value >> (32 + whole)
  }

  /// 2^(-1/2), 2^(-1/4), 2^(-1/8) … as fractions of 2^62, by repeated integer square roots.
  private static let inverseRoots: [UInt64] = {
    var roots: [UInt64] = []
    var last: UInt128 = 1 << 61  // one half
    for _ in 0..<32 {
      last = squareRoot(last << 62)
      roots.append(UInt64(last))
    }
    return roots
  }()

  private static func squareRoot(_ value: UInt128) -> UInt128 {
    var root: UInt128 = 0
    var bit: UInt128 = 1 << 63
    while bit > 0 {
      let candidate = root | bit
      if candidate * candidate <= value { root = candidate }
      bit >>= 1
    }
    return root
  }
}

/// Geometric counts 0, 1, 2 … by a table of survivors.
struct GeometricTable: Sendable {
  /// The share of 2^32 that is at least 1, 2, 3 …
  private let survivors: [UInt64]

  /// A table whose mean is `meanMilli` thousandths.
  init(meanMilli: Int) {
    // With success 1/(1+m), the share that goes on is m/(1+m).
    let mean = UInt64(max(meanMilli, 0))
    let share = (mean << 32) / (mean + 1_000)
    var survivors: [UInt64] = []
    var rest: UInt64 = share
    while rest > 0, survivors.count < 4_096 {
      survivors.append(rest)
      rest = (rest &* share) >> 32
    }
    self.survivors = survivors
  }

  /// The count at a share of the whole, which is a fraction of 2^32.
  func count(quantile: UInt64) -> Int {
    var low = 0
    var high = survivors.count
    while low < high {
      let middle = (low + high) / 2
      if survivors[middle] > quantile { low = middle + 1 } else { high = middle }
    }
    return low
  }
}

/// One random share for each of `count` things, spread evenly: thing i gets its own slice of the
/// whole, in random order. Daily totals stay close to their means even in a small world.
struct Strata {
  private var order: [Int32]

  init(count: Int, _ generator: inout SeededGenerator) {
    order = (0..<Int32(count)).map { $0 }
    order.withUnsafeMutableBufferPointer { order in
      for index in stride(from: count - 1, to: 0, by: -1) {
        order.swapAt(index, generator.below(index + 1))
      }
    }
  }

  /// A share of the whole as a fraction of 2^32.
  func quantile(_ index: Int, _ generator: inout SeededGenerator) -> UInt64 {
    let place = UInt64(order[index]) << 32 | UInt64(generator.below(1 << 32))
    return place / UInt64(order.count)
  }
}
