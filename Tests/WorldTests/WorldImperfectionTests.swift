import EventModel
import Simulation
import Testing
import World

/// No world is clean: every class of imperfection is in every day, whatever the seed and the calendar.
struct WorldImperfectionTests {
  private static func start(_ text: String) throws -> StoryTime {
    StoryTime(try #require(CivilDate(text)), offsetSeconds: TimeZones.seoul)
  }

  @Test(arguments: [
    (1, "2024-01-15"), (2, "2024-01-31"), (3, "2023-12-31"), (4, "2024-02-28"), (5, "2024-02-29"),
    (42, "2024-01-15"), (1_000_003, "2024-03-01"),
  ] as [(UInt64, String)])
  func `plants every class in every day`(seed: UInt64, day: String) throws {
    let start = try Self.start(day)
    for app in ["shop", "game"] {
      let world = try World(
        configuration: WorldConfiguration(seed: seed, size: .xs, start: start),
        specification: try Harness.specification(app))
      for offset in 0...1 {
        let date = start.date(offsetSeconds: TimeZones.seoul).adding(days: offset)
        for entry in world.manifest(day: date) {
          // An order at midnight belongs to a visit of the evening before.
          if entry.name == "midnight-order", offset == 0 { continue }
          #expect(entry.eventCount > 0, "\(app) \(date) \(entry.name)")
          #expect(entry.eventIDs.count == min(entry.eventCount, World.manifestIDsMax))
        }
      }
    }
  }

  @Test func `keeps to the rates of the specification in a world of some size`() throws {
    let world = try Harness.world(size: .m)
    let events = world.truth(day: CivilDate(year: 2024, month: 1, day: 11)).events
    func share(_ members: Imperfections) -> Double {
      Double(events.filter { !$0.marks.isDisjoint(with: members) }.count) / Double(events.count)
    }
    #expect((0.008...0.016).contains(share(.bot)))
    #expect((0.010...0.032).contains(share(.clockMinutes)))
    #expect((0.0003...0.0012).contains(share(.schemaError)))
    #expect(share(.testDevice) < 0.006)
  }

  @Test func `delivers what comes twice as often as it says`() throws {
    let server = RecordingServer()
    try Harness.world(size: .s).advance(to: Harness.moment(day: 12)) { server.take($0) }
    let events = try server.events()
    let duplicates = Double(try server.duplicateCount()) / Double(events.count)
    #expect((0.005...0.014).contains(duplicates), "\(duplicates)")
    // The same id, another payload.
    var first: [String: JSONValue] = [:]
    var others = 0
    for event in events {
      if let known = first[event.id] {
        others += known == event.json ? 0 : 1
      } else {
        first[event.id] = event.json
      }
    }
    #expect((5...60).contains(others), "\(others)")
  }

  @Test func `has an order at midnight, a gap of thirty minutes and honest repeats`() throws {
    let world = try Harness.world()
    let first = world.truth(day: CivilDate(year: 2024, month: 1, day: 11))
    let second = world.truth(day: CivilDate(year: 2024, month: 1, day: 12))
    let midnight = Harness.moment(day: 12).milliseconds
    #expect(
      second.events.contains { $0.marks.contains(.midnightOrder) && $0.time == midnight })

    let gap = try #require(first.events.first { $0.marks.contains(.exactGap) })
    let before = try #require(first.events.last { $0.phone == gap.phone && $0.time < gap.time })
    #expect(gap.time - before.time == 1_800_000)
    #expect(gap.sessionID != before.sessionID)

    let repeats = first.purchases.filter { $0.marks.contains(.repeatPurchase) }
    for (_, pair) in Dictionary(grouping: repeats, by: \.phone) where pair.count >= 2 {
      let left = pair[0]
      let right = pair[1]
      #expect(left.properties["order_id"] != right.properties["order_id"])
      #expect(left.properties["product_id"] == right.properties["product_id"])
      #expect(left.properties["amount"] == right.properties["amount"])
      #expect((2_000...8_000).contains(right.time - left.time))
    }
    #expect(Set(repeats.map(\.phone)).count >= 2)

    let taps = first.events.filter { $0.marks.contains(.doubleTap) }
    let tap = try #require(taps.first)
    let twin = try #require(
      first.events.last { $0.phone == tap.phone && $0.seq == tap.seq - 1 })
    #expect(twin.time == tap.time && twin.properties == tap.properties)
    #expect(twin.eventID != tap.eventID)
  }

  @Test func `has late purchases that a nightly run of the next morning cannot know`() throws {
    let server = RecordingServer()
    let world = try Harness.world()
    try world.advance(to: Harness.moment(day: 14)) { server.take($0) }
    let truth = world.truth(day: CivilDate(year: 2024, month: 1, day: 11))
    let arrivals = Dictionary(try server.events().map { ($0.id, $0.arrival) }) { first, _ in first }
    let morning = Harness.moment(day: 12, hour: 5).milliseconds
    let late = truth.purchases.filter { (arrivals[$0.eventID] ?? .max) > morning }
    #expect(late.count >= 3)
  }

  @Test func `corrects the time of every wrong clock by the two clocks of the phone`() throws {
    let server = RecordingServer()
    let world = try Harness.world()
    try world.advance(to: Harness.moment(day: 12)) { server.take($0) }
    let truth = Dictionary(
      world.truth(day: CivilDate(year: 2024, month: 1, day: 11)).events.map { ($0.eventID, $0) }
    ) { first, _ in first }
    var wrong = 0
    for request in server.received {
      let body = try request.body.withUnsafeBytes { try JSONValue(parsing: $0) }
      let sent = try #require(body["sent_at"]?.string.flatMap { EventTimestamp.parse($0) })
      for event in body["events"]?.array ?? [] {
        guard let id = event["event_id"]?.string, let meant = truth[id],
          let time = event["event_time"]?.string.flatMap({ EventTimestamp.parse($0) })
        else { continue }
        #expect(request.time - (sent - time) == meant.time)
        if !meant.marks.isDisjoint(with: .clocks) { wrong += 1 }
      }
    }
    #expect(wrong > 50)
  }
}
