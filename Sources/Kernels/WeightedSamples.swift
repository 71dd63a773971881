// Percentiles of weighted values.

/// Values in ascending order, each with a weight of at least 1.
///
/// A value of weight 1 is a single sample; a heavier one stands for many around it, half of them below
/// and half above, and what falls between two such is interpolated. So does Trino's t-digest with
/// its clusters.
struct WeightedSamples {
  private var values: [Double] = []
  private var weights: [Double] = []
  private var total = 0.0

  /// `value` is not less than the one before.
  mutating func append(_ value: Double, _ weight: Double) {
    values.append(value)
    weights.append(weight)
    total += weight
  }

  /// The value below which `share` (0 to 1) of the weight lies; nil of no values.
  func value(at share: Double) -> Double? {
    guard let first = values.first, let last = values.last else { return nil }
    let place = share * total
    // What lies below the middle of the lowest value, or above that of the highest, is that value.
    if values.count == 1 || place < max(1, weights[0] / 2) { return first }
    if place >= total - 1 { return last }
    var center = weights[0] / 2
    var index = 0
    while index < values.count - 1 {
      let gap = (weights[index] + weights[index + 1]) / 2
      guard center + gap <= place else { break }
      center += gap
      index += 1
    }
    guard index < values.count - 1 else { return last }
    let offset = place - center
    let left = weights[index]
    let right = weights[index + 1]
    if left == 1, offset < 0.5 { return values[index] }
    if right == 1, offset >= left / 2 { return values[index + 1] }
    // A single sample takes no part in what lies between.
    let length = left == 1 ? right / 2 : right == 1 ? left / 2 : (left + right) / 2
    let inside = left == 1 ? offset - 0.5 : offset
    return values[index] + (values[index + 1] - values[index]) * inside / length
  }
}
