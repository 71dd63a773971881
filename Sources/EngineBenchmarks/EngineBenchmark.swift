// `Benchmarks tpch` and `Benchmarks kernels`: each statement in a fresh process of ours, then in one of
// the peer's, with the same threads; medians, ratios, peak memory, and whether the answers agree.

package import Foundation
import Simulation

/// What a run of the engine's benchmarks was asked for.
package struct EngineBenchmarkOptions: Sendable {
  /// The scale factor as the generator takes it.
  package var scale = "1"
  package var runs = 5
  package var threads = ProcessInfo.processInfo.activeProcessorCount
  package var seed: UInt64 = 0
  /// False: our side alone.
  package var isAgainstPeer = false
  /// Answers must be the peer's; a difference fails the run.
  package var isChecking = false
  /// Numbers of the queries to run; empty for all.
  package var queries: Set<Int> = []
  package var rowCount = 20_000_000
  package var groupCount = 1_000_000

  package init() {}
}

/// One statement's line of the table.
package struct EngineBenchmarkLine: Sendable {
  package var name: String
  package var ours: Measurement
  package var peers: Measurement?
  /// What differs between the answers, where that was looked at.
  package var difference: String?

  package var ratio: Double? { peers.map { ours.median / max($0.median, 0.001) } }
}

/// Runs the engine's benchmarks.
package struct EngineBenchmark {
  private let options: EngineBenchmarkOptions
  private let executable: String
  private let root: String

  /// `executable`: this program, which answers to `childArguments`; `root`: the repository.
  package init(_ options: EngineBenchmarkOptions, executable: String, root: String) {
    self.options = options
    self.executable = executable
    self.root = root
  }

  /// The first argument of a child that measures one statement of ours.
  package static let childArgument = "measure-one"

  private var needsPeer: Bool { options.isAgainstPeer || options.isChecking }

  /// TPC-H, over files that are made once and kept below `.build`. `report` gets each line as soon
  /// as it is known.
  package func tpch(_ report: (EngineBenchmarkLine) -> Void) throws {
    let peer = try Peer.prepared(root: root)
    let directory = root + "/.build/tpch-sf\(options.scale)"
    try peer.generate(scale: options.scale, into: directory)
    let queries = TPCHQuery.drawn(seed: options.seed, scale: Double(options.scale) ?? 1)
    for query in queries where options.queries.isEmpty || options.queries.contains(query.number) {
      let ours = try child(["tpch", directory], query.sql)
      let peers =
        needsPeer
        ? try peer.measure(
          [query.peerSQL], directory: directory, runs: options.runs, threads: options.threads
        ).first : nil
      report(line("Q\(query.number)", ours, peers))
    }
  }

  /// The statements of the micro-benchmarks.
  package static let kernelStatements: [(name: String, sql: String)] = [
    ("sum", "SELECT sum(v), min(v), max(v), count(*) FROM t"),
    ("filter and sum", "SELECT sum(v), count(*) FROM t WHERE k < 500000 AND v >= 250"),
    (
      "group by bigint",
      "SELECT count(*), sum(s), max(n) FROM (SELECT k, sum(v) s, count(*) n FROM t GROUP BY k) g"
    ),
    (
      "group by flat text",
      "SELECT count(*), sum(s), max(n) FROM (SELECT t, sum(v) s, count(*) n FROM t GROUP BY t) g"
    ),
    ("group by few", "SELECT v, count(*), sum(k) FROM t GROUP BY v ORDER BY v LIMIT 5"),
    (
      "join",
      "SELECT count(*), sum(a.v) FROM t a JOIN (SELECT DISTINCT k FROM t WHERE v < 100) b "
        + "ON a.k = b.k"
    ),
    ("top 10", "SELECT k, v FROM t ORDER BY v DESC, k LIMIT 10"),
  ]

  /// The micro-benchmarks: single-threaded unless the options say otherwise.
  package func kernels(_ report: (EngineBenchmarkLine) -> Void) throws {
    let peer = needsPeer ? try Peer.prepared(root: root) : nil
    let setup = KernelCatalog.peerSetup(
      rowCount: options.rowCount, groupCount: options.groupCount)
    for statement in Self.kernelStatements {
      let ours = try child(
        ["kernels", String(options.rowCount), String(options.groupCount)], statement.sql)
      let peers = try peer?.measure(
        [statement.sql], directory: nil, setup: [setup], runs: options.runs,
        threads: options.threads
      ).first
      report(line(statement.name, ours, peers))
    }
  }

  private func line(_ name: String, _ ours: Measurement, _ peers: Measurement?)
    -> EngineBenchmarkLine
  {
    EngineBenchmarkLine(
      name: name, ours: ours, peers: peers,
      difference: peers.flatMap { Answer.difference(ours.rows, $0.rows) })
  }

  private func child(_ arguments: [String], _ sql: String) throws -> Measurement {
    let output = try ChildProcess.run(
      executable,
      [Self.childArgument, String(options.runs), String(options.threads)] + arguments, input: sql)
    return try JSONDecoder().decode(Measurement.self, from: output)
  }

  /// The child's side: runs the statement on the input as `arguments` say, and gives its JSON.
  package static func childOutput(_ arguments: [String], input: String) throws -> Data {
    guard arguments.count >= 4, let runs = Int(arguments[0]), let threads = Int(arguments[1]) else {
      throw ChildProcessError(description: "\(childArgument): RUNS THREADS KIND …")
    }
    let engine: OwnEngine
    if arguments[2] == "kernels", arguments.count == 5, let rows = Int(arguments[3]),
      let groups = Int(arguments[4])
    {
      engine = OwnEngine(
        catalog: KernelCatalog(rowCount: rows, groupCount: groups), threads: threads)
    } else {
      engine = OwnEngine(directory: arguments[3], threads: threads)
    }
    return try JSONEncoder().encode(Measurement.of(runs: runs) { try engine.rows(input) })
  }
}
