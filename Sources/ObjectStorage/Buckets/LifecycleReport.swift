/// What lifecycle rules did to a bucket.
public struct LifecycleReport: Sendable, Hashable {
  /// What was done to one object, version or upload.
  public enum Kind: String, Sendable, Hashable, CaseIterable {
    /// An object of an unversioned bucket was removed.
    case expired
    /// An object was hidden behind a delete marker.
    case hidden
    /// An earlier version was removed.
    case versionRemoved
    /// A delete marker was removed.
    case markerRemoved
    /// A version is in another storage class now.
    case moved
    /// An upload was aborted and its parts were removed.
    case uploadAborted
  }

  /// One action.
  public struct Action: Sendable, Hashable {
    public var kind: Kind
    /// The rule that asked for it.
    public var rule: String
    public var key: String
    /// Nil for the null version, and for uploads.
    public var versionID: String?
    /// Bytes that it was done to.
    public var size: Int
    /// The storage class it was in.
    public var from: StorageClass
    /// The storage class it was moved to; nil where it was not.
    public var to: StorageClass?
  }

  /// In the order in which they were done.
  public var actions: [Action] = []

  public init() {}

  public func count(_ kind: Kind) -> Int {
    actions.reduce(0) { $0 + ($1.kind == kind ? 1 : 0) }
  }

  /// Bytes that an action of a kind was done to.
  public func bytes(_ kind: Kind) -> Int {
    actions.reduce(0) { $0 + ($1.kind == kind ? $1.size : 0) }
  }
}
