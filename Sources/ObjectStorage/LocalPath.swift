#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// The thin layer over the system's paths.
enum LocalPath {
  /// The absolute path without symbolic links; nil where there is nothing, and `errno` tells why.
  static func resolved(_ path: String) -> String? {
    guard let pointer = realpath(path, nil) else { return nil }
    defer { free(pointer) }
    return String(cString: pointer)
  }

  /// `a/b` of `a/b/c`; empty where there is no slash.
  static func parent(of path: String) -> String {
    path.utf8.lastIndex(of: UInt8(ascii: "/")).map { String(path[..<$0]) } ?? ""
  }

  /// `c` of `a/b/c`.
  static func name(of path: String) -> String {
    path.utf8.lastIndex(of: UInt8(ascii: "/")).map {
      String(path[path.utf8.index(after: $0)...])
    } ?? path
  }

  /// Makes a directory and what is missing above it.
  static func makeDirectories(_ path: String) throws {
    var missing: [String] = []
    var next = path
    while !next.isEmpty, mkdir(next, 0o777) != 0, errno != EEXIST {
      guard errno == ENOENT else { throw ObjectStorageError.system(errno, "made", key: "") }
      missing.append(next)
      next = parent(of: next)
    }
    for path in missing.reversed() {
      guard mkdir(path, 0o777) == 0 || errno == EEXIST else {
        throw ObjectStorageError.system(errno, "made", key: "")
      }
    }
  }

  /// True for an error that says that something else is in a name's place, or that the disk cannot spell
  /// it. A key of such a name is escaped.
  static func isUnspellable(_ number: Int32) -> Bool {
    switch number {
    case ENOTDIR, EISDIR, ENAMETOOLONG, EILSEQ, EINVAL: true
    default: false
    }
  }

  /// True unless the file at `path`, which stands for `key`, is there under another spelling only.
  ///
  /// Darwin's disks find `A` where `a` was asked for, and composed letters where decomposed ones
  /// were. The system knows the real name. A path that is really another one is a symbolic link.
  static func isSpelled(_ path: String, as key: String) -> Bool {
    #if canImport(Darwin)
    let descriptor = open(path, O_EVTONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return true }
    defer { close(descriptor) }
    var bytes = [CChar](repeating: 0, count: Int(MAXPATHLEN) + 1)
    guard fcntl(descriptor, F_GETPATH, &bytes) == 0 else { return true }
    let real = String(
      decoding: bytes.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    let ending = "/" + key
    if real.utf8.count >= ending.utf8.count,
      real.utf8.suffix(ending.utf8.count).elementsEqual(ending.utf8)
    {
      return true
    }
    // Swift's own comparison of texts is the one of letters, whatever they are composed of.
    return !real.lowercased().hasSuffix(ending.lowercased())
    #else
    return true
    #endif
  }
}

/// What the system says of a file.
struct FileStatus: Equatable {
  var size: Int
  /// Nanoseconds since the Unix epoch.
  var modifiedNanoseconds: Int64
  var inode: UInt64
  var isRegularFile: Bool
  var isDirectory: Bool

  var modifiedMilliseconds: Int64 { Self.milliseconds(modifiedNanoseconds) }

  init(_ status: stat) {
    #if canImport(Darwin)
    let time = status.st_mtimespec
    #else
    let time = status.st_mtim
    #endif
    size = Int(status.st_size)
    inode = UInt64(status.st_ino)
    isRegularFile = status.st_mode & S_IFMT == S_IFREG
    isDirectory = status.st_mode & S_IFMT == S_IFDIR
    // The time comes from the disk and may be any number.
    let (seconds, isTooLarge) = Int64(time.tv_sec).multipliedReportingOverflow(by: 1_000_000_000)
    let (sum, isOver) = seconds.addingReportingOverflow(Int64(time.tv_nsec))
    modifiedNanoseconds = isTooLarge || isOver ? (time.tv_sec < 0 ? .min : .max) : sum
  }

  /// Rounded down, also before 1970.
  static func milliseconds(_ nanoseconds: Int64) -> Int64 {
    nanoseconds / 1_000_000 - (nanoseconds % 1_000_000 < 0 ? 1 : 0)
  }
}

/// A directory that stays open as long as somebody holds it.
final class OpenDirectory: Sendable {
  let descriptor: Int32

  /// Takes over an open descriptor.
  init(_ descriptor: Int32) {
    self.descriptor = descriptor
  }

  /// Nil where it cannot be opened, and `errno` tells why.
  convenience init?(path: String) {
    let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    self.init(descriptor)
  }

  deinit {
    close(descriptor)
  }
}

/// Where a file is: a name in an open directory, or a whole path.
struct FilePlace {
  /// Nil for a whole path.
  var directory: OpenDirectory?
  var name: String

  init(_ directory: OpenDirectory, _ name: String) {
    self.directory = directory
    self.name = name
  }

  init(path: String) {
    name = path
  }

  var descriptor: Int32 { directory?.descriptor ?? AT_FDCWD }
  /// Escaped names are never links; paths were resolved before.
  private var statusFlags: Int32 { directory == nil ? 0 : AT_SYMLINK_NOFOLLOW }

  /// Nil where there is nothing.
  func status(key: String) throws -> FileStatus? {
    var status = stat()
    guard fstatat(descriptor, name, &status, statusFlags) == 0 else {
      if errno == ENOENT || LocalPath.isUnspellable(errno) { return nil }
      throw ObjectStorageError.system(errno, "read", key: key)
    }
    return FileStatus(status)
  }

  /// Removes the file; false where there is none, or a directory.
  func unlink(key: String) throws -> Bool {
    if unlinkat(descriptor, name, 0) == 0 { return true }
    let number = errno
    if number == ENOENT || LocalPath.isUnspellable(number) { return false }
    // Darwin's answer for a directory is EPERM.
    if number == EPERM, try status(key: key)?.isDirectory == true { return false }
    throw ObjectStorageError.system(number, "deleted", key: key)
  }
}
