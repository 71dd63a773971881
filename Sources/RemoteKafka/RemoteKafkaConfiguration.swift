// A cluster as a profile describes it, and what the client is set to.

/// Which cluster, and how patiently it is talked to.
package struct RemoteKafkaConfiguration: Sendable, Hashable {
  /// How record batches are packed on their way.
  package enum Compression: String, Sendable, CaseIterable {
    case none, gzip, snappy, lz4, zstd
  }

  /// Addresses of some brokers, with commas between them.
  package var bootstrapServers: String
  /// How long any request may take; a record is given up after it.
  package var timeoutMilliseconds = 10_000
  package var compression = Compression.lz4
  /// What may wait in memory for the cluster: `queue.buffering.max.kbytes`.
  package var queueKilobytesMax = 32_768
  /// Replicas of topics that are made; the cluster's default where nil.
  package var replicationFactor: Int?
  /// What is handed to librdkafka as it is.
  package var properties: [String: String] = [:]

  package init(bootstrapServers: String) {
    self.bootstrapServers = bootstrapServers
  }

  /// Properties whose meaning the log depends on, and the key that sets them instead, if there is one.
  static let fixed: [String: String?] = [
    "bootstrap.servers": "bootstrap.servers", "metadata.broker.list": "bootstrap.servers",
    "acks": nil, "request.required.acks": nil, "enable.idempotence": nil, "transactional.id": nil,
    "enable.gapless.guarantee": nil, "compression.codec": "compression",
    "compression.type": "compression",
    "message.timeout.ms": "timeoutSeconds", "delivery.timeout.ms": "timeoutSeconds",
    "queue.buffering.max.kbytes": "queueKilobytesMax",
    "group.id": nil, "group.instance.id": nil, "enable.auto.commit": nil,
    "auto.commit.enable": nil, "enable.auto.offset.store": nil, "enable.partition.eof": nil,
    "auto.offset.reset": nil, "delivery.report.only.error": nil, "test.mock.num.brokers": nil,
  ]

  /// - Throws: `remoteKafka.invalidProperty` for one that is not the profile's to set.
  func check() throws {
    for name in properties.keys.sorted() {
      guard let instead = Self.fixed[name] else { continue }
      throw RemoteKafkaError.invalidProperty(
        name,
        instead.map { "`\(name)` is set by `\($0)` below `kafka:`" }
          ?? "`\(name)` is fixed: every record is acknowledged by all replicas in sync, once")
    }
  }

  /// What is fitting unless the profile says otherwise.
  private var defaults: [(String, String)] {
    [
      ("client.id", "tapline"),
      ("socket.timeout.ms", String(max(1_000, min(timeoutMilliseconds, 300_000)))),
      ("socket.connection.setup.timeout.ms", String(max(1_000, min(timeoutMilliseconds, 30_000)))),
      // A broker that comes back is noticed within a second.
      ("reconnect.backoff.ms", "50"), ("reconnect.backoff.max.ms", "1000"),
      ("topic.metadata.refresh.fast.interval.ms", "100"),
      ("allow.auto.create.topics", "false"),
      ("socket.nagle.disable", "true"),
    ]
  }

  /// Settings of a producer, in the order in which they are made.
  func producer() -> [(String, String)] {
    defaults + [("linger.ms", "1"), ("retry.backoff.ms", "100")]
      + given + [
        ("bootstrap.servers", bootstrapServers), ("acks", "all"), ("enable.idempotence", "true"),
        ("compression.codec", compression.rawValue),
        ("message.timeout.ms", String(timeoutMilliseconds)),
        ("queue.buffering.max.kbytes", String(queueKilobytesMax)),
      ]
  }

  /// Settings of a consumer: it is told what to read, and commits only what it is told to.
  func consumer(group: String) -> [(String, String)] {
    defaults + [
      // Nobody waits at the end of a log here, but what is asked next waits for what was asked last.
      ("fetch.wait.max.ms", "10"), ("fetch.error.backoff.ms", "100"),
      // The library rests for up to a second when it has fetched this much.
      ("queued.max.messages.kbytes", "32768"), ("queued.min.messages", "100000"),
      ("check.crcs", "true"),
    ] + given + [
      ("bootstrap.servers", bootstrapServers), ("group.id", group),
      ("enable.auto.commit", "false"), ("enable.auto.offset.store", "false"),
      ("enable.partition.eof", "true"), ("auto.offset.reset", "error"),
    ]
  }

  private var given: [(String, String)] { properties.sorted { $0.key < $1.key } }
}
