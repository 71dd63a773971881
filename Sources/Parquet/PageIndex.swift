// The page index: what lies between the last row group and the footer, so that a reader can skip
// pages without a look at their headers.
//
//   ColumnIndex of each chunk   which pages are all NULL, and the bounds of the others
//   OffsetIndex of each chunk   where each data page begins, its size, and its first row
//
// An index that contradicts its chunk is ignored: the pages say everything themselves. What a
// reader does by an index it checks against the headers of the pages that it then reads.

import Columnar

/// Where the data pages of a chunk lie.
struct OffsetIndex: Sendable {
  struct Page: Sendable {
    /// The header's place in the file.
    var offset: Int
    /// With its header.
    var byteCount: Int
    /// By row of the row group.
    var firstRow: Int
  }

  var pages: [Page]
  let rowCount: Int

  /// Parses an index; nil where it contradicts its chunk.
  init?(
    parsing bytes: UnsafeRawBufferPointer,
    chunk: Range<Int>,
    rowCount: Int,
    place: FilePlace
  ) {
    var pages: [Page] = []
    var reader = ThriftReader(bytes, place: place)
    do {
      try reader.readStruct { reader, field in
        guard field.id == 1 else { return false }
        try reader.readStructList(field) { reader in
          var page = Page(offset: -1, byteCount: -1, firstRow: -1)
          try reader.readStruct { reader, field in
            switch field.id {
            case 1: page.offset = try reader.readInt(field)
            case 2: page.byteCount = try reader.readInt(field)
            case 3: page.firstRow = try reader.readInt(field)
            default: return false
            }
            return true
          }
          pages.append(page)
        }
        return true
      }
    } catch { return nil }
    guard let first = pages.first, first.firstRow == 0, first.offset >= chunk.lowerBound else {
      return nil
    }
    var end = first.offset
    var row = -1
    for page in pages {
      guard page.offset >= end, page.byteCount > 0, page.byteCount <= chunk.upperBound - page.offset,
        page.firstRow > row, page.firstRow < rowCount
      else { return nil }
      end = page.offset + page.byteCount
      row = page.firstRow
    }
    self.pages = pages
    self.rowCount = rowCount
  }

  func rows(of page: Int) -> Range<Int> {
    let end = page + 1 < pages.count ? pages[page + 1].firstRow : rowCount
    return pages[page].firstRow..<end
  }

  /// The page that holds `row`.
  func page(holding row: Int) -> Int {
    var low = 0
    var high = pages.count
    while high - low > 1 {
      let middle = (low + high) / 2
      if pages[middle].firstRow <= row { low = middle } else { high = middle }
    }
    return low
  }

  /// The file ranges of the pages with a row in `ranges`, neighbours joined; `ranges` is sorted.
  func extents(of ranges: [Range<Int>]) -> [Range<Int>] {
    var extents: [Range<Int>] = []
    var next = ranges[...]
    for (index, page) in pages.enumerated() {
      let rows = rows(of: index)
      while let first = next.first, first.upperBound <= rows.lowerBound { next.removeFirst() }
      guard let first = next.first else { break }
      guard first.overlaps(rows) else { continue }
      let end = page.offset + page.byteCount
      // A small gap costs less than another read.
      if let last = extents.last, page.offset - last.upperBound <= 16_384 {
        extents[extents.count - 1] = last.lowerBound..<end
      } else {
        extents.append(page.offset..<end)
      }
    }
    return extents
  }
}

/// What a chunk's pages hold, as far as the index tells.
struct ColumnIndex: Sendable {
  var isNullPage: [Bool] = []
  var mins: [[UInt8]] = []
  var maxs: [[UInt8]] = []
  /// 0 unordered, 1 ascending, 2 descending.
  var boundaryOrder: Int32 = 0
  var nullCounts: [Int64]?

  init() {}

  /// Parses an index; nil where it contradicts itself.
  init?(parsing bytes: UnsafeRawBufferPointer, place: FilePlace) {
    var reader = ThriftReader(bytes, place: place)
    do {
      try reader.readStruct { reader, field in
        switch field.id {
        case 1: isNullPage = try reader.readBoolList(field)
        case 2: mins = try reader.readBinaryList(field)
        case 3: maxs = try reader.readBinaryList(field)
        case 4: boundaryOrder = Int32(truncatingIfNeeded: try reader.readInt(field))
        case 5: nullCounts = try reader.readIntList(field)
        default: return false
        }
        return true
      }
    } catch { return nil }
    guard mins.count == isNullPage.count, maxs.count == isNullPage.count,
      nullCounts.map({ $0.count == isNullPage.count }) ?? true
    else { return nil }
  }

  /// What is known of one page.
  func statistics(page: Int, column: ReadableColumn, rowCount: Int) -> ColumnChunkStatistics {
    if isNullPage[page] { return ColumnChunkStatistics(nullCount: rowCount) }
    var raw = RawStatistics()
    raw.min = mins[page]
    raw.max = maxs[page]
    raw.nullCount = nullCounts.map { Int($0[page]) }
    return ColumnChunkStatistics(raw, column: column, rowCount: rowCount, hasTypeOrder: true)
  }
}

/// Sorted, disjoint ranges of rows.
enum RowRanges {
  /// The rows that are in both.
  static func intersection(_ left: [Range<Int>], _ right: [Range<Int>]) -> [Range<Int>] {
    var result: [Range<Int>] = []
    var first = left[...]
    var second = right[...]
    while let one = first.first, let other = second.first {
      let common = one.clamped(to: other)
      if !common.isEmpty { result.append(common) }
      if one.upperBound < other.upperBound { first.removeFirst() } else { second.removeFirst() }
    }
    return result
  }

  /// Adds a range at the end, joined with the one before where they touch.
  static func append(_ range: Range<Int>, to ranges: inout [Range<Int>]) {
    if let last = ranges.last, last.upperBound >= range.lowerBound {
      ranges[ranges.count - 1] = last.lowerBound..<range.upperBound
    } else {
      ranges.append(range)
    }
  }
}
