// What goes into the collector and what comes out: plain values, so that a simulated phone, a file
// and the HTTP door use one and the same path.

package import KafkaProtocol

/// One delivery of events, as a client sent it.
package struct CollectRequest: Sendable {
  /// When the answer may say that an event is accepted.
  package enum Durability: Sendable {
    /// After the write: it survives `kill -9`, not a power cut.
    case written
    /// After the log's fsync: what a real client's acknowledgement means.
    case synced
  }

  /// How the body holds its events.
  package enum Format: Sendable {
    /// One event object, an array of them, or `{"sent_at": …, "events": […]}`; lines are
    /// recognised too, so that a forgotten content type does no harm.
    case json
    /// One JSON object a line.
    case ndjson
  }

  /// The bytes as they came, still compressed where `isGzip` is set.
  package var body: [UInt8]
  package var isGzip: Bool
  /// The mapping that turns foreign lines into events; nil where the body has our envelope. A
  /// request with a source is always read line by line.
  package var source: String?
  package var format: Format
  package var durability: Durability
  /// The number of the body's first line in the file it was cut from: what dead letters name.
  package var firstLine: Int
  /// The key that the client gave; nil for none.
  package var writeKey: String?
  /// True for a request through the HTTP door: keys and `answer` are for those.
  package var comesFromNetwork = false

  package init(
    body: [UInt8],
    isGzip: Bool = false,
    source: String? = nil,
    format: Format = .json,
    durability: Durability = .written,
    firstLine: Int = 1
  ) {
    self.body = body
    self.isGzip = isGzip
    self.source = source
    self.format = format
    self.durability = durability
    self.firstLine = firstLine
  }
}

/// An event that is in the log, and its address there.
package struct AcceptedEvent: Hashable, Sendable {
  /// Position among the request's events, from 0.
  package var index: Int
  package var eventID: String
  package var partition: TopicPartition
  package var offset: Offset

  package init(index: Int, eventID: String, partition: TopicPartition, offset: Offset) {
    self.index = index
    self.eventID = eventID
    self.partition = partition
    self.offset = offset
  }
}

/// An event that went to the dead letters, and why.
package struct RefusedEvent: Hashable, Sendable {
  /// Position among the request's events, from 0.
  package var index: Int
  /// The line it stood on, from 1; nil where the body is not made of lines.
  package var line: Int?
  package var code: RefusalCode
  /// The envelope key at fault; nil where the whole event is.
  package var field: String?
  /// One English sentence; it never repeats what the client sent.
  package var message: String
}
