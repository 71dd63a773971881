// Bronze to Silver: lines of JSON become typed, de-duplicated rows of a Delta table.
//
// 1. The position of each topic-partition is a `txn` action of the Silver table itself, so a row and
//    the progress past it become visible in the same commit.
// 2. New Bronze objects are unpacked and turned into rows, several at a time; each line's address in
//    Kafka follows from the object's key and the line's number.
// 3. In the objects' order again: an `event_id` that Silver's touched days already hold, or that came earlier in this run, is a
//    duplicate and is left out.
// 4. One append commits the rows, partitioned by the Korean day of the corrected event time.

internal import Columnar
internal import Connector
internal import DeltaLog
internal import EventModel
internal import Foundation
package import Lake
package import Simulation
internal import Synchronization

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
      var seen = KnownEvents(snapshot)
      var summary = Summary()
      var waiting = CleanEvents.slices(fresh)[...]
      while !waiting.isEmpty {
        let wave = waiting.prefix(CleanEvents.slicesAtOnce)
        waiting = waiting.dropFirst(CleanEvents.slicesAtOnce)
        for slice in try rows(of: Array(wave), after: snapshot.transactions, loadedAt: now) {
          try CleanEvents.write(slice, seen: &seen, to: sink, &summary)
        }
      }
      _ = try sink.commit()
      return summary
    } catch {
      sink.abort()
      throw error
    }
  }

  // MARK: - Several objects at a time

  /// Objects that one thread turns into rows.
  ///
  /// Cut by size alone, never by the number of processors, so that every machine writes the same
  /// batches.
  private static func slices(_ objects: [BronzeObject]) -> [[BronzeObject]] {
    var slices: [[BronzeObject]] = []
    var size = 0
    for object in objects {
      if slices.isEmpty || size + object.size > sliceBytesMax {
        slices.append([])
        size = 0
      }
      slices[slices.count - 1].append(object)
      size += object.size
    }
    return slices
  }

  /// Compressed bytes of a slice of more than one object.
  private static let sliceBytesMax = 128 << 10
  /// Bounds what is in memory.
  private static let slicesAtOnce = 8

  /// The rows of slices, in their order.
  private func rows(
    of slices: [[BronzeObject]],
    after positions: [String: Int64],
    loadedAt: StoryTime
  ) throws -> [CleanSlice] {
    let results = Mutex([Result<CleanSlice, any Error>?](repeating: nil, count: slices.count))
    DispatchQueue.concurrentPerform(iterations: slices.count) { index in
      let result = Result {
        var reader = CleanSliceReader(loadedAt: loadedAt)
        for object in slices[index] {
          let position = positions[CleanEvents.application(object)] ?? 0
          try reader.read(object, from: position, lake: lake)
        }
        return reader.finish()
      }
      results.withLock { $0[index] = result }
    }
    return try results.withLock { $0 }.compactMap { try $0?.get() }
  }

  /// Leaves out what Silver or this run has already, and writes the rest.
  private static func write(
    _ slice: CleanSlice,
    seen: inout KnownEvents,
    to sink: any BatchSink,
    _ summary: inout Summary
  ) throws {
    summary.objects += slice.objects
    summary.lines += slice.lines
    summary.unreadableCount += slice.unreadableCount
    summary.unreadable += slice.unreadable.prefix(20 - summary.unreadable.count)
    var kept: [Int32] = []
    kept.reserveCapacity(slice.keys.count)
    for (row, key) in slice.keys.enumerated() where try seen.insert(key.id, day: key.day) {
      kept.append(Int32(row))
    }
    summary.rows += kept.count
    summary.duplicates += slice.keys.count - kept.count
    guard !kept.isEmpty else { return }
    let isWhole = kept.count == slice.rows.rowCount
    try sink.write(isWhole ? slice.rows : kept.withUnsafeBufferPointer { slice.rows.gather($0) })
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
  static func application(_ object: BronzeObject) -> String {
    "bronze/\(object.topic)-\(object.partition)"
  }
}
