// The substitution parameters of TPC-H's queries (clause 2.4), drawn anew for each run.

import FileTables
import Simulation

/// Draws the parameters of one query; the same seed gives the same ones.
package struct TPCHParameters: Sendable {
  private var random: SeededGenerator

  package init(seed: UInt64, query: Int) {
    random = SeededGenerator(seed: seed, label: "tpch", UInt64(query))
  }

  mutating func number(_ range: ClosedRange<Int>) -> Int { random.within(range) }

  mutating func one(of words: [String]) -> String { words[random.below(words.count)] }

  /// `count` different words.
  mutating func some(_ count: Int, of words: [String]) -> [String] {
    var rest = words
    return (0..<min(count, words.count)).map { _ in rest.remove(at: random.below(rest.count)) }
  }

  private static func texts(_ words: WordDistribution) -> [String] {
    words.words.map { String(decoding: $0, as: UTF8.self) }
  }

  static let regions = texts(TPCHWords.regions)
  static let nations = TPCHWords.nations.map(\.name)
  static let segments = texts(TPCHWords.segments)
  static let colors = texts(TPCHWords.colors)
  static let types = texts(TPCHWords.types)
  static let containers = texts(TPCHWords.containers)
  static let shipModes = texts(TPCHWords.shipModes)

  static func region(ofNation name: String) -> String {
    let nation = TPCHWords.nations.first { $0.name == name }
    return regions[nation.map { Int($0.region) } ?? 0]
  }

  mutating func brand() -> String { "Brand#\(number(1...5))\(number(1...5))" }

  /// January 1st of a year.
  mutating func year(_ years: ClosedRange<Int>) -> String { "\(number(years))-01-01" }

  /// The first day of a month; months are counted from January 1993 as 0.
  mutating func month(_ months: ClosedRange<Int>) -> String {
    let month = number(months)
    let text = String(month % 12 + 1)
    return "\(1993 + month / 12)-\(text.count == 1 ? "0" : "")\(text)-01"
  }
}
