// `tracking-plan.yaml` of a pipeline: what each event may say.
//
//     compatibility: BACKWARD
//     events:
//       purchase_completed:
//         others: true
//         properties:
//           order_id: {type: string, required: true, example: ord_0000000000000001}
//           payment_method: {type: string, enum: [card, kakaopay]}

package import EventModel
internal import Yams

/// The events of an app as they are planned, with the mode that new versions must obey.
package struct TrackingPlan: Sendable, Hashable {
  package var compatibility: Compatibility
  /// By event name.
  package var events: [EventSchema]

  package init(compatibility: Compatibility = .backward, events: [EventSchema] = []) {
    self.compatibility = compatibility
    self.events = events.sorted { $0.eventName < $1.eventName }
  }

  /// Reads a plan.
  ///
  /// Throws `collector.bad_tracking_plan`, which names the event and the property at fault.
  package init(yaml: String, file: String = "tracking-plan.yaml") throws {
    let root: Any?
    do {
      root = try Yams.load(yaml: yaml)
    } catch {
      throw Self.bad("is not valid YAML: \(error)", file)
    }
    guard let root = root as? [String: Any] else { throw Self.bad("needs a map `events`", file) }
    try Self.refuseUnknown(root, ["compatibility", "events"], file)
    var mode = Compatibility.backward
    if let value = root["compatibility"] {
      guard let known = (value as? String).flatMap(Compatibility.init(rawValue:)) else {
        let names = Compatibility.allCases.map(\.rawValue).joined(separator: ", ")
        throw Self.bad("needs one of \(names) for `compatibility`", file)
      }
      mode = known
    }
    guard let events = root["events"] as? [String: Any], !events.isEmpty else {
      throw Self.bad("needs a map `events` with at least one event", file)
    }
    self.init(
      compatibility: mode,
      events: try events.sorted { $0.key < $1.key }.map { name, value in
        try Self.event(name, value, file)
      }
    )
  }

  private static func event(_ name: String, _ value: Any, _ file: String) throws -> EventSchema {
    let place = "\(file), \(name)"
    let isName = Array(name.utf8).withUnsafeBytes { isEventName($0) }
    guard isName else {
      throw bad("an event's name is snake_case of at most 64 characters", place)
    }
    let map = value as? [String: Any] ?? [:]
    try refuseUnknown(map, ["description", "others", "properties"], place)
    let properties = map["properties"] as? [String: Any] ?? [:]
    return EventSchema(
      eventName: name,
      properties: try properties.sorted { $0.key < $1.key }.map { key, rule in
        try property(key, rule, "\(place).\(key)")
      },
      allowsOthers: try flag(map, "others", place) ?? true
    )
  }

  private static func property(
    _ name: String,
    _ value: Any,
    _ place: String
  ) throws -> PropertyRule {
    guard let map = value as? [String: Any] else { throw bad("needs a map with `type`", place) }
    try refuseUnknown(
      map,
      ["description", "type", "required", "enum", "minimum", "maximum", "pii", "example"], place)
    guard let type = (map["type"] as? String).flatMap(PropertyType.init(rawValue:)) else {
      let types = PropertyType.allCases.map(\.rawValue).joined(separator: ", ")
      throw bad("needs a `type`: \(types)", place)
    }
    var values: [String]?
    if let list = map["enum"] {
      guard let texts = list as? [String], !texts.isEmpty, type == .string else {
        throw bad("`enum` is a list of texts, and the type is string", place)
      }
      values = texts
    }
    let minimum = try number(map, "minimum", type, place)
    let maximum = try number(map, "maximum", type, place)
    if let minimum, let maximum, minimum > maximum {
      throw bad("`minimum` is greater than `maximum`", place)
    }
    return PropertyRule(
      name, type,
      isRequired: try flag(map, "required", place) ?? false,
      values: values, minimum: minimum, maximum: maximum,
      isPersonal: try flag(map, "pii", place) ?? false,
      example: map["example"].map(json)
    )
  }

  private static func flag(_ map: [String: Any], _ key: String, _ place: String) throws -> Bool? {
    guard let value = map[key] else { return nil }
    guard let flag = value as? Bool else { throw bad("`\(key)` is true or false", place) }
    return flag
  }

  private static func number(
    _ map: [String: Any],
    _ key: String,
    _ type: PropertyType,
    _ place: String
  ) throws -> Double? {
    guard let value = map[key] else { return nil }
    let number = (value as? Int).map(Double.init) ?? value as? Double
    guard let number, number.isFinite, type == .integer || type == .number else {
      throw bad("`\(key)` is a number, and the type is integer or number", place)
    }
    return number
  }

  private static func json(_ value: Any) -> JSONValue {
    switch value {
    case let value as Bool: .bool(value)
    case let value as Int: .integer(Int64(value))
    case let value as Double: .string("\(value)")
    case let value as String: .string(value)
    case let value as [Any]: .array(value.map(json))
    case let value as [String: Any]:
      .object(value.sorted { $0.key < $1.key }.map { JSONMember($0.key, json($0.value)) })
    default: .null
    }
  }

  static func refuseUnknown(_ map: [String: Any], _ known: [String], _ place: String) throws {
    guard let key = map.keys.sorted().first(where: { !known.contains($0) }) else { return }
    throw bad("`\(key)` is not known here; known: \(known.joined(separator: ", "))", place)
  }

  private static func bad(_ what: String, _ place: String) -> CollectorError {
    CollectorError(
      .badTrackingPlan, what, place: place,
      advice: "Correct the plan; collector schema check FILE tells whether it can be used.",
      fields: ["place": place])
  }
}
