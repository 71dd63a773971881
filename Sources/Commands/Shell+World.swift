internal import ETL
internal import EventModel
internal import Foundation
internal import LakeIngest
internal import Platform
internal import Simulation
internal import Terminal

extension Shell {
  /// `1월 16일(화) 09:10`, as a Korean wall clock shows it.
  func storyText(_ time: StoryTime) -> String {
    let date = time.date(offsetSeconds: TimeZones.seoul)
    let clock = time.clock(offsetSeconds: TimeZones.seoul)
    return text(
      "clock.moment",
      [
        "month": String(date.parts.month), "day": String(date.parts.day),
        "weekday": text("clock.weekday.\(date.weekday)"),
        "time": clock.hasSuffix(":00") ? String(clock.prefix(5)) : clock,
      ]
    )
  }

  /// `clock`, `clock +1h`, `clock 2024-01-17T09:00+09:00`.
  func clock(_ words: [String]) throws -> Reply {
    let arguments = try Arguments(words)
    try arguments.allowOnly()
    let platform = try platform()
    guard let word = arguments.positions.first else {
      return Reply(
        [.text(storyText(platform.now))],
        data: .record(["now": .string(platform.now.iso8601)])
      )
    }
    let target = try Shell.moment(word, now: platform.now)
    guard target >= platform.now else { throw CommandError(.clockBackwards) }
    let progress = clockProgress(from: platform.now, to: target)
    let start = platform.now
    var summary: Platform.Advance?
    Interrupt.clear()
    // An hour at a time, so that Ctrl-C stops between two hours and the progress shows.
    while platform.now < target, !Interrupt.isRequested {
      let step = min(target, platform.now.adding(seconds: 6 * 3_600))
      let part = try platform.advance(to: step, isCancelled: { Interrupt.isRequested })
      summary = summary?.followed(by: part) ?? part
      progress?.update((platform.now.milliseconds - start.milliseconds) / 3_600_000)
    }
    progress?.finish()
    let done = summary ?? Platform.Advance(from: platform.now, to: platform.now)
    return clockReply(done, stoppedEarly: platform.now < target)
  }

  private func clockProgress(from: StoryTime, to: StoryTime) -> ProgressLine? {
    let hours = (to.milliseconds - from.milliseconds) / 3_600_000
    guard hours > 24, output.isInteractive else { return nil }
    return ProgressLine(
      text("clock.running"), total: hours, unit: text("clock.hours"),
      remaining: text("progress.remaining", ["time": "{time}"]), to: output)
  }

  private func clockReply(_ done: Platform.Advance, stoppedEarly: Bool) -> Reply {
    var blocks: [Reply.Block] = [.text(heading(storyText(done.to)))]
    if stoppedEarly { blocks.append(.text(text("clock.stopped"))) }
    if done.delivered > 0 {
      blocks.append(
        .text(text("clock.delivered", ["count": NumberText.grouped(done.delivered)]))
      )
    }
    for gap in done.gaps {
      blocks.append(
        .text(
          text(
            "clock.gap",
            [
              "partition": String(gap.partition), "expected": String(gap.expected),
              "resumed": String(gap.resumedAt),
            ]
          )
        )
      )
    }
    let nightly = done.instances.filter { $0.dag != "ingest" || $0.state == .failed }
    let archived = done.instances.filter { $0.dag == "ingest" }
    if !archived.isEmpty {
      blocks.append(
        .text(
          text(
            "clock.archived",
            [
              "runs": String(archived.count),
              "rows": NumberText.grouped(archived.reduce(0) { $0 + $1.rows }),
            ]
          )
        )
      )
    }
    blocks += instanceBlocks(nightly.suffix(20))
    return Reply(
      blocks,
      data: .record([
        "now": .string(done.to.iso8601), "delivered": .count(done.delivered),
        "tasks": Shell.json(done.instances),
      ])
    )
  }

  /// `+90s`, `+5m`, `+1h`, `+2d`, or a time with a zone; a bare date and time is Korean.
  static func moment(_ word: String, now: StoryTime) throws -> StoryTime {
    if word.hasPrefix("-") { throw CommandError(.clockBackwards) }
    if word.hasPrefix("+") {
      let units: [Character: Int] = ["s": 1, "m": 60, "h": 3_600, "d": 86_400]
      guard let unit = word.last.flatMap({ units[$0] }),
        let count = Int(word.dropFirst().dropLast()),
        count >= 0, count <= 366 * 86_400 / unit
      else { throw CommandError(.badDuration, ["text": word]) }
      return now.adding(seconds: count * unit)
    }
    for suffix in ["", "+09:00", ":00+09:00", "T00:00+09:00"] {
      if let time = EventTimestamp.parse(word + suffix) { return StoryTime(milliseconds: time) }
    }
    throw CommandError(.badDuration, ["text": word])
  }

  /// `status`: the whole path with the counts that each station has.
  func status() throws -> Reply {
    let platform = try platform()
    let status = try platform.status()
    func number(_ value: Int64) -> String { NumberText.grouped(value) }
    let partitions = status.logPartitions.enumerated().map { "\($0): \(number($1))" }
      .joined(separator: ", ")
    let stations: [(String, String, String?)] = [
      (
        text("station.phone"), text("status.phone", ["count": String(status.phoneQueue)]),
        "POST /v1/events"
      ),
      (
        text("station.collector"),
        text("status.collector", ["count": number(status.deadLetters)]), nil
      ),
      (
        text("station.kafka"),
        text("status.kafka", ["count": number(status.logRecords), "partitions": partitions]),
        text("status.lag", ["count": number(status.lag)])
      ),
      (
        text("station.bronze"),
        text(
          "status.bronze",
          [
            "objects": NumberText.grouped(status.bronzeObjects),
            "lines": NumberText.grouped(status.bronzeLines),
          ]
        ), text("status.nightly")
      ),
      (
        text("station.silver"), text("status.rows", ["count": number(status.silverRows)]), nil
      ),
      (text("station.gold"), text("status.rows", ["count": number(status.goldRows)]), nil),
      (
        text("station.warehouse"), text("status.rows", ["count": number(status.factRows)]), nil
      ),
      (text("station.dashboard"), text("status.dashboard"), nil),
    ]
    let wide = stations.map { TextWidth.columns($0.0) }.max() ?? 0
    var lines: [String] = []
    for (index, station) in stations.enumerated() {
      lines.append("  " + TextWidth.pad(station.0, to: wide + 3) + station.1)
      if index == 2 { lines.append("    |   \\--> " + text("status.live")) }
      guard index < stations.count - 1 else { break }
      lines.append("    |" + (station.2.map { "   " + $0 } ?? ""))
    }
    return Reply(
      [.text(heading(storyText(platform.now))), .verbatim(lines.joined(separator: "\n"))],
      data: .record([
        "now": .string(platform.now.iso8601), "phone_queue": .count(status.phoneQueue),
        "kafka_records": .integer(status.logRecords),
        "kafka_partitions": .array(status.logPartitions.map(JSONValue.integer)),
        "dead_letters": .integer(status.deadLetters), "ingest_lag": .integer(status.lag),
        "bronze_objects": .count(status.bronzeObjects), "bronze_lines": .count(status.bronzeLines),
        "silver_rows": .integer(status.silverRows), "gold_rows": .integer(status.goldRows),
        "fact_rows": .integer(status.factRows),
      ])
    )
  }

  func heading(_ text: String) -> String { output.style.apply(.heading, text) }

  func pairs(_ rows: [(String, String)]) -> KeyValueView { KeyValueView(rows, indent: 2) }
}
