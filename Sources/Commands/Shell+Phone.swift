internal import EventModel
internal import Platform
internal import Simulation
internal import Terminal

extension Shell {
  /// `app track|queue|flush|background|log|network|clock|kill|upgrade|config|consent`: the learner's own
  /// phone; `app rollout|devices`: everybody else's.
  func app(_ words: [String]) throws -> Reply {
    let (action, rest) = try subcommand(words, of: "app")
    switch action {
    case "track": return try track(rest)
    case "queue" where Shell.asksOfTheCrowd(rest): return try crowdQueue(rest)
    case "queue": return try phoneEvents(state: .queued, empty: "app.queue.empty")
    case "log" where rest == ["--requests"]: return try phoneRequests()
    case "clock": return try phoneClock(rest)
    case "kill": return try killApp(rest)
    case "upgrade": return try upgradeApp(rest)
    case "config": return try phoneConfiguration()
    case "consent": return try phoneConsent(rest)
    case "log": return try phoneEvents(state: nil, empty: "app.log.empty")
    case "network": return try network(rest)
    case "outage": return try outage(rest)
    case "rollout": return try rollout()
    case "devices": return try devices()
    default: return try send(action)
    }
  }

  private func track(_ words: [String]) throws -> Reply {
    let arguments = try Arguments(words)
    try arguments.allowOnly()
    if arguments.positions.count > 1 {
      throw CommandError(.notAPair, ["word": arguments.positions[1]])
    }
    guard let name = arguments.positions.first else {
      throw CommandError(
        .missingArgument,
        ["command": "app track", "usage": text("help.app.usage")]
      )
    }
    let platform = try platform()
    let properties = arguments.pairs.map {
      JSONMember(key: $0.key, value: Shell.propertyValue($0.value))
    }
    let event = try platform.phone.track(name, properties: properties)
    // The phone sends what the code gave it; a price that is text becomes NULL much later.
    let texts = properties.filter { member in
      guard case .string = member.value else { return false }
      return ["price", "amount", "quantity"].contains(member.key)
    }
    return Reply(
      [
        .text(
          text(
            "app.track.done",
            [
              "id": String(event.eventID.prefix(8)),
              "time": event.eventTime.clock(offsetSeconds: TimeZones.seoul),
            ]
          )
        )
      ]
        + texts.map { .text(text("app.track.asText", ["name": $0.key])) },
      data: event.json
    )
  }

  /// `29900` is a number, `true` a boolean, `"29900"` in quotes and everything else text.
  static func propertyValue(_ text: String) -> JSONValue {
    if let integer = Int64(text), String(integer) == text { return .integer(integer) }
    if text == "true" || text == "false" { return .bool(text == "true") }
    if text == "null" { return .null }
    return .string(text)
  }

  private func phoneEvents(state: PhoneEvent.State?, empty: String) throws -> Reply {
    let platform = try platform()
    let events = platform.phone.events().filter { state == nil || $0.state == state }
    let data = JSONValue.array(events.map(\.json))
    guard !events.isEmpty else { return Reply([.text(text(empty))], data: data) }
    let table = TableView(
      columns: [
        .number("SEQ"), TableColumn("EVENT_ID"), TableColumn("EVENT_NAME"),
        TableColumn("EVENT_TIME"), TableColumn(text("app.column.state")),
      ],
      rows: events.map {
        [
          String($0.seq), String($0.eventID.prefix(8)), $0.eventName,
          $0.eventTime.clock(offsetSeconds: TimeZones.seoul),
          text("app.state." + $0.state.rawValue),
        ]
      }
    )
    var blocks: [Reply.Block] = [.table(table)]
    if state == .queued {
      blocks.append(
        .text(
          text(
            "app.queue.rule",
            [
              "count": String(platform.phone.flushAt),
              "seconds": String(platform.phone.flushIntervalSeconds),
            ]
          )
        )
      )
    }
    return Reply(blocks, data: data)
  }

  private func send(_ action: String) throws -> Reply {
    let platform = try platform()
    let sent =
      try action == "background" ? platform.phone.enterBackground() : platform.phone.flush()
    let waiting = try platform.phone.queueCount()
    if sent.isEmpty, waiting > 0, !platform.phone.isOnline {
      return Reply(
        [.text(text("app.send.offline", ["count": String(waiting)]))], data: .array([]))
    }
    return deliveries(sent)
  }

  /// One line for each request.
  func deliveries(_ sent: [PhoneDelivery]) -> Reply {
    let data = JSONValue.array(
      sent.map {
        .record([
          "events": .count($0.events), "bytes": .count($0.bytes),
          "status": .count($0.status), "refused": .count($0.refused),
          "queued": .count($0.queuedAfter),
        ])
      }
    )
    guard !sent.isEmpty else { return Reply([.text(text("app.send.nothing"))], data: data) }
    var blocks: [Reply.Block] = []
    for delivery in sent {
      let values = [
        "events": String(delivery.events), "bytes": NumberText.bytes(Int64(delivery.bytes)),
        "status": String(delivery.status), "queued": String(delivery.queuedAfter),
        "refused": String(delivery.refused),
      ]
      let key = delivery.status == 0 ? "app.send.silent" : "app.send.failed"
      blocks.append(.text(text(delivery.status == 200 ? "app.send.done" : key, values)))
      if delivery.refused > 0 { blocks.append(.text(text("app.send.refused", values))) }
    }
    return Reply(blocks, data: data)
  }
}

extension PhoneEvent {
  var json: JSONValue {
    .record([
      "event_id": .string(eventID), "seq": .integer(seq), "event_name": .string(eventName),
      "event_time": .string(eventTime.iso8601), "state": .string(state.rawValue),
    ])
  }
}
