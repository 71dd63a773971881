// A set of row numbers as deletion vectors write it, everything little-endian:
//
// ```
//  magic 1681511377, 4 │ number of bitmaps, 8 │ for each: high 32 bits of its rows, 4 │ bitmap
//
//  bitmap   cookie, 4 (and a count, 4) │ which blocks are runs │ for each block: middle 16 bits,
//           rows - 1, 2 each │ places, 4 each │ the blocks
//  block    rows, 2 each │ or 65,536 bits │ or runs: first row and rows - 1, 2 each
// ```

/// Reads the portable form of 64-bit Roaring bitmaps.
enum RoaringBitmap {
  /// Why the bytes are no such bitmap.
  struct Fault: Error {
    var reason: String
  }

  private static let magic: UInt32 = 1_681_511_377
  private static let cookieWithoutRuns: UInt32 = 12_346
  private static let cookieWithRuns: UInt32 = 12_347
  /// Blocks of at most so many rows list them.
  private static let listedRowsMax = 4_096

  /// The rows, all below `rowCount`, so that no few bytes can ask for much memory.
  ///
  /// - Throws: `Fault`.
  static func rows(portable bytes: UnsafeRawBufferPointer, rowCount: Int) throws -> RowSet {
    var cursor = Cursor(bytes: bytes)
    guard try cursor.word() == magic else { throw Fault(reason: "it does not begin as one does") }
    let bitmapCount = try cursor.word64()
    var rows = RowSet()
    var keyLast: UInt32?
    for _ in 0..<bitmapCount {
      let key = try cursor.word()
      guard key < 1 << 31, keyLast.map({ $0 < key }) ?? true else {
        throw Fault(reason: "its bitmaps are not in order")
      }
      keyLast = key
      try readBitmap(&cursor, key: key, rowCount: rowCount, into: &rows)
    }
    guard cursor.isAtEnd else { throw Fault(reason: "bytes follow its last bitmap") }
    if let last = rows.last, last >= rowCount {
      throw Fault(reason: "row \(last) is not in the file, which has \(rowCount)")
    }
    return rows
  }

  private static func readBitmap(
    _ cursor: inout Cursor,
    key: UInt32,
    rowCount: Int,
    into rows: inout RowSet
  ) throws {
    let cookie = try cursor.word()
    let blockCount: Int
    var runs: [UInt8] = []
    var hasPlaces = true
    if cookie & 0xFFFF == cookieWithRuns {
      blockCount = Int(cookie >> 16) + 1
      for _ in 0..<(blockCount + 7) / 8 { runs.append(try cursor.byte()) }
      hasPlaces = blockCount >= 4
    } else if cookie == cookieWithoutRuns {
      blockCount = Int(try cursor.word())
    } else {
      throw Fault(reason: "a bitmap begins with an unknown cookie")
    }
    guard blockCount <= 1 << 16 else { throw Fault(reason: "a bitmap has too many blocks") }
    var blocks: [(number: Int, count: Int)] = []
    var last = -1
    for _ in 0..<blockCount {
      let number = Int(try cursor.half())
      guard number > last else { throw Fault(reason: "its blocks are not in order") }
      last = number
      blocks.append((number, Int(try cursor.half()) + 1))
    }
    // The blocks follow one another, so where they begin is known.
    if hasPlaces { try cursor.skip(4 * blockCount) }
    for (index, block) in blocks.enumerated() {
      let number = Int(key) << 16 | block.number
      guard number <= (rowCount - 1) >> RowSet.blockBits, rowCount > 0 else {
        throw Fault(reason: "it has rows that the file, of \(rowCount), has not")
      }
      let isRun = !runs.isEmpty && runs[index / 8] & (1 << UInt8(index % 8)) != 0
      let before = rows.count
      if isRun {
        try readRuns(&cursor, number, into: &rows)
      } else if block.count <= listedRowsMax {
        for _ in 0..<block.count {
          rows.insert(number << RowSet.blockBits | Int(try cursor.half()))
        }
      } else {
        try readBits(&cursor, number, into: &rows)
      }
      guard rows.count - before == block.count else {
        throw Fault(reason: "a block has \(rows.count - before) rows instead of \(block.count)")
      }
    }
  }

  private static func readRuns(
    _ cursor: inout Cursor,
    _ block: Int,
    into rows: inout RowSet
  ) throws {
    for _ in 0..<Int(try cursor.half()) {
      let first = Int(try cursor.half())
      let last = first + Int(try cursor.half())
      guard last < 1 << RowSet.blockBits else { throw Fault(reason: "a run leaves its block") }
      for row in first...last { rows.insert(block << RowSet.blockBits | row) }
    }
  }

  private static func readBits(
    _ cursor: inout Cursor,
    _ block: Int,
    into rows: inout RowSet
  ) throws {
    var words: [UInt64] = []
    words.reserveCapacity(1_024)
    for _ in 0..<1_024 { words.append(try cursor.word64()) }
    rows.withBlock(block) { target in
      var added = 0
      for index in target.indices {
        let merged = target[index] | words[index]
        added += (merged ^ target[index]).nonzeroBitCount
        target[index] = merged
      }
      return added
    }
  }

  /// Reads numbers one after another, never beyond the end.
  private struct Cursor {
    let bytes: UnsafeRawBufferPointer
    var position = 0

    var isAtEnd: Bool { position == bytes.count }

    mutating func skip(_ count: Int) throws {
      guard count <= bytes.count - position else { throw Fault(reason: "it ends too early") }
      position += count
    }

    mutating func byte() throws -> UInt8 {
      try skip(1)
      return bytes[position - 1]
    }

    mutating func half() throws -> UInt16 { try number() }
    mutating func word() throws -> UInt32 { try number() }
    mutating func word64() throws -> UInt64 { try number() }

    private mutating func number<Number: FixedWidthInteger & BitwiseCopyable>() throws -> Number {
      let start = position
      try skip(MemoryLayout<Number>.size)
      return Number(littleEndian: bytes.loadUnaligned(fromByteOffset: start, as: Number.self))
    }
  }
}
