/// Small integers laid bit by bit, lowest bit first: Parquet's dictionary codes, levels and deltas.
public enum BitPacking {
  /// The bits that `maximum` needs; 0 for 0.
  @inlinable
  public static func width(of maximum: UInt32) -> Int {
    32 - maximum.leadingZeroBitCount
  }

  /// Appends `values` at `bitWidth` bits each (0…32), padded with zeros to a whole group of eight.
  public static func pack(
    _ values: UnsafeBufferPointer<Int32>,
    bitWidth: Int,
    into bytes: inout [UInt8]
  ) {
    precondition(bitWidth >= 0 && bitWidth <= 32, "bit widths are 0 to 32")
    let size = (values.count + 7) / 8 * bitWidth
    let start = bytes.count
    bytes.append(contentsOf: repeatElement(0, count: size))
    bytes.withUnsafeMutableBytes { all in
      var position = start
      var held: UInt64 = 0
      var bits: UInt64 = 0
      let mask: UInt64 = (1 << UInt64(bitWidth)) - 1
      for value in values {
        held |= (UInt64(UInt32(bitPattern: value)) & mask) << bits
        bits += UInt64(bitWidth)
        while bits >= 8 {
          all[position] = UInt8(truncatingIfNeeded: held)
          position += 1
          held >>= 8
          bits -= 8
        }
      }
      if bits > 0 { all[position] = UInt8(truncatingIfNeeded: held) }
    }
  }

  /// Reads `count` values of `bitWidth` bits (0…32) that begin at `bitOffset`.
  ///
  /// The caller has checked that `bytes` holds them all.
  public static func unpack(
    _ bytes: UnsafeRawBufferPointer,
    bitOffset: Int,
    bitWidth: Int,
    into target: UnsafeMutablePointer<Int32>,
    count: Int
  ) {
    precondition(bitWidth >= 0 && bitWidth <= 32, "bit widths are 0 to 32")
    precondition(bitOffset + count * bitWidth <= bytes.count * 8, "values past the end")
    guard bitWidth > 0, let source = bytes.baseAddress else {
      target.update(repeating: 0, count: count)
      return
    }
    let mask = UInt64(1) << UInt64(bitWidth) &- 1
    var offset = bitOffset
    var index = 0
    // A word of eight bytes holds any value of at most 32 bits at any of eight shifts.
    let wordsEnd = (bytes.count - 8) * 8
    while index < count, offset <= wordsEnd {
      let word = UInt64(
        littleEndian: source.loadUnaligned(fromByteOffset: offset >> 3, as: UInt64.self)
      )
      target[index] = Int32(truncatingIfNeeded: (word >> UInt64(offset & 7)) & mask)
      offset += bitWidth
      index += 1
    }
    while index < count {
      let word = tail(source, bytes.count, offset >> 3)
      target[index] = Int32(truncatingIfNeeded: (word >> UInt64(offset & 7)) & mask)
      offset += bitWidth
      index += 1
    }
  }

  /// Reads `count` values of `bitWidth` bits (0…64) that begin at `bitOffset`.
  ///
  /// The caller has checked that `bytes` holds them all.
  public static func unpack(
    _ bytes: UnsafeRawBufferPointer,
    bitOffset: Int,
    bitWidth: Int,
    into target: UnsafeMutablePointer<UInt64>,
    count: Int
  ) {
    precondition(bitWidth >= 0 && bitWidth <= 64, "bit widths are 0 to 64")
    precondition(bitOffset + count * bitWidth <= bytes.count * 8, "values past the end")
    guard bitWidth > 0, let source = bytes.baseAddress else {
      target.update(repeating: 0, count: count)
      return
    }
    let mask = bitWidth == 64 ? UInt64.max : (UInt64(1) << UInt64(bitWidth)) - 1
    var offset = bitOffset
    for index in 0..<count {
      let shift = UInt64(offset & 7)
      var word = tail(source, bytes.count, offset >> 3) >> shift
      if shift > 0, Int(shift) + bitWidth > 64, (offset >> 3) + 8 < bytes.count {
        let high = UInt64(source.load(fromByteOffset: (offset >> 3) + 8, as: UInt8.self))
        word |= high << (64 - shift)
      }
      target[index] = word & mask
      offset += bitWidth
    }
  }

  /// Up to eight bytes from `start`, with zeros past the end.
  @inline(__always)
  private static func tail(_ source: UnsafeRawPointer, _ count: Int, _ start: Int) -> UInt64 {
    if start + 8 <= count {
      return UInt64(littleEndian: source.loadUnaligned(fromByteOffset: start, as: UInt64.self))
    }
    var word: UInt64 = 0
    var index = start
    while index < count {
      word |=
        UInt64(source.load(fromByteOffset: index, as: UInt8.self)) << UInt64(8 * (index - start))
      index += 1
    }
    return word
  }
}
