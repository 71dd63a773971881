/// How a new version of a schema must fit the versions before it: the seven modes of a registry.
///
/// BACKWARD asks whether whoever reads with the new version can read what was written with the old one;
/// FORWARD the other way round; FULL both. The plain modes look at the last version only, the
/// transitive ones at all of them, which is what phones that are never updated need.
public enum Compatibility: String, Sendable, Hashable, CaseIterable {
  case none = "NONE"
  case backward = "BACKWARD"
  case backwardTransitive = "BACKWARD_TRANSITIVE"
  case forward = "FORWARD"
  case forwardTransitive = "FORWARD_TRANSITIVE"
  case full = "FULL"
  case fullTransitive = "FULL_TRANSITIVE"

  public var readsOld: Bool {
    switch self {
    case .backward, .backwardTransitive, .full, .fullTransitive: true
    case .none, .forward, .forwardTransitive: false
    }
  }

  public var isReadByOld: Bool {
    switch self {
    case .forward, .forwardTransitive, .full, .fullTransitive: true
    case .none, .backward, .backwardTransitive: false
    }
  }

  public var isTransitive: Bool {
    switch self {
    case .backwardTransitive, .forwardTransitive, .fullTransitive: true
    case .none, .backward, .forward, .full: false
    }
  }

  /// Every way in which `schema` breaks this mode against the versions before it, oldest first.
  ///
  /// `[]` where it fits, and always for `none` and for a first version.
  public func conflicts(
    of schema: EventSchema,
    with versions: [EventSchema]
  ) -> [SchemaConflict] {
    let first = isTransitive ? 0 : max(0, versions.count - 1)
    return versions.indices.dropFirst(first).flatMap { index -> [SchemaConflict] in
      let old = versions[index]
      var conflicts: [SchemaConflict] = []
      if readsOld {
        conflicts += SchemaConflict.between(
          reader: schema, writer: old, .newReadsOld, version: index + 1)
      }
      if isReadByOld {
        conflicts += SchemaConflict.between(
          reader: old, writer: schema, .oldReadsNew, version: index + 1)
      }
      return conflicts
    }
  }
}

/// One reason why two versions do not fit, with the rule that says so.
public struct SchemaConflict: Sendable, Hashable {
  /// A reader refuses what a writer may send.
  public enum Rule: String, Sendable, Hashable, CaseIterable {
    /// The reader demands a property that the writer may leave out.
    case requiredPropertyMissing = "required_property_missing"
    /// The reader's type does not cover the writer's.
    case typeChanged = "type_changed"
    /// The writer may send a text that the reader's list lacks.
    case enumNarrowed = "enum_narrowed"
    /// The writer may send a number outside of the reader's range.
    case rangeNarrowed = "range_narrowed"
    /// The reader allows named properties only, and the writer has one more.
    case unknownToClosedSchema = "unknown_to_closed_schema"
  }

  /// Who cannot read whom.
  public enum Direction: String, Sendable, Hashable {
    case newReadsOld = "new_reads_old"
    case oldReadsNew = "old_reads_new"
  }

  public var rule: Rule
  public var property: String
  public var direction: Direction
  /// The version that the new one was compared with, from 1.
  public var version: Int
  /// What to do about it: one English sentence.
  public var advice: String

  static func between(
    reader: EventSchema,
    writer: EventSchema,
    _ direction: Direction,
    version: Int
  ) -> [SchemaConflict] {
    var found: [SchemaConflict] = []
    func report(_ rule: Rule, _ property: String, _ advice: String) {
      found.append(
        SchemaConflict(
          rule: rule, property: property, direction: direction, version: version,
          advice: advice))
    }
    for rule in reader.properties {
      let written = writer.rule(of: rule.name)
      if rule.isRequired, !(written?.isRequired ?? false) {
        report(
          .requiredPropertyMissing, rule.name,
          direction == .newReadsOld
            ? "Make `\(rule.name)` optional: what was sent before may not have it."
            : "Keep sending `\(rule.name)` as a required property, or first make it optional "
              + "for every reader.")
      }
      guard let written else { continue }
      guard rule.type.covers(written.type) else {
        report(
          .typeChanged, rule.name,
          "Keep the type of `\(rule.name)` (\(written.type.rawValue) and \(rule.type.rawValue) "
            + "differ); add a new property for the new type.")
        continue
      }
      if let values = rule.values,
        written.values.map({ !Set($0).isSubset(of: values) }) ?? true
      {
        report(
          .enumNarrowed, rule.name,
          "Let the reader of `\(rule.name)` know every value that may be sent.")
      }
      let isNarrower =
        rule.minimum.map { $0 > written.minimum ?? -.infinity } ?? false
        || rule.maximum.map { $0 < written.maximum ?? .infinity } ?? false
      if isNarrower {
        report(
          .rangeNarrowed, rule.name,
          "Widen the range of `\(rule.name)` on the reader's side, or leave it as it was.")
      }
    }
    if !reader.allowsOthers {
      for rule in writer.properties where reader.rule(of: rule.name) == nil {
        report(
          .unknownToClosedSchema, rule.name,
          "The reader allows no property beyond its own: keep `\(rule.name)` in its schema, or "
            + "set `others: true`.")
      }
    }
    return found
  }
}
