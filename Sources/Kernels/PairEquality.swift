// Equality of pairs of rows: the second look of a join whose hashes agree.

import Columnar

/// Says which of some pairs of rows are equal in one column.
enum PairEquality {
  /// Clears `flags[i]` where row `leftRows[i]` of `left` is not row `rightRows[i]` of `right`; NULL is
  /// equal to NULL where `nullsMatch`, and to nothing else.
  static func narrow(
    _ left: ColumnVector,
    _ leftRows: [Int32],
    _ right: ColumnVector,
    _ rightRows: [Int32],
    nullsMatch: Bool,
    _ flags: inout [Bool]
  ) {
    let hasNulls = left.validity != nil || right.validity != nil
    if !hasNulls, left.isFlat, right.isFlat, left.type.numberForm == right.type.numberForm {
      switch left.type.numberForm {
      case .int64:
        return fixed(left, leftRows, right, rightRows, as: Int64.self, &flags)
      case .int32:
        return fixed(left, leftRows, right, rightRows, as: Int32.self, &flags)
      default: break
      }
    }
    let a = leftRows.withUnsafeBufferPointer { left.gather($0) }
    let b = rightRows.withUnsafeBufferPointer { right.gather($0) }
    let verdict = nullsMatch ? logicalNot(isDistinct(a, b)) : compare(.equal, a, b)
    let hits = verdict.plain
    let values = hits.values.values(as: UInt8.self)
    for index in flags.indices {
      let isEqual = values[hits.isConstant ? 0 : index] != 0 && !hits.isNull(index)
      if !isEqual { flags[index] = false }
    }
  }

  @inline(__always)
  private static func fixed<Value: BitwiseCopyable & Equatable>(
    _ left: ColumnVector,
    _ leftRows: [Int32],
    _ right: ColumnVector,
    _ rightRows: [Int32],
    as: Value.Type,
    _ flags: inout [Bool]
  ) {
    let a = left.values.values(as: Value.self)
    let b = right.values.values(as: Value.self)
    for index in flags.indices where a[Int(leftRows[index])] != b[Int(rightRows[index])] {
      flags[index] = false
    }
  }
}
