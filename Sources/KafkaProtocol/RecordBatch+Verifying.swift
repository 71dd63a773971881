// The same checks as reading every record makes, for a broker that only wants to know: no record
// is handed out, no error is worded, and what is not plainly right is read once more to say why.

internal import Codecs

extension RecordBatch {
  /// Checks the CRC of the batch at the beginning of `bytes`, and every record in it, whatever
  /// it is packed with.
  ///
  /// - Returns: the batch's header.
  /// - Throws: what `forEachRecord` throws.
  @discardableResult
  public static func verify(
    _ bytes: UnsafeRawBufferPointer,
    unpackedBytesMax: Int = 64 << 20
  ) throws -> RecordBatchHeader {
    try verify(bytes, unpackedBytesMax: unpackedBytesMax, zstd: nil)
  }

  /// The same with a decompressor whose memory stays for the next batch.
  static func verify(
    _ bytes: UnsafeRawBufferPointer,
    unpackedBytesMax: Int,
    zstd: ZstdDecompressor?
  ) throws -> RecordBatchHeader {
    let header = try RecordBatchHeader(parsing: bytes)
    try header.checkCRC(bytes)
    let packed = UnsafeRawBufferPointer(
      rebasing: bytes[RecordBatchHeader.size..<header.totalSize]
    )
    let isRight =
      switch header.compression {
      case .none?: RecordWalk(packed).isWhole(header)
      case .zstd? where zstd != nil:
        // What does not unpack is told by the slow way.
        (try? zstd?.withPlain(packed, bytesMax: unpackedBytesMax) {
          RecordWalk($0).isWhole(header)
        }) ?? false
      case let codec?:
        try unpack(packed, codec, bytesMax: unpackedBytesMax).withUnsafeBytes {
          RecordWalk($0).isWhole(header)
        }
      case nil: false
      }
    // The slow way accepts what is rare and right, such as numbers in more bytes than they need.
    if !isRight {
      try forEachRecord(in: bytes, unpackedBytesMax: unpackedBytesMax) { _ in }
    }
    return header
  }
}

/// Checks batches one after the other, with memory that stays.
///
/// `@unchecked Sendable`: whoever took it out of a pool is the only one that has it.
public final class RecordBatchVerifier: @unchecked Sendable {
  private let zstd = try? ZstdDecompressor()

  public init() {}

  /// As `RecordBatch.verify`.
  @discardableResult
  public func verify(
    _ bytes: UnsafeRawBufferPointer,
    unpackedBytesMax: Int = 64 << 20
  ) throws -> RecordBatchHeader {
    try RecordBatch.verify(bytes, unpackedBytesMax: unpackedBytesMax, zstd: zstd)
  }
}

/// Walks plain records and answers false at the first thing that is not as expected.
private struct RecordWalk {
  let bytes: UnsafeRawBufferPointer
  var position = 0

  init(_ bytes: UnsafeRawBufferPointer) {
    self.bytes = bytes
  }

  /// The next zigzag number; nil at the end of the bytes and beyond 63 bits.
  @inline(__always)
  private mutating func number() -> Int? {
    guard position < bytes.count else { return nil }
    var byte = bytes[position]
    position += 1
    if byte < 0x80 { return Int(byte >> 1) ^ -Int(byte & 1) }
    var value = UInt(byte & 0x7F)
    var shift: UInt = 7
    while shift < 63, position < bytes.count {
      byte = bytes[position]
      position += 1
      value |= UInt(byte & 0x7F) << shift
      if byte < 0x80 { return Int(bitPattern: value >> 1) ^ -Int(bitPattern: value & 1) }
      shift += 7
    }
    return nil
  }

  /// Steps over bytes behind their length, which may be -1 where `isNullable`.
  @inline(__always)
  private mutating func skip(isNullable: Bool) -> Bool {
    guard let count = number() else { return false }
    if count == -1 { return isNullable }
    guard count >= 0, count <= bytes.count - position else { return false }
    position += count
    return true
  }

  mutating func isRecord(_ header: RecordBatchHeader, _ deltaMin: inout Int) -> Bool {
    guard let size = number(), size > 0, size <= bytes.count - position else { return false }
    let end = position + size
    position += 1  // Attributes, which have no meaning.
    guard let time = number(), let delta = number(), delta >= deltaMin,
      delta <= Int(header.lastOffsetDelta),
      !header.baseTimestamp.addingReportingOverflow(Int64(time)).overflow
    else { return false }
    deltaMin = delta + 1
    guard skip(isNullable: true), skip(isNullable: true), let headers = number(), headers >= 0,
      headers <= size
    else { return false }
    for _ in 0..<headers {
      guard skip(isNullable: false), skip(isNullable: true) else { return false }
    }
    return position == end
  }

  func isWhole(_ header: RecordBatchHeader) -> Bool {
    var walk = self
    var deltaMin = 0
    for _ in 0..<header.recordCount {
      guard walk.isRecord(header, &deltaMin) else { return false }
    }
    return walk.position == bytes.count
  }
}
