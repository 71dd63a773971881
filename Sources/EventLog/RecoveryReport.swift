// What opening a log found and mended, for the first screen after a crash.

package import KafkaProtocol

/// The work of one opening; `isClean` after an orderly end, and after a crash that tore nothing.
package struct RecoveryReport: Sendable {
  /// A tail that was cut off a partition because it was not whole batches.
  package struct Truncation: Sendable, Hashable {
    package var partition: TopicPartition
    /// The segment, below the log's root.
    package var file: String
    /// The size the file has now.
    package var byteOffset: Int
    package var bytesRemoved: Int
    /// Records in the tail, none of them acknowledged as synced; nil where the bytes do not tell.
    package var recordsLost: Int?
    package var reason: String
    /// Where the tail was saved, because more than one torn batch was cut; nil where it was not.
    package var savedCopy: String?
  }

  /// Damage that was not mended: what it is, and in which partition.
  package struct Failure: Sendable, Hashable {
    package var partition: TopicPartition
    package var error: EventLogError
  }

  /// True where the last owner closed the log, or there was none.
  package var wasCleanShutdown = true
  package var truncations: [Truncation] = []
  /// Segments whose index files were made again, below the log's root.
  package var rebuiltIndexes: [String] = []
  package var failures: [Failure] = []
  /// Bytes of log that were read and checked.
  package var bytesScanned = 0

  package init() {}

  /// True where nothing was lost, mended or found damaged.
  package var isClean: Bool {
    truncations.isEmpty && rebuiltIndexes.isEmpty && failures.isEmpty
  }
}
