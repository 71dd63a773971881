// JSON Schema, as far as editors need it to complete and check the course's YAML.
//
// The schemas are written here in Swift beside what the loaders read (`ContentSchema+….swift`), and
// `make golden` writes them to `Lessons/schemas`. A test compares every key with the loaders' own.

internal import Foundation

/// One value of a YAML file.
package indirect enum SchemaNode: Sendable {
  /// A text; a pattern that it matches, if any.
  case text(pattern: String? = nil)
  case integer(ClosedRange<Int>)
  case number
  case flag
  case choice([String])
  /// A number or a text, such as `2%` and `0.5`.
  case scalar
  case list(SchemaNode, min: Int = 0)
  /// A mapping whose keys are the author's.
  case map(SchemaNode)
  /// A mapping whose keys are these.
  case object([SchemaProperty])
  /// A mapping with these keys, and others of the author's.
  case open([SchemaProperty], SchemaNode)
  case any([SchemaNode])

  /// A text per language.
  package static let localized = SchemaNode.object([
    SchemaProperty("ko", .text(), "Korean."), SchemaProperty("en", .text(), "English."),
  ])

  package static let texts = SchemaNode.list(.text())
}

/// One key of a mapping.
package struct SchemaProperty: Sendable {
  package var name: String
  package var node: SchemaNode
  /// What an editor shows beside it.
  package var about: String
  package var isRequired: Bool

  package init(_ name: String, _ node: SchemaNode, _ about: String, required: Bool = false) {
    self.name = name
    self.node = node
    self.about = about
    isRequired = required
  }
}

/// The schema of one kind of file.
package struct ContentSchema: Sendable {
  /// The name of its file below `Lessons/schemas`, without the ending.
  package var name: String
  package var title: String
  package var node: SchemaNode

  /// The file's name.
  package var fileName: String { name + ".schema.json" }

  /// The whole schema as text; the same text every time.
  package var json: String {
    var lines = ["{"]
    lines.append("  \"$schema\": \"http://json-schema.org/draft-07/schema#\",")
    lines.append("  \"title\": \(Self.quoted(title)),")
    let body = Self.members(node, indent: 2)
    lines.append(body.joined(separator: ",\n"))
    lines.append("}")
    return lines.joined(separator: "\n") + "\n"
  }

  private static func quoted(_ text: String) -> String {
    let data = try? JSONSerialization.data(
      withJSONObject: [text], options: [.withoutEscapingSlashes])
    return String(String(decoding: data ?? Data(), as: UTF8.self).dropFirst().dropLast())
  }

  private static func list(_ texts: [String]) -> String {
    "[" + texts.map(quoted).joined(separator: ", ") + "]"
  }

  private static func block(_ node: SchemaNode, indent: Int, about: String? = nil) -> String {
    let inner = indent + 2
    let lead = String(repeating: " ", count: inner)
    var members = Self.members(node, indent: inner)
    if let about { members.insert(lead + "\"description\": \(quoted(about))", at: 0) }
    return "{\n" + members.joined(separator: ",\n") + "\n" + String(repeating: " ", count: indent)
      + "}"
  }

  /// The members of a node's object, each with its indentation.
  private static func members(_ node: SchemaNode, indent: Int) -> [String] {
    let lead = String(repeating: " ", count: indent)
    func member(_ key: String, _ value: String) -> String { "\(lead)\"\(key)\": \(value)" }
    switch node {
    case .text(let pattern):
      // YAML reads `id: 1` and `since: 2024-01-15` as something else; the loaders read the text.
      let type = pattern == nil ? "[\"string\", \"number\", \"boolean\"]" : "\"string\""
      return [member("type", type)] + (pattern.map { [member("pattern", quoted($0))] } ?? [])
    case .integer(let range):
      return [
        member("type", "\"integer\""), member("minimum", "\(range.lowerBound)"),
        member("maximum", "\(range.upperBound)"),
      ]
    case .number: return [member("type", "\"number\"")]
    case .flag: return [member("type", "\"boolean\"")]
    case .scalar: return [member("type", "[\"string\", \"number\"]")]
    case .choice(let names): return [member("enum", list(names))]
    case .list(let element, let count):
      var members = [member("type", "\"array\"")]
      if count > 0 { members.append(member("minItems", "\(count)")) }
      return members + [member("items", block(element, indent: indent))]
    case .map(let value):
      return [
        member("type", "\"object\""),
        member("additionalProperties", block(value, indent: indent)),
      ]
    case .object(let properties):
      return object(properties, rest: "false", indent: indent)
    case .open(let properties, let rest):
      return object(properties, rest: block(rest, indent: indent), indent: indent)
    case .any(let nodes):
      let inner = String(repeating: " ", count: indent + 2)
      let blocks = nodes.map { inner + block($0, indent: indent + 2) }
      return [member("anyOf", "[\n" + blocks.joined(separator: ",\n") + "\n\(lead)]")]
    }
  }

  private static func object(
    _ properties: [SchemaProperty], rest: String, indent: Int
  ) -> [String] {
    let lead = String(repeating: " ", count: indent)
    let inner = String(repeating: " ", count: indent + 2)
    let entries = properties.map {
      "\(inner)\"\($0.name)\": " + block($0.node, indent: indent + 2, about: $0.about)
    }
    let required = properties.filter(\.isRequired).map(\.name)
    var members = ["\(lead)\"type\": \"object\""]
    if !required.isEmpty { members.append("\(lead)\"required\": \(list(required))") }
    members.append("\(lead)\"properties\": {\n" + entries.joined(separator: ",\n") + "\n\(lead)}")
    members.append("\(lead)\"additionalProperties\": \(rest)")
    return members
  }
}
