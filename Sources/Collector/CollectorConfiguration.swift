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
  /// Write keys of apps; a key that is not here is refused with 401.
  package var writeKeys: [WriteKey] = []
  /// False lets loopback clients leave the key out: their events are `appID`'s.
  package var requiresWriteKey = false
  /// What a violation of the tracking plan does to an event.
  package var validation = Validation.off
  /// What becomes of a request that holds events to refuse.
  package var badEvents = BadEvents.deadLetter
  /// True replaces values of a wrong type by null instead of refusing them: they are lost silently.
  package var coercesWrongTypes = false
  /// When a real client is answered.
  package var answer = Answer.synced
  /// Which replicas must have an event before it is acknowledged.
  package var acknowledgement = LogAcknowledgement()
  /// Bytes of bodies, packed and unpacked, that may be worked on at once; more is answered 503.
  package var bytesInFlightMax = 64 << 20
  /// Events a second that one key may send on average, and as many at once; nil for any number.
  package var eventsPerSecondMax: Int?
  /// What its machine can do in the story; nothing for any amount.
  package var machines: [CollectorMachine] = []
  /// True keeps a copy of every written event on the collector's own disk.
  package var keepsRawArchive = false
  /// Request line and headers together; more is answered 431.
  package var headerBytesMax = 32 << 10
  /// Connections at once; one more is closed as it comes.
  package var connectionsMax = 1_024
  /// By which field an event finds its partition.
  package var partitionKey = PartitionKey()
  /// What events of the app may say; nil without a plan.
  package var plan: PlanInForce?
  /// Named mappings for `CollectRequest.source`.
  package var mappings: [String: SourceMapping] = [:]

  package init(secret: [UInt8], mappings: [SourceMapping] = []) {
    self.secret = secret
    for mapping in mappings { self.mappings[mapping.source] = mapping }
  }

  /// `off` looks at the envelope only, `warn` counts what breaks the plan, `enforce` refuses it.
  package enum Validation: String, Sendable, CaseIterable { case off, warn, enforce }

  /// What becomes of a batch that holds events to refuse.
  package enum BadEvents: String, Sendable, CaseIterable {
    /// 200: good events are taken, bad ones are named and kept as dead letters.
    case deadLetter
    /// 200: good events are taken, bad ones are named and forgotten here.
    case partial
    /// 400: nothing is taken; bad ones are named, so that the client can send the others again.
    case reject
    /// 400: nothing is taken and nobody is named. One bad event costs the whole batch.
    case refuseBatch
  }

  /// What a 200 promises to a real client.
  package enum Answer: String, Sendable, CaseIterable {
    /// Before the log has it. What is in memory when the process dies is lost, acknowledged or not.
    case received
    /// After the write: it survives `kill -9`, not a power cut.
    case appended
    /// After the fsync that the write shares with others.
    case synced
  }
}

/// A key that an app sends with its events, and whose events they are.
package struct WriteKey: Sendable, Hashable {
  /// At most 64 letters, digits, `-` and `_`.
  package var key: String
  /// Stamped on the events as `app_id`.
  package var app: String

  package init(key: String, app: String) {
    self.key = key
    self.app = app
  }

  /// The key as it may be shown: its first four characters.
  package var masked: String { String(key.prefix(4)) + "…" }
}

/// What a log must have done before an event counts as written.
package struct LogAcknowledgement: Sendable, Hashable {
  /// Who must have written: the leader alone, or every replica in sync.
  package enum Acks: String, Sendable, CaseIterable { case one, all }

  package var acks = Acks.all
  /// Replicas in sync below which nothing is accepted; counts with `all` only.
  package var minInSyncReplicas = 1

  package init(acks: Acks = .all, minInSyncReplicas: Int = 1) {
    self.acks = acks
    self.minInSyncReplicas = minInSyncReplicas
  }
}
