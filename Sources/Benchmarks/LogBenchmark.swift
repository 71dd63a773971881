// `log`: records per second through the broker, beside librdkafka's own in-memory mock broker.
// `recovery`: how long a log takes to open after a crash.
//
// Both brokers are driven by the same script of confluent-kafka in a process of its own: records of
// 200 bytes, zstd, acks=all, four partitions. The broker here waits for the disk before it answers;
// the mock has none, so the rate of a client that waits for no answer (acks=0) stands beside it.

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
  static func run(python: String, records: Int, runs: Int) throws -> [LogFigures] {
    let directory = NSTemporaryDirectory() + "/tapline-bench-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: directory) }
    let log = try EventLog.open(directory: directory)
    let broker = try KafkaBroker.start(log: log, port: 0) {
      Int64(Date().timeIntervalSince1970 * 1_000)
    }
    defer { broker.stop() }
    let mock = try MockBroker(python: python)
    defer { mock.stop() }
    let places = [("mock", mock.address, "all"), ("tapline", "127.0.0.1:\(broker.port)", "all"),
      ("tapline, acks=0", "127.0.0.1:\(broker.port)", "0")]
    var figures = places.map { LogFigures(name: $0.0) }
    for run in 0...runs {
      for (index, place) in places.enumerated() {
        // As many partitions as the mock gives a topic.
        if index > 0 { try log.createTopic("bench-\(run)-\(index)", partitionCount: 4) }
        let rates = try drive(
          python, [place.1, "bench-\(run)-\(index)", String(records), place.2])
        guard run > 0 else { continue }
        figures[index].produce.append(rates.produce)
        figures[index].fetch.append(rates.fetch)
      }
    }
    return figures
  }

  private static func drive(
    _ python: String, _ arguments: [String]
  ) throws -> (produce: Double, fetch: Double) {
    let process = Process()
    let output = Pipe()
    process.executableURL = URL(fileURLWithPath: python)
    process.arguments = ["-c", loadScript] + arguments
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
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

  init(python: String) throws {
    let output = Pipe()
    process.executableURL = URL(fileURLWithPath: python)
    process.arguments = ["-c", mockScript]
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
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

private let mockScript = """
  import sys, time
  from confluent_kafka import Producer
  p = Producer({'bootstrap.servers': 'mock', 'test.mock.num.brokers': 1})
  brokers = p.list_topics(timeout=10).brokers.values()
  sys.stdout.write(','.join(f'{b.host}:{b.port}' for b in brokers) + '\\n')
  sys.stdout.flush()
  while True: time.sleep(1); p.poll(0)
  """

private let loadScript = """
  import json, random, sys, time
  from confluent_kafka import Consumer, Producer, TopicPartition
  address, topic, count, acks = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]
  draw = random.Random(7)
  words = ['purchase_completed', 'screen_view', 'product_id', 'KRW', 'ios', '3.2.1', 'home']
  def value(i):
    text = json.dumps({'event_id': '%032x' % draw.getrandbits(128), 'name': draw.choice(words),
      'screen': draw.choice(words), 'time': 1705302000000 + i * 37})
    return text.ljust(200)[:200].encode()
  values = [value(i) for i in range(20000)]
  p = Producer({'bootstrap.servers': address, 'compression.type': 'zstd', 'acks': acks,
    'linger.ms': 20, 'batch.num.messages': 10000, 'max.in.flight': 5,
    'queue.buffering.max.messages': 200000, 'queue.buffering.max.kbytes': 1000000})
  p.list_topics(topic, timeout=10)
  began = time.perf_counter()
  for i in range(count):
    while True:
      try:
        p.produce(topic, values[i % 20000])
        break
      except BufferError: p.poll(0.01)
  if p.flush(60): sys.exit(1)
  produced = count / (time.perf_counter() - began)
  c = Consumer({'bootstrap.servers': address, 'group.id': 'bench', 'enable.auto.commit': False,
    'fetch.wait.max.ms': 50, 'max.partition.fetch.bytes': 4000000,
    'queued.min.messages': 2000000, 'fetch.queue.backoff.ms': 1})
  parts = c.list_topics(topic, timeout=10).topics[topic].partitions
  # The mock keeps a few megabytes of each partition: from both, the newest 200,000 are read.
  kept = [c.get_watermark_offsets(TopicPartition(topic, part), timeout=10) for part in parts]
  kept = [(max(low, high - 200000 // len(kept)), high) for low, high in kept]
  c.assign([TopicPartition(topic, part, low) for part, (low, high) in zip(parts, kept)])
  held = sum(high - low for low, high in kept)
  got, began = 0, time.perf_counter()
  while got < held:
    got += len(c.consume(10000, 1.0))
    if time.perf_counter() - began > 60: sys.exit(1)
  sys.stdout.write(f'{produced} {got / (time.perf_counter() - began)}')
  """
