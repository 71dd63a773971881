/// What S3 asks of rules beyond their form.
extension WireLifecycleRule {
  private static let idCharactersMax = 255
  private static let dayMilliseconds: Int64 = 86_400_000

  /// Throws `S3Error`, mostly `invalidArgument`, for the first rule that S3 would not take.
  static func check(_ rules: [WireLifecycleRule]) throws {
    var ids: Set<String> = []
    for rule in rules {
      if let id = rule.id {
        guard id.count <= idCharactersMax else {
          throw S3Error(.invalidArgument, "ID length should not exceed allowed limit of 255")
        }
        guard ids.insert(id).inserted else {
          throw S3Error(
            .invalidArgument,
            "Rule ID must be unique. Found same ID for more than one rule: \(id)"
          )
        }
      }
      try rule.checkScope()
      try rule.checkActions()
    }
  }

  private func checkScope() throws {
    for (name, size) in [
      ("ObjectSizeGreaterThan", sizeGreaterThan), ("ObjectSizeLessThan", sizeLessThan),
    ] {
      if let size, size < 0 {
        throw S3Error(.invalidArgument, "'\(name)' should be a non-negative integer")
      }
    }
    if let sizeGreaterThan, let sizeLessThan, sizeLessThan <= sizeGreaterThan {
      throw S3Error(
        .invalidArgument,
        "'ObjectSizeLessThan' has to be a value greater than 'ObjectSizeGreaterThan'"
      )
    }
  }

  private func checkActions() throws {
    guard
      expiration != nil || noncurrentExpiration != nil || abortUploadsAfterDays != nil
        || !transitions.isEmpty || !noncurrentTransitions.isEmpty
    else {
      throw S3Error(.invalidRequest, "At least one action needs to be specified in a rule")
    }
    if case .after(let due)? = expiration {
      try Self.check(due, in: "Expiration", daysMin: 1)
    }
    try checkTransitions()
    if let noncurrentExpiration {
      try Self.positive(
        noncurrentExpiration.days,
        "NoncurrentDays",
        "NoncurrentVersionExpiration"
      )
      try Self.checkKept(noncurrentExpiration.newerVersionsKept, "NoncurrentVersionExpiration")
    }
    for transition in noncurrentTransitions {
      guard transition.days >= 0 else {
        throw S3Error(
          .invalidArgument,
          "'NoncurrentDays' in NoncurrentVersionTransition action must be nonnegative"
        )
      }
      try Self.checkKept(transition.newerVersionsKept, "NoncurrentVersionTransition")
    }
    if let abortUploadsAfterDays {
      try Self.positive(
        abortUploadsAfterDays,
        "DaysAfterInitiation",
        "AbortIncompleteMultipartUpload"
      )
    }
  }

  private func checkTransitions() throws {
    var classes: Set<String> = []
    for transition in transitions {
      guard classes.insert(transition.storageClass).inserted else {
        throw S3Error(
          .invalidArgument,
          "'StorageClass' must be different for 'Transition' actions in the same rule"
        )
      }
      try Self.check(transition.due, in: "Transition", daysMin: 0)
      guard case .days(let days) = transition.due else { continue }
      if days < 30, ["STANDARD_IA", "ONEZONE_IA"].contains(transition.storageClass) {
        throw S3Error(
          .invalidArgument,
          "'Days' in Transition action must be greater than or equal to 30 for storageClass "
            + "'\(transition.storageClass)'"
        )
      }
      if case .after(.days(let expirationDays))? = expiration, expirationDays <= days {
        throw S3Error(
          .invalidArgument,
          "'Days' in the Expiration action must be greater than 'Days' in the Transition action"
        )
      }
    }
  }

  private static func check(_ due: Due, in action: String, daysMin: Int) throws {
    switch due {
    case .days(let days) where days < daysMin:
      throw S3Error(
        .invalidArgument,
        daysMin > 0
          ? "'Days' for \(action) action must be a positive integer"
          : "'Days' in \(action) action must be nonnegative"
      )
    case .date(let moment) where moment % dayMilliseconds != 0:
      throw S3Error(.invalidArgument, "'Date' must be at midnight GMT")
    default: break
    }
  }

  private static func positive(_ days: Int, _ name: String, _ action: String) throws {
    guard days > 0 else {
      throw S3Error(
        .invalidArgument,
        "'\(name)' for \(action) action must be a positive integer"
      )
    }
  }

  private static func checkKept(_ kept: Int?, _ action: String) throws {
    guard let kept, !(1...100).contains(kept) else { return }
    throw S3Error(
      .invalidArgument,
      "'NewerNoncurrentVersions' for \(action) action must be between 1 and 100"
    )
  }
}
