internal import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// Objects as files below one directory.
///
/// ```
///  root/
///    .tapline-staging/<process>-<n>   bytes on their way, never listed
///    raw/events/…                     a key is the path below the root
/// ```
/// A write goes to a staging file on the same file system, is synced, and then gets its name:
/// `rename(2)` replaces, `link(2)` loses with EEXIST against an earlier writer, in this process or
/// any other. Directories are synced once a group. So a crash leaves either the whole object or a
/// staging file, which the next start removes.
///
/// Symbolic links that lead out of the root are refused; `list` passes over all of them.
public final class LocalObjectStore: ObjectStore {
  /// The directory, absolute and without symbolic links.
  public let root: String
  /// Staging files of killed processes that were removed when the store was opened.
  public let leftoversRemoved: Int

  let now: (@Sendable () -> Int64)?
  private let syncs = Atomic<Int>(0)

  /// Opens the directory at `root`, making it where it is missing.
  ///
  /// `now` gives modification times in milliseconds since the epoch; nil keeps the system's.
  public init(root: String, now: (@Sendable () -> Int64)? = nil) throws {
    if mkdir(root, 0o777) != 0, errno != EEXIST {
      try LocalPath.makeDirectories(root)
    }
    self.root = try LocalPath.resolved(root, key: "")
    self.now = now
    self.leftoversRemoved = LocalStaging.removeLeftovers(in: self.root)
  }

  /// How many times a file or a directory was synced to the disk.
  public var fsyncCount: Int { syncs.load(ordering: .relaxed) }

  func sync(_ descriptor: Int32, key: String) throws {
    syncs.add(1, ordering: .relaxed)
    #if canImport(Darwin)
    // Darwin's fsync leaves the bytes in the drive's cache.
    if fcntl(descriptor, F_FULLFSYNC) == 0 { return }
    #endif
    while fsync(descriptor) != 0 {
      guard errno == EINTR else { throw ObjectStorageError.system(errno, "synced", key: key) }
    }
  }

  // MARK: Reading

  public func get(_ key: String) throws -> [UInt8] {
    let file = try LocalObjectReader(path: readablePath(key), key: key)
    return try file.read(0..<file.byteCount)
  }

  public func get(_ key: String, range: Range<Int>) throws -> [UInt8] {
    try LocalObjectReader(path: readablePath(key), key: key).read(range)
  }

  public func open(_ key: String) throws -> any ObjectReader {
    try LocalObjectReader(path: readablePath(key), key: key)
  }

  public func head(_ key: String) throws -> ObjectMetadata? {
    do {
      var status = stat()
      guard stat(try readablePath(key), &status) == 0 else {
        throw ObjectStorageError.system(errno, "read", key: key)
      }
      guard status.isRegularFile else { return nil }
      return ObjectMetadata(
        key: key,
        size: Int(status.st_size),
        modifiedMilliseconds: status.modifiedMilliseconds
      )
    } catch let error as ObjectStorageError where error.kind == .notFound {
      return nil
    }
  }

  /// The file behind a key, symbolic links followed, never outside the root.
  private func readablePath(_ key: String) throws -> String {
    try ObjectKey.check(key)
    do {
      return try checkInside(LocalPath.resolved(root + "/" + key, key: key), key: key)
    } catch let error as ObjectStorageError where error.kind == .keyIsDirectory {
      // A file stands where the key wants a directory, so there is no such object.
      throw ObjectStorageError.system(ENOENT, "read", key: key)
    }
  }

  private func checkInside(_ path: String, key: String) throws -> String {
    guard path == root || path.hasPrefix(root == "/" ? "/" : root + "/") else {
      throw ObjectStorageError(
        .outsideRoot,
        key: key,
        "\"\(key)\" is a symbolic link that leads out of the store's directory.",
        advice: "Copy the file into the directory instead of linking to it."
      )
    }
    return path
  }

  // MARK: Listing

  public func list(prefix: String, startAfter: String?) throws -> [ObjectMetadata] {
    var result: [ObjectMetadata] = []
    let directory = prefix.utf8.lastIndex(of: UInt8(ascii: "/")).map { String(prefix[...$0]) } ?? ""
    guard let path = try directoryPath(directory) else { return [] }
    try LocalDirectory.walk(path: path, keyPrefix: directory) { key, descriptor, name in
      guard key.hasUTF8Prefix(prefix) else { return }
      if let startAfter, !startAfter.precedesInUTF8(key) { return }
      var status = stat()
      // A file that vanished meanwhile is simply not listed.
      guard fstatat(descriptor, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else { return }
      result.append(
        ObjectMetadata(
          key: key,
          size: Int(status.st_size),
          modifiedMilliseconds: status.modifiedMilliseconds
        )
      )
    }
    return result.sorted { $0.key.precedesInUTF8($1.key) }
  }

  public func directories(below directory: String) throws -> [String] {
    guard let path = try directoryPath(directory) else { return [] }
    return try LocalDirectory.entries(path: path, key: directory).filter(\.isDirectory)
      .map(\.name).sorted { $0.precedesInUTF8($1) }
  }

  /// The path of `""` or `some/directory/`; nil where there is none.
  private func directoryPath(_ directory: String) throws -> String? {
    if directory.isEmpty { return root }
    let key = String(directory.dropLast())
    try ObjectKey.check(key)
    do {
      let path = try checkInside(LocalPath.resolved(root + "/" + key, key: key), key: key)
      var status = stat()
      guard stat(path, &status) == 0, status.isDirectory else { return nil }
      return path
    } catch let error as ObjectStorageError
      where error.kind == .notFound || error.kind == .keyIsDirectory
    {
      return nil
    }
  }

  // MARK: Writing

  public func makeWriter() throws -> any ObjectWriter {
    try LocalObjectWriter(root: root)
  }

  public func publish(_ objects: [StagedObject], ifAbsent: Bool) throws -> [Bool] {
    var group = PublishGroup(store: self)
    let writers = try objects.map { object in
      try ObjectKey.check(object.key)
      guard let writer = object.writer as? LocalObjectWriter else {
        preconditionFailure("a writer belongs to the store that made it")
      }
      return writer
    }
    let keys = objects.map(\.key)
    // Each writer is touched by one of the threads only, and by nobody else meanwhile.
    nonisolated(unsafe) let unsealed = writers
    try SideBySide.run(unsealed.count) { index in
      try unsealed[index].seal(key: keys[index], modified: now?()) {
        try sync($0, key: keys[index])
      }
    }
    var published: [Bool] = []
    for (object, writer) in zip(objects, writers) {
      published.append(try group.name(writer, object.key, ifAbsent: ifAbsent))
    }
    try group.syncDirectories()
    return published
  }

  public func delete(_ key: String) throws {
    try ObjectKey.check(key)
    let parent = LocalPath.parent(of: root + "/" + key)
    do {
      let directory = try checkInside(LocalPath.resolved(parent, key: key), key: key)
      let path = directory + "/" + LocalPath.name(of: key)
      guard unlink(path) == 0 else {
        throw ObjectStorageError.system(errno == EPERM ? EISDIR : errno, "deleted", key: key)
      }
    } catch let error as ObjectStorageError where error.kind == .notFound {
      return
    }
  }

  /// The directory a key's file goes to, made if need be; `made` hears each new directory's parent.
  func writableDirectory(for key: String, made: (String) -> Void) throws -> String {
    let segments = key.split(separator: "/").dropLast()
    var path = root
    for segment in segments {
      let next = path + "/" + segment
      if mkdir(next, 0o777) == 0 {
        made(path)
      } else if errno != EEXIST {
        throw ObjectStorageError.system(errno, "written", key: key)
      }
      path = try checkInside(LocalPath.resolved(next, key: key), key: key)
    }
    return path
  }
}

/// One group of objects on their way to their names, with the directories to sync at its end.
private struct PublishGroup {
  let store: LocalObjectStore
  private var directories: [String] = []
  private var known: [String: String] = [:]

  init(store: LocalObjectStore) {
    self.store = store
  }

  mutating func name(
    _ writer: LocalObjectWriter,
    _ key: String,
    ifAbsent: Bool
  ) throws -> Bool {
    let parent = LocalPath.parent(of: key)
    let directory: String
    if let path = known[parent] {
      directory = path
    } else {
      var fresh: [String] = []
      directory = try store.writableDirectory(for: key) { fresh.append($0) }
      known[parent] = directory
      for path in fresh { remember(path) }
    }
    let path = directory + "/" + LocalPath.name(of: key)
    let isPublished = try writer.publish(as: path, key: key, ifAbsent: ifAbsent)
    if isPublished { remember(directory) }
    return isPublished
  }

  private mutating func remember(_ directory: String) {
    if !directories.contains(directory) { directories.append(directory) }
  }

  func syncDirectories() throws {
    let paths = Array(directories)
    let store = store
    try SideBySide.run(paths.count) { index in
      let path = paths[index]
      let key = String(path.dropFirst(store.root.count + 1))
      let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
      guard descriptor >= 0 else { throw ObjectStorageError.system(errno, "synced", key: key) }
      defer { close(descriptor) }
      try store.sync(descriptor, key: key)
    }
  }
}
