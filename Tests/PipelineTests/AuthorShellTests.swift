import Commands
import Foundation
import TestSupport
import Testing

/// `course shell`: SQL in an exercise's worlds, with what only checks see.
@Suite struct AuthorShellTests {
  @Test func `every line goes to the open world, and nothing of it to the learner's`() throws {
    let world = try TestWorld()
    let once = world.run("course shell 00-1 \"SELECT count(*) AS n FROM truth.events\"", json: true)
    #expect(once.status == .success && once.text.contains("\"columns\":[\"n\"]"), "\(once.text)")
    // A query that is asked once leaves nothing open.
    #expect(world.run("SELECT count(*) FROM truth.events;").status != .success)
    let opened = world.run("course shell 00-1", atPrompt: true)
    #expect(opened.text.contains("truth.events") && opened.text.contains("baseline.*"))
    #expect(world.shell.promptState().text == "00-1> ")
    for line in [
      "SELECT count(*) FROM truth.events;",
      "SELECT count(*) FROM baseline.fact_purchase WHERE dt = DATE '{{ds_kst}}';",
      "app track purchase_completed product_id=SKU123 price=29900",
    ] {
      let reply = world.run(line, atPrompt: true)
      #expect(reply.status == .success, "\(line): \(reply.text)")
      // No lesson goes along with it.
      #expect(!reply.text.contains("Enter:"), "\(reply.text)")
    }
    #expect(world.run("", atPrompt: true).text.isEmpty)
    #expect(world.run("course shell close", atPrompt: true).status == .success)
    #expect(world.shell.promptState().text != "00-1> ")
    #expect(
      try world.count(
        "SELECT count(*) FROM system.sdk.events WHERE event_name = 'purchase_completed'") == 0)
  }

  @Test func `a query's killer rows and an answer's result are tables there`() throws {
    let scratch = try ScratchDirectory("shell")
    let source =
      RepositoryFiles.root + "/Tests/CourseAuthoringTests/PlantedBad/sound/Exercises/00-a/02-buyers"
    try FileManager.default.createDirectory(
      atPath: scratch.path + "/pack/team", withIntermediateDirectories: true)
    let folder = scratch.path + "/pack/team/02-buyers"
    try FileManager.default.copyItem(atPath: source, toPath: folder)
    let manifest = try String(contentsOfFile: folder + "/exercise.yaml", encoding: .utf8)
    try scratch.write(
      "pack/team/02-buyers/exercise.yaml",
      manifest.replacing("id: 00-2", with: "id: team-9"))
    let world = try TestWorld(courses: scratch.path + "/pack")
    func rows(_ more: String, _ sql: String) -> String {
      let reply = world.run("course shell team-9 \(more) \"\(sql)\"", json: true)
      return "\(reply.status) \(reply.text)"
    }
    let killers = rows("--world killer", "SELECT count(*) AS n FROM warehouse.mart.fact_purchase")
    #expect(killers.contains("\"rows\":[[11]]"), "\(killers)")
    try scratch.write("two.sql", "SELECT CAST(2 AS bigint) AS buyers")
    let answered = rows(
      "--world hidden --answer \(scratch.path)/two.sql", "SELECT * FROM answer.result")
    #expect(answered.contains("[[2]]"), "\(answered)")
    let missing = rows("--answer \(scratch.path)/nowhere.sql", "SELECT 1")
    #expect(missing.hasPrefix("usage"), "\(missing)")
    try scratch.write("drop.sql", "DROP TABLE warehouse.mart.fact_purchase")
    let refused = rows("--answer \(scratch.path)/drop.sql", "SELECT 1")
    #expect(!refused.hasPrefix("success"), "\(refused)")
  }
}
