// Reads an exercise's folder, and refuses with file, line and key what a learner would stumble on.

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
    exercise.checks = try loader.checks(fields: exercise.answer?.fields ?? [])
    guard !exercise.checks.isEmpty || exercise.status == .draft else {
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
      "answer", "values",
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
    let status = try node.required("status", example: "draft").choice(Status.self)
    let needsBoth = status == .core
    let answer = try node.optional("answer").map {
      try AnswerForm.parse($0, needsBoth: needsBoth)
    }
    return Exercise(
      id: id,
      version: try node.required("version", example: "1").integer(1...1_000_000, example: "1"),
      status: status,
      tier: try node.optional("tier")?.choice(Tier.self) ?? .core,
      kind: try node.required("kind", example: "state").choice(Kind.self),
      grading: try node.optional("grading")?.choice(Grading.self) ?? .first,
      title: try node.required("title", example: "{ko: 제목, en: Title}")
        .localized(needsBoth: needsBoth),
      minutes: try node.required("minutes", example: "5").integer(1...240, example: "5"),
      needs: try node.optional("needs")?.texts(example: "00-1") ?? [],
      proves: try node.optional("proves")?.texts(example: "event-journey") ?? [],
      answer: answer,
      values: try node.optional("values")?.elements(example: "[SELECT …]").map {
        try SQLTemplate.parse($0, fields: answer?.fields ?? [])
      } ?? [],
      task: LocalizedText([:]),
      checks: [],
      feedback: [:],
      hintRungs: [],
      misconceptionHints: [:],
      folder: folder
    )
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

  func checks(fields: [AnswerForm.Field]) throws -> [Check] {
    try folder.names(in: "checks").map { name in
      let file = folder.display("checks/\(name)")
      guard name.hasSuffix(".yaml"), name.first?.isNumber ?? false else {
        throw CourseError(
          code: "course.unknown-file",
          message: "`\(name)` is not the name of a check.",
          place: file,
          advice: "Name it NN-what.yaml; checks run in the order of their names.",
          fields: ["file": file]
        )
      }
      let node = try ManifestNode.parse(
        folder.text("checks/\(name)", holds: "goal, feedback and sql"),
        file: file
      )
      try node.allowKeys(["goal", "feedback", "fails_when", "sql", "values"])
      return Check(
        name: String(name.dropLast(".yaml".count)),
        goal: try node.required("goal", example: "{ko: 목표, en: Goal}")
          .localized(needsBoth: needsBoth),
        feedback: try node.required("feedback", example: "other-purchase")
          .text(example: "other-purchase"),
        sql: try SQLTemplate.parse(
          node.required("sql", example: "SELECT … (the rows that are wrong)"),
          fields: fields
        ),
        failsWhen: try node.optional("fails_when")?.choice(Check.FailsWhen.self) ?? .rows,
        values: try node.optional("values")?.elements(example: "[SELECT …]").map {
          try SQLTemplate.parse($0, fields: fields)
        } ?? []
      )
    }
  }

  func addFeedback(to exercise: inout Exercise) throws {
    if exercise.status == .draft, !folder.exists("feedback.ko.md"), !folder.exists("feedback.en.md")
    {
      return
    }
    let wanted = [Exercise.passedFeedbackID] + exercise.checks.map(\.feedback)
    let sections = try sections(
      "feedback",
      holds: "`## passed` and one `## ID` per feedback id of the checks"
    )
    exercise.feedback = try collect(sections, wanted, file: "feedback", isStrict: true)
  }

  func addHints(to exercise: inout Exercise) throws {
    if exercise.status != .core, !folder.exists("hints.ko.md"), !folder.exists("hints.en.md") {
      return
    }
    let rungs = (1...Exercise.rungCount).map(String.init)
    let ids = exercise.checks.map(\.feedback)
    let sections = try sections(
      "hints",
      holds: "`## 1`, `## 2`, `## 3` and one `## ID` per feedback id"
    )
    let texts = try collect(
      sections,
      rungs + ids,
      file: "hints",
      isStrict: exercise.status == .core
    )
    exercise.hintRungs = rungs.compactMap { texts[$0] }
    exercise.misconceptionHints = texts.filter { !rungs.contains($0.key) }
  }

  /// The wanted sections in each language; a missing or an unused one is an error.
  private func collect(
    _ sections: [CourseLanguage: TextSections],
    _ wanted: [String],
    file: String,
    isStrict: Bool
  ) throws -> [String: LocalizedText] {
    var result: [String: LocalizedText] = [:]
    for language in CourseLanguage.allCases {
      guard let found = sections[language] else { continue }
      let place = folder.display("\(file).\(language.rawValue).md")
      if let unused = found.names.first(where: { !wanted.contains($0) }) {
        let near = nearestName(to: unused, in: wanted).map { "Did you mean `\($0)`? " } ?? ""
        throw CourseError(
          code: "course.unknown-section",
          message: "Nothing uses the section `\(unused)`.",
          place: place,
          advice: near + "Known: \(unique(wanted).joined(separator: ", ")).",
          fields: ["section": unused]
        )
      }
      for name in wanted {
        guard let text = found.texts[name] else {
          if !isStrict { continue }
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
