internal import Crypto
internal import Foundation

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Darwin)
internal import Darwin
#endif

/// The directory that holds everything of one learner, and the lock that makes one process its owner.
///
/// ```
/// config.yaml  progress.sqlite  history  lock  secret
/// worlds/sandbox/
/// ```
package final class Home: Sendable {
  /// An absolute path without a trailing slash.
  package let path: String
  private let lock: Int32

  /// Where the program looks for a home when none is named.
  package static func defaultPath(environment: [String: String]) -> String {
    if let named = environment["TAPLINE_HOME"], !named.isEmpty { return absolute(named) }
    return absolute((environment["HOME"] ?? NSHomeDirectory()) + "/.tapline")
  }

  package static func absolute(_ path: String) -> String {
    let expanded = (path as NSString).expandingTildeInPath
    let full =
      expanded.hasPrefix("/")
      ? expanded : FileManager.default.currentDirectoryPath + "/" + expanded
    return (full as NSString).standardizingPath
  }

  /// Creates the directory if need be and takes the lock.
  ///
  /// - Throws: `platform.homeInUse` where another process owns it, and `platform.homeUnusable` where
  ///   it cannot be created or written.
  package init(path: String) throws {
    self.path = path
    try Home.makeDirectory(path)
    let file = open(path + "/lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard file >= 0 else { throw Home.unusable(path, errno) }
    guard flock(file, LOCK_EX | LOCK_NB) == 0 else {
      let code = errno
      close(file)
      guard code == EWOULDBLOCK else { throw Home.unusable(path, code) }
      throw PlatformError(
        .homeInUse,
        "another tapline is using \(path)",
        place: path,
        advice: "Use that one, or name another home with --home.",
        fields: ["home": path]
      )
    }
    lock = file
  }

  deinit { close(lock) }

  /// The socket that a second process on this home talks to: a short path in a private directory.
  package static func socketPath(home: String) -> String {
    let digest = SHA256.hash(data: Array(home.utf8))
    let name = digest.prefix(8).map { String($0, radix: 16) }.joined()
    return "/tmp/tapline-\(getuid())/\(name).sock"
  }

  /// A secret of this home, made once, that pseudonyms are derived from; 32 bytes.
  package func secret() throws -> [UInt8] {
    let file = path + "/secret"
    if let known = try? Home.secret(of: path) { return known }
    var generator = SystemRandomNumberGenerator()
    let bytes = (0..<32).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
    try Home.write(bytes, to: file, mode: 0o600)
    return bytes
  }

  /// The secret of a home that has one.
  ///
  /// - Throws: `platform.homeUnusable` where there is none.
  package static func secret(of path: String) throws -> [UInt8] {
    guard let data = FileManager.default.contents(atPath: path + "/secret"), data.count == 32 else {
      throw unusable(path + "/secret", ENOENT)
    }
    return [UInt8](data)
  }

  /// A directory below the home, created with its parents.
  package func directory(_ relative: String) throws -> String {
    let full = path + "/" + relative
    try Home.makeDirectory(full)
    return full
  }

  static func makeDirectory(_ path: String) throws {
    do {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    } catch {
      throw unusable(path, errno)
    }
    guard access(path, W_OK) == 0 else { throw unusable(path, errno) }
  }

  /// Replaces a file in one step: a temporary file, fsync, rename.
  package static func write(_ bytes: [UInt8], to path: String, mode: UInt32 = 0o644) throws {
    let temporary = path + ".new"
    let file = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode_t(mode))
    guard file >= 0 else { throw unusable(path, errno) }
    var written = 0
    while written < bytes.count {
      let count = bytes.withUnsafeBytes {
        Foundation.write(file, $0.baseAddress! + written, bytes.count - written)
      }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else {
        let code = errno
        close(file)
        unlink(temporary)
        throw unusable(path, code)
      }
      written += count
    }
    guard fsync(file) == 0, close(file) == 0, rename(temporary, path) == 0 else {
      let code = errno
      unlink(temporary)
      throw unusable(path, code)
    }
  }

  /// What the system refused: `platform.diskFull` for a full disk, else `platform.homeUnusable`.
  static func unusable(_ path: String, _ code: Int32) -> PlatformError {
    let reason = String(cString: strerror(code))
    if code == ENOSPC || code == EDQUOT {
      return PlatformError(
        .diskFull,
        "the disk is full: \(path) was not written",
        place: path,
        advice: "Free some disk space and repeat; nothing that was acknowledged is lost.",
        fields: ["home": path, "reason": reason]
      )
    }
    return PlatformError(
      .homeUnusable,
      "\(path) cannot be written: \(reason)",
      place: path,
      advice: "Choose a directory that you may write to with --home or TAPLINE_HOME.",
      fields: ["home": path, "reason": reason]
    )
  }
}
