// Writing: one `pwrite` for an append, a new segment when the old one is full, fsync when asked.

internal import KafkaProtocol
internal import Synchronization

extension PartitionLog {
  /// Cuts records into batches of about `batchBytesMax`, encoded outside any lock.
  static func encode(
    _ records: [Record],
    appendTime: Int64,
    configuration: EventLogConfiguration
  ) throws -> [EncodedBatch] {
    var batches: [EncodedBatch] = []
    var start = 0
    while start < records.count {
      var end = start
      var size = 0
      while end < records.count {
        let next = RecordBatch.encodedSizeMax(records[end])
        guard next <= configuration.recordBytesMax else {
          throw EventLogError(
            .recordTooLarge,
            "Record \(end) of the append has about \(next) bytes, more than the "
              + "\(configuration.recordBytesMax) that one record may have.",
            advice: "Send smaller events.",
            fields: ["bytes": String(next), "bytesMax": String(configuration.recordBytesMax)]
          )
        }
        if end > start, size + next > configuration.batchBytesMax { break }
        size += next
        end += 1
      }
      batches.append(
        EncodedBatch(
          bytes: try RecordBatch.encodeAppend(
            records[start..<end],
            baseOffset: Offset(0),
            appendTime: appendTime,
            compression: configuration.compression
          ),
          recordCount: end - start
        )
      )
      start = end
    }
    return batches
  }

  /// Writes batches at the end and answers the first one's base offset.
  ///
  /// All of them in one write, unless together they are larger than a segment. A write that fails
  /// is cut off again, so that the log ends with its last whole batch.
  func append(_ batches: [EncodedBatch], appendTime: Int64) throws -> Appended {
    try writer.withLock { writer in
      let base = try view.withLock { try $0.checkedActive().nextOffset }
      let total = batches.reduce(0) { $0 + $1.bytes.count }
      if total <= configuration.segmentBytesMax || batches.count == 1 {
        try write(batches, totalSize: total, appendTime: appendTime, &writer)
      } else {
        for batch in batches {
          try write([batch], totalSize: batch.bytes.count, appendTime: appendTime, &writer)
        }
        writer.beforeLastWrite = nil
      }
      return Appended(
        base: base,
        end: base + Int64(batches.reduce(0) { $0 + $1.recordCount }),
        before: writer.beforeLastWrite
      )
    }
  }

  /// Offsets that an append has given.
  struct Appended: Sendable {
    var base: Int64
    /// Behind the last record.
    var end: Int64
    /// How the segment stood before; nil where it took several writes.
    fileprivate var before: ActiveSegment.Mark?
  }

  /// Removes an append from the log again, as long as nothing stands behind it.
  ///
  /// - Returns: false where it stays: others have appended since, or a segment was begun.
  func takeBack(_ appended: Appended) -> Bool {
    writer.withLock { writer in
      guard let before = appended.before,
        let active = view.withLock({ $0.failure == nil ? $0.active : nil }),
        active.end.log === before.end.log, active.end.nextOffset == appended.end
      else { return false }
      do {
        // First what names the bytes, if a sync has written that meanwhile.
        if writer.offsetEntriesOnDisk > before.offsetEntries {
          try storage.truncate(
            active.indexFile, to: before.offsetEntries * OffsetIndexEntry.size)
          writer.offsetEntriesOnDisk = before.offsetEntries
        }
        if writer.timeEntriesOnDisk > before.timeEntries {
          try storage.truncate(
            active.timeIndexFile, to: before.timeEntries * TimeIndexEntry.size)
          writer.timeEntriesOnDisk = before.timeEntries
        }
        try storage.truncate(active.end.log, to: before.end.size)
      } catch {
        return false
      }
      view.withLock { $0.active?.goBack(to: before) }
      return true
    }
  }

  func write(
    _ batches: [EncodedBatch],
    totalSize: Int,
    appendTime: Int64,
    _ writer: inout WriterState
  ) throws {
    var end = try view.withLock { try $0.checkedActive() }
    if needsRoll(end, adding: totalSize, appendTime: appendTime) {
      try roll(&writer)
      end = try view.withLock { try $0.checkedActive() }
    }
    var bytes: [UInt8] = []
    var nextOffset = end.nextOffset
    let epoch = leaderEpoch
    for (index, batch) in batches.enumerated() {
      let start = bytes.count
      if index == 0, batches.count == 1 {
        bytes = batch.bytes
      } else {
        bytes.append(contentsOf: batch.bytes)
      }
      // A batch that has its place already is not copied once more to be given it.
      if !RecordBatch.isStamped(
        baseOffset: Offset(nextOffset), leaderEpoch: epoch, bytes, at: start)
      {
        RecordBatch.stamp(
          baseOffset: Offset(nextOffset), leaderEpoch: epoch, into: &bytes, at: start)
      }
      nextOffset += Int64(batch.recordCount)
    }
    writer.beforeLastWrite = view.withLock { $0.active?.mark }
    do {
      try bytes.withUnsafeBytes { try storage.write($0, to: end.log, at: end.size) }
    } catch let error as EventLogError {
      do {
        try storage.truncate(end.log, to: end.size)
      } catch is EventLogError {
        fail(error)  // Half a batch may stand at the end: only recovery can mend that.
      }
      throw error
    }
    view.withLock { view in
      for batch in batches {
        view.active?.note(
          batch,
          appendTime: appendTime,
          indexInterval: configuration.indexIntervalBytes
        )
      }
    }
  }

  private func needsRoll(
    _ end: ActiveSegment.Position,
    adding size: Int,
    appendTime: Int64
  ) -> Bool {
    guard end.size > 0 else { return false }
    let settings = view.withLock { $0.settings }
    if end.size + size > settings.segmentBytesMax ?? configuration.segmentBytesMax { return true }
    if end.nextOffset - end.baseOffset > Int64(Int32.max / 2) { return true }
    guard let milliseconds = settings.segmentMilliseconds ?? configuration.segmentMilliseconds,
      let first = end.firstTimestamp
    else { return false }
    return appendTime - first >= milliseconds
  }

  /// Seals the active segment, makes it durable, and begins the next one.
  ///
  /// The old segment is fsynced before the new one exists: only the last segment can ever have a
  /// torn tail, and recovery relies on that.
  func roll(_ writer: inout WriterState) throws {
    let end = try view.withLock { try $0.checkedActive() }
    try syncLog(end)
    view.withLock { view in
      view.active?.index.appendTime(
        end.maxTimestamp,
        end.maxTimestampOffset,
        baseOffset: end.baseOffset
      )
    }
    try writeIndexes(&writer, durable: end)
    let files = files(end.nextOffset)
    let next = try ActiveSegment.open(storage, files, baseOffset: end.nextOffset)
    for file in [next.end.log, next.indexFile, next.timeIndexFile] {
      try storage.truncate(file, to: 0)
    }
    writer.offsetEntriesOnDisk = 0
    writer.timeEntriesOnDisk = 0
    writer.needsDirectorySync = true
    view.withLock { view in
      view.sealed.append(
        SealedSegment(
          baseOffset: end.baseOffset,
          endOffset: end.nextOffset,
          size: end.size,
          maxTimestamp: end.maxTimestamp,
          appendTime: end.appendTime
        )
      )
      view.active = next
    }
    try noteRoll(&writer, sealed: end)
  }

  /// Makes everything appended before this call durable.
  func flush() throws {
    guard !isDeleted else { return }
    let (end, needsDirectorySync) = try writer.withLock { writer in
      let needed = writer.needsDirectorySync
      writer.needsDirectorySync = false
      return (try view.withLock { try $0.checkedActive() }, needed)
    }
    do {
      try syncLog(end)
      if needsDirectorySync { try storage.syncDirectory(directory) }
    } catch {
      if needsDirectorySync { writer.withLock { $0.needsDirectorySync = true } }
      throw error
    }
    try writer.withLock { writer in
      guard try view.withLock({ try $0.checkedActive().log === end.log }) else { return }
      try writeIndexes(&writer, durable: end)
    }
  }

  /// A failed fsync means that the kernel may have dropped the bytes: nothing more is accepted.
  func syncLog(_ end: ActiveSegment.Position) throws {
    do {
      try storage.sync(end.log)
    } catch let error as EventLogError {
      fail(error)
      throw error
    }
  }

  /// Writes the index entries for bytes that are durable. An index that cannot be written is not
  /// an error: it is made again from the log when the log is opened.
  func writeIndexes(
    _ writer: inout WriterState,
    durable end: ActiveSegment.Position
  ) throws {
    let written = (writer.offsetEntriesOnDisk, writer.timeEntriesOnDisk)
    let pending = view.withLock { view -> (ActiveSegment, [UInt8], [UInt8])? in
      guard let active = view.active else { return nil }
      let offsets = active.index.offsets[written.0...].prefix { Int($0.position) < end.size }
      let times = active.index.times[written.1...].prefix {
        active.end.baseOffset + Int64($0.relativeOffset) < end.nextOffset
      }
      guard !offsets.isEmpty || !times.isEmpty else { return nil }
      return (active, SegmentIndex.bytes(offsets), SegmentIndex.bytes(times))
    }
    guard let (active, offsetBytes, timeBytes) = pending else { return }
    do {
      try offsetBytes.withUnsafeBytes {
        try storage.write($0, to: active.indexFile, at: written.0 * OffsetIndexEntry.size)
      }
      try timeBytes.withUnsafeBytes {
        try storage.write($0, to: active.timeIndexFile, at: written.1 * TimeIndexEntry.size)
      }
      writer.offsetEntriesOnDisk += offsetBytes.count / OffsetIndexEntry.size
      writer.timeEntriesOnDisk += timeBytes.count / TimeIndexEntry.size
    } catch is EventLogError {
      return
    }
  }
}
