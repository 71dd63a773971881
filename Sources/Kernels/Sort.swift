// The order of rows by some columns, as a permutation; the sort is stable.
//
// Every column is read as 64-bit words whose unsigned order is the column's: one word for numbers,
// two for 128-bit ones, the first bytes of a text eight at a time. Rows are sorted by the first word
// (radix), then each run of equal words by the next word, and so on to the last column; what texts
// have left after 32 bytes is compared. NaN is larger than every number.

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

/// Row numbers in sorted order.
///
/// N rows in, N out; rows equal in all columns keep their order. Without columns, all rows in order.
public func sortedRows(
  _ columns: [ColumnVector],
  _ directions: [SortDirection],
  count: Int
) -> RowSelection {
  let buffer = Buffer(uninitializedByteCount: count * 4) { memory in
    let rows = memory.bindMemory(to: Int32.self)
    for row in 0..<count { rows[row] = Int32(truncatingIfNeeded: row) }
    guard let start = rows.baseAddress, count > 1 else { return }
    let sorter = RowSorter(
      zip(columns, directions).map { SortColumn($0, $1) }, capacity: count)
    sorter.sort(start, count, column: 0)
  }
  return SelectionVector(buffer: buffer, count: count)
}

/// The order of two rows of one batch: negative, 0, positive.
///
/// For merging sorted runs; prepare once, compare many times.
public final class RowOrder {
  private let columns: [SortColumn]

  /// The columns of one batch, and how each sorts.
  public init(_ columns: [ColumnVector], _ directions: [SortDirection]) {
    self.columns = zip(columns, directions).map { SortColumn($0, $1) }
  }

  /// Compares row `a` with row `b`.
  public func compare(_ a: Int, _ b: Int) -> Int {
    for column in columns {
      let order = column.compare(a, b)
      if order != 0 { return order }
    }
    return 0
  }
}

private final class SortColumn {
  let source: ColumnVector
  let text: TextLane?
  let direction: SortDirection
  let isChar: Bool
  /// Words of a fixed-width column; of a text, those that are worth a pass.
  let wordCount: Int

  init(_ vector: ColumnVector, _ direction: SortDirection) {
    self.direction = direction
    source = vector.type.isNested ? keyBytes(vector) : vector.plain
    if case .char = vector.type { isChar = true } else { isChar = false }
    if source.type.layout == .text {
      text = TextLane(source)
      wordCount = 4
    } else {
      text = nil
      wordCount = source.type.layout == .fixed(width: 16) ? 2 : 1
    }
  }

  /// Fills word `word` of `rows`, so that ascending words are the wanted order.
  func fill(
    _ rows: UnsafePointer<Int32>, _ count: Int, word: Int, into out: UnsafeMutablePointer<SortPair>
  ) {
    let flip: UInt64 = direction.isAscending ? 0 : .max
    @inline(__always)
    func each<Value: BitwiseCopyable>(_ lane: Lane<Value>, _ key: (Value) -> UInt64) {
      for index in 0..<count {
        out[index] = SortPair(key: key(lane[Int(rows[index])]) ^ flip, row: rows[index])
      }
    }
    if let text {
      let padding: UInt64 = isChar ? 0x2020_2020_2020_2020 : 0
      for index in 0..<count {
        let key = Self.word(text[Int(rows[index])], at: word * 8, padding)
        out[index] = SortPair(key: key ^ flip, row: rows[index])
      }
      return
    }
    switch source.type.numberForm {
    case .uint8, nil: each(Lane<UInt8>(source)) { UInt64($0) }
    case .int8: each(Lane<Int8>(source)) { orderKey(Int64($0)) }
    case .int16: each(Lane<Int16>(source)) { orderKey(Int64($0)) }
    case .int32: each(Lane<Int32>(source)) { orderKey(Int64($0)) }
    case .int64: each(Lane<Int64>(source)) { orderKey($0) }
    case .float: each(Lane<Float>(source)) { orderKey(Double($0)) }
    case .double: each(Lane<Double>(source)) { orderKey($0) }
    case .int128:
      each(Lane<UInt128>(source)) {
        word == 0
          ? UInt64(truncatingIfNeeded: $0 >> 64) ^ (1 << 63) : UInt64(truncatingIfNeeded: $0)
      }
    case .uint128:
      each(Lane<UInt128>(source)) {
        UInt64(truncatingIfNeeded: word == 0 ? $0 >> 64 : $0)
      }
    }
  }

  @inline(__always)
  private static func word(
    _ bytes: UnsafeRawBufferPointer, at start: Int, _ padding: UInt64
  ) -> UInt64 {
    let rest = bytes.count - start
    if rest >= 8 {
      return UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: start, as: UInt64.self))
    }
    guard rest > 0 else { return padding }
    var key: UInt64 = 0
    for index in 0..<rest { key |= UInt64(bytes[start + index]) << UInt64(56 - 8 * index) }
    return key | padding >> UInt64(8 * rest)
  }

  /// True where rows whose first `bytes` are equal have no others: texts of one length.
  func isEqual(_ rows: UnsafePointer<Int32>, _ count: Int, through bytes: Int) -> Bool {
    guard let text else { return false }
    let length = text[Int(rows[0])].count
    guard length <= bytes else { return false }
    for index in 1..<count where text[Int(rows[index])].count != length { return false }
    return true
  }

  func compare(_ a: Int, _ b: Int) -> Int {
    let aNull = source.isNull(a)
    let bNull = source.isNull(b)
    if aNull || bNull {
      if aNull == bNull { return 0 }
      return aNull == direction.nullsFirst ? -1 : 1
    }
    let order: Int
    if let text {
      order = isChar ? comparePadded(text[a], text[b]) : compareBytes(text[a], text[b])
    } else {
      var pairs = (SortPair(key: 0, row: 0), SortPair(key: 0, row: 0))
      var rows = (Int32(truncatingIfNeeded: a), Int32(truncatingIfNeeded: b))
      for word in 0..<wordCount {
        withUnsafeMutablePointer(to: &pairs) { pairs in
          pairs.withMemoryRebound(to: SortPair.self, capacity: 2) { out in
            withUnsafePointer(to: &rows) { rows in
              rows.withMemoryRebound(to: Int32.self, capacity: 2) {
                fill($0, 2, word: word, into: out)
              }
            }
          }
        }
        if pairs.0.key != pairs.1.key { return pairs.0.key < pairs.1.key ? -1 : 1 }
      }
      return 0
    }
    return direction.isAscending ? order : -order
  }
}

private struct SortPair: BitwiseCopyable {
  var key: UInt64
  var row: Int32
}

/// Sorts a stretch of row numbers column by column, with scratch for the longest.
private final class RowSorter {
  private let columns: [SortColumn]
  private let pairs: UnsafeMutablePointer<SortPair>
  private let spare: UnsafeMutablePointer<SortPair>
  private let counts: UnsafeMutablePointer<Int>

  init(_ columns: [SortColumn], capacity: Int) {
    self.columns = columns
    pairs = .allocate(capacity: capacity)
    spare = .allocate(capacity: capacity)
    counts = .allocate(capacity: 8 * 256)
  }

  deinit {
    pairs.deallocate()
    spare.deallocate()
    counts.deallocate()
  }

  /// Sorts `count` rows, equal in the columns before `column`.
  func sort(_ rows: UnsafeMutablePointer<Int32>, _ count: Int, column: Int) {
    guard count > 1, column < columns.count else { return }
    let key = columns[column]
    guard let validity = key.source.validity else {
      return sortWord(rows, count, column, word: 0)
    }
    // NULLs to their end, in order.
    let nulls = spare.withMemoryRebound(to: Int32.self, capacity: count) { held in
      var nulls = 0
      var kept = 0
      for index in 0..<count {
        if validity.isValid(Int(rows[index])) {
          rows[kept] = rows[index]
          kept += 1
        } else {
          held[nulls] = rows[index]
          nulls += 1
        }
      }
      if key.direction.nullsFirst {
        for index in stride(from: kept - 1, through: 0, by: -1) { rows[index + nulls] = rows[index] }
        rows.update(from: held, count: nulls)
      } else {
        (rows + kept).update(from: held, count: nulls)
      }
      return nulls
    }
    let valid = count - nulls
    let validStart = key.direction.nullsFirst ? nulls : 0
    sort(rows + (key.direction.nullsFirst ? 0 : valid), nulls, column: column + 1)
    sortWord(rows + validStart, valid, column, word: 0)
  }

  private func sortWord(
    _ rows: UnsafeMutablePointer<Int32>, _ count: Int, _ column: Int, word: Int
  ) {
    guard count > 1 else { return }
    let key = columns[column]
    if word >= key.wordCount {
      if key.text != nil {
        sortByComparing(rows, count, column)
      } else {
        sort(rows, count, column: column + 1)
      }
      return
    }
    key.fill(rows, count, word: word, into: pairs)
    sortPairs(count)
    for index in 0..<count { rows[index] = pairs[index].row }
    let isLast =
      key.text == nil && word + 1 == key.wordCount && column + 1 == columns.count
    if isLast { return }
    // The runs of equal words, found before the scratch is used again.
    var runs: [(Int32, Int32)] = []
    var start = 0
    for index in 1...count
    where index == count || pairs[index].key != pairs[index - 1].key {
      if index - start > 1 {
        runs.append((Int32(truncatingIfNeeded: start), Int32(truncatingIfNeeded: index)))
      }
      start = index
    }
    for (from, to) in runs {
      if key.isEqual(rows + Int(from), Int(to - from), through: (word + 1) * 8) {
        sort(rows + Int(from), Int(to - from), column: column + 1)
        continue
      }
      sortWord(rows + Int(from), Int(to - from), column, word: word + 1)
    }
  }

  /// Texts whose first words are equal: by all bytes, then equal ones by the next column.
  private func sortByComparing(
    _ rows: UnsafeMutablePointer<Int32>, _ count: Int, _ column: Int
  ) {
    let key = columns[column]
    var order = Array(UnsafeBufferPointer(start: rows, count: count))
    let first = Int(order[0])
    if order.contains(where: { key.compare(first, Int($0)) != 0 }) {
      order.sort { a, b in
        let order = key.compare(Int(a), Int(b))
        return order == 0 ? a < b : order < 0
      }
    }
    // Rows came in ascending order within equal keys of the columns before, or by an earlier sort
    // that kept it, so the row number decides among equals.
    for index in 0..<count { rows[index] = order[index] }
    guard column + 1 < columns.count else { return }
    var start = 0
    for index in 1...count
    where index == count || key.compare(Int(order[index]), Int(order[index - 1])) != 0 {
      sort(rows + start, index - start, column: column + 1)
      start = index
    }
  }

  /// Sorts the pairs by key, stably.
  private func sortPairs(_ count: Int) {
    if count < 96 {
      for index in 1..<count {
        let pair = pairs[index]
        var place = index
        while place > 0, pairs[place - 1].key > pair.key {
          pairs[place] = pairs[place - 1]
          place -= 1
        }
        pairs[place] = pair
      }
      return
    }
    counts.update(repeating: 0, count: 8 * 256)
    for index in 0..<count {
      let key = pairs[index].key
      for digit in 0..<8 {
        counts[digit << 8 | Int(truncatingIfNeeded: key >> UInt64(8 * digit) & 0xFF)] += 1
      }
    }
    var from = pairs
    var to = spare
    for digit in 0..<8 {
      let shift = UInt64(8 * digit)
      let bucket = counts + (digit << 8)
      // All keys alike in this byte: nothing to move.
      if bucket[Int(truncatingIfNeeded: pairs[0].key >> shift & 0xFF)] == count { continue }
      var total = 0
      for value in 0..<256 {
        let size = bucket[value]
        bucket[value] = total
        total += size
      }
      for index in 0..<count {
        let pair = from[index]
        let value = Int(truncatingIfNeeded: pair.key >> shift & 0xFF)
        to[bucket[value]] = pair
        bucket[value] += 1
      }
      swap(&from, &to)
    }
    if from != pairs { pairs.update(from: from, count: count) }
  }
}
