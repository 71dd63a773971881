import EventModel
import Foundation
import Simulation
import Synchronization
import Testing
import World

/// Events by the million are the events of the phones, byte for byte.
struct WorldBulkTests {
  private static func lines(_ world: World, day: Int, threads: Int) throws -> [String] {
    let lines = Mutex<[String]>([])
    let count = Mutex(0)
    try world.bulk(day: CivilDate(year: 2024, month: 1, day: day), threadCount: threads) { chunk in
      let text = String(decoding: chunk.bytes, as: UTF8.self)
      lines.withLock { $0 += text.split(separator: "\n").map(String.init) }
      count.withLock { $0 += chunk.eventCount }
    }
    let all = lines.withLock { $0 }
    #expect(count.withLock { $0 } == all.count)
    return all.sorted()
  }

  @Test(arguments: ["shop", "game"])
  func `has the bytes that the phones record`(app: String) throws {
    let world = try Harness.world(app: app)
    let server = RecordingServer()
    // Everything that was planned for two days, and what was still under way.
    try world.advance(to: Harness.moment(day: 13)) { server.take($0) }
    var recorded: Set<String> = []
    for request in server.received {
      for event in try Self.events(of: request.body) { recorded.insert(event) }
    }
    for (phone, _) in try world.waitingCounts() {
      for json in try world.queuedEvents(phone: phone) {
        recorded.insert(String(decoding: json, as: UTF8.self))
      }
    }
    let first = try Self.lines(world, day: 11, threads: 2)
    let second = try Self.lines(world, day: 12, threads: 2)
    // A visit that was planned for the second day may go on after it.
    let end = Harness.moment(day: 13).milliseconds
    let late = second.filter { !recorded.contains($0) }
    for line in late {
      let event = try JSONValue(parsing: line)
      let time = event["event_time"]?.string.flatMap { EventTimestamp.parse($0) } ?? 0
      #expect(time > end - 2_000, "\(line)")
    }
    #expect(first.allSatisfy { recorded.contains($0) })
    #expect(late.count < second.count / 50)
    #expect(Set(first).count == first.count && first.count > (app == "shop" ? 7_000 : 700))
    // Nothing else was recorded but a second payload under an id that is there.
    let known = Set(first + second)
    let strangers = recorded.subtracting(known)
    #expect(strangers.allSatisfy { $0.contains("\"edited\":true") }, "\(strangers.prefix(2))")
  }

  @Test func `is the same on one thread and on several`() throws {
    let world = try Harness.world(size: .s)
    #expect(
      try Self.lines(world, day: 11, threads: 1) == Self.lines(world, day: 11, threads: 3))
  }

  private struct Full: Error {}

  @Test func `stops where its reader stops`() throws {
    let world = try Harness.world(size: .s)
    let calls = Mutex(0)
    #expect(throws: Full.self) {
      try world.bulk(day: CivilDate(year: 2024, month: 1, day: 11)) { _ in
        calls.withLock { $0 += 1 }
        throw Full()
      }
    }
    #expect(calls.withLock { $0 } == 1)
  }

  /// The events of a request, each as its bytes stand in it.
  private static func events(of body: [UInt8]) throws -> [String] {
    let text = String(decoding: body, as: UTF8.self)
    let start = try #require(text.range(of: "\"events\":[")).upperBound
    var events: [String] = []
    var depth = 0
    var from = start
    var index = start
    var inText = false
    var escaped = false
    while index < text.endIndex {
      let character = text[index]
      if inText {
        if escaped {
          escaped = false
        } else if character == "\\" {
          escaped = true
        } else if character == "\"" {
          inText = false
        }
      } else if character == "\"" {
        inText = true
      } else if character == "{" {
        if depth == 0 { from = index }
        depth += 1
      } else if character == "}" {
        depth -= 1
        if depth == 0 { events.append(String(text[from...index])) }
        if depth < 0 { break }
      }
      index = text.index(after: index)
    }
    return events
  }
}
