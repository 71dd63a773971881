// Containers around LZ4 blocks: the frame of the `lz4` tool, and Hadoop's. Parquet's old `LZ4` codec
// stands for either of them, or for a bare block, depending on who wrote the file.
//
//   frame   04 22 4D 18, flags, block size, [content size], [dictionary id], header checksum,
//           blocks (4-byte size, highest bit: stored; data; [checksum]), 0, [content checksum]
//   Hadoop  (4-byte unpacked size, big-endian; then 4-byte packed size and block, until it is met)…

extension LZ4 {
  /// True where the bytes begin like a frame.
  public static func isFrame(_ bytes: UnsafeRawBufferPointer) -> Bool {
    bytes.count >= 4 && Array(bytes.prefix(4)) == [0x04, 0x22, 0x4D, 0x18]
  }

  /// Compresses into one frame of independent blocks of at most 4 MiB, with checksums.
  public static func compressFrame(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
    // Version 1, independent blocks, content size and content checksum; blocks up to 4 MiB.
    var descriptor: [UInt8] = [0x6C, 0x70]
    appendWord(UInt64(bytes.count), size: 8, to: &descriptor)
    var frame: [UInt8] = [0x04, 0x22, 0x4D, 0x18] + descriptor
    frame.append(UInt8(truncatingIfNeeded: descriptor.withUnsafeBytes(XXHash32.checksum) >> 8))
    var start = 0
    while start < bytes.count {
      let end = min(bytes.count, start + 4 << 20)
      let plain = UnsafeRawBufferPointer(rebasing: bytes[start..<end])
      let block = compress(plain)
      if block.count < plain.count {
        appendWord(UInt64(block.count), size: 4, to: &frame)
        frame += block
      } else {
        appendWord(UInt64(plain.count) | 1 << 31, size: 4, to: &frame)
        frame += plain
      }
      start = end
    }
    appendWord(0, size: 4, to: &frame)
    appendWord(UInt64(XXHash32.checksum(bytes)), size: 4, to: &frame)
    return frame
  }

  /// Unpacks one frame into memory of exactly the size that the caller's format states.
  ///
  /// - Throws: `codecs.corrupt` for a checksum that does not match or anything that is no frame,
  ///   `codecs.truncated` where it ends early, `codecs.unsupported` for one with a dictionary.
  public static func decompressFrame(
    _ bytes: UnsafeRawBufferPointer,
    into output: UnsafeMutableRawBufferPointer
  ) throws {
    let written = try unpackFrame(bytes, into: output)
    guard written == output.count else {
      throw corrupt("\(written) bytes came out where \(output.count) were due", bytes.count)
    }
  }

  /// Unpacks one frame whose size nobody states, to `bytesMax` bytes at most.
  ///
  /// - Throws: `codecs.tooLarge` where the frame's blocks claim more than that and use it, else what
  ///   the other form throws.
  public static func decompressFrame(
    _ bytes: UnsafeRawBufferPointer,
    bytesMax: Int
  ) throws -> [UInt8] {
    let room = try frameRoom(bytes)
    return try [UInt8](unsafeUninitializedCapacity: min(room, bytesMax)) { buffer, count in
      do {
        count = try unpackFrame(bytes, into: UnsafeMutableRawBufferPointer(buffer))
      } catch where room > bytesMax {
        throw CodecsError(.tooLarge, codec: "lz4", "the frame unpacks to more than \(bytesMax) bytes")
      }
    }
  }

  /// As many bytes as a frame can unpack to: its blocks at their largest.
  private static func frameRoom(_ bytes: UnsafeRawBufferPointer) throws -> Int {
    guard isFrame(bytes) else { throw corrupt("no frame begins", 0) }
    var cursor = Cursor(bytes: bytes, position: 4)
    let header = try FrameHeader(reading: &cursor)
    var room = 0
    while true {
      let word = Int(try cursor.word(4))
      if word == 0 { return room }
      let size = try cursor.take(word & 0x7FFF_FFFF).count
      // A block packs to a 255th at best.
      room += word >> 31 == 1 ? size : min(header.blockBytesMax, size * 255)
      if header.hasBlockChecksums { _ = try cursor.word(4) }
    }
  }

  /// Answers how many bytes came out.
  private static func unpackFrame(
    _ bytes: UnsafeRawBufferPointer,
    into output: UnsafeMutableRawBufferPointer
  ) throws -> Int {
    guard isFrame(bytes) else { throw corrupt("no frame begins", 0) }
    var cursor = Cursor(bytes: bytes, position: 4)
    let header = try FrameHeader(reading: &cursor)
    var written = 0
    while true {
      let word = Int(try cursor.word(4))
      if word == 0 { break }
      let block = try cursor.take(word & 0x7FFF_FFFF)
      if word >> 31 == 1 {
        guard block.count <= output.count - written else {
          throw corrupt("a stored block does not fit", cursor.position)
        }
        UnsafeMutableRawBufferPointer(rebasing: output[written...]).copyMemory(from: block)
        written += block.count
      } else if header.hasLinkedBlocks {
        written = try unpack(block, into: output, from: written)
      } else {
        let rest = UnsafeMutableRawBufferPointer(rebasing: output[written...])
        written += try unpack(block, into: rest, from: 0)
      }
      if header.hasBlockChecksums, try cursor.word(4) != UInt64(XXHash32.checksum(block)) {
        throw corrupt("a block's checksum does not match", cursor.position)
      }
    }
    if header.hasContentChecksum {
      let unpacked = UnsafeRawBufferPointer(rebasing: output[0..<written])
      guard try cursor.word(4) == UInt64(XXHash32.checksum(unpacked)) else {
        throw corrupt("the checksum does not match", cursor.position)
      }
    }
    guard cursor.position == bytes.count else {
      throw corrupt("bytes follow the frame", cursor.position)
    }
    return written
  }

  /// Compresses as Hadoop's codec does: one block behind both of its sizes.
  public static func compressHadoop(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
    let block = compress(bytes)
    var framed: [UInt8] = []
    for size in [bytes.count, block.count] {
      for shift in [24, 16, 8, 0] { framed.append(UInt8(truncatingIfNeeded: size >> shift)) }
    }
    return framed + block
  }

  /// Unpacks what Parquet's old `LZ4` codec may stand for: a frame, Hadoop's form, or a bare block.
  ///
  /// - Throws: what the bare block throws where it is none of them.
  public static func decompressUnnamed(
    _ bytes: UnsafeRawBufferPointer,
    into output: UnsafeMutableRawBufferPointer
  ) throws {
    if isFrame(bytes) { return try decompressFrame(bytes, into: output) }
    if hasHadoopSizes(bytes, due: output.count),
      (try? decompressHadoop(bytes, into: output)) != nil
    {
      return
    }
    try decompress(bytes, into: output)
  }

  /// True where the sizes of Hadoop's form follow each other to the end and sum up to `due`.
  private static func hasHadoopSizes(_ bytes: UnsafeRawBufferPointer, due: Int) -> Bool {
    var cursor = Cursor(bytes: bytes, position: 0)
    var sum = 0
    while cursor.position < bytes.count {
      guard let plain = try? cursor.bigEndianWord(), let packed = try? cursor.bigEndianWord(),
        (try? cursor.take(packed)) != nil
      else { return false }
      sum += plain
    }
    return sum == due
  }

  private static func decompressHadoop(
    _ bytes: UnsafeRawBufferPointer,
    into output: UnsafeMutableRawBufferPointer
  ) throws {
    var cursor = Cursor(bytes: bytes, position: 0)
    var written = 0
    while cursor.position < bytes.count {
      let size = try cursor.bigEndianWord()
      let block = try cursor.take(try cursor.bigEndianWord())
      guard size <= output.count - written else { throw corrupt("a block does not fit", 0) }
      try decompress(
        block,
        into: UnsafeMutableRawBufferPointer(rebasing: output[written..<(written + size)])
      )
      written += size
    }
  }

  private static func appendWord(_ word: UInt64, size: Int, to bytes: inout [UInt8]) {
    for index in 0..<size { bytes.append(UInt8(truncatingIfNeeded: word >> UInt64(8 * index))) }
  }

  private struct FrameHeader {
    var hasLinkedBlocks: Bool
    var hasBlockChecksums: Bool
    var hasContentChecksum: Bool
    /// 64 KiB to 4 MiB.
    var blockBytesMax: Int

    init(reading cursor: inout Cursor) throws {
      let start = cursor.position
      let flags = try cursor.word(1)
      blockBytesMax = 1 << (8 + 2 * min(max(Int(try cursor.word(1)) >> 4 & 7, 4), 7))
      guard flags >> 6 == 1 else { throw corrupt("a frame of another version", start) }
      guard flags & 1 == 0 else {
        throw CodecsError(.unsupported, codec: "lz4", "the frame needs a dictionary")
      }
      hasLinkedBlocks = flags & 0x20 == 0
      hasBlockChecksums = flags & 0x10 != 0
      hasContentChecksum = flags & 0x04 != 0
      if flags & 0x08 != 0 { _ = try cursor.word(8) }
      let descriptor = UnsafeRawBufferPointer(rebasing: cursor.bytes[start..<cursor.position])
      guard try cursor.word(1) == UInt64(XXHash32.checksum(descriptor) >> 8 & 0xFF) else {
        throw corrupt("the header's checksum does not match", start)
      }
    }
  }

  private struct Cursor {
    let bytes: UnsafeRawBufferPointer
    var position: Int

    mutating func take(_ count: Int) throws -> UnsafeRawBufferPointer {
      guard count <= bytes.count - position else {
        throw CodecsError(.truncated, codec: "lz4", "the data ends at byte \(bytes.count)")
      }
      defer { position += count }
      return UnsafeRawBufferPointer(rebasing: bytes[position..<(position + count)])
    }

    /// A little-endian integer of `size` bytes.
    mutating func word(_ size: Int) throws -> UInt64 {
      try take(size).reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    mutating func bigEndianWord() throws -> Int {
      Int(try take(4).reduce(0) { $0 << 8 | UInt64($1) })
    }
  }
}
