import Course
import CourseAuthoring
import Foundation
import Grading
import Synchronization
import Testing
import TestSupport

/// The schemas of `Lessons/schemas`: as they are written, as the loaders read, as the content is.
@Suite struct SchemaTests {
  private static let root = RepositoryFiles.root

  @Test func `the files are those that the program writes`() throws {
    if ProcessInfo.processInfo.environment["UPDATE_GOLDEN"] == "1" {
      try ContentSchema.write(root: Self.root)
    }
    for schema in ContentSchema.all {
      let file = Self.root + "/Lessons/schemas/" + schema.fileName
      let text = try String(contentsOfFile: file, encoding: .utf8)
      #expect(text == schema.json, "run `make golden`: \(schema.fileName)")
      #expect(throws: Never.self) { try JSONSerialization.jsonObject(with: Data(text.utf8)) }
    }
    let names = try FileManager.default.contentsOfDirectory(atPath: Self.root + "/Lessons/schemas")
    #expect(Set(names) == Set(ContentSchema.all.map(\.fileName)))
  }

  // MARK: The content

  @Test func `every YAML file of the repository keeps its schema`() throws {
    var count = 0
    for folder in ["Lessons", "Exercises"] {
      let top = URL(filePath: Self.root + "/" + folder).resolvingSymlinksInPath().path
      for path in FileManager.default.subpaths(atPath: top) ?? [] where path.hasSuffix(".yaml") {
        // An answer that is a document is the learner's, not the course's.
        if path.contains("/answers/"), !path.hasSuffix("expect.yaml") { continue }
        // A file that is laid over the learner's pipeline has the pipeline's own rules.
        if ["/start/", "/steps/", "/saves/"].contains(where: path.contains) { continue }
        let schema = try #require(ContentSchema.of(path: folder + "/" + path), "\(path)")
        let text = try String(contentsOfFile: top + "/" + path, encoding: .utf8)
        let found = Self.violations(try ManifestNode.parse(text, file: path), schema.node)
        #expect(found == [], "\(schema.name)")
        count += 1
      }
    }
    #expect(count > 80)
  }

  @Test func `what no loader takes keeps no schema`() throws {
    func violations(_ text: String, _ schema: String) throws -> [String] {
      let schema = try #require(ContentSchema.all.first { $0.name == schema })
      return Self.violations(try ManifestNode.parse(text, file: "x"), schema.node)
    }
    #expect(try violations("verdict: not-yet\nfeedbak: x", "expect") != [])
    #expect(try violations("verdict: perhaps", "expect") != [])
    #expect(try violations("feedback: x", "expect") != [])
    #expect(try violations("verdict: not-yet\nfeedback: x", "expect") == [])
    #expect(try violations("goal: {ko: 가}\nfeedback: x", "check") != [])
  }

  /// What of a value is not as the schema says, by key path.
  private static func violations(_ value: ManifestNode, _ schema: SchemaNode) -> [String] {
    let text = value.isScalar ? (try? value.text(example: "")) ?? "" : ""
    func fail(_ wanted: String) -> [String] { ["\(value.place): no \(wanted)"] }
    func object(_ properties: [SchemaProperty], _ rest: SchemaNode?) -> [String] {
      guard let keys = value.keyNames else { return fail("mapping") }
      var found: [String] = []
      for property in properties {
        if let child = value.optional(property.name) {
          found += violations(child, property.node)
        } else if property.isRequired {
          found.append("\(value.place): \(property.name) is missing")
        }
      }
      for key in keys where !properties.contains(where: { $0.name == key }) {
        guard let rest, let child = value.optional(key) else {
          found.append("\(value.place): \(key) is unknown")
          continue
        }
        found += violations(child, rest)
      }
      return found
    }
    switch schema {
    case .text(let pattern):
      guard value.isScalar else { return fail("text") }
      guard let pattern, let regex = try? Regex(pattern) else { return [] }
      return text.contains(regex) ? [] : fail(pattern)
    case .integer(let range): return Int(text).map(range.contains) == true ? [] : fail("integer")
    case .number: return Double(text) != nil ? [] : fail("number")
    case .flag: return ["true", "false"].contains(text) ? [] : fail("flag")
    case .scalar: return value.isScalar ? [] : fail("scalar")
    case .choice(let names): return names.contains(text) ? [] : fail(names.joined(separator: "|"))
    case .list(let element, let count):
      guard let elements = try? value.elements(example: ""), elements.count >= count else {
        return fail("list of \(count) or more")
      }
      return elements.flatMap { violations($0, element) }
    case .map(let node): return object([], node)
    case .object(let properties): return object(properties, nil)
    case .open(let properties, let rest): return object(properties, rest)
    case .any(let nodes):
      let all = nodes.map { violations(value, $0) }
      return all.contains([]) ? [] : all.min { $0.count < $1.count } ?? []
    }
  }

  // MARK: The loaders

  private struct Seen: Hashable {
    var file: String
    var path: String
    var keys: [String]
  }

  /// Every mapping that loading the repository, the templates and `full` checks reads.
  private static func seen() throws -> Set<Seen> {
    let seen = Mutex<Set<Seen>>([])
    let scratch = try ScratchDirectory("schemas")
    let content = CourseContent(root: root)
    try ManifestNode.observingKeys({ file, path, keys in
      _ = seen.withLock { $0.insert(Seen(file: file, path: path, keys: keys)) }
    }) {
      _ = try content.outline()
      _ = try content.glossary()
      _ = try content.cards()
      _ = try content.stations()
      _ = try content.references()
      _ = try content.checklist()
      _ = try content.worksheets()
      _ = try content.storageLoads()
      for folder in content.inventory().folders.values {
        _ = try AnswerCase.load(exercise: try Exercise.load(folder: folder))
      }
      for folder in content.incidentFolders().values { _ = try Incident.load(folder: folder) }
      let scaffold = ContentScaffold(content: content)
      for kind in ContentScaffold.Kind.allCases {
        let path = scratch.path + "/x-\(kind.rawValue)"
        _ = try scaffold.exercise(at: path, kind: kind)
        _ = try AnswerCase.load(exercise: try Exercise.load(folder: path))
      }
      _ = try scaffold.incident(at: scratch.path + "/NEW-01")
      _ = try Incident.load(folder: scratch.path + "/NEW-01")
      // What somebody did, which no scaffold has.
      let manifest = scratch.path + "/NEW-01/incident.yaml"
      let incident = try String(contentsOfFile: manifest, encoding: .utf8)
      let stepped = incident.replacing(
        "\nvariants:\n  - id: A\n",
        with: "\nvariants:\n  - id: A\n    steps: [{id: a, at: \"21:40\", run: [kafka lag]}]\n")
      try #require(stepped != incident)
      try scratch.write("NEW-01/incident.yaml", stepped)
      _ = try Incident.load(folder: scratch.path + "/NEW-01")
      for (name, text) in full {
        try scratch.write("\(name)/checks/10-a.yaml", text)
        let tables = try KillerWorld.parseTables(
          ManifestNode.parse("t: [{name: t, columns: {a: bigint}}]", file: "none")
            .required("t", example: ""))
        _ = try CheckLoader(
          folder: ContentFolder(path: scratch.path + "/" + name), status: .draft, tables: tables
        ).question(in: "checks", form: nil)
      }
      _ = try MarkdownExercise.files(markdown, file: "front.md")
    }
    return seen.withLock { $0 }
  }

  /// The objects that a path leads to, and the path with the author's own keys as `*`.
  private static func objects(
    _ schema: SchemaNode, _ path: ArraySlice<String>, _ known: String = ""
  ) -> [(path: String, names: Set<String>?)] {
    if case .any(let nodes) = schema { return nodes.flatMap { objects($0, path, known) } }
    guard let step = path.first else {
      switch schema {
      case .object(let properties): return [(known, Set(properties.map(\.name)))]
      case .open(let properties, _): return [(known, Set(properties.map(\.name)))]
      case .map: return [(known, nil)]
      default: return []
      }
    }
    let rest = path.dropFirst()
    switch schema {
    case .list(let element, _): return step == "[]" ? objects(element, rest, known + "[]") : []
    case .object(let properties), .open(let properties, _):
      return properties.filter { $0.name == step }
        .flatMap { objects($0.node, rest, known + "." + step) }
    case .map(let value): return objects(value, rest, known + ".*")
    default: return []
    }
  }

  private static func steps(_ path: String) -> ArraySlice<String> {
    path.split(separator: ".").flatMap { part -> [String] in
      let name = part.prefix { $0 != "[" }
      let count = part.filter { $0 == "[" }.count
      return (name.isEmpty ? [] : [String(name)]) + Array(repeating: "[]", count: count)
    }[...]
  }

  @Test func `every key that a loader reads is in the schema, and no other`() throws {
    let seen = try Self.seen()
    #expect(seen.count > 150)
    var compared: Set<String> = []
    for one in seen where one.file != "none" {
      var schemas: [ContentSchema] = []
      if one.file == "front.md" {
        schemas = ContentSchema.all.filter { $0.name == "markdown-exercise" }
      } else if let schema = ContentSchema.of(path: one.file) {
        schemas = [schema]
        // Errors name an incident's checks without the folder `incidents`.
        if schema.name == "check" {
          schemas += ContentSchema.all.filter { $0.name == "incident-check" }
        }
      }
      let all = schemas.flatMap { schema in
        Self.objects(schema.node, Self.steps(one.path)).map { (schema.name + $0.path, $0.names) }
      }
      let fitting = all.filter { $0.1 == nil || $0.1 == Set(one.keys) }
      #expect(
        !fitting.isEmpty, "\(one.file) \(one.path): \(one.keys) beside \(all.map(\.1))")
      for (path, names) in fitting { compared.insert(path + "#" + Self.name(names)) }
    }
    let missed = ContentSchema.all.flatMap { schema in
      Self.all(schema.node, schema.name)
    }.filter { !compared.contains($0) }
    #expect(missed == [], "no loader was seen to read these")
  }

  private static func name(_ names: Set<String>?) -> String {
    names.map { $0.sorted().joined(separator: ",") } ?? "*"
  }

  /// Every object of a schema that loaders ask by `allowKeys`; texts per language are one shape that
  /// is compared wherever it occurs.
  private static func all(_ schema: SchemaNode, _ path: String) -> [String] {
    func inner(_ properties: [SchemaProperty]) -> [String] {
      properties.flatMap { all($0.node, path + "." + $0.name) }
    }
    switch schema {
    case .object(let properties):
      let names = Set(properties.map(\.name))
      if names == ["ko", "en"] { return [] }
      return [path + "#" + name(names)] + inner(properties)
    // Faults: what they may say is the world's business.
    case .open: return []
    case .list(let element, _): return all(element, path + "[]")
    case .map(let value): return all(value, path + ".*")
    case .any(let nodes): return nodes.flatMap { all($0, path) }
    case .text, .integer, .number, .flag, .choice, .scalar: return []
    }
  }

  private static let markdown = """
    ---
    id: x
    title: x
    minutes: 1
    kind: number
    unit: min
    form: 1 min
    value: 1
    mistakes: [{value: 2, feedback: two}]
    ---
    x

    ## passed
    x

    ## wrong
    x

    ## two
    x
    """

  /// Checks that no exercise of the repository has yet, with every mapping that they may hold.
  private static let full: [(String, String)] = {
    let rule = "goal: {ko: 가}\nfeedback: a\n"
    let result = """
      columns: {a: bigint}
      reference: SELECT a FROM t
      mistakes: [{sql: SELECT 1 AS a, feedback: b}]
      equivalents: [{change: "< -> <=", line: 1, because: same}]
      counterexample: {keys: {t: a}}
      worlds: {hidden: [{seed: 1, day: 2024-01-15, faults: [{name: x}]}]}

      """
    return [
      ("rows", rule + "sql: SELECT 1"),
      (
        "invariant",
        rule + """
          invariant: complete
          target: t
          key: a
          truth: SELECT 1
          stages: [{name: kafka, table: system.kafka.records}]
          """
      ),
      (
        "scenario",
        rule + """
          kind: scenario
          worlds: [{seed: 1, day: 2024-01-15}]
          checks:
            - {goal: {ko: 가}, feedback: a, sql: SELECT 1}
            - {goal: {ko: 가}, feedback: a, invariant: unique, target: t, key: a, stages: [{name: k, table: t}]}
          """
      ),
      (
        "number",
        rule + """
          kind: number
          form: {ko: 분}
          unit: min
          tolerance: {relative: 0.1}
          value: x
          inputs: {x: {choices: [1, 2]}}
          steps: [{id: s, goal: {ko: 가}, value: x, unit: min, feedback: s, tolerance: {absolute: 1}}]
          mistakes: [{value: 1, feedback: m}]
          slips: {per-time: p}
          """
      ),
      ("sql", rule + "kind: sql\n" + result),
      (
        "dataframe",
        rule + "kind: dataframe\n" + result
          + "plan: {exchanges_max: 1}\nplan_feedback: {exchanges_max: e}\n"
      ),
      (
        "document",
        rule + """
          kind: document
          fields: [{name: a, type: integer, feedback: f}]
          criteria:
            - id: c
              title: {ko: 가}
              feedback: f
              checks: [{value: a, equals: 1, tolerance: {relative: 0.1}}]
          """
      ),
    ]
  }()
}
