import Course
import CourseAuthoring
import Foundation
import Grading
import Testing
import TestSupport

/// The worked examples of `AUTHORING.md` and `AUTHORING.ko.md` are files: they are taken out of the
/// document as a reader would copy them, and run.
@Suite struct AuthoringDocumentTests {
  private static func host(_ language: CourseLanguage) -> SilentHost { SilentHost(language) }

  @Test(arguments: ["AUTHORING.md", "AUTHORING.ko.md"])
  func `the examples are loaded, and each declared answer gets what it is declared to get`(
    document: String
  ) throws {
    let scratch = try ScratchDirectory("authoring")
    let files = try DocumentFiles.files(of: document)
    for (name, text) in files { try scratch.write(name, text) }
    let content = CourseContent(root: RepositoryFiles.root, packs: [scratch.path])
    #expect(content.inventory().broken == [])
    let own = content.inventory().folders.filter { content.inventory().isOfPack($0.key, course: content) }
    #expect(own.keys.sorted() == ["team-1", "team-2"], "\(files.keys.sorted())")
    for (id, folder) in own {
      let exercise = try Exercise.load(folder: folder)
      #expect(exercise.status == (id == "team-1" ? .local : .core))
      #expect(ContentScaffold.missing(for: exercise.status, folder) == [])
      #expect(ContentScaffold.unfilled(folder) == [])
      for answer in try AnswerCase.load(exercise: exercise) {
        for seed in 1...5 as ClosedRange<UInt64> {
          for language in CourseLanguage.allCases {
            let outcome = AnswerCaseRunner.run(answer, host: Self.host(language), seed: seed)
            #expect(outcome.isAsExpected, "\(id) \(answer.name) seed \(seed): \(outcome.problems)")
          }
        }
      }
    }
  }

  @Test func `both documents hold the same files`() throws {
    #expect(
      try DocumentFiles.files(of: "AUTHORING.md").keys.sorted() == DocumentFiles.files(of: "AUTHORING.ko.md").keys.sorted())
  }
}

/// A host without a pipeline: the examples ask nothing of it.
private final class SilentHost: LessonHost {
  let language: CourseLanguage

  init(_ language: CourseLanguage) { self.language = language }

  func query(_ sql: String) throws -> HostTable { throw CourseError(code: "test", message: sql) }
  func run(_ line: String) throws -> HostReply { HostReply(output: "", exitCode: 0) }
  func text(_ key: String, _ values: [String: String]) -> String { key }
}
