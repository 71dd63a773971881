import Course
import Foundation
import Grading
import Testing

@Suite struct CourseContentTests {
  private let content = CourseContent(root: contentRoot)

  @Test func `the outline names lessons and exercises that exist`() throws {
    let outline = try content.outline()
    let folders = try content.exerciseFolders()
    // A lesson without sections is announced and not written yet.
    for lesson in outline.lessons where !lesson.sections.isEmpty {
      let text = try content.lesson(lesson)
      #expect(text.sections.map(\.id) == lesson.sections.map(\.id))
      for (section, entry) in zip(text.sections, lesson.sections) {
        #expect(section.title == entry.title)
        let named = section.steps.compactMap { if case .exercise(let id) = $0 { id } else { nil } }
        // The outline may list an exercise that the text does not stop at.
        #expect(entry.exercises.filter(named.contains) == named)
        for id in entry.exercises { #expect(folders[id] != nil, "\(id)") }
      }
    }
    #expect(outline.lessons.map(\.id) == ["00", "01", "03", "02", "04", "05", "06"])
    #expect(outline.lessons.first?.minutes == 30)
    let terms = outline.lessons.first?.sections.first?.terms
    #expect(terms == ["event", "topic", "partition-kafka", "offset"])
  }

  @Test func `the first section leads to the first exercise`() throws {
    let lesson = try content.lesson(#require(try content.outline().lessons.first))
    let steps = try #require(lesson.sections.first).steps
    let kinds = steps.map { step in
      switch step {
      case .prose: "p"
      case .demonstration: "d"
      case .prediction: "?"
      case .exercise: "x"
      case .card: "c"
      }
    }
    #expect(kinds.joined() == "pdpd?dpdpdpxpdp")
    #expect(
      steps[1]
        == .demonstration(
          Lesson.Demonstration(lines: [LocalizedText(ko: "dash show live", en: "dash show live")])))
    guard case .prediction(let prediction) = steps[4] else {
      Issue.record("no prediction")
      return
    }
    #expect(prediction.id == "0.1#4")
    #expect(prediction.options.map { $0[.english] } == ["It stays the same", "It grows by 1"])
  }

  @Test func `an unknown exercise is answered with the nearest one`() throws {
    do {
      _ = try content.exercise(id: "00-l")
      Issue.record("found")
    } catch let error as CourseError {
      #expect(error.code == "course.unknown-exercise")
      #expect(
        try error.advice
          == "Did you mean `00-1`? Known: "
          + content.exerciseFolders().keys.sorted().joined(separator: ", ") + ".")
    }
  }

  // MARK: Mistakes

  private func lessonError(ko: String, en: String) throws -> CourseError? {
    let folder = try ScratchFolder()
    try folder.write("Lessons/a/lesson.ko.md", ko)
    try folder.write("Lessons/a/lesson.en.md", en)
    try folder.write(
      "Lessons/course.yaml",
      "lessons: [{id: \"0\", slug: a, title: {ko: 가, en: a}, sections: []}]")
    let content = CourseContent(root: folder.path)
    let entry = try #require(try content.outline().lessons.first)
    do {
      _ = try content.lesson(entry)
      return nil
    } catch {
      return error as? CourseError
    }
  }

  @Test func `both languages must have the same steps`() throws {
    let sound = "## 0.1 A\ntext\n```tapline\nx\n```\n"
    #expect(try lessonError(ko: sound, en: sound) == nil)
    #expect(try lessonError(ko: sound, en: "## 0.2 A\n")?.code == "course.languages-differ")
    #expect(try lessonError(ko: sound, en: "## 0.1 A\ntext\n")?.code == "course.languages-differ")
    let open = try lessonError(ko: "## 0.1 A\n```tapline\nx\n", en: sound)
    #expect(open?.code == "course.open-block")
    #expect(open?.place?.hasSuffix("lesson.ko.md:2") == true)
    #expect(try lessonError(ko: "```tapline\n```\n", en: sound)?.code == "course.stray-text")
    #expect(try lessonError(ko: "## Title\n", en: sound)?.code == "course.bad-value")
    let bare = "## 0.1 A\n```exercise\n```\n"
    #expect(try lessonError(ko: bare, en: bare)?.code == "course.bad-value")
    let one = "## 0.1 A\n```predict\nquestion: q\noptions: [a]\n```\n"
    #expect(try lessonError(ko: one, en: one)?.code == "course.wrong-type")
    let swift = "## 0.1 A\ntext\n```swift\nlet a = 1\n```\n"
    #expect(try lessonError(ko: swift, en: swift) == nil)
  }

  private func outlineError(_ text: String) throws -> CourseError? {
    let folder = try ScratchFolder()
    try folder.write("Lessons/course.yaml", text)
    do {
      _ = try CourseContent(root: folder.path).outline()
      return nil
    } catch {
      return error as? CourseError
    }
  }

  @Test func `the outline refuses cycles, duplicates and unknown roles`() throws {
    func lesson(_ id: String, _ more: String = "") -> String {
      "  - {id: \"\(id)\", slug: s, title: {ko: 가, en: a}, sections: []\(more)}\n"
    }
    #expect(try outlineError("lessons:\n" + lesson("0")) == nil)
    let cycle = try outlineError("lessons:\n" + lesson("0", ", needs: [\"1\"]") + lesson("1"))
    #expect(cycle?.message == "Lesson `0` needs `1`, which does not come before it.")
    #expect(try outlineError("lessons:\n" + lesson("0") + lesson("0"))?.code == "course.duplicate-id")
    let role = try outlineError("lessons:\n" + lesson("0", ", roles: [mobil]"))
    #expect(role?.advice == "Did you mean `mobile`? Write one of: mobile, backend, techlead.")
    #expect(try outlineError("")?.code == "course.wrong-type")
  }

  @Test func `two exercises with one id are refused`() throws {
    let folder = try ScratchFolder()
    try folder.write("Exercises/00-a/01-a/exercise.yaml", "id: 00-1\n")
    try folder.write("Exercises/00-a/02-b/exercise.yaml", "id: \"00-1\"  # copied\n")
    #expect(throws: CourseError.self) {
      try CourseContent(root: folder.path).exerciseFolders()
    }
  }
}
