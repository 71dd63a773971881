// `etl`, `lake` and `s3` from their options to what they print.

import EngineBenchmarks
import Foundation
import Terminal

/// A directory that a benchmark makes and removes, below the one that `--directory` names.
@MainActor func scratchDirectory(_ name: String) -> String {
  let parent = value(of: "--directory") ?? NSTemporaryDirectory()
  return parent + "/tapline-\(name)-\(UUID().uuidString)"
}

/// Runs `s3` and prints what came of it.
@MainActor func measureS3() throws {
  let megabytes = number("--megabytes", 1_024)
  guard megabytes % (S3Benchmark.partBytes >> 20) == 0 else {
    refuse("--megabytes \(megabytes): a multiple of \(S3Benchmark.partBytes >> 20) is needed.")
  }
  let benchmark = S3Benchmark(
    megabytes: megabytes, keys: number("--keys", 100_000), runs: number("--runs", 5),
    scratch: scratchDirectory("s3"), peer: try Peer.prepared(root: root))
  output.writeLine(
    "s3: an object of \(megabytes) MiB, \(NumberText.grouped(benchmark.keys)) keys, "
      + "\(benchmark.runs) runs after one to warm up, in \(benchmark.scratch)")
  let (resident, lines) = try benchmark.run { output.write(ContestLine.table($0)) }
  output.writeLine(
    "The endpoint's process had \(NumberText.decimal(resident, places: 0)) MB resident at most.")
  output.writeLine(
    "{\"endpoint_rss_mb\":\(Int(resident)),\"lines\":\(ContestLine.json(lines))}")
}

/// Runs `etl` and prints what came of it.
@MainActor func measureETL() throws {
  let peers = Set((peer ?? "").split(separator: ",").map(String.init))
  if let unknown = peers.subtracting(["duckdb", "spark"]).min() {
    refuse("--against \(unknown): the peers of etl are duckdb and spark.")
  }
  let lines = number("--events", 5_000_000)
  output.writeLine("etl: \(NumberText.grouped(lines)) events, made once below .build")
  let set = try EventSet.prepared(root: root, lines: lines)
  let benchmark = ETLBenchmark(
    events: set, threads: number("--threads", 2), runs: number("--runs", 5),
    scratch: scratchDirectory("etl"), interop: try Peer.prepared(root: root),
    hasDuckDB: peers.contains("duckdb"),
    spark: peers.contains("spark") ? try SparkPeer.prepared(root: root) : nil)
  output.writeLine(
    "\(NumberText.bytes(Int64(set.facts.bytes))) of NDJSON, \(NumberText.grouped(set.facts.copies)) "
      + "lines twice, \(NumberText.grouped(set.facts.objects)) objects in Bronze; "
      + "\(benchmark.threads) threads, \(benchmark.runs) runs after one to warm up")
  let measured = try benchmark.run(
    { output.write(ContestLine.table($0)) }, say: { output.writeLine($0) })
  output.writeLine(ContestLine.json(measured))
}

/// Runs `lake` and prints what came of it.
@MainActor func measureLake() throws {
  if let peer, peer != "deltalake" { refuse("--against \(peer): the peer of lake is deltalake.") }
  let rows = number("--rows", 4_000_000)
  // Two hundred files, so that a tenth of them is some.
  let tables = LakeTables(
    scratch: scratchDirectory("lake"), commits: number("--commits", 10_000), rows: rows,
    rowsPerFile: max(1, rows / 200))
  let benchmark = LakeBenchmark(
    tables: tables, runs: number("--runs", 5), threads: number("--threads", 2),
    appends: number("--appends", 500), peer: peer == nil ? nil : try Peer.prepared(root: root))
  output.writeLine(
    "lake: \(NumberText.grouped(tables.commits)) commits to read, "
      + "\(NumberText.grouped(benchmark.appends)) to append, \(NumberText.grouped(rows)) rows; "
      + "\(benchmark.runs) runs after one to warm up, in \(tables.scratch)")
  let lines = try benchmark.run { output.write(ContestLine.table($0)) }
  output.writeLine(ContestLine.json(lines))
}
