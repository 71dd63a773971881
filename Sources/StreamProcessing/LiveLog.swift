// The seam between the live totals and the log.

package import EventLog
package import KafkaProtocol

/// What the live totals need of a log. Safe to call from any thread.
package protocol LiveLog: Sendable {
  func partitionCount(of topic: String) throws -> Int
  /// The next offset to be written.
  func endOffset(_ partition: TopicPartition) throws -> Offset
  /// The first offset appended at `appendTime` (milliseconds) or later; the end where none was.
  func offset(_ partition: TopicPartition, atOrAfter appendTime: Int64) throws -> Offset
  /// Records from an offset on, about `bytesMax` bytes of them and at least one; `[]` at the end.
  func read(_ partition: TopicPartition, from offset: Offset, bytesMax: Int) throws -> [Record]
}

extension EventLog: LiveLog {}
