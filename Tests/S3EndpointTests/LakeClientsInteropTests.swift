// pyarrow, DuckDB and deltalake, which read and write the lake over S3 as they do at work.

import Columnar
import Connector
import DeltaLog
import Foundation
import ObjectStorage
import S3Endpoint
import TestSupport
import Testing

private let hasArrow = InteropPython.has(module: "pyarrow")
private let hasDelta = InteropPython.has(module: "deltalake")
private let hasHTTPFS = InteropPython.has(module: "duckdb_extension_httpfs")

@Suite(.enabled(if: hasArrow && hasDelta && hasHTTPFS, "the Python lacks pyarrow, deltalake or DuckDB's httpfs"))
struct LakeClientsInteropTests {
  let clients: S3Clients

  init() throws { clients = try S3Clients() }

  private static let arrow = """
    import pyarrow as pa, pyarrow.fs, pyarrow.parquet as pq, pyarrow.dataset as ds
    fs = pa.fs.S3FileSystem(access_key=key, secret_key=secret, region="us-east-1", scheme="http", endpoint_override=endpoint[7:],
                            allow_bucket_creation=True, allow_bucket_deletion=True)

    """

  private static let duck = """
    import duckdb, duckdb_extension_httpfs
    def duck():
        db = duckdb.connect(config={"autoinstall_known_extensions": "false"})
        root = os.path.dirname(duckdb_extension_httpfs.__file__)
        path = [os.path.join(d, f) for d, _, fs in os.walk(root) for f in fs if f.endswith(".duckdb_extension")][0]
        db.execute(f"LOAD '{path}'")
        db.execute(f"CREATE SECRET (TYPE s3, KEY_ID '{key}', SECRET '{secret}', REGION 'us-east-1', ENDPOINT '{endpoint[7:]}', URL_STYLE 'path', USE_SSL false)")
        return db

    """

  private static let delta = """
    import deltalake, pyarrow as pa
    from deltalake import DeltaTable, write_deltalake
    options = dict(AWS_ENDPOINT_URL=endpoint, AWS_ACCESS_KEY_ID=key, AWS_SECRET_ACCESS_KEY=secret, AWS_REGION="us-east-1",
                   AWS_ALLOW_HTTP="true")
    path = "s3://lake/processed/events"

    """

  @Test func `pyarrow writes and reads files, markers and partitioned datasets`() throws {
    let text = try clients.python(
      Self.arrow + """
        fs.create_dir("lake/dir/empty")
        with fs.open_output_stream("lake/dir/a.bin", metadata={"Content-Type": "text/x"}) as f: f.write(b"hello" * 3_000_000)
        with fs.open_input_file("lake/dir/a.bin") as f:
            f.seek(5); print(f.size(), f.read(5))
        print([(i.path, i.type.name) for i in fs.get_file_info(pa.fs.FileSelector("lake/dir", recursive=True))])
        t = pa.table({"dt": ["2024-01-15", "2024-01-15", "2024-01-16"], "n": [1, 2, 3], "city": ["서울 50%", "부산", None]})
        ds.write_dataset(t, "lake/out", format="parquet", partitioning=ds.partitioning(pa.schema([("dt", pa.string())]), flavor="hive"), filesystem=fs)
        back = ds.dataset("lake/out", format="parquet", partitioning="hive", filesystem=fs).to_table(filter=ds.field("n") > 1)
        print(sorted((r["n"], r["city"]) for r in back.to_pylist()))
        fs.copy_file("lake/dir/a.bin", "lake/dir/b.bin"); fs.move("lake/dir/b.bin", "lake/dir/c.bin")
        fs.delete_dir("lake/out")
        print(sorted(i.path for i in fs.get_file_info(pa.fs.FileSelector("lake", recursive=True)) if i.is_file))
        try: fs.open_input_file("lake/none")
        except FileNotFoundError: print("no such file")
        fs.create_dir("other"); fs.delete_dir("other")
        """)
    #expect(
      text == """
        15000000 b'hello'
        [('lake/dir/a.bin', 'File'), ('lake/dir/empty', 'Directory')]
        [(2, '부산'), (3, None)]
        ['lake/dir/a.bin', 'lake/dir/c.bin']
        no such file
        """)
  }

  @Test func `DuckDB writes, globs and reads by ranges`() throws {
    let text = try clients.python(
      Self.duck + """
        db = duck()
        db.execute("COPY (SELECT range AS n, 'x' || range AS t FROM range(300000)) TO 's3://lake/duck/one.parquet' (FORMAT parquet)")
        db.execute("COPY (SELECT range AS n, range % 3 AS p FROM range(1000)) TO 's3://lake/duck/parts' (FORMAT parquet, PARTITION_BY (p), OVERWRITE_OR_IGNORE)")
        print(db.execute("SELECT count(*), sum(n), min(t) FROM 's3://lake/duck/one.parquet'").fetchall())
        print(db.execute("SELECT p, count(*) FROM read_parquet('s3://lake/duck/parts/*/*.parquet', hive_partitioning=true) GROUP BY 1 ORDER BY 1").fetchall())
        print(db.execute("SELECT count(*) FROM glob('s3://lake/duck/**')").fetchall())
        db.execute("COPY (SELECT 1 AS a) TO 's3://lake/duck/한글 이름+1.csv'")
        print(db.execute("SELECT * FROM 's3://lake/duck/한글 이름+1.csv'").fetchall())
        for bad in ["s3://lake/duck/none.parquet", "s3://sea/x.parquet"]:
            try: db.execute(f"SELECT * FROM '{bad}'")
            except Exception as e: print("404" in str(e) or "No files" in str(e))
        """)
    #expect(
      text == """
        [(300000, 44999850000, 'x0')]
        [(0, 334), (1, 333), (2, 333)]
        [(4,)]
        [(1,)]
        True
        True
        """)
  }

  @Test func `deltalake and we write one table, each over its own road`() throws {
    _ = try clients.python(
      Self.delta + """
        write_deltalake(path, pa.table({"id": pa.array([1, 2], pa.int64()), "city": ["서울 50%", None], "dt": ["a", "b/c"]}),
                        partition_by=["dt"], storage_options=options)
        """)
    let store = try clients.buckets.bucket("lake")
    let table = DeltaTable(store: store, path: "processed/events")
    let snapshot = try table.snapshot()
    #expect(snapshot.schema.fields.map(\.name) == ["id", "city", "dt"])
    let sink = snapshot.makeSink(mode: .append, options: DeltaWriteOptions(timestamp: 1_705_363_800_000))
    try sink.write(
      ColumnarBatch(schema: snapshot.schema, rows: [[.integer(3), .text("부산"), .text("b/c")]]))
    _ = try sink.commit()
    let text = try clients.python(
      Self.delta + """
        t = DeltaTable(path, storage_options=options)
        print(t.version(), sorted((r["id"], r["city"], r["dt"]) for r in pa.table(t.to_pyarrow_table()).to_pylist()))
        t.delete("id = 1"); t.optimize.compact(); t.create_checkpoint()
        write_deltalake(path, pa.table({"id": pa.array([4], pa.int64()), "city": ["x"], "dt": ["a"]}), mode="append", storage_options=options)
        print(DeltaTable(path, storage_options=options).version(), DeltaTable(path, version=1, storage_options=options).to_pyarrow_table().num_rows)
        """)
    #expect(
      text == """
        1 [(1, '서울 50%', 'a'), (2, None, 'b/c'), (3, '부산', 'b/c')]
        4 3
        """)
    #expect(try table.snapshot().version == 4)
  }

  @Test func `commits that race over the wire and on the disk all arrive`() throws {
    let store = try clients.buckets.bucket("lake")
    let schema = Schema([Field("id", .bigint), Field("who", .varchar)])
    let table = try DeltaTable.create(
      store: store, path: "processed/events", schema: schema, partitionColumns: [],
      timestamp: 1_705_363_800_000)
    let done = DispatchSemaphore(value: 0)
    let thread = Thread {
      for number in 0..<200 {
        do {
          let sink = try table.snapshot().makeSink(
            mode: .append, options: DeltaWriteOptions(timestamp: 1_705_363_800_000))
          try sink.write(
            ColumnarBatch(schema: schema, rows: [[.integer(Int64(number)), .text("tapline")]]))
          _ = try sink.commit()
        } catch { Issue.record(error) }
      }
      done.signal()
    }
    thread.stackSize = 8 << 20
    thread.start()
    _ = try clients.python(
      Self.delta + """
        for n in range(200):
            write_deltalake(path, pa.table({"id": pa.array([n], pa.int64()), "who": ["deltalake"]}), mode="append", storage_options=options)
        """)
    done.wait()
    let text = try clients.python(
      Self.delta + """
        t = DeltaTable(path, storage_options=options)
        rows = [(r["who"], r["id"]) for r in pa.table(t.to_pyarrow_table()).to_pylist()]
        print(t.version(), len(rows), len(set(rows)))
        """)
    #expect(text == "400 400 400")
  }
}
