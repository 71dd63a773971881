// The buckets of one world.
//
// ```
//  side/requests.json              what was asked of the buckets as a whole
//  side/given/<name>/              beside a bucket whose objects lie elsewhere, such as the lake
//  side/buckets/<name>/objects/    the objects of a bucket that was created
//  side/buckets/<name>/side/       what it knows beside them
//  side/buckets/<name>/bucket.json when it was created
// ```
// A bucket appears and goes by one rename, so that a crash leaves it or not. Nothing is made before it
// is needed.

internal import Foundation
internal import Synchronization

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Darwin)
internal import Darwin
#endif

/// Buckets by their names. Safe to share among threads.
public final class BucketSet: Sendable {
  /// A bucket whose objects lie in a directory of their own; it cannot be deleted.
  public struct Given: Sendable {
    public var name: String
    public var store: LocalObjectStore
    /// Milliseconds since the Unix epoch.
    public var createdMilliseconds: Int64

    public init(name: String, store: LocalObjectStore, createdMilliseconds: Int64) {
      self.name = name
      self.store = store
      self.createdMilliseconds = createdMilliseconds
    }
  }

  /// One line of a listing of buckets.
  public struct Entry: Sendable, Hashable {
    public var name: String
    /// Milliseconds since the Unix epoch.
    public var createdMilliseconds: Int64
    public var isGiven: Bool

    public init(name: String, createdMilliseconds: Int64, isGiven: Bool) {
      self.name = name
      self.createdMilliseconds = createdMilliseconds
      self.isGiven = isGiven
    }
  }

  /// What was asked of the buckets as a whole; each bucket has a ledger of its own.
  public let ledger: RequestLedger

  private let side: String
  private let seed: UInt64
  private let now: (@Sendable () -> Int64)?
  private let given: [Given]
  private let opened: Mutex<[String: Bucket]>

  private struct Description: Codable {
    var created: Int64
  }

  /// The buckets below `side`, and those that are given.
  ///
  /// `now` is the story's time in milliseconds since the Unix epoch, nil for the system's; `seed` makes
  /// the ids of versions and uploads.
  public init(
    side: String, given: [Given] = [], seed: UInt64 = 0, now: (@Sendable () -> Int64)? = nil
  ) throws {
    self.side = side
    ledger = RequestLedger(file: side + "/requests.json", now: now)
    self.seed = seed
    self.now = now
    self.given = given
    var opened: [String: Bucket] = [:]
    for entry in given {
      opened[entry.name] = Bucket(
        name: entry.name, store: entry.store, side: side + "/given/" + entry.name, seed: seed)
    }
    self.opened = Mutex(opened)
    try sweep()
  }

  private var directory: String { side + "/buckets" }

  /// Removes buckets that were being made or removed when their process was killed.
  private func sweep() throws {
    for name in try DirectoryNames.directories(in: directory) where name.hasPrefix(".") {
      if LocalStaging.isLeftover(String(name.dropFirst())) {
        try? FileManager.default.removeItem(atPath: directory + "/" + name)
      }
    }
  }

  // MARK: Finding

  /// The bucket of a name. Throws `noSuchBucket`.
  public func bucket(_ name: String) throws -> Bucket {
    try opened.withLock { opened in
      if let bucket = opened[name] { return bucket }
      guard (try? BucketName.check(name)) != nil, description(name) != nil else {
        throw ObjectStorageError.noSuchBucket(name)
      }
      let bucket = try open(name)
      opened[name] = bucket
      return bucket
    }
  }

  private func open(_ name: String) throws -> Bucket {
    let path = directory + "/" + name
    return Bucket(
      name: name, store: try LocalObjectStore(root: path + "/objects", now: now),
      side: path + "/side", seed: seed)
  }

  private func description(_ name: String) -> Description? {
    let path = directory + "/" + name + "/bucket.json"
    return FileManager.default.contents(atPath: path)
      .flatMap { try? JSONDecoder().decode(Description.self, from: $0) }
  }

  /// All buckets, sorted by name.
  public func list() throws -> [Entry] {
    var entries = given.map {
      Entry(name: $0.name, createdMilliseconds: $0.createdMilliseconds, isGiven: true)
    }
    for name in try DirectoryNames.directories(in: directory) where !name.hasPrefix(".") {
      guard let description = description(name) else { continue }
      entries.append(
        Entry(name: name, createdMilliseconds: description.created, isGiven: false))
    }
    return entries.sorted { $0.name.precedesInUTF8($1.name) }
  }

  /// Writes what was asked of the buckets beside them; see `RequestLedger.save`.
  public func saveLedgers() {
    ledger.save()
    for bucket in opened.withLock({ Array($0.values) }) { bucket.ledger.save() }
  }

  /// Saves the ledgers and closes all indexes, so that the directories can be copied; the next use opens
  /// them again.
  public func close() throws {
    saveLedgers()
    for bucket in opened.withLock({ Array($0.values) }) { try bucket.close() }
  }

  // MARK: Creating and deleting

  /// Makes an empty bucket. Throws `bucketExists` and `invalidBucketName`.
  @discardableResult
  public func create(_ name: String) throws -> Bucket {
    try BucketName.check(name)
    return try opened.withLock { opened in
      guard opened[name] == nil, description(name) == nil else { throw exists(name) }
      let created = now?() ?? FileStatus.milliseconds(FileTime.systemNow())
      let staging = directory + "/." + LocalStaging.makeName()
      try LocalPath.makeDirectories(staging + "/objects")
      do {
        try write(Description(created: created), to: staging + "/bucket.json")
        guard rename(staging, directory + "/" + name) == 0 else {
          if errno == EEXIST || errno == ENOTEMPTY { throw exists(name) }
          throw ObjectStorageError.system(errno, "made", key: name)
        }
        try sync(directory)
      } catch {
        try? FileManager.default.removeItem(atPath: staging)
        throw error
      }
      let bucket = try open(name)
      opened[name] = bucket
      return bucket
    }
  }

  private func exists(_ name: String) -> ObjectStorageError {
    ObjectStorageError(
      .bucketExists, key: name, "There is a bucket \"\(name)\" already.",
      advice: "Use it, or another name.")
  }

  private func write(_ description: Description, to path: String) throws {
    do {
      try JSONEncoder().encode(description).write(to: URL(fileURLWithPath: path))
    } catch {
      throw ObjectStorageError(
        .failed, key: "", "\(path) could not be written: \(error.localizedDescription)")
    }
    try sync(path)
  }

  private func sync(_ path: String) throws {
    let descriptor = Self.openFile(path)
    guard descriptor >= 0 else { throw ObjectStorageError.system(errno, "synced", key: "") }
    let file = OpenDirectory(descriptor)
    guard fsync(file.descriptor) == 0 else {
      throw ObjectStorageError.system(errno, "synced", key: "")
    }
  }

  private static func openFile(_ path: String) -> Int32 {
    #if canImport(Glibc)
    Glibc.open(path, O_RDONLY | O_CLOEXEC)
    #else
    Darwin.open(path, O_RDONLY | O_CLOEXEC)
    #endif
  }

  /// Removes a bucket that holds neither objects nor versions; its open uploads go with it.
  ///
  /// - Throws: `noSuchBucket`, `bucketNotEmpty`, and `bucketIsGiven` for one that cannot be deleted.
  public func delete(_ name: String) throws {
    if given.contains(where: { $0.name == name }) {
      throw ObjectStorageError(
        .bucketIsGiven, key: name, "The bucket \"\(name)\" belongs to the world and stays.",
        advice: "Delete objects of it, or create another bucket.")
    }
    let bucket = try bucket(name)
    guard try bucket.closeIfEmpty() else {
      throw ObjectStorageError(
        .bucketNotEmpty, key: name, "The bucket \"\(name)\" is not empty.",
        advice: "Delete its objects first, with all their versions and delete markers.")
    }
    let gone = directory + "/." + LocalStaging.makeName()
    try opened.withLock { opened in
      opened[name] = nil
      guard rename(directory + "/" + name, gone) == 0 else {
        if errno == ENOENT { throw ObjectStorageError.noSuchBucket(name) }
        throw ObjectStorageError.system(errno, "deleted", key: name)
      }
      try sync(directory)
    }
    try? FileManager.default.removeItem(atPath: gone)
  }
}
