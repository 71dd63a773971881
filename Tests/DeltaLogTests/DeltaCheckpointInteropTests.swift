import Columnar
import Connector
import DeltaLog
import Foundation
import ObjectStorage
import TestSupport
import Testing

/// Checkpoints of deltalake read by us, and ours read by deltalake and DuckDB.
@Suite(
  .enabled(
    if: InteropPython.interpreter != nil, "TAPLINE_INTEROP_PYTHON names no Python with deltalake"))
struct DeltaCheckpointInteropTests {
  let scratch: ScratchDirectory
  let store: LocalObjectStore

  init() throws {
    scratch = try ScratchDirectory()
    store = try LocalObjectStore(root: scratch.path)
  }

  private var table: DeltaTable { DeltaTable(store: store, path: "t") }

  /// Runs a program with the table's path in `path`, and answers what it prints.
  private func run(_ program: String) throws -> String {
    let head = """
      import datetime, deltalake, glob, os, pyarrow as pa
      from decimal import Decimal
      from deltalake import CommitProperties, DeltaTable, Transaction, write_deltalake
      path = "\(scratch.path)/t"
      def ids(where="true"):
        t = DeltaTable(path)
        q = deltalake.QueryBuilder().register("t", t).execute(f"select id from t where {where} order by id")
        return pa.table(q.read_all())["id"].to_pylist()
      def drop(first, last):
        for v in range(first, last + 1): os.remove(f"{path}/_delta_log/{v:020}.json")

      """
    return try InteropPython.run(head + program)
  }

  private func ids(_ predicates: [ColumnPredicate] = []) throws -> [Int64] {
    try TestTable.rows(table.snapshot(), columns: [0], predicates).compactMap { row in
      if case .integer(let id) = row[0] { id } else { nil }
    }.sorted()
  }

  @Test func `reads deltalake's checkpoint when the commits before it are gone`() throws {
    let printed = try run(
      """
      for i in range(4):
        write_deltalake(path, pa.table({
          "id": pa.array([2 * i, 2 * i + 1], pa.int64()), "city": ["서울 50%", None],
          "at": pa.array([datetime.datetime(2024, 1, 15, i, tzinfo=datetime.timezone.utc)] * 2, pa.timestamp("us", "UTC"))}),
          partition_by=["city"], mode="append",
          commit_properties=CommitProperties(app_transactions=[Transaction("in", i)]))
      DeltaTable(path).delete("id = 5")
      DeltaTable(path).create_checkpoint()
      drop(0, 3)
      write_deltalake(path, pa.table({"id": pa.array([8], pa.int64()), "city": ["부산"],
        "at": pa.array([None], pa.timestamp("us", "UTC"))}), mode="append")
      print(ids(), sorted(os.listdir(path + "/_delta_log")))
      """)
    #expect(
      printed == """
        [0, 1, 2, 3, 4, 6, 7, 8] ['00000000000000000004.checkpoint.parquet', \
        '00000000000000000004.json', '00000000000000000005.json', '_last_checkpoint']
        """)
    let snapshot = try table.snapshot()
    #expect(snapshot.version == 5)
    #expect(snapshot.transactions == ["in": 3])
    #expect(snapshot.partitionColumns == ["city"])
    #expect(snapshot.rowCount == 8)
    #expect(try ids() == [0, 1, 2, 3, 4, 6, 7, 8])
    #expect(try ids([ColumnPredicate(column: 1, .equal(.text("서울 50%")))]) == [0, 2, 4, 6])
    #expect(try ids([ColumnPredicate(column: 1, .isNull)]) == [1, 3, 7])
    let splits = try snapshot.splits(
      for: ScanRequest(columns: [0], predicates: [ColumnPredicate(column: 0, .greater(.integer(6)))]))
    #expect(splits.count == 2)
    #expect(try table.history().map(\.version) == [4, 5])
    #expect(try table.history().map(\.operation) == ["DELETE", "WRITE"])
    // And we go on from there.
    let sink = snapshot.makeSink(mode: .append, options: DeltaWriteOptions(timestamp: 0))
    try sink.write(
      ColumnarBatch(schema: snapshot.schema, rows: [[.integer(9), .text("a/b"), .null]]))
    #expect(try sink.commit().version == 6)
    #expect(try run("print(ids())") == "[0, 1, 2, 3, 4, 6, 7, 8, 9]")
  }

  @Test func `reads a table whose log deltalake has cleaned up`() throws {
    _ = try run(
      """
      for i in range(3):
        write_deltalake(path, pa.table({"id": pa.array([i], pa.int64())}), mode="append",
          configuration={"delta.logRetentionDuration": "interval 0 days"} if i == 0 else None)
      for name in glob.glob(path + "/_delta_log/*.json"): os.utime(name, (0, 0))
      DeltaTable(path).create_checkpoint()
      write_deltalake(path, pa.table({"id": pa.array([3], pa.int64())}), mode="append")
      DeltaTable(path).cleanup_metadata()
      """)
    #expect(!scratch.names("t/_delta_log").contains("00000000000000000000.json"))
    #expect(try ids() == [0, 1, 2, 3])
    #expect(try table.snapshot().version == 3)
    #expect(throws: DeltaLogError.self) { try table.snapshot(version: 0) }
  }

  private static let schema = Schema([
    Field("id", .bigint, isNullable: false), Field("name", .varchar),
    Field("price", .decimal(precision: 10, scale: 2)), Field("at", .timestampWithTimeZone),
    Field("city", .varchar), Field("dt", .date),
  ])

  /// Thirteen commits of ours with a checkpoint after the tenth, one of them an overwrite.
  private func writeOurs() throws {
    let ours = try DeltaTable.create(
      store: store, path: "t", schema: Self.schema, partitionColumns: ["dt", "city"],
      timestamp: 1_705_363_800_000)
    for number in 0..<13 {
      let isOverwrite = number == 7
      let snapshot = try ours.snapshot()
      let sink = snapshot.makeSink(
        mode: isOverwrite ? .overwritePartitions([["city": "서울 50%"]]) : .append,
        options: DeltaWriteOptions(
          transactions: ["in": Int64(number)], timestamp: 1_705_363_800_000 + Int64(number)))
      var rows: [[Scalar]] = [
        [
          .integer(Int64(number * 10)), .text("안녕 \"q\""), .integer(-1),
          .integer(1_705_363_800_123_456), .text("서울 50%"), .integer(19_737),
        ]
      ]
      if !isOverwrite {
        rows.append([
          .integer(Int64(number * 10 + 1)), .null, .null, .null,
          number % 2 == 0 ? .text("a/b=c") : .null, .null,
        ])
      }
      try sink.write(ColumnarBatch(schema: snapshot.schema, rows: rows))
      _ = try sink.commit()
    }
  }

  private static let ourIDs =
    "[1, 11, 21, 31, 41, 51, 61, 70, 80, 81, 90, 91, 100, 101, 110, 111, 120, 121]"

  @Test func `deltalake reads our checkpoint when the commits before it are gone, and goes on`()
    throws
  {
    try writeOurs()
    let printed = try run(
      """
      drop(0, 9)
      t = DeltaTable(path)
      print(t.version(), ids())
      print(t.transaction_version("in"), [h["operation"] for h in t.history()])
      print(ids("city = '서울 50%' and id > 80"), ids("price < 0 and id < 80"), ids("dt is null and id < 20"))
      a = pa.table(t.get_add_actions(flatten=True)).to_pylist()
      print(len(a), sorted((x["num_records"], x["min.id"], x["partition.city"]) for x in a)[:2])
      print(len(t.vacuum(retention_hours=0, enforce_retention_duration=False, dry_run=True)))
      """)
    #expect(
      printed == """
        13 \(Self.ourIDs)
        12 ['WRITE', 'WRITE', 'WRITE', 'WRITE']
        [90, 100, 110, 120] [70] [1, 11]
        18 [(1, 1, 'a/b=c'), (1, 11, None)]
        7
        """)
    _ = try run(
      """
      DeltaTable(path).delete("id = 1")
      DeltaTable(path).create_checkpoint()
      drop(10, 13)
      """)
    #expect(try ids() == [11, 21, 31, 41, 51, 61, 70, 80, 81, 90, 91, 100, 101, 110, 111, 120, 121])
    #expect(try table.snapshot().transactions == ["in": 12])
  }

  @Test(
    .enabled(
      if: InteropPython.has(module: "duckdb_extension_delta"),
      "duckdb-extension-delta is not installed for that Python"))
  func `DuckDB reads our checkpoint when the commits before it are gone`() throws {
    try writeOurs()
    let printed = try run(
      """
      import duckdb, duckdb_extension_delta
      drop(0, 9)
      base = os.path.dirname(duckdb_extension_delta.__file__) + "/extensions/v" + duckdb.__version__
      db = duckdb.connect(config={"autoinstall_known_extensions": "false"})
      db.execute(f"LOAD '{base}/delta.duckdb_extension'; SET TimeZone = 'UTC'")
      print([r[0] for r in db.sql(f"select id from delta_scan('{path}') order by id").fetchall()])
      print(db.sql(f"select count(*), min(city), max(dt)::varchar from delta_scan('{path}') where city is not null").fetchall())
      """)
    #expect(printed == "\(Self.ourIDs)\n[(13, 'a/b=c', '2024-01-15')]")
  }
}
