import Commands
import Course
import CourseAuthoring
import Foundation
import Grading
import Terminal
import Testing
import TestSupport

/// Every accepted answer passes in the real program, and every named wrong one gets its own message.
struct CourseAnswerTests {
  static let cases: [(exercise: String, answer: AnswerCase)] = {
    let content = CourseContent(root: RepositoryFiles.root)
    let folders = (try? content.exerciseFolders()) ?? [:]
    return folders.sorted { $0.key < $1.key }.flatMap { id, folder -> [(String, AnswerCase)] in
      // What is begun only may ask for parts that are not there yet.
      guard let exercise = try? Exercise.load(folder: folder), exercise.status != .draft else {
        return []
      }
      return ((try? AnswerCase.load(exercise: exercise)) ?? []).map { (id, $0) }
    }
  }()

  /// True where beginning the exercise lays files into the learner's pipeline.
  private static func begins(_ id: String) throws -> Bool {
    let folder = try CourseContent(root: RepositoryFiles.root).exerciseFolders()[id]
    return folder.map { FileManager.default.fileExists(atPath: $0 + "/start") } ?? false
  }

  @Test func `the exercise has accepted and wrong answers`() {
    #expect(Self.cases.filter { $0.answer.expectedVerdict == "passed" }.count >= 2)
    #expect(Self.cases.filter { $0.answer.expectedVerdict == "not-yet" }.count >= 3)
  }

  @Test(arguments: Self.cases.indices)
  func `the answer is judged as its author says`(_ index: Int) throws {
    let item = Self.cases[index]
    // Both languages over the cases; each case in one of them.
    let world = try TestWorld(language: index % 2 == 0 ? .ko : .en)
    // A saved file is compared with what the exercise began with.
    if try !item.answer.files.isEmpty || Self.begins(item.exercise) {
      world.run("exercise \(item.exercise)")
    }
    let outcome = AnswerCaseRunner.run(item.answer, host: world.shell.lessonHost())
    #expect(
      outcome.isAsExpected,
      "\(item.answer.name): \(outcome.problems.joined(separator: "; "))\n\(outcome.transcript)")
  }
}
