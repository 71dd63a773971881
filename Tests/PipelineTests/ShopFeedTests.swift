import Columnar
import Commands
import EventModel
import Foundation
import Platform
import Simulation
import TestSupport
import Testing
import TrinoSQL
import World

/// The shop's database follows the story, whatever happens to it on the way, and agrees with the events
/// that the app has sent.
struct ShopFeedTests {
  private static let tables: [(name: String, columns: String)] = ShopTable.allCases.map {
    ($0.name, $0.schema.fields.map(\.name).joined(separator: ", "))
  }

  /// Every row of every table, by table.
  private static func dump(_ platform: Platform) throws -> [String: [String]] {
    var dump: [String: [String]] = [:]
    for (name, columns) in tables {
      dump[name] = try WorldDayTests.rows(
        platform, "SELECT \(columns) FROM shop.public.\(name) ORDER BY \(columns)"
      ).map { $0.joined(separator: "|") }
    }
    return dump
  }

  private static func differences(
    _ left: [String: [String]], _ right: [String: [String]]
  ) -> [String] {
    tables.map(\.name).filter { left[$0] != right[$0] }
  }

  private static func expect(_ rows: [String: [String]], _ platform: Platform) throws {
    let found = try dump(platform)
    #expect(differences(rows, found).isEmpty)
  }

  private static func count(_ platform: Platform, _ rest: String) throws -> Int {
    Int(try WorldDayTests.rows(platform, "SELECT count(*) FROM shop.public.\(rest)")[0][0]) ?? -1
  }

  private static func start(_ path: String) throws -> Platform {
    try WorldDayTests.open(path, day: WorldFile.courseYesterday)
  }

  // MARK: - Reconciliation

  @Test func `orders and purchases agree but for the classes that are planted`() throws {
    let scratch = try ScratchDirectory("shop")
    let day = try #require(CivilDate("2024-02-29"))
    let platform = try WorldDayTests.open(scratch.path + "/home", day: day)
    try platform.prepare { _ in }
    // Phones without network are late by days.
    try platform.advance(
      to: StoryTime(day.adding(days: 11), hour: 9, offsetSeconds: TimeZones.seoul))
    let planted = Dictionary(
      uniqueKeysWithValues: try [day, day.adding(days: 1)].flatMap { day in
        try platform.shopManifest(day: day).map { ("\(day) \($0.name)", $0.eventCount) }
      })
    for day in [day, day.adding(days: 1)] {
      let found = try WorldDayTests.rows(
        platform,
        """
        SELECT
          CASE
            WHEN e.order_id IS NULL AND o.app_version IS NULL THEN 'subscription'
            WHEN e.order_id IS NULL AND o.status = 'created' THEN 'unpaid'
            WHEN e.order_id IS NULL THEN 'event lost'
            WHEN o.order_id IS NULL THEN 'event only'
            WHEN e.amount <> o.amount_krw OR e.payment_method <> o.payment_method
              OR e.user_id <> o.user_id OR e.app_version <> o.app_version THEN 'differs'
            WHEN with_timezone(o.paid_at, 'Asia/Seoul') <> e.event_time THEN 'other time'
            ELSE 'matched' END,
          count(*)
        FROM (
          SELECT * FROM shop.public.orders
          WHERE date(coalesce(paid_at, CAST(updated_at AT TIME ZONE 'Asia/Seoul' AS timestamp(3))))
            = DATE '\(day)'
        ) o
        FULL JOIN (
          SELECT order_id, max(amount) AS amount, max(payment_method) AS payment_method,
            max(user_id) AS user_id, max(app_version) AS app_version, min(event_time) AS event_time
          FROM lake.silver.events
          WHERE event_name = 'purchase_completed' AND dt = DATE '\(day)'
          GROUP BY order_id
        ) e ON e.order_id = o.order_id
        GROUP BY 1 ORDER BY 1
        """)
      var counts: [String: Int] = [:]
      for row in found { counts[row[0]] = Int(row[1]) }
      #expect(counts["event only"] == nil && counts["differs"] == nil, "\(counts)")
      #expect(counts["event lost"] == planted["\(day) order-event-lost"], "\(counts)")
      #expect(counts["subscription"] == planted["\(day) order-subscription"], "\(counts)")
      #expect(counts["unpaid"] == planted["\(day) order-unpaid"], "\(counts)")
      #expect(try #require(counts["matched"]) > 20)
      // Clocks that are wrong by hours are corrected, so that every payment has its event's moment.
      #expect(counts["other time"] == nil, "\(counts)")
    }
    // What the app asked to have back is back.
    let refunds = try WorldDayTests.rows(
      platform,
      """
      SELECT o.status, count(*) FROM (
        SELECT DISTINCT order_id FROM lake.silver.events WHERE event_name = 'refund_requested'
          AND event_time < TIMESTAMP '\(day.adding(days: 10)) 00:00:00 Asia/Seoul') e
      LEFT JOIN shop.public.orders o ON o.order_id = e.order_id GROUP BY 1
      """)
    #expect(refunds.map { $0[0] } == ["refunded"], "\(refunds)")
    try platform.close()
  }

  // MARK: - Steps, crashes and copies

  /// Opens a world, does something with it, closes it and lets it go.
  private static func within<Result>(
    _ home: String, _ body: (Platform) throws -> Result
  ) throws -> Result {
    let platform = try start(home)
    let result = try body(platform)
    try platform.close()
    return result
  }

  @Test func `is the same in however many steps the clock has come`() throws {
    let scratch = try ScratchDirectory("shop")
    let end = try Self.within(scratch.path + "/whole") { platform in
      let end = platform.now.adding(seconds: 60 * 3_600 + 17)
      try platform.advance(to: end)
      return end
    }
    let stepwise = try Self.within(scratch.path + "/steps") { platform in
      var number = 0
      while platform.now < end {
        number += 1
        try platform.advance(
          to: min(end, platform.now.adding(seconds: 3_000 + 9_001 * (number % 4))))
        // A reader in between changes nothing.
        if number % 3 == 0 { _ = try Self.count(platform, "orders") }
      }
      return try Self.dump(platform)
    }
    try Self.within(scratch.path + "/whole") { platform in
      try Self.expect(stepwise, platform)
      // As it is now, not as it will be.
      let later = try Self.count(
        platform, "orders WHERE updated_at > TIMESTAMP '2024-01-17 12:00:17 Asia/Seoul'")
      #expect(later == 0)
    }
  }

  @Test func `a file that a crash left ahead of the story, none, or a broken one is as it should be`()
    throws
  {
    let scratch = try ScratchDirectory("shop")
    let home = scratch.path + "/home"
    let file = home + "/worlds/sandbox/shop.sqlite"
    let expected = try Self.within(home) { platform in
      try platform.advance(to: platform.now.adding(seconds: 20 * 3_600))
      _ = try platform.phone.track("purchase_completed", properties: Self.purchase("ord_mine"))
      try platform.advance(to: platform.now.adding(seconds: 60))
      return try Self.dump(platform)
    }
    #expect(expected["orders"]?.contains { $0.hasPrefix("ord_mine|u_0000042|paid|25800") } == true)
    let manager = FileManager.default
    try manager.copyItem(atPath: home, toPath: scratch.path + "/later")
    let after = try Self.within(scratch.path + "/later") { platform in
      try platform.advance(to: platform.now.adding(seconds: 7 * 3_600))
      return try Self.dump(platform)
    }
    #expect(Self.differences(expected, after).contains("orders"))

    // The shop's file of the later world: what a kill between its commit and the clock's would leave.
    try manager.removeItem(atPath: file)
    try manager.copyItem(atPath: scratch.path + "/later/worlds/sandbox/shop.sqlite", toPath: file)
    try Self.within(home) { platform in
      try Self.expect(expected, platform)
      try platform.advance(to: platform.now.adding(seconds: 7 * 3_600))
      try Self.expect(after, platform)
      #expect(platform.takeRecoveries().isEmpty)
    }

    // None: the home of the program before this one. The phone's own clock tells when it bought.
    try manager.removeItem(atPath: file)
    try Self.within(home) { platform in
      try Self.expect(after, platform)
    }

    // Broken: put aside, said once, and written anew.
    try Data(repeating: 0x5A, count: 40_000).write(to: URL(fileURLWithPath: file))
    try Self.within(home) { platform in
      try Self.expect(after, platform)
      #expect(platform.takeRecoveries().map(\.code) == ["shop.writtenAnew"])
      #expect(platform.takeRecoveries().isEmpty)
    }
  }

  private static func purchase(_ id: String?) -> [JSONMember] {
    var members = [
      JSONMember("product_id", .string("SKU00017")), JSONMember("price", .integer(12_900)),
      JSONMember("quantity", .integer(2)), JSONMember("payment_method", .string("kakaopay")),
    ]
    if let id { members.append(JSONMember("order_id", .string(id))) }
    return members
  }

  @Test func `what the learner buys is an order of the moment, once`() throws {
    let world = try TestWorld()
    let before = try world.count("SELECT count(*) FROM shop.public.orders")
    world.run(
      "app track purchase_completed order_id=ord_mine product_id=SKU00017 price=12900 quantity=2 payment_method=card")
    world.run("app track purchase_completed product_id=SKU00003 price=5000")
    world.run("app track screen_view screen=home")
    let sql = """
      SELECT o.order_id || ' ' || status || ' ' || CAST(amount_krw AS varchar) || ' '
        || CAST(paid_at AS varchar) || ' ' || coalesce(payment_method, '-') || ' '
        || coalesce(product_id, '-')
      FROM shop.public.orders o LEFT JOIN shop.public.order_items i ON i.order_id = o.order_id
      WHERE user_id = 'u_0000042' AND app_version = '3.2.1' ORDER BY amount_krw DESC
      """
    let orders = try world.texts(sql)
    #expect(orders.first == "ord_mine paid 25800 2024-01-16 09:10:00.000 card SKU00017")
    #expect(orders.count == 2 && orders[1].hasSuffix("paid 5000 2024-01-16 09:10:00.000 - SKU00003"))
    #expect(orders[1].prefix(20).wholeMatch(of: /ord_[0-9a-f]{16}/) != nil, "\(orders[1])")
    #expect(try world.count("SELECT count(*) FROM shop.public.orders") == before + 2)
    world.run("clock +3h")
    try world.restart()
    #expect(try world.texts(sql) == orders)
    // The next one is paid when it is placed, although the clock moves on before anybody looks.
    world.run("app track purchase_completed order_id=ord_next price=700")
    world.run("clock +1h")
    #expect(
      try world.texts(sql).last
        == "ord_next paid 700 2024-01-16 12:10:00.000 - -")
  }

  @Test func `a fork keeps the shop as it was`() throws {
    let world = try TestWorld()
    let sql = "SELECT count(*) FROM shop.public.orders"
    let before = try world.count(sql)
    world.run("fork before")
    world.run("app track purchase_completed order_id=ord_mine price=700")
    world.run("clock +6h")
    #expect(try world.count(sql) > before + 1)
    #expect(world.run("rewind before --yes").status == .success)
    #expect(try world.count(sql) == before)
    world.run("clock +6h")
    #expect(try world.count(sql) > before)
    #expect(try world.count(sql + " WHERE order_id = 'ord_mine'") == 0)
  }

  @Test func `a nightly model sees the shop as it is when it runs`() throws {
    let scratch = try ScratchDirectory("shop")
    let platform = try Self.start(scratch.path + "/home")
    try """
      {{ config(materialized='table', database='warehouse', schema='mart') }}
      SELECT status, count(*) AS orders, max(updated_at) AS newest
      FROM shop.public.orders GROUP BY status
      """.write(
      toFile: platform.directory + "/pipeline/models/marts/orders_by_status.sql", atomically: true,
      encoding: .utf8)
    let dag = platform.directory + "/pipeline/dags/nightly.yaml"
    let text = try String(contentsOfFile: dag, encoding: .utf8)
    try (text + "  - id: orders_by_status\n    type: model\n    model: orders_by_status\n").write(
      toFile: dag, atomically: true, encoding: .utf8)
    // One long step over the night: the run of 04:00 is one of many things in it.
    try platform.advance(to: platform.now.adding(seconds: 14 * 3_600))
    let newest = try WorldDayTests.rows(
      platform, "SELECT max(newest) <= TIMESTAMP '2024-01-15 04:00:00 Asia/Seoul', sum(orders) FROM warehouse.mart.orders_by_status")
    #expect(newest[0][0] == "true")
    let then = try Self.count(platform, "orders")
    #expect(try #require(Int(newest[0][1])) < then && newest[0][1] != "0")
    try platform.close()
  }
}
