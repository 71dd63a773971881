// A log in memory behind the collector's seam, which can be told to fail.

import Collector
import KafkaProtocol
import Simulation
import Synchronization

final class MemoryLog: CollectorLog {
  struct Broken: Error {}

  private struct State {
    var topics: [String: Int] = [:]
    var partitions: [TopicPartition: [Record]] = [:]
    var batches: [(partition: TopicPartition, count: Int)] = []
    var syncs = 0
    var failsAppend = false
    var failsSync = false
  }

  private let state = Mutex(State())

  func ensureTopic(_ name: String, partitionCount: Int) throws {
    state.withLock { state in
      if state.topics[name] == nil { state.topics[name] = partitionCount }
    }
  }

  func partitionCount(of topic: String) throws -> Int { state.withLock { $0.topics[topic] ?? 0 } }

  func append(
    _ records: [Record],
    to partition: TopicPartition,
    appendTime: Int64
  ) throws -> Offset {
    try state.withLock { state in
      if state.failsAppend { throw Broken() }
      let base = state.partitions[partition]?.count ?? 0
      for (position, record) in records.enumerated() {
        var record = record
        record.timestamp = appendTime
        record.offset = Offset(Int64(base + position))
        state.partitions[partition, default: []].append(record)
      }
      state.batches.append((partition, records.count))
      return Offset(Int64(base))
    }
  }

  func sync() throws {
    try state.withLock { state in
      if state.failsSync { throw Broken() }
      state.syncs += 1
    }
  }

  func read(_ partition: TopicPartition, from: Offset, bytesMax: Int) throws -> [Record] {
    state.withLock {
      Array(($0.partitions[partition] ?? []).dropFirst(Int(from.rawValue)).prefix(7))
    }
  }

  func startOffset(_ partition: TopicPartition) throws -> Offset { Offset(0) }

  var syncs: Int { state.withLock { $0.syncs } }
  var batches: [(partition: TopicPartition, count: Int)] { state.withLock { $0.batches } }
  func fail(append: Bool = false, sync: Bool = false) {
    state.withLock {
      $0.failsAppend = append
      $0.failsSync = sync
    }
  }

  /// Every record of a topic, by partition and offset.
  func records(_ topic: String) -> [Record] {
    state.withLock { state in
      state.partitions.keys.filter { $0.topic == topic }.sorted().flatMap {
        state.partitions[$0] ?? []
      }
    }
  }

  func records(_ partition: TopicPartition) -> [Record] {
    state.withLock { $0.partitions[partition] ?? [] }
  }

  var events: [Record] { records("app-events") }
  var deadLetters: [Record] { records("app-events-dlq") }
}

/// A log in memory that swallows what it gets: for measurements.
struct SinkLog: CollectorLog {
  func ensureTopic(_ name: String, partitionCount: Int) throws {}
  func partitionCount(of topic: String) throws -> Int { 6 }
  func append(
    _ records: [Record],
    to partition: TopicPartition,
    appendTime: Int64
  ) throws -> Offset { Offset(0) }
  func sync() throws {}
  func read(_ partition: TopicPartition, from: Offset, bytesMax: Int) throws -> [Record] { [] }
  func startOffset(_ partition: TopicPartition) throws -> Offset { Offset(0) }
}

/// A collector over a log in memory, at 2024-01-16T00:10:00.000Z.
struct Bench {
  let log = MemoryLog()
  let clock = StoryClock(.courseStart)
  let collector: Collector

  init(_ adjust: (inout CollectorConfiguration) -> Void = { _ in }) throws {
    var configuration = CollectorConfiguration(secret: Array("a secret of this home".utf8))
    adjust(&configuration)
    collector = try Collector(log: log, clock: clock, configuration: configuration)
  }

  func send(
    _ body: String,
    source: String? = nil,
    format: CollectRequest.Format = .json,
    durability: CollectRequest.Durability = .written
  ) -> CollectResponse {
    collector.handle(
      CollectRequest(
        body: Array(body.utf8),
        source: source,
        format: format,
        durability: durability
      )
    )
  }

  func send(bytes: [UInt8], isGzip: Bool = false, source: String? = nil) -> CollectResponse {
    collector.handle(CollectRequest(body: bytes, isGzip: isGzip, source: source))
  }
}

extension Record {
  var text: String { value.map { String(decoding: $0, as: UTF8.self) } ?? "" }

  func header(_ key: String) -> String? {
    headers.first { $0.key == key }?.value.map { String(decoding: $0, as: UTF8.self) }
  }
}
