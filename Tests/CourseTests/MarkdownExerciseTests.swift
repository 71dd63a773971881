import Course
import CourseAuthoring
import Foundation
import Grading
import Testing

/// A whole exercise in one Markdown file: it is read as the folder that it is short for.
@Suite struct MarkdownExerciseTests {
  static let choice = """
    ---
    id: team-2
    title: "DAU: 무엇을 셉니까"
    minutes: 2
    kind: choice
    ---

    DAU는 무엇을 셉니까?

    - [x] 그날 한 번이라도 온 사용자
    - [ ] 그날의 이벤트 {#events}
      이벤트를 셌습니다.
      한 사람이 하루에 수십 건을 보냅니다.
    - [ ] 그날의 세션 {#sessions}
      세션을 셌습니다.
    - [ ] 모르겠습니다

    ## passed

    맞았습니다.

    ## hint 1

    A는 active입니다.

    """

  static let number = """
    ---
    id: team-3
    status: local
    lang: en
    title: A day of events
    minutes: 3
    kind: number
    unit: events
    form: "a number, such as 1,200 events"
    value: 2000 * 50
    tolerance: 1%
    mistakes:
      - {value: 50, feedback: one-user}
      - {value: "SELECT 2000", feedback: users}
    ---
    How many events do 2,000 users send in a day, 50 each?

    ## passed
    Right.

    ## wrong
    Not yet.

    ## one-user
    That is one user.

    ## users
    That is how many users there are.

    """

  private func load(_ text: String, _ name: String = "x.md") throws -> (ScratchFolder, Exercise) {
    let folder = try ScratchFolder()
    try folder.write(name, text)
    return (folder, try Exercise.load(folder: folder.path + "/" + name))
  }

  @Test func `a choice is asked, judged, hinted and solved`() throws {
    let (folder, exercise) = try load(Self.choice)
    #expect(exercise.id == "team-2" && exercise.status == .local && exercise.minutes == 2)
    #expect(exercise.title[.korean] == "DAU: 무엇을 셉니까")
    let session = ExerciseSession(exercise: exercise, host: try FakeHost(), seed: 3)
    #expect(session.task == "DAU는 무엇을 셉니까?")
    let view = try #require(session.partView)
    #expect(view.options.count == 4 && view.question.isEmpty)
    let wrong = try session.replacingChoices(in: "answer {{option: events}}")
    let result = session.check(answer: String(wrong.dropFirst(7)))
    #expect(result.verdict.feedbackID == "events")
    #expect(result.text.hasPrefix("이벤트를 셌습니다.\n한 사람이 하루에 수십 건을 보냅니다."))
    #expect(session.hint().text.hasSuffix("A는 active입니다."))
    let right = try session.replacingChoices(in: "answer {{correct}}")
    #expect(session.check(answer: String(right.dropFirst(7))).text == "맞았습니다.")
    _ = folder
  }

  @Test func `its declared answers run like those of a folder`() throws {
    for text in [Self.choice, Self.number] {
      let (folder, exercise) = try load(text)
      let cases = try AnswerCase.load(exercise: exercise)
      #expect(cases.count == 3, "\(cases.map(\.name))")
      for answer in cases {
        for seed in 1...5 as ClosedRange<UInt64> {
          let outcome = AnswerCaseRunner.run(answer, host: try FakeHost(), seed: seed)
          #expect(outcome.isAsExpected, "\(answer.name): \(outcome.problems)")
        }
      }
      _ = folder
    }
  }

  /// What is replaced by what, the error's code, and the line that it names.
  @Test(arguments: [
    ("id: team-2\n", "", "course.missing-key", "x.md:2"),
    ("minutes: 2", "minuts: 2", "course.unknown-key", "x.md:4"),
    ("kind: choice", "kind: quiz", "course.bad-value", "x.md:5"),
    ("kind: choice", "kind: choice\nunit: min", "course.unknown-key", "x.md:6"),
    ("kind: choice", "kind: choice\nstatus: core", "course.bad-value", "x.md:6"),
    ("title: \"DAU: 무엇을 셉니까\"", "title: DAU: 무엇", "course.yaml-syntax", "x.md:3"),
    ("minutes: 2\nkind: choice\n---", "minutes: 2\nkind: choice", "course.front-matter", "x.md:1"),
    ("DAU는 무엇을 셉니까?\n", "", "course.empty-text", "x.md"),
    ("- [x] 그날", "- [ ] 그날", "course.bad-value", "x.md"),
    ("사용자\n- [ ]", "사용자\n  네\n- [ ]", "course.bad-value", "x.md:10"),
    ("- [ ] 모르겠습니다", "모르겠습니다", "course.stray-text", "x.md:16"),
    ("## passed\n\n맞았습니다.", "", "course.missing-section", "x.md"),
    ("맞았습니다.", "", "course.empty-text", "x.md:"),
    ("## hint 1", "## hnit 1", "course.unknown-section", "x.md"),
  ])
  func `a mistake is named with its line`(
    part: String, replacement: String, code: String, place: String
  ) throws {
    let text = Self.choice.replacing(part, with: replacement)
    #expect(text != Self.choice)
    do {
      _ = try load(text)
      Issue.record("nothing was wrong")
    } catch let error as CourseError {
      #expect(error.code == code, "\(error)")
      #expect(error.place?.contains(place) == true, "\(error)")
      #expect(error.advice?.isEmpty == false)
    }
  }

  @Test func `a number says which mistake is not named`() throws {
    let unnamed = Self.number.replacing("## one-user\nThat is one user.\n", with: "")
    #expect(throws: CourseError.self) { try load(unnamed) }
    let none = Self.number.replacing(
      "mistakes:\n  - {value: 50, feedback: one-user}\n  - {value: \"SELECT 2000\", feedback: users}\n",
      with: "")
    #expect(none != Self.number)
    do {
      _ = try load(none)
      Issue.record("a local exercise names a wrong answer")
    } catch let error as CourseError {
      #expect(error.code == "course.too-few-answers")
    }
  }

  @Test func `text that YAML would take for something else stays text`() throws {
    let odd = #"- [ ] yes: {a} "b" \ # c {#odd}"#
    let (folder, exercise) = try load(
      Self.choice.replacing("- [ ] 모르겠습니다", with: odd + "\n  아닙니다"))
    let session = ExerciseSession(exercise: exercise, host: try FakeHost(), seed: 3)
    #expect(session.partView?.options.contains(#"yes: {a} "b" \ # c"#) == true)
    _ = folder
  }
}
