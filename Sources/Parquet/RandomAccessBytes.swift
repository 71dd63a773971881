// Where the bytes of a Parquet file come from: memory, a file, or an object store's.

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// Bytes that can be read from any place, on any thread.
public protocol RandomAccessBytes: Sendable {
  var byteCount: Int { get }
  /// Exactly the bytes of `range`.
  ///
  /// - Throws: where the range leaves the bytes, or the medium fails.
  func read(_ range: Range<Int>) throws -> [UInt8]
}

/// Bytes in memory.
public struct ArrayBytes: RandomAccessBytes {
  private let bytes: [UInt8]

  public init(_ bytes: [UInt8]) {
    self.bytes = bytes
  }

  public var byteCount: Int { bytes.count }

  public func read(_ range: Range<Int>) throws -> [UInt8] {
    guard range.lowerBound >= 0, range.upperBound <= bytes.count else {
      throw ParquetError(
        .truncated,
        fileName: "memory",
        byteOffset: range.lowerBound,
        "\(range.count) bytes were asked for, and there are \(bytes.count) in all"
      )
    }
    return Array(bytes[range])
  }
}

/// The bytes of a file as it was when it was opened; reading moves no cursor.
public final class FileBytes: RandomAccessBytes {
  public let byteCount: Int
  private let path: String
  private let descriptor: Int32

  /// - Throws: `parquet.io` where the file cannot be opened.
  public init(path: String) throws {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      throw ParquetError(.io, fileName: path, "it cannot be opened: \(FileBytes.reason())")
    }
    let end = lseek(descriptor, 0, SEEK_END)
    guard end >= 0 else {
      let reason = FileBytes.reason()
      close(descriptor)
      throw ParquetError(.io, fileName: path, "its size cannot be read: \(reason)")
    }
    self.path = path
    self.descriptor = descriptor
    self.byteCount = Int(end)
  }

  deinit { close(descriptor) }

  public func read(_ range: Range<Int>) throws -> [UInt8] {
    guard range.lowerBound >= 0, range.upperBound <= byteCount else {
      throw ParquetError(
        .truncated,
        fileName: path,
        byteOffset: range.lowerBound,
        "\(range.count) bytes were asked for, and there are \(byteCount) in all"
      )
    }
    return try [UInt8](unsafeUninitializedCapacity: range.count) { target, count in
      while count < range.count {
        let got = pread(
          descriptor,
          target.baseAddress.map { $0 + count },
          range.count - count,
          off_t(range.lowerBound + count)
        )
        if got < 0, errno == EINTR { continue }
        guard got > 0 else {
          throw ParquetError(
            got == 0 ? .truncated : .io,
            fileName: path,
            byteOffset: range.lowerBound + count,
            got == 0 ? "the file became shorter" : "it cannot be read: \(FileBytes.reason())"
          )
        }
        count += got
      }
    }
  }

  private static func reason() -> String { String(cString: strerror(errno)) }
}
