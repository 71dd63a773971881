// The prompt as a client of the buckets: it asks what S3's clients ask, and each request is counted in the
// bucket's ledger as theirs are.
//
// 1. `ObjectAddress` reads `s3://bucket/key`; a key alone is one of the lake.
// 2. `BucketClient` asks one bucket; several of them share a `RequestTally`.
// 3. The tally says at the end of a command what the command has cost.

internal import ObjectStorage

/// A place in a bucket; the key may be a beginning of keys, or empty.
struct ObjectAddress: Hashable {
  var bucket: String
  var key: String

  var text: String { "s3://\(bucket)/\(key)" }

  init(bucket: String, key: String) {
    self.bucket = bucket
    self.key = key
  }

  /// `s3://bucket/key`; nil for anything else.
  init?(uri: String) {
    guard uri.hasPrefix("s3://") else { return nil }
    let parts = uri.dropFirst(5).split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    bucket = String(parts.first ?? "")
    key = parts.count > 1 ? String(parts[1]) : ""
  }

  /// What follows the last slash.
  var name: String { key.split(separator: "/").last.map(String.init) ?? "" }

  /// The same as a folder: with a slash at its end, unless it is the whole bucket.
  var folder: ObjectAddress {
    key.isEmpty || key.hasSuffix("/") ? self : ObjectAddress(bucket: bucket, key: key + "/")
  }
}

/// The requests of one command.
final class RequestTally {
  private(set) var requests: [BucketOperation: Int] = [:]

  func add(_ operation: BucketOperation, _ count: Int) {
    requests[operation, default: 0] += count
  }

  var total: Int { requests.values.reduce(0, +) }

  /// `ListObjectsV2 1, GetObject 3`, in the order of S3's operations.
  var text: String {
    BucketOperation.allCases.compactMap { operation in
      requests[operation].map { "\(operation.rawValue) \($0)" }
    }.joined(separator: ", ")
  }
}

/// Asks one bucket, and counts.
struct BucketClient {
  let bucket: Bucket
  let tally: RequestTally

  private func count(
    _ operation: BucketOperation, bytesIn: Int = 0, bytesOut: Int = 0
  ) {
    bucket.ledger.count(operation, bytesIn: bytesIn, bytesOut: bytesOut)
    tally.add(operation, 1)
  }

  // MARK: Listing

  /// What a listing of all pages has found.
  struct Listing {
    var prefixes: [String] = []
    var objects: [ObjectRecord] = []
  }

  /// All pages of ListObjectsV2; with a delimiter only the level below `prefix`.
  func list(_ prefix: String, delimiter: String? = nil) throws -> Listing {
    var found = Listing()
    var after: String?
    repeat {
      count(.listObjects)
      let page = try bucket.list(prefix: prefix, delimiter: delimiter, startAfter: after)
      found.prefixes += page.commonPrefixes
      found.objects += page.objects
      after = page.isTruncated ? page.nextAfter : nil
    } while after != nil
    return found
  }

  /// All pages of ListObjectVersions.
  func versions(_ prefix: String) throws -> [ObjectRecord] {
    var found: [ObjectRecord] = []
    var (key, version): (String?, String?) = (nil, nil)
    repeat {
      count(.listObjectVersions)
      let page = try bucket.listVersions(prefix: prefix, keyMarker: key, versionMarker: version)
      found += page.versions
      (key, version) = page.isTruncated ? (page.nextKeyMarker, page.nextVersionMarker) : (nil, nil)
    } while key != nil
    return found
  }

  // MARK: Objects

  /// nil where there is no object, or only a marker that says so.
  func head(_ key: String, version: String? = nil) throws -> ObjectRecord? {
    count(.headObject)
    let record = try bucket.record(key, version: version)
    return record?.isDeleteMarker == true ? nil : record
  }

  /// The bytes of an object; `range` is cut to what there is.
  func get(_ key: String, range: Range<Int>? = nil) throws -> [UInt8] {
    count(.getObject)
    let (_, reader) = try bucket.open(key, version: nil)
    let wanted = (range ?? 0..<reader.byteCount).clamped(to: 0..<reader.byteCount)
    let bytes = try reader.read(wanted)
    bucket.ledger.count(.getObject, 0, bytesOut: bytes.count)
    return bytes
  }

  /// The object in pieces of at most 1 MiB, by one GetObject.
  func get(_ key: String, _ body: ([UInt8]) throws -> Void) throws {
    count(.getObject)
    let (_, reader) = try bucket.open(key, version: nil)
    var start = 0
    while start < reader.byteCount {
      let end = min(start + 1 << 20, reader.byteCount)
      try body(try reader.read(start..<end))
      bucket.ledger.count(.getObject, 0, bytesOut: end - start)
      start = end
    }
  }

  /// Puts an object whose bytes `next` gives piece by piece, until it gives none.
  func put(
    _ key: String, storageClass: StorageClass, _ next: () throws -> [UInt8]?
  ) throws -> ObjectRecord {
    try ObjectKey.check(key)
    let writer = try bucket.makeWriter()
    var hasher = ObjectHasher()
    while let piece = try next() {
      try piece.withUnsafeBytes {
        hasher.update($0)
        try writer.write($0)
      }
    }
    let digests = hasher.finalize()
    count(.putObject, bytesIn: digests.byteCount)
    return try bucket.put(
      StagedObject(key: key, writer: writer),
      attributes: ObjectAttributes(storageClass: storageClass, entityTag: digests.entityTag))
  }

  func copy(
    _ key: String, from source: BucketClient, _ sourceKey: String, storageClass: StorageClass
  ) throws -> ObjectRecord {
    count(.copyObject)
    return try bucket.copy(
      sourceKey, from: source.bucket, to: key, storageClass: storageClass)
  }

  @discardableResult
  func delete(_ key: String, version: String? = nil) throws -> RemovedObject {
    count(.deleteObject)
    return try bucket.remove(key, version: version)
  }

  // MARK: Settings

  func lifecycle() throws -> LifecycleConfiguration? {
    count(.configure)
    return try bucket.lifecycle()
  }

  func setLifecycle(_ configuration: LifecycleConfiguration?) throws {
    count(.configure)
    try bucket.setLifecycle(configuration)
  }

  func versioning() throws -> BucketVersioning {
    count(.configure)
    return try bucket.versioning()
  }

  func setVersioning(_ versioning: BucketVersioning) throws {
    count(.configure)
    try bucket.setVersioning(versioning)
  }
}
