// Reading: the index says where to begin, a short walk finds the batch, whole batches come out.

internal import KafkaProtocol
internal import Synchronization

extension PartitionLog {
  /// A segment with the place where a walk for an offset begins.
  struct Source {
    let file: LogFile
    let size: Int
    let position: Int
    let endOffset: Int64
  }

  /// Calls `body` with whole batches that hold `offset` or what follows, in order.
  ///
  /// Ends after about `bytesMax` bytes (never before the first batch), at the end of the log, or
  /// when `body` answers false.
  /// - Returns: the offset after the last batch handed out.
  /// - Throws: `eventLog.offsetOutOfRange`, `eventLog.corruptBatch` with file and byte.
  @discardableResult
  func forEachBatch(
    from start: Int64,
    bytesMax: Int,
    prefetch: Int = .max,
    _ body: (RecordBatchHeader, UnsafeRawBufferPointer) throws -> Bool
  ) throws -> Int64 {
    var offset = start
    var budget = bytesMax
    var isFirst = true
    while let source = try source(of: offset) {
      var window = SegmentWindow(storage: storage, file: source.file, size: source.size)
      let ahead = min(max(0, budget), prefetch, source.size) + configuration.indexIntervalBytes
      try window.prefetch(at: source.position, count: ahead)
      var position = source.position
      while position < source.size {
        var isWanted = true
        do {
          let header = try window.header(at: position)
          if header.baseOffset > offset { throw misplaced(header, offset) }
          if header.lastOffset >= offset {
            if !isFirst, header.totalSize > budget { return offset }
            isWanted = try window.withBatch(at: position, header) { try body(header, $0) }
            isFirst = false
            budget -= header.totalSize
            offset = header.lastOffset + 1
          }
          position += header.totalSize
        } catch let error as KafkaProtocolError {
          throw EventLogError.corruptBatch(
            file: source.file.path,
            byteOffset: position,
            reason: error.message
          )
        }
        if !isWanted || budget <= 0 { return offset }
      }
      guard offset >= source.endOffset else {
        throw EventLogError.corruptBatch(
          file: source.file.path,
          byteOffset: source.size,
          reason: "the segment ends before offset \(offset), the next begins at "
            + "\(source.endOffset)"
        )
      }
    }
    return offset
  }

  func misplaced(_ header: RecordBatchHeader, _ offset: Int64) -> KafkaProtocolError {
    KafkaProtocolError(
      .corrupt,
      byteOffset: 0,
      "offset \(offset) was due, the batch says \(header.baseOffset)"
    )
  }

  /// The segment that holds an offset; nil where the offset is the log's end.
  func source(of offset: Int64) throws -> Source? {
    for attempt in 0..<2 {
      let (source, sealed) = try view.withLock { view -> (Source?, SealedSegment?) in
        let end = try view.checkedActive()
        guard offset >= view.startOffset, offset <= end.nextOffset else {
          throw EventLogError.offsetOutOfRange(
            partition.description,
            offset,
            start: view.startOffset,
            end: end.nextOffset
          )
        }
        if offset == end.nextOffset { return (nil, nil) }
        guard offset < end.baseOffset else {
          let position = view.active?.index.position(of: offset - end.baseOffset) ?? 0
          return (
            Source(
              file: end.log,
              size: end.size,
              position: position,
              endOffset: end.nextOffset
            ), nil
          )
        }
        let index = partitionPoint(view.sealed) { $0.endOffset <= offset }
        return (nil, view.sealed[index])
      }
      guard let sealed else { return source }
      do {
        return try open(sealed, offset)
      } catch let error as EventLogError where error.kind == .missingFile && attempt == 0 {
        continue  // Retention may have removed it between the look and the opening.
      }
    }
    return nil
  }

  private func open(_ segment: SealedSegment, _ offset: Int64) throws -> Source {
    let files = files(segment.baseOffset)
    let file = try storage.open(files.log, .readOnly)
    let size = try min(segment.size, storage.size(file))
    let position = try indexedPosition(files, segment.baseOffset, offset, size)
    var window = SegmentWindow(storage: storage, file: file, size: size)
    // An index that does not lead to a batch at or before the offset is not believed.
    let header = try? window.header(at: position)
    let isPlausible = header.map { $0.baseOffset <= offset } ?? false
    return Source(
      file: file,
      size: size,
      position: isPlausible ? position : 0,
      endOffset: segment.endOffset
    )
  }

  private func indexedPosition(
    _ files: SegmentFiles,
    _ baseOffset: Int64,
    _ offset: Int64,
    _ logSize: Int
  ) throws -> Int {
    guard let bytes = try storage.contents(of: files.index) else { return 0 }
    return bytes.withUnsafeBytes { bytes in
      var low = 0
      var high = bytes.count / OffsetIndexEntry.size
      func field(_ entry: Int, _ at: Int) -> Int64 {
        Int64(
          Int32(
            bigEndian: bytes.loadUnaligned(
              fromByteOffset: entry * OffsetIndexEntry.size + at,
              as: Int32.self
            )
          )
        )
      }
      while low < high {
        let middle = (low + high) / 2
        if field(middle, 0) <= offset - baseOffset { low = middle + 1 } else { high = middle }
      }
      guard low > 0 else { return 0 }
      let position = Int(field(low - 1, 4))
      return position >= 0 && position < logSize ? position : 0
    }
  }

  // MARK: Records

  func read(from start: Int64, bytesMax: Int) throws -> [Record] {
    var records: [Record] = []
    try forEachBatch(from: start, bytesMax: bytesMax) { header, bytes in
      records.reserveCapacity(records.count + Int(header.recordCount))
      try RecordBatch.forEachRecord(in: bytes) { record in
        if record.offset >= start { records.append(record.copy()) }
      }
      return true
    }
    return records
  }

  /// The batches as they are stored, one after the other.
  func readBatches(from start: Int64, bytesMax: Int) throws -> [UInt8] {
    var result: [UInt8] = []
    try forEachBatch(from: start, bytesMax: bytesMax) { header, bytes in
      try header.checkCRC(bytes)
      result.append(contentsOf: bytes)
      return true
    }
    return result
  }

  // MARK: Time

  /// A record's place in the log and in time.
  struct TimedOffset: Sendable, Equatable {
    var offset: Int64
    var timestamp: Int64
  }

  /// The first record whose timestamp is `time` or later; nil where there is none.
  func record(atOrAfter time: Int64) throws -> TimedOffset? {
    let (sealed, end, start) = try view.withLock {
      ($0.sealed, try $0.checkedActive(), $0.startOffset)
    }
    for segment in sealed where segment.endOffset > start {
      let highest = try maxTimestamp(of: segment)
      guard highest >= time else { continue }
      let files = files(segment.baseOffset)
      let bytes = try storage.contents(of: files.timeIndex) ?? []
      let index = SegmentIndex(offsetBytes: [], timeBytes: bytes, logSize: segment.size)
      let relative = index?.relativeOffset(before: time) ?? 0
      let from = min(segment.baseOffset + relative, segment.endOffset - 1)
      if let found = try firstRecord(atOrAfter: time, from: max(from, start)) { return found }
    }
    guard end.maxTimestamp >= time, end.nextOffset > max(start, end.baseOffset) else { return nil }
    let relative = view.withLock { $0.active?.index.relativeOffset(before: time) ?? 0 }
    let from = max(start, end.baseOffset + relative)
    // A roll in between leaves the offset where it was; the walk starts there all the same.
    return try firstRecord(atOrAfter: time, from: min(from, end.nextOffset - 1))
  }

  /// The same as an offset; the end where there is none.
  func offset(atOrAfter time: Int64) throws -> Int64 {
    try record(atOrAfter: time)?.offset ?? endOffset()
  }

  /// The first record with the highest timestamp of all; nil for an empty log.
  func latestRecord() throws -> TimedOffset? {
    let (sealed, end, start) = try view.withLock {
      ($0.sealed, try $0.checkedActive(), $0.startOffset)
    }
    var highest = end.size > 0 ? end.maxTimestamp : .min
    for segment in sealed where segment.endOffset > start {
      highest = max(highest, try maxTimestamp(of: segment))
    }
    return highest == .min ? nil : try record(atOrAfter: highest)
  }

  private func firstRecord(atOrAfter time: Int64, from start: Int64) throws -> TimedOffset? {
    var found: TimedOffset?
    try forEachBatch(from: start, bytesMax: .max, prefetch: 16 << 10) { header, bytes in
      guard header.maxTimestamp >= time else { return true }
      if header.isLogAppendTime {
        found = TimedOffset(
          offset: max(header.baseOffset, start), timestamp: header.maxTimestamp)
      } else {
        try RecordBatch.forEachRecord(in: bytes) { record in
          if found == nil, record.timestamp >= time, record.offset >= start {
            found = TimedOffset(offset: record.offset, timestamp: record.timestamp)
          }
        }
      }
      return found == nil
    }
    return found
  }

  /// The highest timestamp of a sealed segment, from its time index's last entry.
  func maxTimestamp(of segment: SealedSegment) throws -> Int64 {
    if let known = segment.maxTimestamp { return known }
    let files = files(segment.baseOffset)
    var highest: Int64?
    if let size = try storage.size(of: files.timeIndex), size >= TimeIndexEntry.size,
      size % TimeIndexEntry.size == 0
    {
      let file = try storage.open(files.timeIndex, .readOnly)
      let bytes = try storage.read(
        file,
        at: size - TimeIndexEntry.size,
        count: TimeIndexEntry.size
      )
      let index = SegmentIndex(offsetBytes: [], timeBytes: bytes, logSize: segment.size)
      highest = index?.times.last?.timestamp
    }
    let timestamp = try highest ?? scan(segment).maxTimestamp
    view.withLock { view in
      let index = partitionPoint(view.sealed) { $0.baseOffset < segment.baseOffset }
      if index < view.sealed.count, view.sealed[index].baseOffset == segment.baseOffset {
        view.sealed[index].maxTimestamp = timestamp
      }
    }
    return timestamp
  }

  /// Walks a whole sealed segment.
  func scan(_ segment: SealedSegment) throws -> SegmentScan {
    let file = try storage.open(files(segment.baseOffset).log, .readOnly)
    var scan = SegmentScan(position: 0, nextOffset: segment.baseOffset)
    try scan.run(
      storage,
      file,
      baseOffset: segment.baseOffset,
      size: segment.size,
      indexInterval: configuration.indexIntervalBytes
    )
    return scan
  }
}
