extension LifecycleBody {
  /// The answer of GetBucketLifecycleConfiguration.
  package static func xml(_ rules: [WireLifecycleRule]) -> [UInt8] {
    var writer = XMLWriter(capacity: 256 + rules.count * 384)
    writer.openRoot("LifecycleConfiguration")
    for rule in rules {
      writer.open("Rule")
      writer.element("ID", ifPresent: rule.id)
      writeScope(of: rule, to: &writer)
      writer.element("Status", rule.isEnabled ? "Enabled" : "Disabled")
      writeActions(of: rule, to: &writer)
      writer.close("Rule")
    }
    writer.close("LifecycleConfiguration")
    return writer.bytes
  }

  private static func writeScope(of rule: WireLifecycleRule, to writer: inout XMLWriter) {
    guard !rule.isPrefixOutsideFilter else { return writer.element("Prefix", rule.prefix ?? "") }
    let conditions =
      (rule.prefix == nil ? 0 : 1) + (rule.sizeGreaterThan == nil ? 0 : 1)
      + (rule.sizeLessThan == nil ? 0 : 1)
    writer.open("Filter")
    if conditions > 1 { writer.open("And") }
    writer.element("Prefix", ifPresent: rule.prefix)
    if let size = rule.sizeGreaterThan { writer.element("ObjectSizeGreaterThan", size) }
    if let size = rule.sizeLessThan { writer.element("ObjectSizeLessThan", size) }
    if conditions > 1 { writer.close("And") }
    writer.close("Filter")
  }

  private static func writeActions(of rule: WireLifecycleRule, to writer: inout XMLWriter) {
    for transition in rule.transitions {
      writer.open("Transition")
      write(transition.due, to: &writer)
      writer.element("StorageClass", transition.storageClass)
      writer.close("Transition")
    }
    if let expiration = rule.expiration {
      writer.open("Expiration")
      switch expiration {
      case .after(let due): write(due, to: &writer)
      case .deleteMarkers: writer.element("ExpiredObjectDeleteMarker", true)
      }
      writer.close("Expiration")
    }
    for transition in rule.noncurrentTransitions {
      writer.open("NoncurrentVersionTransition")
      writer.element("NoncurrentDays", transition.days)
      if let kept = transition.newerVersionsKept { writer.element("NewerNoncurrentVersions", kept) }
      writer.element("StorageClass", transition.storageClass)
      writer.close("NoncurrentVersionTransition")
    }
    if let expiration = rule.noncurrentExpiration {
      writer.open("NoncurrentVersionExpiration")
      writer.element("NoncurrentDays", expiration.days)
      if let kept = expiration.newerVersionsKept { writer.element("NewerNoncurrentVersions", kept) }
      writer.close("NoncurrentVersionExpiration")
    }
    if let days = rule.abortUploadsAfterDays {
      writer.open("AbortIncompleteMultipartUpload")
      writer.element("DaysAfterInitiation", days)
      writer.close("AbortIncompleteMultipartUpload")
    }
  }

  private static func write(_ due: WireLifecycleRule.Due, to writer: inout XMLWriter) {
    switch due {
    case .days(let days): writer.element("Days", days)
    case .date(let moment): writer.element("Date", moment: moment)
    }
  }
}
