// Reads the body of PutBucketLifecycleConfiguration. What a rule may ask for is in
// `WireLifecycleRule+Check`; how rules are written back in `LifecycleBody+Writing`.

internal import Simulation

/// A bucket's lifecycle configuration.
package enum LifecycleBody {
  package static let rulesMax = 1_000
  private static let bytesMax = 1 << 20

  /// The rules, checked.
  ///
  /// Every element counts: one that is S3's and not done here, such as a filter by tags, is refused with
  /// `notImplemented` by its name. Throws `S3Error`.
  package static func read(_ body: [UInt8]) throws -> [WireLifecycleRule] {
    let root = "LifecycleConfiguration"
    let rules = try XMLReader.read(body, root: root, bytesMax: bytesMax) { xml in
      var rules: [WireLifecycleRule] = []
      while let name = try xml.child() {
        guard name == "Rule" else { throw xml.unknown() }
        guard rules.count < rulesMax else { throw xml.malformed("more than 1,000 rules") }
        rules.append(try readRule(&xml))
      }
      guard !rules.isEmpty else { throw xml.malformed("at least one Rule is expected") }
      return rules
    }
    try WireLifecycleRule.check(rules)
    return rules
  }

  private static func readRule(_ xml: inout XMLReader) throws -> WireLifecycleRule {
    var rule = WireLifecycleRule()
    var status: String?
    var hasFilter = false
    while let name = try xml.child() {
      switch name {
      case "ID": rule.id = try xml.text(onlyAfter: rule.id)
      case "Status": status = try xml.text(onlyAfter: status)
      case "Prefix":
        guard !hasFilter else { throw xml.malformed("a rule has a Filter or a Prefix, not both") }
        rule.prefix = try xml.text(onlyAfter: rule.prefix)
        rule.isPrefixOutsideFilter = true
      case "Filter":
        guard !hasFilter, !rule.isPrefixOutsideFilter else {
          throw xml.malformed("a rule has one Filter or one Prefix")
        }
        hasFilter = true
        try readFilter(&xml, into: &rule, isAnd: false)
      case "Expiration":
        guard rule.expiration == nil else { throw xml.malformed("<Expiration> stands twice") }
        rule.expiration = try readExpiration(&xml)
      case "Transition": rule.transitions.append(try readTransition(&xml))
      case "NoncurrentVersionExpiration":
        guard rule.noncurrentExpiration == nil else {
          throw xml.malformed("<NoncurrentVersionExpiration> stands twice")
        }
        rule.noncurrentExpiration = try readNoncurrentExpiration(&xml)
      case "NoncurrentVersionTransition":
        rule.noncurrentTransitions.append(try readNoncurrentTransition(&xml))
      case "AbortIncompleteMultipartUpload":
        while let name = try xml.child() {
          guard name == "DaysAfterInitiation" else { throw xml.unknown() }
          rule.abortUploadsAfterDays = try xml.integer(onlyAfter: rule.abortUploadsAfterDays)
        }
        guard rule.abortUploadsAfterDays != nil else {
          throw xml.malformed("<AbortIncompleteMultipartUpload> has DaysAfterInitiation")
        }
      default: throw xml.unknown()
      }
    }
    guard hasFilter || rule.isPrefixOutsideFilter else {
      throw xml.malformed("a rule has a Filter or a Prefix")
    }
    switch status {
    case "Enabled": rule.isEnabled = true
    case "Disabled": rule.isEnabled = false
    default: throw xml.malformed("the Status of a rule is Enabled or Disabled")
    }
    if rule.id?.isEmpty == true { rule.id = nil }
    return rule
  }

  private static func readFilter(
    _ xml: inout XMLReader,
    into rule: inout WireLifecycleRule,
    isAnd: Bool
  ) throws {
    var count = 0
    while let name = try xml.child() {
      count += 1
      switch name {
      case "Prefix": rule.prefix = try xml.text(onlyAfter: rule.prefix)
      case "ObjectSizeGreaterThan":
        rule.sizeGreaterThan = try xml.integer(onlyAfter: rule.sizeGreaterThan, max: .max)
      case "ObjectSizeLessThan":
        rule.sizeLessThan = try xml.integer(onlyAfter: rule.sizeLessThan, max: .max)
      case "And" where !isAnd: try readFilter(&xml, into: &rule, isAnd: true)
      case "Tag": throw xml.unsupported()
      default: throw xml.unknown()
      }
    }
    guard isAnd || count <= 1 else {
      throw xml.malformed("conditions of a Filter stand inside <And>")
    }
    guard !isAnd || count >= 2 else { throw xml.malformed("<And> joins two conditions or more") }
  }

  private static func readExpiration(
    _ xml: inout XMLReader
  ) throws -> WireLifecycleRule.Expiration {
    var days: Int?
    var date: String?
    var isForMarkers: Bool?
    while let name = try xml.child() {
      switch name {
      case "Days": days = try xml.integer(onlyAfter: days)
      case "Date": date = try xml.text(onlyAfter: date)
      case "ExpiredObjectDeleteMarker": isForMarkers = try xml.flag(onlyAfter: isForMarkers)
      default: throw xml.unknown()
      }
    }
    // Some SDKs say `false` beside days.
    if isForMarkers == true, days == nil, date == nil { return .deleteMarkers }
    guard isForMarkers != true else {
      throw xml.malformed("ExpiredObjectDeleteMarker stands alone in an <Expiration>")
    }
    return .after(try due(days: days, date: date, in: "Expiration", xml))
  }

  private static func readTransition(
    _ xml: inout XMLReader
  ) throws -> WireLifecycleRule.Transition {
    var days: Int?
    var date: String?
    var storageClass: String?
    while let name = try xml.child() {
      switch name {
      case "Days": days = try xml.integer(onlyAfter: days)
      case "Date": date = try xml.text(onlyAfter: date)
      case "StorageClass": storageClass = try xml.text(onlyAfter: storageClass)
      default: throw xml.unknown()
      }
    }
    return WireLifecycleRule.Transition(
      due: try due(days: days, date: date, in: "Transition", xml),
      storageClass: try target(storageClass, xml)
    )
  }

  private static func readNoncurrentExpiration(
    _ xml: inout XMLReader
  ) throws -> WireLifecycleRule.NoncurrentExpiration {
    var days: Int?
    var kept: Int?
    while let name = try xml.child() {
      switch name {
      case "NoncurrentDays": days = try xml.integer(onlyAfter: days)
      case "NewerNoncurrentVersions": kept = try xml.integer(onlyAfter: kept)
      default: throw xml.unknown()
      }
    }
    guard let days else { throw xml.malformed("<NoncurrentVersionExpiration> has NoncurrentDays") }
    return WireLifecycleRule.NoncurrentExpiration(days: days, newerVersionsKept: kept)
  }

  private static func readNoncurrentTransition(
    _ xml: inout XMLReader
  ) throws -> WireLifecycleRule.NoncurrentTransition {
    var days: Int?
    var kept: Int?
    var storageClass: String?
    while let name = try xml.child() {
      switch name {
      case "NoncurrentDays": days = try xml.integer(onlyAfter: days)
      case "NewerNoncurrentVersions": kept = try xml.integer(onlyAfter: kept)
      case "StorageClass": storageClass = try xml.text(onlyAfter: storageClass)
      default: throw xml.unknown()
      }
    }
    guard let days else { throw xml.malformed("<NoncurrentVersionTransition> has NoncurrentDays") }
    return WireLifecycleRule.NoncurrentTransition(
      days: days,
      storageClass: try target(storageClass, xml),
      newerVersionsKept: kept
    )
  }

  private static func due(
    days: Int?,
    date: String?,
    in action: String,
    _ xml: XMLReader
  ) throws -> WireLifecycleRule.Due {
    switch (days, date) {
    case (let days?, nil): return .days(days)
    case (nil, let date?):
      // A day alone is its midnight.
      let text = date.utf8.count == 10 ? date + "T00:00:00Z" : date
      guard let microseconds = StoryTime.microseconds(iso8601: text, assumesUTC: true) else {
        throw xml.malformed("\"\(date.prefix(40))\" is no date of ISO 8601")
      }
      return .date(microseconds / 1_000)
    default: throw xml.malformed("<\(action)> has Days or a Date")
    }
  }

  private static func target(_ storageClass: String?, _ xml: XMLReader) throws -> String {
    guard let storageClass, StorageClassName.transitionTargets.contains(storageClass) else {
      let names = StorageClassName.transitionTargets.joined(separator: ", ")
      throw xml.malformed("the StorageClass of a transition is one of \(names)")
    }
    return storageClass
  }
}
