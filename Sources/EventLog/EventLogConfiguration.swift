// The knobs of the log, with Kafka's names for the same things beside them.

package import KafkaProtocol

/// How a log is laid out on disk; may differ from one opening to the next.
package struct EventLogConfiguration: Sendable {
  /// A segment that would grow past this is sealed first (`segment.bytes`); at most 1 GiB.
  package var segmentBytesMax: Int
  /// A segment whose first record is this much older than a new one is sealed first
  /// (`segment.ms`), in append time; nil for never.
  package var segmentMilliseconds: Int64?
  /// Bytes of log between two index entries (`index.interval.bytes`).
  package var indexIntervalBytes: Int
  /// One call's records are cut into batches of about this size.
  package var batchBytesMax: Int
  /// A single record above this is refused (`max.message.bytes`).
  package var recordBytesMax: Int
  package var compression: RecordCompression
  /// Hears of every change of the log's files; nil outside of tests.
  package var storageObserver: (any LogStorageObserver)?

  package init(
    segmentBytesMax: Int = 64 << 20,
    segmentMilliseconds: Int64? = nil,
    indexIntervalBytes: Int = 4_096,
    batchBytesMax: Int = 1 << 20,
    recordBytesMax: Int = 16 << 20,
    compression: RecordCompression = .none
  ) {
    precondition(segmentBytesMax > 0 && segmentBytesMax <= 1 << 30, "segments are at most 1 GiB")
    precondition(recordBytesMax > 0 && recordBytesMax <= 64 << 20, "records are at most 64 MiB")
    self.segmentBytesMax = segmentBytesMax
    self.segmentMilliseconds = segmentMilliseconds
    self.indexIntervalBytes = max(1, indexIntervalBytes)
    self.batchBytesMax = max(1, batchBytesMax)
    self.recordBytesMax = recordBytesMax
    self.compression = compression
  }
}
