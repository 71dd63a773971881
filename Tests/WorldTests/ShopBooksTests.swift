import Columnar
import EventModel
import Foundation
import Simulation
import Testing
import World

/// What the shop writes down agrees with what its visitors did, in every world and in whatever steps.
struct ShopBooksTests {
  static func reference() throws -> ShopReference {
    try ShopReference(directory: Harness.repository + "/Datasets/shop/reference")
  }

  static func books(_ world: World) throws -> ShopBooks {
    try #require(world.shopBooks(try reference()))
  }

  /// The rows of a table as they stand after some changes, by key.
  static func rows(_ changes: [ShopChange], _ table: ShopTable) -> [[String]: [Scalar]] {
    let places = table.key.compactMap { table.schema.index(of: $0) }
    var rows: [[String]: [Scalar]] = [:]
    for change in changes where change.table == table {
      rows[places.map { "\(change.row[$0])" }] = change.row
    }
    return rows
  }

  static let worlds: [(seed: UInt64, day: String)] = [
    (1, "2024-01-15"), (2, "2024-01-31"), (3, "2023-12-31"), (4, "2024-02-28"), (5, "2024-02-29"),
    (42, "2024-01-15"), (1_000_003, "2024-03-01"),
  ]

  static func world(_ seed: UInt64, _ day: String, size: WorldSize = .xs) throws -> World {
    let start = StoryTime(try #require(CivilDate(day)), offsetSeconds: TimeZones.seoul)
    return try World(
      configuration: WorldConfiguration(seed: seed, size: size, start: start),
      specification: try Harness.specification())
  }

  @Test(arguments: worlds)
  func `plants every class in every day`(seed: UInt64, day: String) throws {
    let world = try Self.world(seed, day)
    let first = try #require(CivilDate(day))
    for date in [first, first.adding(days: 1)] {
      for entry in world.shopManifest(day: date, try Self.reference()) {
        // A record comes late once in a world, at night; money may come back after midnight.
        if ["member-late", "order-refunded"].contains(entry.name) { continue }
        #expect(entry.eventCount > 0, "\(date) \(entry.name)")
        #expect(entry.eventIDs.count == min(entry.eventCount, World.manifestIDsMax))
        #expect(!entry.eventIDs.contains(""), "\(entry.name)")
      }
    }
  }

  @Test(arguments: worlds)
  func `has each class by the morning on which the course begins`(
    seed: UInt64, day: String
  ) throws {
    let world = try Self.world(seed, day)
    var books = try Self.books(world)
    let start = StoryTime(try #require(CivilDate(day)), offsetSeconds: TimeZones.seoul)
    let changes = books.changes(through: start.milliseconds + (33 * 60 + 10) * 60_000)
    for (name, members) in ShopMarks.classes {
      #expect(changes.contains { !$0.marks.isDisjoint(with: members) }, "\(name)")
    }
    let statuses = Set(
      Self.rows(changes, .orders).values.map { "\($0[2])" })
    #expect(statuses.count == 4, "\(statuses)")
  }

  @Test(arguments: worlds)
  func `has an order for each purchase, and no other but those it names`(
    seed: UInt64, day: String
  ) throws {
    let world = try Self.world(seed, day)
    var books = try Self.books(world)
    let first = try #require(CivilDate(day))
    let end = StoryTime(first.adding(days: 2), offsetSeconds: TimeZones.seoul).milliseconds
    let changes = books.changes(through: end - 1)
    let orders = Self.rows(changes, .orders)
    var purchases: [String: TruthEvent] = [:]
    var refunds: Set<String> = []
    for date in [first, first.adding(days: 1)] {
      for event in world.truth(day: date).events {
        guard let id = event.properties["order_id"]?.string else { continue }
        if event.eventName == "purchase_completed" { purchases[id] = event }
        if event.eventName == "refund_requested" { refunds.insert(id) }
      }
    }
    for (id, event) in purchases {
      let row = try #require(orders["\(Scalar.text(id))".asKey], "\(id)")
      #expect(row[1] == event.userID.map(Scalar.text))
      #expect(row[3] == event.properties["amount"]?.integer.map(Scalar.integer))
      #expect(row[5] == .integer((event.time + 9 * 3_600_000) * 1_000), "\(id)")
      #expect(row[6] == event.properties["payment_method"]?.string.map(Scalar.text))
      #expect(row[7] == .text(event.appVersion))
    }
    func ids(_ marks: ShopMarks) -> Set<String> {
      Set(changes.filter { !$0.marks.isDisjoint(with: marks) }.map(\.label))
    }
    let without = ids([.orderEventLost, .orderSubscription, .orderUnpaid])
    let all = Set(orders.keys.compactMap { Self.text($0[0]) })
    // Made in the day's last seconds and not paid yet, as the one of the midnight is.
    let open = all.subtracting(without).subtracting(purchases.keys)
    let soon = Set(
      books.changes(through: end + 5_000).filter { $0.row[2] == .text("paid") }.map(\.label))
    #expect(open.isSubset(of: soon) && open.count < 5)
    #expect(all.subtracting(open) == without.union(purchases.keys))
    #expect(without.isDisjoint(with: purchases.keys))
    // What was asked to be refunded, as far as it is settled by now.
    let settled = ids([.orderCancelled, .orderRefunded])
    #expect(settled.isSubset(of: refunds) && !settled.isEmpty)
    #expect(ids(.orderCancelledByShop).isDisjoint(with: refunds))
    for row in orders.values {
      let id = Self.text("\(row[0])") ?? ""
      switch row[2] {
      case .text("cancelled"):
        // The money is on its way, or was never taken.
        #expect(ids([.orderCancelled, .orderCancelledByShop]).contains(id))
      case .text("refunded"): #expect(ids(.orderRefunded).contains(id))
      case .text("created"):
        #expect(row[5] == .null)
      default: #expect(row[2] == .text("paid") && row[5] != .null)
      }
    }
    // An order's lines are worth what the order is.
    var worth: [Scalar: Int64] = [:]
    for line in Self.rows(changes, .orderItems).values {
      guard case .integer(let quantity) = line[3], case .integer(let price) = line[4] else {
        continue
      }
      worth[line[0], default: 0] += quantity * price
    }
    for row in orders.values { #expect(row[3] == worth[row[0]].map(Scalar.integer)) }
    #expect(worth.count == orders.count)
  }

  private static func text(_ scalar: String) -> String? {
    scalar.split(separator: "\"").dropFirst().first.map(String.init)
  }

  @Test func `writes the same in one step and in many`() throws {
    let world = try Harness.world()
    var whole = try Self.books(world)
    let until = Harness.moment(day: 14, hour: 7).milliseconds
    let expected = whole.changes(through: until)
    var stepwise = try Self.books(world)
    var found: [ShopChange] = []
    var moment = Harness.moment(day: 11).milliseconds - 1
    var generator = SeededGenerator(seed: 9)
    while moment < until {
      found += stepwise.changes(through: moment)
      moment += Int64(generator.within(1...9 * 3_600_000))
    }
    found += stepwise.changes(through: until)
    #expect(found == expected)
    #expect(zip(found, found.dropFirst()).allSatisfy { $0.time <= $1.time })
    // Another world is another shop.
    var other = try Self.books(try Harness.world(seed: 43))
    #expect(other.changes(through: until) != expected)
  }

  @Test func `a fault of phones or of the network changes no order`() throws {
    let faults = [
      WorldFault(name: "wrong-unit", parameters: ["event": "purchase_completed"]),
      WorldFault(name: "unreachable"), WorldFault(name: "new-id-on-retry"),
    ]
    var broken = try Self.books(try Harness.world(faults: faults))
    var calm = try Self.books(try Harness.world())
    let until = Harness.moment(day: 13).milliseconds
    #expect(broken.changes(through: until) == calm.changes(through: until))
  }

  @Test func `feeds are numbered in the order of their arrival`() throws {
    var books = try Self.books(try Harness.world())
    let changes = books.changes(through: Harness.moment(day: 14).milliseconds)
    for table in [ShopTable.usersCDC, .productsCDC] {
      let seq = try #require(table.schema.index(of: "seq"))
      let numbers = changes.filter { $0.table == table }.map { $0.row[seq] }
      #expect(numbers == (1...Int64(numbers.count)).map(Scalar.integer))
    }
    // Killer rows: a correction that is older than what came before, and two rows of one moment.
    let feed = changes.filter { $0.table == .usersCDC }
    let late = try #require(feed.first { $0.marks.contains(.memberCorrected) })
    let newer = try #require(
      feed.last { $0.row[0] == late.row[0] && $0.time < late.time && $0.row[4] == .text("u") })
    #expect(Self.micros(newer.row[6]) > Self.micros(late.row[6]))
    let ties = feed.filter { $0.marks.contains(.memberTie) }.prefix(2)
    #expect(Set(ties.map { $0.row[6] }).count == 1 && Set(ties.map { $0.row[5] }).count == 2)
    let resent = try #require(feed.first { $0.marks.contains(.memberResent) })
    let before = try #require(feed.last { $0.row[0] == resent.row[0] && $0.time < resent.time })
    #expect(resent.row[1...3] == before.row[1...3])
  }

  @Test func `a level changes between two payments and at the moment of one`() throws {
    var books = try Self.books(try Harness.world())
    let changes = books.changes(through: Harness.moment(day: 12).milliseconds - 1)
    let orders = Self.rows(changes, .orders).values
    let twice = changes.filter { $0.marks.contains(.memberTwice) }
    #expect(twice.count == 2 && twice[0].row[1] != twice[1].row[1])
    let paid = orders.filter { $0[1] == twice[0].row[0] && $0[5] != .null }.map {
      Self.micros($0[5]) / 1_000 - 9 * 3_600_000
    }
    #expect(paid.count == 2 && paid.allSatisfy { twice[0].time < $0 && $0 < twice[1].time })
    let exact = try #require(changes.first { $0.marks.contains(.memberAtPayment) })
    #expect(
      orders.contains {
        $0[1] == exact.row[0]
          && Self.micros($0[5]) / 1_000 - 9 * 3_600_000 == exact.time
      })
    let late = try #require(changes.first { $0.marks.contains(.memberLate) })
    let first = changes.filter { $0.table == .usersCDC && $0.row[0] == late.row[0] }
    #expect(first.first == late)
    #expect(orders.contains { $0[1] == late.row[0] })
  }

  private static func micros(_ scalar: Scalar) -> Int64 {
    guard case .integer(let value) = scalar else { return .min }
    return value
  }

  @Test func `releases and campaigns belong to the world's own days`() throws {
    let world = try Self.world(7, "2024-02-29")
    var books = try Self.books(world)
    let end = StoryTime(CivilDate(year: 2024, month: 3, day: 1), offsetSeconds: TimeZones.seoul)
    let changes = books.changes(through: end.milliseconds - 1)
    let campaign = try #require(changes.first { $0.table == .pushCampaigns })
    #expect(
      campaign.row[2]
        == .integer(
          StoryTime(
            CivilDate(year: 2024, month: 2, day: 22), hour: 9, offsetSeconds: TimeZones.seoul
          ).milliseconds * 1_000))
    let shares = changes.filter { $0.table == .appReleases }
    let leap = Int64(CivilDate(year: 2024, month: 2, day: 29).daysSinceEpoch)
    #expect(shares.contains { $0.row[3] == .integer(leap) })
    #expect(shares.allSatisfy { Self.micros($0.row[3]) <= leap })
    // A rate is known from its publication on, and some are published a second time.
    let rates = changes.filter { $0.table == .fxRates }
    #expect(rates.contains { $0.row[4] == .integer(2) })
    #expect(rates.allSatisfy { Self.micros($0.row[3]) <= end.milliseconds * 1_000 })
  }

  @Test func `the game has no shop`() throws {
    let game = try Harness.world(app: "game")
    #expect(game.shopBooks(try Self.reference()) == nil)
    #expect(game.shopManifest(day: CivilDate(year: 2024, month: 1, day: 11), try Self.reference()).isEmpty)
  }
}

extension String {
  fileprivate var asKey: [String] { [self] }
}

/// The golden rows of whole worlds.
extension ShopBooksTests {
  /// A world's tables after two days, as `Datasets/shop/golden-tables.json` has them.
  private struct Golden: Codable, Equatable {
    var seed: UInt64
    var size: String
    var day: String
    var tables: [Table]

    struct Table: Codable, Equatable {
      var name: String
      /// Rows that were written, those that replace others among them.
      var changes: Int
      /// FNV-1a over moment and row of each.
      var fnv1a64: String
    }
  }

  private static func golden(seed: UInt64, size: WorldSize, day: String) throws -> Golden {
    var books = try books(try world(seed, day, size: size))
    let end = StoryTime(
      try #require(CivilDate(day)).adding(days: 2), offsetSeconds: TimeZones.seoul)
    var counts: [ShopTable: (count: Int, hash: UInt64)] = [:]
    for change in books.changes(through: end.milliseconds - 1) {
      var (count, hash) = counts[change.table] ?? (0, 0xCBF2_9CE4_8422_2325)
      let text = "\(change.time) " + change.row.map(text).joined(separator: "|") + "\n"
      for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
      count += 1
      counts[change.table] = (count, hash)
    }
    return Golden(
      seed: seed, size: size.rawValue, day: day,
      tables: ShopTable.allCases.map { table in
        let (count, hash) = counts[table] ?? (0, 0)
        return Golden.Table(
          name: table.name, changes: count, fnv1a64: String(hash, radix: 16))
      })
  }

  private static func text(_ scalar: Scalar) -> String {
    switch scalar {
    case .null: "-"
    case .boolean(let value): "\(value)"
    case .integer(let value): "\(value)"
    case .text(let value): value
    default: "?"
    }
  }

  @Test func `writes the golden rows`() throws {
    let path = URL(fileURLWithPath: Harness.repository + "/Datasets/shop/golden-tables.json")
    let made = try [
      Self.golden(seed: 42, size: .xs, day: "2024-01-15"),
      Self.golden(seed: 7, size: .s, day: "2024-02-29"),
    ]
    if ProcessInfo.processInfo.environment["UPDATE_GOLDEN"] == "1" {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
      try (encoder.encode(made) + Data("\n".utf8)).write(to: path)
    }
    #expect(try JSONDecoder().decode([Golden].self, from: Data(contentsOf: path)) == made)
  }
}
