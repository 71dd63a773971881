/// Snappy's raw block format: the codec that most Parquet files in the wild are written with.
///
/// ```
/// varint: size when unpacked, then elements:
///   tag & 3 = 0  literal: length - 1 in 6 bits (60…63: in the next 1…4 bytes), then the bytes
///   tag & 3 = 1  copy: length 4…11, offset in 11 bits
///   tag & 3 = 2  copy: length 1…64, offset in 16 bits
///   tag & 3 = 3  copy: length 1…64, offset in 32 bits
/// ```
/// Copies point back into what has been unpacked already and may overlap themselves.
public enum Snappy {
  /// Compresses by fragments of 64 KiB; never fails. `bytes` may be empty.
  public static func compress(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
    let capacity = 32 + bytes.count + bytes.count / 6
    return [UInt8](unsafeUninitializedCapacity: capacity) { output, count in
      guard let target = output.baseAddress else { return }
      var writer = Writer(target: UnsafeMutableRawPointer(target))
      writer.appendSize(bytes.count)
      guard let source = bytes.baseAddress else {
        count = writer.position
        return
      }
      withUnsafeTemporaryAllocation(of: UInt16.self, capacity: 1 << hashBits) { table in
        var start = 0
        while start < bytes.count {
          let size = min(fragmentSize, bytes.count - start)
          table.initialize(repeating: 0)
          compressFragment(source + start, size, table, &writer)
          start += size
        }
      }
      count = writer.position
    }
  }

  /// The size that the data says it has when unpacked; nil where even that is not there.
  public static func decompressedSize(_ bytes: UnsafeRawBufferPointer) -> Int? {
    var position = 0
    guard let size = Varint.read(bytes, &position), size <= UInt64(UInt32.max) else { return nil }
    return Int(size)
  }

  /// Decompresses a whole block.
  ///
  /// - Throws: `codecs.tooLarge` where it would unpack to more than `bytesMax`, `codecs.corrupt`
  ///   where an element leaves the data or the stated size is not met.
  public static func decompress(_ bytes: UnsafeRawBufferPointer, bytesMax: Int) throws -> [UInt8] {
    guard let size = decompressedSize(bytes) else {
      throw CodecsError(.truncated, codec: "snappy", "the size at its beginning is missing")
    }
    guard size <= bytesMax else {
      throw CodecsError(.tooLarge, codec: "snappy", "it unpacks to \(size) bytes, over \(bytesMax)")
    }
    // The longest copy makes 64 bytes of 3, so a larger size is a lie: do not allocate for it.
    guard size / 22 <= bytes.count else {
      throw CodecsError(.corrupt, codec: "snappy", "\(bytes.count) bytes cannot unpack to \(size)")
    }
    return try [UInt8](unsafeUninitializedCapacity: size) { output, count in
      try decompress(
        bytes,
        into: UnsafeMutableRawBufferPointer(start: output.baseAddress, count: size)
      )
      count = size
    }
  }

  /// Decompresses into memory of exactly the stated size.
  public static func decompress(
    _ bytes: UnsafeRawBufferPointer,
    into output: UnsafeMutableRawBufferPointer
  ) throws {
    var position = 0
    guard let size = Varint.read(bytes, &position), size == UInt64(output.count) else {
      throw CodecsError(.corrupt, codec: "snappy", "it does not state \(output.count) bytes")
    }
    guard let target = output.baseAddress, let source = bytes.baseAddress else {
      guard output.isEmpty, position == bytes.count else {
        throw CodecsError(.corrupt, codec: "snappy", "bytes follow the end")
      }
      return
    }
    let written = try unpack(source, bytes.count, from: position, into: target, output.count)
    guard written == output.count else {
      throw CodecsError(
        .truncated,
        codec: "snappy",
        "\(written) bytes came out where \(output.count) were due"
      )
    }
  }

  // MARK: - Unpacking

  private static func unpack(
    _ source: UnsafeRawPointer,
    _ sourceCount: Int,
    from start: Int,
    into target: UnsafeMutableRawPointer,
    _ targetCount: Int
  ) throws -> Int {
    var input = start
    var output = 0
    while input < sourceCount {
      let tag = Int(source.load(fromByteOffset: input, as: UInt8.self))
      input += 1
      if tag & 3 == 0 {
        var length = (tag >> 2) + 1
        if length > 60 {
          let extra = length - 60
          guard input + extra <= sourceCount else {
            throw corrupt("a literal has no length", input)
          }
          length = 0
          for index in 0..<extra {
            length |= Int(source.load(fromByteOffset: input + index, as: UInt8.self)) << (8 * index)
          }
          length += 1
          input += extra
        }
        guard length <= sourceCount - input, length <= targetCount - output else {
          throw corrupt("a literal of \(length) bytes does not fit", input)
        }
        if length <= 16, sourceCount - input >= 16, targetCount - output >= 16 {
          // Both sides have room for sixteen bytes; those past the literal are written again.
          let low = source.loadUnaligned(fromByteOffset: input, as: UInt64.self)
          let high = source.loadUnaligned(fromByteOffset: input + 8, as: UInt64.self)
          target.storeBytes(of: low, toByteOffset: output, as: UInt64.self)
          target.storeBytes(of: high, toByteOffset: output + 8, as: UInt64.self)
        } else {
          (target + output).copyMemory(from: source + input, byteCount: length)
        }
        input += length
        output += length
        continue
      }
      let length: Int
      let offset: Int
      if tag & 3 == 1 {
        guard input < sourceCount else { throw corrupt("a copy has no offset", input) }
        length = ((tag >> 2) & 7) + 4
        offset = (tag >> 5) << 8 | Int(source.load(fromByteOffset: input, as: UInt8.self))
        input += 1
      } else if tag & 3 == 2 {
        guard input + 2 <= sourceCount else { throw corrupt("a copy has no offset", input) }
        length = (tag >> 2) + 1
        offset = Int(
          UInt16(littleEndian: source.loadUnaligned(fromByteOffset: input, as: UInt16.self))
        )
        input += 2
      } else {
        guard input + 4 <= sourceCount else { throw corrupt("a copy has no offset", input) }
        length = (tag >> 2) + 1
        offset = Int(
          UInt32(littleEndian: source.loadUnaligned(fromByteOffset: input, as: UInt32.self))
        )
        input += 4
      }
      guard offset > 0, offset <= output, length <= targetCount - output else {
        throw corrupt("a copy of \(length) bytes from \(offset) back does not fit", input)
      }
      BackReference.copy(
        target + output,
        offset: offset,
        length: length,
        room: targetCount - output
      )
      output += length
    }
    return output
  }

  private static func corrupt(_ what: String, _ position: Int) -> CodecsError {
    CodecsError(.corrupt, codec: "snappy", "\(what) at byte \(position)")
  }

  // MARK: - Packing

  private static let fragmentSize = 65_536
  private static let hashBits = 14

  @inline(__always)
  private static func hash(_ word: UInt32) -> Int {
    Int((word &* 0x1E35_A7BD) >> UInt32(32 - hashBits))
  }

  @inline(__always)
  private static func word(_ source: UnsafeRawPointer, _ position: Int) -> UInt32 {
    source.loadUnaligned(fromByteOffset: position, as: UInt32.self)
  }

  private static func compressFragment(
    _ source: UnsafeRawPointer,
    _ size: Int,
    _ table: UnsafeMutableBufferPointer<UInt16>,
    _ writer: inout Writer
  ) {
    var emitted = 0
    defer {
      if emitted < size { writer.appendLiteral(source + emitted, size - emitted) }
    }
    guard size >= 15 else { return }
    let limit = size - 15
    var position = 1
    while true {
      // Search ever faster through data that does not repeat.
      var skip = 32
      var next = position
      var candidate = 0
      repeat {
        position = next
        next = position + (skip >> 5)
        skip += 1
        if next > limit { return }
        let slot = hash(word(source, position))
        candidate = Int(table[slot])
        table[slot] = UInt16(truncatingIfNeeded: position)
      } while word(source, position) != word(source, candidate)
      if emitted < position { writer.appendLiteral(source + emitted, position - emitted) }
      repeat {
        var length = 4
        while position + length + 8 <= size {
          let difference =
            source.loadUnaligned(fromByteOffset: position + length, as: UInt64.self).littleEndian
            ^ source.loadUnaligned(fromByteOffset: candidate + length, as: UInt64.self).littleEndian
          if difference != 0 {
            length += difference.trailingZeroBitCount >> 3
            break
          }
          length += 8
        }
        if position + length + 8 > size {
          while position + length < size,
            source.load(fromByteOffset: position + length, as: UInt8.self)
              == source.load(fromByteOffset: candidate + length, as: UInt8.self)
          { length += 1 }
        }
        writer.appendCopy(offset: position - candidate, length: length)
        position += length
        emitted = position
        if position >= limit { return }
        table[hash(word(source, position - 1))] = UInt16(truncatingIfNeeded: position - 1)
        let slot = hash(word(source, position))
        candidate = Int(table[slot])
        table[slot] = UInt16(truncatingIfNeeded: position)
      } while word(source, position) == word(source, candidate)
      position += 1
    }
  }

  /// Writes elements; the caller has allocated the largest size that they can take.
  private struct Writer {
    let target: UnsafeMutableRawPointer
    var position = 0

    @inline(__always)
    mutating func append(_ byte: Int) {
      target.storeBytes(
        of: UInt8(truncatingIfNeeded: byte),
        toByteOffset: position,
        as: UInt8.self
      )
      position += 1
    }

    mutating func appendSize(_ size: Int) {
      var rest = size
      while rest >= 0x80 {
        append(rest & 0x7F | 0x80)
        rest >>= 7
      }
      append(rest)
    }

    mutating func appendLiteral(_ source: UnsafeRawPointer, _ length: Int) {
      let coded = length - 1
      if coded < 60 {
        append(coded << 2)
      } else if coded < 256 {
        append(60 << 2)
        append(coded)
      } else {
        append(61 << 2)
        append(coded)
        append(coded >> 8)
      }
      (target + position).copyMemory(from: source, byteCount: length)
      position += length
    }

    mutating func appendCopy(offset: Int, length: Int) {
      var rest = length
      while rest >= 68 {
        appendLongCopy(offset, 64)
        rest -= 64
      }
      if rest > 64 {
        appendLongCopy(offset, 60)
        rest -= 60
      }
      if rest < 12, offset < 2_048 {
        append(1 | (rest - 4) << 2 | (offset >> 8) << 5)
        append(offset)
      } else {
        appendLongCopy(offset, rest)
      }
    }

    @inline(__always)
    mutating func appendLongCopy(_ offset: Int, _ length: Int) {
      append(2 | (length - 1) << 2)
      append(offset)
      append(offset >> 8)
    }
  }
}
