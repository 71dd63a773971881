// LZ4 against itself, against bytes of the reference tool written down, and against lies.

import Codecs
import Testing

struct LZ4Tests {
  private static func noise(_ count: Int, alphabet: UInt64, seed: UInt64) -> [UInt8] {
    var state = seed
    return (0..<count).map { _ in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return UInt8(truncatingIfNeeded: (state >> 33) % alphabet)
    }
  }

  private func unpack(
    _ packed: [UInt8], size: Int,
    _ decompress: (UnsafeRawBufferPointer, UnsafeMutableRawBufferPointer) throws -> Void
  ) throws -> [UInt8] {
    var output = [UInt8](repeating: 0, count: size)
    try packed.withUnsafeBytes { source in
      try output.withUnsafeMutableBytes { try decompress(source, $0) }
    }
    return output
  }

  @Test(arguments: [0, 1, 4, 11, 12, 13, 14, 15, 16, 64, 270, 271, 272, 65_535, 65_540, 300_000])
  func `unpacks what it packed, of any size and kind, in every framing`(count: Int) throws {
    for alphabet: UInt64 in [1, 2, 16, 256] {
      let bytes = Self.noise(count, alphabet: alphabet, seed: 7)
      let block = bytes.withUnsafeBytes { LZ4.compress($0) }
      #expect(try unpack(block, size: count) { try LZ4.decompress($0, into: $1) } == bytes)
      let frame = bytes.withUnsafeBytes { LZ4.compressFrame($0) }
      #expect(try unpack(frame, size: count) { try LZ4.decompressFrame($0, into: $1) } == bytes)
      let hadoop = bytes.withUnsafeBytes { LZ4.compressHadoop($0) }
      for packed in [block, frame, hadoop] {
        let plain = try unpack(packed, size: count) { try LZ4.decompressUnnamed($0, into: $1) }
        #expect(plain == bytes)
      }
    }
  }

  @Test func `packs a repeated text into a tenth`() throws {
    let bytes = Array(String(repeating: "the path of an event ", count: 1_000).utf8)
    #expect(bytes.withUnsafeBytes { LZ4.compress($0) }.count < bytes.count / 10)
  }

  @Test func `reads the frame that the reference tool writes`() throws {
    // `printf '%s' 'tap tap tap tap tap tap tap tap' | lz4 -9 --content-size`, by lz4 1.9.4.
    #expect(Self.referenceFrame.count > 20)
    let plain = try unpack(Self.referenceFrame, size: 31) { try LZ4.decompressFrame($0, into: $1) }
    #expect(plain == Array("tap tap tap tap tap tap tap tap".utf8))
    for index in 4..<Self.referenceFrame.count {
      var damaged = Self.referenceFrame
      damaged[index] ^= 0x10
      #expect(throws: CodecsError.self, "byte \(index)") {
        try unpack(damaged, size: 31) { try LZ4.decompressFrame($0, into: $1) }
      }
    }
  }

  private static let referenceFrame: [UInt8] = [
    0x04, 0x22, 0x4D, 0x18, 0x64, 0x40, 0xA7, 0x0E, 0x00, 0x00, 0x00, 0x4F, 0x74, 0x61, 0x70,
    0x20, 0x04, 0x00, 0x03, 0x50, 0x70, 0x20, 0x74, 0x61, 0x70, 0x00, 0x00, 0x00, 0x00, 0xF2,
    0x3F, 0x23, 0xEB,
  ]

  @Test(arguments: [
    [], [0x10], [0x40, 1, 2], [0x10, 1, 1], [0x10, 1, 0, 0], [0x10, 1, 2, 0, 0], [0x10, 1, 1, 0],
    [0xF0], [0xF0, 255, 255], [0x1F, 1, 1, 0, 255], [0xF0, 255, 0, 1], [0x50, 1, 2, 3, 4, 5],
  ] as [[UInt8]])
  func `refuses blocks that leave their bounds`(packed: [UInt8]) {
    #expect(throws: CodecsError.self) {
      try unpack(packed, size: 4) { try LZ4.decompress($0, into: $1) }
    }
  }

  @Test func `survives random bytes and random damage`() {
    var state: UInt64 = 99
    func next() -> UInt64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return state >> 33
    }
    let bytes = Self.noise(5_000, alphabet: 3, seed: 1)
    let packed = bytes.withUnsafeBytes { LZ4.compressFrame($0) }
    let block = bytes.withUnsafeBytes { LZ4.compress($0) }
    var refused = 0
    for round in 0..<4_000 {
      var damaged = round % 2 == 0 ? packed : block
      for _ in 0...(round % 3) { damaged[Int(next()) % damaged.count] = UInt8(next() & 0xFF) }
      do {
        _ = try unpack(damaged, size: 5_000) { try LZ4.decompressUnnamed($0, into: $1) }
      } catch { refused += 1 }
    }
    #expect(refused > 1_500)
  }
}
