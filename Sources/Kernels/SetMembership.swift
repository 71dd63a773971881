// Sets of values by hash: `IN` over a list or a subquery, and `DISTINCT` inside aggregates.

public import Columnar
import Synchronization

/// A set of rows of one or more columns, for `IN`: three-valued, as SQL wants.
///
/// A column of a row type stands for its fields, so that a NULL field is compared like a NULL column.
///
/// ```
/// the set's rows by which columns are NULL        a row of a batch, by which are NULL
///   (·, ·)  (1, 2) (3, 4)     ── key columns 0, 1 ──▶  equal: true, or unknown if there is a NULL
///   (·, N)  (5, NULL)         ── key column 0 ──────▶  equal so far: unknown
///   (N, N)  (NULL, NULL)      ── no key column ─────▶  unknown
/// ```
///
/// `@unchecked Sendable`: tables are filled before they are shared, under the lock, and only looked up
/// in after.
public final class MembershipTable: @unchecked Sendable {
  /// The set's rows with NULLs in the same columns.
  private struct Pattern {
    var nulls: UInt64
    var columns: [ColumnVector]
    var count: Int
  }

  private struct TableKey: Hashable {
    var pattern: Int
    var columns: UInt64
  }

  private final class Shared: @unchecked Sendable {
    let table: GroupTable
    init(_ table: GroupTable) { self.table = table }
  }

  private let patterns: [Pattern]
  private let width: Int
  private let tables = Mutex<[TableKey: Shared]>([:])

  /// Rows whose columns are these, of `count` values, NULLs allowed; at most 64 columns and fields.
  public init(_ columns: [ColumnVector], count: Int) {
    let leaves = columns.flatMap(Self.leaves)
    precondition(leaves.count <= Self.columnCountMax)
    width = leaves.count
    patterns = Self.rowsByNulls(leaves, count).map { nulls, rows in
      guard let rows else { return Pattern(nulls: nulls, columns: leaves, count: count) }
      return Pattern(
        nulls: nulls,
        columns: rows.withUnsafeBufferPointer { rows in leaves.map { $0.gather(rows) } },
        count: rows.count)
    }
    // The table that all rows without NULLs look into.
    for index in patterns.indices { _ = table(index, columns: key(0, patterns[index].nulls)) }
  }

  /// The most columns and fields of a row.
  public static let columnCountMax = 64

  /// Bytes held, about.
  public var byteCount: Int {
    tables.withLock { $0.values.reduce(0) { $0 + $1.table.byteCount } }
  }

  /// For each of `count` rows of the same columns: true where an equal row is in the set; else NULL
  /// where NULLs alone keep a row of the set from differing; else false.
  public func contains(_ columns: [ColumnVector], count: Int) -> ColumnVector {
    if patterns.isEmpty {
      return ColumnVector(constant: .boolean(false), type: .boolean, count: count)
    }
    let leaves = columns.flatMap(Self.leaves)
    var isFound = [Bool](repeating: false, count: count)
    var isUnknown = isFound
    for (nulls, rows) in Self.rowsByNulls(leaves, count) {
      let some =
        rows.map { rows in
          rows.withUnsafeBufferPointer { rows in leaves.map { $0.gather(rows) } }
        } ?? leaves
      for (index, pattern) in patterns.enumerated() {
        let isKnown = nulls | pattern.nulls == 0
        matches(some, rows?.count ?? count, index, key(nulls, pattern.nulls)) { place in
          let row = rows.map { Int($0[place]) } ?? place
          if isKnown { isFound[row] = true } else { isUnknown[row] = true }
        }
      }
    }
    let validity =
      isUnknown.contains(true)
      ? ValidityBitmap.make(count: count) { isFound[$0] || !isUnknown[$0] } : nil
    return makeFixed(.boolean, count, validity, as: UInt8.self) { out in
      for row in 0..<count { out[row] = isFound[row] ? 1 : 0 }
    }
  }

  /// The columns that are NULL on neither side.
  private func key(_ left: UInt64, _ right: UInt64) -> UInt64 {
    ~(left | right) & (width == 64 ? .max : (1 << UInt64(width)) - 1)
  }

  /// The places among `count` rows for which the pattern has a row that is equal in `columns`.
  private func matches(
    _ leaves: [ColumnVector], _ count: Int, _ pattern: Int, _ columns: UInt64,
    _ found: (Int) -> Void
  ) {
    guard let table = table(pattern, columns: columns) else {
      for place in 0..<count { found(place) }
      return
    }
    let keys = leaves.indices.filter { columns >> UInt64($0) & 1 == 1 }.map { leaves[$0] }
    // Equality is IEEE's: NaN is in no set.
    let nan = keys.compactMap(nanFlags)
    withUnsafeTemporaryAllocation(of: Int32.self, capacity: max(1, count)) { space in
      guard let numbers = space.baseAddress else { return }
      table.find(keys, rowCount: count, scratch: GroupTable.Scratch(), into: numbers)
      for place in 0..<count where numbers[place] >= 0 {
        if !nan.contains(where: { $0[place] != 0 }) { found(place) }
      }
    }
  }

  /// The pattern's rows by `columns`; nil where these are none.
  private func table(_ index: Int, columns: UInt64) -> GroupTable? {
    guard columns != 0 else { return nil }
    return tables.withLock { tables in
      let key = TableKey(pattern: index, columns: columns)
      if let known = tables[key] { return known }
      let pattern = patterns[index]
      let keys = pattern.columns.indices.filter { columns >> UInt64($0) & 1 == 1 }
        .map { pattern.columns[$0] }
      let made = GroupTable(types: keys.map(\.type))
      withUnsafeTemporaryAllocation(of: Int32.self, capacity: max(1, pattern.count)) { space in
        guard let numbers = space.baseAddress else { return }
        made.assign(keys, rowCount: pattern.count, into: numbers)
      }
      let shared = Shared(made)
      tables[key] = shared
      return shared
    }.table
  }

  /// A row's fields, and theirs; of another column, itself.
  private static func leaves(_ column: ColumnVector) -> [ColumnVector] {
    guard case .row(let fields) = column.type else { return [column] }
    return fields.indices.flatMap { leaves(fieldColumn(column, $0)) }
  }

  /// Rows by the set of columns in which they are NULL; nil stands for all rows.
  private static func rowsByNulls(
    _ columns: [ColumnVector], _ count: Int
  ) -> [(nulls: UInt64, rows: [Int32]?)] {
    guard count > 0 else { return [] }
    var always: UInt64 = 0
    var masks: [UInt64] = []
    for (index, column) in columns.enumerated() {
      let bit = UInt64(1) << UInt64(index)
      if column.type == .unknown {
        always |= bit
      } else if let validity = column.validity {
        if masks.isEmpty { masks = [UInt64](repeating: 0, count: count) }
        for row in 0..<count where !validity.isValid(row) { masks[row] |= bit }
      }
    }
    guard !masks.isEmpty else { return [(always, nil)] }
    var rows: [UInt64: [Int32]] = [:]
    for row in 0..<count { rows[masks[row] | always, default: []].append(Int32(row)) }
    if rows.count == 1, let only = rows.keys.first { return [(only, nil)] }
    return rows.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
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
