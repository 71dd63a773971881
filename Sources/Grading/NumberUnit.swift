// Units of a number, and the units that people mistake for one another.

internal import Foundation

/// A unit: what is measured, how much of the base unit it is, and per which time.
package struct NumberUnit: Sendable, Hashable {
  package enum Dimension: String, Sendable, Hashable {
    /// Things, and plain ratios; a percentage is a hundredth of one.
    case count
    case bytes
    /// The base is the second.
    case time
    case money
  }

  package var dimension: Dimension
  /// How many base units (thing, byte, second, won) one of it is.
  package var factor: Double
  /// The seconds of the time it is per; nil where it is no rate.
  package var perSeconds: Double?
  package var isPercent = false
  /// As it was written.
  package var name: String

  package init(
    _ dimension: Dimension,
    factor: Double = 1,
    perSeconds: Double? = nil,
    isPercent: Bool = false,
    name: String
  ) {
    self.dimension = dimension
    self.factor = factor
    self.perSeconds = perSeconds
    self.isPercent = isPercent
    self.name = name
  }

  /// How many base units (per second, for a rate) one of it is.
  var scale: Double { factor / (perSeconds ?? 1) }

  /// Parses the unit of a manifest, such as `MB`, `events/s`, `min`, `%`, `건`; nil where unknown.
  package static func named(_ text: String) -> NumberUnit? {
    let reader = NumberReader(unit: NumberUnit(.count, name: ""), nouns: [])
    if let read = reader.readUnit(text) { return read }
    // A noun of the exercise's own: anything that can be counted.
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard let noun = parts.first, !noun.isEmpty, noun.allSatisfy({ $0.isLetter || $0 == "-" }),
      parts.count <= 2
    else { return nil }
    guard parts.count == 2 else { return NumberUnit(.count, name: text) }
    guard let per = NumberWords.times[String(parts[1])] else { return nil }
    return NumberUnit(.count, perSeconds: per, name: text)
  }
}

/// A unit mistaken for another.
package struct UnitSlip: Sendable, Hashable {
  package enum Kind: String, Sendable, Hashable, CaseIterable {
    /// Powers of 1,000 and of 1,024.
    case binaryBytes = "gb-gib"
    /// A thousand times as much or as little: MB and GB.
    case bytesPrefix = "prefix"
    /// Per second, minute, hour, day.
    case perTime = "per-time"
    /// Milliseconds, seconds, minutes, hours.
    case timeUnit = "time-unit"
    /// The laptop's world and the real one, 1:500.
    case worldScale = "scale"
    /// 12 % and 0.12.
    case percent
    /// Ten thousand and a hundred million, as Korean counts.
    case money = "won"
    /// Something else is measured: bytes where a time was asked.
    case otherKind = "other-kind"
  }

  package var kind: Kind
  /// The unit that was asked.
  package var wanted: String
  /// The unit that was written; nil where none was.
  package var written: String?

  package init(kind: Kind, wanted: String, written: String?) {
    self.kind = kind
    self.wanted = wanted
    self.written = written
  }

  /// How large the laptop's world is beside the real one.
  static let worldScale = 500.0

  /// The factors by which a number is off when that unit was mistaken, with their names.
  static func factors(of unit: NumberUnit) -> [(kind: Kind, factor: Double)] {
    var found: [(Kind, Double)] = []
    func add(_ kind: Kind, _ factor: Double) { found += [(kind, factor), (kind, 1 / factor)] }
    switch unit.dimension {
    case .bytes:
      // KB, MB, GB, TB: which power of 1,000 or 1,024 the unit is tells the binary factor.
      let power = unit.factor < 1.5 ? 3 : Int((log10(unit.factor) / 3 + 0.05).rounded(.down))
      for power in Set([power, 1, 2, 3, 4]).sorted(by: { abs($0 - power) < abs($1 - power) }) {
        add(.binaryBytes, pow(1.024, Double(power)))
      }
      for steps in 1...3 { add(.bytesPrefix, pow(1_000, Double(steps))) }
      for steps in 1...3 { add(.bytesPrefix, pow(1_024, Double(steps))) }
      add(.worldScale, worldScale)
    case .time:
      for factor in [1_000, 60, 3_600, 24, 86_400, 60_000, 3_600_000, 1_440.0] {
        add(.timeUnit, factor)
      }
    case .money:
      add(.money, 10_000)
      add(.money, 1_000)
      add(.worldScale, worldScale)
    case .count:
      if !unit.isPercent { add(.worldScale, worldScale) }
      if unit.perSeconds == nil { add(.percent, 100) }
    }
    if unit.perSeconds != nil {
      for factor in [60, 3_600, 86_400, 24, 1_440, 1_000.0] { add(.perTime, factor) }
    }
    return found
  }
}
