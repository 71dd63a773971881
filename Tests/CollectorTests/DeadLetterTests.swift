// From a refused event back to an event: once, under its own id and with its own times.

import Collector
import EventModel
import KafkaProtocol
import Simulation
import Testing

struct DeadLetterTests {
  private func bench() throws -> Bench {
    let plan = try TrackingPlanTests.plan()
    return try Bench {
      $0.plan = plan
      $0.validation = .enforce
    }
  }

  private func purchase(_ id: String, _ price: String) -> String {
    event(["event_id": "\"\(id)\"", "properties": "{\"price\":\(price)}"])
  }

  @Test func `a letter is mended, replayed once, and knows where it went`() throws {
    let bench = try bench()
    _ = bench.send(
      #"{"sent_at":"2024-01-16T00:09:59.000Z","events":["# + purchase("e-1", "\"29,900\"") + "]}")
    bench.clock.set(bench.clock.now.adding(seconds: 86_400))
    let again = try bench.collector.replayDeadLetters { _ in true }
    guard case .refused(.wrongPropertyType, "properties.price") = again[0].result else {
      Issue.record("\(again[0].result)")
      return
    }
    let fixed = try bench.collector.fixDeadLetter(at: 0, [("properties.price", .integer(29_900))])
    #expect(fixed.replayed == nil && fixed.fixed != nil)
    #expect(bench.log.events.isEmpty)
    let outcomes = try bench.collector.replayDeadLetters { _ in true }
    guard case .accepted(let partition, let offset) = outcomes[0].result else {
      Issue.record("\(outcomes[0].result)")
      return
    }
    let record = try #require(bench.log.records(partition).first { $0.offset == offset })
    // The day of the event is the day it happened: arrival and sending are those of the first time.
    #expect(record.text.contains(#""received_at":"2024-01-16T00:10:00.000Z""#))
    #expect(record.text.contains(#""sent_at":"2024-01-16T00:09:59.000Z""#))
    #expect(record.text.contains(#""event_id":"e-1""#) && record.text.contains(#""price":29900"#))
    #expect(try bench.collector.deadLetter(at: 0).replayed?.offset == offset)
    for _ in 0..<3 {
      let repeated = try bench.collector.replayDeadLetters { _ in true }
      guard case .alreadyThere(partition, offset) = repeated[0].result else {
        Issue.record("\(repeated[0].result)")
        return
      }
    }
    #expect(bench.log.events.count == 1)
  }

  @Test func `an event whose note was lost in a crash is found by its id`() throws {
    let bench = try bench()
    _ = bench.send(purchase("e-1", "\"1\""))
    _ = bench.send(purchase("e-1", "7"))
    #expect(bench.log.events.count == 1)
    _ = try bench.collector.fixDeadLetter(at: 0, [("properties.price", .integer(1))])
    let outcomes = try bench.collector.replayDeadLetters { _ in true }
    guard case .alreadyThere(_, let offset) = outcomes[0].result else {
      Issue.record("\(outcomes[0].result)")
      return
    }
    #expect(offset == Offset(0) && bench.log.events.count == 1)
    #expect(try bench.collector.deadLetter(at: 0).replayed != nil)
  }

  @Test func `broken JSON and masked letters stay, and say why`() throws {
    let bench = try bench()
    _ = bench.send("{\"event_id\":\"e-1\"", format: .ndjson)
    _ = bench.send(event(["event_name": "\"A\"", "ip": "\"203.0.113.77\""]))
    #expect(bench.log.deadLetters.count == 2)
    let outcomes = try bench.collector.replayDeadLetters { _ in true }
    guard case .refused(.brokenJSON, _) = outcomes[0].result, case .notWhole = outcomes[1].result
    else {
      Issue.record("\(outcomes.map(\.result))")
      return
    }
    let broken = #expect(throws: CollectorError.self) {
      try bench.collector.fixDeadLetter(at: 0, [("a", .null)])
    }
    #expect(broken?.kind == .badFix)
    let through = #expect(throws: CollectorError.self) {
      try bench.collector.fixDeadLetter(at: 1, [("event_name.x", .null)])
    }
    #expect(through?.kind == .badFix)
    let unknown = #expect(throws: CollectorError.self) { try bench.collector.deadLetter(at: 99) }
    #expect(unknown?.kind == .unknownDeadLetter)
  }

  @Test func `only what is wanted is replayed`() throws {
    let bench = try bench()
    for (number, price) in ["\"1\"", "-1", "\"2\""].enumerated() {
      _ = bench.send(purchase("e-\(number)", price))
    }
    for offset in 0..<3 {
      _ = try bench.collector.fixDeadLetter(
        at: Int64(offset), [("properties.price", .integer(5))])
    }
    let outcomes = try bench.collector.replayDeadLetters { $0.reason == "wrong_property_type" }
    #expect(outcomes.map(\.letter.offset) == [Offset(0), Offset(2)])
    #expect(bench.log.events.count == 2)
    #expect(try bench.collector.deadLetters().map { $0.replayed == nil } == [false, true, false])
  }
}
