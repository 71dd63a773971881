// Cuts `lesson.ko.md` and `lesson.en.md` into the steps of one `Lesson`.
//
// `## 0.1 Title` opens a section. Inside it, fenced blocks named `tapline`, `predict`,
// `exercise ID`, `quiz ID` and `card NAME` are steps; the text between them is prose. Both files have the
// same sections and the same kinds of step in the same order, so a place in one is a place in
// the other.

internal import Grading

enum LessonParser {
  /// One step of one language, before the languages are laid over each other.
  private struct RawStep {
    var kind: String
    var argument: String
    var text: String
    var line: Int
  }

  private struct RawSection {
    var id: String
    var title: String
    var line: Int
    var steps: [RawStep]
  }

  static func parse(
    korean: String,
    english: String,
    files: (korean: String, english: String)
  ) throws -> Lesson {
    let left = try sections(korean, file: files.korean)
    let right = try sections(english, file: files.english)
    let ids = left.map(\.id)
    guard ids == right.map(\.id) else {
      let first = right.indices.first { !ids.indices.contains($0) || ids[$0] != right[$0].id }
      let line = (first ?? right.indices.last).map { right[$0].line } ?? 1
      throw CourseError(
        code: "course.languages-differ",
        message: "The sections are \(ids.joined(separator: ", ")) in Korean and "
          + "\(right.map(\.id).joined(separator: ", ")) in English.",
        place: "\(files.english):\(line)",
        advice: "Give both files the same sections in the same order."
      )
    }
    return Lesson(
      sections: try zip(left, right).map { try merge($0, $1, files: files) }
    )
  }

  private static func merge(
    _ left: RawSection,
    _ right: RawSection,
    files: (korean: String, english: String)
  ) throws -> Lesson.Section {
    func label(_ step: RawStep) -> String {
      step.argument.isEmpty ? step.kind : "\(step.kind) \(step.argument)"
    }
    guard left.steps.map(label) == right.steps.map(label) else {
      throw CourseError(
        code: "course.languages-differ",
        message: "In section \(left.id) the steps are \(left.steps.map(label)) in Korean and "
          + "\(right.steps.map(label)) in English.",
        place: "\(files.english):\(right.line)",
        advice: "Give both files the same blocks in the same order."
      )
    }
    var steps: [Lesson.Step] = []
    for (index, (ko, en)) in zip(left.steps, right.steps).enumerated() {
      steps.append(try step(ko, en, id: "\(left.id)#\(index)", files: files))
    }
    return Lesson.Section(
      id: left.id,
      title: LocalizedText(ko: left.title, en: right.title),
      steps: steps
    )
  }

  private static func step(
    _ ko: RawStep,
    _ en: RawStep,
    id: String,
    files: (korean: String, english: String)
  ) throws -> Lesson.Step {
    switch ko.kind {
    case "text": return .prose(LocalizedText(ko: ko.text, en: en.text))
    case "tapline": return .demonstration(try demonstration(ko, en, files: files))
    case "exercise", "quiz": return .exercise(ko.argument)
    case "card": return .card(ko.argument)
    default: break
    }
    return .prediction(try prediction(ko, en, id: id, files: files))
  }

  private static func demonstration(
    _ ko: RawStep,
    _ en: RawStep,
    files: (korean: String, english: String)
  ) throws -> Lesson.Demonstration {
    let left = demonstrationLines(ko.text)
    let right = demonstrationLines(en.text)
    guard left.count == right.count else {
      throw CourseError(
        code: "course.languages-differ",
        message: "The demonstration has \(left.count) lines in Korean and \(right.count) in "
          + "English.",
        place: "\(files.english):\(en.line)",
        advice: "Give both the same lines in order."
      )
    }
    guard !left.isEmpty else {
      throw CourseError(
        code: "course.empty-text",
        message: "The demonstration holds no line.",
        place: "\(files.korean):\(ko.line)",
        advice: "Write the line to run between the backticks."
      )
    }
    return Lesson.Demonstration(
      lines: zip(left, right).map { LocalizedText(ko: $0, en: $1) }
    )
  }

  // MARK: Predictions

  /// A prediction of one language, as its YAML says it.
  private struct RawPrediction {
    var question: String
    var options: [String]
    var outcome: Lesson.Prediction.Outcome
    var after: Int
    var because: String?
  }

  private static func prediction(
    _ ko: RawStep,
    _ en: RawStep,
    id: String,
    files: (korean: String, english: String)
  ) throws -> Lesson.Prediction {
    let left = try rawPrediction(ko, file: files.korean)
    let right = try rawPrediction(en, file: files.english)
    func differ(_ what: String, _ korean: String, _ english: String) -> CourseError {
      CourseError(
        code: "course.languages-differ",
        message: "The prediction has \(what) \(korean) in Korean and \(english) in English.",
        place: "\(files.english):\(en.line)",
        advice: "Give both languages the same options in order, outcome, and after."
      )
    }
    guard left.options.count == right.options.count else {
      throw differ("a number of options", "\(left.options.count)", "\(right.options.count)")
    }
    guard left.outcome == right.outcome else {
      throw differ("the outcome", "\(left.outcome)", "\(right.outcome)")
    }
    guard left.after == right.after else {
      throw differ("after", "\(left.after)", "\(right.after)")
    }
    guard (left.because == nil) == (right.because == nil) else {
      throw differ("because", left.because ?? "nothing", right.because ?? "nothing")
    }
    var because: LocalizedText?
    if let korean = left.because, let english = right.because {
      because = LocalizedText(ko: korean, en: english)
    }
    return Lesson.Prediction(
      id: id,
      question: LocalizedText(ko: left.question, en: right.question),
      options: zip(left.options, right.options).map { LocalizedText(ko: $0, en: $1) },
      outcome: left.outcome,
      after: left.after,
      because: because
    )
  }

  /// `question`, `options`, one of `outcome` and `outcome_sql`, and `after`, `because`, as YAML.
  private static func rawPrediction(_ step: RawStep, file: String) throws -> RawPrediction {
    // The block's first line stands one below its fence.
    let node = try ManifestNode.parse(step.text, file: file, firstLine: step.line + 1)
    try node.allowKeys(["question", "options", "outcome", "outcome_sql", "after", "because"])
    let optionsNode = try node.required("options", example: "[38, 39]")
    let options = try optionsNode.texts(example: "38")
    guard (2...5).contains(options.count) else {
      throw optionsNode.wrongType("a list of two to five options", example: "options: [yes, no]")
    }
    return RawPrediction(
      question: try node.required("question", example: "…?").text(example: "…?"),
      options: options,
      outcome: try outcome(node, optionCount: options.count),
      after: try node.optional("after")?.integer(1...9, example: "1") ?? 1,
      because: try node.optional("because")?.text(example: "…")
    )
  }

  private static func outcome(
    _ node: ManifestNode,
    optionCount: Int
  ) throws -> Lesson.Prediction.Outcome {
    switch (node.optional("outcome"), node.optional("outcome_sql")) {
    case (let number?, nil):
      return .option(try number.integer(1...optionCount, example: "1") - 1)
    case (nil, let sql?):
      return .sql(try sql.text(example: "SELECT 1"))
    case (nil, nil):
      throw node.error(
        "course.missing-key",
        "The prediction does not say what turns out right.",
        advice: "Write `outcome: 2` (the number of the option), or `outcome_sql:` with a query "
          + "whose single value is that number."
      )
    case (_?, _?):
      throw node.error(
        "course.bad-value",
        "The prediction has an outcome and an outcome_sql.",
        advice: "Keep one of them."
      )
    }
  }

  // MARK: One file

  private static func sections(_ text: String, file: String) throws -> [RawSection] {
    var sections: [RawSection] = []
    var prose: [Substring] = []
    var proseLine = 0
    var fence: (kind: String, argument: String, line: Int)?
    var fenced: [Substring] = []

    func closeProse() {
      let text = joined(prose)
      prose = []
      guard !text.isEmpty, !sections.isEmpty else { return }
      sections[sections.count - 1].steps.append(
        RawStep(kind: "text", argument: "", text: text, line: proseLine)
      )
    }

    let lines = text.split(omittingEmptySubsequences: false) { $0.isNewline }
    for (index, line) in lines.enumerated() {
      let number = index + 1
      if let open = fence {
        if line.hasPrefix("```") {
          sections[sections.count - 1].steps.append(
            RawStep(
              kind: open.kind,
              argument: open.argument,
              text: joined(fenced),
              line: open.line
            )
          )
          fence = nil
        } else {
          fenced.append(line)
        }
      } else if line.hasPrefix("```"), let step = try stepFence(line, file, number) {
        guard !sections.isEmpty else {
          throw CourseError(
            code: "course.stray-text",
            message: "A step stands before the first section.",
            place: "\(file):\(number)",
            advice: "Put it under a heading such as `## 0.1 Title`."
          )
        }
        closeProse()
        fence = (step.kind, step.argument, number)
        fenced = []
      } else if line.hasPrefix("## ") {
        closeProse()
        sections.append(try heading(line, file, number))
      } else {
        if prose.isEmpty { proseLine = number }
        prose.append(line)
      }
    }
    if let fence {
      throw CourseError(
        code: "course.open-block",
        message: "The block `\(fence.kind)` is not closed.",
        place: "\(file):\(fence.line)",
        advice: "Close it with a line of three backticks."
      )
    }
    closeProse()
    return sections
  }

  private static func heading(_ line: Substring, _ file: String, _ number: Int) throws -> RawSection
  {
    let parts = line.dropFirst(3).split(separator: " ", maxSplits: 1)
    guard parts.count == 2, parts[0].contains(where: \.isNumber) else {
      throw CourseError(
        code: "course.bad-value",
        message: "A section's heading is its id and its title.",
        place: "\(file):\(number)",
        advice: "Write for example `## 0.1 Title`."
      )
    }
    return RawSection(id: String(parts[0]), title: String(parts[1]), line: number, steps: [])
  }

  /// The kind of a step's fence; nil for a fence that is prose, such as ```` ```swift ````.
  private static func stepFence(
    _ line: Substring,
    _ file: String,
    _ number: Int
  ) throws -> (kind: String, argument: String)? {
    let words = line.drop { $0 == "`" }.split(separator: " ").map(String.init)
    guard let kind = words.first else { return nil }
    switch (kind, words.count) {
    case ("tapline", 1), ("predict", 1): return (kind, "")
    case ("exercise", 2), ("quiz", 2), ("card", 2): return (kind, words[1])
    case ("tapline", _), ("predict", _), ("exercise", _), ("quiz", _), ("card", _):
      throw CourseError(
        code: "course.bad-value",
        message: "The block `\(line)` is not a step.",
        place: "\(file):\(number)",
        advice: "Write `tapline`, `predict`, `exercise ID`, `quiz ID` or `card NAME` after the "
          + "backticks."
      )
    default: return nil
    }
  }

  private static func joined(_ lines: [Substring]) -> String {
    func isBlank(_ line: Substring) -> Bool { line.allSatisfy(\.isWhitespace) }
    guard let first = lines.firstIndex(where: { !isBlank($0) }),
      let last = lines.lastIndex(where: { !isBlank($0) })
    else { return "" }
    return lines[first...last].joined(separator: "\n")
  }
}
