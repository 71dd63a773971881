// Snappy against itself, against bytes written down by hand, and against lies.

import Codecs
import Testing

struct SnappyTests {
  private func roundTrip(_ bytes: [UInt8]) throws -> [UInt8] {
    let packed = bytes.withUnsafeBytes { Snappy.compress($0) }
    return try packed.withUnsafeBytes { try Snappy.decompress($0, bytesMax: bytes.count) }
  }

  private static func noise(_ count: Int, alphabet: UInt64, seed: UInt64) -> [UInt8] {
    var state = seed
    return (0..<count).map { _ in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return UInt8(truncatingIfNeeded: (state >> 33) % alphabet)
    }
  }

  @Test(arguments: [0, 1, 14, 15, 16, 59, 60, 61, 256, 257, 65_535, 65_536, 65_537, 300_000])
  func `unpacks what it packed, of any size and kind`(count: Int) throws {
    for alphabet: UInt64 in [1, 2, 16, 256] {
      let bytes = Self.noise(count, alphabet: alphabet, seed: 7)
      #expect(try roundTrip(bytes) == bytes)
    }
  }

  @Test func `packs a repeated text into a tenth`() throws {
    let bytes = Array(String(repeating: "the path of an event ", count: 1_000).utf8)
    let packed = bytes.withUnsafeBytes { Snappy.compress($0) }
    #expect(packed.count < bytes.count / 10)
    #expect(try roundTrip(bytes) == bytes)
  }

  @Test func `reads every kind of element`() throws {
    // 12 bytes: literal "abcd", copy-1 of 4 from 4 back, copy-2 of 2 from 8, copy-4 of 2 from 1.
    let packed: [UInt8] = [
      12, 3 << 2, 0x61, 0x62, 0x63, 0x64, 0b000_000_01, 4, 1 << 2 | 2, 8, 0, 1 << 2 | 3, 1, 0, 0, 0,
    ]
    let bytes = try packed.withUnsafeBytes { try Snappy.decompress($0, bytesMax: 12) }
    #expect(bytes == Array("abcdabcdabbb".utf8))
  }

  @Test func `reads a literal whose length stands in extra bytes`() throws {
    let text = [UInt8](repeating: 0x78, count: 300)
    let packed: [UInt8] = [0xAC, 0x02, 61 << 2, 0x2B, 0x01] + text
    #expect(try packed.withUnsafeBytes { try Snappy.decompress($0, bytesMax: 300) } == text)
  }

  @Test(arguments: [
    [], [0x80], [4, 0], [4, 3 << 2, 0x61], [4, 1, 1], [4, 0, 0x61, 1, 0], [4, 0, 0x61, 2, 9, 0],
    [2, 3 << 2, 1, 2, 3, 4], [4, 63 << 2, 0xFF, 0xFF, 0xFF, 0xFF, 1], [5, 3 << 2, 1, 2, 3, 4],
    [4, 0, 0x61, 3, 1, 0], [4, 0, 0x61, 2, 1],
  ] as [[UInt8]])
  func `refuses data that leaves its bounds`(packed: [UInt8]) {
    #expect(throws: CodecsError.self) {
      try packed.withUnsafeBytes { try Snappy.decompress($0, bytesMax: 1 << 20) }
    }
  }

  @Test func `refuses a stated size over the limit, and one that the data cannot reach`() {
    let large: [UInt8] = [0xFF, 0xFF, 0xFF, 0xFF, 0x0F, 0, 0x61]
    let tooLarge = #expect(throws: CodecsError.self) {
      try large.withUnsafeBytes { try Snappy.decompress($0, bytesMax: 1_000) }
    }
    #expect(tooLarge?.kind == .tooLarge)
    let lie = #expect(throws: CodecsError.self) {
      try large.withUnsafeBytes { try Snappy.decompress($0, bytesMax: Int.max) }
    }
    #expect(lie?.kind == .corrupt)
  }

  @Test func `never leaves its memory on damaged data`() {
    let bytes = Self.noise(5_000, alphabet: 4, seed: 1)
    let packed = bytes.withUnsafeBytes { Snappy.compress($0) }
    var state: UInt64 = 42
    var outcomes = (read: 0, refused: 0)
    for _ in 0..<2_000 {
      var damaged = packed
      for _ in 0..<3 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        damaged[Int(state >> 33) % damaged.count] = UInt8(truncatingIfNeeded: state >> 20)
      }
      do {
        _ = try damaged.withUnsafeBytes { try Snappy.decompress($0, bytesMax: 10_000) }
        outcomes.read += 1
      } catch {
        outcomes.refused += 1
      }
    }
    #expect(outcomes.read + outcomes.refused == 2_000)
    #expect(outcomes.refused > 500)
  }
}
