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

  /// What is looked at for each event, behind one reference: a check is handed about freely.
  private final class Compiled: Sendable {
    let schema: EventSchema
    let keys: JSONKeySet
    let types: [PropertyType]
    let values: [[[UInt8]]?]
    let minimums: [Double]
    let maximums: [Double]
    /// By number, of the first 64 properties: bit 0 is the first.
    let required: UInt64
    /// Those where a value of the right type may still be wrong.
    let bounded: UInt64

    init(_ schema: EventSchema) {
      self.schema = schema
      let rules = schema.properties
      keys = JSONKeySet(rules.map(\.name))
      types = rules.map(\.type)
      values = rules.map { $0.values?.map { Array($0.utf8) } }
      minimums = rules.map { $0.minimum ?? -.infinity }
      maximums = rules.map { $0.maximum ?? .infinity }
      required = SchemaCheck.mask(rules) { $0.isRequired }
      bounded = SchemaCheck.mask(rules) {
        $0.values != nil || $0.minimum != nil || $0.maximum != nil
      }
    }
  }

  private let compiled: Compiled

  public var schema: EventSchema { compiled.schema }

  public init(_ schema: EventSchema) {
    compiled = Compiled(schema)
  }

  private static func mask(
    _ rules: [PropertyRule],
    _ isIn: (PropertyRule) -> Bool
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
    let compiled = compiled
    let types = compiled.types
    var seen: UInt64 = 0
    // Beyond 64 properties presence is told by a set; no plan comes near.
    var seenFar: Set<Int> = []
    for member in members {
      guard let number = number(of: member, bytes) else {
        if !compiled.schema.allowsOthers {
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
            rule: .duplicateProperty, property: compiled.schema.properties[number].name,
            expected: "one value", token: token(of: member)))
        continue
      }
      let isMissing = member.kind == .null
      if !isMissing {
        if number < 64 { seen |= 1 << UInt64(number) } else { seenFar.insert(number) }
        // Most values need no more than their type; a rule is taken up where there is more to it.
        if number >= 64 || compiled.bounded & (1 << UInt64(number)) != 0
          || !isOfType(types[number], member, bytes)
        {
          check(member, bytes, number, into: &found)
        }
      }
    }
    if seen & compiled.required == compiled.required, types.count <= 64 { return }
    for (number, rule) in compiled.schema.properties.enumerated() where rule.isRequired {
      let isThere = number < 64 ? seen & (1 << UInt64(number)) != 0 : seenFar.contains(number)
      if !isThere {
        found.append(
          Violation(
            rule: .missingProperty, property: rule.name, expected: rule.type.rawValue,
            token: nil))
      }
    }
  }

  private func number(
    of member: JSONObjectScanner.Member,
    _ bytes: UnsafeRawBufferPointer
  ) -> Int? {
    if member.keyHasEscapes {
      return Array(JSONText.unescaped(bytes, in: member.key).utf8).withUnsafeBytes {
        compiled.keys.number(of: $0)
      }
    }
    return compiled.keys.number(of: UnsafeRawBufferPointer(rebasing: bytes[member.key]))
  }

  private func token(of member: JSONObjectScanner.Member) -> Range<Int> {
    member.kind == .string
      ? (member.value.lowerBound - 1)..<(member.value.upperBound + 1) : member.value
  }

  private func check(
    _ member: JSONObjectScanner.Member,
    _ bytes: UnsafeRawBufferPointer,
    _ number: Int,
    into found: inout [Violation]
  ) {
    /// Only a violation needs to know what the rule says in words.
    func add(_ rule: Rule, _ expected: (PropertyRule) -> String) {
      let property = compiled.schema.properties[number]
      found.append(
        Violation(
          rule: rule, property: property.name, expected: expected(property),
          token: token(of: member)))
    }
    guard isOfType(compiled.types[number], member, bytes) else {
      return add(.wrongPropertyType) { $0.type.rawValue }
    }
    if let values = compiled.values[number], !isOne(of: values, member, bytes) {
      return add(.valueNotInEnum) {
        "one of " + ($0.values ?? []).joined(separator: ", ")
      }
    }
    let (minimum, maximum) = (compiled.minimums[number], compiled.maximums[number])
    guard minimum > -.infinity || maximum < .infinity else { return }
    let value =
      JSONObjectScanner.integer(bytes, member).map(Double.init)
      ?? JSONObjectScanner.double(bytes, member) ?? .infinity
    if value < minimum || value > maximum {
      add(.valueOutOfRange) { rule in
        let low = rule.minimum.map { "\($0)" } ?? "any"
        let high = rule.maximum.map { "\($0)" } ?? "any"
        return "\(low) to \(high)"
      }
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
