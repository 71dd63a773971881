// Keys, load that is turned away, and what an answer means.

import Codecs
import Collector
import Foundation
import KafkaProtocol
import Simulation
import Synchronization
import Testing

struct AdmissionTests {
  private func network(_ body: String, key: String? = nil) -> CollectRequest {
    var request = CollectRequest(body: Array(body.utf8), durability: .synced)
    request.comesFromNetwork = true
    request.writeKey = key
    return request
  }

  @Test func `a key names the app, and an unknown one is 401 with advice`() throws {
    let bench = try Bench { $0.writeKeys = [WriteKey(key: "k-shop", app: "moashop"), WriteKey(key: "k-game", app: "moagame")] }
    #expect(bench.collector.handle(network(event(), key: "k-game")).status == 200)
    #expect(bench.log.events[0].text.contains(#""app_id":"moagame""#))
    #expect(bench.collector.handle(network(event())).status == 200)
    #expect(bench.log.events.count { $0.text.contains(#""app_id":"moashop""#) } == 1)
    let unknown = bench.collector.handle(network(event(), key: "k-shoq"))
    #expect(unknown.status == 401 && unknown.problem?.code == "unknown_write_key")
    #expect(unknown.problem?.advice?.contains("collector.yaml") == true)
    #expect(!String(decoding: unknown.body, as: UTF8.self).contains("k-shoq"))
    #expect(bench.log.events.count == 2)
    let strict = try Bench {
      $0.writeKeys = [WriteKey(key: "k", app: "moashop")]
      $0.requiresWriteKey = true
    }
    #expect(strict.collector.handle(network(event())).problem?.code == "missing_write_key")
    // What comes from inside needs no key: the simulated phones.
    #expect(strict.send(event()).status == 200)
    #expect(strict.collector.counts.apps["moashop"]?.accepted == 1)
  }

  @Test func `a key that sends too fast waits as long as it is told, and no longer`() throws {
    let bench = try Bench { $0.eventsPerSecondMax = 10 }
    let batch = "[" + Array(repeating: event(), count: 25).joined(separator: ",") + "]"
    // The bucket holds ten: the first batch takes it to fifteen below zero.
    #expect(bench.send(batch).status == 200)
    let refused = bench.send(batch)
    #expect(refused.status == 429 && refused.problem?.code == "too_many_requests")
    let wait = try #require(refused.retryAfterSeconds)
    #expect(wait == 2)
    #expect(bench.log.events.count == 25)
    bench.clock.set(bench.clock.now.adding(milliseconds: Int64(wait) * 1_000 - 900))
    #expect(bench.send(event()).status == 429)
    bench.clock.set(bench.clock.now.adding(milliseconds: 900))
    #expect(bench.send(event()).status == 200)
    #expect(bench.collector.counts.apps["moashop"]?.turnedAway == 2)
  }

  @Test func `one key's haste is not another's`() throws {
    let bench = try Bench {
      $0.eventsPerSecondMax = 1
      $0.writeKeys = [WriteKey(key: "a", app: "aa"), WriteKey(key: "b", app: "bb")]
    }
    #expect(bench.collector.handle(network(event(), key: "a")).status == 200)
    #expect(bench.collector.handle(network(event(), key: "a")).status == 429)
    #expect(bench.collector.handle(network(event(), key: "b")).status == 200)
  }

  @Test func `bodies beyond the bytes in flight are 503, and room comes back`() throws {
    let bench = try Bench { $0.bytesInFlightMax = 4_096 }
    let large = "[" + Array(repeating: event(), count: 40).joined(separator: ",") + "]"
    #expect(large.utf8.count > 4_096)
    for _ in 0..<3 {
      let response = bench.send(large)
      #expect(response.status == 503 && response.problem?.code == "too_busy")
      #expect(response.retryAfterSeconds == 5)
    }
    // Small when packed, too large unpacked: the trailer says so before anything is unpacked.
    let packed = try Gzip.compress(Array(large.utf8))
    #expect(packed.count < 4_096)
    #expect(bench.send(bytes: packed, isGzip: true).status == 503)
    for _ in 0..<50 { #expect(bench.send(event()).status == 200) }
    #expect(bench.log.events.count == 50)
  }

  @Test func `received answers before the log has it, and a graceful stop keeps it`() throws {
    let bench = try Bench { $0.answer = .received }
    let response = bench.collector.handle(network(event()))
    #expect(response.status == 200 && response.accepted.map(\.offset) == [Offset(-1)])
    #expect(bench.log.events.isEmpty)
    try bench.collector.flush()
    #expect(bench.log.events.count == 1)
    // A log that fails afterwards changes nothing for the client: this is the mistake.
    bench.log.fail(append: true)
    #expect(bench.collector.handle(network(event())).status == 200)
    try? bench.collector.flush()
    #expect(bench.log.events.count == 1)
    #expect(bench.collector.counts.lastLogFailure != nil)
  }

  @Test func `appended answers without a sync, and synced with one`() throws {
    let appended = try Bench { $0.answer = .appended }
    #expect(appended.collector.handle(network(event())).status == 200)
    #expect(appended.log.syncs == 0 && appended.log.events.count == 1)
    let synced = try Bench()
    #expect(synced.collector.handle(network(event())).status == 200)
    #expect(synced.log.syncs == 1)
    synced.log.fail(sync: true)
    #expect(synced.collector.handle(network(event())).status == 503)
  }

  @Test(arguments: [
    ("nonsense: 1", "`nonsense`"), ("validation: loud", "off, warn, enforce"),
    ("answer: 200", "received"), ("bodyBytesMax: 0", "positive"), ("acks: 2", "1 or all"),
    ("requireWriteKey: often", "true or false"), ("writeKeys: [{key: 'a b', app: x}]", "writeKeys"),
    ("writeKeys: [{key: a, app: x}, {key: a, app: y}]", "twice"), ("- 1", "map"),
    ("deadLetterTopic: ../x", "topic"), ("{", "YAML"),
  ]) func `a setting that cannot be used is named`(yaml: String, words: String) {
    var configuration = CollectorConfiguration(secret: [])
    let error = #expect(throws: CollectorError.self) { try configuration.apply(yaml: yaml) }
    #expect(error?.kind == .badConfiguration)
    #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
  }

  @Test func `settings are taken, and an off without quotes is off`() throws {
    var configuration = CollectorConfiguration(secret: [])
    try configuration.apply(
      yaml: """
        validation: off
        badEvents: refuseBatch
        answer: received
        acks: 1
        minInSyncReplicas: 2
        writeKeys: [{key: shop, app: moashop}]
        eventsPerSecondMax: 500
        deadLetterTopic: events.dlq
        """)
    #expect(configuration.validation == .off && configuration.badEvents == .refuseBatch)
    #expect(configuration.answer == .received && configuration.acknowledgement.acks == .one)
    #expect(configuration.acknowledgement.minInSyncReplicas == 2)
    #expect(configuration.writeKeys == [WriteKey(key: "shop", app: "moashop")])
    #expect(configuration.deadLetterTopic == "events.dlq" && configuration.eventsPerSecondMax == 500)
    #expect(configuration.bodyBytesMax == 1 << 20)
  }
}
