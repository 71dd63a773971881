import Columnar
import Connector
import DeltaLog
import Foundation
import ObjectStorage
import TestSupport
import Testing

/// What we do to a table as a whole, seen by deltalake and DuckDB, and what deltalake does, seen by us.
@Suite(
  .enabled(
    if: InteropPython.interpreter != nil, "TAPLINE_INTEROP_PYTHON names no Python with deltalake"))
struct DeltaMaintenanceInteropTests {
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
      import deltalake, glob, os, pyarrow as pa
      from deltalake import DeltaTable, write_deltalake
      path = "\(scratch.path)/t"
      def ids(version=None, where="true"):
        t = DeltaTable(path, version=version)
        q = deltalake.QueryBuilder().register("t", t).execute(f"select id from t where {where} order by id")
        return pa.table(q.read_all())["id"].to_pylist()
      def duck():
        import duckdb, duckdb_extension_delta
        base = os.path.dirname(duckdb_extension_delta.__file__) + "/extensions/v" + duckdb.__version__
        db = duckdb.connect(config={"autoinstall_known_extensions": "false"})
        db.execute(f"LOAD '{base}/delta.duckdb_extension'")
        return [r[0] for r in db.sql(f"select id from delta_scan('{path}') order by id").fetchall()]

      """
    return try InteropPython.run(head + program)
  }

  private let hasDuckDB = InteropPython.has(module: "duckdb_extension_delta")

  private func ids(
    _ snapshot: DeltaSnapshot? = nil,
    _ predicates: [ColumnPredicate] = []
  ) throws -> [Int64] {
    let snapshot = try snapshot ?? table.snapshot()
    let column = snapshot.schema.index(of: "id") ?? 0
    return try TestTable.rows(snapshot, columns: [column], predicates).compactMap { row in
      if case .integer(let id) = row[0] { id } else { nil }
    }.sorted()
  }

  private static let time: Int64 = 1_705_363_800_000

  private func makeOurs() throws {
    _ = try DeltaTable.create(
      store: store, path: "t",
      schema: Schema([Field("id", .bigint), Field("city", .varchar)]),
      partitionColumns: ["city"], timestamp: Self.time)
  }

  private func write(_ rows: [(Int64, String?)], mode: WriteMode = .append) throws {
    let snapshot = try table.snapshot()
    let sink = snapshot.makeSink(mode: mode, options: DeltaWriteOptions(timestamp: Self.time))
    let values = rows.map { [Scalar.integer($0), $1.map { .text($0) } ?? .null] }
    try sink.write(ColumnarBatch(schema: snapshot.schema, rows: values))
    _ = try sink.commit()
  }

  @Test func `each reads what the other restored`() throws {
    try makeOurs()
    try write([(1, "서울 50%"), (2, nil)])
    try write([(3, "a/b=c")], mode: .overwrite)
    #expect(try table.restore(to: 1, timestamp: Self.time).version == 3)
    #expect(
      try run(
        """
        print(ids(), ids(version=2), ids(version=1), DeltaTable(path).history(1)[0]["operation"])
        """) == "[1, 2] [3] [1, 2] RESTORE")
    if hasDuckDB { #expect(try run("print(duck())") == "[1, 2]") }
    _ = try run("DeltaTable(path).restore(2)")
    #expect(try ids() == [3])
    #expect(try ids(table.snapshot(version: 3)) == [1, 2])
    #expect(try table.history().map(\.operation).last == "RESTORE")
    #expect(try table.history().map(\.rowCount) == [0, 2, 1, 2, 1])
  }

  @Test func `deltalake and DuckDB read what we put together and vacuumed`() throws {
    try makeOurs()
    for id in 0..<6 { try write([(Int64(id), id % 2 == 0 ? "서울 50%" : nil)]) }
    let report = try table.optimize(DeltaOptimizeOptions(timestamp: Self.time + 1))
    #expect(report.filesRemoved == 6 && report.filesAdded == 2)
    let vacuumed = try table.vacuum(
      DeltaVacuumOptions(
        now: 1 << 50, retentionMilliseconds: 0, allowsShortRetention: true))
    #expect(vacuumed.files.count == 6)
    let printed = try run(
      """
      t = DeltaTable(path)
      a = pa.table(t.get_add_actions(flatten=True)).to_pylist()
      print(ids(), ids(where="city = '서울 50%'"), t.version(), t.history(1)[0]["operation"])
      print(sorted((x["num_records"], x["min.id"], x["max.id"]) for x in a), len(t.file_uris()))
      """)
    #expect(
      printed == """
        [0, 1, 2, 3, 4, 5] [0, 2, 4] 7 OPTIMIZE
        [(3, 0, 4), (3, 1, 5)] 2
        """)
    if hasDuckDB { #expect(try run("print(duck())") == "[0, 1, 2, 3, 4, 5]") }
    // And a table that deltalake wrote, of which we compact one partition.
    _ = try run(
      """
      write_deltalake(path, pa.table({"id": pa.array([6, 7], pa.int64()), "city": [None, "부산"]}), mode="append")
      write_deltalake(path, pa.table({"id": pa.array([8], pa.int64()), "city": ["부산"]}), mode="append")
      """)
    let second = try table.optimize(
      DeltaOptimizeOptions(timestamp: Self.time + 2, partitions: [["city": "부산"]]))
    #expect(second.filesConsidered == 2 && second.filesRemoved == 2 && second.filesAdded == 1)
    #expect(try run("print(ids())") == "[0, 1, 2, 3, 4, 5, 6, 7, 8]")
  }

  @Test func `we read what deltalake compacted, vacuumed and merged`() throws {
    let printed = try run(
      """
      for i in range(4):
        write_deltalake(path, pa.table({"id": pa.array([2 * i, 2 * i + 1], pa.int64()), "city": ["서울 50%", None], "n": pa.array([1, None], pa.int32())}), mode="append", partition_by=["city"])
      t = DeltaTable(path)
      print(t.optimize.compact()["numFilesRemoved"])
      t = DeltaTable(path)
      print(len(t.vacuum(retention_hours=0, enforce_retention_duration=False, dry_run=False)))
      s = pa.table({"id": pa.array([1, 2, 99], pa.int64()), "city": [None, "서울 50%", "부산"], "n": pa.array([10, 20, 990], pa.int32())})
      m = (DeltaTable(path).merge(s, "t.id = s.id", source_alias="s", target_alias="t")
        .when_matched_update_all().when_not_matched_insert_all().execute())
      print(m["num_target_rows_updated"], m["num_target_rows_inserted"])
      DeltaTable(path).update(updates={"n": "7"}, predicate="id = 5")
      DeltaTable(path).delete("id = 0")
      DeltaTable(path).create_checkpoint()
      print(DeltaTable(path).version())
      """)
    let lines = printed.split(separator: "\n")
    #expect(lines.prefix(3) == ["8", "8", "2 1"])
    let snapshot = try table.snapshot()
    #expect(String(snapshot.version) == lines.last.map(String.init))
    #expect(try ids() == [1, 2, 3, 4, 5, 6, 7, 99])
    let columns = ["id", "n", "city"].compactMap { snapshot.schema.index(of: $0) }
    let rows = try TestTable.rows(snapshot, columns: columns)
    let wanted: [[Scalar]] = [
      [.integer(1), .integer(10), .null], [.integer(2), .integer(20), .text("서울 50%")],
      [.integer(3), .null, .null], [.integer(4), .integer(1), .text("서울 50%")],
      [.integer(5), .integer(7), .null], [.integer(6), .integer(1), .text("서울 50%")],
      [.integer(7), .null, .null], [.integer(99), .integer(990), .text("부산")],
    ]
    #expect(Set(rows) == Set(wanted) && rows.count == wanted.count)
    #expect(
      Set(["OPTIMIZE", "MERGE", "UPDATE", "DELETE"])
        .isSubset(of: try table.history().map(\.operation)))
    // A compaction tells that it changed no row.
    let compaction = try table.changes(since: 0).first { $0.operation == "OPTIMIZE" }
    #expect(compaction?.adds.allSatisfy { !$0.dataChange } == true)
  }

  @Test func `rows that we changed are changed for deltalake and DuckDB, and theirs for us`() throws {
    try makeOurs()
    try write([(1, "서울 50%"), (2, "서울 50%"), (3, nil), (4, "a/b=c")])
    let city = ColumnPredicate(column: 1, .equal(.text("서울 50%")))
    let summary = try table.rewrite(
      where: [city], options: DeltaWriteOptions(operation: "UPDATE", timestamp: Self.time)
    ) { batch in
      // Id 2 moves to another city, id 1 goes.
      let schema = Schema([Field("id", .bigint), Field("city", .varchar)])
      return DeltaRowRewrite(
        deleted: (0..<batch.rowCount).map { Int32($0) },
        inserted: [ColumnarBatch(schema: schema, rows: [[.integer(20), .text("부산")]])])
    }
    #expect(summary.filesRemoved == 1 && summary.filesAdded == 1)
    #expect(
      try run(
        """
        t = DeltaTable(path)
        print(ids(), ids(where="city = '부산'"), ids(version=1), t.history(1)[0]["operation"])
        """) == "[3, 4, 20] [20] [1, 2, 3, 4] UPDATE")
    if hasDuckDB { #expect(try run("print(duck())") == "[3, 4, 20]") }

    // Prepared on a version that deltalake has changed since: once where it was read, once elsewhere.
    let old = try table.snapshot()
    _ = try run(
      """
      s = pa.table({"id": pa.array([4, 5], pa.int64()), "city": ["a/b=c", "a/b=c"]})
      (DeltaTable(path).merge(s, "t.id = s.id and t.city = 'a/b=c'", source_alias="s", target_alias="t")
        .when_matched_delete().when_not_matched_insert_all().execute())
      """)
    #expect(try ids() == [3, 5, 20])
    for (value, isConflict) in [("a/b=c", true), ("부산", false)] {
      let base = old.changeable()
      let change = base.makeChange(options: DeltaWriteOptions(operation: "DELETE", timestamp: 0))
      let request = ScanRequest(
        columns: [2], predicates: [ColumnPredicate(column: 1, .equal(.text(value)))])
      for split in try base.splits(for: request) {
        let reader = try split.open()
        while let batch = try reader.next() { try change.delete(batch.columns[0]) }
      }
      if isConflict {
        let error = #expect(throws: DeltaLogError.self) { try change.finish() }
        #expect(error?.kind == .concurrentModification)
        #expect(error?.message.contains("(MERGE)") == true)
      } else {
        #expect(try change.finish().filesRemoved == 1)
      }
    }
    #expect(try run("print(ids())") == "[3, 5]")
  }
}
