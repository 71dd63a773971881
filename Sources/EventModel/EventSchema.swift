/// What one event of the tracking plan may say: the properties it has, their types and bounds.
///
/// A schema speaks of `properties` only; the envelope around them is the same for every event.
public struct EventSchema: Sendable, Hashable {
  /// In snake_case: `purchase_completed`. It is the schema's subject as well.
  public var eventName: String
  /// Sorted by name, each name once.
  public let properties: [PropertyRule]
  /// True where properties that the plan does not name may be sent: an open content model.
  public var allowsOthers: Bool

  /// A schema; of two rules with one name the first counts.
  public init(eventName: String, properties: [PropertyRule], allowsOthers: Bool = true) {
    self.eventName = eventName
    var seen: Set<String> = []
    self.properties = properties.filter { seen.insert($0.name).inserted }
      .sorted { $0.name < $1.name }
    self.allowsOthers = allowsOthers
  }

  /// The rule of a property; nil for one that the plan does not name.
  public func rule(of name: String) -> PropertyRule? { properties.first { $0.name == name } }

  /// The schema as JSON whose bytes depend on its meaning alone: what its fingerprint is made of.
  public var canonicalJSON: JSONValue {
    .object([
      JSONMember("event", .string(eventName)),
      JSONMember("others", .bool(allowsOthers)),
      JSONMember("properties", .array(properties.map(\.canonicalJSON))),
    ])
  }

  /// Reads `canonicalJSON` back; nil for anything else.
  public init?(canonicalJSON json: JSONValue) {
    guard let name = json["event"]?.string, let others = json["others"]?.bool,
      let rules = json["properties"]?.array
    else { return nil }
    let properties = rules.compactMap { PropertyRule(canonicalJSON: $0) }
    guard properties.count == rules.count else { return nil }
    self.init(eventName: name, properties: properties, allowsOthers: others)
  }
}

/// The type of a property, as it stands in JSON.
public enum PropertyType: String, Sendable, Hashable, CaseIterable {
  case string, integer, number, boolean, object, array
  /// A string that is ISO-8601 with a zone.
  case timestamp

  /// True where every value of `other` is one of this type as well.
  public func covers(_ other: PropertyType) -> Bool {
    self == other || (self == .number && other == .integer)
      || (self == .string && other == .timestamp)
  }
}

/// One property of a schema.
public struct PropertyRule: Sendable, Hashable {
  public var name: String
  public var type: PropertyType
  /// A required property must be there and must not be null.
  public var isRequired: Bool
  /// The texts that a string may have, sorted; nil for any.
  public var values: [String]?
  /// The least number allowed; nil for none.
  public var minimum: Double?
  /// The greatest number allowed; nil for none.
  public var maximum: Double?
  /// True for what identifies a person: it must not go further than it has to.
  public var isPersonal: Bool
  /// A value as the plan shows it; nil where the plan has none.
  public var example: JSONValue?

  public init(
    _ name: String,
    _ type: PropertyType,
    isRequired: Bool = false,
    values: [String]? = nil,
    minimum: Double? = nil,
    maximum: Double? = nil,
    isPersonal: Bool = false,
    example: JSONValue? = nil
  ) {
    self.name = name
    self.type = type
    self.isRequired = isRequired
    self.values = values.map { Array(Set($0)).sorted() }
    self.minimum = minimum
    self.maximum = maximum
    self.isPersonal = isPersonal
    self.example = example
  }

  var canonicalJSON: JSONValue {
    var members = [
      JSONMember("name", .string(name)), JSONMember("type", .string(type.rawValue)),
      JSONMember("required", .bool(isRequired)),
    ]
    if let values { members.append(JSONMember("enum", .array(values.map(JSONValue.string)))) }
    if let minimum { members.append(JSONMember("minimum", .string("\(minimum)"))) }
    if let maximum { members.append(JSONMember("maximum", .string("\(maximum)"))) }
    if isPersonal { members.append(JSONMember("pii", .bool(true))) }
    if let example { members.append(JSONMember("example", example)) }
    return .object(members)
  }

  init?(canonicalJSON json: JSONValue) {
    guard let name = json["name"]?.string,
      let type = json["type"]?.string.flatMap(PropertyType.init(rawValue:)),
      let isRequired = json["required"]?.bool
    else { return nil }
    self.init(
      name, type,
      isRequired: isRequired,
      values: json["enum"]?.array?.compactMap(\.string),
      minimum: json["minimum"]?.string.flatMap { Double($0) },
      maximum: json["maximum"]?.string.flatMap { Double($0) },
      isPersonal: json["pii"]?.bool ?? false,
      example: json["example"]
    )
  }
}
