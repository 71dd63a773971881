import Commands
import Testing

/// SQL as it is written for other databases: the answer says how Trino writes it.
struct StatementHabitTests {
  @Test(arguments: [
    ("SELECT count(*) FROM lake.silver.events WHERE event_name = \"app_open\";", "'app_open'"),
    ("SELECT count(*) FROM lake.silver.events WHERE event_name = “app_open”;", "'app_open'"),
    ("SELECT count(*) FROM lake.silver.events WHERE seq == 1;", "one ="),
    ("SELECT TOP 5 event_id FROM lake.silver.events;", "LIMIT 5"),
    ("SELECT event_id FROM lake.silver.events LIMIT 5 OFFSET 20;", "OFFSET 20 LIMIT 5"),
    ("SELECT event_id FROM lake.silver.events LIMIT 20, 5;", "OFFSET 20 LIMIT 5"),
    ("SELECT `event_id` FROM lake.silver.events;", "double quotes"),
    ("SELECT event_id FROM lake.silver.events WHERE event_name ILIKE 'a%';", "lower(x)"),
    ("SELECT event_id FROM lake.silver.events WHERE dt = '2024-01-15';", "DATE '2024-01-15'"),
    ("SELECT event_id FROM lake.silver.events WHERE event_time > '2024-01-15';", "TIMESTAMP '"),
    ("SELECT ifnull(price, 0) FROM lake.silver.events;", "coalesce(x, y)"),
    ("SELECT datediff(dt, dt) FROM lake.silver.events;", "date_diff('day', x, y)"),
  ])
  func `is answered by how Trino writes it`(statement: String, advice: String) throws {
    let answer = try TestWorld().run(statement, atPrompt: true, width: 200)
    #expect(answer.status == .usage)
    #expect(answer.text.contains(advice), "\(answer.text)")
  }

  @Test func `other errors keep their own advice`() throws {
    let world = try TestWorld()
    #expect(world.run("SELECT evnt_name FROM lake.silver.events;").text.contains("event_name?"))
    #expect(world.run("SELECT 1 FROM lake.silver.events WHERE;").text.contains("SYNTAX_ERROR"))
  }
}
