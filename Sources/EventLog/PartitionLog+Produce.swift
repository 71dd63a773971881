// Writing what clients packed: checked, stamped outside their checksum, and otherwise left alone.

internal import KafkaProtocol
internal import Synchronization

extension PartitionLog {
  /// Appends one batch of a client, whose CRC and records were checked.
  ///
  /// A batch that is there already is not written again.
  /// - Returns: where it stands.
  /// - Throws: `eventLog.batchRefused` for what the topic or the producer's state forbids.
  func produce(
    _ batch: ArraySlice<UInt8>,
    _ header: RecordBatchHeader,
    appendTime: Int64
  ) throws -> EventLog.Produced {
    try writer.withLock { writer in
      let (settings, start, next) = try view.withLock { view in
        let end = try view.checkedActive()
        return (view.settings, view.startOffset, end.nextOffset)
      }
      if header.producerID >= 0 {
        switch writer.producers.check(header) {
        case .next: break
        case .refused(let code, let message): throw EventLogError.refused(code, message)
        case .duplicate(let known):
          return EventLog.Produced(
            baseOffset: Offset(known.baseOffset),
            logAppendTime: known.timestamp,
            startOffset: Offset(start),
            isDuplicate: true
          )
        }
      }
      if !view.withLock({ $0.state.isProducedTo }) { try change { $0.isProducedTo = true } }
      var stored = header
      var bytes = Array(batch)
      RecordBatch.stamp(baseOffset: Offset(next), leaderEpoch: leaderEpoch, into: &bytes, at: 0)
      if settings.isLogAppendTime {
        try RecordBatch.stamp(appendTime: appendTime, into: &bytes)
        stored = try bytes.withUnsafeBytes { try RecordBatchHeader(parsing: $0) }
      }
      try write(
        [
          EncodedBatch(
            bytes: bytes,
            recordCount: Int(header.recordCount),
            maxTimestamp: stored.maxTimestamp
          )
        ],
        totalSize: bytes.count,
        appendTime: appendTime,
        &writer
      )
      let base = try view.withLock { try $0.checkedActive().nextOffset } - Int64(header.recordCount)
      writer.producers.note(stored, baseOffset: base, appendTime: appendTime)
      return EventLog.Produced(
        baseOffset: Offset(base),
        logAppendTime: settings.isLogAppendTime ? appendTime : -1,
        startOffset: Offset(start),
        isDuplicate: false
      )
    }
  }

  // MARK: State beside the segments

  /// Changes the partition's state, durably.
  ///
  /// The caller holds the writer.
  func change(_ body: (inout PartitionState) -> Void) throws {
    var state = view.withLock { $0.state }
    body(&state)
    try storage.replace(directory + "/" + PartitionState.name, with: state.bytes())
    view.withLock { $0.state = state }
  }

  /// Writes down what the sealed segment does not say.
  func noteRoll(_ writer: inout WriterState, sealed end: ActiveSegment.Position) throws {
    guard view.withLock({ $0.state.isProducedTo }) else { return }
    if let time = end.appendTime {
      writer.producers.expire(now: time)
      try change { $0.appendTimes[end.baseOffset] = time }
    }
    try write(writer.producers, upTo: end.nextOffset)
  }

  /// The same at an orderly end, so that the next opening need not look into the segment.
  func noteClosing(_ writer: WriterState, _ end: ActiveSegment.Position) throws {
    guard view.withLock({ $0.state.isProducedTo }) else { return }
    if let time = end.appendTime { try change { $0.appendTimes[end.baseOffset] = time } }
    try write(writer.producers, upTo: end.nextOffset)
  }

  private func write(_ producers: ProducerStates, upTo offset: Int64) throws {
    try storage.replace(
      directory + "/" + ProducerStates.name,
      with: producers.bytes(upTo: offset)
    )
  }

  /// Finds the producers again: what was written down, and the batches that came after.
  func restoreProducers() throws {
    try writer.withLock { writer in
      let saved = try storage.contents(of: directory + "/" + ProducerStates.name)
        .flatMap { ProducerStates.parse($0) }
      let (first, end) = try view.withLock { ($0.firstBaseOffset, try $0.checkedActive()) }
      // A file from beyond the end speaks of batches that a crash took away.
      let known = saved.flatMap { $0.upTo <= end.nextOffset ? $0 : nil }
      var producers = known?.states ?? ProducerStates()
      let start = max(view.withLock { $0.startOffset }, first, known?.upTo ?? first)
      if start < end.nextOffset {
        try forEachBatch(from: start, bytesMax: .max, prefetch: 1 << 20) { header, _ in
          // The time is not known any more; none is forgotten for it.
          producers.note(header, baseOffset: header.baseOffset, appendTime: .max / 2)
          return true
        }
      }
      writer.producers = producers
    }
  }

  // MARK: Deletion

  var isDeleted: Bool { view.withLock { $0.failure?.kind == .unknownTopic } }

  /// Accepts nothing more and removes the files.
  func delete() throws {
    try writer.withLock { _ in
      fail(.unknownTopic(partition.topic, known: []))
      try storage.removeDirectory(directory)
    }
  }
}
