internal import CZlib

/// Unpacks gzip piece by piece: for files and pipes that do not fit in memory.
///
/// Belongs to one thread. Feed the pieces in order; each call hands out what they unpack to.
public final class GzipInflater {
  private var stream = z_stream()
  private let chunk = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: 64 * 1_024)
  /// True between members: the data may end here.
  public private(set) var isAtMemberEnd = false

  public init() throws {
    guard tapline_inflateInit2(&stream, 31) == Z_OK else {
      chunk.deallocate()
      throw CodecsError(.unsupported, codec: "gzip", "zlib could not start a decompressor")
    }
  }

  deinit {
    inflateEnd(&stream)
    chunk.deallocate()
  }

  /// Unpacks the next piece, in chunks of at most 64 KiB handed to `consume` in order.
  ///
  /// Throws `codecs.corrupt` where the data is not gzip; what `consume` got before is good.
  public func inflate(
    _ input: UnsafeBufferPointer<UInt8>,
    consume: (UnsafeBufferPointer<UInt8>) throws -> Void
  ) throws {
    precondition(input.count <= Int(UInt32.max), "feed pieces below 4 GiB")
    stream.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
    stream.avail_in = UInt32(input.count)
    defer {
      stream.next_in = nil
      stream.avail_in = 0
    }
    while true {
      if isAtMemberEnd {
        if stream.avail_in == 0 { return }
        guard inflateReset(&stream) == Z_OK else { throw corrupt() }
        isAtMemberEnd = false
      }
      stream.next_out = chunk.baseAddress
      stream.avail_out = UInt32(chunk.count)
      let status = CZlib.inflate(&stream, Z_NO_FLUSH)
      let produced = chunk.count - Int(stream.avail_out)
      if produced > 0 { try consume(UnsafeBufferPointer(rebasing: chunk[0..<produced])) }
      switch status {
      case Z_STREAM_END: isAtMemberEnd = true
      case Z_OK: if stream.avail_in == 0, produced < chunk.count { return }
      case Z_BUF_ERROR: return
      default: throw corrupt()
      }
    }
  }

  private func corrupt() -> CodecsError {
    CodecsError(.corrupt, codec: "gzip", "the data is not valid gzip")
  }
}
