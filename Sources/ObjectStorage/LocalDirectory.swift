// How a local store reads directories and paths: the thin layer over the system's calls.

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

enum LocalDirectory {
  struct Entry {
    var name: String
    var isDirectory: Bool
  }

  /// The files and directories in `path`, temporaries, symbolic links and names that are not UTF-8
  /// left out, in no order.
  static func entries(path: String, key: String) throws -> [Entry] {
    let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw ObjectStorageError.system(errno, "listed", key: key) }
    return try entries(descriptor: descriptor, key: key)
  }

  private static func entries(descriptor: Int32, key: String) throws -> [Entry] {
    guard let stream = fdopendir(descriptor) else {
      let number = errno
      close(descriptor)
      throw ObjectStorageError.system(number, "listed", key: key)
    }
    defer { closedir(stream) }
    var result: [Entry] = []
    while let entry = readdir(stream) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
        let used = bytes.prefix { $0 != 0 }
        return used.elementsEqual(".".utf8) || used.elementsEqual("..".utf8)
          || ObjectKey.isTemporary(used) ? nil : String(validating: used, as: UTF8.self)
      }
      guard let name else { continue }
      switch Int32(entry.pointee.d_type) {
      case Int32(DT_REG): result.append(Entry(name: name, isDirectory: false))
      case Int32(DT_DIR): result.append(Entry(name: name, isDirectory: true))
      case Int32(DT_UNKNOWN):
        var status = stat()
        guard fstatat(dirfd(stream), name, &status, AT_SYMLINK_NOFOLLOW) == 0 else { continue }
        if status.isRegularFile || status.isDirectory {
          result.append(Entry(name: name, isDirectory: status.isDirectory))
        }
      default: continue
      }
    }
    return result
  }

  /// Calls `body` with the key, its directory's descriptor and its name for each file below `path`.
  static func walk(
    path: String,
    keyPrefix: String,
    _ body: (String, Int32, String) -> Void
  ) throws {
    let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    if descriptor < 0, errno == ENOENT { return }
    guard descriptor >= 0 else { throw ObjectStorageError.system(errno, "listed", key: keyPrefix) }
    defer { close(descriptor) }
    for entry in try entries(descriptor: dup(descriptor), key: keyPrefix) {
      if entry.isDirectory {
        try walk(
          path: path + "/" + entry.name,
          keyPrefix: keyPrefix + entry.name + "/",
          body
        )
      } else {
        body(keyPrefix + entry.name, descriptor, entry.name)
      }
    }
  }
}

enum LocalPath {
  /// The absolute path without symbolic links; throws `notFound` where there is nothing.
  static func resolved(_ path: String, key: String) throws -> String {
    guard let pointer = realpath(path, nil) else {
      throw ObjectStorageError.system(errno, "read", key: key)
    }
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
    if path.isEmpty || mkdir(path, 0o777) == 0 || errno == EEXIST { return }
    guard errno == ENOENT else { throw ObjectStorageError.system(errno, "made", key: "") }
    let parent = parent(of: path)
    if !parent.isEmpty { try makeDirectories(parent) }
    guard mkdir(path, 0o777) == 0 || errno == EEXIST else {
      throw ObjectStorageError.system(errno, "made", key: "")
    }
  }
}

extension stat {
  var isRegularFile: Bool { st_mode & S_IFMT == S_IFREG }
  var isDirectory: Bool { st_mode & S_IFMT == S_IFDIR }

  var modifiedMilliseconds: Int64 {
    #if canImport(Darwin)
    let time = st_mtimespec
    #else
    let time = st_mtim
    #endif
    return Int64(time.tv_sec) * 1_000 + Int64(time.tv_nsec) / 1_000_000
  }
}

extension String {
  /// The order of S3's listings: by UTF-8 bytes, which is not Swift's own order of strings.
  func precedesInUTF8(_ other: String) -> Bool {
    var (left, right) = (self, other)
    return left.withUTF8 { left in
      right.withUTF8 { right in
        let common = min(left.count, right.count)
        guard common > 0, let first = left.baseAddress, let second = right.baseAddress else {
          return left.count < right.count
        }
        let order = memcmp(first, second, common)
        return order != 0 ? order < 0 : left.count < right.count
      }
    }
  }

  func hasUTF8Prefix(_ prefix: String) -> Bool {
    utf8.starts(with: prefix.utf8)
  }
}
