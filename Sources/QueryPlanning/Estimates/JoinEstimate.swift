// How many rows a join gives, by Trino's rules: the key that leaves the fewest pairs decides, and the
// others and further conditions leave nine tenths each where nothing better is known.

import Columnar
import Kernels

/// Estimates a join from its sides.
struct JoinEstimate {
  private let node: Join
  private let left: PlanStatistics
  private let right: PlanStatistics
  private var split: Int { left.columns.count }

  init(_ node: Join, _ left: PlanStatistics, _ right: PlanStatistics) {
    self.node = node
    self.left = left
    self.right = right
  }

  var statistics: PlanStatistics {
    switch node.kind {
    case .inner: return inner
    case .cross: return pairs
    case .left: return adding(unmatched(left, right, isFlipped: false), at: 0, to: inner)
    case .right: return adding(unmatched(right, left, isFlipped: true), at: split, to: inner)
    case .full:
      let outer = adding(unmatched(left, right, isFlipped: false), at: 0, to: inner)
      return adding(unmatched(right, left, isFlipped: true), at: split, to: outer)
    case .mark:
      var result = left
      result.columns.append(.unknown)
      return result
    case .semi, .anti: return semi
    }
  }

  private var unknown: PlanStatistics { .unknown(left.columns.count + right.columns.count) }

  private var pairs: PlanStatistics {
    PlanStatistics(
      rowCount: left.rowCount * right.rowCount, columns: left.columns + right.columns)
  }

  /// The columns that a key compares, in the columns of both sides; nil for computed ones.
  private func columns(_ key: JoinKey) -> (left: Int, right: Int)? {
    guard let a = FilterEstimate.column(key.left), let b = FilterEstimate.column(key.right) else {
      return nil
    }
    return (a, split + b)
  }

  private var inner: PlanStatistics {
    guard pairs.isKnown else { return unknown }
    var best: PlanStatistics?
    for (index, key) in node.keys.enumerated() {
      guard let places = columns(key) else { continue }
      var estimate = FilterEstimate(input: pairs).columns(.equal, places.left, places.right)
        .normalized()
      guard estimate.isKnown else { continue }
      for (other, auxiliary) in node.keys.enumerated() where other != index {
        estimate.rowCount *= FilterEstimate.unknownShare
        if let places = columns(auxiliary) { equalize(&estimate, places) }
      }
      if best.map({ estimate.rowCount < $0.rowCount }) ?? true { best = estimate }
    }
    if node.keys.isEmpty { best = pairs }
    guard var result = best else { return unknown }
    guard let residual = node.residual else { return result }
    let filtered = FilterEstimate(input: result).estimate(residual)
    if filtered.isKnown { return filtered }
    if node.keys.isEmpty { return unknown }
    result.rowCount *= FilterEstimate.unknownShare
    return result
  }

  /// Both columns have the values that both have.
  private func equalize(_ statistics: inout PlanStatistics, _ places: (left: Int, right: Int)) {
    let common = statistics.columns[places.left].range.intersection(
      statistics.columns[places.right].range)
    for column in [places.left, places.right] {
      statistics.columns[column].range = common
      statistics.columns[column].nullShare = 0
    }
  }

  /// The rows of `side` that find nothing in `other`: half of the other's values are taken to be
  /// among the side's.
  private func unmatched(
    _ side: PlanStatistics, _ other: PlanStatistics, isFlipped: Bool
  ) -> PlanStatistics {
    var result = side
    if other.rowCount == 0 { return result }
    guard !node.keys.isEmpty else {
      if node.residual != nil { return .unknown(side.columns.count) }
      result.rowCount = 0
      return result
    }
    var most: Double?
    for key in node.keys {
      guard let own = FilterEstimate.column(isFlipped ? key.right : key.left),
        let theirs = FilterEstimate.column(isFlipped ? key.left : key.right)
      else { continue }
      let column = side.columns[own]
      let matching = other.columns[theirs].distinctCount * 0.5
      guard !column.distinctCount.isNaN, !matching.isNaN, !column.nullShare.isNaN else { continue }
      var share = column.nullShare
      if column.distinctCount > matching {
        share += (1 - column.nullShare) * (column.distinctCount - matching) / column.distinctCount
      }
      // Each further condition leaves more rows unmatched.
      let others =
        node.keys.count - 1 + (node.residual.map { $0.conjuncts.count } ?? 0)
      var rows = side.rowCount * share
      for _ in 0..<others { rows = min(side.rowCount, rows / FilterEstimate.unknownShare) }
      most = max(most ?? 0, rows)
    }
    guard let most else { return .unknown(side.columns.count) }
    result.rowCount = most
    return result.normalized()
  }

  /// `joined` and the unmatched rows of the side whose columns begin at `start`; the other side's
  /// are NULL in them.
  private func adding(
    _ unmatched: PlanStatistics, at start: Int, to joined: PlanStatistics
  ) -> PlanStatistics {
    guard unmatched.isKnown, joined.isKnown else { return unknown }
    var result = joined
    result.rowCount += unmatched.rowCount
    guard result.rowCount > 0 else { return result }
    let own = start..<start + unmatched.columns.count
    for column in result.columns.indices {
      let before = joined.columns[column]
      if own.contains(column) {
        let extra = unmatched.columns[column - start]
        result.columns[column].range = before.range.union(extra.range)
        let most = (start == 0 ? left : right).columns[column - start].distinctCount
        if result.columns[column].distinctCount > most {
          result.columns[column].distinctCount = most
        }
        result.columns[column].nullShare =
          (before.nullShare * joined.rowCount + extra.nullShare * unmatched.rowCount)
          / result.rowCount
      } else {
        result.columns[column].nullShare =
          (before.nullShare * joined.rowCount + unmatched.rowCount) / result.rowCount
      }
    }
    return result.normalized()
  }

  private var semi: PlanStatistics {
    guard left.isKnown, right.isKnown, node.residual == nil, let key = node.keys.first,
      node.keys.count == 1, let own = FilterEstimate.column(key.left),
      let theirs = FilterEstimate.column(key.right)
    else { return .unknown(left.columns.count) }
    let column = left.columns[own]
    let found = right.columns[theirs].distinctCount
    guard !column.distinctCount.isNaN, !found.isNaN, column.distinctCount > 0 else {
      return .unknown(left.columns.count)
    }
    let values = column.distinctCount
    let kept = node.kind == .semi ? min(values, found) : max(values - min(values, found), values * 0.5)
    var result = left
    result.rowCount *= (1 - column.nullShare) * kept / values
    result.columns[own].distinctCount = kept
    result.columns[own].nullShare = 0
    return result
  }
}
