// A bucket: objects at their keys, and what S3 knows of them beside their bytes.
//
// ```
//  root/                       the objects, as files: `LocalObjectStore`; other programs work here too
//  side/index.sqlite           attributes, versions, uploads, settings: `BucketIndex`
//  side/requests.json          what was asked of the bucket: `RequestLedger`
//  side/versions/…             the files of earlier versions
//  side/uploads/<id>/…         the files of parts
// ```
// 1. What is at a key is the current object, always. Who only reads and writes objects needs no more, and
//    a bucket that only does that never makes an index.
// 2. A put takes the key's lock, writes down in the index what the file will not tell, and gives the file
//    its name. Until then nothing is seen of it; from then on everything.
// 3. With versioning, the object that goes gets a second name below `versions/` first.
//
// Both directories are on one file system, because files go from one to the other by link and rename.
// One `Bucket` works on them at a time in a process; the index tells those of several processes apart.

internal import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// Whether a bucket keeps what was overwritten and deleted.
public enum BucketVersioning: String, Sendable, Hashable, Codable {
  /// It never was on.
  case unversioned = "Unversioned"
  case enabled = "Enabled"
  /// It was on: what there is stays, and new objects are null versions.
  case suspended = "Suspended"
}

/// One bucket of S3 on a local disk. Safe to share among threads; all calls block.
public final class Bucket: Sendable {
  public let name: String
  /// What was asked of this bucket. The `ObjectStore` calls count themselves; who serves others by the
  /// calls that S3 has, such as `record` and `put`, counts what was asked of him.
  public let ledger: RequestLedger

  let store: LocalObjectStore
  let side: String
  let index: BucketIndex
  let locks = KeyLocks()
  /// One at a time for each upload; taken before a key's.
  let uploadLocks = KeyLocks()
  let versionIDs: VersionID
  let uploadIDs: VersionID
  private let knownVersioning = Mutex<BucketVersioning?>(nil)

  /// A bucket over a store's objects, with its own things in the directory `side`.
  ///
  /// `side` lies outside of the store's root, on the same file system, and is made when it is needed.
  /// `seed` makes ids of versions and uploads: the same story gives the same ids. Without a `ledger` the
  /// bucket has one that goes on from what was saved beside it.
  public init(
    name: String, store: LocalObjectStore, side: String, seed: UInt64 = 0,
    ledger: RequestLedger? = nil
  ) {
    self.name = name
    self.store = store
    self.side = side
    self.ledger = ledger ?? RequestLedger(file: side + "/requests.json", now: store.now)
    index = BucketIndex(directory: side)
    versionIDs = VersionID(seed: seed, bucket: name, kind: "version")
    uploadIDs = VersionID(seed: seed, bucket: name, kind: "upload")
  }

  /// The directory of the objects.
  public var root: String { store.root }
  /// How many times a file or a directory of the objects was synced to the disk.
  public var fsyncCount: Int { store.fsyncCount }
  /// Half-written objects of killed processes that were removed when the store was opened.
  public var leftoversRemoved: Int { store.leftoversRemoved }

  /// Closes the index, so that the directories can be copied; the next use opens it again.
  public func close() throws {
    try index.close()
  }

  /// Milliseconds since the Unix epoch: the story's time where the store has a story's clock.
  var now: Int64 { store.now?() ?? FileStatus.milliseconds(FileTime.systemNow()) }

  func sidePath(_ directory: String, _ name: String) -> String {
    side + "/" + directory + "/" + name
  }

  func checkOpen() throws {
    if locks.isClosed { throw ObjectStorageError.noSuchBucket(name) }
  }

  // MARK: Versioning

  public func versioning() throws -> BucketVersioning {
    if !index.exists { return .unversioned }
    if let known = knownVersioning.withLock({ $0 }) { return known }
    let stored = try index.setting("versioning")
    let versioning = stored.flatMap(BucketVersioning.init) ?? .unversioned
    knownVersioning.withLock { $0 = versioning }
    return versioning
  }

  /// Switches versioning on or off; it cannot be as if it never was on.
  public func setVersioning(_ versioning: BucketVersioning) throws {
    try checkOpen()
    if versioning == .unversioned {
      guard try self.versioning() == .unversioned else {
        throw ObjectStorageError(
          .invalidVersioning, key: "",
          "The bucket \(name) has had versions; that cannot be undone.",
          advice: "Suspend versioning instead.")
      }
      return
    }
    try index.set("versioning", to: versioning.rawValue)
    knownVersioning.withLock { $0 = versioning }
  }

  // MARK: Deleting

  /// Ends the bucket, whose directories may go then; false where there is something in it.
  func closeIfEmpty() throws -> Bool {
    try locks.close {
      guard try isEmpty() else { return false }
      try index.end()
      return true
    }
  }

  /// Whether there is neither an object, nor an earlier version, nor a delete marker.
  public func isEmpty() throws -> Bool {
    try listVersions(prefix: "", limit: 1).versions.isEmpty
  }
}
