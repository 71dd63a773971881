internal import Collector
internal import EventModel
internal import Platform
internal import Simulation
internal import Terminal

extension Shell {
  /// `collector archive`: how many events the raw archive keeps, by the hour of their arrival.
  func collectorArchive() throws -> Reply {
    guard try platform().collector.archive != nil else { throw CommandError(.noArchive) }
    let reply = try table(
      of: """
        SELECT date_format(append_time AT TIME ZONE 'Asia/Seoul', '%Y-%m-%d %H:00') AS hour_kst,
          count(*) AS events
        FROM system.collector.archive GROUP BY 1 ORDER BY 1
        """)
    let isOn = try platform().collector.configuration.keepsRawArchive
    return Reply(
      reply.blocks + [.text(text(isOn ? "collector.archive.on" : "collector.archive.off"))],
      data: reply.data)
  }

  /// `collector replay --from TIME --until TIME [--dry-run]`: events of the archive into Kafka again.
  func replayArchive(_ words: [String]) throws -> Reply {
    let arguments = try Arguments(words, flags: ["dry-run"])
    try arguments.allowOnly("from", "until", "dry-run")
    let platform = try platform()
    guard let from = arguments.options["from"], let until = arguments.options["until"] else {
      throw CommandError(
        .missingArgument,
        [
          "command": "collector replay",
          "usage": "collector replay --from 2024-01-15T14:00 --until 2024-01-15T16:00 --dry-run",
        ])
    }
    let start = try Shell.moment(from, now: platform.now)
    let end = try Shell.moment(until, now: platform.now)
    guard start < end else {
      throw CommandError(.emptySpan, ["from": from, "until": until])
    }
    let isDryRun = arguments.options["dry-run"] != nil
    guard
      let replay = try platform.collector.replayArchive(from: start, until: end, isDryRun: isDryRun)
    else { throw CommandError(.noArchive) }
    let hours = replay.hours.sorted { $0.key < $1.key }.map { hour, count in
      (storyText(StoryTime(milliseconds: hour)), count)
    }
    var blocks: [Reply.Block] = []
    if !hours.isEmpty {
      blocks.append(
        .table(
          TableView(
            columns: [
              TableColumn(text("collector.archive.hour")),
              .number(text("collector.archive.events")),
            ], rows: hours.map { [$0.0, NumberText.grouped($0.1)] })))
    }
    blocks.append(
      .text(
        text(
          replay.records == 0
            ? "collector.replay.none"
            : isDryRun ? "collector.replay.dry" : "collector.replay.done",
          ["count": NumberText.grouped(replay.records)])))
    return Reply(
      blocks,
      data: .record([
        "executed": .bool(!isDryRun), "events": .count(replay.records),
        "hours": .array(
          replay.hours.sorted { $0.key < $1.key }.map { hour, count in
            .record([
              "hour": .string(StoryTime(milliseconds: hour).iso8601), "events": .count(count),
            ])
          }),
      ]))
  }
}
