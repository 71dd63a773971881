// DELTA_BINARY_PACKED, the writing half; `DeltaBinaryPackedDecoder` draws it.

import Codecs

/// Encodes integers as differences: blocks of 128 in four miniblocks of 32.
enum DeltaBinaryPackedEncoder {
  private static let blockSize = 128
  private static let miniblockSize = 32

  /// Appends `count` integers; `isNarrow` for 32-bit ones, whose differences wrap at 32 bits.
  static func encode(
    _ values: UnsafePointer<Int64>,
    count: Int,
    isNarrow: Bool,
    into bytes: inout [UInt8]
  ) {
    Varint.append(UInt64(blockSize), to: &bytes)
    Varint.append(UInt64(blockSize / miniblockSize), to: &bytes)
    Varint.append(UInt64(count), to: &bytes)
    Varint.appendZigzag(count > 0 ? values[0] : 0, to: &bytes)
    withUnsafeTemporaryAllocation(of: UInt64.self, capacity: blockSize) { deltas in
      guard let base = deltas.baseAddress else { return }
      base.initialize(repeating: 0, count: blockSize)
      var start = 1
      while start < count {
        let number = min(blockSize, count - start)
        var least = Int64.max
        for index in 0..<number {
          var delta = values[start + index] &- values[start + index - 1]
          if isNarrow { delta = Int64(Int32(truncatingIfNeeded: delta)) }
          base[index] = UInt64(bitPattern: delta)
          least = min(least, delta)
        }
        for index in 0..<number {
          base[index] = base[index] &- UInt64(bitPattern: least)
          if isNarrow { base[index] &= 0xFFFF_FFFF }
        }
        for index in number..<blockSize { base[index] = 0 }
        appendBlock(base, number, least, &bytes)
        start += number
      }
    }
  }

  private static func appendBlock(
    _ deltas: UnsafeMutablePointer<UInt64>,
    _ number: Int,
    _ least: Int64,
    _ bytes: inout [UInt8]
  ) {
    Varint.appendZigzag(least, to: &bytes)
    let widths = bytes.count
    for miniblock in 0..<(blockSize / miniblockSize) {
      var all: UInt64 = 0
      for index in 0..<miniblockSize { all |= deltas[miniblock * miniblockSize + index] }
      bytes.append(UInt8(64 - all.leadingZeroBitCount))
    }
    for miniblock in 0..<((number + miniblockSize - 1) / miniblockSize) {
      BitPacking.pack(
        UnsafeBufferPointer(start: deltas + miniblock * miniblockSize, count: miniblockSize),
        bitWidth: Int(bytes[widths + miniblock]),
        into: &bytes
      )
    }
  }
}
