// `lake`: what a Delta table costs, beside deltalake (delta-rs).
//
// 1. Commits: small appends, one after the other, a checkpoint every hundred. Ours wait for the disk;
//    the peer's do not. A directory in memory (`--directory /dev/shm`) leaves that out of both.
// 2. Snapshots: opening a table of so many commits without a checkpoint, and with one at its end.
// 3. Scans: of one file out of many, found by statistics, and of all.
// 4. Changing 1 % of the rows by their ids, which lie in a tenth of the files: MERGE there, here
//    `DeltaTable.rewrite` with a look-up of the source's rows.
//
// Each run is a process of its own that opens the table anew; the tables are ours, and both sides must
// read the same of them.

import EngineBenchmarks
import Foundation

struct LakeBenchmark {
  var tables: LakeTables
  var runs: Int
  var threads: Int
  var appends: Int
  /// Nil: our side alone.
  var peer: Peer?

  /// What a peer is asked to do.
  private struct Request: Codable {
    var work: String
    var table: String
    var number: Int
    var first: Int
    var last: Int
    var rowsPerCommit = LakeTables.rowsPerCommit
  }

  /// Runs all of it; `report` gets the lines of each contest.
  func run(_ report: ([ContestLine]) -> Void) throws -> [ContestLine] {
    try FileManager.default.createDirectory(
      atPath: tables.scratch, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: tables.scratch) }
    try tables.makeLogs()
    try tables.makeRows()
    var lines: [ContestLine] = []
    for contest in contests() {
      let measured = try contest.lines(runs: runs)
      report(measured)
      lines += measured
    }
    return lines
  }

  private func contests() -> [Contest] {
    let oneFile = tables.rows / 2..<tables.rows / 2 + tables.rowsPerFile
    func opening(_ name: String, _ root: String) -> Contest {
      contest(name, work: "snapshot", root, amount: tables.commits, unit: "commits")
    }
    return [
      contest(
        "appends", work: "append", tables.fresh, number: appends, amount: appends, unit: "commits"
      ) { try tables.clear(tables.fresh) },
      opening("snapshot", tables.log), opening("snapshot, checkpoint", tables.checkpointed),
      contest(
        "scan of one file", work: "scan", tables.data, oneFile, amount: oneFile.count, unit: "rows"),
      contest(
        "scan of all files", work: "scan", tables.data, 0..<tables.rows, amount: tables.rows,
        unit: "rows"),
      contest(
        "change of 1 %", work: "change", tables.fresh, 0..<tables.rows / 10, amount: tables.rows,
        unit: "rows"
      ) {
        try tables.clear(tables.fresh)
        try FileManager.default.copyItem(atPath: tables.data, toPath: tables.fresh)
      },
    ]
  }

  /// `work` over the table below `root`; `prepare` is done before each run and not measured.
  private func contest(
    _ name: String, work: String, _ root: String, _ ids: Range<Int> = 0..<0, number: Int = 0,
    amount: Int, unit: String, prepare: @escaping () throws -> Void = {}
  ) -> Contest {
    let request = Request(
      work: work, table: LakeTables.path(in: root), number: number, first: ids.lowerBound,
      last: ids.upperBound)
    var contestants = [
      Contestant(name: "tapline") {
        try prepare()
        return try ContestProcess.ours([
          LakeWork.argument, work, root, String(number), String(ids.lowerBound),
          String(ids.upperBound), String(threads),
        ])
      }
    ]
    if let peer {
      contestants.append(
        Contestant(name: "deltalake", isOurs: false) {
          try prepare()
          return try ContestProcess.python(peer.python, Self.program, request)
        })
    }
    return Contest(work: name, amount: Double(amount), unit: unit, contestants: contestants)
  }

  private static let program = ContestProcess.pythonPrelude + """
    import pyarrow as pa, pyarrow.compute as pc, pyarrow.dataset as ds
    from deltalake import DeltaTable, write_deltalake
    path, number, first, last = request["table"], request["number"], request["first"], request["last"]

    def append():
        schema = pa.schema([("id", pa.int64()), ("v", pa.int64()), ("name", pa.string())])
        os.makedirs(path)
        per = request["rowsPerCommit"]
        began = time.perf_counter()
        table = DeltaTable.create(path, schema=schema, configuration={"delta.checkpointInterval": "100"})
        for n in range(number):
            ids = range(n * per, (n + 1) * per)
            rows = pa.table({"id": list(ids), "v": [i * 7 % 1000 for i in ids],
                             "name": [f"name-{i % 1000}" for i in ids]}, schema=schema)
            write_deltalake(table, rows, mode="append")
        seconds = time.perf_counter() - began
        table = DeltaTable(path)
        return [[table.version(), len(table.file_uris())]], seconds

    def snapshot():
        began = time.perf_counter()
        table = DeltaTable(path)
        files = len(table.file_uris())
        return [[table.version(), files]], time.perf_counter() - began

    def totals(where):
        values = DeltaTable(path).to_pyarrow_dataset().to_table(columns=["v"], filter=where)["v"]
        return [len(values), pc.sum(values).as_py()]

    def scan():
        began = time.perf_counter()
        row = totals((ds.field("id") >= first) & (ds.field("id") < last))
        return [row], time.perf_counter() - began

    def change():
        ids = range(first, last, 10)
        source = pa.table({"id": list(ids), "v": [-i for i in ids]})
        began = time.perf_counter()
        (DeltaTable(path).merge(source, f"t.id = s.id AND t.id >= {first} AND t.id < {last}",
                                source_alias="s", target_alias="t")
         .when_matched_update({"v": "s.v"}).execute())
        seconds = time.perf_counter() - began
        return [totals(None)], seconds

    rows, seconds = globals()[request["work"]]()
    answer(rows, seconds)
    """
}
