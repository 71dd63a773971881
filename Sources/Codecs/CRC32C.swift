internal import CIntrinsics

/// CRC-32C (Castagnoli), the checksum of Kafka record batches and of S3's clients.
///
/// By the processor's instruction where it has one, else by eight table look-ups for eight bytes at
/// a time.
public enum CRC32C {
  private static let hasInstruction = tapline_has_crc32c()

  private static let polynomial = CRCPolynomial<UInt32>(feedback: 0x82F6_3B78)
  private static let tables = polynomial.tables(slices: 8)

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
    checksum(bytes, previous: 0)
  }

  /// The checksum of `bytes`, continued from `previous`, the checksum of what stands before them.
  public static func checksum(_ bytes: UnsafeRawBufferPointer, previous: UInt32) -> UInt32 {
    guard hasInstruction, let start = bytes.baseAddress else {
      return checksumByTables(bytes, previous: previous)
    }
    return ~tapline_crc32c(~previous, start, bytes.count)
  }

  /// The checksum of two stretches of bytes, one behind the other, from the checksum of each.
  ///
  /// - Precondition: `secondByteCount` is not negative.
  public static func combine(_ first: UInt32, _ second: UInt32, secondByteCount: Int) -> UInt32 {
    polynomial.combine(first, second, secondByteCount: secondByteCount)
  }

  /// The same on any processor; what the instruction is held against.
  public static func checksumByTables(
    _ bytes: UnsafeRawBufferPointer,
    previous: UInt32 = 0
  ) -> UInt32 {
    tables.withUnsafeBufferPointer { table in
      var crc = ~previous
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
