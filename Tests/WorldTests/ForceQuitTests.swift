import EventModel
import EventSDK
import Simulation
import Testing
import World

/// Apps of the crowd are killed in the middle of a visit: what becomes of the events that wait is a
/// question of where they wait.
struct ForceQuitTests {
  private static func world(
    keepsQueue: Bool, seed: UInt64 = 42, app: String = "shop", openedAt: StoryTime? = nil
  ) throws -> World {
    try World(
      configuration: WorldConfiguration(seed: seed, size: .xs, start: Harness.moment(day: 11)),
      specification: try Harness.specification(app),
      rules: [SDKRules(from: 0, configuration: Configuration(), keepsQueue: keepsQueue)],
      openedAt: openedAt)
  }

  /// What a world has come to by an evening.
  private struct Outcome {
    /// What arrived, by `event_id`.
    var delivered: [String: Delivered]
    /// The ids that wait on a phone.
    var waiting: Set<String>
    var waitingPhones: Set<Int>

    init(_ world: World, until moment: StoryTime) throws {
      let server = RecordingServer()
      try world.advance(to: moment) { server.take($0) }
      delivered = Dictionary(try server.events().map { ($0.id, $0) }) { first, _ in first }
      waiting = []
      waitingPhones = Set(try world.waitingCounts().map(\.phone))
      for (phone, _) in try world.waitingCounts() {
        for json in try world.queuedEvents(phone: phone) {
          let event = try json.withUnsafeBytes { try JSONValue(parsing: $0) }
          waiting.insert(try #require(event["event_id"]?.string))
        }
      }
    }

    func isLost(_ event: TruthEvent) -> Bool {
      delivered[event.eventID] == nil && !waiting.contains(event.eventID)
    }
  }

  @Test(
    arguments: [(42, "shop"), (7, "shop"), (1_000_003, "shop"), (42, "game")]
      as [(UInt64, String)])
  func `a queue on the disk loses nothing, one in memory what waited at the kill`(
    seed: UInt64, app: String
  ) throws {
    let until = Harness.moment(day: 12, hour: 22)
    let days = [11, 12].map { CivilDate(year: 2024, month: 1, day: $0) }
    let disk = try Self.world(keepsQueue: true, seed: seed, app: app)
    // The ledger says what was meant, however the app is set up.
    let meant = days.flatMap { disk.truth(day: $0).events }.filter {
      $0.time <= until.milliseconds
    }
    let kept = try Outcome(disk, until: until)
    #expect(meant.filter(kept.isLost).isEmpty)

    let forgetful = try Outcome(
      try Self.world(keepsQueue: false, seed: seed, app: app), until: until)
    let lost = meant.filter(forgetful.isLost)
    #expect(!lost.isEmpty)
    // The ledger marks what was at stake; some of it had left in time.
    let atStake = meant.filter { $0.marks.contains(.forceQuit) }
    for event in lost where !event.marks.contains(.forceQuit) {
      // Only a phone without network holds what an earlier visit recorded.
      #expect(
        atStake.contains { $0.phone == event.phone && $0.time > event.time }, "\(event)")
    }
    #expect(lost.filter { $0.marks.contains(.forceQuit) }.count * 10 > lost.count * 9)
    #expect(lost.count < atStake.count)
    // Everything else is what it was, and a lost event's seq is nobody else's.
    #expect(
      Set(forgetful.delivered.keys).union(forgetful.waiting).union(lost.map(\.eventID))
        == Set(kept.delivered.keys).union(kept.waiting))
    for (id, event) in forgetful.delivered {
      #expect(event.seq == kept.delivered[id]?.seq ?? event.seq)
    }
    let seqs = Dictionary(grouping: forgetful.delivered.values, by: \.phone).mapValues {
      Set($0.map(\.seq))
    }
    for event in lost {
      #expect(seqs[event.phone]?.contains(event.seq) != true)
      // The gap shows, because the app went on counting.
      #expect(
        seqs[event.phone]?.contains { $0 > event.seq } == true
          || forgetful.waitingPhones.contains(event.phone))
    }
    for day in days.indices {
      let ofDay = meant.filter { $0.day == days[day] }
      #expect(ofDay.contains { $0.marks.contains(.forceQuit) })
    }
  }

  @Test func `an app that was killed is opened cold, and sends first what it finds`() throws {
    let world = try Self.world(keepsQueue: true)
    let server = RecordingServer()
    try world.advance(to: Harness.moment(day: 12)) { server.take($0) }
    let meant = world.truth(day: CivilDate(year: 2024, month: 1, day: 11)).events
    let visits = Dictionary(grouping: meant, by: \.sessionID).values.filter { events in
      events.contains { $0.marks.contains(.forceQuit) }
    }
    #expect(visits.count >= 3)
    let arrivals = Dictionary(try server.events().map { ($0.id, $0) }) { first, _ in first }
    var held = 0
    for visit in visits {
      for (before, after) in zip(visit, visit.dropFirst())
      where before.marks.contains(.forceQuit) && after.eventName == "app_open" {
        #expect(after.properties["cold"]?.bool == true)
        guard let left = arrivals[before.eventID]?.arrival, let back = arrivals[after.eventID]
        else { continue }
        // What waited does not leave while the app is dead.
        if left >= after.time {
          held += 1
          #expect(left <= back.arrival)
        } else {
          #expect(left <= before.time + 3_000)
        }
      }
    }
    #expect(held >= 2)
  }

  @Test func `happens to as many visits as the specification says`() throws {
    let world = try Harness.world(size: .m)
    let events = world.truth(day: CivilDate(year: 2024, month: 1, day: 11)).events
    let visits = Set(events.map(\.sessionID)).count
    let killed = Set(events.filter { $0.marks.contains(.forceQuit) }.map(\.sessionID)).count
    // A quarter of the visits come back, and 8 % of those after a kill.
    #expect((0.014...0.027).contains(Double(killed) / Double(visits)), "\(killed) of \(visits)")
  }

  @Test(arguments: [true, false])
  func `is the same every time, and wherever the world is opened`(keepsQueue: Bool) throws {
    let end = Harness.moment(day: 13)
    let whole = RecordingServer()
    try Self.world(keepsQueue: keepsQueue).advance(to: end) { whole.take($0) }
    let again = RecordingServer()
    let stepped = try Self.world(keepsQueue: keepsQueue)
    for hour in 1...48 {
      let moment = Harness.moment(day: 11).adding(milliseconds: Int64(hour) * 3_600_000)
      try stepped.advance(to: moment) { again.take($0) }
    }
    #expect(again.hash == whole.hash)
    let meant = try Self.world(keepsQueue: true).truth(
      day: CivilDate(year: 2024, month: 1, day: 11))
    // Right before, in and after the pause of a killed visit.
    let victim = try #require(
      meant.events.last { $0.marks.contains(.forceQuit) && $0.time < end.milliseconds })
    for offset in [-1_000, 5_000, 20_000, 3_600_000] as [Int64] {
      let opened = StoryTime(milliseconds: victim.time + offset)
      let rest = RecordingServer()
      try Self.world(keepsQueue: keepsQueue, openedAt: opened).advance(to: end) { rest.take($0) }
      #expect(
        rest.received == whole.received.filter { $0.time > opened.milliseconds },
        "opened \(offset) ms after")
    }
  }
}
