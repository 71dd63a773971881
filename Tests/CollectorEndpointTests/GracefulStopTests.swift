// The end of a running port: what is in flight is answered or refused, and every 200 holds.

import Collector
import CollectorEndpoint
import EventLog
import Foundation
import KafkaProtocol
import Simulation
import Synchronization
import Testing

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

struct GracefulStopTests {
  private static func post(_ port: Int, _ ids: [String], device: Int) async -> Int? {
    guard let url = URL(string: "http://127.0.0.1:\(port)/v1/events") else { return nil }
    var request = URLRequest(url: url, timeoutInterval: 20)
    request.httpMethod = "POST"
    request.setValue("application/json", forHTTPHeaderField: "Content-Type")
    let events = ids.map {
      #"{"event_id":"\#($0)","event_name":"tap","event_time":"2024-01-16T00:10:00Z","#
        + #""device_id":"device-\#(device)"}"#
    }
    request.httpBody = Data(("[" + events.joined(separator: ",") + "]").utf8)
    guard let (_, response) = try? await URLSession.shared.data(for: request) else { return nil }
    return (response as? HTTPURLResponse)?.statusCode
  }

  /// Four devices send until the port is gone; answers what each was told, and what the log has.
  private func stop(
    answer: CollectorConfiguration.Answer
  ) async throws -> (acknowledged: [[String]], statuses: Set<Int>, found: [[String]]) {
    let folder = FileManager.default.temporaryDirectory.appending(path: "stop-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    var configuration = CollectorConfiguration(secret: Array("a secret of this home".utf8))
    configuration.answer = answer
    let log = try EventLog.open(directory: folder.path)
    let collector = try Collector(
      log: log, clock: StoryClock(.courseStart), configuration: configuration)
    let endpoint = try CollectorEndpoint.start(collector: collector, port: 0)
    let port = endpoint.port
    let isReady = Counter()
    let told = await withTaskGroup(
      of: (device: Int, acknowledged: [String], statuses: Set<Int>).self
    ) { group in
      for device in 0..<4 {
        group.addTask {
          var acknowledged: [String] = []
          var statuses: Set<Int> = []
          var number = 0
          while true {
            let ids = (0..<3).map { String(format: "stop-%d-%05d", device, number * 3 + $0) }
            number += 1
            guard let status = await Self.post(port, ids, device: device) else { break }
            statuses.insert(status)
            guard status == 200 else { break }
            acknowledged += ids
            isReady.value.withLock { $0 += 1 }
          }
          return (device, acknowledged, statuses)
        }
      }
      group.addTask {
        while isReady.value.withLock({ $0 }) < 40 { try? await Task.sleep(for: .milliseconds(2)) }
        endpoint.stop()
        return (-1, [], [])
      }
      return await group.reduce(into: []) { $0.append($1) }
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
    let devices = told.filter { $0.device >= 0 }.sorted { $0.device < $1.device }
    return (
      devices.map(\.acknowledged), devices.reduce(into: []) { $0.formUnion($1.statuses) }, found
    )
  }

  private final class Counter: Sendable {
    let value = Mutex(0)
  }

  @Test(
    .enabled(
      if: ProcessInfo.processInfo.environment["TAPLINE_TEST_ALL"] == "1",
      "needs the machine for itself: ./tapline test --all"), .timeLimit(.minutes(2)),
    arguments: [CollectorConfiguration.Answer.synced, .appended, .received])
  func `a stop under load keeps every event that was acknowledged`(
    answer: CollectorConfiguration.Answer
  ) async throws {
    let (acknowledged, statuses, found) = try await stop(answer: answer)
    #expect(acknowledged.reduce(0) { $0 + $1.count } >= 120)
    #expect(statuses.isSubset(of: [200, 503]), "\(statuses)")
    for device in 0..<4 {
      #expect(Set(acknowledged[device]).isSubset(of: found[device]))
      #expect(found[device] == found[device].sorted(), "device \(device) is out of order")
      #expect(Set(found[device]).count == found[device].count)
    }
  }
}
