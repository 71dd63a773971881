package import Grading

/// The course's words: one Korean word per concept, its meaning, and where it is introduced.
package struct Glossary: Sendable {
  /// One concept.
  package struct Term: Sendable, Hashable {
    package var id: String
    /// The one Korean word that all texts use.
    package var korean: String
    package var english: String
    /// Spellings that no Korean text of the course may use; lookups find the term by them.
    package var forbidden: [String]
    package var definition: LocalizedText
    /// The id of the lesson that introduces it.
    package var lesson: String
    /// One of the ten words of the big picture.
    package var isSeed: Bool
    /// Ids of related terms.
    package var see: [String]
    package var quiz: Quiz?

    package init(
      id: String,
      korean: String,
      english: String,
      forbidden: [String],
      definition: LocalizedText,
      lesson: String,
      isSeed: Bool,
      see: [String],
      quiz: Quiz?
    ) {
      self.id = id
      self.korean = korean
      self.english = english
      self.forbidden = forbidden
      self.definition = definition
      self.lesson = lesson
      self.isSeed = isSeed
      self.see = see
      self.quiz = quiz
    }

    /// The word in that language.
    package func word(_ language: CourseLanguage) -> String {
      language == .korean ? korean : english
    }
  }

  /// A question about a term's use.
  package struct Quiz: Sendable, Hashable {
    package struct Option: Sendable, Hashable {
      package var text: LocalizedText
      package var isCorrect: Bool

      package init(text: LocalizedText, isCorrect: Bool) {
        self.text = text
        self.isCorrect = isCorrect
      }
    }

    package var question: LocalizedText
    /// Exactly one is correct.
    package var options: [Option]

    package init(question: LocalizedText, options: [Option]) {
      self.question = question
      self.options = options
    }
  }

  /// In the order of the file.
  package var terms: [Term]

  package init(terms: [Term]) { self.terms = terms }

  package func term(id: String) -> Term? { terms.first { $0.id == id } }

  // MARK: Lookup

  /// What a looked-up word is.
  package enum Lookup: Sendable, Hashable {
    case found(Term)
    /// The word means several terms, such as a partition.
    case several([Term])
    /// No term; the nearest ones, best first, may be empty.
    case unknown(near: [Term])
  }

  /// Finds a term by id, Korean or English word or a variant spelling, in any Unicode form.
  ///
  /// Spaces and hyphens do not matter: `데이터웨어하우스` and `Data-Warehouse` both find it.
  package func lookup(_ text: String) -> Lookup {
    let wanted = Self.lookupKey(text)
    guard !wanted.isEmpty else { return .unknown(near: []) }
    let exact = terms.filter { Self.names($0).contains(wanted) }
    if exact.count == 1, let term = exact.first { return .found(term) }
    if exact.count > 1 { return .several(exact) }
    // `파티션` alone means all three kinds of partition.
    let within = wanted.count < 2 ? [] : terms.filter { term in
      Self.names(term).contains { $0.contains(wanted) }
    }
    if within.count == 1, let term = within.first { return .found(term) }
    if within.count > 1 { return .several(within) }
    return .unknown(near: nearest(wanted))
  }

  private func nearest(_ wanted: String) -> [Term] {
    var owners: [String: Term] = [:]
    for term in terms { for name in Self.names(term) { owners[name] = term } }
    var found: [Term] = []
    var names = Array(owners.keys)
    while found.count < 3, let name = nearestName(to: wanted, in: names), let term = owners[name] {
      if !found.contains(term) { found.append(term) }
      names.removeAll { $0 == name }
    }
    return found
  }

  private static func names(_ term: Term) -> [String] {
    ([term.id, term.korean, term.english] + term.forbidden).map(lookupKey)
  }

  /// One spelling for comparison: composed, lower case, without spaces, hyphens and underscores.
  package static func lookupKey(_ text: String) -> String {
    normalizedAnswer(text).filter { !$0.isWhitespace && $0 != "-" && $0 != "_" }
  }
}

extension CourseContent {
  /// The terms of `Lessons/terms.yaml`.
  ///
  /// Throws where a `see` names no term, or a quiz has not exactly one right option.
  package func glossary() throws -> Glossary {
    var places: [(ManifestNode, [String])] = []
    let terms = try entries("terms.yaml", "terms", id: \.id) { node in
      let term = try Glossary.Term.parse(node)
      if let see = node.optional("see") { places.append((see, term.see)) }
      return term
    }
    let ids = terms.map(\.id)
    for (node, see) in places {
      guard let unknown = see.first(where: { !ids.contains($0) }) else { continue }
      let near = nearestName(to: unknown, in: ids).map { "Did you mean `\($0)`?" }
      throw node.error(
        "course.bad-value",
        "There is no term `\(unknown)`.",
        advice: near ?? "Name ids of this file."
      )
    }
    return Glossary(terms: terms)
  }
}

extension Glossary.Term {
  static func parse(_ node: ManifestNode) throws -> Glossary.Term {
    try node.allowKeys([
      "id", "ko", "en", "not", "definition", "lesson", "seed", "see", "quiz",
    ])
    let words = try node.localizedBeside(needsBoth: true)
    let forbiddenNode = node.optional("not")
    let forbidden = try forbiddenNode?.texts(example: "옵셋") ?? []
    if let forbiddenNode, let same = forbidden.first(where: { $0 == words[.korean] }) {
      throw forbiddenNode.error(
        "course.bad-value",
        "`\(same)` is the term's own word.",
        advice: "List only spellings that are not to be used."
      )
    }
    return Glossary.Term(
      id: try node.required("id", example: "offset").text(example: "offset"),
      korean: words[.korean],
      english: words[.english],
      forbidden: forbidden,
      definition: try node.both("definition"),
      lesson: try node.required("lesson", example: "\"00\"").text(example: "\"00\""),
      isSeed: try node.optional("seed")?.flag(example: "true") ?? false,
      see: try node.optional("see")?.texts(example: "partition-kafka") ?? [],
      quiz: try node.optional("quiz").map(quiz)
    )
  }

  private static func quiz(_ node: ManifestNode) throws -> Glossary.Quiz {
    try node.allowKeys(["question", "options"])
    let optionsNode = try node.required("options", example: "[{ko: …, en: …, correct: true}]")
    let options = try optionsNode.elements(example: "- {ko: …, en: …}").map { element in
      try element.allowKeys(["ko", "en", "correct"])
      return Glossary.Quiz.Option(
        text: try element.localizedBeside(needsBoth: true),
        isCorrect: try element.optional("correct")?.flag(example: "true") ?? false
      )
    }
    guard (2...5).contains(options.count), options.filter(\.isCorrect).count == 1 else {
      throw optionsNode.error(
        "course.bad-value",
        "A quiz has two to five options, and exactly one of them is right.",
        advice: "Mark one with `correct: true`."
      )
    }
    return Glossary.Quiz(question: try node.both("question"), options: options)
  }
}
