import Commands
import Terminal
import Testing

/// What Tab offers exists: names that a test makes are offered, and nothing that is not there.
struct LiveNamesTests {
  private func offered(_ line: String, in world: TestWorld) -> [String] {
    world.shell.completions(line: line, cursor: line.count).candidates
  }

  @Test func `offers an event and its id as soon as the phone has recorded it`() throws {
    let world = try TestWorld()
    #expect(offered("app track made_by_", in: world) == [])
    world.run("app track made_by_test price=1")
    #expect(offered("app track made_by_", in: world) == ["made_by_test"])
    let id = try #require(
      try world.texts("SELECT event_id FROM system.sdk.events WHERE event_name = 'made_by_test'")
        .first)
    #expect(offered("trace event \(id.prefix(6))", in: world) == [id])
  }

  @Test func `offers a table and its columns until it is dropped`() throws {
    let world = try TestWorld()
    world.run("CREATE TABLE memory.default.zz_made_here (zz_first bigint, zz_second varchar);")
    #expect(
      offered("SELECT * FROM memory.default.zz_", in: world) == ["memory.default.zz_made_here"])
    #expect(
      offered("SELECT * FROM memory.default.zz_made_here WHERE zz_", in: world)
        == ["zz_first", "zz_second"])
    world.run("DROP TABLE memory.default.zz_made_here;")
    #expect(offered("SELECT * FROM memory.default.zz_", in: world) == [])
  }

  @Test func `offers objects of the lake folder by folder, topics, groups and DAGs`() throws {
    let world = try TestWorld()
    let key = try #require(
      try world.texts("SELECT min(key) FROM system.lake.objects WHERE key LIKE 'raw/%'").first)
    let folder = String(key.prefix(through: try #require(key.lastIndex(of: "/"))))
    #expect(offered("s3 ls raw/ev", in: world) == ["raw/events/"])
    #expect(offered("s3 head " + folder, in: world).contains(key))
    #expect(offered("kafka read app-events-", in: world) == ["app-events-dlq"])
    #expect(offered("kafka lag lake", in: world) == ["lake-sink"])
    #expect(offered("dag run night", in: world) == ["nightly"])
  }
}
