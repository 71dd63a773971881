/// LZ4's block format: the fastest codec to unpack, and what Parquet calls `LZ4_RAW`.
///
/// ```
/// token      literals in the high four bits, match length - 4 in the low four; 15 goes on in
///            bytes that are added up, until one is below 255
/// literals   copied as they are
/// offset     two bytes, little-endian, 1…65,535 back; the last sequence ends before it
/// ```
/// The format itself states no size: whoever holds a block knows it. `LZ4+Framing` reads the
/// containers that do state one.
public enum LZ4 {
  /// Compresses one block; never fails. Not for more than 2 GiB at a time.
  public static func compress(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
    precondition(bytes.count < 1 << 31, "a block is below 2 GiB")
    let capacity = bytes.count + bytes.count / 255 + 16
    return [UInt8](unsafeUninitializedCapacity: capacity) { output, count in
      guard let target = output.baseAddress else { return }
      var writer = Writer(target: UnsafeMutableRawPointer(target))
      if let source = bytes.baseAddress {
        pack(source, bytes.count, &writer)
      } else {
        writer.append(0)
      }
      count = writer.position
    }
  }

  /// Decompresses one block into memory of exactly the size that the caller's format states.
  ///
  /// - Throws: `codecs.corrupt` where a sequence leaves the data or the output, `codecs.truncated`
  ///   where fewer bytes come out than were due.
  public static func decompress(
    _ bytes: UnsafeRawBufferPointer,
    into output: UnsafeMutableRawBufferPointer
  ) throws {
    let written = try unpack(bytes, into: output, from: 0)
    guard written == output.count else {
      throw CodecsError(
        .truncated,
        codec: "lz4",
        "\(written) bytes came out where \(output.count) were due"
      )
    }
  }

  /// Unpacks a block to `output` from byte `start` on; matches may reach back before `start`.
  ///
  /// Answers where the unpacked bytes end.
  static func unpack(
    _ bytes: UnsafeRawBufferPointer,
    into output: UnsafeMutableRawBufferPointer,
    from start: Int
  ) throws -> Int {
    guard let source = bytes.baseAddress else { return start }
    guard let target = output.baseAddress else {
      // Nothing packs to a token without literals.
      guard bytes.count == 1, bytes[0] == 0 else { throw corrupt("bytes follow the end", 0) }
      return start
    }
    let size = bytes.count
    var input = 0
    var written = start
    while input < size {
      let token = Int(source.load(fromByteOffset: input, as: UInt8.self))
      input += 1
      var literals = token >> 4
      if literals == 15 { literals += try extraLength(source, size, &input) }
      guard literals <= size - input, literals <= output.count - written else {
        throw corrupt("\(literals) literals do not fit", input)
      }
      (target + written).copyMemory(from: source + input, byteCount: literals)
      input += literals
      written += literals
      if input == size { return written }
      guard size - input >= 2 else { throw corrupt("a match has no offset", input) }
      let offset = Int(
        UInt16(littleEndian: source.loadUnaligned(fromByteOffset: input, as: UInt16.self))
      )
      input += 2
      var length = token & 15
      if length == 15 { length += try extraLength(source, size, &input) }
      length += 4
      guard offset > 0, offset <= written, length <= output.count - written else {
        throw corrupt("a match of \(length) bytes from \(offset) back does not fit", input)
      }
      BackReference.copy(
        target + written,
        offset: offset,
        length: length,
        room: output.count - written
      )
      written += length
    }
    throw corrupt("the last sequence has a match", input)
  }

  private static func extraLength(
    _ source: UnsafeRawPointer,
    _ size: Int,
    _ input: inout Int
  ) throws -> Int {
    var sum = 0
    while input < size {
      let byte = Int(source.load(fromByteOffset: input, as: UInt8.self))
      input += 1
      sum += byte
      if byte < 255 { return sum }
    }
    throw corrupt("a length does not end", input)
  }

  static func corrupt(_ what: String, _ position: Int) -> CodecsError {
    CodecsError(.corrupt, codec: "lz4", "\(what) at byte \(position)")
  }

  // MARK: - Packing

  private static let hashBits = 13

  @inline(__always)
  private static func word(_ source: UnsafeRawPointer, _ position: Int) -> UInt32 {
    source.loadUnaligned(fromByteOffset: position, as: UInt32.self)
  }

  @inline(__always)
  private static func hash(_ word: UInt32) -> Int {
    Int((word &* 2_654_435_761) >> UInt32(32 - hashBits))
  }

  /// The format asks for five literals at the end, and no match in the last twelve bytes.
  private static func pack(_ source: UnsafeRawPointer, _ size: Int, _ writer: inout Writer) {
    withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 1 << hashBits) { table in
      table.initialize(repeating: 0)
      var emitted = 0
      var position = 1
      let limit = size - 12
      search: while position < limit {
        // Search ever faster through data that does not repeat.
        var skip = 64
        var candidate = 0
        while true {
          let slot = hash(word(source, position))
          candidate = Int(table[slot])
          table[slot] = UInt32(truncatingIfNeeded: position)
          if position - candidate <= 65_535, candidate < position,
            word(source, candidate) == word(source, position)
          {
            break
          }
          position += skip >> 6
          skip += 1
          if position >= limit { break search }
        }
        while position > emitted, candidate > 0,
          source.load(fromByteOffset: position - 1, as: UInt8.self)
            == source.load(fromByteOffset: candidate - 1, as: UInt8.self)
        {
          position -= 1
          candidate -= 1
        }
        let length = matchLength(source, position, candidate, end: size - 5)
        writer.appendSequence(
          source + emitted,
          literals: position - emitted,
          offset: position - candidate,
          length: length
        )
        position += length
        emitted = position
        if position < limit {
          table[hash(word(source, position - 2))] = UInt32(truncatingIfNeeded: position - 2)
        }
      }
      writer.appendLiterals(source + emitted, size - emitted)
    }
  }

  @inline(__always)
  private static func matchLength(
    _ source: UnsafeRawPointer,
    _ position: Int,
    _ candidate: Int,
    end: Int
  ) -> Int {
    var length = 4
    while position + length + 8 <= end {
      let difference =
        source.loadUnaligned(fromByteOffset: position + length, as: UInt64.self).littleEndian
        ^ source.loadUnaligned(fromByteOffset: candidate + length, as: UInt64.self).littleEndian
      if difference != 0 { return length + difference.trailingZeroBitCount >> 3 }
      length += 8
    }
    while position + length < end,
      source.load(fromByteOffset: position + length, as: UInt8.self)
        == source.load(fromByteOffset: candidate + length, as: UInt8.self)
    { length += 1 }
    return length
  }

  /// Writes sequences; the caller has allocated the largest size that they can take.
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

    @inline(__always)
    private mutating func appendExtra(_ length: Int) {
      var rest = length
      while rest >= 255 {
        append(255)
        rest -= 255
      }
      append(rest)
    }

    @inline(__always)
    private mutating func copy(_ source: UnsafeRawPointer, _ count: Int) {
      (target + position).copyMemory(from: source, byteCount: count)
      position += count
    }

    mutating func appendSequence(
      _ source: UnsafeRawPointer,
      literals: Int,
      offset: Int,
      length: Int
    ) {
      append(min(literals, 15) << 4 | min(length - 4, 15))
      if literals >= 15 { appendExtra(literals - 15) }
      copy(source, literals)
      append(offset)
      append(offset >> 8)
      if length - 4 >= 15 { appendExtra(length - 4 - 15) }
    }

    mutating func appendLiterals(_ source: UnsafeRawPointer, _ count: Int) {
      append(min(count, 15) << 4)
      if count >= 15 { appendExtra(count - 15) }
      copy(source, count)
    }
  }
}
