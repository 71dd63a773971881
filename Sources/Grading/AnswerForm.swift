internal import Foundation

/// What an answer looks like, declared in `exercise.yaml`, and the values read from one.
///
/// ```yaml
/// answer:
///   form: {ko: "파티션:오프셋", en: "partition:offset"}
///   fields:
///     - {name: partition, type: integer, words: [partition, 파티션, p]}
///     - {name: offset, type: integer, words: [offset, 오프셋, o]}
///   constants: [app-events]      # may be said, adds nothing
///   fillers: [topic, 토픽, 번, 의]  # polite words and particles
/// ```
///
/// `hour: true` says that an integer is an hour of the day: `오후 3:05` is 15:05 then.
///
/// An author lists words; `AnswerReader` knows how people arrange them. Anything that has not
/// exactly one reading is refused, and a refused answer costs nothing.
package struct AnswerForm: Sendable, Hashable {
  /// The type of a field; SQL gets an integer literal or a quoted string literal.
  package enum FieldType: String, Sendable, Hashable, CaseIterable {
    case integer
    case word
    /// The key or name of a file, pasted; the only field of its form.
    case path
  }

  /// One value that the answer must hold.
  package struct Field: Sendable, Hashable {
    package var name: String
    package var type: FieldType
    /// The labels that a learner may write beside the value, in lower case.
    package var words: [String]
    /// True for an hour of 24, which may also be said as an hour of 12 with its half of the day.
    package var isHour: Bool

    package init(name: String, type: FieldType, words: [String], isHour: Bool = false) {
      self.name = name
      self.type = type
      self.words = words
      self.isHour = isHour
    }
  }

  /// How the answer is written, as the learner is shown it.
  package var form: LocalizedText
  /// The fields, in the order of an answer without labels.
  package var fields: [Field]
  /// Words that may be said because they are true of every answer, such as the topic.
  package var constants: [String]
  /// Words without meaning for the answer: particles, polite endings, articles.
  package var fillers: [String]

  package init(
    form: LocalizedText,
    fields: [Field],
    constants: [String] = [],
    fillers: [String] = []
  ) {
    self.form = form
    self.fields = fields
    self.constants = constants
    self.fillers = fillers
  }

  /// Reads an answer; nil where it has no reading or more than one.
  package func read(_ text: String) -> AnswerValues? {
    if let field = fields.first, field.type == .path { return readPath(text, field) }
    guard let hour = fields.first(where: \.isHour) else { return AnswerReader(form: self).read(text) }
    guard let (rest, half) = HalfDay.taken(from: normalizedAnswer(text)),
      var values = AnswerReader(form: self).read(rest)
    else { return nil }
    guard let half else { return values }
    guard case .integer(let said)? = values[hour.name], let hours = half.hour(said) else { return nil }
    values.values[hour.name] = .integer(hours)
    return values
  }
}

extension AnswerForm {
  private static let pathCharactersMax = 1_000

  /// The one word that can be a path, as it was written; `s3://bucket/` before it says nothing new.
  private func readPath(_ text: String, _ field: Field) -> AnswerValues? {
    guard text.count <= Self.pathCharactersMax else { return nil }
    let silent = Set(field.words + constants + fillers)
    let separators = Set<Character>("=:,;'\"`()<>|")
    var paths: Set<String> = []
    let spelled = text.precomposedStringWithCanonicalMapping
      .replacing(/s3[an]?:\/\/[^\/\s]+\//.ignoresCase(), with: " ")
    // `dt=2024-01-15/` is part of a path, `file=` is a label before one.
    for run in spelled.split(whereSeparator: \.isWhitespace) {
      var word = run[...]
      while let first = word.first, separators.contains(first) { word.removeFirst() }
      while let ending = ending(of: word, separators) { word.removeLast(ending) }
      if let equals = word.firstIndex(of: "="),
        silent.contains(normalizedAnswer(String(word[..<equals])))
      {
        word = word[word.index(after: equals)...].drop { separators.contains($0) }
      }
      if word.isEmpty || silent.contains(normalizedAnswer(String(word))) { continue }
      guard word.contains("/") || word.contains(".") else { return nil }
      paths.insert(String(word))
    }
    guard paths.count == 1, let path = paths.first else { return nil }
    return AnswerValues([field.name: .text(path)])
  }
}

extension AnswerForm {
  /// How many characters at a word's end say nothing: punctuation, or a particle grown on to it.
  private func ending(of word: Substring, _ separators: Set<Character>) -> Int? {
    guard let last = word.last else { return nil }
    if separators.contains(last) || last == "." { return 1 }
    guard !last.isASCII else { return nil }
    return fillers.filter { word.hasSuffix($0) }.map(\.count).max()
  }
}

/// The values of one answer, by field name.
package struct AnswerValues: Sendable, Hashable {
  package var values: [String: HostValue]

  package init(_ values: [String: HostValue]) { self.values = values }

  package subscript(name: String) -> HostValue? { values[name] }
}

extension AnswerForm {
  package static func parse(_ node: ManifestNode, needsBoth: Bool) throws -> AnswerForm {
    try node.allowKeys(["form", "fields", "constants", "fillers"])
    let form = try node.required("form", example: "{ko: \"파티션:오프셋\", en: \"partition:offset\"}")
      .localized(needsBoth: needsBoth)
    let fieldsNode = try node.required("fields", example: "[{name: offset, type: integer}]")
    let fields = try fieldsNode.elements(example: "[{name: offset, type: integer}]").map(parseField)
    guard !fields.isEmpty else {
      throw fieldsNode.wrongType("a list of at least one field", example: "- {name: offset}")
    }
    guard fields.count == 1 || !fields.contains(where: { $0.type == .path }) else {
      throw fieldsNode.error(
        "course.bad-value",
        "A field of type `path` has other fields beside it.",
        advice: "Ask for the path in a part of its own."
      )
    }
    for (index, field) in fields.enumerated()
    where fields[..<index].contains(where: { $0.name == field.name }) {
      throw fieldsNode.error(
        "course.bad-value",
        "Two fields are named `\(field.name)`.",
        advice: "Give each field its own name."
      )
    }
    func words(_ key: String) throws -> [String] {
      try node.optional(key)?.texts(example: "app-events").map(normalizedAnswer) ?? []
    }
    return AnswerForm(
      form: form,
      fields: fields,
      constants: try words("constants"),
      fillers: try words("fillers")
    )
  }

  private static func parseField(_ node: ManifestNode) throws -> Field {
    try node.allowKeys(["name", "type", "words", "hour"])
    let nameNode = try node.required("name", example: "offset")
    let name = try nameNode.text(example: "offset")
    guard isIdentifier(name) else {
      throw nameNode.error(
        "course.bad-value",
        "`\(name)` cannot name a field.",
        advice: "Use lower-case Latin letters, digits and underscores, such as `offset`."
      )
    }
    let type = try node.required("type", example: "integer").choice(FieldType.self)
    let words = try node.optional("words")?.texts(example: "offset") ?? [name]
    let isHour = try node.optional("hour")?.flag(example: "true") ?? false
    if isHour, type != .integer {
      throw node.error(
        "course.bad-value", "`hour` is said of a field that is no integer.",
        advice: "Give it `type: integer`.")
    }
    return Field(name: name, type: type, words: words.map(normalizedAnswer), isHour: isHour)
  }
}

/// True for names that may stand in `{…}` and `{{answer.…}}`: lower-case ASCII and underscores.
func isIdentifier(_ text: String) -> Bool {
  guard let first = text.unicodeScalars.first, ("a"..."z").contains(first) else { return false }
  return text.unicodeScalars.allSatisfy {
    ("a"..."z").contains($0) || ("0"..."9").contains($0) || $0 == "_"
  }
}
