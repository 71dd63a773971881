// One data page in memory: its bytes, unpacked, and cursors over its levels and values.
//
//   v1, unpacked as a whole:   [repetition levels][4-byte size, definition levels][values]
//   v2, only values packed:    repetition levels, definition levels, values

import Codecs
import Columnar

/// Where the next value of a page comes from.
enum ValueCursor {
  /// PLAIN: the byte, or for Booleans the bit, of the next value.
  case plain(Int)
  case dictionary(RunLengthBitPacked.Decoder)
  case booleanRuns(RunLengthBitPacked.Decoder)
  case delta(DeltaBinaryPackedDecoder)
  /// DELTA_LENGTH_BYTE_ARRAY: lengths, and the byte of the next value.
  case deltaLength(DeltaBinaryPackedDecoder, Int)
  /// DELTA_BYTE_ARRAY: prefix lengths, suffix lengths, the next suffix's byte, the value before.
  case deltaByteArray(DeltaBinaryPackedDecoder, DeltaBinaryPackedDecoder, Int, [UInt8])
  /// BYTE_STREAM_SPLIT: the next value and their number.
  case byteStreamSplit(Int, Int)
}

/// A data page that is being read.
struct DataPage {
  /// The unpacked page; the cursors point into it.
  let buffer: Buffer
  /// Where it begins in the file, for errors.
  let place: FilePlace
  /// Levels, and so rows where nothing is repeated, that have not been read.
  var entriesLeft: Int
  /// True until a level has been read.
  var isFresh = true
  /// v2 pages hold whole rows.
  let rowsEndHere: Bool
  /// nil where the leaf is not repeated.
  var repetitions: RunLengthBitPacked.Decoder?
  /// nil for a required leaf.
  var definitions: RunLengthBitPacked.Decoder?
  /// Keeps levels alive that do not lie in `buffer`.
  var levelBuffers: [Buffer] = []
  var values: ValueCursor

  /// Finds the levels and the values of an unpacked page; decodes no value yet.
  ///
  /// `levelBytes` counts v2's levels at the head of `buffer`; nil for v1. Throws
  /// `parquet.unsupported` for an encoding that is not read here, `parquet.truncated` or
  /// `parquet.corrupt` for a page that contradicts itself, and what the decoders of runs throw.
  init(
    buffer: Buffer,
    header: PageHeader,
    column: ReadableColumn,
    hasDictionary: Bool,
    levelBytes: Int?,
    place: FilePlace
  ) throws {
    self.buffer = buffer
    self.place = place
    entriesLeft = header.valueCount
    rowsEndHere = levelBytes != nil
    let bytes = buffer.bytes
    var start = 0
    if let levelBytes {
      let middle = header.repetitionByteCount
      start = levelBytes
      if column.maxRepetition > 0 {
        repetitions = try .init(
          bytes[0..<middle].rebased, bitWidth: column.repetitionWidth)
      }
      if column.maxDefinition > 0 {
        definitions = try .init(
          bytes[middle..<start].rebased, bitWidth: column.definitionWidth)
      }
    } else {
      if column.maxRepetition > 0 {
        repetitions = try Self.levelsV1(
          bytes, &start, header.repetitionEncoding, column.repetitionWidth, header.valueCount,
          &levelBuffers, place)
      }
      if column.maxDefinition > 0 {
        definitions = try Self.levelsV1(
          bytes, &start, header.definitionEncoding, column.definitionWidth, header.valueCount,
          &levelBuffers, place)
      }
    }
    values = try Self.cursor(
      bytes,
      from: start,
      header: header,
      column: column,
      hasDictionary: hasDictionary,
      place: place
    )
  }

  /// The levels at `start` of an unpacked v1 page; moves `start` past them.
  private static func levelsV1(
    _ bytes: UnsafeRawBufferPointer,
    _ start: inout Int,
    _ encoding: Int32,
    _ bitWidth: Int,
    _ count: Int,
    _ buffers: inout [Buffer],
    _ place: FilePlace
  ) throws -> RunLengthBitPacked.Decoder {
    if encoding == Encoding.bitPacked.rawValue {
      let size = (count * bitWidth + 7) / 8
      guard size <= bytes.count - start else {
        throw place.error(.truncated, at: start, "the levels do not end")
      }
      let buffer = repacked(bytes[start..<(start + size)].rebased, bitWidth, count)
      buffers.append(buffer)
      start += size
      return try .init(buffer.bytes, bitWidth: bitWidth)
    }
    guard encoding == Encoding.rle.rawValue else {
      throw place.error(.unsupported, at: start, "levels in encoding \(encoding)")
    }
    let (body, end) = try sized(bytes, at: start, place)
    start = end
    return try .init(body, bitWidth: bitWidth)
  }

  /// The legacy form packs from the highest bit; packed anew from the lowest as one run, it can be
  /// read like the other.
  private static func repacked(
    _ bytes: UnsafeRawBufferPointer,
    _ bitWidth: Int,
    _ count: Int
  ) -> Buffer {
    var run: [UInt8] = []
    Varint.append(UInt64((count + 7) / 8) << 1 | 1, to: &run)
    let head = run.count
    run += [UInt8](repeating: 0, count: (count + 7) / 8 * bitWidth)
    for index in 0..<count {
      for bit in 0..<bitWidth {
        let source = index * bitWidth + bit
        guard bytes[source >> 3] >> UInt8(7 - source & 7) & 1 == 1 else { continue }
        let target = index * bitWidth + (bitWidth - 1 - bit)
        run[head + target >> 3] |= 1 << UInt8(target & 7)
      }
    }
    return run.withUnsafeBytes { Buffer(copying: $0) }
  }

  /// Bytes after their 4-byte size.
  private static func sized(
    _ bytes: UnsafeRawBufferPointer,
    at start: Int,
    _ place: FilePlace
  ) throws -> (UnsafeRawBufferPointer, Int) {
    guard bytes.count - start >= 4 else {
      throw place.error(.truncated, at: start, "a size is missing")
    }
    let size = Int(
      UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: start, as: UInt32.self))
    )
    guard size <= bytes.count - start - 4 else {
      throw place.error(.truncated, at: start, "\(size) bytes are not there")
    }
    let end = start + 4 + size
    return (UnsafeRawBufferPointer(rebasing: bytes[(start + 4)..<end]), end)
  }

  private static func cursor(
    _ bytes: UnsafeRawBufferPointer,
    from start: Int,
    header: PageHeader,
    column: ReadableColumn,
    hasDictionary: Bool,
    place: FilePlace
  ) throws -> ValueCursor {
    let unsupported = place.error(
      .unsupported,
      at: 0,
      "it is in encoding "
        + (Encoding(rawValue: header.encoding).map { "\($0)" } ?? "\(header.encoding)")
        + " of \(column.physical)"
    )
    guard start <= bytes.count else {
      throw place.error(.truncated, at: 0, "the levels leave the page")
    }
    switch Encoding(rawValue: header.encoding) {
    case .plain:
      return .plain(column.conversion == .boolean ? start * 8 : start)
    case .plainDictionary, .rleDictionary:
      guard hasDictionary else {
        throw place.error(.corrupt, at: 0, "a page of codes without a dictionary")
      }
      // A page of NULLs may have no codes, not even their width.
      if start == bytes.count {
        return .dictionary(try .init(bytes[start...].rebased, bitWidth: 1))
      }
      return .dictionary(
        try .init(bytes[(start + 1)...].rebased, bitWidth: Int(bytes[start]))
      )
    case .rle:
      guard column.conversion == .boolean else { throw unsupported }
      if start == bytes.count {
        return .booleanRuns(try .init(bytes[start...].rebased, bitWidth: 1))
      }
      return .booleanRuns(try .init(sized(bytes, at: start, place).0, bitWidth: 1))
    case .deltaBinaryPacked:
      guard column.physical == .int32 || column.physical == .int64 else { throw unsupported }
      return .delta(try DeltaBinaryPackedDecoder(bytes, at: start, place: place))
    case .deltaLengthByteArray:
      guard column.conversion == .bytes else { throw unsupported }
      let end = try DeltaBinaryPackedDecoder(bytes, at: start, place: place).skipToEnd()
      return .deltaLength(try DeltaBinaryPackedDecoder(bytes, at: start, place: place), end)
    case .deltaByteArray:
      guard column.conversion.isText else { throw unsupported }
      let suffixes = try DeltaBinaryPackedDecoder(bytes, at: start, place: place).skipToEnd()
      let data = try DeltaBinaryPackedDecoder(bytes, at: suffixes, place: place).skipToEnd()
      return .deltaByteArray(
        try DeltaBinaryPackedDecoder(bytes, at: start, place: place),
        try DeltaBinaryPackedDecoder(bytes, at: suffixes, place: place),
        data,
        []
      )
    case .byteStreamSplit:
      guard column.conversion != .bytes,
        let width = column.physical.plainWidth(typeLength: column.typeLength), width > 0
      else { throw unsupported }
      // The streams begin where the values do; the cursor counts values from there.
      guard (bytes.count - start) % width == 0 else {
        throw place.error(.corrupt, at: start, "byte streams of unequal length")
      }
      return .byteStreamSplit(0, (bytes.count - start) / width)
    case .bitPacked, nil: throw unsupported
    }
  }
}

extension Slice where Base == UnsafeRawBufferPointer {
  var rebased: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: self) }
}
