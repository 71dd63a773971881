// Forgetting: whole segments from the front, by the log's own clock.

internal import Synchronization

extension PartitionLog {
  /// Deletes the segments whose every record was appended before `time` (milliseconds).
  ///
  /// Where that is true of all of them, the active segment is sealed first, as Kafka does.
  /// - Returns: segments and bytes deleted.
  func removeSegments(before time: Int64) throws -> (segments: Int, bytes: Int) {
    try writer.withLock { writer in
      let (sealed, end) = try view.withLock { ($0.sealed, try $0.checkedActive()) }
      var expired: [SealedSegment] = []
      for segment in sealed {
        guard try maxTimestamp(of: segment) < time else { break }
        expired.append(segment)
      }
      if expired.count == sealed.count, end.size > 0, end.maxTimestamp < time {
        try roll(&writer)
        expired = view.withLock { $0.sealed }
      }
      guard !expired.isEmpty else { return (0, 0) }
      let count = expired.count
      view.withLock { $0.sealed.removeFirst(count) }
      for segment in expired {
        let files = files(segment.baseOffset)
        for path in [files.log, files.index, files.timeIndex] { try storage.remove(path) }
      }
      try storage.syncDirectory(directory)
      return (count, expired.reduce(0) { $0 + $1.size })
    }
  }
}
