import EventModel
import Simulation
import Testing
import World

/// The shop looks as its specification says: numbers of a day, within stated bounds.
struct WorldStatisticsTests {
  /// 2024-01-11 is a Thursday, whose weight is 100 %.
  static func day(_ size: WorldSize, seed: UInt64 = 42) throws -> DayTruth {
    try Harness.world(seed: seed, size: size).truth(day: CivilDate(year: 2024, month: 1, day: 11))
  }

  @Test(arguments: [1, 2, 3, 42, 1_000_003] as [UInt64])
  func `has 10,000 events on a small day, and purchases`(seed: UInt64) throws {
    let day = try Self.day(.xs, seed: seed)
    // The crowd's 10,000, and some 800 of cast and bots.
    #expect((10_100...11_300).contains(day.events.count))
    // The crowd's, the cast's and the bots'.
    #expect((210...225).contains(day.activePhoneCount))
    #expect(day.purchases.count >= 10)
    #expect(day.revenue > 0)
  }

  @Test func `has 100,000 events in the laptop's world, in the mix of the specification`() throws {
    let day = try Self.day(.s)
    #expect((95_000...105_000).contains(day.events.count))
    var counts: [String: Int] = [:]
    for event in day.events { counts[event.eventName, default: 0] += 1 }
    let rates = [
      "screen_view": 19_000, "product_viewed": 9_500, "product_clicked": 4_500,
      "app_open": 3_200, "session_start": 2_400, "session_end": 2_300, "search": 2_600,
      "add_to_cart": 1_600, "cart_viewed": 900, "ad_impression": 1_500, "push_received": 1_200,
      "push_opened": 160, "checkout_started": 350, "checkout_step_completed": 550, "login": 129,
      "purchase_completed": 90, "purchase_failed": 15, "refund_requested": 6,
    ]
    #expect(Set(counts.keys) == Set(rates.keys))
    for (name, rate) in rates {
      let expected = Double(rate) * 2
      let tolerance = max(0.05 * expected, 3.5 * expected.squareRoot())
      let count = Double(counts[name] ?? 0)
      #expect(abs(count - expected) <= tolerance, "\(name): \(count) instead of \(expected)")
    }
  }

  @Test func `follows the hours of the day`() throws {
    let weights = [
      36, 22, 14, 10, 9, 11, 20, 36, 43, 43, 44, 46, 53, 47, 42, 42, 44, 49, 57, 61, 64, 72, 73, 62,
    ]
    let day = try Self.day(.s)
    var counts = [Int](repeating: 0, count: 24)
    for event in day.events {
      counts[StoryTime(milliseconds: event.time).hour(offsetSeconds: TimeZones.seoul)] += 1
    }
    for hour in 0..<24 {
      let share = Double(counts[hour]) / Double(day.events.count)
      let expected = Double(weights[hour]) / 1_000
      #expect(abs(share - expected) < 0.012, "hour \(hour): \(share) instead of \(expected)")
    }
    let evening = Double(counts[18...].reduce(0, +)) / Double(day.events.count)
    #expect((0.37...0.41).contains(evening))
  }

  @Test func `has few users and few products that make most of it`() throws {
    let day = try Self.day(.s)
    var byPhone: [Int: Int] = [:]
    var byProduct: [String: Int] = [:]
    var views = 0
    for event in day.events {
      byPhone[event.phone, default: 0] += 1
      if event.eventName == "product_viewed", let id = event.properties["product_id"]?.string {
        byProduct[id, default: 0] += 1
        views += 1
      }
    }
    // 80 of 8,000 users are the top 1 %.
    let top = byPhone.values.sorted(by: >).prefix(80).reduce(0, +)
    #expect((0.11...0.20).contains(Double(top) / Double(day.events.count)))
    #expect((0.11...0.15).contains(Double(byProduct["SKU00000"] ?? 0) / Double(views)))
    let topProducts = byProduct.values.sorted(by: >).prefix(50).reduce(0, +)
    #expect((0.50...0.62).contains(Double(topProducts) / Double(views)))
  }

  @Test func `sells at plausible prices to known users`() throws {
    let day = try Self.day(.s)
    #expect((150...210).contains(day.purchases.count))
    var orders: Set<String> = []
    for purchase in day.purchases {
      let price = try #require(purchase.properties["price"]?.integer)
      let quantity = try #require(purchase.properties["quantity"]?.integer)
      #expect(purchase.properties["amount"]?.integer == price * quantity)
      #expect(purchase.properties["currency"]?.string == "KRW")
      #expect(price % 100 == 0 && price > 0)
      #expect(purchase.userID?.count == 9)
      if purchase.properties["product_id"]?.string == "SKU00000" { #expect(price == 29_900) }
      orders.insert(purchase.properties["order_id"]?.string ?? "")
    }
    #expect(orders.count == day.purchases.count)
    let methods = Set(day.purchases.compactMap { $0.properties["payment_method"]?.string })
    #expect(methods == ["card", "kakaopay", "naverpay", "tosspay", "transfer"])
    let guests = day.events.filter { $0.userID == nil }.count
    #expect((0.15...0.23).contains(Double(guests) / Double(day.events.count)))
  }

  @Test func `refuses a specification with the name of the wrong key`() throws {
    let text = #"{"name":"x","daily_active_users":{"xs":0,"s":1,"m":1}}"#
    do {
      _ = try WorldSpecification(json: Array(text.utf8))
      Issue.record("a shop without people was accepted")
    } catch let error as WorldError {
      #expect(error.code == "world.spec.value")
      #expect(error.message == "daily_active_users.xs must be a whole number in 1…5000000")
    }
    #expect(throws: WorldError.self) { try WorldSpecification(json: Array("{".utf8)) }
    #expect(throws: WorldError.self) { try WorldSpecification(path: "/nowhere/spec.json") }
  }
}

/// What arrives is what was meant.
struct WorldTruthTests {
  @Test func `delivers every event of the ledger once, unchanged, in order of each phone`() throws {
    let world = try Harness.world()
    let server = RecordingServer()
    try world.advance(to: Harness.moment(day: 14)) { server.take($0) }
    let delivered = try server.events()
    var waiting: Set<String> = []
    for (phone, _) in try world.waitingCounts() {
      for json in try world.queuedEvents(phone: phone) {
        let event = try json.withUnsafeBytes { try JSONValue(parsing: $0) }
        waiting.insert(event["event_id"]?.string ?? "")
      }
    }
    // The first arrival of each; what comes again is planted.
    let byID = Dictionary(delivered.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    var meant = 0
    var nameless = 0
    for day in 11...13 {
      for truth in world.truth(day: CivilDate(year: 2024, month: 1, day: day)).events {
        meant += 1
        guard let event = byID[truth.eventID] else {
          #expect(waiting.contains(truth.eventID))
          continue
        }
        #expect(
          event.seq == truth.seq && event.phone == truth.phone
            && event.json["user_id"]?.string == truth.userID
            && event.json["session_id"]?.string == truth.sessionID)
        if truth.marks.isDisjoint(with: .clocks) {
          #expect(abs(event.time - truth.time) < 2_000)
        } else {
          #expect(abs(event.time - truth.time) >= 60_000)
        }
        if truth.marks.contains(.envelopeError) {
          nameless += 1
          #expect(event.name == "sessionStart" && truth.eventName == "session_start")
        } else {
          #expect(event.name == truth.eventName)
        }
        if !truth.marks.contains(.schemaError) {
          #expect(event.json["properties"]?.object == truth.properties)
        }
      }
    }
    // What happens at midnight itself belongs to the next day.
    let midnight = Harness.moment(day: 14).milliseconds
    meant += world.truth(day: CivilDate(year: 2024, month: 1, day: 14)).events
      .filter { $0.time == midnight }.count
    #expect(meant == byID.count + waiting.subtracting(byID.keys).count)
    #expect(nameless >= 2)

    var nextSeq: [Int: Int64] = [:]
    for event in delivered {
      // Nothing is skipped; what comes again has come before.
      #expect(event.seq <= nextSeq[event.phone] ?? 1)
      nextSeq[event.phone] = max(nextSeq[event.phone] ?? 1, event.seq + 1)
    }
  }

  @Test func `lets most events arrive within a minute and some after hours`() throws {
    let server = RecordingServer()
    try Harness.world(size: .s).advance(to: Harness.moment(day: 13)) { server.take($0) }
    let world = try Harness.world(size: .s)
    var times: [String: Int64] = [:]
    for day in 11...12 {
      for event in world.truth(day: CivilDate(year: 2024, month: 1, day: day)).events {
        times[event.eventID] = event.time
      }
    }
    let delays = try server.events().compactMap { event in
      times.removeValue(forKey: event.id).map { event.arrival - $0 }
    }
    #expect(delays.count > 180_000)
    #expect(delays.allSatisfy { $0 >= 0 })
    let count = Double(delays.count)
    func share(_ limit: Int64) -> Double { Double(delays.filter { $0 <= limit }.count) / count }
    #expect((0.84...0.93).contains(share(30_000)))
    #expect((0.92...0.97).contains(share(900_000)))
    #expect(delays.contains { $0 > 7_200_000 })
  }
}
