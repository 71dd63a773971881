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
internal import EventModel
internal import Foundation
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
    let (fresh, positions) = try arrived(by: now, after: snapshot.transactions)
    guard !fresh.isEmpty else { return Summary() }
    let sink = snapshot.makeSink(
      mode: .append,
      options: DeltaWriteOptions(
        transactions: positions,
        operation: "STREAMING UPDATE",
        timestamp: now.milliseconds
      )
    )
    do {
      var work = Work(rows: SilverEvents(loadedAt: now), seen: KnownEvents(snapshot))
      for object in fresh {
        let position = snapshot.transactions[CleanEvents.application(object)] ?? 0
        try work.read(object, from: position, lake: lake, into: sink)
      }
      if work.rows.rowCount > 0 { try sink.write(work.rows.finish()) }
      _ = try sink.commit()
      return work.summary
    } catch {
      sink.abort()
      throw error
    }
  }

  /// The objects that are new to Silver and arrived by `now`, and the positions after them.
  ///
  /// Bronze can be ahead of the story clock where a crash cut a clock step short. Its second run
  /// must take what the first would have taken, so what arrived later waits for its time.
  private func arrived(
    by now: StoryTime,
    after known: [String: Int64]
  ) throws -> (objects: [BronzeObject], positions: [String: Int64]) {
    var objects: [BronzeObject] = []
    var positions: [String: Int64] = [:]
    var isWaiting: Set<String> = []
    for object in try lake.archive() {
      let application = CleanEvents.application(object)
      guard object.endOffset > known[application] ?? 0, !isWaiting.contains(application) else {
        continue
      }
      guard try !isAhead(object, of: now) else {
        isWaiting.insert(application)
        continue
      }
      objects.append(object)
      positions[application] = max(positions[application] ?? 0, object.endOffset)
    }
    return (objects, positions)
  }

  private func isAhead(_ object: BronzeObject, of now: StoryTime) throws -> Bool {
    if object.hourUTC >= now { return true }
    if object.hourUTC.adding(seconds: 3_600) <= now { return false }
    // The running hour: its last line tells.
    let bytes = try lake.unpackedLines(object.key)
    guard let last = bytes.split(separator: 0x0A).last,
      let event = try? Array(last).withUnsafeBytes({ try JSONValue(parsing: $0) }),
      case .string(let text)? = event["received_at"],
      let receivedAt = EventTimestamp.parse(text)
    else { return false }
    return receivedAt > now.milliseconds
  }

  /// The name under which Silver keeps its position in a topic-partition.
  private static func application(_ object: BronzeObject) -> String {
    "bronze/\(object.topic)-\(object.partition)"
  }

  /// One run's rows and counts.
  private struct Work {
    var rows: SilverEvents
    var seen: KnownEvents
    var summary = Summary()

    mutating func read(
      _ object: BronzeObject,
      from position: Int64,
      lake: Lake,
      into sink: any BatchSink
    ) throws {
      let bytes = try lake.unpackedLines(object.key)
      summary.objects += 1
      try bytes.withUnsafeBytes { raw in
        var start = 0
        var offset = object.startOffset
        var line = 1
        while start < raw.count {
          let end = lineEnd(raw, from: start)
          if offset >= position, end > start {
            try take(raw, start..<end, of: object, offset: offset, line: line)
          }
          offset += 1
          line += 1
          start = end + 1
        }
      }
      if rows.rowCount >= 65_536 { try sink.write(rows.finish()) }
    }

    private mutating func take(
      _ bytes: UnsafeRawBufferPointer,
      _ range: Range<Int>,
      of object: BronzeObject,
      offset: Int64,
      line: Int
    ) throws {
      summary.lines += 1
      guard let identity = rows.identify(bytes, range) else {
        summary.unreadableCount += 1
        if summary.unreadable.count < 20 { summary.unreadable.append("\(object.key):\(line)") }
        return
      }
      guard try seen.insert(identity.eventID, day: identity.day) else {
        summary.duplicates += 1
        return
      }
      rows.append(identity, bytes, partition: object.partition, offset: offset)
      summary.rows += 1
    }

    private func lineEnd(_ bytes: UnsafeRawBufferPointer, from start: Int) -> Int {
      guard let base = bytes.baseAddress,
        let found = memchr(base + start, 0x0A, bytes.count - start)
      else { return bytes.count }
      return UnsafeRawPointer(found) - base
    }
  }

  /// The ids that Silver has, of the days that a run has met so far.
  ///
  /// A retry may correct to the other side of midnight, so a day brings its neighbours along where
  /// Silver has them.
  private struct KnownEvents {
    private let snapshot: DeltaSnapshot
    private var ids: Set<String> = []
    private var days: Set<Int> = []

    init(_ snapshot: DeltaSnapshot) {
      self.snapshot = snapshot
    }

    /// True where the id is new.
    mutating func insert(_ id: String, day: Int) throws -> Bool {
      if !days.contains(day) { try load([day - 1, day, day + 1].filter { !days.contains($0) }) }
      return ids.insert(id).inserted
    }

    private mutating func load(_ wanted: [Int]) throws {
      let request = ScanRequest(
        columns: [SilverEvents.eventIDColumn, SilverEvents.dayColumn],
        predicates: [
          ColumnPredicate(
            column: SilverEvents.dayColumn,
            .isIn(wanted.map { .integer(Int64($0)) })
          )
        ]
      )
      for split in try snapshot.splits(for: request) {
        let reader = try split.open()
        while let batch = try reader.next() {
          let column = batch.columns[0]
          for row in 0..<batch.rowCount where !column.isNull(row) {
            ids.insert(
              column.withTextValue(at: column.valueIndex(row)) {
                String(decoding: $0, as: UTF8.self)
              }
            )
          }
        }
      }
      days.formUnion(wanted)
    }
  }
}
