#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// An open file, read at any place by `pread`; the descriptor closes with the object.
final class LocalObjectReader: ObjectReader {
  /// What the file was when it was opened.
  let status: FileStatus
  let key: String
  let descriptor: Int32

  /// Opens the file at a place; nil where there is none.
  init?(place: FilePlace, key: String) throws {
    // A pipe that somebody made there must not hold up the opener.
    let flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | (place.directory == nil ? 0 : O_NOFOLLOW)
    let descriptor = openat(place.descriptor, place.name, flags)
    guard descriptor >= 0 else {
      if errno == ENOENT || errno == ELOOP || LocalPath.isUnspellable(errno) { return nil }
      throw ObjectStorageError.system(errno, "read", key: key)
    }
    var status = stat()
    guard fstat(descriptor, &status) == 0, FileStatus(status).isRegularFile else {
      close(descriptor)
      return nil
    }
    self.descriptor = descriptor
    self.key = key
    self.status = FileStatus(status)
  }

  var byteCount: Int { status.size }

  deinit {
    close(descriptor)
  }

  func read(_ range: Range<Int>) throws -> [UInt8] {
    guard range.lowerBound >= 0, range.upperBound <= byteCount else { throw outside(range) }
    return try [UInt8](unsafeUninitializedCapacity: range.count) { buffer, count in
      try read(range, into: UnsafeMutableRawBufferPointer(buffer))
      count = range.count
    }
  }

  func read(_ range: Range<Int>, into buffer: UnsafeMutableRawBufferPointer) throws {
    guard range.lowerBound >= 0, range.upperBound <= byteCount, buffer.count == range.count else {
      throw outside(range)
    }
    var count = 0
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
        throw outside(range)
      } else if errno != EINTR {
        throw ObjectStorageError.system(errno, "read", key: key)
      }
    }
  }

  private func outside(_ range: Range<Int>) -> ObjectStorageError {
    ObjectStorageError.rangeOutside(key, range, byteCount: byteCount)
  }
}
