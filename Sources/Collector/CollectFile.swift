// `collect FILE`: a file of lines through the collector, batch by batch, as a client would send it.

/// How far a collection is.
package struct CollectProgress: Hashable, Sendable {
  package var lines: Int
  package var accepted: Int
  package var refused: Int
  /// Bytes taken from the file, compressed where it is.
  package var bytesRead: Int64
  /// nil for a pipe.
  package var bytesTotal: Int64?
}

/// What became of a file.
package struct CollectSummary: Hashable, Sendable {
  /// Lines read, blank ones included.
  package var lines = 0
  package var accepted = 0
  package var refused: [RefusalCode: Int] = [:]
  /// The first refusals, by line.
  package var firstRefusals: [RefusedEvent] = []

  package init() {}

  package var refusedTotal: Int { refused.values.reduce(0, +) }
}

/// Sends files to a collector inside the same process.
package enum CollectFile {
  private static let firstRefusalsMax = 5

  /// Collects a file (plain or gzip), or the standard input for `-`, and syncs the log at the end.
  ///
  /// `source` names a mapping; nil for lines of our own envelope. `progress` is called after each
  /// batch. Memory stays bounded. Throws `CollectorError` for an unknown source, a file that
  /// cannot be read, and one that breaks off (after the lines before the break were collected).
  package static func run(
    path: String,
    collector: Collector,
    source: String?,
    progress: (CollectProgress) -> Void = { _ in }
  ) throws -> CollectSummary {
    try run(try NDJSONSource(path: path), collector: collector, source: source, progress: progress)
  }

  /// The same for an open descriptor.
  package static func run(
    descriptor: Int32,
    name: String,
    collector: Collector,
    source: String?,
    progress: (CollectProgress) -> Void = { _ in }
  ) throws -> CollectSummary {
    try run(
      NDJSONSource(descriptor: descriptor, name: name),
      collector: collector,
      source: source,
      progress: progress
    )
  }

  private static func run(
    _ lines: NDJSONSource,
    collector: Collector,
    source: String?,
    progress: (CollectProgress) -> Void
  ) throws -> CollectSummary {
    if let source, collector.configuration.mappings[source] == nil {
      let known = collector.configuration.mappings.keys.sorted().joined(separator: ", ")
      throw CollectorError(
        .unknownSource,
        "there is no mapping named \(source)",
        advice: known.isEmpty ? "No mapping is loaded." : "Known sources: \(known).",
        fields: ["source": source]
      )
    }
    var summary = CollectSummary()
    do {
      while let batch = try lines.next() {
        try send(batch, of: lines, to: collector, source, &summary)
        progress(
          CollectProgress(
            lines: summary.lines,
            accepted: summary.accepted,
            refused: summary.refusedTotal,
            bytesRead: lines.bytesRead,
            bytesTotal: lines.bytesTotal
          )
        )
      }
    } catch {
      try? collector.flush()
      throw error
    }
    try collector.flush()
    return summary
  }

  private static func send(
    _ batch: NDJSONSource.Batch,
    of lines: NDJSONSource,
    to collector: Collector,
    _ source: String?,
    _ summary: inout CollectSummary
  ) throws {
    let response = collector.handle(
      CollectRequest(
        body: batch.bytes,
        source: source,
        format: .ndjson,
        firstLine: batch.firstLine
      )
    )
    summary.lines += batch.lineCount
    if response.problem?.code == "empty_body" { return }
    if let problem = response.problem {
      throw CollectorError(
        .refusedRequest,
        problem.message,
        place: "\(lines.name), line \(batch.firstLine)",
        advice: "\(summary.accepted) events before it were accepted.",
        fields: ["line": String(batch.firstLine)]
      )
    }
    summary.accepted += response.accepted.count
    for event in response.refused {
      summary.refused[event.code, default: 0] += 1
      if summary.firstRefusals.count < firstRefusalsMax { summary.firstRefusals.append(event) }
    }
  }
}
