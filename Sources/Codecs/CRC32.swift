internal import CZlib

/// CRC-32 (the polynomial of gzip and Ethernet) by zlib: the checksum of Parquet pages.
public enum CRC32 {
  /// The checksum of `bytes`, continued from `previous`; `0` for none.
  public static func checksum(_ bytes: UnsafeRawBufferPointer, previous: UInt32 = 0) -> UInt32 {
    guard let address = bytes.bindMemory(to: UInt8.self).baseAddress else { return previous }
    return UInt32(truncatingIfNeeded: crc32_z(UInt(previous), address, bytes.count))
  }
}
