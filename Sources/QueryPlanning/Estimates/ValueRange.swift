// Ranges of a column's values and how much of one lies in another: what estimates of filters and
// joins are made of, with Trino's factors for what is not known.

/// Values between two ends, and how many different ones there are; NaN stands for unknown.
struct ValueRange {
  /// -∞ where it is not known; NaN, as `high`, of an empty range.
  var low: Double
  var high: Double
  var distinctCount: Double

  static let empty = ValueRange(low: .nan, high: .nan, distinctCount: 0)

  var isEmpty: Bool { low.isNaN && high.isNaN }
  private var length: Double { high - low }

  /// The share of this range's rows that lie in `other`, 0 to 1; NaN where nothing tells it.
  func share(in other: ValueRange) -> Double {
    if isEmpty || other.isEmpty || distinctCount == 0 || other.distinctCount == 0 { return 0 }
    if isSame(as: other) { return 1 }
    let common = min(high, other.high) - max(low, other.low)
    if common.isInfinite {
      guard distinctCount.isFinite, other.distinctCount.isFinite else { return 0.5 }
      return min(other.distinctCount / distinctCount, 1)
    }
    if common == 0 { return 1 / (distinctCount.isNaN ? 1 : max(distinctCount, 1)) }
    if common < 0 { return 0 }
    if length.isInfinite { return 0.25 }
    let density = distinctCount / length
    if density < 1e-3, common != length, other.distinctCount.isFinite {
      // Few values far apart: their number tells more than the distance.
      return min(other.distinctCount / distinctCount, 1)
    }
    return common / length
  }

  /// Unknown is the same as unknown.
  private func isSame(as other: ValueRange) -> Bool {
    func same(_ a: Double, _ b: Double) -> Bool { a == b || (a.isNaN && b.isNaN) }
    return same(low, other.low) && same(high, other.high)
      && same(distinctCount, other.distinctCount)
  }

  func intersection(_ other: ValueRange) -> ValueRange {
    let low = max(low, other.low)
    let high = min(high, other.high)
    guard low <= high else { return .empty }
    let least = known(distinctCount, other.distinctCount, min)
    let common = known(
      share(in: other) * distinctCount, other.share(in: self) * other.distinctCount, max)
    return ValueRange(low: low, high: high, distinctCount: known(least, common, min))
  }

  func union(_ other: ValueRange) -> ValueRange {
    ValueRange(
      low: known(low, other.low, min), high: known(high, other.high, max),
      distinctCount: distinctCount + other.distinctCount)
  }

  /// The one that is known where the other is not.
  private func known(
    _ a: Double, _ b: Double, _ choose: (Double, Double) -> Double
  ) -> Double {
    a.isNaN ? b : b.isNaN ? a : choose(a, b)
  }
}
