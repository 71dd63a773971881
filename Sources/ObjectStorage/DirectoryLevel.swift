#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// One directory of a walk: its entries, given out in the order of the keys they stand for.
///
/// A directory counts as its name with the slash, which is how its keys begin: `a-b`, `a/`, `a0`.
/// Names lie one behind the other in one array; entries only say where.
final class DirectoryLevel {
  /// How names stand for keys.
  enum Spelling {
    case plain, escaped
  }

  struct Entry {
    /// The first eight bytes, so that most comparisons are one of numbers.
    var head: UInt64
    var start: Int
    var count: Int
    var isDirectory: Bool
  }

  /// How many bytes of a key lead to this directory.
  let beginningCount: Int
  private let spelling: Spelling
  private var descriptor: Int32
  private var names: [UInt8] = []
  /// Sorted, or a heap with the least entry in front.
  private var entries: [Entry] = []
  private var next = 0
  private var isHeap = false

  /// Takes over an open directory and reads it.
  ///
  /// `accepts` is asked with the beginning of the keys and the entry's bytes behind it; what it
  /// refuses is forgotten. With a `limit`, entries are not sorted beyond what is asked for.
  init(
    descriptor: Int32, spelling: Spelling, beginning: inout [UInt8], limit: Int?,
    accepts: (UnsafeBufferPointer<UInt8>, Bool) -> Bool
  ) throws {
    self.descriptor = descriptor
    self.spelling = spelling
    beginningCount = beginning.count
    try read(&beginning, accepts)
    if let limit, entries.count / 8 > limit {
      isHeap = true
      for index in stride(from: entries.count / 2, through: 0, by: -1) { sink(index) }
    } else {
      names.withUnsafeBufferPointer { names in
        entries.sort { Self.precedes($0, $1, names) }
      }
    }
  }

  deinit {
    if descriptor >= 0 { close(descriptor) }
  }

  // MARK: Reading

  private func read(
    _ beginning: inout [UInt8], _ accepts: (UnsafeBufferPointer<UInt8>, Bool) -> Bool
  ) throws {
    let key = String(decoding: beginning, as: UTF8.self)
    try Self.forEachEntry(of: descriptor, key: key) { name, isDirectory in
      keep(name, isDirectory, &beginning, accepts)
      return true
    }
  }

  /// Calls `body` with each file and directory, in no order, until it answers false. What listings
  /// hide and what is neither is left out.
  private static func forEachEntry(
    of descriptor: Int32, key: String, _ body: (UnsafeBufferPointer<UInt8>, Bool) -> Bool
  ) throws {
    let copy = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
    guard copy >= 0, let stream = fdopendir(copy) else {
      let number = errno
      if copy >= 0 { close(copy) }
      throw ObjectStorageError.system(number, "listed", key: key)
    }
    defer { closedir(stream) }
    errno = 0
    while let entry = readdir(stream) {
      let type = Int32(entry.pointee.d_type)
      let goesOn = withUnsafeBytes(of: &entry.pointee.d_name) { field in
        guard let base = field.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return true }
        let count = strnlen(UnsafeRawPointer(base).assumingMemoryBound(to: CChar.self), field.count)
        let name = UnsafeBufferPointer(start: base, count: count)
        guard !ObjectKey.isHidden(name), let isDirectory = isDirectory(name, type, stream) else {
          return true
        }
        return body(name, isDirectory)
      }
      if !goesOn { return }
      errno = 0
    }
    guard errno == 0 else { throw ObjectStorageError.system(errno, "listed", key: key) }
  }

  /// Nil for what is neither a file nor a directory, such as a symbolic link.
  private static func isDirectory(
    _ name: UnsafeBufferPointer<UInt8>, _ type: Int32, _ stream: DirectoryStream
  ) -> Bool? {
    switch type {
    case Int32(DT_REG): return false
    case Int32(DT_DIR): return true
    case Int32(DT_UNKNOWN):
      var status = stat()
      let found = name.withMemoryRebound(to: CChar.self) { name in
        name.baseAddress.map { fstatat(dirfd(stream), $0, &status, AT_SYMLINK_NOFOLLOW) }
      }
      guard found == 0 else { return nil }
      let known = FileStatus(status)
      return known.isRegularFile || known.isDirectory ? known.isDirectory : nil
    default: return nil
    }
  }

  private func keep(
    _ name: UnsafeBufferPointer<UInt8>, _ isDirectory: Bool, _ beginning: inout [UInt8],
    _ accepts: (UnsafeBufferPointer<UInt8>, Bool) -> Bool
  ) {
    defer { beginning.removeLast(beginning.count - beginningCount) }
    switch spelling {
    case .plain:
      guard Self.isText(name) else { return }
      beginning.append(contentsOf: name)
      if isDirectory { beginning.append(UInt8(ascii: "/")) }
    case .escaped:
      guard EscapedKey.read(name, isDirectory: isDirectory, into: &beginning) else { return }
    }
    guard beginning.count <= ObjectKey.bytesMax,
      beginning.withUnsafeBufferPointer({ accepts($0, isDirectory) })
    else { return }
    let start = names.count
    names.append(contentsOf: beginning[beginningCount...])
    entries.append(
      Entry(
        head: Self.head(names, from: start),
        start: start,
        count: names.count - start,
        isDirectory: isDirectory
      )
    )
    names.append(0)
  }

  /// Whether there is a file anywhere below a directory; takes over its descriptor.
  static func holdsFile(_ descriptor: Int32, key: String) throws -> Bool {
    let directory = OpenDirectory(descriptor)
    var pending = ["."]
    while let path = pending.popLast() {
      let flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC
      let below = openat(directory.descriptor, path, flags)
      guard below >= 0 else { continue }
      defer { close(below) }
      var isFound = false
      try forEachEntry(of: below, key: key) { name, isDirectory in
        guard isText(name) else { return true }
        if isDirectory { pending.append(path + "/" + String(decoding: name, as: UTF8.self)) }
        isFound = !isDirectory
        return !isFound
      }
      if isFound { return true }
    }
    return false
  }

  /// Names that are no UTF-8 name no object.
  private static func isText(_ name: UnsafeBufferPointer<UInt8>) -> Bool {
    name.allSatisfy { $0 < 0x80 } || String(validating: name, as: UTF8.self) != nil
  }

  private static func head(_ names: [UInt8], from start: Int) -> UInt64 {
    var head: UInt64 = 0
    for index in start..<start + 8 {
      head = head << 8 | (index < names.count ? UInt64(names[index]) : 0)
    }
    return head
  }

  // MARK: Order

  private static func precedes(
    _ left: Entry, _ right: Entry, _ names: UnsafeBufferPointer<UInt8>
  ) -> Bool {
    if left.head != right.head { return left.head < right.head }
    let order = KeyBytes.compare(
      UnsafeBufferPointer(rebasing: names[left.start..<left.start + left.count]),
      UnsafeBufferPointer(rebasing: names[right.start..<right.start + right.count])
    )
    // An escaped file is a key that ends where the directory's keys go on.
    return order != 0 ? order < 0 : !left.isDirectory && right.isDirectory
  }

  /// The entry whose keys come next; nil behind the last.
  func popFirst() -> Entry? {
    guard isHeap else {
      guard next < entries.count else { return nil }
      next += 1
      return entries[next - 1]
    }
    guard let first = entries.first, let last = entries.popLast() else { return nil }
    if !entries.isEmpty {
      entries[0] = last
      sink(0)
    }
    return first
  }

  private func sink(_ start: Int) {
    names.withUnsafeBufferPointer { names in
      var parent = start
      while true {
        var least = parent
        for child in [2 * parent + 1, 2 * parent + 2]
        where child < entries.count && Self.precedes(entries[child], entries[least], names) {
          least = child
        }
        if least == parent { return }
        entries.swapAt(parent, least)
        parent = least
      }
    }
  }

  // MARK: Entries

  func append(_ entry: Entry, to beginning: inout [UInt8]) {
    beginning.append(contentsOf: names[entry.start..<entry.start + entry.count])
  }

  /// Nil where the file is gone, or is no file any more.
  func status(_ entry: Entry) -> FileStatus? {
    var status = stat()
    let found = withName(entry) { fstatat(descriptor, $0, &status, AT_SYMLINK_NOFOLLOW) }
    guard found == 0 else { return nil }
    let known = FileStatus(status)
    return known.isRegularFile ? known : nil
  }

  /// An open descriptor of a directory; negative where there is none, and `errno` tells why.
  func open(_ entry: Entry) -> Int32 {
    withName(entry) { openat(descriptor, $0, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) }
  }

  private func withName(_ entry: Entry, _ body: (UnsafePointer<CChar>) -> Int32) -> Int32 {
    names.withUnsafeBufferPointer { names in
      let piece = UnsafeBufferPointer(rebasing: names[entry.start..<entry.start + entry.count])
      if spelling == .escaped {
        return EscapedKey.spell(piece, isDirectory: entry.isDirectory).withCString(body)
      }
      // A zero stands behind each name.
      return piece.withMemoryRebound(to: CChar.self) { $0.baseAddress.map(body) ?? -1 }
    }
  }

  // MARK: Descriptors

  var isOpen: Bool { descriptor >= 0 }

  /// Lets the directory go while the walk is far below it.
  func letGo() {
    if descriptor >= 0 { close(descriptor) }
    descriptor = -1
  }

  func takeOver(_ descriptor: Int32) {
    letGo()
    self.descriptor = descriptor
  }
}

#if canImport(Glibc)
private typealias DirectoryStream = OpaquePointer
#else
private typealias DirectoryStream = UnsafeMutablePointer<DIR>
#endif
