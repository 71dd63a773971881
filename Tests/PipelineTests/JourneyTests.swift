import Commands
import Foundation
import Testing

/// One tap, all the way.
struct JourneyTests {
  static let purchase = "app track purchase_completed product_id=SKU123 price=29900"

  @Test func `a tap waits on the phone, then becomes a number on the dashboard`() throws {
    let world = try TestWorld()
    let before = try world.tile("live")
    #expect(world.run(Self.purchase).status == .success)
    let id = try #require(
      try world.texts(
        "SELECT event_id FROM system.sdk.events WHERE event_name = 'purchase_completed'"
      ).first)
    let inLog = "SELECT count(*) FROM system.kafka.records WHERE event_id = '\(id)'"
    #expect(try world.count(inLog) == 0, "the phone has not sent it yet")
    #expect(try world.tile("live") == before)

    #expect(world.run("app background").text.contains("200 OK"))
    #expect(try world.count(inLog) == 1)
    let live = try world.tile("live")
    #expect(live["purchases"] == (before["purchases"] ?? 0) + 1)
    #expect(live["revenue_krw"] == (before["revenue_krw"] ?? 0) + 29_900)

    let inSilver = "SELECT count(*) FROM lake.silver.events WHERE event_id = '\(id)'"
    #expect(try world.count(inSilver) == 0, "the night has not come yet")
    #expect(world.run("clock +1d").status == .success)
    #expect(try world.count(inSilver) == 1)
    #expect(
      try world.count(
        "SELECT count(*) FROM warehouse.mart.fact_purchase WHERE event_id = '\(id)'") == 1)
    let trace = world.run("trace event \(id.prefix(8))", json: true).text
    for address in ["app-events ", "raw/events/year=2024", "dt=2024-01-16", "fact_purchase"] {
      #expect(trace.contains(address), "trace has no \(address): \(trace)")
    }
  }

  @Test func `the nightly tile is the warehouse's own sum`() throws {
    let world = try TestWorld()
    let tile = try world.tile("nightly")
    let day = "dt = DATE '2024-01-15' AND app_id = 'moashop'"
    #expect(
      tile["purchases"].map(Int64.init)
        == (try world.count("SELECT count(*) FROM warehouse.mart.fact_purchase WHERE \(day)")))
    #expect(
      tile["revenue_krw"].map(Int64.init)
        == (try world.count("SELECT sum(amount_krw) FROM warehouse.mart.fact_purchase WHERE \(day)")))
    #expect((tile["purchases"] ?? 0) > 5)
  }

  @Test func `every station holds the same events after a night`() throws {
    let world = try TestWorld()
    world.run("clock +1d")
    let stations = try world.stations()
    let archived = (stations["kafka_records"] ?? 0) - (stations["ingest_lag"] ?? 0)
    #expect(stations["bronze_lines"] == archived)
    let ids = try world.count(
      """
      SELECT count(DISTINCT event_id) FROM system.kafka.records
      WHERE topic = 'app-events' AND append_time < TIMESTAMP '2024-01-16 19:00:00 UTC'
      """)
    #expect(stations["silver_rows"].map(Int64.init) == ids)
    #expect(
      try world.count("SELECT sum(events) FROM lake.gold.daily_metrics") == ids)
    #expect(
      try world.count("SELECT sum(events) FROM warehouse.mart.daily_activity") == ids)
    #expect(
      try world.count(
        "SELECT count(*) FROM lake.silver.events WHERE event_name = 'purchase_completed'")
        == stations["fact_rows"].map(Int64.init))
  }

  @Test func `two worlds of one seed are alike, and a world in small steps is like one in one`() throws {
    let one = try TestWorld()
    let other = try TestWorld()
    one.run("clock +1d")
    for _ in 0..<8 { other.run("clock +3h") }
    let sums = """
      SELECT count(*) || ' ' || CAST(sum(kafka_offset) AS varchar) || ' ' || min(event_id)
      FROM lake.silver.events
      """
    let query = sums.replacingOccurrences(of: "count(*)", with: "CAST(count(*) AS varchar)")
    #expect(try one.texts(query) == (try other.texts(query)))
    let stations = try one.stations()
    #expect(stations == (try other.stations()))
  }
}
