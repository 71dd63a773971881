import EventModel
import Simulation
import Testing
import World

/// The game is another app in the same world: other events, other hours, a launch.
struct GameTests {
  private static func start(_ days: Int) -> CivilDate {
    CivilDate(year: 2024, month: 1, day: 11).adding(days: days)
  }

  @Test func `has the events of its specification and none of the shop's`() throws {
    let specification = try Harness.specification("game")
    #expect(specification.eventsPerUserDayMilli == 40_000)
    let day = try Harness.world(size: .m, app: "game").truth(day: Self.start(0))
    let names = Set(day.events.map(\.eventName))
    #expect(names == Set(specification.eventNames))
    #expect(!names.contains("product_viewed") && names.contains("stage_clear"))
    for event in day.events where event.eventName == "item_purchase" {
      #expect(["KRW", "USD", "JPY"].contains(event.properties["currency"]?.string))
      #expect(event.properties["receipt_id"]?.string?.hasPrefix("rcpt_") == true)
      #expect(event.properties["price_minor"]?.integer ?? 0 > 0)
    }
    #expect(day.events.contains { $0.eventName == "item_purchase" })
  }

  @Test func `grows from its launch on, and fills the minutes after midnight`() throws {
    let world = try Harness.world(size: .m, app: "game")
    let first = world.truth(day: Self.start(0))
    let month = world.truth(day: Self.start(28))
    // 100 and 400 thousandths of the size, and weekdays that differ by a few percent.
    let ratio = Double(month.activePhoneCount) / Double(first.activePhoneCount)
    #expect((3.3...4.6).contains(ratio), "\(ratio)")
    let perUser = Double(month.events.count) / Double(month.activePhoneCount)
    #expect((34.0...46.0).contains(perUser), "\(perUser)")

    func starts(_ minutes: Range<Int>) -> Int {
      month.events.filter { event in
        event.eventName == "session_start"
          && minutes.contains(
            StoryTime(milliseconds: event.time).millisecondOfDay(offsetSeconds: TimeZones.seoul)
              / 60_000)
      }.count
    }
    // Five times as many in the five minutes of the reset as in the five after it.
    let reset = starts(0..<5)
    let after = max(1, starts(7..<12))
    #expect((2.5...9.0).contains(Double(reset) / Double(after)), "\(reset) \(after)")
  }

  @Test func `delivers the same bytes every time, and others than the shop`() throws {
    let one = RecordingServer()
    let two = RecordingServer()
    try Harness.world(app: "game").advance(to: Harness.moment(day: 12)) { one.take($0) }
    try Harness.world(app: "game").advance(to: Harness.moment(day: 12)) { two.take($0) }
    #expect(one.hash == two.hash && one.eventCount > 500)
  }
}
