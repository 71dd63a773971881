import EventModel
import EventSDK
import Foundation
import Simulation
import Testing
import World

/// The fault `chatter`, an app that logs too much, and outages of a share of the phones.
struct ChatterFaultTests {
  private static let end = Harness.moment(day: 12)

  private static func world(
    _ faults: [WorldFault], progressFile: String? = nil,
    _ change: (inout Configuration) -> Void = { _ in }
  ) throws -> World {
    var configuration = Configuration()
    change(&configuration)
    return try Harness.world(
      faults: faults, rules: [SDKRules(from: 0, configuration: configuration)],
      progressFile: progressFile)
  }

  private static func run(
    _ faults: [WorldFault], _ change: (inout Configuration) -> Void = { _ in }
  ) throws -> (server: RecordingServer, world: World) {
    let server = RecordingServer()
    let world = try world(faults, change)
    try world.advance(to: end) { server.take($0) }
    return (server, world)
  }

  private static let plain = Result { try run([]).server.events() }

  private static let chatter = WorldFault(
    name: "chatter",
    parameters: [
      "version": "3.1.3", "platform": "ios", "from": "12", "until": "13", "per-minute": "120",
    ])

  @Test func `the app of the fault logs twice a second, and everything else is as it was`() throws {
    let run = try Self.run([Self.chatter])
    let events = try run.server.events()
    let logs = events.filter { $0.name == "debug_log" }
    #expect(logs.count > 1_000)
    #expect(
      logs.allSatisfy {
        $0.json["app_version"] == .string("3.1.3") && $0.json["platform"] == .string("ios")
          && $0.json["properties"]?["message"]?.string?.isEmpty == false
      })
    #expect(Set(logs.map(\.id)).count == Set(logs.map { "\($0.phone) \($0.seq)" }).count)
    let plain = try Self.plain.get()
    #expect(Set(events.map(\.id)).isSuperset(of: Set(plain.map(\.id))))
    #expect(Set(events.map(\.id)).count - Set(plain.map(\.id)).count >= Set(logs.map(\.id)).count)
    // In an hour on the screen, 7,200; in none of its minutes more than 120 of one phone.
    for (_, ofPhone) in Dictionary(grouping: logs, by: \.phone) {
      let times = Dictionary(ofPhone.map { ($0.id, $0.time) }) { first, _ in first }
      let minutes = Dictionary(grouping: times.values) { $0 / 60_000 }
      #expect(minutes.values.allSatisfy { $0.count <= 120 })
    }
    // Without the fault there is none.
    #expect(!plain.contains { $0.name == "debug_log" })
  }

  @Test func `chatter takes seqs and is not in the ledger`() throws {
    let day = CivilDate(year: 2024, month: 1, day: 11)
    let run = try Self.run([Self.chatter])
    let truth = run.world.truth(day: day).events
    let usual = try Self.world([]).truth(day: day).events
    #expect(truth.map(\.eventID) == usual.map(\.eventID))
    #expect(truth.map(\.seq) != usual.map(\.seq))
    let seqs = Dictionary(truth.map { ($0.eventID, $0.seq) }) { first, _ in first }
    let ordinary = try run.server.events().filter { $0.name != "debug_log" }
    #expect(ordinary.allSatisfy { seqs[$0.id] == nil || seqs[$0.id] == $0.seq })
  }

  @Test(arguments: Configuration.QueuePolicy.allCases)
  func `a queue with a bound keeps what its policy says`(
    policy: Configuration.QueuePolicy
  ) throws {
    let position = ["version": "3.1.3", "from": "8"]
    let faults = [
      WorldFault(name: "unreachable", parameters: position),
      WorldFault(name: "chatter", parameters: position.merging(["per-minute": "60"]) { $1 }),
    ]
    let run = try Self.run(faults) { configuration in
      configuration.queueEventsMax = 100
      configuration.queuePolicy = policy
      configuration.priorityEvents = ["purchase_completed"]
    }
    var purchases: Set<String> = []
    for (phone, count) in try run.world.waitingCounts() {
      #expect(count <= 100)
      for event in try run.world.queuedEvents(phone: phone) {
        let value = try event.withUnsafeBytes { try JSONValue(parsing: $0) }
        if value["event_name"] == .string("purchase_completed") {
          purchases.insert(value["event_id"]?.string ?? "")
        }
      }
    }
    let from = Harness.moment(day: 11, hour: 8).milliseconds
    let made = run.world.truth(day: CivilDate(year: 2024, month: 1, day: 11)).events.filter {
      $0.eventName == "purchase_completed" && $0.appVersion == "3.1.3" && $0.time >= from
    }
    let kept = made.filter { purchases.contains($0.eventID) }.count
    switch policy {
    case .dropOldestOrdinary: #expect(kept == made.count && kept > 1)
    // The purchase stands late in a visit, when the log has filled the queue before it.
    case .dropNewest: #expect(kept < made.count)
    case .dropOldest: #expect(kept < made.count)
    }
  }

  @Test func `a world of chatter goes on as it would, closed and opened in the middle`() throws {
    let file = NSTemporaryDirectory() + "chatter-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: file) }
    let faults = [
      WorldFault(name: "chatter", parameters: ["from": "11", "until": "13", "per-minute": "30"]),
      WorldFault(name: "unreachable", parameters: ["percent": "40", "from": "12", "until": "14"]),
    ]
    let whole = try Self.run(faults).server
    let parts = RecordingServer()
    for hour in [11, 12, 13, 14, 24] {
      let world = try Self.world(faults, progressFile: file)
      try world.advance(
        to: Harness.moment(day: 11).adding(seconds: hour * 3_600 + 600)) { parts.take($0) }
      try world.checkpoint()
    }
    let until = Self.end.milliseconds
    #expect(parts.received.filter { $0.time <= until } == whole.received)
    // A fault whose time is not yet come changes nothing.
    let later = try Self.run([WorldFault(name: "chatter", parameters: ["from": "24"])]).server
    #expect(try later.events().map(\.id) == Self.plain.get().map(\.id))
  }

  @Test func `a share of the phones is without an answer, the same ones all the time`() throws {
    let fault = WorldFault(
      name: "unreachable", parameters: ["percent": "40", "from": "10", "until": "20"])
    let from = Harness.moment(day: 11, hour: 10).milliseconds
    let until = Harness.moment(day: 11, hour: 20).milliseconds
    func phones(_ events: [Delivered]) -> Set<Int> {
      Set(events.filter { (from..<until).contains($0.arrival) }.map(\.phone))
    }
    let plain = phones(try Self.plain.get())
    let reached = phones(try Self.run([fault]).server.events())
    let share = Double(reached.count) / Double(plain.count)
    #expect((0.45...0.75).contains(share), "\(share)")
    // Those that are reached come exactly as they came.
    func moments(_ events: [Delivered]) -> Set<String> {
      Set(
        events.filter { (from..<until).contains($0.arrival) && reached.contains($0.phone) }
          .map { "\($0.id) \($0.arrival)" })
    }
    #expect(
      moments(try Self.run([fault]).server.events()) == moments(try Self.plain.get()))
  }
}
