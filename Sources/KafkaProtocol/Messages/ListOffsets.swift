// Finding a place: the first, the last, by time, or by leader epoch.

/// Asks for the offset at a time; -1 is the end, -2 the start, -3 the highest time.
public struct ListOffsetsRequest: KafkaRequest {
  public typealias Response = ListOffsetsResponse
  public static let api = KafkaAPI.listOffsets

  public var replicaID: Int32 = 0
  public var isolationLevel: Int8 = 0
  public var topics: [Topic] = []

  public init() {}

  public mutating func code(_ wire: inout WireCoder) throws {
    try wire.field(&replicaID)
    try wire.field(&isolationLevel, from: 2)
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
    public var currentLeaderEpoch: Int32 = -1
    public var timestamp: Int64 = 0

    public init() {}

    public mutating func code(_ wire: inout WireCoder) throws {
      try wire.field(&partitionIndex)
      try wire.field(&currentLeaderEpoch, from: 4)
      try wire.field(&timestamp)
      try wire.end()
    }
  }
}

/// Offsets with the times they were found by.
public struct ListOffsetsResponse: KafkaResponse {
  public static let api = KafkaAPI.listOffsets

  public var throttleTimeMilliseconds: Int32 = 0
  public var topics: [Topic] = []

  public init() {}

  public mutating func code(_ wire: inout WireCoder) throws {
    try wire.field(&throttleTimeMilliseconds, from: 2)
    try wire.field(&topics)
    try wire.end()
  }

  /// One Topic.
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

  /// One PartitionData.
  public struct PartitionData: WireValue {
    public var partitionIndex: Int32 = 0
    public var errorCode = KafkaErrorCode.none
    public var timestamp: Int64 = -1
    public var offset: Int64 = -1
    public var leaderEpoch: Int32 = -1

    public init() {}

    public mutating func code(_ wire: inout WireCoder) throws {
      try wire.field(&partitionIndex)
      try wire.field(&errorCode)
      try wire.field(&timestamp)
      try wire.field(&offset)
      try wire.field(&leaderEpoch, from: 4)
      try wire.end()
    }
  }
}

/// Asks where a leader epoch ended, to find a log that was cut behind a reader.
public struct OffsetForLeaderEpochRequest: KafkaRequest {
  public typealias Response = OffsetForLeaderEpochResponse
  public static let api = KafkaAPI.offsetForLeaderEpoch

  public var replicaID: Int32 = -2
  public var topics: [Topic] = []

  public init() {}

  public mutating func code(_ wire: inout WireCoder) throws {
    try wire.field(&replicaID, from: 3)
    try wire.field(&topics)
    try wire.end()
  }

  /// One topic and what concerns it.
  public struct Topic: WireValue {
    public var topic = ""
    public var partitions: [PartitionData] = []

    public init() {}

    public mutating func code(_ wire: inout WireCoder) throws {
      try wire.field(&topic)
      try wire.field(&partitions)
      try wire.end()
    }
  }

  /// One partition and what concerns it.
  public struct PartitionData: WireValue {
    public var partition: Int32 = 0
    public var currentLeaderEpoch: Int32 = -1
    public var leaderEpoch: Int32 = 0

    public init() {}

    public mutating func code(_ wire: inout WireCoder) throws {
      try wire.field(&partition)
      try wire.field(&currentLeaderEpoch)
      try wire.field(&leaderEpoch)
      try wire.end()
    }
  }
}

/// The largest epoch that is not above the asked one, and its end.
public struct OffsetForLeaderEpochResponse: KafkaResponse {
  public static let api = KafkaAPI.offsetForLeaderEpoch

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
    public var topic = ""
    public var partitions: [PartitionData] = []

    public init() {}

    public mutating func code(_ wire: inout WireCoder) throws {
      try wire.field(&topic)
      try wire.field(&partitions)
      try wire.end()
    }
  }

  /// One partition and what concerns it.
  public struct PartitionData: WireValue {
    public var errorCode = KafkaErrorCode.none
    public var partition: Int32 = 0
    public var leaderEpoch: Int32 = -1
    public var endOffset: Int64 = -1

    public init() {}

    public mutating func code(_ wire: inout WireCoder) throws {
      try wire.field(&errorCode)
      try wire.field(&partition)
      try wire.field(&leaderEpoch)
      try wire.field(&endOffset)
      try wire.end()
    }
  }
}
