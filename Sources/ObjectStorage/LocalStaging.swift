internal import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// How many staging files this process has made; two stores may share a root.
private let stagingCounter = Atomic<Int>(0)

/// The names in the staging directory, and what is left there by processes that were killed.
enum LocalStaging {
  /// Tells this process from an earlier one that had the same number.
  private static let token = UInt64(bitPattern: FileTime.systemNow())

  static func makeName() -> String {
    let number = stagingCounter.wrappingAdd(1, ordering: .relaxed).newValue
    return "\(getpid())-\(String(token, radix: 16))-\(number)"
  }

  static func removeLeftovers(in root: String) -> Int {
    let directory = root + "/" + ObjectKey.stagingDirectory
    var removed = 0
    for name in (try? DirectoryNames.files(in: directory)) ?? [] where isLeftover(name) {
      if unlink(directory + "/" + name) == 0 { removed += 1 }
    }
    return removed
  }

  /// True where the process that made the file is gone.
  static func isLeftover(_ name: String) -> Bool {
    let parts = name.split(separator: "-")
    guard parts.count >= 2, let process = pid_t(parts[0]), process > 0 else { return true }
    if process == getpid() { return parts[1] != String(token, radix: 16) }
    return kill(process, 0) != 0 && errno == ESRCH
  }
}

/// The names in a directory of our own, which holds no keys.
enum DirectoryNames {
  /// The files in `path`, in no order; empty where there is no such directory.
  static func files(in path: String) throws -> [String] {
    try entries(of: path, isDirectory: false)
  }

  static func directories(in path: String) throws -> [String] {
    try entries(of: path, isDirectory: true)
  }

  private static func entries(of path: String, isDirectory: Bool) throws -> [String] {
    guard let stream = opendir(path) else {
      if errno == ENOENT { return [] }
      throw ObjectStorageError.system(errno, "listed", key: LocalPath.name(of: path))
    }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
        String(validating: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      guard let name, name != ".", name != ".." else { continue }
      var status = stat()
      guard fstatat(dirfd(stream), name, &status, AT_SYMLINK_NOFOLLOW) == 0 else { continue }
      let known = FileStatus(status)
      if isDirectory ? known.isDirectory : known.isRegularFile { names.append(name) }
    }
    return names
  }
}
