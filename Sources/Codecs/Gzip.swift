internal import CZlib

/// gzip (RFC 1952) by zlib, whole buffers at a time.
///
/// The header carries no time and no name, so the same bytes give the same file on one machine.
public enum Gzip {
  /// True where the bytes begin like a gzip member.
  public static func isGzip(_ bytes: some Collection<UInt8>) -> Bool {
    bytes.prefix(2).elementsEqual([0x1F, 0x8B])
  }

  /// Compresses at level 1 (fast) to 9 (small).
  public static func compress(_ bytes: [UInt8], level: Int = 1) throws -> [UInt8] {
    var stream = z_stream()
    guard tapline_deflateInit2(&stream, Int32(level), 31) == Z_OK else {
      throw CodecsError(.unsupported, codec: "gzip", "zlib could not start a compressor")
    }
    defer { deflateEnd(&stream) }
    let bound = Int(deflateBound(&stream, UInt(bytes.count)))
    return try bytes.withUnsafeBufferPointer { input in
      stream.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
      stream.avail_in = UInt32(input.count)
      return try [UInt8](unsafeUninitializedCapacity: bound) { output, count in
        stream.next_out = output.baseAddress
        stream.avail_out = UInt32(output.count)
        guard deflate(&stream, Z_FINISH) == Z_STREAM_END else {
          throw CodecsError(.corrupt, codec: "gzip", "zlib did not finish a member")
        }
        count = output.count - Int(stream.avail_out)
      }
    }
  }

  /// The size that the last four bytes name: what the last member unpacks to, modulo 2^32; nil for bytes
  /// that are too few to be a member.
  ///
  /// Who packed the bytes may have written anything there.
  public static func statedSize(of bytes: [UInt8]) -> Int? {
    guard bytes.count >= 18 else { return nil }
    var size = 0
    for byte in bytes.suffix(4).reversed() { size = size << 8 | Int(byte) }
    return size
  }

  /// Decompresses one or more members.
  ///
  /// - Throws: `codecs.tooLarge` as soon as the result would pass `bytesMax` (a gzip bomb is never
  ///   unpacked), `codecs.truncated` or `codecs.corrupt` for anything that is not whole gzip.
  public static func decompress(_ bytes: [UInt8], bytesMax: Int) throws -> [UInt8] {
    if let whole = try decompressAtOnce(bytes, bytesMax: bytesMax) { return whole }
    var result: [UInt8] = []
    try bytes.withUnsafeBufferPointer { input in
      try decompress(input, bytesMax: bytesMax) { result.append(contentsOf: $0) }
    }
    return result
  }

  /// One member into memory of the size that its last four bytes name, without a window and without
  /// copying; nil where that is not all there is to it, and the long way has to say what is.
  private static func decompressAtOnce(_ bytes: [UInt8], bytesMax: Int) throws -> [UInt8]? {
    // Nothing packs better than 1 to 1032.
    guard bytes.count <= Int(UInt32.max), let size = statedSize(of: bytes),
      size > 0, size <= bytesMax, size / 1_032 <= bytes.count
    else { return nil }
    var stream = z_stream()
    guard tapline_inflateInit2(&stream, 31) == Z_OK else { return nil }
    defer { inflateEnd(&stream) }
    var status = Z_OK
    let result = bytes.withUnsafeBufferPointer { input in
      stream.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
      stream.avail_in = UInt32(input.count)
      return [UInt8](unsafeUninitializedCapacity: size) { output, count in
        stream.next_out = output.baseAddress
        stream.avail_out = UInt32(size)
        status = inflate(&stream, Z_FINISH)
        count = size - Int(stream.avail_out)
      }
    }
    switch status {
    case Z_STREAM_END: return stream.avail_in == 0 ? result : nil
    // Neither is for want of room: the long way would find the same.
    case Z_DATA_ERROR: throw corrupt
    case Z_BUF_ERROR where stream.avail_in == 0 && stream.avail_out > 0: throw truncated
    default: return nil
    }
  }

  private static var corrupt: CodecsError {
    CodecsError(.corrupt, codec: "gzip", "the data is not valid gzip")
  }

  private static var truncated: CodecsError {
    CodecsError(.truncated, codec: "gzip", "the data ends inside a member")
  }

  /// The same in chunks of at most 64 KiB, handed to `consume` in order.
  public static func decompress(
    _ input: UnsafeBufferPointer<UInt8>,
    bytesMax: Int,
    consume: (UnsafeBufferPointer<UInt8>) throws -> Void
  ) throws {
    var stream = z_stream()
    guard tapline_inflateInit2(&stream, 31) == Z_OK else {
      throw CodecsError(.unsupported, codec: "gzip", "zlib could not start a decompressor")
    }
    defer { inflateEnd(&stream) }
    stream.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
    stream.avail_in = UInt32(input.count)
    var total = 0
    let chunk = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: 64 * 1_024)
    defer { chunk.deallocate() }
    while true {
      stream.next_out = chunk.baseAddress
      stream.avail_out = UInt32(chunk.count)
      let status = inflate(&stream, Z_NO_FLUSH)
      let produced = chunk.count - Int(stream.avail_out)
      total += produced
      if total > bytesMax {
        throw CodecsError(.tooLarge, codec: "gzip", "it unpacks to more than \(bytesMax) bytes")
      }
      try consume(UnsafeBufferPointer(rebasing: chunk[0..<produced]))
      switch status {
      case Z_STREAM_END:
        if stream.avail_in == 0 { return }
        guard inflateReset(&stream) == Z_OK else {
          throw CodecsError(.corrupt, codec: "gzip", "bytes follow the last member")
        }
      case Z_OK:
        continue
      case Z_BUF_ERROR where stream.avail_in == 0:
        throw truncated
      default:
        throw corrupt
      }
    }
  }
}
