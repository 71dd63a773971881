// Reads an exercise's folder, and refuses with file, line and key what a learner would stumble on.

internal import Grading

extension Exercise {
  static let passedFeedbackID = "passed"
  static let rungCount = 3

  /// Reads the exercise in a folder; about a millisecond, nothing is kept open.
  ///
  /// Throws `CourseError` with the file and key of the first mistake. The answers are not read:
  /// they are the lint's business (`AnswerCase.load`).
  package static func load(folder path: String) throws -> Exercise {
    let folder = ContentFolder(path: path)
    let file = folder.display("exercise.yaml")
    let manifest = try ManifestNode.parse(
      folder.text("exercise.yaml", holds: "id, version, status, kind, title and minutes"),
      file: file
    )
    var exercise = try parseManifest(manifest, folder: path)
    let loader = ExerciseTexts(folder: folder, needsBoth: exercise.status == .core)
    exercise.task = try loader.file("task", holds: "what the learner is asked to do")
    if exercise.parts.isEmpty {
      let loader = CheckLoader(folder: folder, status: exercise.status, tables: exercise.tables)
      let question = try loader.question(
        in: "checks",
        form: exercise.answer,
        kind: exercise.kind.check
      )
      if case .checks(_, let checks, _)? = question {
        exercise.checks = checks
      } else {
        exercise.question = question
      }
    } else {
      try checkPartFiles(exercise, folder)
    }
    let isJudged = !exercise.checks.isEmpty || exercise.question != nil || !exercise.parts.isEmpty
    guard isJudged || exercise.status == .draft else {
      throw CourseError(
        code: "course.no-checks",
        message: "The exercise has no check: every answer would pass.",
        place: folder.display("checks"),
        advice: "Add checks/10-NAME.yaml with goal, feedback, sql.",
        fields: ["exercise": exercise.id]
      )
    }
    try loader.addFeedback(to: &exercise)
    try loader.addHints(to: &exercise)
    return exercise
  }

  private static func parseManifest(_ node: ManifestNode, folder: String) throws -> Exercise {
    try node.allowKeys([
      "id", "version", "status", "tier", "kind", "grading", "title", "minutes", "needs", "proves",
      "answer", "values", "parts", "unlocks", "tables",
    ])
    let idNode = try node.required("id", example: "00-1")
    let id = try idNode.text(example: "00-1")
    guard
      id.unicodeScalars.allSatisfy({
        $0.isASCII && ($0.properties.isAlphabetic || $0.properties.numericType != nil || $0 == "-")
      })
    else {
      throw idNode.error(
        "course.bad-value",
        "`\(id)` cannot be an exercise's id.",
        advice: "Use Latin letters, digits and `-`, in quotes if it is only digits: `00-1`."
      )
    }
    let status = try node.required("status", example: "draft").choice(ContentStatus.self)
    let needsBoth = status == .core
    let answer = try node.optional("answer").map {
      try AnswerForm.parse($0, needsBoth: needsBoth)
    }
    let tables = try node.optional("tables").map(KillerWorld.parseTables) ?? []
    let parts = try parts(
      node,
      folder: ContentFolder(path: folder),
      status: status,
      tables: tables
    )
    return Exercise(
      id: id,
      version: try node.required("version", example: "1").integer(1...1_000_000, example: "1"),
      status: status,
      tier: try node.optional("tier")?.choice(Tier.self) ?? .core,
      kind: try node.required("kind", example: "state").choice(Kind.self),
      grading: try node.optional("grading")?.choice(Check.Combination.self) ?? .first,
      title: try node.required("title", example: "{ko: 제목, en: Title}")
        .localized(needsBoth: needsBoth),
      minutes: try node.required("minutes", example: "5").integer(1...240, example: "5"),
      needs: try node.optional("needs")?.texts(example: "00-1") ?? [],
      proves: try node.optional("proves")?.texts(example: "event-journey") ?? [],
      unlocks: try node.optional("unlocks")?.texts(example: "trace") ?? [],
      answer: answer,
      parts: parts,
      values: try node.optional("values")?.elements(example: "[SELECT …]").map {
        try SQLTemplate.parse($0, fields: answer?.fields ?? [])
      } ?? [],
      task: LocalizedText([:]),
      checks: [],
      question: nil,
      tables: tables,
      feedback: [:],
      hintRungs: [],
      misconceptionHints: [:],
      folder: folder
    )
  }
}

extension Exercise {
  private static func parts(
    _ node: ManifestNode,
    folder: ContentFolder,
    status: ContentStatus,
    tables: [GradingTable]
  ) throws -> [ExercisePart] {
    guard let partsNode = node.optional("parts") else { return [] }
    if node.optional("answer") != nil {
      throw partsNode.error(
        "course.bad-value",
        "The exercise has an `answer` and `parts`.",
        advice: "Make the answer one of the parts."
      )
    }
    var parts: [ExercisePart] = []
    for element in try partsNode.elements(example: "- {id: lag, choice: {pool: [a, b, c]}}") {
      let part = try ExercisePart.parse(
        element,
        folder: folder,
        status: status,
        tables: tables
      )
      if parts.contains(where: { $0.id == part.id }) {
        throw element.error(
          "course.duplicate-id",
          "Two parts have the id `\(part.id)`.",
          advice: "Give each part its own id."
        )
      }
      parts.append(part)
    }
    return parts
  }

  /// Refuses items and folders of checks that no part uses.
  private static func checkPartFiles(_ exercise: Exercise, _ folder: ContentFolder) throws {
    let items = exercise.parts.flatMap { part -> [String] in
      if case .choice(let items) = part.question { items.map(\.id) } else { [] }
    }
    let judged = exercise.parts.compactMap { part -> String? in
      part.isJudgedByChecks ? part.id : nil
    }
    for (place, names, used) in [
      ("items", folder.names(in: "items"), items.map { "\($0).yaml" }),
      ("checks", folder.names(in: "checks"), judged),
    ] {
      guard let unused = names.first(where: { !used.contains($0) }) else { continue }
      let near = nearestName(to: unused, in: used).map { "Did you mean `\($0)`? " } ?? ""
      throw CourseError(
        code: "course.unknown-file",
        message: "No part uses `\(unused)`.",
        place: folder.display("\(place)/\(unused)"),
        advice: near + "Used: \(used.joined(separator: ", ")).",
        fields: ["file": folder.display("\(place)/\(unused)")]
      )
    }
  }
}

/// The files beside the manifest.
private struct ExerciseTexts {
  let folder: ContentFolder
  let needsBoth: Bool

  /// `NAME.ko.md` and `NAME.en.md`; one is enough where the status allows it.
  private func languages(_ name: String, holds purpose: String) throws -> [(CourseLanguage, String)]
  {
    let all = CourseLanguage.allCases
    let present = needsBoth ? all : all.filter { folder.exists("\(name).\($0.rawValue).md") }
    return try (present.isEmpty ? [.korean] : present).map { language in
      (language, try folder.text("\(name).\(language.rawValue).md", holds: purpose))
    }
  }

  func file(_ name: String, holds purpose: String) throws -> LocalizedText {
    var texts: [CourseLanguage: String] = [:]
    for (language, text) in try languages(name, holds: purpose) {
      let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
      let body = lines.drop { $0.isEmpty }.joined(separator: "\n")
      texts[language] = body.hasSuffix("\n") ? String(body.dropLast()) : body
      if texts[language]?.isEmpty ?? true {
        throw CourseError(
          code: "course.empty-text",
          message: "The file holds no text.",
          place: folder.display("\(name).\(language.rawValue).md"),
          advice: "Write in it \(purpose).",
          fields: ["section": name]
        )
      }
    }
    return LocalizedText(texts)
  }

  /// The sections of `NAME.ko.md` and `NAME.en.md` by name.
  private func sections(_ name: String, holds purpose: String) throws -> [CourseLanguage:
    TextSections]
  {
    var result: [CourseLanguage: TextSections] = [:]
    for (language, text) in try languages(name, holds: purpose) {
      result[language] = try TextSections.parse(
        text,
        file: folder.display("\(name).\(language.rawValue).md")
      )
    }
    return result
  }

  func addFeedback(to exercise: inout Exercise) throws {
    if exercise.status == .draft, !folder.exists("feedback.ko.md"), !folder.exists("feedback.en.md")
    {
      return
    }
    let wanted = [Exercise.passedFeedbackID] + exercise.feedbackIDs
    let optional =
      exercise.parts.map { Exercise.passedFeedbackID(part: $0.id) }
      + ExercisePart.builtInFeedbackIDs
    let sections = try sections(
      "feedback",
      holds: "`## passed` and one `## ID` per feedback id of the checks"
    )
    exercise.feedback = try collect(
      sections,
      wanted,
      optional: optional,
      file: "feedback",
      isStrict: true
    )
  }

  func addHints(to exercise: inout Exercise) throws {
    if exercise.status != .core, !folder.exists("hints.ko.md"), !folder.exists("hints.en.md") {
      return
    }
    let rungs = (1...Exercise.rungCount).map(String.init)
    // An option's feedback explains; a hint for it is welcome and not asked for.
    let judged = exercise.questions.filter(\.isJudgedByChecks)
    let ids = judged.flatMap(\.feedbackIDs)
    let ofParts = exercise.parts.map { part in (part.id, rungs.map { "\(part.id).\($0)" }) }
    let sections = try sections(
      "hints",
      holds: "`## 1`, `## 2`, `## 3` and one `## ID` per feedback id"
    )
    let texts = try collect(
      sections,
      rungs + ids,
      optional: exercise.feedbackIDs + ExercisePart.builtInFeedbackIDs + ofParts.flatMap(\.1),
      file: "hints",
      isStrict: exercise.status == .core
    )
    for (part, names) in ofParts {
      let own = names.prefix { texts[$0] != nil }
      if let beyond = names.first(where: { texts[$0] != nil && !own.contains($0) }) {
        throw CourseError(
          code: "course.missing-section",
          message: "The hint `\(beyond)` has none before it.",
          place: folder.display("hints"),
          advice: "Number a part's hints from `\(part).1` on.",
          fields: ["section": names[own.count]]
        )
      }
      if !own.isEmpty { exercise.partHintRungs[part] = own.compactMap { texts[$0] } }
    }
    exercise.hintRungs = rungs.compactMap { texts[$0] }
    let numbered = Set(rungs + ofParts.flatMap(\.1))
    exercise.misconceptionHints = texts.filter { !numbered.contains($0.key) }
  }

  /// The wanted sections in each language; a missing or an unused one is an error.
  private func collect(
    _ sections: [CourseLanguage: TextSections],
    _ wanted: [String],
    optional: [String],
    file: String,
    isStrict: Bool
  ) throws -> [String: LocalizedText] {
    var result: [String: LocalizedText] = [:]
    for language in CourseLanguage.allCases {
      guard let found = sections[language] else { continue }
      let place = folder.display("\(file).\(language.rawValue).md")
      let known = wanted + optional
      if let unused = found.names.first(where: { !known.contains($0) }) {
        let near = nearestName(to: unused, in: known).map { "Did you mean `\($0)`? " } ?? ""
        throw CourseError(
          code: "course.unknown-section",
          message: "Nothing uses the section `\(unused)`.",
          place: place,
          advice: near + "Known: \(unique(wanted).joined(separator: ", ")).",
          fields: ["section": unused]
        )
      }
      for name in unique(known) {
        guard let text = found.texts[name] else {
          if !isStrict || !wanted.contains(name) { continue }
          throw CourseError(
            code: "course.missing-section",
            message: "The section `\(name)` is missing.",
            place: place,
            advice: "Write `## \(name)` and the text under it.",
            fields: ["section": name]
          )
        }
        result[name, default: LocalizedText([:])].texts[language] = text
      }
    }
    return result
  }

  private func unique(_ names: [String]) -> [String] {
    names.enumerated().filter { names.firstIndex(of: $1) == $0 }.map(\.element)
  }
}
