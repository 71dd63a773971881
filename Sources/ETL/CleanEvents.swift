// Bronze to Silver: lines of JSON become typed, de-duplicated rows of a Delta table.
//
// 1. The position of each topic-partition is a `txn` action of the Silver table itself, so a row and
//    the progress past it become visible in the same commit.
// 2. New Bronze objects are unpacked and scanned; each line's address in Kafka follows from the
//    object's key and the line's number.
// 3. An `event_id` that Silver's touched days already hold, or that came earlier in this run, is a
//    duplicate and is left out.
// 4. One append commits the rows, partitioned by the Korean day of the corrected event time.

internal import Columnar
internal import Connector
internal import DeltaLog
package import Lake
package import Simulation

/// The task `clean`: fills `lake.silver.events` from Bronze.
package struct CleanEvents: Sendable {
  package static let table = "events"

  private let lake: Lake

  package init(lake: Lake) {
    self.lake = lake
  }

  /// What one run did.
  package struct Summary: Sendable, Equatable {
    package var objects = 0
    package var lines = 0
    package var rows = 0
    package var duplicates = 0
    /// Lines that are no events any more, as `object:line`; at most 20 are named.
    package var unreadable: [String] = []
    package var unreadableCount = 0
  }

  /// Reads what Bronze has gained since Silver's last commit and appends it.
  package func run(at now: StoryTime) throws -> Summary {
    let table = try lake.openTable(
      schema: "silver",
      name: CleanEvents.table,
      columns: SilverEvents.schema,
      partitionColumns: ["dt"],
      createdAt: now.milliseconds
    )
    let snapshot = try table.snapshot()
    var work = Work(rows: SilverEvents(loadedAt: now))
    for object in try lake.archive() {
      let application = "bronze/\(object.topic)-\(object.partition)"
      let position = snapshot.transactions[application] ?? 0
      guard object.endOffset > position else { continue }
      try work.read(object, from: position, lake: lake)
      work.transactions[application] = max(
        work.transactions[application] ?? 0,
        object.endOffset
      )
    }
    guard !work.transactions.isEmpty else { return work.summary }
    try commit(&work, to: table, snapshot, at: now)
    return work.summary
  }

  private func commit(
    _ work: inout Work,
    to table: DeltaTable,
    _ snapshot: DeltaSnapshot,
    at now: StoryTime
  ) throws {
    var seen = try existingIDs(snapshot, days: work.days)
    let sink = snapshot.makeSink(
      mode: .append,
      options: DeltaWriteOptions(
        transactions: work.transactions,
        operation: "STREAMING UPDATE",
        timestamp: now.milliseconds
      )
    )
    do {
      try work.write(to: sink, seen: &seen)
      _ = try sink.commit()
    } catch {
      sink.abort()
      throw error
    }
  }

  /// The ids that the touched days of Silver hold already.
  private func existingIDs(_ snapshot: DeltaSnapshot, days: Set<Int>) throws -> Set<String> {
    var ids: Set<String> = []
    guard !days.isEmpty else { return ids }
    let wanted = days.sorted().map { Scalar.integer(Int64($0)) }
    let request = ScanRequest(
      columns: [SilverEvents.eventIDColumn, SilverEvents.dayColumn],
      predicates: [ColumnPredicate(column: SilverEvents.dayColumn, .isIn(wanted))]
    )
    for split in try snapshot.splits(for: request) {
      let reader = try split.open()
      while let batch = try reader.next() {
        for row in 0..<batch.rowCount {
          if case .text(let id) = batch.columns[0].scalar(row) { ids.insert(id) }
        }
      }
    }
    return ids
  }

  /// The lines of this run, unpacked, until it is known which of them are new.
  private struct Work {
    struct Chunk {
      var bytes: [UInt8]
      var lines: [(range: Range<Int>, partition: Int32, offset: Int64)]
    }

    var rows: SilverEvents
    var chunks: [Chunk] = []
    var days: Set<Int> = []
    var transactions: [String: Int64] = [:]
    var summary = Summary()

    mutating func read(_ object: BronzeObject, from position: Int64, lake: Lake) throws {
      let bytes = try lake.unpackedLines(object.key)
      var chunk = Chunk(bytes: bytes, lines: [])
      var start = 0
      var offset = object.startOffset
      var line = 1
      summary.objects += 1
      bytes.withUnsafeBytes { raw in
        while start < raw.count {
          let end = lineEnd(raw, from: start)
          if offset >= position, end > start {
            summary.lines += 1
            if let identity = rows.identify(raw, start..<end) {
              days.insert(identity.day)
              chunk.lines.append((start..<end, object.partition, offset))
            } else {
              summary.unreadableCount += 1
              if summary.unreadable.count < 20 {
                summary.unreadable.append("\(object.key):\(line)")
              }
            }
          }
          offset += 1
          line += 1
          start = end + 1
        }
      }
      chunks.append(chunk)
    }

    private func lineEnd(_ bytes: UnsafeRawBufferPointer, from start: Int) -> Int {
      var end = start
      while end < bytes.count, bytes[end] != 0x0A { end += 1 }
      return end
    }

    /// Writes the rows whose id is new, in the order of their addresses.
    mutating func write(to sink: any BatchSink, seen: inout Set<String>) throws {
      for chunk in chunks {
        chunk.bytes.withUnsafeBytes { raw in
          for line in chunk.lines {
            guard let identity = rows.identify(raw, line.range) else { continue }
            guard seen.insert(identity.eventID).inserted else {
              summary.duplicates += 1
              continue
            }
            rows.append(identity, raw, partition: line.partition, offset: line.offset)
            summary.rows += 1
          }
        }
        if rows.rowCount >= 65_536 { try sink.write(rows.finish()) }
      }
      if rows.rowCount > 0 { try sink.write(rows.finish()) }
    }
  }
}
