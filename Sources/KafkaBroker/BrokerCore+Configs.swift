// How topics and the broker are set. A topic's settings can be changed, the broker's be read.

internal import EventLog
internal import KafkaProtocol

extension BrokerCore {
  /// Kafka's numbers for what can be set.
  private enum ResourceType {
    static let topic: Int8 = 2
    static let broker: Int8 = 4
  }

  /// Where a value comes from.
  private enum Source {
    static let topic: Int8 = 1
    static let staticBroker: Int8 = 4
    static let builtIn: Int8 = 5
  }

  static func source(_ name: String, _ settings: TopicConfiguration) -> Int8 {
    settings.overrides[name] == nil ? Source.builtIn : Source.topic
  }

  func describeConfigs(_ request: DescribeConfigsRequest, _ call: Call) -> DescribeConfigsResponse {
    DescribeConfigsResponse {
      $0.results = request.resources.map { resource in
        DescribeConfigsResponse.Resource {
          $0.resourceType = resource.resourceType
          $0.resourceName = resource.resourceName
          do {
            $0.configs = try configs(resource, request).filter { config in
              resource.configurationKeys?.contains(config.name) ?? true
            }
          } catch {
            $0.errorCode = AdminRefusal.code(error)
            $0.errorMessage = AdminRefusal.message(error)
          }
        }
      }
    }
  }

  private func configs(
    _ resource: DescribeConfigsRequest.Resource,
    _ request: DescribeConfigsRequest
  ) throws -> [DescribeConfigsResponse.Config] {
    switch resource.resourceType {
    case ResourceType.topic:
      guard let topic = log.topic(resource.resourceName) else {
        throw AdminRefusal(
          code: .unknownTopicOrPartition,
          message: "There is no topic \"\(resource.resourceName)\"."
        )
      }
      return TopicConfiguration.settings.map { config($0, topic.configuration, request) }
    case ResourceType.broker:
      guard resource.resourceName.isEmpty || resource.resourceName == String(Self.nodeID) else {
        throw AdminRefusal(
          code: .invalidRequest,
          message: "The only broker is \(Self.nodeID)."
        )
      }
      return brokerConfigs
    default:
      throw AdminRefusal(
        code: .invalidRequest,
        message: "Resources of type \(resource.resourceType) have no settings here."
      )
    }
  }

  private func config(
    _ setting: TopicConfiguration.Setting,
    _ settings: TopicConfiguration,
    _ request: DescribeConfigsRequest
  ) -> DescribeConfigsResponse.Config {
    DescribeConfigsResponse.Config {
      $0.name = setting.name
      $0.value = settings.value(setting.name)
      $0.configSource = Self.source(setting.name, settings)
      $0.configType = setting.type.rawValue
      if request.includeDocumentation { $0.documentation = setting.meaning }
      guard request.includeSynonyms else { return }
      if let value = settings.overrides[setting.name] {
        $0.synonyms.append(synonym(setting.name, value, Source.topic))
      }
      $0.synonyms.append(synonym(setting.name, setting.defaultValue, Source.builtIn))
    }
  }

  private func synonym(
    _ name: String,
    _ value: String,
    _ source: Int8
  ) -> DescribeConfigsResponse.Synonym {
    DescribeConfigsResponse.Synonym {
      $0.name = name
      $0.value = value
      $0.source = source
    }
  }

  private var brokerConfigs: [DescribeConfigsResponse.Config] {
    let limits = configuration
    let values: [(String, String, TopicConfiguration.Setting.ValueType)] = [
      ("advertised.listeners", "PLAINTEXT://\(Self.host):\(port)", .string),
      ("auto.create.topics.enable", limits.createsTopics ? "true" : "false", .boolean),
      ("broker.id", String(Self.nodeID), .int),
      ("connections.max.idle.ms", String(limits.idleTimeoutMilliseconds), .long),
      ("fetch.max.bytes", String(limits.fetchBytesMax), .int),
      (
        "group.initial.rebalance.delay.ms",
        String(limits.groups.initialRebalanceDelayMilliseconds), .int
      ),
      ("num.partitions", String(limits.partitionCountDefault), .int),
      ("offset.metadata.max.bytes", String(limits.offsetMetadataBytesMax), .int),
      ("offsets.retention.minutes", String(limits.offsetsRetentionMilliseconds / 60_000), .int),
      ("socket.request.max.bytes", String(limits.requestBytesMax), .int),
    ]
    return values.map { name, value, type in
      DescribeConfigsResponse.Config {
        $0.name = name
        $0.value = value
        $0.readOnly = true
        $0.configSource = Source.staticBroker
        $0.configType = type.rawValue
      }
    }
  }

  func incrementalAlterConfigs(
    _ request: IncrementalAlterConfigsRequest,
    _ call: Call
  ) -> IncrementalAlterConfigsResponse {
    IncrementalAlterConfigsResponse {
      $0.responses = request.resources.map { resource in
        IncrementalAlterConfigsResponse.Resource {
          $0.resourceType = resource.resourceType
          $0.resourceName = resource.resourceName
          do {
            try alter(resource, validateOnly: request.validateOnly)
          } catch {
            $0.errorCode = AdminRefusal.code(error)
            $0.errorMessage = AdminRefusal.message(error)
          }
        }
      }
    }
  }

  private func alter(
    _ resource: IncrementalAlterConfigsRequest.Resource,
    validateOnly: Bool
  ) throws {
    guard resource.resourceType == ResourceType.topic else {
      throw AdminRefusal(code: .invalidRequest, message: "Only a topic's settings can be changed.")
    }
    func change(_ settings: inout TopicConfiguration) throws {
      for config in resource.configs {
        switch config.configOperation {
        case 0: try settings.set(config.name, config.value)
        case 1: try settings.set(config.name, nil)
        default:
          throw AdminRefusal(
            code: .invalidConfig,
            message: "\(config.name) can be set or deleted, not added to."
          )
        }
      }
    }
    guard validateOnly else { return try log.configure(resource.resourceName, change) }
    guard var settings = log.topic(resource.resourceName)?.configuration else {
      throw AdminRefusal(code: .unknownTopicOrPartition, message: "There is no such topic.")
    }
    try change(&settings)
  }
}
