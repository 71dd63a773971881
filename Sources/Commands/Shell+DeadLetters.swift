internal import Collector
internal import EventModel
internal import KafkaProtocol
internal import Platform
internal import Simulation
internal import Terminal

extension Shell {
  /// `dlq list|show|fix|replay`: the refused events, and the way back.
  func deadLetters(_ words: [String]) throws -> Reply {
    let (action, rest) = try subcommand(words, of: "dlq", default: "list")
    switch action {
    case "show": return try showDeadLetter(rest)
    case "fix": return try fixDeadLetter(rest)
    case "replay": return try replayDeadLetters(rest)
    default: return try listDeadLetters(rest)
    }
  }

  private func listDeadLetters(_ words: [String]) throws -> Reply {
    let arguments = try Arguments(words)
    try arguments.allowOnly("reason")
    let reason = arguments.options["reason"]
    let filter = reason.map { " WHERE reason = '\($0.replacing("'", with: "''"))'" } ?? ""
    let reply = try table(of: "SELECT * FROM system.collector.dead_letters" + filter)
    let letters = try platform().collector.deadLetters().filter {
      reason == nil || $0.reason == reason
    }
    guard !letters.isEmpty else { return Reply([.text(text("dlq.empty"))], data: reply.data) }
    var counts: [String: (all: Int, open: Int)] = [:]
    for letter in letters {
      let code = letter.reason ?? "-"
      counts[code, default: (0, 0)].all += 1
      if letter.replayed == nil { counts[code, default: (0, 0)].open += 1 }
    }
    var blocks: [Reply.Block] = [
      .table(
        TableView(
          columns: [
            TableColumn(text("dlq.column.reason")), .number(text("dlq.column.count")),
            .number(text("dlq.column.open")), TableColumn(text("collector.column.meaning")),
          ],
          rows: counts.sorted { $0.key < $1.key }.map { code, count in
            [
              code, NumberText.grouped(count.all), NumberText.grouped(count.open),
              meaning(of: code),
            ]
          })),
      .table(
        TableView(
          columns: [
            .number("OFFSET"), TableColumn(text("dlq.column.time")),
            TableColumn(text("dlq.column.reason")), TableColumn(text("dlq.column.field")),
            TableColumn(text("dlq.column.state")),
          ],
          rows: letters.suffix(20).map { letter in
            [
              String(letter.offset.rawValue),
              StoryTime(milliseconds: letter.time).clock(offsetSeconds: TimeZones.seoul),
              letter.reason ?? "-", letter.field ?? "-", state(of: letter),
            ]
          })),
    ]
    if letters.count > 20 {
      blocks.append(
        .text(text("dlq.hidden", ["count": NumberText.grouped(letters.count - 20)])))
    }
    blocks.append(.text(text("dlq.next")))
    return Reply(blocks, data: reply.data)
  }

  private func meaning(of code: String) -> String {
    RefusalCode(rawValue: code) == nil ? "-" : text("refusal." + code)
  }

  private func state(of letter: DeadLetter) -> String {
    if let (partition, offset) = letter.replayed {
      return text(
        "dlq.state.replayed",
        ["address": "\(partition.topic) \(partition.partition):\(offset.rawValue)"])
    }
    return text(letter.fixed == nil ? "dlq.state.open" : "dlq.state.fixed")
  }

  private func offset(_ arguments: Arguments, usage: String) throws -> Int64 {
    guard let word = arguments.positions.first else {
      throw CommandError(.missingArgument, ["command": usage, "usage": text("help.dlq.usage")])
    }
    guard let offset = Int64(word), offset >= 0 else {
      throw CommandError(.badNumber, ["option": "OFFSET", "value": word, "low": "0", "high": String(Int64.max)])
    }
    return offset
  }

  private func showDeadLetter(_ words: [String]) throws -> Reply {
    let arguments = try Arguments(words)
    try arguments.allowOnly()
    let letter = try platform().collector.deadLetter(
      at: try offset(arguments, usage: "dlq show"))
    return show(letter)
  }

  private func show(_ letter: DeadLetter) -> Reply {
    let plain = String(decoding: letter.bytes, as: UTF8.self)
    var pairs = [
      (text("dlq.column.reason"), letter.reason ?? "-"),
      (text("collector.column.meaning"), meaning(of: letter.reason ?? "-")),
      (text("dlq.column.field"), letter.field ?? "-"),
      (
        text("dlq.column.time"),
        StoryTime(milliseconds: letter.time).clock(offsetSeconds: TimeZones.seoul)
      ),
      (text("dlq.column.state"), state(of: letter)),
    ]
    if letter.isMasked || letter.isCut { pairs.append(("", text("dlq.notWhole"))) }
    return Reply(
      [
        .pairs(KeyValueView(pairs)),
        .verbatim("  " + TextWidth.truncate(TextWidth.printable(plain), to: 2_000)),
      ],
      data: .record([
        "offset": .integer(letter.offset.rawValue), "reason": .optional(letter.reason),
        "field": .optional(letter.field), "message": .optional(letter.message),
        "payload": .string(plain), "is_fixed": .bool(letter.fixed != nil),
        "replayed_to": letter.replayed.map {
          .string("\($0.partition.topic) \($0.partition.partition):\($0.offset.rawValue)")
        } ?? .null,
      ]))
  }

  private func fixDeadLetter(_ words: [String]) throws -> Reply {
    let arguments = try Arguments(words)
    try arguments.allowOnly()
    let offset = try offset(arguments, usage: "dlq fix")
    guard !arguments.pairs.isEmpty else {
      throw CommandError(.missingArgument, ["command": "dlq fix", "usage": text("help.dlq.usage")])
    }
    let changes = arguments.pairs.map { pair in
      let value = Array(pair.value.utf8).withUnsafeBytes { try? JSONValue(parsing: $0) }
      return (path: pair.key, value: value ?? .string(pair.value))
    }
    let letter = try platform().collector.fixDeadLetter(at: offset, changes)
    let shown = show(letter)
    return Reply(shown.blocks + [.text(text("dlq.fixed", ["offset": String(offset)]))], data: shown.data)
  }

  private func replayDeadLetters(_ words: [String]) throws -> Reply {
    let arguments = try Arguments(words, flags: ["all"])
    try arguments.allowOnly("reason", "all")
    let reason = arguments.options["reason"]
    let isAll = arguments.options["all"] != nil
    let wanted: Int64?
    if reason == nil, !isAll {
      wanted = try offset(arguments, usage: "dlq replay")
      _ = try wanted.map { try platform().collector.deadLetter(at: $0) }
    } else {
      wanted = nil
    }
    let outcomes = try platform().collector.replayDeadLetters { letter in
      if let wanted { return letter.offset.rawValue == wanted }
      return isAll || letter.reason == reason
    }
    guard !outcomes.isEmpty else { return Reply([.text(text("dlq.replay.none"))], data: .array([])) }
    var accepted = 0
    let rows = outcomes.map { outcome -> [String] in
      if case .accepted = outcome.result { accepted += 1 }
      return [String(outcome.letter.offset.rawValue), said(outcome.result)]
    }
    return Reply(
      [
        .table(
          TableView(
            columns: [.number("OFFSET"), TableColumn(text("dlq.column.state"))],
            rows: Array(rows.suffix(40)))),
        .text(
          text(
            "dlq.replay.done",
            [
              "accepted": NumberText.grouped(accepted),
              "others": NumberText.grouped(outcomes.count - accepted),
            ])),
      ],
      data: .array(
        outcomes.map { outcome in
          .record([
            "offset": .integer(outcome.letter.offset.rawValue),
            "result": .string(Self.name(outcome.result)),
          ])
        }))
  }

  private func said(_ result: ReplayOutcome.Result) -> String {
    switch result {
    case .accepted(let partition, let offset):
      text(
        "dlq.state.replayed",
        ["address": "\(partition.topic) \(partition.partition):\(offset.rawValue)"])
    case .alreadyThere(let partition, let offset):
      text(
        "dlq.state.already",
        ["address": "\(partition.topic) \(partition.partition):\(offset.rawValue)"])
    case .refused(let code, _):
      text("dlq.state.refused", ["reason": code.rawValue, "meaning": meaning(of: code.rawValue)])
    case .notWhole: text("dlq.notWhole")
    }
  }

  private static func name(_ result: ReplayOutcome.Result) -> String {
    switch result {
    case .accepted: "accepted"
    case .alreadyThere: "already_there"
    case .refused(let code, _): code.rawValue
    case .notWhole: "not_whole"
    }
  }
}
