import Columnar
import Connector
import Foundation
import Lake
import ObjectStorage
import Testing

/// Partitions are pruned by their values, Parquet files by their statistics; columns go by name.
struct HiveReadingTests {
  private let lake: HiveLake
  private let purchases = HiveTableName("silver", "purchases")

  init() throws {
    lake = try HiveLake()
  }

  private func explain(_ query: String) throws -> [String] {
    try lake.sql("EXPLAIN " + query).map { $0.trimmingCharacters(in: .whitespaces) }
      .filter { $0.hasPrefix("partitions: ") || $0.hasPrefix("files: ") }
  }

  /// Three days: two files, one file, none.
  private func makeDays() throws {
    try lake.makePurchases()
    let directory = "processed/purchases/dt=2024-01-"
    try lake.put(directory + "14/a.parquet", HiveLake.data, numbers([1, 10], [2, 20]))
    try lake.put(directory + "14/b.parquet", HiveLake.data, numbers([3, 30]))
    try lake.put(directory + "15/a.parquet", HiveLake.data, numbers([4, 40], [5, 50]))
    for day in ["2024-01-14", "2024-01-15"] {
      try lake.hive.registerPartition(purchases, columns: ["dt"], values: [day])
    }
    try lake.hive.createEmptyPartition(purchases, columns: ["dt"], values: ["2024-01-16"])
  }

  @Test func `EXPLAIN says which partitions and files are read, of all`() throws {
    try makeDays()
    #expect(try explain("SELECT * FROM purchases") == ["partitions: 3 of 3", "files: 3 of 3"])
    #expect(
      try explain("SELECT * FROM purchases WHERE dt = DATE '2024-01-14'")
        == ["partitions: 1 of 3", "files: 2 of 3"])
    #expect(
      try explain("SELECT * FROM purchases WHERE dt > DATE '2024-01-14' AND amount > 45")
        == ["partitions: 2 of 3", "files: 1 of 3"])
    #expect(
      try explain("SELECT * FROM purchases WHERE amount = 30")
        == ["partitions: 3 of 3", "files: 1 of 3, 2 ruled out by statistics"])
    #expect(
      try explain("SELECT * FROM purchases WHERE dt IN (DATE '2020-01-01')")
        == ["partitions: 0 of 3", "files: 0 of 3"])
    // A function around the column hides it: every partition is read.
    #expect(
      try explain("SELECT * FROM purchases WHERE day(dt) = 14")
        == ["partitions: 3 of 3", "files: 3 of 3"])
  }

  @Test func `pruned or not, a query has the same rows`() throws {
    try makeDays()
    for (condition, ids) in [
      ("dt = DATE '2024-01-14'", ["1", "2", "3"]), ("dt <> DATE '2024-01-14'", ["4", "5"]),
      ("dt >= DATE '2024-01-15'", ["4", "5"]), ("dt < DATE '2024-01-15'", ["1", "2", "3"]),
      ("dt IS NULL", []), ("dt IS NOT NULL AND amount BETWEEN 20 AND 40", ["2", "3", "4"]),
      ("dt IN (DATE '2024-01-15', DATE '2024-01-16')", ["4", "5"]), ("amount > 45", ["5"]),
      ("amount IS NULL", []), ("dt > DATE '2024-01-15'", []),
    ] {
      #expect(
        try lake.sql("SELECT id FROM purchases WHERE \(condition) ORDER BY id") == ids, "\(condition)")
    }
    #expect(try lake.sql("SELECT count(*) FROM purchases") == ["5"])
    #expect(
      try lake.sql("SELECT dt, count(*) FROM purchases GROUP BY dt ORDER BY dt")
        == ["2024-01-14|3", "2024-01-15|2"])
  }

  @Test func `files that a predicate excludes are not opened at all`() throws {
    try makeDays()
    // Not Parquet any more: opening it would fail.
    try lake.put("processed/purchases/dt=2024-01-15/a.parquet", text: "PAR1 no more")
    #expect(
      try lake.sql("SELECT sum(amount) FROM purchases WHERE dt = DATE '2024-01-14'") == ["60"])
    let error = #expect(throws: HiveError.self) {
      try lake.sql("SELECT sum(amount) FROM purchases")
    }
    #expect(error?.kind == .badData)
    #expect(error?.file == "processed/purchases/dt=2024-01-15/a.parquet")
  }

  @Test func `values come out of directory names, decoded, typed and NULL`() throws {
    try lake.sql(
      "CREATE TABLE places (n bigint, city varchar, zone integer, active boolean) "
        + "WITH (partitioned_by = ARRAY['city', 'zone', 'active'])")
    let one = Schema([Field("n", .bigint)])
    let root = "processed/places/"
    try lake.put(root + "city=a%2Fb%3Dc%25/zone=01/active=true/f", one, numbers([1]))
    try lake.put(
      root + "city=__HIVE_DEFAULT_PARTITION__/zone=-5/active=false/f", one, numbers([2]))
    try lake.put(root + "city=100%/zone=7/active=true/f", one, numbers([3]))
    try lake.sql("CALL system.sync_partition_metadata('silver', 'places', 'ADD')")
    #expect(
      try lake.sql("SELECT n, city, zone, active FROM places ORDER BY n")
        == ["1|a/b=c%|1|true", "2|NULL|-5|false", "3|100%|7|true"])
    #expect(try lake.sql("SELECT n FROM places WHERE city IS NULL") == ["2"])
    #expect(try lake.sql("SELECT n FROM places WHERE zone = 1 AND active") == ["1"])
    #expect(try lake.sql("SELECT n FROM places WHERE city = 'a/b=c%'") == ["1"])
  }

  @Test func `a row says from which file and partition it comes`() throws {
    try makeDays()
    let rows = try lake.sql(
      #"SELECT id, "$path", "$partition", "$file_size" > 100, "$file_modified_time" "#
        + "FROM purchases WHERE id = 3")
    #expect(
      rows == [
        "3|s3://lake/processed/purchases/dt=2024-01-14/b.parquet|dt=2024-01-14|true|"
          + "2024-01-16 00:10:00.000 UTC"
      ])
    #expect(try lake.sql("SELECT * FROM purchases WHERE id = 3") == ["3|30|2024-01-14"])
  }

  @Test func `what the catalog knows of rows and days serves the planner`() throws {
    try lake.makePurchases()
    try lake.sql(
      "INSERT INTO purchases VALUES (1, 10, DATE '2024-01-14'), (2, 20, DATE '2024-01-15'), "
        + "(3, 30, DATE '2024-01-15')")
    #expect(
      try lake.sql("SHOW STATS FOR purchases").map { $0.replacingOccurrences(of: "NULL", with: "-") }
        == [
          "id|-|-|-|-|-|-", "amount|-|-|-|-|-|-", "dt|-|2.0|0.0|-|2024-01-14|2024-01-15",
          "-|-|-|-|3.0|-|-",
        ])
    // Files that nobody counted make the count unknown.
    try lake.put("processed/purchases/dt=2024-01-16/x", HiveLake.data, numbers([9, 9]))
    try lake.hive.registerPartition(purchases, columns: ["dt"], values: ["2024-01-16"])
    #expect(try lake.sql("SHOW STATS FOR purchases").last?.contains("3.0") == false)
  }

  // MARK: Columns

  @Test func `Parquet columns go by name, and those a file lacks are NULL`() throws {
    try lake.makePurchases()
    let other = Schema([
      Field("Amount", .bigint), Field("extra", .varchar), Field("id", .bigint),
    ])
    try lake.put(
      "processed/purchases/dt=2024-01-15/a", other, [[.integer(7), .text("x"), .integer(1)]])
    try lake.put(
      "processed/purchases/dt=2024-01-15/b", Schema([Field("id", .bigint)]), numbers([2]))
    try lake.hive.registerPartition(purchases, columns: ["dt"], values: ["2024-01-15"])
    #expect(try lake.sql("SELECT id, amount FROM purchases ORDER BY id") == ["1|7", "2|NULL"])
    try lake.sql("ALTER TABLE purchases ADD COLUMN extra varchar")
    #expect(
      try lake.sql("SELECT * FROM purchases ORDER BY id")
        == ["1|7|x|2024-01-15", "2|NULL|NULL|2024-01-15"])
    try lake.sql("ALTER TABLE purchases DROP COLUMN extra")
    #expect(try lake.sql("SELECT * FROM purchases WHERE id = 1") == ["1|7|2024-01-15"])
  }

  @Test func `a column renamed in the table alone is NULL in the files before`() throws {
    try lake.makePurchases()
    try lake.sql("INSERT INTO purchases VALUES (1, 10, DATE '2024-01-15')")
    try lake.sql("ALTER TABLE purchases RENAME COLUMN amount TO price")
    try lake.sql("INSERT INTO purchases VALUES (2, 20, DATE '2024-01-15')")
    #expect(try lake.sql("SELECT id, price FROM purchases ORDER BY id") == ["1|NULL", "2|20"])
  }

  @Test func `values that a changed type cannot hold are NULL, in silence`() throws {
    try lake.sql("CREATE TABLE prices (price bigint, day date) WITH (format = 'PARQUET')")
    try lake.put(
      "processed/prices/old.parquet",
      Schema([Field("price", .varchar), Field("day", .varchar)]),
      [[.text("12"), .text("2024-01-15")], [.text("n/a"), .text("15 Jan")]])
    try lake.put(
      "processed/prices/older.parquet",
      Schema([Field("price", .integer), Field("day", .timestamp)]),
      [[.integer(5), .integer(86_400_000_000)]])
    #expect(
      try lake.sql("SELECT * FROM prices ORDER BY price")
        == ["5|1970-01-02", "12|2024-01-15", "NULL|NULL"])
    // A statistic of the file's text proves nothing about numbers.
    #expect(try lake.sql("SELECT price FROM prices WHERE price > 4").sorted() == ["12", "5"])
  }

  @Test func `a type that cannot become the table's is an error with the file's name`() throws {
    try lake.sql("CREATE TABLE flags (ok boolean)")
    try lake.put("processed/flags/f.parquet", Schema([Field("ok", .double)]), [[.double(1)]])
    let error = #expect(throws: HiveError.self) { try lake.sql("SELECT ok FROM flags") }
    #expect(error?.kind == .badData && error?.file == "processed/flags/f.parquet")
    #expect(error?.message == "Column \"ok\" is double in this file, and boolean in the table.")
    // A query without the column does not care.
    #expect(try lake.sql("SELECT count(*) FROM flags") == ["1"])
  }

  @Test func `fields of rows go by name too`() throws {
    try lake.sql(
      "CREATE TABLE nested (id bigint, p row(price bigint, currency varchar, note varchar), "
        + "tags array(bigint))")
    let type = DataType.row([Field("CURRENCY", .varchar), Field("price", .integer)])
    try lake.put(
      "processed/nested/a",
      Schema([Field("id", .bigint), Field("p", type), Field("tags", .array(.integer))]),
      [
        [.integer(1), .row([.text("KRW"), .integer(500)]), .list([.integer(1), .null])],
        [.integer(2), .null, .null],
      ])
    #expect(
      try lake.sql(
        "SELECT id, p.price, p.currency, p.note, p IS NULL, tags FROM nested ORDER BY id")
        == ["1|500|KRW|NULL|false|[1, NULL]", "2|NULL|NULL|NULL|true|NULL"])
  }

  @Test func `a partition whose value is none of its column's type names itself`() throws {
    try lake.makePurchases()
    try makeBrokenValue()
    let error = #expect(throws: HiveError.self) { try lake.sql("SELECT * FROM purchases") }
    #expect(error?.message == "Invalid partition value 'soon' for date partition key: dt.")
  }

  /// As another program may have written it into the catalog.
  private func makeBrokenValue() throws {
    let key = "silver/purchases/0000000000000000000"
    let text = String(decoding: try lake.documents.get(key + "0.json"), as: UTF8.self)
    let partition =
      #""partitions" : [ { "values" : ["soon"], "location" : "s3://lake/x", "#
      + #""createdAt" : "2024-01-16T00:10:00.000Z", "parameters" : {} } ]"#
    let start = try #require(text.range(of: #""partitions" : ["#))
    let end = try #require(text[start.upperBound...].range(of: "]"))
    let broken = text.replacingCharacters(in: start.lowerBound..<end.upperBound, with: partition)
    try lake.documents.put(key + "1.json", Array(broken.utf8))
  }

  @Test func `a file that goes away between planning and reading says so`() throws {
    try makeDays()
    let table = try #require(try lake.hive.table(purchases))
    let splits = try table.splits(for: ScanRequest(columns: [0]))
    try lake.store.delete("processed/purchases/dt=2024-01-15/a.parquet")
    let error = #expect(throws: HiveError.self) { _ = try splits.last?.open() }
    #expect(error?.kind == .missingFile)
  }

  @Test func `many partitions are listed together, and none is lost`() throws {
    try lake.makePurchases()
    for day in 1...28 {
      let text = "2024-02-" + (day < 10 ? "0" : "") + String(day)
      try lake.put(
        "processed/purchases/dt=\(text)/f", HiveLake.data, numbers([Int64(day), 1]))
    }
    try lake.put("elsewhere/march/f", HiveLake.data, numbers([99, 1]))
    try lake.sql("CALL system.sync_partition_metadata('silver', 'purchases', 'ADD')")
    try lake.hive.registerPartition(
      purchases, columns: ["dt"], values: ["2024-03-01"], uri: "s3://lake/elsewhere/march")
    #expect(try lake.sql("SELECT count(*), sum(id) FROM purchases") == ["29|\(28 * 29 / 2 + 99)"])
    #expect(try explain("SELECT * FROM purchases") == ["partitions: 29 of 29", "files: 29 of 29"])
  }

  @Test func `counts distinct texts of every group over many row groups, NULL left out`() throws {
    let hive = try HiveLake()
    try hive.sql("CREATE TABLE visits (team varchar, name varchar) WITH (format = 'PARQUET')")
    let schema = Schema([Field("team", .varchar), Field("name", .varchar)])
    var names: [String: Set<String>] = ["a": [], "b": [], "c": []]
    let rows = (0..<24_000).map { row -> [Scalar] in
      let team = ["a", "b", "c"][row % 7 % 3]
      if row % 11 == 0 { return [.text(team), .null] }
      let name = "user \(row * row % 701 + row / 6_000 * 50)"
      names[team, default: []].insert(name)
      return [.text(team), .text(name)]
    }
    try hive.store.put(
      "processed/visits/part.parquet", HiveLake.parquet(schema, rows, rowsPerGroup: 5_000))
    let found = try hive.sql(
      "SELECT team, count(DISTINCT name) FROM visits GROUP BY team ORDER BY team")
    #expect(found == ["a", "b", "c"].map { "\($0)|\(names[$0, default: []].count)" })
    let all = names.values.reduce(into: Set<String>()) { $0.formUnion($1) }
    #expect(try hive.sql("SELECT count(DISTINCT name) FROM visits") == ["\(all.count)"])
  }
}
