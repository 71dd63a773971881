import Foundation
import ObjectStorage
import Synchronization
import TestSupport
import Testing

/// The stores that must not differ in anything a caller sees.
enum StoreKind: String, CaseIterable, CustomTestStringConvertible {
  case local, memory
  /// A bucket that knows nothing beside its files, one with an index, and ones with versions.
  case bucket, indexed, versioned, suspended
  /// A bucket elsewhere that keeps versions, over an S3 API in memory.
  case remote

  /// Those that keep their objects as files on this machine, or in its memory.
  static let here = allCases.filter { $0 != .remote }

  var testDescription: String { rawValue }

  /// An empty store; the scratch directory is its root, where it has one.
  func make() throws -> (store: any ObjectStore, scratch: ScratchDirectory) {
    let scratch = try ScratchDirectory(inMemory: true)
    return (try make(root: scratch.path + "/objects"), scratch)
  }

  func make(root: String) throws -> any ObjectStore {
    switch self {
    case .local: return try LocalObjectStore(root: root)
    case .memory: return MemoryObjectStore()
    case .remote: return try FakeS3(keepsVersions: true).store()
    case .bucket, .indexed, .versioned, .suspended:
      let bucket = Bucket(
        name: "tests", store: try LocalObjectStore(root: root), side: root + ".side")
      if self == .indexed {
        try bucket.write("x", [1], ObjectAttributes(headers: ["content-type": "text/plain"]))
        try bucket.remove("x")
      }
      if self == .versioned { try bucket.setVersioning(.enabled) }
      if self == .suspended { try bucket.setVersioning(.suspended) }
      return bucket
    }
  }
}

/// What an attempt failed with; nil where it did not.
func kind(_ body: () throws -> Void) -> ObjectStorageError.Kind? {
  do {
    try body()
    return nil
  } catch {
    return (error as? ObjectStorageError)?.kind
  }
}

/// Keys as bytes: Swift takes two spellings of one letter for the same text.
func bytes(_ keys: [String]) -> [[UInt8]] {
  keys.map { Array($0.utf8) }
}

extension ObjectStore {
  func keys(_ prefix: String = "") throws -> [[UInt8]] {
    bytes(try list(prefix: prefix).map(\.key))
  }
}

extension Bucket {
  /// Puts an object as a client of S3 does.
  @discardableResult
  func write(
    _ key: String, _ bytes: [UInt8], _ attributes: ObjectAttributes = ObjectAttributes(),
    condition: PutCondition = .none
  ) throws -> ObjectRecord {
    let writer = try makeWriter()
    try bytes.withUnsafeBytes { try writer.write($0) }
    return try put(
      StagedObject(key: key, writer: writer), attributes: attributes, condition: condition)
  }

  /// The bytes of a version, nil for the latest.
  func read(_ key: String, version: String? = nil) throws -> [UInt8] {
    let (_, reader) = try open(key, version: version)
    return try reader.read(0..<reader.byteCount)
  }
}

/// A bucket on a disk, with a clock that a test moves.
final class BucketFixture {
  let scratch: ScratchDirectory
  let clock: TestClock
  private(set) var bucket: Bucket

  init(versioning: BucketVersioning = .unversioned) throws {
    scratch = try ScratchDirectory(inMemory: true)
    clock = TestClock()
    bucket = try Self.make(scratch, clock)
    if versioning != .unversioned { try bucket.setVersioning(versioning) }
  }

  private static func make(_ scratch: ScratchDirectory, _ clock: TestClock) throws -> Bucket {
    let store = try LocalObjectStore(root: scratch.path + "/lake", now: { clock.now })
    return Bucket(name: "lake", store: store, side: scratch.path + "/side", seed: 7)
  }

  /// The same directories, as a process that starts finds them.
  func reopen() throws {
    try bucket.close()
    bucket = try Self.make(scratch, clock)
  }

  /// Every version there is, oldest last, as `id` or `id!` for a delete marker.
  func versions(_ key: String) throws -> [String] {
    try bucket.listVersions(prefix: key).versions.filter { $0.key == key }.map {
      ($0.versionID ?? "null") + ($0.isDeleteMarker ? "!" : "")
    }
  }

  func files(_ directory: String) -> [String] { scratch.names("side/" + directory) }
}

/// A story's clock.
final class TestClock: Sendable {
  /// 2024-01-16T00:10:00Z.
  static let start: Int64 = 1_705_363_800_000
  static let hour: Int64 = 3_600_000
  static let day: Int64 = 24 * hour

  private let time = Mutex(start)

  var now: Int64 {
    get { time.withLock { $0 } }
    set { time.withLock { $0 = newValue } }
  }
}
