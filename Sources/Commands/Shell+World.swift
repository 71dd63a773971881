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
    return Reply(
      [
        .text(heading(storyText(platform.now))),
        .drawing(Diagram(stations: stations(status), texts: catalogue)),
        .text(""),
        .text("  " + text("status.live")),
        .text("  " + text("status.gold", ["count": NumberText.grouped(status.goldRows)])),
      ] + logLine(platform),
      data: .record([
        "log": logData(platform), "now": .string(platform.now.iso8601),
        "phone_queue": .count(status.phoneQueue),
        "kafka_records": .integer(status.logRecords),
        "kafka_partitions": .array(status.logPartitions.map(JSONValue.integer)),
        "dead_letters": .integer(status.deadLetters), "ingest_lag": .integer(status.lag),
        "bronze_objects": .count(status.bronzeObjects), "bronze_lines": .count(status.bronzeLines),
        "silver_rows": .integer(status.silverRows), "gold_rows": .integer(status.goldRows),
        "fact_rows": .integer(status.factRows),
      ])
    )
  }

  /// Which log answers, where it is not the one that everybody begins with.
  private func logLine(_ platform: Platform) -> [Reply.Block] {
    guard case .kafka(let servers, let id, let library) = platform.logAnswer else { return [] }
    return [
      .text(
        "  "
          + text(
            "status.log.kafka", ["servers": servers, "cluster": id ?? "-", "library": library]))
    ]
  }

  private func logData(_ platform: Platform) -> JSONValue {
    guard case .kafka(let servers, let id, let library) = platform.logAnswer else {
      return .record([
        "engine": .string("embedded"), "servers": .null, "cluster": .null, "library": .null,
      ])
    }
    return .record([
      "engine": .string("kafka"), "servers": .string(servers),
      "cluster": id.map(JSONValue.string) ?? .null, "library": .string(library),
    ])
  }

  /// The path of an event as a chain; on each arrow what has passed it and is still kept.
  private func stations(_ status: Platform.Status) -> [Diagram.Station] {
    func count(_ key: String, _ value: Int64) -> String {
      text(key, ["count": NumberText.grouped(value)])
    }
    let partitions = status.logPartitions.enumerated().map {
      text(
        "status.partition",
        ["partition": String($0.offset), "count": NumberText.grouped($0.element)])
    }
    func station(_ name: String, _ details: [String], _ outflow: String = "") -> Diagram.Station {
      Diagram.Station(text("station." + name), details: details, outflow: outflow)
    }
    return [
      station(
        "phone", [count("status.phone", Int64(status.phoneQueue))],
        count("status.events", status.logRecords + status.deadLetters)),
      station(
        "collector", [count("status.collector", status.deadLetters)],
        count("status.events", status.logRecords)),
      station(
        "kafka", ["app-events"] + partitions,
        count("status.events", Int64(status.bronzeLines))),
      station(
        "bronze",
        [
          count("status.objects", Int64(status.bronzeObjects)), count("status.lag", status.lag),
          text("status.hourly"),
        ],
        count("status.rows", status.silverRows)),
      station("silver", [text("status.nightly")], count("status.rows", status.factRows)),
      station("warehouse", ["fact_purchase", text("status.nightly")]),
      station("dashboard", ["dash show"]),
    ]
  }

  func heading(_ text: String) -> String { output.style.apply(.heading, text) }

  func pairs(_ rows: [(String, String)]) -> KeyValueView { KeyValueView(rows, indent: 2) }
}
