package import Course
package import Grading

/// The answers that an exercise's author declares: accepted ones, and wrong ones by misconception.
///
/// ```
/// answers/accepted/by-event-id.tap             passes
/// answers/wrong/other-purchase/first.tap       gets what expect.yaml says:
/// answers/wrong/other-purchase/expect.yaml       verdict: not-yet, feedback: other-purchase
/// ```
///
/// Where the learner's work is a saved file, it stands beside the script:
///
/// ```
/// answers/accepted/two-rules.tap                 check
/// answers/accepted/two-rules.pipeline/sdk.yaml   laid over pipeline/ before the first line
/// ```
///
/// What is not read, or is no attempt, has folders of its own: it is no wrong answer.
///
/// ```
/// answers/unread/offset-only.tap               gets could-not-read
/// answers/nothing/check-at-once.tap            gets not-attempted
/// ```
///
/// Where the answer is a query, a document, a number or a program, its file is the answer: `.sql`,
/// `.yaml` or `.md`, `.txt`, `.py`. A `.tap` file holds the lines of a learner's prompt.
/// `{{sql: SELECT …}}` stands for the single value of that query at that moment, since every
/// learner's world has other numbers. In an `answer` line, `{{correct}}` stands for the numbers of a
/// right answer to the part in question, `{{option: ID}}` and `{{option: ID, reason: ID}}` for
/// those, as they are shown at that moment; `{{number: outage * rate}}` is calculated with the numbers
/// that the learner has drawn.
package struct AnswerCase: Sendable {
  /// `accepted/by-event-id` or `wrong/other-purchase/first`.
  package var name: String
  package var exercise: Exercise
  package var lines: [Line]
  /// What is laid over the learner's `pipeline/` before the first line.
  package var files: [LearnerChanges.File] = []
  /// `tap`, or what the answer's own file is.
  package var fileType: String
  /// A name of `Verdict`.
  package var expectedVerdict: String
  package var expectedFeedback: String?

  /// One line of the script and where it stands.
  package struct Line: Sendable, Hashable {
    package var text: String
    package var number: Int
    /// True where braces are part of the text, as in a query with `{{ds_kst}}`.
    package var isVerbatim = false
  }

  /// Reads all cases of an exercise, sorted by name.
  ///
  /// Throws `CourseError` for a malformed case, and where the exercise's status asks for more of
  /// them: `core` two accepted and three wrong ones, `local` one wrong one.
  package static func load(exercise: Exercise) throws -> [AnswerCase] {
    let folder = ContentFolder(path: exercise.folder)
    func all(in place: String, _ verdict: String) throws -> [AnswerCase] {
      try scripts(folder, place).map { file in
        try read(folder, "\(place)/\(file)", exercise, (verdict, nil))
      }
    }
    let accepted = try all(in: "answers/accepted", Verdict.passed.name)
    let others =
      try all(in: "answers/unread", "could-not-read")
      + all(in: "answers/nothing", Verdict.notAttempted.name)
    var wrong: [AnswerCase] = []
    let misconceptions = folder.names(in: "answers/wrong")
    for misconception in misconceptions {
      let path = "answers/wrong/\(misconception)"
      guard folder.isFolder(path) else {
        throw CourseError(
          code: "course.unknown-file",
          message: "`\(misconception)` is not a folder.",
          place: folder.display(path),
          advice: "Name a folder after the misconception and put the .tap file in it."
        )
      }
      let expected = try expectation(folder, path, exercise)
      let files = try scripts(folder, path).filter { $0 != "expect.yaml" }
      guard !files.isEmpty else {
        throw CourseError(
          code: "course.too-few-answers",
          message: "The misconception has no answer.",
          place: folder.display(path),
          advice: "Add an answer.tap."
        )
      }
      wrong += try files.map { try read(folder, "\(path)/\($0)", exercise, expected) }
    }
    try requireEnough(exercise, accepted.count, misconceptions.count, folder)
    return accepted + wrong + others
  }

  private static let filesSuffix = ".pipeline"

  /// The names in a folder of answers but for those of saved files, which belong to a script.
  private static func scripts(_ folder: ContentFolder, _ place: String) throws -> [String] {
    let names = folder.names(in: place)
    for name in names where name.hasSuffix(filesSuffix) {
      let script = name.dropLast(filesSuffix.count) + ".tap"
      guard names.contains(String(script)) else {
        throw CourseError(
          code: "course.unknown-file",
          message: "No script goes with the saved files.",
          place: folder.display("\(place)/\(name)"),
          advice: "Put \(script) beside it, with the line `check`.")
      }
    }
    return names.filter { !$0.hasSuffix(filesSuffix) }
  }

  /// The file, below the exercise's folder.
  package var file: String { "answers/" + name + "." + fileType }

  private static func requireEnough(
    _ exercise: Exercise,
    _ accepted: Int,
    _ wrong: Int,
    _ folder: ContentFolder
  ) throws {
    let needed: (accepted: Int, wrong: Int) =
      switch exercise.status {
      case .core: (2, 3)
      case .local: (0, 1)
      case .draft: (0, 0)
      }
    for (name, count, wanted) in [
      ("accepted", accepted, needed.accepted), ("wrong", wrong, needed.wrong),
    ] where count < wanted {
      throw CourseError(
        code: "course.too-few-answers",
        message: "There are \(count) answers in \(name); status `\(exercise.status.rawValue)` "
          + "asks for \(wanted).",
        place: folder.display("answers/\(name)"),
        advice: "Add .tap files, written differently."
      )
    }
  }

  private static func expectation(
    _ folder: ContentFolder,
    _ path: String,
    _ exercise: Exercise
  ) throws -> (String, String?) {
    let name = "\(path)/expect.yaml"
    let node = try ManifestNode.parse(
      folder.text(name, holds: "verdict and feedback"),
      file: folder.display(name)
    )
    try node.allowKeys(["verdict", "feedback"])
    let verdictNode = try node.required("verdict", example: "not-yet")
    let verdict = try verdictNode.text(example: "not-yet")
    guard Verdict.names.contains(verdict), verdict != Verdict.passed.name else {
      throw verdictNode.error(
        "course.bad-value",
        "A wrong answer cannot expect the verdict `\(verdict)`.",
        advice: "Write one of: \(Verdict.names.dropFirst().joined(separator: ", "))."
      )
    }
    guard ["not-yet", "partly"].contains(verdict) else { return (verdict, nil) }
    // A part that was passed while others are open has no feedback.
    if verdict == "partly", node.optional("feedback") == nil { return (verdict, nil) }
    let feedbackNode = try node.required("feedback", example: "other-purchase")
    let feedback = try feedbackNode.text(example: "other-purchase")
    let known = exercise.possibleFeedbackIDs
    guard known.contains(feedback) else {
      let hint = nearestName(to: feedback, in: known).map { "Did you mean `\($0)`? " } ?? ""
      throw feedbackNode.error(
        "course.unknown-feedback",
        "No check has the feedback `\(feedback)`.",
        advice: hint + "Known: \(known.joined(separator: ", "))."
      )
    }
    return (verdict, feedback)
  }

  private static func read(
    _ folder: ContentFolder,
    _ path: String,
    _ exercise: Exercise,
    _ expected: (String, String?)
  ) throws -> AnswerCase {
    let fileType = path.split(separator: ".").last.map(String.init) ?? ""
    let name = String(path.dropFirst("answers/".count).dropLast(fileType.count + 1))
    guard fileType == "tap" || exercise.answerFileTypes.contains(fileType) else {
      let types = (exercise.answerFileTypes + ["tap"]).map { "." + $0 }
      throw CourseError(
        code: "course.unknown-file",
        message: "An answer is a \(types.joined(separator: " or ")) file.",
        place: folder.display(path),
        advice: "Name it NAME\(types[0])."
      )
    }
    guard fileType == "tap" else {
      let text = try folder.text(path, holds: "the answer")
      return AnswerCase(
        name: name,
        exercise: exercise,
        lines: [Line(text: "answer " + text, number: 1, isVerbatim: true)],
        fileType: fileType,
        expectedVerdict: expected.0,
        expectedFeedback: expected.1
      )
    }
    let text = try folder.text(path, holds: "the lines of a prompt")
    var lines: [Line] = []
    for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
      .enumerated()
    {
      let trimmed = line.drop(while: \.isWhitespace)
      if trimmed.isEmpty || trimmed.hasPrefix("#") { continue }
      lines.append(Line(text: String(trimmed), number: index + 1))
    }
    guard let last = lines.last, AnswerCaseRunner.isCheck(last.text) else {
      throw CourseError(
        code: "course.no-answer",
        message: "The script does not end with an answer.",
        place: folder.display(path),
        advice: "End it with `answer …` or `check`."
      )
    }
    return AnswerCase(
      name: name,
      exercise: exercise,
      lines: lines,
      files: try folder.pipelineFiles(in: "answers/" + name + filesSuffix),
      fileType: fileType,
      expectedVerdict: expected.0,
      expectedFeedback: expected.1
    )
  }
}

extension Exercise {
  /// What the file of an answer may be, where the exercise is one question.
  var answerFileTypes: [String] {
    guard parts.isEmpty, let question else { return [] }
    return switch question {
    case .sql: ["sql"]
    case .number: ["txt"]
    case .document: ["yaml", "md"]
    case .dataframe: ["py"]
    case .checks, .choice, .order, .state: []
    }
  }
}
