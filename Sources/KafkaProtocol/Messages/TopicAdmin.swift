// Topics made, grown, deleted, and cut at the front.

/// Topics to be made.
public struct CreateTopicsRequest: KafkaRequest {
  public typealias Response = CreateTopicsResponse
  public static let api = KafkaAPI.createTopics

  public var topics: [Topic] = []
  public var timeoutMilliseconds: Int32 = 60000
  public var validateOnly = false

  public init() {}

  public mutating func code(_ wire: inout WireCoder) throws {
    try wire.field(&topics)
    try wire.field(&timeoutMilliseconds)
    try wire.field(&validateOnly)
    try wire.end()
  }

  /// One topic and what concerns it.
  public struct Topic: WireValue {
    public var name = ""
    public var partitionCount: Int32 = 0
    public var replicationFactor: Int16 = 0
    public var assignments: [Assignment] = []
    public var configs: [Config] = []

    public init() {}

    public mutating func code(_ wire: inout WireCoder) throws {
      try wire.field(&name)
      try wire.field(&partitionCount)
      try wire.field(&replicationFactor)
      try wire.field(&assignments)
      try wire.field(&configs)
      try wire.end()
    }
  }

  /// What goes where.
  public struct Assignment: WireValue {
    public var partitionIndex: Int32 = 0
    public var brokerIDs: [Int32] = []

    public init() {}

    public mutating func code(_ wire: inout WireCoder) throws {
      try wire.field(&partitionIndex)
      try wire.field(&brokerIDs)
      try wire.end()
    }
  }

  /// One setting.
  public struct Config: WireValue {
    public var name = ""
    public var value: String?

    public init() {}

    public mutating func code(_ wire: inout WireCoder) throws {
      try wire.field(&name)
      try wire.field(&value)
      try wire.end()
    }
  }
}

/// Which topics were made, and how they are set.
public struct CreateTopicsResponse: KafkaResponse {
  public static let api = KafkaAPI.createTopics

  public var throttleTimeMilliseconds: Int32 = 0
  public var topics: [Topic] = []

  public init() {}

  public mutating func code(_ wire: inout WireCoder) throws {
    try wire.field(&throttleTimeMilliseconds)
    try wire.field(&topics)
    try wire.end()
  }

  /// One topic and what concerns it.
  public struct Topic: WireValue {
    public var name = ""
    public var topicID = TopicID.zero
    public var errorCode = KafkaErrorCode.none
    public var errorMessage: String?
    public var partitionCount: Int32 = -1
    public var replicationFactor: Int16 = -1
    public var configs: [Config]?

    public init() {}

    public mutating func code(_ wire: inout WireCoder) throws {
      try wire.field(&name)
      try wire.field(&topicID, from: 7)
      try wire.field(&errorCode)
      try wire.field(&errorMessage)
      try wire.field(&partitionCount, from: 5)
      try wire.field(&replicationFactor, from: 5)
      try wire.field(&configs, from: 5)
      try wire.end()
    }
  }

  /// One setting.
  public struct Config: WireValue {
    public var name = ""
    public var value: String?
    public var readOnly = false
    public var configSource: Int8 = -1
    public var isSensitive = false

    public init() {}

    public mutating func code(_ wire: inout WireCoder) throws {
      try wire.field(&name, from: 5)
      try wire.field(&value, from: 5)
      try wire.field(&readOnly, from: 5)
      try wire.field(&configSource, from: 5)
      try wire.field(&isSensitive, from: 5)
      try wire.end()
    }
  }
}

/// Topics to be deleted, by name or, from version 6 on, by id.
public struct DeleteTopicsRequest: KafkaRequest {
  public typealias Response = DeleteTopicsResponse
  public static let api = KafkaAPI.deleteTopics

  public var topics: [Topic] = []
  public var topicNames: [String] = []
  public var timeoutMilliseconds: Int32 = 0

  public init() {}

  public mutating func code(_ wire: inout WireCoder) throws {
    try wire.field(&topics, from: 6)
    try wire.field(&topicNames, through: 5)
    try wire.field(&timeoutMilliseconds)
    try wire.end()
  }

  /// One topic and what concerns it.
  public struct Topic: WireValue {
    public var name: String?
    public var topicID = TopicID.zero

    public init() {}

    public mutating func code(_ wire: inout WireCoder) throws {
      try wire.field(&name, from: 6)
      try wire.field(&topicID, from: 6)
      try wire.end()
    }
  }
}

/// Which topics were deleted.
public struct DeleteTopicsResponse: KafkaResponse {
  public static let api = KafkaAPI.deleteTopics

  public var throttleTimeMilliseconds: Int32 = 0
  public var responses: [Topic] = []

  public init() {}

  public mutating func code(_ wire: inout WireCoder) throws {
    try wire.field(&throttleTimeMilliseconds)
    try wire.field(&responses)
    try wire.end()
  }

  /// One topic and what concerns it.
  public struct Topic: WireValue {
    public var name: String?
    public var topicID = TopicID.zero
    public var errorCode = KafkaErrorCode.none
    public var errorMessage: String?

    public init() {}

    public mutating func code(_ wire: inout WireCoder) throws {
      try wire.field(&name)
      try wire.field(&topicID, from: 6)
      try wire.field(&errorCode)
      try wire.field(&errorMessage, from: 5)
      try wire.end()
    }
  }
}

/// Topics that are to have more partitions.
public struct CreatePartitionsRequest: KafkaRequest {
  public typealias Response = CreatePartitionsResponse
  public static let api = KafkaAPI.createPartitions

  public var topics: [Topic] = []
  public var timeoutMilliseconds: Int32 = 0
  public var validateOnly = false

  public init() {}

  public mutating func code(_ wire: inout WireCoder) throws {
    try wire.field(&topics)
    try wire.field(&timeoutMilliseconds)
    try wire.field(&validateOnly)
    try wire.end()
  }

  /// One topic and what concerns it.
  public struct Topic: WireValue {
    public var name = ""
    public var count: Int32 = 0
    public var assignments: [Assignment]?

    public init() {}

    public mutating func code(_ wire: inout WireCoder) throws {
      try wire.field(&name)
      try wire.field(&count)
      try wire.field(&assignments)
      try wire.end()
    }
  }

  /// What goes where.
  public struct Assignment: WireValue {
    public var brokerIDs: [Int32] = []

    public init() {}

    public mutating func code(_ wire: inout WireCoder) throws {
      try wire.field(&brokerIDs)
      try wire.end()
    }
  }
}

/// Which topics have more partitions now.
public struct CreatePartitionsResponse: KafkaResponse {
  public static let api = KafkaAPI.createPartitions

  public var throttleTimeMilliseconds: Int32 = 0
  public var results: [Topic] = []

  public init() {}

  public mutating func code(_ wire: inout WireCoder) throws {
    try wire.field(&throttleTimeMilliseconds)
    try wire.field(&results)
    try wire.end()
  }

  /// One topic and what concerns it.
  public struct Topic: WireValue {
    public var name = ""
    public var errorCode = KafkaErrorCode.none
    public var errorMessage: String?

    public init() {}

    public mutating func code(_ wire: inout WireCoder) throws {
      try wire.field(&name)
      try wire.field(&errorCode)
      try wire.field(&errorMessage)
      try wire.end()
    }
  }
}

/// Cuts partitions at the front, up to an offset; -1 stands for the end.
public struct DeleteRecordsRequest: KafkaRequest {
  public typealias Response = DeleteRecordsResponse
  public static let api = KafkaAPI.deleteRecords

  public var topics: [Topic] = []
  public var timeoutMilliseconds: Int32 = 0

  public init() {}

  public mutating func code(_ wire: inout WireCoder) throws {
    try wire.field(&topics)
    try wire.field(&timeoutMilliseconds)
    try wire.end()
  }

  /// One topic and what concerns it.
  public struct Topic: WireValue {
    public var name = ""
    public var partitions: [PartitionData] = []

    public init() {}

    public mutating func code(_ wire: inout WireCoder) throws {
      try wire.field(&name)
      try wire.field(&partitions)
      try wire.end()
    }
  }

  /// One partition and what concerns it.
  public struct PartitionData: WireValue {
    public var partitionIndex: Int32 = 0
    public var offset: Int64 = 0

    public init() {}

    public mutating func code(_ wire: inout WireCoder) throws {
      try wire.field(&partitionIndex)
      try wire.field(&offset)
      try wire.end()
    }
  }
}

/// The first offset that each partition has now.
public struct DeleteRecordsResponse: KafkaResponse {
  public static let api = KafkaAPI.deleteRecords

  public var throttleTimeMilliseconds: Int32 = 0
  public var topics: [Topic] = []

  public init() {}

  public mutating func code(_ wire: inout WireCoder) throws {
    try wire.field(&throttleTimeMilliseconds)
    try wire.field(&topics)
    try wire.end()
  }

  /// One topic and what concerns it.
  public struct Topic: WireValue {
    public var name = ""
    public var partitions: [PartitionData] = []

    public init() {}

    public mutating func code(_ wire: inout WireCoder) throws {
      try wire.field(&name)
      try wire.field(&partitions)
      try wire.end()
    }
  }

  /// One partition and what concerns it.
  public struct PartitionData: WireValue {
    public var partitionIndex: Int32 = 0
    public var lowWatermark: Int64 = 0
    public var errorCode = KafkaErrorCode.none

    public init() {}

    public mutating func code(_ wire: inout WireCoder) throws {
      try wire.field(&partitionIndex)
      try wire.field(&lowWatermark)
      try wire.field(&errorCode)
      try wire.end()
    }
  }
}
