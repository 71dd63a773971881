/// What becomes of a bucket's objects as time goes by.
public struct LifecycleConfiguration: Sendable, Hashable, Codable {
  /// Which small objects stay where they are, for rules that do not say it by their filter.
  public enum TransitionMinimum: String, Sendable, Hashable, Codable {
    /// Objects below 128 KiB are never moved.
    case allStorageClasses = "all_storage_classes_128K"
    /// They are moved to GLACIER and DEEP_ARCHIVE only.
    case variesByStorageClass = "varies_by_storage_class"
  }

  public var rules: [LifecycleRule]
  public var transitionMinimum: TransitionMinimum

  public init(
    _ rules: [LifecycleRule], transitionMinimum: TransitionMinimum = .allStorageClasses
  ) {
    self.rules = rules
    self.transitionMinimum = transitionMinimum
  }
}

/// When an action is due.
public enum LifecycleMoment: Sendable, Hashable, Codable {
  /// Days after the object was made, rounded up to the next midnight UTC.
  case days(Int)
  /// From a midnight UTC on, in milliseconds since the Unix epoch.
  case date(Int64)
}

/// One rule: which objects, and what to do with them.
public struct LifecycleRule: Sendable, Hashable, Codable {
  /// Which objects a rule is for.
  public struct Filter: Sendable, Hashable, Codable {
    /// What their keys begin with; empty for all.
    public var prefix: String
    /// Bytes; nil for no bound.
    public var sizeGreaterThan: Int?
    /// Bytes; nil for no bound.
    public var sizeLessThan: Int?

    public init(prefix: String = "", sizeGreaterThan: Int? = nil, sizeLessThan: Int? = nil) {
      self.prefix = prefix
      self.sizeGreaterThan = sizeGreaterThan
      self.sizeLessThan = sizeLessThan
    }

    var namesSizes: Bool { sizeGreaterThan != nil || sizeLessThan != nil }

    /// `size` is nil for what has none: delete markers and uploads.
    public func matches(_ key: String, size: Int?) -> Bool {
      guard key.hasUTF8Prefix(prefix) else { return false }
      guard let size else { return !namesSizes }
      return size > sizeGreaterThan ?? -1 && size < sizeLessThan ?? .max
    }
  }

  /// What ends a current version.
  public enum Expiration: Sendable, Hashable, Codable {
    /// It is removed, or hidden behind a delete marker where there are versions.
    case at(LifecycleMoment)
    /// A delete marker is removed that has no version behind it any more.
    case expiredObjectDeleteMarker
  }

  /// A move to a storage class.
  public struct Transition: Sendable, Hashable, Codable {
    public var moment: LifecycleMoment
    public var storageClass: StorageClass

    public init(_ moment: LifecycleMoment, to storageClass: StorageClass) {
      self.moment = moment
      self.storageClass = storageClass
    }
  }

  /// The end of a version that is not current.
  public struct NoncurrentExpiration: Sendable, Hashable, Codable {
    /// Days after the next version was made.
    public var days: Int
    /// So many of the newest of them stay; nil for none.
    public var newerVersions: Int?

    public init(days: Int, newerVersions: Int? = nil) {
      self.days = days
      self.newerVersions = newerVersions
    }
  }

  /// A move of a version that is not current.
  public struct NoncurrentTransition: Sendable, Hashable, Codable {
    /// Days after the next version was made.
    public var days: Int
    /// So many of the newest of them stay; nil for none.
    public var newerVersions: Int?
    public var storageClass: StorageClass

    public init(days: Int, newerVersions: Int? = nil, to storageClass: StorageClass) {
      self.days = days
      self.newerVersions = newerVersions
      self.storageClass = storageClass
    }
  }

  /// Its name; an empty one gets one when the rules are set.
  public var id: String
  public var isEnabled: Bool
  public var filter: Filter
  public var expiration: Expiration?
  public var transitions: [Transition]
  public var noncurrentExpiration: NoncurrentExpiration?
  public var noncurrentTransitions: [NoncurrentTransition]
  /// Days after an upload was begun; nil lets it be.
  public var abortUploadsAfterDays: Int?

  public init(
    id: String = "", isEnabled: Bool = true, filter: Filter = Filter(),
    expiration: Expiration? = nil, transitions: [Transition] = [],
    noncurrentExpiration: NoncurrentExpiration? = nil,
    noncurrentTransitions: [NoncurrentTransition] = [], abortUploadsAfterDays: Int? = nil
  ) {
    self.id = id
    self.isEnabled = isEnabled
    self.filter = filter
    self.expiration = expiration
    self.transitions = transitions
    self.noncurrentExpiration = noncurrentExpiration
    self.noncurrentTransitions = noncurrentTransitions
    self.abortUploadsAfterDays = abortUploadsAfterDays
  }
}
