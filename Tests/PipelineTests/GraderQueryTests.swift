import Commands
import Grading
import Terminal
import TestSupport
import Testing

/// Queries of graders look at a world; only lines that are typed change it.
struct GraderQueryTests {
  private static let changes = [
    "CREATE TABLE lake.silver.graded (n bigint)",
    "INSERT INTO lake.silver.mine VALUES (2)",
    "DELETE FROM lake.silver.mine",
    "DROP TABLE lake.silver.mine",
    "CALL lake.system.sync_partition_metadata('silver', 'mine', 'FULL')",
    "EXPLAIN ANALYZE INSERT INTO lake.silver.mine VALUES (2)",
    "EXECUTE IMMEDIATE 'DROP TABLE lake.silver.mine'",
  ]

  @Test(arguments: changes)
  func `a grader's query that changes data is refused, in the running world and in a copy`(
    sql: String
  ) throws {
    let world = try TestWorld()
    #expect(world.run("CREATE TABLE lake.silver.mine (n bigint);").status == .success)
    #expect(world.run("INSERT INTO lake.silver.mine VALUES (1);").status == .success)
    let host = world.shell.gradingHost()
    let copy = try host.open(WorldRequest(origin: .learner(fork: nil)))
    defer { copy.close() }
    for place: any LessonHost in [host, copy] {
      #expect { try place.query(sql) } throws: { "\($0)".contains("readOnly") }
      #expect(try place.query("SELECT n FROM lake.silver.mine").rows == [[.integer(1)]])
    }
    #expect(try world.texts("SHOW TABLES FROM lake.silver LIKE 'graded'").isEmpty)
  }

  @Test func `what a grader only asks for is answered, and a typed line still changes its copy`() throws {
    let world = try TestWorld()
    world.run("CREATE TABLE lake.silver.mine (n bigint);")
    let copy = try world.shell.gradingHost().open(WorldRequest(origin: .learner(fork: nil)))
    defer { copy.close() }
    #expect(try copy.query("SHOW TABLES FROM lake.silver LIKE 'mine'").rows.count == 1)
    #expect(try copy.run("INSERT INTO lake.silver.mine VALUES (7);").exitCode == 0)
    #expect(try copy.query("SELECT n FROM lake.silver.mine").rows == [[.integer(7)]])
    #expect(try world.count("SELECT count(*) FROM lake.silver.mine") == 0)
  }
}
