import EventModel
import Foundation
import Simulation
import Testing

/// The nine rules once more, over the raw lines and without SQL.
struct NineRules {
  /// By `object:line`.
  private(set) var verdicts: [String: String] = [:]

  private struct Line {
    var address: String
    /// In which valid copies come first: arrival, offset, partition, object, line.
    var arrival: (Int64, Int64, Int64)
    var object: String
    var number: Int
    var id = ""
    var name = ""
    var preference: Int?
    var install: String?
    var seq: Int64?
    var app = ""
    var order: String?
    var model: String?
    var eventTime: Int64 = 0
    var day: CivilDate
    var price: Int64?
    var amount: Int64?

    func isBefore(_ other: Line) -> Bool {
      if arrival != other.arrival { return arrival < other.arrival }
      return (object, number) < (other.object, other.number)
    }
  }

  private let rates: [(day: CivilDate, currency: String, won: Decimal, revision: Int)]
  private static let names = ["checkout_completed": 1, "purchase_completed": 2, "purchase": 3]
  private static let botModels = ["HeadlessChrome": "BOT-1", "python-requests": "BOT-2"]

  init(_ rows: [[String]], now: StoryTime) throws {
    rates = try Self.rates(until: now)
    var valid: [Line] = []
    for row in rows {
      let address = row[0] + ":" + row[1]
      switch judge(row, address) {
      case .failure(let fault): verdicts[address] = "quarantine " + fault.reason
      case .success(let line): valid.append(line)
      }
    }
    var ids: Set<String> = []
    var seqs: Set<String> = []
    var kept: [Line] = []
    for line in valid.sorted(by: { $0.isBefore($1) }) {
      guard ids.insert(line.id).inserted else {
        verdicts[line.address] = "duplicate event_id"
        continue
      }
      if let install = line.install, let seq = line.seq,
        !seqs.insert("\(install) \(seq)").inserted
      {
        verdicts[line.address] = "duplicate install_id, seq"
        continue
      }
      kept.append(line)
    }
    var best: [String: Line] = [:]
    func orderKey(_ line: Line) -> String? {
      line.preference == nil ? nil : line.order.map { "\(line.app) \(line.name) \($0)" }
    }
    for line in kept {
      guard let key = orderKey(line) else { continue }
      if let other = best[key], (other.preference ?? 0) <= (line.preference ?? 0) { continue }
      best[key] = line
    }
    let silver = kept.filter { line in
      guard let key = orderKey(line), best[key]?.address != line.address else { return true }
      verdicts[line.address] = "duplicate order_id"
      return false
    }
    var perMinute: [String: Int] = [:]
    func minute(_ line: Line) -> String? {
      line.install.map { "\($0) \((Double(line.eventTime) / 60_000).rounded(.down))" }
    }
    for line in silver { if let key = minute(line) { perMinute[key, default: 0] += 1 } }
    for line in silver {
      let isFast = minute(line).map { perMinute[$0] ?? 0 } ?? 0 > 60
      let rule = line.model.flatMap { Self.botModels[$0] } ?? (isFast ? "BOT-3" : "-")
      verdicts[line.address] = [
        "silver", line.name, "\(line.day)", line.price.map { "\($0)" } ?? "-",
        line.amount.map { "\($0)" } ?? "-", rule, "\(line.eventTime)",
      ].joined(separator: " ")
    }
  }

  private struct Fault: Error { var reason: String }

  private func judge(_ row: [String], _ address: String) -> Result<Line, Fault> {
    guard let event = try? JSONSerialization.jsonObject(with: Data(row[2].utf8)) as? [String: Any]
    else { return .failure(Fault(reason: "json")) }
    let properties = event["properties"] as? [String: Any] ?? [:]
    func text(_ value: Any?) -> String? {
      if let text = value as? String { return text }
      return (value as? NSNumber).map { $0.stringValue }
    }
    func fails<Value>(_ text: String?, _ value: Value?) -> Bool { text != nil && value == nil }
    func won(_ text: String?) -> Decimal? {
      guard let text, text.wholeMatch(of: /-?[0-9]+(\.[0-9]+)?/) != nil else { return nil }
      return Decimal(string: text)
    }
    guard let id = text(event["event_id"]), !id.isEmpty else { return .failure(Fault(reason: "event_id")) }
    guard let sentName = text(event["event_name"]), !sentName.isEmpty else {
      return .failure(Fault(reason: "event_name"))
    }
    guard let deviceTime = text(event["event_time"]).flatMap({ EventTimestamp.parse($0) }) else {
      return .failure(Fault(reason: "event_time"))
    }
    let sentAt = text(event["sent_at"]).flatMap { EventTimestamp.parse($0) }
    if fails(text(event["sent_at"]), sentAt) { return .failure(Fault(reason: "sent_at")) }
    guard let receivedAt = text(event["received_at"]).flatMap({ EventTimestamp.parse($0) }) else {
      return .failure(Fault(reason: "received_at"))
    }
    let seqText = text(event["seq"])
    let seq = seqText.flatMap { Int64($0) }
    if fails(seqText, seq) { return .failure(Fault(reason: "seq")) }
    let price = won(text(properties["price"]))
    if fails(text(properties["price"]), price) { return .failure(Fault(reason: "price")) }
    let amount = won(text(properties["amount"]))
    if fails(text(properties["amount"]), amount) { return .failure(Fault(reason: "amount")) }
    let eventTime = ClockCorrection.corrected(
      eventTime: deviceTime, sentAt: sentAt, receivedAt: receivedAt)
    let day = StoryTime(milliseconds: eventTime).date(offsetSeconds: TimeZones.seoul)
    let currency = (text(properties["currency"]) ?? "KRW").uppercased()
    guard let rate = currency == "KRW" ? 1 : rate(currency, on: day) else {
      return .failure(Fault(reason: "currency"))
    }
    func inWon(_ value: Decimal?) -> Int64? {
      guard let value else { return nil }
      var exact = value * rate
      var whole = Decimal()
      NSDecimalRound(&whole, &exact, 0, .plain)
      return NSDecimalNumber(decimal: whole).int64Value
    }
    var line = Line(
      address: address, arrival: (receivedAt, Int64(row[4]) ?? .max, Int64(row[3]) ?? .max),
      object: row[0], number: Int(row[1]) ?? 0, day: day)
    line.id = id
    line.preference = Self.names[sentName]
    line.name = line.preference == nil ? sentName : "purchase_completed"
    line.install = text(event["install_id"])
    line.seq = seq
    line.app = text(event["app_id"]) ?? ""
    line.order = text(properties["order_id"])
    line.model = text(event["device_model"])
    line.eventTime = eventTime
    line.price = inWon(price)
    line.amount = inWon(amount)
    return .success(line)
  }

  private func rate(_ currency: String, on day: CivilDate) -> Decimal? {
    rates.filter { $0.currency == currency && $0.day <= day }
      .max { ($0.day, $0.revision) < ($1.day, $1.revision) }?.won
  }

  /// What the shop had published by a moment, from the file itself.
  private static func rates(
    until now: StoryTime
  ) throws -> [(day: CivilDate, currency: String, won: Decimal, revision: Int)] {
    let path = TestWorld.content + "/Datasets/shop/reference/fx_rates.csv"
    let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").dropFirst()
    return try lines.compactMap { line in
      let cells = line.split(separator: ",").map(String.init)
      let published = try #require(EventTimestamp.parse(cells[3]))
      guard published <= now.milliseconds else { return nil }
      return (
        try #require(CivilDate(cells[0])), cells[1], try #require(Decimal(string: cells[2])),
        try #require(Int(cells[4]))
      )
    }
  }
}
