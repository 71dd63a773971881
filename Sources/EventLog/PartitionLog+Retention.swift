// Forgetting: whole segments from the front, by the log's own clock, by size, or because asked.

internal import KafkaProtocol
internal import Synchronization

extension PartitionLog {
  /// Deletes the segments whose every record was appended before `time` (milliseconds).
  ///
  /// Where that is true of all of them, the active segment is sealed first, as Kafka does. `now`
  /// counts where nobody knows when a client's records were appended.
  /// - Returns: segments and bytes deleted.
  func removeSegments(before time: Int64, now: Int64? = nil) throws -> (segments: Int, bytes: Int) {
    try writer.withLock { writer in
      let (sealed, end, state) = try view.withLock {
        ($0.sealed, try $0.checkedActive(), $0.state)
      }
      var expired: [SealedSegment] = []
      for segment in sealed {
        guard try appendTime(of: segment, state, now: now) < time else { break }
        expired.append(segment)
      }
      let lastAppend = end.appendTime ?? (state.isProducedTo ? now ?? .max : end.maxTimestamp)
      if expired.count == sealed.count, end.size > 0, lastAppend < time {
        try roll(&writer)
        expired = view.withLock { $0.sealed }
      }
      return try remove(expired)
    }
  }

  /// Deletes segments from the front while the rest is `bytesMax` bytes or more.
  func removeSegments(beyond bytesMax: Int) throws -> (segments: Int, bytes: Int) {
    try writer.withLock { _ in
      let (sealed, end) = try view.withLock { ($0.sealed, try $0.checkedActive()) }
      var total = sealed.reduce(end.size) { $0 + $1.size }
      var expired: [SealedSegment] = []
      for segment in sealed {
        guard total - segment.size >= bytesMax else { break }
        total -= segment.size
        expired.append(segment)
      }
      return try remove(expired)
    }
  }

  /// Deletes every record before `offset`, durably; segments that hold no other are removed.
  ///
  /// - Returns: the first offset there is now.
  func deleteRecords(before offset: Int64) throws -> Int64 {
    try writer.withLock { _ in
      let (sealed, end, start) = try view.withLock {
        ($0.sealed, try $0.checkedActive(), $0.startOffset)
      }
      guard offset <= end.nextOffset else {
        throw EventLogError.offsetOutOfRange(
          partition.description,
          offset,
          start: start,
          end: end.nextOffset
        )
      }
      guard offset > start else { return start }
      try change { $0.startOffset = offset }
      _ = try remove(Array(sealed.prefix { $0.endOffset <= offset }))
      return offset
    }
  }

  /// Begins the next leader's time at the end of the log, durably, and answers its number.
  func advanceLeaderEpoch() throws -> Int32 {
    try writer.withLock { _ in
      let end = try view.withLock { try $0.checkedActive() }
      try change { state in
        state.epochs.append(
          PartitionState.Epoch(number: state.leaderEpoch + 1, startOffset: end.nextOffset)
        )
      }
      return leaderEpoch
    }
  }

  private func appendTime(
    of segment: SealedSegment,
    _ state: PartitionState,
    now: Int64?
  ) throws -> Int64 {
    if let known = segment.appendTime { return known }
    guard state.isProducedTo, let now else { return try maxTimestamp(of: segment) }
    // A crash came before the time was written down. The segment is kept as if it were new.
    view.withLock { view in
      let index = partitionPoint(view.sealed) { $0.baseOffset < segment.baseOffset }
      if index < view.sealed.count, view.sealed[index].baseOffset == segment.baseOffset {
        view.sealed[index].appendTime = now
      }
    }
    return now
  }

  /// Removes segments that are the first ones.
  private func remove(_ expired: [SealedSegment]) throws -> (segments: Int, bytes: Int) {
    guard !expired.isEmpty else { return (0, 0) }
    view.withLock { view in
      view.sealed.removeFirst(expired.count)
      for segment in expired { view.state.appendTimes[segment.baseOffset] = nil }
    }
    for segment in expired {
      let files = files(segment.baseOffset)
      for path in [files.log, files.index, files.timeIndex] { try storage.remove(path) }
    }
    try storage.syncDirectory(directory)
    return (expired.count, expired.reduce(0) { $0 + $1.size })
  }
}
