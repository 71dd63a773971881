import Commands
import Foundation
import Testing

/// What the world does not have by itself: an old and a new name for one order, other currencies, a
/// new id for an old event, a product that nobody knows.
enum Planted {
  private static let now = "2024-01-16T00:05:00.000Z"

  private static func event(
    _ number: Int, _ name: String, seq: Int? = nil, at time: String = now, sent: String = now,
    _ properties: String
  ) -> String {
    let digits = String(number)
    let id = "00000000-0000-4000-8000-" + String(repeating: "0", count: 12 - digits.count) + digits
    return #"{"event_id":"\#(id)","event_name":"\#(name)","schema_version":1,"event_time":"\#(time)","#
      + #""sent_at":"\#(sent)","user_id":"u_0000001","device_id":"dev-planted","#
      + #""install_id":"inst-planted","session_id":"sess_planted","seq":\#(seq ?? number),"#
      + #""platform":"android","os_version":"14","device_model":"SM-S911N","app_version":"3.2.0","#
      + #""locale":"ko-KR","timezone":"Asia/Seoul","network":"wifi","properties":\#(properties)}"#
  }

  /// `amount` as it stands in JSON.
  private static func order(
    _ id: String, _ amount: String = "29900", _ currency: String = "KRW"
  ) -> String {
    #"{"order_id":"\#(id)","product_id":"SKU99999","price":\#(amount),"quantity":1,"#
      + #""amount":\#(amount),"currency":"\#(currency)","payment_method":"card"}"#
  }

  private static let first: [String] = [
    event(1, "purchase", order("ord_dual")), event(2, "checkout_completed", order("ord_dual")),
    event(3, "checkout_completed", order("ord_new")), event(4, "purchase", order("ord_old")),
    event(5, "purchase_completed", order("ord_usd", "19.99", "USD")),
    event(6, "purchase_completed", order("ord_jpy", "2990", "jpy")),
    event(7, "purchase_completed", order("ord_eur", "19", "EUR")),
    // Recorded four days before it was sent, at a rate that was corrected since.
    event(
      8, "purchase_completed", at: "2024-01-12T03:00:00.000Z", order("ord_late", "100", "USD")),
    // Half past eleven in the evening in Seoul, with the zone written out.
    event(
      9, "purchase_completed", at: "2024-01-15T23:30:00.000+09:00", order("ord_evening")),
    event(10, "purchase_completed", order("ord_twice")),
    event(11, "purchase_completed", order("ord_invalid", #""29,900""#)),
    // A phone that believes it is 2030.
    event(
      12, "purchase_completed", at: "2030-06-01T00:00:00.000Z", sent: "2030-06-01T00:00:30.000Z",
      order("ord_2030")),
  ]

  private static let second: [String] = [
    event(13, "purchase_completed", seq: 5, order("ord_usd", "19.99", "USD")),
    event(10, "purchase_completed", order("ord_twice", "39900")),
    event(11, "purchase_completed", order("ord_invalid")),
  ]

  /// Lines that no collector has seen: the first is cut off, the second names no zone.
  private static let raw = [
    #"{"event_id":"planted-1","event_name":"sea"#,
    #"{"event_id":"planted-2","event_name":"search","event_time":"2024-01-16T00:05:00.000","#
      + #""received_at":"2024-01-16T00:09:00.000Z","properties":{}}"#,
  ]

  /// Sends them through the collector, an hour apart, and on into Bronze.
  static func plant(in world: TestWorld) throws {
    for (name, events) in [("first", first), ("second", second)] {
      let path = world.path + "/\(name).ndjson"
      try events.joined(separator: "\n").write(toFile: path, atomically: true, encoding: .utf8)
      let answer = world.run("collect \(path)")
      #expect(answer.text.contains("\(events.count) events accepted"), "\(answer.text)")
      if name == "first" { world.run("clock +1h") }
    }
    for line in raw {
      let answer = world.run("kafka produce app-events '\(line)'")
      #expect(answer.status == .success, "\(answer.text)")
    }
    #expect(world.run("dag run ingest").status == .success)
  }
}
