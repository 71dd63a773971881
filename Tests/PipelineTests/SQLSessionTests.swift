import Commands
import TestSupport
import Testing

/// Statements about the session: what they change stays for the lines that follow.
@Suite struct SQLSessionTests {
  @Test func `USE, SET SESSION, SET TIME ZONE and PREPARE hold for the next lines`() throws {
    let world = try TestWorld()
    func ask(_ line: String) -> String {
      let reply = world.run(line)
      #expect(reply.status == .success, "\(line): \(reply.text)")
      return reply.text
    }
    _ = ask("USE lake.silver;")
    #expect(ask("SELECT count(*) FROM events;").contains("1 row"))
    _ = ask("PREPARE q FROM SELECT ? + 1 AS n;")
    #expect(ask("EXECUTE q USING 41;").contains("42"))
    _ = ask("SET SESSION join_reordering_strategy = 'NONE';")
    func strategy() -> String {
      world.run("SHOW SESSION LIKE 'join_reordering%';", json: true).text
    }
    #expect(strategy().contains("\"NONE\""), "\(strategy())")
    _ = ask("RESET SESSION join_reordering_strategy;")
    #expect(!strategy().contains("\"NONE\"") && strategy().contains("\"AUTOMATIC\""))
    _ = ask("SET TIME ZONE 'Asia/Seoul';")
    #expect(ask("SELECT current_timezone() AS z;").contains("Asia/Seoul"))
    #expect(ask("SELECT CAST(current_timestamp AS varchar) AS t;").contains("09:10:00.000 Asia/Seoul"))
    _ = ask("CREATE TABLE memory.default.t AS SELECT 1 AS a;")
    _ = ask("START TRANSACTION;")
    let refused = world.run("DELETE FROM memory.default.t;")
    #expect(refused.text.contains("AUTOCOMMIT_WRITE_CONFLICT"), "\(refused.text)")
    #expect(refused.text.contains("Type COMMIT; first."), "\(refused.text)")
    _ = ask("ROLLBACK;")
    _ = ask("DELETE FROM memory.default.t;")
    // Commands have sessions of their own, and a new prompt a new one.
    #expect(ask("dash show").contains("04:00"))
    try world.restart()
    #expect(ask("SELECT current_timezone() AS z;").contains("UTC"))
    #expect(world.run("EXECUTE q USING 1;").status != .success)
  }

  @Test(arguments: [
    "TRUNCATE TABLE memory.default.t;", "COMMENT ON TABLE memory.default.t IS 'x';",
    "ANALYZE lake.silver.events;", "ROLLBACK;", "SET ROLE admin;",
    "REFRESH MATERIALIZED VIEW v;", "GRANT SELECT ON lake.silver.events TO x;",
  ])
  func `a statement that is not there is refused as SQL, with its place`(line: String) throws {
    let reply = try TestWorld().run(line)
    #expect(reply.status != .success)
    #expect(reply.text.contains("line 1:"), "\(reply.text)")
    #expect(!reply.text.contains("is not a command"), "\(reply.text)")
  }
}
