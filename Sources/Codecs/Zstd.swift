internal import CZstd

/// Zstandard frames by libzstd, whole buffers at a time.
public enum Zstd {
  public static func compress(_ bytes: UnsafeRawBufferPointer, level: Int = 1) throws -> [UInt8] {
    let bound = ZSTD_compressBound(bytes.count)
    return try [UInt8](unsafeUninitializedCapacity: bound) { output, count in
      let size = ZSTD_compress(
        output.baseAddress,
        output.count,
        bytes.baseAddress,
        bytes.count,
        Int32(level)
      )
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
        output.baseAddress,
        output.count,
        bytes.baseAddress,
        bytes.count
      )
      guard ZSTD_isError(written) == 0 else {
        throw CodecsError(.corrupt, codec: "zstd", String(cString: ZSTD_getErrorName(written)))
      }
      guard written == size else {
        throw CodecsError(
          .corrupt,
          codec: "zstd",
          "\(written) bytes came out where \(size) were due"
        )
      }
      count = written
    }
  }

  /// Decompresses one or more frames of unknown size, as Kafka's clients stream them.
  ///
  /// - Throws: `codecs.tooLarge` as soon as the result would pass `bytesMax`, `codecs.truncated` or
  ///   `codecs.corrupt` for anything that is not whole frames.
  public static func decompress(
    _ bytes: UnsafeRawBufferPointer,
    bytesMax: Int
  ) throws -> [UInt8] {
    guard let stream = ZSTD_createDCtx() else {
      throw CodecsError(.unsupported, codec: "zstd", "libzstd could not start a decompressor")
    }
    defer { ZSTD_freeDCtx(stream) }
    var result: [UInt8] = []
    var input = ZSTD_inBuffer(src: bytes.baseAddress, size: bytes.count, pos: 0)
    let chunk = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 * 1_024, alignment: 16)
    defer { chunk.deallocate() }
    var rest = 1
    while true {
      var output = ZSTD_outBuffer(dst: chunk.baseAddress, size: chunk.count, pos: 0)
      let inputBefore = input.pos
      rest = ZSTD_decompressStream(stream, &output, &input)
      guard ZSTD_isError(rest) == 0 else {
        throw CodecsError(.corrupt, codec: "zstd", String(cString: ZSTD_getErrorName(rest)))
      }
      guard output.pos <= bytesMax - result.count else {
        throw CodecsError(.tooLarge, codec: "zstd", "it unpacks to more than \(bytesMax) bytes")
      }
      result.append(contentsOf: chunk[..<output.pos])
      if rest == 0, input.pos == input.size { return result }
      if output.pos == 0, input.pos == inputBefore {
        throw CodecsError(.truncated, codec: "zstd", "the data ends inside a frame")
      }
    }
  }
}

extension Zstd {
  /// The first frame in `bytes`: its compressed length, and the plain length that it states.
  ///
  /// Nil where no whole frame begins there, or where it does not state its size.
  public static func firstFrame(
    _ bytes: UnsafeRawBufferPointer
  ) -> (byteCount: Int, plainByteCount: Int)? {
    let compressed = ZSTD_findFrameCompressedSize(bytes.baseAddress, bytes.count)
    guard ZSTD_isError(compressed) == 0 else { return nil }
    let plain = ZSTD_getFrameContentSize(bytes.baseAddress, bytes.count)
    // The two highest values mean "unknown" and "error".
    guard plain < UInt64.max - 1, plain <= 1 << 30 else { return nil }
    return (compressed, Int(plain))
  }
}
