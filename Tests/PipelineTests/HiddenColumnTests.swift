import Commands
import Testing

/// `"$path"` and its like: there when they are named, in nobody's way when they are not.
struct HiddenColumnTests {
  @Test func `a row's file is the object that the lake lists`() throws {
    let world = try TestWorld()
    let files = try world.texts(
      "SELECT DISTINCT \"$path\" FROM warehouse.mart.fact_purchase ORDER BY 1")
    #expect(!files.isEmpty && files.allSatisfy { $0.hasSuffix(".parquet") })
    let silver = try world.count("SELECT count(DISTINCT \"$path\") FROM lake.silver.events")
    let listed = try world.count(
      """
      SELECT count(*) FROM lake.silver.events s
      JOIN system.lake.objects o ON o.key = s."$path" AND o.size = s."$file_size"
      """)
    let rows = try world.count("SELECT count(*) FROM lake.silver.events")
    #expect(silver > 0 && listed == rows)
  }

  @Test func `a star, a view of columns and a natural join do not know them`() throws {
    let world = try TestWorld()
    world.run("output csv")
    let described = world.run("DESCRIBE lake.gold.daily_metrics;").text.split(separator: "\n")
    let columns = described.count - 1
    #expect(columns > 3 && !described.contains { $0.hasPrefix("$") })
    for query in [
      "SELECT * FROM lake.gold.daily_metrics", "SELECT m.* FROM lake.gold.daily_metrics m",
      "TABLE lake.gold.daily_metrics", "SELECT * FROM (SELECT * FROM lake.gold.daily_metrics)",
      "SELECT * FROM lake.gold.daily_metrics a NATURAL JOIN lake.gold.daily_metrics b",
      "TABLE lake.gold.daily_metrics UNION SELECT * FROM lake.gold.daily_metrics",
    ] {
      let head = world.run(query + ";").text.split(separator: "\n").first ?? ""
      #expect(head.split(separator: ",").count == columns, "\(query): \(head)")
      #expect(!head.contains("$"), "\(query)")
    }
    let renamed = world.run("SELECT a FROM lake.gold.daily_metrics AS t(a);").text
    #expect(renamed.contains("has \(columns) columns available"), "\(renamed)")
    let both = world.run(
      "SELECT t.*, t.\"$path\" FROM lake.gold.daily_metrics AS t ORDER BY 1 LIMIT 1;")
    #expect(both.text.contains("daily_metrics/"), "\(both.text)")
  }
}
