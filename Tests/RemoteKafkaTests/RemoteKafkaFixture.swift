import Foundation
import KafkaProtocol
import RemoteKafka
import Synchronization
import TestSupport
import Testing

/// A mock cluster of three brokers with the topic `t` of three partitions, and a client of it.
struct RemoteKafkaFixture {
  let cluster: KafkaMockCluster
  let log: RemoteKafkaLog
  static let topic = "t"

  init(_ change: (inout RemoteKafkaConfiguration) -> Void = { _ in }) throws {
    cluster = try #require(KafkaMockCluster())
    cluster.createTopic(Self.topic, partitions: 3)
    for partition in 0..<3 as Range<Int32> {
      cluster.setLeader(Self.topic, partition, partition + 1)
    }
    log = try Self.connect(cluster.bootstrapServers, change)
  }

  static func connect(
    _ servers: String, _ change: (inout RemoteKafkaConfiguration) -> Void = { _ in }
  ) throws -> RemoteKafkaLog {
    var configuration = RemoteKafkaConfiguration(bootstrapServers: servers)
    configuration.timeoutMilliseconds = 8_000
    change(&configuration)
    return try RemoteKafkaLog.connect(configuration, library: try RDKafkaLibrary.open())
  }

  static func place(_ partition: Int32) -> TopicPartition { TopicPartition(topic, partition) }

  /// Records whose values count from `first`.
  static func records(_ numbers: Range<Int>) -> [Record] {
    numbers.map { Record(key: nil, value: Array("record \($0)".utf8), timestamp: 1_705_000_000_000) }
  }

  /// The values of a partition from its start on, as text.
  func values(_ partition: Int32) throws -> [String] {
    var values: [String] = []
    try log.forEachRecord(Self.place(partition), from: try log.startOffset(Self.place(partition))) {
      values.append($0.value.map { String(decoding: $0, as: UTF8.self) } ?? "null")
      return true
    }
    return values
  }
}

/// Work on a thread of its own: what waits for the network must not hold up the tests' pool.
final class BackgroundWork: Sendable {
  private let isDone = DispatchSemaphore(value: 0)
  private let failure = Mutex<(any Error)?>(nil)

  init(_ body: @escaping @Sendable () throws -> Void) {
    let thread = Thread { [self] in
      do { try body() } catch { failure.withLock { $0 = error } }
      isDone.signal()
    }
    thread.start()
  }

  /// Waits for the end, and throws what ended it.
  func wait() throws {
    isDone.wait()
    if let error = failure.withLock({ $0 }) { throw error }
  }
}
