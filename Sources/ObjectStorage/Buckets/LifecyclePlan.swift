/// What rules ask for at a moment, of one object after the other.
public struct LifecyclePlan {
  /// Objects below this size stay in their class by default.
  public static let smallSize = 128 * 1_024

  private let rules: [LifecycleRule]
  private let minimum: LifecycleConfiguration.TransitionMinimum
  /// Milliseconds since the Unix epoch.
  let now: Int64

  /// `now` is in milliseconds since the Unix epoch.
  public init(_ configuration: LifecycleConfiguration, now: Int64) {
    rules = configuration.rules.filter(\.isEnabled)
    minimum = configuration.transitionMinimum
    self.now = now
  }

  var isEmpty: Bool { rules.isEmpty }

  /// A rule that asks for something.
  public struct Demand<Value> {
    /// The rule's id.
    public var rule: String
    public var value: Value
  }

  // MARK: Time

  /// Whether so many days have passed since a moment, up to the midnight behind them.
  private func isDue(_ days: Int, since moment: Int64) -> Bool {
    let (length, isTooLong) = Int64(days).multipliedReportingOverflow(by: LifecycleRule.day)
    let (end, isOver) = moment.addingReportingOverflow(length)
    if isTooLong || isOver { return false }
    let remainder = (end % LifecycleRule.day + LifecycleRule.day) % LifecycleRule.day
    let (midnight, isBeyond) = end.addingReportingOverflow(LifecycleRule.day - remainder)
    return !isBeyond && midnight <= now
  }

  private func isDue(_ moment: LifecycleMoment, since created: Int64) -> Bool {
    switch moment {
    case .days(let days): isDue(days, since: created)
    case .date(let date): date <= now
    }
  }

  // MARK: Current versions

  /// The rule that ends an object, or a delete marker without a `size`.
  public func expiration(_ key: String, size: Int?, created: Int64) -> Demand<Void>? {
    for rule in rules where rule.filter.matches(key, size: size) {
      guard case .at(let moment) = rule.expiration, isDue(moment, since: created) else { continue }
      return Demand(rule: rule.id, value: ())
    }
    return nil
  }

  /// The rule that removes a delete marker that has no version behind it.
  func markerRemoval(_ key: String, created: Int64) -> Demand<Void>? {
    let lone = rules.first {
      $0.filter.matches(key, size: nil) && $0.expiration == .expiredObjectDeleteMarker
    }
    return lone.map { Demand(rule: $0.id, value: ()) }
      ?? expiration(key, size: nil, created: created)
  }

  /// The storage class that an object is to be in by now; nil where it stays.
  public func transition(
    _ key: String, size: Int, from storageClass: StorageClass, created: Int64
  ) -> Demand<StorageClass>? {
    lowest(key, size, storageClass) { rule in
      rule.transitions.filter { isDue($0.moment, since: created) }.map(\.storageClass)
    }
  }

  /// Of all classes that are asked for the lowest: the cheapest to rest in.
  private func lowest(
    _ key: String, _ size: Int, _ storageClass: StorageClass,
    _ targets: (LifecycleRule) -> [StorageClass]
  ) -> Demand<StorageClass>? {
    var lowest: Demand<StorageClass>?
    for rule in rules where rule.filter.matches(key, size: size) {
      for target in targets(rule) where isLargeEnough(size, for: target, rule) {
        guard (lowest?.value ?? storageClass).canBecome(target), storageClass.canBecome(target)
        else { continue }
        lowest = Demand(rule: rule.id, value: target)
      }
    }
    return lowest
  }

  private func isLargeEnough(
    _ size: Int, for target: StorageClass, _ rule: LifecycleRule
  ) -> Bool {
    if size >= Self.smallSize || rule.filter.namesSizes { return true }
    return minimum == .variesByStorageClass && target.isArchive
  }

  // MARK: Earlier versions

  /// The rule that ends a version, which has `newer` ones between itself and the current one. A delete
  /// marker has no `size`.
  public func noncurrentExpiration(
    _ key: String, size: Int?, since: Int64, newer: Int
  ) -> Demand<Void>? {
    for rule in rules where rule.filter.matches(key, size: size) {
      guard let end = rule.noncurrentExpiration, newer >= end.newerVersions ?? 0,
        isDue(end.days, since: since)
      else { continue }
      return Demand(rule: rule.id, value: ())
    }
    return nil
  }

  public func noncurrentTransition(
    _ key: String, size: Int, from storageClass: StorageClass, since: Int64, newer: Int
  ) -> Demand<StorageClass>? {
    lowest(key, size, storageClass) { rule in
      rule.noncurrentTransitions.filter {
        newer >= $0.newerVersions ?? 0 && isDue($0.days, since: since)
      }.map(\.storageClass)
    }
  }

  // MARK: Uploads

  func abort(_ key: String, created: Int64) -> Demand<Void>? {
    for rule in rules where key.hasUTF8Prefix(rule.filter.prefix) {
      guard let days = rule.abortUploadsAfterDays, isDue(days, since: created) else { continue }
      return Demand(rule: rule.id, value: ())
    }
    return nil
  }
}
