// Masks of rows against the Boolean columns they stand for, and joins on keys that lie close together
// against a loop over all pairs.

import Columnar
import Kernels
import Testing

struct RowMaskTests {
  private static let operations: [ComparisonOperation] = [
    .equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual,
  ]

  /// Lengths around a word's end.
  private static let counts = [0, 1, 63, 64, 65, 200, 8_192]

  @Test(
    .enabled(if: RowMask.isAvailable, "the processor has no AVX2"),
    arguments: RandomVectors.scalarTypes)
  func `a comparison leaves the rows that the Boolean column has`(_ type: DataType) {
    var random = TestRandom(seed: 31)
    for count in Self.counts {
      for nulls in [false, true] {
        let scalars = (0..<count).map { _ in RandomVectors.scalar(type, nulls: nulls, &random) }
        let column = RandomVectors.vector(type, scalars)
        for operation in Self.operations {
          let bound = RandomVectors.scalar(type, nulls: count == 65, &random)
          let constant = ColumnVector(constant: bound, type: type, count: max(1, count))
          var mask = RowMask(count: count)
          let isDone = mask.narrow(operation, column, constant)
          switch type.numberForm {
          case .int32, .int64, .double: #expect(isDone)
          default: continue
          }
          let wanted = SelectionVector(compare(operation, column, constant))
          #expect(Self.rows(mask) == Array(wanted.rows), "\(operation) \(bound)")
          #expect(mask.selectedCount == wanted.count)
          #expect(mask.isEmpty == (wanted.count == 0))
        }
      }
    }
  }

  @Test(.enabled(if: RowMask.isAvailable, "the processor has no AVX2"))
  func `flags and further conditions leave fewer rows`() {
    var random = TestRandom(seed: 32)
    for count in Self.counts {
      let flags = (0..<count).map { _ in RandomVectors.scalar(.boolean, &random) }
      let numbers = (0..<count).map { _ in RandomVectors.scalar(.bigint, &random) }
      for column in [RandomVectors.vector(.boolean, flags), RandomVectors.dictionary(.boolean, flags)] {
        var mask = RowMask(count: count)
        mask.narrow(column)
        let zero = ColumnVector(constant: .integer(0), type: .bigint, count: max(1, count))
        let isDone = mask.narrow(.less, RandomVectors.vector(.bigint, numbers), zero)
        #expect(isDone)
        let wanted = (0..<count).filter { row in
          if case .integer(let number) = numbers[row] { return flags[row] == .boolean(true) && number < 0 }
          return false
        }
        #expect(Self.rows(mask) == wanted.map { Int32($0) })
      }
      for value in [Scalar.boolean(true), .boolean(false), .null] {
        var mask = RowMask(count: count)
        mask.narrow(ColumnVector(constant: value, type: .boolean, count: count))
        #expect(mask.selectedCount == (value == .boolean(true) ? count : 0))
      }
    }
  }

  private static func rows(_ mask: RowMask) -> [Int32] {
    let selection = mask.selection()
    return withExtendedLifetime(selection.buffer) { Array(selection.rows) }
  }
}

struct DenseJoinTests {
  /// Keys of the build side: dense and sparse, once and repeated, with NULLs, at both ends of a type.
  private static let sides: [(name: String, keys: [Int64?])] = [
    ("one key", [7]),
    ("no key but NULL", [nil, nil]),
    ("each number once", (0..<500).map { ($0 * 37 + 11) % 500 }),
    ("with NULLs", (0..<300).map { $0 % 3 == 0 ? nil : $0 + 1_000 }),
    ("some twice", (0..<500).map { $0 % 350 - 100 }),
    ("many times each", (0..<900).map { $0 % 70 + 5 }),
    ("up to a word's end", Array(0..<64)),
    ("far apart", [1, 1_000_000_000, -5, .max, .min]),
    ("around zero", Array(-40..<40)),
    ("at the upper end", (0..<100).map { .max - $0 }),
  ]

  @Test(arguments: sides.indices, [DataType.bigint, .integer])
  func `finds the pairs of a loop over all of them`(_ index: Int, _ type: DataType) {
    let side = Self.sides[index]
    func fitted(_ keys: [Int64?]) -> [Scalar] {
      keys.map { key in
        key.map { .integer(type == .integer ? Int64(Int32(truncatingIfNeeded: $0)) : $0) } ?? .null
      }
    }
    let right = fitted(side.keys)
    let near = side.keys.compactMap { $0 }.flatMap { [$0, $0 &- 1, $0 &+ 1, $0 &+ 64] }
    let left = fitted([nil, 0, .min, .max] + near + [nil])
    var wanted: [[Int32]] = []
    for (a, x) in left.enumerated() where !x.isNull {
      for (b, y) in right.enumerated() where x == y { wanted.append([Int32(a), Int32(b)]) }
    }
    let table = JoinTable(
      [RandomVectors.vector(type, right)], nullsMatch: [false], count: right.count)
    #expect(table.entryCount == right.count { !$0.isNull })
    for keys in [RandomVectors.vector(type, left), RandomVectors.dictionary(type, left)] {
      let probe = JoinTable.Probe(table, [keys], count: left.count)
      for limit in [1, 50, 100_000] {
        var pairs: [[Int32]] = []
        var row = 0
        while row < left.count {
          var a: [Int32] = []
          var b: [Int32] = []
          row = probe.pairs(from: row, limit: limit, &a, &b)
          pairs += zip(a, b).map { [$0, $1] }
        }
        #expect(pairs == wanted, "\(side.name), \(limit) at a time")
      }
      let matching = Set(wanted.map { Int($0[0]) })
      #expect(probe.existence() == left.indices.map { matching.contains($0) }, "\(side.name)")
    }
  }
}
