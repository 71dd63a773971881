internal import CIntrinsics

/// CRC-32C (Castagnoli), the checksum of Kafka record batches.
///
/// By the processor's instruction where it has one, else by eight table look-ups for eight bytes at
/// a time.
public enum CRC32C {
  private static let hasInstruction = tapline_has_crc32c()

  private static let tables: [UInt32] = {
    var tables = [UInt32](repeating: 0, count: 8 * 256)
    for index in 0..<256 {
      var value = UInt32(index)
      for _ in 0..<8 { value = value & 1 == 1 ? (value >> 1) ^ 0x82F6_3B78 : value >> 1 }
      tables[index] = value
    }
    for index in 0..<256 {
      for slice in 1..<8 {
        let previous = tables[(slice - 1) * 256 + index]
        tables[slice * 256 + index] = (previous >> 8) ^ tables[Int(previous & 0xFF)]
      }
    }
    return tables
  }()

  /// The checksum of any bytes; `0` for none.
  public static func checksum(_ bytes: some Collection<UInt8>) -> UInt32 {
    if let result = bytes.withContiguousStorageIfAvailable({ checksum(UnsafeRawBufferPointer($0)) })
    {
      return result
    }
    return Array(bytes).withUnsafeBytes { checksum($0) }
  }

  /// The checksum of `bytes`; `0` for none.
  public static func checksum(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
    guard hasInstruction, let start = bytes.baseAddress else { return checksumByTables(bytes) }
    return ~tapline_crc32c(0xFFFF_FFFF, start, bytes.count)
  }

  /// The same on any processor; what the instruction is held against.
  public static func checksumByTables(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
    tables.withUnsafeBufferPointer { table in
      var crc: UInt32 = 0xFFFF_FFFF
      var index = 0
      while index + 8 <= bytes.count {
        let word =
          UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self))
          ^ UInt64(crc)
        crc = 0
        for slice in 0..<8 {
          let byte = Int((word >> UInt64(slice * 8)) & 0xFF)
          crc ^= table[(7 - slice) * 256 + byte]
        }
        index += 8
      }
      while index < bytes.count {
        crc = (crc >> 8) ^ table[Int((crc ^ UInt32(bytes[index])) & 0xFF)]
        index += 1
      }
      return ~crc
    }
  }
}
