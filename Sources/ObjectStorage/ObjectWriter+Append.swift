#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

extension ObjectWriter {
  /// Writes bytes of another object behind what was written already.
  ///
  /// Between local stores the system copies them, on file systems that can without any bytes moving.
  public func append(_ reader: any ObjectReader, range: Range<Int>) throws {
    if let writer = self as? LocalObjectWriter, let file = reader as? LocalObjectReader {
      return try writer.append(file, range: range)
    }
    var start = range.lowerBound
    while start < range.upperBound {
      let end = start + min(FileCopy.pieceSize, range.upperBound - start)
      try reader.read(start..<end).withUnsafeBytes { try write($0) }
      start = end
    }
  }
}

/// Bytes from one file to the place where another one is written.
enum FileCopy {
  static let pieceSize = 1 << 20

  /// Copies as many of `count` bytes as the system does in one go; nil where it cannot.
  static func copy(
    from source: Int32, at start: Int, count: Int, to target: Int32
  ) throws -> Int? {
    #if canImport(Glibc)
    guard let copyFileRange else { return nil }
    var place = Int64(start)
    while true {
      let copied = copyFileRange(source, &place, target, nil, count, 0)
      if copied >= 0 { return copied }
      switch errno {
      case EINTR: continue
      // File systems of two kinds, or one that does not do it.
      case EXDEV, ENOSYS, EOPNOTSUPP, EINVAL, EBADF: return nil
      default: throw ObjectStorageError.system(errno, "copied", key: "")
      }
    }
    #else
    return nil
    #endif
  }

  #if canImport(Glibc)
  private typealias CopyFileRange = @convention(c) (
    Int32, UnsafeMutablePointer<Int64>?, Int32, UnsafeMutablePointer<Int64>?, Int, UInt32
  ) -> Int

  /// Swift's view of the C library leaves it out.
  private static let copyFileRange: CopyFileRange? = dlopen(nil, RTLD_NOW)
    .flatMap { dlsym($0, "copy_file_range") }
    .map { unsafeBitCast($0, to: CopyFileRange.self) }
  #endif
}
