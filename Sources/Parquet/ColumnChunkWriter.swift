// One column of the current row group, from vectors to compressed pages in memory.
//
// Values come in slices of about 1,024 rows. Levels and either codes or values collect until the
// page is full; the page is then encoded, compressed and kept. A chunk begins with a dictionary. If
// that does not pay on the first page it is dropped; if it grows past its limit later, the pages so
// far keep it. Pages without it are PLAIN, or hold differences where those are smaller.
//
// A page holds whole rows, so that the page index can tell its first.

import Codecs
import Columnar

/// A finished page, as the page index tells of it.
struct WrittenPage {
  /// From the chunk's first data page.
  var offset: Int
  /// With its header.
  var byteCount: Int
  var firstRow: Int
  var valueCount: Int
  var bounds: ColumnBounds
}

/// The pages of a finished chunk, and what the footer says of them.
struct FinishedChunk {
  var dictionaryPage: [UInt8]
  var pages: [UInt8]
  var valueCount: Int
  var uncompressedByteCount: Int
  /// How many data pages have each encoding.
  var pageCounts: [Encoding: Int32]
  var bounds: ColumnBounds
  var index: [WrittenPage]
}

/// Collects one column; belongs to its writer.
final class ColumnChunkWriter {
  static let pageRowCountMax = 20_000
  static let pageByteCountMax = 1 << 20
  static let dictionaryByteCountMax = 1 << 20
  static let sliceRowCountMax = 1_024
  static let valueByteCountMax = 1 << 29

  let leaf: LeafFormat
  private let options: ParquetWriterOptions
  /// Of whichever thread writes at the moment.
  var compressor: PageCompressor
  let isText: Bool

  // The chunk.
  private var pages: [UInt8] = []
  private var uncompressed = 0
  private var valueCount = 0
  private var rowCount = 0
  private var pageCounts: [Encoding: Int32] = [:]
  private var index: [WrittenPage] = []
  private var chunkBounds = ColumnBounds()
  private(set) var isDictionary: Bool
  /// False once a dictionary did not pay: the next row groups do not try again.
  private var mayUseDictionary: Bool
  var words = WordDictionary()
  let texts = TextDictionary()
  var knownDictionary: VectorDictionary?
  var knownCodes: [Int32] = []

  // The page.
  private var rows = 0
  private var entries = 0
  private(set) var present = 0
  private let definitions = ByteBuilder()
  private let repetitions = ByteBuilder()
  private let codes = ByteBuilder()
  let plain = ByteBuilder()
  var bounds = ColumnBounds()

  /// Memory for the values of a slice.
  let dense: UnsafeMutablePointer<UInt64>

  init(leaf: LeafFormat, options: ParquetWriterOptions, compressor: PageCompressor) {
    self.leaf = leaf
    self.options = options
    self.compressor = compressor
    isText = leaf.type.layout == .text
    mayUseDictionary =
      leaf.physical != .boolean && leaf.physical != .fixedLengthByteArray
      && options.usesDictionaries
    isDictionary = mayUseDictionary
    dense = .allocate(capacity: Self.sliceRowCountMax)
  }

  deinit { dense.deallocate() }

  /// Bytes that wait for the end of the row group.
  var bufferedByteCount: Int {
    pages.count + plain.count + codes.count + definitions.count + repetitions.count
      + (isText ? texts.plain.count : words.count * 8)
  }

  /// Adds the entries of some whole rows: at most 1,024 values, the rows of `vector` at `indices`.
  ///
  /// `definitions` and `repetitions` are the levels of `entryCount` entries; nil where the leaf has
  /// only one.
  func append(
    _ vector: ColumnVector,
    indices: UnsafeBufferPointer<Int32>,
    definitions: UnsafePointer<Int32>?,
    repetitions: UnsafePointer<Int32>?,
    entryCount: Int,
    rowCount: Int
  ) throws {
    if let definitions, leaf.maxDefinition > 0 {
      self.definitions.grow(by: entryCount * 4)
        .copyMemory(from: definitions, byteCount: entryCount * 4)
    }
    if let repetitions, leaf.maxRepetition > 0 {
      self.repetitions.grow(by: entryCount * 4)
        .copyMemory(from: repetitions, byteCount: entryCount * 4)
    }
    bounds.nullCount += entryCount - indices.count
    var start = 0
    while start < indices.count {
      let end = min(indices.count, start + Self.sliceRowCountMax)
      let slice = UnsafeBufferPointer(rebasing: indices[start..<end])
      let target = isDictionary ? codes.grow(by: slice.count * 4) : nil
      try appendValues(vector, slice, codes: target?.assumingMemoryBound(to: Int32.self))
      present += slice.count
      start = end
    }
    rows += rowCount
    entries += entryCount
    if isDictionary, dictionaryByteCount > Self.dictionaryByteCountMax {
      try closePage()
      isDictionary = false
    } else if rows >= Self.pageRowCountMax || entries >= 4 * Self.pageRowCountMax
      || plain.count >= Self.pageByteCountMax
    {
      try closePage()
    }
  }

  /// How many more rows the page takes, at least 1.
  var rowRoom: Int { max(1, min(Self.sliceRowCountMax, Self.pageRowCountMax - rows)) }

  /// Ends the chunk and begins the next.
  func finish() throws -> FinishedChunk {
    if rows > 0 { try closePage() }
    var dictionaryPage: [UInt8] = []
    if pageCounts[.rleDictionary] != nil { dictionaryPage = try makeDictionaryPage() }
    let chunk = FinishedChunk(
      dictionaryPage: dictionaryPage,
      pages: pages,
      valueCount: valueCount,
      uncompressedByteCount: uncompressed,
      pageCounts: pageCounts,
      bounds: chunkBounds,
      index: index
    )
    pages = []
    uncompressed = 0
    valueCount = 0
    rowCount = 0
    pageCounts = [:]
    index = []
    chunkBounds = ColumnBounds()
    dropDictionary()
    isDictionary = mayUseDictionary
    return chunk
  }

  // MARK: - Dictionaries

  private var dictionaryByteCount: Int {
    isText ? texts.plain.count : words.count * leaf.plainWidth
  }

  private var dictionaryCount: Int { isText ? texts.count : words.count }

  private func dropDictionary() {
    words.removeAll()
    texts.removeAll()
    knownDictionary = nil
    knownCodes = []
  }

  private var pageCodes: UnsafeBufferPointer<Int32> {
    UnsafeBufferPointer(start: codes.address.assumingMemoryBound(to: Int32.self), count: present)
  }

  /// Turns the first page to values where codes and dictionary together are not smaller.
  private func dropDictionaryUnlessItPays() {
    guard isDictionary, pageCounts.isEmpty else { return }
    let width = BitPacking.width(of: UInt32(max(0, dictionaryCount - 1)))
    let encoded = dictionaryByteCount + present * width / 8
    var plainSize = present * leaf.plainWidth
    if isText {
      for code in pageCodes { plainSize += 4 + texts.value(code).count }
    } else if let deltas = deltaBytes({ words.words[Int(pageCodes[$0])] }) {
      plainSize = min(plainSize, deltas.count)
    }
    guard encoded >= plainSize else { return }
    plain.removeAll()
    if isText {
      bounds.text = textBounds()
      for code in pageCodes { plain.appendSized(texts.value(code)) }
    } else {
      var start = 0
      while start < present {
        let count = min(Self.sliceRowCountMax, present - start)
        for offset in 0..<count { dense[offset] = words.words[Int(pageCodes[start + offset])] }
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
    let body = isText ? texts.plain : ByteBuilder(capacity: max(16, words.count * 8))
    if !isText {
      for word in words.words {
        if leaf.plainWidth == 8 {
          body.grow(by: 8).storeBytes(of: word, as: UInt64.self)
        } else {
          body.grow(by: 4).storeBytes(of: UInt32(truncatingIfNeeded: word), as: UInt32.self)
        }
      }
    }
    let packed = try compressor.compress(body.bytes)
    var header = ThriftWriter()
    header.structure { header in
      header.field(1, 2)
      header.field(2, Int32(truncatingIfNeeded: body.count))
      header.field(3, Int32(truncatingIfNeeded: packed.count))
      writeChecksum(&header, packed)
      header.field(7) { header in
        header.field(1, count)
        header.field(2, Encoding.plain.rawValue)
      }
    }
    uncompressed += header.bytes.count + body.count
    return header.bytes + packed
  }

  // MARK: - Pages

  private func closePage() throws {
    guard rows > 0 else { return }
    dropDictionaryUnlessItPays()
    // Page bounds of a dictionary come from the codes that the page uses.
    if isDictionary, isText { bounds.text = textBounds() }
    let encoding: Encoding
    var encoded: [UInt8] = []
    if isDictionary {
      encoding = .rleDictionary
      let width = max(1, BitPacking.width(of: UInt32(max(0, dictionaryCount - 1))))
      encoded = [UInt8(width)]
      RunLengthBitPacked.encode(pageCodes, bitWidth: width, into: &encoded)
    } else if leaf.physical == .boolean {
      encoding = .plain
      encoded = packedBits()
    } else if let deltas = plainDeltaBytes() {
      encoding = .deltaBinaryPacked
      encoded = deltas
    } else if let deltas = textDeltaBytes() {
      encoding = .deltaByteArray
      encoded = deltas
    } else {
      encoding = .plain
    }
    let start = pages.count
    if encoding == .plain, leaf.physical != .boolean {
      try appendPage(plain.bytes, encoding)
    } else {
      try encoded.withUnsafeBytes { try appendPage($0, encoding) }
    }
    pageCounts[encoding, default: 0] += 1
    index.append(
      WrittenPage(
        offset: start,
        byteCount: pages.count - start,
        firstRow: rowCount,
        valueCount: entries,
        bounds: bounds
      )
    )
    chunkBounds.merge(bounds)
    bounds = ColumnBounds()
    valueCount += entries
    rowCount += rows
    rows = 0
    entries = 0
    present = 0
    plain.removeAll()
    codes.removeAll()
    definitions.removeAll()
    repetitions.removeAll()
  }

  private func textBounds() -> TextBounds {
    var isUsed = [Bool](repeating: false, count: texts.count)
    for code in pageCodes { isUsed[Int(code)] = true }
    var bounds = TextBounds()
    for (code, isUsed) in isUsed.enumerated() where isUsed { bounds.add(texts.value(Int32(code))) }
    return bounds
  }

  /// Differences of the page's values, where they are clearly smaller than PLAIN.
  private func plainDeltaBytes() -> [UInt8]? {
    guard present > 1 else { return nil }
    let address = plain.address
    let deltas: [UInt8]? =
      leaf.plainWidth == 8
      ? deltaBytes { address.loadUnaligned(fromByteOffset: $0 * 8, as: UInt64.self) }
      : deltaBytes {
        UInt64(
          bitPattern: Int64(address.loadUnaligned(fromByteOffset: $0 * 4, as: Int32.self)))
      }
    return deltas.flatMap { $0.count * 4 <= plain.count * 3 ? $0 : nil }
  }

  /// The page's integers as differences; nil for other types.
  private func deltaBytes(_ word: (Int) -> UInt64) -> [UInt8]? {
    guard options.usesDeltas, leaf.physical == .int32 || leaf.physical == .int64 else { return nil }
    let values = UnsafeMutablePointer<Int64>.allocate(capacity: max(1, present))
    defer { values.deallocate() }
    for index in 0..<present { values[index] = Int64(bitPattern: word(index)) }
    var bytes: [UInt8] = []
    DeltaBinaryPackedEncoder.encode(
      values,
      count: present,
      isNarrow: leaf.physical == .int32,
      into: &bytes
    )
    return bytes
  }

  /// The page's byte arrays as prefixes and suffixes, where neighbours share a third of their bytes.
  private func textDeltaBytes() -> [UInt8]? {
    guard options.usesDeltas, isText, present > 1 else { return nil }
    var prefixes = [Int64](repeating: 0, count: present)
    var suffixes = [Int64](repeating: 0, count: present)
    let bytes = plain.bytes
    var position = 0
    var before = 0..<0
    var shared = 0
    for index in 0..<present {
      let size = Int(bytes.loadUnaligned(fromByteOffset: position, as: UInt32.self))
      let value = (position + 4)..<(position + 4 + size)
      var prefix = 0
      let most = min(size, before.count)
      while prefix < most, bytes[before.lowerBound + prefix] == bytes[value.lowerBound + prefix] {
        prefix += 1
      }
      prefixes[index] = Int64(prefix)
      suffixes[index] = Int64(size - prefix)
      shared += prefix
      before = value
      position = value.upperBound
      // The first values tell enough of a page that will not pay.
      if index == 255, shared * 3 < position - 1_024 { return nil }
    }
    guard shared * 3 >= position - 4 * present else { return nil }
    var result: [UInt8] = []
    for lengths in [prefixes, suffixes] {
      lengths.withUnsafeBufferPointer { lengths in
        guard let base = lengths.baseAddress else { return }
        DeltaBinaryPackedEncoder.encode(base, count: present, isNarrow: true, into: &result)
      }
    }
    position = 0
    for index in 0..<present {
      let start = position + 4 + Int(prefixes[index])
      let end = start + Int(suffixes[index])
      result.append(contentsOf: bytes[start..<end])
      position = end
    }
    return result
  }

  /// Levels as runs and packed groups: one run where all are alike.
  private func encodedLevels(_ levels: ByteBuilder, maximum: Int) -> [UInt8] {
    guard maximum > 0 else { return [] }
    var bytes: [UInt8] = []
    let values = levels.address.assumingMemoryBound(to: Int32.self)
    if levels.count == 0 {
      // Where nothing was said, everything is there.
      RunLengthBitPacked.encodeRun(
        of: Int32(maximum), count: entries, bitWidth: BitPacking.width(of: UInt32(maximum)),
        into: &bytes)
    } else {
      RunLengthBitPacked.encode(
        UnsafeBufferPointer(start: values, count: entries),
        bitWidth: BitPacking.width(of: UInt32(maximum)),
        into: &bytes
      )
    }
    return bytes
  }

  private func packedBits() -> [UInt8] {
    var bits = [UInt8](repeating: 0, count: (present + 7) / 8)
    let values = plain.bytes
    for index in 0..<present { bits[index >> 3] |= values[index] << UInt8(index & 7) }
    return bits
  }

  private func writeChecksum(_ header: inout ThriftWriter, _ bytes: [UInt8]) {
    guard options.writesChecksums else { return }
    let checksum = bytes.withUnsafeBytes { CRC32.checksum($0) }
    header.field(4, Int32(bitPattern: checksum))
  }

  /// Adds a data page with its header; counts its unpacked size.
  private func appendPage(_ values: UnsafeRawBufferPointer, _ encoding: Encoding) throws {
    let repetition = encodedLevels(repetitions, maximum: leaf.maxRepetition)
    let definition = encodedLevels(definitions, maximum: leaf.maxDefinition)
    var header = ThriftWriter()
    let packed: [UInt8]
    let size: Int
    switch options.pageVersion {
    case .v1:
      let body = ByteBuilder(capacity: repetition.count + definition.count + values.count + 8)
      if leaf.maxRepetition > 0 { repetition.withUnsafeBytes { body.appendSized($0) } }
      if leaf.maxDefinition > 0 { definition.withUnsafeBytes { body.appendSized($0) } }
      body.append(values)
      size = body.count
      packed = try compressor.compress(body.bytes)
      header.structure { header in
        writeStart(&header, kind: 0, size: size, packed)
        header.field(5) { header in
          header.field(1, Int32(truncatingIfNeeded: entries))
          header.field(2, encoding.rawValue)
          header.field(3, Encoding.rle.rawValue)
          header.field(4, Encoding.rle.rawValue)
        }
      }
    case .v2:
      let body = try compressor.compress(values)
      let isCompressed = body.count < values.count
      packed = repetition + definition + (isCompressed ? body : Array(values))
      size = repetition.count + definition.count + values.count
      header.structure { header in
        writeStart(&header, kind: 3, size: size, packed)
        header.field(8) { header in
          header.field(1, Int32(truncatingIfNeeded: entries))
          header.field(2, Int32(truncatingIfNeeded: entries - present))
          header.field(3, Int32(truncatingIfNeeded: rows))
          header.field(4, encoding.rawValue)
          header.field(5, Int32(truncatingIfNeeded: definition.count))
          header.field(6, Int32(truncatingIfNeeded: repetition.count))
          header.field(7, isCompressed)
        }
      }
    }
    guard size <= PageCodec.byteCountMax else {
      throw ParquetError(
        .unsupported, fileName: "output", column: leaf.name, "a page of \(size) bytes is too large")
    }
    uncompressed += header.bytes.count + size
    pages += header.bytes
    pages += packed
  }

  private func writeStart(
    _ header: inout ThriftWriter,
    kind: Int32,
    size: Int,
    _ packed: [UInt8]
  ) {
    header.field(1, kind)
    header.field(2, Int32(truncatingIfNeeded: size))
    header.field(3, Int32(truncatingIfNeeded: packed.count))
    writeChecksum(&header, packed)
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
    case .lz4Raw: LZ4.compress(bytes)
    }
  }
}
