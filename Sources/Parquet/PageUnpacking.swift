// Codecs of pages, with a bound on what a header may make us allocate.

import Codecs
import Columnar

enum PageCodec: Int32, Sendable {
  case uncompressed = 0
  case snappy = 1
  case gzip = 2
  /// Any of the old framings; see `LZ4.decompressUnnamed`.
  case lz4 = 5
  case zstd = 6
  case lz4Raw = 7

  /// The name of any codec the format knows, for errors.
  static func name(_ raw: Int32) -> String {
    let names = ["UNCOMPRESSED", "SNAPPY", "GZIP", "LZO", "BROTLI", "LZ4", "ZSTD", "LZ4_RAW"]
    return raw >= 0 && Int(raw) < names.count ? names[Int(raw)] : "codec \(raw)"
  }

  /// The largest page that is unpacked.
  static let byteCountMax = 1 << 30
  /// A larger page must be part of a column that the footer says is as large.
  static let usualByteCountMax = 64 << 20

  /// The most that a byte of this codec can unpack to: zstd a block of 128 KiB from 4 bytes, gzip
  /// 1,032 (and a header), snappy 64 from 3,
  /// lz4 255.
  private var ratioMax: Int {
    switch self {
    case .uncompressed: 1
    case .snappy: 22
    case .gzip: 1_032
    case .lz4, .lz4Raw: 256
    case .zstd: 32_768
    }
  }

  /// The page's bytes: `head` bytes as they are, then the rest unpacked to `size - head`.
  func unpack(
    _ packed: UnsafeRawBufferPointer,
    head: Int,
    size: Int,
    place: FilePlace
  ) throws -> Buffer {
    let body = packed.count - head
    let due = size - head
    guard head >= 0, body >= 0, due >= 0, due / ratioMax <= body,
      self != .uncompressed || due == body
    else {
      throw place.error(.corrupt, at: 0, "a page of \(packed.count) bytes cannot unpack to \(size)")
    }
    // Where the data itself states a size, nothing is allocated for another one.
    let stated: Int? =
      switch self {
      case .snappy: Snappy.decompressedSize(packed[head...].rebased)
      case .zstd: Zstd.statedSize(packed[head...].rebased)
      case .uncompressed, .gzip, .lz4, .lz4Raw: nil
      }
    if due > 0, let stated, stated != due {
      throw place.error(.corrupt, at: 0, "a page of \(stated) bytes where \(due) were due")
    }
    do {
      return try Buffer(byteCount: size) { memory in
        if head > 0 { memory.copyMemory(from: packed[0..<head].rebased) }
        if due == 0 { return }
        let target = UnsafeMutableRawBufferPointer(rebasing: memory[head...])
        let source = packed[head...].rebased
        switch self {
        case .uncompressed: target.copyMemory(from: source)
        case .snappy: try Snappy.decompress(source, into: target)
        case .gzip: try Gzip.decompress(source, into: target)
        case .zstd: try Zstd.decompress(source, into: target)
        case .lz4: try LZ4.decompressUnnamed(source, into: target)
        case .lz4Raw: try LZ4.decompress(source, into: target)
        }
      }
    } catch let error as CodecsError {
      throw place.error(.corrupt, at: 0, "a page does not unpack: \(error.codec): \(error.message)")
    }
  }
}
