import Simulation
import Testing

/// Streams are told apart by every part they are derived from.
struct SeededStreamTests {
  /// The first number of each stream.
  private static func firsts(_ generators: [SeededGenerator]) -> [UInt64] {
    generators.map { generator in
      var generator = generator
      return generator.next()
    }
  }

  private func expectAllDifferent(
    _ generators: [SeededGenerator],
    _ what: String,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let numbers = Self.firsts(generators)
    let same = numbers.count - Set(numbers).count
    #expect(same == 0, "\(same) of \(numbers.count) \(what)", sourceLocation: sourceLocation)
  }

  @Test func `pairs whose numbers combine alike have streams of their own`() {
    // Phones and days, small numbers that share their bits.
    expectAllDifferent(
      (0..<300).flatMap { phone in
        (19_700..<19_740).map { day in
          SeededGenerator(seed: 42, label: "cast", UInt64(phone), UInt64(day))
        }
      },
      "phones and days"
    )
    // Phones and moments, milliseconds and steps of two's powers apart.
    let moment: UInt64 = 1_705_276_800_000
    expectAllDifferent(
      (0..<64).flatMap { phone in
        ((0..<64).map { moment + $0 } + (7..<40).map { moment ^ (1 << $0) }).map {
          SeededGenerator(seed: 42, label: "new-id", UInt64(phone), $0)
        }
      },
      "phones and moments"
    )
    // A pair and the pair turned around; a number and that number twice, or followed by 0.
    expectAllDifferent(
      (0..<100).flatMap { left in
        (0..<100).map { SeededGenerator(seed: 7, label: "pair", UInt64(left), UInt64($0)) }
          + [SeededGenerator(seed: 7, label: "pair", UInt64(left))]
      },
      "ordered pairs and single numbers"
    )
  }

  @Test func `neither seed nor label makes up for a number`() {
    let labels = ["a", "b", "ab", "ba", "day", "clock", "device", "member", "members"]
    expectAllDifferent(
      labels.flatMap { label in
        (0..<40).flatMap { seed in
          [SeededGenerator(seed: seed, label: label)]
            + (0..<40).map { SeededGenerator(seed: seed, label: label, $0) }
        }
      },
      "seeds, labels and numbers"
    )
  }

  @Test func `the same parts give the same stream`() {
    var one = SeededGenerator(seed: 42, label: "day", 1, 2)
    var other = SeededGenerator(seed: 42, label: "day", 1, 2)
    #expect((0..<100).map { _ in one.next() } == (0..<100).map { _ in other.next() })
    // Neighbours have nothing in common: of 64 bits about half differ.
    for number in UInt64(0)..<200 {
      var left = SeededGenerator(seed: 42, label: "day", 3, number)
      var right = SeededGenerator(seed: 42, label: "day", 3, number + 1)
      #expect((12...52).contains((left.next() ^ right.next()).nonzeroBitCount))
    }
  }
}
