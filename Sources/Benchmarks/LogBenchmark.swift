// `log`: records per second through the broker, beside librdkafka's own in-memory mock broker.
// `recovery`: how long a log takes to open after a crash.
//
// Both brokers are driven by librdkafka in a process of its own (`LogLoad`): records of 200 bytes, zstd,
// acks=all, four partitions. The broker here waits for the disk before it answers; the mock, in a
// third process, has none, so the rate of a client that waits for no answer (acks=0) stands beside it.

import EventLog
import Foundation
import KafkaBroker
import KafkaProtocol
import Terminal

/// What one broker did, in records per second.
struct LogFigures {
  var name: String
  var produce: [Double] = []
  var fetch: [Double] = []

  static func median(_ rates: [Double]) -> Double {
    rates.isEmpty ? 0 : rates.sorted()[rates.count / 2]
  }
}

enum LogBenchmark {
  /// Measures both brokers in turn, `runs` times after one warm-up.
  static func run(records: Int, runs: Int, fetchBytes: Int?) throws -> [LogFigures] {
    let directory = NSTemporaryDirectory() + "/tapline-bench-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: directory) }
    let log = try EventLog.open(directory: directory)
    var configuration = BrokerConfiguration()
    if let fetchBytes { configuration.fetchBytesMax = fetchBytes }
    let broker = try KafkaBroker.start(log: log, port: 0, configuration: configuration) {
      Int64(Date().timeIntervalSince1970 * 1_000)
    }
    defer { broker.stop() }
    let mock = try MockBroker()
    defer { mock.stop() }
    let places = [("mock", mock.address, "all"), ("tapline", "127.0.0.1:\(broker.port)", "all"),
      ("tapline, acks=0", "127.0.0.1:\(broker.port)", "0")]
    var figures = places.map { LogFigures(name: $0.0) }
    for run in 0...runs {
      for (index, place) in places.enumerated() {
        // As many partitions as the mock gives a topic.
        if index > 0 { try log.createTopic("bench-\(run)-\(index)", partitionCount: 4) }
        let rates = try drive([place.1, "bench-\(run)-\(index)", String(records), place.2])
        guard run > 0 else { continue }
        figures[index].produce.append(rates.produce)
        figures[index].fetch.append(rates.fetch)
      }
    }
    return figures
  }

  /// This program.
  static var executable: URL {
    URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath()
  }

  private static func drive(_ arguments: [String]) throws -> (produce: Double, fetch: Double) {
    let process = Process()
    let output = Pipe()
    process.executableURL = executable
    process.arguments = [LogLoad.argument] + arguments
    process.standardOutput = output
    try process.run()
    let text = String(
      decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    let rates = text.split(separator: " ")
      .compactMap { Double($0.trimmingCharacters(in: .newlines)) }
    guard process.terminationStatus == 0, rates.count == 2 else {
      throw LogBenchmarkError.clientFailed(arguments[0])
    }
    return (rates[0], rates[1])
  }

  /// Writes `bytes` bytes of records without closing, and opens them again, `runs` times.
  ///
  /// - Returns: milliseconds of each opening.
  static func recovery(bytes: Int, runs: Int) throws -> [Double] {
    let directory = NSTemporaryDirectory() + "/tapline-bench-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: directory) }
    let partition = TopicPartition("bench", 0)
    do {
      let log = try EventLog.open(directory: directory)
      try log.createTopic("bench", partitionCount: 1)
      let value = [UInt8](repeating: 0x61, count: 1_000)
      let records = (0..<4_000).map { Record(key: Array("k\($0)".utf8), value: value) }
      var written = 0
      var time: Int64 = 1_700_000_000_000
      while written < bytes {
        _ = try log.append(records, to: partition, appendTime: time)
        written += 4_000 * 1_000
        time += 1_000
      }
      try log.sync()
      // Not closed: what follows is what a start finds after a crash.
    }
    return try (0..<runs).map { _ in
      var end = Offset(0)
      let time = try elapsedMilliseconds {
        end = try EventLog.open(directory: directory).endOffset(partition)
      }
      guard end.rawValue > 0 else { throw LogBenchmarkError.clientFailed("recovery") }
      return time
    }
  }
}

enum LogBenchmarkError: Error { case clientFailed(String), noMock }

/// librdkafka's mock broker in a process of its own.
final class MockBroker {
  let address: String
  private let process = Process()

  private let input = Pipe()

  init() throws {
    let output = Pipe()
    process.executableURL = LogBenchmark.executable
    process.arguments = [LogLoad.mockArgument]
    process.standardInput = input
    process.standardOutput = output
    try process.run()
    let data = output.fileHandleForReading.availableData
    address = String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    guard !address.isEmpty else { throw LogBenchmarkError.noMock }
  }

  func stop() {
    process.terminate()
    process.waitUntilExit()
  }
}
