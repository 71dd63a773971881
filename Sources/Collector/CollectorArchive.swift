// The collector's raw archive: a copy of every event that it wrote to Kafka, on its own disk. Where
// Kafka's retention has passed records that nobody had read yet, they can be sent again from here.
//
// It is a log of its own with one topic, which nothing ever deletes; on the disk itself with each
// clock step, not with each request: what it promises is a second chance, not an acknowledgement.

package import Connector
internal import EventLog
internal import KafkaProtocol
package import Simulation

/// What a collector keeps of the events that it wrote. Safe to share.
package final class CollectorArchive: Sendable {
  private static let topic = "events"
  private let log: EventLog

  /// Opens the archive in `directory`, which is made where there is none.
  ///
  /// `partitionCount` is that of the events' topic; an archive of fewer grows.
  ///
  /// - Throws: what the log throws.
  package init(directory: String, partitionCount: Int) throws {
    log = try EventLog.open(directory: directory)
    if !log.topicNames().contains(Self.topic) {
      try log.createTopic(Self.topic, partitionCount: partitionCount)
    } else if try log.partitionCount(of: Self.topic) < partitionCount {
      try log.growTopic(Self.topic, partitionCount: partitionCount)
    }
  }

  /// Keeps what was written to the events' partitions, under the same numbers.
  func append(_ appends: [PartitionAppend], at time: Int64) throws {
    let copies = appends.map { $0.moved(to: TopicPartition(Self.topic, $0.partition.partition)) }
    _ = try log.append(copies, appendTime: time, waitsForAll: false)
  }

  package func sync() throws { try log.sync() }
  package func close() throws { try log.close() }

  /// A row for each event: `topic`, `partition`, `offset` (of the archive), `append_time`, `key`,
  /// `value`, `event_id`, `event_name`, `headers`.
  package var table: ComposedCatalog.Provider? { log.systemTables()["records"] }

  /// Calls `body` with batches of what came from `start` on and before `end`, in milliseconds, one
  /// partition after the other; a batch is some thousand records at most.
  func forEachBatch(
    from start: Int64, until end: Int64, _ body: (Int32, [Record]) throws -> Void
  ) throws {
    for number in 0..<Int32(try log.partitionCount(of: Self.topic)) {
      let place = TopicPartition(Self.topic, number)
      var records: [Record] = []
      try log.forEachRecord(place, from: try log.offset(place, atOrAfter: start)) { record in
        guard record.timestamp < end else { return false }
        records.append(
          Record(
            key: record.key.map { Array($0) }, value: record.value.map { Array($0) },
            timestamp: record.timestamp))
        if records.count == Self.batchMax {
          try body(number, records)
          records = []
        }
        return true
      }
      if !records.isEmpty { try body(number, records) }
    }
  }

  private static let batchMax = 2_000
}

/// What a replay of the archive has sent, or would send.
package struct ArchiveReplay: Sendable, Hashable {
  package var records = 0
  /// By the story hour of their arrival, milliseconds since the epoch.
  package var hours: [Int64: Int] = [:]
}

extension Collector {
  /// Writes events of the archive into the events' topic again, as they were, those that arrived from
  /// `start` on and before `end`; nil where no archive is kept.
  ///
  /// They keep their ids and all of their fields; that one of them is in the log or the lake already is
  /// not asked: whoever reads by id counts it once. With `isDryRun` nothing is written.
  ///
  /// - Throws: what the logs throw; batches that were written stay.
  package func replayArchive(
    from start: StoryTime, until end: StoryTime, isDryRun: Bool
  ) throws -> ArchiveReplay? {
    guard let archive else { return nil }
    var replay = ArchiveReplay()
    let now = clock.now.milliseconds
    try archive.forEachBatch(from: start.milliseconds, until: end.milliseconds) { number, records in
      replay.records += records.count
      for record in records {
        replay.hours[record.timestamp - record.timestamp % 3_600_000, default: 0] += 1
      }
      guard !isDryRun else { return }
      let again = records.map { Record(key: $0.key, value: $0.value) }
      let place = TopicPartition(configuration.eventsTopic, number % Int32(partitionCount))
      _ = try log.append([PartitionAppend(place, again)], appendTime: now, waitsForAll: true)
    }
    if !isDryRun { try log.sync() }
    return replay
  }
}
