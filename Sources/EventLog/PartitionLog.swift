// One partition on disk: a chain of sealed segments and one active segment at its end.
//
// `PartitionLog+Append` writes, `+Produce` writes what clients packed, `+Read` finds and reads,
// `+Recovery` opens, `+Retention` deletes.

internal import Dispatch
internal import KafkaProtocol
internal import Synchronization

/// The segments of one partition.
///
/// One thread writes at a time (`writer`). Readers take what they need from `view`, whose lock is
/// held only for look-ups in memory, and read files outside it. An append shows in `view` after
/// its bytes are in the file, so no reader meets half a batch.
final class PartitionLog: Sendable {
  let partition: TopicPartition
  /// Below the log's root.
  let directory: String
  let storage: LogStorage
  let configuration: EventLogConfiguration
  /// Where it waits for the disk while others do the same.
  let flushing: DispatchQueue
  let writer: Mutex<WriterState>
  let view: Mutex<View>

  init(
    _ partition: TopicPartition,
    storage: LogStorage,
    configuration: EventLogConfiguration,
    sealed: [SealedSegment],
    active: ActiveSegment?,
    state: PartitionState = PartitionState(),
    writer: WriterState = WriterState(),
    failure: EventLogError? = nil
  ) {
    self.partition = partition
    self.directory = partition.description
    self.storage = storage
    self.configuration = configuration
    flushing = DispatchQueue(label: "tapline.log.flush.\(partition)")
    self.writer = Mutex(writer)
    self.view = Mutex(View(sealed: sealed, active: active, state: state, failure: failure))
  }

  /// What only the writing thread needs.
  struct WriterState: Sendable {
    /// Entries of the active segment's index files that are on disk.
    var offsetEntriesOnDisk = 0
    var timeEntriesOnDisk = 0
    /// True where files were created since the directory was fsynced.
    var needsDirectorySync = false
    var producers = ProducerStates()
    /// How the active segment stood before the last write.
    var beforeLastWrite: ActiveSegment.Mark?
  }

  /// What readers see.
  struct View: Sendable {
    var sealed: [SealedSegment]
    /// Nil exactly where `failure` says why the partition could not be opened.
    var active: ActiveSegment?
    var state = PartitionState()
    /// Of the topic's settings, what an append asks for.
    var settings = TopicConfiguration()
    /// Once set, every operation throws it until the log is opened again.
    var failure: EventLogError?

    func checkedActive() throws -> ActiveSegment.Position {
      if let failure { throw failure }
      guard let active else { preconditionFailure("a partition without failure has a segment") }
      return active.end
    }

    var firstBaseOffset: Int64 { sealed.first?.baseOffset ?? active?.end.baseOffset ?? 0 }
    /// The oldest offset that may be read.
    var startOffset: Int64 { max(firstBaseOffset, state.startOffset) }
  }

  func fail(_ error: EventLogError) {
    view.withLock { if $0.failure == nil { $0.failure = error } }
  }

  func files(_ baseOffset: Int64) -> SegmentFiles {
    SegmentFiles(directory: directory, baseOffset: baseOffset)
  }

  func startOffset() throws -> Int64 {
    try view.withLock { view in
      _ = try view.checkedActive()
      return view.startOffset
    }
  }

  func endOffset() throws -> Int64 {
    try view.withLock { try $0.checkedActive().nextOffset }
  }

  /// The number of the leader's time that appends belong to.
  var leaderEpoch: Int32 { view.withLock { $0.state.leaderEpoch } }

  func apply(_ settings: TopicConfiguration) {
    view.withLock { $0.settings = settings }
  }

  /// Start, end, segments and bytes at one moment.
  func statistics() throws -> (start: Int64, end: Int64, segments: Int, bytes: Int) {
    try view.withLock { view in
      let end = try view.checkedActive()
      return (
        view.startOffset, end.nextOffset, view.sealed.count + 1,
        view.sealed.reduce(end.size) { $0 + $1.size }
      )
    }
  }
}

/// A segment that no longer grows: durable, and known by its files' names.
struct SealedSegment: Sendable {
  let baseOffset: Int64
  /// The base offset of the segment after it.
  let endOffset: Int64
  let size: Int
  /// The highest timestamp of its records; nil until someone asks.
  var maxTimestamp: Int64?
  /// When its last record was appended, where that is known and not `maxTimestamp`.
  var appendTime: Int64?
}

/// The segment at the end, with its index in memory.
struct ActiveSegment: Sendable {
  /// Where the next batch goes; small, so that it can be copied out of a lock.
  struct Position: Sendable {
    let baseOffset: Int64
    let log: LogFile
    var size: Int
    var nextOffset: Int64
    /// The append time of the segment's first batch; nil while it is empty.
    var firstTimestamp: Int64?
    /// The highest timestamp; the smallest Int64 while the segment is empty.
    var maxTimestamp: Int64 = .min
    var maxTimestampOffset: Int64 = 0
    /// When its last record was appended; nil where that was before this opening.
    var appendTime: Int64?
  }

  /// How the segment stood at a moment, to go back there.
  struct Mark: Sendable {
    var end: Position
    var offsetEntries: Int
    var timeEntries: Int
    var bytesSinceIndexEntry: Int
  }

  var mark: Mark {
    Mark(
      end: end,
      offsetEntries: index.offsets.count,
      timeEntries: index.times.count,
      bytesSinceIndexEntry: bytesSinceIndexEntry
    )
  }

  /// Forgets what was noted since.
  mutating func goBack(to mark: Mark) {
    end = mark.end
    index.offsets.removeLast(index.offsets.count - mark.offsetEntries)
    index.times.removeLast(index.times.count - mark.timeEntries)
    bytesSinceIndexEntry = mark.bytesSinceIndexEntry
  }

  var end: Position
  var index: SegmentIndex
  let indexFile: LogFile
  let timeIndexFile: LogFile
  var bytesSinceIndexEntry: Int

  /// Opens the three files of a segment, making those that are missing.
  static func open(
    _ storage: LogStorage,
    _ files: SegmentFiles,
    baseOffset: Int64
  ) throws -> ActiveSegment {
    ActiveSegment(
      end: Position(
        baseOffset: baseOffset,
        log: try storage.open(files.log, .create),
        size: 0,
        nextOffset: baseOffset
      ),
      index: SegmentIndex(),
      indexFile: try storage.open(files.index, .create),
      timeIndexFile: try storage.open(files.timeIndex, .create),
      bytesSinceIndexEntry: 0
    )
  }

  /// Takes note of a batch that was written at the end.
  mutating func note(_ batch: EncodedBatch, appendTime: Int64, indexInterval: Int) {
    let lastOffset = end.nextOffset + Int64(batch.recordCount) - 1
    let timestamp = batch.maxTimestamp ?? appendTime
    if end.firstTimestamp == nil { end.firstTimestamp = appendTime }
    end.appendTime = appendTime
    if timestamp > end.maxTimestamp {
      end.maxTimestamp = timestamp
      end.maxTimestampOffset = lastOffset
    }
    if bytesSinceIndexEntry > indexInterval {
      index.append(
        lastOffset: lastOffset,
        position: end.size,
        maxTimestamp: end.maxTimestamp,
        maxTimestampOffset: end.maxTimestampOffset,
        baseOffset: end.baseOffset
      )
      bytesSinceIndexEntry = 0
    }
    bytesSinceIndexEntry += batch.bytes.count
    end.size += batch.bytes.count
    end.nextOffset = lastOffset + 1
  }
}

/// A batch ready to be written, but for its base offset.
struct EncodedBatch: Sendable {
  var bytes: [UInt8]
  var recordCount: Int
  /// The highest timestamp of its records where they have their producer's; nil for append time.
  var maxTimestamp: Int64?
}
