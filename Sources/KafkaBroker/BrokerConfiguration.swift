// The knobs of the broker, with Kafka's names for the same things beside them.

package import EventLog

/// Limits that clients cannot pass, and defaults for what they leave open.
package struct BrokerConfiguration: Sendable {
  /// The largest request (`socket.request.max.bytes`).
  package var requestBytesMax = 32 << 20
  /// The most that one fetch is answered with (`fetch.max.bytes`), but for a single larger batch.
  ///
  /// Little, since the way to a client on the same machine is short: it reads one answer while the next
  /// is made, and holds no more of them than it needs.
  package var fetchBytesMax = 64 << 10
  /// Bytes that large requests and answers may have in memory together.
  package var bytesInFlightMax = 256 << 20
  package var connectionsMax = 4_000
  /// A connection on which nothing happens is closed (`connections.max.idle.ms`).
  package var idleTimeoutMilliseconds: Int64 = 600_000
  /// A request that does not end, or an answer that nobody takes, closes the connection.
  package var stallTimeoutMilliseconds: Int64 = 30_000
  /// Threads that may block on files.
  package var threadCount = 6
  /// Topics come into being when a client asks about them (`auto.create.topics.enable`).
  package var createsTopics = true
  /// Partitions of a topic whose maker leaves it open (`num.partitions`).
  package var partitionCountDefault = 1
  /// Topics that somebody else declares: clients read, write and set them, and neither grow nor
  /// delete them.
  package var declaredTopics: Set<String> = []
  /// Partitions that there can be in all; clients cannot make more.
  package var partitionsMax = 2_000
  /// Offsets of a group without members are kept this long (`offsets.retention.minutes`).
  package var offsetsRetentionMilliseconds: Int64 = 7 * 86_400_000
  /// The largest note beside an offset (`offset.metadata.max.bytes`).
  package var offsetMetadataBytesMax = 4_096
  /// How often old segments and offsets are looked for (`log.retention.check.interval.ms`).
  package var retentionCheckMilliseconds: Int64 = 60_000
  package var groups = ConsumerGroup.Limits()

  package init() {}
}
