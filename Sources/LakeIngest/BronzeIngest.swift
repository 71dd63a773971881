// From the log to Bronze: the hourly consumer that archives every event as it was received.
//
// 1. The position of a topic-partition is read back from the lake: the end offset in the last
//    object's key. The lake is the only truth about what the lake holds.
// 2. Records from there on are read from `EventLog`, cut where the UTC hour of arrival changes.
// 3. Each cut becomes one `.json.gz` object, one record a line, bytes as received, put only if its
//    key is absent.
// 4. The consumer group's offsets follow, so that lag can be read; they decide nothing.
//
// A crash between any two steps repeats at most an object that is already there, and that is not
// put again: the log reaches Bronze exactly once.

internal import Codecs
internal import Dispatch
package import EventLog
internal import KafkaProtocol
package import Lake
package import Simulation
internal import Synchronization

/// The consumer that moves a topic's records into Bronze.
///
/// One instance serves one world. It reads the lake's positions once and then knows them, because
/// nobody else writes Bronze while the world is open.
package final class BronzeIngest: Sendable {
  /// The consumer group whose offsets show how far Bronze is.
  package static let group = "lake-sink"

  private let log: EventLog
  private let lake: Lake
  private let topic: String
  private let positions = Mutex<[TopicPartition: Int64]?>(nil)
  private let reachedOffsets = Mutex<[TopicPartition: Offset]>([:])

  package init(log: EventLog, lake: Lake, topic: String = "app-events") {
    self.log = log
    self.lake = lake
    self.topic = topic
  }

  /// What one run did.
  package struct Summary: Sendable, Equatable {
    package var records = 0
    package var objects: [String] = []
    /// Topic-partitions whose log no longer reaches back to Bronze's position, or was cut below it.
    package var gaps: [Gap] = []
  }

  /// A break between what Bronze holds and what the log still has.
  package struct Gap: Sendable, Equatable {
    package var partition: Int32
    /// The offset that Bronze expected next.
    package var expected: Int64
    /// The offset at which reading goes on.
    package var resumedAt: Int64
  }

  /// Archives everything that the log holds beyond Bronze.
  ///
  /// Blocks on disk. Nothing is lost by an error: the next run starts from the lake's position.
  ///
  /// What was appended after `now` stays for later: a log can be ahead of the story clock where a
  /// crash cut a clock step short, and the step's second run must meet the same log as the first.
  package func run(at now: StoryTime) throws -> Summary {
    var summary = Summary()
    var sealed: [Sealed] = []
    var reached: [TopicPartition: Offset] = [:]
    for number in 0..<Int32(try log.partitionCount(of: topic)) {
      let partition = TopicPartition(topic, number)
      reached[partition] = try read(partition, until: now, sealed: &sealed, into: &summary)
    }
    try publish(&sealed, into: &summary)
    reachedOffsets.withLock { $0.merge(reached) { _, new in new } }
    return summary
  }

  /// Lets the group's offsets follow what the runs since the last call have archived.
  ///
  /// They show lag and decide nothing, so a clock step writes them once.
  package func commitOffsets() throws {
    let moved = try reachedOffsets.withLock { $0 }.filter { partition, offset in
      try log.committedOffset(group: BronzeIngest.group, partition) != offset
    }
    if !moved.isEmpty { try log.commitOffsets(group: BronzeIngest.group, moved) }
  }

  /// Cuts what one topic-partition has gained into objects, and answers the offset it has reached.
  private func read(
    _ partition: TopicPartition,
    until now: StoryTime,
    sealed: inout [Sealed],
    into summary: inout Summary
  ) throws -> Offset {
    let end = try log.endOffset(partition)
    var next = try position(of: partition, end: end, into: &summary)
    guard next < end else { return next }
    var pending = PendingObject()
    try log.forEachRecord(partition, from: next) { record in
      guard record.offset < end.rawValue, record.timestamp <= now.milliseconds else { return false }
      let hour = floorDivide(Int(record.timestamp), 3_600_000)
      if !pending.isEmpty, hour != pending.hour || pending.isFull {
        try seal(&pending, of: partition, &sealed, &summary)
      }
      pending.append(record, hour: hour)
      next = Offset(record.offset + 1)
      return true
    }
    if !pending.isEmpty { try seal(&pending, of: partition, &sealed, &summary) }
    return next
  }

  /// Where reading starts; a position outside the log is reported as a gap and mended.
  private func position(
    of partition: TopicPartition,
    end: Offset,
    into summary: inout Summary
  ) throws -> Offset {
    let archived = try archivedEnd(of: partition)
    let start = try log.startOffset(partition)
    // A log that ends before Bronze's position was cut or replaced: what it holds now is new.
    let resumed = archived > end.rawValue ? start.rawValue : max(archived, start.rawValue)
    if resumed != archived, !(archived == 0 && resumed == 0) {
      summary.gaps.append(
        Gap(partition: partition.partition, expected: archived, resumedAt: resumed)
      )
    }
    return Offset(rawValue: resumed)
  }

  /// The offset after the last one that Bronze holds.
  private func archivedEnd(of partition: TopicPartition) throws -> Int64 {
    try positions.withLock { known in
      if let known { return known[partition] ?? 0 }
      var ends: [TopicPartition: Int64] = [:]
      for object in try lake.archive() {
        let partition = TopicPartition(object.topic, object.partition)
        ends[partition] = max(ends[partition] ?? 0, object.endOffset)
      }
      known = ends
      return ends[partition] ?? 0
    }
  }

  /// An object that waits to be put.
  private struct Sealed {
    var partition: TopicPartition
    var key: String
    /// Not compressed yet.
    var lines: [UInt8]
    var records: Int
    var endOffset: Int64
  }

  private func seal(
    _ pending: inout PendingObject,
    of partition: TopicPartition,
    _ sealed: inout [Sealed],
    _ summary: inout Summary
  ) throws {
    let key = Lake.bronzeKey(
      topic: topic,
      partition: partition.partition,
      startOffset: pending.startOffset,
      endOffset: pending.endOffset - 1,
      hourUTC: StoryTime(milliseconds: Int64(pending.hour) * 3_600_000)
    )
    sealed.append(
      Sealed(
        partition: partition,
        key: key,
        lines: pending.lines,
        records: pending.count,
        endOffset: pending.endOffset
      )
    )
    pending = PendingObject()
    // A long catch-up must not hold everything in memory.
    if sealed.reduce(0, { $0 + $1.lines.count }) >= 32 << 20 {
      try publish(&sealed, into: &summary)
    }
  }

  /// Puts the sealed objects and waits for the disk once for all of them.
  private func publish(_ sealed: inout [Sealed], into summary: inout Summary) throws {
    guard !sealed.isEmpty else { return }
    let objects = sealed
    let packed = Mutex([[UInt8]](repeating: [], count: objects.count))
    let failure = Mutex<(any Error)?>(nil)
    DispatchQueue.concurrentPerform(iterations: objects.count) { index in
      do {
        let bytes = try Gzip.compress(objects[index].lines)
        packed.withLock { $0[index] = bytes }
      } catch {
        failure.withLock { $0 = error }
      }
    }
    if let error = failure.withLock({ $0 }) { throw error }
    let bytes = packed.withLock { $0 }
    let isNew = try lake.putBronze(zip(objects, bytes).map { ($0.key, $1) })
    for (object, isNew) in zip(sealed, isNew) {
      if isNew {
        summary.records += object.records
        summary.objects.append(object.key)
      }
      positions.withLock { $0?[object.partition] = object.endOffset }
    }
    sealed.removeAll()
  }
}

/// The lines of one hour of one topic-partition, before they become an object.
private struct PendingObject {
  var lines: [UInt8] = []
  var hour = 0
  var count = 0
  var startOffset: Int64 = 0
  /// The offset after the last record.
  var endOffset: Int64 = 0

  var isEmpty: Bool { count == 0 }
  /// Bounds memory during a long catch-up; readers do not mind two objects for one hour.
  var isFull: Bool { lines.count >= 32 << 20 }

  mutating func append(_ record: RecordView, hour: Int) {
    if isEmpty {
      self.hour = hour
      startOffset = record.offset
    }
    if let value = record.value { lines.append(contentsOf: value) }
    lines.append(0x0A)
    count += 1
    endOffset = record.offset + 1
  }
}
