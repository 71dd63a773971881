// The hash table of a join's build side: rows by bucket, in the order in which they came.
//
// ```
// offsets  ┌────┬────┬────┬───            one a bucket: where its entries begin
// tags     │ t t t │ t │ t t │            the key itself (one whole-number key), or the row's hash
// rows     │ r r r │ r │ r r │            row numbers, ascending within a bucket
// ```
// Nothing is changed after it is built, so any number of threads may look up in it.

import Columnar
import Kernels

/// Finds the rows whose keys are equal to given keys.
///
/// `@unchecked Sendable`: the memory is written in `init` alone.
final class BuildTable: @unchecked Sendable {
  /// How each key treats NULL: `nullsMatch` stands for IS NOT DISTINCT FROM.
  private let nullsMatch: [Bool]
  private let keys: [ColumnVector]
  /// Tags are the keys themselves, so that equal tags need no second look.
  private let isExact: Bool
  private let shift: UInt64
  private let offsets: UnsafeMutablePointer<UInt32>
  private let bucketCount: Int
  private let tags: UnsafeMutablePointer<UInt64>
  private let rows: UnsafeMutablePointer<Int32>
  /// Rows in the table: those without a NULL key that matches nothing.
  let entryCount: Int
  let byteCount: Int

  /// `keys` are columns of `count` rows, one a key.
  init(_ keys: [ColumnVector], nullsMatch: [Bool], count: Int) {
    self.nullsMatch = nullsMatch
    self.keys = keys.map(\.plain)
    isExact = BuildTable.isExact(keys.map(\.type), nullsMatch)
    var bits: UInt64 = 4
    while 1 << bits < count { bits += 1 }
    shift = 64 - bits
    bucketCount = 1 << Int(bits)
    offsets = .allocate(capacity: bucketCount + 1)
    offsets.initialize(repeating: 0, count: bucketCount + 1)
    tags = .allocate(capacity: max(1, count))
    rows = .allocate(capacity: max(1, count))
    byteCount = (bucketCount + 1) * 4 + count * 12

    let all = UnsafeMutablePointer<UInt64>.allocate(capacity: max(1, count))
    defer { all.deallocate() }
    BuildTable.makeTags(keys, count, isExact, all)
    let validity = BuildTable.validity(keys, nullsMatch, count)
    var entries = 0
    for row in 0..<count where validity?.isValid(row) ?? true {
      offsets[BuildTable.bucket(all[row], shift) + 1] += 1
      entries += 1
    }
    entryCount = entries
    for bucket in 0..<bucketCount { offsets[bucket + 1] += offsets[bucket] }
    // Filling moves each bucket's offset to its end, which is where the next one begins.
    for row in 0..<count where validity?.isValid(row) ?? true {
      let bucket = BuildTable.bucket(all[row], shift)
      let place = Int(offsets[bucket])
      offsets[bucket] += 1
      tags[place] = all[row]
      rows[place] = Int32(truncatingIfNeeded: row)
    }
    for bucket in stride(from: bucketCount, to: 0, by: -1) { offsets[bucket] = offsets[bucket - 1] }
    offsets[0] = 0
  }

  deinit {
    offsets.deallocate()
    tags.deallocate()
    rows.deallocate()
  }

  @inline(__always)
  private static func mixed(_ value: UInt64) -> UInt64 {
    let product = value.multipliedFullWidth(by: 0x9E37_79B9_7F4A_7C15)
    return product.high ^ product.low
  }

  @inline(__always)
  private static func bucket(_ tag: UInt64, _ shift: UInt64) -> Int {
    Int(truncatingIfNeeded: mixed(tag) >> shift)
  }

  private static func isExact(_ types: [DataType], _ nullsMatch: [Bool]) -> Bool {
    guard types.count == 1, nullsMatch == [false] else { return false }
    switch types[0].numberForm {
    case .uint8, .int8, .int16, .int32, .int64: return true
    default: return false
    }
  }

  /// Rows that may match at all.
  private static func validity(
    _ keys: [ColumnVector],
    _ nullsMatch: [Bool],
    _ count: Int
  ) -> ValidityBitmap? {
    mergedValidity(zip(keys, nullsMatch).filter { !$0.1 }.map(\.0), count: count)
  }

  private static func makeTags(
    _ keys: [ColumnVector],
    _ count: Int,
    _ isExact: Bool,
    _ out: UnsafeMutablePointer<UInt64>
  ) {
    guard isExact else { return hashRows(keys, count: count, into: out) }
    let key = keys[0].plain
    switch key.type.numberForm {
    case .uint8, .int8: exact(key, count, out, as: UInt8.self)
    case .int16: exact(key, count, out, as: UInt16.self)
    case .int32: exact(key, count, out, as: UInt32.self)
    default: exact(key, count, out, as: UInt64.self)
    }
  }

  @inline(__always)
  private static func exact<Value: BitwiseCopyable & FixedWidthInteger>(
    _ key: ColumnVector,
    _ count: Int,
    _ out: UnsafeMutablePointer<UInt64>,
    as: Value.Type
  ) {
    let values = key.values.address.assumingMemoryBound(to: Value.self)
    let step = key.isConstant ? 0 : 1
    for row in 0..<count { out[row] = UInt64(truncatingIfNeeded: values[row * step]) }
  }

  /// One batch's lookups.
  struct Probe {
    private let table: BuildTable
    private let keys: [ColumnVector]
    private let tags: [UInt64]
    private let validity: ValidityBitmap?
    private let count: Int

    /// `keys` have `count` rows and the types of the table's.
    init(_ table: BuildTable, _ keys: [ColumnVector], count: Int) {
      self.table = table
      self.keys = keys
      self.count = count
      tags = [UInt64](unsafeUninitializedCapacity: count) { buffer, made in
        if let base = buffer.baseAddress {
          BuildTable.makeTags(keys, count, table.isExact, base)
        }
        made = count
      }
      validity = BuildTable.validity(keys, table.nullsMatch, count)
    }

    /// Appends the pairs of equal keys of rows `start...`, left rows ascending, and stops after the
    /// row with which there are `limit`; answers the first row not done.
    func pairs(
      from start: Int,
      limit: Int,
      _ leftRows: inout [Int32],
      _ rightRows: inout [Int32]
    ) -> Int {
      leftRows.removeAll(keepingCapacity: true)
      rightRows.removeAll(keepingCapacity: true)
      var row = start
      let shift = table.shift
      let offsets = table.offsets
      let tableTags = table.tags
      let tableRows = table.rows
      tags.withUnsafeBufferPointer { tags in
        while row < count, leftRows.count < limit {
          if validity?.isValid(row) ?? true {
            let tag = tags[row]
            let bucket = BuildTable.bucket(tag, shift)
            var place = Int(offsets[bucket])
            let end = Int(offsets[bucket + 1])
            while place < end {
              if tableTags[place] == tag {
                leftRows.append(Int32(truncatingIfNeeded: row))
                rightRows.append(tableRows[place])
              }
              place += 1
            }
          }
          row += 1
        }
      }
      if !table.isExact { verify(&leftRows, &rightRows) }
      return row
    }

    /// Drops pairs with equal hashes and different keys.
    private func verify(_ leftRows: inout [Int32], _ rightRows: inout [Int32]) {
      guard !leftRows.isEmpty else { return }
      var flags = [Bool](repeating: true, count: leftRows.count)
      for (index, key) in keys.enumerated() {
        PairEquality.narrow(
          key,
          leftRows,
          table.keys[index],
          rightRows,
          nullsMatch: table.nullsMatch[index],
          &flags
        )
      }
      keep(flags, &leftRows, &rightRows)
    }

    /// For each row whether there is an equal key; only where tags are exact, else nil.
    func existence() -> [Bool]? {
      guard table.isExact else { return nil }
      var found = [Bool](repeating: false, count: count)
      for row in 0..<count where validity?.isValid(row) ?? true {
        let tag = tags[row]
        let bucket = BuildTable.bucket(tag, table.shift)
        for place in Int(table.offsets[bucket])..<Int(table.offsets[bucket + 1])
        where table.tags[place] == tag {
          found[row] = true
          break
        }
      }
      return found
    }
  }
}

/// Keeps the pairs whose flag is set.
func keep(_ flags: [Bool], _ leftRows: inout [Int32], _ rightRows: inout [Int32]) {
  var kept = 0
  for index in flags.indices where flags[index] {
    leftRows[kept] = leftRows[index]
    rightRows[kept] = rightRows[index]
    kept += 1
  }
  leftRows.removeLast(leftRows.count - kept)
  rightRows.removeLast(rightRows.count - kept)
}
