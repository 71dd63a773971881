internal import Synchronization

/// Objects in memory: what a test or a table without a disk keeps them in.
///
/// It behaves as the other stores do, only that nothing outlives it. Any thread may use it.
public final class MemoryObjectStore: ObjectStore {
  private struct Stored {
    var bytes: [UInt8]
    var modifiedMilliseconds: Int64
  }

  private struct State {
    var objects: [ExactKey: Stored] = [:]
    /// All keys in order; nil after a key came or went.
    var sorted: [String]?
  }

  private let state = Mutex(State())
  private let now: @Sendable () -> Int64

  /// An empty store; `now` gives modification times in milliseconds since the epoch.
  public init(now: (@Sendable () -> Int64)? = nil) {
    self.now = now ?? { FileStatus.milliseconds(FileTime.systemNow()) }
  }

  // MARK: Reading

  public func get(_ key: String) throws -> [UInt8] {
    try stored(key).bytes
  }

  public func get(_ key: String, range: Range<Int>) throws -> [UInt8] {
    try open(key).read(range)
  }

  public func open(_ key: String) throws -> any ObjectReader {
    MemoryObjectReader(key: key, bytes: try stored(key).bytes)
  }

  public func head(_ key: String) throws -> ObjectMetadata? {
    try ObjectKey.check(key)
    return state.withLock { Self.metadata($0, key) }
  }

  private func stored(_ key: String) throws -> Stored {
    try ObjectKey.check(key)
    guard let stored = state.withLock({ $0.objects[ExactKey(key)] }) else {
      throw ObjectStorageError.notFound(key)
    }
    return stored
  }

  private static func metadata(_ state: State, _ key: String) -> ObjectMetadata? {
    state.objects[ExactKey(key)].map {
      ObjectMetadata(
        key: key, size: $0.bytes.count, modifiedMilliseconds: $0.modifiedMilliseconds)
    }
  }

  // MARK: Listing

  public func list(prefix: String, startAfter: String?) throws -> [ObjectMetadata] {
    try list(prefix: prefix, startAfter: startAfter, limit: .max)
  }

  public func list(
    prefix: String, startAfter: String?, limit: Int
  ) throws -> [ObjectMetadata] {
    state.withLock { state in
      let keys = Self.keys(&state)
      var index = Self.firstIndex(keys) { !$0.precedesInUTF8(prefix) }
      if let startAfter {
        index = max(index, Self.firstIndex(keys) { startAfter.precedesInUTF8($0) })
      }
      var result: [ObjectMetadata] = []
      while result.count < limit, index < keys.count, keys[index].hasUTF8Prefix(prefix) {
        if let object = Self.metadata(state, keys[index]) { result.append(object) }
        index += 1
      }
      return result
    }
  }

  public func directories(below directory: String) throws -> [String] {
    var names: [String] = []
    let delimiter = Array("/".utf8)
    for object in try list(prefix: directory) {
      let start = directory.utf8.count
      guard let common = CommonPrefix(of: object.key, delimiter: delimiter, from: start) else {
        continue
      }
      let name = String(decoding: common.bytes[start...].dropLast(), as: UTF8.self)
      if !name.isEmpty, names.last.map(ExactKey.init) != ExactKey(name) { names.append(name) }
    }
    return names
  }

  private static func keys(_ state: inout State) -> [String] {
    if let sorted = state.sorted { return sorted }
    let sorted = state.objects.keys.map(\.text).sorted { $0.precedesInUTF8($1) }
    state.sorted = sorted
    return sorted
  }

  /// The first index whose key `matches`, where all behind it do as well.
  private static func firstIndex(_ keys: [String], _ matches: (String) -> Bool) -> Int {
    var (low, high) = (0, keys.count)
    while low < high {
      let middle = low + (high - low) / 2
      if matches(keys[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }

  // MARK: Writing

  public func makeWriter() throws -> any ObjectWriter {
    MemoryObjectWriter()
  }

  public func publish(_ objects: [StagedObject], ifAbsent: Bool) throws -> [Bool] {
    for object in objects { try ObjectKey.check(object.key) }
    let modified = now()
    return try objects.map { object in
      guard let writer = object.writer as? MemoryObjectWriter else {
        preconditionFailure("a writer belongs to the store that made it")
      }
      let bytes = try writer.bytes(for: object.key)
      let isPublished = state.withLock { state in
        let key = ExactKey(object.key)
        let isNew = state.objects[key] == nil
        if ifAbsent, !isNew { return false }
        state.objects[key] = Stored(bytes: bytes, modifiedMilliseconds: modified)
        if isNew { state.sorted = nil }
        return true
      }
      if isPublished { writer.discard() }
      return isPublished
    }
  }

  public func delete(_ key: String) throws {
    try ObjectKey.check(key)
    state.withLock { state in
      if state.objects.removeValue(forKey: ExactKey(key)) != nil { state.sorted = nil }
    }
  }
}

private final class MemoryObjectWriter: ObjectWriter {
  private var written: [UInt8]? = []
  private(set) var byteCount = 0

  func write(_ bytes: UnsafeRawBufferPointer) throws {
    guard written != nil else { throw ObjectStorageError.discarded("") }
    byteCount += bytes.count
    written?.append(contentsOf: bytes)
  }

  func bytes(for key: String) throws -> [UInt8] {
    guard let written else { throw ObjectStorageError.discarded(key) }
    return written
  }

  func discard() {
    written = nil
  }
}

private final class MemoryObjectReader: ObjectReader {
  private let key: String
  private let bytes: [UInt8]
  var byteCount: Int { bytes.count }

  init(key: String, bytes: [UInt8]) {
    self.key = key
    self.bytes = bytes
  }

  func read(_ range: Range<Int>) throws -> [UInt8] {
    guard range.lowerBound >= 0, range.upperBound <= bytes.count else {
      throw ObjectStorageError.rangeOutside(key, range, byteCount: bytes.count)
    }
    return Array(bytes[range])
  }
}
