import Course
import CourseAuthoring
import Foundation
import Grading
import Testing
import TestSupport

/// `course new`: what is written loads as it stands, and what is left in it is named.
@Suite struct ScaffoldTests {
  private let content = CourseContent(root: RepositoryFiles.root)

  @Test(arguments: ContentScaffold.Kind.allCases)
  func `a new exercise is a draft that loads in both languages`(kind: ContentScaffold.Kind) throws {
    let scratch = try ScratchDirectory("new")
    let path = scratch.path + "/90-team/07-idea"
    let written = try ContentScaffold(content: content).exercise(at: path, kind: kind)
    #expect(written.id == "90-7")
    let exercise = try Exercise.load(folder: path)
    #expect(exercise.status == .draft && exercise.id == "90-7")
    #expect(exercise.task.missingLanguages == [] && exercise.hintRungs.count == 3)
    let cases = try AnswerCase.load(exercise: exercise)
    #expect(cases.contains { $0.expectedVerdict == "passed" } && cases.count > 1)
    let left = ContentScaffold.unfilled(path)
    #expect(left.count > 10)
    #expect(left.allSatisfy { $0.line > 0 && $0.text.contains("TODO") })
    #expect(ContentScaffold.missing(for: .core, path).contains(.wrong(2)))
    for file in written.files where file.hasSuffix(".yaml") && !file.contains("accepted") {
      guard ContentSchema.of(path: path + "/" + file) != nil else { continue }
      let text = try String(contentsOfFile: path + "/" + file, encoding: .utf8)
      let name = text.split(separator: "\n")[0].split(separator: "=").last.map(String.init) ?? ""
      #expect(FileManager.default.fileExists(atPath: name), "\(name)")
    }
    #expect(throws: CourseError.self) {
      try ContentScaffold(content: content).exercise(at: path, kind: kind)
    }
  }

  @Test func `a single file and an incident load as well, and ids are not taken twice`() throws {
    let scratch = try ScratchDirectory("new")
    let scaffold = ContentScaffold(content: content)
    for kind in [ContentScaffold.Kind.choice, .number] {
      let path = scratch.path + "/q-\(kind.rawValue).md"
      _ = try scaffold.exercise(at: path, kind: kind)
      let exercise = try Exercise.load(folder: path)
      #expect(exercise.id == "q-\(kind.rawValue)" && exercise.status == .draft)
      #expect(ContentScaffold.unfilled(path).count > 3)
    }
    _ = try scaffold.incident(at: scratch.path + "/LATE-02")
    #expect(try Incident.load(folder: scratch.path + "/LATE-02").id == "LATE-02")
    #expect(throws: CourseError.self) { try scaffold.incident(at: scratch.path + "/late") }
    #expect(throws: CourseError.self) { try scaffold.incident(at: scratch.path + "/x/FALSE-01") }
    #expect(throws: CourseError.self) {
      try scaffold.exercise(at: scratch.path + "/00-a/01-b", kind: .state)
    }
    #expect(throws: CourseError.self) {
      try scaffold.exercise(at: scratch.path + "/x.md", kind: .sql)
    }
  }

  @Test func `ids follow from paths`() {
    #expect(ContentScaffold.id(for: "Exercises/01-log-collection/11-my-idea") == "01-11")
    #expect(ContentScaffold.id(for: "/tmp/team/My Idea.md") == "My-Idea")
  }
}
