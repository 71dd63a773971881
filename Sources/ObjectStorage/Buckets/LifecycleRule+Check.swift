extension LifecycleConfiguration {
  /// The most rules of a bucket, as in S3.
  public static let rulesMax = 1_000

  /// Throws `invalidLifecycle` for what S3 refuses; the message names the rule.
  public func check() throws {
    guard !rules.isEmpty, rules.count <= Self.rulesMax else {
      throw LifecycleRule.invalid(
        "a bucket has 1 to \(Self.rulesMax) lifecycle rules, not \(rules.count)")
    }
    var ids: Set<ExactKey> = []
    for rule in rules {
      try rule.check()
      guard rule.id.isEmpty || ids.insert(ExactKey(rule.id)).inserted else {
        throw LifecycleRule.invalid("more than one rule has the id \"\(rule.id)\"")
      }
    }
  }

  /// The same rules, with a name for those that have none.
  func named() -> LifecycleConfiguration {
    var named = self
    var taken = Set(rules.map { ExactKey($0.id) })
    for index in named.rules.indices where named.rules[index].id.isEmpty {
      var number = index + 1
      while !taken.insert(ExactKey("rule-\(number)")).inserted { number += 1 }
      named.rules[index].id = "rule-\(number)"
    }
    return named
  }
}

extension LifecycleRule {
  static func invalid(_ reason: String) -> ObjectStorageError {
    ObjectStorageError(
      .invalidLifecycle, key: "", "The lifecycle rules were not taken: \(reason).",
      advice: "Change that, and set all rules again; those from before are in force until then.")
  }

  private func invalid(_ reason: String) -> ObjectStorageError {
    Self.invalid("in rule \"\(id)\" (prefix \"\(filter.prefix)\") \(reason)")
  }

  func check() throws {
    guard id.unicodeScalars.count <= 255 else { throw invalid("the id has over 255 characters") }
    guard
      expiration != nil || !transitions.isEmpty || noncurrentExpiration != nil
        || !noncurrentTransitions.isEmpty || abortUploadsAfterDays != nil
    else { throw invalid("there is no action") }
    try checkFilter()
    try checkCurrent()
    try checkNoncurrent()
    if let days = abortUploadsAfterDays, days < 1 {
      throw invalid("uploads are aborted after \(days) days; it takes at least 1")
    }
  }

  private func checkFilter() throws {
    guard filter.prefix.utf8.count <= ObjectKey.bytesMax else {
      throw invalid("the prefix is longer than a key may be")
    }
    let (least, most) = (filter.sizeGreaterThan, filter.sizeLessThan)
    if let least, least < 0 { throw invalid("sizes greater than \(least) are asked for") }
    if let most, most < 1 { throw invalid("sizes less than \(most) are asked for") }
    if let least, let most, least >= most {
      throw invalid("no size is greater than \(least) and less than \(most)")
    }
    guard filter.namesSizes else { return }
    if abortUploadsAfterDays != nil {
      throw invalid("uploads are aborted by size, which they do not have yet")
    }
    if expiration == .expiredObjectDeleteMarker {
      throw invalid("delete markers are removed by size, which they do not have")
    }
  }

  // MARK: Current versions

  private func checkCurrent() throws {
    let moments = transitions.map(\.moment) + (expirationMoment.map { [$0] } ?? [])
    try moments.forEach(checkMoment)
    let isByDate = moments.map(Self.isDate)
    guard Set(isByDate).count <= 1 else {
      throw invalid("days and dates are mixed; use one of them for all actions")
    }
    try checkTransitions(
      transitions.map { (Self.order($0.moment), $0.storageClass) },
      unit: isByDate.first == true ? Self.day : 1, isByDate: isByDate.first == true)
    guard let end = expirationMoment.map(Self.order) else { return }
    for transition in transitions where Self.order(transition.moment) >= end {
      throw invalid("objects expire before they are moved to \(transition.storageClass.rawValue)")
    }
  }

  private var expirationMoment: LifecycleMoment? {
    if case .at(let moment) = expiration { return moment }
    return nil
  }

  private func checkMoment(_ moment: LifecycleMoment) throws {
    switch moment {
    case .days(let days):
      if days < 0 { throw invalid("an action is due after \(days) days") }
      if days == 0, expirationMoment == moment {
        throw invalid("objects expire after 0 days; it takes at least 1")
      }
    case .date(let date):
      if date % Self.day != 0 { throw invalid("a date is not at midnight UTC") }
    }
  }

  /// Moves go downwards, later for each, and not before IA has had its 30 days.
  private func checkTransitions(
    _ moves: [(moment: Int64, storageClass: StorageClass)], unit: Int64, isByDate: Bool
  ) throws {
    var before: (moment: Int64, storageClass: StorageClass)?
    for move in moves.sorted(by: { $0.moment < $1.moment }) {
      let name = move.storageClass.rawValue
      guard StorageClass.standard.canBecome(move.storageClass) else {
        throw invalid("no rule moves objects to \(name)")
      }
      if !isByDate, move.storageClass.needsThirtyDaysBefore, move.moment < 30 {
        throw invalid("objects are moved to \(name) after \(move.moment) days; it takes at least 30")
      }
      if let before {
        let last = before.storageClass.rawValue
        guard before.storageClass.canBecome(move.storageClass) else {
          throw invalid("objects cannot be moved from \(last) to \(name)")
        }
        guard move.moment > before.moment else {
          throw invalid("objects are moved to \(last) and \(name) at the same time")
        }
        if before.storageClass.needsThirtyDaysBefore,
          move.moment - before.moment < 30 * unit
        {
          throw invalid("\(name) follows less than 30 days behind \(last)")
        }
      }
      before = move
    }
  }

  // MARK: Earlier versions

  private func checkNoncurrent() throws {
    for days in noncurrentTransitions.map(\.days) where days < 0 {
      throw invalid("an action for earlier versions is due after \(days) days")
    }
    if let days = noncurrentExpiration?.days, days < 1 {
      throw invalid("earlier versions expire after \(days) days; it takes at least 1")
    }
    let kept = noncurrentTransitions.map(\.newerVersions) + [noncurrentExpiration?.newerVersions]
    for count in kept.compactMap({ $0 }) where !(1...100).contains(count) {
      throw invalid("\(count) newer versions are kept; it takes 1 to 100")
    }
    try checkTransitions(
      noncurrentTransitions.map { (Int64($0.days), $0.storageClass) }, unit: 1, isByDate: false)
    guard let end = noncurrentExpiration?.days else { return }
    for transition in noncurrentTransitions where transition.days >= end {
      throw invalid(
        "earlier versions expire before they are moved to \(transition.storageClass.rawValue)")
    }
  }

  /// Milliseconds of a day.
  public static let day: Int64 = 86_400_000

  private static func isDate(_ moment: LifecycleMoment) -> Bool {
    if case .date = moment { return true }
    return false
  }

  private static func order(_ moment: LifecycleMoment) -> Int64 {
    switch moment {
    case .days(let days): Int64(days)
    case .date(let date): date
    }
  }
}

extension StorageClass {
  fileprivate var needsThirtyDaysBefore: Bool {
    self == .standardInfrequentAccess || self == .oneZoneInfrequentAccess
  }
}
