import Columnar
import Connector
import DeltaLog
import Foundation
import ObjectStorage
import TestSupport
import Testing

/// Newer features of tables: deletion vectors, and columns mapped to files.
@Suite(
  .enabled(
    if: InteropPython.interpreter != nil, "TAPLINE_INTEROP_PYTHON names no Python with deltalake"))
struct DeltaFeatureInteropTests {
  @Test(arguments: ["name", "id"])
  func `reads columns that deltalake maps to its files`(mode: String) throws {
    let scratch = try ScratchDirectory()
    let table = DeltaTable(store: try LocalObjectStore(root: scratch.path), path: "t")
    _ = try InteropPython.run(
      """
      import os, pyarrow as pa
      from deltalake import DeltaTable, write_deltalake
      path = "\(scratch.path)/t"
      t = pa.table({
        "user id": pa.array([1, 2, 3], pa.int64()),
        "place": [{"city": "서울", "zip code": 4}, {"city": None, "zip code": 5}, None],
        "p q": ["x", "y", None], "tags": [["a"], [], None]})
      write_deltalake(path, t, partition_by=["p q"], configuration={
        "delta.columnMapping.mode": "\(mode)", "delta.minReaderVersion": "2", "delta.minWriterVersion": "5"})
      write_deltalake(path, t.set_column(0, "user id", pa.array([11, 12, 13], pa.int64())), mode="append")
      DeltaTable(path).create_checkpoint()
      os.remove(path + "/_delta_log/00000000000000000000.json")
      """)
    let snapshot = try table.snapshot()
    #expect(snapshot.schema.fields.map(\.name) == ["user id", "place", "p q", "tags"])
    #expect(Set(snapshot.files.map { $0.partitionValues["p q"] }) == ["x", "y", .some(nil)])
    let rows = try TestTable.rows(snapshot, columns: [0, 1, 2, 3])
    let three: [[Scalar]] = [
      [.row([.text("서울"), .integer(4)]), .text("x"), .list([.text("a")])],
      [.row([.null, .integer(5)]), .text("y"), .list([])], [.null, .null, .null],
    ]
    let wanted = [1, 2, 3, 11, 12, 13].enumerated().map { index, id in
      [.integer(id)] + three[index % 3]
    }
    #expect(Set(rows) == Set(wanted) && rows.count == 6)
    func ids(_ column: Int, _ comparison: ColumnPredicate.Comparison) throws -> [Int64] {
      try TestTable.integers(
        snapshot, column: 0, [ColumnPredicate(column: column, comparison)]
      ).sorted()
    }
    #expect(try ids(2, .equal(.text("y"))) == [2, 12])
    #expect(try ids(0, .greater(.integer(12))) == [13])
    let sink = snapshot.makeSink(mode: .append, options: DeltaWriteOptions(timestamp: 0))
    #expect(throws: DeltaLogError.self) { try sink.commit() }
  }

  @Test(
    .enabled(
      if: InteropPython.has(module: "duckdb_extension_delta"),
      "duckdb-extension-delta is not installed for that Python"))
  func `DuckDB and deltalake take the same rows out by the same deletion vectors`() throws {
    let test = try TestTable(partitionColumns: [])
    let sink = try test.table.snapshot().makeSink(
      mode: .append, options: DeltaWriteOptions(timestamp: 0))
    for start in stride(from: 0, to: 200_000, by: 50_000) {
      try sink.write(TestTable.batch((start..<start + 50_000).map { (Int64($0), nil, nil) }))
    }
    _ = try sink.commit()
    let even = stride(from: 0, to: 20_000, by: 2).map { UInt16($0) }
    let vector = DeletionVectorFixture(blocks: [
      (0, .runs([(0, 999), (5_000, 5_000)])), (1, .bits(even)), (2, .listed([1, 7, 65_535])),
      (3, .runs([(100, 3_000)])),
    ])
    for descriptor in [vector.inline(), try vector.write(test, prefix: "", before: [0, 0, 0])] {
      try DeletionVectorFixture.commit(test, descriptor)
      let ours = try TestTable.integers(test.another().snapshot())
      let printed = try InteropPython.run(
        """
        import deltalake, duckdb, duckdb_extension_delta, os, pyarrow as pa
        path = "\(test.scratch.path)/processed/events"
        base = os.path.dirname(duckdb_extension_delta.__file__) + "/extensions/v" + duckdb.__version__
        db = duckdb.connect(config={"autoinstall_known_extensions": "false"})
        db.execute(f"LOAD '{base}/delta.duckdb_extension'")
        print(*db.sql(f"select count(*), sum(id)::bigint, min(id) from delta_scan('{path}')").fetchone())
        t = deltalake.DeltaTable(path)
        q = deltalake.QueryBuilder().register("t", t).execute("select count(*) c, sum(id) s, min(id) m from t")
        print(*pa.table(q.read_all()).to_pylist()[0].values())
        """)
      let mine = "\(ours.count) \(ours.reduce(0, +)) \(ours.min() ?? -1)"
      #expect(printed == mine + "\n" + mine)
    }
  }
}
