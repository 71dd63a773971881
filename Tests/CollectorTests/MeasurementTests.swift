// How fast the collector is. Only runs where TAPLINE_MEASURE is set; asserts no time.

import Codecs
import Collector
import EventLog
import Foundation
import KafkaProtocol
import Simulation
import Testing

@Suite(.serialized, .enabled(if: ProcessInfo.processInfo.environment["TAPLINE_MEASURE"] != nil))
struct MeasurementTests {
  private func median(_ runs: Int = 5, _ work: () throws -> Void) rethrows -> Double {
    try work()
    var seconds: [Double] = []
    for _ in 0..<runs {
      let time = try ContinuousClock().measure(work)
      seconds.append(Double(time.components.attoseconds) / 1e18 + Double(time.components.seconds))
    }
    return seconds.sorted()[runs / 2]
  }

  private func batch() -> [UInt8] {
    let events = (0..<20).map { number in
      event([
        "event_id": "\"0b54a1f2-5a3c-4f7e-9d8a-3f1c6f0f7a\(number + 10)\"", "schema_version": "1",
        "user_id": "\"u_0000001\"", "install_id": "\"i_0b54a1f25a3c\"",
        "session_id": "\"sess_0b54a1f25a3c\"",
        "seq": "\(number)", "platform": "\"ios\"", "os_version": "\"17.2\"",
        "device_model": "\"iPhone15,2\"",
        "app_version": "\"3.1.4\"", "locale": "\"ko_KR\"", "timezone": "\"Asia/Seoul\"",
        "network": "\"wifi\"",
        "properties":
          #"{"product_id":"SKU00000","price":29900,"currency":"KRW","position":3,"source":"home"}"#,
      ])
    }
    return Array(
      (#"{"sent_at":"2024-01-16T00:09:59.000Z","events":["# + events.joined(separator: ",") + "]}")
        .utf8
    )
  }

  private func measure(_ name: String, _ log: any CollectorLog, gzip: Bool = false) throws {
    let collector = try Collector(
      log: log,
      clock: StoryClock(.courseStart),
      configuration: CollectorConfiguration(secret: Array("a secret of this home".utf8))
    )
    let plain = batch()
    let body = gzip ? try Gzip.compress(plain) : plain
    #expect(collector.handle(CollectRequest(body: body, isGzip: gzip)).accepted.count == 20)
    let seconds = median {
      for _ in 0..<2_000 { _ = collector.handle(CollectRequest(body: body, isGzip: gzip)) }
    }
    print("MEASURE \(name): \(Int(40_000 / seconds)) events/s, \(plain.count / 20) B each")
  }

  @Test func `events of ours`() throws {
    try measure("plain, log swallows", SinkLog())
    try measure("gzip, log swallows", SinkLog(), gzip: true)
    let folder = FileManager.default.temporaryDirectory.appending(
      path: "measure-\(UUID().uuidString)"
    )
    defer { try? FileManager.default.removeItem(at: folder) }
    try measure("plain, EventLog written", EventLog.open(directory: folder.path))
  }

  @Test func `the Wikipedia file`() throws {
    let dataset = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: "Datasets/wikipedia-edits")
    let mapping = try SourceMapping(path: dataset.appending(path: "mapping.yaml").path)
    let path = dataset.appending(path: "wikipedia-edits-2015-09-12.json.gz").path
    let folder = FileManager.default.temporaryDirectory.appending(
      path: "measure-\(UUID().uuidString)"
    )
    defer { try? FileManager.default.removeItem(at: folder) }
    for (name, log) in [
      ("log swallows", SinkLog() as any CollectorLog),
      ("EventLog", try EventLog.open(directory: folder.path)),
    ] {
      let seconds = try median {
        let collector = try Collector(
          log: log,
          clock: StoryClock(.courseStart),
          configuration: CollectorConfiguration(
            secret: Array("a secret of this home".utf8),
            mappings: [mapping]
          )
        )
        _ = try CollectFile.run(path: path, collector: collector, source: "wikipedia-edits")
      }
      print("MEASURE wikipedia, \(name): \(seconds) s")
    }
  }
}
