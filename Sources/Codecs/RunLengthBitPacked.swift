/// Parquet's hybrid of runs and bit-packed groups: dictionary codes, levels, Booleans.
///
/// ```
/// header varint, lowest bit 0: a run of header >> 1 equal values; the value in ⌈width / 8⌉ bytes
/// header varint, lowest bit 1: (header >> 1) groups of eight values, bit-packed at `width`
/// ```
public enum RunLengthBitPacked {
  /// Appends `values`, each of at most `bitWidth` bits (1…32): runs of eight or more as runs.
  public static func encode(
    _ values: UnsafeBufferPointer<Int32>,
    bitWidth: Int,
    into bytes: inout [UInt8]
  ) {
    var literalStart = 0
    var index = 0
    while index < values.count {
      let value = values[index]
      var end = index + 1
      while end < values.count, values[end] == value { end += 1 }
      // A bit-packed part holds whole groups, so a run first fills the group before it.
      let filler = (8 - (index - literalStart) & 7) & 7
      if end - index - filler >= 8 {
        appendPacked(values, literalStart..<(index + filler), bitWidth, &bytes)
        appendRun(value, count: end - index - filler, bitWidth, &bytes)
        literalStart = end
      }
      index = end
    }
    appendPacked(values, literalStart..<values.count, bitWidth, &bytes)
  }

  /// Appends one run of `count` equal values.
  public static func encodeRun(
    of value: Int32,
    count: Int,
    bitWidth: Int,
    into bytes: inout [UInt8]
  ) {
    if count > 0 { appendRun(value, count: count, bitWidth, &bytes) }
  }

  private static func appendRun(
    _ value: Int32,
    count: Int,
    _ bitWidth: Int,
    _ bytes: inout [UInt8]
  ) {
    Varint.append(UInt64(count) << 1, to: &bytes)
    var rest = UInt32(bitPattern: value)
    for _ in 0..<((bitWidth + 7) / 8) {
      bytes.append(UInt8(truncatingIfNeeded: rest))
      rest >>= 8
    }
  }

  private static func appendPacked(
    _ values: UnsafeBufferPointer<Int32>,
    _ range: Range<Int>,
    _ bitWidth: Int,
    _ bytes: inout [UInt8]
  ) {
    guard !range.isEmpty else { return }
    Varint.append(UInt64((range.count + 7) / 8) << 1 | 1, to: &bytes)
    BitPacking.pack(
      UnsafeBufferPointer(rebasing: values[range]),
      bitWidth: bitWidth,
      into: &bytes
    )
  }

  /// Reads values piece by piece.
  ///
  /// It keeps a bare pointer: the caller keeps the bytes alive.
  public struct Decoder {
    private let bytes: UnsafeRawBufferPointer
    private let bitWidth: Int
    private var position = 0
    private var runCount = 0
    private var runValue: Int32 = 0
    private var packedCount = 0
    private var packedBit = 0

    /// - Throws: `codecs.corrupt` for a width over 32.
    public init(_ bytes: UnsafeRawBufferPointer, bitWidth: Int) throws {
      guard bitWidth >= 0, bitWidth <= 32 else {
        throw CodecsError(.corrupt, codec: "rle", "a bit width of \(bitWidth)")
      }
      self.bytes = bytes
      self.bitWidth = bitWidth
    }

    /// The next `count` values.
    ///
    /// - Throws: `codecs.truncated` where there are not so many. A width of 0 needs no bytes.
    public mutating func decode(into target: UnsafeMutablePointer<Int32>, count: Int) throws {
      if bitWidth == 0 {
        target.update(repeating: 0, count: count)
        return
      }
      var done = 0
      while done < count {
        if runCount > 0 {
          let step = min(runCount, count - done)
          (target + done).update(repeating: runValue, count: step)
          runCount -= step
          done += step
        } else if packedCount > 0 {
          let step = min(packedCount, count - done)
          BitPacking.unpack(
            bytes,
            bitOffset: packedBit,
            bitWidth: bitWidth,
            into: target + done,
            count: step
          )
          packedBit += step * bitWidth
          packedCount -= step
          done += step
        } else {
          try readHeader()
        }
      }
    }

    /// Passes over the next `count` values.
    ///
    /// - Throws: `codecs.truncated` where there are not so many.
    public mutating func skip(_ count: Int) throws {
      if bitWidth == 0 { return }
      var left = count
      while left > 0 {
        if runCount > 0 {
          let step = min(runCount, left)
          runCount -= step
          left -= step
        } else if packedCount > 0 {
          let step = min(packedCount, left)
          packedBit += step * bitWidth
          packedCount -= step
          left -= step
        } else {
          try readHeader()
        }
      }
    }

    /// The next `count` values of width 1 as bits of `bitmap`, which is zero there, from `bitOffset`.
    ///
    /// Answers how many were 1.
    public mutating func decodeBits(
      into bitmap: UnsafeMutablePointer<UInt8>,
      bitOffset: Int,
      count: Int
    ) throws -> Int {
      precondition(bitWidth == 1, "bits are of width 1")
      var done = 0
      var ones = 0
      while done < count {
        if runCount > 0 {
          let step = min(runCount, count - done)
          if runValue != 0 {
            Self.setBits(bitmap, bitOffset + done, step)
            ones += step
          }
          runCount -= step
          done += step
        } else if packedCount > 0 {
          let step = min(packedCount, count - done)
          ones += copyBits(bitmap, bitOffset + done, step)
          packedBit += step
          packedCount -= step
          done += step
        } else {
          try readHeader()
        }
      }
      return ones
    }

    private static func setBits(_ bitmap: UnsafeMutablePointer<UInt8>, _ start: Int, _ count: Int) {
      var bit = start
      let end = start + count
      while bit < end, bit & 7 != 0 {
        bitmap[bit >> 3] |= 1 << UInt8(bit & 7)
        bit += 1
      }
      while bit + 8 <= end {
        bitmap[bit >> 3] = 0xFF
        bit += 8
      }
      while bit < end {
        bitmap[bit >> 3] |= 1 << UInt8(bit & 7)
        bit += 1
      }
    }

    private func copyBits(
      _ bitmap: UnsafeMutablePointer<UInt8>,
      _ start: Int,
      _ count: Int
    ) -> Int {
      var ones = 0
      var done = 0
      if packedBit & 7 == 0, start & 7 == 0 {
        while done + 8 <= count {
          let byte = bytes[(packedBit + done) >> 3]
          bitmap[(start + done) >> 3] = byte
          ones += byte.nonzeroBitCount
          done += 8
        }
      }
      while done < count {
        let source = packedBit + done
        if bytes[source >> 3] >> UInt8(source & 7) & 1 == 1 {
          bitmap[(start + done) >> 3] |= 1 << UInt8((start + done) & 7)
          ones += 1
        }
        done += 1
      }
      return ones
    }

    private mutating func readHeader() throws {
      // The end of the bit-packed part, in bytes, is where the next header stands.
      guard let header = Varint.read(bytes, &position), header >> 1 <= UInt64(Int32.max) else {
        throw CodecsError(.truncated, codec: "rle", "values are missing at byte \(position)")
      }
      let count = Int(header >> 1)
      if header & 1 == 0 {
        let size = (bitWidth + 7) / 8
        guard position + size <= bytes.count else {
          throw CodecsError(.truncated, codec: "rle", "a run has no value at byte \(position)")
        }
        var value: UInt32 = 0
        for index in 0..<size { value |= UInt32(bytes[position + index]) << UInt32(8 * index) }
        position += size
        runValue = Int32(bitPattern: value)
        runCount = count
      } else {
        // Some writers leave out the padding of the last group.
        let held = (bytes.count - position) * 8 / bitWidth
        packedCount = min(count * 8, held)
        packedBit = position * 8
        position = min(bytes.count, position + count * bitWidth)
        guard packedCount > 0 || count == 0 else {
          throw CodecsError(.truncated, codec: "rle", "values are missing at byte \(position)")
        }
      }
    }
  }
}
