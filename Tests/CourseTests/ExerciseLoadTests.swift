import Course
import CourseAuthoring
import Foundation
import Grading
import Testing

/// Every mistake in an exercise's files is answered with the file, the key and what to write.
@Suite struct ExerciseLoadTests {
  private static let manifest = """
    id: t-1
    version: 1
    status: local
    kind: state
    title: {ko: 제목, en: Title}
    minutes: 5
    answer:
      form: {ko: 수, en: number}
      fields: [{name: n, type: integer}]
    """
  private static let check = """
    goal: {ko: 목표, en: Goal}
    feedback: wrong
    sql: SELECT 1 AS found WHERE {{answer.n}} <> 7
    """

  /// A sound local exercise, changed in one place.
  private func folder(
    manifest: String = Self.manifest, check: String? = Self.check,
    feedback: String? = "## passed\n네\n\n## wrong\n아니요 {found}\n", task: String? = "하세요\n",
    extra: [String: String] = [:]
  ) throws -> ScratchFolder {
    let folder = try ScratchFolder()
    try folder.write("exercise.yaml", manifest)
    if let check { try folder.write("checks/10-a.yaml", check) }
    if let feedback { try folder.write("feedback.ko.md", feedback) }
    if let task { try folder.write("task.ko.md", task) }
    for (name, text) in extra { try folder.write(name, text) }
    return folder
  }

  private func error(_ folder: ScratchFolder) -> CourseError? {
    do {
      _ = try Exercise.load(folder: folder.path)
      return nil
    } catch {
      return error as? CourseError
    }
  }

  @Test func `a local exercise needs one language and no hints`() throws {
    let folder = try folder()
    let exercise = try Exercise.load(folder: folder.path)
    #expect(exercise.id == "t-1")
    #expect(exercise.status == .local)
    #expect(exercise.tier == .core)
    #expect(exercise.checks.map(\.name) == ["10-a"])
    #expect(exercise.hintRungs == [])
    #expect(exercise.task[.english] == "하세요")
    let host = try FakeHost()
    let session = ExerciseSession(exercise: exercise, host: host)
    #expect(session.check(answer: "8").text == "아니요 1")
    #expect(session.check(answer: "7").text == "네")
    #expect(session.hint().text == "이 실습에는 힌트가 없습니다.")
  }

  @Test func `a draft needs only its manifest and its task`() throws {
    let folder = try folder(
      manifest: Self.manifest.replacingOccurrences(of: "local", with: "draft"), check: nil,
      feedback: nil)
    let exercise = try Exercise.load(folder: folder.path)
    let session = ExerciseSession(exercise: exercise, host: try FakeHost())
    #expect(session.check(answer: "7").verdict.name == "checker-failed")
  }

  /// A line of the manifest, what to replace it by, and the error's code, key and advice.
  @Test(arguments: [
    ("id: t-1", "", "course.missing-key", "exercise.yaml", "`id: 00-1`"),
    ("id: t-1", "id: [1]", "course.wrong-type", "exercise.yaml:1 id", "`00-1`"),
    ("id: t-1", "id: a b", "course.bad-value", "exercise.yaml:1 id", "Latin letters"),
    ("version: 1", "version: 0", "course.wrong-type", "exercise.yaml:2 version", "`1`"),
    ("version: 1", "version: one", "course.wrong-type", "exercise.yaml:2 version", "`1`"),
    ("status: local", "status: loacl", "course.bad-value", "exercise.yaml:3 status", "Did you mean `local`?"),
    ("kind: state", "kind: quiz", "course.bad-value", "exercise.yaml:4 kind", "Write one of: state, choice."),
    ("title: {ko: 제목, en: Title}", "title: 제목", "course.wrong-type", "exercise.yaml:5 title", "{ko: 한국어, en: English}"),
    ("title: {ko: 제목, en: Title}", "title: {jp: 題}", "course.unknown-key", "exercise.yaml:5 title.jp", "Known keys: ko, en"),
    ("minutes: 5", "minutes: 500", "course.wrong-type", "exercise.yaml:6 minutes", "`5`"),
    ("minutes: 5", "minuts: 5", "course.unknown-key", "exercise.yaml:6 minuts", "Did you mean `minutes`?"),
    ("minutes: 5", "minutes: 5\nneeds: 00-1", "course.wrong-type", "exercise.yaml:7 needs", "`[00-1]`"),
    ("minutes: 5", "minutes: 5\ngrading: best", "course.bad-value", "exercise.yaml:7 grading", "first, parts"),
    ("minutes: 5", "minutes: 5\nvalues: [\"SELECT {{answer.m}}\"]", "course.unknown-parameter", "exercise.yaml:7 values[0]", "{{answer.n}}"),
    ("  form: {ko: 수, en: number}", "", "course.missing-key", "answer", "form"),
    ("  fields: [{name: n, type: integer}]", "  fields: []", "course.wrong-type", "answer.fields", "name: offset"),
    ("type: integer}", "type: int}", "course.bad-value", "answer.fields[0].type", "integer, word"),
    ("{name: n, ", "{name: N, ", "course.bad-value", "answer.fields[0].name", "lower-case"),
    ("[{name: n, type: integer}]", "[{name: n, type: word}, {name: n, type: word}]", "course.bad-value", "answer.fields", "its own name"),
    ("id: t-1", "id: t-1\nid: t-2", "course.yaml-syntax", "exercise.yaml", "indentation"),
    ("minutes: 5", "minutes: 5: 6", "course.yaml-syntax", "exercise.yaml:6", "indentation"),
  ])
  func `names the place of a mistake in the manifest`(
    line: String, replacement: String, code: String, place: String, advice: String
  ) throws {
    let manifest = Self.manifest.replacingOccurrences(of: line, with: replacement)
    #expect(manifest != Self.manifest)
    let error = try #require(error(try folder(manifest: manifest)))
    #expect(error.code == code, "\(error)")
    #expect(error.place?.contains(place) == true, "\(error)")
    #expect(error.advice?.contains(advice) == true, "\(error)")
  }

  @Test(arguments: [
    ("goal: {ko: 목표, en: Goal}\n", "", "course.missing-key", "goal"),
    ("feedback: wrong\n", "", "course.missing-key", "feedback"),
    ("sql: SELECT 1 AS found WHERE {{answer.n}} <> 7", "", "course.missing-key", "sql"),
    ("{{answer.n}}", "{{answer.m}}", "course.unknown-parameter", "{{answer.n}}"),
    ("{{answer.n}}", "{{n}}", "course.unknown-parameter", "{{answer.n}}"),
    ("{{answer.n}}", "{{answer.n", "course.unknown-parameter", "{{answer.offset}}"),
    ("feedback: wrong", "feedback: wrong\nfails_when: always", "course.bad-value", "rows, no-rows"),
    ("feedback: wrong", "feedbak: wrong", "course.unknown-key", "Did you mean `feedback`?"),
  ])
  func `names the place of a mistake in a check`(
    line: String, replacement: String, code: String, advice: String
  ) throws {
    let check = Self.check.replacingOccurrences(of: line, with: replacement)
    #expect(check != Self.check)
    let error = try #require(error(try folder(check: check)))
    #expect(error.code == code, "\(error)")
    #expect(error.place?.contains("checks/10-a.yaml") == true, "\(error)")
    #expect(error.advice?.contains(advice) == true, "\(error)")
  }

  @Test func `asks for the files that are missing`() throws {
    #expect(error(try folder(task: nil))?.code == "course.missing-file")
    #expect(error(try folder(task: "\n\n"))?.code == "course.empty-text")
    #expect(error(try folder(feedback: nil))?.code == "course.missing-file")
    #expect(error(try folder(check: nil))?.code == "course.no-checks")
    let empty = try ScratchFolder()
    #expect(error(empty)?.place?.hasSuffix("/exercise.yaml") == true)
    let stray = error(try folder(extra: ["checks/readme.txt": "x"]))
    #expect(stray?.code == "course.unknown-file")
  }

  @Test func `checks the sections of the feedback`() throws {
    #expect(error(try folder(feedback: "## passed\n네\n"))?.message.contains("`wrong`") == true)
    let typo = error(try folder(feedback: "## passed\n네\n## wrogn\n아\n"))
    #expect(typo?.advice?.hasPrefix("Did you mean `wrong`?") == true)
    #expect(error(try folder(feedback: "네\n## passed\n네\n"))?.code == "course.stray-text")
    let twice = error(try folder(feedback: "## passed\n네\n## passed\n네\n"))
    #expect(twice?.code == "course.duplicate-section")
    #expect(twice?.place?.hasSuffix("feedback.ko.md:3") == true)
    #expect(error(try folder(feedback: "## passed\n\n## wrong\n아\n"))?.code == "course.empty-text")
  }

  @Test func `a core exercise needs both languages and all hints`() throws {
    let core = Self.manifest.replacingOccurrences(of: "local", with: "core")
    #expect(error(try folder(manifest: core))?.place?.hasSuffix("task.en.md") == true)
    let oneTitle = core.replacingOccurrences(of: "{ko: 제목, en: Title}", with: "{ko: 제목}")
    #expect(error(try folder(manifest: oneTitle))?.code == "course.missing-language")
    var extra = ["task.en.md": "Do", "feedback.en.md": "## passed\nYes\n## wrong\nNo\n"]
    #expect(error(try folder(manifest: core, extra: extra))?.place?.hasSuffix("hints.ko.md") == true)
    extra["hints.ko.md"] = "## 1\n가\n## 2\n나\n## 3\n다\n## wrong\n라\n"
    extra["hints.en.md"] = "## 1\na\n## 2\nb\n## wrong\nd\n"
    let third = error(try folder(manifest: core, extra: extra))
    #expect(third?.code == "course.missing-section")
    #expect(third?.message == "The section `3` is missing.")
    extra["hints.en.md"] = "## 1\na\n## 2\nb\n## 3\nc\n## wrong\nd\n"
    let sound = try folder(manifest: core, extra: extra)
    #expect(error(sound) == nil)
    let exercise = try Exercise.load(folder: sound.path)
    #expect(throws: CourseError.self) { try AnswerCase.load(exercise: exercise) }
  }

  // MARK: Answers

  private func caseError(_ files: [String: String]) throws -> CourseError? {
    let folder = try folder(extra: files)
    let exercise = try Exercise.load(folder: folder.path)
    do {
      _ = try AnswerCase.load(exercise: exercise)
      return nil
    } catch {
      return error as? CourseError
    }
  }

  @Test func `checks the declared answers`() throws {
    #expect(try caseError([:])?.code == "course.too-few-answers")
    let tap = "answers/wrong/bad/a.tap", expect = "answers/wrong/bad/expect.yaml"
    #expect(try caseError([tap: "answer 8"])?.code == "course.missing-file")
    #expect(
      try caseError([tap: "answer 8", expect: "verdict: passed"])?.code == "course.bad-value")
    #expect(
      try caseError([tap: "answer 8", expect: "verdict: not-yet"])?.code == "course.missing-key")
    let typo = try caseError([tap: "answer 8", expect: "verdict: not-yet\nfeedback: wron"])
    #expect(typo?.advice?.hasPrefix("Did you mean `wrong`?") == true)
    let good = "verdict: not-yet\nfeedback: wrong"
    #expect(try caseError([expect: good])?.code == "course.too-few-answers")
    #expect(try caseError([tap: "app track", expect: good])?.code == "course.no-answer")
    #expect(
      try caseError(["answers/wrong/bad/a.txt": "answer 8", expect: good])?.code
        == "course.unknown-file")
    #expect(try caseError([tap: "answer 8", expect: good]) == nil)
  }

  @Test func `a declared answer with another verdict is a problem`() throws {
    let expect = "verdict: not-yet\nfeedback: wrong"
    let folder = try folder(extra: [
      "answers/wrong/bad/a.tap": "answer 7", "answers/wrong/bad/expect.yaml": expect,
      "answers/wrong/bad/b.tap": "# two rows\nanswer {{sql: SELECT 1 UNION SELECT 2}}",
      "answers/wrong/bad/c.tap": "nonsense\nanswer 8",
      "answers/wrong/bad/d.tap": "answer {{sql: SELECT NULL}}",
    ])
    let cases = try AnswerCase.load(exercise: Exercise.load(folder: folder.path))
    let outcomes = try cases.map { AnswerCaseRunner.run($0, host: try FakeHost()) }
    #expect(outcomes.map(\.isAsExpected) == [false, false, false, false])
    #expect(outcomes[0].problems[0].hasPrefix("Expected not-yet with wrong, got passed"))
    #expect(outcomes[1].problems[0].contains("Line 2"))
    #expect(outcomes[2].problems[0].contains("exit code 2: unknown command"))
    #expect(outcomes[3].problems[0].contains("null"))
  }

  @Test func `a wrong answer that passes everywhere is caught for every inert check`() throws {
    let folder = try folder(
      check: Self.check.replacingOccurrences(of: "<> 7", with: "= 8 AND 1 = 0"),
      extra: [
        "answers/wrong/bad/a.tap": "answer 8",
        "answers/wrong/bad/expect.yaml": "verdict: not-yet\nfeedback: wrong",
      ])
    let cases = try AnswerCase.load(exercise: Exercise.load(folder: folder.path))
    let outcome = AnswerCaseRunner.run(try #require(cases.first), host: try FakeHost())
    #expect(!outcome.isAsExpected)
  }
}
