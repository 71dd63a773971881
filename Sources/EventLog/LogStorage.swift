// Every call to the operating system's files, in one place: loops over interrupted and short calls,
// counts fsyncs, and turns errno into an `EventLogError` with the path below the log's root.

internal import Synchronization

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Darwin)
internal import Darwin
#endif

/// One open file of the log; closed with the last reference, so a reader never loses it.
final class LogFile: Sendable {
  let descriptor: Int32
  /// Below the log's root.
  let path: String

  fileprivate init(descriptor: Int32, path: String) {
    self.descriptor = descriptor
    self.path = path
  }

  deinit {
    _ = close(descriptor)
  }
}

/// The directory that a log lives in, and what may be done to its files.
///
/// Paths are below `root`. All calls block and are safe from any thread.
final class LogStorage: Sendable {
  enum Access { case readOnly, readWrite, create }

  let root: String
  private let fsyncs = Atomic<Int>(0)
  private let observer: (any LogStorageObserver)?

  init(root: String, observer: (any LogStorageObserver)? = nil) {
    self.root = root
    self.observer = observer
  }

  var fsyncCount: Int { fsyncs.load(ordering: .relaxed) }

  func absolute(_ path: String) -> String { path.isEmpty ? root : root + "/" + path }

  // MARK: Files

  func open(_ path: String, _ access: Access) throws -> LogFile {
    let flags: Int32 =
      switch access {
      case .readOnly: O_RDONLY
      case .readWrite: O_RDWR
      case .create: O_RDWR | O_CREAT
      }
    while true {
      #if canImport(Glibc)
      let descriptor = Glibc.open(absolute(path), flags | O_CLOEXEC, 0o644)
      #else
      let descriptor = Darwin.open(absolute(path), flags | O_CLOEXEC, 0o644)
      #endif
      if descriptor >= 0 {
        if access == .create { observer?.storage(did: .created(path)) }
        return LogFile(descriptor: descriptor, path: path)
      }
      guard errno == EINTR else { throw failure(errno, "open", path) }
    }
  }

  func size(_ file: LogFile) throws -> Int {
    var status = stat()
    guard fstat(file.descriptor, &status) == 0 else { throw failure(errno, "stat", file.path) }
    return Int(status.st_size)
  }

  /// Bytes of a regular file; nil where there is none.
  func size(of path: String) throws -> Int? {
    var status = stat()
    guard stat(absolute(path), &status) == 0 else {
      if errno == ENOENT { return nil }
      throw failure(errno, "stat", path)
    }
    return status.st_mode & S_IFMT == S_IFREG ? Int(status.st_size) : nil
  }

  /// Up to `count` bytes from `position`; fewer only at the end of the file.
  func read(_ file: LogFile, at position: Int, count: Int) throws -> [UInt8] {
    guard count > 0 else { return [] }
    return try [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      filled = try read(file, at: position, into: UnsafeMutableRawBufferPointer(buffer))
    }
  }

  /// The same into memory of the caller's; answers how many bytes there were.
  func read(
    _ file: LogFile, at position: Int, into room: UnsafeMutableRawBufferPointer
  ) throws -> Int {
    guard let base = room.baseAddress else { return 0 }
    var filled = 0
    while filled < room.count {
      let got = pread(
        file.descriptor, base + filled, room.count - filled, off_t(position + filled))
      if got > 0 {
        filled += got
      } else if got == 0 {
        break
      } else if errno != EINTR {
        throw failure(errno, "read", file.path)
      }
    }
    return filled
  }

  /// The whole file; nil where there is none.
  func contents(of path: String) throws -> [UInt8]? {
    guard let count = try size(of: path) else { return nil }
    let file = try open(path, .readOnly)
    return try read(file, at: 0, count: count)
  }

  func write(_ bytes: UnsafeRawBufferPointer, to file: LogFile, at position: Int) throws {
    var written = 0
    while written < bytes.count {
      let count = pwrite(
        file.descriptor,
        bytes.baseAddress.map { $0 + written },
        bytes.count - written,
        off_t(position + written)
      )
      if count > 0 {
        written += count
      } else if count == 0 || errno != EINTR {
        throw failure(count == 0 ? ENOSPC : errno, "write", file.path)
      }
    }
    observer?.storage(did: .wrote(file.path))
  }

  func truncate(_ file: LogFile, to size: Int) throws {
    guard ftruncate(file.descriptor, off_t(size)) == 0 else {
      throw failure(errno, "truncate", file.path)
    }
    observer?.storage(did: .truncated(file.path))
  }

  /// Returns when the file's bytes and size are on the disk itself.
  func sync(_ file: LogFile) throws {
    fsyncs.add(1, ordering: .relaxed)
    while true {
      #if canImport(Darwin)
      let isSynced = fcntl(file.descriptor, F_FULLFSYNC) == 0 || fsync(file.descriptor) == 0
      #else
      let isSynced = fdatasync(file.descriptor) == 0
      #endif
      if isSynced {
        observer?.storage(did: .synced(file.path))
        return
      }
      guard errno == EINTR else { throw failure(errno, "sync", file.path) }
    }
  }

  // MARK: Directories

  /// Makes files that were created, renamed or removed in a directory stay so after a power cut.
  func syncDirectory(_ path: String) throws {
    fsyncs.add(1, ordering: .relaxed)
    let directory = try open(path, .readOnly)
    while fsync(directory.descriptor) != 0 {
      guard errno == EINTR else { throw failure(errno, "sync", path) }
    }
    observer?.storage(did: .directorySynced(path))
  }

  /// Makes the root with its parents; nothing happens where it exists.
  func makeRoot() throws {
    var prefix = root.hasPrefix("/") ? "" : "."
    for part in root.split(separator: "/") {
      prefix += "/" + part
      if mkdir(prefix, 0o755) != 0, errno != EEXIST { throw failure(errno, "create", "") }
    }
    guard isDirectory("") else { throw failure(ENOTDIR, "open", "") }
  }

  func makeDirectory(_ path: String) throws {
    guard mkdir(absolute(path), 0o755) == 0 || errno == EEXIST else {
      throw failure(errno, "create", path)
    }
    observer?.storage(did: .madeDirectory(path))
  }

  func isDirectory(_ path: String) -> Bool {
    var status = stat()
    return stat(absolute(path), &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  /// The names in a directory, sorted.
  func list(_ path: String) throws -> [String] {
    guard let stream = opendir(absolute(path)) else { throw failure(errno, "list", path) }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { field in
        field.withMemoryRebound(to: CChar.self, capacity: MemoryLayout.size(ofValue: field.pointee))
        {
          String(cString: $0)
        }
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted()
  }

  /// Removes a file; nothing happens where there is none.
  func remove(_ path: String) throws {
    guard unlink(absolute(path)) == 0 || errno == ENOENT else {
      throw failure(errno, "remove", path)
    }
    observer?.storage(did: .removed(path))
  }

  /// Removes a directory with the files in it; nothing happens where there is none.
  func removeDirectory(_ path: String) throws {
    guard isDirectory(path) else { return }
    for name in try list(path) { try remove(path + "/" + name) }
    guard rmdir(absolute(path)) == 0 || errno == ENOENT else {
      throw failure(errno, "remove", path)
    }
  }

  /// Puts `bytes` in place of a whole file: the old or the new is there, never a mix.
  func replace(_ path: String, with bytes: [UInt8]) throws {
    let temporary = path + ".tmp"
    do {
      let file = try open(temporary, .create)
      try truncate(file, to: 0)
      try bytes.withUnsafeBytes { try write($0, to: file, at: 0) }
      try sync(file)
      guard rename(absolute(temporary), absolute(path)) == 0 else {
        throw failure(errno, "rename", path)
      }
      observer?.storage(did: .renamed(temporary, to: path))
    } catch {
      _ = unlink(absolute(temporary))
      throw error
    }
    try syncDirectory(path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "")
  }

  // MARK: Errors

  private func failure(_ number: Int32, _ verb: String, _ path: String) -> EventLogError {
    let text = String(cString: strerror(number))
    let place = path.isEmpty ? root : path
    let fields = ["path": place, "operation": verb, "reason": text]
    switch number {
    case ENOSPC, EDQUOT, EFBIG:
      return EventLogError(
        .diskFull,
        "The disk is full: could not \(verb) \(place) (\(text)).",
        place: place,
        advice: "Free some space and repeat; nothing that was acknowledged is lost.",
        fields: fields
      )
    case EROFS, EACCES, EPERM:
      return EventLogError(
        .readOnly,
        "The log may not be written: could not \(verb) \(place) (\(text)).",
        place: place,
        advice: "Give this user write permission to \(root), or choose another home.",
        fields: fields
      )
    case ENOENT:
      return EventLogError(
        .missingFile,
        "Could not \(verb) \(place): it does not exist.",
        place: place,
        advice: "Restore it from a copy; the other partitions go on without it.",
        fields: fields
      )
    default:
      return EventLogError(
        .ioFailed,
        "Could not \(verb) \(place) (\(text)).",
        place: place,
        advice: "Check the disk and \(root), then repeat.",
        fields: fields
      )
    }
  }
}
