/// Groups, joins, sets and sorts of every type, against plain loops over scalars.
import Columnar
import Kernels
import Testing

struct GroupingTests {
  /// The group of each row, found by comparing with every earlier group.
  private func reference(_ rows: [[Scalar]]) -> [Int32] {
    var seen: [[Scalar]] = []
    return rows.map { row in
      if let known = seen.firstIndex(where: { zip($0, row).allSatisfy { $0.isIdentical($1) } }) {
        return Int32(known)
      }
      seen.append(row)
      return Int32(seen.count - 1)
    }
  }

  private func assign(_ table: GroupTable, _ keys: [ColumnVector]) -> [Int32] {
    var out = [Int32](repeating: -9, count: keys[0].count)
    out.withUnsafeMutableBufferPointer { space in
      if let start = space.baseAddress { table.assign(keys, rowCount: space.count, into: start) }
    }
    return out
  }

  @Test(arguments: RandomVectors.allTypes)
  func `numbers one key of any type, flat and as a dictionary alike`(_ type: DataType) {
    var random = TestRandom(seed: 11)
    let scalars = (0..<700).map { _ in RandomVectors.scalar(type, &random) }
    let wanted = reference(scalars.map { [$0] })
    let flat = RandomVectors.vector(type, scalars)
    let dictionary = RandomVectors.dictionary(type, scalars)
    for vector in [flat, dictionary] {
      let table = GroupTable(types: [type])
      #expect(assign(table, [vector]) == wanted)
      // Batches of one row, of the other encoding, find the same groups.
      for row in stride(from: 0, to: 700, by: 50) {
        #expect(assign(table, [flat.slice(row..<row + 1)]) == [wanted[row]])
      }
      #expect(assign(table, [dictionary]) == wanted)
      let keys = table.keyColumns(0..<table.groupCount)[0]
      for (row, group) in wanted.enumerated() {
        #expect(keys.scalar(Int(group)).isIdentical(scalars[row]))
      }
      let tail = table.keyColumns(1..<table.groupCount)[0]
      #expect(tail.scalar(0).isIdentical(keys.scalar(1)))
    }
  }

  @Test func `numbers rows of several keys of mixed types and encodings`() {
    var random = TestRandom(seed: 12)
    for _ in 0..<40 {
      let types = (0..<Int.random(in: 2...4, using: &random)).map { _ in
        RandomVectors.allTypes.randomElement(using: &random) ?? .bigint
      }
      let count = Int.random(in: 1...300, using: &random)
      let rows = (0..<count).map { _ in types.map { RandomVectors.scalar($0, &random) } }
      let wanted = reference(rows)
      let keys = types.indices.map { column in
        let scalars = rows.map { $0[column] }
        return Bool.random(using: &random)
          ? RandomVectors.vector(types[column], scalars)
          : RandomVectors.dictionary(types[column], scalars)
      }
      let table = GroupTable(types: types)
      #expect(assign(table, keys) == wanted)
      var found = [Int32](repeating: -9, count: count)
      found.withUnsafeMutableBufferPointer { space in
        guard let start = space.baseAddress else { return }
        table.find(keys, rowCount: count, scratch: GroupTable.Scratch(), into: start)
      }
      #expect(found == wanted)
      let columns = table.keyColumns(0..<table.groupCount)
      for (row, group) in wanted.enumerated() {
        for (column, key) in columns.enumerated() {
          #expect(key.scalar(Int(group)).isIdentical(rows[row][column]))
        }
      }
    }
  }

  @Test func `keeps a million groups apart`() {
    let table = GroupTable(types: [.bigint, .varchar])
    var wanted: Int32 = 0
    for start in stride(from: 0, to: 300_000, by: 10_000) {
      let numbers = RandomVectors.vector(.bigint, (start..<start + 10_000).map { .integer(Int64($0 / 2)) })
      let texts = RandomVectors.vector(
        .varchar, (start..<start + 10_000).map { .text($0 % 2 == 0 ? "even" : "an odd number's long text") })
      for group in assign(table, [numbers, texts]) {
        #expect(group == wanted)
        wanted += 1
      }
    }
    #expect(table.groupCount == 300_000)
  }

  @Test(arguments: RandomVectors.allTypes)
  func `hashes equal values alike in every encoding`(_ type: DataType) {
    var random = TestRandom(seed: 13)
    let scalars = (0..<200).map { _ in RandomVectors.scalar(type, &random) }
    let flat = hashRows([RandomVectors.vector(type, scalars)], count: 200)
    #expect(flat == hashRows([RandomVectors.dictionary(type, scalars)], count: 200))
    for a in 0..<200 {
      for b in 0..<a where scalars[a].isIdentical(scalars[b]) { #expect(flat[a] == flat[b]) }
      let constant = ColumnVector(constant: scalars[a], type: type, count: 3)
      #expect(hashRows([constant], count: 3) == [flat[a], flat[a], flat[a]])
    }
  }

  @Test(arguments: RandomVectors.allTypes)
  func `joins as a nested loop does, in pieces of any size`(_ type: DataType) {
    if case .map = type { return }
    var random = TestRandom(seed: 14)
    let left = (0..<120).map { _ in RandomVectors.scalar(type, &random) }
    let right = (0..<80).map { _ in RandomVectors.scalar(type, &random) }
    var wanted: [[Int32]] = []
    for (a, x) in left.enumerated() {
      // NaN is equal to nothing, as in SQL.
      if case .double(let number) = x, number.isNaN { continue }
      for (b, y) in right.enumerated() where !x.isNull && x.isIdentical(y) {
        wanted.append([Int32(a), Int32(b)])
      }
    }
    let table = JoinTable(
      [RandomVectors.vector(type, right)], nullsMatch: [false], count: right.count)
    for keys in [RandomVectors.vector(type, left), RandomVectors.dictionary(type, left)] {
      let probe = JoinTable.Probe(table, [keys], count: left.count)
      for limit in [1, 7, 100_000] {
        var pairs: [[Int32]] = []
        var row = 0
        while row < left.count {
          var a: [Int32] = []
          var b: [Int32] = []
          let next = probe.pairs(from: row, limit: limit, &a, &b)
          #expect(next > row)
          row = next
          pairs += zip(a, b).map { [$0, $1] }
        }
        #expect(pairs == wanted)
      }
      guard let found = probe.existence() else { continue }
      let matching = Set(wanted.map { Int($0[0]) })
      #expect(found == left.indices.map { matching.contains($0) })
    }
  }

  @Test(arguments: RandomVectors.allTypes)
  func `sorts stably, with NULLs first or last`(_ type: DataType) {
    var random = TestRandom(seed: 15)
    for count in [1, 50, 1_500] {
      let scalars = (0..<count).map { _ in RandomVectors.scalar(type, &random) }
      let second = (0..<count).map { _ in Scalar.integer(Int64.random(in: 0..<3, using: &random)) }
      for ascending in [true, false] {
        for nullsFirst in [true, false] {
          let order = sortedRows(
            [RandomVectors.dictionary(type, scalars), RandomVectors.vector(.integer, second)],
            [
              SortDirection(isAscending: ascending, nullsFirst: nullsFirst),
              SortDirection(isAscending: false, nullsFirst: false),
            ], count: count)
          func compare(_ a: Int, _ b: Int) -> Int {
            let x = scalars[a]
            let y = scalars[b]
            if x.isNull || y.isNull {
              if x.isNull != y.isNull { return x.isNull == nullsFirst ? -1 : 1 }
            } else {
              let order = x.totalOrder(y, type)
              if order != 0 { return ascending ? order : -order }
            }
            return second[b].totalOrder(second[a], .integer)
          }
          if case .map = type { continue }
          let wanted = (0..<count).sorted { a, b in
            let order = compare(a, b)
            return order == 0 ? a < b : order < 0
          }
          #expect(order.rows.map { Int($0) } == wanted)
        }
      }
    }
  }

  @Test(arguments: RandomVectors.scalarTypes)
  func `compares as scalars do, in every encoding`(_ type: DataType) {
    var random = TestRandom(seed: 16)
    let left = (0..<300).map { _ in RandomVectors.scalar(type, &random) }
    let right = (0..<300).map { _ in RandomVectors.scalar(type, &random) }
    let operations: [(ComparisonOperation, (Int) -> Bool)] = [
      (.less, { $0 < 0 }), (.lessOrEqual, { $0 <= 0 }), (.greater, { $0 > 0 }),
      (.greaterOrEqual, { $0 >= 0 }), (.equal, { $0 == 0 }), (.notEqual, { $0 != 0 }),
    ]
    for (operation, test) in operations {
      let wanted = zip(left, right).map { x, y -> Scalar in
        if x.isNull || y.isNull { return .null }
        guard let order = x.sqlOrder(y, type) else { return .boolean(operation == .notEqual) }
        return .boolean(test(order))
      }
      for a in [RandomVectors.vector(type, left), RandomVectors.dictionary(type, left)] {
        for b in [RandomVectors.vector(type, right), RandomVectors.dictionary(type, right)] {
          #expect(RandomVectors.isSame(compare(operation, a, b), wanted))
        }
        let constant = ColumnVector(constant: right[0], type: type, count: 300)
        let each = compare(
          operation, a, RandomVectors.vector(type, Array(repeating: right[0], count: 300)))
        #expect(RandomVectors.isSame(compare(operation, a, constant), RandomVectors.scalars(each)))
      }
    }
  }
}
