internal import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// A staging file: takes bytes, is synced, and gets a name or is removed.
final class LocalObjectWriter: ObjectWriter {
  private let stagingPath: String
  private var descriptor: Int32
  private var buffer: [UInt8] = []
  private var isSealed = false
  private var isGone = false
  private(set) var byteCount = 0

  private static let bufferSize = 64 * 1_024

  init(root: String) throws {
    let directory = root + "/" + ObjectKey.stagingDirectory
    stagingPath = directory + "/" + LocalStaging.makeName()
    let flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC
    descriptor = Self.openFile(stagingPath, flags)
    if descriptor < 0, errno == ENOENT {
      guard mkdir(directory, 0o777) == 0 || errno == EEXIST else {
        throw ObjectStorageError.system(errno, "written", key: ObjectKey.stagingDirectory)
      }
      descriptor = Self.openFile(stagingPath, flags)
    }
    guard descriptor >= 0 else {
      throw ObjectStorageError.system(errno, "written", key: ObjectKey.stagingDirectory)
    }
  }

  private static func openFile(_ path: String, _ flags: Int32) -> Int32 {
    open(path, flags, 0o666)
  }

  deinit {
    discard()
  }

  func write(_ bytes: UnsafeRawBufferPointer) throws {
    guard !isGone, !isSealed else { throw discarded(key: "") }
    byteCount += bytes.count
    if buffer.count + bytes.count > Self.bufferSize { try flush() }
    if bytes.count >= Self.bufferSize {
      try writeOut(bytes)
    } else {
      buffer.append(contentsOf: bytes)
    }
  }

  private func flush() throws {
    try buffer.withUnsafeBytes { try writeOut($0) }
    buffer.removeAll(keepingCapacity: true)
  }

  private func writeOut(_ bytes: UnsafeRawBufferPointer) throws {
    var rest = bytes
    while let base = rest.baseAddress, !rest.isEmpty {
      #if canImport(Glibc)
      let written = Glibc.write(descriptor, base, rest.count)
      #else
      let written = Darwin.write(descriptor, base, rest.count)
      #endif
      if written < 0 {
        if errno == EINTR { continue }
        let number = errno
        discard()
        throw ObjectStorageError.system(number, "written", key: "")
      }
      rest = UnsafeRawBufferPointer(rebasing: rest[written...])
    }
  }

  /// Makes the bytes durable and the time final; a second call does nothing.
  func seal(key: String, modified: Int64?, sync: (Int32) throws -> Void) throws {
    guard !isGone else { throw discarded(key: key) }
    guard !isSealed else { return }
    do {
      try flush()
      if let modified {
        let seconds = modified >= 0 ? modified / 1_000 : (modified - 999) / 1_000
        let time = timespec(
          tv_sec: Int(seconds),
          tv_nsec: Int(modified - seconds * 1_000) * 1_000_000
        )
        _ = futimens(descriptor, [time, time])
      }
      try sync(descriptor)
    } catch var error as ObjectStorageError {
      discard()
      error.key = error.key.isEmpty ? key : error.key
      throw error
    }
    close(descriptor)
    descriptor = -1
    isSealed = true
  }

  /// Gives the sealed bytes their name; false where `ifAbsent` and the name is taken.
  func publish(as path: String, key: String, ifAbsent: Bool) throws -> Bool {
    guard !isGone else { throw discarded(key: key) }
    if ifAbsent {
      guard link(stagingPath, path) == 0 else {
        if errno == EEXIST { return false }
        throw ObjectStorageError.system(errno, "written", key: key)
      }
      unlink(stagingPath)
    } else {
      guard rename(stagingPath, path) == 0 else {
        throw ObjectStorageError.system(errno, "written", key: key)
      }
    }
    isGone = true
    return true
  }

  func discard() {
    if descriptor >= 0 { close(descriptor) }
    descriptor = -1
    if !isGone { unlink(stagingPath) }
    isGone = true
    buffer = []
  }

  private func discarded(key: String) -> ObjectStorageError {
    ObjectStorageError(
      .discarded,
      key: key,
      "An object was written after it was published or discarded."
    )
  }
}

/// How many staging files this process has made; two stores may share a root.
private let stagingCounter = Atomic<Int>(0)

/// The names in the staging directory, and what is left there by processes that were killed.
enum LocalStaging {
  /// Tells this process from an earlier one that had the same number.
  private static let token: UInt64 = {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return UInt64(bitPattern: Int64(time.tv_sec)) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
  }()

  static func makeName() -> String {
    let number = stagingCounter.wrappingAdd(1, ordering: .relaxed).newValue
    return "\(getpid())-\(String(token, radix: 16))-\(number)"
  }

  static func removeLeftovers(in root: String) -> Int {
    let directory = root + "/" + ObjectKey.stagingDirectory
    guard let entries = try? LocalDirectory.entries(path: directory, key: "") else { return 0 }
    var removed = 0
    for entry in entries where !entry.isDirectory && isLeftover(entry.name) {
      if unlink(directory + "/" + entry.name) == 0 { removed += 1 }
    }
    return removed
  }

  /// True where the process that made the file is gone.
  private static func isLeftover(_ name: String) -> Bool {
    let parts = name.split(separator: "-")
    guard parts.count >= 2, let process = pid_t(parts[0]), process > 0 else { return true }
    if process == getpid() { return parts[1] != String(token, radix: 16) }
    return kill(process, 0) != 0 && errno == ESRCH
  }
}
