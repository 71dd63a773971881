// One column of one row group, page by page, into vectors of as many rows as are asked for.
//
// 1. `openPage` parses a header, checks its sizes and its checksum, and unpacks the page.
// 2. `ColumnChunkReader+Rows` fills a vector from one or more pages: definition levels become
//    validity bits, present values are decoded densely and then spread to their rows.
//    `ColumnChunkReader+Nested` does the same for leaves below lists, maps and structs.
// 3. `ColumnChunkReader+Values` decodes. Text is never copied: views point into the unpacked page,
//    which the vector keeps alive. While all pages of a vector hold codes it stays a dictionary; a
//    PLAIN page turns it flat.
//
// Rows that nobody wants are skipped: whole pages by the page index or by their headers, without
// being unpacked; the rest of a page by its levels.

import Codecs
import Columnar

/// Reads one column chunk from its beginning to its end, on one thread.
final class ColumnChunkReader {
  let column: ReadableColumn
  let rowCount: Int
  private let codec: PageCodec
  private let counters: ParquetScanCounters
  private let chunkStart: Int
  private let uncompressedByteCount: Int
  private let index: OffsetIndex?
  private var bytes: ChunkBytes
  /// Where the next page begins in the file.
  private var position: Int
  /// Pages so far, the dictionary too.
  private var pageNumber = 0
  /// By `index`: the data page that begins at `position`.
  private var nextDataPage = 0
  private let place: FilePlace

  /// The next row to be read or skipped.
  var row = 0
  var page: DataPage?
  /// The dictionary's values in the column's own form, and how many there are.
  private(set) var dictionaryValues: Buffer?
  private(set) var dictionaryCount = 0
  private(set) var dictionary: VectorDictionary?

  /// Levels of `page` that were decoded ahead, for repeated columns.
  var ahead = LevelAhead()

  let rowCountMax: Int
  /// How many values the scratch memory below holds.
  let scratchCount: Int
  let codes: UnsafeMutablePointer<Int32>
  let views: UnsafeMutablePointer<TextView>
  let wide: UnsafeMutablePointer<Int64>
  let bitmap: UnsafeMutablePointer<UInt8>

  /// Reads nothing yet.
  ///
  /// `rowCountMax` is the largest count that `read` will be asked for; `ranges`, where given, are
  /// the only rows that will be.
  init(
    column: ReadableColumn,
    codec: PageCodec,
    metadata: ColumnChunkMetadata,
    range: Range<Int>,
    rowCount: Int,
    file: any RandomAccessBytes,
    fileName: String,
    index: OffsetIndex?,
    ranges: [Range<Int>]?,
    rowCountMax: Int,
    counters: ParquetScanCounters
  ) {
    self.column = column
    self.codec = codec
    self.rowCount = rowCount
    self.counters = counters
    self.index = index
    self.rowCountMax = rowCountMax
    uncompressedByteCount = metadata.uncompressedByteCount
    chunkStart = range.lowerBound
    position = range.lowerBound
    place = FilePlace(fileName: fileName, base: 0, column: column.path)
    var extents = [range]
    if let index, let ranges, let first = index.pages.first {
      extents = index.extents(of: ranges)
      if first.offset > range.lowerBound { extents.insert(range.lowerBound..<first.offset, at: 0) }
    }
    bytes = ChunkBytes(file, chunk: range, extents: extents)
    scratchCount = column.isNested ? max(rowCountMax, 4_096) : rowCountMax
    codes = .allocate(capacity: scratchCount)
    views = .allocate(capacity: column.conversion.isText ? scratchCount : 1)
    wide = .allocate(capacity: scratchCount)
    bitmap = .allocate(capacity: (scratchCount + 7) / 8)
  }

  deinit {
    codes.deallocate()
    views.deallocate()
    wide.deallocate()
    bitmap.deallocate()
  }

  func error(_ kind: ParquetError.Kind, _ message: String) -> ParquetError {
    (page?.place ?? currentPlace).error(kind, at: 0, message)
  }

  private var currentPlace: FilePlace {
    var place = place
    place.base = position
    place.page = pageNumber
    return place
  }

  /// Runs `body`, with the place of the page added to what a codec throws.
  func placing<Result>(_ body: () throws -> Result) throws -> Result {
    do {
      return try body()
    } catch let error as CodecsError {
      throw self.error(.corrupt, "\(error.codec): \(error.message)")
    }
  }

  // MARK: - Pages

  /// True where no row goes on from the page into the next one.
  var rowsEndWithPages: Bool { index != nil || page?.rowsEndHere == true || !column.isRepeated }

  var hasMorePages: Bool { position < bytes.end }

  /// Opens pages until one has an entry left.
  func ensurePage() throws {
    while (page?.entriesLeft ?? 0) == 0 { try openPage() }
  }

  /// The header of the page at `position`.
  private func header() throws -> PageHeader {
    guard position < bytes.end else {
      throw currentPlace.error(.truncated, at: 0, "the column ends before its rows do")
    }
    var wanted = 16_384
    while true {
      let there = try bytes.load(position, count: wanted, counters)
      do {
        return try bytes.withBytes(from: position) {
          try PageHeader(parsing: $0, at: 0, place: currentPlace)
        }
      } catch {
        // A header with long statistics may not have been read whole.
        guard there < bytes.end - position, wanted < 1 << 24 else { throw error }
        wanted = max(there + 1, wanted * 16)
      }
    }
  }

  /// Unpacks the next page: a dictionary, or a data page that becomes `page`.
  private func openPage() throws {
    page = nil
    let header = try header()
    try open(header)
  }

  private func open(_ header: PageHeader) throws {
    let size = header.byteCount + header.compressedByteCount
    guard size <= bytes.end - position else {
      throw currentPlace.error(
        .truncated,
        at: 0,
        "a page of \(size) bytes where \(bytes.end - position) are left"
      )
    }
    // Larger pages than anyone writes must at least be what the footer tells of.
    guard header.uncompressedByteCount <= max(PageCodec.usualByteCountMax, uncompressedByteCount),
      header.uncompressedByteCount <= PageCodec.byteCountMax
    else {
      throw currentPlace.error(
        .corrupt,
        at: 0,
        "a page of \(header.uncompressedByteCount) bytes in a column of \(uncompressedByteCount)"
      )
    }
    let there = try bytes.load(position, count: size, counters)
    guard there >= size else {
      throw currentPlace.error(.truncated, at: 0, "a read was too short")
    }
    var pagePlace = currentPlace
    pagePlace.base += header.byteCount
    try bytes.withBytes(from: position) { all in
      let packed = all[header.byteCount..<size].rebased
      if let checksum = header.checksum, CRC32.checksum(packed) != checksum {
        throw pagePlace.error(.corrupt, at: 0, "the page's checksum does not match its bytes")
      }
      switch header.kind {
      case 0, 3: page = try dataPage(header, packed, pagePlace)
      case 1: break
      case 2: try readDictionary(header, packed, pagePlace)
      default: throw currentPlace.error(.corrupt, at: 0, "a page of unknown kind \(header.kind)")
      }
    }
    counters.pagesRead += 1
    try advance(past: header)
  }

  /// Moves to the next page; checks the index where there is one.
  private func advance(past header: PageHeader) throws {
    if header.kind == 0 || header.kind == 3 {
      let rows = column.isRepeated ? header.rowCount : header.valueCount
      if let index {
        guard nextDataPage < index.pages.count, index.pages[nextDataPage].offset == position,
          rows.map({ index.rows(of: nextDataPage).count == $0 }) ?? true
        else {
          throw currentPlace.error(.corrupt, at: 0, "the page index does not tell of this page")
        }
      }
      nextDataPage += 1
    }
    position += header.byteCount + header.compressedByteCount
    pageNumber += 1
  }

  private func dataPage(
    _ header: PageHeader,
    _ packed: UnsafeRawBufferPointer,
    _ place: FilePlace
  ) throws -> DataPage {
    var levels: Int?
    var codec = codec
    if header.kind == 3 {
      let size = header.repetitionByteCount + header.definitionByteCount
      guard size <= packed.count, size <= header.uncompressedByteCount else {
        throw place.error(.corrupt, at: 0, "levels of \(size) bytes leave their page")
      }
      levels = size
      if !header.isCompressed { codec = .uncompressed }
    }
    let buffer = try codec.unpack(
      packed,
      head: levels ?? 0,
      size: header.uncompressedByteCount,
      place: place
    )
    return try DataPage(
      buffer: buffer,
      header: header,
      column: column,
      hasDictionary: dictionaryValues != nil,
      levelBytes: levels,
      place: place
    )
  }

  // MARK: - Skipping

  /// Passes over rows that nobody wants.
  func skip(to target: Int) throws {
    precondition(target >= row && target <= rowCount, "rows are skipped forward")
    try placing {
      while row < target {
        if let left = page?.entriesLeft, left > 0, !column.isNested {
          let step = min(left, target - row)
          if step == left {
            page = nil
          } else {
            try skipInPage(step)
          }
          row += step
        } else if try !skipPages(to: target) {
          if column.isNested {
            try skipNestedRows(min(rowCountMax, target - row))
          } else {
            try ensurePage()
          }
        }
      }
    }
  }

  /// Passes over whole pages that end at or before `target`; false where there is none.
  ///
  /// Must be called between two pages: for repeated columns also between two rows.
  private func skipPages(to target: Int) throws -> Bool {
    if (page?.entriesLeft ?? 0) > 0 || !ahead.isEmpty { return false }
    if let index, nextDataPage < index.pages.count {
      // What lies before the first data page is the dictionary; it is read when it is needed.
      let rows = index.rows(of: nextDataPage)
      guard rows.lowerBound == row else { return false }
      let wanted = target == rowCount ? index.pages.count : index.page(holding: target)
      guard wanted > nextDataPage else { return false }
      if position == chunkStart, index.pages[0].offset > chunkStart {
        while position < index.pages[0].offset { try openPage() }
      }
      let end = wanted == index.pages.count ? bytes.end : index.pages[wanted].offset
      counters.pagesSkipped += wanted - nextDataPage
      counters.bytesSkipped += end - index.pages[nextDataPage].offset
      page = nil
      pageNumber += wanted - nextDataPage
      nextDataPage = wanted
      position = end
      row = wanted == index.pages.count ? rowCount : index.pages[wanted].firstRow
      return true
    }
    page = nil
    let header = try header()
    guard header.kind == 0 || header.kind == 3, !column.isRepeated || header.rowCount != nil else {
      try open(header)
      return false
    }
    let rows = column.isRepeated ? header.rowCount ?? 0 : header.valueCount
    guard rows > 0, rows <= target - row else {
      try open(header)
      return false
    }
    guard header.byteCount + header.compressedByteCount <= bytes.end - position else {
      throw currentPlace.error(.truncated, at: 0, "a page leaves its column")
    }
    counters.pagesSkipped += 1
    counters.bytesSkipped += header.byteCount + header.compressedByteCount
    try advance(past: header)
    row += rows
    return true
  }

  /// Counts the pages that the index tells of and nobody came to.
  func countRest() {
    guard let index, nextDataPage < index.pages.count else { return }
    counters.pagesSkipped += index.pages.count - nextDataPage
    counters.bytesSkipped += bytes.end - index.pages[nextDataPage].offset
    nextDataPage = index.pages.count
  }

  // MARK: - The dictionary

  private func readDictionary(
    _ header: PageHeader,
    _ packed: UnsafeRawBufferPointer,
    _ place: FilePlace
  ) throws {
    guard dictionaryValues == nil, nextDataPage == 0 else {
      throw place.error(.corrupt, at: 0, "a dictionary that is not the first page")
    }
    guard header.encoding == Encoding.plain.rawValue
      || header.encoding == Encoding.plainDictionary.rawValue, column.conversion != .boolean
    else { throw place.error(.unsupported, at: 0, "a dictionary in encoding \(header.encoding)") }
    let buffer = try codec.unpack(
      packed,
      head: 0,
      size: header.uncompressedByteCount,
      place: place
    )
    let count = header.valueCount
    let width = column.physical.plainWidth(typeLength: column.typeLength) ?? 4
    guard width > 0, count <= buffer.byteCount / width else {
      throw place.error(.corrupt, at: 0, "\(count) values leave the dictionary")
    }
    var isWhole = true
    let values = Buffer(byteCount: count * column.conversion.targetWidth) { memory in
      guard let target = memory.baseAddress else { return }
      var position = 0
      switch column.conversion {
      case .bytes:
        isWhole = ByteArrayDecoding.plainViews(
          buffer.bytes,
          &position,
          count: count,
          bufferIndex: 0,
          into: target.assumingMemoryBound(to: TextView.self)
        )
      case .fixedBytes(let width):
        ByteArrayDecoding.fixedViews(
          buffer.bytes,
          at: 0,
          width: width,
          count: count,
          bufferIndex: 0,
          into: target.assumingMemoryBound(to: TextView.self)
        )
      case .byteArrayDecimal, .byteArrayWideDecimal:
        isWhole = ByteArrayDecoding.plainDecimals(
          buffer.bytes,
          &position,
          count: count,
          isWide: column.conversion == .byteArrayWideDecimal,
          into: target
        )
      default:
        isWhole = column.conversion.convert(buffer.address, count: count, into: target)
      }
    }
    guard isWhole else {
      throw place.error(.corrupt, at: 0, "the dictionary's values leave it")
    }
    dictionaryValues = values
    dictionaryCount = count
    if column.conversion.isText {
      dictionary = VectorDictionary(
        ColumnVector(type: column.type, count: count, values: values, textData: [buffer])
      )
    }
  }
}
