internal import CIntrinsics
internal import CZlib

/// CRC-32 (the polynomial of gzip and Ethernet): the checksum of Parquet pages and of S3's clients.
///
/// By carry-less multiplication where the processor has it, else by zlib.
public enum CRC32 {
  private static let canFold = tapline_has_polynomial_fold()
  private static let polynomial = CRCPolynomial<UInt32>(feedback: 0xEDB8_8320)

  /// The checksum of `bytes`, continued from `previous`; `0` for none.
  public static func checksum(_ bytes: UnsafeRawBufferPointer, previous: UInt32 = 0) -> UInt32 {
    guard canFold, bytes.count >= CRCPolynomial<UInt32>.foldedBytesMin else {
      return checksumByZlib(bytes, previous: previous)
    }
    return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 16) { remainder in
      guard let address = remainder.baseAddress else {
        return checksumByZlib(bytes, previous: previous)
      }
      let folded = polynomial.fold(bytes, from: ~previous, into: address)
      let remaining = UnsafeRawBufferPointer(start: address, count: 16)
      let head = checksumByZlib(remaining, previous: .max)
      return checksumByZlib(UnsafeRawBufferPointer(rebasing: bytes[folded...]), previous: head)
    }
  }

  /// The same on any processor; what the instruction is held against.
  public static func checksumByZlib(
    _ bytes: UnsafeRawBufferPointer,
    previous: UInt32 = 0
  ) -> UInt32 {
    guard let address = bytes.bindMemory(to: UInt8.self).baseAddress else { return previous }
    return UInt32(truncatingIfNeeded: crc32_z(UInt(previous), address, bytes.count))
  }

  /// The checksum of two stretches of bytes, one behind the other, from the checksum of each.
  ///
  /// - Precondition: `secondByteCount` is not negative.
  public static func combine(_ first: UInt32, _ second: UInt32, secondByteCount: Int) -> UInt32 {
    polynomial.combine(first, second, secondByteCount: secondByteCount)
  }
}
