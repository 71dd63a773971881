import Columnar
import Connector
import Dispatch
import Foundation
import Lake
import ObjectStorage
import Synchronization
import TestSupport
import Testing

/// The catalog says which files are a table; nothing else does.
struct HiveCatalogTests {
  private let lake: HiveLake
  private let purchases = HiveTableName("silver", "purchases")

  init() throws {
    lake = try HiveLake()
  }

  private func register(_ day: String, uri: String? = nil) throws {
    try lake.hive.registerPartition(purchases, columns: ["dt"], values: [day], uri: uri)
  }

  private func putDay(_ day: String, below: String = "processed/purchases/dt=") throws {
    try lake.put(below + day + "/part-0.parquet", HiveLake.data, numbers([1, 100], [2, 200]))
  }

  @Test func `files that nobody registered are no rows`() throws {
    try lake.makePurchases()
    try putDay("2024-01-15")
    #expect(try lake.sql("SELECT count(*) FROM purchases") == ["0"])
    try register("2024-01-15")
    #expect(
      try lake.sql("SELECT id, amount, dt FROM purchases ORDER BY id")
        == ["1|100|2024-01-15", "2|200|2024-01-15"])
  }

  @Test func `a partition may lie anywhere in the lake`() throws {
    try lake.makePurchases()
    try putDay("2023-06-01", below: "archive/old/purchases-")
    try register("2023-06-01", uri: "s3://lake/archive/old/purchases-2023-06-01")
    #expect(
      try lake.sql("SELECT dt, sum(amount) FROM purchases GROUP BY dt") == ["2023-06-01|300"])
    let path = try lake.sql(#"SELECT DISTINCT "$path" FROM purchases"#)
    #expect(path == ["s3://lake/archive/old/purchases-2023-06-01/part-0.parquet"])
  }

  @Test func `a partition whose files are gone has no rows, and is still listed`() throws {
    try lake.makePurchases()
    try putDay("2024-01-15")
    try putDay("2024-01-16")
    try register("2024-01-15")
    try register("2024-01-16")
    try lake.store.delete("processed/purchases/dt=2024-01-15/part-0.parquet")
    #expect(try lake.sql("SELECT count(*) FROM purchases") == ["2"])
    #expect(
      try lake.sql(#"SELECT dt, "$file_count" FROM "purchases$partitions" ORDER BY dt"#)
        == ["2024-01-15|0", "2024-01-16|1"])
  }

  @Test func `a table without partition columns has the files that lie in its location`() throws {
    try lake.put("exchange/rates/a.parquet", HiveLake.data, numbers([1, 1]))
    try lake.put("exchange/rates/deeper/b.parquet", HiveLake.data, numbers([2, 2]))
    try lake.put("exchange/rates/_temporary.parquet", text: "half")
    try lake.put("exchange/rates/.hidden", text: "no")
    try lake.sql(
      "CREATE TABLE rates (id bigint, amount bigint) "
        + "WITH (external_location = 's3://lake/exchange/rates/')")
    #expect(try lake.sql("SELECT id FROM rates") == ["1"])
    try lake.put("exchange/rates/c.parquet", HiveLake.data, numbers([3, 3]))
    #expect(try lake.sql("SELECT id FROM rates ORDER BY id") == ["1", "3"])
  }

  @Test func `registering says what is wrong`() throws {
    try lake.makePurchases()
    try putDay("2024-01-15")
    try register("2024-01-15")
    func failure(_ columns: [String], _ values: [String?], _ uri: String? = nil) -> String {
      do {
        try lake.hive.registerPartition(purchases, columns: columns, values: values, uri: uri)
        return "none"
      } catch { return (error as? CatalogChangeError)?.message ?? "\(error)" }
    }
    #expect(
      failure(["dt"], ["2024-01-15"])
        == "Partition [dt=2024-01-15] is already registered with location "
        + "s3://lake/processed/purchases/dt=2024-01-15")
    #expect(
      failure(["day"], ["2024-01-17"])
        == "Provided partition column names do not match actual partition column names: [dt]")
    #expect(
      failure(["dt"], ["2024-01-17"])
        == "Partition location does not exist: s3://lake/processed/purchases/dt=2024-01-17")
    #expect(
      failure(["dt"], ["17 Jan"]) == "'17 Jan' is no date, the type of the partition column dt")
    #expect(failure(["dt"], ["2024-01-17"], "s3://elsewhere/x").contains("is no place in the lake"))
    #expect(failure(["dt"], ["2024-01-17"], "s3://lake/../x").contains("no place"))
    try lake.put("processed/purchases/DT=2024-01-17/a.parquet", HiveLake.data, numbers([1, 1]))
    #expect(
      failure(["dt"], ["2024-01-17"]).hasSuffix(
        "; there is s3://lake/processed/purchases/DT=2024-01-17"))
    #expect(throws: CatalogChangeError.tableMissing(schema: "silver", name: "none")) {
      try lake.hive.registerPartition(
        HiveTableName("silver", "none"), columns: ["dt"], values: ["2024-01-15"])
    }
  }

  @Test func `unregistering leaves the files`() throws {
    try lake.makePurchases()
    try putDay("2024-01-15")
    try register("2024-01-15")
    try lake.hive.unregisterPartition(purchases, columns: ["dt"], values: ["2024-01-15"])
    #expect(try lake.sql("SELECT count(*) FROM purchases") == ["0"])
    #expect(try lake.files("processed/") == ["processed/purchases/dt=2024-01-15/part-0.parquet"])
    #expect(throws: CatalogChangeError.notFound("Partition 'dt=2024-01-15' does not exist")) {
      try lake.hive.unregisterPartition(purchases, columns: ["dt"], values: ["2024-01-15"])
    }
  }

  @Test func `of many writers at once none loses a partition`() throws {
    try lake.makePurchases()
    let days = (1...28).map { "2024-02-" + ($0 < 10 ? "0" : "") + String($0) }
    for day in days { try putDay(day) }
    // Two catalogs over one directory, as two programs have them.
    let other = HiveCatalog(
      store: lake.store, documents: try LocalObjectStore(root: lake.scratch.path + "/lake.catalog"))
    let failures = Mutex<[String]>([])
    let catalogs = [lake.hive, other]
    DispatchQueue.concurrentPerform(iterations: days.count) { index in
      do {
        try catalogs[index % 2].registerPartition(
          HiveTableName("silver", "purchases"), columns: ["dt"], values: [days[index]])
      } catch { failures.withLock { $0.append("\(error)") } }
    }
    #expect(failures.withLock { $0 }.isEmpty)
    #expect(
      try lake.sql(#"SELECT CAST(dt AS varchar) FROM "purchases$partitions" ORDER BY dt"#) == days)
    let history = try lake.hive.history(purchases)
    #expect(history.map(\.version) == (0...28).map { Int64($0) })
    #expect(history.map(\.operation).last == "register_partition")
  }

  @Test func `two who register the same partition cannot both be right`() throws {
    try lake.makePurchases()
    try putDay("2024-01-15")
    let other = HiveCatalog(
      store: lake.store, documents: try LocalObjectStore(root: lake.scratch.path + "/lake.catalog"))
    _ = try other.entry(purchases)
    try register("2024-01-15")
    #expect(throws: CatalogChangeError.self) {
      try other.registerPartition(purchases, columns: ["dt"], values: ["2024-01-15"])
    }
    #expect(try lake.hive.existing(purchases).partitions.count == 1)
  }

  @Test func `old versions are shortened, and nobody can take their names`() throws {
    try lake.makePurchases()
    for number in 0..<60 {
      try lake.hive.changeTable(purchases, .setComment("comment \(number)"))
    }
    let keys = try lake.documents.list(prefix: "silver/purchases/")
    #expect(keys.count == 61)
    #expect(keys[0].size < 40 && keys[60].size > 200)
    #expect(try lake.hive.history(purchases).map(\.version) == (11...60).map { Int64($0) })
    // A program that has slept since version 3 goes on from the newest.
    let other = HiveCatalog(store: lake.store, documents: lake.documents)
    #expect(try other.existing(purchases).comment == "comment 59")
    #expect(try !lake.documents.putIfAbsent(keys[4].key, [1]))
  }

  @Test func `the catalog's files are for people too`() throws {
    try lake.makePurchases()
    try putDay("2024-01-15")
    try register("2024-01-15")
    let text = String(
      decoding: try lake.documents.get("silver/purchases/00000000000000000001.json"),
      as: UTF8.self)
    for part in [
      #""operation" : "register_partition""#, #""at" : "2024-01-16T00:10:00.000Z""#,
      #""location" : "s3://lake/processed/purchases/dt=2024-01-15""#, #""type" : "date""#,
      #""format" : "PARQUET""#, #""kind" : "MANAGED""#,
    ] {
      #expect(text.contains(part), "\(part) in \(text)")
    }
  }

  @Test(arguments: [
    "not json", "{}x", #"{"version":1,"table":{"columns":[]}}"#,
    #"{"table":{"columns":[{"name":"a","type":"strange"}],"createdAt":"2024-01-16T00:10:00Z","format":"PARQUET","kind":"MANAGED","location":"s3://lake/a","partitionColumns":[],"partitions":[],"properties":{}}}"#,
    #"{"table":{"columns":[{"name":"a","type":"bigint"}],"createdAt":"2024-01-16T00:10:00Z","format":"PARQUET","kind":"MANAGED","location":"s3://lake/../a","partitionColumns":[],"partitions":[],"properties":{}}}"#,
    #"{"table":{"columns":[{"name":"a","type":"bigint"}],"createdAt":"yesterday","format":"PARQUET","kind":"MANAGED","location":"s3://lake/a","partitionColumns":[],"partitions":[],"properties":{}}}"#,
    #"{"table":{"columns":[{"name":"a","type":"bigint"}],"createdAt":"2024-01-16T00:10:00Z","format":"PARQUET","kind":"MANAGED","location":"s3://lake/a","partitionColumns":[{"name":"dt","type":"date"}],"partitions":[{"values":[],"location":"s3://lake/a","createdAt":"2024-01-16T00:10:00Z","parameters":{}}],"properties":{}}}"#,
  ])
  func `a catalog file that somebody broke is named`(text: String) throws {
    let key = "silver/broken/00000000000000000000.json"
    try lake.documents.put(key, Array(text.utf8))
    let error = #expect(throws: HiveError.self) {
      try lake.hive.entry(HiveTableName("silver", "broken"))
    }
    #expect(error?.kind == .corruptEntry)
    #expect(error?.file == key)
  }

  @Test func `names that Hive does not take are refused`() throws {
    for name in [#""a-b""#, #""한글""#, #""a.b""#, "\"" + String(repeating: "a", count: 129) + "\""] {
      #expect(lake.refusal("CREATE TABLE \(name) (a bigint)").hasPrefix("NOT_SUPPORTED"), "\(name)")
    }
    #expect(lake.refusal("CREATE TABLE nowhere.t (a bigint)").hasPrefix("SCHEMA_NOT_FOUND"))
    #expect(try lake.keys().isEmpty)
  }

  @Test func `a schema is made, filled, and dropped only when it is empty`() throws {
    try lake.sql("CREATE SCHEMA web")
    #expect(lake.refusal("CREATE SCHEMA web").hasPrefix("SCHEMA_ALREADY_EXISTS"))
    #expect(lake.refusal("CREATE SCHEMA silver").hasPrefix("SCHEMA_ALREADY_EXISTS"))
    #expect(
      try lake.sql("SHOW SCHEMAS") == ["bronze", "gold", "information_schema", "silver", "web"])
    try lake.sql("CREATE TABLE web.t (a bigint)")
    #expect(try lake.sql("SHOW TABLES FROM web") == ["t"])
    #expect(lake.refusal("DROP SCHEMA web").hasPrefix("SCHEMA_NOT_EMPTY"))
    try lake.sql("DROP SCHEMA web CASCADE")
    #expect(try !lake.sql("SHOW SCHEMAS").contains("web"))
    #expect(lake.refusal("DROP SCHEMA silver").hasPrefix("NOT_SUPPORTED"))
    #expect(lake.refusal("DROP SCHEMA web").hasPrefix("SCHEMA_NOT_FOUND"))
  }

  @Test func `a Delta table and a Hive-style table cannot share a name`() throws {
    _ = try lake.lake.createTable(
      "silver.events", schema: HiveLake.data, timestamp: HiveLake.now)
    #expect(lake.refusal("CREATE TABLE events (a bigint)").hasPrefix("TABLE_ALREADY_EXISTS"))
    try lake.makePurchases()
    #expect(throws: LakeError.self) {
      try lake.lake.createTable(
        "silver.purchases", schema: HiveLake.data, timestamp: HiveLake.now)
    }
    #expect(try lake.sql("SHOW TABLES") == ["events", "purchases"])
  }
}
