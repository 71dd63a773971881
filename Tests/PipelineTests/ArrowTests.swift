import Commands
import Foundation
import Testing

/// Each arrow of the picture, cut in turn: what is changed at one station while the program is
/// stopped shows at everything downstream after the next night, and at nothing upstream.
struct ArrowTests {
  private func remove(_ path: String) throws {
    try FileManager.default.removeItem(atPath: path)
  }

  /// Cuts the end off a partition's last segment, as a crash that lost a write would.
  private func cutTail(of partition: String, in world: TestWorld, bytes: UInt64) throws {
    let kafka = world.worldPath + "/kafka"
    let directory = kafka + "/" + partition
    let segment = try #require(
      try FileManager.default.contentsOfDirectory(atPath: directory).sorted().last {
        $0.hasSuffix(".log")
      })
    let file = try #require(FileHandle(forUpdatingAtPath: directory + "/" + segment))
    try file.truncate(atOffset: try file.seekToEnd() - bytes)
    try file.close()
    // The mark of a clean end is no longer true.
    for name in try FileManager.default.contentsOfDirectory(atPath: kafka)
    where name.contains("clean") { try remove(kafka + "/" + name) }
  }

  @Test func `phone to collector: an event deleted from the queue never arrives`() throws {
    let world = try TestWorld()
    world.run(JourneyTests.purchase)
    let before = try world.stations()
    #expect(before["phone_queue"] == 1)
    try world.restart {
      for file in try FileManager.default.contentsOfDirectory(atPath: world.worldPath + "/phone")
      where !file.hasSuffix(".ndjson") {
        try remove(world.worldPath + "/phone/" + file)
      }
    }
    #expect(try world.stations()["phone_queue"] == 0)
    world.run("app background")
    #expect(try world.stations()["kafka_records"] == before["kafka_records"])
  }

  @Test func `log to lake: records cut from the log never reach Bronze`() throws {
    let world = try TestWorld()
    world.run("clock +2h")
    world.run("clock +20m")
    let before = try world.stations()
    let lag = try #require(before["ingest_lag"])
    #expect(lag > 0)
    let kept = before["kafka_records"]
    try world.restart { try cutTail(of: "app-events-0", in: world, bytes: 300) }
    let said = world.run("clock").text
    #expect(said.contains("app-events-0"), "the start says what it mended: \(said)")
    #expect(!world.run("clock").text.contains("app-events-0"), "once")
    let after = try world.stations()
    let lost = (kept ?? 0) - (after["kafka_records"] ?? 0)
    #expect(lost > 0)
    #expect(after["bronze_lines"] == before["bronze_lines"])
    world.run("dag run ingest")
    #expect(try world.stations()["bronze_lines"] == (before["bronze_lines"] ?? 0) + lag - lost)
  }

  @Test func `log to live tile: the tile is read from the log`() throws {
    let world = try TestWorld()
    world.run(JourneyTests.purchase)
    world.run("app background")
    let before = try world.tile("live")
    let nightly = try world.tile("nightly")
    let partition = try #require(
      try world.texts(
        """
        SELECT CAST(partition AS varchar) FROM system.kafka.records
        WHERE topic = 'app-events' AND event_name = 'purchase_completed'
        ORDER BY append_time DESC LIMIT 1
        """
      ).first)
    // The purchase is the last record of its partition: cutting the tail takes it away.
    try world.restart { try cutTail(of: "app-events-" + partition, in: world, bytes: 40) }
    let after = try world.tile("live")
    #expect(after["purchases"] == (before["purchases"] ?? 0) - 1)
    #expect(after["revenue_krw"] == (before["revenue_krw"] ?? 0) - 29_900)
    #expect(try world.tile("nightly") == nightly)
  }

  @Test func `Bronze to Silver: an object removed before the night is missing from then on`() throws {
    let world = try TestWorld()
    world.run("clock +5h")
    let before = try world.stations()
    var removed = 0
    try world.restart {
      let hour = world.worldPath + "/lake/raw/events/year=2024/month=01/day=16/hour=02"
      for name in try FileManager.default.contentsOfDirectory(atPath: hour) {
        let parts = name.dropLast(8).split(separator: "-")
        let first = try #require(Int(parts[parts.count - 2]))
        let last = try #require(Int(parts[parts.count - 1]))
        removed += last - first + 1
      }
      try remove(hour)
    }
    #expect(removed > 0)
    let after = try world.stations()
    #expect(after["bronze_lines"] == (before["bronze_lines"] ?? 0) - removed)
    #expect(after["kafka_records"] == before["kafka_records"])
    world.run("dag run nightly")
    let stations = try world.stations()
    // What came twice is there once.
    let distinct = try world.count("SELECT count(DISTINCT event_id) FROM lake.bronze.events")
    #expect(stations["silver_rows"].map(Int64.init) == distinct)
    #expect(distinct < Int64((stations["kafka_records"] ?? 0) - removed))
    #expect(
      try world.count("SELECT sum(events) FROM warehouse.mart.daily_activity")
        == stations["silver_rows"].map(Int64.init))
  }

  @Test func `Silver to Gold and warehouse: a day taken out of Silver is taken out of all that follows`()
    throws
  {
    let world = try TestWorld()
    world.run("clock +1d")
    world.run("dag run nightly")  // what the morning brought, so that only the edit is new
    let before = try world.stations()
    let day = "dt = DATE '2024-01-16'"
    #expect(try world.count("SELECT count(*) FROM warehouse.mart.fact_purchase WHERE \(day)") > 0)
    let rows = try world.count("SELECT count(*) FROM lake.silver.events WHERE \(day)")
    try world.restart {
      try DeltaEdit.removePartition(
        "2024-01-16", of: world.worldPath + "/lake/processed/events")
    }
    #expect(
      try world.stations()["silver_rows"].map(Int64.init)
        == Int64(before["silver_rows"] ?? 0) - rows)
    #expect(
      try world.count("SELECT count(*) FROM warehouse.mart.fact_purchase WHERE \(day)") > 0,
      "the warehouse changes with the next run, not before")
    world.run("dag run nightly")
    #expect(try world.count("SELECT count(*) FROM lake.gold.daily_metrics WHERE \(day)") == 0)
    #expect(try world.count("SELECT count(*) FROM warehouse.mart.fact_purchase WHERE \(day)") == 0)
    #expect(try world.count("SELECT count(*) FROM warehouse.mart.daily_activity WHERE \(day)") == 0)
    #expect(try world.tile("nightly", "--day 2024-01-17")["purchases"] == 0)
    let after = try world.stations()
    #expect(after["bronze_lines"] == before["bronze_lines"])
    #expect(after["kafka_records"] == before["kafka_records"])
  }

  @Test func `Gold to warehouse: a day taken out of Gold leaves the mart, and Silver stays`() throws {
    let world = try TestWorld()
    world.run("clock +1d")
    world.run("dag run nightly")
    let silver = try world.stations()["silver_rows"]
    let day = "dt = DATE '2024-01-16'"
    try world.restart {
      try DeltaEdit.removePartition(
        "2024-01-16", of: world.worldPath + "/lake/aggregated/daily_metrics")
    }
    #expect(try world.count("SELECT count(*) FROM warehouse.mart.daily_activity WHERE \(day)") == 1)
    world.run("dag run nightly")
    #expect(try world.count("SELECT count(*) FROM warehouse.mart.daily_activity WHERE \(day)") == 0)
    #expect(try world.stations()["silver_rows"] == silver)
    #expect(try world.tile("activity", "--day 2024-01-17")["events"] == 0)
  }

  @Test func `an edited model changes nothing by a rerun, and every day by a full refresh`() throws {
    let world = try TestWorld()
    world.run("clock +1d")
    world.run("dag run nightly")
    func purchases() throws -> Int64 {
      try world.count("SELECT count(*) FROM warehouse.mart.fact_purchase")
    }
    let all = try purchases()
    #expect(all > 0)
    let file = world.worldPath + "/pipeline/models/marts/fact_purchase.sql"
    let text = try String(contentsOfFile: file, encoding: .utf8)
    let wanted = "WHERE event_name = 'purchase_completed'"
    try text.replacing(wanted, with: wanted + " AND quantity < 0")
      .write(toFile: file, atomically: true, encoding: .utf8)
    world.run("dag run nightly")
    #expect(try purchases() == all)
    world.run("dag run nightly --full-refresh")
    #expect(try purchases() == 0)
    try text.write(toFile: file, atomically: true, encoding: .utf8)
    world.run("dag run nightly --full-refresh")
    #expect(try purchases() == all)
    #expect(world.run("dag show nightly --full-refresh").status == .usage)
  }

  @Test func `warehouse to dashboard: the tile shows what the table holds when it is looked at`() throws {
    let world = try TestWorld()
    let before = try world.stations()
    #expect((try world.tile("nightly")["purchases"] ?? 0) > 0)
    try world.restart {
      try DeltaEdit.removePartition(
        "2024-01-15", of: world.worldPath + "/warehouse/mart/fact_purchase")
    }
    #expect(try world.tile("nightly")["purchases"] == 0)
    let after = try world.stations()
    #expect(after["silver_rows"] == before["silver_rows"])
    #expect(after["gold_rows"] == before["gold_rows"])
  }
}

/// Edits a Delta table as another program would: by writing the next commit file by hand.
enum DeltaEdit {
  static func removePartition(_ day: String, of table: String) throws {
    let log = table + "/_delta_log"
    let commits = try FileManager.default.contentsOfDirectory(atPath: log)
      .filter { $0.hasSuffix(".json") && $0.count == 25 }.sorted()
    var live: [String: [String: Any]] = [:]
    for commit in commits {
      let text = try String(contentsOfFile: log + "/" + commit, encoding: .utf8)
      for line in text.split(separator: "\n") {
        let action = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
        if let add = action?["add"] as? [String: Any], let path = add["path"] as? String {
          live[path] = add
        }
        if let remove = action?["remove"] as? [String: Any], let path = remove["path"] as? String {
          live[path] = nil
        }
      }
    }
    var lines: [String] = []
    for (path, add) in live.sorted(by: { $0.key < $1.key }) {
      guard let values = add["partitionValues"] as? [String: Any],
        values["dt"] as? String == day
      else { continue }
      let remove: [String: Any] = [
        "remove": [
          "path": path, "deletionTimestamp": 1_705_400_000_000, "dataChange": true,
        ]
      ]
      lines.append(
        String(decoding: try JSONSerialization.data(withJSONObject: remove), as: UTF8.self))
    }
    guard !lines.isEmpty else { throw TestFailure("no file of \(day) in \(table)") }
    let next = String(commits.count)
    let name = String(repeating: "0", count: 20 - next.count) + next + ".json"
    try (lines.joined(separator: "\n") + "\n").write(
      toFile: log + "/" + name, atomically: true, encoding: .utf8)
  }
}
