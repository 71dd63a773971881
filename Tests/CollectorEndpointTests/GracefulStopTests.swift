// The end of a running port: what is in flight is answered or refused, and every 200 holds.

import Collector
import CollectorEndpoint
import EventLog
import Foundation
import KafkaProtocol
import Simulation
import Synchronization
import TestSupport
import Testing

struct GracefulStopTests {
  private static func body(_ ids: [String], device: Int) -> [UInt8] {
    let events = ids.map {
      #"{"event_id":"\#($0)","event_name":"tap","event_time":"2024-01-16T00:10:00Z","#
        + #""device_id":"device-\#(device)"}"#
    }
    return Array(("[" + events.joined(separator: ",") + "]").utf8)
  }

  /// Four devices send until the port is gone; answers what each was told, and what the log has.
  private func stop(
    answer: CollectorConfiguration.Answer
  ) throws -> (acknowledged: [[String]], statuses: Set<Int>, found: [[String]]) {
    let folder = FileManager.default.temporaryDirectory.appending(path: "stop-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    var configuration = CollectorConfiguration(secret: Array("a secret of this home".utf8))
    configuration.answer = answer
    let log = try EventLog.open(directory: folder.path)
    let collector = try Collector(
      log: log, clock: StoryClock(.courseStart), configuration: configuration)
    let endpoint = try CollectorEndpoint.start(collector: collector, port: 0)
    let port = endpoint.port
    let accepted = Mutex(0)
    let told = runOnThreads(5) { device -> (acknowledged: [String], statuses: Set<Int>) in
      guard device < 4 else {
        for _ in 0..<30_000 where accepted.withLock({ $0 }) < 40 { usleep(2_000) }
        endpoint.stop()
        return ([], [])
      }
      var acknowledged: [String] = []
      var statuses: Set<Int> = []
      var number = 0
      let client = LoopbackClient(port: port)
      while true {
        let ids = (0..<3).map { String(format: "stop-%d-%05d", device, number * 3 + $0) }
        number += 1
        let body = Self.body(ids, device: device)
        let answer = client?.post(
          "/v1/events", body, headers: ["Content-Type": "application/json"])
        guard let status = answer?.status else { break }
        statuses.insert(status)
        guard status == 200 else { break }
        acknowledged += ids
        accepted.withLock { $0 += 1 }
      }
      return (acknowledged, statuses)
    }
    try log.close()
    let again = try EventLog.open(directory: folder.path)
    var found: [[String]] = Array(repeating: [], count: 4)
    for number in 0..<(try again.partitionCount(of: "app-events")) {
      let partition = TopicPartition("app-events", Int32(number))
      try again.forEachRecord(partition, from: Offset(0)) { record in
        let text = record.value.map { String(decoding: $0, as: UTF8.self) } ?? ""
        if let match = text.firstMatch(of: /stop-(\d)-\d{5}/), let device = Int(match.1) {
          found[device].append(String(match.0))
        }
        return true
      }
    }
    let devices = told.prefix(4)
    return (
      devices.map(\.acknowledged), devices.reduce(into: []) { $0.formUnion($1.statuses) }, found
    )
  }

  @Test(
    .timeLimit(.minutes(5)),
    arguments: [CollectorConfiguration.Answer.synced, .appended, .received])
  func `a stop under load keeps every event that was acknowledged`(
    answer: CollectorConfiguration.Answer
  ) throws {
    let (acknowledged, statuses, found) = try stop(answer: answer)
    #expect(acknowledged.reduce(0) { $0 + $1.count } >= 120)
    #expect(statuses.isSubset(of: [200, 503]), "\(statuses)")
    for device in 0..<4 {
      #expect(Set(acknowledged[device]).isSubset(of: found[device]))
      #expect(found[device] == found[device].sorted(), "device \(device) is out of order")
      #expect(Set(found[device]).count == found[device].count)
    }
  }
}
