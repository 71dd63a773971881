import Columnar
import Connector
import Lake
import ObjectStorage
import TestSupport
import Testing

/// Directories of partitions between us and the Hive readers and writers of pyarrow and DuckDB.
@Suite(.enabled(if: InteropPython.interpreter != nil, "TAPLINE_INTEROP_PYTHON names no Python with pyarrow"))
struct HiveInteropTests {
  private let lake: HiveLake

  init() throws {
    lake = try HiveLake()
  }

  private func python(_ program: String) throws -> String {
    try InteropPython.run("root = '\(lake.store.root)'\n" + program)
  }

  @Test func `DuckDB and pyarrow read the partitions that INSERT writes`() throws {
    try lake.sql(
      """
      CREATE TABLE sales WITH (partitioned_by = ARRAY['dt', 'place']) AS
      SELECT * FROM (VALUES (BIGINT '1', '컵', DATE '2024-01-15', 'a/b=c'),
        (2, NULL, DATE '2024-01-15', 'plain'), (3, 'x', DATE '2024-01-16', 'plain'))
        AS t (id, name, dt, place)
      """)
    try lake.sql("SET SESSION lake.insert_existing_partitions_behavior = 'OVERWRITE'")
    try lake.sql("INSERT INTO sales VALUES (4, 'y', DATE '2024-01-16', 'plain')")
    let said = try python(
      """
      import duckdb, pyarrow.dataset as ds
      files = f"{root}/processed/sales/**/*.parquet"
      print(duckdb.sql(f"SELECT id, name, dt, place FROM read_parquet('{files}', hive_partitioning = true) ORDER BY id").fetchall())
      t = ds.dataset(f"{root}/processed/sales", format="parquet", partitioning="hive", exclude_invalid_files=True).to_table()
      print(sorted(zip(t["id"].to_pylist(), map(str, t["dt"].to_pylist()), t["place"].to_pylist())))
      """)
    #expect(
      said == """
        [(1, '컵', datetime.date(2024, 1, 15), 'a/b=c'), (2, None, datetime.date(2024, 1, 15), 'plain'), (4, 'y', datetime.date(2024, 1, 16), 'plain')]
        [(1, '2024-01-15', 'a/b=c'), (2, '2024-01-15', 'plain'), (4, '2024-01-16', 'plain')]
        """)
  }

  @Test func `partitions that pyarrow and DuckDB write are there once they are registered`() throws {
    _ = try python(
      """
      import duckdb, pyarrow as pa, pyarrow.dataset as ds
      t = pa.table({"id": [1, 2, 3], "amount": [10, 20, None], "city": ["a b/c%", "plain", None],
                    "year": pa.array([2024, 2024, 2023], pa.int32())})
      ds.write_dataset(t, f"{root}/processed/sales", format="parquet",
        partitioning=ds.partitioning(pa.schema([("year", pa.int32()), ("city", pa.string())]), flavor="hive"))
      duckdb.sql(f"COPY (SELECT 4 AS id, 40 AS amount, 2022 AS year, 'x=y' AS city) TO '{root}/processed/sales' "
        "(FORMAT parquet, PARTITION_BY (year, city), OVERWRITE_OR_IGNORE)")
      """)
    try lake.sql(
      """
      CREATE TABLE sales (id bigint, amount bigint, year integer, city varchar)
      WITH (external_location = 's3://lake/processed/sales', partitioned_by = ARRAY['year', 'city'])
      """)
    #expect(try lake.sql("SELECT count(*) FROM sales") == ["0"])
    try lake.sql("CALL system.sync_partition_metadata('silver', 'sales', 'ADD')")
    #expect(
      try lake.sql("SELECT * FROM sales ORDER BY id")
        == ["1|10|2024|a b/c%", "2|20|2024|plain", "3|NULL|2023|NULL", "4|40|2022|x=y"])
    #expect(try lake.sql("SELECT id FROM sales WHERE city = 'a b/c%' AND year > 2023") == ["1"])
  }

  @Test func `evolved files of pyarrow are read by name`() throws {
    _ = try python(
      """
      import os, datetime, pyarrow as pa, pyarrow.parquet as pq
      from decimal import Decimal
      os.makedirs(f"{root}/processed/evolved")
      pq.write_table(pa.table({"price": pa.array([1, 2], pa.int32()), "id": ["a", "b"]}), f"{root}/processed/evolved/1.parquet")
      pq.write_table(pa.table({"ID": ["c"], "Price": ["n/a"], "at": pa.array([datetime.datetime(2024,1,15,9)], pa.timestamp("us", tz="UTC"))}), f"{root}/processed/evolved/2.parquet")
      pq.write_table(pa.table({"id": pa.array(["d"]).dictionary_encode(), "price": pa.array([Decimal("3.00")], pa.decimal128(10,2)),
        "p": pa.array([{"b": 2}], pa.struct([("b", pa.int64())]))}), f"{root}/processed/evolved/3.parquet")
      """)
    try lake.sql(
      "CREATE TABLE evolved (id varchar, price bigint, at timestamp(6), p row(a bigint, b bigint)) "
        + "WITH (external_location = 's3://lake/processed/evolved')")
    #expect(
      try lake.sql("SELECT id, price, at, p.a, p.b FROM evolved ORDER BY id")
        == [
          "a|1|NULL|NULL|NULL", "b|2|NULL|NULL|NULL", "c|NULL|2024-01-15 09:00:00.000000|NULL|NULL",
          "d|3|NULL|NULL|2",
        ])
  }
}
