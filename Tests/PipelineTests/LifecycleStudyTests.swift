import Commands
import Course
import Foundation
import Grading
import Terminal
import TestSupport
import Testing

/// `cost --plan` and `system.course.lifecycle`: a lake of the learner's size under the rules in force.
struct LifecycleStudyTests {
  private func set(_ world: TestWorld, _ rules: String) throws {
    try Data(("lake:\n  Rules:\n" + rules).utf8).write(
      to: URL(fileURLWithPath: world.worldPath + "/pipeline/lifecycle.yaml"))
    let reply = world.run("s3 lifecycle set", width: 400)
    #expect(reply.status == .success, "\(reply.text)")
  }

  private func found(_ world: TestWorld, _ load: String, _ demand: String) throws -> String? {
    try world.texts(
      """
      SELECT coalesce(CAST(CAST(found AS decimal(12, 1)) AS varchar), 'never') || ' '
        || coalesce(CAST(is_kept AS varchar), '-')
      FROM system.course.lifecycle WHERE load = '\(load)' AND demand = '\(demand)'
      """
    ).first
  }

  private let bronze = """
        - ID: bronze
          Status: Enabled
          Filter: {Prefix: raw/}
          Transitions: [{Days: 30, StorageClass: GLACIER}]
          Expiration: {Days: 173}
          NoncurrentVersionExpiration: {NoncurrentDays: 7}

    """

  @Test func `days are those that the rules name, earlier versions counted behind them`() throws {
    let world = try TestWorld()
    try set(world, bronze)
    #expect(try found(world, "bronze", "at_once") == "30.0 true")
    #expect(try found(world, "bronze", "kept") == "173.0 true")
    #expect(try found(world, "bronze", "restore") == "12.0 true")
    #expect(try found(world, "bronze", "gone") == "180.0 true")
    #expect(try found(world, "bronze", "undo") == "7.0 true")
    #expect(try found(world, "dlq", "gone") == "never false")
    try set(world, bronze.replacing("Days: 173", with: "Days: 174"))
    #expect(try found(world, "bronze", "gone") == "181.0 false")
  }

  @Test func `what a hidden object leaves behind stays where no rule ends versions`() throws {
    let world = try TestWorld()
    try set(
      world,
      bronze.replacing("      NoncurrentVersionExpiration: {NoncurrentDays: 7}\n", with: ""))
    #expect(try found(world, "bronze", "gone") == "never false")
    #expect(try found(world, "bronze", "undo") == "never true")
  }

  @Test func `rules are judged as they are in force, not as they are written`() throws {
    let world = try TestWorld()
    #expect(try found(world, "lake", "in_force") == "never false")
    try set(world, bronze)
    #expect(try found(world, "lake", "in_force") == "never true")
    try Data("lake: {Rules: []}\n".utf8).write(
      to: URL(fileURLWithPath: world.worldPath + "/pipeline/lifecycle.yaml"))
    #expect(try found(world, "lake", "in_force") == "never false")
    #expect(try found(world, "bronze", "kept") == "173.0 true")
  }

  @Test func `only graders see what the cheapest rules cost, and it follows the prices`() throws {
    let world = try TestWorld()
    let question = "SELECT asked FROM system.course.lifecycle WHERE load = 'lake' AND demand = 'usd'"
    #expect(try world.texts("SELECT 'seen' FROM (\(question)) t WHERE asked IS NOT NULL").isEmpty)
    func cheapest() throws -> Double {
      guard case .double(let usd) = try world.shell.lessonHost().query(question).rows.first?.first
      else { return 0 }
      return usd
    }
    let usd = try cheapest()
    #expect(usd > 0)
    world.run("assume set region_factor 2.3")
    #expect(abs(try cheapest() / usd - 2) < 1e-9)
  }

  @Test func `the plan is shown with its sum`() throws {
    let world = try TestWorld()
    try set(world, bronze)
    let reply = world.run("cost --plan", width: 200)
    #expect(reply.status == .success && reply.text.contains("GLACIER 143 days"), "\(reply.text)")
    #expect(world.run("cost --plan now").status == .usage)
  }
}
