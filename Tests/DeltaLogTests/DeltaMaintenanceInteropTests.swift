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
}
