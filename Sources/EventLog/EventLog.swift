// The store between the collector and everything behind it: topics of ordered, durable records.
//
// 1. `EventLog.open` finds its topics in `topics`, and opens each `PartitionLog`: at once after an
//    orderly `close()`, else by a scan of each last segment. `recovery` tells what was mended.
// 2. `append` encodes `Record`s to a `RecordBatch` and writes it at the end of the active segment.
// 3. `sync` makes what was appended durable; `GroupCommit` lets many callers share one fsync.
// 4. `read` finds an offset by the `SegmentIndex` and decodes whole batches from there.
// 5. `commitOffset` remembers how far a group has read, in `ConsumerOffsets`.
// 6. `produce` takes a batch as a client packed it, and recognises one that was sent again.
// 7. `GroupCoordinator` keeps the members of consumer groups that come from outside.
//
// ```
//  kafka/
//    topics  consumer_offsets  producer_ids  .clean_shutdown      offsets: an append history
//    app-events-0/
//      00000000000000000000.{log,index,timeindex}     sealed
//      00000000000000094820.{log,index,timeindex}     active
//      partition.state  producers                     where clients write
// ```
// The segments and indexes are in Kafka's formats. It is not a cluster: one process owns the
// directory.

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
  let storage: LogStorage
  let configuration: EventLogConfiguration
  let topics: Mutex<Topics>
  let dirty = Mutex<[ObjectIdentifier: PartitionLog]>([:])
  private let commits = GroupCommit()
  let commitQueue = CommitQueue()
  /// Those that check no batch at the moment.
  let verifiers = Mutex<[RecordBatchVerifier]>([])
  let offsets: ConsumerOffsets
  let producerIDs: ProducerIDs
  /// Groups whose members are in this process, by name.
  let residents = Mutex<[String: ConsumerGroup]>([:])
  let replicaStates: Mutex<ReplicaStates>
  /// Tells how many members a group of clients from outside has.
  let memberCount = Mutex<Listener<String, Int>?>(nil)
  private let appendListener = Mutex<Listener<(TopicPartition, Int), Void>?>(nil)
  private let isClosed = Atomic<Bool>(false)

  /// A function behind a lock. By itself it would be wrapped once more at every look, and a call would go
  /// through all the wrappings.
  final class Listener<Argument, Result>: Sendable {
    let call: @Sendable (Argument) -> Result

    init(_ call: @escaping @Sendable (Argument) -> Result) {
      self.call = call
    }
  }

  /// What is in the file of topics, and the partitions that belong to it.
  struct Topics: Sendable {
    var catalog = TopicCatalog()
    var partitions: [String: [PartitionLog]] = [:]
  }

  private init(
    storage: LogStorage,
    configuration: EventLogConfiguration,
    topics: Topics,
    offsets: ConsumerOffsets,
    replicas: ReplicaStates,
    recovery: RecoveryReport
  ) {
    self.replicaStates = Mutex(replicas)
    self.storage = storage
    self.configuration = configuration
    self.topics = Mutex(topics)
    self.offsets = offsets
    self.producerIDs = ProducerIDs(storage: storage)
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
    let storage = LogStorage(root: directory, observer: configuration.storageObserver)
    try storage.makeRoot()
    let catalog = try storage.contents(of: TopicCatalog.path).map {
      try TopicCatalog(parsing: $0)
    }
    let closing = try storage.contents(of: ShutdownMarker.path)
      .flatMap { ShutdownMarker.parse($0) }
    let offsets = try ConsumerOffsets(storage: storage)
    var replicas =
      try storage.contents(of: ReplicaStates.path).map { try ReplicaStates(parsing: $0) }
      ?? ReplicaStates()
    try storage.remove(ShutdownMarker.path)
    var report = RecoveryReport()
    report.wasCleanShutdown = catalog == nil || closing != nil
    var topics = Topics(catalog: catalog ?? TopicCatalog())
    for (name, entry) in topics.catalog.topics.sorted(by: { $0.key < $1.key }) {
      topics.partitions[name] = (0..<entry.partitionCount).map { index in
        let partition = TopicPartition(name, Int32(truncatingIfNeeded: index))
        let log = PartitionLog.open(
          partition,
          storage: storage,
          configuration: configuration,
          closing: closing?[partition],
          report: &report
        )
        log.apply(entry.configuration)
        return log
      }
    }
    // Who is in sync has what is there: all brokers began again together.
    for (place, set) in replicas.partitions {
      guard let logs = topics.partitions[place.topic], Int(place.partition) < logs.count,
        let end = try? logs[Int(place.partition)].endOffset()
      else { continue }
      for replica in set.inSync where replica != set.leader {
        replicas.partitions[place]?.positions[replica] = end
      }
    }
    return EventLog(
      storage: storage,
      configuration: configuration,
      topics: topics,
      offsets: offsets,
      replicas: replicas,
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
    for partition in topics.withLock({ $0.partitions.values.flatMap { $0 } }) {
      entries[partition.partition] = try partition.close()
    }
    try storage.replace(ShutdownMarker.path, with: ShutdownMarker.bytes(entries))
  }

  // MARK: Writing

  /// The same with acks=all.
  package func append(
    _ records: [Record],
    to partition: TopicPartition,
    appendTime: Int64
  ) throws -> Offset {
    try append(records, to: partition, appendTime: appendTime, waitsForAll: true)
  }

  /// Appends records in order and answers the first one's offset; the rest follow it.
  ///
  /// The records' own offsets and timestamps are ignored; all get `appendTime`, milliseconds since
  /// the Unix epoch. When this returns the bytes survive the end of the process, and after `sync()`
  /// a power cut. All of the records are written or none, unless together they exceed a segment.
  /// `waitsForAll` is acks=all: the followers in sync have the records as well.
  package func append(
    _ records: [Record],
    to partition: TopicPartition,
    appendTime: Int64,
    waitsForAll: Bool
  ) throws -> Offset {
    try append(
      [PartitionAppend(partition, records)], appendTime: appendTime, waitsForAll: waitsForAll)[0]
  }

  /// Has `listener` called after every append, with the partition and the bytes added; nil for none.
  ///
  /// It is called on the appending thread and must be quick.
  package func onAppend(_ listener: (@Sendable (TopicPartition, Int) -> Void)?) {
    let boxed = listener.map { listener in
      Listener<(TopicPartition, Int), Void> { (append: (TopicPartition, Int)) in
        listener(append.0, append.1)
      }
    }
    appendListener.withLock { $0 = boxed }
  }

  func tellAppended(_ log: PartitionLog, bytes: Int) {
    appendListener.withLock { $0 }?.call((log.partition, bytes))
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
      // One partition's wait for the disk is another's: all of them wait side by side, each on a
      // thread of its own, however few the cores are.
      let failure = Mutex<(any Error)?>(nil)
      @Sendable func flush(_ log: PartitionLog) {
        do {
          try log.flush()
        } catch {
          failure.withLock { $0 = $0 ?? error }
        }
      }
      let group = DispatchGroup()
      for log in logs.dropLast() { log.flushing.async(group: group) { flush(log) } }
      if let last = logs.last { flush(last) }
      group.wait()
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

  // MARK: Inside

  func partitions(of topic: String) throws -> [PartitionLog] {
    try topics.withLock { topics in
      guard let logs = topics.partitions[topic] else {
        throw EventLogError.unknownTopic(topic, known: topics.partitions.keys.sorted())
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

  func markDirty(_ log: PartitionLog) {
    dirty.withLock { $0[ObjectIdentifier(log)] = log }
  }
}
