// What `system.kafka.records` reads: partitions of this log, or of a cluster that is a world's log.

package import Connector
package import KafkaProtocol

/// One topic-partition whose records can be read as rows. Safe to call from any thread.
package protocol RecordRun: Sendable {
  var partition: TopicPartition { get }
  func startOffset() throws -> Int64
  /// The next offset to be written.
  func endOffset() throws -> Int64
  /// The first offset appended at a time (milliseconds) or later; the end where none was.
  func offset(atOrAfter appendTime: Int64) throws -> Int64
  /// Calls `body` with records from an offset on, about `bytesMax` bytes of them, until it answers
  /// false or `end` is reached; answers the offset at which reading goes on.
  func forEachRecord(
    from offset: Int64, to end: Int64, bytesMax: Int, _ body: (RecordView) -> Bool
  ) throws -> Int64
}

extension RecordRun {
  /// The records of partitions as a table, up to where they end now; those that cannot be asked are
  /// left out.
  package static func table(_ runs: [any RecordRun]) -> any TableSource { RecordsTable(runs) }
}

extension PartitionLog: RecordRun {
  func forEachRecord(
    from offset: Int64, to end: Int64, bytesMax: Int, _ body: (RecordView) -> Bool
  ) throws -> Int64 {
    var isWanted = true
    return try forEachBatch(from: offset, bytesMax: bytesMax) { header, bytes in
      try RecordBatch.forEachRecord(in: bytes) { record in
        guard isWanted, record.offset >= offset, record.offset < end else { return }
        isWanted = body(record)
      }
      return header.lastOffset + 1 < end && isWanted
    }
  }
}
