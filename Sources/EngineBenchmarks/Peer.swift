// The peer: DuckDB in a Python of its own, at the version the launcher pins.

import Foundation

/// DuckDB and TPC-H's public generator, in a virtual environment.
package struct Peer: Sendable {
  /// The environment's Python.
  package let python: String

  package init(python: String) { self.python = python }

  /// The environment that `./tapline test` makes; made here where there is none yet. `root` is the
  /// repository's. Throws where Python or the network is missing.
  package static func prepared(root: String) throws -> Peer {
    if let python = ProcessInfo.processInfo.environment["TAPLINE_INTEROP_PYTHON"] {
      return Peer(python: python)
    }
    let launcher = try String(contentsOfFile: root + "/tapline", encoding: .utf8)
    let line = launcher.split(separator: "\n").first { $0.hasPrefix("interop_pins=") } ?? ""
    let pins = line.dropFirst("interop_pins=".count).filter { $0 != "\"" }
    let venv = root + "/.build/interop-venv"
    let known = try? String(contentsOfFile: venv + "/pins", encoding: .utf8)
    if known?.trimmingCharacters(in: .newlines) != String(pins) {
      try? FileManager.default.removeItem(atPath: venv)
      try ChildProcess.run("/usr/bin/env", ["python3", "-m", "venv", venv])
      try ChildProcess.run(
        venv + "/bin/python",
        ["-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--quiet"]
          + pins.split(separator: " ").map(String.init))
      try Data((pins + "\n").utf8).write(to: URL(fileURLWithPath: venv + "/pins"))
    }
    return Peer(python: venv + "/bin/python")
  }

  /// The public generator's program.
  package var generator: String {
    URL(fileURLWithPath: python).deletingLastPathComponent().path + "/tpchgen-cli"
  }

  /// Writes the eight tables as Parquet files below `directory`, unless they are there.
  package func generate(scale: String, into directory: String) throws {
    let files = TPCHQuery.tables.map { "\(directory)/\($0).parquet" }
    if files.allSatisfy({ FileManager.default.fileExists(atPath: $0) }) { return }
    let made = directory + ".making"
    try? FileManager.default.removeItem(atPath: made)
    try FileManager.default.createDirectory(atPath: made, withIntermediateDirectories: true)
    try ChildProcess.run(generator, ["parquet", "-s", scale, "-o", made, "--quiet"])
    try? FileManager.default.removeItem(atPath: directory)
    try FileManager.default.moveItem(atPath: made, toPath: directory)
  }

  /// Statements over the Parquet files of a directory, all in one process of DuckDB.
  package func measure(
    _ statements: [String], directory: String?, setup: [String] = [], runs: Int, threads: Int
  ) throws -> [Measurement] {
    let request = PeerRequest(
      directory: directory, tables: TPCHQuery.tables, setup: setup, statements: statements,
      runs: runs, threads: threads)
    let input = String(decoding: try JSONEncoder().encode(request), as: UTF8.self)
    let output = try ChildProcess.run(python, ["-c", Self.program], input: input)
    return try JSONDecoder().decode([Measurement].self, from: output)
  }

  private struct PeerRequest: Codable {
    var directory: String?
    var tables: [String]
    var setup: [String]
    var statements: [String]
    var runs: Int
    var threads: Int
  }

  /// Answers are fetched as Python's values, which costs the peer little: they have few rows.
  private static let program = """
    import duckdb, json, os, sys, time
    request = json.load(sys.stdin)
    connection = duckdb.connect()
    connection.execute(f"SET threads = {request['threads']}")
    connection.execute("SET enable_progress_bar = false")
    if request.get("directory"):
        for table in request["tables"]:
            path = f"{request['directory']}/{table}.parquet".replace("'", "''")
            connection.execute(f"CREATE VIEW {table} AS SELECT * FROM '{path}'")
    for statement in request["setup"]:
        connection.execute(statement)
    def peak():
        try:
            for line in open("/proc/self/status"):
                if line.startswith("VmHWM:"):
                    return int(line.split()[1]) * 1024
        except OSError:
            pass
        import resource
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    def text(value):
        if value is None: return None
        if isinstance(value, bool): return "true" if value else "false"
        if isinstance(value, float): return repr(value)
        return str(value)
    measurements = []
    for statement in request["statements"]:
        times = []
        for run in range(request["runs"] + 1):
            began = time.perf_counter()
            rows = connection.execute(statement).fetchall()
            if run > 0:
                times.append((time.perf_counter() - began) * 1000)
        measurements.append({"rows": [[text(value) for value in row] for row in rows],
                             "milliseconds": times, "peakBytes": peak()})
    print(json.dumps(measurements))
    sys.stdout.flush()
    os._exit(0)
    """
}
