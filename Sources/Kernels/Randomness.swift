// Random numbers and identifiers for `random()`, `uuid()` and `shuffle`, from a seed.

public import Columnar
import Synchronization

/// Gives each batch its own stream of one seed, so that a plan run on several threads draws from
/// streams that do not repeat each other.
public final class RandomSource: Sendable {
  private let state: Atomic<UInt64>

  public init(seed: UInt64) { state = Atomic(seed) }

  func stream() -> RandomStream {
    let drawn = state.wrappingAdd(0x9E37_79B9_7F4A_7C15, ordering: .relaxed)
    return RandomStream(state: mixed(drawn.newValue))
  }
}

private func mixed(_ value: UInt64) -> UInt64 {
  var z = value
  z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
  z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
  return z ^ z >> 31
}

/// SplitMix64.
struct RandomStream {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    return mixed(state)
  }

  /// 0 ..< `bound`, without bias; `bound` is above 0.
  mutating func next(below bound: UInt64) -> UInt64 {
    var product = next().multipliedFullWidth(by: bound)
    if product.low < bound {
      let threshold = (0 &- bound) % bound
      while product.low < threshold { product = next().multipliedFullWidth(by: bound) }
    }
    return product.high
  }
}

/// Doubles from 0 up to 1, without it.
public func randomDoubles(_ source: RandomSource, count: Int) -> ColumnVector {
  var stream = source.stream()
  return makeFixed(.double, count, nil, as: Double.self) { out in
    for row in 0..<count { out[row] = Double(stream.next() >> 11) * 0x1p-53 }
  }
}

/// Whole numbers from each row's `low` up to its `high`, without it, as `bigint`.
///
/// Throws `invalidArgument` where the bounds hold no number.
public func randomIntegers(
  _ source: RandomSource, from low: ColumnVector, to high: ColumnVector, count: Int
) throws -> ColumnVector {
  let first = try cast(low, to: .bigint).plain
  let last = try cast(high, to: .bigint).plain
  let a = Lane<Int64>(first)
  let b = Lane<Int64>(last)
  let validity = mergedValidity(first.validity, last.validity, count: count)
  var stream = source.stream()
  return try makeFixed(.bigint, count, validity, as: Int64.self) { out in
    for row in 0..<count where validity?.isValid(row) ?? true {
      guard a[row] < b[row] else { throw KernelError.invalidArgument("bound must be positive") }
      let width = UInt64(bitPattern: b[row] &- a[row])
      out[row] = a[row] &+ Int64(bitPattern: stream.next(below: width))
    }
  }
}

/// Identifiers of version 4, as uuid.
public func randomIdentifiers(_ source: RandomSource, count: Int) -> ColumnVector {
  var stream = source.stream()
  return makeFixed(.uuid, count, nil, as: UInt128.self) { out in
    for row in 0..<count {
      let high = stream.next() & 0xFFFF_FFFF_FFFF_0FFF | 0x4000
      let low = stream.next() & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000
      out[row] = UInt128(high) << 64 | UInt128(low)
    }
  }
}

/// Each array in a random order.
public func shuffled(_ arrays: ColumnVector, _ source: RandomSource) -> ColumnVector {
  let lists = ListView(arrays)
  var stream = source.stream()
  return rebuilt(lists, lists.vector.validity) { _, range in
    var places = Array(range)
    for index in places.indices.dropFirst().reversed() {
      places.swapAt(index, Int(stream.next(below: UInt64(index + 1))))
    }
    return places
  }
}
