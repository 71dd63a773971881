// A 200 and the power cut: what was acknowledged had been synced before the answer, whoever else was
// writing; and the settings that break the promise are seen to break it.

import Collector
import EventLog
import Foundation
import KafkaProtocol
import Simulation
import Synchronization
import Testing

/// A real log that remembers how far each partition was on the disk: what a power cut would leave.
private final class CutLog: CollectorLog {
  private let inner: EventLog
  private let onDisk = Mutex<[TopicPartition: Int64]>([:])

  init(_ inner: EventLog) {
    self.inner = inner
  }

  func ensureTopic(_ name: String, partitionCount: Int) throws {
    try inner.ensureTopic(name, partitionCount: partitionCount)
  }

  func partitionCount(of topic: String) throws -> Int { try inner.partitionCount(of: topic) }

  func append(
    _ records: [Record],
    to partition: TopicPartition,
    appendTime: Int64
  ) throws -> Offset {
    try inner.append(records, to: partition, appendTime: appendTime)
  }

  /// Many requests share one sync on a thread of its own, as they do in the log.
  func afterSync(_ action: @escaping @Sendable ((any Error)?) -> Void) {
    do {
      let ends = try ends()
      inner.afterSync { [self] failure in
        if failure == nil { keep(ends) }
        action(failure)
      }
    } catch {
      action(error)
    }
  }

  func sync() throws {
    let ends = try ends()
    try inner.sync()
    keep(ends)
  }

  /// What is there before a call is what the call promises.
  private func ends() throws -> [TopicPartition: Int64] {
    var ends: [TopicPartition: Int64] = [:]
    for topic in inner.topicNames() {
      for number in 0..<(try inner.partitionCount(of: topic)) {
        let partition = TopicPartition(topic, Int32(number))
        ends[partition] = try inner.endOffset(partition).rawValue
      }
    }
    return ends
  }

  private func keep(_ ends: [TopicPartition: Int64]) {
    onDisk.withLock { onDisk in
      for (partition, end) in ends { onDisk[partition] = max(onDisk[partition] ?? 0, end) }
    }
  }

  func read(_ partition: TopicPartition, from: Offset, bytesMax: Int) throws -> [Record] {
    try inner.read(partition, from: from, bytesMax: bytesMax)
  }

  func startOffset(_ partition: TopicPartition) throws -> Offset {
    try inner.startOffset(partition)
  }

  /// True where a power cut at this moment leaves the event.
  func survives(_ event: AcceptedEvent) -> Bool {
    onDisk.withLock { event.offset.rawValue >= 0 && event.offset.rawValue < $0[event.partition] ?? 0 }
  }
}

struct SyncPromiseTests {
  /// Answers how many acknowledged events a power cut right after their answer would have taken.
  ///
  /// `waits` asks with a thread that waits for the answer, as phones of the story do; without it, as
  /// the HTTP door does.
  private func lost(
    _ answer: CollectorConfiguration.Answer, waits: Bool
  ) throws -> Int {
    let folder = NSTemporaryDirectory() + "/promise-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let log = CutLog(try EventLog.open(directory: folder))
    var configuration = CollectorConfiguration(secret: Array("a secret of this home".utf8))
    configuration.answer = answer
    let collector = try Collector(
      log: log, clock: StoryClock(.courseStart), configuration: configuration)
    let lost = Mutex(0)
    let acknowledged = Mutex(0)
    DispatchQueue.concurrentPerform(iterations: 8) { thread in
      for number in 0..<40 {
        let events = (0..<5).map {
          event(["event_id": "\"e-\(thread)-\(number)-\($0)\"", "device_id": "\"d-\(thread)-\($0)\""])
        }
        var request = CollectRequest(
          body: Array("[\(events.joined(separator: ","))]".utf8), durability: .synced)
        request.comesFromNetwork = true
        let note: @Sendable (CollectResponse) -> Void = { response in
          guard response.status == 200 else { return }
          acknowledged.withLock { $0 += response.accepted.count }
          lost.withLock { $0 += response.accepted.count { !log.survives($0) } }
        }
        if waits {
          note(collector.handle(request))
        } else {
          let isAnswered = DispatchSemaphore(value: 0)
          collector.handle(request) {
            note($0)
            isAnswered.signal()
          }
          isAnswered.wait()
        }
      }
    }
    try collector.flush()
    #expect(acknowledged.withLock { $0 } == 8 * 40 * 5)
    return lost.withLock { $0 }
  }

  @Test(arguments: [true, false])
  func `a power cut takes nothing that was acknowledged after the sync`(waits: Bool) throws {
    #expect(try lost(.synced, waits: waits) == 0)
  }

  @Test(arguments: [CollectorConfiguration.Answer.appended, .received], [true, false])
  func `a power cut takes what was acknowledged before it`(
    answer: CollectorConfiguration.Answer, waits: Bool
  ) throws {
    #expect(try lost(answer, waits: waits) > 0)
  }
}
