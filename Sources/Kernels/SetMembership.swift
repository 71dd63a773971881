// Sets of values by hash: `IN` over a list or a subquery, and `DISTINCT` inside aggregates.

public import Columnar

/// A set of values, for `IN`: three-valued, as SQL wants.
///
/// `@unchecked Sendable`: the table is filled in `init` and only looked up in after.
public final class MembershipTable: @unchecked Sendable {
  private let table: GroupTable
  private let hasNull: Bool
  private let isEmpty: Bool

  /// The values of one column, NULLs allowed.
  public init(_ values: ColumnVector) {
    table = GroupTable(types: [values.type])
    hasNull = values.nullCount > 0 || values.type == .unknown
    isEmpty = values.count == 0
    let valid = SelectionVector(isNull(values, negated: true))
    let kept = valid.count == values.count ? values : values.gather(valid)
    var numbers = [Int32](repeating: 0, count: kept.count)
    numbers.withUnsafeMutableBufferPointer { out in
      guard let start = out.baseAddress else { return }
      table.assign([kept], rowCount: kept.count, into: start)
    }
  }

  /// True where the value is in the set; NULL where it is NULL, or absent and the set has a NULL.
  ///
  /// An empty set gives false.
  public func contains(_ vector: ColumnVector) -> ColumnVector {
    let count = vector.count
    if isEmpty { return ColumnVector(constant: .boolean(false), type: .boolean, count: count) }
    return withUnsafeTemporaryAllocation(of: Int32.self, capacity: max(1, count)) { space in
      guard let numbers = space.baseAddress else { return nullColumn(.boolean, count: count) }
      table.find([vector], rowCount: count, scratch: GroupTable.Scratch(), into: numbers)
      let validity: ValidityBitmap? =
        hasNull || vector.validity != nil
        ? ValidityBitmap.make(count: count) { row in
          !vector.isNull(row) && (numbers[row] >= 0 || !hasNull)
        } : nil
      let isFloating = vector.type == .double || vector.type == .real
      let plain = isFloating ? vector.plain : vector
      return makeFixed(.boolean, count, validity, as: UInt8.self) { out in
        for row in 0..<count {
          // Equality is IEEE's: NaN is in no set.
          out[row] = numbers[row] >= 0 && !(isFloating && Self.isNaN(plain, row)) ? 1 : 0
        }
      }
    }
  }

  private static func isNaN(_ vector: ColumnVector, _ row: Int) -> Bool {
    let index = vector.valueIndex(row)
    return vector.type == .double
      ? vector.values.values(as: Double.self)[index].isNaN
      : vector.values.values(as: Float.self)[index].isNaN
  }
}

/// Tells the first of equal (group, values) from its repetitions: for `count(DISTINCT x)`.
public final class DistinctFilter {
  private let values: GroupTable
  private let pairs = IntegerKeyTable()

  public convenience init(type: DataType) { self.init(types: [type]) }

  /// Over rows of several arguments.
  public init(types: [DataType]) { values = GroupTable(types: types) }

  /// Bytes held, about.
  public var byteCount: Int { values.byteCount + pairs.byteCount }

  /// The rows whose value is not NULL and new in its group.
  public func newRows(_ vector: ColumnVector, groups: UnsafePointer<Int32>?) -> RowSelection {
    newRows([vector], rowCount: vector.count, groups: groups, skippingNull: true)
  }

  /// The rows whose values are new in their group; with `skippingNull`, not where one is NULL.
  public func newRows(
    _ vectors: [ColumnVector], rowCount count: Int, groups: UnsafePointer<Int32>?,
    skippingNull: Bool
  ) -> SelectionVector {
    let validity = skippingNull ? mergedValidity(vectors, count: count) : nil
    let isUnknown = skippingNull && vectors.contains { $0.type == .unknown }
    return withUnsafeTemporaryAllocation(of: Int32.self, capacity: max(1, count)) { space in
      guard let numbers = space.baseAddress, !isUnknown else { return SelectionVector([]) }
      values.assign(vectors, rowCount: count, into: numbers)
      var rows: [Int32] = []
      for row in 0..<count where validity?.isValid(row) ?? true {
        let before = pairs.count
        _ = pairs.insert(Int64(groups?[row] ?? 0) << 32 | Int64(numbers[row]))
        if pairs.count > before { rows.append(Int32(truncatingIfNeeded: row)) }
      }
      return SelectionVector(rows)
    }
  }
}
