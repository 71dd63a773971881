// Opening a partition: at once after an orderly end, by a short scan after a crash.
//
// Sealed segments are durable (`roll`), so only the last segment can have a torn tail. Index entries
// on disk name durable bytes only (`flush`), so the scan begins at the last of them.

internal import KafkaProtocol
internal import Synchronization

extension PartitionLog {
  /// Makes the directory and first segment of a new partition, durable when this returns.
  static func create(
    _ partition: TopicPartition,
    storage: LogStorage,
    configuration: EventLogConfiguration
  ) throws -> PartitionLog {
    let directory = partition.description
    // What a topic of the same name left behind when it was deleted, or half made, is not its own.
    try storage.removeDirectory(directory)
    try storage.makeDirectory(directory)
    let active = try ActiveSegment.open(
      storage,
      SegmentFiles(directory: directory, baseOffset: 0),
      baseOffset: 0
    )
    try storage.syncDirectory(directory)
    return PartitionLog(
      partition,
      storage: storage,
      configuration: configuration,
      sealed: [],
      active: active
    )
  }

  /// Opens a partition; one that cannot be opened answers every call with the reason.
  ///
  /// - Parameter closing: how the last owner left it, or nil after a crash.
  static func open(
    _ partition: TopicPartition,
    storage: LogStorage,
    configuration: EventLogConfiguration,
    closing: ShutdownMarker.Entry?,
    report: inout RecoveryReport
  ) -> PartitionLog {
    do {
      var opening = PartitionOpening(
        partition: partition,
        storage: storage,
        configuration: configuration,
        report: report
      )
      let log = try opening.open(closing)
      report = opening.report
      return log
    } catch {
      let failure =
        error as? EventLogError
        ?? EventLogError(.ioFailed, "\(error)", place: partition.description)
      report.failures.append(RecoveryReport.Failure(partition: partition, error: failure))
      return PartitionLog(
        partition,
        storage: storage,
        configuration: configuration,
        sealed: [],
        active: nil,
        failure: failure
      )
    }
  }

  /// Accepts nothing more, and says how this partition stands, for the next opening; nil where it
  /// has failed before.
  func close() throws -> ShutdownMarker.Entry? {
    try writer.withLock { writer in
      guard let end = view.withLock({ $0.failure == nil ? $0.active?.end : nil }) else {
        return nil
      }
      try syncLog(end)
      try writeIndexes(&writer, durable: end)
      try noteClosing(writer, end)
      return view.withLock { view in
        view.failure = .closed(storage.root)
        return ShutdownMarker.Entry(
          startOffset: view.firstBaseOffset,
          nextOffset: end.nextOffset,
          activeBase: end.baseOffset,
          activeSize: end.size,
          maxTimestamp: end.maxTimestamp,
          maxTimestampOffset: end.maxTimestampOffset
        )
      }
    }
  }
}

/// The steps of opening one partition, with the report they write.
private struct PartitionOpening {
  let partition: TopicPartition
  let storage: LogStorage
  let configuration: EventLogConfiguration
  var report: RecoveryReport

  mutating func open(_ closing: ShutdownMarker.Entry?) throws -> PartitionLog {
    let directory = partition.description
    guard storage.isDirectory(directory) else {
      throw EventLogError.missing(directory, "The directory of \(partition)")
    }
    let bases = try storage.list(directory).compactMap { SegmentFiles.baseOffset(logName: $0) }
    guard let last = bases.last else {
      throw EventLogError.missing(directory, "Every segment of \(partition)")
    }
    let sizes = try bases.map {
      try storage.size(of: SegmentFiles(directory: directory, baseOffset: $0).log) ?? 0
    }
    let clean = closing.flatMap { entry in
      entry.activeBase == last && entry.activeSize == sizes.last && entry.startOffset == bases[0]
        ? entry : nil
    }
    let state = try state(directory)
    var sealed: [SealedSegment] = []
    for index in 0..<(bases.count - 1) {
      let segment = SealedSegment(
        baseOffset: bases[index],
        endOffset: bases[index + 1],
        size: sizes[index],
        appendTime: state.appendTimes[bases[index]]
      )
      sealed.append(try check(segment, isClean: clean != nil))
    }
    let files = SegmentFiles(directory: directory, baseOffset: last)
    var active = try ActiveSegment.open(storage, files, baseOffset: last)
    var writer = PartitionLog.WriterState()
    if let clean, try restore(&active, &writer, clean) {
      // Nothing to scan.
    } else {
      try recover(&active, &writer, files)
    }
    if active.end.size > 0, !state.isProducedTo {
      var window = SegmentWindow(storage: storage, file: active.end.log, size: active.end.size)
      active.end.firstTimestamp = try? window.header(at: 0).maxTimestamp
    }
    active.end.appendTime = state.appendTimes[last]
    let log = PartitionLog(
      partition,
      storage: storage,
      configuration: configuration,
      sealed: sealed,
      active: active,
      state: state,
      writer: writer
    )
    if state.isProducedTo { try log.restoreProducers() }
    return log
  }

  private func state(_ directory: String) throws -> PartitionState {
    let path = directory + "/" + PartitionState.name
    return try storage.contents(of: path).map { try PartitionState(parsing: $0, file: path) }
      ?? PartitionState()
  }

  // MARK: Sealed segments

  /// After an orderly end only the sizes of the index files; else the tail behind the last entry.
  private mutating func check(_ segment: SealedSegment, isClean: Bool) throws -> SealedSegment {
    let files = SegmentFiles(directory: partition.description, baseOffset: segment.baseOffset)
    if isClean {
      let offsetSize = try storage.size(of: files.index)
      let timeSize = try storage.size(of: files.timeIndex)
      if let offsetSize, let timeSize, offsetSize % OffsetIndexEntry.size == 0,
        timeSize % TimeIndexEntry.size == 0, timeSize > 0 || segment.size == 0
      {
        return segment
      }
    }
    let file = try storage.open(files.log, .readOnly)
    let (index, scan) = try scan(
      file,
      files,
      baseOffset: segment.baseOffset,
      size: segment.size
    )
    if scan.damage != nil || scan.nextOffset != segment.endOffset {
      let reason =
        scan.damage
        ?? "the segment ends at offset \(scan.nextOffset), the next begins at \(segment.endOffset)"
      report.failures.append(
        RecoveryReport.Failure(
          partition: partition,
          error: .corruptBatch(file: files.log, byteOffset: scan.validSize, reason: reason)
        )
      )
    }
    var whole = index ?? SegmentIndex()
    if index == nil { report.rebuiltIndexes.append(files.log) }
    whole.offsets += scan.index.offsets
    whole.times += scan.index.times.filter { time in
      whole.times.last.map { time.timestamp > $0.timestamp } ?? true
    }
    let before = whole.times.count
    if scan.maxTimestamp != .min {
      whole.appendTime(scan.maxTimestamp, scan.maxTimestampOffset, baseOffset: segment.baseOffset)
    }
    if index == nil || !scan.index.offsets.isEmpty || whole.times.count > before {
      try write(whole, files)
    }
    var checked = segment
    if scan.damage == nil { checked.maxTimestamp = scan.maxTimestamp }
    return checked
  }

  /// Scans a segment from its last index entry, or from its beginning where the index on disk is
  /// not to be believed (nil).
  private mutating func scan(
    _ file: LogFile,
    _ files: SegmentFiles,
    baseOffset: Int64,
    size: Int
  ) throws -> (SegmentIndex?, SegmentScan) {
    var index: SegmentIndex?
    if let offsetBytes = try storage.contents(of: files.index),
      let timeBytes = try storage.contents(of: files.timeIndex)
    {
      index = SegmentIndex(offsetBytes: offsetBytes, timeBytes: timeBytes, logSize: size)
    }
    if let found = index, let start = try startOfScan(found, file, baseOffset, size) {
      var scan = start
      try run(&scan, file, baseOffset, size)
      return (found, scan)
    }
    var scan = SegmentScan(position: 0, nextOffset: baseOffset)
    try run(&scan, file, baseOffset, size)
    // No entries yet is what a small segment has; entries that lead nowhere are an inconsistency.
    let isSmall = index.map { index in
      index.offsets.isEmpty && index.times.allSatisfy { $0.timestamp <= scan.maxTimestamp }
    }
    return (isSmall == true ? index : nil, scan)
  }

  private mutating func run(
    _ scan: inout SegmentScan,
    _ file: LogFile,
    _ baseOffset: Int64,
    _ size: Int
  ) throws {
    try scan.run(
      storage,
      file,
      baseOffset: baseOffset,
      size: size,
      indexInterval: configuration.indexIntervalBytes
    )
    report.bytesScanned += scan.bytesScanned
  }

  /// A scan that begins at the last entry; nil where that does not lead to its batch.
  private func startOfScan(
    _ index: SegmentIndex,
    _ file: LogFile,
    _ baseOffset: Int64,
    _ size: Int
  ) throws -> SegmentScan? {
    guard let last = index.offsets.last, let time = index.times.last else { return nil }
    let position = Int(last.position)
    var window = SegmentWindow(storage: storage, file: file, size: size)
    do {
      let header = try window.header(at: position)
      try window.withBatch(at: position, header) { try header.checkCRC($0) }
      guard header.lastOffset == baseOffset + Int64(last.relativeOffset) else { return nil }
      return SegmentScan(
        position: position,
        nextOffset: header.baseOffset,
        maxTimestamp: time.timestamp,
        maxTimestampOffset: baseOffset + Int64(time.relativeOffset)
      )
    } catch is KafkaProtocolError {
      return nil
    }
  }

  // MARK: The active segment

  /// Takes over what the last owner wrote down; false where the index files contradict it.
  private func restore(
    _ active: inout ActiveSegment,
    _ writer: inout PartitionLog.WriterState,
    _ closing: ShutdownMarker.Entry
  ) throws -> Bool {
    let offsetBytes = try storage.contents(of: active.indexFile.path) ?? []
    let timeBytes = try storage.contents(of: active.timeIndexFile.path) ?? []
    guard
      let index = SegmentIndex(
        offsetBytes: offsetBytes,
        timeBytes: timeBytes,
        logSize: closing.activeSize
      )
    else { return false }
    let lastPosition = index.offsets.last.map { Int($0.position) }
    let unindexed = closing.activeSize - (lastPosition ?? 0)
    // An owner that closed in order left an entry for every interval and its batch; a much longer
    // stretch without one means that the index was deleted or cut.
    guard lastPosition != nil || unindexed <= configuration.indexIntervalBytes + largeBatch else {
      return false
    }
    active.index = index
    active.end.size = closing.activeSize
    active.end.nextOffset = closing.nextOffset
    active.end.maxTimestamp = closing.maxTimestamp
    active.end.maxTimestampOffset = closing.maxTimestampOffset
    active.bytesSinceIndexEntry = unindexed
    writer.offsetEntriesOnDisk = index.offsets.count
    writer.timeEntriesOnDisk = index.times.count
    return true
  }

  private var largeBatch: Int { configuration.batchBytesMax + configuration.recordBytesMax }

  /// Scans the tail, cuts what is not whole, and makes the rest durable.
  private mutating func recover(
    _ active: inout ActiveSegment,
    _ writer: inout PartitionLog.WriterState,
    _ files: SegmentFiles
  ) throws {
    let log = active.end.log
    let baseOffset = active.end.baseOffset
    let size = try storage.size(log)
    let (found, scan) = try scan(log, files, baseOffset: baseOffset, size: size)
    if scan.validSize < size { try cut(log, scan, size: size) }
    var index = found ?? SegmentIndex()
    if found == nil { report.rebuiltIndexes.append(files.log) }
    index.offsets += scan.index.offsets
    for time in scan.index.times {
      index.appendTime(
        time.timestamp,
        baseOffset + Int64(time.relativeOffset),
        baseOffset: baseOffset
      )
    }
    if scan.validSize > 0 || size > 0 { try storage.sync(log) }
    try write(index, files)
    active.index = index
    active.end.size = scan.validSize
    active.end.nextOffset = scan.nextOffset
    active.end.maxTimestamp = scan.maxTimestamp
    active.end.maxTimestampOffset = scan.maxTimestampOffset
    active.bytesSinceIndexEntry =
      scan.validSize - (index.offsets.last.map { Int($0.position) } ?? 0)
    writer.offsetEntriesOnDisk = index.offsets.count
    writer.timeEntriesOnDisk = index.times.count
    writer.needsDirectorySync = true
  }

  private mutating func cut(_ log: LogFile, _ scan: SegmentScan, size: Int) throws {
    let removed = size - scan.validSize
    var window = SegmentWindow(storage: storage, file: log, size: size)
    let isMoreThanOne =
      (try? window.header(at: scan.validSize)).map { $0.totalSize < removed } ?? false
    var copy: String?
    if isMoreThanOne {
      let path = "\(log.path).cut-\(scan.validSize)"
      let tail = try storage.read(log, at: scan.validSize, count: removed)
      let file = try storage.open(path, .create)
      try tail.withUnsafeBytes { try storage.write($0, to: file, at: 0) }
      try storage.sync(file)
      copy = path
    }
    report.truncations.append(
      RecoveryReport.Truncation(
        partition: partition,
        file: log.path,
        byteOffset: scan.validSize,
        bytesRemoved: removed,
        recordsLost: try SegmentScan.countRecords(
          storage,
          log,
          from: scan.validSize,
          offset: scan.nextOffset,
          size: size
        ),
        reason: scan.damage ?? "the file ends inside a batch",
        savedCopy: copy
      )
    )
    try storage.truncate(log, to: scan.validSize)
  }

  private func write(_ index: SegmentIndex, _ files: SegmentFiles) throws {
    for (path, bytes) in [
      (files.index, SegmentIndex.bytes(index.offsets[...])),
      (files.timeIndex, SegmentIndex.bytes(index.times[...])),
    ] {
      let file = try storage.open(path, .create)
      try storage.truncate(file, to: 0)
      try bytes.withUnsafeBytes { try storage.write($0, to: file, at: 0) }
    }
  }
}
