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
  private var isAdopted = false
  private(set) var byteCount = 0
  /// What the file is, once it is sealed.
  private(set) var status: FileStatus?

  private static let bufferSize = 64 * 1_024

  init(root: String) throws {
    stagingPath = root + "/" + ObjectKey.stagingDirectory + "/" + LocalStaging.makeName()
    let flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC
    descriptor = Self.openFile(stagingPath, flags)
    if descriptor < 0, errno == ENOENT {
      try Self.makeStaging(root)
      descriptor = Self.openFile(stagingPath, flags)
    }
    guard descriptor >= 0 else {
      throw ObjectStorageError.system(errno, "written", key: ObjectKey.stagingDirectory)
    }
  }

  private static func makeStaging(_ root: String) throws {
    guard mkdir(root + "/" + ObjectKey.stagingDirectory, 0o777) == 0 || errno == EEXIST else {
      throw ObjectStorageError.system(errno, "written", key: ObjectKey.stagingDirectory)
    }
  }

  /// The bytes of a file that is whole already, under a second name.
  init(root: String, linking path: String, key: String) throws {
    stagingPath = root + "/" + ObjectKey.stagingDirectory + "/" + LocalStaging.makeName()
    descriptor = -1
    isSealed = true
    var linked = link(path, stagingPath)
    if linked != 0, errno == ENOENT {
      try Self.makeStaging(root)
      linked = link(path, stagingPath)
    }
    guard linked == 0 else {
      isGone = true
      throw ObjectStorageError.system(errno, "written", key: key)
    }
    status = try FilePlace(path: stagingPath).status(key: key)
    byteCount = status?.size ?? 0
  }

  /// A file of ours that is whole and has another name until it is given a key's; it stays where it is
  /// if that does not come about.
  init(adopting path: String) {
    stagingPath = path
    descriptor = -1
    isSealed = true
    isAdopted = true
  }

  private static func openFile(_ path: String, _ flags: Int32) -> Int32 {
    open(path, flags, 0o666)
  }

  deinit {
    discard()
  }

  func write(_ bytes: UnsafeRawBufferPointer) throws {
    guard !isGone, !isSealed else { throw ObjectStorageError.discarded("") }
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
    if let number = FileDescriptors.write(bytes, to: descriptor) {
      discard()
      throw ObjectStorageError.system(number, "written", key: "")
    }
  }

  /// Writes bytes of another file.
  func append(_ file: LocalObjectReader, range: Range<Int>) throws {
    guard !isGone, !isSealed else { throw ObjectStorageError.discarded("") }
    guard range.lowerBound >= 0, range.upperBound <= file.byteCount else {
      throw ObjectStorageError.rangeOutside(file.key, range, byteCount: file.byteCount)
    }
    try flush()
    var start = range.lowerBound
    while start < range.upperBound {
      let count = range.upperBound - start
      if let copied = try FileCopy.copy(
        from: file.descriptor, at: start, count: count, to: descriptor)
      {
        guard copied > 0 else {
          throw ObjectStorageError.rangeOutside(file.key, range, byteCount: start)
        }
        start += copied
      } else {
        let end = start + min(FileCopy.pieceSize, count)
        try file.read(start..<end).withUnsafeBytes { try writeOut($0) }
        start = end
      }
    }
    byteCount += range.count
  }

  /// Makes the bytes durable and the time final; a second call does nothing.
  func seal(key: String, time: FileTime, sync: (Int32) throws -> Void) throws {
    guard !isGone else { throw ObjectStorageError.discarded(key) }
    guard !isSealed else { return }
    do {
      try flush()
      status = try settle(descriptor, key, time, sync)
    } catch var error as ObjectStorageError {
      discard()
      error.key = error.key.isEmpty ? key : error.key
      throw error
    }
    close(descriptor)
    descriptor = -1
    isSealed = true
  }

  /// Gives bytes that are sealed already another time.
  func retime(key: String, time: FileTime, sync: (Int32) throws -> Void) throws {
    guard !isGone else { throw ObjectStorageError.discarded(key) }
    let descriptor = Self.openFile(stagingPath, O_RDWR | O_CLOEXEC)
    guard descriptor >= 0 else { throw ObjectStorageError.system(errno, "written", key: key) }
    defer { close(descriptor) }
    status = try settle(descriptor, key, time, sync)
  }

  private func settle(
    _ descriptor: Int32, _ key: String, _ time: FileTime, _ sync: (Int32) throws -> Void
  ) throws -> FileStatus {
    _ = futimens(descriptor, [time.specification, time.specification])
    try sync(descriptor)
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      throw ObjectStorageError.system(errno, "written", key: key)
    }
    return FileStatus(status)
  }

  /// What came of giving a file its name.
  enum Naming {
    case named
    /// Another writer was first.
    case taken
    /// Something that is no object of that key is in its place.
    case collides
  }

  /// Gives the sealed bytes their name; `taken` only with `ifAbsent`.
  func name(at place: FilePlace, key: String, ifAbsent: Bool) throws -> Naming {
    guard !isGone else { throw ObjectStorageError.discarded(key) }
    #if canImport(Darwin)
    // What lies there may be named in other letters, so that a rename would replace another key.
    let isLinking = true
    #else
    let isLinking = ifAbsent
    #endif
    if isLinking {
      if linkat(AT_FDCWD, stagingPath, place.descriptor, place.name, 0) == 0 {
        unlink(stagingPath)
        isGone = true
        return .named
      }
      if errno != EEXIST { return try collision(errno, key) }
      if try isOccupied(place, key) { return .collides }
      if ifAbsent { return .taken }
    }
    guard renameat(AT_FDCWD, stagingPath, place.descriptor, place.name) == 0 else {
      return try collision(errno, key)
    }
    isGone = true
    return .named
  }

  private func collision(_ number: Int32, _ key: String) throws -> Naming {
    if LocalPath.isUnspellable(number) { return .collides }
    throw ObjectStorageError.system(number, "written", key: key)
  }

  /// True where a directory, or on Darwin a file of another spelling, has the name.
  private func isOccupied(_ place: FilePlace, _ key: String) throws -> Bool {
    if try place.status(key: key)?.isDirectory == true { return true }
    return place.directory == nil && !LocalPath.isSpelled(place.name, as: LocalPath.name(of: key))
  }

  func discard() {
    if descriptor >= 0 { close(descriptor) }
    descriptor = -1
    if !isGone, !isAdopted { unlink(stagingPath) }
    isGone = true
    buffer = []
  }
}
