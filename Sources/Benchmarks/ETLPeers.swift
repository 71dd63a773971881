// Who `etl` is measured against, and who compares the results: programs in Python.

import EngineBenchmarks
import Foundation

/// What a peer reads and writes.
private struct ETLRequest: Codable {
  var source: String
  var output: String
  var threads: Int
  var way = ""
  var columns = EventSet.columns
  var numbers = EventSet.numbers
}

/// DuckDB: one COPY of one query, its columns named so that it need not look for them.
enum DuckDBPeer {
  /// The ways to keep one line of each event.
  enum Way: String, CaseIterable {
    case window
    case distinctOn = "distinct on"
    case groupBy = "group by"

    var name: String { "duckdb, \(rawValue)" }

    /// The way of a contest's line.
    init?(_ line: ContestLine) {
      guard let way = Way.allCases.first(where: { $0.name == line.name }) else { return nil }
      self = way
    }
  }

  static func run(
    _ way: Way, python: String, source: String, output: String, threads: Int
  ) throws -> Timing {
    try ContestProcess.python(
      python, program,
      ETLRequest(source: source, output: output, threads: threads, way: way.rawValue))
  }

  private static let program = ContestProcess.pythonPrelude + """
    import duckdb
    def quoted(text):
        return "'" + text.replace("'", "''") + "'"
    columns = request["columns"]
    types = ", ".join(f"{c}: '{'BIGINT' if c in request['numbers'] else 'VARCHAR'}'" for c in columns)
    events = f"read_json({quoted(request['source'])}, format = 'newline_delimited', columns = {{{types}}})"
    day = "CAST(CAST({} AS TIMESTAMP) + INTERVAL 9 HOUR AS DATE) AS dt"
    names = ", ".join(columns)
    firsts = ", ".join(f"first({c}) AS {c}" for c in columns if c != "event_id")
    query = {
        "window": f"SELECT {names}, {day.format('event_time')} FROM {events} "
                  "QUALIFY row_number() OVER (PARTITION BY event_id ORDER BY received_at) = 1",
        "distinct on": f"SELECT DISTINCT ON (event_id) {names}, {day.format('event_time')} FROM {events}",
        "group by": f"SELECT event_id, {firsts}, {day.format('first(event_time)')} FROM {events} GROUP BY event_id",
    }[request["way"]]
    db = duckdb.connect()
    db.execute(f"SET threads = {request['threads']}")
    db.execute("SET enable_progress_bar = false")
    db.execute("SET preserve_insertion_order = false")
    began = time.perf_counter()
    db.execute(f"COPY ({query}) TO {quoted(request['output'])} (FORMAT parquet, PARTITION_BY (dt), COMPRESSION zstd)")
    seconds = time.perf_counter() - began
    peak_bytes = peak()
    count = db.execute(f"SELECT count(*) FROM read_parquet({quoted(request['output'] + '/*/*.parquet')})").fetchone()
    answer([count], seconds, peak_bytes)
    """
}

/// Spark on this machine alone, in a virtual environment of its own; Java must be there.
struct SparkPeer {
  static let pin = "pyspark==4.3.0"
  private let python: String

  /// The environment, made where there is none yet. `root` is the repository's.
  static func prepared(root: String) throws -> SparkPeer {
    let venv = root + "/.build/spark-venv"
    let known = try? String(contentsOfFile: venv + "/pins", encoding: .utf8)
    if known != pin {
      try? FileManager.default.removeItem(atPath: venv)
      try ChildProcess.run("/usr/bin/env", ["python3", "-m", "venv", venv])
      try ChildProcess.run(
        venv + "/bin/python",
        ["-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--quiet", pin])
      try Data(pin.utf8).write(to: URL(fileURLWithPath: venv + "/pins"))
    }
    return SparkPeer(python: venv + "/bin/python")
  }

  /// Time without the start of the session; memory of the Java process.
  func run(source: String, output: String, threads: Int) throws -> Timing {
    try ContestProcess.python(
      python, Self.program, ETLRequest(source: source, output: output, threads: threads))
  }

  private static let program = ContestProcess.pythonPrelude + """
    from pyspark.sql import SparkSession, functions as F
    spark = (SparkSession.builder.master(f"local[{request['threads']}]").appName("etl")
             .config("spark.ui.enabled", "false").config("spark.driver.memory", "6g")
             .config("spark.sql.session.timeZone", "UTC")
             .config("spark.sql.shuffle.partitions", str(4 * request["threads"])).getOrCreate())
    schema = ", ".join(f"{c} {'BIGINT' if c in request['numbers'] else 'STRING'}" for c in request["columns"])
    began = time.perf_counter()
    events = spark.read.schema(schema).json(request["source"]).dropDuplicates(["event_id"])
    day = F.to_date(F.from_utc_timestamp(F.to_timestamp("event_time"), "Asia/Seoul"))
    (events.withColumn("dt", day).write.partitionBy("dt").option("compression", "zstd").parquet(request["output"]))
    seconds = time.perf_counter() - began
    peak_bytes = peak(spark._jvm.java.lang.ProcessHandle.current().pid())
    count = spark.read.parquet(request["output"]).count()
    spark.stop()
    answer([[count]], seconds, peak_bytes)
    """
}

/// Reads the keys of results: for each directory how many there are, and the hash of them sorted.
enum ETLKeys {
  static let program = ContestProcess.pythonPrelude + """
    import glob, hashlib
    import pyarrow as pa, pyarrow.compute as pc, pyarrow.parquet as pq
    rows = []
    began = time.perf_counter()
    for directory in request:
        keys = []
        for path in sorted(glob.glob(glob.escape(directory) + "/dt=*/*.parquet")):
            day = os.path.basename(os.path.dirname(path))[len("dt="):]
            ids = pq.ParquetFile(path).read(columns=["event_id"]).column(0)
            for piece in ids.chunks:
                keys.append(pc.binary_join_element_wise(pc.cast(piece, pa.string()), day, " "))
        keys = pa.concat_arrays(keys) if keys else pa.array([], pa.string())
        keys = keys.take(pc.sort_indices(keys))
        hashed = hashlib.sha256()
        for start in range(0, len(keys), 100_000):
            hashed.update("\\n".join(keys.slice(start, 100_000).to_pylist()).encode() + b"\\n")
        rows.append([len(keys), hashed.hexdigest()])
    answer(rows, time.perf_counter() - began)
    """
}
