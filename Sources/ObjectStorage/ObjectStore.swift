// Where the bytes of the lake and the warehouse rest: named objects, as S3 has them.
//
// 1. An object is written whole: an `ObjectWriter` takes its bytes out of sight, and `publish` makes
//    one or several of them visible, durable first.
// 2. `putIfAbsent` is the only primitive that decides races: of several writers of one key exactly
//    one wins. Delta commits and Bronze objects rest on it.
// 3. Nothing is changed in place, so a reader that has opened an object keeps seeing its bytes.
// 4. `LocalObjectStore` keeps objects as files, `MemoryObjectStore` in memory. A `Bucket` is a local store
//    and what S3 knows beside the bytes: attributes, versions, uploads, lifecycle rules; `BucketSet` are
//    the buckets of one world.

/// A flat space of immutable objects under `/`-separated keys.
///
/// All calls block and may be made from any thread. A key is any UTF-8 text of 1 to 1,024 bytes without
/// a zero byte, as in S3, and two keys are the same only if their bytes are. Errors are
/// `ObjectStorageError`.
public protocol ObjectStore: Sendable {
  /// Starts an object that has no key yet; it stays invisible until it is published.
  func makeWriter() throws -> any ObjectWriter

  /// Makes finished writers visible under their keys, bytes durable before names.
  ///
  /// With `ifAbsent`, a key that already exists is left alone and answers false, and its writer may
  /// be published again under another key. Otherwise an existing object is replaced, and all answers
  /// are true. Names and bytes are durable when the call returns; directories are synced once.
  func publish(_ objects: [StagedObject], ifAbsent: Bool) throws -> [Bool]

  /// The whole object. Throws `objectStorage.notFound`.
  func get(_ key: String) throws -> [UInt8]
  /// The bytes at `range`. Throws `objectStorage.rangeOutside` where they are not all there.
  func get(_ key: String, range: Range<Int>) throws -> [UInt8]
  /// Opens an object for reads at any place; what it answers does not change if the key does.
  func open(_ key: String) throws -> any ObjectReader
  /// Size and time; nil where there is no such object.
  func head(_ key: String) throws -> ObjectMetadata?
  /// The objects whose keys begin with `prefix` (any text, not only a directory) and come after
  /// `startAfter`, sorted by the UTF-8 bytes of their keys. Unpublished objects never show.
  func list(prefix: String, startAfter: String?) throws -> [ObjectMetadata]
  /// The first `limit` of them, where a store can stop there; the last key begins the next page.
  func list(prefix: String, startAfter: String?, limit: Int) throws -> [ObjectMetadata]
  /// The names one level below `directory` (`""` or ending in `/`) that hold something below
  /// themselves, sorted: what S3 calls common prefixes, without the slash. An empty name, as `a//b`
  /// has below `a/`, is left out.
  func directories(below directory: String) throws -> [String]
  /// Removes an object; one that is not there is no error.
  func delete(_ key: String) throws
}

extension ObjectStore {
  public func list(prefix: String) throws -> [ObjectMetadata] {
    try list(prefix: prefix, startAfter: nil)
  }

  public func list(
    prefix: String, startAfter: String?, limit: Int
  ) throws -> [ObjectMetadata] {
    Array(try list(prefix: prefix, startAfter: startAfter).prefix(max(0, limit)))
  }

  /// Writes one object, replacing an older one.
  public func put(_ key: String, _ bytes: [UInt8]) throws {
    try putMany([(key, bytes)])
  }

  /// Writes one object if there is none of that key; false where there is.
  public func putIfAbsent(_ key: String, _ bytes: [UInt8]) throws -> Bool {
    let writer = try makeWriter()
    try bytes.withUnsafeBytes { try writer.write($0) }
    let published = try publish([StagedObject(key: key, writer: writer)], ifAbsent: true)
    if published != [true] { writer.discard() }
    return published == [true]
  }

  /// Writes several objects with their syncs together; each appears whole, not all at one moment.
  public func putMany(_ objects: [(key: String, bytes: [UInt8])]) throws {
    var staged: [StagedObject] = []
    for object in objects {
      let writer = try makeWriter()
      try object.bytes.withUnsafeBytes { try writer.write($0) }
      staged.append(StagedObject(key: object.key, writer: writer))
    }
    _ = try publish(staged, ifAbsent: false)
  }
}

/// An object being written; not for sharing between threads.
///
/// It is gone if it is neither published nor kept: letting go of it discards it.
public protocol ObjectWriter: AnyObject {
  var byteCount: Int { get }
  func write(_ bytes: UnsafeRawBufferPointer) throws
  /// Forgets the bytes; publishing it afterwards is an error.
  func discard()
}

/// A writer and the key it is to appear under.
public struct StagedObject {
  public var key: String
  public var writer: any ObjectWriter

  public init(key: String, writer: any ObjectWriter) {
    self.key = key
    self.writer = writer
  }
}

/// An object opened for reading, safe to share between threads.
public protocol ObjectReader: Sendable {
  var byteCount: Int { get }
  /// The bytes at `range`; throws `objectStorage.rangeOutside` where they are not all there.
  func read(_ range: Range<Int>) throws -> [UInt8]
  /// The same into memory of the caller's, of as many bytes as the range.
  func read(_ range: Range<Int>, into buffer: UnsafeMutableRawBufferPointer) throws
}

extension ObjectReader {
  public func read(_ range: Range<Int>, into buffer: UnsafeMutableRawBufferPointer) throws {
    buffer.copyBytes(from: try read(range))
  }
}

/// What a store knows of an object without reading it.
public struct ObjectMetadata: Hashable, Sendable {
  public var key: String
  /// Bytes.
  public var size: Int
  /// Milliseconds since the Unix epoch: story time where the store was given a story clock.
  public var modifiedMilliseconds: Int64

  public init(key: String, size: Int, modifiedMilliseconds: Int64) {
    self.key = key
    self.size = size
    self.modifiedMilliseconds = modifiedMilliseconds
  }
}
