// One column of one row group, page by page, into vectors of as many rows as are asked for.
//
// 1. `nextPage` parses a header, checks its sizes, unpacks the page into a `Buffer`.
// 2. `read` fills a vector from one or more pages: definition levels become validity bits, present
//    values are decoded densely and then spread to their rows.
// 3. Text is never copied: views point into the unpacked page, which the vector keeps alive. While
//    all pages of a vector hold codes it stays a dictionary; a PLAIN page turns it flat.

import Codecs
import Columnar

/// Reads one column chunk from its beginning to its end, on one thread.
final class ColumnChunkReader {
  private let column: ReadableColumn
  private let codec: PageCodec
  private let bytes: [UInt8]
  private let place: FilePlace
  private var position = 0
  private var page: DataPage?
  /// The dictionary's values in the column's own form, and how many there are.
  private var dictionaryValues: Buffer?
  private var dictionaryCount = 0
  private var dictionary: VectorDictionary?

  private let rowCountMax: Int
  private let codes: UnsafeMutablePointer<Int32>
  private let views: UnsafeMutablePointer<TextView>
  private let wide: UnsafeMutablePointer<Int64>
  private let bitmap: UnsafeMutablePointer<UInt8>

  /// Reads nothing yet.
  ///
  /// `bytes` is the whole chunk, from its first page; `rowCountMax` is the largest count that
  /// `read` will be asked for.
  init(
    column: ReadableColumn,
    codec: PageCodec,
    bytes: [UInt8],
    place: FilePlace,
    rowCountMax: Int
  ) {
    self.column = column
    self.codec = codec
    self.bytes = bytes
    self.place = place
    self.rowCountMax = rowCountMax
    codes = .allocate(capacity: rowCountMax)
    views = .allocate(capacity: column.conversion.isText ? rowCountMax : 1)
    wide = .allocate(capacity: rowCountMax)
    bitmap = .allocate(capacity: (rowCountMax + 7) / 8)
  }

  deinit {
    codes.deallocate()
    views.deallocate()
    wide.deallocate()
    bitmap.deallocate()
  }

  /// The next `count` rows.
  ///
  /// - Throws: `parquet.truncated` where there are fewer, `parquet.corrupt` for anything that
  ///   contradicts itself.
  func read(_ count: Int) throws -> ColumnVector {
    precondition(count > 0 && count <= rowCountMax, "1 to rowCountMax rows at a time")
    bitmap.update(repeating: 0, count: (count + 7) / 8)
    do {
      return column.conversion.isText ? try readText(count) : try readFixed(count)
    } catch let error as CodecsError {
      throw (page?.place ?? place).error(.corrupt, at: 0, "\(error.codec): \(error.message)")
    }
  }

  // MARK: - Pages

  /// The current page, with a row left.
  private func ensurePage() throws {
    while (page?.rowsLeft ?? 0) == 0 {
      page = nil
      guard position < bytes.count else {
        throw place.error(
          .truncated,
          at: position,
          "column \(column.field.name) ends before its rows do"
        )
      }
      try bytes.withUnsafeBytes { try nextPage($0) }
    }
  }

  private func nextPage(_ bytes: UnsafeRawBufferPointer) throws {
    let header = try PageHeader(parsing: bytes, at: position, place: place)
    let start = position + header.byteCount
    guard header.compressedByteCount <= bytes.count - start else {
      throw place.error(
        .truncated,
        at: position,
        "a page of \(header.compressedByteCount) bytes where \(bytes.count - start) are left"
      )
    }
    let end = start + header.compressedByteCount
    let packed = bytes[start..<end].rebased
    let pagePlace = FilePlace(fileName: place.fileName, base: place.base + start)
    position = end
    switch header.kind {
    case 0:
      let buffer = try codec.unpack(
        packed,
        head: 0,
        size: header.uncompressedByteCount,
        place: pagePlace
      )
      page = try DataPage(
        buffer: buffer,
        header: header,
        column: column,
        hasDictionary: dictionaryValues != nil,
        levelBytes: nil,
        place: pagePlace
      )
    case 1: break
    case 2: try readDictionary(header, packed, pagePlace)
    case 3:
      let levels = header.repetitionByteCount + header.definitionByteCount
      guard levels <= packed.count, levels <= header.uncompressedByteCount else {
        throw pagePlace.error(.corrupt, at: 0, "levels of \(levels) bytes leave their page")
      }
      let codec = header.isCompressed ? codec : .uncompressed
      let buffer = try codec.unpack(
        packed,
        head: levels,
        size: header.uncompressedByteCount,
        place: pagePlace
      )
      page = try DataPage(
        buffer: buffer,
        header: header,
        column: column,
        hasDictionary: dictionaryValues != nil,
        levelBytes: levels,
        place: pagePlace
      )
    default: throw place.error(.corrupt, at: position, "a page of unknown kind \(header.kind)")
    }
  }

  private func readDictionary(
    _ header: PageHeader,
    _ packed: UnsafeRawBufferPointer,
    _ place: FilePlace
  ) throws {
    guard dictionaryValues == nil, page == nil else {
      throw place.error(.corrupt, at: 0, "a second dictionary")
    }
    let encoding = Encoding(rawValue: header.encoding)
    guard encoding == .plain || encoding == .plainDictionary else {
      throw place.error(.unsupported, at: 0, "a dictionary in encoding \(header.encoding)")
    }
    let buffer = try codec.unpack(
      packed,
      head: 0,
      size: header.uncompressedByteCount,
      place: place
    )
    let count = header.valueCount
    let width = column.physical.plainWidth(typeLength: column.typeLength) ?? 4
    guard column.physical != .boolean, count <= buffer.byteCount / width else {
      throw place.error(
        .corrupt,
        at: 0,
        "a dictionary of \(count) values in \(buffer.byteCount) bytes"
      )
    }
    var isWhole = true
    let values = Buffer(byteCount: count * column.conversion.targetWidth) { memory in
      guard let target = memory.baseAddress, count > 0 else { return }
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
        fixedViews(
          buffer.bytes,
          at: 0,
          width: width,
          count: count,
          bufferIndex: 0,
          into: target.assumingMemoryBound(to: TextView.self)
        )
      case .byteArrayDecimal:
        isWhole = ByteArrayDecoding.plainDecimals(
          buffer.bytes,
          &position,
          count: count,
          into: target.assumingMemoryBound(to: Int64.self)
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
        ColumnVector(type: column.field.type, count: count, values: values, textData: [buffer])
      )
    }
  }

  private func fixedViews(
    _ bytes: UnsafeRawBufferPointer,
    at start: Int,
    width: Int,
    count: Int,
    bufferIndex: Int,
    into target: UnsafeMutablePointer<TextView>
  ) {
    guard let base = bytes.baseAddress else { return }
    for index in 0..<count {
      target[index] = ByteArrayDecoding.view(
        base,
        bytes.count,
        position: start + index * width,
        count: width,
        bufferIndex: bufferIndex
      )
    }
  }

  // MARK: - Levels and validity

  /// Sets the validity bits of the next `count` rows of the page; answers how many have a value.
  private func readLevels(at row: Int, _ count: Int) throws -> Int {
    guard column.maxDefinition > 0 else { return count }
    guard let present = try page?.levels?.decodeBits(into: bitmap, bitOffset: row, count: count)
    else { return count }
    return present
  }

  private func validity(_ count: Int, nullCount: Int) -> ValidityBitmap? {
    guard nullCount > 0 else { return nil }
    let buffer = Buffer(
      copying: UnsafeRawBufferPointer(start: bitmap, count: (count + 7) / 8)
    )
    return ValidityBitmap(buffer: buffer, count: count, nullCount: nullCount)
  }

  /// Moves `present` values at the head of `target` to the rows that have one; others get `zero`.
  @inline(__always)
  private func spread<Value: BitwiseCopyable>(
    _ target: UnsafeMutablePointer<Value>,
    present: Int,
    count: Int,
    firstRow: Int,
    zero: Value
  ) {
    var next = present
    var row = count
    while row > 0 {
      row -= 1
      let bit = firstRow + row
      if bitmap[bit >> 3] >> UInt8(bit & 7) & 1 == 1 {
        next -= 1
        target[row] = target[next]
      } else {
        target[row] = zero
      }
    }
  }

  /// Decodes codes and checks them against the dictionary.
  private func readCodes(
    _ decoder: inout RunLengthBitPacked.Decoder,
    into target: UnsafeMutablePointer<Int32>,
    count: Int
  ) throws {
    try decoder.decode(into: target, count: count)
    var largest: UInt32 = 0
    for index in 0..<count { largest = max(largest, UInt32(bitPattern: target[index])) }
    guard count == 0 || largest < UInt32(dictionaryCount) else {
      throw (page?.place ?? place).error(
        .corrupt,
        at: 0,
        "code \(largest) in a dictionary of \(dictionaryCount)"
      )
    }
  }

  // MARK: - Fixed-width values

  private func readFixed(_ count: Int) throws -> ColumnVector {
    let width = column.conversion.targetWidth
    var nulls = 0
    let values = try Buffer(byteCount: count * width) { memory in
      guard let base = memory.baseAddress else { return }
      var done = 0
      while done < count {
        try ensurePage()
        let step = min(count - done, page?.rowsLeft ?? 0)
        let present = try readLevels(at: done, step)
        let target = base + done * width
        try decodeFixed(present, into: target)
        if present < step {
          nulls += step - present
          switch width {
          case 1:
            spread(
              target.assumingMemoryBound(to: UInt8.self),
              present: present,
              count: step,
              firstRow: done,
              zero: 0
            )
          case 4:
            spread(
              target.assumingMemoryBound(to: UInt32.self),
              present: present,
              count: step,
              firstRow: done,
              zero: 0
            )
          default:
            spread(
              target.assumingMemoryBound(to: UInt64.self),
              present: present,
              count: step,
              firstRow: done,
              zero: 0
            )
          }
        }
        page?.rowsLeft -= step
        done += step
      }
    }
    return ColumnVector(
      type: column.field.type,
      count: count,
      values: values,
      validity: validity(count, nullCount: nulls)
    )
  }

  private func decodeFixed(_ count: Int, into target: UnsafeMutableRawPointer) throws {
    guard count > 0, var cursor = page?.values, let buffer = page?.buffer, let at = page?.place
    else { return }
    let bytes = buffer.bytes
    let missing = at.error(.truncated, at: 0, "the page has fewer values than its header says")
    let unfit = at.error(.corrupt, at: 0, "a value does not fit \(column.field.type)")
    switch cursor {
    case .plain(let start):
      switch column.conversion {
      case .boolean:
        guard start + count <= bytes.count * 8 else { throw missing }
        let output = target.assumingMemoryBound(to: UInt8.self)
        for index in 0..<count {
          let bit = start + index
          output[index] = bytes[bit >> 3] >> UInt8(bit & 7) & 1
        }
        cursor = .plain(start + count)
      case .byteArrayDecimal:
        var next = start
        guard
          ByteArrayDecoding.plainDecimals(
            bytes,
            &next,
            count: count,
            into: target.assumingMemoryBound(to: Int64.self)
          )
        else { throw unfit }
        cursor = .plain(next)
      default:
        let width = column.physical.plainWidth(typeLength: column.typeLength) ?? 1
        guard count <= (bytes.count - start) / width else { throw missing }
        guard column.conversion.convert(buffer.address + start, count: count, into: target) else {
          throw unfit
        }
        cursor = .plain(start + count * width)
      }
    case .dictionary(var decoder):
      guard let dictionaryValues else { throw missing }
      try readCodes(&decoder, into: codes, count: count)
      cursor = .dictionary(decoder)
      if column.conversion.targetWidth == 4 {
        let source = dictionaryValues.address.assumingMemoryBound(to: UInt32.self)
        let output = target.assumingMemoryBound(to: UInt32.self)
        for index in 0..<count { output[index] = source[Int(codes[index])] }
      } else {
        let source = dictionaryValues.address.assumingMemoryBound(to: UInt64.self)
        let output = target.assumingMemoryBound(to: UInt64.self)
        for index in 0..<count { output[index] = source[Int(codes[index])] }
      }
    case .booleanRuns(var decoder):
      try decoder.decode(into: codes, count: count)
      cursor = .booleanRuns(decoder)
      let output = target.assumingMemoryBound(to: UInt8.self)
      for index in 0..<count { output[index] = codes[index] == 0 ? 0 : 1 }
    case .delta(let decoder):
      try decoder.decode(into: wide, count: count)
      if column.physical == .int32 {
        for index in 0..<count { codes[index] = Int32(truncatingIfNeeded: wide[index]) }
      }
      let source =
        column.physical == .int32 ? UnsafeRawPointer(codes) : UnsafeRawPointer(wide)
      guard column.conversion.convert(source, count: count, into: target) else { throw unfit }
    case .byteStreamSplit(let next, let total):
      let width = column.physical.plainWidth(typeLength: column.typeLength) ?? 1
      guard count <= total - next else { throw missing }
      let start = bytes.count - total * width
      let raw = UnsafeMutableRawPointer.allocate(byteCount: count * width, alignment: 16)
      defer { raw.deallocate() }
      for byte in 0..<width {
        let stream = start + byte * total + next
        for index in 0..<count {
          raw.storeBytes(
            of: bytes[stream + index],
            toByteOffset: index * width + byte,
            as: UInt8.self
          )
        }
      }
      guard column.conversion.convert(raw, count: count, into: target) else { throw unfit }
      cursor = .byteStreamSplit(next + count, total)
    case .deltaLength, .deltaByteArray: throw missing
    }
    page?.values = cursor
  }

  // MARK: - Text

  private func readText(_ count: Int) throws -> ColumnVector {
    // Views into the dictionary have its buffer as number 0 in every flat vector of this chunk.
    var textData: [Buffer] = []
    var isFlat = false
    var nulls = 0
    var done = 0
    while done < count {
      try ensurePage()
      guard let page else { break }
      let step = min(count - done, page.rowsLeft)
      let present = try readLevels(at: done, step)
      let isCodes = if case .dictionary = page.values { true } else { false }
      if !isCodes, !isFlat {
        isFlat = true
        textData = dictionary?.values.textData ?? []
        if done > 0 { lookUp(from: 0, count: done) }
      }
      if isCodes {
        if case .dictionary(var decoder) = page.values {
          try readCodes(&decoder, into: codes + done, count: present)
          self.page?.values = .dictionary(decoder)
        }
        if present < step {
          spread(codes + done, present: present, count: step, firstRow: done, zero: 0)
        }
        if isFlat { lookUp(from: done, count: step) }
      } else {
        try decodeViews(present, into: views + done, &textData)
        if present < step {
          spread(
            views + done,
            present: present,
            count: step,
            firstRow: done,
            zero: TextView(low: 0, high: 0)
          )
        }
      }
      nulls += step - present
      self.page?.rowsLeft -= step
      done += step
    }
    let validity = validity(count, nullCount: nulls)
    if !isFlat, let dictionary {
      let buffer = Buffer(copying: UnsafeRawBufferPointer(start: codes, count: count * 4))
      return ColumnVector(dictionary: dictionary, codes: buffer, count: count, validity: validity)
    }
    let values = Buffer(copying: UnsafeRawBufferPointer(start: views, count: count * 16))
    return ColumnVector(
      type: column.field.type,
      count: count,
      values: values,
      textData: textData,
      validity: validity
    )
  }

  /// Views for the codes of some rows.
  ///
  /// An empty dictionary has a zeroed first view in its padding.
  private func lookUp(from start: Int, count: Int) {
    guard let dictionaryValues else { return }
    let source = dictionaryValues.address.assumingMemoryBound(to: TextView.self)
    for row in start..<(start + count) { views[row] = source[Int(codes[row])] }
  }

  private func decodeViews(
    _ count: Int,
    into target: UnsafeMutablePointer<TextView>,
    _ textData: inout [Buffer]
  ) throws {
    guard count > 0, let page else { return }
    let bytes = page.buffer.bytes
    let missing = page.place.error(
      .truncated,
      at: 0,
      "the page has fewer values than its header says"
    )
    let index = textData.count
    switch page.values {
    case .plain(let start):
      var next = start
      if case .fixedBytes(let width) = column.conversion {
        guard count <= (bytes.count - start) / width else { throw missing }
        fixedViews(
          bytes,
          at: start,
          width: width,
          count: count,
          bufferIndex: index,
          into: target
        )
        next = start + count * width
      } else {
        guard
          ByteArrayDecoding.plainViews(
            bytes,
            &next,
            count: count,
            bufferIndex: index,
            into: target
          )
        else { throw missing }
      }
      self.page?.values = .plain(next)
      textData.append(page.buffer)
    case .deltaLength(let lengths, let start):
      try lengths.decode(into: wide, count: count)
      var next = start
      guard let base = bytes.baseAddress else { throw missing }
      for row in 0..<count {
        guard wide[row] >= 0, wide[row] <= Int64(bytes.count - next) else { throw missing }
        let length = Int(wide[row])
        target[row] = ByteArrayDecoding.view(
          base,
          bytes.count,
          position: next,
          count: length,
          bufferIndex: index
        )
        next += length
      }
      self.page?.values = .deltaLength(lengths, next)
      textData.append(page.buffer)
    case .deltaByteArray(let prefixes, let suffixes, let start, let previous):
      var values = PrefixedValues(previous: previous, position: start)
      try prefixes.decode(into: wide, count: count)
      let prefix = UnsafeMutablePointer<Int64>.allocate(capacity: count)
      defer { prefix.deallocate() }
      prefix.update(from: wide, count: count)
      try suffixes.decode(into: wide, count: count)
      guard values.join(bytes, prefix, wide, count, bufferIndex: index, into: target) else {
        throw page.place.error(.corrupt, at: 0, "prefixes or suffixes leave their values")
      }
      self.page?.values = .deltaByteArray(prefixes, suffixes, values.position, values.previous)
      textData.append(values.text.withUnsafeBytes { Buffer(copying: $0) })
    case .dictionary, .booleanRuns, .delta, .byteStreamSplit: throw missing
    }
  }
}

/// Puts the values of DELTA_BYTE_ARRAY together: a prefix of the value before, and a suffix.
private struct PrefixedValues {
  var previous: [UInt8]
  var position: Int
  var text: [UInt8] = []

  /// More than any sensible batch: prefixes let a small page stand for endless text.
  static let textMax = 1 << 28

  mutating func join(
    _ bytes: UnsafeRawBufferPointer,
    _ prefixes: UnsafeMutablePointer<Int64>,
    _ suffixes: UnsafeMutablePointer<Int64>,
    _ count: Int,
    bufferIndex: Int,
    into target: UnsafeMutablePointer<TextView>
  ) -> Bool {
    for row in 0..<count {
      guard prefixes[row] >= 0, prefixes[row] <= Int64(previous.count), suffixes[row] >= 0,
        suffixes[row] <= Int64(bytes.count - position), text.count <= Self.textMax
      else { return false }
      let suffix = bytes[position..<(position + Int(suffixes[row]))]
      previous.removeSubrange(Int(prefixes[row])...)
      previous.append(contentsOf: suffix)
      position += suffix.count
      target[row] = previous.withUnsafeBytes {
        TextView($0, bufferIndex: bufferIndex, byteOffset: text.count)
      }
      if previous.count > TextView.inlineMax { text.append(contentsOf: previous) }
    }
    return true
  }
}
