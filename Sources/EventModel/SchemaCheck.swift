/// One event's properties held against its schema: one pass over the bytes, no value is built.
///
/// Keep one per thread: its scanner's memory is used again. A property that stands twice, a required
/// one that is absent or null, a wrong type, a text outside the list, a number outside the range.
public struct SchemaCheck: Sendable {
  /// How one property breaks its schema.
  public enum Rule: String, Sendable, Hashable, CaseIterable {
    case missingProperty = "missing_property"
    case wrongPropertyType = "wrong_property_type"
    case valueNotInEnum = "value_not_in_enum"
    case valueOutOfRange = "value_out_of_range"
    case unknownProperty = "unknown_property"
    case duplicateProperty = "duplicate_property"
  }

  /// The first violation of an event, and where the value stands.
  public struct Violation: Sendable, Hashable {
    public var rule: Rule
    /// The property's name; of an unknown one too.
    public var property: String
    public var expected: String
    /// The value's whole token in the bytes given; nil where there is none.
    public var token: Range<Int>?
  }

  private struct CompiledRule {
    var rule: PropertyRule
    var values: [[UInt8]]?
    /// False where a value of the right type is right.
    var hasBounds: Bool
  }

  public let schema: EventSchema
  private let keys: JSONKeySet
  private let rules: [CompiledRule]
  private let types: [PropertyType]
  /// By number, of the first 64 properties: bit 0 is the first.
  private let required: UInt64
  private let bounded: UInt64

  public init(_ schema: EventSchema) {
    self.schema = schema
    keys = JSONKeySet(schema.properties.map(\.name))
    rules = schema.properties.map { rule in
      CompiledRule(
        rule: rule, values: rule.values?.map { Array($0.utf8) },
        hasBounds: rule.values != nil || rule.minimum != nil || rule.maximum != nil)
    }
    types = schema.properties.map(\.type)
    required = Self.mask(rules) { $0.rule.isRequired }
    bounded = Self.mask(rules) { $0.hasBounds }
  }

  private static func mask(
    _ rules: [CompiledRule],
    _ isIn: (CompiledRule) -> Bool
  ) -> UInt64 {
    var mask: UInt64 = 0
    for (number, rule) in rules.prefix(64).enumerated() where isIn(rule) {
      mask |= 1 << UInt64(number)
    }
    return mask
  }

  /// Adds every violation of the object in `range` to `found`, in the order of the text, then the
  /// missing properties by name.
  ///
  /// `range` is nil for an event without properties. `scanner` is overwritten. Throws
  /// `JSONSyntaxError` where the range is no JSON object.
  public func check(
    _ bytes: UnsafeRawBufferPointer,
    in range: Range<Int>?,
    scanner: inout JSONObjectScanner,
    into found: inout [Violation]
  ) throws {
    guard let range else { return check(bytes, [], into: &found) }
    try scanner.scan(bytes, in: range)
    check(bytes, scanner.members, into: &found)
  }

  /// The same for members that were read already.
  public func check(
    _ bytes: UnsafeRawBufferPointer,
    _ members: [JSONObjectScanner.Member],
    into found: inout [Violation]
  ) {
    var seen: UInt64 = 0
    // Beyond 64 properties presence is told by a set; no plan comes near.
    var seenFar: Set<Int> = []
    for member in members {
      guard let number = number(of: member, bytes) else {
        if !schema.allowsOthers {
          found.append(
            Violation(
              rule: .unknownProperty,
              property: JSONText.unescaped(bytes, in: member.key),
              expected: "a property of the plan", token: token(of: member)))
        }
        continue
      }
      let isRepeated =
        number < 64 ? seen & (1 << UInt64(number)) != 0 : seenFar.contains(number)
      if isRepeated {
        found.append(
          Violation(
            rule: .duplicateProperty, property: rules[number].rule.name,
            expected: "one value", token: token(of: member)))
        continue
      }
      let isMissing = member.kind == .null
      if !isMissing {
        if number < 64 { seen |= 1 << UInt64(number) } else { seenFar.insert(number) }
        // Most values need no more than their type; a rule is taken up where there is more to it.
        if number >= 64 || bounded & (1 << UInt64(number)) != 0
          || !isOfType(types[number], member, bytes)
        {
          check(member, bytes, against: rules[number], into: &found)
        }
      }
    }
    if seen & required == required, rules.count <= 64 { return }
    for (number, compiled) in rules.enumerated() where compiled.rule.isRequired {
      let isThere = number < 64 ? seen & (1 << UInt64(number)) != 0 : seenFar.contains(number)
      if !isThere {
        found.append(
          Violation(
            rule: .missingProperty, property: compiled.rule.name,
            expected: compiled.rule.type.rawValue, token: nil))
      }
    }
  }

  private func number(
    of member: JSONObjectScanner.Member,
    _ bytes: UnsafeRawBufferPointer
  ) -> Int? {
    if member.keyHasEscapes {
      return Array(JSONText.unescaped(bytes, in: member.key).utf8).withUnsafeBytes {
        keys.number(of: $0)
      }
    }
    return keys.number(of: UnsafeRawBufferPointer(rebasing: bytes[member.key]))
  }

  private func token(of member: JSONObjectScanner.Member) -> Range<Int> {
    member.kind == .string
      ? (member.value.lowerBound - 1)..<(member.value.upperBound + 1) : member.value
  }

  private func check(
    _ member: JSONObjectScanner.Member,
    _ bytes: UnsafeRawBufferPointer,
    against compiled: CompiledRule,
    into found: inout [Violation]
  ) {
    let rule = compiled.rule
    guard isOfType(rule.type, member, bytes) else {
      found.append(
        Violation(
          rule: .wrongPropertyType, property: rule.name, expected: rule.type.rawValue,
          token: token(of: member)))
      return
    }
    if let values = compiled.values, !isOne(of: values, member, bytes) {
      found.append(
        Violation(
          rule: .valueNotInEnum, property: rule.name,
          expected: "one of " + (rule.values ?? []).joined(separator: ", "),
          token: token(of: member)))
      return
    }
    guard rule.minimum != nil || rule.maximum != nil else { return }
    let value =
      JSONObjectScanner.integer(bytes, member).map(Double.init)
      ?? JSONObjectScanner.double(bytes, member) ?? .infinity
    if value < rule.minimum ?? -.infinity || value > rule.maximum ?? .infinity {
      let low = rule.minimum.map { "\($0)" } ?? "any"
      let high = rule.maximum.map { "\($0)" } ?? "any"
      found.append(
        Violation(
          rule: .valueOutOfRange, property: rule.name, expected: "\(low) to \(high)",
          token: token(of: member)))
    }
  }

  private func isOfType(
    _ type: PropertyType,
    _ member: JSONObjectScanner.Member,
    _ bytes: UnsafeRawBufferPointer
  ) -> Bool {
    switch type {
    case .string: return member.kind == .string
    case .integer:
      return member.kind == .integer
        || (member.kind == .number && JSONObjectScanner.integer(bytes, member) != nil)
    case .number: return member.kind == .integer || member.kind == .number
    case .boolean: return member.kind == .bool
    case .object: return member.kind == .object
    case .array: return member.kind == .array
    case .timestamp:
      return member.kind == .string
        && EventTimestamp.parse(UnsafeRawBufferPointer(rebasing: bytes[member.value])) != nil
    }
  }

  private func isOne(
    of values: [[UInt8]],
    _ member: JSONObjectScanner.Member,
    _ bytes: UnsafeRawBufferPointer
  ) -> Bool {
    guard member.kind == .string else { return true }
    if member.hasEscapes {
      let text = Array(JSONObjectScanner.string(bytes, member).utf8)
      return values.contains(text)
    }
    let text = UnsafeRawBufferPointer(rebasing: bytes[member.value])
    return values.contains { $0.count == text.count && text.elementsEqual($0) }
  }
}
