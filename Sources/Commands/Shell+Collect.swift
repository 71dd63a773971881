internal import Collector
internal import EventModel
internal import Foundation
internal import Platform
internal import Terminal

extension Shell {
  /// `collect FILE [--source NAME]`: any NDJSON through the collector; `-` is standard input.
  func collect(_ words: [String]) throws -> Reply {
    let arguments = try Arguments(words)
    try arguments.allowOnly("source")
    guard let file = arguments.positions.first, arguments.positions.count == 1 else {
      throw CommandError(
        .missingArgument,
        ["command": "collect", "usage": text("help.collect.usage")]
      )
    }
    let platform = try platform()
    let source = arguments.options["source"] ?? Shell.sourceBeside(file)
    let progress = ProgressLine(
      text("collect.running", ["file": file]),
      total: Shell.size(of: file), unit: "B",
      remaining: text("progress.remaining", ["time": "{time}"]), to: output
    )
    let summary = try CollectFile.run(
      path: file,
      collector: platform.collector,
      source: source
    ) { progress.update($0.bytesRead) }
    progress.finish()
    let refused = summary.refused.sorted { $0.key.rawValue < $1.key.rawValue }
    var blocks: [Reply.Block] = [
      .text(
        text(
          "collect.done",
          [
            "lines": NumberText.grouped(summary.lines),
            "accepted": NumberText.grouped(summary.accepted),
            "refused": NumberText.grouped(summary.refusedTotal),
          ]
        )
      )
    ]
    if !refused.isEmpty {
      blocks.append(
        .table(
          TableView(
            columns: [TableColumn(text("collect.column.reason")), .number("EVENTS")],
            rows: refused.map { [$0.key.rawValue, NumberText.grouped($0.value)] }
          )
        )
      )
      blocks.append(.text(text("collect.seeDeadLetters")))
    }
    return Reply(
      blocks,
      data: .record([
        "lines": .count(summary.lines), "accepted": .count(summary.accepted),
        "refused": .count(summary.refusedTotal), "source": .optional(source),
        "reasons": .object(
          refused.map { JSONMember(key: $0.key.rawValue, value: .count($0.value)) }
        ),
      ])
    )
  }

  /// A data set brings its mapping along: `mapping.yaml` in the file's own directory.
  private static func sourceBeside(_ file: String) -> String? {
    let directory = URL(fileURLWithPath: file).deletingLastPathComponent()
    let mapping = directory.appendingPathComponent("mapping.yaml").path
    guard file != "-", FileManager.default.fileExists(atPath: mapping) else { return nil }
    return directory.lastPathComponent
  }

  private static func size(of file: String) -> Int64? {
    let attributes = try? FileManager.default.attributesOfItem(atPath: file)
    return (attributes?[.size] as? NSNumber)?.int64Value
  }
}
