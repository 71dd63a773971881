#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// A file that a walk came by.
struct ListedFile {
  var key: String
  var status: FileStatus

  var metadata: ObjectMetadata {
    ObjectMetadata(
      key: key, size: status.size, modifiedMilliseconds: status.modifiedMilliseconds)
  }
}

/// What a walk gives next.
enum WalkedKey {
  case file(ListedFile)
  /// All keys of a directory in one: their beginning, with the slash.
  case directory(String)

  var key: String {
    switch self {
    case .file(let file): file.key
    case .directory(let beginning): beginning
    }
  }
}

/// The keys below one directory in the order of their bytes, as a walk from directory to directory.
///
/// 1. Each directory on the way is a `DirectoryLevel`, read whole when the walk enters it; of its
///    entries only those are kept that can be asked for.
/// 2. `next` takes the least entry of the innermost level: a file is a key, a directory the next level.
///    So it costs what lies before the end of a page, not what lies below the root.
/// 3. `skip` moves the bound, and whole directories behind it are never entered.
/// 4. Where a listing wants directories only as a whole, one is looked into until a file is found.
struct KeyWalk {
  /// Levels above this many are closed meanwhile: a deep tree must not use up the descriptors.
  private static let openLevelsMax = 24

  private let spelling: DirectoryLevel.Spelling
  private let start: String
  private let startCount: Int
  private let wanted: [UInt8]
  private let limit: Int?
  private let collapsesDirectories: Bool
  private var bound: KeyBound?
  private var beginning: [UInt8]
  private var levels: [DirectoryLevel] = []

  /// A walk through the directory at `path`, whose keys begin with `beginning`; only keys that
  /// begin with `prefix` are given, which may be longer than `beginning`.
  ///
  /// `limit` is how many keys will be asked for, nil for all. With `collapsesDirectories`, directories
  /// are given that hold something, and not what they hold. Nothing is there where nothing is at `path`.
  init(
    path: String, beginning: String, spelling: DirectoryLevel.Spelling, prefix: String,
    bound: KeyBound?, limit: Int?, collapsesDirectories: Bool
  ) throws {
    self.collapsesDirectories = collapsesDirectories
    self.spelling = spelling
    self.bound = bound
    self.limit = limit
    start = path
    wanted = Array(prefix.utf8)
    self.beginning = Array(beginning.utf8)
    startCount = self.beginning.count
    // The path of plain keys is resolved; that of escaped ones is no link.
    let flags = spelling == .escaped ? O_NOFOLLOW : 0
    let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | flags)
    if descriptor < 0, errno == ENOENT || LocalPath.isUnspellable(errno) { return }
    guard descriptor >= 0 else { throw ObjectStorageError.system(errno, "listed", key: beginning) }
    try enter(descriptor)
  }

  private mutating func enter(_ descriptor: Int32) throws {
    let (wanted, bound) = (wanted, bound)
    levels.append(
      try DirectoryLevel(
        descriptor: descriptor, spelling: spelling, beginning: &beginning, limit: limit
      ) { key, isDirectory in
        Self.accepts(key, isDirectory, wanted, bound)
      }
    )
    if levels.count > Self.openLevelsMax { levels[levels.count - 1 - Self.openLevelsMax].letGo() }
  }

  private static func accepts(
    _ key: UnsafeBufferPointer<UInt8>, _ isDirectory: Bool, _ wanted: [UInt8], _ bound: KeyBound?
  ) -> Bool {
    guard isDirectory else {
      return KeyBytes.starts(key, with: wanted) && bound?.admits(key) ?? true
    }
    let isOnTheWay =
      key.count < wanted.count
      ? wanted.withUnsafeBufferPointer {
        KeyBytes.compare(key, UnsafeBufferPointer(rebasing: $0[..<key.count])) == 0
      } : KeyBytes.starts(key, with: wanted)
    return isOnTheWay && bound?.mayAdmit(keysBelow: key) ?? true
  }

  /// Passes over what the bound does not admit.
  mutating func skip(to bound: KeyBound) {
    self.bound = bound
  }

  /// The next key; nil behind the last.
  mutating func next() throws -> WalkedKey? {
    while let level = levels.last {
      guard let entry = level.popFirst() else {
        levels.removeLast()
        continue
      }
      beginning.removeLast(beginning.count - level.beginningCount)
      level.append(entry, to: &beginning)
      let (wanted, bound) = (wanted, bound)
      guard
        beginning.withUnsafeBufferPointer({ Self.accepts($0, entry.isDirectory, wanted, bound) }),
        try reopen(level)
      else { continue }
      if entry.isDirectory {
        let descriptor = level.open(entry)
        if descriptor >= 0, collapsesDirectories {
          let key = String(decoding: beginning, as: UTF8.self)
          if try DirectoryLevel.holdsFile(descriptor, key: key) { return .directory(key) }
        } else if descriptor >= 0 {
          try enter(descriptor)
        } else if errno != ENOENT, errno != ENOTDIR, errno != ELOOP {
          throw ObjectStorageError.system(
            errno, "listed", key: String(decoding: beginning, as: UTF8.self))
        }
      } else if let status = level.status(entry),
        let key = String(validating: beginning, as: UTF8.self)
      {
        return .file(ListedFile(key: key, status: status))
      }
    }
    return nil
  }

  /// Opens a level again that was closed on the way down; false where its directory is gone.
  private func reopen(_ level: DirectoryLevel) throws -> Bool {
    if level.isOpen { return true }
    // Only plain directories are ever that deep, and their names are the key's bytes.
    let below = String(decoding: beginning[startCount..<level.beginningCount], as: UTF8.self)
    let descriptor = open(start + "/" + below, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { return false }
    level.takeOver(descriptor)
    return true
  }
}
