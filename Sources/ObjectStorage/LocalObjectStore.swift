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
///    raw/events/…                     a key that is a path is the path below the root
///    .tapline-keys/6469722f           dir/: all other keys; see `EscapedKey`
/// ```
/// A write goes to a staging file on the same file system, is synced, and then gets its name:
/// `rename(2)` replaces, `link(2)` loses with EEXIST against an earlier writer, in this process or
/// any other. Directories are synced once a group. So a crash leaves either the whole object or a
/// staging file, which the next start removes.
///
/// Every key of S3 can be written. One that is a path goes there, where other programs find it, unless
/// something else is in its place: a directory, a file where it needs a directory, or on some disks a
/// name in other letters. Then, and where the key is no path at all, it is escaped. A reader looks at
/// the path first. Which of both places a key gets is decided by one process at a time; other
/// processes learn of the first escaped key when they open the directory.
///
/// Symbolic links that lead out of the root are refused; `list` passes over all of them.
public final class LocalObjectStore: ObjectStore {
  /// The directory, absolute and without symbolic links.
  public var root: String { shared.path }
  /// Staging files of killed processes that were removed when the store was opened.
  public let leftoversRemoved: Int

  let shared: LocalRoot
  let now: (@Sendable () -> Int64)?
  private let syncs = Atomic<Int>(0)

  /// Opens the directory at `root`, making it where it is missing.
  ///
  /// `now` gives modification times in milliseconds since the epoch; nil keeps the system's.
  public init(root: String, now: (@Sendable () -> Int64)? = nil) throws {
    if mkdir(root, 0o777) != 0, errno != EEXIST {
      try LocalPath.makeDirectories(root)
    }
    guard let path = LocalPath.resolved(root) else {
      throw ObjectStorageError.system(errno, "read", key: "")
    }
    shared = LocalRoot.of(path)
    self.now = now
    leftoversRemoved = LocalStaging.removeLeftovers(in: path)
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
    let file = try openFile(key)
    return try file.read(0..<file.byteCount)
  }

  public func get(_ key: String, range: Range<Int>) throws -> [UInt8] {
    try openFile(key).read(range)
  }

  public func open(_ key: String) throws -> any ObjectReader {
    try openFile(key)
  }

  func openFile(_ key: String) throws -> LocalObjectReader {
    guard let reader = try openFileIfThere(key) else { throw ObjectStorageError.notFound(key) }
    return reader
  }

  func openFileIfThere(_ key: String) throws -> LocalObjectReader? {
    try atPlaces(of: key) { try LocalObjectReader(place: $0, key: key) }
  }

  public func head(_ key: String) throws -> ObjectMetadata? {
    try file(key).map { ListedFile(key: key, status: $0.status).metadata }
  }

  /// The file of a key, and where it is; nil where there is none.
  func file(_ key: String) throws -> (place: FilePlace, status: FileStatus)? {
    try atPlaces(of: key) { place in
      guard let status = try place.status(key: key), status.isRegularFile else { return nil }
      return (place, status)
    }
  }

  /// What `body` makes of the first place where it finds a file; nil where it finds none.
  private func atPlaces<Result>(
    of key: String, _ body: (FilePlace) throws -> Result?
  ) throws -> Result? {
    try ObjectKey.check(key)
    if ObjectKey.isPlain(key), let place = try plainPlace(key), let result = try body(place) {
      return result
    }
    guard shared.hasEscapedKeys, let place = try shared.escapedPlace(key) else { return nil }
    return try body(place)
  }

  /// The file or directory at a plain key's path, symbolic links followed, never outside the root.
  private func plainPlace(_ key: String) throws -> FilePlace? {
    let wanted = root + "/" + key
    guard let path = LocalPath.resolved(wanted) else {
      // A file where the key wants a directory means the same: there is no such object.
      if errno == ENOENT || LocalPath.isUnspellable(errno) { return nil }
      throw ObjectStorageError.system(errno, "read", key: key)
    }
    try checkInside(path, key: key)
    return LocalPath.isSpelled(wanted, as: key) ? FilePlace(path: path) : nil
  }

  func checkInside(_ path: String, key: String) throws {
    let isRoot = path.utf8.elementsEqual(root.utf8)
    guard isRoot || path.hasUTF8Prefix(root == "/" ? "/" : root + "/") else {
      throw ObjectStorageError(
        .outsideRoot,
        key: key,
        "\"\(key)\" is a symbolic link that leads out of the store's directory.",
        advice: "Copy the file into the directory instead of linking to it."
      )
    }
  }

  // MARK: Listing

  public func list(prefix: String, startAfter: String?) throws -> [ObjectMetadata] {
    var listing = try listing(prefix: prefix, bound: bound(behind: startAfter), limit: nil)
    var result: [ObjectMetadata] = []
    while let file = try listing.nextFile() { result.append(file.metadata) }
    return result
  }

  public func list(
    prefix: String, startAfter: String?, limit: Int
  ) throws -> [ObjectMetadata] {
    var listing = try listing(prefix: prefix, bound: bound(behind: startAfter), limit: limit)
    return try listing.page(prefix: prefix, delimiter: nil, limit: limit).files.map(\.metadata)
  }

  public func directories(below directory: String) throws -> [String] {
    let page = try page(prefix: directory, delimiter: "/", startAfter: nil, limit: .max)
    return page.commonPrefixes.compactMap { common in
      let name = common.utf8.dropFirst(directory.utf8.count).dropLast()
      return name.isEmpty ? nil : String(Substring(name))
    }
  }

  private func bound(behind key: String?) -> KeyBound? {
    key.map { KeyBound(bytes: Array($0.utf8)) }
  }

  /// One page of a listing as S3 has it.
  func page(
    prefix: String, delimiter: String?, startAfter: String?, limit: Int
  ) throws -> KeyPage {
    let bound = startAfter.map {
      CommonPrefix.bound(behind: $0, prefix: prefix, delimiter: delimiter)
    }
    var listing = try listing(
      prefix: prefix, bound: bound, limit: limit, collapsesDirectories: delimiter == "/")
    return try listing.page(prefix: prefix, delimiter: delimiter, limit: limit)
  }

  /// The keys that begin with `prefix`, in order; `limit` is how many will be asked for.
  func listing(
    prefix: String, bound: KeyBound?, limit: Int?, collapsesDirectories: Bool = false
  ) throws -> KeyListing {
    var walks: [KeyWalk] = []
    let slash = prefix.utf8.lastIndex(of: UInt8(ascii: "/"))
    let directory = slash.map { String(Substring(prefix.utf8[...$0])) } ?? ""
    if let path = try directoryPath(directory) {
      walks.append(
        try KeyWalk(
          path: path, beginning: directory, spelling: .plain, prefix: prefix, bound: bound,
          limit: limit, collapsesDirectories: collapsesDirectories))
    }
    if shared.hasEscapedKeys {
      walks.append(
        try KeyWalk(
          path: shared.escapedPath, beginning: "", spelling: .escaped, prefix: prefix, bound: bound,
          limit: limit, collapsesDirectories: false))
    }
    return KeyListing(walks)
  }

  /// The path of `""` or `some/directory/`; nil where there is none.
  private func directoryPath(_ directory: String) throws -> String? {
    if directory.isEmpty { return root }
    let key = String(Substring(directory.utf8.dropLast()))
    guard ObjectKey.isPlain(key), let place = try plainPlace(key),
      try place.status(key: key)?.isDirectory == true
    else { return nil }
    return place.name
  }

  // MARK: Writing

  public func makeWriter() throws -> any ObjectWriter {
    try LocalObjectWriter(root: root)
  }

  public func publish(_ objects: [StagedObject], ifAbsent: Bool) throws -> [Bool] {
    for object in objects { try ObjectKey.check(object.key) }
    let modified = now?()
    let files = objects.map { SealedFile(writer: writer(of: $0), key: $0.key) }
    try seal(files) { _ in FileTime(milliseconds: modified) }
    var group = PublishGroup(store: self)
    let published = try files.map { try group.name($0.writer, $0.key, ifAbsent: ifAbsent) }
    try group.syncDirectories()
    return published
  }

  func writer(of object: StagedObject) -> LocalObjectWriter {
    guard let writer = object.writer as? LocalObjectWriter else {
      preconditionFailure("a writer belongs to the store that made it")
    }
    return writer
  }

  /// A file that is whole and synced, or will be, and the key it is to appear under.
  struct SealedFile {
    var writer: LocalObjectWriter
    var key: String
  }

  /// Makes the bytes of several files durable, side by side, with the times that they are to have.
  func seal(_ files: [SealedFile], time: (Int) -> FileTime) throws {
    let times = files.indices.map(time)
    // Each writer is touched by one of the threads only, and by nobody else meanwhile.
    nonisolated(unsafe) let unsealed = files
    try SideBySide.run(unsealed.count) { index in
      let key = unsealed[index].key
      try unsealed[index].writer.seal(key: key, time: times[index]) { try sync($0, key: key) }
    }
  }

  public func delete(_ key: String) throws {
    try ObjectKey.check(key)
    if ObjectKey.isPlain(key),
      let directory = LocalPath.resolved(LocalPath.parent(of: root + "/" + key))
    {
      try checkInside(directory, key: key)
      let path = directory + "/" + LocalPath.name(of: key)
      if LocalPath.isSpelled(path, as: key) { _ = try FilePlace(path: path).unlink(key: key) }
    }
    if shared.hasEscapedKeys, let place = try shared.escapedPlace(key) {
      _ = try place.unlink(key: key)
    }
  }
}
