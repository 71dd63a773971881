import Commands
import Foundation
import Grading
import TestSupport
import Testing

/// An exercise that begins with files of its own: what it lays over the pipeline, what hidden worlds
/// see of it, and how one goes back to its beginning.
@Suite struct StartFilesTests {
  private static let manifest = """
    id: team-3
    version: 1
    status: local
    kind: state
    title: {en: A model that counts too much}
    minutes: 5
    """

  private static let check = """
    kind: scenario
    goal: {en: Every purchase of the night is in the warehouse}
    feedback: lost
    learner: true
    worlds: [{seed: 1001, day: 2023-12-31}]
    drive: ["dag run nightly"]
    checks:
      - {goal: {en: Every purchase is there}, feedback: lost, invariant: complete, key: event_id,
         target: warehouse.mart.fact_purchase,
         truth: "SELECT event_id FROM lake.silver.events WHERE event_name = 'purchase_completed' AND dt = DATE '{{ds_kst}}'"}
    """

  private static let modelPath = "models/marts/fact_purchase.sql"
  private static let whole = "AND dt IN ({{ var('changed_days') }})"

  private let scratch: ScratchDirectory
  private let world: TestWorld
  private var pipeline: String { world.worldPath + "/pipeline/" }
  private let installed: String
  /// The installed model with a purchase left out.
  private let broken: String

  init() throws {
    scratch = try ScratchDirectory("start")
    installed = try String(
      contentsOfFile: RepositoryFiles.root + "/Datasets/shop/pipeline/" + Self.modelPath,
      encoding: .utf8)
    broken = installed.replacing(
      Self.whole,
      with: Self.whole + """

        AND event_id NOT IN (SELECT min(event_id) FROM {{ source('silver', 'events') }}
          WHERE event_name = 'purchase_completed' GROUP BY dt)
        """)
    try #require(broken != installed)
    let folder = "pack/team/03-start/"
    try scratch.write(folder + "exercise.yaml", Self.manifest)
    try scratch.write(folder + "task.en.md", "Find what is lost, and run the night again.\n")
    try scratch.write(folder + "hints.en.md", "## 1\nCompare both sides.\n")
    try scratch.write(
      folder + "feedback.en.md", "## passed\nNothing is lost.\n\n## lost\nOne is missing.\n")
    try scratch.write(folder + "checks/10-complete.yaml", Self.check)
    try scratch.write(folder + "start/" + Self.modelPath, broken)
    try scratch.write(folder + "start/models/marts/notes.txt", "what the team knew\n")
    world = try TestWorld(courses: scratch.path + "/pack")
  }

  @discardableResult
  private func run(_ line: String) -> (text: String, status: Commands.ExitStatus) {
    world.run(line, width: 200)
  }

  private func model() throws -> String {
    try String(contentsOfFile: pipeline + Self.modelPath, encoding: .utf8)
  }

  @Test func `the files lie over the pipeline, and hidden worlds begin with them too`() throws {
    let begun = run("exercise team-3")
    try #require(begun.status == .success, "\(begun.text)")
    #expect(try model() == broken)
    #expect(FileManager.default.fileExists(atPath: pipeline + "models/marts/notes.txt"))
    #expect(run("fork").text.contains("exercise team-3"))
    let changes = try world.shell.gradingHost().changes(since: "exercise team-3")
    #expect(changes.isEmpty, "\(changes)")
    #expect(
      Set(changes.base.map(\.path)) == ["models/marts/notes.txt", Self.modelPath], "\(changes.base)")
    // Mended in this world's data alone: the file is as it was, so the next night loses again.
    #expect(run("check").text.contains("One is missing."))
    try installed.write(toFile: pipeline + Self.modelPath, atomically: true, encoding: .utf8)
    #expect(run("check").text.contains("Nothing is lost."))
  }

  @Test func `what was untouched is broken in another world as it is here`() throws {
    run("exercise team-3")
    let host = world.shell.gradingHost()
    let request = WorldRequest(
      origin: .made(seed: 1_001, day: "2023-12-31", size: "xs", versionShift: 0))
    func lost(_ changes: LearnerChanges) throws -> HostValue {
      let world = try host.open(request)
      defer { world.close() }
      _ = try world.apply(changes, rebinding: [:])
      try #require(try world.run("dag run nightly").exitCode == 0)
      return try world.query(
        """
        SELECT count(*) FROM lake.silver.events s
        WHERE event_name = 'purchase_completed' AND dt = DATE '2023-12-31'
          AND NOT EXISTS (SELECT 1 FROM warehouse.mart.fact_purchase f WHERE f.event_id = s.event_id)
        """
      ).rows[0][0]
    }
    let changes = try host.changes(since: "exercise team-3")
    #expect(try lost(changes) != .integer(0))
    #expect(try lost(LearnerChanges()) == .integer(0))
  }

  @Test func `reset goes back to the beginning of the exercise, once it is sure`() throws {
    run("exercise team-3")
    try "SELECT 1 AS event_id\n".write(
      toFile: pipeline + Self.modelPath, atomically: true, encoding: .utf8)
    run("clock +5m")
    let asked = run("reset team-3")
    #expect(asked.status == .usage, "a script has to say --yes: \(asked.text)")
    #expect(try model() != broken, "nothing was taken back without a yes")
    let reset = run("reset team-3 --yes")
    #expect(reset.status == .success, "\(reset.text)")
    #expect(try model() == broken)
    #expect(run("clock").text.contains("09:10"))
    // The exercise goes on from there: the fork is still its own.
    #expect(run("check").text.contains("One is missing."))
  }
}
