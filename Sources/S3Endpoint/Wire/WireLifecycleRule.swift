/// One rule of a bucket's lifecycle as the wire has it.
package struct WireLifecycleRule: Sendable, Hashable {
  /// When an action is due.
  package enum Due: Sendable, Hashable {
    /// Days after the object was made; for a transition also 0.
    case days(Int)
    /// A midnight in UTC, in milliseconds since the Unix epoch.
    case date(Int64)
  }

  /// What becomes of current versions.
  package enum Expiration: Sendable, Hashable {
    case after(Due)
    /// A delete marker with nothing behind it goes.
    case deleteMarkers
  }

  package struct Transition: Sendable, Hashable {
    package var due: Due
    package var storageClass: String

    package init(due: Due, storageClass: String) {
      self.due = due
      self.storageClass = storageClass
    }
  }

  /// What becomes of versions that are not current any more.
  package struct NoncurrentExpiration: Sendable, Hashable {
    /// Days since the version ceased to be current.
    package var days: Int
    /// So many of the newest of them stay, 1 to 100; nil keeps none.
    package var newerVersionsKept: Int?

    package init(days: Int, newerVersionsKept: Int? = nil) {
      self.days = days
      self.newerVersionsKept = newerVersionsKept
    }
  }

  package struct NoncurrentTransition: Sendable, Hashable {
    package var days: Int
    package var storageClass: String
    package var newerVersionsKept: Int?

    package init(days: Int, storageClass: String, newerVersionsKept: Int? = nil) {
      self.days = days
      self.storageClass = storageClass
      self.newerVersionsKept = newerVersionsKept
    }
  }

  /// At most 255 characters, once in a configuration; nil where the server shall give one.
  package var id: String?
  package var isEnabled = true
  /// The keys it is for; nil for all.
  package var prefix: String?
  /// The prefix stands in the rule itself, as in S3's first version, and not in a filter.
  package var isPrefixOutsideFilter = false
  /// It is for objects of more bytes than that; nil for no bound.
  package var sizeGreaterThan: Int?
  /// It is for objects of fewer bytes than that; nil for no bound.
  package var sizeLessThan: Int?
  package var expiration: Expiration?
  package var transitions: [Transition] = []
  package var noncurrentExpiration: NoncurrentExpiration?
  package var noncurrentTransitions: [NoncurrentTransition] = []
  /// Unfinished uploads are aborted after so many days; nil for never.
  package var abortUploadsAfterDays: Int?

  package init() {}
}
