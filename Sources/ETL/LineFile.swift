#if canImport(Glibc)
internal import Glibc
#elseif canImport(Darwin)
internal import Darwin
#endif

/// A file of lines that only grows: the journals that people read.
///
/// What is appended survives the end of the process; it does not wait for the disk.
package struct LineFile: Sendable {
  package let path: String

  package init(path: String) {
    self.path = path
  }

  /// What the system said.
  package struct Failure: Error {
    package var errno: Int32
    package var isDiskFull: Bool { errno == ENOSPC || errno == EDQUOT }
    package var reason: String { String(cString: strerror(errno)) }
  }

  /// Appends whole lines, each with its line feed, or nothing.
  ///
  /// A line that a crash cut short is ended first, so that it spoils none that follows.
  package func append(_ lines: [UInt8]) throws(Failure) {
    let file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
    guard file >= 0 else { throw Failure(errno: errno) }
    defer { close(file) }
    let end = lseek(file, 0, SEEK_END)
    guard end >= 0 else { throw Failure(errno: errno) }
    var last: UInt8 = 0x0A
    guard end == 0 || pread(file, &last, 1, end - 1) == 1 else { throw Failure(errno: errno) }
    let bytes = last == 0x0A ? lines : [0x0A] + lines
    var written = 0
    while written < bytes.count {
      let count = bytes.withUnsafeBytes { buffer in
        pwrite(
          file,
          buffer.baseAddress?.advanced(by: written),
          buffer.count - written,
          end + off_t(written)
        )
      }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else {
        let failure = Failure(errno: errno)
        _ = ftruncate(file, end)
        throw failure
      }
      written += count
    }
  }
}
