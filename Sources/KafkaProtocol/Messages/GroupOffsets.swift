// How far a group has read: remember it, and ask for it.

/// A group says how far it has read.
public struct OffsetCommitRequest: KafkaRequest {
  public typealias Response = OffsetCommitResponse
  public static let api = KafkaAPI.offsetCommit

  public var groupID = ""
  public var generationID: Int32 = -1
  public var memberID = ""
  public var groupInstanceID: String?
  public var retentionTimeMilliseconds: Int64 = -1
  public var topics: [Topic] = []

  public init() {}

  public mutating func code(_ wire: inout WireCoder) throws {
    try wire.field(&groupID)
    try wire.field(&generationID)
    try wire.field(&memberID)
    try wire.field(&groupInstanceID, from: 7)
    try wire.field(&retentionTimeMilliseconds, through: 4)
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
    public var committedOffset: Int64 = 0
    public var committedLeaderEpoch: Int32 = -1
    public var committedMetadata: String?

    public init() {}

    public mutating func code(_ wire: inout WireCoder) throws {
      try wire.field(&partitionIndex)
      try wire.field(&committedOffset)
      try wire.field(&committedLeaderEpoch, from: 6)
      try wire.field(&committedMetadata)
      try wire.end()
    }
  }
}

/// Whether that is remembered.
public struct OffsetCommitResponse: KafkaResponse {
  public static let api = KafkaAPI.offsetCommit

  public var throttleTimeMilliseconds: Int32 = 0
  public var topics: [Topic] = []

  public init() {}

  public mutating func code(_ wire: inout WireCoder) throws {
    try wire.field(&throttleTimeMilliseconds, from: 3)
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
    public var errorCode = KafkaErrorCode.none

    public init() {}

    public mutating func code(_ wire: inout WireCoder) throws {
      try wire.field(&partitionIndex)
      try wire.field(&errorCode)
      try wire.end()
    }
  }
}

/// Asks how far a group has read; null stands for all its partitions.
public struct OffsetFetchRequest: KafkaRequest {
  public typealias Response = OffsetFetchResponse
  public static let api = KafkaAPI.offsetFetch

  public var groupID = ""
  public var topics: [Topic]?
  public var requireStable = false

  public init() {}

  public mutating func code(_ wire: inout WireCoder) throws {
    try wire.field(&groupID)
    try wire.field(&topics)
    try wire.field(&requireStable, from: 7)
    try wire.end()
  }

  /// One topic and what concerns it.
  public struct Topic: WireValue {
    public var name = ""
    public var partitionIndexes: [Int32] = []

    public init() {}

    public mutating func code(_ wire: inout WireCoder) throws {
      try wire.field(&name)
      try wire.field(&partitionIndexes)
      try wire.end()
    }
  }
}

/// The offsets that a group committed; -1 where it has not.
public struct OffsetFetchResponse: KafkaResponse {
  public static let api = KafkaAPI.offsetFetch

  public var throttleTimeMilliseconds: Int32 = 0
  public var topics: [Topic] = []
  public var errorCode = KafkaErrorCode.none

  public init() {}

  public mutating func code(_ wire: inout WireCoder) throws {
    try wire.field(&throttleTimeMilliseconds, from: 3)
    try wire.field(&topics)
    try wire.field(&errorCode, from: 2)
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
    public var committedOffset: Int64 = 0
    public var committedLeaderEpoch: Int32 = -1
    public var metadata: String?
    public var errorCode = KafkaErrorCode.none

    public init() {}

    public mutating func code(_ wire: inout WireCoder) throws {
      try wire.field(&partitionIndex)
      try wire.field(&committedOffset)
      try wire.field(&committedLeaderEpoch, from: 5)
      try wire.field(&metadata)
      try wire.field(&errorCode)
      try wire.end()
    }
  }
}
