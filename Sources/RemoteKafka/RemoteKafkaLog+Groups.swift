// How far consumer groups have read, as the cluster keeps it.

internal import CRDKafka
package import KafkaProtocol

extension RemoteKafkaLog {
  /// A consumer group of the cluster.
  package struct Group: Sendable, Hashable {
    package var id: String
    /// `Stable`, `Empty` and so on, as Kafka names it.
    package var state: String
  }

  /// What a group has committed for the partitions; those without an offset are left out.
  package func committedOffsets(
    group: String, _ partitions: [TopicPartition]
  ) throws -> [TopicPartition: Offset] {
    guard !partitions.isEmpty else { return [:] }
    let client = try groupClient(group)
    let list = rd_kafka_topic_partition_list_new(Int32(clamping: partitions.count))
    defer { rd_kafka_topic_partition_list_destroy(list) }
    for partition in partitions {
      _ = rd_kafka_topic_partition_list_add(list, partition.topic, partition.partition)
    }
    let code = rd_kafka_committed(client.pointer, list, client.milliseconds)
    guard code == 0 else {
      throw RemoteKafkaError.native(code, doing: "offsets of group \(group)", client.place)
    }
    client.notes.clear()
    return try RemoteKafkaLog.offsets(in: list, "offsets of group \(group)", client)
  }

  /// Nil where the group has committed nothing for the partition.
  package func committedOffset(group: String, _ partition: TopicPartition) throws -> Offset? {
    try committedOffsets(group: group, [partition])[partition]
  }

  /// Remembers the next offsets that a group will read; the cluster has them when this returns.
  ///
  /// - Throws: the cluster's error; `UNKNOWN_MEMBER_ID` where the group has members, whose offsets
  ///   are theirs.
  package func commitOffsets(group: String, _ positions: [TopicPartition: Offset]) throws {
    guard !positions.isEmpty else { return }
    let client = try groupClient(group)
    let list = rd_kafka_topic_partition_list_new(Int32(clamping: positions.count))
    defer { rd_kafka_topic_partition_list_destroy(list) }
    for (partition, offset) in positions.sorted(by: { $0.key < $1.key }) {
      rd_kafka_topic_partition_list_add(list, partition.topic, partition.partition).pointee.offset =
        offset.rawValue
    }
    let queue = rd_kafka_queue_new(client.pointer)
    defer { rd_kafka_queue_destroy(queue) }
    let code = rd_kafka_commit_queue(client.pointer, list, queue, nil, nil)
    guard code == 0 else {
      throw RemoteKafkaError.native(code, doing: "commit of group \(group)", client.place)
    }
    try client.wait(on: queue, "commit of group \(group)") { event in
      guard let answer = rd_kafka_event_topic_partition_list(event) else { return }
      _ = try RemoteKafkaLog.offsets(in: answer, "commit of group \(group)", client)
    }
  }

  /// The groups that the cluster knows, sorted.
  package func groups() throws -> [Group] {
    try checkOpen()
    let client = client
    return try client.admin("groups") { options, queue in
      rd_kafka_ListConsumerGroups(client.pointer, options, queue)
    } result: { event in
      var count = 0
      if let errors = rd_kafka_ListConsumerGroups_result_errors(event, &count), count > 0 {
        throw RemoteKafkaError.native(
          rd_kafka_error_code(errors[0]), doing: "groups",
          detail: String(cString: rd_kafka_error_string(errors[0])), client.place)
      }
      guard let found = rd_kafka_ListConsumerGroups_result_valid(event, &count) else { return [] }
      return (0..<count).map {
        Group(
          id: String(cString: rd_kafka_ConsumerGroupListing_group_id(found[$0])),
          state: String(
            cString: rd_kafka_consumer_group_state_name(
              rd_kafka_ConsumerGroupListing_state(found[$0]))))
      }.sorted { $0.id < $1.id }
    }
  }

  /// Everything that a group has committed.
  package func committedOffsets(group: String) throws -> [TopicPartition: Offset] {
    try checkOpen()
    let client = client
    guard let request = rd_kafka_ListConsumerGroupOffsets_new(group, nil) else { return [:] }
    defer { rd_kafka_ListConsumerGroupOffsets_destroy(request) }
    return try client.admin("offsets of group \(group)") { options, queue in
      var requests: [OpaquePointer] = [request]
      rd_kafka_ListConsumerGroupOffsets(client.pointer, &requests, 1, options, queue)
    } result: { event in
      var count = 0
      guard let results = rd_kafka_ListConsumerGroupOffsets_result_groups(event, &count), count > 0
      else { return [:] }
      if let error = rd_kafka_group_result_error(results[0]) {
        throw RemoteKafkaError.native(
          rd_kafka_error_code(error), doing: "offsets of group \(group)",
          detail: String(cString: rd_kafka_error_string(error)), client.place)
      }
      guard let list = rd_kafka_group_result_partitions(results[0]) else { return [:] }
      return try RemoteKafkaLog.offsets(in: list, "offsets of group \(group)", client)
    }
  }

  private static func offsets(
    in list: UnsafePointer<rd_kafka_topic_partition_list_t>, _ doing: String,
    _ client: ClientHandle
  ) throws -> [TopicPartition: Offset] {
    var offsets: [TopicPartition: Offset] = [:]
    for element in UnsafeBufferPointer(start: list.pointee.elems, count: Int(list.pointee.cnt)) {
      let partition = TopicPartition(
        element.topic.map { String(cString: $0) } ?? "", element.partition)
      guard element.err == 0 else {
        throw RemoteKafkaError.native(element.err, doing: doing, of: partition, client.place)
      }
      if element.offset >= 0 { offsets[partition] = Offset(element.offset) }
    }
    return offsets
  }
}
