import EventModel
import Simulation
import Testing
import World

/// What each fault does to the events that reach the server.
struct WorldFaultKindTests {
  private static func run(_ name: String, _ parameters: [String: String] = [:]) throws
    -> RecordingServer
  {
    let server = RecordingServer()
    try Harness.world(faults: name.isEmpty ? [] : [WorldFault(name: name, parameters: parameters)])
      .advance(to: Harness.moment(day: 12)) { server.take($0) }
    return server
  }

  private static let plain = Result { try run("").events() }

  @Test func `lost answers bring the same ids again, new ids bring events nobody can match`() throws {
    let plain = try Self.run("")
    let before = try plain.duplicateCount()
    let lost = try Self.run("lost-answers", ["percent": "30", "from": "8"])
    #expect(try lost.duplicateCount() > before + 500)
    #expect(try Set(lost.events().map(\.id)).isSubset(of: Set(Self.ids(of: plain, lost))))

    // The same outage, with an app that makes its ids when it sends.
    let faults = [
      WorldFault(name: "lost-answers", parameters: ["percent": "30", "from": "8"]),
      WorldFault(name: "new-id-on-retry"),
    ]
    let server = RecordingServer()
    try Harness.world(faults: faults).advance(to: Harness.moment(day: 12)) { server.take($0) }
    let events = try server.events()
    let bySeq = Dictionary(grouping: events) { "\($0.phone) \($0.seq)" }
    let doubled = bySeq.values.filter { Set($0.map(\.id)).count > 1 }
    #expect(doubled.count > 300)
    // Device and sequence still tell.
    for copies in doubled {
      #expect(Set(copies.map { "\($0.json["device_id"] ?? .null) \($0.name)" }).count == 1)
    }
  }

  private static func ids(of servers: RecordingServer...) throws -> [String] {
    try servers.flatMap { try $0.events().map(\.id) }
  }

  @Test func `an event goes under another name and nothing else changes`() throws {
    let renamed = try Self.run(
      "rename-event", ["event": "purchase_completed", "to": "checkout_done", "version": "3.1.3"]
    ).events()
    let plain = try Self.plain.get()
    #expect(renamed.map(\.id) == plain.map(\.id))
    for (left, right) in zip(plain, renamed) {
      let isMet =
        left.name == "purchase_completed" && left.json["app_version"]?.string == "3.1.3"
      #expect(right.name == (isMet ? "checkout_done" : left.name))
    }
    #expect(renamed.contains { $0.name == "checkout_done" })
    #expect(renamed.contains { $0.name == "purchase_completed" })
  }

  @Test func `a property is missing, a unit is wrong, a dump is too large, a name is none`() throws {
    let dropped = try Self.run(
      "drop-property", ["event": "purchase_completed", "property": "order_id"]).events()
    let purchases = dropped.filter { $0.name == "purchase_completed" }
    #expect(!purchases.isEmpty)
    #expect(purchases.allSatisfy { $0.json["properties"]?["order_id"] == nil })

    let units = try Self.run(
      "wrong-unit", ["event": "purchase_completed", "from": "12"]).events()
    let plain = Dictionary(try Self.plain.get().map { ($0.id, $0) }) { first, _ in first }
    let noon = Harness.moment(day: 11, hour: 12).milliseconds
    for event in units where event.name == "purchase_completed" {
      let meant = plain[event.id]?.json["properties"]?["amount"]?.integer ?? 0
      let sent = event.json["properties"]?["amount"]?.integer ?? 0
      // Wrong clocks aside: the fault goes by the true time.
      if abs(event.time - noon) > 12 * 3_600_000 { continue }
      #expect(sent == meant || sent == meant * 100)
    }
    #expect(units.contains { event in
      let meant = plain[event.id]?.json["properties"]?["amount"]?.integer ?? 0
      return event.json["properties"]?["amount"]?.integer == meant * 100 && meant > 0
    })

    let large = try Self.run(
      "oversized-event", ["event": "purchase_completed", "bytes": "50000"]).events()
    #expect(large.contains { $0.json["properties"]?["debug_dump"]?.string?.count == 50_000 })
    let nameless = try Self.run("invalid-event", ["event": "purchase_completed"]).events()
    #expect(nameless.contains { $0.name.isEmpty })
    let private_ = try Self.run("personal-data").events().filter { $0.name == "search" }
    #expect(private_.allSatisfy { $0.json["properties"]?["query"]?.string?.contains("010") == true })
  }

  @Test func `many phones are one device, clocks jump, batches double`() throws {
    let hot = try Self.run("hot-device").events()
    let zero = "00000000-0000-0000-0000-000000000000"
    let share =
      Double(hot.filter { $0.json["device_id"]?.string == zero }.count) / Double(hot.count)
    #expect((0.25...0.55).contains(share))

    let wrong = try Self.run(
      "wrong-clock", ["minutes": "-30", "platform": "ios"]).events()
    let plain = Dictionary(try Self.plain.get().map { ($0.id, $0) }) { first, _ in first }
    var shifted = 0
    for event in wrong {
      guard let before = plain[event.id] else { continue }
      let difference = event.time - before.time
      #expect(difference == (event.json["platform"]?.string == "ios" ? -1_800_000 : 0))
      if difference != 0 { shifted += 1 }
    }
    #expect(shifted > 1_000)

    let twice = try Self.run("batch-twice", ["from": "10", "until": "11"])
    #expect(try twice.duplicateCount() > 200)
  }

  @Test func `a push brings everybody at once, a wave brings bots`() throws {
    let burst = try Self.run("push-burst", ["from": "20:00", "visits": "150"]).events()
    let plain = try Self.plain.get()
    let from = Harness.moment(day: 11, hour: 20).milliseconds
    func inBurst(_ events: [Delivered]) -> Int {
      events.filter { $0.name == "push_opened" && (from..<from + 900_000).contains($0.time) }.count
    }
    #expect(inBurst(burst) > inBurst(plain) + 100)
    // Those who come are in the ledger: they are real.
    let truth = try Harness.world(
      faults: [WorldFault(name: "push-burst", parameters: ["from": "20:00", "visits": "150"])]
    ).truth(day: CivilDate(year: 2024, month: 1, day: 11))
    let usual = try Harness.world().truth(day: CivilDate(year: 2024, month: 1, day: 11))
    #expect(truth.events.count > usual.events.count + 800)

    let wave = try Harness.world(faults: [WorldFault(name: "bot-wave")])
      .truth(day: CivilDate(year: 2024, month: 1, day: 11))
    func bots(_ day: DayTruth) -> Int { day.events.filter { $0.marks.contains(.bot) }.count }
    #expect(bots(wave) > bots(usual) + 1_000)
    #expect(wave.revenue == usual.revenue)
  }

  @Test func `every fault that is known can be had with no more than it needs`() throws {
    let needed = [
      "event": "purchase_completed", "to": "buy", "property": "amount",
    ]
    for (name, parameters) in WorldFault.known {
      let given = needed.filter { parameters.contains($0.key) }
      let world = try Harness.world(faults: [WorldFault(name: name, parameters: given)])
      try world.advance(to: Harness.moment(day: 11, hour: 1)) { _ in PhoneResponse(status: 200) }
    }
    #expect(WorldFault.known.count == 20)
  }
}
