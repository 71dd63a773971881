// The codecs of a batch's records, as producers really write them.

internal import Codecs

extension RecordBatch {
  /// Unpacks a batch's records, to `bytesMax` bytes at most.
  static func unpack(
    _ packed: UnsafeRawBufferPointer,
    _ codec: RecordCompression,
    bytesMax: Int
  ) throws -> [UInt8] {
    do {
      switch codec {
      case .none: return Array(packed)
      case .gzip:
        var plain: [UInt8] = []
        try Gzip.decompress(packed.bindMemory(to: UInt8.self), bytesMax: bytesMax) {
          plain.append(contentsOf: $0)
        }
        return plain
      case .snappy: return try unpackSnappy(packed, bytesMax: bytesMax)
      case .lz4: return try LZ4.decompressFrame(packed, bytesMax: bytesMax)
      case .zstd: return try unpackZstd(packed, bytesMax: bytesMax)
      }
    } catch let error as CodecsError {
      throw KafkaProtocolError(
        error.kind == .tooLarge ? .tooLarge : .corrupt,
        byteOffset: RecordBatchHeader.size,
        "the records do not unpack: \(error.message)"
      )
    }
  }

  /// At once where one frame states its size, as most producers write it; else piece by piece.
  private static func unpackZstd(
    _ packed: UnsafeRawBufferPointer,
    bytesMax: Int
  ) throws -> [UInt8] {
    guard let frame = Zstd.firstFrame(packed), frame.byteCount == packed.count,
      frame.plainByteCount <= bytesMax
    else { return try Zstd.decompress(packed, bytesMax: bytesMax) }
    return try [UInt8](unsafeUninitializedCapacity: frame.plainByteCount) { output, count in
      try Zstd.decompress(packed, into: UnsafeMutableRawBufferPointer(output))
      count = frame.plainByteCount
    }
  }

  private static let xerialMagic: [UInt8] = [0x82, 0x53, 0x4E, 0x41, 0x50, 0x50, 0x59, 0]

  /// One raw block, or the framing of Java's snappy library: magic, two versions, then blocks
  /// behind their big-endian sizes.
  private static func unpackSnappy(
    _ packed: UnsafeRawBufferPointer,
    bytesMax: Int
  ) throws -> [UInt8] {
    guard packed.count >= 16, packed.prefix(8).elementsEqual(xerialMagic) else {
      return try Snappy.decompress(packed, bytesMax: bytesMax)
    }
    var plain: [UInt8] = []
    var position = 16
    while position < packed.count {
      guard packed.count - position >= 4 else { throw endsEarly(packed) }
      let size = Int(
        UInt32(bigEndian: packed.loadUnaligned(fromByteOffset: position, as: UInt32.self))
      )
      position += 4
      guard size <= packed.count - position else { throw endsEarly(packed) }
      let block = UnsafeRawBufferPointer(rebasing: packed[position..<position + size])
      plain += try Snappy.decompress(block, bytesMax: bytesMax - plain.count)
      position += size
    }
    return plain
  }

  private static func endsEarly(_ packed: UnsafeRawBufferPointer) -> KafkaProtocolError {
    KafkaProtocolError(
      .corrupt,
      byteOffset: RecordBatchHeader.size + packed.count,
      "a snappy block ends early"
    )
  }
}
