// The collector's limits and names. `collector.yaml` of a pipeline fills it in.

/// What one collector accepts, where it writes, and the secret that its pseudonyms are made with.
package struct CollectorConfiguration: Sendable {
  /// Stamped on events of our own envelope as `app_id`; mappings bring their own.
  package var appID = "moashop"
  package var eventsTopic = "app-events"
  package var deadLetterTopic = "app-events-dlq"
  /// Used only where the events topic does not exist yet.
  package var eventsPartitionCount = 6
  /// Bytes of a body as it arrives, compressed or not.
  package var bodyBytesMax = 1 << 20
  /// Bytes of a body after unpacking.
  package var unpackedBytesMax = 10 << 20
  package var eventsMax = 500
  /// Bytes of one event as sent; dead letters keep as much of a refused one.
  package var eventBytesMax = 32 << 10
  /// What a client is told to wait when the log cannot be written.
  package var retryAfterSeconds = 5
  /// Requests that the system table `requests` remembers.
  package var recentRequestsMax = 200
  /// The key of HMAC-SHA256 for pseudonyms: one per home, never in the repository.
  package var secret: [UInt8]
  /// Named mappings for `CollectRequest.source`.
  package var mappings: [String: SourceMapping] = [:]

  package init(secret: [UInt8], mappings: [SourceMapping] = []) {
    self.secret = secret
    for mapping in mappings { self.mappings[mapping.source] = mapping }
  }
}
