import EventModel
import Foundation
import Simulation
import Testing
import World

/// Faults, versions and days: what may differ between two worlds of one seed, and nothing else.
struct WorldFaultTests {
  private static let end = Harness.moment(day: 12)

  private static func run(
    _ faults: [WorldFault] = [], shift: Int = 0, seed: UInt64 = 42, to end: StoryTime = end
  ) throws -> RecordingServer {
    let server = RecordingServer()
    try world(faults, shift: shift, seed: seed).advance(to: end) { server.take($0) }
    return server
  }

  private static func world(
    _ faults: [WorldFault] = [], shift: Int = 0, seed: UInt64 = 42, progressFile: String? = nil
  ) throws -> World {
    try World(
      configuration: WorldConfiguration(
        seed: seed, size: .xs, start: Harness.moment(day: 11), versionShift: shift, faults: faults),
      specification: try Harness.specification(), progressFile: progressFile)
  }

  private static let outage = WorldFault(
    name: "unreachable", parameters: ["version": "3.1.2", "from": "10:00", "until": "13:30"])

  @Test func `events of unreachable phones wait and arrive after the fault`() throws {
    let plain = try Self.run()
    let faulty = RecordingServer()
    let world = try Self.world([Self.outage])
    try world.advance(to: Harness.moment(day: 13)) { faulty.take($0) }
    let from = Harness.moment(day: 11, hour: 10).milliseconds
    let until = Harness.moment(day: 11, hour: 13, minute: 30).milliseconds
    let there = try plain.events().filter { (from..<until).contains($0.arrival) }
    let missing = there.filter { $0.json["app_version"] == .string("3.1.2") }
    #expect(missing.count > 50)
    let arrived = try faulty.events()
    #expect(
      !arrived.contains {
        (from..<until).contains($0.arrival) && $0.json["app_version"] == .string("3.1.2")
      })
    // The others come as they came.
    let others = there.filter { $0.json["app_version"] != .string("3.1.2") }
    let arrivals = Dictionary(arrived.map { ($0.id, $0.arrival) }) { first, _ in first }
    let moments = Set(arrived.map { "\($0.id) \($0.arrival)" })
    #expect(others.allSatisfy { moments.contains("\($0.id) \($0.arrival)") })
    // The missing ones come later, or still wait on phones that nobody has opened since.
    var waiting: Set<String> = []
    for (phone, _) in try world.waitingCounts() {
      for event in try world.queuedEvents(phone: phone) {
        let value = try event.withUnsafeBytes { try JSONValue(parsing: $0) }
        waiting.insert(value["event_id"]?.string ?? "")
      }
    }
    let late = missing.filter { (arrivals[$0.id] ?? 0) >= until }
    #expect(late.count > missing.count / 2)
    #expect(missing.allSatisfy { waiting.contains($0.id) || (arrivals[$0.id] ?? 0) >= until })
  }

  @Test func `amounts and prices become text in the phones of the fault alone`() throws {
    let fault = WorldFault(
      name: "price-as-text", parameters: ["version": "3.1.3", "platform": "android", "from": "6"])
    let faulty = try Self.run([fault]).events()
    let from = Harness.moment(day: 11, hour: 6).milliseconds
    let priced = faulty.filter { $0.json["properties"]?["price"] != nil }
    // Phones' clocks may be wrong; the fault goes by the true time.
    let times = Dictionary(
      try Self.world().truth(day: CivilDate(year: 2024, month: 1, day: 11)).events
        .map { ($0.eventID, $0.time) }) { first, _ in first }
    func isMet(_ event: Delivered) -> Bool {
      event.json["app_version"] == .string("3.1.3") && event.json["platform"] == .string("android")
        && times[event.id] ?? 0 >= from
    }
    #expect(priced.contains(where: isMet) && !priced.allSatisfy(isMet))
    for event in priced where !Self.isBroken(event) {
      #expect((event.json["properties"]?["price"]?.string != nil) == isMet(event))
    }
    // The same events otherwise, and a text that says the same number.
    let plain = Dictionary(try Self.run().events().map { ($0.id, $0) }) { first, _ in first }
    for event in priced.filter({ isMet($0) && !Self.isBroken($0) }) {
      let digits = event.json["properties"]?["price"]?.string?.replacing(",", with: "") ?? ""
      let meant = plain[event.id]?.json["properties"]?["price"]?.integer
      #expect(Int64(digits) == meant && meant != nil)
    }
    #expect(priced.contains { $0.json["properties"]?["price"]?.string?.contains(",") == true })
  }

  /// True for the planted price that is text without any fault.
  private static func isBroken(_ event: Delivered) -> Bool {
    event.json["properties"]?["price"]?.string?.hasSuffix("원") == true
  }

  @Test func `without its fault a world is the one it was`() throws {
    let plain = try Self.run()
    #expect(try Self.run([Self.outage]).received != plain.received)
    #expect(try Self.run([]).received == plain.received)
    // A fault whose time is not yet come changes nothing.
    let later = WorldFault(name: "unreachable", parameters: ["from": "24"])
    #expect(try Self.run([later]).received == plain.received)
  }

  @Test func `a world with a fault goes on as it would, closed and opened in the middle of it`() throws {
    let file = NSTemporaryDirectory() + "fault-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: file) }
    let whole = try Self.run([Self.outage])
    let parts = RecordingServer()
    for hour in [11, 12, 13, 24] {
      let world = try Self.world([Self.outage], progressFile: file)
      try world.advance(to: Harness.moment(day: 11, hour: hour)) { parts.take($0) }
      try world.checkpoint()
    }
    #expect(parts.received == whole.received)
  }

  @Test func `versions are shifted and nothing else is`() throws {
    let plain = try Self.run().events()
    let shifted = try Self.run(shift: 2).events()
    #expect(plain.map(\.id) == shifted.map(\.id))
    let versions = Set(shifted.compactMap { $0.json["app_version"]?.string })
    #expect(versions == ["5.1.3", "5.1.2", "5.0.8", "4.9.4"])
    // A fault names the specification's version, and meets the phones that have it under its new name.
    let faulty = try Self.run([Self.outage], shift: 2).events()
    let from = Harness.moment(day: 11, hour: 10).milliseconds
    let until = Harness.moment(day: 11, hour: 13, minute: 30).milliseconds
    #expect(
      !faulty.contains {
        (from..<until).contains($0.arrival) && $0.json["app_version"] == .string("5.1.2")
      })
  }

  @Test(arguments: [
    (WorldFault(name: "unreachabel"), "unreachable, lost-answers"),
    (WorldFault(name: "unreachable", parameters: ["versoin": "3"]), "version, platform, from, until"),
    (WorldFault(name: "rename-event", parameters: ["event": "purchase_completed"]), "Write to"),
    (WorldFault(name: "rename-event", parameters: ["event": "buy", "to": "x"]), "screen_view"),
    (WorldFault(name: "lost-answers", parameters: ["percent": "101"]), "from 1 to 100"),
    (WorldFault(name: "unreachable", parameters: ["version": "9.9.9"]), "2.9.4, 3.0.8, 3.1.2, 3.1.3"),
    (WorldFault(name: "unreachable", parameters: ["platform": "tv"]), "android, ios, web"),
    (WorldFault(name: "price-as-text", parameters: ["from": "noon"]), "13:30"),
    (WorldFault(name: "price-as-text", parameters: ["from": "9", "until": "8"]), "later than from"),
  ])
  func `a fault that does not exist is refused with those that do`(
    fault: WorldFault, advice: String
  ) throws {
    let error = try #require(throws: WorldError.self) { try Self.world([fault]) }
    #expect(error.code.hasPrefix("world.fault."))
    #expect(error.advice?.contains(advice) == true, "\(error.advice ?? "")")
  }

  @Test func `the truth of a day does not know of faults`() throws {
    let day = CivilDate(year: 2024, month: 1, day: 11)
    let faults = [Self.outage, WorldFault(name: "price-as-text")]
    let truth = try Self.world(faults).truth(day: day)
    #expect(truth.events == (try Self.world().truth(day: day).events))
    #expect(truth.revenue > 0)
    let shifted = try Self.world(shift: 1).truth(day: day)
    #expect(shifted.revenue == truth.revenue)
    #expect(Set(shifted.events.map(\.appVersion)) == ["4.1.3", "4.1.2", "4.0.8", "3.9.4"])
  }
}
