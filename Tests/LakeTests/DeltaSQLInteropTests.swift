import Columnar
import Connector
import Lake
import ObjectStorage
import TestSupport
import Testing

/// What statements leave in Delta tables, read by deltalake, and their statistics, computed again by
/// pyarrow from the data files.
@Suite(.enabled(if: InteropPython.interpreter != nil, "TAPLINE_INTEROP_PYTHON names no Python with deltalake"))
struct DeltaSQLInteropTests {
  private let lake: DeltaSQLLake

  init() throws {
    lake = try DeltaSQLLake()
  }

  /// Runs a program with the table's path in `path`, and answers what it prints.
  private func python(_ program: String) throws -> String {
    let head = """
      import deltalake, glob, os, pyarrow as pa, pyarrow.compute as pc, pyarrow.parquet as pq
      from urllib.parse import unquote
      from deltalake import DeltaTable, write_deltalake
      path = "\(lake.lake.store.root)/processed/orders"
      def rows(version=None):
        t = DeltaTable(path, version=version)
        q = deltalake.QueryBuilder().register("t", t).execute("select * from t order by id")
        return [tuple(str(v) for v in r.values()) for r in pa.table(q.read_all()).to_pylist()]
      def wrong():
        "Files whose statistics are not those of their rows; at the end how many were compared."
        found, count = [], 0
        for add in pa.table(DeltaTable(path).get_add_actions(flatten=True)).to_pylist():
          name = add["path"] if os.path.exists(f"{path}/{add['path']}") else unquote(add["path"])
          t = pq.ParquetFile(f"{path}/{name}").read()
          count += 1
          if add["num_records"] != t.num_rows: found.append((name, "num_records"))
          if add["size_bytes"] != os.path.getsize(f"{path}/{name}"): found.append((name, "size_bytes"))
          for c in t.column_names:
            least, most = (pc.min_max(t[c])[k].as_py() for k in ("min", "max"))
            said = tuple(add.get(k + c) for k in ("null_count.", "min.", "max."))
            if said != (t[c].null_count, least, most): found.append((name, c, said))
        return found, count

      """
    return try InteropPython.run(head + program)
  }

  private func makeOrders() throws {
    try lake.sql(
      """
      CREATE TABLE orders (id bigint, amount decimal(10, 2), name varchar, dt date)
      COMMENT 'one row an order' WITH (type = 'DELTA', partitioned_by = ARRAY['dt'])
      """)
    try lake.sql(
      """
      INSERT INTO orders VALUES (1, 1.50, 'a', DATE '2024-01-15'), (2, NULL, '서울', DATE '2024-01-15'),
        (3, -3.25, NULL, DATE '2024-01-16'), (4, 4.00, 'd', NULL)
      """)
  }

  @Test func `deltalake reads what each statement left, and its statistics are those of the files`()
    throws
  {
    try makeOrders()
    let steps: [(sql: String, rows: String)] = [
      ("INSERT INTO orders VALUES (5, 5.00, 'e', DATE '2024-01-16')",
        "[('1', '1.50', 'a', '2024-01-15'), ('2', 'None', '서울', '2024-01-15'), ('3', '-3.25', 'None', '2024-01-16'), ('4', '4.00', 'd', 'None'), ('5', '5.00', 'e', '2024-01-16')]"),
      ("DELETE FROM orders WHERE amount < 0",
        "[('1', '1.50', 'a', '2024-01-15'), ('2', 'None', '서울', '2024-01-15'), ('4', '4.00', 'd', 'None'), ('5', '5.00', 'e', '2024-01-16')]"),
      ("UPDATE orders SET dt = DATE '2024-01-17', name = NULL WHERE id IN (1, 4)",
        "[('1', '1.50', 'None', '2024-01-17'), ('2', 'None', '서울', '2024-01-15'), ('4', '4.00', 'None', '2024-01-17'), ('5', '5.00', 'e', '2024-01-16')]"),
      ("""
       MERGE INTO orders t USING (VALUES (2, 2.20), (5, NULL), (6, 6.60)) AS s (id, amount) ON t.id = s.id
       WHEN MATCHED AND s.amount IS NULL THEN DELETE
       WHEN MATCHED THEN UPDATE SET amount = s.amount
       WHEN NOT MATCHED THEN INSERT (id, amount) VALUES (s.id, s.amount)
       """,
        "[('1', '1.50', 'None', '2024-01-17'), ('2', '2.20', '서울', '2024-01-15'), ('4', '4.00', 'None', '2024-01-17'), ('6', '6.60', 'None', 'None')]"),
      ("INSERT INTO orders VALUES (7, 7.00, 'g', DATE '2024-01-15')",
        "[('1', '1.50', 'None', '2024-01-17'), ('2', '2.20', '서울', '2024-01-15'), ('4', '4.00', 'None', '2024-01-17'), ('6', '6.60', 'None', 'None'), ('7', '7.00', 'g', '2024-01-15')]"),
      ("ALTER TABLE orders EXECUTE optimize",
        "[('1', '1.50', 'None', '2024-01-17'), ('2', '2.20', '서울', '2024-01-15'), ('4', '4.00', 'None', '2024-01-17'), ('6', '6.60', 'None', 'None'), ('7', '7.00', 'g', '2024-01-15')]"),
      ("CALL lake.system.rollback_to_version('silver', 'orders', 2)",
        "[('1', '1.50', 'a', '2024-01-15'), ('2', 'None', '서울', '2024-01-15'), ('3', '-3.25', 'None', '2024-01-16'), ('4', '4.00', 'd', 'None'), ('5', '5.00', 'e', '2024-01-16')]"),
    ]
    for step in steps {
      try lake.sql(step.sql)
      let said = try python("print(rows())\nfound, count = wrong()\nprint(found, count > 0)")
      #expect(said == step.rows + "\n[] True", "\(step.sql)")
    }
    // Each version is there for others too.
    #expect(try python("print(len(rows(1)), len(rows(2)), len(rows(3)))") == "4 5 4")
  }

  @Test func `deltalake reads a column that was added, the comment and a replaced table`() throws {
    try makeOrders()
    try lake.sql("ALTER TABLE orders ADD COLUMN note varchar")
    try lake.sql("INSERT INTO orders (id, note) VALUES (9, 'late')")
    try lake.sql("COMMENT ON TABLE orders IS 'all of them'")
    #expect(
      try python(
        """
        t = DeltaTable(path)
        print([f.name for f in t.schema().fields], t.metadata().description, t.metadata().partition_columns)
        print(rows()[-1], rows()[0], DeltaTable(path, version=1).metadata().description)
        """)
        == """
        ['id', 'amount', 'name', 'dt', 'note'] all of them ['dt']
        ('9', 'None', 'None', 'None', 'late') ('1', '1.50', 'a', '2024-01-15', 'None') one row an order
        """)
    try lake.sql(
      "CREATE OR REPLACE TABLE orders WITH (type = 'DELTA') AS SELECT BIGINT '7' AS id, 'x' AS v")
    #expect(
      try python("print(rows(), len(rows(1)), DeltaTable(path).metadata().partition_columns, wrong())")
        == "[('7', 'x')] 4 [] ([], 1)")
  }

  @Test func `statements change a table that deltalake made, and it reads them`() throws {
    _ = try python(
      """
      write_deltalake(path, pa.table({"id": pa.array(range(6), pa.int64()), "n": pa.array([None, 1, 2, 3, 4, 5], pa.int64()),
        "city": ["a b", "a b", "서울", "서울", None, None]}), partition_by=["city"])
      """)
    #expect(try lake.sql("DELETE FROM orders WHERE city = 'a b' AND n IS NULL") == ["1"])
    #expect(try lake.sql("UPDATE orders SET city = 'moved' WHERE city IS NULL AND n > 4") == ["1"])
    #expect(try lake.sql("INSERT INTO orders (id, city) VALUES (8, '100%')") == ["1"])
    #expect(
      try python("print(rows(), wrong()[0], DeltaTable(path).version())")
        == "[('1', '1', 'a b'), ('2', '2', '서울'), ('3', '3', '서울'), ('4', '4', 'None'), ('5', '5', 'moved'), ('8', 'None', '100%')] [] 3")
    _ = try python("DeltaTable(path).delete('id = 2')")
    #expect(try lake.sql("SELECT id FROM orders ORDER BY id") == ["1", "3", "4", "5", "8"])
    #expect(
      try lake.sql(#"SELECT operation FROM "orders$history" ORDER BY version"#)
        == ["WRITE", "DELETE", "MERGE", "WRITE", "DELETE"])
  }
}
