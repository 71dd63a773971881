/// Random values of every type, with NULLs, extremes and repetitions, in every encoding.
import Columnar
import Kernels

/// A small seeded generator: the same values on every machine.
struct TestRandom: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 | 1 }

  mutating func next() -> UInt64 {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return state &* 0x2545_F491_4F6C_DD1D
  }
}

enum RandomVectors {
  static let scalarTypes: [DataType] = [
    .boolean, .tinyint, .smallint, .integer, .bigint, .real, .double,
    .decimal(precision: 9, scale: 2), .decimal(precision: 38, scale: 10), .varchar,
    .varchar(length: 40), .char(length: 6), .varbinary, .json, .date, .time(precision: 3),
    .timestamp, .timestamp(precision: 9), .timestampWithTimeZone, .intervalDayToSecond,
    .intervalYearToMonth, .uuid,
  ]
  static let nestedTypes: [DataType] = [
    .array(.bigint), .array(.varchar), .array(.array(.integer)),
    .map(key: .varchar, value: .integer),
    .row([Field("a", .integer), Field("b", .varchar)]),
    .row([Field("x", .array(.double))]),
  ]
  static var allTypes: [DataType] { scalarTypes + nestedTypes }

  /// One value; about one in six is NULL, many are extremes or repeat.
  static func scalar(
    _ type: DataType, nulls: Bool = true, _ random: inout TestRandom
  ) -> Scalar {
    if nulls, Int.random(in: 0..<6, using: &random) == 0 { return .null }
    let pick = Int.random(in: 0..<8, using: &random)
    func whole(_ low: Int128, _ high: Int128) -> Scalar {
      switch pick {
      case 0: .exact(low)
      case 1: .exact(high)
      case 2: .exact(0)
      case 3: .exact(Int128.random(in: low...high, using: &random))
      default: .exact(Int128.random(in: max(low, -3)...min(high, 3), using: &random))
      }
    }
    switch type {
    case .boolean: return .boolean(Bool.random(using: &random))
    case .tinyint: return whole(Int128(Int8.min), Int128(Int8.max))
    case .smallint: return whole(Int128(Int16.min), Int128(Int16.max))
    case .integer, .intervalYearToMonth: return whole(Int128(Int32.min), Int128(Int32.max))
    case .bigint, .intervalDayToSecond: return whole(Int128(Int64.min), Int128(Int64.max))
    case .date: return whole(-719_162, 2_932_896)
    case .time(let precision):
      let unit = powersOfTen128[12 - precision]
      return .exact((whole(0, 86_399_999_999_999_999).wholeNumber ?? 0) / unit * unit)
    case .timestamp(let precision), .timestampWithTimeZone(let precision):
      let unit: Int128 = precision > 6 ? 1_000_000 : 1
      let step = precision > 6 ? powersOfTen128[12 - precision] : 1
      let value = whole(-62_135_596_800_000_000 * unit, 253_402_300_799_999_999 * unit)
      return .exact((value.wholeNumber ?? 0) / step * step)
    case .decimal(let precision, _):
      return whole(1 - powersOfTen128[precision], powersOfTen128[precision] - 1)
    case .uuid: return whole(Int128.min, Int128.max)
    case .real, .double:
      let specials: [Double] = [0, -0.0, .nan, .infinity, -.infinity, 1.5, -2.25, 3]
      let value = pick < 4 ? specials[Int.random(in: 0..<8, using: &random)]
        : Double(Int.random(in: -4...4, using: &random)) / 2
      return .double(value)
    case .varchar, .json, .char:
      let texts = [
        "", "a", "b", "ab", "abc", "한국어", "abcdefghijkl", "abcdefghijklm", "abcdefghX", "a\u{1}",
        "a longer text that does not fit a view", "a longer text that does not fit a vieW",
      ]
      if case .char = type {
        return .text(["", "a", "ab", "a\u{1}", "b", "한국"][pick % 6])
      }
      return .text(texts[Int.random(in: 0..<texts.count, using: &random)])
    case .varbinary:
      return .binary(
        (0..<[0, 1, 2, 12, 13, 30][pick % 6]).map { _ in [0, 1, 0xFF].randomElement(using: &random) ?? 0 })
    case .array(let element):
      return .list((0..<pick % 4).map { _ in scalar(element, nulls: nulls, &random) })
    case .map(let key, let value):
      var keys: [Scalar] = []
      for _ in 0..<pick % 4 {
        let candidate = scalar(key, nulls: false, &random)
        if !keys.contains(candidate) { keys.append(candidate) }
      }
      return .map(keys: keys, values: keys.map { _ in scalar(value, nulls: nulls, &random) })
    case .row(let fields): return .row(fields.map { scalar($0.type, nulls: nulls, &random) })
    case .unknown: return .null
    }
  }

  static func vector(_ type: DataType, _ scalars: [Scalar]) -> ColumnVector {
    let builder = ColumnBuilder(type: type, capacity: scalars.count)
    for scalar in scalars { builder.append(scalar) }
    return builder.finish()
  }

  /// The same rows as a dictionary of their distinct values, in an order of its own.
  static func dictionary(_ type: DataType, _ scalars: [Scalar]) -> ColumnVector {
    var distinct: [Scalar] = []
    let codes = scalars.map { scalar -> Int32 in
      if scalar.isNull { return 0 }
      if let known = distinct.firstIndex(where: { isSame($0, scalar) }) { return Int32(known) }
      distinct.append(scalar)
      return Int32(distinct.count - 1)
    }
    if distinct.isEmpty { distinct = [placeholder(type)] }
    return ColumnVector(
      dictionary: VectorDictionary(vector(type, distinct)),
      codes: codes.withUnsafeBytes { Buffer(copying: $0) }, count: scalars.count,
      validity: ValidityBitmap.make(count: scalars.count) { !scalars[$0].isNull })
  }

  private static func placeholder(_ type: DataType) -> Scalar {
    var random = TestRandom(seed: 1)
    return scalar(type, nulls: false, &random)
  }

  /// Equal to the bit: NaN to NaN, and 0.0 differs from -0.0.
  static func isSame(_ a: Scalar, _ b: Scalar) -> Bool {
    switch (a, b) {
    case (.double(let x), .double(let y)):
      return x.bitPattern == y.bitPattern || (x.isNaN && y.isNaN)
    case (.list(let x), .list(let y)), (.row(let x), .row(let y)):
      return x.count == y.count && zip(x, y).allSatisfy { isSame($0, $1) }
    case (.map(let k, let v), .map(let l, let w)):
      return isSame(.list(k), .list(l)) && isSame(.list(v), .list(w))
    default: return a == b
    }
  }

  static func scalars(_ vector: ColumnVector) -> [Scalar] {
    (0..<vector.count).map { vector.scalar($0) }
  }

  static func isSame(_ vector: ColumnVector, _ scalars: [Scalar]) -> Bool {
    vector.count == scalars.count
      && scalars.indices.allSatisfy { isSame(vector.scalar($0), scalars[$0]) }
  }
}
