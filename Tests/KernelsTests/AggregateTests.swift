/// Aggregates against plain loops, whole and in merged parts.
import Columnar
import Kernels
import Testing

struct AggregateTests {
  /// What an aggregate gives for 5 groups over some rows: at once, in batches of 7, and merged from
  /// three partial states with groups in another order.
  private func results(
    _ kind: AggregateKind, _ types: [DataType], _ columns: [[Scalar]], _ groups: [Int32]
  ) throws -> [[Scalar]] {
    let result = try #require(aggregateResultType(kind, types))
    let vectors = zip(types, columns).map { RandomVectors.vector($0, $1) }
    func fill(_ accumulator: any Accumulator, _ range: Range<Int>, step: Int, _ map: (Int32) -> Int32) throws {
      accumulator.reserve(groupCount: 5)
      var start = range.lowerBound
      while start < range.upperBound {
        let end = min(range.upperBound, start + step)
        let numbers = groups[start..<end].map(map)
        try numbers.withUnsafeBufferPointer {
          try accumulator.update(
            vectors.map { $0.slice(start..<end) }, rowCount: end - start, groups: $0.baseAddress)
        }
        start = end
      }
    }
    var found: [[Scalar]] = []
    for step in [groups.count, 7] {
      let whole = try makeAccumulator(kind, arguments: types, result: result)
      try fill(whole, 0..<groups.count, step: step) { $0 }
      found.append(RandomVectors.scalars(try whole.result(0..<5)))
    }
    let merged = try makeAccumulator(kind, arguments: types, result: result)
    merged.reserve(groupCount: 5)
    let third = groups.count / 3
    for part in 0..<3 {
      let partial = try makeAccumulator(kind, arguments: types, result: result)
      let range = part * third..<(part == 2 ? groups.count : (part + 1) * third)
      try fill(partial, range, step: 50) { 4 - $0 }
      try [4, 3, 2, 1, 0].withUnsafeBufferPointer {
        try merged.merge(partial, groupCount: 5, groups: $0.baseAddress)
      }
    }
    found.append(RandomVectors.scalars(try merged.result(0..<5)))
    return found
  }

  private func rows(_ type: DataType, seed: UInt64) -> ([Scalar], [Int32]) {
    var random = TestRandom(seed: seed)
    let scalars = (0..<400).map { _ in RandomVectors.scalar(type, &random) }
    // Group 3 has no rows.
    let groups = (0..<400).map { _ in [0, 1, 2, 4].randomElement(using: &random) ?? Int32(0) }
    return (scalars, groups)
  }

  private func values(_ scalars: [Scalar], _ groups: [Int32], _ group: Int32) -> [Scalar] {
    zip(scalars, groups).filter { $0.1 == group && !$0.0.isNull }.map(\.0)
  }

  @Test(arguments: RandomVectors.allTypes)
  func `counts, and finds the smallest, the largest and the first value`(_ type: DataType) throws {
    if case .map = type { return }
    let (scalars, groups) = rows(type, seed: 21)
    let kinds: [AggregateKind] = [.count, .minimum, .maximum, .arbitrary]
    for kind in kinds {
      let wanted = (Int32(0)..<5).map { group -> Scalar in
        let values = values(scalars, groups, group)
        switch kind {
        case .count: return .integer(Int64(values.count))
        case .minimum: return values.min { $0.totalOrder($1, type) < 0 } ?? .null
        case .maximum: return values.max { $0.totalOrder($1, type) < 0 } ?? .null
        default: return values.first ?? .null
        }
      }
      for found in try results(kind, [type], [scalars], groups) {
        for (a, b) in zip(found, wanted) { #expect(a.isIdentical(b), "\(kind) of \(type)") }
      }
    }
  }

  @Test(arguments: [DataType.tinyint, .integer, .bigint, .decimal(precision: 9, scale: 2), .decimal(precision: 30, scale: 3)])
  func `sums and averages exactly`(_ type: DataType) throws {
    var random = TestRandom(seed: 22)
    let (_, groups) = rows(.bigint, seed: 22)
    let scalars = groups.map { _ -> Scalar in
      Int.random(in: 0..<5, using: &random) == 0
        ? .null : .integer(Int64.random(in: -100...100, using: &random))
    }
    for found in try results(.sum, [type], [scalars], groups) {
      for group in Int32(0)..<5 {
        let numbers = values(scalars, groups, group).compactMap(\.wholeNumber)
        #expect(found[Int(group)] == (numbers.isEmpty ? .null : .exact(numbers.reduce(0, +))))
      }
    }
    guard case .decimal = type else { return }
    for found in try results(.average, [type], [scalars], groups) {
      for group in Int32(0)..<5 {
        let numbers = values(scalars, groups, group).compactMap(\.wholeNumber)
        guard !numbers.isEmpty else {
          #expect(found[Int(group)] == .null)
          continue
        }
        let exact = Double(numbers.reduce(0, +)) / Double(numbers.count)
        #expect(found[Int(group)] == .exact(Int128(exact.rounded(.toNearestOrAwayFromZero))))
      }
    }
  }

  @Test func `fails where a sum of bigints or of decimals leaves its type`() throws {
    let big = try makeAccumulator(.sum, arguments: [.bigint], result: .bigint)
    big.reserve(groupCount: 1)
    #expect(throws: KernelError.self) {
      try big.update(
        [RandomVectors.vector(.bigint, [.integer(.max), .integer(1)])], rowCount: 2, groups: nil)
    }
    let type = DataType.decimal(precision: 38, scale: 0)
    let wide = try makeAccumulator(.sum, arguments: [type], result: type)
    wide.reserve(groupCount: 1)
    let most = Scalar.exact(powersOfTen128[38] - 1)
    try wide.update([RandomVectors.vector(type, [most])], rowCount: 1, groups: nil)
    let held = try wide.result(0..<1).scalar(0)
    #expect(held == most)
    #expect(throws: KernelError.self) {
      try wide.update([RandomVectors.vector(type, [.integer(1)])], rowCount: 1, groups: nil)
      _ = try wide.result(0..<1)
    }
  }

  @Test func `computes moments as their definitions say`() throws {
    let (_, groups) = rows(.bigint, seed: 23)
    var random = TestRandom(seed: 23)
    let x = groups.map { _ in Double(Int.random(in: 0..<1_000, using: &random)) / 8 }
    let y = x.map { $0 * 3 + Double(Int.random(in: 0..<100, using: &random)) }
    let columns = [y.map { Scalar.double($0) }, x.map { Scalar.double($0) }]
    func part(_ values: [Double], _ group: Int32) -> [Double] {
      zip(values, groups).filter { $0.1 == group }.map(\.0)
    }
    func near(_ found: Scalar, _ wanted: Double) -> Bool {
      guard case .double(let value) = found else { return false }
      return abs(value - wanted) <= 1e-9 * max(1, abs(wanted))
    }
    for group in [Int32(0), 1, 2, 4] {
      let ys = part(y, group)
      let xs = part(x, group)
      let n = Double(xs.count)
      let meanX = xs.reduce(0, +) / n
      let meanY = ys.reduce(0, +) / n
      let m2 = ys.map { ($0 - meanY) * ($0 - meanY) }.reduce(0, +)
      let m2x = xs.map { ($0 - meanX) * ($0 - meanX) }.reduce(0, +)
      let m3 = ys.map { ($0 - meanY) * ($0 - meanY) * ($0 - meanY) }.reduce(0, +)
      let m4 = ys.map { ($0 - meanY) * ($0 - meanY) * ($0 - meanY) * ($0 - meanY) }.reduce(0, +)
      let c = zip(xs, ys).map { ($0 - meanX) * ($1 - meanY) }.reduce(0, +)
      let variance = m2 / (n - 1)
      let kurtosis =
        n * (n + 1) / ((n - 1) * (n - 2) * (n - 3)) * m4 / (variance * variance)
        - 3 * (n - 1) * (n - 1) / ((n - 2) * (n - 3))
      let wanted: [(AggregateKind, Double)] = [
        (.variancePopulation, m2 / n), (.varianceSample, variance),
        (.deviationPopulation, (m2 / n).squareRoot()), (.deviationSample, variance.squareRoot()),
        (.skewness, n.squareRoot() * m3 / (m2 * m2.squareRoot())), (.kurtosis, kurtosis),
        (.covariancePopulation, c / n), (.covarianceSample, c / (n - 1)),
        (.correlation, c / (m2 * m2x).squareRoot()), (.regressionSlope, c / m2x),
        (.regressionIntercept, meanY - c / m2x * meanX),
      ]
      for (kind, value) in wanted {
        let isPair = [.covariancePopulation, .covarianceSample, .correlation, .regressionSlope,
          .regressionIntercept].contains(kind)
        let arguments = isPair ? columns : [columns[0]]
        let types: [DataType] = arguments.map { _ in .double }
        for found in try results(kind, types, arguments, groups) {
          #expect(near(found[Int(group)], value), "\(kind)")
          #expect(found[3] == .null)
        }
      }
    }
  }

  @Test func `collects lists, maps, histograms and texts in the order of the rows`() throws {
    let groups: [Int32] = [0, 1, 0, 0, 1, 0]
    let keys: [Scalar] = [.text("a"), .text("b"), .null, .text("c"), .text("b"), .text("a")]
    let numbers: [Scalar] = [.integer(1), .integer(2), .integer(3), .null, .integer(5), .integer(6)]
    func one(_ kind: AggregateKind, _ types: [DataType], _ columns: [[Scalar]]) throws -> [Scalar] {
      let all = try results(kind, types, columns, groups)
      #expect(all[0] == all[1] && all[1] == all[2], "\(kind)")
      return all[0]
    }
    let lists = try one(.arrayAggregate, [.varchar], [keys])
    #expect(lists[0] == .list([.text("a"), .null, .text("c"), .text("a")]))
    #expect(lists[3] == .null)
    let maps = try one(.mapAggregate, [.varchar, .integer], [keys, numbers])
    #expect(maps[0] == .map(keys: [.text("a"), .text("c")], values: [.integer(1), .null]))
    let multi = try one(.multimapAggregate, [.varchar, .integer], [keys, numbers])
    #expect(
      multi[0]
        == .map(
          keys: [.text("a"), .text("c")],
          values: [.list([.integer(1), .integer(6)]), .list([.null])]))
    let counts = try one(.histogram, [.varchar], [keys])
    #expect(counts[1] == .map(keys: [.text("b")], values: [.integer(2)]))
    let separators = [Scalar](repeating: .text(", "), count: 6)
    let texts = try one(.listAggregate, [.varchar, .varchar], [keys, separators])
    #expect(texts[0] == .text("a, c, a") && texts[1] == .text("b, b") && texts[3] == .null)
    let half = [Scalar](repeating: .double(0.5), count: 6)
    let middle = try one(.approximatePercentile, [.integer, .double], [numbers, half])
    #expect(middle[0] == .integer(3) && middle[1] == .integer(5) && middle[3] == .null)
    let unions = try one(
      .setUnion, [.array(.integer)],
      [[.list([.integer(1), .null]), .null, .list([.null, .integer(2), .integer(1)]), .list([]), .list([.integer(9)]), .null]])
    #expect(unions[0] == .list([.integer(1), .null, .integer(2)]))
    #expect(unions[1] == .list([.integer(9)]))
  }

  @Test func `estimates distinct values within five per cent`() throws {
    let accumulator = try makeAccumulator(
      .approximateDistinct, arguments: [.bigint], result: .bigint)
    let other = try makeAccumulator(.approximateDistinct, arguments: [.bigint], result: .bigint)
    for (part, range) in [(accumulator, 0..<60_000), (other, 40_000..<100_000)] {
      part.reserve(groupCount: 1)
      let vector = RandomVectors.vector(.bigint, range.map { .integer(Int64($0 % 100_000)) })
      try part.update([vector], rowCount: vector.count, groups: nil)
      try part.update([vector], rowCount: vector.count, groups: nil)
    }
    try accumulator.merge(other, groupCount: 1, groups: nil)
    let estimate = try #require(accumulator.result(0..<1).scalar(0).wholeNumber)
    #expect((95_000...105_000).contains(estimate))
    let few = try makeAccumulator(.approximateDistinct, arguments: [.varchar], result: .bigint)
    few.reserve(groupCount: 1)
    try few.update(
      [RandomVectors.vector(.varchar, [.text("a"), .null, .text("b"), .text("a")])], rowCount: 4,
      groups: nil)
    #expect(try few.result(0..<1).scalar(0) == .integer(2))
  }

  @Test func `hashes as xxHash64 is published`() {
    func hash(_ text: String) -> UInt64 { Array(text.utf8).withUnsafeBytes { xxHash64($0) } }
    #expect(hash("") == 0xEF46_DB37_51D8_E999)
    #expect(hash("a") == 0xD24E_C4F1_A98C_6E5B)
    #expect(hash("abc") == 0x44BC_2CF5_AD77_0999)
    #expect(hash("The quick brown fox jumps over the lazy dog") == 0x0B24_2D36_1FDA_71BC)
  }
}
