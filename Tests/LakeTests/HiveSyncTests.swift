import Columnar
import Connector
import Lake
import ObjectStorage
import Testing

/// `sync_partition_metadata`, and the ways in which it surprises.
struct HiveSyncTests {
  private let lake: HiveLake
  private let purchases = HiveTableName("silver", "purchases")

  init() throws {
    lake = try HiveLake()
    try lake.makePurchases()
  }

  private func put(_ directory: String) throws {
    try lake.put("processed/purchases/\(directory)/f.parquet", HiveLake.data, numbers([1, 100]))
  }

  private func sync(_ mode: String, _ rest: String = "") throws {
    try lake.sql("CALL system.sync_partition_metadata('silver', 'purchases', '\(mode)'\(rest))")
  }

  private func days() throws -> [String] {
    try lake.sql(#"SELECT CAST(dt AS varchar) FROM "purchases$partitions" ORDER BY 1"#)
  }

  @Test func `ADD registers what is there, DROP forgets what is not, FULL does both`() throws {
    try put("dt=2024-01-14")
    try put("dt=2024-01-15")
    #expect(try days().isEmpty)
    try sync("add")
    #expect(try days() == ["2024-01-14", "2024-01-15"])
    #expect(try lake.sql("SELECT count(*) FROM purchases") == ["2"])
    try lake.store.delete("processed/purchases/dt=2024-01-14/f.parquet")
    try put("dt=2024-01-16")
    try sync("ADD")
    #expect(try days() == ["2024-01-14", "2024-01-15", "2024-01-16"])
    try lake.store.delete("processed/purchases/dt=2024-01-16/f.parquet")
    try put("dt=2024-01-17")
    try sync("DROP")
    #expect(try days() == ["2024-01-15"])
    try put("dt=2024-01-18")
    try lake.store.delete("processed/purchases/dt=2024-01-15/f.parquet")
    try sync("FULL")
    #expect(try days() == ["2024-01-17", "2024-01-18"])
  }

  @Test func `nothing to do makes no new version`() throws {
    try put("dt=2024-01-15")
    try sync("FULL")
    let version = try lake.hive.existing(purchases).version
    try sync("FULL")
    #expect(try lake.hive.existing(purchases).version == version)
  }

  /// The lower-case trap: the key of the directory is the column's name, to the letter.
  @Test(arguments: ["DT=2024-01-15", "Dt=2024-01-15"])
  func `a key in other letters is passed over unless case does not matter`(directory: String) throws {
    try put(directory)
    for mode in ["ADD", "FULL"] {
      try sync(mode)
      #expect(try days().isEmpty)
      #expect(try lake.sql("SELECT count(*) FROM purchases WHERE dt = DATE '2024-01-15'") == ["0"])
    }
    try sync("ADD", ", false")
    #expect(try days() == ["2024-01-15"])
    #expect(
      try lake.sql(#"SELECT count(*), max("$path") FROM purchases"#)
        == ["1|s3://lake/processed/purchases/\(directory)/f.parquet"])
    // Once it is registered, case matters no more: the directory is there.
    try sync("FULL")
    #expect(try days() == ["2024-01-15"])
  }

  @Test func `named arguments work as Trino documents them`() throws {
    try put("DT=2024-01-15")
    try lake.sql(
      """
      CALL lake.system.sync_partition_metadata(
        schema_name => 'silver', table_name => 'purchases', mode => 'ADD', case_sensitive => false)
      """)
    #expect(try days() == ["2024-01-15"])
  }

  @Test func `of two directories with one value, the one in lower case counts`() throws {
    try put("DT=2024-01-15")
    try put("dt=2024-01-15")
    try sync("ADD", ", false")
    #expect(
      try lake.hive.existing(purchases).partitions.map(\.location)
        == ["processed/purchases/dt=2024-01-15"])
  }

  /// The trap of a month that was moved to the archive and deliberately kept in the catalog.
  @Test func `FULL forgets a month that lies in the archive, and ADD does not`() throws {
    try lake.put("archive/2023/purchases-06/f", HiveLake.data, numbers([7, 700]))
    try lake.hive.registerPartition(
      purchases, columns: ["dt"], values: ["2023-06-01"], uri: "s3://lake/archive/2023/purchases-06")
    try put("dt=2024-01-15")
    try sync("ADD")
    #expect(try days() == ["2023-06-01", "2024-01-15"])
    #expect(try lake.sql("SELECT sum(amount) FROM purchases") == ["800"])
    try sync("FULL")
    #expect(try days() == ["2024-01-15"])
    #expect(try lake.sql("SELECT sum(amount) FROM purchases") == ["100"])
    // Nothing but the catalog's knowledge is lost.
    #expect(try lake.files("archive/") == ["archive/2023/purchases-06/f"])
    let report = try lake.hive.syncPartitions(purchases, mode: .full)
    #expect(report.added.isEmpty && report.dropped.isEmpty)
  }

  @Test func `a report says what was added and dropped`() throws {
    try lake.hive.createEmptyPartition(purchases, columns: ["dt"], values: ["2024-01-01"])
    try put("dt=2024-01-15")
    let report = try lake.hive.syncPartitions(purchases, mode: .full)
    #expect(report.added == ["dt=2024-01-15"])
    #expect(report.dropped == ["dt=2024-01-01"])
  }

  @Test func `levels of directories are columns in the table's order`() throws {
    try lake.sql(
      "CREATE TABLE hours (n bigint, dt date, hour integer) "
        + "WITH (partitioned_by = ARRAY['dt', 'hour'])")
    let one = Schema([Field("n", .bigint)])
    try lake.put("processed/hours/dt=2024-01-15/hour=00/f", one, numbers([1]))
    try lake.put("processed/hours/dt=2024-01-15/hour=01/f", one, numbers([2]))
    try lake.put("processed/hours/dt=2024-01-15/f", one, numbers([3]))
    try lake.put("processed/hours/hour=02/dt=2024-01-15/f", one, numbers([4]))
    try lake.put("processed/hours/dt=2024-01-16/minute=02/f", one, numbers([5]))
    try lake.put("processed/hours/_temporary/hour=03/f", one, numbers([6]))
    try lake.sql("CALL system.sync_partition_metadata('silver', 'hours', 'ADD')")
    #expect(
      try lake.sql("SELECT n, dt, hour FROM hours ORDER BY n") == ["1|2024-01-15|0", "2|2024-01-15|1"])
    // 00 and 0 are two names of one number; the catalog keeps what the directory says.
    try lake.put("processed/hours/dt=2024-01-15/hour=0/f", one, numbers([7]))
    try lake.sql("CALL system.sync_partition_metadata('silver', 'hours', 'ADD')")
    #expect(try lake.sql("SELECT n FROM hours WHERE hour = 0 ORDER BY n") == ["1", "7"])
  }

  @Test func `what cannot be synchronized is said`() throws {
    try lake.sql("CREATE TABLE flat (a bigint)")
    #expect(
      lake.refusal("CALL system.sync_partition_metadata('silver', 'flat', 'ADD')")
        == "INVALID_PROCEDURE_ARGUMENT: Table is not partitioned: silver.flat")
    #expect(
      lake.refusal("CALL system.sync_partition_metadata('silver', 'none', 'ADD')")
        == "TABLE_NOT_FOUND: Table 'silver.none' does not exist")
    #expect(
      lake.refusal("CALL system.sync_partition_metadata('silver', 'purchases', 'REPAIR')")
        .hasPrefix("INVALID_PROCEDURE_ARGUMENT: Invalid partition metadata sync mode: REPAIR"))
    try put("dt=someday")
    #expect(
      lake.refusal("CALL system.sync_partition_metadata('silver', 'purchases', 'ADD')").hasPrefix(
        "INVALID_PROCEDURE_ARGUMENT: The directory s3://lake/processed/purchases/dt=someday"))
    #expect(try days().isEmpty)
  }

  @Test func `the other procedures do what their names say`() throws {
    try put("dt=2024-01-15")
    try lake.sql(
      """
      CALL system.register_partition('silver', 'purchases', ARRAY['dt'], ARRAY['2024-01-15'])
      """)
    try lake.put("elsewhere/x/f", HiveLake.data, numbers([5, 500]))
    try lake.sql(
      """
      CALL system.register_partition(schema_name => 'silver', table_name => 'purchases',
        partition_columns => ARRAY['dt'], partition_values => ARRAY['2023-01-01'],
        location => 's3://lake/elsewhere/x')
      """)
    try lake.sql(
      "CALL system.create_empty_partition('silver', 'purchases', ARRAY['dt'], ARRAY['2024-01-20'])")
    #expect(try days() == ["2023-01-01", "2024-01-15", "2024-01-20"])
    #expect(try lake.sql("SELECT sum(amount) FROM purchases") == ["600"])
    try lake.sql(
      "CALL system.unregister_partition('silver', 'purchases', ARRAY['dt'], ARRAY['2023-01-01'])")
    #expect(try days() == ["2024-01-15", "2024-01-20"])
    for (call, name) in [
      ("register_partition", "ALREADY_EXISTS"), ("create_empty_partition", "ALREADY_EXISTS"),
    ] {
      #expect(
        lake.refusal(
          "CALL system.\(call)('silver', 'purchases', ARRAY['dt'], ARRAY['2024-01-15'])"
        ).hasPrefix(name))
    }
    #expect(
      lake.refusal(
        "CALL system.unregister_partition('silver', 'purchases', ARRAY['dt'], ARRAY['2023-01-01'])")
        == "NOT_FOUND: Partition 'dt=2023-01-01' does not exist")
    #expect(
      lake.refusal(
        "CALL system.register_partition('silver', 'purchases', ARRAY['day'], ARRAY['2023-01-01'])")
        == "INVALID_PROCEDURE_ARGUMENT: Provided partition column names do not match actual "
        + "partition column names: [dt]")
  }
}
