// Reading: a consumer asks for records from an offset on, and waits for them if it likes.

/// Asks for records from offsets on, and says how long to wait for how many bytes.
public struct FetchRequest: KafkaRequest {
  public typealias Response = FetchResponse
  public static let api = KafkaAPI.fetch

  public var replicaID: Int32 = -1
  public var maxWaitMilliseconds: Int32 = 0
  public var minBytes: Int32 = 0
  public var maxBytes: Int32 = Int32.max
  public var isolationLevel: Int8 = 0
  public var sessionID: Int32 = 0
  public var sessionEpoch: Int32 = -1
  public var topics: [Topic] = []
  public var forgottenTopicsData: [ForgottenTopic] = []
  public var rackID = ""

  public init() {}

  public mutating func code(_ wire: inout WireCoder) throws {
    try wire.field(&replicaID)
    try wire.field(&maxWaitMilliseconds)
    try wire.field(&minBytes)
    try wire.field(&maxBytes)
    try wire.field(&isolationLevel)
    try wire.field(&sessionID, from: 7)
    try wire.field(&sessionEpoch, from: 7)
    try wire.field(&topics)
    try wire.field(&forgottenTopicsData, from: 7)
    try wire.field(&rackID, from: 11)
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
    public var fetchOffset: Int64 = 0
    public var lastFetchedEpoch: Int32 = -1
    public var logStartOffset: Int64 = -1
    public var partitionMaxBytes: Int32 = 0

    public init() {}

    public mutating func code(_ wire: inout WireCoder) throws {
      try wire.field(&partition)
      try wire.field(&currentLeaderEpoch, from: 9)
      try wire.field(&fetchOffset)
      try wire.field(&lastFetchedEpoch, from: 12)
      try wire.field(&logStartOffset, from: 5)
      try wire.field(&partitionMaxBytes)
      try wire.end()
    }
  }

  /// What a fetch session need not fetch any more.
  public struct ForgottenTopic: WireValue {
    public var topic = ""
    public var partitions: [Int32] = []

    public init() {}

    public mutating func code(_ wire: inout WireCoder) throws {
      try wire.field(&topic, from: 7)
      try wire.field(&partitions, from: 7)
      try wire.end()
    }
  }
}

/// Stored batches; the first of a partition may begin before the asked offset.
public struct FetchResponse: KafkaResponse {
  public static let api = KafkaAPI.fetch

  public var throttleTimeMilliseconds: Int32 = 0
  public var errorCode = KafkaErrorCode.none
  public var sessionID: Int32 = 0
  public var responses: [Topic] = []

  public init() {}

  public mutating func code(_ wire: inout WireCoder) throws {
    try wire.field(&throttleTimeMilliseconds)
    try wire.field(&errorCode, from: 7)
    try wire.field(&sessionID, from: 7)
    try wire.field(&responses)
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
    public var partitionIndex: Int32 = 0
    public var errorCode = KafkaErrorCode.none
    public var highWatermark: Int64 = 0
    public var lastStableOffset: Int64 = -1
    public var logStartOffset: Int64 = -1
    public var abortedTransactions: [AbortedTransaction]?
    public var preferredReadReplica: Int32 = -1
    public var records: ArraySlice<UInt8>?
    /// Bytes of records that the sender puts in their place by itself; nil where `records` has them.
    public var recordsElsewhere: Int?

    public init() {}

    public mutating func code(_ wire: inout WireCoder) throws {
      try wire.field(&partitionIndex)
      try wire.field(&errorCode)
      try wire.field(&highWatermark)
      try wire.field(&lastStableOffset)
      try wire.field(&logStartOffset, from: 5)
      try wire.field(&abortedTransactions)
      try wire.field(&preferredReadReplica, from: 11)
      if let recordsElsewhere {
        try wire.gap(byteCount: recordsElsewhere)
      } else {
        try wire.field(&records)
      }
      try wire.end()
    }
  }

  /// A transaction whose records are not to be read.
  public struct AbortedTransaction: WireValue {
    public var producerID: Int64 = 0
    public var firstOffset: Int64 = 0

    public init() {}

    public mutating func code(_ wire: inout WireCoder) throws {
      try wire.field(&producerID)
      try wire.field(&firstOffset)
      try wire.end()
    }
  }
}
