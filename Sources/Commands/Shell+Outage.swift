internal import EventModel
internal import EventSDK
internal import Platform
internal import Terminal

extension Shell {
  /// `app outage [60s] [--phones 500] [--jitter none|equal|full] [--factor 2]`: how many phones come
  /// back in which second, by the pipeline's own rules or with other ones. Changes nothing.
  func outage(_ words: [String]) throws -> Reply {
    let arguments = try Arguments(words)
    try arguments.allowOnly("phones", "jitter", "factor")
    var seconds = 60
    if let word = arguments.positions.first {
      guard arguments.positions.count == 1,
        let milliseconds = Shell.clockOffset(word.hasPrefix("+") ? word : "+" + word),
        (1...OutageDrill.outageSecondsMax).contains(Int(milliseconds / 1_000))
      else {
        throw CommandError(.badDuration, ["text": arguments.positions.joined(separator: " ")])
      }
      seconds = Int(milliseconds / 1_000)
    }
    let phones = try arguments.integer("phones", in: 1...OutageDrill.phonesMax) ?? 500
    var configuration = try platform().sdk.current.configuration
    configuration.flushAt = 1
    if let word = arguments.options["jitter"] {
      guard let jitter = Backoff.Jitter(rawValue: word) else {
        throw CommandError(
          .badChoice, ["option": "--jitter", "value": word, "known": "none, equal, full"])
      }
      configuration.backoff.jitter = jitter
    }
    if let factor = try arguments.integer("factor", in: 1...100) {
      configuration.backoff.factorPercent = factor * 100
    }
    let drill = OutageDrill(configuration, phones: phones, seconds: seconds)
    return Reply(
      [
        .text(
          text(
            "app.outage.head",
            ["phones": NumberText.grouped(phones), "seconds": NumberText.grouped(seconds)])),
        .drawing(outageBars(drill)),
        .text(
          drill.lastServed.map {
            text(
              "app.outage.peak",
              ["peak": NumberText.grouped(drill.peak), "last": NumberText.grouped($0)])
          } ?? text("app.outage.never", ["peak": NumberText.grouped(drill.peak)])),
      ],
      data: .record([
        "phones": .count(phones), "outage_seconds": .count(seconds), "peak": .count(drill.peak),
        "last_served_seconds": drill.lastServed.map { .count($0) } ?? .null,
        "attempts_after": .array(drill.after.prefix(60).map { .count($0) }),
      ]))
  }

  /// The first seconds after the outage, in ten bars at most.
  private func outageBars(_ drill: OutageDrill) -> BarChart {
    let shown = max(10, min(OutageDrill.secondsAfter, (drill.lastServed ?? 60) + 1))
    let width = (shown + 9) / 10
    let after = Array(drill.after)
    let bars = stride(from: 0, to: min(shown, after.count), by: width).map { start in
      let end = min(start + width, after.count)
      let label =
        width == 1
        ? text("app.outage.second", ["from": String(start)])
        : text("app.outage.seconds", ["from": String(start), "to": String(end - 1)])
      // The busiest second of the range: a server has to stand each one.
      return BarChart.Bar(label, Double(after[start..<end].max() ?? 0))
    }
    return BarChart(
      title: text("app.outage.title"), bars: bars, quantity: .count(unit: ""), texts: catalogue)
  }
}
