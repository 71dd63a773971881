// `etl`: the P1 line of work, by our engine, by the product's own task, and by its peers.
//
// 1. `EventSet` has the events: NDJSON, and the same lines as Bronze objects; one in fifty comes twice.
// 2. Each contestant keeps one line of each `event_id`, finds its day in Seoul, and writes Parquet (zstd)
//    in a directory a day. Ours are SQL over NDJSON (CREATE TABLE AS of a Hive-style table) and the task
//    that makes Silver of Bronze; the peers are DuckDB, in the ways that one writes there, and Spark.
// 3. Another program, pyarrow, reads what each wrote: the sorted keys (event_id and day) of all must
//    have one hash.
// 4. The exact daily active users are asked of each result, by who wrote it.
//
// Our results are synced to the disk when a run ends; the peers' are not.

import Columnar
import Connector
import ETL
import EngineBenchmarks
import FileTables
import Foundation
import Lake
import QueryExecution
import Terminal
import TrinoSQL

/// How SQL keeps one line of each event.
enum DeduplicationWay: String, CaseIterable {
  case window
  case groupBy = "group-by"

  /// The statement that makes `lake.silver.events`.
  var statement: String {
    let day = { (time: String) in
      "CAST(from_iso8601_timestamp(\(time)) AT TIME ZONE 'Asia/Seoul' AS date) AS dt"
    }
    let rows: String
    switch self {
    case .window:
      rows =
        "SELECT \(EventSet.columns.joined(separator: ", ")), \(day("event_time")) FROM (SELECT *, "
        + "row_number() OVER (PARTITION BY event_id ORDER BY received_at) AS copy "
        + "FROM files.\"default\".events) AS numbered WHERE copy = 1"
    case .groupBy:
      let others = EventSet.columns.dropFirst().map { "arbitrary(\($0)) AS \($0)" }
      rows =
        "SELECT event_id, \(others.joined(separator: ", ")), \(day("arbitrary(event_time)")) "
        + "FROM files.\"default\".events GROUP BY event_id"
    }
    return "CREATE TABLE lake.silver.events WITH (partitioned_by = ARRAY['dt']) AS \(rows)"
  }
}

/// Our side, a process a run.
///
///     Benchmarks etl-sql WAY EVENTS LAKE THREADS
///     Benchmarks etl-clean LAKE
///     Benchmarks etl-dau LAKE THREADS
enum ETLChild {
  static let sql = "etl-sql"
  static let clean = "etl-clean"
  static let dau = "etl-dau"
  static let dauStatement =
    "SELECT CAST(dt AS varchar), count(DISTINCT user_id) FROM events GROUP BY dt ORDER BY dt"

  static func run(_ arguments: [String]) -> Never {
    ContestProcess.answer {
      switch (arguments[0], arguments.count) {
      case (sql, 5):
        guard let way = DeduplicationWay(rawValue: arguments[1]) else { break }
        let engine = try Engine(lake: arguments[3], events: arguments[2], threads: arguments[4])
        return try Timing.once { try engine.rows(way.statement) }
      case (clean, 2):
        let task = CleanEvents(lake: try Lake.open(root: arguments[1]))
        return try Timing.once {
          let summary = try task.run(at: EventSet.now)
          guard summary.unreadableCount == 0 else {
            throw BenchmarkFailure("unreadable: \(summary.unreadable.joined(separator: ", "))")
          }
          return [["\(summary.rows)"]]
        }
      case (dau, 3):
        let engine = try Engine(lake: arguments[1], events: nil, threads: arguments[2])
        return try Timing.of(runs: 1) { try engine.rows(dauStatement) }
      default: break
      }
      throw BenchmarkFailure("\(arguments.joined(separator: " ")) is no work of `etl`")
    }
  }

  /// The engine over a lake, and over files where there are any.
  private struct Engine {
    private let engine: QueryEngine
    private let session = Session(catalog: "lake", schema: "silver", memoryBytesMax: 16 << 30)
    private let options: ExecutionOptions

    init(lake: String, events: String?, threads: String) throws {
      guard let threads = Int(threads), threads > 0 else {
        throw BenchmarkFailure("\(threads) is no number of threads")
      }
      var catalogs: [any CatalogProvider] = [try Lake.open(root: lake)]
      if let events { catalogs.append(FileCatalog(directory: events)) }
      engine = QueryEngine(catalogs: catalogs)
      options = ExecutionOptions(workerCount: threads)
    }

    /// The answer; of a statement that writes, how many rows it wrote.
    func rows(_ sql: String) throws -> AnswerRows {
      let result = try engine.execute(sql, session: session, options: options)
      if let count = result.updateCount { return [["\(count)"]] }
      return result.rows().map { row in
        row.enumerated().map { $1.isNull ? nil : result.text($1, column: $0) }
      }
    }
  }
}

struct ETLBenchmark {
  var events: EventSet
  var threads: Int
  var runs: Int
  /// A directory that is made, and removed at the end.
  var scratch: String
  var interop: Peer
  var hasDuckDB: Bool
  var spark: SparkPeer?

  /// Where somebody's result lies: directories `dt=…`.
  private struct Result {
    var name: String
    var directory: String
  }

  /// Runs all of it; `report` gets the lines of each contest, and what else there is to say.
  func run(_ report: ([ContestLine]) -> Void, say: (String) -> Void) throws -> [ContestLine] {
    try FileManager.default.createDirectory(atPath: scratch, withIntermediateDirectories: true)
    defer {
      for path in [scratch, silver] { try? FileManager.default.removeItem(atPath: path) }
    }
    let fromLines = try ndjson().lines(runs: runs)
    report(fromLines)
    if let own = fromLines.filter(\.isOurs).min(by: { $0.median < $1.median }),
      let slow = fromLines.first(where: { $0.name == "spark" })
    {
      let times = NumberText.decimal(slow.median / max(own.median, 0.001), places: 1)
      say("spark takes \(times) times as long as \(own.name), its start left out.")
    }
    let best = fromLines.filter { !$0.isOurs && $0.name.hasPrefix("duckdb") }
      .min { $0.median < $1.median }
    let way = best.flatMap { DuckDBPeer.Way($0) } ?? .window
    let fromBronze = try bronze(way).lines(runs: runs)
    report(fromBronze)
    try say(check())
    let users = try dailyActiveUsers(way).lines(runs: runs)
    report(users)
    return fromLines + fromBronze + users
  }

  // MARK: De-duplicate, find the day, write

  private var lakeOfSQL: String { scratch + "/sql" }
  private var silver: String { events.lake + "/processed" }

  private func contest(_ source: String, _ contestants: [Contestant]) -> Contest {
    Contest(
      work: "etl, \(source)", amount: Double(events.facts.lines), unit: "events",
      contestants: contestants)
  }

  private func ndjson() -> Contest {
    var contestants = DeduplicationWay.allCases.map { way in
      Contestant(name: "SQL, \(way.rawValue)") {
        try remove(lakeOfSQL)
        try remove(lakeOfSQL + ".catalog")
        return try ContestProcess.ours([
          ETLChild.sql, way.rawValue, events.ndjson, lakeOfSQL, String(threads),
        ])
      }
    }
    if hasDuckDB {
      contestants += DuckDBPeer.Way.allCases.map { duckDB($0, events.ndjson + "/*.ndjson", "duckdb") }
    }
    if let spark {
      contestants.append(
        Contestant(name: "spark", isOurs: false) {
          try remove(scratch + "/spark")
          return try spark.run(
            source: events.ndjson, output: scratch + "/spark", threads: threads)
        })
    }
    return contest("NDJSON", contestants)
  }

  private func bronze(_ way: DuckDBPeer.Way) -> Contest {
    let clean = Contestant(name: "the task clean") {
      try remove(silver)
      return try ContestProcess.ours([ETLChild.clean, events.lake])
    }
    let peer = duckDB(way, events.lake + "/raw/**/*.json.gz", "duckdb-bronze")
    return contest("Bronze", [clean] + (hasDuckDB ? [peer] : []))
  }

  private func duckDB(_ way: DuckDBPeer.Way, _ source: String, _ place: String) -> Contestant {
    Contestant(name: way.name, isOurs: false) {
      let output = scratch + "/" + place
      try remove(output)
      return try DuckDBPeer.run(
        way, python: interop.python, source: source, output: output, threads: threads)
    }
  }

  private func remove(_ path: String) throws {
    guard FileManager.default.fileExists(atPath: path) else { return }
    try FileManager.default.removeItem(atPath: path)
  }

  // MARK: What was written

  /// What each has written last.
  private var results: [Result] {
    var results = [
      Result(name: "SQL", directory: lakeOfSQL + "/processed/events"),
      Result(name: "the task clean", directory: silver + "/events"),
    ]
    if hasDuckDB {
      results.append(Result(name: "duckdb", directory: scratch + "/duckdb"))
      results.append(Result(name: "duckdb over Bronze", directory: scratch + "/duckdb-bronze"))
    }
    if spark != nil { results.append(Result(name: "spark", directory: scratch + "/spark")) }
    return results
  }

  /// Throws where the sorted keys of one result have another hash than those of the first.
  private func check() throws -> String {
    let found = try ContestProcess.python(
      interop.python, ETLKeys.program, results.map(\.directory)
    ).rows
    guard found.count == results.count, let first = found.first, first.count == 2,
      let count = first[0], let hash = first[1]
    else { throw BenchmarkFailure("no keys were read") }
    for (result, keys) in zip(results, found) where keys != first {
      throw BenchmarkFailure(
        "\(result.name) has other keys than \(results[0].name): \(keys.compactMap { $0 }) and "
          + "\(first.compactMap { $0 })")
    }
    return "\(results.map(\.name).joined(separator: ", ")): the same \(count) keys, sha256 \(hash)"
  }

  // MARK: Asking the result

  private func dailyActiveUsers(_ way: DuckDBPeer.Way) -> Contest {
    func ours(_ name: String, _ lake: String) -> Contestant {
      Contestant(name: name) {
        try ContestProcess.ours([ETLChild.dau, lake, String(threads)])
      }
    }
    var contestants = [ours("SQL's table", lakeOfSQL), ours("Silver of the task clean", events.lake)]
    if hasDuckDB {
      contestants.append(
        Contestant(name: "duckdb", isOurs: false) {
          let files = "\(scratch)/duckdb/*/*.parquet".replacingOccurrences(of: "'", with: "''")
          let view = "CREATE VIEW events AS SELECT * FROM "
            + "read_parquet('\(files)', hive_partitioning = true)"
          let measured = try interop.measure(
            [ETLChild.dauStatement], directory: nil, setup: [view], runs: 1, threads: threads)
          guard let one = measured.first else { throw BenchmarkFailure("DuckDB did not answer") }
          return one
        })
    }
    return Contest(
      work: "exact DAU", amount: Double(events.facts.lines - events.facts.copies), unit: "events",
      contestants: contestants)
  }
}
