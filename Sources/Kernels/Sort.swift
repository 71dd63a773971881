// The order of rows by some columns, as a permutation; the sort is stable.
//
// Fixed-width columns are compared as order-preserving 64-bit keys; text by its first eight bytes
// as one number, and by all bytes only where those are equal. NaN is larger than every number.

public import Columnar

/// How one column sorts.
public struct SortDirection: Sendable, Hashable {
  public var isAscending: Bool
  public var nullsFirst: Bool

  public init(isAscending: Bool, nullsFirst: Bool) {
    self.isAscending = isAscending
    self.nullsFirst = nullsFirst
  }
}

private struct SortColumn {
  var keys: [UInt64]
  var nulls: [UInt8]?
  var text: TextLane?
  let direction: SortDirection

  init(_ vector: ColumnVector, _ direction: SortDirection) {
    let isByBytes = vector.type.isNested || vector.type.layout == .fixed(width: 16)
    let source = isByBytes ? keyBytes(vector) : vector.plain
    self.direction = direction
    if source.type.layout == .text {
      let lane = TextLane(source)
      keys = (0..<source.count).map { row in
        let bytes = lane[row]
        var key: UInt64 = 0
        for index in 0..<8 { key = key << 8 | (index < bytes.count ? UInt64(bytes[index]) : 0) }
        return key
      }
      text = lane
    } else {
      keys = orderKeys(source)
    }
    if source.validity != nil { nulls = (0..<source.count).map { source.isNull($0) ? 1 : 0 } }
  }

  /// Negative, 0, positive: the order of two rows in this column.
  @inline(__always)
  func compare(_ a: Int, _ b: Int) -> Int {
    if let nulls, nulls[a] | nulls[b] != 0 {
      if nulls[a] == nulls[b] { return 0 }
      return (nulls[a] == 1) == direction.nullsFirst ? -1 : 1
    }
    var order = keys[a] < keys[b] ? -1 : keys[a] > keys[b] ? 1 : 0
    if order == 0, let text { order = compareBytes(text[a], text[b]) }
    return direction.isAscending ? order : -order
  }
}

/// Row numbers in sorted order.
public func sortedRows(
  _ columns: [ColumnVector],
  _ directions: [SortDirection],
  count: Int
) -> RowSelection {
  let keys = zip(columns, directions).map { SortColumn($0, $1) }
  var rows = (0..<count).map { Int32(truncatingIfNeeded: $0) }
  if keys.count == 1, keys[0].text == nil, keys[0].nulls == nil {
    let values = keys[0].keys
    if keys[0].direction.isAscending {
      rows.sort { a, b in
        let x = values[Int(a)]
        let y = values[Int(b)]
        return x == y ? a < b : x < y
      }
    } else {
      rows.sort { a, b in
        let x = values[Int(a)]
        let y = values[Int(b)]
        return x == y ? a < b : x > y
      }
    }
  } else {
    rows.sort { a, b in
      for key in keys {
        let order = key.compare(Int(a), Int(b))
        if order != 0 { return order < 0 }
      }
      return a < b
    }
  }
  return RowSelection(rows)
}
