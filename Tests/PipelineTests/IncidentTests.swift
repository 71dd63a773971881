import Commands
import Course
import Foundation
import Grading
import Terminal
import TestSupport
import Testing

/// Every declared answer to an incident is played in the real program, and gets what it declares.
struct IncidentTests {
  static let cases: [IncidentCase] = {
    let folders = CourseContent(root: RepositoryFiles.root).incidentFolders()
    return folders.sorted { $0.key < $1.key }.flatMap { _, folder in
      ((try? Incident.load(folder: folder)).flatMap { try? IncidentCase.load($0) }) ?? []
    }
  }()

  @Test func `FALSE-01 has accepted answers, and a wrong one for most of its messages`() throws {
    #expect(Self.cases.filter { $0.verdict == "passed" }.count >= 3)
    let folder = try #require(
      CourseContent(root: RepositoryFiles.root).incidentFolders()["FALSE-01"])
    let incident = try Incident.load(folder: folder)
    let declared = Set(Self.cases.compactMap(\.feedback))
    let silent = incident.feedbackIDs.filter { !declared.contains($0) }
    // What no answer gets is said to nobody in a test: these few are the rest of a form's options.
    #expect(Set(silent).isSubset(of: ["plan-reset", "tell-fixed", "mark-hidden", "changed"]), "\(silent)")
  }

  @Test(arguments: cases.indices)
  func `an answer is judged as its author says`(_ index: Int) throws {
    let item = Self.cases[index]
    let world = try TestWorld(language: index % 2 == 0 ? .ko : .en)
    let outcome = item.play(host: world.shell.lessonHost()) { line in
      let answer = world.run(line, json: true)
      return (answer.text, answer.status.rawValue)
    }
    #expect(
      outcome.problems.isEmpty,
      "\(item.name): \(outcome.problems.joined(separator: "; "))\n\(outcome.transcript.joined(separator: "\n"))")
  }
}
