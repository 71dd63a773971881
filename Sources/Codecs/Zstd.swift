internal import CZstd

/// Zstandard frames by libzstd, whole buffers at a time.
public enum Zstd {
  public static func compress(_ bytes: UnsafeRawBufferPointer, level: Int = 1) throws -> [UInt8] {
    let bound = ZSTD_compressBound(bytes.count)
    return try [UInt8](unsafeUninitializedCapacity: bound) { output, count in
      let size = ZSTD_compress(
        output.baseAddress, output.count, bytes.baseAddress, bytes.count, Int32(level))
      guard ZSTD_isError(size) == 0 else {
        throw CodecsError(.corrupt, codec: "zstd", String(cString: ZSTD_getErrorName(size)))
      }
      count = size
    }
  }

  /// Decompresses exactly `size` bytes, the size that the caller's format states.
  public static func decompress(_ bytes: UnsafeRawBufferPointer, size: Int) throws -> [UInt8] {
    try [UInt8](unsafeUninitializedCapacity: size) { output, count in
      let written = ZSTD_decompress(
        output.baseAddress, output.count, bytes.baseAddress, bytes.count)
      guard ZSTD_isError(written) == 0 else {
        throw CodecsError(.corrupt, codec: "zstd", String(cString: ZSTD_getErrorName(written)))
      }
      guard written == size else {
        throw CodecsError(.corrupt, codec: "zstd", "\(written) bytes came out where \(size) were due")
      }
      count = written
    }
  }
}
