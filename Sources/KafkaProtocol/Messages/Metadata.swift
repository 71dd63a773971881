// Who leads what: brokers, topics, partitions, and the cluster itself.

/// Asks for topics and their leaders; null stands for all of them, none for none.
public struct MetadataRequest: KafkaRequest {
  public typealias Response = MetadataResponse
  public static let api = KafkaAPI.metadata

  public var topics: [Topic]?
  public var allowAutoTopicCreation = true
  public var includeClusterAuthorizedOperations = false
  public var includeTopicAuthorizedOperations = false

  public init() {}

  public mutating func code(_ wire: inout WireCoder) throws {
    try wire.field(&topics)
    try wire.field(&allowAutoTopicCreation, from: 4)
    try wire.field(&includeClusterAuthorizedOperations, from: 8, through: 10)
    try wire.field(&includeTopicAuthorizedOperations, from: 8)
    try wire.end()
  }

  /// One topic and what concerns it.
  public struct Topic: WireValue {
    public var topicID = TopicID.zero
    public var name: String?

    public init() {}

    public mutating func code(_ wire: inout WireCoder) throws {
      try wire.field(&topicID, from: 10)
      try wire.field(&name)
      try wire.end()
    }
  }
}

/// The brokers, and the partitions of the topics asked for.
public struct MetadataResponse: KafkaResponse {
  public static let api = KafkaAPI.metadata

  public var throttleTimeMilliseconds: Int32 = 0
  public var brokers: [Broker] = []
  public var clusterID: String?
  public var controllerID: Int32 = -1
  public var topics: [Topic] = []
  public var clusterAuthorizedOperations: Int32 = Int32.min

  public init() {}

  public mutating func code(_ wire: inout WireCoder) throws {
    try wire.field(&throttleTimeMilliseconds, from: 3)
    try wire.field(&brokers)
    try wire.field(&clusterID, from: 2)
    try wire.field(&controllerID, from: 1)
    try wire.field(&topics)
    try wire.field(&clusterAuthorizedOperations, from: 8, through: 10)
    try wire.end()
  }

  /// One broker and where to reach it.
  public struct Broker: WireValue {
    public var nodeID: Int32 = 0
    public var host = ""
    public var port: Int32 = 0
    public var rack: String?

    public init() {}

    public mutating func code(_ wire: inout WireCoder) throws {
      try wire.field(&nodeID)
      try wire.field(&host)
      try wire.field(&port)
      try wire.field(&rack, from: 1)
      try wire.end()
    }
  }

  /// One topic and what concerns it.
  public struct Topic: WireValue {
    public var errorCode = KafkaErrorCode.none
    public var name: String?
    public var topicID = TopicID.zero
    public var isInternal = false
    public var partitions: [PartitionData] = []
    public var topicAuthorizedOperations: Int32 = Int32.min

    public init() {}

    public mutating func code(_ wire: inout WireCoder) throws {
      try wire.field(&errorCode)
      try wire.field(&name)
      try wire.field(&topicID, from: 10)
      try wire.field(&isInternal, from: 1)
      try wire.field(&partitions)
      try wire.field(&topicAuthorizedOperations, from: 8)
      try wire.end()
    }
  }

  /// One partition and what concerns it.
  public struct PartitionData: WireValue {
    public var errorCode = KafkaErrorCode.none
    public var partitionIndex: Int32 = 0
    public var leaderID: Int32 = 0
    public var leaderEpoch: Int32 = -1
    public var replicaNodes: [Int32] = []
    public var isrNodes: [Int32] = []
    public var offlineReplicas: [Int32] = []

    public init() {}

    public mutating func code(_ wire: inout WireCoder) throws {
      try wire.field(&errorCode)
      try wire.field(&partitionIndex)
      try wire.field(&leaderID)
      try wire.field(&leaderEpoch, from: 7)
      try wire.field(&replicaNodes)
      try wire.field(&isrNodes)
      try wire.field(&offlineReplicas, from: 5)
      try wire.end()
    }
  }
}

/// Asks who belongs to the cluster.
public struct DescribeClusterRequest: KafkaRequest {
  public typealias Response = DescribeClusterResponse
  public static let api = KafkaAPI.describeCluster

  public var includeClusterAuthorizedOperations = false
  public var endpointType: Int8 = 1

  public init() {}

  public mutating func code(_ wire: inout WireCoder) throws {
    try wire.field(&includeClusterAuthorizedOperations)
    try wire.field(&endpointType, from: 1)
    try wire.end()
  }
}

/// The brokers of the cluster and which of them is its controller.
public struct DescribeClusterResponse: KafkaResponse {
  public static let api = KafkaAPI.describeCluster

  public var throttleTimeMilliseconds: Int32 = 0
  public var errorCode = KafkaErrorCode.none
  public var errorMessage: String?
  public var endpointType: Int8 = 1
  public var clusterID = ""
  public var controllerID: Int32 = -1
  public var brokers: [Broker] = []
  public var clusterAuthorizedOperations: Int32 = Int32.min

  public init() {}

  public mutating func code(_ wire: inout WireCoder) throws {
    try wire.field(&throttleTimeMilliseconds)
    try wire.field(&errorCode)
    try wire.field(&errorMessage)
    try wire.field(&endpointType, from: 1)
    try wire.field(&clusterID)
    try wire.field(&controllerID)
    try wire.field(&brokers)
    try wire.field(&clusterAuthorizedOperations)
    try wire.end()
  }

  /// One broker and where to reach it.
  public struct Broker: WireValue {
    public var brokerID: Int32 = 0
    public var host = ""
    public var port: Int32 = 0
    public var rack: String?

    public init() {}

    public mutating func code(_ wire: inout WireCoder) throws {
      try wire.field(&brokerID)
      try wire.field(&host)
      try wire.field(&port)
      try wire.field(&rack)
      try wire.end()
    }
  }
}
