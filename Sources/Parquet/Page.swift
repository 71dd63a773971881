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
  var rowsLeft: Int
  /// nil for a required leaf.
  var levels: RunLengthBitPacked.Decoder?
  /// Keeps levels alive that do not lie in `buffer`.
  var levelsBuffer: Buffer?
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
    rowsLeft = header.valueCount
    let bytes = buffer.bytes
    var start = 0
    if let levelBytes {
      start = levelBytes
      if column.maxDefinition > 0 {
        let from = header.repetitionByteCount
        levels = try .init(UnsafeRawBufferPointer(rebasing: bytes[from..<start]), bitWidth: 1)
      }
    } else if column.maxDefinition > 0 {
      (levels, levelsBuffer, start) = try Self.levelsV1(bytes, header, place)
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

  private static func levelsV1(
    _ bytes: UnsafeRawBufferPointer,
    _ header: PageHeader,
    _ place: FilePlace
  ) throws -> (RunLengthBitPacked.Decoder, Buffer?, Int) {
    if header.definitionEncoding == Encoding.bitPacked.rawValue {
      let size = (header.valueCount + 7) / 8
      guard size <= bytes.count else {
        throw place.error(.truncated, at: 0, "the definition levels do not end")
      }
      // The legacy form packs from the highest bit; as one bit-packed run it can be read alike.
      var run: [UInt8] = []
      Varint.append(UInt64(size) << 1 | 1, to: &run)
      for byte in bytes[0..<size] {
        var reversed: UInt8 = 0
        for bit in 0..<8 { reversed |= (byte >> UInt8(bit) & 1) << UInt8(7 - bit) }
        run.append(reversed)
      }
      let buffer = run.withUnsafeBytes { Buffer(copying: $0) }
      return (try .init(buffer.bytes, bitWidth: 1), buffer, size)
    }
    guard header.definitionEncoding == Encoding.rle.rawValue else {
      throw place.error(
        .unsupported,
        at: 0,
        "definition levels in encoding \(header.definitionEncoding)"
      )
    }
    let (body, end) = try sized(bytes, at: 0, place)
    return (try .init(body, bitWidth: 1), nil, end)
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
      "column \(column.field.name) is in encoding "
        + (Encoding(rawValue: header.encoding).map { "\($0)" } ?? "\(header.encoding)")
        + " of \(column.physical)"
    )
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
      guard !column.conversion.isText,
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
