// Walks a segment batch by batch and says how far it is whole: the heart of recovery.

internal import KafkaProtocol

/// What a walk over a segment's batches found.
struct SegmentScan {
  /// Where the first byte stands that is not part of a valid batch; the size where all are.
  var validSize: Int
  var nextOffset: Int64
  var maxTimestamp: Int64
  var maxTimestampOffset: Int64
  var bytesSinceIndexEntry: Int
  /// Entries for the batches walked, as an appender would have made them.
  var index = SegmentIndex()
  /// Why the walk ended before the end; nil where it did not.
  var damage: String?
  /// Bytes read.
  var bytesScanned = 0

  init(position: Int, nextOffset: Int64, maxTimestamp: Int64 = .min, maxTimestampOffset: Int64 = 0)
  {
    validSize = position
    self.nextOffset = nextOffset
    self.maxTimestamp = maxTimestamp
    self.maxTimestampOffset = maxTimestampOffset
    bytesSinceIndexEntry = 0
  }

  /// Walks from `validSize` to `size`, checking lengths, contiguous offsets and CRCs.
  mutating func run(
    _ storage: LogStorage,
    _ file: LogFile,
    baseOffset: Int64,
    size: Int,
    indexInterval: Int
  ) throws {
    var window = SegmentWindow(storage: storage, file: file, size: size)
    defer { bytesScanned = window.bytesRead }
    while validSize < size {
      do {
        let header = try window.header(at: validSize)
        guard header.baseOffset == nextOffset,
          header.recordCount == header.lastOffsetDelta + 1,
          header.lastOffset - baseOffset <= Int64(Int32.max)
        else {
          damage = "offset \(nextOffset) was due, the batch says \(header.baseOffset)"
          return
        }
        try window.withBatch(at: validSize, header) { try header.checkCRC($0) }
        note(header, baseOffset: baseOffset, indexInterval: indexInterval)
      } catch let error as KafkaProtocolError {
        damage = error.message
        return
      }
    }
  }

  /// Moves past a valid batch, indexing it as `ActiveSegment.note` does.
  private mutating func note(
    _ header: RecordBatchHeader,
    baseOffset: Int64,
    indexInterval: Int
  ) {
    if header.maxTimestamp > maxTimestamp {
      maxTimestamp = header.maxTimestamp
      maxTimestampOffset = header.lastOffset
    }
    if bytesSinceIndexEntry > indexInterval {
      index.append(
        lastOffset: header.lastOffset,
        position: validSize,
        maxTimestamp: maxTimestamp,
        maxTimestampOffset: maxTimestampOffset,
        baseOffset: baseOffset
      )
      bytesSinceIndexEntry = 0
    }
    bytesSinceIndexEntry += header.totalSize
    validSize += header.totalSize
    nextOffset = header.lastOffset + 1
  }

  /// Records in the bytes from `position` on, by the headers that can still be read; nil where
  /// they cannot all be.
  static func countRecords(
    _ storage: LogStorage,
    _ file: LogFile,
    from position: Int,
    offset: Int64,
    size: Int
  ) throws -> Int? {
    var nextOffset = offset
    var window = SegmentWindow(storage: storage, file: file, size: size)
    var at = position
    var count = 0
    while at < size {
      do {
        let header = try window.uncheckedHeader(at: at)
        guard header.baseOffset == nextOffset,
          header.recordCount == header.lastOffsetDelta + 1
        else { return nil }
        nextOffset = header.lastOffset + 1
        count += Int(header.recordCount)
        at += header.totalSize
      } catch is KafkaProtocolError {
        return nil
      }
    }
    return count
  }
}

extension SegmentIndex {
  /// Adds the entries for one batch; the time entry only where the time has advanced.
  mutating func append(
    lastOffset: Int64,
    position: Int,
    maxTimestamp: Int64,
    maxTimestampOffset: Int64,
    baseOffset: Int64
  ) {
    offsets.append(
      OffsetIndexEntry(
        relativeOffset: Int32(truncatingIfNeeded: lastOffset - baseOffset),
        position: Int32(truncatingIfNeeded: position)
      )
    )
    appendTime(maxTimestamp, maxTimestampOffset, baseOffset: baseOffset)
  }

  mutating func appendTime(_ timestamp: Int64, _ offset: Int64, baseOffset: Int64) {
    let relative = Int32(truncatingIfNeeded: offset - baseOffset)
    if let last = times.last, timestamp <= last.timestamp || relative <= last.relativeOffset {
      return
    }
    times.append(TimeIndexEntry(timestamp: timestamp, relativeOffset: relative))
  }
}

/// A piece of a segment in memory that moves forward with its reader.
struct SegmentWindow {
  let storage: LogStorage
  let file: LogFile
  /// Bytes of the segment that may be looked at.
  let size: Int
  private var bytes: [UInt8] = []
  private var start = 0
  private(set) var bytesRead = 0
  private static let readAhead = 256 << 10

  init(storage: LogStorage, file: LogFile, size: Int) {
    self.storage = storage
    self.file = file
    self.size = size
  }

  /// Reads `wanted` bytes ahead, so that batches in them need no further call.
  mutating func prefetch(at position: Int, count wanted: Int) throws {
    try load(position, max(0, min(wanted, size - position)))
  }

  /// The header of the batch at `position`, checked to end inside the segment.
  mutating func header(at position: Int) throws -> RecordBatchHeader {
    let header = try uncheckedHeader(at: position)
    guard header.totalSize <= size - position else {
      throw KafkaProtocolError(
        .truncated,
        byteOffset: position,
        "a batch of \(header.totalSize) bytes has only \(size - position)"
      )
    }
    return header
  }

  /// The header at `position`, whose batch may end beyond the segment.
  mutating func uncheckedHeader(at position: Int) throws -> RecordBatchHeader {
    try withBytes(at: position, count: RecordBatchHeader.size) {
      try RecordBatchHeader(parsing: $0)
    }
  }

  mutating func withBatch<Result>(
    at position: Int,
    _ header: RecordBatchHeader,
    _ body: (UnsafeRawBufferPointer) throws -> Result
  ) throws -> Result {
    try withBytes(at: position, count: header.totalSize, body)
  }

  /// Calls `body` with up to `count` bytes from `position`; fewer only at the end.
  private mutating func withBytes<Result>(
    at position: Int,
    count: Int,
    _ body: (UnsafeRawBufferPointer) throws -> Result
  ) throws -> Result {
    let count = min(count, size - position)
    if position < start || position + count > start + bytes.count {
      try load(position, min(max(count, SegmentWindow.readAhead), size - position))
    }
    return try bytes.withUnsafeBytes { all in
      let from = position - start
      return try body(
        UnsafeRawBufferPointer(rebasing: all[from..<min(from + count, all.count)])
      )
    }
  }

  private mutating func load(_ position: Int, _ count: Int) throws {
    bytes = try storage.read(file, at: position, count: count)
    start = position
    bytesRead += bytes.count
  }
}
