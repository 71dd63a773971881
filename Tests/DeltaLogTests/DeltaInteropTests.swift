import Columnar
import Connector
import DeltaLog
import Foundation
import ObjectStorage
import TestSupport
import Testing

/// True where the tools have DuckDB's delta extension.
private let hasDuckDBDelta = InteropPython.has(module: "duckdb_extension_delta")

@Suite(.enabled(if: InteropPython.interpreter != nil, "TAPLINE_INTEROP_PYTHON names no Python with deltalake"))
struct DeltaInteropTests {
  let scratch: ScratchDirectory
  let store: LocalObjectStore

  init() throws {
    scratch = try ScratchDirectory()
    store = try LocalObjectStore(root: scratch.path)
  }

  /// Runs a program with the table's path in `path`, and answers what it prints.
  private func run(_ program: String) throws -> String {
    let head = """
      import datetime, deltalake, pyarrow as pa
      from decimal import Decimal
      from deltalake import DeltaTable, write_deltalake
      path = "\(scratch.path)/processed/events"
      def rows(t): return sorted(map(str, pa.table(t.to_pyarrow_table() if hasattr(t, "to_pyarrow_table") else t).to_pylist()))

      """
    return try InteropPython.run(head + program)
  }

  private var table: DeltaTable { DeltaTable(store: store, path: "processed/events") }

  private func append(_ rows: [[Scalar]], timestamp: Int64 = 1_705_363_800_000) throws {
    let snapshot = try table.snapshot()
    let sink = snapshot.makeSink(
      mode: .append,
      options: DeltaWriteOptions(timestamp: timestamp)
    )
    try sink.write(ColumnarBatch(schema: snapshot.schema, rows: rows))
    _ = try sink.commit()
  }

  private static let schema = Schema([
    Field("id", .bigint, isNullable: false), Field("n", .integer), Field("name", .varchar),
    Field("price", .decimal(precision: 10, scale: 2)), Field("ok", .boolean),
    Field("x", .double), Field("at", .timestampWithTimeZone), Field("raw", .varbinary),
    Field("city", .varchar), Field("dt", .date),
  ])

  private static let rows: [[Scalar]] = [
    [
      .integer(1), .integer(-5), .text("안녕 \"quoted\""), .integer(123_456), .boolean(true),
      .double(0.5), .integer(1_705_363_800_123_456), .binary([1, 0]), .text("서울 50%"),
      .integer(19_737),
    ],
    [
      .integer(2), .null, .null, .null, .null, .null, .null, .null, .text("a/b=c"),
      .integer(19_738),
    ],
    [
      .integer(3), .integer(7), .text(String(repeating: "long", count: 20)), .integer(-1),
      .boolean(false), .double(-1e300), .integer(1_705_363_800_000_000), .binary([]), .null, .null,
    ],
  ]

  private func create() throws {
    _ = try DeltaTable.create(
      store: store,
      path: "processed/events",
      schema: Self.schema,
      partitionColumns: ["dt", "city"],
      timestamp: 1_705_363_800_000
    )
  }

  @Test func `deltalake reads our table, its values, history and statistics`() throws {
    try create()
    try append(Self.rows)
    let text = try run(
      """
      t = DeltaTable(path)
      print(t.version(), t.protocol().min_reader_version, t.protocol().min_writer_version)
      print([h["operation"] for h in t.history()])
      q = deltalake.QueryBuilder().register("t", t)
      for r in sorted(pa.table(q.execute("select * from t").read_all()).to_pylist(), key=lambda r: r["id"]): print(r)
      print(pa.table(q.execute("select count(*) c, sum(id) s from t where city = '서울 50%'").read_all()).to_pylist())
      print(pa.table(q.execute("select id from t where dt = date '2024-01-16' and city = 'a/b=c'").read_all()).to_pylist())
      print(pa.table(q.execute("select id from t where price < 0").read_all()).to_pylist())
      a = pa.table(t.get_add_actions(flatten=True)).to_pylist()
      print(sorted((x["num_records"], str(x["min.price"]), str(x["max.at"])) for x in a))
      """
    )
    #expect(
      text == """
        1 1 2
        ['WRITE', 'CREATE TABLE']
        {'id': 1, 'n': -5, 'name': '안녕 "quoted"', 'price': Decimal('1234.56'), 'ok': True, 'x': 0.5, 'at': datetime.datetime(2024, 1, 16, 0, 10, 0, 123456, tzinfo=zoneinfo.ZoneInfo(key='UTC')), 'raw': b'\\x01\\x00', 'city': '서울 50%', 'dt': datetime.date(2024, 1, 15)}
        {'id': 2, 'n': None, 'name': None, 'price': None, 'ok': None, 'x': None, 'at': None, 'raw': None, 'city': 'a/b=c', 'dt': datetime.date(2024, 1, 16)}
        {'id': 3, 'n': 7, 'name': 'longlonglonglonglonglonglonglonglonglonglonglonglonglonglonglonglonglonglonglong', 'price': Decimal('-0.01'), 'ok': False, 'x': -1e+300, 'at': datetime.datetime(2024, 1, 16, 0, 10, tzinfo=zoneinfo.ZoneInfo(key='UTC')), 'raw': b'', 'city': None, 'dt': None}
        [{'c': 1, 's': 1}]
        [{'id': 2}]
        [{'id': 3}]
        [(1, '-0.01', '2024-01-16 00:10:00+00:00'), (1, '1234.56', '2024-01-16 00:10:00.124000+00:00'), (1, 'None', 'None')]
        """
    )
  }

  @Test func `both write one table in turn and see each other's rows`() throws {
    try create()
    try append(Self.rows)
    _ = try run(
      """
      t = DeltaTable(path)
      new = pa.table({"dt": pa.array([datetime.date(2024, 1, 15)]), "city": ["부산"], "id": pa.array([4], pa.int64()),
        "n": pa.array([8], pa.int32()), "name": ["theirs"], "price": pa.array([Decimal("9.99")], pa.decimal128(10, 2)),
        "ok": [True], "x": [2.5], "at": pa.array([datetime.datetime(2024, 1, 15, 3)], pa.timestamp("us", "UTC")), "raw": pa.array([b"z"], pa.binary())})
      write_deltalake(t, new, mode="append")
      t = DeltaTable(path)
      t.delete("id = 2")
      """
    )
    let snapshot = try table.snapshot()
    #expect(snapshot.version == 3)
    #expect(snapshot.rowCount == 3)
    let read = try TestTable.rows(snapshot, columns: Array(0..<10))
    #expect(
      read == [
        Self.rows[0], Self.rows[2],
        [
          .integer(4), .integer(8), .text("theirs"), .integer(999), .boolean(true), .double(2.5),
          .integer(1_705_287_600_000_000), .binary([0x7A]), .text("부산"), .integer(19_737),
        ],
      ]
    )
    let commits = try table.changes(since: 1)
    #expect(commits.map(\.operation) == ["WRITE", "DELETE"])
    #expect(commits[1].removes.map { $0.partitionValues?["city"] } == ["a/b=c"])

    try append([[.integer(5)] + Self.rows[1].dropFirst()])
    let text = try run(
      """
      t = DeltaTable(path)
      print(t.version(), sorted(pa.table(deltalake.QueryBuilder().register("t", t).execute("select id from t").read_all())["id"].to_pylist()))
      """
    )
    #expect(text == "4 [1, 3, 4, 5]")
  }

  @Test func `reads what deltalake makes: overwrites, new columns, missing statistics`() throws {
    _ = try run(
      """
      one = pa.table({"b": ["x", None], "a": pa.array([1, 2], pa.int64()), "p": ["k", "k"]})
      write_deltalake(path, one, partition_by=["p"])
      two = pa.table({"a": pa.array([3], pa.int64()), "p": ["b/c=d%e:"], "c": [True], "b": ["z"]})
      write_deltalake(path, two, mode="append", schema_mode="merge")
      three = pa.table({"a": pa.array([4], pa.int64()), "p": [None], "b": ["w"], "c": pa.array([None], pa.bool_())}, schema=pa.schema([("a", pa.int64()), ("p", pa.string()), ("b", pa.string()), ("c", pa.bool_())]))
      write_deltalake(path, three, mode="append", configuration={"delta.dataSkippingNumIndexedCols": "0"})
      """
    )
    var snapshot = try table.snapshot()
    #expect(snapshot.schema.fields.map(\.name) == ["b", "a", "p", "c"])
    let columns = [1, 0, 2, 3]
    #expect(
      try TestTable.rows(snapshot, columns: columns) == [
        [.integer(1), .text("x"), .text("k"), .null],
        [.integer(2), .null, .text("k"), .null],
        [.integer(3), .text("z"), .text("b/c=d%e:"), .boolean(true)],
        [.integer(4), .text("w"), .null, .null],
      ]
    )
    #expect(
      try TestTable.rows(
        snapshot,
        columns: [1],
        [ColumnPredicate(column: 2, .equal(.text("b/c=d%e:")))]
      ) == [[.integer(3)]]
    )
    _ = try run(
      """
      write_deltalake(path, pa.table({"b": ["q"], "a": pa.array([9], pa.int64()), "p": ["k"], "c": [False]}), mode="overwrite", predicate="p = 'k'")
      DeltaTable(path).optimize.compact()
      DeltaTable(path).create_checkpoint()
      """
    )
    snapshot = try table.snapshot()
    #expect(
      try TestTable.rows(snapshot, columns: [1]) == [[.integer(3)], [.integer(4)], [.integer(9)]]
    )
    #expect(try DeltaTable(store: store, path: "processed/events").snapshot().files.count == 3)
  }

  @Test func `features that we do not read are refused by name`() throws {
    _ = try run(
      """
      write_deltalake(path, pa.table({"a": pa.array([1, 2, 3], pa.int64())}), configuration={"delta.enableDeletionVectors": "true"})
      """
    )
    // deltalake lists variants with deletion vectors, although the table has none.
    #expect(try table.snapshot().rowCount == 3)
    #expect(try TestTable.rows(table.snapshot(), columns: [0]).count == 3)
    _ = try run(
      """
      name = path + "/_delta_log/00000000000000000000.json"
      text = open(name).read()
      assert '"variantType"' in text
      open(name, "w").write(text.replace('"variantType"', '"typeWidening"'))
      """
    )
    let error = #expect(throws: DeltaLogError.self) { try table.snapshot() }
    #expect(error?.kind == .unsupportedFeature)
    #expect(error?.message.contains("typeWidening") == true)
    #expect(error?.message.contains("deletionVectors") == false)
  }

  @Test func `reads wall clock timestamps, which need a newer protocol, and does not write them`()
    throws
  {
    _ = try run(
      """
      write_deltalake(path, pa.table({"t": pa.array([datetime.datetime(2024, 1, 15, 3)], pa.timestamp("us"))}))
      """
    )
    let snapshot = try table.snapshot()
    #expect(snapshot.schema[0].type == .timestamp)
    #expect(try TestTable.rows(snapshot, columns: [0]) == [[.integer(1_705_287_600_000_000)]])
    let error = #expect(throws: DeltaLogError.self) { try append([[.integer(0)]]) }
    #expect(error?.kind == .unsupportedWriter)
  }

  @Test func `appends of both at the same time lose nothing`() throws {
    _ = try DeltaTable.create(
      store: store,
      path: "processed/events",
      schema: Schema([Field("a", .bigint)]),
      timestamp: 0
    )
    let root = scratch.path
    let ours = Thread {
      guard let store = try? LocalObjectStore(root: root) else { return }
      let table = DeltaTable(store: store, path: "processed/events")
      for id in 0..<20 {
        guard let snapshot = try? table.snapshot() else { return }
        let sink = snapshot.makeSink(mode: .append, options: DeltaWriteOptions(timestamp: 0))
        let batch = ColumnarBatch(schema: snapshot.schema, rows: [[.integer(Int64(id))]])
        guard (try? sink.write(batch)) != nil, (try? sink.commit()) != nil else { return }
        Thread.sleep(forTimeInterval: 0.02)
      }
    }
    ours.start()
    _ = try run(
      """
      for i in range(20): write_deltalake(path, pa.table({"a": pa.array([100 + i], pa.int64())}), mode="append")
      """
    )
    while !ours.isFinished { Thread.sleep(forTimeInterval: 0.01) }
    let rows = try TestTable.rows(table.snapshot(), columns: [0])
    #expect(Set(rows) == Set((Array(0..<20) + Array(100..<120)).map { [.integer($0)] }))
    #expect(rows.count == 40)
    #expect(try table.snapshot().version == 40)
  }

  @Test(.enabled(if: hasDuckDBDelta, "duckdb-extension-delta is not installed for that Python"))
  func `DuckDB reads our table through its log`() throws {
    try create()
    try append(Self.rows)
    try append([[.integer(4)] + Self.rows[0].dropFirst()])
    let text = try run(
      """
      import duckdb, duckdb_extension_delta, os
      base = os.path.dirname(duckdb_extension_delta.__file__) + "/extensions/v" + duckdb.__version__
      db = duckdb.connect(config={"autoinstall_known_extensions": "false"})
      db.execute(f"LOAD '{base}/delta.duckdb_extension'; SET TimeZone = 'UTC'")
      table = f"delta_scan('{path}')"
      print(db.sql(f"select id, n, price, city, dt::varchar, epoch_us(\(quote)at\(quote)) from {table} order by id").fetchall())
      print(db.sql(f"select count(*) from {table} where city = '서울 50%' and id > 1").fetchall())
      """
    )
    #expect(
      text == """
        [(1, -5, Decimal('1234.56'), '서울 50%', '2024-01-15', 1705363800123456), \
        (2, None, None, 'a/b=c', '2024-01-16', None), \
        (3, 7, Decimal('-0.01'), None, None, 1705363800000000), \
        (4, -5, Decimal('1234.56'), '서울 50%', '2024-01-15', 1705363800123456)]
        [(1,)]
        """
    )
  }

  /// A quote inside a Python text in double quotes.
  private let quote = "\\\""
}
