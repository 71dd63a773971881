// Topics: made, grown, set, cut at the front, aged, deleted. The file of topics is the truth:
// directories that it does not name are nobody's.

package import KafkaProtocol
internal import Synchronization

extension EventLog {
  /// A topic as the catalogue has it.
  package struct Topic: Sendable, Hashable {
    package var name: String
    package var id: TopicID
    package var partitionCount: Int
    package var configuration: TopicConfiguration
  }

  /// Makes a topic; nothing happens where it exists with the same number of partitions.
  ///
  /// - Throws: `eventLog.partitionCountMismatch`, `eventLog.invalidTopicName`.
  package func createTopic(_ name: String, partitionCount: Int) throws {
    try checkOpen()
    try check(name, partitionCount)
    try topics.withLock { topics in
      guard let existing = topics.partitions[name] else {
        return try make(name, partitionCount, TopicConfiguration(), &topics)
      }
      guard existing.count == partitionCount else {
        throw EventLogError(
          .partitionCountMismatch,
          "Topic \"\(name)\" has \(existing.count) partitions, not \(partitionCount).",
          advice: "Changing the number would move keys to other partitions; make a new topic.",
          fields: [
            "topic": name, "existing": String(existing.count), "asked": String(partitionCount),
          ]
        )
      }
    }
  }

  /// Makes a topic that must not exist yet, and answers it.
  ///
  /// - Throws: `eventLog.topicExists`, `eventLog.partitionCountMismatch`,
  ///   `eventLog.invalidTopicName`.
  package func makeTopic(
    _ name: String,
    partitionCount: Int,
    configuration: TopicConfiguration
  ) throws -> Topic {
    try checkNew(name, partitionCount: partitionCount)
    return try topics.withLock { topics in
      guard topics.partitions[name] == nil else { throw EventLogError.topicExists(name) }
      try make(name, partitionCount, configuration, &topics)
      return Topic(name, topics.catalog.topics[name])
    }
  }

  /// Throws what `makeTopic` would throw, and makes nothing.
  package func checkNew(_ name: String, partitionCount: Int) throws {
    try checkOpen()
    try check(name, partitionCount)
    guard topics.withLock({ $0.partitions[name] == nil }) else {
      throw EventLogError.topicExists(name)
    }
  }

  private func check(_ name: String, _ partitionCount: Int) throws {
    try TopicCatalog.check(name)
    guard partitionCount > 0, partitionCount <= TopicCatalog.partitionCountMax else {
      throw EventLogError(
        .partitionCountMismatch,
        "A topic cannot have \(partitionCount) partitions.",
        advice: "Choose 1 to \(TopicCatalog.partitionCountMax).",
        fields: ["topic": name, "asked": String(partitionCount)]
      )
    }
  }

  private func make(
    _ name: String,
    _ partitionCount: Int,
    _ configuration: TopicConfiguration,
    _ topics: inout Topics
  ) throws {
    let logs = try makePartitions(name, 0..<partitionCount, configuration)
    var catalog = topics.catalog
    catalog.topics[name] = TopicCatalog.Entry(
      partitionCount: partitionCount,
      id: catalog.makeID(name),
      configuration: configuration
    )
    try save(catalog, &topics)
    topics.partitions[name] = logs
  }

  private func makePartitions(
    _ name: String,
    _ indexes: Range<Int>,
    _ settings: TopicConfiguration
  ) throws -> [PartitionLog] {
    try indexes.map { index in
      let log = try PartitionLog.create(
        TopicPartition(name, Int32(truncatingIfNeeded: index)),
        storage: storage,
        configuration: configuration
      )
      log.apply(settings)
      return log
    }
  }

  private func save(_ catalog: TopicCatalog, _ topics: inout Topics) throws {
    try storage.replace(TopicCatalog.path, with: catalog.bytes())
    topics.catalog = catalog
  }

  /// Gives a topic more partitions.
  ///
  /// - Throws: `eventLog.unknownTopic`; `eventLog.partitionCountMismatch` where there are as many
  ///   already, or too many are asked for.
  package func growTopic(_ name: String, partitionCount: Int, validateOnly: Bool = false) throws {
    try checkOpen()
    try check(name, partitionCount)
    try topics.withLock { topics in
      guard let existing = topics.partitions[name], let entry = topics.catalog.topics[name] else {
        throw EventLogError.unknownTopic(name, known: topics.partitions.keys.sorted())
      }
      guard partitionCount > existing.count else {
        throw EventLogError(
          .partitionCountMismatch,
          "Topic \"\(name)\" has \(existing.count) partitions; \(partitionCount) is not more.",
          advice: "Partitions can be added and never taken away.",
          fields: ["topic": name, "asked": String(partitionCount)]
        )
      }
      if validateOnly { return }
      let new = try makePartitions(name, existing.count..<partitionCount, entry.configuration)
      var catalog = topics.catalog
      catalog.topics[name]?.partitionCount = partitionCount
      try save(catalog, &topics)
      topics.partitions[name] = existing + new
    }
    if !validateOnly, let set = replicas(TopicPartition(name, 0)) {
      try setReplicas(name, set.replicas.count)
    }
  }

  /// Deletes a topic with its records and the offsets that groups committed for it.
  ///
  /// - Throws: `eventLog.unknownTopic`.
  package func deleteTopic(_ name: String) throws {
    try checkOpen()
    let logs = try topics.withLock { topics in
      guard let logs = topics.partitions[name] else {
        throw EventLogError.unknownTopic(name, known: topics.partitions.keys.sorted())
      }
      var catalog = topics.catalog
      catalog.topics[name] = nil
      try save(catalog, &topics)
      topics.partitions[name] = nil
      return logs
    }
    for log in logs { try log.delete() }
    try forgetReplicas(name)
    try offsets.forget(topic: name)
  }

  /// Sorted.
  package func topicNames() -> [String] { topics.withLock { $0.partitions.keys.sorted() } }

  package func partitionCount(of topic: String) throws -> Int { try partitions(of: topic).count }

  /// Nil where there is none of the name.
  package func topic(_ name: String) -> Topic? {
    topics.withLock { $0.catalog.topics[name] }.map { Topic(name, $0) }
  }

  /// Nil where no topic has the id.
  package func topic(_ id: TopicID) -> Topic? {
    topics.withLock { topics in
      topics.catalog.topics.first { $0.value.id == id }.map { Topic($0.key, $0.value) }
    }
  }

  /// The partition that Kafka's Java client sends a key to.
  package func partition(forKey key: [UInt8], topic: String) throws -> Int32 {
    Murmur2.partition(forKey: key, count: try partitionCount(of: topic))
  }

  /// Changes how a topic is set; from the next append on it counts.
  ///
  /// - Throws: `eventLog.unknownTopic`, and what `body` throws.
  package func configure(
    _ name: String,
    _ body: (inout TopicConfiguration) throws -> Void
  ) throws {
    try checkOpen()
    try topics.withLock { topics in
      guard var entry = topics.catalog.topics[name] else {
        throw EventLogError.unknownTopic(name, known: topics.partitions.keys.sorted())
      }
      let before = entry.configuration
      try body(&entry.configuration)
      guard entry.configuration != before else { return }
      var catalog = topics.catalog
      catalog.topics[name] = entry
      try save(catalog, &topics)
      for log in topics.partitions[name] ?? [] { log.apply(entry.configuration) }
    }
  }

  // MARK: Retention

  /// Deletes segments whose records are all older than `retentionMilliseconds` at `now`, by append
  /// time.
  ///
  /// - Returns: bytes deleted.
  @discardableResult
  package func applyRetention(
    now: Int64,
    retentionMilliseconds: Int64,
    topic: String? = nil
  ) throws -> Int {
    try checkOpen()
    let (limit, overflow) = now.subtractingReportingOverflow(retentionMilliseconds)
    guard !overflow else { return 0 }
    let names = topic.map { [$0] } ?? topicNames()
    var bytes = 0
    for name in names {
      for log in try partitions(of: name) {
        let removed = try log.removeSegments(before: limit, now: now).bytes
        bytes += removed
        if removed > 0 { markDirty(log) }
      }
    }
    return bytes
  }

  /// Deletes what a topic's own settings do not keep, by age and by size.
  ///
  /// - Returns: bytes deleted.
  @discardableResult
  package func applyRetention(now: Int64, topic name: String) throws -> Int {
    guard let settings = topic(name)?.configuration else { return 0 }
    var bytes = 0
    if let milliseconds = settings.retentionMilliseconds {
      bytes += try applyRetention(now: now, retentionMilliseconds: milliseconds, topic: name)
    }
    if let bytesMax = settings.retentionBytes {
      for log in try partitions(of: name) {
        bytes += try log.removeSegments(beyond: bytesMax).bytes
      }
    }
    return bytes
  }

  /// Deletes the records before `offset`, durably; nil stands for the end of the log.
  ///
  /// - Returns: the first offset there is now.
  /// - Throws: `eventLog.offsetOutOfRange` behind the end.
  package func deleteRecords(_ partition: TopicPartition, before offset: Offset?) throws -> Offset {
    try checkOpen()
    let log = try self.log(partition)
    return Offset(try log.deleteRecords(before: offset?.rawValue ?? log.endOffset()))
  }
}

extension EventLog.Topic {
  init(_ name: String, _ entry: TopicCatalog.Entry?) {
    self.init(
      name: name,
      id: entry?.id ?? .zero,
      partitionCount: entry?.partitionCount ?? 0,
      configuration: entry?.configuration ?? TopicConfiguration()
    )
  }
}

extension EventLogError {
  static func topicExists(_ name: String) -> EventLogError {
    EventLogError(
      .topicExists,
      "There is a topic \"\(name)\" already.",
      advice: "Choose another name.",
      fields: ["topic": name]
    )
  }
}
