// The store between the collector and everything behind it: topics of ordered, durable records.
//
// 1. `EventLog.open` finds its topics in `topics`, and opens each `PartitionLog`: at once after an
//    orderly `close()`, else by a scan of each last segment. `recovery` tells what was mended.
// 2. `append` encodes `Record`s to a `RecordBatch` and writes it at the end of the active segment.
// 3. `sync` makes what was appended durable; `GroupCommit` lets many callers share one fsync.
// 4. `read` finds an offset by the `SegmentIndex` and decodes whole batches from there.
// 5. `commitOffset` remembers how far a group has read, in `ConsumerOffsets`.
//
// ```
//  kafka/
//    topics  consumer_offsets  .clean_shutdown
//    app-events-0/
//      00000000000000000000.{log,index,timeindex}     sealed
//      00000000000000094820.{log,index,timeindex}     active
// ```
// The files in a partition's directory are in Kafka's formats. It is not a cluster: one process
// owns the directory, and nothing is replicated.

internal import Dispatch
package import KafkaProtocol
internal import Synchronization

/// A log of topics and partitions in one directory.
///
/// All calls are synchronous and safe from any thread. Appends to one partition go one at a time;
/// reads run beside them. Paths in errors are below the directory.
package final class EventLog: Sendable {
  /// What the opening found and mended.
  package let recovery: RecoveryReport
  private let storage: LogStorage
  private let configuration: EventLogConfiguration
  private let topics: Mutex<[String: [PartitionLog]]>
  private let dirty = Mutex<[ObjectIdentifier: PartitionLog]>([:])
  private let commits = GroupCommit()
  private let offsets: ConsumerOffsets
  private let isClosed = Atomic<Bool>(false)

  private init(
    storage: LogStorage,
    configuration: EventLogConfiguration,
    topics: [String: [PartitionLog]],
    offsets: ConsumerOffsets,
    recovery: RecoveryReport
  ) {
    self.storage = storage
    self.configuration = configuration
    self.topics = Mutex(topics)
    self.offsets = offsets
    self.recovery = recovery
  }

  // MARK: Opening and closing

  /// Opens the log in `directory`, which is made where it is missing.
  ///
  /// A damaged partition does not stop the others: it is listed in `recovery.failures`, and its own
  /// calls throw.
  package static func open(
    directory: String,
    configuration: EventLogConfiguration = EventLogConfiguration()
  ) throws -> EventLog {
    let storage = LogStorage(root: directory)
    try storage.makeRoot()
    let counts = try storage.contents(of: TopicCatalog.path).map { try TopicCatalog.parse($0) }
    let closing = try storage.contents(of: ShutdownMarker.path)
      .flatMap { ShutdownMarker.parse($0) }
    let offsets = try ConsumerOffsets(storage: storage)
    try storage.remove(ShutdownMarker.path)
    var report = RecoveryReport()
    report.wasCleanShutdown = counts == nil || closing != nil
    var topics: [String: [PartitionLog]] = [:]
    for (name, count) in (counts ?? [:]).sorted(by: { $0.key < $1.key }) {
      topics[name] = (0..<count).map { index in
        let partition = TopicPartition(name, Int32(truncatingIfNeeded: index))
        return PartitionLog.open(
          partition,
          storage: storage,
          configuration: configuration,
          closing: closing?[partition],
          report: &report
        )
      }
    }
    return EventLog(
      storage: storage,
      configuration: configuration,
      topics: topics,
      offsets: offsets,
      recovery: report
    )
  }

  /// Makes everything durable and leaves the note that lets the next opening skip its scan.
  ///
  /// Later calls throw `eventLog.closed`. Without this call nothing is lost; the next opening only
  /// has to look harder.
  package func close() throws {
    guard !isClosed.load(ordering: .acquiring) else { return }
    try sync()
    guard !isClosed.exchange(true, ordering: .acquiringAndReleasing) else { return }
    var entries: [TopicPartition: ShutdownMarker.Entry] = [:]
    for partition in topics.withLock({ $0.values.flatMap { $0 } }) {
      entries[partition.partition] = try partition.close()
    }
    try storage.replace(ShutdownMarker.path, with: ShutdownMarker.bytes(entries))
  }

  // MARK: Topics

  /// Makes a topic; nothing happens where it exists with the same number of partitions.
  ///
  /// - Throws: `eventLog.partitionCountMismatch`, `eventLog.invalidTopicName`.
  package func createTopic(_ name: String, partitionCount: Int) throws {
    try checkOpen()
    try TopicCatalog.check(name)
    guard partitionCount > 0, partitionCount <= TopicCatalog.partitionCountMax else {
      throw EventLogError(
        .partitionCountMismatch,
        "A topic cannot have \(partitionCount) partitions.",
        advice: "Choose 1 to \(TopicCatalog.partitionCountMax).",
        fields: ["topic": name, "asked": String(partitionCount)]
      )
    }
    try topics.withLock { topics in
      if let existing = topics[name] {
        guard existing.count == partitionCount else {
          throw EventLogError(
            .partitionCountMismatch,
            "Topic \"\(name)\" has \(existing.count) partitions, not \(partitionCount).",
            advice: "Changing the number would move keys to other partitions; make a new topic.",
            fields: [
              "topic": name, "existing": String(existing.count), "asked": String(partitionCount),
            ]
          )
        }
        return
      }
      let logs = try (0..<partitionCount).map { index in
        try PartitionLog.create(
          TopicPartition(name, Int32(truncatingIfNeeded: index)),
          storage: storage,
          configuration: configuration
        )
      }
      var counts = topics.mapValues(\.count)
      counts[name] = partitionCount
      // The list is the truth: directories that it does not name are made anew.
      try storage.replace(TopicCatalog.path, with: TopicCatalog.bytes(counts))
      topics[name] = logs
    }
  }

  /// Sorted.
  package func topicNames() -> [String] { topics.withLock { $0.keys.sorted() } }

  package func partitionCount(of topic: String) throws -> Int { try partitions(of: topic).count }

  /// The partition that Kafka's Java client sends a key to.
  package func partition(forKey key: [UInt8], topic: String) throws -> Int32 {
    Murmur2.partition(forKey: key, count: try partitionCount(of: topic))
  }

  // MARK: Writing

  /// Appends records in order and answers the first one's offset; the rest follow it.
  ///
  /// The records' own offsets and timestamps are ignored; all get `appendTime`, milliseconds since
  /// the Unix epoch. When this returns the bytes survive the end of the process, and after `sync()`
  /// a power cut. All of the records are written or none, unless together they exceed a segment.
  package func append(
    _ records: [Record],
    to partition: TopicPartition,
    appendTime: Int64
  ) throws -> Offset {
    try checkOpen()
    let log = try self.log(partition)
    guard !records.isEmpty else { return Offset(try log.endOffset()) }
    let batches = try PartitionLog.encode(
      records,
      appendTime: appendTime,
      configuration: configuration
    )
    let base: Int64
    do {
      base = try log.append(batches, appendTime: appendTime)
    } catch {
      // A large append may have written some segments' worth; a failed partition is not synced.
      if (try? log.endOffset()) != nil { markDirty(log) }
      throw error
    }
    markDirty(log)
    return Offset(base)
  }

  /// Returns when everything appended before this call is on the disk itself.
  ///
  /// Callers that come while a sync runs share the next one, however many they are.
  package func sync() throws {
    try checkOpen()
    try commits.run {
      let logs = dirty.withLock { dirty in
        defer { dirty.removeAll(keepingCapacity: true) }
        return dirty.values.sorted { $0.partition < $1.partition }
      }
      // One partition's wait for the disk is another's: they flush side by side.
      let failure = Mutex<(any Error)?>(nil)
      DispatchQueue.concurrentPerform(iterations: logs.count) { index in
        do {
          try logs[index].flush()
        } catch {
          failure.withLock { $0 = $0 ?? error }
        }
      }
      if let error = failure.withLock({ $0 }) { throw error }
    }
  }

  /// Calls of fsync since the opening, those for directories and bookkeeping included.
  package var fsyncCount: Int { storage.fsyncCount }

  // MARK: Reading

  /// Records from an offset on: those of whole batches, about `bytesMax` bytes of them and at least
  /// one batch; `[]` at the end of the log.
  ///
  /// - Throws: `eventLog.offsetOutOfRange` before the start or behind the end,
  ///   `eventLog.corruptBatch` with file and byte.
  package func read(
    _ partition: TopicPartition,
    from offset: Offset,
    bytesMax: Int
  ) throws -> [Record] {
    try checkOpen()
    return try log(partition).read(from: offset.rawValue, bytesMax: bytesMax)
  }

  /// Calls `body` with the records from an offset on, in order and nothing copied, until it answers
  /// false or the log ends.
  ///
  /// - Throws: what `read` throws, and what `body` throws.
  package func forEachRecord(
    _ partition: TopicPartition,
    from offset: Offset,
    _ body: (RecordView) throws -> Bool
  ) throws {
    try checkOpen()
    var isWanted = true
    try log(partition).forEachBatch(
      from: offset.rawValue,
      bytesMax: .max,
      prefetch: 1 << 20
    ) { _, bytes in
      try RecordBatch.forEachRecord(in: bytes) { record in
        if isWanted, record.offset >= offset.rawValue { isWanted = try body(record) }
      }
      return isWanted
    }
  }

  /// The same as stored bytes: whole record batches v2, of which the first may begin before `offset`.
  package func readBatches(
    _ partition: TopicPartition,
    from offset: Offset,
    bytesMax: Int
  ) throws -> [UInt8] {
    try checkOpen()
    return try log(partition).readBatches(from: offset.rawValue, bytesMax: bytesMax)
  }

  /// The oldest offset that is still there.
  package func startOffset(_ partition: TopicPartition) throws -> Offset {
    Offset(try log(partition).startOffset())
  }

  /// The next offset to be written.
  package func endOffset(_ partition: TopicPartition) throws -> Offset {
    Offset(try log(partition).endOffset())
  }

  /// The first offset appended at `appendTime` (milliseconds) or later; the end where none was.
  package func offset(
    _ partition: TopicPartition,
    atOrAfter appendTime: Int64
  ) throws -> Offset {
    try checkOpen()
    return Offset(try log(partition).offset(atOrAfter: appendTime))
  }

  // MARK: Retention

  /// Deletes segments whose records are all older than `retentionMilliseconds` at `now`, by append
  /// time.
  ///
  /// - Returns: bytes deleted.
  @discardableResult
  package func applyRetention(
    now: Int64,
    retentionMilliseconds: Int64,
    topic: String? = nil
  ) throws -> Int {
    try checkOpen()
    let (limit, overflow) = now.subtractingReportingOverflow(retentionMilliseconds)
    guard !overflow else { return 0 }
    let names = topic.map { [$0] } ?? topicNames()
    var bytes = 0
    for name in names {
      for log in try partitions(of: name) {
        bytes += try log.removeSegments(before: limit).bytes
        markDirty(log)
      }
    }
    return bytes
  }

  // MARK: Consumer groups

  /// Remembers the next offset that a group will read of a partition; durable when this returns.
  package func commitOffset(
    group: String,
    _ partition: TopicPartition,
    _ offset: Offset
  ) throws {
    try commitOffsets(group: group, [partition: offset])
  }

  /// The same for several partitions in one step, with one fsync.
  package func commitOffsets(group: String, _ positions: [TopicPartition: Offset]) throws {
    try checkOpen()
    for partition in positions.keys { _ = try log(partition) }
    try offsets.commit(group, positions.mapValues(\.rawValue))
  }

  /// Nil where the group has committed nothing for the partition.
  package func committedOffset(group: String, _ partition: TopicPartition) throws -> Offset? {
    _ = try log(partition)
    return offsets.offset(group, partition).map { Offset($0) }
  }

  /// Sorted.
  package func groupNames() -> [String] { offsets.all.keys.sorted() }

  // MARK: Inside

  var committedOffsets: ConsumerOffsets.Groups { offsets.all }

  func partitions(of topic: String) throws -> [PartitionLog] {
    try topics.withLock { topics in
      guard let logs = topics[topic] else {
        throw EventLogError.unknownTopic(topic, known: topics.keys.sorted())
      }
      return logs
    }
  }

  func log(_ partition: TopicPartition) throws -> PartitionLog {
    let logs = try partitions(of: partition.topic)
    guard partition.partition >= 0, Int(partition.partition) < logs.count else {
      throw EventLogError.unknownPartition(
        partition.topic,
        partition.partition,
        count: logs.count
      )
    }
    return logs[Int(partition.partition)]
  }

  func checkOpen() throws {
    if isClosed.load(ordering: .acquiring) { throw EventLogError.closed(storage.root) }
  }

  private func markDirty(_ log: PartitionLog) {
    dirty.withLock { $0[ObjectIdentifier(log)] = log }
  }
}
