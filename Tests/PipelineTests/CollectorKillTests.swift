import Commands
import Foundation
import TestSupport
import Testing

/// What a 200 means under load, and that the test can tell: the same kills lose events where the
/// collector answers before it writes.
@Suite(.serialized)
struct CollectorKillTests {
  private struct Outcome {
    var acknowledged: Set<String> = []
    /// In the order of partition and offset.
    var found: [String] = []
    var lost: Set<String> { acknowledged.subtracting(found) }
  }

  /// Kills `serve` again and again at random moments while four devices send.
  private func outcome(answer: String, rounds: Int) throws -> Outcome {
    let world = try TestWorld()
    let home = world.path + "-killed-" + answer
    world.shell.close()
    try FileManager.default.copyItem(atPath: world.path, toPath: home)
    defer { try? FileManager.default.removeItem(atPath: home) }
    let worlds = try FileManager.default.contentsOfDirectory(atPath: home + "/worlds")
    for name in worlds {
      let path = home + "/worlds/\(name)/pipeline/collector.yaml"
      guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { continue }
      #expect(text.contains("answer: synced"))
      try text.replacing("answer: synced", with: "answer: \(answer)")
        .write(toFile: path, atomically: true, encoding: .utf8)
    }
    var outcome = Outcome()
    for round in 0..<rounds {
      let (process, port) = try KillTests.serve(home: home)
      KillTests.end(process, afterMilliseconds: Int.random(in: 30...150))
      let told = runOnThreads(4) { device -> [String] in
        var own: [String] = []
        var number = 0
        let client = LoopbackClient(port: port)
        while number < 2_000 {
          let ids = (0..<3).map { _ in
            number += 1
            return String(format: "kill-%02d-%03d-%05d", device, round, number)
          }
          let events = ids.map {
            #"{"event_id":"\#($0)","event_name":"tap","event_time":"2024-01-16T00:10:00Z","#
              + #""device_id":"device-\#(device)"}"#
          }
          let body = Array(("[" + events.joined(separator: ",") + "]").utf8)
          guard client?.post("/v1/events", body)?.status == 200 else { break }
          own += ids
        }
        return own
      }
      for own in told { outcome.acknowledged.formUnion(own) }
      process.waitUntilExit()
    }
    let answered = try Binary.run([
      "--home", home, "--json", "-c",
      """
      SELECT event_id FROM system.kafka.records WHERE event_id LIKE 'kill-%' \
      ORDER BY topic, partition, "offset";
      """,
    ])
    outcome.found = answered.output.matches(of: /kill-\d{2}-\d{3}-\d{5}/).map { String($0.0) }
    return outcome
  }

  @Test(.timeLimit(.minutes(5)))
  func `every acknowledged event is there once and in order over kills under load`() throws {
    let isLong = ProcessInfo.processInfo.environment["TAPLINE_TEST_ALL"] == "1"
    let outcome = try outcome(answer: "synced", rounds: isLong ? 100 : 12)
    #expect(outcome.acknowledged.count > 100)
    #expect(outcome.lost.isEmpty, "\(outcome.lost.count) lost of \(outcome.acknowledged.count)")
    #expect(Set(outcome.found).count == outcome.found.count)
    for device in 0..<4 {
      let own = outcome.found.filter { $0.hasPrefix(String(format: "kill-%02d-", device)) }
      #expect(own == own.sorted(), "device \(device) is out of order")
    }
  }

  @Test(.timeLimit(.minutes(5)))
  func `an answer before the log loses what it acknowledged`() throws {
    let outcome = try outcome(answer: "received", rounds: 8)
    #expect(outcome.acknowledged.count > 50)
    #expect(!outcome.lost.isEmpty, "the test would not see a loss")
  }
}
