// Topics made, grown, deleted, and cut at the front, at an administrator's word.

internal import EventLog
internal import KafkaProtocol

extension BrokerCore {
  func createTopics(_ request: CreateTopicsRequest, _ call: Call) -> CreateTopicsResponse {
    let names = Dictionary(grouping: request.topics, by: \.name)
    return CreateTopicsResponse {
      $0.topics = request.topics.map { topic in
        var result = CreateTopicsResponse.Topic()
        result.name = topic.name
        do {
          guard names[topic.name]?.count == 1 else {
            throw AdminRefusal(code: .invalidRequest, message: "The topic is named twice.")
          }
          try create(topic, validateOnly: request.validateOnly, &result)
        } catch {
          result.errorCode = AdminRefusal.code(error)
          result.errorMessage = AdminRefusal.message(error)
        }
        return result
      }
    }
  }

  private func create(
    _ topic: CreateTopicsRequest.Topic,
    validateOnly: Bool,
    _ result: inout CreateTopicsResponse.Topic
  ) throws {
    var count = Int(topic.partitionCount)
    if topic.assignments.isEmpty {
      if count == -1 { count = configuration.partitionCountDefault }
      guard topic.replicationFactor == -1 || (1...3).contains(topic.replicationFactor) else {
        throw AdminRefusal(
          code: .invalidReplicationFactor,
          message: "There are three brokers: the replication factor can be 1 to 3."
        )
      }
    } else {
      let isComplete =
        Set(topic.assignments.map(\.partitionIndex))
        == Set((0..<topic.assignments.count).map { Int32(truncatingIfNeeded: $0) })
      guard isComplete, topic.assignments.allSatisfy({ $0.brokerIDs == [Self.nodeID] }) else {
        throw AdminRefusal(
          code: .invalidReplicaAssignment,
          message: "Partitions 0 and up can be on broker \(Self.nodeID) only."
        )
      }
      count = topic.assignments.count
    }
    try checkRoom(forPartitions: count)
    var settings = TopicConfiguration()
    for config in topic.configs { try settings.set(config.name, config.value) }
    if validateOnly {
      try log.checkNew(topic.name, partitionCount: count)
    } else {
      let made = try log.makeTopic(topic.name, partitionCount: count, configuration: settings)
      result.topicID = made.id
      if topic.replicationFactor > 1 {
        try log.setReplicas(topic.name, Int(topic.replicationFactor))
      }
    }
    result.partitionCount = Int32(truncatingIfNeeded: count)
    result.replicationFactor = max(1, topic.replicationFactor)
    result.configs = TopicConfiguration.settings.map { setting in
      CreateTopicsResponse.Config {
        $0.name = setting.name
        $0.value = settings.value(setting.name)
        $0.configSource = Self.source(setting.name, settings)
      }
    }
  }

  private func checkRoom(forPartitions count: Int) throws {
    guard hasRoom(forPartitions: count) else {
      throw AdminRefusal(
        code: .policyViolation,
        message: "There can be \(configuration.partitionsMax) partitions in all."
      )
    }
  }

  func deleteTopics(_ request: DeleteTopicsRequest, _ call: Call) -> DeleteTopicsResponse {
    let asked =
      call.version >= 6
      ? request.topics
      : request.topicNames.map { name in DeleteTopicsRequest.Topic { $0.name = name } }
    return DeleteTopicsResponse {
      $0.responses = asked.map { topic in
        DeleteTopicsResponse.Topic {
          $0.name = topic.name ?? log.topic(topic.topicID)?.name
          $0.topicID = topic.name.flatMap { log.topic($0)?.id } ?? topic.topicID
          do {
            guard let name = $0.name else {
              throw AdminRefusal(code: .unknownTopicID, message: "No topic has this id.")
            }
            guard !configuration.declaredTopics.contains(name) else {
              throw AdminRefusal(
                code: .topicDeletionDisabled,
                message: "\"\(name)\" is a topic of the pipeline: topics.yaml declares it."
              )
            }
            try log.deleteTopic(name)
          } catch {
            $0.errorCode = AdminRefusal.code(error)
            $0.errorMessage = AdminRefusal.message(error)
          }
        }
      }
    }
  }

  func createPartitions(
    _ request: CreatePartitionsRequest,
    _ call: Call
  ) -> CreatePartitionsResponse {
    CreatePartitionsResponse {
      $0.results = request.topics.map { topic in
        CreatePartitionsResponse.Topic {
          $0.name = topic.name
          do {
            for assignment in topic.assignments ?? [] where assignment.brokerIDs != [Self.nodeID] {
              throw AdminRefusal(
                code: .invalidReplicaAssignment,
                message: "Partitions can be on broker \(Self.nodeID) only."
              )
            }
            guard !configuration.declaredTopics.contains(topic.name) else {
              throw AdminRefusal(
                code: .policyViolation,
                message: "topics.yaml declares how many partitions \"\(topic.name)\" has."
              )
            }
            let existing = log.topic(topic.name)?.partitionCount ?? 0
            try checkRoom(forPartitions: Int(topic.count) - existing)
            try log.growTopic(
              topic.name,
              partitionCount: Int(topic.count),
              validateOnly: request.validateOnly
            )
          } catch {
            $0.errorCode = AdminRefusal.code(error)
            $0.errorMessage = AdminRefusal.message(error)
          }
        }
      }
    }
  }

  func deleteRecords(_ request: DeleteRecordsRequest, _ call: Call) -> DeleteRecordsResponse {
    DeleteRecordsResponse {
      $0.topics = request.topics.map { topic in
        DeleteRecordsResponse.Topic {
          $0.name = topic.name
          $0.partitions = topic.partitions.map { asked in
            DeleteRecordsResponse.PartitionData {
              $0.partitionIndex = asked.partitionIndex
              do {
                guard asked.offset >= -1 else {
                  throw AdminRefusal(code: .offsetOutOfRange, message: "Offsets begin at 0.")
                }
                $0.lowWatermark = try log.deleteRecords(
                  TopicPartition(topic.name, asked.partitionIndex),
                  before: asked.offset == -1 ? nil : Offset(asked.offset)
                ).rawValue
              } catch {
                $0.lowWatermark = -1
                $0.errorCode = AdminRefusal.code(error)
              }
            }
          }
        }
      }
    }
  }
}

/// Why an administrator's request is not followed, where the log itself was not asked.
struct AdminRefusal: Error {
  var code: KafkaErrorCode
  var message: String

  static func code(_ error: any Error) -> KafkaErrorCode {
    (error as? AdminRefusal)?.code ?? BrokerCore.code(error)
  }

  static func message(_ error: any Error) -> String {
    (error as? AdminRefusal)?.message ?? BrokerCore.message(error)
  }
}
