// One column of the current row group, from vectors to compressed pages in memory.
//
// Values come in slices of at most 1,024 rows. Levels and either codes or PLAIN bytes collect until
// the page is full; the page is then encoded, compressed and kept. A chunk begins with a
// dictionary. If that does not pay on the first page it is dropped and the page becomes PLAIN; if
// it grows past its limit later, the pages so far keep it and the rest are PLAIN.

import Codecs
import Columnar

/// The pages of a finished chunk, and what the footer says of them.
struct FinishedChunk {
  var dictionaryPage: [UInt8]
  var pages: [UInt8]
  var valueCount: Int
  var uncompressedByteCount: Int
  var dictionaryPageCount: Int32
  var plainPageCount: Int32
  var bounds: ColumnBounds
}

/// Collects one column; belongs to its writer.
final class ColumnChunkWriter {
  static let pageRowCountMax = 20_000
  static let pageByteCountMax = 1 << 20
  static let dictionaryByteCountMax = 1 << 20
  static let sliceRowCountMax = 1_024
  static let valueByteCountMax = 1 << 30

  let field: Field
  /// Bytes of a PLAIN value; 1 for Booleans (packed to bits later), 0 for text.
  let plainWidth: Int
  private let compressor: PageCompressor
  private let isText: Bool

  // The chunk.
  private var pages: [UInt8] = []
  private var uncompressed = 0
  private var valueCount = 0
  private var dictionaryPageCount: Int32 = 0
  private var plainPageCount: Int32 = 0
  private(set) var bounds = ColumnBounds()
  private var isDictionary: Bool
  /// False once a dictionary did not pay: the next row groups do not try again.
  private var mayUseDictionary: Bool
  private var words = WordDictionary()
  private let texts = TextDictionary()
  private var knownDictionary: VectorDictionary?
  private var knownCodes: [Int32] = []

  // The page.
  private var rows = 0
  private var present = 0
  private let levels: UnsafeMutablePointer<Int32>
  private let codes: UnsafeMutablePointer<Int32>
  private let plain = ByteBuilder()

  // The slice.
  private let indices: UnsafeMutablePointer<Int32>
  private let dense: UnsafeMutablePointer<UInt64>

  init(field: Field, compressor: PageCompressor) {
    self.field = field
    self.compressor = compressor
    isText = field.type.layout == .text
    plainWidth =
      switch field.type {
      case .boolean: 1
      case .varchar, .varbinary: 0
      case .integer, .date: 4
      case .decimal(let precision, _): precision <= 9 ? 4 : 8
      default: 8
      }
    mayUseDictionary = field.type != .boolean
    isDictionary = mayUseDictionary
    levels = .allocate(capacity: Self.pageRowCountMax)
    codes = .allocate(capacity: Self.pageRowCountMax)
    indices = .allocate(capacity: Self.sliceRowCountMax)
    dense = .allocate(capacity: Self.sliceRowCountMax)
  }

  deinit {
    levels.deallocate()
    codes.deallocate()
    indices.deallocate()
    dense.deallocate()
  }

  /// Adds some rows of a vector of this column's type.
  func append(_ vector: ColumnVector, _ range: Range<Int>) throws {
    var start = range.lowerBound
    while start < range.upperBound {
      let room = min(Self.sliceRowCountMax, Self.pageRowCountMax - rows)
      let limit = min(range.upperBound, start + room)
      let end = isText ? textSliceEnd(vector, start..<limit) : limit
      try appendSlice(vector, start..<end)
      start = end
      if isDictionary, dictionaryByteCount > Self.dictionaryByteCountMax {
        try closePage()
        isDictionary = false
      } else if rows == Self.pageRowCountMax || plain.count >= Self.pageByteCountMax {
        try closePage()
      }
    }
  }

  /// Ends the chunk and begins the next.
  func finish() throws -> FinishedChunk {
    if rows > 0 { try closePage() }
    var dictionaryPage: [UInt8] = []
    if dictionaryPageCount > 0 { dictionaryPage = try makeDictionaryPage() }
    let chunk = FinishedChunk(
      dictionaryPage: dictionaryPage,
      pages: pages,
      valueCount: valueCount,
      uncompressedByteCount: uncompressed,
      dictionaryPageCount: dictionaryPageCount,
      plainPageCount: plainPageCount,
      bounds: bounds
    )
    pages = []
    uncompressed = 0
    valueCount = 0
    dictionaryPageCount = 0
    plainPageCount = 0
    bounds = ColumnBounds()
    dropDictionary()
    isDictionary = mayUseDictionary
    return chunk
  }

  // MARK: - Slices

  /// The end of the longest slice whose text stays below a page, and at least one row.
  private func textSliceEnd(_ vector: ColumnVector, _ range: Range<Int>) -> Int {
    let views = vector.values.values(as: TextView.self)
    var bytes = 0
    for row in range where !vector.isNull(row) {
      bytes += views[vector.valueIndex(row)].count + 4
      if bytes > Self.pageByteCountMax { return max(row, range.lowerBound + 1) }
    }
    return range.upperBound
  }

  private func appendSlice(_ vector: ColumnVector, _ range: Range<Int>) throws {
    let count = collectIndices(vector, range)
    let nulls = range.count - count
    guard nulls == 0 || field.isNullable else {
      throw ParquetError(
        .unsupported,
        fileName: "output",
        "column \(field.name) is required and has a NULL in row \(valueCount + rows)"
      )
    }
    bounds.nullCount += nulls
    if isText {
      try appendText(vector, count)
    } else {
      appendFixed(vector, count)
    }
    rows += range.count
    present += count
  }

  /// Fills `levels` for the rows and `indices` for those with a value; answers how many have one.
  private func collectIndices(_ vector: ColumnVector, _ range: Range<Int>) -> Int {
    let count: Int
    if let validity = vector.validity {
      var next = 0
      for row in range {
        let isValid = validity.isValid(row)
        levels[rows + row - range.lowerBound] = isValid ? 1 : 0
        indices[next] = Int32(truncatingIfNeeded: row)
        next += isValid ? 1 : 0
        if next == Self.sliceRowCountMax { break }
      }
      count = next
    } else {
      (levels + rows).update(repeating: 1, count: range.count)
      for offset in 0..<range.count {
        indices[offset] = Int32(truncatingIfNeeded: range.lowerBound + offset)
      }
      count = range.count
    }
    switch vector.encoding {
    case .flat: break
    case .constant: indices.update(repeating: 0, count: count)
    case .dictionary(let codes, _):
      let code = codes.values(as: Int32.self)
      for offset in 0..<count { indices[offset] = code[Int(indices[offset])] }
    }
    return count
  }

  private func appendFixed(_ vector: ColumnVector, _ count: Int) {
    switch field.type.layout {
    case .fixed(width: 8):
      let source = vector.values.values(as: UInt64.self)
      for offset in 0..<count { dense[offset] = source[Int(indices[offset])] }
    case .fixed(width: 4):
      let source = vector.values.values(as: Int32.self)
      for offset in 0..<count {
        dense[offset] = UInt64(bitPattern: Int64(source[Int(indices[offset])]))
      }
    default:
      let source = vector.values.values(as: UInt8.self)
      for offset in 0..<count { dense[offset] = source[Int(indices[offset])] == 0 ? 0 : 1 }
    }
    bounds.add(dense, count: count, isDouble: field.type == .double)
    if isDictionary {
      words.encode(dense, count: count, into: codes + present)
    } else {
      appendPlain(dense, count)
    }
  }

  private func appendPlain(_ source: UnsafePointer<UInt64>, _ count: Int) {
    let target = plain.grow(by: count * plainWidth)
    switch plainWidth {
    case 8: target.copyMemory(from: source, byteCount: count * 8)
    case 4:
      for offset in 0..<count {
        target.storeBytes(
          of: UInt32(truncatingIfNeeded: source[offset]),
          toByteOffset: offset * 4,
          as: UInt32.self
        )
      }
    default:
      for offset in 0..<count {
        target.storeBytes(
          of: UInt8(truncatingIfNeeded: source[offset]),
          toByteOffset: offset,
          as: UInt8.self
        )
      }
    }
  }

  private func appendText(_ vector: ColumnVector, _ count: Int) throws {
    let target = codes + present
    if !isDictionary {
      for offset in 0..<count {
        vector.withTextValue(at: Int(indices[offset])) {
          bounds.text.add($0)
          plain.appendSized($0)
        }
      }
      try checkValueSize(vector, count)
      return
    }
    try checkValueSize(vector, count)
    guard case .dictionary(_, let dictionary) = vector.encoding else {
      if case .constant = vector.encoding, count > 0 {
        target.update(repeating: code(vector, 0), count: count)
      } else {
        for offset in 0..<count { target[offset] = code(vector, Int(indices[offset])) }
      }
      return
    }
    // Codes of the same dictionary are looked up once each.
    if knownDictionary !== dictionary {
      knownDictionary = dictionary
      knownCodes = [Int32](repeating: -1, count: dictionary.values.count)
    }
    for offset in 0..<count {
      let index = Int(indices[offset])
      if knownCodes[index] < 0 { knownCodes[index] = code(vector, index) }
      target[offset] = knownCodes[index]
    }
  }

  private func checkValueSize(_ vector: ColumnVector, _ count: Int) throws {
    // Slices are cut at a page, so a larger value stands alone in its slice.
    guard count > 0 else { return }
    let views = vector.values.values(as: TextView.self)
    let size = views[Int(indices[0])].count
    guard size <= Self.valueByteCountMax else {
      throw ParquetError(
        .unsupported,
        fileName: "output",
        "column \(field.name) has a value of \(size) bytes"
      )
    }
  }

  private func code(_ vector: ColumnVector, _ index: Int) -> Int32 {
    vector.withTextValue(at: index) { value in
      let (code, isNew) = texts.code(of: value)
      if isNew { bounds.text.add(value) }
      return code
    }
  }

  // MARK: - Dictionaries

  private var dictionaryByteCount: Int {
    isText ? texts.plain.count : words.count * plainWidth
  }

  private var dictionaryCount: Int { isText ? texts.count : words.count }

  private func dropDictionary() {
    words.removeAll()
    texts.removeAll()
    knownDictionary = nil
    knownCodes = []
  }

  /// Turns the first page to PLAIN where codes and dictionary together are not smaller.
  private func dropDictionaryUnlessItPays() {
    guard isDictionary, dictionaryPageCount == 0, plainPageCount == 0 else { return }
    let width = BitPacking.width(of: UInt32(max(0, dictionaryCount - 1)))
    let encoded = dictionaryByteCount + present * width / 8
    var plainSize = present * plainWidth
    if isText {
      for offset in 0..<present { plainSize += 4 + texts.value(codes[offset]).count }
    }
    guard encoded >= plainSize else { return }
    if isText {
      for offset in 0..<present { plain.appendSized(texts.value(codes[offset])) }
    } else {
      var start = 0
      while start < present {
        let count = min(Self.sliceRowCountMax, present - start)
        for offset in 0..<count { dense[offset] = words.words[Int(codes[start + offset])] }
        appendPlain(dense, count)
        start += count
      }
    }
    dropDictionary()
    isDictionary = false
    // A short page proves nothing about the next row group.
    if present > 1_000 { mayUseDictionary = false }
  }

  private func makeDictionaryPage() throws -> [UInt8] {
    let count = Int32(truncatingIfNeeded: dictionaryCount)
    if isText { return try page(texts.plain.bytes, kind: .dictionary, valueCount: count) }
    let body = ByteBuilder(capacity: max(16, words.count * plainWidth))
    for word in words.words {
      if plainWidth == 8 {
        body.grow(by: 8).storeBytes(of: word, as: UInt64.self)
      } else {
        body.grow(by: 4).storeBytes(of: UInt32(truncatingIfNeeded: word), as: UInt32.self)
      }
    }
    return try page(body.bytes, kind: .dictionary, valueCount: count)
  }

  // MARK: - Pages

  private func closePage() throws {
    guard rows > 0 else { return }
    dropDictionaryUnlessItPays()
    let levelBytes = field.isNullable ? encodedLevels() : []
    let body = ByteBuilder(capacity: levelBytes.count + plain.count + 4_096)
    levelBytes.withUnsafeBytes { body.append($0) }
    if isDictionary {
      let width = max(1, BitPacking.width(of: UInt32(max(0, dictionaryCount - 1))))
      var encoded: [UInt8] = [UInt8(width)]
      RunLengthBitPacked.encode(
        UnsafeBufferPointer(start: codes, count: present),
        bitWidth: width,
        into: &encoded
      )
      encoded.withUnsafeBytes { body.append($0) }
      dictionaryPageCount += 1
    } else {
      if field.type == .boolean { appendBits(body) } else { body.append(plain.bytes) }
      plainPageCount += 1
    }
    pages += try page(
      body.bytes,
      kind: isDictionary ? .codes : .plain,
      valueCount: Int32(rows)
    )
    valueCount += rows
    rows = 0
    present = 0
    plain.removeAll()
  }

  /// Definition levels with their size: one run where all rows are alike.
  private func encodedLevels() -> [UInt8] {
    var bytes: [UInt8] = [0, 0, 0, 0]
    if present == rows || present == 0 {
      RunLengthBitPacked.encodeRun(
        of: present == 0 ? 0 : 1,
        count: rows,
        bitWidth: 1,
        into: &bytes
      )
    } else {
      RunLengthBitPacked.encode(
        UnsafeBufferPointer(start: levels, count: rows),
        bitWidth: 1,
        into: &bytes
      )
    }
    let size = bytes.count - 4
    for index in 0..<4 { bytes[index] = UInt8(truncatingIfNeeded: size >> (8 * index)) }
    return bytes
  }

  private func appendBits(_ body: ByteBuilder) {
    let size = (present + 7) / 8
    let target = body.grow(by: size).initializeMemory(as: UInt8.self, repeating: 0, count: size)
    let values = plain.bytes
    for index in 0..<present { target[index >> 3] |= values[index] << UInt8(index & 7) }
  }

  private enum PageKind { case dictionary, codes, plain }

  /// A page with its header; counts its unpacked size.
  private func page(
    _ body: UnsafeRawBufferPointer,
    kind: PageKind,
    valueCount: Int32
  ) throws -> [UInt8] {
    let packed = try compressor.compress(body)
    var header = ThriftWriter()
    header.structure { header in
      header.field(1, kind == .dictionary ? 2 : 0)
      header.field(2, Int32(truncatingIfNeeded: body.count))
      header.field(3, Int32(truncatingIfNeeded: packed.count))
      switch kind {
      case .dictionary:
        header.field(7) { header in
          header.field(1, valueCount)
          header.field(2, Encoding.plain.rawValue)
        }
      case .codes, .plain:
        header.field(5) { header in
          header.field(1, valueCount)
          header.field(
            2,
            kind == .codes ? Encoding.rleDictionary.rawValue : Encoding.plain.rawValue
          )
          header.field(3, Encoding.rle.rawValue)
          header.field(4, Encoding.rle.rawValue)
        }
      }
    }
    uncompressed += header.bytes.count + body.count
    return header.bytes + packed
  }
}

/// The codec of a writer, with what it keeps between pages.
final class PageCompressor {
  private let compression: ParquetCompression
  private let zstd: ZstdCompressor?

  init(_ compression: ParquetCompression) throws {
    self.compression = compression
    zstd = compression == .zstd ? try ZstdCompressor() : nil
  }

  func compress(_ bytes: UnsafeRawBufferPointer) throws -> [UInt8] {
    switch compression {
    case .uncompressed: Array(bytes)
    case .snappy: Snappy.compress(bytes)
    case .gzip: try Gzip.compress(Array(bytes))
    case .zstd: try zstd?.compress(bytes) ?? Zstd.compress(bytes)
    }
  }
}
