internal import Synchronization

/// What is asked of a bucket, as S3 names and charges it.
public enum BucketOperation: String, Sendable, Hashable, Codable, CaseIterable {
  case listBuckets = "ListBuckets"
  case createBucket = "CreateBucket"
  case headBucket = "HeadBucket"
  case deleteBucket = "DeleteBucket"
  case listObjects = "ListObjectsV2"
  case listObjectVersions = "ListObjectVersions"
  case putObject = "PutObject"
  case copyObject = "CopyObject"
  case getObject = "GetObject"
  case headObject = "HeadObject"
  case deleteObject = "DeleteObject"
  case deleteObjects = "DeleteObjects"
  case createMultipartUpload = "CreateMultipartUpload"
  case uploadPart = "UploadPart"
  case uploadPartCopy = "UploadPartCopy"
  case completeMultipartUpload = "CompleteMultipartUpload"
  case abortMultipartUpload = "AbortMultipartUpload"
  case listMultipartUploads = "ListMultipartUploads"
  case listParts = "ListParts"
  /// One object that a lifecycle rule moves to another storage class.
  case lifecycleTransition = "LifecycleTransition"
  /// Reading and writing a bucket's settings.
  case configure = "Configure"

  public var tier: RequestTier {
    switch self {
    case .getObject, .headObject, .headBucket: .second
    case .deleteObject, .deleteObjects, .deleteBucket, .abortMultipartUpload: .free
    case .lifecycleTransition: .transition
    case .configure: .second
    default: .first
    }
  }
}

/// What a request costs.
public enum RequestTier: String, Sendable, Hashable, Codable, CaseIterable {
  /// PUT, COPY, POST and LIST.
  case first
  /// GET, HEAD and all others.
  case second
  /// DELETE and CANCEL.
  case free
  /// Moves between storage classes by lifecycle rules.
  case transition
}

/// Counts requests and the bytes that go with them. Safe to share among threads.
public final class RequestLedger: Sendable {
  /// What was counted until now.
  public struct Snapshot: Sendable, Hashable, Codable {
    public var requests: [BucketOperation: Int] = [:]
    /// Bytes of bodies that were sent to the bucket.
    public var bytesIn = 0
    /// Bytes of bodies that were read from it.
    public var bytesOut = 0

    public init() {}

    public func requests(_ tier: RequestTier) -> Int {
      requests.reduce(0) { $0 + ($1.key.tier == tier ? $1.value : 0) }
    }
  }

  private let counted: Mutex<Snapshot>

  /// A ledger that goes on from an earlier count.
  public init(_ snapshot: Snapshot = Snapshot()) {
    counted = Mutex(snapshot)
  }

  /// Counts `count` requests of a kind, and the bytes that went in and out with them.
  public func count(
    _ operation: BucketOperation, _ count: Int = 1, bytesIn: Int = 0, bytesOut: Int = 0
  ) {
    counted.withLock { snapshot in
      snapshot.requests[operation, default: 0] &+= count
      snapshot.bytesIn &+= bytesIn
      snapshot.bytesOut &+= bytesOut
    }
  }

  public func snapshot() -> Snapshot {
    counted.withLock { $0 }
  }

  /// How many requests a listing of so many keys and common prefixes takes: 1,000 at a time.
  public static func listRequests(_ count: Int) -> Int {
    max(1, (count + 999) / 1_000)
  }
}
