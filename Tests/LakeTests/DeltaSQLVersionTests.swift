import Columnar
import Connector
import DeltaLog
import Foundation
import Lake
import Testing

/// Older versions of Delta tables, what a table tells of itself, and its upkeep.
struct DeltaSQLVersionTests {
  private let lake: DeltaSQLLake

  init() throws {
    lake = try DeltaSQLLake()
  }

  /// Version 0 of 00:10, then a minute later each: two inserts, an update, a delete.
  private func makeHistory() throws {
    try lake.makeOrders()
    for statement in [
      "INSERT INTO orders VALUES (1, 10, DATE '2024-01-15'), (2, NULL, DATE '2024-01-15')",
      "INSERT INTO orders VALUES (3, 30, DATE '2024-01-16')",
      "UPDATE orders SET amount = 31 WHERE id = 3", "DELETE FROM orders WHERE id = 1",
    ] {
      lake.clock.advance(60_000)
      try lake.sql(statement)
    }
  }

  private func ids(_ rest: String) throws -> [String] {
    try lake.sql("SELECT id FROM orders \(rest) ORDER BY id")
  }

  // MARK: Time travel

  @Test func `each version is there by its number`() throws {
    try makeHistory()
    for (version, rows) in [[], ["1", "2"], ["1", "2", "3"], ["1", "2", "3"], ["2", "3"]].enumerated() {
      #expect(try ids("FOR VERSION AS OF \(version)") == rows, "\(version)")
    }
    #expect(
      try lake.sql(
        """
        SELECT old.amount, new.amount FROM orders FOR VERSION AS OF BIGINT '2' AS old
        JOIN orders AS new ON old.id = new.id WHERE old.id = 3
        """) == ["30|31"])
    #expect(try lake.sql("SELECT count(*) FROM orders FOR VERSION AS OF 1 + 1 v WHERE v.id > 1") == ["2"])
  }

  @Test func `a moment is the version that the table had then`() throws {
    try makeHistory()
    for (moment, rows) in [
      ("TIMESTAMP '2024-01-16 00:10:00 UTC'", []),
      ("TIMESTAMP '2024-01-16 00:11:59.999 UTC'", ["1", "2"]),
      ("TIMESTAMP '2024-01-16 09:12:00 Asia/Seoul'", ["1", "2", "3"]),
      ("TIMESTAMP '2024-01-16 00:11:30'", ["1", "2"]), ("DATE '2024-01-17'", ["2", "3"]),
      ("current_timestamp - INTERVAL '3' MINUTE", ["1", "2"]),
    ] {
      #expect(try ids("FOR TIMESTAMP AS OF \(moment)") == rows, "\(moment)")
    }
    try lake.sql("SET TIME ZONE 'Asia/Seoul'")
    #expect(try ids("FOR TIMESTAMP AS OF TIMESTAMP '2024-01-16 09:11:30'") == ["1", "2"])
    #expect(
      lake.refusal("SELECT * FROM orders FOR TIMESTAMP AS OF DATE '2024-01-16'")
        .hasPrefix("INVALID_ARGUMENTS: processed/orders has no version as old as"))
  }

  @Test func `what is no version is told`() throws {
    try makeHistory()
    try lake.sql("CREATE TABLE plain (id bigint)")
    for (relation, message) in [
      ("orders FOR VERSION AS OF 99", "INVALID_ARGUMENTS: Version 99 of processed/orders does not exist."),
      ("orders FOR VERSION AS OF -1", "INVALID_ARGUMENTS: Version -1"),
      ("orders FOR VERSION AS OF NULL", "INVALID_ARGUMENTS: Pointer value cannot be NULL"),
      ("orders FOR VERSION AS OF 'one'",
        "TYPE_MISMATCH: FOR VERSION AS OF takes the number of a version, not varchar(3)"),
      ("orders FOR VERSION AS OF DATE '2024-01-16'", "TYPE_MISMATCH"),
      ("orders FOR TIMESTAMP AS OF 3",
        "TYPE_MISMATCH: FOR TIMESTAMP AS OF takes a date or a timestamp, not integer"),
      ("orders FOR VERSION AS OF id", "COLUMN_NOT_FOUND"),
      ("orders FOR VERSION 3", "SYNTAX_ERROR"),
      ("nothing FOR VERSION AS OF 1", "TABLE_NOT_FOUND"),
      ("plain FOR VERSION AS OF 0",
        "NOT_SUPPORTED: This connector does not support versioned tables of this kind"),
      ("meddler.default.feed FOR VERSION AS OF 0",
        "NOT_SUPPORTED: This connector does not support versioned tables"),
    ] {
      let refusal = lake.refusal("SELECT * FROM \(relation)")
      #expect(refusal.hasPrefix(message), "\(relation): \(refusal)")
    }
  }

  // MARK: What a table tells

  @Test func `the history says what was done, when, and what it counted`() throws {
    try makeHistory()
    #expect(
      try lake.sql(
        """
        SELECT version, operation, is_blind_append, operation_metrics['numOutputRows'],
          operation_parameters['partitionBy'] FROM "orders$history" WHERE version > 0 ORDER BY version
        """) == [
          #"1|WRITE|true|2|["dt"]"#, #"2|WRITE|true|1|["dt"]"#, #"3|MERGE|false|1|["dt"]"#,
          #"4|DELETE|false|1|["dt"]"#,
        ])
    #expect(
      try lake.sql(#"SELECT "timestamp" FROM "orders$history" WHERE version IN (0, 4) ORDER BY 1"#)
        == ["2024-01-16 00:10:00.000 UTC", "2024-01-16 00:14:00.000 UTC"])
    #expect(lake.refusal(#"SELECT * FROM "nothing$history""#).hasPrefix("TABLE_NOT_FOUND"))
    #expect(lake.refusal(#"SELECT * FROM "orders$nothing""#).hasPrefix("TABLE_NOT_FOUND"))
  }

  @Test func `the partitions say what the log knows of their columns`() throws {
    try makeHistory()
    try lake.sql("INSERT INTO orders VALUES (9, 90, DATE '2024-01-16'), (10, 5, NULL)")
    #expect(
      try lake.sql(
        """
        SELECT "partition".dt, file_count, "data".id.min, "data".id.max, "data".amount.min,
          "data".amount.null_count, total_size > 0 FROM "orders$partitions" ORDER BY 1
        """) == [
          "2024-01-15|1|2|2|NULL|1|true", "2024-01-16|2|3|9|31|0|true", "NULL|1|10|10|5|0|true",
        ])
    try lake.sql("CREATE TABLE flat (id bigint) WITH (type = 'DELTA')")
    #expect(lake.refusal(#"SELECT * FROM "flat$partitions""#).hasPrefix("TABLE_NOT_FOUND"))
  }

  @Test func `the properties are those of the log, with its protocol`() throws {
    try lake.sql(
      "CREATE TABLE orders (id bigint) WITH (type = 'DELTA', checkpoint_interval = 3)")
    #expect(
      try lake.sql(#"SELECT * FROM "orders$properties" ORDER BY "key""#) == [
        "delta.checkpointInterval|3", "delta.enableExpiredLogCleanup|false",
        "delta.minReaderVersion|1", "delta.minWriterVersion|2",
      ])
    for id in 1...3 { try lake.sql("INSERT INTO orders VALUES \(id)") }
    #expect(try lake.keys().contains { $0.hasSuffix("00000000000000000003.checkpoint.parquet") })
  }

  @Test func `EXPLAIN says which partitions and files are read, of all`() throws {
    try makeHistory()
    func explain(_ rest: String) throws -> [String] {
      try lake.sql("EXPLAIN SELECT * FROM orders \(rest)")
        .map { $0.trimmingCharacters(in: .whitespaces) }
        .filter { $0.hasPrefix("partitions: ") || $0.hasPrefix("files: ") }
    }
    #expect(try explain("") == ["partitions: 2 of 2", "files: 2 of 2"])
    #expect(
      try explain("WHERE dt = DATE '2024-01-16'") == ["partitions: 1 of 2", "files: 1 of 2"])
    #expect(
      try explain("WHERE id > 2") == ["partitions: 2 of 2", "files: 1 of 2, 1 ruled out by statistics"])
    #expect(
      try explain("FOR VERSION AS OF 1 WHERE dt > DATE '2024-01-15'")
        == ["partitions: 0 of 1", "files: 0 of 1"])
    try lake.sql("CREATE TABLE flat WITH (type = 'DELTA') AS SELECT 1 AS id")
    #expect(
      try lake.sql("EXPLAIN SELECT * FROM flat").map { $0.trimmingCharacters(in: .whitespaces) }
        .filter { $0.hasPrefix("partitions: ") || $0.hasPrefix("files: ") } == ["files: 1 of 1"])
  }

  // MARK: Upkeep

  private func fileCount() throws -> [String] {
    try lake.sql(#"SELECT count(DISTINCT "$path") FROM orders"#)
  }

  @Test func `optimize puts small files together, by either statement`() throws {
    try lake.makeOrders(partitioned: false)
    for index in 0..<4 { try lake.insertPair(index * 2) }
    try lake.sql("ALTER TABLE orders EXECUTE optimize(file_size_threshold => '1B')")
    #expect(try fileCount() == ["4"])
    let rows = try lake.orders
    try lake.sql("ALTER TABLE orders EXECUTE optimize")
    #expect(try fileCount() == ["1"])
    #expect(try lake.orders == rows)
    try lake.insertPair(8)
    try lake.sql("CALL lake.system.optimize('silver', 'orders', '128MB')")
    #expect(try fileCount() == ["1"])
    #expect(try lake.lastCommit().operation == "OPTIMIZE")
    try lake.sql("CREATE TABLE plain (id bigint)")
    for (statement, message) in [
      ("ALTER TABLE orders EXECUTE optimize('big')",
        "INVALID_PROCEDURE_ARGUMENT: 'big' is no size; write a number and B, kB, MB, GB or TB"),
      ("ALTER TABLE orders EXECUTE optimize WHERE id = 1",
        "NOT_SUPPORTED: WHERE of ALTER TABLE EXECUTE is not supported"),
      ("ALTER TABLE orders EXECUTE vacuum", "PROCEDURE_NOT_FOUND: Table procedure not registered: vacuum"),
      ("ALTER TABLE orders EXECUTE optimize(speed => 'high')", "INVALID_ARGUMENTS: Unknown argument name"),
      ("ALTER TABLE nothing EXECUTE optimize", "TABLE_NOT_FOUND"),
      ("ALTER TABLE plain EXECUTE optimize",
        "INVALID_PROCEDURE_ARGUMENT: silver.plain is not a Delta table"),
    ] {
      let refusal = lake.refusal(statement)
      #expect(refusal.hasPrefix(message), "\(statement): \(refusal)")
    }
  }

  @Test func `a rollback makes an older version the latest, by a version of its own`() throws {
    try makeHistory()
    try lake.sql("CALL lake.system.rollback_to_version('silver', 'orders', 2)")
    #expect(try lake.orders == ["1|10|2024-01-15", "2|NULL|2024-01-15", "3|30|2024-01-16"])
    #expect(try lake.version() == 5)
    #expect(try ids("FOR VERSION AS OF 4") == ["2", "3"])
    #expect(
      lake.refusal("CALL lake.system.rollback_to_version('silver', 'orders', 77)")
        == "INVALID_ARGUMENTS: Version 77 of processed/orders does not exist.")
    #expect(
      lake.refusal("CALL lake.system.rollback_to_version('silver', 'nothing', 1)")
        .hasPrefix("TABLE_NOT_FOUND"))
  }

  @Test func `a vacuum removes what no recent version has, and older ones cannot come back`() throws {
    try makeHistory()
    let count = try lake.files().count
    try lake.sql("CALL lake.system.vacuum('silver', 'orders', '7d')")
    #expect(try lake.files().count == count)
    lake.clock.advance(8 * 86_400_000)
    try lake.sql("CALL lake.system.vacuum(schema_name => 'silver', table_name => 'orders', retention => '168h')")
    #expect(try lake.files().count == 2)
    #expect(try ids("") == ["2", "3"])
    #expect(
      lake.refusal("CALL lake.system.rollback_to_version('silver', 'orders', 1)")
        .hasPrefix("INVALID_ARGUMENTS: Version 1 of processed/orders cannot be restored: 1 of its data"))
    for (retention, message) in [
      ("1d", "A vacuum of processed/orders is to keep 24 hours of older versions; the table asks for 168 hours."),
      ("soon", "'soon' is no duration; write a number and d, h, m, s or ms, as in '7d'"),
      ("-1d", "'-1d' is no duration"), ("9e99d", "'9e99d' is no duration"), ("", "'' is no duration"),
      ("99999999999999d", "'99999999999999d' is no duration"),
    ] {
      let refusal = lake.refusal("CALL lake.system.vacuum('silver', 'orders', '\(retention)')")
      #expect(refusal.hasPrefix("INVALID_PROCEDURE_ARGUMENT: " + message), "\(refusal)")
    }
  }
}
