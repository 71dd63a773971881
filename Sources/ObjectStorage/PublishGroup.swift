#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// One group of objects on their way to their names, with the directories to sync at its end.
struct PublishGroup {
  private let store: LocalObjectStore
  /// The real directories of keys' parents, as far as this group has seen them.
  private var known: [ExactKey: String] = [:]
  private var paths: Set<ExactKey> = []
  private var escaped: [OpenDirectory] = []

  /// Descriptors that are kept open until the end of a group.
  private static let openMax = 16

  init(store: LocalObjectStore) {
    self.store = store
  }

  /// Gives sealed bytes their key; false where `ifAbsent` and the key is taken.
  mutating func name(
    _ writer: LocalObjectWriter, _ key: String, ifAbsent: Bool
  ) throws -> Bool {
    let isPlain = ObjectKey.isPlain(key)
    if isPlain, !store.shared.hasEscapedKeys {
      let naming = try store.shared.nameShared {
        // Another thread may have escaped the first key just now.
        try store.shared.hasEscapedKeys ? .collides : namePlain(writer, key, ifAbsent)
      }
      if naming != .collides { return naming == .named }
    }
    return try store.shared.nameAlone { try nameAlone(writer, key, ifAbsent, isPlain) }
  }

  private mutating func nameAlone(
    _ writer: LocalObjectWriter, _ key: String, _ ifAbsent: Bool, _ isPlain: Bool
  ) throws -> Bool {
    // A plain file goes before an escaped one, and an escaped one is overwritten where it lies.
    if isPlain, try !isEscapedOnly(key) {
      let naming = try namePlain(writer, key, ifAbsent)
      if naming != .collides { return naming == .named }
    }
    let place = try store.shared.makeEscapedPlace(key) { escaped.append($0) }
    let naming = try writer.name(at: place, key: key, ifAbsent: ifAbsent)
    switch naming {
    case .named:
      if let directory = place.directory { escaped.append(directory) }
      if escaped.count > Self.openMax { try syncEscaped() }
      return true
    case .taken: return false
    case .collides: throw ObjectStorageError.system(EISDIR, "written", key: key)
    }
  }

  private func isEscapedOnly(_ key: String) throws -> Bool {
    guard store.shared.hasEscapedKeys, let file = try store.file(key) else { return false }
    return file.place.directory != nil
  }

  // MARK: Plain paths

  private mutating func namePlain(
    _ writer: LocalObjectWriter, _ key: String, _ ifAbsent: Bool
  ) throws -> LocalObjectWriter.Naming {
    guard let directory = try directory(of: key) else { return .collides }
    let place = FilePlace(path: directory + "/" + LocalPath.name(of: key))
    let naming = try writer.name(at: place, key: key, ifAbsent: ifAbsent)
    if naming == .named { paths.insert(ExactKey(directory)) }
    return naming
  }

  /// The real directory that a key's file goes to, made if need be; nil where something else is in
  /// its place.
  private mutating func directory(of key: String) throws -> String? {
    let parent = LocalPath.parent(of: key)
    if parent.isEmpty { return store.root }
    if let path = known[ExactKey(parent)] { return path }
    let wanted = store.root + "/" + parent
    guard let path = try LocalPath.resolved(wanted) ?? makeDirectory(parent, key: key) else {
      return nil
    }
    try store.checkInside(path, key: key)
    guard LocalPath.isSpelled(wanted, as: parent) else { return nil }
    known[ExactKey(parent)] = path
    return path
  }

  private mutating func makeDirectory(_ parent: String, key: String) throws -> String? {
    if LocalPath.isUnspellable(errno) { return nil }
    guard errno == ENOENT else { throw ObjectStorageError.system(errno, "written", key: key) }
    var path = store.root
    var below = ""
    for segment in parent.utf8.split(separator: UInt8(ascii: "/")) {
      let name = String(Substring(segment))
      let next = path + "/" + name
      below += (below.isEmpty ? "" : "/") + name
      if mkdir(next, 0o777) == 0 {
        paths.insert(ExactKey(path))
      } else if LocalPath.isUnspellable(errno) {
        return nil
      } else if errno != EEXIST {
        throw ObjectStorageError.system(errno, "written", key: key)
      }
      guard let resolved = LocalPath.resolved(next) else {
        if LocalPath.isUnspellable(errno) { return nil }
        throw ObjectStorageError.system(errno, "written", key: key)
      }
      try store.checkInside(resolved, key: key)
      guard LocalPath.isSpelled(next, as: below) else { return nil }
      path = resolved
    }
    return path
  }

  // MARK: Syncing

  /// Waits until all names of the group are on the disk.
  mutating func syncDirectories() throws {
    try syncEscaped()
    let paths = paths.map(\.text)
    let store = store
    try SideBySide.run(paths.count) { index in
      let path = paths[index]
      let key = String(Substring(path.utf8.dropFirst(store.root.utf8.count + 1)))
      guard let directory = OpenDirectory(path: path) else {
        throw ObjectStorageError.system(errno, "synced", key: key)
      }
      try store.sync(directory.descriptor, key: key)
    }
  }

  private mutating func syncEscaped() throws {
    var synced: Set<UInt64> = []
    for directory in escaped {
      var status = stat()
      guard fstat(directory.descriptor, &status) == 0,
        synced.insert(UInt64(status.st_ino)).inserted
      else { continue }
      try store.sync(directory.descriptor, key: ObjectKey.escapedDirectory)
    }
    escaped = []
  }
}
