import Commands
import Foundation
import Terminal
import TestSupport
import Testing

/// `catalog` and `parquet`: which files are a table, and what is in one of them.
struct LakeCommandTests {
  private func data(_ world: TestWorld, _ line: String) throws -> Any {
    let text = world.run(line, json: true).text
    let object = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
    return try #require(object?["data"], "\(text)")
  }

  private func record(_ world: TestWorld, _ line: String) throws -> [String: Any] {
    try #require(try data(world, line) as? [String: Any], "\(line)")
  }

  private func say(_ world: TestWorld, _ line: String) -> (text: String, status: Commands.ExitStatus) {
    world.run(line, width: 400)
  }

  /// A Hive-style table with two partitions of two files each.
  private func madeTable(_ world: TestWorld) {
    for line in [
      "CREATE TABLE lake.silver.mine (n bigint, dt varchar) WITH (partitioned_by = ARRAY['dt']);",
      "INSERT INTO lake.silver.mine VALUES (1, '2024-01-15'), (2, '2024-01-16');",
      "INSERT INTO lake.silver.mine VALUES (3, '2024-01-15'), (4, '2024-01-16');",
    ] {
      let reply = say(world, line)
      #expect(reply.status == .success, "\(line): \(reply.text)")
    }
  }

  @Test func `tables say how it is known which files are theirs`() throws {
    let world = try TestWorld()
    madeTable(world)
    let rows = try #require(try data(world, "catalog tables") as? [[String: Any]])
    var kinds: [String: String] = [:]
    for row in rows {
      kinds[try #require(row["table"] as? String)] = row["kind"] as? String
    }
    #expect(kinds["silver.mine"] == "HIVE" && kinds["silver.events"] == "DELTA")
    #expect(kinds["bronze.events"] == "FILES")
    #expect(say(world, "catalog tables gold").text.contains("gold.daily_metrics"))
    let refused = say(world, "catalog tables nowhere")
    #expect(refused.status == .usage && refused.text.contains("SHOW SCHEMAS"), "\(refused.text)")
  }

  @Test func `files in a directory are no rows until the directory is a partition`() throws {
    let world = try TestWorld()
    madeTable(world)
    let from = try #require(
      try world.texts(
        "SELECT min(key) FROM system.lake.objects WHERE key LIKE 'processed/mine/dt=2024-01-15/%'"
      ).first)
    func rows() throws -> Int64 { try world.count("SELECT count(*) FROM lake.silver.mine") }
    #expect(say(world, "s3 cp s3://lake/\(from) s3://lake/processed/mine/dt=2024-01-17/a.parquet").status == .success)
    #expect(try rows() == 4)
    let synced = try record(world, "catalog sync silver.mine")
    #expect(synced["added"] as? [String] == ["dt=2024-01-17"] && synced["dropped"] as? [String] == [])
    #expect(try rows() == 5)
    #expect(say(world, "catalog sync silver.mine").text.contains("Nothing was changed"))
    // Another letter case is another directory.
    #expect(say(world, "s3 mv s3://lake/processed/mine/dt=2024-01-17 s3://lake/processed/mine/DT=2024-01-18 --recursive").status == .success)
    #expect(try record(world, "catalog sync silver.mine")["added"] as? [String] == [])
    #expect(
      try record(world, "catalog sync silver.mine ADD --any-case")["added"] as? [String]
        == ["dt=2024-01-18"])
    #expect(
      try record(world, "catalog sync lake.silver.mine drop")["dropped"] as? [String]
        == ["dt=2024-01-17"])
    #expect(try rows() == 5)
  }

  @Test func `a partition is dropped and registered by its name, and its files stay`() throws {
    let world = try TestWorld()
    madeTable(world)
    func rows() throws -> Int64 { try world.count("SELECT count(*) FROM lake.silver.mine") }
    #expect(say(world, "catalog drop silver.mine dt=2024-01-15").text.contains("files stay"))
    #expect(try rows() == 2)
    #expect(say(world, "catalog register silver.mine dt=2024-01-15").status == .success)
    #expect(try rows() == 4)
    for (line, why) in [
      ("catalog register silver.mine dt=2024-01-15", "already"),
      ("catalog drop silver.mine dt=2023-01-01", "does not exist"),
      ("catalog drop silver.mine day=2024-01-15", "dt=…"),
      ("catalog register silver.mine dt=2024-03-01", "does not exist"),
      ("catalog drop silver.events dt=2024-01-15", "Hive"),
      ("catalog drop silver.none dt=2024-01-15", "SCHEMA.TABLE"),
      ("catalog sync silver.mine SIDEWAYS", "FULL"), ("catalog drop silver.mine", "catalog"),
    ] {
      let refused = say(world, line)
      #expect(refused.status == .usage && refused.text.contains(why), "\(line): \(refused.text)")
    }
    #expect(try rows() == 4)
  }

  @Test func `compaction makes one file of several, and expire removes the old ones later`() throws {
    let world = try TestWorld()
    madeTable(world)
    let before = try world.texts("SELECT n FROM lake.silver.mine ORDER BY n")
    let done = try record(world, "catalog compact silver.mine")
    #expect(done["files_before"] as? Int == 4 && done["files_after"] as? Int == 2)
    #expect(try world.texts("SELECT n FROM lake.silver.mine ORDER BY n") == before)
    #expect(say(world, "catalog compact silver.mine").text.contains("no partition"))
    #expect(say(world, "catalog expire silver.mine").text.contains("nothing to remove"))
    #expect(say(world, "catalog expire silver.mine --older-than 0d").status == .usage)
    world.run("clock +8d")
    let dry = try record(world, "catalog expire silver.mine --dry-run")
    #expect((dry["files"] as? [String])?.count == 4 && dry["dry_run"] as? Bool == true)
    #expect((try record(world, "catalog expire silver.mine")["files"] as? [String])?.count == 4)
    #expect(try world.texts("SELECT n FROM lake.silver.mine ORDER BY n") == before)
    #expect(
      try world.count(
        "SELECT count(*) FROM system.lake.objects WHERE key LIKE 'processed/mine/%.parquet'") == 2)
  }

  @Test func `a Delta table goes back to a version, and what came in between stays in its history`()
    throws
  {
    let world = try TestWorld()
    let versions = try #require(
      try data(world, "catalog snapshots silver.events") as? [[String: Any]])
    let newest = try #require(versions.last?["version"] as? Int)
    #expect(versions.count > 1 && versions.last?["rows"] is Int)
    let target = newest - 1
    let rows = try #require(versions[versions.count - 2]["rows"] as? Int)
    let back = try record(world, "catalog rollback silver.events \(target)")
    #expect(back["restored_version"] as? Int == target)
    #expect(try world.count("SELECT count(*) FROM lake.silver.events") == Int64(rows))
    let after = try #require(
      try data(world, "catalog snapshots silver.events") as? [[String: Any]])
    #expect(after.count >= versions.count)
    let refused = say(world, "catalog rollback silver.events 999999")
    #expect(refused.status == .usage && refused.text.contains("\(after.count - 1)"), "\(refused.text)")
    madeTable(world)
    #expect(say(world, "catalog rollback silver.mine 0").status == .usage)
    #expect(say(world, "catalog snapshots silver.mine").text.contains("create_table"))
    #expect(say(world, "catalog snapshots bronze.events").status == .usage)
  }

  @Test func `vacuum keeps what is young, unless it is forced`() throws {
    let world = try TestWorld()
    let files = { try world.count("SELECT count(*) FROM system.lake.objects WHERE key LIKE 'processed/events/dt=%'") }
    let before = try files()
    let refused = say(world, "catalog expire silver.events --older-than 1h")
    #expect(refused.status != .success && refused.text.contains("--force"), "\(refused.text)")
    let rows = try world.count("SELECT count(*) FROM lake.silver.events")
    #expect(say(world, "catalog expire silver.events --older-than 0s --dry-run --force").status == .success)
    #expect(try files() == before)
    #expect(say(world, "catalog expire silver.events --older-than 0s --force").status == .success)
    #expect(try world.count("SELECT count(*) FROM lake.silver.events") == rows)
  }

  @Test func `meta tells the bytes of each column, and they add up to the row groups`() throws {
    let world = try TestWorld()
    let key = try #require(
      try world.texts(
        "SELECT key FROM system.lake.objects WHERE key LIKE 'processed/events/%.parquet' ORDER BY size DESC LIMIT 1"
      ).first)
    let meta = try record(world, "parquet meta \(key)")
    let columns = try #require(meta["columns"] as? [[String: Any]])
    let groups = try #require(meta["row_groups"] as? [[String: Any]])
    func sum(_ rows: [[String: Any]], _ name: String) -> Int {
      rows.reduce(0) { $0 + ($1[name] as? Int ?? 0) }
    }
    #expect(sum(columns, "compressed_bytes") == sum(groups, "compressed_bytes"))
    #expect(sum(columns, "uncompressed_bytes") == sum(groups, "uncompressed_bytes"))
    #expect(meta["rows"] as? Int == sum(groups, "rows"))
    #expect(columns.allSatisfy { ($0["encodings"] as? [String])?.isEmpty == false })
    #expect(columns.contains { $0["column"] as? String == "event_id" })
    #expect((meta["requests"] as? [String: Int])?["HeadObject"] == 1)
    let text = say(world, "parquet meta s3://lake/\(key)").text
    #expect(text.contains("event_id") && text.contains("#") && text.contains("ZSTD"), "\(text)")
  }

  @Test func `stats are the bounds that SQL finds, and a text is no Parquet file`() throws {
    let world = try TestWorld()
    world.run("CREATE TABLE lake.silver.few AS SELECT n, nullif(n, 2) AS odd FROM (VALUES 1, 2, 3) AS t (n);")
    let key = try #require(
      try world.texts("SELECT key FROM system.lake.objects WHERE key LIKE 'processed/few/%.parquet'").first)
    let rows = try #require(try record(world, "parquet stats \(key)")["statistics"] as? [[String: Any]])
    #expect(rows.map { $0["min"] as? String } == ["1", "1"])
    #expect(rows.map { $0["max"] as? String } == ["3", "3"])
    #expect(rows.map { $0["nulls"] as? Int } == [0, 1])
    #expect(
      (try record(world, "parquet stats \(key) --column odd")["statistics"] as? [Any])?.count == 1)
    let refused = say(world, "parquet stats \(key) --column od")
    #expect(refused.status == .usage && refused.text.contains("odd"))
    let bronze = try #require(
      try world.texts("SELECT min(key) FROM system.lake.objects WHERE key LIKE 'raw/%'").first)
    #expect(say(world, "parquet meta \(bronze)").text.contains("not a Parquet file"))
    #expect(say(world, "parquet meta processed/few/none.parquet").status == .usage)
  }

  @Test(arguments: [Language.ko, .en])
  func `catalog and parquet answer in the learner's language`(language: Language) throws {
    let world = try TestWorld(language: language)
    madeTable(world)
    let key = try #require(
      try world.texts("SELECT min(key) FROM system.lake.objects WHERE key LIKE 'processed/%.parquet'").first)
    for line in [
      "catalog", "catalog partitions silver.mine", "catalog partitions silver.events",
      "catalog snapshots silver.mine", "catalog sync silver.mine", "catalog compact silver.mine",
      "catalog expire silver.mine", "catalog drop silver.mine dt=2024-01-15",
      "catalog register silver.mine dt=2024-01-15", "catalog rollback silver.events 0",
      "catalog partitions bronze.events", "parquet meta \(key)", "parquet stats \(key)",
      "parquet", "help catalog", "help parquet",
    ] {
      let text = world.run(line).text
      #expect(!text.isEmpty && !text.contains("[[") && !text.contains(/\{[a-z_]+\}/), "\(line): \(text)")
    }
  }

  @Test func `Tab offers tables, modes and partitions`() throws {
    let world = try TestWorld()
    madeTable(world)
    func offered(_ line: String) -> [String] {
      world.shell.completions(line: line, cursor: line.count).candidates
    }
    #expect(offered("catalog sync silver.mi") == ["silver.mine"])
    #expect(offered("catalog sync silver.mine F") == ["FULL"])
    #expect(offered("catalog drop silver.mine ") == ["dt=2024-01-15", "dt=2024-01-16"])
    #expect(offered("parquet meta proc") == ["processed/"])
  }
}
