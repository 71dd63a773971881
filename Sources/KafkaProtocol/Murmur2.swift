// The hash that Kafka's Java client chooses a partition with: any client that hashes the same key
// must reach the same partition, or the order of one device's events is lost.

/// MurmurHash2, 32 bits, with Kafka's seed `0x9747b28c`.
public enum Murmur2 {
  /// The hash of `bytes`.
  public static func hash(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
    let multiplier: UInt32 = 0x5BD1_E995
    var hash = 0x9747_B28C ^ UInt32(truncatingIfNeeded: bytes.count)
    var index = 0
    while index + 4 <= bytes.count {
      var word = UInt32(
        littleEndian: bytes.loadUnaligned(fromByteOffset: index, as: UInt32.self)
      )
      word &*= multiplier
      word ^= word >> 24
      word &*= multiplier
      hash &*= multiplier
      hash ^= word
      index += 4
    }
    let rest = bytes.count - index
    if rest >= 3 { hash ^= UInt32(bytes[index + 2]) << 16 }
    if rest >= 2 { hash ^= UInt32(bytes[index + 1]) << 8 }
    if rest >= 1 {
      hash ^= UInt32(bytes[index])
      hash &*= multiplier
    }
    hash ^= hash >> 13
    hash &*= multiplier
    hash ^= hash >> 15
    return hash
  }

  public static func hash(_ bytes: [UInt8]) -> UInt32 {
    bytes.withUnsafeBytes { hash($0) }
  }

  /// The partition of a key among `count`, as the Java client's default partitioner answers it.
  public static func partition(forKey key: [UInt8], count: Int) -> Int32 {
    key.withUnsafeBytes { partition(forKey: $0, count: count) }
  }

  /// The same for a key where it stands.
  public static func partition(forKey key: UnsafeRawBufferPointer, count: Int) -> Int32 {
    precondition(count > 0, "a topic has at least one partition")
    return Int32(truncatingIfNeeded: Int(hash(key) & 0x7FFF_FFFF) % count)
  }
}
