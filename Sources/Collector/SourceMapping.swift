// How one line of somebody else's data becomes one of our events. A mapping is a YAML file beside its
// dataset, so that an instructor adds a source without any Swift:
//
//     source: wikipedia-edits        the name clients and commands use
//     app_id: wikipedia
//     event_name: page_edited        or {field: type}
//     event_id: hash                 or {field: id}; hash = UUID of source and line
//     event_time: {field: time}
//     user_id: {field: user}         device_id likewise; one of both is needed
//     schema_version: 1
//     pseudonymize:
//       - field: user
//         when: isAnonymous          only where this field is true; always if left out
//     mask: ip                       every address in every text, keys included
//     properties:
//       names: snake_case            or as_is
//       rename: {cityName: city}
//       drop: [internalNote]
//       only: [page, added]          all other fields if left out
//
// Fields are those of the line's top level. What the envelope takes is not repeated in `properties`.

internal import Foundation
internal import Yams

/// One source's mapping, checked when it is read.
package struct SourceMapping: Hashable, Sendable {
  /// A value that is the same for every line, or a field of the line.
  package enum Origin: Hashable, Sendable {
    case constant(String)
    case field(String)
  }

  /// A field whose value is replaced by its pseudonym.
  package struct Pseudonymized: Hashable, Sendable {
    package var field: String
    /// The Boolean field that decides; nil for always. Where it is missing or not a Boolean, the
    /// value is replaced.
    package var when: String?
  }

  package var source: String
  package var appID: String
  package var eventName: Origin
  /// nil for a UUID made of the line.
  package var eventIDField: String?
  package var eventTimeField: String
  package var userIDField: String?
  package var deviceIDField: String?
  package var schemaVersion = 1
  package var pseudonymize: [Pseudonymized] = []
  package var masksAddresses = false
  package var usesSnakeCase = true
  package var rename: [String: String] = [:]
  package var drop: Set<String> = []
  package var only: Set<String>?

  /// Reads `mapping.yaml`. Throws `collector.bad_mapping` with the key at fault and what it may be.
  package init(path: String) throws {
    let text: String
    do {
      text = try String(contentsOfFile: path, encoding: .utf8)
    } catch {
      throw CollectorError(
        .badMapping,
        "the mapping cannot be read",
        place: path,
        advice: "Put a mapping.yaml beside the dataset."
      )
    }
    try self.init(yaml: text, place: path)
  }

  /// Reads a mapping from its text; `place` is named in errors.
  package init(yaml: String, place: String? = nil) throws {
    let root: Any?
    do {
      root = try Yams.load(yaml: yaml)
    } catch {
      throw CollectorError(
        .badMapping,
        "the mapping is not valid YAML: \(error)",
        place: place,
        advice: "Indent with spaces and quote values that hold a colon."
      )
    }
    guard let root = root as? [String: Any] else {
      throw CollectorError(
        .badMapping,
        "the mapping is not a list of keys and values",
        place: place,
        advice: "Begin with `source: NAME`."
      )
    }
    var reader = MappingReader(root, place: place)
    source = try reader.text("source")
    appID = try reader.text("app_id")
    eventName = try reader.origin("event_name")
    eventTimeField = try reader.field("event_time")
    userIDField = try reader.optionalField("user_id")
    deviceIDField = try reader.optionalField("device_id")
    eventIDField = try reader.eventID()
    schemaVersion = try reader.integer("schema_version") ?? 1
    masksAddresses = try reader.mask()
    pseudonymize = try reader.pseudonymize()
    if var properties = try reader.section("properties") {
      usesSnakeCase = try properties.usesSnakeCase()
      rename = try properties.names("rename")
      drop = try properties.list("drop") ?? []
      only = try properties.list("only")
      try properties.checkNothingLeft()
    }
    try reader.checkNothingLeft()
    if case .constant(let name) = eventName,
      !Array(name.utf8).withUnsafeBytes({ isEventName($0) })
    {
      throw reader.fault("event_name", "must be snake_case, or {field: NAME}")
    }
    if userIDField == nil, deviceIDField == nil {
      throw reader.fault("user_id", "or device_id must name a field: {field: NAME}")
    }
  }
}

/// Takes keys out of a YAML mapping, and complains about those nobody took.
private struct MappingReader {
  private var values: [String: Any]
  private let place: String?
  private let prefix: String

  init(_ values: [String: Any], place: String?, prefix: String = "") {
    self.values = values
    self.place = place
    self.prefix = prefix
  }

  func fault(_ key: String, _ problem: String) -> CollectorError {
    CollectorError(
      .badMapping,
      "\(prefix)\(key) \(problem)",
      place: place,
      advice: "See Datasets/wikipedia-edits/mapping.yaml for a whole mapping.",
      fields: ["key": prefix + key]
    )
  }

  mutating func text(_ key: String) throws -> String {
    guard let value = values.removeValue(forKey: key) as? String, !value.isEmpty else {
      throw fault(key, "is missing or not a text")
    }
    return value
  }

  mutating func integer(_ key: String) throws -> Int? {
    guard let value = values.removeValue(forKey: key) else { return nil }
    guard let number = value as? Int, number >= 0 else {
      throw fault(key, "must be a whole number")
    }
    return number
  }

  mutating func origin(_ key: String) throws -> SourceMapping.Origin {
    if let value = values[key] as? String, !value.isEmpty {
      values[key] = nil
      return .constant(value)
    }
    return .field(try field(key))
  }

  mutating func field(_ key: String) throws -> String {
    guard let field = try optionalField(key) else { throw fault(key, "must be {field: NAME}") }
    return field
  }

  mutating func optionalField(_ key: String) throws -> String? {
    guard let value = values.removeValue(forKey: key) else { return nil }
    guard let map = value as? [String: Any], map.count == 1, let field = map["field"] as? String,
      !field.isEmpty
    else { throw fault(key, "must be {field: NAME}") }
    return field
  }

  mutating func eventID() throws -> String? {
    if values["event_id"] == nil { return nil }
    if values["event_id"] as? String == "hash" {
      values["event_id"] = nil
      return nil
    }
    guard let field = try? optionalField("event_id") else {
      throw fault("event_id", "must be hash, or {field: NAME}")
    }
    return field
  }

  mutating func mask() throws -> Bool {
    guard let value = values.removeValue(forKey: "mask") else { return false }
    guard value as? String == "ip" else { throw fault("mask", "must be ip, or left out") }
    return true
  }

  mutating func pseudonymize() throws -> [SourceMapping.Pseudonymized] {
    guard let value = values.removeValue(forKey: "pseudonymize") else { return [] }
    guard let list = value as? [Any] else { throw fault("pseudonymize", "must be a list") }
    return try list.map { entry in
      if let field = entry as? String { return SourceMapping.Pseudonymized(field: field) }
      guard let map = entry as? [String: Any], let field = map["field"] as? String,
        map.keys.allSatisfy({ $0 == "field" || $0 == "when" }),
        map["when"] == nil || map["when"] is String
      else {
        throw fault("pseudonymize", "must list names, or {field: NAME, when: NAME}")
      }
      return SourceMapping.Pseudonymized(field: field, when: map["when"] as? String)
    }
  }

  mutating func section(_ key: String) throws -> MappingReader? {
    guard let value = values.removeValue(forKey: key) else { return nil }
    guard let map = value as? [String: Any] else { throw fault(key, "must hold keys and values") }
    return MappingReader(map, place: place, prefix: prefix + key + ".")
  }

  mutating func usesSnakeCase() throws -> Bool {
    guard let value = values.removeValue(forKey: "names") else { return true }
    switch value as? String {
    case "snake_case": return true
    case "as_is": return false
    default: throw fault("names", "must be snake_case or as_is")
    }
  }

  mutating func names(_ key: String) throws -> [String: String] {
    guard let value = values.removeValue(forKey: key) else { return [:] }
    guard let map = value as? [String: String] else { throw fault(key, "must be {from: to}") }
    return map
  }

  mutating func list(_ key: String) throws -> Set<String>? {
    guard let value = values.removeValue(forKey: key) else { return nil }
    guard let list = value as? [String] else { throw fault(key, "must be a list of names") }
    return Set(list)
  }

  func checkNothingLeft() throws {
    guard let key = values.keys.min() else { return }
    throw fault(key, "is not a key of a mapping")
  }
}

/// `cityName` as `city_name`, `countryISOCode` as `country_iso_code`.
func snakeCased(_ name: String) -> String {
  let characters = Array(name)
  var result = ""
  for (index, character) in characters.enumerated() {
    guard character.isUppercase else {
      result.append(character == "-" || character == " " ? "_" : character)
      continue
    }
    let followsLower =
      index > 0 && (characters[index - 1].isLowercase || characters[index - 1].isNumber)
    let endsAcronym =
      index > 0 && characters[index - 1].isUppercase && index + 1 < characters.count
      && characters[index + 1].isLowercase
    if followsLower || endsAcronym { result.append("_") }
    result.append(contentsOf: character.lowercased())
  }
  return result
}
