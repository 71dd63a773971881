// The broker's side of the log: batches as clients packed them, producers' identities, leader epochs.

package import KafkaProtocol
internal import Synchronization

extension EventLog {
  /// Where a client's batch stands.
  package struct Produced: Sendable, Hashable {
    package var baseOffset: Offset
    /// Milliseconds since the Unix epoch; -1 where the records kept their producer's time.
    package var logAppendTime: Int64
    /// The oldest offset of the partition.
    package var startOffset: Offset
    /// True where the batch was there before, and was not written again.
    package var isDuplicate: Bool
  }

  /// Appends one record batch v2 as it came: the bytes from `attributes` on are stored unchanged.
  ///
  /// Its checksum, size and every record in it are checked first, whatever it is packed with. When
  /// this returns the bytes survive the end of the process, and after `sync()` a power cut.
  /// - Parameters:
  ///   - batch: exactly one batch.
  ///   - partition: where to.
  ///   - appendTime: milliseconds since the Unix epoch; what retention goes by.
  /// - Returns: the first record's offset, also for a batch that was appended before.
  /// - Throws: `EventLogError`, whose `wireCode` is what the client is told.
  package func produce(
    _ batch: ArraySlice<UInt8>,
    to partition: TopicPartition,
    appendTime: Int64
  ) throws -> Produced {
    try checkOpen()
    let log = try self.log(partition)
    let settings = topic(partition.topic)?.configuration ?? TopicConfiguration()
    guard batch.count <= settings.batchBytesMax else {
      throw EventLogError.refused(
        .messageTooLarge,
        "a batch of \(batch.count) bytes is larger than max.message.bytes, "
          + "\(settings.batchBytesMax)"
      )
    }
    let header = try batch.withUnsafeBytes { try check($0) }
    let produced = try log.produce(batch, header, appendTime: appendTime)
    markDirty(log)
    if !produced.isDuplicate { tellAppended(log, bytes: batch.count) }
    return produced
  }

  private func check(_ bytes: UnsafeRawBufferPointer) throws -> RecordBatchHeader {
    do {
      let header = try RecordBatchHeader(parsing: bytes)
      guard header.totalSize == bytes.count else {
        throw EventLogError.refused(
          header.totalSize > bytes.count ? .corruptMessage : .invalidRecord,
          "one batch of \(header.totalSize) bytes was due, \(bytes.count) came"
        )
      }
      guard header.recordCount > 0, header.recordCount == header.lastOffsetDelta + 1 else {
        throw EventLogError.refused(
          .invalidRecord,
          "the batch does not have \(header.recordCount) consecutive records"
        )
      }
      guard !header.isControl, !header.isTransactional else {
        throw EventLogError.refused(.invalidRecord, "transactions are not supported")
      }
      guard header.producerID < 0 || (header.baseSequence >= 0 && header.producerEpoch >= 0) else {
        throw EventLogError.refused(.invalidRecord, "an idempotent batch has no sequence")
      }
      guard !header.isLogAppendTime else {
        throw EventLogError.refused(.invalidTimestamp, "only the log may set the append time")
      }
      let verifier = verifiers.withLock { $0.popLast() } ?? RecordBatchVerifier()
      defer { verifiers.withLock { if $0.count < Self.verifiersMax { $0.append(verifier) } } }
      try verifier.verify(bytes)
      return header
    } catch let error as KafkaProtocolError {
      throw EventLogError.refused(KafkaErrorCode(rawValue: error.wireCode), error.message)
    }
  }

  /// Verifiers that wait for the next batch, each with a few megabytes at most.
  private static let verifiersMax = 8

  /// A producer id that was never given before, also after a crash.
  package func makeProducerID() throws -> Int64 {
    try checkOpen()
    return try producerIDs.next()
  }

  // MARK: Reading

  /// The first record whose timestamp is `time` or later; nil where there is none.
  package func record(
    _ partition: TopicPartition,
    atOrAfter time: Int64
  ) throws -> (offset: Offset, timestamp: Int64)? {
    try checkOpen()
    return try log(partition).record(atOrAfter: time).map { (Offset($0.offset), $0.timestamp) }
  }

  /// The first record with the highest timestamp; nil for an empty log.
  package func latestRecord(
    _ partition: TopicPartition
  ) throws -> (offset: Offset, timestamp: Int64)? {
    try checkOpen()
    return try log(partition).latestRecord().map { (Offset($0.offset), $0.timestamp) }
  }

  // MARK: Leader epochs

  /// 0 until a leader changed.
  package func leaderEpoch(_ partition: TopicPartition) throws -> Int32 {
    try log(partition).leaderEpoch
  }

  /// The largest epoch that is not above `asked`, and where it ended; nil below the first.
  package func end(
    ofLeaderEpoch asked: Int32,
    _ partition: TopicPartition
  ) throws -> (epoch: Int32, offset: Offset)? {
    let log = try self.log(partition)
    let end = try log.endOffset()
    return log.view.withLock { $0.state.end(of: asked, logEnd: end) }
      .map { ($0.number, Offset($0.startOffset)) }
  }

  /// Another leader takes over: what is appended from now on belongs to the next epoch.
  @discardableResult
  package func advanceLeaderEpoch(_ partition: TopicPartition) throws -> Int32 {
    try checkOpen()
    return try log(partition).advanceLeaderEpoch()
  }
}
