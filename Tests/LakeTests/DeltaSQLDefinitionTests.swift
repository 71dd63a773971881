import Columnar
import Connector
import DeltaLog
import Lake
import ObjectStorage
import Testing

/// Delta tables that statements make, change and drop.
struct DeltaSQLDefinitionTests {
  private let lake: DeltaSQLLake

  init() throws {
    lake = try DeltaSQLLake()
  }

  @Test func `a table of type DELTA has a log, and one without a type has none`() throws {
    try lake.makeOrders()
    #expect(try lake.keys() == ["processed/orders/_delta_log/00000000000000000000.json"])
    #expect(try lake.delta().snapshot().partitionColumns == ["dt"])
    #expect(try lake.sql("SELECT count(*) FROM orders") == ["0"])
    try lake.sql("CREATE TABLE plain (id bigint)")
    #expect(try lake.lake.deltaTable("silver.plain") == nil)
    #expect(try lake.sql("SHOW TABLES") == ["orders", "plain"])
  }

  @Test func `gold has Delta tables too, and other schemas have none`() throws {
    try lake.sql("CREATE TABLE gold.daily (dt date, total bigint) WITH (type = 'delta')")
    #expect(try lake.keys() == ["aggregated/daily/_delta_log/00000000000000000000.json"])
    try lake.sql("CREATE SCHEMA own")
    for schema in ["own", "bronze"] {
      #expect(
        lake.refusal("CREATE TABLE \(schema).t (a bigint) WITH (type = 'DELTA')")
          == "NOT_SUPPORTED: This connector does not support Delta tables in the schema '\(schema)'; "
          + "they are in gold and silver")
    }
    #expect(
      lake.refusal("CREATE TABLE nowhere.t (a bigint) WITH (type = 'DELTA')")
        .hasPrefix("SCHEMA_NOT_FOUND"))
  }

  @Test func `partition columns may stand anywhere`() throws {
    try lake.sql(
      """
      CREATE TABLE sales WITH (type = 'DELTA', partitioned_by = ARRAY['dt', 'city']) AS
      SELECT DATE '2024-01-15' AS dt, 1 AS id, '서울' AS city
      """)
    #expect(try lake.sql("SELECT * FROM sales") == ["2024-01-15|1|서울"])
    #expect(
      try lake.files("sales").allSatisfy { $0.hasPrefix("processed/sales/dt=2024-01-15/city=") })
  }

  @Test func `the properties of the two kinds do not mix, and say which is wrong`() throws {
    for (rest, message) in [
      ("type = 'DELTA', format = 'PARQUET'",
        "Table property 'format' is not one of tables of type DELTA"),
      ("type = 'DELTA', external_location = 's3://lake/x'",
        "Table property 'external_location' is not one of tables of type DELTA"),
      ("checkpoint_interval = 5", "Table property 'checkpoint_interval' is not one of tables of type HIVE"),
      ("type = 'HIVE', checkpoint_interval = 5",
        "Table property 'checkpoint_interval' is not one of tables of type HIVE"),
      ("type = 'ICEBERG'",
        "Table property 'type' must be 'HIVE' or 'DELTA', the kinds of tables that the lake has"),
      ("type = 7", "Table property 'type' must be"),
      ("type = 'DELTA', location = 's3://lake/x'",
        "Table property 'location' does not exist or has a bad value"),
      ("type = 'DELTA', checkpoint_interval = 0", "checkpoint_interval must be a number of commits"),
      ("type = 'DELTA', partitioned_by = ARRAY['day']",
        "Partition columns [day] not present in schema"),
      ("type = 'DELTA', partitioned_by = ARRAY['a', 'b']",
        "Using all columns for partitioning is not supported"),
    ] {
      let refusal = lake.refusal("CREATE TABLE bad (a bigint, b bigint) WITH (\(rest))")
      #expect(refusal.hasPrefix("INVALID_TABLE_PROPERTY: " + message), "\(rest): \(refusal)")
    }
    for column in ["t timestamp(6)", "t time(3)", "t char(3)", "t json", "t uuid"] {
      let refusal = lake.refusal("CREATE TABLE bad (a bigint, \(column)) WITH (type = 'DELTA')")
      #expect(refusal.hasPrefix("NOT_SUPPORTED: Delta tables here have no columns of type "), "\(refusal)")
    }
    #expect(
      lake.refusal(
        "CREATE TABLE bad (a bigint, b double) WITH (type = 'DELTA', partitioned_by = ARRAY['b'])")
        .hasPrefix("NOT_SUPPORTED: The table cannot be partitioned by"))
    #expect(try lake.keys().isEmpty)
  }

  @Test func `types of SQL go into files and come back`() throws {
    try lake.sql(
      """
      CREATE TABLE kinds WITH (type = 'DELTA') AS
      SELECT true AS b, TINYINT '1' AS i1, SMALLINT '2' AS i2, 3 AS i4, BIGINT '4' AS i8,
        REAL '0.5' AS r, 2.5E0 AS d, DECIMAL '1.20' AS n, CAST('text' AS varchar(10)) AS v,
        X'00FF' AS raw, DATE '2024-01-15' AS dt,
        TIMESTAMP '2024-01-15 09:00:00.123 UTC' AS moment, ARRAY['x', NULL] AS tags,
        MAP(ARRAY['k'], ARRAY[1]) AS m, CAST(ROW(1, 'y') AS ROW(p integer, q varchar(3))) AS pair
      """)
    #expect(
      try lake.sql("SELECT i1 + i2 + i4 + i8, r, d, n, v, to_hex(raw), dt, moment, tags[1], m['k'], pair.q FROM kinds")
        == ["10|0.5|2.5|1.20|text|00FF|2024-01-15|2024-01-15 09:00:00.123000 UTC|x|1|y"])
  }

  @Test func `CREATE TABLE AS puts its rows with the first version, or nothing at all`() throws {
    try lake.sql("CREATE TABLE orders WITH (type = 'DELTA') AS SELECT 1 AS id, 10 AS amount")
    #expect(try lake.version() == 0)
    #expect(
      try lake.sql(#"SELECT operation, operation_metrics['numOutputRows'] FROM "orders$history""#)
        == ["CREATE TABLE AS SELECT|1"])
    #expect(
      lake.refusal(
        "CREATE TABLE half WITH (type = 'DELTA') AS SELECT 1 / a AS b FROM (VALUES 1, 0) AS t (a)")
        == "DIVISION_BY_ZERO: Division by zero")
    #expect(try lake.keys("processed/half").isEmpty)
    #expect(lake.refusal("SELECT * FROM half").hasPrefix("TABLE_NOT_FOUND"))
  }

  @Test func `of two that make one table, the second is told, and leaves nothing`() throws {
    let definition = TableDefinition(
      schema: Schema([Field("id", .bigint)]), properties: ["type": [.text("DELTA")]])
    func begin() throws -> any BatchSink {
      try lake.lake.beginCreate(
        schema: "silver", name: "orders", definition, isReplacing: false)
    }
    let (first, second) = (try begin(), try begin())
    try first.write(ColumnarBatch(schema: definition.schema, rows: numbers([1])))
    try second.write(ColumnarBatch(schema: definition.schema, rows: numbers([2])))
    _ = try first.commit()
    #expect(throws: CatalogChangeError.tableExists(schema: "silver", name: "orders")) {
      try second.commit()
    }
    #expect(try lake.sql("SELECT id FROM orders") == ["1"])
    #expect(try lake.files().count == 1)
  }

  @Test func `a name is taken by either kind, and a directory by what lies there`() throws {
    try lake.makeOrders()
    #expect(lake.refusal("CREATE TABLE orders (a bigint)").hasPrefix("TABLE_ALREADY_EXISTS"))
    try lake.sql("CREATE TABLE plain (a bigint)")
    #expect(
      lake.refusal("CREATE TABLE plain (a bigint) WITH (type = 'DELTA')")
        .hasPrefix("TABLE_ALREADY_EXISTS"))
    try lake.lake.store.put("processed/leftover/part-0.parquet", [1])
    #expect(
      lake.refusal("CREATE TABLE leftover (a bigint) WITH (type = 'DELTA')")
        == "HIVE_PATH_ALREADY_EXISTS: Target directory for table 'silver.leftover' already exists: "
        + "s3://lake/processed/leftover")
    #expect(
      lake.refusal(#"CREATE TABLE "a b" (a bigint) WITH (type = 'DELTA')"#)
        == "NOT_SUPPORTED: This connector does not support the table name 'a b': it takes letters, "
        + "digits and underscores")
  }

  @Test func `CREATE OR REPLACE TABLE AS keeps the history`() throws {
    try lake.makeOrders()
    try lake.insertPair(1)
    try lake.sql(
      "CREATE OR REPLACE TABLE orders WITH (type = 'DELTA') AS SELECT 'new' AS name, 7 AS n")
    #expect(try lake.sql("SELECT * FROM orders") == ["new|7"])
    #expect(try lake.version() == 2)
    #expect(
      try lake.sql("SELECT id, amount, dt FROM orders FOR VERSION AS OF 1 ORDER BY id")
        == ["1|10|2024-01-15", "2|20|2024-01-15"])
    try lake.sql("CREATE TABLE plain (a bigint)")
    #expect(
      lake.refusal("CREATE OR REPLACE TABLE plain WITH (type = 'DELTA') AS SELECT 1 AS a")
        .hasPrefix("NOT_SUPPORTED"))
    #expect(
      lake.refusal("CREATE OR REPLACE TABLE orders AS SELECT 1 AS a").hasPrefix("NOT_SUPPORTED"))
    #expect(try lake.sql("SELECT * FROM orders") == ["new|7"])
  }

  @Test func `a table that cannot be replaced stays as it was`() throws {
    try lake.makeOrders()
    try lake.insertPair(1)
    for rest in ["(a bigint) WITH (type = 'DELTA', format = 'PARQUET')", "(a bigint)"] {
      let refusal = lake.refusal("CREATE OR REPLACE TABLE orders \(rest)")
      #expect(
        refusal.hasPrefix("NOT_SUPPORTED") || refusal.hasPrefix("INVALID_TABLE_PROPERTY"),
        "\(rest): \(refusal)")
      #expect(try lake.orders.count == 2)
    }
    try lake.sql("CREATE OR REPLACE TABLE orders (a bigint) WITH (type = 'DELTA')")
    #expect(try lake.sql("SELECT count(a) FROM orders") == ["0"])
    #expect(try lake.sql("SELECT count(id) FROM orders FOR VERSION AS OF 1") == ["2"])
    #expect(try lake.lastCommit().operation == "CREATE OR REPLACE TABLE")
  }

  @Test func `an added column is NULL in older rows and not in older versions`() throws {
    try lake.makeOrders()
    try lake.insertPair(1)
    try lake.sql("ALTER TABLE orders ADD COLUMN note varchar(20)")
    try lake.sql("INSERT INTO orders VALUES (3, 30, DATE '2024-01-15', 'late')")
    #expect(try lake.sql("SELECT id, note FROM orders ORDER BY id") == ["1|NULL", "2|NULL", "3|late"])
    #expect(
      try lake.sql("SELECT * FROM orders FOR VERSION AS OF 1 ORDER BY id")
        == ["1|10|2024-01-15", "2|20|2024-01-15"])
    #expect(
      lake.refusal("ALTER TABLE orders ADD COLUMN Amount bigint").hasPrefix("COLUMN_ALREADY_EXISTS"))
    #expect(
      lake.refusal("ALTER TABLE orders ADD COLUMN t timestamp(3)").hasPrefix("NOT_SUPPORTED"))
    #expect(
      lake.refusal("ALTER TABLE orders DROP COLUMN note")
        == "NOT_SUPPORTED: Cannot drop column from table using column mapping mode NONE")
    #expect(
      lake.refusal("ALTER TABLE orders RENAME COLUMN note TO remark")
        == "NOT_SUPPORTED: Cannot rename column in table using column mapping mode NONE")
    #expect(try lake.version() == 3)
  }

  @Test func `what the log says of the other columns stays when one is added`() throws {
    try lake.makeOrders()
    let key = "processed/orders/_delta_log/00000000000000000000.json"
    let text = String(decoding: try lake.lake.store.get(key), as: UTF8.self)
    let marked = text.replacing(#"\"metadata\":{}"#, with: #"\"metadata\":{\"comment\":\"ours\"}"#)
    #expect(marked != text)
    try lake.lake.store.put(key, Array(marked.utf8))
    try lake.sql("ALTER TABLE orders ADD COLUMN note varchar")
    let added = String(
      decoding: try lake.lake.store.get("processed/orders/_delta_log/00000000000000000001.json"),
      as: UTF8.self)
    #expect(added.split(separator: #"\"comment\":\"ours\""#).count == 4)
  }

  @Test func `a comment is kept in the log and can be taken away`() throws {
    try lake.sql("CREATE TABLE orders (id bigint) COMMENT 'one row an order' WITH (type = 'DELTA')")
    #expect(try lake.delta().snapshot().comment == "one row an order")
    try lake.sql("COMMENT ON TABLE orders IS 'all of them'")
    #expect(try lake.delta().snapshot().comment == "all of them")
    try lake.sql("COMMENT ON TABLE orders IS NULL")
    #expect(try lake.delta().snapshot().comment == nil)
    try lake.sql("COMMENT ON TABLE orders IS NULL")
    #expect(try lake.version() == 2)
  }

  @Test func `a dropped table is gone with its files, and its name is free`() throws {
    try lake.makeOrders()
    try lake.insertPair(1)
    try lake.sql("DROP TABLE orders")
    #expect(try lake.keys().isEmpty)
    #expect(lake.refusal("DROP TABLE orders").hasPrefix("TABLE_NOT_FOUND"))
    try lake.sql("DROP TABLE IF EXISTS orders")
    try lake.makeOrders(partitioned: false)
    #expect(try lake.orders == [])
  }

  @Test func `Bronze and what is only told of a table take no changes`() throws {
    try lake.makeOrders()
    try lake.insertPair(1)
    for statement in [
      #"DELETE FROM "orders$history""#, #"INSERT INTO "orders$properties" VALUES ('a', 'b')"#,
      #"DROP TABLE "orders$partitions""#, "ALTER TABLE orders RENAME TO others",
    ] {
      let refusal = lake.refusal(statement)
      #expect(
        refusal.hasPrefix("NOT_SUPPORTED") || refusal.hasPrefix("TABLE_NOT_FOUND"),
        "\(statement): \(refusal)")
    }
    #expect(try lake.version() == 1)
  }
}
