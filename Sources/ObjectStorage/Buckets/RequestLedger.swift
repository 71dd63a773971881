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

/// Counts requests and the bytes that go with them, by the hour. Safe to share among threads.
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

  /// What was asked by one operation in one stretch of time.
  public struct Entry: Sendable, Hashable {
    /// Milliseconds since the Unix epoch: a full hour, or a midnight UTC.
    public var startMilliseconds: Int64
    /// How long the stretch is: 1, or 24 for what is more than a week old.
    public var hours: Int
    public var operation: BucketOperation
    public var requests: Int
    public var bytesIn: Int
    public var bytesOut: Int
  }

  struct State {
    var total = Snapshot()
    var periods = RequestPeriods()
    /// True where the file does not say what is counted here.
    var isChanged = false
  }

  let counted: Mutex<State>
  private let now: (@Sendable () -> Int64)?
  /// Where the counts are kept between two runs of the program; nil for nowhere.
  let file: String?

  /// A ledger that goes on from an earlier count.
  public init(_ snapshot: Snapshot = Snapshot()) {
    var state = State()
    state.total = snapshot
    counted = Mutex(state)
    now = nil
    file = nil
  }

  /// A ledger that goes on from what `file` says, if it is there, and that `save` writes there.
  ///
  /// `now` is the story's time in milliseconds since the Unix epoch, nil for the system's. A file that
  /// cannot be read is passed over: the counts begin anew.
  init(file: String, now: (@Sendable () -> Int64)?) {
    var state = State()
    state.periods = RequestPeriods(contentsOf: file)
    state.total = state.periods.total
    counted = Mutex(state)
    self.now = now ?? { FileStatus.milliseconds(FileTime.systemNow()) }
    self.file = file
  }

  /// Counts `count` requests of a kind, and the bytes that went in and out with them.
  public func count(
    _ operation: BucketOperation, _ count: Int = 1, bytesIn: Int = 0, bytesOut: Int = 0
  ) {
    let moment = now?()
    counted.withLock { state in
      state.total.requests[operation, default: 0] &+= count
      state.total.bytesIn &+= bytesIn
      state.total.bytesOut &+= bytesOut
      guard let moment else { return }
      state.isChanged = true
      state.periods.add(
        operation, RequestPeriods.Count(requests: count, bytesIn: bytesIn, bytesOut: bytesOut),
        at: moment)
    }
  }

  public func snapshot() -> Snapshot {
    counted.withLock { $0.total }
  }

  /// What was counted hour by hour, oldest first; empty for a ledger that knows no time.
  public func entries() -> [Entry] {
    counted.withLock { $0.periods.entries }
  }

  /// How many requests a listing of so many keys and common prefixes takes: 1,000 at a time.
  public static func listRequests(_ count: Int) -> Int {
    max(1, (count + 999) / 1_000)
  }
}
