// The run-length hybrid and the bit packing below it.

import Codecs
import Testing

struct RunLengthBitPackedTests {
  private func decode(
    _ bytes: [UInt8], bitWidth: Int, count: Int, pieces: Int = .max
  ) throws -> [Int32] {
    try bytes.withUnsafeBytes { bytes in
      var decoder = try RunLengthBitPacked.Decoder(bytes, bitWidth: bitWidth)
      var values = [Int32](repeating: -1, count: count)
      try values.withUnsafeMutableBufferPointer { target in
        var done = 0
        while done < count, let base = target.baseAddress {
          let step = min(pieces, count - done)
          try decoder.decode(into: base + done, count: step)
          done += step
        }
      }
      return values
    }
  }

  private func encode(_ values: [Int32], bitWidth: Int) -> [UInt8] {
    var bytes: [UInt8] = []
    values.withUnsafeBufferPointer {
      RunLengthBitPacked.encode($0, bitWidth: bitWidth, into: &bytes)
    }
    return bytes
  }

  @Test func `packs the format's own example`() {
    // 0 to 7 at three bits: 10001000 11000110 11111010.
    #expect(encode(Array(0...7), bitWidth: 3) == [3, 0b1000_1000, 0b1100_0110, 0b1111_1010])
  }

  @Test func `writes a long run as a run`() {
    #expect(encode([Int32](repeating: 4, count: 100), bitWidth: 3) == [0xC8, 0x01, 4])
    #expect(encode([Int32](repeating: 300, count: 8), bitWidth: 9) == [16, 44, 1])
  }

  @Test func `fills the group before a run from the run`() {
    let values: [Int32] = [1, 0, 1] + [Int32](repeating: 1, count: 20)
    #expect(encode(values, bitWidth: 1) == [3, 0b1111_1101, 30, 1])
  }

  @Test(arguments: 1...32)
  func `reads back every width in pieces of any size`(bitWidth: Int) throws {
    var state = UInt64(bitWidth)
    let mask = bitWidth == 32 ? UInt32.max : (1 << UInt32(bitWidth)) - 1
    var values: [Int32] = []
    while values.count < 5_000 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      let value = Int32(bitPattern: UInt32(truncatingIfNeeded: state >> 32) & mask)
      let run = state >> 20 & 3 == 0 ? Int(state >> 8 & 63) : 1
      values += [Int32](repeating: value, count: run)
    }
    let bytes = encode(values, bitWidth: bitWidth)
    for pieces in [1, 7, 1_000, Int.max] {
      #expect(try decode(bytes, bitWidth: bitWidth, count: values.count, pieces: pieces) == values)
    }
  }

  @Test func `needs no bytes for width 0`() throws {
    #expect(try decode([], bitWidth: 0, count: 3) == [0, 0, 0])
  }

  @Test func `reads levels as bits at any offset`() throws {
    let values: [Int32] = (0..<200).map { $0 % 3 == 0 || ($0 > 50 && $0 < 120) ? 1 : 0 }
    let bytes = encode(values, bitWidth: 1)
    for offset in [0, 1, 7, 8] {
      var bitmap = [UInt8](repeating: 0, count: 40)
      let ones = try bytes.withUnsafeBytes { bytes in
        var decoder = try RunLengthBitPacked.Decoder(bytes, bitWidth: 1)
        return try bitmap.withUnsafeMutableBufferPointer { target in
          guard let base = target.baseAddress else { return 0 }
          let first = try decoder.decodeBits(into: base, bitOffset: offset, count: 77)
          return try first
            + decoder.decodeBits(into: base, bitOffset: offset + 77, count: 123)
        }
      }
      #expect(ones == values.count { $0 == 1 })
      let bits = (0..<200).map { Int32(bitmap[($0 + offset) >> 3] >> UInt8(($0 + offset) & 7) & 1) }
      #expect(bits == values)
    }
  }

  @Test(arguments: [[], [4], [0x80], [3], [0xFE, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1, 1]] as [[UInt8]])
  func `refuses missing values`(bytes: [UInt8]) {
    #expect(throws: CodecsError.self) { try decode(bytes, bitWidth: 2, count: 10) }
  }

  @Test func `refuses widths that no code has`() {
    #expect(throws: CodecsError.self) { try decode([2, 1], bitWidth: 33, count: 1) }
  }

  @Test(arguments: 0...64)
  func `unpacks up to 64 bits`(bitWidth: Int) {
    let mask = bitWidth == 64 ? UInt64.max : (UInt64(1) << UInt64(bitWidth)) - 1
    let values: [UInt64] = (1...16).map { UInt64($0) &* 0x9E37_79B9_7F4A_7C15 & mask }
    var bytes = [UInt8](repeating: 0, count: bitWidth * 2)
    for (index, value) in values.enumerated() {
      for bit in 0..<bitWidth where value >> UInt64(bit) & 1 == 1 {
        let place = index * bitWidth + bit
        bytes[place >> 3] |= 1 << UInt8(place & 7)
      }
    }
    var read = [UInt64](repeating: 9, count: 16)
    bytes.withUnsafeBytes { bytes in
      read.withUnsafeMutableBufferPointer { target in
        guard let base = target.baseAddress else { return }
        BitPacking.unpack(bytes, bitOffset: 0, bitWidth: bitWidth, into: base, count: 16)
      }
    }
    #expect(read == values)
  }
}
