// Which rows each row's frame holds, for ROWS, GROUPS and RANGE.

import Columnar
import Kernels
import QueryPlanning

/// The frame of each sorted row, as a range of sorted rows inside its partition.
struct WindowFrames {
  private(set) var starts: [Int]
  private(set) var ends: [Int]

  /// Throws `invalidWindowFrame` for a bound that is NULL or negative.
  init(_ frame: WindowFrame, _ layout: WindowLayout, _ sorted: ColumnarBatch) throws {
    let bounds = FrameBounds(frame.unit, layout, sorted)
    starts = try bounds.places(frame.start, isStart: true)
    ends = try bounds.places(frame.end, isStart: false)
    for row in 0..<layout.count {
      let partition = layout.partition(row)
      starts[row] = min(max(starts[row], partition.lowerBound), partition.upperBound)
      ends[row] = min(max(ends[row], starts[row]), partition.upperBound)
    }
  }

  func range(_ row: Int) -> Range<Int> { starts[row]..<ends[row] }
}

/// Computes one end of all frames; places may lie outside the partition, and are clamped later.
private struct FrameBounds {
  private let unit: WindowFrame.Unit
  private let layout: WindowLayout
  private let sorted: ColumnarBatch

  init(_ unit: WindowFrame.Unit, _ layout: WindowLayout, _ sorted: ColumnarBatch) {
    self.unit = unit
    self.layout = layout
    self.sorted = sorted
  }

  func places(_ bound: WindowFrame.Bound, isStart: Bool) throws -> [Int] {
    let rows = 0..<layout.count
    switch bound {
    case .unboundedPreceding: return rows.map { layout.partition($0).lowerBound }
    case .unboundedFollowing: return rows.map { layout.partition($0).upperBound }
    case .currentRow:
      if unit == .rows { return rows.map { isStart ? $0 : $0 + 1 } }
      return rows.map { isStart ? layout.peers($0).lowerBound : layout.peers($0).upperBound }
    case .preceding(let expression): return try places(expression, sign: -1, isStart: isStart)
    case .following(let expression): return try places(expression, sign: 1, isStart: isStart)
    }
  }

  private func places(_ expression: Expression, sign: Int, isStart: Bool) throws -> [Int] {
    let column = try ExpressionEvaluator(sorted).evaluate(expression)
    if unit == .range { return try rangePlaces(column, isStart: isStart) }
    return try (0..<layout.count).map { row in
      guard case .integer(let value) = column.scalar(row) else {
        throw QueryExecutionError.invalidWindowFrame("Window frame offset must not be null")
      }
      guard value >= 0 else {
        throw QueryExecutionError.invalidWindowFrame(
          "Window frame offset must not be negative: \(value)"
        )
      }
      // No partition is larger than all rows, so a larger distance means the same.
      let distance = sign * Int(min(value, Int64(layout.count) + 1))
      if unit == .rows { return row + distance + (isStart ? 0 : 1) }
      return groupPlace(row, distance, isStart: isStart)
    }
  }

  private func groupPlace(_ row: Int, _ distance: Int, isStart: Bool) -> Int {
    let partition = layout.partition(row)
    let first = Int(layout.peerOf[partition.lowerBound])
    let last = Int(layout.peerOf[partition.upperBound - 1])
    let group = Int(layout.peerOf[row]) + distance
    if group < first { return partition.lowerBound }
    if group > last { return partition.upperBound }
    return layout.peerStarts[isStart ? group : group + 1]
  }

  /// `values` are the bounds' own values, in the order key's type.
  private func rangePlaces(_ values: ColumnVector, isStart: Bool) throws -> [Int] {
    guard let key = layout.orderKey, let direction = layout.direction else {
      throw QueryExecutionError.invalidWindowFrame("Window frame of type RANGE needs an ORDER BY")
    }
    let ranks = Self.ranks(key, values, direction)
    let count = layout.count
    return try (0..<count).map { row in
      if key.isNull(row) {
        return isStart ? layout.peers(row).lowerBound : layout.peers(row).upperBound
      }
      guard !values.isNull(row) else {
        throw QueryExecutionError.invalidWindowFrame("Window frame offset must not be null")
      }
      // NULL keys lie at one end of the partition and are nobody else's frame.
      var range = layout.partition(row)
      while !range.isEmpty, key.isNull(range.lowerBound) {
        range = layout.peers(range.lowerBound).upperBound..<range.upperBound
      }
      while !range.isEmpty, key.isNull(range.upperBound - 1) {
        range = range.lowerBound..<layout.peers(range.upperBound - 1).lowerBound
      }
      let bound = ranks[count + row]
      var low = range.lowerBound
      var high = range.upperBound
      while low < high {
        let middle = (low + high) / 2
        let isBefore = isStart ? ranks[middle] < bound : ranks[middle] <= bound
        if isBefore { low = middle + 1 } else { high = middle }
      }
      return low
    }
  }

  /// Numbers that order the keys, then the bounds, as the window does; equal values are equal.
  private static func ranks(
    _ key: ColumnVector,
    _ values: ColumnVector,
    _ direction: SortDirection
  ) -> [Int32] {
    let all = ColumnVector.concatenate([key, values], type: key.type)
    let order = Kernels.sortedRows([all], [direction], count: all.count)
    let starts = Peers.starts([all.gather(order)], count: all.count)
    var ranks = [Int32](repeating: 0, count: all.count)
    var rank: Int32 = -1
    for (place, row) in order.array.enumerated() {
      if starts[place] { rank += 1 }
      ranks[Int(row)] = rank
    }
    return ranks
  }
}
