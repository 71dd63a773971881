internal import EventModel
internal import Lake
internal import Platform
internal import Terminal

// `catalog poll`: a reader who reads a partition while others change its files.
extension Shell {
  /// `poll TABLE PARTITION` begins, `poll off` ends, `poll` tells all that was found.
  func catalogPoll(_ words: [String], _ lake: Lake) throws -> Reply {
    switch words.count {
    case 0:
      guard let reader = lake.reader else { return Reply([.text(text("catalog.poll.none"))]) }
      return Reply(
        [.verbatim(reader.readings.map(said).joined(separator: "\n"))],
        data: .array(reader.readings.map(Self.record)))
    case 1 where words[0].lowercased() == "off":
      guard let reader = lake.reader else { return Reply([.text(text("catalog.poll.none"))]) }
      reader.stop()
      let count = reader.readings.reduce(0) { $0 + $1.count }
      return Reply(
        [.text(text("catalog.poll.ended", ["readings": NumberText.grouped(count)]))],
        data: .array(reader.readings.map(Self.record)))
    case 2:
      let table = try lake.lakeTable(words[0])
      let name = try lake.hiveName(table, "partitions")
      let reader = try lake.startReader(name, values: lake.partitionValues(words[1], of: table).values)
      var rows = 0
      if case .rows(let content)? = reader.readings.first?.finding { rows = content.rowCount }
      return Reply(
        [
          .text(
            text(
              "catalog.poll.begun",
              ["partition": words[1], "table": table.name, "rows": NumberText.grouped(rows)]))
        ], data: .array(reader.readings.map(Self.record)))
    default: throw catalogUsage("poll")
    }
  }

  /// Runs a command; what a reader that polls has found newly meanwhile, and finds after it, is told below.
  func withReadings(_ body: () throws -> Reply) throws -> Reply {
    guard let reader = opened?.lake.reader, reader.isReading else { return try body() }
    let before = reader.readings.count
    var reply: Reply
    do { reply = try body() } catch {
      reader.readNow()
      throw error
    }
    reader.readNow()
    let fresh = reader.readings.dropFirst(before)
    if !fresh.isEmpty {
      reply.blocks.append(.verbatim(fresh.map(said).joined(separator: "\n")))
    }
    return reply
  }

  private func said(_ reading: HiveReader.Reading) -> String {
    var values = [
      "ms": NumberText.grouped(Int(reading.milliseconds)), "location": reading.location ?? "-",
    ]
    switch reading.finding {
    case .rows(let content):
      values["rows"] = NumberText.grouped(content.rowCount)
      return text("catalog.poll.read", values)
    case .missing: return text("catalog.poll.missing", values)
    case .failed: return text("catalog.poll.failed", values)
    }
  }

  private static func record(_ reading: HiveReader.Reading) -> JSONValue {
    var rows: JSONValue = .null
    var state = "read"
    switch reading.finding {
    case .rows(let content): rows = .count(content.rowCount)
    case .missing: state = "missing"
    case .failed: state = "failed"
    }
    return .record([
      "after_ms": .integer(reading.milliseconds), "state": .string(state), "rows": rows,
      "location": reading.location.map(JSONValue.string) ?? .null,
      "readings": .count(reading.count),
    ])
  }
}
