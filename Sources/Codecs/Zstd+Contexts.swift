internal import CZstd

/// Zstandard for formats with many small blocks: one context for all of them.
///
/// Not thread-safe: it belongs to the writer that made it.
public final class ZstdCompressor {
  private let context: OpaquePointer
  private let level: Int32

  public init(level: Int = 1) throws {
    guard let context = ZSTD_createCCtx() else {
      throw CodecsError(.unsupported, codec: "zstd", "libzstd could not start a compressor")
    }
    self.context = context
    self.level = Int32(level)
  }

  deinit { ZSTD_freeCCtx(context) }

  /// One frame that states its size.
  public func compress(_ bytes: UnsafeRawBufferPointer) throws -> [UInt8] {
    let bound = ZSTD_compressBound(bytes.count)
    return try [UInt8](unsafeUninitializedCapacity: bound) { output, count in
      let size = ZSTD_compressCCtx(
        context,
        output.baseAddress,
        output.count,
        bytes.baseAddress,
        bytes.count,
        level
      )
      guard ZSTD_isError(size) == 0 else {
        throw CodecsError(.corrupt, codec: "zstd", String(cString: ZSTD_getErrorName(size)))
      }
      count = size
    }
  }
}

/// Unpacks one buffer after the other, with one context and one piece of memory for all of them.
///
/// Not thread-safe: it belongs to one caller at a time.
public final class ZstdDecompressor {
  private let context: OpaquePointer
  private var room = UnsafeMutableRawBufferPointer(start: nil, count: 0)
  /// More than this is not kept.
  private let roomMax: Int

  /// - Parameter roomMax: bytes of memory that it keeps at most.
  public init(roomMax: Int = 4 << 20) throws {
    guard let context = ZSTD_createDCtx() else {
      throw CodecsError(.unsupported, codec: "zstd", "libzstd could not start a decompressor")
    }
    self.context = context
    self.roomMax = roomMax
  }

  deinit {
    ZSTD_freeDCtx(context)
    room.deallocate()
  }

  /// Calls `body` with what one or more frames unpack to, which is gone when it returns.
  ///
  /// Frames need not say their size, and most producers' do not: what came last is the measure of what
  /// comes next.
  /// - Throws: what `Zstd.decompress(_:bytesMax:)` throws, and what `body` throws.
  public func withPlain<Result>(
    _ bytes: UnsafeRawBufferPointer, bytesMax: Int,
    _ body: (UnsafeRawBufferPointer) throws -> Result
  ) throws -> Result {
    if !room.isEmpty {
      let size = ZSTD_decompressDCtx(
        context, room.baseAddress, min(room.count, bytesMax), bytes.baseAddress, bytes.count)
      if ZSTD_isError(size) == 0 {
        return try body(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(room)[..<size]))
      }
    }
    // The room is too small, or something is wrong, which the long way says.
    let plain = try Zstd.decompress(bytes, bytesMax: bytesMax)
    if plain.count > room.count, plain.count <= roomMax {
      room.deallocate()
      // A little more than this one: batches of one producer are of about one size.
      room = .allocate(byteCount: min(roomMax, plain.count + plain.count / 4), alignment: 16)
    }
    return try plain.withUnsafeBytes(body)
  }
}

extension Zstd {
  /// The unpacked size that the first frame states; nil where it states none or is no frame.
  public static func statedSize(_ bytes: UnsafeRawBufferPointer) -> Int? {
    let size = ZSTD_getFrameContentSize(bytes.baseAddress, bytes.count)
    // The two highest values stand for "unknown" and "no frame".
    return size < UInt64.max - 1 ? Int(exactly: size) : nil
  }

  /// Decompresses into memory of exactly the size that the caller's format states.
  public static func decompress(
    _ bytes: UnsafeRawBufferPointer,
    into output: UnsafeMutableRawBufferPointer
  ) throws {
    let written = ZSTD_decompress(
      output.baseAddress,
      output.count,
      bytes.baseAddress,
      bytes.count
    )
    guard ZSTD_isError(written) == 0 else {
      throw CodecsError(.corrupt, codec: "zstd", String(cString: ZSTD_getErrorName(written)))
    }
    guard written == output.count else {
      throw CodecsError(
        .corrupt,
        codec: "zstd",
        "\(written) bytes came out where \(output.count) were due"
      )
    }
  }
}

extension Gzip {
  /// Decompresses one or more members into memory of exactly the size that the format states.
  public static func decompress(
    _ bytes: UnsafeRawBufferPointer,
    into output: UnsafeMutableRawBufferPointer
  ) throws {
    var written = 0
    try decompress(bytes.bindMemory(to: UInt8.self), bytesMax: output.count) { chunk in
      if chunk.isEmpty { return }
      UnsafeMutableRawBufferPointer(rebasing: output[written...])
        .copyMemory(from: UnsafeRawBufferPointer(chunk))
      written += chunk.count
    }
    guard written == output.count else {
      throw CodecsError(
        .corrupt,
        codec: "gzip",
        "\(written) bytes came out where \(output.count) were due"
      )
    }
  }
}
