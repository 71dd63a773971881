import Commands
import Foundation
import Grading
import Platform
import Simulation
import Terminal
import TestSupport
import Testing

/// The journal of what changed a world, and doing it again elsewhere.
struct ReplayTests {
  private static func journal(_ world: TestWorld) -> [CommandJournal.Entry] {
    CommandJournal(directory: world.worldPath).entries()
  }

  @Test func `commands that change the world are written down, and no others`() throws {
    let world = try TestWorld()
    let changing = [
      JourneyTests.purchase, "app flush", "app network offline", "app network online", "clock +1h",
      "dag run nightly", "CREATE TABLE memory.default.t AS SELECT 1 AS a;",
      "airflow dags trigger ingest",
      "trino --execute \"INSERT INTO memory.default.t VALUES 2\"",
      "SELECT 1; DELETE FROM memory.default.t WHERE a = 2;",
    ]
    let reading = [
      "status", "clock", "app queue", "app log", "kafka topics", "kafka read app-events", "dag list",
      "dag show nightly", "SELECT count(*) FROM lake.silver.events;", "dash show", "s3 ls raw/",
      "EXPLAIN DELETE FROM memory.default.t;", "trino --execute \"SELECT 1\"", "airflow dags list",
      "SELECT 'DELETE FROM lake.silver.events';", "help", "trace event", "fork here", "list",
    ]
    for line in changing + reading {
      let answer = world.run(line)
      #expect(answer.status == .success, "\(line): \(answer.text)")
    }
    let entries = Self.journal(world)
    #expect(entries.map(\.line) == changing)
    #expect(entries.map(\.seq) == Array(1...changing.count))
    #expect(entries.allSatisfy { $0.outcome == .done && $0.exit == 0 && $0.ended != nil })
    #expect(entries[4].at < entries[5].at)
  }

  @Test func `a command that fails is written down with its exit status`() throws {
    let world = try TestWorld()
    world.run("DELETE FROM lake.silver.nowhere;")
    world.run("app track")
    let entries = Self.journal(world)
    #expect(entries.map(\.outcome) == [.failed, .failed] && entries.map(\.exit) == [2, 2])
  }

  @Test func `a crash between a command and its outcome is noticed, told and never doubled`() throws {
    let world = try TestWorld()
    world.run("fork start")
    world.run("app track app_open")
    let path = world.worldPath + "/journal.jsonl"
    // An intent alone, and a world that is another one than before it.
    try world.restart {
      let intent = #"{"seq":2,"at":"2024-01-16T00:10:00.000Z","line":"app track search","mark":"0"}"#
      let whole = try String(contentsOfFile: path, encoding: .utf8)
      try (whole + intent + "\n").write(toFile: path, atomically: true, encoding: .utf8)
    }
    #expect(world.run("app queue").text.contains("`app track search`"))
    #expect(Self.journal(world).last?.outcome == .interrupted)
    // It is told once, and counts once.
    try world.restart()
    #expect(!world.run("app queue").text.contains("`app track search`"))
    let host = world.shell.gradingHost()
    #expect(
      try host.changes(since: "start").commands.map(\.line) == [
        "app track app_open", "app track search",
      ])
  }

  @Test func `an intent whose command never began is undone`() throws {
    let world = try TestWorld()
    world.run("fork start")
    let path = world.worldPath + "/journal.jsonl"
    // What `journaling` writes first, and then the process dies.
    struct Death: Error {}
    #expect(throws: Death.self) {
      try world.shell.withPlatform { platform in
        try platform.journaling("app track search", exit: { _ in 3 }) { throw Death() }
      }
    }
    try world.restart {
      let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
      try (lines[0] + "\n").write(toFile: path, atomically: true, encoding: .utf8)
    }
    #expect(world.run("app queue").text.contains("before `app track search` changed anything"))
    #expect(Self.journal(world).last?.outcome == .undone)
    #expect(try world.shell.gradingHost().changes(since: "start").isEmpty)
  }

  @Test func `changes are done again in a hidden world, with its own dates and ids`() throws {
    let world = try TestWorld()
    world.run("fork exercise 9")
    let visible = try #require(
      try world.texts(
        "SELECT event_id FROM lake.silver.events WHERE event_name = 'purchase_completed' AND dt = DATE '2024-01-15' ORDER BY 1"
      ).first)
    world.run("clock +2h")
    world.run(
      """
      CREATE TABLE memory.default.picked AS SELECT * FROM lake.silver.events
      WHERE event_id = '\(visible)' AND dt = DATE '2024-01-15';
      """)
    world.run("clock 2024-01-17T05:00")
    let model = world.worldPath + "/pipeline/models/marts/daily_activity.sql"
    let text = try String(contentsOfFile: model, encoding: .utf8)
    try text.replacing("revenue_krw,", with: "revenue_krw + 1 AS revenue_krw,")
      .write(toFile: model, atomically: true, encoding: .utf8)
    let host = world.shell.gradingHost()
    let changes = try host.changes(since: "exercise 9")
    #expect(changes.files.map(\.path) == ["models/marts/daily_activity.sql"])
    try #require(changes.commands.count == 3)
    #expect(changes.commands[0].line == "clock +7200s")
    #expect(changes.commands[2].line == "clock +\(Int(17.5 * 3_600) + 20 * 60)s")

    let hidden = try host.open(
      WorldRequest(
        origin: .made(seed: 77, day: "2024-02-29", size: "xs", versionShift: 1)))
    #expect(hidden.description.day == "2024-02-29")
    let theirs = try #require(
      try Self.first(
        hidden,
        "SELECT event_id FROM lake.silver.events WHERE event_name = 'purchase_completed' AND dt = DATE '2024-02-29' ORDER BY 1"))
    let replies = try hidden.apply(
      changes, rebinding: ["2024-01-15": "2024-02-29", visible: theirs])
    #expect(replies.allSatisfy { $0.exitCode == 0 }, "\(replies)")
    #expect(
      try Self.first(
        hidden, "SELECT event_id FROM memory.default.picked WHERE dt = DATE '2024-02-29'") == theirs)
    #expect(
      try Self.first(
        hidden,
        """
        SELECT b.revenue_krw - a.revenue_krw FROM warehouse.mart.daily_activity AS b
        JOIN lake.gold.daily_metrics AS a ON a.dt = b.dt AND a.app_id = b.app_id
        WHERE b.dt = DATE '2024-03-01'
        """) == "1")
    // The clock stands where the learner's stands, counted from the world's start.
    #expect(hidden.description.day == "2024-03-01")
    hidden.close()
    // And the learner's world was only read.
    #expect(try host.changes(since: "exercise 9") == changes)
  }

  @Test func `a change since a fork that lies ahead is refused`() throws {
    let world = try TestWorld()
    world.run("fork first")
    world.run("app track search")
    world.run("fork second")
    world.run("rewind first --yes")
    world.run("app track login")
    let host = world.shell.gradingHost()
    #expect(throws: (any Error).self) { try host.changes(since: "second") }
    #expect(try host.changes(since: "first").commands.map(\.line) == ["app track login"])
    #expect(throws: (any Error).self) { try host.changes(since: "third") }
  }

  static func first(_ world: any GradingWorld, _ sql: String) throws -> String? {
    switch try world.query(sql).rows.first?.first {
    case .text(let text)?: text
    case .integer(let number)?: String(number)
    default: nil
    }
  }
}
