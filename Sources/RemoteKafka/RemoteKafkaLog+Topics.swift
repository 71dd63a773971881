// What topics the cluster has, how they are laid out, and making one.

internal import CRDKafka
package import KafkaProtocol

extension RemoteKafkaLog {
  /// A topic as the cluster describes it.
  package struct Topic: Sendable, Hashable {
    package var name: String
    /// By number.
    package var partitions: [Layout]
    /// Kept by the cluster for itself.
    package var isInternal: Bool { name.hasPrefix("__") }
  }

  /// Where a topic-partition lies.
  package struct Layout: Sendable, Hashable {
    package var partition: Int32
    /// Nil while nobody leads it.
    package var leader: Int32?
    package var replicas: [Int32]
    package var inSync: [Int32]
  }

  /// A broker as clients reach it.
  package struct Broker: Sendable, Hashable {
    package var id: Int32
    package var host: String
    package var port: Int
  }

  /// The oldest offset that is there, and the next one to be written.
  package struct OffsetRange: Sendable, Hashable {
    package var start: Int64
    package var end: Int64

    package init(start: Int64, end: Int64) {
      self.start = start
      self.end = end
    }
  }

  /// All topics but the cluster's own, sorted, and the brokers by id.
  package func layout() throws -> (topics: [Topic], brokers: [Broker]) {
    try checkOpen()
    return try RemoteKafkaLog.metadata(client, topic: nil, all: true) { metadata in
      let topics = try metadata.topics.filter { $0.err == 0 }.map(RemoteKafkaLog.topic)
      return (
        topics.filter { !$0.isInternal }.sorted { $0.name < $1.name },
        metadata.brokers.sorted { $0.id < $1.id }
      )
    }
  }

  /// Sorted.
  package func topicNames() throws -> [String] { try layout().topics.map(\.name) }

  /// A topic; nil where the cluster has none of the name.
  package func topic(_ name: String) throws -> Topic? {
    try checkOpen()
    let found = try RemoteKafkaLog.metadata(client, topic: name) { metadata in
      guard let topic = metadata.topics.first(where: { $0.topic.map { String(cString: $0) } == name })
      else { return Topic?.none }
      switch Int(topic.err) {
      case RD_KAFKA_RESP_ERR_NO_ERROR: return try RemoteKafkaLog.topic(topic)
      case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC: return nil
      default:
        throw RemoteKafkaError.native(
          topic.err, doing: "metadata", of: TopicPartition(name, 0), client.place)
      }
    }
    if let found { note(partitionCount: found.partitions.count, of: name) }
    return found
  }

  /// - Throws: `remoteKafka.unknownTopic`.
  package func partitionCount(of topic: String) throws -> Int {
    if let known = knownPartitionCount(topic) { return known }
    guard let found = try self.topic(topic) else {
      throw RemoteKafkaError.native(
        Int32(RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART), doing: "metadata",
        of: TopicPartition(topic, 0), client.place)
    }
    return found.partitions.count
  }

  /// Makes a topic unless it exists; an existing one keeps its partitions and settings.
  ///
  /// - Parameter settings: such as `retention.ms`, for a topic that is made.
  /// - Returns: true where it was made.
  @discardableResult
  package func ensureTopic(
    _ name: String, partitionCount: Int, settings: [String: String] = [:]
  ) throws -> Bool {
    if try topic(name) != nil { return false }
    let isNew = try createTopic(name, partitionCount: partitionCount, settings: settings)
    // Brokers learn of it one after another.
    let client = client
    let deadline = Deadline(milliseconds: client.timeoutMilliseconds)
    while true {
      if let made = try topic(name), made.partitions.allSatisfy({ $0.leader != nil }) {
        return isNew
      }
      guard deadline.waitsOn(milliseconds: 50) else {
        throw RemoteKafkaError.native(
          Int32(RD_KAFKA_RESP_ERR__TIMED_OUT), doing: "create topic \(name)", client.place)
      }
    }
  }

  private func createTopic(
    _ name: String, partitionCount: Int, settings: [String: String]
  ) throws -> Bool {
    let client = client
    var problem = [CChar](repeating: 0, count: 512)
    guard
      let request = rd_kafka_NewTopic_new(
        name, Int32(clamping: partitionCount),
        Int32(clamping: configuration.replicationFactor ?? -1), &problem, problem.count)
    else {
      throw RemoteKafkaError.native(
        Int32(RD_KAFKA_RESP_ERR__INVALID_ARG), doing: "create topic \(name)",
        detail: RDKafkaLibrary.text(problem), client.place)
    }
    defer { rd_kafka_NewTopic_destroy(request) }
    for (key, value) in settings.sorted(by: { $0.key < $1.key }) {
      _ = rd_kafka_NewTopic_set_config(request, key, value)
    }
    return try client.admin("create topic \(name)") { options, queue in
      var requests: [OpaquePointer] = [request]
      rd_kafka_CreateTopics(client.pointer, &requests, 1, options, queue)
    } result: { event in
      var count = 0
      guard let results = rd_kafka_CreateTopics_result_topics(event, &count), count > 0 else {
        return true
      }
      let code = rd_kafka_topic_result_error(results[0])
      if Int(code) == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS { return false }
      guard code == 0 else {
        throw RemoteKafkaError.native(
          code, doing: "create topic \(name)",
          detail: rd_kafka_topic_result_error_string(results[0]).map { String(cString: $0) },
          client.place)
      }
      return true
    }
  }

  /// A topic's settings by name; nil where the cluster does not tell.
  package func settings(of topic: String) throws -> [String: String]? {
    try checkOpen()
    let client = client
    guard let resource = rd_kafka_ConfigResource_new(Int32(RD_KAFKA_RESOURCE_TOPIC), topic) else {
      return nil
    }
    defer { rd_kafka_ConfigResource_destroy(resource) }
    do {
      return try client.admin("settings of \(topic)") { options, queue in
        var resources: [OpaquePointer] = [resource]
        rd_kafka_DescribeConfigs(client.pointer, &resources, 1, options, queue)
      } result: { event in
        var count = 0
        guard let found = rd_kafka_DescribeConfigs_result_resources(event, &count), count > 0 else {
          return [:]
        }
        let code = rd_kafka_ConfigResource_error(found[0])
        guard code == 0 else {
          throw RemoteKafkaError.native(code, doing: "settings of \(topic)", client.place)
        }
        var settings: [String: String] = [:]
        guard let entries = rd_kafka_ConfigResource_configs(found[0], &count) else { return [:] }
        for index in 0..<count {
          settings[String(cString: rd_kafka_ConfigEntry_name(entries[index]))] =
            rd_kafka_ConfigEntry_value(entries[index]).map { String(cString: $0) } ?? ""
        }
        return settings
      }
    } catch let error as RemoteKafkaError
      where [.unsupported, .unauthorized].contains(error.kind)
    {
      return nil
    }
  }

  // MARK: Offsets

  /// Both ends of a topic-partition: the end is the high watermark.
  package func offsets(_ partition: TopicPartition) throws -> OffsetRange {
    try checkOpen()
    try check(partition)
    var low: Int64 = 0
    var high: Int64 = 0
    let client = client
    let code = rd_kafka_query_watermark_offsets(
      client.pointer, partition.topic, partition.partition, &low, &high, client.milliseconds)
    guard code == 0 else {
      throw RemoteKafkaError.native(code, doing: "list offsets", of: partition, client.place)
    }
    client.notes.clear()
    return OffsetRange(start: low, end: max(low, high))
  }

  /// The oldest offset that is still there.
  package func startOffset(_ partition: TopicPartition) throws -> Offset {
    Offset(try offsets(partition).start)
  }

  /// The next offset to be written, as far as all replicas in sync have it.
  package func endOffset(_ partition: TopicPartition) throws -> Offset {
    Offset(try offsets(partition).end)
  }

  /// The first offset whose record has this time (milliseconds) or a later one; the end where none has.
  package func offset(_ partition: TopicPartition, atOrAfter time: Int64) throws -> Offset {
    try checkOpen()
    try check(partition)
    let client = client
    let list = rd_kafka_topic_partition_list_new(1)
    defer { rd_kafka_topic_partition_list_destroy(list) }
    let place = rd_kafka_topic_partition_list_add(list, partition.topic, partition.partition)
    // Negative ones ask for the ends.
    place.pointee.offset = max(0, time)
    let code = rd_kafka_offsets_for_times(client.pointer, list, client.milliseconds)
    let failure = code != 0 ? code : place.pointee.err
    guard failure == 0 else {
      throw RemoteKafkaError.native(failure, doing: "list offsets", of: partition, client.place)
    }
    if place.pointee.offset >= 0 { return Offset(place.pointee.offset) }
    return Offset(try offsets(partition).end)
  }

  func check(_ partition: TopicPartition) throws {
    if let known = knownPartitionCount(partition.topic), partition.partition >= 0,
      Int(partition.partition) < known
    {
      return
    }
    guard let topic = try topic(partition.topic) else {
      throw RemoteKafkaError.native(
        Int32(RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART), doing: "metadata", of: partition,
        client.place)
    }
    guard partition.partition >= 0, Int(partition.partition) < topic.partitions.count else {
      throw RemoteKafkaError.unknownPartition(
        partition, count: topic.partitions.count, client.place)
    }
  }

  // MARK: Metadata

  /// What the cluster answered, copied brokers, and topics valid only inside `body`.
  struct Metadata {
    var brokers: [Broker]
    var topics: UnsafeBufferPointer<rd_kafka_metadata_topic_t>
  }

  static func metadata<Result>(
    _ client: ClientHandle, topic: String?, all: Bool = false, _ body: (Metadata) throws -> Result
  ) throws -> Result {
    let handle = topic.flatMap { rd_kafka_topic_new(client.pointer, $0, nil) }
    defer { if let handle { rd_kafka_topic_destroy(handle) } }
    var answer: UnsafePointer<rd_kafka_metadata_t>?
    let code = rd_kafka_metadata(
      client.pointer, all ? 1 : 0, handle, &answer, client.milliseconds)
    guard code == 0, let answer else {
      throw RemoteKafkaError.native(code, doing: "metadata", client.place)
    }
    defer { rd_kafka_metadata_destroy(answer) }
    client.notes.clear()
    let brokers = UnsafeBufferPointer(
      start: answer.pointee.brokers, count: Int(answer.pointee.broker_cnt))
    return try body(
      Metadata(
        brokers: brokers.map {
          Broker(
            id: $0.id, host: $0.host.map { String(cString: $0) } ?? "", port: Int($0.port))
        },
        topics: UnsafeBufferPointer(
          start: answer.pointee.topics, count: Int(answer.pointee.topic_cnt))))
  }

  private static func topic(_ topic: rd_kafka_metadata_topic_t) throws -> Topic {
    func numbers(_ start: UnsafeMutablePointer<Int32>?, _ count: Int32) -> [Int32] {
      Array(UnsafeBufferPointer(start: start, count: Int(count)))
    }
    let partitions = UnsafeBufferPointer(
      start: topic.partitions, count: Int(topic.partition_cnt))
    return Topic(
      name: topic.topic.map { String(cString: $0) } ?? "",
      partitions: partitions.map {
        Layout(
          partition: $0.id,
          leader: $0.leader >= 0 ? $0.leader : nil,
          replicas: numbers($0.replicas, $0.replica_cnt),
          inSync: numbers($0.isrs, $0.isr_cnt))
      }.sorted { $0.partition < $1.partition })
  }
}
