import Columnar
import Connector
import Lake
import ObjectStorage
import QueryExecution
import Testing

/// CREATE, INSERT, DELETE and DROP of Hive-style tables, as statements and through the API.
struct HiveWritingTests {
  private let lake: HiveLake
  private let purchases = HiveTableName("silver", "purchases")

  init() throws {
    lake = try HiveLake()
  }

  private func insert(_ rows: String) throws { try lake.sql("INSERT INTO purchases VALUES \(rows)") }

  private func rows() throws -> [String] {
    try lake.sql("SELECT id, amount, dt FROM purchases ORDER BY dt, id")
  }

  /// Three days with one row each.
  private func makeThreeDays() throws {
    try lake.makePurchases()
    try insert("(1, 10, DATE '2024-01-14'), (2, 20, DATE '2024-01-15'), (3, 30, DATE '2024-01-16')")
  }

  // MARK: CREATE

  @Test func `CREATE TABLE AS writes a directory a partition, and registers them together`() throws {
    #expect(
      try lake.sql(
        """
        CREATE TABLE copies WITH (format = 'PARQUET', partitioned_by = ARRAY['country', 'dt']) AS
        SELECT * FROM (VALUES (1, 'KR', DATE '2024-01-15'), (2, 'US', DATE '2024-01-15'),
          (3, 'KR', NULL)) AS t (id, country, dt)
        """) == ["3"])
    #expect(
      try lake.sql("SELECT * FROM copies ORDER BY id")
        == ["1|KR|2024-01-15", "2|US|2024-01-15", "3|KR|NULL"])
    let directories = try lake.files("processed/copies/").map { $0.split(separator: "/")[2...3] }
    #expect(
      directories.map { $0.joined(separator: "/") } == [
        "country=KR/dt=2024-01-15", "country=KR/dt=__HIVE_DEFAULT_PARTITION__",
        "country=US/dt=2024-01-15",
      ])
    #expect(try lake.hive.existing(HiveTableName("silver", "copies")).version == 0)
    #expect(try lake.keys() == lake.files(""), "nothing but data is left")
    #expect(lake.refusal("CREATE TABLE copies AS SELECT 1 AS a").hasPrefix("TABLE_ALREADY_EXISTS"))
  }

  @Test func `a table without partitions holds all its rows in one place`() throws {
    try lake.sql("CREATE TABLE flat AS SELECT 1 AS a, 'x' AS b")
    try lake.sql("INSERT INTO flat VALUES (2, 'y')")
    #expect(try lake.sql("SELECT * FROM flat ORDER BY a") == ["1|x", "2|y"])
    #expect(try lake.files("processed/flat/").count == 2)
    #expect(lake.refusal(#"SELECT * FROM "flat$partitions""#).hasPrefix("TABLE_NOT_FOUND"))
  }

  @Test func `the session's codec is that of the files written, in their names and footers`() throws {
    for (codec, suffix) in [
      ("NONE", ".parquet"), ("SNAPPY", ".snappy.parquet"), ("gzip", ".gz.parquet"),
      ("ZSTD", ".zstd.parquet"),
    ] {
      let table = "as_" + codec.lowercased()
      try lake.sql("SET SESSION lake.compression_codec = '\(codec)'")
      try lake.sql(
        "CREATE TABLE \(table) AS SELECT n, 'the same text' AS word FROM UNNEST(sequence(1, 500)) AS t (n)")
      try lake.sql("INSERT INTO \(table) VALUES (501, 'another')")
      let files = try lake.files("processed/\(table)/")
      #expect(files.count == 2 && files.allSatisfy { $0.hasSuffix(suffix) }, "\(files)")
      let dots = files.filter { $0.dropLast(".parquet".count).contains(".") }
      #expect(dots.isEmpty == (codec == "NONE"), "\(files)")
      #expect(try lake.sql("SELECT count(*), sum(n) FROM \(table)") == ["501|125751"])
    }
    #expect(lake.refusal("SET SESSION lake.compression_codec = 'LZO'") != "no error: []")
    try lake.sql("RESET SESSION lake.compression_codec")
    try lake.sql("CREATE TABLE standard AS SELECT 1 AS a")
    #expect(try lake.files("processed/standard/").allSatisfy { $0.hasSuffix(".zstd.parquet") })
    let tables = lake.lake.systemTables()
    let columns = try allRows(tables["parquet_columns"]?(), [0, 1, 2, 3, 4])
    #expect(columns.count == 4 * 2 * 2 + 1)
    for (table, codec) in [
      ("as_none", "UNCOMPRESSED"), ("as_snappy", "SNAPPY"), ("as_gzip", "GZIP"), ("as_zstd", "ZSTD"),
      ("standard", "ZSTD"),
    ] {
      let own = columns.filter { row in
        if case .text(let key) = row[0] { key.hasPrefix("processed/\(table)/") } else { false }
      }
      #expect(!own.isEmpty && own.allSatisfy { $0[2] == .text(codec) }, "\(table): \(own)")
    }
    let words = columns.filter { $0[1] == .text("word") && $0[4] == .integer(500) }
    #expect(words.count == 4 && words.allSatisfy { $0[3] == .integer(1) })
  }

  @Test func `the footers' table leaves out what is no Parquet`() throws {
    try lake.put("scratch/broken.parquet", text: "not a footer")
    try lake.put("scratch/whole.parquet", HiveLake.data, numbers([1, 2], [3, 4]))
    let columns = try allRows(lake.lake.systemTables()["parquet_columns"]?(), [0, 1, 4])
    #expect(
      columns == [
        [.text("scratch/whole.parquet"), .text("id"), .integer(2)],
        [.text("scratch/whole.parquet"), .text("amount"), .integer(2)],
      ])
  }

  @Test func `types of SQL go into files and come back`() throws {
    try lake.sql(
      """
      CREATE TABLE typed AS SELECT true AS a, TINYINT '1' AS b, SMALLINT '2' AS c, 3 AS d,
        BIGINT '4' AS e, REAL '1.5' AS f, 2.5E0 AS g, DECIMAL '12.34' AS h, 'text' AS i,
        CAST('ab' AS char(3)) AS j, X'00FF' AS k, DATE '2024-01-15' AS l,
        TIMESTAMP '2024-01-15 09:10:11.123' AS m, ARRAY[1, NULL] AS n,
        CAST(ROW(1, 'x') AS row(p bigint, q varchar)) AS o, MAP(ARRAY['k'], ARRAY[1]) AS p
      """)
    #expect(
      try lake.sql("SELECT * FROM typed") == [
        "true|1|2|3|4|1.5|2.5|12.34|text|ab |00 ff|2024-01-15|2024-01-15 09:10:11.123|[1, NULL]|"
          + "{p=1, q=x}|{k=1}"
      ])
    #expect(
      try lake.sql("SHOW COLUMNS FROM typed").map { $0.split(separator: "|")[1] } == [
        "boolean", "tinyint", "smallint", "integer", "bigint", "real", "double", "decimal(4,2)",
        "varchar(4)", "char(3)", "varbinary", "date", "timestamp(3)", "array(integer)",
        "row(p bigint, q varchar)", "map(varchar(1), integer)",
      ])
  }

  @Test func `what CREATE TABLE cannot be told is refused`() throws {
    for (rest, message) in [
      ("(a bigint, dt date) WITH (partitioned_by = ARRAY['day'])",
        "INVALID_TABLE_PROPERTY: Partition columns [day] not present in schema"),
      ("(dt date, a bigint) WITH (partitioned_by = ARRAY['dt'])",
        "INVALID_TABLE_PROPERTY: Partition keys must be the last columns in the table and in the "
          + "same order as the table properties: [dt]"),
      ("(dt date) WITH (partitioned_by = ARRAY['dt'])",
        "INVALID_TABLE_PROPERTY: Table contains only partition columns"),
      ("(a bigint) WITH (format = 'ORC')",
        "INVALID_TABLE_PROPERTY: Format ORC is not read here; write one of PARQUET, JSON, "
          + "OPENX_JSON, CSV, TEXTFILE"),
      ("(a bigint) WITH (format = 'XLS')", "INVALID_TABLE_PROPERTY: Unknown format 'XLS'"),
      ("(a bigint) WITH (bucket_count = 5)", "INVALID_TABLE_PROPERTY: Table property 'bucket_count'"),
      ("(a bigint) WITH (external_location = '/tmp/x')",
        "INVALID_TABLE_PROPERTY: External location is not a valid file system URI"),
      ("(a bigint) WITH (external_location = 's3://other/x')", "INVALID_TABLE_PROPERTY: External"),
      ("(a bigint) WITH (format = 'CSV')",
        "NOT_SUPPORTED: This connector does not support columns of CSV files that are not varchar"),
      ("(a varchar) WITH (format = 'PARQUET', csv_separator = ';')",
        "INVALID_TABLE_PROPERTY: Cannot specify csv_separator table property for storage format: "
          + "PARQUET"),
      ("(a varchar) WITH (format = 'CSV', csv_separator = ';;')",
        "INVALID_TABLE_PROPERTY: csv_separator must be a single character string"),
      ("(a varchar) WITH (format = 'CSV', skip_header_line_count = -1)", "INVALID_TABLE_PROPERTY"),
      ("(a timestamp(6) with time zone)",
        "NOT_SUPPORTED: This connector does not support columns of type timestamp(6) with time zone"),
      ("(a json)", "NOT_SUPPORTED"), ("(a bigint NOT NULL)", "NOT_SUPPORTED"),
      ("(a bigint, b double) WITH (partitioned_by = ARRAY['b'])", "NOT_SUPPORTED"),
    ] {
      let refusal = lake.refusal("CREATE TABLE bad \(rest)")
      #expect(refusal.hasPrefix(message), "\(rest): \(refusal)")
    }
    #expect(
      lake.refusal(
        "CREATE TABLE bad WITH (external_location = 's3://lake/x') AS SELECT 1 AS a"
      ).hasPrefix("NOT_SUPPORTED"))
    #expect(try lake.keys().isEmpty)
    #expect(try lake.sql("SHOW TABLES").isEmpty)
  }

  @Test func `a directory that holds something is no place for a new table`() throws {
    try lake.put("processed/taken/f", text: "x")
    let expected =
      "HIVE_PATH_ALREADY_EXISTS: Target directory for table 'silver.taken' already exists: "
      + "s3://lake/processed/taken"
    #expect(lake.refusal("CREATE TABLE taken (a bigint)") == expected)
    #expect(lake.refusal("CREATE TABLE taken AS SELECT 1 AS a") == expected)
    try lake.sql(
      "CREATE TABLE taken (a varchar) "
        + "WITH (format = 'CSV', external_location = 's3://lake/processed/taken')")
    #expect(try lake.sql("SELECT * FROM taken") == ["x"])
  }

  @Test func `a query that fails leaves neither table nor files`() throws {
    #expect(
      lake.refusal("CREATE TABLE half AS SELECT 1 / a AS b FROM (VALUES 1, 0) AS t (a)")
        == "DIVISION_BY_ZERO: Division by zero")
    #expect(try lake.keys().isEmpty)
    try lake.makePurchases()
    #expect(
      lake.refusal(
        "INSERT INTO purchases SELECT 1, 1 / a, DATE '2024-01-15' FROM (VALUES 1, 0) AS t (a)"
      ).hasPrefix("DIVISION_BY_ZERO"))
    #expect(try lake.keys().isEmpty)
    try lake.sql("CREATE TABLE half AS SELECT 1 AS b")
  }

  // MARK: INSERT

  @Test func `APPEND adds files to partitions, and registers new ones`() throws {
    try makeThreeDays()
    try insert("(4, 40, DATE '2024-01-15'), (5, 50, DATE '2024-01-17')")
    #expect(
      try rows() == [
        "1|10|2024-01-14", "2|20|2024-01-15", "4|40|2024-01-15", "3|30|2024-01-16",
        "5|50|2024-01-17",
      ])
    #expect(try lake.files("processed/purchases/dt=2024-01-15/").count == 2)
    #expect(
      try lake.sql(
        #"SELECT dt, "$row_count", "$file_count" FROM "purchases$partitions" WHERE dt = DATE '2024-01-15'"#
      ) == ["2024-01-15|2|2"])
  }

  @Test func `ERROR refuses rows for a partition that is there`() throws {
    try makeThreeDays()
    try lake.sql("SET SESSION lake.insert_existing_partitions_behavior = 'ERROR'")
    let before = try lake.keys()
    #expect(
      lake.refusal(
        "INSERT INTO purchases VALUES (8, 80, DATE '2024-01-20'), (9, 90, DATE '2024-01-15')")
        == "HIVE_PARTITION_READ_ONLY: Cannot insert into an existing partition of Hive table: "
        + "dt=2024-01-15")
    #expect(try lake.keys() == before)
    try insert("(8, 80, DATE '2024-01-20')")
    #expect(try rows().last == "8|80|2024-01-20")
    try lake.sql("CREATE TABLE flat AS SELECT 1 AS a")
    #expect(
      lake.refusal("INSERT INTO flat VALUES 2")
        == "HIVE_PARTITION_READ_ONLY: Unpartitioned Hive tables are immutable")
  }

  @Test func `OVERWRITE replaces the partitions that rows came for, and no other`() throws {
    try makeThreeDays()
    let old = try lake.files("processed/purchases/dt=2024-01-15/")
    try lake.sql("SET SESSION lake.insert_existing_partitions_behavior = 'OVERWRITE'")
    try insert("(9, 90, DATE '2024-01-15'), (8, 80, DATE '2024-01-17')")
    #expect(
      try rows() == ["1|10|2024-01-14", "9|90|2024-01-15", "3|30|2024-01-16", "8|80|2024-01-17"])
    let new = try lake.files("processed/purchases/dt=2024-01-15/")
    #expect(new.count == 1 && Set(new).isDisjoint(with: old))
    // Again: nothing piles up.
    try insert("(10, 100, DATE '2024-01-15')")
    #expect(try lake.files("processed/purchases/dt=2024-01-15/").count == 1)
    #expect(try lake.sql("SELECT id FROM purchases WHERE dt = DATE '2024-01-15'") == ["10"])
    // The directory is there, so a synchronization has nothing to do.
    try lake.sql("CALL system.sync_partition_metadata('silver', 'purchases', 'FULL')")
    #expect(try rows().count == 4)
    try lake.sql("CREATE TABLE flat AS SELECT 1 AS a")
    try lake.sql("INSERT INTO flat VALUES 2")
    #expect(try lake.sql("SELECT a FROM flat") == ["2"])
    try lake.sql("RESET SESSION lake.insert_existing_partitions_behavior")
    try lake.sql("INSERT INTO flat VALUES 3")
    #expect(try lake.sql("SELECT a FROM flat ORDER BY a") == ["2", "3"])
  }

  @Test func `a directory that nobody registered is not taken over by an INSERT`() throws {
    try lake.makePurchases()
    try lake.put("processed/purchases/dt=2024-01-15/stray", HiveLake.data, numbers([7, 7]))
    #expect(
      lake.refusal("INSERT INTO purchases VALUES (1, 1, DATE '2024-01-15')")
        == "HIVE_PATH_ALREADY_EXISTS: Target directory for new partition 'dt=2024-01-15' of table "
        + "'silver.purchases' already exists: s3://lake/processed/purchases/dt=2024-01-15")
    try lake.sql("SET SESSION lake.insert_existing_partitions_behavior = 'OVERWRITE'")
    try insert("(1, 1, DATE '2024-01-15')")
    #expect(try rows() == ["1|1|2024-01-15"])
    #expect(try lake.files("processed/purchases/dt=2024-01-15/").count == 2)
  }

  @Test func `values that cannot name a directory are refused`() throws {
    try lake.sql("CREATE TABLE cities (n bigint, city varchar) WITH (partitioned_by = ARRAY['city'])")
    for city in ["", "서울", "a\tb"] {
      #expect(throws: HiveError.self) { try lake.sql("INSERT INTO cities VALUES (1, '\(city)')") }
    }
    let long = String(repeating: "x", count: 300)
    #expect(throws: HiveError.self) { try lake.sql("INSERT INTO cities VALUES (1, '\(long)')") }
    try lake.sql("INSERT INTO cities VALUES (1, 'a/b=c'), (2, '__HIVE_DEFAULT_PARTITION__'), (3, NULL)")
    #expect(
      try lake.sql("SELECT n, city FROM cities ORDER BY n") == ["1|a/b=c", "2|NULL", "3|NULL"])
    #expect(try lake.sql(#"SELECT count(*) FROM "cities$partitions""#) == ["2"])
  }

  @Test func `more partitions than writers is an error before anything is written`() throws {
    try lake.makePurchases()
    let error = #expect(throws: HiveError.self) {
      try lake.sql(
        """
        INSERT INTO purchases SELECT n, n, date_add('day', n, DATE '2024-01-01')
        FROM UNNEST(sequence(0, 100)) AS t (n)
        """)
    }
    #expect(error?.kind == .tooManyPartitions)
    #expect(try lake.keys().isEmpty)
    try lake.sql(
      """
      INSERT INTO purchases SELECT n, n, date_add('day', n, DATE '2024-01-01')
      FROM UNNEST(sequence(0, 99)) AS t (n)
      """)
    #expect(try lake.sql("SELECT count(*), count(DISTINCT dt) FROM purchases") == ["100|100"])
  }

  @Test func `an external table takes rows only where that is allowed`() throws {
    let create =
      "CREATE TABLE given (id bigint, amount bigint) WITH (external_location = 's3://lake/given')"
    try lake.sql(create)
    #expect(
      lake.refusal("INSERT INTO given VALUES (1, 1)")
        == "NOT_SUPPORTED: This connector does not support writing to non-managed Hive tables")
    let open = try HiveLake(writesExternalTables: true)
    try open.sql(create)
    try open.sql("INSERT INTO given VALUES (1, 1)")
    #expect(try open.sql("SELECT * FROM given") == ["1|1"])
    #expect(try open.files("given/").count == 1)
  }

  // MARK: Overwrites by the API

  private func overwrite(_ mode: PartitionOverwriteMode, _ rows: [[Int64]]) throws -> CommitSummary {
    let sink = try lake.hive.makeSink(purchases, mode: .overwrite(mode))
    let days = rows.map { row in row.map { Scalar.integer($0) } }
    do {
      if !rows.isEmpty { try sink.write(ColumnarBatch(schema: HiveLake.purchases, rows: days)) }
      return try sink.commit()
    } catch {
      sink.abort()
      throw error
    }
  }

  /// 2024-01-15 as days since 1970.
  private let day: Int64 = 19_737

  /// The trap of OVW-01: Spark's standard mode leaves the written day and nothing else.
  @Test func `a static overwrite without values removes every partition`() throws {
    try makeThreeDays()
    let summary = try overwrite(.static([:]), [[9, 90, day]])
    #expect(summary.rowsAdded == 1 && summary.filesAdded == 1 && summary.filesRemoved == 3)
    #expect(try rows() == ["9|90|2024-01-15"])
    #expect(try lake.files("processed/purchases/").count == 1)
    #expect(try lake.sql(#"SELECT count(*) FROM "purchases$partitions""#) == ["1"])
  }

  @Test func `a dynamic overwrite replaces what was written`() throws {
    try makeThreeDays()
    _ = try overwrite(.dynamic, [[9, 90, day]])
    #expect(try rows() == ["1|10|2024-01-14", "9|90|2024-01-15", "3|30|2024-01-16"])
    _ = try overwrite(.dynamic, [])
    #expect(try rows().count == 3)
  }

  @Test func `a static overwrite with values removes the partitions that have them`() throws {
    try makeThreeDays()
    _ = try overwrite(.static(["dt": "2024-01-15"]), [[9, 90, day]])
    #expect(try rows() == ["1|10|2024-01-14", "9|90|2024-01-15", "3|30|2024-01-16"])
    _ = try overwrite(.static(["dt": "2024-01-14"]), [])
    #expect(try rows() == ["9|90|2024-01-15", "3|30|2024-01-16"])
    #expect(throws: HiveError.self) { try overwrite(.static(["dt": "2024-01-16"]), [[9, 90, day]]) }
    #expect(throws: CatalogChangeError.columnMissing("day")) {
      try overwrite(.static(["day": "2024-01-16"]), [])
    }
    #expect(try rows() == ["9|90|2024-01-15", "3|30|2024-01-16"])
  }

  @Test func `a table without partitions is overwritten whole, also with nothing`() throws {
    try lake.sql("CREATE TABLE purchases AS SELECT BIGINT '1' AS a")
    let sink = try lake.hive.makeSink(purchases, mode: .overwrite(.static([:])))
    _ = try sink.commit()
    #expect(try lake.sql("SELECT count(*) FROM purchases") == ["0"])
    try lake.sql("INSERT INTO purchases VALUES 5")
    #expect(try lake.sql("SELECT a FROM purchases") == ["5"])
  }

  @Test func `files elsewhere in the lake outlive an overwrite`() throws {
    try lake.makePurchases()
    try lake.put("archive/x/f", HiveLake.data, numbers([1, 1]))
    try lake.hive.registerPartition(
      purchases, columns: ["dt"], values: ["2024-01-15"], uri: "s3://lake/archive/x")
    _ = try overwrite(.static([:]), [[9, 90, day]])
    #expect(try rows() == ["9|90|2024-01-15"])
    #expect(try lake.files("archive/") == ["archive/x/f"])
  }

  @Test func `old files stay until they are expired, where that is asked for`() throws {
    try makeThreeDays()
    let table = try #require(try lake.hive.table(purchases))
    let running = try table.splits(for: ScanRequest(columns: [0]))
    let sink = try lake.hive.makeSink(
      purchases, mode: .overwrite(.dynamic), options: HiveWriteOptions(keepsOldFiles: true))
    try sink.write(
      ColumnarBatch(
        schema: HiveLake.purchases, rows: [[.integer(9), .integer(90), .integer(day)]]))
    _ = try sink.commit()
    // A query that was planned before reads on.
    #expect(try running.map { try $0.open().next()?.row(0) } == [[.integer(1)], [.integer(2)], [.integer(3)]])
    #expect(try rows()[1] == "9|90|2024-01-15")
    #expect(try lake.hive.unreferenced(purchases, changedBefore: HiveLake.now).isEmpty)
    let removed = try lake.hive.removeUnreferenced(purchases, changedBefore: HiveLake.now + 1)
    #expect(removed == 1)
    #expect(try lake.files("processed/purchases/").count == 3)
    #expect(try rows().count == 3)
  }

  // MARK: Two at once

  @Test func `of two who append to the same partition both count`() throws {
    try makeThreeDays()
    let one = try lake.hive.makeSink(purchases, mode: .append)
    let other = try lake.hive.makeSink(purchases, mode: .append)
    for (sink, id) in [(one, 8), (other, 9)] as [(any BatchSink, Int64)] {
      try sink.write(
        ColumnarBatch(
          schema: HiveLake.purchases, rows: [[.integer(id), .integer(1), .integer(day)]]))
    }
    _ = try one.commit()
    _ = try other.commit()
    #expect(
      try lake.sql("SELECT id FROM purchases WHERE dt = DATE '2024-01-15' ORDER BY id")
        == ["2", "8", "9"])
    #expect(
      try lake.hive.existing(purchases).partition(["2024-01-15"])?.rowCount == 3)
  }

  @Test func `rows appended to a partition that is overwritten meanwhile are refused, not lost`() throws {
    try makeThreeDays()
    let slow = try lake.hive.makeSink(purchases, mode: .append)
    try slow.write(
      ColumnarBatch(schema: HiveLake.purchases, rows: [[.integer(8), .integer(1), .integer(day)]]))
    _ = try overwrite(.dynamic, [[9, 90, day]])
    #expect(throws: CatalogChangeError.self) { try slow.commit() }
    #expect(try rows() == ["1|10|2024-01-14", "9|90|2024-01-15", "3|30|2024-01-16"])
    #expect(try lake.files("processed/purchases/").count == 3)
  }

  @Test func `of two who overwrite the same partition one wins whole`() throws {
    try makeThreeDays()
    let one = try lake.hive.makeSink(purchases, mode: .overwrite(.dynamic))
    let other = try lake.hive.makeSink(purchases, mode: .overwrite(.dynamic))
    for (sink, id) in [(one, 8), (other, 9)] as [(any BatchSink, Int64)] {
      for item in [id, id + 10] {
        try sink.write(
          ColumnarBatch(
            schema: HiveLake.purchases, rows: [[.integer(item), .integer(1), .integer(day)]]))
      }
    }
    _ = try one.commit()
    _ = try other.commit()
    #expect(
      try lake.sql("SELECT id FROM purchases WHERE dt = DATE '2024-01-15' ORDER BY id")
        == ["9", "19"])
    #expect(try lake.files("processed/purchases/").count == 3)
  }

  @Test func `a new column meanwhile is a conflict`() throws {
    try makeThreeDays()
    let sink = try lake.hive.makeSink(purchases, mode: .append)
    try sink.write(
      ColumnarBatch(schema: HiveLake.purchases, rows: [[.integer(8), .integer(1), .integer(day)]]))
    try lake.sql("ALTER TABLE purchases ADD COLUMN note varchar")
    #expect(throws: CatalogChangeError.self) { try sink.commit() }
    #expect(try lake.files("processed/purchases/").count == 3)
  }

  // MARK: DELETE and DROP

  @Test func `DELETE takes whole partitions, and refuses a part of one`() throws {
    try makeThreeDays()
    try insert("(4, 40, DATE '2024-01-15')")
    #expect(try lake.sql("DELETE FROM purchases WHERE dt = DATE '2024-01-15'") == ["2"])
    #expect(try rows() == ["1|10|2024-01-14", "3|30|2024-01-16"])
    #expect(try lake.files("processed/purchases/dt=2024-01-15/").isEmpty)
    try insert("(6, 60, DATE '2024-01-14')")
    let before = try lake.keys()
    for statement in [
      "DELETE FROM purchases WHERE id = 6", "DELETE FROM purchases WHERE amount > 20",
      "UPDATE purchases SET amount = 0 WHERE dt = DATE '2024-01-16'",
      "UPDATE purchases SET amount = 0 WHERE id = 1",
      "MERGE INTO purchases p USING (VALUES 1) AS s (id) ON p.id = s.id WHEN MATCHED THEN DELETE",
    ] {
      #expect(lake.refusal(statement).hasPrefix("NOT_SUPPORTED"), "\(statement)")
    }
    #expect(try lake.keys() == before)
    #expect(try lake.sql("DELETE FROM purchases WHERE dt = DATE '1999-01-01'") == ["0"])
    try lake.sql("DELETE FROM purchases")
    #expect(try rows().isEmpty)
    try insert("(7, 70, DATE '2024-01-14')")
    #expect(try rows() == ["7|70|2024-01-14"])
  }

  @Test(arguments: [
    ExecutionOptions(workerCount: 4, batchRowsMax: 1),
    ExecutionOptions(
      workerCount: 2, scheduler: .pipelined(elidesLocalExchanges: false), taskCount: 3),
    ExecutionOptions(workerCount: 2, scheduler: .staged, taskCount: 3),
  ])
  func `statements give the same however they are run`(options: ExecutionOptions) throws {
    try makeThreeDays()
    try lake.sql(
      "INSERT INTO purchases SELECT id + 100, amount, dt FROM purchases", options: options)
    #expect(try lake.sql("SELECT count(*), sum(id) FROM purchases", options: options) == ["6|312"])
    #expect(
      try lake.sql("DELETE FROM purchases WHERE dt < DATE '2024-01-16'", options: options) == ["4"])
    #expect(
      try lake.sql("SELECT id FROM purchases ORDER BY id", options: options) == ["3", "103"])
    #expect(throws: (any Error).self) {
      try lake.sql("DELETE FROM purchases WHERE id = 3", options: options)
    }
  }

  @Test func `a partition that got a file meanwhile is not deleted`() throws {
    try makeThreeDays()
    let source = try #require(try lake.hive.table(purchases))
    let ids = try allRows(source, [3], [ColumnPredicate(column: 2, .equal(.integer(day)))])
    let deletion = lake.hive.makeDeletion(source)
    try deletion.delete(
      ColumnarBatch(schema: Schema([Field("id", .bigint)]), rows: ids).columns[0])
    try insert("(4, 40, DATE '2024-01-15')")
    #expect(throws: CatalogChangeError.self) { try deletion.commit() }
    #expect(try rows().count == 4)
  }

  @Test func `a table without partitions can only be emptied`() throws {
    try lake.sql("CREATE TABLE flat AS SELECT * FROM (VALUES 1, 2) AS t (a)")
    #expect(lake.refusal("DELETE FROM flat WHERE a = 1").hasPrefix("NOT_SUPPORTED"))
    try lake.sql("TRUNCATE TABLE flat")
    #expect(try lake.sql("SELECT count(*) FROM flat") == ["0"])
    #expect(try lake.files("processed/flat/").isEmpty)
  }

  @Test func `DROP TABLE removes the files of a managed table, and leaves those of an external one`() throws {
    try makeThreeDays()
    try lake.put("given/dt=2024-01-15/f", HiveLake.data, numbers([1, 1]))
    try lake.sql(
      "CREATE TABLE given (id bigint, amount bigint, dt date) "
        + "WITH (external_location = 's3://lake/given', partitioned_by = ARRAY['dt'])")
    try lake.sql("CALL system.sync_partition_metadata('silver', 'given', 'ADD')")
    #expect(try lake.sql("DELETE FROM given WHERE dt = DATE '2024-01-15'") == ["1"])
    #expect(try lake.sql("SELECT count(*) FROM given") == ["0"])
    #expect(try lake.keys("given/").count == 1)
    try lake.sql("DROP TABLE given")
    try lake.sql("DROP TABLE purchases")
    #expect(try lake.keys() == ["given/dt=2024-01-15/f"])
    #expect(lake.refusal("DROP TABLE purchases").hasPrefix("TABLE_NOT_FOUND"))
    #expect(try lake.sql("SHOW TABLES").isEmpty)
    // The name is free again, and its history goes on.
    try lake.makePurchases()
    #expect(try lake.hive.existing(purchases).version == 3)
    #expect(try lake.hive.history(purchases)[2].partitionCount == nil)
  }

  @Test func `columns are changed in the catalog alone`() throws {
    try makeThreeDays()
    for (change, name) in [
      ("ADD COLUMN dt varchar", "COLUMN_ALREADY_EXISTS"),
      ("DROP COLUMN dt", "NOT_SUPPORTED"), ("RENAME COLUMN dt TO day", "NOT_SUPPORTED"),
      ("DROP COLUMN none", "COLUMN_NOT_FOUND"), ("RENAME TO other", "NOT_SUPPORTED"),
      ("ADD COLUMN t timestamp(3) with time zone", "NOT_SUPPORTED"),
    ] {
      #expect(lake.refusal("ALTER TABLE purchases \(change)").hasPrefix(name), "\(change)")
    }
    try lake.sql("ALTER TABLE purchases DROP COLUMN amount")
    #expect(lake.refusal("ALTER TABLE purchases DROP COLUMN id").hasPrefix("NOT_SUPPORTED"))
    #expect(try lake.sql("SELECT * FROM purchases ORDER BY id").first == "1|2024-01-14")
    try lake.sql("COMMENT ON TABLE purchases IS 'all of them'")
    #expect(try lake.hive.existing(purchases).comment == "all of them")
  }

  @Test func `the lake's system tables show partitions and changes`() throws {
    try makeThreeDays()
    let tables = lake.lake.hiveSystemTables()
    let partitions = try allRows(tables["hive_partitions"]?(), [0, 1, 2, 3, 6, 7])
    #expect(partitions.count == 3)
    #expect(
      partitions[0] == [
        .text("silver.purchases"), .text("MANAGED"), .text("PARQUET"), .text("dt=2024-01-14"),
        .integer(1), .integer(1),
      ])
    #expect(
      try allRows(tables["hive_versions"]?(), [0, 1, 3, 4]) == [
        [.text("silver.purchases"), .integer(0), .text("create_table"), .integer(0)],
        [.text("silver.purchases"), .integer(1), .text("insert"), .integer(3)],
      ])
  }
}
