/// Row numbers of one file, in bitmaps of 65,536 rows each.
struct RowSet: Sendable {
  private var bitmaps: [Int: [UInt64]] = [:]
  private(set) var count = 0

  static let blockBits = 16
  private static let wordsPerBlock = (1 << blockBits) / 64

  var isEmpty: Bool { count == 0 }

  /// The last row; nil where there is none.
  var last: Int? {
    guard let block = bitmaps.keys.max(), let words = bitmaps[block],
      let word = words.lastIndex(where: { $0 != 0 })
    else { return nil }
    return block << Self.blockBits + word * 64 + 63 - words[word].leadingZeroBitCount
  }

  /// Adds a row, which is not below 0.
  mutating func insert(_ row: Int) {
    let bit: UInt64 = 1 << UInt64(row & 63)
    let word = (row >> 6) & (Self.wordsPerBlock - 1)
    withBlock(row >> Self.blockBits) { words in
      if words[word] & bit == 0 {
        words[word] |= bit
        return 1
      }
      return 0
    }
  }

  /// Lets `body` write a block's words and answer how many rows it has added.
  mutating func withBlock(_ block: Int, _ body: (inout [UInt64]) -> Int) {
    count += body(&bitmaps[block, default: [UInt64](repeating: 0, count: Self.wordsPerBlock)])
  }

  func contains(_ row: Int) -> Bool {
    guard let words = bitmaps[row >> Self.blockBits] else { return false }
    return words[(row >> 6) & (Self.wordsPerBlock - 1)] & (1 << UInt64(row & 63)) != 0
  }

  /// The rows of `range` that are not in the set, counted from the range's first; nil where none is.
  func others(in range: Range<Int>) -> [Int32]? {
    guard !range.isEmpty else { return nil }
    let blocks = (range.lowerBound >> Self.blockBits)...((range.upperBound - 1) >> Self.blockBits)
    guard blocks.contains(where: { bitmaps[$0] != nil }) else { return nil }
    var rows: [Int32] = []
    rows.reserveCapacity(range.count)
    for block in blocks {
      let start = max(range.lowerBound, block << Self.blockBits)
      let end = min(range.upperBound, (block + 1) << Self.blockBits)
      let words = bitmaps[block] ?? []
      for row in start..<end {
        let word = (row >> 6) & (Self.wordsPerBlock - 1)
        if !words.isEmpty, words[word] & (1 << UInt64(row & 63)) != 0 { continue }
        rows.append(Int32(truncatingIfNeeded: row - range.lowerBound))
      }
    }
    return rows.count == range.count ? nil : rows
  }
}
