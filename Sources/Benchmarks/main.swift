// What is measured, and how: `swift run -c release Benchmarks
// day|start|world|collect|log|recovery|etl|lake|s3|tpch|kernels [--against PEER] [--runs COUNT]`.
//
// - `day` moves an xs world (200 users, about 10,000 events) through one day: phones, collector,
//   log, Bronze, Silver, Gold, warehouse. Every fsync is made and counted.
// - `start` times the whole process from its start to the answer of a line that needs no world, and a
//   peer's command beside it, in turn.
// - `world [--size xs|s|m|l] [--threads N]` makes a day's events, in bulk and by phones.
// - `collect [--connections N] [--seconds N]` sends gzip batches over HTTP from another process and
//   counts the events that are acknowledged after an fdatasync; Redis Streams beside it.
// - `tpch [--against duckdb] [--sf 1] [--check] [--queries 1,6] [--threads N] [--seed N]` runs the 22
//   queries with drawn parameters over Parquet files, each in a fresh process.
// - `kernels [--against duckdb] [--check] [--rows N] [--groups N] [--threads N]` runs scans, groups and
//   joins over one table in memory, on one thread.
// - `etl [--against duckdb,spark] [--events 5000000] [--threads 2] [--directory PATH]` makes partitioned
//   Parquet of events that come twice, by SQL and by the task that makes Silver, and asks it for DAU.
// - `lake [--against deltalake] [--commits 10000] [--appends 500] [--rows 4000000] [--directory PATH]`
//   appends to, opens, scans and changes Delta tables.
// - `s3 [--megabytes 1024] [--keys 100000] [--directory PATH]` lets public clients in other processes
//   fetch, send and list objects of our S3 endpoint.
// - `log [--records N] [--fetch-bytes N]` drives the Kafka broker and librdkafka's mock broker with the same client, which
//   is librdkafka; the system's, or the one that TAPLINE_LIBRDKAFKA names.
// - `recovery [--megabytes N]` opens a log that was not closed, 1,000 MB by default.
//
// One warm-up, then the median of the runs; a table for people, then one line of JSON.

import EngineBenchmarks
import Foundation
import Platform
import Simulation
import Terminal
import World

/// The figures of one measure.
struct Figures {
  var name: String
  var milliseconds: [Double] = []
  var fsyncs: [Int] = []
  /// Events of each run, where a measure counts them.
  var counts: [Int] = []

  var sorted: [Double] { milliseconds.sorted() }
  var median: Double { sorted[sorted.count / 2] }

  var row: [String] {
    [name] + [sorted.first ?? 0, median, sorted.last ?? 0].map { NumberText.decimal($0, places: 1) }
      + [fsyncs.isEmpty ? "-" : String(fsyncs.sorted()[fsyncs.count / 2])]
  }

  var json: String {
    "{\"name\":\"\(name)\",\"median_ms\":\(jsonNumber(median))}"
  }
}

func elapsedMilliseconds(_ body: () throws -> Void) rethrows -> Double {
  let began = DispatchTime.now().uptimeNanoseconds
  try body()
  return Double(DispatchTime.now().uptimeNanoseconds - began) / 1_000_000
}

func measureDay(contentRoot: String, runs: Int) throws -> [Figures] {
  let path = NSTemporaryDirectory() + "/tapline-bench-\(UUID().uuidString)"
  defer { try? FileManager.default.removeItem(atPath: path) }
  let platform = try Platform(
    home: try Home(path: path),
    options: Platform.Options(seed: 42, size: .xs, contentRoot: contentRoot))
  try platform.prepare { _ in }
  var figures = Figures(name: "xs day")
  for run in 0...runs {
    let before = platform.fsyncCount
    let time = try elapsedMilliseconds {
      try platform.advance(to: platform.now.adding(seconds: 86_400))
    }
    guard run > 0 else { continue }
    figures.milliseconds.append(time)
    figures.fsyncs.append(platform.fsyncCount - before)
  }
  return [figures]
}

func measureStart(contentRoot: String, runs: Int, peer: String?) throws -> [Figures] {
  let home = NSTemporaryDirectory() + "/tapline-bench-\(UUID().uuidString)"
  defer { try? FileManager.default.removeItem(atPath: home) }
  let tapline = URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath()
    .deletingLastPathComponent().appendingPathComponent("tapline").path
  var commands = [("tapline", "exec '\(tapline)' --home '\(home)' -c lang")]
  if let peer { commands.append((peer, "exec \(peer)")) }
  var figures = commands.map { Figures(name: $0.0) }
  for run in 0...runs {
    for (index, command) in commands.enumerated() {
      let process = Process()
      process.executableURL = URL(fileURLWithPath: "/bin/sh")
      process.arguments = ["-c", command.1]
      process.environment = ProcessInfo.processInfo.environment.merging(
        ["TAPLINE_CONTENT": contentRoot]) { _, new in new }
      process.standardInput = FileHandle.nullDevice
      process.standardOutput = FileHandle.nullDevice
      let time = try elapsedMilliseconds {
        try process.run()
        process.waitUntilExit()
      }
      if run > 0 { figures[index].milliseconds.append(time) }
    }
  }
  return figures
}

let arguments = Array(CommandLine.arguments.dropFirst())

/// What follows an option; nil where it is not there.
func value(of option: String) -> String? {
  arguments.firstIndex(of: option).flatMap {
    arguments.indices.contains($0 + 1) ? arguments[$0 + 1] : nil
  }
}

let peer = value(of: "--against")
let runs = value(of: "--runs").flatMap { Int($0) }
let root =
  ProcessInfo.processInfo.environment["TAPLINE_CONTENT"]
  ?? FileManager.default.currentDirectoryPath
let output = DescriptorOutput()

/// Ends with the status of wrong arguments.
func refuse(_ message: String) -> Never {
  output.writeLine("Benchmarks: \(message)")
  exit(2)
}

/// The number behind an option, `standard` where it is not there.
func number(_ option: String, _ standard: Int) -> Int {
  guard let text = value(of: option) else { return standard }
  guard let number = Int(text), number > 0 else {
    refuse("\(option) \(text): a number above 0 is needed.")
  }
  return number
}

/// Runs one of the engine's benchmarks; false where an answer differs from the peer's.
func measureEngine(_ name: String) throws -> Bool {
  var options = EngineBenchmarkOptions()
  if let peer, peer != "duckdb" { refuse("--against \(peer): the engine's peer is duckdb.") }
  if let scale = value(of: "--sf") {
    guard let size = Double(scale), size > 0, size <= 100 else {
      refuse("--sf \(scale): a scale factor such as 0.1 or 1 is needed.")
    }
    options.scale = scale
  }
  options.runs = number("--runs", 5)
  options.threads = number("--threads", name == "kernels" ? 1 : options.threads)
  options.seed = UInt64(
    number("--seed", Int(UInt64.random(in: 1...999_999))))
  options.isAgainstPeer = peer != nil
  options.isChecking = arguments.contains("--check")
  options.rowCount = number("--rows", options.rowCount)
  options.groupCount = number("--groups", options.groupCount)
  options.queries = Set((value(of: "--queries") ?? "").split(separator: ",").compactMap { Int($0) })
  let executable = URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath().path
  let benchmark = EngineBenchmark(options, executable: executable, root: root)
  output.writeLine(
    "\(name): seed \(options.seed), \(options.threads) threads, \(options.runs) runs after one to warm up")
  var lines: [EngineBenchmarkLine] = []
  let report: (EngineBenchmarkLine) -> Void = { line in
    lines.append(line)
    if let difference = line.difference { output.writeLine("\(line.name): \(difference)") }
  }
  if name == "tpch" { try benchmark.tpch(report) } else { try benchmark.kernels(report) }
  output.write(EngineBenchmarkReport.view(lines))
  output.writeLine(EngineBenchmarkReport.json(lines, seed: options.seed))
  return !options.isChecking || lines.allSatisfy { $0.difference == nil }
}

/// Runs one of the log's benchmarks; prints rates itself, and answers times.
func measureLog(_ name: String) throws -> [Figures] {
  guard name == "log" else {
    let megabytes = number("--megabytes", 1_000)
    var figures = Figures(name: "open \(megabytes) MB after a crash")
    figures.milliseconds = try LogBenchmark.recovery(
      bytes: megabytes * 1_000_000, runs: number("--runs", 5))
    return [figures]
  }
  let figures = try LogBenchmark.run(
    records: number("--records", 1_000_000), runs: number("--runs", 5),
    fetchBytes: value(of: "--fetch-bytes").flatMap { Int($0) })
  let mock = figures[0]
  func text(_ rates: [Double], _ against: [Double]) -> [String] {
    let rate = LogFigures.median(rates)
    return [
      NumberText.decimal(rate, places: 0),
      NumberText.decimal(rate / max(1, LogFigures.median(against)), places: 2),
    ]
  }
  output.write(
    TableView(
      columns: [
        TableColumn("BROKER"), .number("PRODUCE_PER_S"), .number("RATIO"), .number("FETCH_PER_S"),
        .number("RATIO"),
      ],
      rows: figures.map {
        [$0.name] + text($0.produce, mock.produce) + text($0.fetch, mock.fetch)
      }))
  return []
}

if arguments.first == EngineBenchmark.childArgument {
  do {
    let sql = String(decoding: FileHandle.standardInput.readDataToEndOfFile(), as: UTF8.self)
    FileHandle.standardOutput.write(
      try EngineBenchmark.childOutput(Array(arguments.dropFirst()), input: sql))
    exit(0)
  } catch {
    FileHandle.standardError.write(Data("\(error)\n".utf8))
    exit(3)
  }
}
if let first = arguments.first, [ETLChild.sql, ETLChild.clean, ETLChild.dau].contains(first) {
  ETLChild.run(arguments)
}
if arguments.first == LakeWork.argument { LakeWork.run(Array(arguments.dropFirst())) }
if arguments.first == S3Server.argument { S3Server.serve(Array(arguments.dropFirst())) }
if arguments.first == S3Server.listArgument { S3Server.list(Array(arguments.dropFirst())) }
if arguments.first == S3Client.argument { S3Client.run(Array(arguments.dropFirst())) }
if arguments.first == CollectLoad.argument { CollectLoad.run(Array(arguments.dropFirst())) }
if arguments.first == LogLoad.argument || arguments.first == LogLoad.mockArgument {
  LogLoad.run(arguments)
}
var results: [Figures] = []
do {
  if arguments.first == "collect" {
    var benchmark = CollectBenchmark(
      contentRoot: root,
      connections: value(of: "--connections").flatMap { Int($0) } ?? 64,
      seconds: value(of: "--seconds").flatMap { Double($0) } ?? 5)
    if let names = value(of: "--peers") {
      benchmark.peers = CollectPeer.allCases.filter {
        names.split(separator: ",").contains(Substring($0.rawValue))
      }
    }
    output.writeLine(
      "collect: \(benchmark.connections) connections, gzip batches of \(CollectLoad.eventsPerRequest), "
        + "\(benchmark.seconds) s after one second to warm up")
    var rounds: [[CollectBenchmark.Line]] = []
    for _ in 0..<max(1, runs ?? 1) {
      let lines = try benchmark.round()
      output.write(CollectBenchmark.table(lines))
      output.writeLine("[" + lines.map(\.json).joined(separator: ",") + "]")
      rounds.append(lines)
    }
    if rounds.count > 1 { output.write(CollectBenchmark.summary(rounds)) }
    exit(0)
  }
  if let name = arguments.first, name == "tpch" || name == "kernels" {
    exit(try measureEngine(name) ? 0 : 1)
  }
  if arguments.first == "etl" {
    try measureETL()
    exit(0)
  }
  if arguments.first == "lake" {
    try measureLake()
    exit(0)
  }
  if arguments.first == "s3" {
    try measureS3()
    exit(0)
  }
  if arguments.first == "world" {
    let name = value(of: "--size") ?? "m"
    guard let size = WorldSize(rawValue: name) else { refuse("--size \(name): xs, s, m or l.") }
    let threads = value(of: "--threads").flatMap { Int($0) } ?? 2
    let figures = try WorldBenchmark.measure(
      root: root, size: size, threads: max(1, threads), runs: max(1, runs ?? (size == .l ? 1 : 5)))
    output.write(WorldBenchmark.view(figures))
    output.writeLine("[" + figures.map(\.json).joined(separator: ",") + "]")
    exit(0)
  }
  if arguments.isEmpty || arguments[0] == "day" {
    results += try measureDay(contentRoot: root, runs: max(1, runs ?? 5))
  }
  if let name = arguments.first, name == "log" || name == "recovery" {
    results += try measureLog(name)
    if results.isEmpty { exit(0) }
  }
  if arguments.isEmpty || arguments[0] == "start" {
    results += try measureStart(contentRoot: root, runs: max(1, runs ?? 21), peer: peer)
  }
} catch {
  output.writeLine("Benchmarks: \(error)")
  exit(3)
}
guard !results.isEmpty else {
  refuse("day, start, world, collect, log, recovery, etl, lake, s3, tpch or kernels [--against PEER] [--runs COUNT]")
}
output.write(
  TableView(
    columns: [
      TableColumn("MEASURE"), .number("MIN_MS"), .number("MEDIAN_MS"), .number("MAX_MS"),
      .number("FSYNCS"),
    ], rows: results.map(\.row)))
output.writeLine("[" + results.map(\.json).joined(separator: ",") + "]")
