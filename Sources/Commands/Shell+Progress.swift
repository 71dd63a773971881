// The progress file as a thing to carry: `progress export`, `progress import`.

internal import Course
internal import EventModel
internal import Foundation
internal import Platform
internal import Terminal

extension Shell {
  /// `progress`, `progress export [FILE]`, `progress import FILE`.
  func progress(_ words: [String]) throws -> Reply {
    guard !words.isEmpty else { return try showProgress() }
    let (action, rest) = try subcommand(words, of: "progress")
    let arguments = try Arguments(rest)
    try arguments.allowOnly()
    if action == "export" {
      let name = arguments.positions.first ?? Self.exportName(progress.now)
      let path = Home.absolute(name)
      try progress.export(to: path)
      return Reply(
        [.text(text("progress.exported", ["file": path])), .text(text("progress.exported.how"))],
        data: .record(["file": .string(path)]))
    }
    guard let name = arguments.positions.first else {
      throw CommandError(
        .missingArgument, ["command": "progress import", "usage": text("help.progress.usage")])
    }
    let merge = try progress.merge(Home.absolute(name))
    exercises.forgetSessions()
    openReview = nil
    var blocks: [Reply.Block] = []
    if merge.rowCount == 0, !merge.isDamaged {
      blocks.append(.text(text("progress.imported.nothing")))
    } else {
      blocks.append(
        .text(
          text(
            "progress.imported",
            [
              "passes": String(merge.passCount), "attempts": String(merge.attemptCount),
              "reviews": String(merge.reviewCount), "earlier": String(merge.earlierPassCount),
            ])))
    }
    if merge.isDamaged { blocks.append(.text(text("progress.imported.damaged", ["file": name]))) }
    if merge.openIncidentCount > 0 {
      blocks.append(
        .text(text("progress.imported.incidents", ["count": String(merge.openIncidentCount)])))
    }
    return Reply(
      blocks,
      data: .record([
        "passes": .count(merge.passCount), "earlier_passes": .count(merge.earlierPassCount),
        "attempts": .count(merge.attemptCount), "reviews": .count(merge.reviewCount),
        "rows": .count(merge.rowCount), "damaged": .bool(merge.isDamaged),
        "open_incidents": .count(merge.openIncidentCount),
      ]))
  }

  /// `tapline-progress-20261126.sqlite`.
  private static func exportName(_ now: Int64) -> String {
    var calendar = Calendar(identifier: .gregorian)
    calendar.timeZone = .current
    let date = Date(timeIntervalSince1970: Double(now) / 1_000)
    let parts = calendar.dateComponents([.year, .month, .day], from: date)
    func two(_ value: Int?) -> String { value.map { $0 < 10 ? "0\($0)" : "\($0)" } ?? "" }
    return "tapline-progress-\(parts.year ?? 0)\(two(parts.month))\(two(parts.day)).sqlite"
  }
}
