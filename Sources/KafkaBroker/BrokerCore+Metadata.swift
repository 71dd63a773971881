// Which requests there are, which topics, and who leads them.

internal import EventLog
internal import KafkaProtocol

extension BrokerCore {
  static func versionRange(_ api: KafkaAPI) -> ApiVersionsResponse.VersionRange {
    ApiVersionsResponse.VersionRange {
      $0.apiKey = api.rawValue
      $0.minVersion = api.versions.lowerBound
      $0.maxVersion = api.versions.upperBound
    }
  }

  func apiVersions(_ request: ApiVersionsRequest, _ call: Call) -> ApiVersionsResponse {
    ApiVersionsResponse { $0.apiKeys = KafkaAPI.allCases.map(Self.versionRange) }
  }

  func describeCluster(_ request: DescribeClusterRequest, _ call: Call) -> DescribeClusterResponse {
    DescribeClusterResponse {
      $0.clusterID = Self.clusterID
      $0.controllerID = Self.nodeID
      $0.brokers = liveBrokers.map { broker in
        DescribeClusterResponse.Broker {
          $0.brokerID = broker
          $0.host = Self.host
          $0.port = port
        }
      }
    }
  }

  /// The brokers that a client is told of, all of them at this address. There is one, until a topic
  /// has replicas; the controller is always told, because this process answers for it.
  var liveBrokers: [Int32] {
    guard log.isReplicated else { return [Self.nodeID] }
    return log.brokers.filter { $0.isAlive || $0.id == Self.nodeID }.map(\.id)
  }

  func metadata(_ request: MetadataRequest, _ call: Call) -> MetadataResponse {
    MetadataResponse {
      $0.clusterID = Self.clusterID
      $0.controllerID = Self.nodeID
      $0.brokers = liveBrokers.map { broker in
        MetadataResponse.Broker {
          $0.nodeID = broker
          $0.host = Self.host
          $0.port = port
        }
      }
      // In version 0 an empty list stands for all topics.
      let isAll = request.topics == nil || (call.version == 0 && request.topics == [])
      let asked = isAll ? [] : request.topics ?? []
      $0.topics =
        isAll
        ? log.topicNames().compactMap { log.topic($0) }.map(metadata)
        : asked.map { metadata($0, canCreate: request.allowAutoTopicCreation) }
    }
  }

  private func metadata(
    _ asked: MetadataRequest.Topic,
    canCreate: Bool
  ) -> MetadataResponse.Topic {
    guard let name = asked.name else {
      return log.topic(asked.topicID).map(metadata)
        ?? MetadataResponse.Topic {
          $0.topicID = asked.topicID
          $0.errorCode = .unknownTopicID
        }
    }
    if let topic = log.topic(name) { return metadata(topic) }
    return MetadataResponse.Topic {
      $0.name = name
      $0.errorCode =
        canCreate && configuration.createsTopics ? create(name) : .unknownTopicOrPartition
    }
  }

  /// As in Kafka, who makes a topic by asking about it has to ask once more.
  private func create(_ name: String) -> KafkaErrorCode {
    guard hasRoom(forPartitions: configuration.partitionCountDefault) else {
      return .policyViolation
    }
    do {
      _ = try log.makeTopic(
        name,
        partitionCount: configuration.partitionCountDefault,
        configuration: TopicConfiguration()
      )
      return .leaderNotAvailable
    } catch let error as EventLogError {
      return error.kind == .topicExists ? .leaderNotAvailable : error.wireCode
    } catch {
      return .unknownServerError
    }
  }

  private func metadata(_ topic: EventLog.Topic) -> MetadataResponse.Topic {
    MetadataResponse.Topic {
      $0.name = topic.name
      $0.topicID = topic.id
      $0.partitions = (0..<Int32(truncatingIfNeeded: topic.partitionCount)).map { index in
        MetadataResponse.PartitionData {
          let partition = TopicPartition(topic.name, index)
          let set = log.replicas(partition)
          $0.partitionIndex = index
          $0.leaderID = log.leader(of: partition) ?? -1
          if $0.leaderID < 0 { $0.errorCode = .leaderNotAvailable }
          $0.leaderEpoch = (try? log.leaderEpoch(partition)) ?? 0
          $0.replicaNodes = set?.replicas ?? [Self.nodeID]
          $0.isrNodes = set?.inSync ?? [Self.nodeID]
        }
      }
    }
  }

  /// What a client is told about an error of the log.
  static func code(_ error: any Error) -> KafkaErrorCode {
    (error as? EventLogError)?.wireCode ?? .unknownServerError
  }

  static func message(_ error: any Error) -> String {
    guard let error = error as? EventLogError else { return "\(error)" }
    return error.advice.map { error.message + " " + $0 } ?? error.message
  }
}
