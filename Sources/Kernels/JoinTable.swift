// The hash table of a join's build side: rows by bucket, in the order in which they came.
//
// ```
// offsets  ┌────┬────┬────┬───            one a bucket: where its entries begin
// entries  │ tag row │ tag row │ …        the tag is the key itself (one whole-number key), or the
//          └─────────┴─────────┴───       row's hash; rows ascend within a bucket
// ```
// A lookup reads two places of memory: the bucket's offsets, and its entries. Nothing is changed
// after it is built, so any number of threads may look up in it.
//
// Whole-number keys that lie close together need no hash: the key itself is the place.
// ```
// bits     one a number of the keys' range: a key stands there
// places   one a number: its row, where no key comes twice; else its bucket is the number's
// ```
// Most rows of a probe that find nothing are told by the bits, which stay in the cache.

public import Columnar

/// Finds the rows whose keys are equal to given keys.
///
/// `@unchecked Sendable`: the memory is written in `init` alone.
public final class JoinTable: @unchecked Sendable {
  fileprivate struct Entry {
    var tag: UInt64
    var row: Int32
  }

  /// How each key treats NULL: `nullsMatch` stands for IS NOT DISTINCT FROM.
  fileprivate let nullsMatch: [Bool]
  fileprivate let keys: [ColumnVector]
  /// Tags are the keys themselves, so that equal tags need no second look.
  fileprivate let isExact: Bool
  fileprivate let shift: UInt64
  /// Nil where keys are hashed.
  fileprivate let dense: DenseKeys?
  fileprivate let offsets: UnsafeMutablePointer<UInt32>
  fileprivate let entries: UnsafeMutablePointer<Entry>
  /// The most entries of a bucket.
  fileprivate let bucketSizeMax: Int
  /// Rows in the table: those without a NULL key that matches nothing.
  public let entryCount: Int
  /// Bytes held, the build rows themselves apart.
  public let byteCount: Int

  /// `keys` are columns of `count` rows, one a key; `nullsMatch` says for each whether NULL is equal
  /// to NULL.
  public init(_ keys: [ColumnVector], nullsMatch: [Bool], count: Int) {
    self.nullsMatch = nullsMatch
    self.keys = keys.map(\.plain)
    isExact = JoinTable.isExact(keys.map(\.type), nullsMatch)
    let tags = UnsafeMutablePointer<UInt64>.allocate(capacity: max(1, count))
    defer { tags.deallocate() }
    JoinTable.makeTags(keys, count, isExact, tags)
    let validity = JoinTable.validity(keys, nullsMatch, count)
    let dense = isExact ? DenseKeys(tags, count, validity) : nil
    self.dense = dense
    if let dense, dense.places != nil {
      shift = 0
      offsets = .allocate(capacity: 1)
      entries = .allocate(capacity: 1)
      bucketSizeMax = 1
      entryCount = dense.entryCount
      byteCount = dense.byteCount
      return
    }
    var bits: UInt64 = 4
    while 1 << bits < count { bits += 1 }
    let shift = 64 - bits
    self.shift = shift
    let bucketCount = dense.map { Int($0.range) } ?? 1 << Int(bits)
    // One more at each end: filling moves each bucket's start to its end, one place further on.
    let offsets = UnsafeMutablePointer<UInt32>.allocate(capacity: bucketCount + 2)
    offsets.initialize(repeating: 0, count: bucketCount + 2)
    self.offsets = offsets
    let entries = UnsafeMutablePointer<Entry>.allocate(capacity: max(1, count))
    self.entries = entries
    byteCount =
      (bucketCount + 2) * 4 + count * MemoryLayout<Entry>.stride + (dense?.byteCount ?? 0)
    func bucket(_ tag: UInt64) -> Int {
      dense.map { Int(tag &- $0.base) } ?? JoinTable.bucket(tag, shift)
    }
    // Counts of bucket b are kept under b + 2, sums up to it under b + 1: its next free place.
    var entryCount = 0
    if let validity {
      for row in 0..<count where validity.isValid(row) {
        offsets[bucket(tags[row]) + 2] &+= 1
        entryCount += 1
      }
    } else {
      for row in 0..<count { offsets[bucket(tags[row]) + 2] &+= 1 }
      entryCount = count
    }
    self.entryCount = entryCount
    var largest: UInt32 = 0
    var sum: UInt32 = 0
    for bucket in 0..<bucketCount {
      let size = offsets[bucket + 2]
      largest = max(largest, size)
      sum &+= size
      offsets[bucket + 2] = sum
    }
    bucketSizeMax = Int(largest)
    for row in 0..<count {
      if let validity, !validity.isValid(row) { continue }
      let tag = tags[row]
      let bucket = bucket(tag)
      // In bounds: the places of all buckets together are as many as the entries counted above.
      entries[Int(offsets[bucket + 1])] = Entry(tag: tag, row: Int32(truncatingIfNeeded: row))
      offsets[bucket + 1] &+= 1
    }
  }

  deinit {
    offsets.deallocate()
    entries.deallocate()
  }

  @inline(__always)
  fileprivate static func bucket(_ tag: UInt64, _ shift: UInt64) -> Int {
    // Below the number of buckets: the shift leaves as many bits.
    Int(truncatingIfNeeded: mix(tag) >> shift)
  }

  private static func isExact(_ types: [DataType], _ nullsMatch: [Bool]) -> Bool {
    guard types.count == 1, nullsMatch == [false] else { return false }
    switch types[0].numberForm {
    case .uint8, .int8, .int16, .int32, .int64: return true
    default: return false
    }
  }

  /// Rows that may match at all.
  fileprivate static func validity(
    _ keys: [ColumnVector], _ nullsMatch: [Bool], _ count: Int
  ) -> ValidityBitmap? {
    mergedValidity(zip(keys, nullsMatch).filter { !$0.1 }.map(\.0), count: count)
  }

  fileprivate static func makeTags(
    _ keys: [ColumnVector], _ count: Int, _ isExact: Bool, _ out: UnsafeMutablePointer<UInt64>
  ) {
    guard isExact else { return hashRows(keys, count: count, into: out) }
    let key = keys[0].plain
    switch key.type.numberForm {
    case .uint8, .int8: exact(key, count, out, as: Int8.self)
    case .int16: exact(key, count, out, as: Int16.self)
    case .int32: exact(key, count, out, as: Int32.self)
    default: exact(key, count, out, as: Int64.self)
    }
  }

  @inline(__always)
  private static func exact<Value: BitwiseCopyable & FixedWidthInteger>(
    _ key: ColumnVector, _ count: Int, _ out: UnsafeMutablePointer<UInt64>, as: Value.Type
  ) {
    let lane = Lane<Value>(key)
    for row in 0..<count { out[row] = UInt64(truncatingIfNeeded: lane[row]) }
  }
}

extension JoinTable {
  /// One batch's lookups.
  public struct Probe {
    private let table: JoinTable
    private let keys: [ColumnVector]
    private let tags: Buffer
    private let validity: ValidityBitmap?
    private let count: Int

    /// `keys` have `count` rows and the types of the table's.
    public init(_ table: JoinTable, _ keys: [ColumnVector], count: Int) {
      self.table = table
      self.keys = keys
      self.count = count
      if table.isExact, keys[0].isFlat, keys[0].type.numberForm == .int64 {
        // The keys as they lie in memory.
        tags = keys[0].values
      } else {
        tags = Buffer(uninitializedByteCount: count * 8) { memory in
          if let base = memory.bindMemory(to: UInt64.self).baseAddress {
            JoinTable.makeTags(keys, count, table.isExact, base)
          }
        }
      }
      validity = JoinTable.validity(keys, table.nullsMatch, count)
    }

    /// The pairs of equal keys of rows `start...`, left rows ascending, up to the row with which
    /// there are `limit`; answers the first row not done.
    public func pairs(
      from start: Int, limit: Int, _ leftRows: inout [Int32], _ rightRows: inout [Int32]
    ) -> Int {
      if let dense = table.dense, dense.places != nil {
        return onlyPairs(dense, from: start, limit: limit, &leftRows, &rightRows)
      }
      var row = start
      // A row is begun below `limit`, and adds one bucket's entries at most; one more is written
      // and not counted.
      let capacity = limit + table.bucketSizeMax + 1
      var right: [Int32] = []
      leftRows = [Int32](unsafeUninitializedCapacity: capacity) { left, leftCount in
        right = [Int32](unsafeUninitializedCapacity: capacity) { right, rightCount in
          row = fill(left, right, from: start, limit: limit, &rightCount)
          leftCount = rightCount
        }
      }
      rightRows = right
      if !table.isExact { verify(&leftRows, &rightRows) }
      return row
    }

    /// The pairs where each key has one row at most.
    private func onlyPairs(
      _ dense: DenseKeys, from start: Int, limit: Int, _ leftRows: inout [Int32],
      _ rightRows: inout [Int32]
    ) -> Int {
      let end = min(count, start + limit)
      let tags = self.tags
      let validity = validity
      return withExtendedLifetime((dense, tags)) {
        let tag = tags.address.assumingMemoryBound(to: UInt64.self)
        guard let places = dense.places else { return end }
        leftRows = [Int32](unsafeUninitializedCapacity: end - start + 1) { left, made in
          if let left = left.baseAddress {
            made = dense.rows(tag, start..<end, validity, into: left)
          }
        }
        rightRows = [Int32](unsafeUninitializedCapacity: leftRows.count) { right, made in
          for (index, row) in leftRows.enumerated() {
            right[index] = places[Int(tag[Int(row)] &- dense.base)]
          }
          made = leftRows.count
        }
        return end
      }
    }

    private func fill(
      _ left: UnsafeMutableBufferPointer<Int32>, _ right: UnsafeMutableBufferPointer<Int32>,
      from start: Int, limit: Int, _ made: inout Int
    ) -> Int {
      guard let left = left.baseAddress, let right = right.baseAddress else { return count }
      let shift = table.shift
      // A bucket's entries begin where the one before it ended.
      let offsets = table.offsets
      let entries = table.entries
      let validity = validity
      var row = start
      var pairs = 0
      let dense = table.dense
      withExtendedLifetime((tags, dense)) {
        let tags = tags.address.assumingMemoryBound(to: UInt64.self)
        while row < count, pairs < limit {
          if validity?.isValid(row) ?? true, dense?.contains(tags[row]) ?? true {
            let tag = tags[row]
            let bucket = dense.map { Int(tag &- $0.base) } ?? JoinTable.bucket(tag, shift)
            var place = Int(offsets[bucket])
            let end = Int(offsets[bucket + 1])
            while place < end {
              // Written always, counted where it matches: no branch to mispredict.
              left[pairs] = Int32(truncatingIfNeeded: row)
              right[pairs] = entries[place].row
              pairs += entries[place].tag == tag ? 1 : 0
              place += 1
            }
          }
          row += 1
        }
      }
      made = pairs
      return row
    }

    /// Drops pairs with equal hashes and different keys.
    private func verify(_ leftRows: inout [Int32], _ rightRows: inout [Int32]) {
      guard !leftRows.isEmpty else { return }
      var flags = [Bool](repeating: true, count: leftRows.count)
      for (index, key) in keys.enumerated() {
        PairEquality.narrow(
          key, leftRows, table.keys[index], rightRows, nullsMatch: table.nullsMatch[index], &flags)
      }
      var kept = 0
      for index in flags.indices where flags[index] {
        leftRows[kept] = leftRows[index]
        rightRows[kept] = rightRows[index]
        kept += 1
      }
      leftRows.removeLast(leftRows.count - kept)
      rightRows.removeLast(rightRows.count - kept)
    }

    /// For each row whether there is an equal key; only where tags are exact, else nil.
    public func existence() -> [Bool]? {
      guard table.isExact else { return nil }
      let offsets = table.offsets
      let entries = table.entries
      let shift = table.shift
      return [Bool](unsafeUninitializedCapacity: count) { found, made in
        made = count
        guard let found = found.baseAddress else { return }
        withExtendedLifetime((tags, table)) {
          let tags = tags.address.assumingMemoryBound(to: UInt64.self)
          if let dense = table.dense {
            for row in 0..<count {
              found[row] = (validity?.isValid(row) ?? true) && dense.contains(tags[row])
            }
            return
          }
          for row in 0..<count {
            var hit = false
            if validity?.isValid(row) ?? true {
              let tag = tags[row]
              let bucket = JoinTable.bucket(tag, shift)
              var place = Int(offsets[bucket])
              let end = Int(offsets[bucket + 1])
              while place < end, !hit {
                hit = entries[place].tag == tag
                place += 1
              }
            }
            found[row] = hit
          }
        }
      }
    }
  }
}
