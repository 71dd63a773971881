// What is measured, and how: `swift run -c release Benchmarks day|start [--against COMMAND]
// [--runs COUNT]`.
//
// - `day` moves an xs world (200 users, about 10,000 events) through one day: phones, collector,
//   log, Bronze, Silver, Gold, warehouse. Every fsync is made and counted.
// - `start` times the whole process from its start to the answer of a line that needs no world, and a
//   peer's command beside it, in turn.
//
// One warm-up, then the median of the runs; a table for people, then one line of JSON.

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

  var sorted: [Double] { milliseconds.sorted() }
  var median: Double { sorted[sorted.count / 2] }

  var row: [String] {
    [name] + [sorted.first ?? 0, median, sorted.last ?? 0].map { NumberText.decimal($0, places: 1) }
      + [fsyncs.isEmpty ? "-" : String(fsyncs.sorted()[fsyncs.count / 2])]
  }

  var json: String {
    "{\"name\":\"\(name)\",\"median_ms\":\(NumberText.decimal(median, places: 2))}"
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
let peer = arguments.firstIndex(of: "--against").flatMap {
  arguments.indices.contains($0 + 1) ? arguments[$0 + 1] : nil
}
let runs = arguments.firstIndex(of: "--runs").flatMap {
  arguments.indices.contains($0 + 1) ? Int(arguments[$0 + 1]) : nil
}
let root =
  ProcessInfo.processInfo.environment["TAPLINE_CONTENT"]
  ?? FileManager.default.currentDirectoryPath
var results: [Figures] = []
let output = DescriptorOutput()
do {
  if arguments.isEmpty || arguments[0] == "day" {
    results += try measureDay(contentRoot: root, runs: max(1, runs ?? 5))
  }
  if arguments.isEmpty || arguments[0] == "start" {
    results += try measureStart(contentRoot: root, runs: max(1, runs ?? 21), peer: peer)
  }
} catch {
  output.writeLine("Benchmarks: \(error)")
  exit(3)
}
guard !results.isEmpty else {
  output.writeLine("Benchmarks: day, start [--against COMMAND] [--runs COUNT]")
  exit(2)
}
output.write(
  TableView(
    columns: [
      TableColumn("MEASURE"), .number("MIN_MS"), .number("MEDIAN_MS"), .number("MAX_MS"),
      .number("FSYNCS"),
    ], rows: results.map(\.row)))
output.writeLine("[" + results.map(\.json).joined(separator: ",") + "]")
