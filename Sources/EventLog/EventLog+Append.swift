// Appending to several partitions in one step.

package import KafkaProtocol

/// Records for one partition.
package struct PartitionAppend: Sendable {
  /// What is appended.
  enum Content: Sendable {
    case records([Record])
    /// Encoded already, as they will stand in the segment.
    case batch(RecordBatchBuilder)
  }

  package var partition: TopicPartition
  let content: Content
  /// With acks=all, replicas in sync that must be there, beside what the topic's
  /// `min.insync.replicas` asks for.
  package var inSyncMin: Int

  package init(_ partition: TopicPartition, _ records: [Record], inSyncMin: Int = 1) {
    self.partition = partition
    content = .records(records)
    self.inSyncMin = inSyncMin
  }

  /// The same with records that were encoded as they came.
  package init(_ partition: TopicPartition, _ batch: RecordBatchBuilder, inSyncMin: Int = 1) {
    self.partition = partition
    content = .batch(batch)
    self.inSyncMin = inSyncMin
  }

  /// The same records for another partition.
  package func moved(to partition: TopicPartition) -> PartitionAppend {
    var copy = self
    copy.partition = partition
    return copy
  }

  /// The records, by themselves; those of a batch are unpacked at each call.
  package func records() throws -> [Record] {
    switch content {
    case .records(let records): records
    case .batch(let batch): try batch.records()
    }
  }

  var isEmpty: Bool {
    switch content {
    case .records(let records): records.isEmpty
    case .batch(let batch): batch.recordCount == 0
    }
  }

  /// The batches that go into the segment, but for their offsets.
  func encoded(
    appendTime: Int64, _ configuration: EventLogConfiguration
  ) throws -> [EncodedBatch] {
    if case .batch(let batch) = content, configuration.compression == .none,
      batch.size <= configuration.batchBytesMax,
      batch.largestRecord <= configuration.recordBytesMax
    {
      if batch.recordCount == 0 { return [] }
      return [
        EncodedBatch(
          bytes: try batch.sealed(appendTime: appendTime), recordCount: batch.recordCount)
      ]
    }
    return try PartitionLog.encode(
      try records(), appendTime: appendTime, configuration: configuration)
  }
}

/// One caller's records as they will stand in the segments, but for their offsets.
struct PreparedAppend: Sendable {
  /// In the caller's order; no batches where there were no records.
  var parts: [(log: PartitionLog, batches: [EncodedBatch])]
  var appendTime: Int64
  var waitsForAll: Bool
}

extension EventLog {
  /// Appends records to several partitions and answers the offset of the first one in each.
  ///
  /// All partitions get their records or none: where one cannot be written, what the others were
  /// given is taken back. What another thread has appended behind it meanwhile keeps it there, so a
  /// repetition is written twice then; and a reader may have seen it in between.
  /// - Parameters:
  ///   - appends: each partition once. No records are no append: the answer is the log's end.
  ///   - appendTime: milliseconds since the Unix epoch.
  ///   - waitsForAll: acks=all: the followers in sync have the records when this returns.
  /// - Throws: `eventLog.noLeader` and `eventLog.notEnoughReplicas` before anything is written.
  package func append(
    _ appends: [PartitionAppend],
    appendTime: Int64,
    waitsForAll: Bool
  ) throws -> [Offset] {
    try write([prepare(appends, appendTime: appendTime, waitsForAll: waitsForAll)])[0]
  }

  /// Checks and encodes an append, without a lock and without writing anything.
  func prepare(
    _ appends: [PartitionAppend],
    appendTime: Int64,
    waitsForAll: Bool
  ) throws -> PreparedAppend {
    try checkOpen()
    var prepared = PreparedAppend(parts: [], appendTime: appendTime, waitsForAll: waitsForAll)
    prepared.parts.reserveCapacity(appends.count)
    for append in appends {
      let log = try self.log(append.partition)
      if !append.isEmpty {
        try checkReplicas(
          append.partition, waitsForAll: waitsForAll, inSyncMin: append.inSyncMin)
      }
      prepared.parts.append((log, try append.encoded(appendTime: appendTime, configuration)))
    }
    return prepared
  }

  /// Writes the appends of one or more callers, one write a partition: all of them or none.
  ///
  /// - Returns: for each caller the first offset in each of its partitions.
  func write(_ callers: [PreparedAppend]) throws -> [[Offset]] {
    // Few partitions: a search is cheaper than a table.
    var merged: [(log: PartitionLog, batches: [EncodedBatch], appendTime: Int64)] = []
    var offsets: [[Offset]] = []
    // Where each part's records begin, behind the first of what is written to its partition.
    var places: [[(merged: Int, after: Int64)?]] = []
    var counts: [Int64] = []
    for caller in callers {
      var own: [(merged: Int, after: Int64)?] = []
      for (log, batches) in caller.parts {
        guard !batches.isEmpty else {
          own.append(nil)
          continue
        }
        let records = batches.reduce(0) { $0 + Int64($1.recordCount) }
        if let index = merged.firstIndex(where: { $0.log === log }) {
          own.append((index, counts[index]))
          merged[index].batches += batches
          merged[index].appendTime = max(merged[index].appendTime, caller.appendTime)
          counts[index] += records
        } else {
          own.append((merged.count, 0))
          merged.append((log, batches, caller.appendTime))
          counts.append(records)
        }
      }
      places.append(own)
    }
    var done: [PartitionLog.Appended] = []
    for (log, batches, appendTime) in merged {
      do {
        done.append(try log.append(batches, appendTime: appendTime))
      } catch {
        for (index, appended) in done.enumerated().reversed()
        where !merged[index].log.takeBack(appended) {
          markDirty(merged[index].log)
        }
        // A large append may have written some segments' worth; a failed partition is not synced.
        if (try? log.endOffset()) != nil { markDirty(log) }
        throw error
      }
    }
    for (log, _, _) in merged { markDirty(log) }
    let waitsForAll = callers.contains { $0.waitsForAll }
    for (log, batches, _) in merged {
      if waitsForAll { replicate(log.partition) }
      tellAppended(log, bytes: batches.reduce(0) { $0 + $1.bytes.count })
    }
    for (caller, own) in zip(callers, places) {
      offsets.append(
        try zip(caller.parts, own).map { part, place in
          guard let place else { return Offset(try part.log.endOffset()) }
          return Offset(done[place.merged].base + place.after)
        })
    }
    return offsets
  }
}
