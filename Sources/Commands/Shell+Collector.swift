internal import Collector
internal import CollectorEndpoint
internal import EventModel
internal import KafkaProtocol
internal import Platform
internal import Simulation
internal import Terminal

extension Shell {
  /// `collector status|log|requests|rules|schema|load|kill|archive|replay`.
  func collector(_ words: [String]) throws -> Reply {
    let (action, rest) = try subcommand(words, of: "collector", default: "log")
    if action == "schema" { return try collectorSchema(rest) }
    if action == "replay" { return try replayArchive(rest) }
    try Arguments(rest).allowOnly()
    switch action {
    case "archive": return try collectorArchive()
    case "load": return try collectorLoad()
    case "kill": return try killCollector()
    case "status": return try collectorStatus()
    case "requests": return try collectorRequests()
    case "rules": return try collectorRules()
    default: return try collectorLog()
    }
  }

  /// Whether the door is open, what a 200 means here, and who may send.
  private func collectorStatus() throws -> Reply {
    let platform = try platform()
    let open = server?.collectorPort
    let settings = platform.collector.configuration
    let counts = platform.collector.counts
    let pairs = [
      (text("collector.status.answer"), text("collector.answer.\(settings.answer.rawValue)")),
      (
        text("collector.status.validation"),
        text("collector.validation.\(settings.validation.rawValue)")
      ),
      (text("collector.status.badEvents"), text("collector.bad.\(settings.badEvents.rawValue)")),
      (
        text("collector.status.limits"),
        text(
          "collector.limits",
          [
            "body": NumberText.bytes(Int64(settings.bodyBytesMax)),
            "events": NumberText.grouped(settings.eventsMax),
            "event": NumberText.bytes(Int64(settings.eventBytesMax)),
            "flight": NumberText.bytes(Int64(settings.bytesInFlightMax)),
          ])
      ),
      (
        text("collector.status.counts"),
        text(
          "collector.counts",
          [
            "requests": NumberText.grouped(counts.requests),
            "accepted": NumberText.grouped(counts.accepted),
            "refused": NumberText.grouped(counts.refusedTotal),
            "warned": NumberText.grouped(counts.warned.values.reduce(0, +)),
          ])
      ),
    ]
    let keys = try table(of: "SELECT * FROM system.collector.keys ORDER BY app_id")
    var blocks: [Reply.Block] = [
      .text(open.map { text("collector.open", ["port": String($0)]) } ?? text("collector.closed")),
      .pairs(KeyValueView(pairs)),
    ]
    blocks += keys.blocks
    for refusal in settings.plan?.refusals ?? [] { blocks.append(.text(refused(refusal))) }
    if let open {
      blocks.append(
        .verbatim(
          "  curl -u \(settings.writeKeys.first?.key ?? "KEY"): http://localhost:\(open)/health"))
    }
    return Reply(
      blocks,
      data: .record([
        "port": open.map { .integer(Int64($0)) } ?? .null,
        "records": .integer(try platform.status().logRecords),
        "answer": .string(settings.answer.rawValue),
        "validation": .string(settings.validation.rawValue),
        "bad_events": .string(settings.badEvents.rawValue),
        "requests": .count(counts.requests), "accepted": .count(counts.accepted),
        "refused": .count(counts.refusedTotal),
        "warned": .count(counts.warned.values.reduce(0, +)),
      ])
    )
  }

  private static let loadRowsMax = 40

  /// `collector load`: the last seconds in which requests were turned away or met nobody.
  private func collectorLoad() throws -> Reply {
    let lines = try platform().collector.turnedAway.lines
    guard !lines.isEmpty else {
      return Reply([.text(text("collector.load.none"))], data: .array([]))
    }
    let seconds = Dictionary(grouping: lines, by: \.second).sorted { $0.key < $1.key }
    let statuses = Set(lines.map(\.status)).sorted()
    let shown = seconds.suffix(Self.loadRowsMax)
    func count(_ status: Int, _ lines: [TurnedAway.Line]) -> String {
      let sum = lines.filter { $0.status == status }.reduce(0) { $0 + $1.requests }
      return sum == 0 ? "·" : NumberText.grouped(sum)
    }
    let view = TableView(
      columns: [TableColumn(text("collector.load.second"))]
        + statuses.map { .number($0 == 0 ? text("collector.load.nobody") : String($0)) },
      rows: shown.map { second, lines in
        let time = StoryTime(milliseconds: second)
        return [time.clock(offsetSeconds: TimeZones.seoul)] + statuses.map { count($0, lines) }
      })
    var blocks: [Reply.Block] = [.table(view)]
    if seconds.count > shown.count {
      blocks.append(
        .text(
          text(
            "collector.load.more",
            [
              "shown": NumberText.grouped(shown.count), "all": NumberText.grouped(seconds.count),
            ])))
    }
    return Reply(
      blocks,
      data: .array(
        lines.map {
          .record([
            "second": .string(StoryTime(milliseconds: $0.second).iso8601),
            "status": .count($0.status), "requests": .count($0.requests),
          ])
        }))
  }

  /// `collector kill`: the process dies as by kill -9, and is back at once.
  private func killCollector() throws -> Reply {
    let lost = try platform().collector.kill()
    return Reply(
      [
        .text(
          text(
            lost == 0 ? "collector.killed.nothing" : "collector.killed",
            ["count": NumberText.grouped(lost)]))
      ], data: .record(["lost_requests": .count(lost)]))
  }

  /// The requests one by one, the latest last.
  private func collectorRequests() throws -> Reply {
    let reply = try table(
      of: """
        SELECT * FROM (
          SELECT "time", status, code, app_id, accepted, refused, warned, body_bytes
          FROM system.collector.requests ORDER BY "time" DESC LIMIT 20)
        ORDER BY "time"
        """)
    guard case .array(let rows)? = reply.data["rows"], rows.isEmpty else { return reply }
    return Reply([.text(text("collector.log.empty"))], data: reply.data)
  }

  /// What the collector checks, what each rule means, and how often it was met.
  private func collectorRules() throws -> Reply {
    let counts = try platform().collector.counts
    let codes = RefusalCode.allCases
    return Reply(
      [
        .table(
          TableView(
            columns: [
              TableColumn(text("collector.column.rule")),
              .number(text("collector.column.refused")),
              .number(text("collector.column.warned")),
              TableColumn(text("collector.column.meaning")),
            ],
            rows: codes.map { code in
              [
                code.rawValue, NumberText.grouped(counts.refused[code] ?? 0),
                NumberText.grouped(counts.warned[code] ?? 0), text("refusal." + code.rawValue),
              ]
            }
          )
        )
      ],
      data: .array(
        codes.map { code in
          .record([
            "code": .string(code.rawValue), "refused": .count(counts.refused[code] ?? 0),
            "warned": .count(counts.warned[code] ?? 0),
            "meaning": .string(text("refusal." + code.rawValue)),
          ])
        }))
  }

  /// The last requests, and under each the address that every accepted event got.
  private func collectorLog() throws -> Reply {
    let traces = try platform().collector.recentRequests.suffix(8)
    guard !traces.isEmpty else { return Reply([.text(text("collector.log.empty"))]) }
    let lines = traces.flatMap { trace -> [String] in
      let head = text(
        "collector.log.request",
        [
          "time": trace.time.clock(offsetSeconds: TimeZones.seoul),
          "status": String(trace.status), "accepted": String(trace.accepted),
          "refused": String(trace.refused),
        ])
      return ["  " + head]
        + trace.events.suffix(5).map {
          "      \($0.eventID.prefix(8))   \($0.partition.topic) "
            + "\($0.partition.partition):\($0.offset.rawValue)"
        }
    }
    return Reply(
      [.verbatim(lines.joined(separator: "\n"))],
      data: .array(
        traces.map { trace in
          .record([
            "time": .string(trace.time.iso8601), "status": .count(trace.status),
            "accepted": .count(trace.accepted), "refused": .count(trace.refused),
            "events": .array(
              trace.events.map {
                .record([
                  "event_id": .string($0.eventID), "topic": .string($0.partition.topic),
                  "partition": .integer(Int64($0.partition.partition)),
                  "offset": .integer($0.offset.rawValue),
                ])
              }),
          ])
        }))
  }
}
