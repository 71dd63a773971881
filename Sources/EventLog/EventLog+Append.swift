// Appending to several partitions in one step.

package import KafkaProtocol

/// Records for one partition.
package struct PartitionAppend: Sendable {
  package var partition: TopicPartition
  package var records: [Record]
  /// With acks=all, replicas in sync that must be there, beside what the topic's
  /// `min.insync.replicas` asks for.
  package var inSyncMin: Int

  package init(_ partition: TopicPartition, _ records: [Record], inSyncMin: Int = 1) {
    self.partition = partition
    self.records = records
    self.inSyncMin = inSyncMin
  }
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
    try checkOpen()
    var prepared: [(log: PartitionLog, batches: [EncodedBatch])] = []
    prepared.reserveCapacity(appends.count)
    for append in appends {
      let log = try self.log(append.partition)
      if !append.records.isEmpty {
        try checkReplicas(
          append.partition, waitsForAll: waitsForAll, inSyncMin: append.inSyncMin)
      }
      let batches = try PartitionLog.encode(
        append.records, appendTime: appendTime, configuration: configuration)
      prepared.append((log, batches))
    }
    var done: [(log: PartitionLog, appended: PartitionLog.Appended)] = []
    var offsets: [Offset] = []
    for (log, batches) in prepared {
      guard !batches.isEmpty else {
        offsets.append(Offset(try log.endOffset()))
        continue
      }
      do {
        let appended = try log.append(batches, appendTime: appendTime)
        done.append((log, appended))
        offsets.append(Offset(appended.base))
      } catch {
        for (other, appended) in done.reversed() where !other.takeBack(appended) {
          markDirty(other)
        }
        // A large append may have written some segments' worth; a failed partition is not synced.
        if (try? log.endOffset()) != nil { markDirty(log) }
        throw error
      }
    }
    for (log, _) in done { markDirty(log) }
    for (log, batches) in prepared where !batches.isEmpty {
      if waitsForAll { replicate(log.partition) }
      tellAppended(log, bytes: batches.reduce(0) { $0 + $1.bytes.count })
    }
    return offsets
  }
}
