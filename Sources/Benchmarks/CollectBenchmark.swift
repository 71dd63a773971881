// `collect`: events a second that are acknowledged after an fdatasync, over HTTP from another process.
//
// The collector runs here, on a log in a directory of its own, with the settings of the course's
// pipeline: keys, the tracking plan (warn), gzip. The clients run in a second process. Its peers
// (`CollectPeer`) get the same events from the same client, in turn: a machine that others use as well
// is slow for all of them, and what is compared is the ratio of one round.

import Collector
import CollectorEndpoint
import EventLog
import Foundation
import KafkaProtocol
import Simulation
import Terminal

struct CollectBenchmark {
  var contentRoot: String
  var connections: Int
  var seconds: Double
  var peers = CollectPeer.allCases

  struct Line {
    var name: String
    var report: LoadReport
    var syncs: Int?
    var residentMegabytes: Double

    var eventsPerSecond: Double { Double(report.events) / max(report.seconds, 0.001) }

    var row: [String] {
      [
        name, NumberText.grouped(Int(eventsPerSecond)), NumberText.grouped(report.requests),
        NumberText.grouped(report.refused), syncs.map { NumberText.grouped($0) } ?? "-",
        syncs.map { NumberText.decimal(Double(report.events) / Double(max($0, 1)), places: 0) } ?? "-",
        NumberText.decimal(report.medianMilliseconds, places: 2),
        NumberText.decimal(report.p99Milliseconds, places: 2),
        NumberText.decimal(residentMegabytes, places: 0),
      ]
    }

    var json: String {
      "{\"name\":\"\(name)\",\"events_per_s\":\(Int(eventsPerSecond)),"
        + "\"fdatasyncs\":\(syncs.map(String.init) ?? "null"),"
        + "\"p50_ms\":\(jsonNumber(report.medianMilliseconds)),"
        + "\"p99_ms\":\(jsonNumber(report.p99Milliseconds)),"
        + "\"rss_mb\":\(Int(residentMegabytes))}"
    }
  }

  /// One line a server.
  func round() throws -> [Line] {
    var lines = [try collector()]
    for peer in peers {
      if let line = try peer.line(self) { lines.append(line) }
    }
    return lines
  }

  /// The servers' medians of several rounds, and the collector's rate by each peer's in the same round.
  static func summary(_ rounds: [[Line]]) -> TableView {
    let servers = rounds.first?.map(\.name) ?? []
    let rows = servers.map { name -> [String] in
      let rates = rounds.compactMap { round in round.first { $0.name == name }?.eventsPerSecond }
      let ratios = rounds.compactMap { round -> Double? in
        guard let own = round.first?.eventsPerSecond,
          let peer = round.first(where: { $0.name == name })?.eventsPerSecond
        else { return nil }
        return own / max(peer, 1)
      }
      return [
        name, NumberText.grouped(Int(rates.min() ?? 0)),
        NumberText.grouped(Int(LogFigures.median(rates))), NumberText.grouped(Int(rates.max() ?? 0)),
        NumberText.decimal(ratios.min() ?? 0, places: 2),
        NumberText.decimal(LogFigures.median(ratios), places: 2),
        NumberText.decimal(ratios.max() ?? 0, places: 2),
      ]
    }
    return TableView(
      columns: [
        TableColumn("EVENTS_PER_S"), .number("MIN"), .number("MEDIAN"), .number("MAX"),
        .number("RATIO_MIN"), .number("RATIO_MEDIAN"), .number("RATIO_MAX"),
      ], rows: rows)
  }

  static func table(_ lines: [Line]) -> TableView {
    TableView(
      columns: [
        TableColumn("SERVER"), .number("EVENTS_PER_S"), .number("REQUESTS"), .number("REFUSED"),
        .number("FDATASYNCS"), .number("EVENTS_PER_CALL"), .number("P50_MS"), .number("P99_MS"),
        .number("RSS_MB"),
      ], rows: lines.map(\.row))
  }

  private func collector() throws -> Line {
    let path = NSTemporaryDirectory() + "/tapline-collect-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: path) }
    let log = try EventLog.open(directory: path)
    var configuration = CollectorConfiguration(secret: Array("a secret of a benchmark".utf8))
    let pipeline = contentRoot + "/Datasets/shop/pipeline/"
    func text(_ file: String) throws -> String {
      String(decoding: try Data(contentsOf: URL(fileURLWithPath: pipeline + file)), as: UTF8.self)
    }
    try configuration.apply(yaml: try text("collector.yaml"))
    configuration.eventsPartitionCount = 3
    configuration.plan = try PlanInForce(
      TrackingPlan(yaml: try text("tracking-plan.yaml")), registry: SchemaRegistry())
    let collector = try Collector(
      log: log, clock: StoryClock(.courseStart), configuration: configuration)
    let endpoint = try CollectorEndpoint.start(collector: collector, port: 0)
    _ = try load(endpoint.port, .http, seconds: 1)
    let before = log.fsyncCount
    let accepted = collector.counts.accepted
    let report = try load(endpoint.port, .http, seconds: seconds)
    let syncs = log.fsyncCount - before
    let resident = CollectBenchmark.resident(of: getpid())
    endpoint.stop()
    let counted = collector.counts.accepted - accepted
    // What the client was told, and what the log was given, are two counts of the same events.
    guard counted >= report.events, log.isComplete(atLeast: counted) else {
      throw BenchmarkFailure("\(report.events) acknowledged, \(counted) accepted: they differ")
    }
    try log.close()
    return Line(name: "tapline", report: report, syncs: syncs, residentMegabytes: resident)
  }

  func load(_ port: Int, _ kind: LoadKind, seconds: Double) throws -> LoadReport {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath()
    process.arguments = [
      CollectLoad.argument, String(port), kind.rawValue, String(connections), String(seconds),
    ]
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return try JSONDecoder().decode(LoadReport.self, from: data)
  }

  /// Megabytes that a process holds in memory; 0 where the system does not say.
  static func resident(of process: Int32) -> Double {
    guard let data = FileManager.default.contents(atPath: "/proc/\(process)/status") else { return 0 }
    let line = String(decoding: data, as: UTF8.self).split(separator: "\n")
      .first { $0.hasPrefix("VmHWM:") }
    return Double(line?.filter(\.isNumber) ?? "").map { $0 / 1024 } ?? 0
  }
}

struct BenchmarkFailure: Error, CustomStringConvertible {
  var description: String
  init(_ description: String) { self.description = description }
}

extension EventLog {
  /// True where the events topic holds at least so many records.
  func isComplete(atLeast count: Int) -> Bool {
    let partitions = (try? partitionCount(of: "app-events")) ?? 0
    var records: Int64 = 0
    for number in 0..<partitions {
      records += (try? endOffset(TopicPartition("app-events", Int32(number))).rawValue) ?? 0
    }
    return records >= Int64(count)
  }
}
