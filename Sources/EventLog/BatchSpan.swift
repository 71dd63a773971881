// Stored batches on their way to a client: found first, so that the reader can make room, then read
// straight into that room.

package import KafkaProtocol
internal import Synchronization

/// Batches of one segment that were found and not read yet.
package struct BatchSpan: Sendable {
  /// Bytes of room that `read` needs.
  package let byteCount: Int
  let log: PartitionLog
  let file: LogFile
  /// Where the first batch begins in its file.
  let position: Int
  /// The offset that its first record has.
  let baseOffset: Int64
  /// Batches from this offset on are not for the client yet.
  let limit: Int64

  /// Reads the whole batches that are there, their checksums checked, up to the first that is damaged.
  ///
  /// - Parameter room: `byteCount` bytes at least.
  /// - Returns: the bytes that were written, and the offset behind the last batch.
  /// - Throws: `eventLog.corruptBatch` with file and byte, where the first is damaged.
  package func read(into room: UnsafeMutableRawBufferPointer) throws -> (byteCount: Int, next: Offset) {
    try log.read(self, into: room)
  }
}

extension EventLog {
  /// The stored batches below the high watermark that hold `offset` or what follows, as far as they lie
  /// in one segment; nil where there are none, or where the first is larger than `firstBytesMax`.
  ///
  /// - Throws: `eventLog.offsetOutOfRange`, `eventLog.corruptBatch`.
  package func committedSpan(
    _ partition: TopicPartition,
    from offset: Offset,
    bytesMax: Int,
    firstBytesMax: Int
  ) throws -> BatchSpan? {
    try checkOpen()
    let limit = replicas(partition) == nil ? nil : try highWatermark(partition).rawValue
    return try log(partition).span(
      from: offset.rawValue, bytesMax: bytesMax, firstBytesMax: firstBytesMax, limit: limit ?? .max)
  }
}

extension EventLog {
  /// Whether an offset lies in the segment that is written to: what was written last is in the system's
  /// memory still, and reading it waits for no disk.
  package func isRecent(_ offset: Offset, in partition: TopicPartition) -> Bool {
    guard let log = try? log(partition) else { return true }
    return log.view.withLock { view in
      view.active.map { offset.rawValue >= $0.end.baseOffset } ?? false
    }
  }
}

extension PartitionLog {
  func span(
    from offset: Int64, bytesMax: Int, firstBytesMax: Int, limit: Int64
  ) throws -> BatchSpan? {
    guard let source = try source(of: offset) else { return nil }
    var window = SegmentWindow(storage: storage, file: source.file, size: source.size)
    try window.prefetch(at: source.position, count: configuration.indexIntervalBytes)
    var position = source.position
    while position < source.size {
      let header: RecordBatchHeader
      do {
        header = try window.header(at: position)
        if header.baseOffset > offset { throw misplaced(header, offset) }
      } catch let error as KafkaProtocolError {
        throw corrupt(source.file, position, error)
      }
      if header.lastOffset >= offset {
        guard header.totalSize <= firstBytesMax, header.baseOffset < limit else { return nil }
        return BatchSpan(
          byteCount: max(header.totalSize, min(bytesMax, source.size - position)), log: self,
          file: source.file, position: position, baseOffset: header.baseOffset, limit: limit)
      }
      position += header.totalSize
    }
    throw corrupt(
      source.file, source.size,
      KafkaProtocolError(
        .corrupt, byteOffset: 0, "the segment ends before offset \(offset), where it should hold it"))
  }

  func read(
    _ span: BatchSpan, into room: UnsafeMutableRawBufferPointer
  ) throws -> (byteCount: Int, next: Offset) {
    let filled = try storage.read(
      span.file, at: span.position,
      into: UnsafeMutableRawBufferPointer(rebasing: room[..<span.byteCount]))
    let bytes = UnsafeRawBufferPointer(rebasing: room[..<filled])
    var count = 0
    var next = span.baseOffset
    do {
      while bytes.count - count >= RecordBatchHeader.size {
        let rest = UnsafeRawBufferPointer(rebasing: bytes[count...])
        let header = try RecordBatchHeader(parsing: rest)
        guard header.totalSize <= rest.count, header.baseOffset < span.limit else { break }
        if header.baseOffset != next { throw misplaced(header, next) }
        try header.checkCRC(rest)
        count += header.totalSize
        next = header.lastOffset + 1
      }
    } catch let error as KafkaProtocolError {
      // What stands before it is whole, and the next read begins here.
      if count == 0 { throw corrupt(span.file, span.position, error) }
    }
    return (count, Offset(next))
  }

  private func corrupt(
    _ file: LogFile, _ position: Int, _ error: KafkaProtocolError
  ) -> EventLogError {
    EventLogError.corruptBatch(file: file.path, byteOffset: position, reason: error.message)
  }
}
