// A whole exercise in one Markdown file: what an instructor writes in a quarter of an hour.
//
// ```
// ---
// id: team-1
// title: DAU는 무엇을 셉니까
// minutes: 2
// kind: choice
// ---
// DAU는 무엇을 셉니까?
//
// - [x] 그날 한 번이라도 온 사용자
// - [ ] 그날의 이벤트 {#events}
//   이벤트를 셌습니다. 한 사람이 하루에 수십 건을 보냅니다.
//
// ## passed
// 맞았습니다.
//
// ## hint 1
// A는 active입니다.
// ```
//
// 1. `MarkdownExercise.read` cuts the file: front matter, task, options, `## ` sections.
// 2. It writes down the folder that the file is short for: exercise.yaml, items or checks, feedback,
//    hints, and the answers that the file declares by itself.
// 3. `ContentFolder` serves those texts, so that loaders, graders and checks know one format only.

internal import Foundation

/// The format of an exercise that is one file: a choice or a number, of status `draft` or `local`.
package enum MarkdownExercise {
  /// The keys of the front matter.
  package static let keys = [
    "id", "version", "status", "lang", "title", "minutes", "kind", "needs", "unit", "value",
    "tolerance", "form", "mistakes",
  ]

  /// What an exercise of one file asks.
  package enum Kind: String, Sendable, CaseIterable {
    case choice, number
  }

  enum Status: String, CaseIterable {
    case draft, local
  }

  /// True for a file that is such an exercise: `.md`, and its first line is `---`.
  package static func isFile(_ path: String) -> Bool {
    guard path.hasSuffix(".md"), let handle = FileHandle(forReadingAtPath: path) else {
      return false
    }
    defer { try? handle.close() }
    let head = (try? handle.read(upToCount: 8)) ?? Data()
    let text = String(decoding: head, as: UTF8.self)
    return (text.hasPrefix("\u{FEFF}") ? text.dropFirst() : text[...]).hasPrefix("---")
  }

  /// The files that it is short for, by their path in the folder.
  static func read(_ path: String) -> Result<[String: String], CourseError> {
    let display = path.split(separator: "/").suffix(2).joined(separator: "/")
    guard let data = FileManager.default.contents(atPath: path),
      let text = String(validating: data, as: UTF8.self)
    else {
      return .failure(
        CourseError(
          code: "course.not-utf8",
          message: "The file is not UTF-8 text.",
          place: display,
          advice: "Save it as UTF-8.",
          fields: ["file": display]
        )
      )
    }
    do {
      return .success(
        try files(text.hasPrefix("\u{FEFF}") ? String(text.dropFirst()) : text, file: display)
      )
    } catch let error as CourseError {
      return .failure(error)
    } catch {
      return .failure(CourseError(code: "course.unreadable", message: "\(error)", place: display))
    }
  }

  /// The files that such a text is short for.
  ///
  /// Throws `CourseError` with the line of the first mistake.
  package static func files(_ text: String, file: String) throws -> [String: String] {
    let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
      .map(String.init)
    guard let end = lines.dropFirst().firstIndex(where: { $0.hasPrefix("---") }) else {
      throw CourseError(
        code: "course.front-matter",
        message: "The front matter is not closed.",
        place: "\(file):1",
        advice: "Write `---` in a line of its own after the last key.",
        fields: ["file": file]
      )
    }
    let head = try ManifestNode.parse(
      lines[1..<end].joined(separator: "\n"),
      file: file,
      firstLine: 2
    )
    try head.allowKeys(keys)
    let body = try MarkdownBody(Array(lines[(end + 1)...]), firstLine: end + 2, file: file)
    return try MarkdownFolder(head: head, body: body).files()
  }
}

/// The text below the front matter, cut into task, options and sections.
private struct MarkdownBody {
  struct Option {
    var id: String?
    var text: String
    var isCorrect: Bool
    var feedback: String
    var line: Int
  }

  var task = ""
  var options: [Option] = []
  var sections = TextSections(texts: [:], names: [])
  let file: String

  init(_ lines: [String], firstLine: Int, file: String) throws {
    self.file = file
    let cut = lines.firstIndex { $0.hasPrefix("## ") } ?? lines.count
    // The lines before keep their numbers for what is wrong behind them.
    let rest = [String](repeating: "", count: firstLine - 1 + cut) + lines[cut...]
    sections = try TextSections.parse(rest.joined(separator: "\n"), file: file)
    var task: [String] = []
    for (index, line) in lines[..<cut].enumerated() {
      if let option = Self.option(line, number: options.count + 1, line: firstLine + index) {
        options.append(option)
      } else if options.isEmpty {
        task.append(line)
      } else if line.hasPrefix("  ") || line.allSatisfy(\.isWhitespace) {
        let said = line.trimmingCharacters(in: .whitespaces)
        let last = options.count - 1
        let before = options[last].feedback
        options[last].feedback = before.isEmpty || said.isEmpty ? before + said : before + "\n" + said
      } else {
        throw CourseError(
          code: "course.stray-text",
          message: "There is text after the options.",
          place: "\(file):\(firstLine + index)",
          advice: "Put it before the first option, indent it by two spaces to make it the option's "
            + "feedback, or put it under a heading such as `## passed`.",
          fields: ["file": file]
        )
      }
    }
    while task.first?.allSatisfy(\.isWhitespace) == true { task.removeFirst() }
    while task.last?.allSatisfy(\.isWhitespace) == true { task.removeLast() }
    self.task = task.joined(separator: "\n")
  }

  /// `- [x] text {#id}`.
  private static func option(_ line: String, number: Int, line place: Int) -> Option? {
    guard let match = line.wholeMatch(of: /[-*] \[([ xX])\]\s+(.*?)\s*(?:\{#([a-z0-9-]+)\})?\s*/)
    else { return nil }
    return Option(
      id: match.3.map(String.init),
      text: String(match.2),
      isCorrect: match.1 != " ",
      feedback: "",
      line: place
    )
  }
}

/// Writes the folder down.
private struct MarkdownFolder {
  let head: ManifestNode
  let body: MarkdownBody

  private func error(_ code: String, _ message: String, _ advice: String, line: Int? = nil)
    -> CourseError
  {
    CourseError(
      code: code,
      message: message,
      place: line.map { "\(body.file):\($0)" } ?? body.file,
      advice: advice,
      fields: ["file": body.file]
    )
  }

  /// A text as YAML reads it whatever is in it.
  private func quoted(_ text: String) -> String {
    let data = try? JSONSerialization.data(
      withJSONObject: [text],
      options: [.withoutEscapingSlashes]
    )
    return String(decoding: data ?? Data("[\"\"]".utf8), as: UTF8.self).dropFirst().dropLast()
      .description
  }

  func files() throws -> [String: String] {
    let kind = try head.required("kind", example: "choice").choice(MarkdownExercise.Kind.self)
    let status = try head.optional("status")?.choice(MarkdownExercise.Status.self) ?? .local
    let language = try head.optional("lang")?.choice(CourseLanguage.self) ?? .korean
    let id = try head.required("id", example: "team-1").text(example: "team-1")
    let title = try head.required("title", example: "DAU").text(example: "DAU")
    let minutes = try head.required("minutes", example: "3").integer(1...240, example: "3")
    let version = try head.optional("version")?.integer(1...1_000_000, example: "1") ?? 1
    let needs = try head.optional("needs")?.texts(example: "00-1") ?? []
    guard !body.task.isEmpty else {
      throw error(
        "course.empty-text",
        "The file asks nothing.",
        "Write the question below the front matter."
      )
    }
    var files = ["task.\(language.rawValue).md": body.task + "\n"]
    var manifest = """
      id: \(quoted(id))
      version: \(version)
      status: \(status.rawValue)
      kind: \(kind.rawValue)
      title: {\(language.rawValue): \(quoted(title))}
      minutes: \(minutes)
      needs: [\(needs.map(quoted).joined(separator: ", "))]

      """
    let feedback: [String: String]
    switch kind {
    case .choice:
      manifest += "parts: [{id: question, choice: {pool: [question]}}]\n"
      feedback = try choice(language, status, &files)
    case .number: feedback = try number(language, title, status, &files)
    }
    files["exercise.yaml"] = manifest
    try addTexts(feedback, language, &files)
    return files
  }

  // MARK: Choice

  private func choice(
    _ language: CourseLanguage,
    _ status: MarkdownExercise.Status,
    _ files: inout [String: String]
  ) throws -> [String: String] {
    for key in ["unit", "value", "tolerance", "form", "mistakes"] {
      guard let found = head.optional(key) else { continue }
      throw found.error(
        "course.unknown-key",
        "The key `\(key)` belongs to `kind: number`.",
        advice: "Remove it, or write `kind: number`."
      )
    }
    guard body.options.count >= 2 else {
      throw error(
        "course.missing-key",
        "The question has \(body.options.count) options.",
        "Write two or more below it: `- [x] right` and `- [ ] wrong`."
      )
    }
    var feedback: [String: String] = [:]
    var lines: [String] = ["id: question", "options:"]
    for (index, option) in body.options.enumerated() {
      let id = option.id ?? "option-\(index + 1)"
      var entry = "  - {id: \(id), \(language.rawValue): \(quoted(option.text))"
      if option.isCorrect {
        guard option.feedback.isEmpty else {
          throw error(
            "course.bad-value",
            "The right option has feedback of its own.",
            "Write it under `## passed`.",
            line: option.line
          )
        }
        entry += ", correct: true"
      } else if !option.feedback.isEmpty {
        entry += ", feedback: \(id)"
        feedback[id] = option.feedback
        files["answers/wrong/\(id)/\(id).tap"] = "answer {{option: \(id)}}\n"
        files["answers/wrong/\(id)/expect.yaml"] = "verdict: not-yet\nfeedback: \(id)\n"
      }
      lines.append(entry + "}")
    }
    if feedback.isEmpty, status == .local {
      throw error(
        "course.too-few-answers",
        "No wrong option says why it is wrong; status `local` asks for one.",
        "Write the reason below a wrong option, indented by two spaces.",
        line: body.options.first { !$0.isCorrect }?.line
      )
    }
    files["items/question.yaml"] = lines.joined(separator: "\n") + "\n"
    files["answers/accepted/right.tap"] = "answer {{correct}}\n"
    return feedback
  }

  // MARK: Number

  private func number(
    _ language: CourseLanguage,
    _ title: String,
    _ status: MarkdownExercise.Status,
    _ files: inout [String: String]
  ) throws -> [String: String] {
    if let option = body.options.first {
      throw error(
        "course.bad-value",
        "A question of kind `number` has options.",
        "Write `kind: choice`, or remove them.",
        line: option.line
      )
    }
    let unit = try head.required("unit", example: "min").text(example: "min")
    _ = try NumberQuestion.parseUnit(head.required("unit", example: "min"))
    let form = try head.required("form", example: "45 min").text(example: "45 min")
    let value = try source(head.required("value", example: "SELECT count(*) FROM …"))
    let tolerance = head.optional("tolerance")
    if let tolerance { _ = try NumberQuestion.parseTolerance(tolerance) }
    var lines = [
      "kind: number", "goal: {\(language.rawValue): \(quoted(title))}", "feedback: wrong",
      "form: {\(language.rawValue): \(quoted(form))}", "unit: \(quoted(unit))",
      "value: \(quoted(value.text))",
    ]
    if let text = try tolerance?.text(example: "2%") { lines.append("tolerance: \(quoted(text))") }
    files["answers/accepted/right.tap"] = "answer \(value.typed) \(unit)\n"
    let mistakes =
      try head.optional("mistakes")?.elements(example: "- {value: 60, feedback: per-hour}") ?? []
    if !mistakes.isEmpty { lines.append("mistakes:") }
    for mistake in mistakes {
      try mistake.allowKeys(["value", "feedback"])
      let wrong = try source(mistake.required("value", example: "60"))
      let feedback = try mistake.required("feedback", example: "per-hour")
      let id = try feedback.text(example: "per-hour")
      guard body.sections.texts[id] != nil else {
        throw feedback.error(
          "course.missing-section",
          "Nothing says what is wrong with `\(id)`.",
          advice: "Write `## \(id)` and the text under it."
        )
      }
      lines.append("  - {value: \(quoted(wrong.text)), feedback: \(quoted(id))}")
      files["answers/wrong/\(id)/\(id).tap"] = "answer \(wrong.typed) \(unit)\n"
      files["answers/wrong/\(id)/expect.yaml"] = "verdict: not-yet\nfeedback: \(id)\n"
    }
    if mistakes.isEmpty, status == .local {
      throw head.error(
        "course.too-few-answers",
        "No wrong number is named; status `local` asks for one.",
        advice: "Write `mistakes: [{value: …, feedback: NAME}]`, and `## NAME` with its text."
      )
    }
    files["checks/10-number.yaml"] = lines.joined(separator: "\n") + "\n"
    return [:]
  }

  /// A number's source as it stands, and as a line of an answer writes it.
  private func source(_ node: ManifestNode) throws -> (text: String, typed: String) {
    let text = try node.text(example: "120 * 60")
    switch try NumberQuestion.parseSource(node, names: []) {
    case .query: return (text, "{{sql: \(text.split(whereSeparator: \.isNewline).joined(separator: " "))}}")
    case .expression(let expression):
      guard let value = expression.value([:]) else {
        throw node.error(
          "course.bad-value",
          "This is no finite number.",
          advice: "Write arithmetic such as `120 * 60`."
        )
      }
      return (text, value == value.rounded() ? String(format: "%.0f", value) : "\(value)")
    }
  }

  // MARK: Texts

  private func addTexts(
    _ ofOptions: [String: String],
    _ language: CourseLanguage,
    _ files: inout [String: String]
  ) throws {
    var feedback = ""
    var hints = ""
    for name in body.sections.names {
      let text = body.sections.texts[name] ?? ""
      if name.hasPrefix("hint ") {
        hints += "## \(name.dropFirst("hint ".count))\n\n\(text)\n\n"
      } else {
        feedback += "## \(name)\n\n\(text)\n\n"
      }
    }
    for id in ofOptions.keys.sorted() { feedback += "## \(id)\n\n\(ofOptions[id] ?? "")\n\n" }
    files["feedback.\(language.rawValue).md"] = feedback
    if !hints.isEmpty { files["hints.\(language.rawValue).md"] = hints }
  }
}
