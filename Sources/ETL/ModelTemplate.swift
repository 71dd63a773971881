/// A SQL model file: the subset of dbt's Jinja that the pipeline uses.
///
/// `{{ config(…) }}`, `{{ source('schema', 'table') }}`, `{{ ref('model') }}`, `{{ this }}`,
/// `{{ var('name') }}`, `{% if is_incremental() %} … {% endif %}` and `{# comments #}`. The same file
/// is a valid dbt model. Anything else is refused with its line.
package struct ModelTemplate: Sendable, Equatable {
  package var name: String
  /// The arguments of `config(…)`: strings, or lists of strings.
  package var config: [String: [String]]
  /// The models that this one reads through `ref`.
  package var references: [String]
  /// The tables that this one reads through `source`: schema and table.
  package var sources: [(String, String)] {
    func collect(_ pieces: [Piece]) -> [(String, String)] {
      pieces.flatMap { piece -> [(String, String)] in
        switch piece {
        case .source(let schema, let table): [(schema, table)]
        case .incremental(let inner): collect(inner)
        default: []
        }
      }
    }
    return collect(pieces)
  }
  /// Each run computes the whole table.
  var isWhole: Bool { config["materialized"] == ["table"] }
  private var pieces: [Piece]

  private indirect enum Piece: Sendable, Equatable {
    case text(String)
    case source(String, String)
    case reference(String)
    case this
    case variable(String, line: Int)
    case incremental([Piece])
  }

  /// What `render` needs to know of the surroundings.
  package struct Scope {
    package var isIncremental: Bool
    package var this: String
    package var variables: [String: String]
    /// The full table name of a source.
    package var source: (String, String) -> String
    /// The full table name of a model; nil where there is no such model.
    package var reference: (String) -> String?
  }

  package init(parsing text: String, name: String) throws {
    var parser = TemplateParser(text: text, file: name + ".sql")
    let parsed = try parser.parse()
    self.name = name
    config = parser.config
    references = parser.references
    pieces = parsed.map(ModelTemplate.piece)
  }

  /// A model that is all SQL and reads no other.
  init(name: String, config: [String: [String]], sql: String) {
    self.name = name
    self.config = config
    references = []
    pieces = [.text(sql)]
  }

  private static func piece(_ node: TemplateParser.Node) -> Piece {
    switch node {
    case .text(let text): .text(text)
    case .call("source", let arguments, _): .source(arguments[0], arguments[1])
    case .call("ref", let arguments, _): .reference(arguments[0])
    case .call("var", let arguments, let line): .variable(arguments[0], line: line)
    case .call: .this
    case .incremental(let nodes): .incremental(nodes.map(piece))
    }
  }

  /// The SQL text for one run.
  package func render(_ scope: Scope) throws -> String {
    try render(pieces, scope)
  }

  private func render(_ pieces: [Piece], _ scope: Scope) throws -> String {
    var sql = ""
    for piece in pieces {
      switch piece {
      case .text(let text): sql += text
      case .source(let schema, let table): sql += scope.source(schema, table)
      case .this: sql += scope.this
      case .incremental(let inner): if scope.isIncremental { sql += try render(inner, scope) }
      case .reference(let model):
        guard let table = scope.reference(model) else {
          throw ETLError(
            .unknownModel,
            "\(name).sql refers to the model \(model), which does not exist",
            place: "models/…/\(name).sql",
            fields: ["model": model]
          )
        }
        sql += table
      case .variable(let variable, let line):
        guard let value = scope.variables[variable] else {
          throw ETLError(
            .modelSyntax,
            "\(name).sql uses the variable \(variable), which has no value",
            place: "\(name).sql line \(line)",
            fields: ["variable": variable]
          )
        }
        sql += value
      }
    }
    return sql
  }
}

/// Cuts a model file into text and the calls between braces.
struct TemplateParser {
  indirect enum Node: Equatable {
    case text(String)
    case call(String, [String], line: Int)
    case incremental([Node])
  }

  private let file: String
  private var rest: Substring
  private var line = 1
  private(set) var config: [String: [String]] = [:]
  private(set) var references: [String] = []

  init(text: String, file: String) {
    self.file = file
    rest = text[...]
  }

  mutating func parse() throws -> [Node] {
    try parse(insideIf: false)
  }

  private mutating func parse(insideIf: Bool) throws -> [Node] {
    var nodes: [Node] = []
    while let open = rest.firstIndex(of: "{") {
      let after = rest.index(after: open)
      let marker = after < rest.endIndex ? rest[after] : " "
      guard let close = ["{": "}}", "%": "%}", "#": "#}"][marker] else {
        take(through: after, into: &nodes)
        continue
      }
      if open > rest.startIndex { append(rest[..<open], to: &nodes) }
      rest = rest[rest.index(after: after)...]
      guard let end = rest.firstRange(of: close) else {
        throw failure("`{\(marker)` is never closed by `\(close)`")
      }
      let inner = String(rest[..<end.lowerBound])
      rest = rest[end.upperBound...]
      switch marker {
      case "{": if let node = try expression(inner) { nodes.append(node) }
      case "%":
        let words = inner.split(whereSeparator: \.isWhitespace).filter { $0 != "-" }
        if words.first == "endif", insideIf { return nodes }
        guard words.count == 2, words[0] == "if", words[1] == "is_incremental()" else {
          throw failure("`{%\(inner)%}` is not understood")
        }
        nodes.append(.incremental(try parse(insideIf: true)))
      default: break
      }
      line += inner.filter { $0 == "\n" }.count
    }
    if insideIf { throw failure("`{% if is_incremental() %}` has no `{% endif %}`") }
    append(rest, to: &nodes)
    rest = rest[rest.endIndex...]
    return nodes
  }

  private mutating func take(through index: String.Index, into nodes: inout [Node]) {
    let end = index < rest.endIndex ? index : rest.endIndex
    append(rest[..<end], to: &nodes)
    rest = rest[end...]
  }

  private mutating func append(_ text: Substring, to nodes: inout [Node]) {
    guard !text.isEmpty else { return }
    line += text.filter { $0 == "\n" }.count
    nodes.append(.text(String(text)))
  }

  private mutating func expression(_ inner: String) throws -> Node? {
    let text = inner.trimmedBlank()
    if text == "this" { return .call("this", [], line: line) }
    guard let open = text.firstIndex(of: "("), text.hasSuffix(")") else {
      throw failure("`{{ \(text) }}` is not understood")
    }
    let name = String(text[..<open])
    let arguments = String(text[text.index(after: open)...].dropLast())
    if name == "config" {
      config = try keywords(arguments)
      return nil
    }
    let values = try strings(arguments)
    switch (name, values.count) {
    case ("source", 2), ("var", 1): break
    case ("ref", 1): references.append(values[0])
    default: throw failure("`{{ \(text) }}` is not understood")
    }
    return .call(name, values, line: line)
  }

  private func strings(_ text: String) throws -> [String] {
    try split(text).map { part in
      guard let quote = part.first, quote == "'" || quote == "\"", part.count >= 2,
        part.last == quote
      else { throw failure("`\(part)` must be in quotes") }
      return String(part.dropFirst().dropLast())
    }
  }

  private func keywords(_ text: String) throws -> [String: [String]] {
    var result: [String: [String]] = [:]
    for part in split(text) {
      guard let equals = part.firstIndex(of: "=") else {
        throw failure("`\(part)` in config(…) is not `name = value`")
      }
      let key = String(part[..<equals]).trimmedBlank()
      let value = String(part[part.index(after: equals)...]).trimmedBlank()
      let isList = value.hasPrefix("[") && value.hasSuffix("]")
      result[key] = try strings(isList ? String(value.dropFirst().dropLast()) : value)
    }
    return result
  }

  /// Splits at commas outside quotes and brackets.
  private func split(_ text: String) -> [String] {
    var parts = [""]
    var quote: Character?
    var depth = 0
    for character in text {
      if let open = quote {
        if character == open { quote = nil }
      } else if character == "'" || character == "\"" {
        quote = character
      } else if character == "[" {
        depth += 1
      } else if character == "]" {
        depth -= 1
      } else if character == ",", depth == 0 {
        parts.append("")
        continue
      }
      parts[parts.count - 1].append(character)
    }
    return parts.map { $0.trimmedBlank() }.filter { !$0.isEmpty }
  }

  private func failure(_ message: String) -> ETLError {
    ETLError(
      .modelSyntax,
      "\(file) line \(line): \(message)",
      place: "\(file) line \(line)",
      advice: "A model may use config, source, ref, this, var and `{% if is_incremental() %}`."
    )
  }
}
