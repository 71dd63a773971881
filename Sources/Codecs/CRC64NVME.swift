internal import CIntrinsics

/// CRC-64/NVME, the checksum that S3's newer clients send with whole objects.
///
/// By carry-less multiplication where the processor has it, else by sixteen table look-ups for
/// sixteen bytes at a time.
public enum CRC64NVME {
  private static let canFold = tapline_has_polynomial_fold()
  private static let polynomial = CRCPolynomial<UInt64>(feedback: 0x9A6C_9329_AC4B_C9B5)
  private static let tables = polynomial.tables(slices: 16)

  /// The checksum of `bytes`, continued from `previous`; `0` for none.
  public static func checksum(_ bytes: UnsafeRawBufferPointer, previous: UInt64 = 0) -> UInt64 {
    guard canFold, bytes.count >= CRCPolynomial<UInt64>.foldedBytesMin else {
      return checksumByTables(bytes, previous: previous)
    }
    return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 16) { remainder in
      guard let address = remainder.baseAddress else {
        return checksumByTables(bytes, previous: previous)
      }
      let folded = polynomial.fold(bytes, from: ~previous, into: address)
      let register = step(0, UnsafeRawBufferPointer(start: address, count: 16))
      return ~step(register, UnsafeRawBufferPointer(rebasing: bytes[folded...]))
    }
  }

  /// The same on any processor; what the instruction is held against.
  public static func checksumByTables(
    _ bytes: UnsafeRawBufferPointer,
    previous: UInt64 = 0
  ) -> UInt64 {
    ~step(~previous, bytes)
  }

  /// The checksum of two stretches of bytes, one behind the other, from the checksum of each.
  ///
  /// - Precondition: `secondByteCount` is not negative.
  public static func combine(_ first: UInt64, _ second: UInt64, secondByteCount: Int) -> UInt64 {
    polynomial.combine(first, second, secondByteCount: secondByteCount)
  }

  private static func step(_ register: UInt64, _ bytes: UnsafeRawBufferPointer) -> UInt64 {
    tables.withUnsafeBufferPointer { table in
      var crc = register
      var index = 0
      while index + 16 <= bytes.count {
        let low =
          UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self)) ^ crc
        let high =
          UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: index + 8, as: UInt64.self))
        crc = 0
        for slice in 0..<8 {
          let shift = UInt64(slice * 8)
          crc ^= table[(15 - slice) * 256 + Int(low >> shift & 0xFF)]
          crc ^= table[(7 - slice) * 256 + Int(high >> shift & 0xFF)]
        }
        index += 16
      }
      while index < bytes.count {
        crc = crc >> 8 ^ table[Int((crc ^ UInt64(bytes[index])) & 0xFF)]
        index += 1
      }
      return crc
    }
  }
}
