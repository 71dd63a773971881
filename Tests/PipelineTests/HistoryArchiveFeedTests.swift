import Commands
import Foundation
import Platform
import Terminal
import TestSupport
import Testing

/// The archive of the year before lies in the lake once somebody has read it, and not a moment earlier.
struct HistoryArchiveFeedTests {
  private static func objects(_ world: TestWorld) -> [String] {
    let path = world.worldPath + "/lake/archive"
    return (FileManager.default.subpaths(atPath: path) ?? []).filter { $0.hasSuffix(".json.gz") }
      .sorted()
  }

  @Test func `is made by the first reader, whole and once`() throws {
    let world = try TestWorld()
    #expect(!FileManager.default.fileExists(atPath: world.worldPath + "/lake/archive"))
    // To look at its shape is not to read it.
    #expect(world.run("SHOW TABLES FROM lake.archive;").text.contains("monthly_metrics"))
    #expect(world.run("DESCRIBE lake.archive.events;").text.contains("received_at"))
    #expect(world.run("EXPLAIN SELECT * FROM lake.archive.events;").status == .success)
    let before = try world.stations()
    #expect(Self.objects(world).isEmpty)

    let rows = try world.count("SELECT count(*) FROM lake.archive.events")
    #expect((10_000...60_000).contains(rows))
    #expect(Self.objects(world).count == 24)
    #expect(Self.objects(world).first == "events/year=2023/month=01/day=09/part-00000.json.gz")
    #expect(try world.count("SELECT count(*) FROM lake.archive.monthly_metrics") == 36)
    #expect(
      try world.count(
        "SELECT count(*) FROM (SELECT month FROM lake.archive.monthly_metrics GROUP BY month HAVING sum(purchases) > 0)"
      )
        == 12
    )
    // Its lines are like those of Bronze, and nothing of it is mistaken for them.
    #expect(
      try world.count(
        """
        SELECT count(*) FROM lake.archive.events
        WHERE json_extract_scalar(json, '$.event_name') = event_name
          AND year(received_at) IN (2023, 2024) AND event_id IS NOT NULL
        """
      ) == rows
    )
    #expect(try world.stations() == before)
    world.run("clock +20h")
    #expect(
      try world.count("SELECT count(*) FROM lake.silver.events WHERE dt < DATE '2024-01-01'") == 0
    )

    // What is there is read as it is; what is missing of it is not made a second time.
    let dates = try Self.objects(world).map { try Self.modified(world, $0) }
    try world.restart()
    #expect(try world.count("SELECT count(*) FROM lake.archive.events") == rows)
    #expect(try Self.objects(world).map { try Self.modified(world, $0) } == dates)
  }

  private static func modified(_ world: TestWorld, _ object: String) throws -> Date? {
    try FileManager.default.attributesOfItem(atPath: world.worldPath + "/lake/archive/" + object)[
      .modificationDate
    ] as? Date
  }

  @Test func `one that was cut short is finished by the next reader`() throws {
    let world = try TestWorld()
    let sql = "SELECT count(*) FROM lake.archive.events"
    let rows = try world.count(sql)
    try world.restart {
      // Half of the objects and no table: what a kill in the middle leaves.
      let path = world.worldPath + "/lake/archive/"
      for object in Self.objects(world).suffix(12) {
        try FileManager.default.removeItem(atPath: path + object)
      }
      try FileManager.default.removeItem(atPath: path + "monthly_metrics")
    }
    #expect(try world.count(sql) == rows)
    #expect(Self.objects(world).count == 24)
    #expect(try world.count("SELECT count(*) FROM lake.archive.monthly_metrics") == 36)
  }
}
