// A YAML value that knows where it stands, so that every mistake in a manifest is answered with
// the file, the line, the key and what to write there instead.

internal import Foundation
package import Yams

/// One value inside a YAML file of the course, with its key path.
package struct ManifestNode {
  package let node: Node
  package let file: String
  /// The keys from the top, joined by dots; empty at the top.
  package let path: String
  /// The line of the file at which the document's first line stands; 1 for a file of its own.
  package var firstLine = 1

  /// Parses one YAML document whose top is a mapping.
  ///
  /// Throws `course.yaml-syntax` with the line, or `course.wrong-type` where the top is not a
  /// mapping or the file is empty.
  package static func parse(_ text: String, file: String, firstLine: Int = 1) throws -> ManifestNode
  {
    let composed: Node?
    do {
      composed = try Yams.compose(yaml: text)
    } catch {
      throw syntaxError(error, file: file, firstLine: firstLine)
    }
    guard let composed, composed.mapping != nil else {
      throw CourseError(
        code: "course.wrong-type",
        message: "The file holds no keys.",
        place: firstLine > 1 ? "\(file):\(firstLine)" : file,
        advice: "Write one `key: value` per line.",
        fields: ["file": file]
      )
    }
    return ManifestNode(node: composed, file: file, path: "", firstLine: firstLine)
  }

  private static func syntaxError(
    _ error: any Error,
    file: String,
    firstLine: Int
  ) -> CourseError {
    var line: Int?
    var problem = "\(error)"
    if let yaml = error as? YamlError {
      switch yaml {
      case .scanner(_, let what, let mark, _), .parser(_, let what, let mark, _),
        .composer(_, let what, let mark, _):
        line = mark.line
        problem = what
      case .duplicatedKeysInMapping(let duplicates, let context):
        line = context.mark.line
        problem = "duplicate key \(duplicates.sorted().joined(separator: ", "))"
      case .reader(let what, _, _, _): problem = what
      default: break
      }
    }
    return CourseError(
      code: "course.yaml-syntax",
      message: "This is not YAML: \(problem).",
      place: line.map { "\(file):\($0 + firstLine - 1)" } ?? file,
      advice: "Look at that line and the one before it: indentation, `: `, and quotes round "
        + "values that hold `: ` or begin with a sign.",
      fields: ["file": file, "problem": problem]
    )
  }

  /// `file:line key`, as the errors name it.
  package var place: String {
    let line = node.mark.map { ":\($0.line + firstLine - 1)" } ?? ""
    return path.isEmpty ? file + line : "\(file)\(line) \(path)"
  }

  package func error(_ code: String, _ message: String, advice: String) -> CourseError {
    CourseError(
      code: code,
      message: message,
      place: place,
      advice: advice,
      fields: ["file": file, "key": path]
    )
  }

  private func child(_ key: String, _ node: Node) -> ManifestNode {
    ManifestNode(
      node: node,
      file: file,
      path: path.isEmpty ? key : "\(path).\(key)",
      firstLine: firstLine
    )
  }

  package var isNull: Bool {
    guard let scalar = node.scalar, scalar.style == .plain || scalar.style == .any else {
      return false
    }
    return ["", "~", "null"].contains(scalar.string)
  }

  /// The keys of a mapping, in the order of the file; nil where this is none.
  package var keyNames: [String]? {
    guard let mapping = node.mapping else { return nil }
    return mapping.keys.compactMap(\.string)
  }

  /// True for a value that is neither a list nor a mapping.
  package var isScalar: Bool { node.scalar != nil }

  /// The value under a key; nil where it is absent or null.
  package func optional(_ key: String) -> ManifestNode? {
    guard let value = node.mapping?[key] else { return nil }
    let found = child(key, value)
    return found.isNull ? nil : found
  }

  /// The value under a key, or `course.missing-key` with an example of what to write.
  package func required(_ key: String, example: String) throws -> ManifestNode {
    if let found = optional(key) { return found }
    throw error(
      "course.missing-key",
      "The key `\(key)` is missing or empty.",
      advice: "Write for example `\(key): \(example)`."
    )
  }

  /// Told of every mapping that a loader reads; nil but where the JSON schemas are compared with the
  /// loaders.
  @TaskLocal static var observer: KeyObserver?

  /// Tells `told` of every mapping that loaders read while `body` runs: the file, the path in it, and
  /// the keys that the loader knows.
  package static func observingKeys(
    _ told: @escaping @Sendable (_ file: String, _ path: String, _ keys: [String]) -> Void,
    while body: () throws -> Void
  ) rethrows {
    try $observer.withValue(KeyObserver(told: told), operation: body)
  }

  /// A class, because release builds of Swift 6.3 crash on a task-local function.
  final class KeyObserver: Sendable {
    let told: @Sendable (_ file: String, _ path: String, _ keys: [String]) -> Void

    init(told: @escaping @Sendable (_ file: String, _ path: String, _ keys: [String]) -> Void) {
      self.told = told
    }
  }

  /// Refuses every key that is not listed, with the nearest listed one.
  package func allowKeys(_ keys: [String]) throws {
    Self.observer?.told(file, path, keys)
    guard let mapping = node.mapping else {
      throw wrongType("a mapping of keys", example: "\(keys.first ?? "key"): …")
    }
    for (key, _) in mapping {
      let name = key.string ?? "?"
      if keys.contains(name) { continue }
      let at = child(name, key)
      let hint = nearestName(to: name, in: keys).map { "Did you mean `\($0)`? " } ?? ""
      throw at.error(
        "course.unknown-key",
        "The key `\(name)` is not known here.",
        advice: hint + "Known keys: \(keys.joined(separator: ", "))."
      )
    }
  }

  package func wrongType(_ wanted: String, example: String) -> CourseError {
    error("course.wrong-type", "This must be \(wanted).", advice: "Write for example `\(example)`.")
  }

  /// A non-empty text, trimmed at the end.
  package func text(example: String) throws -> String {
    guard let scalar = node.scalar else { throw wrongType("a text", example: example) }
    let text = scalar.string.trimmingCharacters(in: .whitespacesAndNewlines)
    guard !text.isEmpty else { throw wrongType("a text that is not empty", example: example) }
    return text
  }

  package func integer(_ range: ClosedRange<Int>, example: String) throws -> Int {
    guard let scalar = node.scalar, let value = Int(scalar.string), range.contains(value) else {
      throw wrongType(
        "a whole number from \(range.lowerBound) to \(range.upperBound)",
        example: example
      )
    }
    return value
  }

  /// A number with or without decimals.
  package func number(_ range: ClosedRange<Double>, example: String) throws -> Double {
    guard let scalar = node.scalar, let value = Double(scalar.string), range.contains(value) else {
      throw wrongType(
        "a number from \(range.lowerBound) to \(range.upperBound)",
        example: example
      )
    }
    return value
  }

  package func flag(example: String) throws -> Bool {
    switch node.scalar?.string {
    case "true": return true
    case "false": return false
    default: throw wrongType("true or false", example: example)
    }
  }

  package func choice<Value: RawRepresentable & CaseIterable>(_ type: Value.Type) throws -> Value
  where Value.RawValue == String {
    let names = type.allCases.map(\.rawValue)
    if let name = node.scalar?.string, let value = Value(rawValue: name) { return value }
    let given = node.scalar?.string ?? "a list or mapping"
    let hint = nearestName(to: given, in: names).map { "Did you mean `\($0)`? " } ?? ""
    throw error(
      "course.bad-value",
      "`\(given)` is not one of the values of this key.",
      advice: hint + "Write one of: \(names.joined(separator: ", "))."
    )
  }

  package func elements(example: String) throws -> [ManifestNode] {
    guard let sequence = node.sequence else { throw wrongType("a list", example: example) }
    return sequence.enumerated().map { index, element in
      ManifestNode(
        node: element,
        file: file,
        path: "\(path)[\(index)]",
        firstLine: firstLine
      )
    }
  }

  package func texts(example: String) throws -> [String] {
    try elements(example: "[\(example)]").map { try $0.text(example: example) }
  }

  /// A text per language: `{ko: …, en: …}`.
  package func localized(needsBoth: Bool) throws -> LocalizedText {
    guard node.mapping != nil else {
      throw wrongType("a text per language", example: Self.localizedExample)
    }
    try allowKeys(CourseLanguage.allCases.map(\.rawValue))
    return try localizedBeside(needsBoth: needsBoth)
  }

  private static let localizedExample = "{ko: 한국어, en: English}"

  /// The texts under `ko` and `en` of a mapping that holds other keys besides.
  package func localizedBeside(needsBoth: Bool) throws -> LocalizedText {
    var texts: [CourseLanguage: String] = [:]
    for language in CourseLanguage.allCases {
      if let value = optional(language.rawValue) { texts[language] = try value.text(example: "…") }
    }
    let missing = CourseLanguage.allCases.filter { texts[$0] == nil }
    if texts.isEmpty || (needsBoth && !missing.isEmpty) {
      let names = missing.map(\.rawValue).joined(separator: ", ")
      throw error(
        "course.missing-language",
        "The text has no version in: \(names).",
        advice: "Write `\(Self.localizedExample)`; an exercise of status `local` or `draft` may "
          + "have only one."
      )
    }
    return LocalizedText(texts)
  }
}
