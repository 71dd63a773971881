// `path run`: the same twenty purchases on each of the ways to a number, and when they stood there.
//
// The purchases leave the learner's phone at one moment of the story. Then the clock goes on, from full
// hour to full hour, until the warehouse has them; every way is asked at each stop.

internal import EventModel
internal import Platform
internal import Simulation
internal import Terminal
internal import TrinoSQL

extension Shell {
  private static let pathPurchases = 20
  /// The nightly run comes within a day; a later one means that it failed.
  private static let pathHoursMax = 30

  /// One way from the log to a number.
  private enum PathWay: String, CaseIterable {
    case live, lake, batch, streaming, history

    /// Ways that this pipeline does not have.
    var isMissing: Bool { self == .streaming || self == .history }
  }

  /// What was seen of the purchases on a way, and when for the first time.
  private struct PathSight {
    var seen = 0
    var at: StoryTime?
  }

  /// `path run [all]`: twenty purchases, and when each way shows them.
  func path(_ words: [String]) throws -> Reply {
    let (_, rest) = try subcommand(words, of: "path", default: "run")
    let arguments = try Arguments(rest)
    try arguments.allowOnly()
    if let word = arguments.positions.first, word.lowercased() != "all" {
      throw CommandError(
        .badChoice, ["option": "path run", "value": word, "known": "all"])
    }
    let platform = try platform()
    let before = try livePurchases(platform)
    for number in 1...Self.pathPurchases {
      _ = try app([
        "track", "purchase_completed", "product_id=SKU9\(900 + number)", "price=29900",
      ])
    }
    _ = try app(["background"])
    let ids = platform.phone.events().suffix(Self.pathPurchases).map(\.eventID)
    let sent = platform.now
    var sights: [PathWay: PathSight] = [:]
    func look() throws {
      for way in PathWay.allCases where !way.isMissing && sights[way]?.at == nil {
        let seen = try purchases(ids, on: way, before: before, platform)
        if seen > 0 { sights[way] = PathSight(seen: seen, at: platform.now) }
      }
    }
    try look()
    Interrupt.clear()
    var hours = 0
    while sights[.batch]?.at == nil, hours < Self.pathHoursMax, !Interrupt.isRequested {
      _ = try platform.advance(
        to: Self.nextFullHour(platform.now), isCancelled: { Interrupt.isRequested })
      hours += 1
      try look()
    }
    return pathReply(sights, sent: sent, stoppedEarly: Interrupt.isRequested)
  }

  private static func nextFullHour(_ now: StoryTime) -> StoryTime {
    StoryTime(milliseconds: (now.milliseconds / 3_600_000 + 1) * 3_600_000)
  }

  private func purchases(
    _ ids: [String], on way: PathWay, before: Int, _ platform: Platform
  ) throws -> Int {
    let list = ids.map { "'\($0)'" }.joined(separator: ", ")
    switch way {
    // The tile counts and names nobody: what it has more at the moment of sending is these.
    case .live: return max(0, try livePurchases(platform) - before)
    case .lake:
      return try number(
        "SELECT count(DISTINCT event_id) FROM lake.bronze.events WHERE event_id IN (\(list))",
        platform)
    case .batch:
      return try number(
        "SELECT count(DISTINCT event_id) FROM warehouse.mart.fact_purchase "
          + "WHERE event_id IN (\(list))", platform)
    case .streaming, .history: return 0
    }
  }

  private func livePurchases(_ platform: Platform) throws -> Int {
    try number("SELECT coalesce(sum(purchases), 0) FROM live.metrics.daily", platform)
  }

  private func number(_ sql: String, _ platform: Platform) throws -> Int {
    let result = try platform.engine.execute(sql, session: platform.session())
    return result.rows().first.flatMap { Int(result.text($0[0], column: 0)) } ?? 0
  }

  private func pathReply(
    _ sights: [PathWay: PathSight], sent: StoryTime, stoppedEarly: Bool
  ) -> Reply {
    let rows = PathWay.allCases.map { way -> [String] in
      let sight = sights[way] ?? PathSight()
      let name = text("path.\(way.rawValue)")
      let way = text("path.\(way.rawValue).way")
      guard let at = sight.at else { return [name, "-", "-", way] }
      return [name, delayText(from: sent, to: at), "\(sight.seen)/\(Self.pathPurchases)", way]
    }
    let view = TableView(
      columns: [
        TableColumn(text("path.column.path")), .number(text("path.column.delay")),
        .number(text("path.column.seen")), TableColumn(text("path.column.way")),
      ], rows: rows)
    var blocks: [Reply.Block] = [
      .text(
        text(
          "path.sent",
          ["count": String(Self.pathPurchases), "time": storyText(sent)])),
      .table(view), .text(text(stoppedEarly ? "path.stopped" : "path.note")),
    ]
    if let now = try? platform().now { blocks.append(.text(text("path.now", ["time": storyText(now)]))) }
    return Reply(
      blocks,
      data: .record([
        "sent": .string(sent.iso8601),
        "paths": .array(
          PathWay.allCases.map { way in
            let sight = sights[way] ?? PathSight()
            return .record([
              "path": .string(way.rawValue), "exists": .bool(!way.isMissing),
              "seen": .count(sight.seen), "first_seen": .optional(sight.at?.iso8601),
              "delay_seconds": sight.at.map {
                .integer(($0.milliseconds - sent.milliseconds) / 1_000)
              } ?? .null,
            ])
          }),
      ]))
  }

  private func delayText(from start: StoryTime, to end: StoryTime) -> String {
    let minutes = (end.milliseconds - start.milliseconds) / 60_000
    if minutes == 0 { return text("path.delay.seconds") }
    if minutes < 60 { return text("path.delay.minutes", ["minutes": String(minutes)]) }
    return text(
      "path.delay.hours", ["hours": String(minutes / 60), "minutes": String(minutes % 60)])
  }
}
