import Commands
import Course
import Foundation
import TestSupport
import Testing

/// `incident start PAY-01`, where the same message has several causes: which of them is begun.
struct IncidentDrawTests {
  /// What of the tests' incident is changed for a variant.
  private struct Variant {
    var id: String
    var needs: String
    var status = "local"
  }

  /// The content of this checkout with three causes of one message: the first after 00-1, the second
  /// after 00-2, and one that is still being written and needs nothing.
  private static func content() throws -> ScratchDirectory {
    let scratch = try ScratchDirectory("content")
    for folder in ["Lessons", "Datasets"] {
      try FileManager.default.createSymbolicLink(
        atPath: scratch.path + "/" + folder,
        withDestinationPath: RepositoryFiles.root + "/" + folder)
    }
    let incidents = scratch.path + "/Exercises/incidents"
    try FileManager.default.createDirectory(
      atPath: incidents, withIntermediateDirectories: true)
    for variant in [
      Variant(id: "PAY-01-A", needs: "00-1"), Variant(id: "PAY-01-B", needs: "00-2"),
      Variant(id: "PAY-01-C", needs: "", status: "draft"),
    ] {
      let folder = incidents + "/" + variant.id
      try FileManager.default.copyItem(
        atPath: RepositoryFiles.root + "/Tests/CourseTests/Fixtures/incidents/TXT-01",
        toPath: folder)
      let manifest = folder + "/incident.yaml"
      let text = try String(contentsOfFile: manifest, encoding: .utf8)
      try text.replacing("id: TXT-01\n", with: "id: \(variant.id)\n")
        .replacing(
          "status: local\n", with: "status: \(variant.status)\nneeds: [\(variant.needs)]\n")
        .write(toFile: manifest, atomically: true, encoding: .utf8)
    }
    return scratch
  }

  private let content: ScratchDirectory
  private let world: TestWorld
  private let progress: ProgressStore

  init() throws {
    content = try Self.content()
    world = try TestWorld(content: content.path)
    progress = ProgressStore(path: world.path + "/progress.sqlite")
    // What is drawn depends on the learner.
    try progress.setSetting("learner.seed", "7")
  }

  private func pass(_ exercise: String) throws {
    try progress.record(
      ProgressStore.Attempt(exercise: exercise, version: 1, answer: "", verdict: "passed"))
  }

  /// Begins or continues an incident, and answers its id.
  private func start(_ typed: String = "PAY-01") throws -> String {
    let answer = world.run("incident start \(typed)", json: true)
    #expect(answer.status == .success, "\(answer.text)")
    let object = try JSONSerialization.jsonObject(with: Data(answer.text.utf8)) as? [String: Any]
    let data = try #require(object?["data"] as? [String: Any], "\(answer.text)")
    return try #require(data["incident"] as? String)
  }

  /// Begins one and gives it up again.
  private func draw() throws -> String {
    let id = try start()
    #expect(world.run("incident stop").status == .success)
    return id
  }

  /// What is drawn in turn, until it has been two different ones.
  private func drawUntilTwo() throws -> Set<String> {
    var drawn: Set<String> = []
    for _ in 0..<10 where drawn.count < 2 { drawn.insert(try draw()) }
    return drawn
  }

  @Test func `without the exercises of any it is the first, which says what it needs`() throws {
    let answer = world.run("incident start PAY-01")
    #expect(answer.status == .success, "\(answer.text)")
    #expect(answer.text.contains("00-1") && !answer.text.contains("00-2"), "\(answer.text)")
    #expect(try start() == "PAY-01-A")
  }

  @Test func `it is one whose exercises were passed, and the open one is continued`() throws {
    try pass("00-2")
    #expect(try draw() == "PAY-01-B")
    #expect(try start("pay-01") == "PAY-01-B")
    // What is passed meanwhile changes nothing for the one that is open.
    try pass("00-1")
    try pass("PAY-01-B")
    #expect(try start() == "PAY-01-B")
    let other = world.run("incident start PAY-01-A", json: true)
    #expect(other.status == .usage && other.text.contains("otherIncident"), "\(other.text)")
    // A draft is begun by its own name only.
    #expect(world.run("incident stop").status == .success)
    #expect(try start("PAY-01-C") == "PAY-01-C")
    #expect(try start() == "PAY-01-C")
  }

  @Test func `it is drawn, what is not solved yet first, and never a draft`() throws {
    for exercise in ["00-1", "00-2"] { try pass(exercise) }
    #expect(try drawUntilTwo() == ["PAY-01-A", "PAY-01-B"])
    try pass("PAY-01-B")
    for _ in 0..<2 { #expect(try draw() == "PAY-01-A") }
    try pass("PAY-01-A")
    #expect(try drawUntilTwo() == ["PAY-01-A", "PAY-01-B"])
  }
}
