// The collector on the real log: what is acknowledged is there after the next opening.

import Collector
import EventLog
import Foundation
import KafkaProtocol
import Simulation
import Testing

struct EventLogTests {
  @Test func `what was accepted and refused is read back from the log on disk`() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "log-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    let clock = StoryClock(.courseStart)
    let configuration = CollectorConfiguration(secret: Array("a secret of this home".utf8))
    var accepted: [AcceptedEvent] = []
    do {
      let log = try EventLog.open(directory: folder.path)
      let collector = try Collector(log: log, clock: clock, configuration: configuration)
      let before = log.fsyncCount
      let response = collector.handle(
        CollectRequest(
          body: Array("[\(event()),{},\(event(["device_id": "\"d_2\""]))]".utf8),
          durability: .synced
        )
      )
      #expect(response.status == 200)
      #expect(log.fsyncCount > before)
      accepted = Array(response.accepted)
    }
    let log = try EventLog.open(directory: folder.path)
    let collector = try Collector(log: log, clock: clock, configuration: configuration)
    #expect(accepted.map { $0.index } == [0, 2])
    for event in accepted {
      #expect(
        try log.partition(
          forKey: Array((event.index == 0 ? "d_1" : "d_2").utf8),
          topic: "app-events"
        ) == event.partition.partition
      )
      let record = try #require(
        try log.read(event.partition, from: event.offset, bytesMax: 1).first
      )
      #expect(
        record.text.hasSuffix(#","app_id":"moashop","received_at":"2024-01-16T00:10:00.000Z"}"#)
      )
      #expect(record.timestamp == 1_705_363_800_000)
    }
    let letters = try log.read(
      TopicPartition("app-events-dlq", 0),
      from: Offset(0),
      bytesMax: 1 << 20
    )
    #expect(letters.map { $0.header("reason") } == ["missing_event_id"])
    #expect(
      collector.handle(CollectRequest(body: Array(event().utf8))).accepted[0].offset == Offset(1)
    )
  }
}
