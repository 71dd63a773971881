/// XXH32, the checksum of LZ4 frames.
enum XXHash32 {
  private static let prime1: UInt32 = 2_654_435_761
  private static let prime2: UInt32 = 2_246_822_519
  private static let prime3: UInt32 = 3_266_489_917
  private static let prime4: UInt32 = 668_265_263
  private static let prime5: UInt32 = 374_761_393

  /// The checksum of `bytes` with seed 0.
  static func checksum(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
    var index = 0
    var hash: UInt32
    if bytes.count >= 16 {
      var lanes = SIMD4<UInt32>(prime1 &+ prime2, prime2, 0, 0 &- prime1)
      while index + 16 <= bytes.count {
        for lane in 0..<4 {
          let word = bytes.loadUnaligned(fromByteOffset: index + lane * 4, as: UInt32.self)
          lanes[lane] = rotate(lanes[lane] &+ UInt32(littleEndian: word) &* prime2, 13) &* prime1
        }
        index += 16
      }
      hash = rotate(lanes[0], 1) &+ rotate(lanes[1], 7)
      hash = hash &+ rotate(lanes[2], 12) &+ rotate(lanes[3], 18)
    } else {
      hash = prime5
    }
    hash = hash &+ UInt32(truncatingIfNeeded: bytes.count)
    while index + 4 <= bytes.count {
      let word = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: index, as: UInt32.self))
      hash = rotate(hash &+ word &* prime3, 17) &* prime4
      index += 4
    }
    while index < bytes.count {
      hash = rotate(hash &+ UInt32(bytes[index]) &* prime5, 11) &* prime1
      index += 1
    }
    hash = (hash ^ hash >> 15) &* prime2
    hash = (hash ^ hash >> 13) &* prime3
    return hash ^ hash >> 16
  }

  @inline(__always)
  private static func rotate(_ word: UInt32, _ bits: UInt32) -> UInt32 {
    word << bits | word >> (32 - bits)
  }
}
