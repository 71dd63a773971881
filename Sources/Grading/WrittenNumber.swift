// A single number as a learner writes it where a unit is asked: a cell of a worksheet.

/// A number that has been read in the unit that was asked.
///
/// Other than in answers to an exercise, a small `b` behind a capital letter is a bit: `Mb` is an
/// eighth of `MB`, because telling them apart is what is learnt. All small, `mb` is read as `MB`.
package struct WrittenNumber: Sendable, Hashable {
  /// In the unit that was asked.
  package var value: Double
  /// The number as it was written.
  package var number: Double
  /// The unit as it was written; nil where there was none.
  package var unit: NumberUnit?
  /// False where the unit names only a time it is per, as in `579/s`.
  private let hasNoun: Bool

  /// What a text says.
  package enum Reading: Sendable, Hashable {
    case number(WrittenNumber)
    /// A number of another kind, such as bytes where events are asked; the unit as it was written.
    case otherKind(String)
    /// No number, or several.
    case unreadable
  }

  /// Reads a text; `nouns` are words for what is counted, besides the usual ones.
  package static func read(_ text: String, in unit: NumberUnit, nouns: Set<String>) -> Reading {
    var reader = NumberReader(unit: unit, nouns: nouns.union(unit.nouns))
    reader.tellsBitsApart = true
    guard let found = reader.read(text), found.count == 1, found[0].label == nil else {
      return .unreadable
    }
    guard let value = found[0].value(in: unit), value.isFinite else {
      return .otherKind(found[0].unit?.name ?? "")
    }
    return .number(
      WrittenNumber(
        value: value, number: found[0].value, unit: found[0].unit, hasNoun: found[0].hasNoun))
  }

  /// The unit by which a wrong number is off; nil where no usual slip explains it.
  ///
  /// `right` is in the unit that was asked. `UnitSlip.isBits` tells bits from other prefixes.
  package func slip(right: Double, unit asked: NumberUnit) -> UnitSlip? {
    let quantity = Quantity(value: number, unit: unit, hasNoun: hasNoun)
    return Fit(quantity, of: right, unit: asked, .relative(Self.slipFraction)).slip
      ?? bitSlip(right: right, asked)
  }

  /// Within which a number counts as that of a slip.
  private static let slipFraction = 0.02

  /// Eight times as much or as little, where bytes are asked.
  private func bitSlip(right: Double, _ asked: NumberUnit) -> UnitSlip? {
    guard asked.dimension == .bytes, right > 0 else { return nil }
    let isBits = [8, 0.125].contains { abs(value / (right * $0) - 1) <= Self.slipFraction }
    return isBits ? UnitSlip(kind: .bytesPrefix, wanted: asked.name, written: "bit") : nil
  }
}

extension UnitSlip {
  /// True where bits and bytes were mistaken for one another.
  package var isBits: Bool {
    guard kind == .bytesPrefix, let written else { return false }
    let unit = written.prefix { $0.isLetter }
    return unit == "bit" || unit.hasSuffix("bit") || unit.hasSuffix("bps")
      || (unit.count == 2 && unit.first?.isUppercase == true && unit.hasSuffix("b"))
  }
}

extension NumberUnit {
  /// The word for what is counted: `events` of `events/s`.
  var nouns: Set<String> { Set(name.split(separator: "/").prefix(1).map(String.init)) }
}
