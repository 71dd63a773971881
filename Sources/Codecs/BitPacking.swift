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
      guard let base = all.baseAddress, bitWidth > 0 else { return }
      var target = base + start
      var held: UInt64 = 0
      var bits: UInt64 = 0
      let mask: UInt64 = (1 << UInt64(bitWidth)) - 1
      for value in values {
        held |= (UInt64(UInt32(bitPattern: value)) & mask) << bits
        bits += UInt64(bitWidth)
        if bits >= 32 {
          target.storeBytes(of: UInt32(truncatingIfNeeded: held).littleEndian, as: UInt32.self)
          target += 4
          held >>= 32
          bits -= 32
        }
      }
      while bits > 0 {
        target.storeBytes(of: UInt8(truncatingIfNeeded: held), as: UInt8.self)
        target += 1
        held >>= 8
        bits = bits > 8 ? bits - 8 : 0
      }
    }
  }

  /// Appends `values` at `bitWidth` bits each (0…64); their number is a multiple of eight.
  public static func pack(
    _ values: UnsafeBufferPointer<UInt64>,
    bitWidth: Int,
    into bytes: inout [UInt8]
  ) {
    precondition(bitWidth >= 0 && bitWidth <= 64, "bit widths are 0 to 64")
    precondition(values.count & 7 == 0, "whole groups of eight")
    let size = values.count / 8 * bitWidth
    let start = bytes.count
    bytes.append(contentsOf: repeatElement(0, count: size))
    bytes.withUnsafeMutableBytes { all in
      guard let base = all.baseAddress, bitWidth > 0 else { return }
      let target = base + start
      let mask = bitWidth == 64 ? UInt64.max : (UInt64(1) << UInt64(bitWidth)) - 1
      var position = 0
      var held: UInt64 = 0
      var bits = 0
      for value in values {
        let value = value & mask
        held |= value << UInt64(bits)
        if bits + bitWidth >= 64 {
          target.storeBytes(of: held.littleEndian, toByteOffset: position, as: UInt64.self)
          position += 8
          // What did not fit goes first into the next word; a shift by 64 gives 0.
          held = value >> UInt64(64 - bits)
          bits += bitWidth - 64
        } else {
          bits += bitWidth
        }
      }
      while bits > 0 {
        target.storeBytes(
          of: UInt8(truncatingIfNeeded: held), toByteOffset: position, as: UInt8.self)
        position += 1
        held >>= 8
        bits -= 8
      }
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
    if offset & 7 == 0 {
      index = unpackGroups(
        source + offset >> 3,
        byteCount: bytes.count - offset >> 3,
        bitWidth: bitWidth,
        into: target,
        count: count
      )
      offset += index * bitWidth
    }
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

  /// Whole groups of eight values that begin at a byte; answers how many values were read.
  ///
  /// Each width is a loop of its own, so that shifts and masks are constants.
  private static func unpackGroups(
    _ source: UnsafeRawPointer,
    byteCount: Int,
    bitWidth: Int,
    into target: UnsafeMutablePointer<Int32>,
    count: Int
  ) -> Int {
    // The last load of a group may reach seven bytes past it.
    let number = max(0, min(count / 8, (byteCount - 7) / bitWidth))
    switch bitWidth {
    case 1: groups(1, source, number, target)
    case 2: groups(2, source, number, target)
    case 3: groups(3, source, number, target)
    case 4: groups(4, source, number, target)
    case 5: groups(5, source, number, target)
    case 6: groups(6, source, number, target)
    case 7: groups(7, source, number, target)
    case 8: groups(8, source, number, target)
    case 9: groups(9, source, number, target)
    case 10: groups(10, source, number, target)
    case 11: groups(11, source, number, target)
    case 12: groups(12, source, number, target)
    case 13: groups(13, source, number, target)
    case 14: groups(14, source, number, target)
    case 15: groups(15, source, number, target)
    case 16: groups(16, source, number, target)
    case 17: groups(17, source, number, target)
    case 18: groups(18, source, number, target)
    case 19: groups(19, source, number, target)
    case 20: groups(20, source, number, target)
    case 21: groups(21, source, number, target)
    case 22: groups(22, source, number, target)
    case 23: groups(23, source, number, target)
    case 24: groups(24, source, number, target)
    default: groups(bitWidth, source, number, target)
    }
    return number * 8
  }

  @inline(__always)
  private static func groups(
    _ bitWidth: Int,
    _ source: UnsafeRawPointer,
    _ number: Int,
    _ target: UnsafeMutablePointer<Int32>
  ) {
    // As many values a load as fit 64 bits behind the load's own shift.
    let step = bitWidth <= 8 ? 8 : bitWidth <= 16 ? 4 : bitWidth <= 30 ? 2 : 1
    let mask = UInt64(1) << UInt64(bitWidth) &- 1
    var input = source
    var output = target
    for _ in 0..<number {
      var value = 0
      while value < 8 {
        let bit = value &* bitWidth
        var word = UInt64(
          littleEndian: input.loadUnaligned(fromByteOffset: bit >> 3, as: UInt64.self)
        )
        word >>= UInt64(bit & 7)
        for offset in 0..<step {
          let shifted = word >> UInt64(truncatingIfNeeded: offset &* bitWidth)
          output[value &+ offset] = Int32(truncatingIfNeeded: shifted & mask)
        }
        value &+= step
      }
      input += bitWidth
      output += 8
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
