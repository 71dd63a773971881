#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// An open file, read at any place by `pread`; the descriptor closes with the object.
final class LocalObjectReader: ObjectReader {
  let byteCount: Int
  private let key: String
  private let descriptor: Int32

  init(path: String, key: String) throws {
    let descriptor = Self.openFile(path)
    guard descriptor >= 0 else { throw ObjectStorageError.system(errno, "read", key: key) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.isRegularFile else {
      close(descriptor)
      throw ObjectStorageError.system(ENOENT, "read", key: key)
    }
    self.descriptor = descriptor
    self.key = key
    self.byteCount = Int(status.st_size)
  }

  private static func openFile(_ path: String) -> Int32 {
    open(path, O_RDONLY | O_CLOEXEC)
  }

  deinit {
    close(descriptor)
  }

  func read(_ range: Range<Int>) throws -> [UInt8] {
    guard range.lowerBound >= 0, range.upperBound <= byteCount else { throw outside(range) }
    var failure: Int32 = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: range.count) { buffer, count in
      count = 0
      while count < range.count, let base = buffer.baseAddress {
        let got = pread(
          descriptor,
          base + count,
          range.count - count,
          off_t(range.lowerBound + count)
        )
        if got > 0 {
          count += got
        } else if got == 0 {
          return
        } else if errno != EINTR {
          failure = errno
          return
        }
      }
    }
    if failure != 0 { throw ObjectStorageError.system(failure, "read", key: key) }
    guard bytes.count == range.count else { throw outside(range) }
    return bytes
  }

  private func outside(_ range: Range<Int>) -> ObjectStorageError {
    ObjectStorageError(
      .rangeOutside,
      key: key,
      "Bytes \(range.lowerBound) to \(range.upperBound) of \"\(key)\" were asked for; it has "
        + "\(byteCount).",
      advice: "The object may have been cut short; restore it, or write it again."
    )
  }
}
