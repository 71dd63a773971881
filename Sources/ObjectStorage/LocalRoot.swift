internal import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// What all stores of one directory in this process share: whether it has escaped keys, and the order
/// of those who name files.
///
/// Where no key is escaped, a key has one place, and the system decides races. Where one is, a key may
/// be in either of two places, so whoever names a file then looks and links alone. Names are given
/// shared or alone:
///
/// 1. A plain key is named shared, and the answer counts only if no key is escaped by then.
/// 2. All else is named alone, by everybody from the first escaped key on.
///
/// `@unchecked Sendable`: the lock is made for threads, never moves, and is freed with the object; the
/// flag is atomic.
final class LocalRoot: @unchecked Sendable {
  let path: String
  private let lock: UnsafeMutablePointer<pthread_rwlock_t>
  private let escaped: Atomic<Bool>

  private init(path: String) {
    self.path = path
    escaped = Atomic(false)
    lock = .allocate(capacity: 1)
    pthread_rwlock_init(lock, nil)
  }

  deinit {
    pthread_rwlock_destroy(lock)
    lock.deallocate()
  }

  var escapedPath: String { path + "/" + ObjectKey.escapedDirectory }

  /// True once a key of this directory was escaped; looked up when a store opens, then remembered.
  var hasEscapedKeys: Bool { escaped.load(ordering: .acquiring) }

  func lookForEscapedKeys() {
    var status = stat()
    if lstat(escapedPath, &status) == 0 { escaped.store(true, ordering: .releasing) }
  }

  func nameShared<Result>(_ body: () throws -> Result) rethrows -> Result {
    pthread_rwlock_rdlock(lock)
    defer { pthread_rwlock_unlock(lock) }
    return try body()
  }

  func nameAlone<Result>(_ body: () throws -> Result) rethrows -> Result {
    pthread_rwlock_wrlock(lock)
    defer { pthread_rwlock_unlock(lock) }
    return try body()
  }

  // MARK: The escaped place

  /// Where the key's file is or would be if it is escaped; nil where no directory leads there.
  func escapedPlace(_ key: String) throws -> FilePlace? {
    try escapedPlace(key, isMaking: false, made: { _ in })
  }

  /// Where the key's file goes, with the directories that lead there; `made` hears those that got a
  /// new name in them. The caller names alone.
  func makeEscapedPlace(_ key: String, made: (OpenDirectory) -> Void) throws -> FilePlace {
    if mkdir(escapedPath, 0o777) == 0 {
      guard let directory = OpenDirectory(path: path) else {
        throw ObjectStorageError.system(errno, "written", key: key)
      }
      made(directory)
    } else if errno != EEXIST {
      throw ObjectStorageError.system(errno, "written", key: key)
    }
    escaped.store(true, ordering: .releasing)
    guard let place = try escapedPlace(key, isMaking: true, made: made) else {
      throw ObjectStorageError.system(ENOENT, "written", key: key)
    }
    return place
  }

  private func escapedPlace(
    _ key: String, isMaking: Bool, made: (OpenDirectory) -> Void
  ) throws -> FilePlace? {
    let flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC
    let escapedKey = EscapedKey(key)
    // Step by step: the whole path may be longer than the system takes.
    var descriptor = open(escapedPath, flags)
    var number = errno
    for name in escapedKey.directories where descriptor >= 0 {
      let directory = OpenDirectory(descriptor)
      descriptor = openat(directory.descriptor, name, flags)
      number = errno
      if descriptor < 0, number == ENOENT, isMaking {
        if mkdirat(directory.descriptor, name, 0o777) == 0 {
          made(directory)
        } else if errno != EEXIST {
          throw ObjectStorageError.system(errno, "written", key: key)
        }
        descriptor = openat(directory.descriptor, name, flags)
        number = errno
      }
    }
    if descriptor >= 0 { return FilePlace(OpenDirectory(descriptor), escapedKey.name) }
    if number == ENOENT, !isMaking { return nil }
    throw ObjectStorageError.system(number, isMaking ? "written" : "read", key: key)
  }

  // MARK: One for each directory

  private static let known = Mutex<[ExactKey: Weak]>([:])

  private struct Weak {
    weak var root: LocalRoot?
  }

  /// The one of a directory, whose path is absolute and without symbolic links.
  static func of(_ path: String) -> LocalRoot {
    let root = known.withLock { known in
      if let root = known[ExactKey(path)]?.root { return root }
      // Worlds come and go.
      if known.count >= 64 { known = known.filter { $0.value.root != nil } }
      let root = LocalRoot(path: path)
      known[ExactKey(path)] = Weak(root: root)
      return root
    }
    root.lookForEscapedKeys()
    return root
  }
}
